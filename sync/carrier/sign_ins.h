// SPDX-License-Identifier: EUPL-1.2
//
// Token requests to the town's identity provider (RFC 6749 4.1.3, RFC 7636 4.5): the node says
// which provider it means, this side alone knows where that is.
#pragma once

#include "appliance/core/http.h"
#include "sync/carrier/node_door.h"

#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace amt::carrier {

/// identity-provider.json of amt-sync, written by IT.
struct ProviderEndpoint {
    std::string id;            ///< as the node calls it
    std::string origin;        ///< "https://host:port"
    std::string path;          ///< of the token endpoint
    std::string caCertificate; ///< PEM
    std::string clientId;
    std::string clientSecret; ///< empty: a public client
    std::string redirectUri;
};
/// Throws JsonMalformed, ConfigurationInvalid.
ProviderEndpoint readProviderEndpoint(const std::string& text);

struct TokenGiven {
    std::string idToken;
};
/// An answer of the provider that is no success.
struct TokenNotGiven {};
/// What an answer of a token endpoint (RFC 6749 5.1, OpenID Connect Core 1.0 3.1.3.3) means to us:
/// the ID token and nothing else of it. Throws JsonMalformed, InputTooLarge.
std::variant<TokenGiven, TokenNotGiven> readTokenAnswer(int status, const std::string& body);

class SignIns {
public:
    /// `node` and `provider` must outlive it.
    SignIns(ProviderEndpoint endpoint, HttpExchange& node, HttpExchange& provider);
    ~SignIns();

    /// Carries what waits, one after the other, unless it is at it already.
    void carry();

private:
    class Impl;
    std::shared_ptr<Impl> _impl; // shared with the answers under way, which find it gone or alive
};

} // namespace amt::carrier
