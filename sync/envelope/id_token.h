// SPDX-License-Identifier: EUPL-1.2
//
// The ID token of an identity provider (OpenID Connect Core 1.0, 2 and 3.1.3.7), checked with keys
// that IT has pinned: RS256, PS256 or ES256 as the key says, never as the token says.
#pragma once

#include "appliance/core/clock.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace amt::envelope {

/// A JWK Set (RFC 7517) of one provider. Rotation: a second key stands beside the first.
class ProviderKeys {
public:
    /// Each key: RSA from 2048 bits (`alg` RS256, which is also what none means, or PS256) or
    /// P-256 (ES256), public, with a kid of its own; keys of use "enc" are passed over, anything
    /// else is refused. At least one. Throws KeyUnusable.
    static ProviderKeys parse(std::string_view jwks);

    std::size_t count() const;

    class Impl;                                                ///< of the module's own files
    std::shared_ptr<const Impl> impl() const { return _impl; } ///< shared: immutable key material

private:
    std::shared_ptr<const Impl> _impl; // shared by copies of one immutable set
};

/// What a token has to say; acr and amr: no demand when empty.
struct TokenExpectation {
    std::string issuer, clientId, nonce;
    std::vector<std::string> acr; ///< one of them
    std::vector<std::string> amr; ///< all of them
};

struct IdToken {
    std::string subject; ///< at this issuer; 1 to 255 characters of ASCII
    std::string acr;     ///< empty: not said
    std::vector<std::string> amr;
};

enum class TokenFault {
    Malformed,           ///< no compact JWS with JSON in it, or over 16 KiB
    HeaderNotAllowed,    ///< another typ, or anything that no ID token needs (jwk, jku, crit ...)
    KeyUnknown,          ///< no kid, or one that is not pinned
    AlgorithmNotAllowed, ///< not the one of the key; none, HS256 and all others
    SignatureWrong,
    ClaimsMalformed, ///< missing, or of another type
    IssuerWrong,
    AudienceWrong, ///< not for us, or azp is somebody else
    Expired,
    TooEarly, ///< iat or nbf ahead of our clock
    TooOld,   ///< made long before it came: somebody has kept it
    NonceWrong,
    SubjectUnusable,
    AcrMissing,
    AmrMissing
};
std::string_view name(TokenFault fault); ///< "Malformed", ...

/// Signature before claims: what nobody signed is refused as that, whatever it says. Clocks may be
/// a minute apart; iat is at most ten minutes ago. Throws SystemFailed only.
std::variant<IdToken, TokenFault> verifyIdToken(const std::string& compact,
                                                const ProviderKeys& keys,
                                                const TokenExpectation& expected, UtcTime now);

} // namespace amt::envelope
