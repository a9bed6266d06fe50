// SPDX-License-Identifier: EUPL-1.2
//
// Refusals as application/problem+json (RFC 7807) with FIT-Connect's type URIs.
#pragma once

#include "appliance/core/error.h"
#include "appliance/core/http.h"

#include <string>
#include <string_view>

namespace amt::gateway {

/// `type`: last part of the URI. `detail` names no content of the request.
HttpResponse problem(int status, std::string_view type, const std::string& detail);
/// What a failure that reached the door is answered with.
HttpResponse problemFor(const Error& failure);

/// 404: "reply-not-found" and so on.
HttpResponse notFound(std::string_view what);
HttpResponse jsonResponse(int status, std::string body);
HttpResponse emptyResponse(int status);

} // namespace amt::gateway
