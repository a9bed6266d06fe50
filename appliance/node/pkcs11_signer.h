// SPDX-License-Identifier: EUPL-1.2
//
// TerminalSigner with a key that never leaves its token: a smart card, an HSM, or the TPM through
// PKCS#11.
#pragma once

#include "appliance/node/node.h"

#include <memory>
#include <string>
#include <vector>

namespace amt::node {

struct Pkcs11Settings {
    std::string module;  ///< shared library of the token's maker
    std::string token;   ///< its label
    std::string key;     ///< label of the private key
    std::string pinFile; ///< refused when group or others may read it; a last line break is dropped
    TerminalCertificates certificates;
};

/// Throws CertificateUnusable for a module, token, PIN or key that is not there, and for a key that
/// is not on an elliptic curve.
std::unique_ptr<TerminalSigner> makePkcs11Signer(const Pkcs11Settings& settings);

/// The token that `folder`/terminal.pkcs11 names by the properties module, token, key and pin (a
/// file), with the certificates beside it (terminalCertificatesIn). Null where there is no such
/// file. Throws as above.
std::unique_ptr<TerminalSigner> pkcs11SignerIn(const std::string& folder);

} // namespace amt::node
