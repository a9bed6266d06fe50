// SPDX-License-Identifier: EUPL-1.2
//
// Reading sync-enrolment.json.
#include "sync/carrier/enrolment.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"

namespace amt::carrier {

SyncEnrolment readSyncEnrolment(const std::string& text)
{
    const auto object = json::parseObject(text);
    json::onlyKeys(*object, {"format", "url", "caCertificate", "clientId", "clientSecret"});
    if (json::integer(*object, "format") != 1)
        throw Error(ErrorCode::ConfigurationInvalid, "sync-enrolment.json of another format");
    return {.url = json::text(*object, "url"),
            .caCertificate = json::text(*object, "caCertificate"),
            .clientId = json::text(*object, "clientId"),
            .clientSecret = json::text(*object, "clientSecret")};
}

} // namespace amt::carrier
