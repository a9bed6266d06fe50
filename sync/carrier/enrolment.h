// SPDX-License-Identifier: EUPL-1.2
//
// sync-enrolment.json: how amt-sync reaches the portal (sync/gateway/ENROLMENT.md).
#pragma once

#include <string>

namespace amt::carrier {

struct SyncEnrolment {
    std::string url, caCertificate, clientId, clientSecret;
};
/// Throws JsonMalformed, ConfigurationInvalid.
SyncEnrolment readSyncEnrolment(const std::string& text);

} // namespace amt::carrier
