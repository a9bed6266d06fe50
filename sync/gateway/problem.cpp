// SPDX-License-Identifier: EUPL-1.2
//
// Refusals as application/problem+json.
#include "sync/gateway/problem.h"

#include "sync/portal/words.h"

namespace amt::gateway {
namespace {

/// "submission-not-found" as "Submission not found"
std::string titleOf(std::string_view type)
{
    std::string title(type);
    for (char& letter : title) {
        if (letter == '-')
            letter = ' ';
    }
    if (!title.empty() && title[0] >= 'a' && title[0] <= 'z')
        title[0] = static_cast<char>(title[0] - 'a' + 'A');
    return title;
}

} // namespace

HttpResponse problem(int status, std::string_view type, const std::string& detail)
{
    return {.status = status,
            .headers = {{"Content-Type", std::string(portal::problemType)},
                        {"Cache-Control", "no-store"},
                        {"X-Content-Type-Options", "nosniff"}},
            .body = portal::writeProblem(status, type, titleOf(type), detail),
            .eventTopic = std::nullopt};
}

HttpResponse problemFor(const Error& failure)
{
    const ErrorCode code = failure.errorCode();
    if (code == ErrorCode::EnvelopeMalformed)
        return problem(422, "invalid-jwe",
                       "not a compact JWE with RSA-OAEP-256, A256GCM, kid and cty");
    if (code == ErrorCode::SignatureInvalid)
        return problem(422, "invalid-event", "not a PS512 token by a key of this destination");
    if (code == ErrorCode::EventRefused || code == ErrorCode::EventEarly)
        return problem(422, "invalid-event", "not an event that this destination may send");
    if (code == ErrorCode::InputTooLarge)
        return problem(413, "body-too-large", "over the limit for this address");
    if (code == ErrorCode::DatabaseUnavailable) {
        auto away = problem(503, "database-unavailable", "please come back soon");
        away.headers.emplace_back("Retry-After", "5");
        return away;
    }
    if (code == ErrorCode::Overloaded) {
        auto busy = problem(503, "overloaded", "please come back soon");
        busy.headers.emplace_back("Retry-After", "5");
        return busy;
    }
    if (code == ErrorCode::StoreFull) {
        auto full = problem(503, "storage-exhausted", "please come back later");
        full.headers.emplace_back("Retry-After", "900");
        return full;
    }
    return problem(400, "malformed-request", "the request could not be read");
}

HttpResponse notFound(std::string_view what)
{
    return problem(404, std::string(what) + "-not-found", "unknown here, or gone");
}

HttpResponse jsonResponse(int status, std::string body)
{
    return {.status = status,
            .headers = {{"Content-Type", std::string(portal::jsonType)},
                        {"Cache-Control", "no-store"},
                        {"X-Content-Type-Options", "nosniff"}},
            .body = std::move(body),
            .eventTopic = std::nullopt};
}

HttpResponse emptyResponse(int status)
{
    return {.status = status,
            .headers = {{"Cache-Control", "no-store"}},
            .body = {},
            .eventTopic = std::nullopt};
}

} // namespace amt::gateway
