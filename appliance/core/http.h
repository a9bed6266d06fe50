// SPDX-License-Identifier: EUPL-1.2
//
// Requests and answers of HTTP as plain values, so that the node, the gateway and the simulated
// world share them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace amt {

/// A body that is too long to stand in memory: whoever reads it asks for each piece.
class BodyPieces {
public:
    virtual ~BodyPieces() = default;
    /// `take` runs on the loop, later and once: with the next bytes, at most 192 KiB; empty after
    /// the last; with nothing when the connection broke off. One question at a time. The piece is
    /// overwritten afterwards.
    virtual void next(std::function<void(std::optional<std::string_view>)> take) = 0;
};

struct HttpRequest {
    std::string method; ///< "GET", "POST", ...
    std::string path;   ///< decoded once, begins with '/'
    std::string query;  ///< as sent, without '?'
    std::map<std::string, std::string>
        headers; ///< names in lower case; a doubled header is refused before
    std::string body;
    std::string
        peer; ///< "loopback", "lan" or the user id of a socket's other end; set by the front
    /// Instead of `body`, at addresses that say so. Shared by the copies of the request and the
    /// front.
    std::shared_ptr<BodyPieces> pieces = {};
};

struct HttpResponse {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// Set: the connection stays open and gets the events of this topic (Server-Sent Events).
    std::optional<std::string> eventTopic;

    std::string header(const std::string& name) const; ///< empty when missing; name as set
};

/// No whole answer arrived; whether the request was carried out is unknown.
struct NoAnswer {
    bool timedOut = false;
};

using HttpAnswer = std::variant<HttpResponse, NoAnswer>;

/// The door to the other side: real sockets, or a line of the simulated world. `done` runs on the
/// loop, once.
class HttpExchange {
public:
    virtual ~HttpExchange() = default;
    virtual void send(HttpRequest request, std::function<void(HttpAnswer)> done) = 0;
};

/// Names and values of a query or an application/x-www-form-urlencoded body. Refused whole
/// (RequestMalformed): broken escapes, invalid UTF-8, NUL; (FormFieldUnexpected) a doubled name.
std::map<std::string, std::string> parseForm(const std::string& encoded);
std::string writeForm(const std::map<std::string, std::string>& fields);
/// Percent-encodes everything but unreserved characters (RFC 3986 2.3).
std::string escapeUri(const std::string& text);
/// Value of one cookie of a Cookie header; nothing when missing or doubled.
std::optional<std::string> cookieValue(const std::string& header, const std::string& name);
bool isValidUtf8(const std::string& text);

} // namespace amt
