// SPDX-License-Identifier: EUPL-1.2
//
// Who may ask: clients, their secrets and bearer tokens (OAuth 2, client_secret_post; RFC
// 6749 4.4).
#pragma once

#include "appliance/core/http.h"
#include "appliance/core/random.h"
#include "sync/gateway/books.h"
#include "sync/gateway/gateway.h"

#include <chrono>
#include <optional>
#include <set>
#include <string>

namespace amt::gateway {

struct Caller {
    std::string clientId;
    std::string tenantId;
    std::set<std::string, std::less<>> scopes;
    std::string role;            ///< node, sender, office; empty: entered by a set-up
    bool hasCertificate = false; ///< one was issued for it: it has to show one
};

class Access {
public:
    Access(Books& books, RandomSource& random, std::chrono::seconds tokenLife);

    void enter(const ClientEntry& client);
    /// POST /token with a form body.
    HttpResponse token(const HttpRequest& request, UtcTime now);
    /// What this client would be given, on the word of whoever runs the gateway. Throws NotFound,
    /// for one that was revoked, too.
    portal::TokenBody tokenFor(const std::string& clientId, UtcTime now);
    /// Of the Authorization header; nothing when the token is missing, unknown or expired.
    std::optional<Caller> caller(const HttpRequest& request, UtcTime now);

private:
    portal::TokenBody issue(const std::string& clientId, const std::string& scopes, UtcTime now);

    Books& _books;
    RandomSource& _random;
    std::chrono::seconds _tokenLife;
};

} // namespace amt::gateway
