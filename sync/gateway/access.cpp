// SPDX-License-Identifier: EUPL-1.2
//
// Clients and bearer tokens. Secrets and tokens are stored as SHA-256: both have 256 random bits.
#include "sync/gateway/access.h"

#include "appliance/core/json.h"
#include "sync/gateway/problem.h"
#include "sync/gateway/statements.h"
#include "sync/portal/words.h"

#include <sstream>

namespace amt::gateway {
namespace {

constexpr std::string_view bearer = "Bearer ";

std::string hashOf(std::string_view secret)
{
    return toHex(envelope::sha256(view(secret)));
}

std::set<std::string, std::less<>> words(const std::string& text)
{
    std::istringstream in(text);
    std::set<std::string, std::less<>> all;
    for (std::string word; in >> word;)
        all.insert(word);
    return all;
}

std::string joined(const std::set<std::string, std::less<>>& all)
{
    std::string text;
    for (const auto& word : all)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

/// RFC 6749 5.2
HttpResponse refusedGrant(int status, const char* error)
{
    auto body = json::makeObject();
    body->set("error", error);
    return jsonResponse(status, json::write(*body));
}

} // namespace

Access::Access(Books& books, RandomSource& random, std::chrono::seconds tokenLife)
    : _books(books), _random(random), _tokenLife(tokenLife)
{}

void Access::enter(const ClientEntry& client)
{
    _books.prepare(sql::addClient)
        .bind(client.id, hashOf(client.secret.revealText()),
              joined({client.scopes.begin(), client.scopes.end()}), client.tenantId)
        .run();
}

HttpResponse Access::token(const HttpRequest& request, UtcTime now)
{
    auto fields = parseForm(request.body);
    for (const auto& [name, value] : fields) {
        if (name != "grant_type" && name != "client_id" && name != "client_secret" &&
            name != "scope")
            return refusedGrant(400, "invalid_request");
    }
    // HTTP Basic is no way in (facts/portal.md 1.3)
    if (request.headers.contains("authorization") || !fields.contains("client_id") ||
        !fields.contains("client_secret"))
        return refusedGrant(401, "invalid_client");
    if (fields["grant_type"] != "client_credentials")
        return refusedGrant(400, "unsupported_grant_type");

    auto client = _books.prepare(sql::clientById);
    client.bind(fields["client_id"]);
    const bool known = client.step();
    const std::string stored = known ? client.text(0) : std::string(64, '0');
    const std::string offered = hashOf(fields["client_secret"]);
    wipe(fields["client_secret"]);
    if (!equalInConstantTime(view(stored), view(offered)) || !known)
        return refusedGrant(401, "invalid_client");

    const auto allowed = words(client.text(1));
    auto granted = fields.contains("scope") ? words(fields["scope"]) : allowed;
    for (const auto& scope : granted) {
        if (!allowed.contains(scope))
            return refusedGrant(400, "invalid_scope");
    }
    if (granted.empty())
        return refusedGrant(400, "invalid_scope");

    return jsonResponse(200, portal::writeToken(issue(fields["client_id"], joined(granted), now)));
}

portal::TokenBody Access::tokenFor(const std::string& clientId, UtcTime now)
{
    auto client = _books.prepare(sql::clientById);
    if (!client.bind(clientId).step() || client.text(0) == "revoked")
        throw Error(ErrorCode::NotFound, "no such client");
    return issue(clientId, client.text(1), now);
}

portal::TokenBody Access::issue(const std::string& clientId, const std::string& scopes, UtcTime now)
{
    const std::string token = toBase64Url(randomBytes(_random, 32));
    _books.transact([&] {
        _books.prepare(sql::dropExpiredTokens).bind(now).run();
        _books.prepare(sql::addToken).bind(hashOf(token), clientId, scopes, now + _tokenLife).run();
    });
    return {token, _tokenLife.count()};
}

std::optional<Caller> Access::caller(const HttpRequest& request, UtcTime now)
{
    const auto header = request.headers.find("authorization");
    if (header == request.headers.end() || !header->second.starts_with(bearer))
        return std::nullopt;
    auto token = _books.prepare(sql::tokenByHash);
    token.bind(hashOf(std::string_view(header->second).substr(bearer.size())));
    if (!token.step() || token.time(2) <= now)
        return std::nullopt;
    return Caller{.clientId = token.text(0),
                  .tenantId = token.text(3),
                  .scopes = words(token.text(1)),
                  .role = token.text(4),
                  .hasCertificate = token.integer(5) > 0};
}

} // namespace amt::gateway
