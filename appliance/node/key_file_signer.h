// SPDX-License-Identifier: EUPL-1.2
//
// TerminalSigner with a PKCS#8 file; a regional eID server stands behind the same interface later.
#pragma once

#include "appliance/node/node.h"

#include <memory>
#include <string>

namespace amt::node {

struct KeyFileSettings {
    std::string keyFile; ///< PKCS#8, DER; refused when group or others may read it
    TerminalCertificates certificates;
};

/// Throws CertificateUnusable for a missing file, a key that others may read or that is not on an
/// elliptic curve, a certificate without a known hash.
std::unique_ptr<TerminalSigner> makeKeyFileSigner(const KeyFileSettings& settings);

} // namespace amt::node
