// SPDX-License-Identifier: EUPL-1.2
//
// What a forger has: RSA with any padding, salt and hash, beside the module's own careful use of
// it.
#pragma once

#include "sync/envelope/envelope.h"

#include <string>

namespace amt::test {

/// `bytes` under RSA-OAEP.
Bytes wrapOaep(const envelope::RsaKey& recipient, ByteView bytes,
               const std::string& hash = "SHA256", const std::string& maskHash = "SHA256");

struct SignatureKind {
    std::string hash = "SHA512";
    int saltBytes = 64; ///< -1: PKCS#1 v1.5 instead of PSS
    std::string maskHash = "SHA512";
};
/// Compact JWS over any header text and payload.
std::string signAs(const std::string& header, const std::string& payload,
                   const envelope::RsaKey& key, const SignatureKind& kind = {});

/// The certificate with another signature of the same issuer.
Bytes signedAgain(ByteView certificate, const envelope::RsaKey& issuer, const SignatureKind& kind);

} // namespace amt::test
