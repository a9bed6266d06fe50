// SPDX-License-Identifier: EUPL-1.2
//
// What has to be known of a sealed part by whoever cannot open it.
#pragma once

#include <string>
#include <string_view>

namespace amt::gateway {

/// SHA-256, lower-case hex.
std::string digestOf(std::string_view text);
/// cty of a JWE whose header was checked before. Throws JsonMalformed.
std::string contentTypeOf(const std::string& jwe);
/// Whether these two are what metadata and data of one sending have to be, by their cty.
bool haveTypes(const std::string& metadata, const std::string& data);

} // namespace amt::gateway
