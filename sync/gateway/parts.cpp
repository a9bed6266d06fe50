// SPDX-License-Identifier: EUPL-1.2
//
// Digest and type of a sealed part.
#include "sync/gateway/parts.h"

#include "appliance/core/json.h"
#include "sync/envelope/envelope.h"

namespace amt::gateway {

std::string digestOf(std::string_view text)
{
    return toHex(envelope::sha256(view(text)));
}

std::string contentTypeOf(const std::string& jwe)
{
    const Bytes header = fromBase64Url(std::string_view(jwe).substr(0, jwe.find('.')));
    return json::text(*json::parseObject(toText(header)), "cty");
}

bool haveTypes(const std::string& metadata, const std::string& data)
{
    const std::string type = contentTypeOf(data);
    return contentTypeOf(metadata) == "application/json" &&
           (type == "application/json" || type == "application/xml");
}

} // namespace amt::gateway
