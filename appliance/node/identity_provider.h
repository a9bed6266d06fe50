// SPDX-License-Identifier: EUPL-1.2
//
// The town's identity provider (OpenID Connect), as IT describes it to this node in
// identity-provider.json: README.md, "Identity provider".
#pragma once

#include "sync/envelope/id_token.h"

#include <string>
#include <string_view>
#include <vector>

namespace amt::node {

struct IdentityProvider {
    /// Which demands a token meets; empty ones demand nothing.
    struct Context {
        std::vector<std::string> acr; ///< one of them
        std::vector<std::string> amr; ///< all of them
        bool empty() const { return acr.empty() && amr.empty(); }
    };

    std::string id;   ///< by which amt-sync knows it, too
    std::string name; ///< on the button
    std::string issuer, authorizationEndpoint, clientId, redirectUri;
    bool saysIssuer = false;     ///< its answers carry iss (RFC 9207)
    Context required;            ///< without it nobody gets in
    Context trustedSecondFactor; ///< with it we ask for no second factor; empty: we always do
    envelope::ProviderKeys keys;
};

/// Throws ConfigurationInvalid, KeyUnusable: whatever is not exactly as it should be.
IdentityProvider readIdentityProvider(std::string_view json);

/// What one sign-in is bound to.
struct AuthorisationRequest {
    std::string state, nonce;
    std::string challenge; ///< S256 of the verifier (RFC 7636 4.2)
};
/// Where the browser goes (RFC 6749 4.1.1, OpenID Connect Core 1.0 3.1.2.1).
std::string authorisationAddress(const IdentityProvider& provider,
                                 const AuthorisationRequest& request);
/// base64url of SHA-256 (RFC 7636 4.2).
std::string challengeOf(std::string_view verifier);

/// Whether this token stands for a second factor, too.
bool vouchesForSecondFactor(const IdentityProvider& provider, const envelope::IdToken& token);

} // namespace amt::node
