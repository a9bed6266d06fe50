// SPDX-License-Identifier: EUPL-1.2
//
// One request that passed the gate, and the answers that handlers give.
#pragma once

#include "appliance/core/error.h"
#include "appliance/core/http.h"
#include "appliance/core/json.h"
#include "appliance/core/secret.h"
#include "appliance/node/node.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amt::node {

struct Visit;
struct DeskSession;

using Fields = std::map<std::string, std::string>;

/// A copy of the request, for one handler; what was typed is overwritten when it goes.
struct Exchange {
    Exchange() = default;
    Exchange(const Exchange&) = default; // moving would leave short texts behind
    Exchange& operator=(const Exchange&) = default;
    ~Exchange();

    Surface surface = Surface::Kiosk;
    HttpRequest request;
    std::string_view pattern = "-";    ///< of the route, once it is known: for the log
    std::vector<std::string> segments; ///< what stood where the route has {}
    Fields query;
    Fields fields;
    Visit* visit = nullptr;       ///< of the cookie; may be null on public routes
    DeskSession* clerk = nullptr; ///< of the cookie; may be null on public routes
    Node::Respond respond;        ///< for handlers that answer later

    /// Throws RequestMalformed when the field is missing.
    const std::string& field(const std::string& name) const;
};

/// A PIN, CAN or PUK of that length.
bool isDigits(const Secret& typed, std::size_t count);

/// Nothing: the handler has kept `respond` and answers later.
using Reply = std::optional<HttpResponse>;

HttpResponse htmlAnswer(int status, std::string html);
HttpResponse jsonAnswer(int status, const json::Object& object);
HttpResponse emptyAnswer(int status);
/// Server-Sent Events: what is published on this topic from now on.
HttpResponse followingAnswer(const std::string& topic);
/// 303: the browser goes on with GET.
HttpResponse redirect(const std::string& location);
/// RFC 9457, with our code; for the doors of machines.
HttpResponse problemAnswer(int status, ErrorCode code);

/// Status that tells a client what kind of refusal this is.
int statusOf(ErrorCode code);

/// On every answer, whatever it is.
void addSecurityHeaders(HttpResponse& response, Surface surface);

enum class OverTls { No, Yes };
void setCookie(HttpResponse& response, const std::string& name, const std::string& value,
               OverTls tls);
/// The one cookie that a browser also sends when another site leads it here (SameSite=Lax): on the
/// way back from the identity provider. It signs nobody in.
void setArrivalCookie(HttpResponse& response, const std::string& value, std::chrono::seconds holds);
void clearArrivalCookie(HttpResponse& response);
extern const char* const arrivalCookie; ///< amt_arrival
void clearCookie(HttpResponse& response, const std::string& name, OverTls tls);

} // namespace amt::node
