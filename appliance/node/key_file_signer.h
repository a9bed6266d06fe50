// SPDX-License-Identifier: EUPL-1.2
//
// TerminalSigner with a PKCS#8 file; a regional eID server or an HSM stands behind the same
// interface later.
#pragma once

#include "appliance/node/node.h"

#include <memory>
#include <string>
#include <vector>

namespace amt::node {

struct KeyFileSettings {
    std::vector<std::string>
        chainFiles;      ///< CV certificates in the order of presentation, the terminal's last
    std::string keyFile; ///< PKCS#8, DER; refused when group or others may read it
    std::vector<std::string> countrySignerFiles; ///< CSCA certificates, DER
};

/// Throws CertificateUnusable for a missing file, a key that others may read, a certificate without
/// a known hash.
std::unique_ptr<TerminalSigner> makeKeyFileSigner(const KeyFileSettings& settings);

} // namespace amt::node
