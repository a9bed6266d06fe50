// SPDX-License-Identifier: EUPL-1.2
//
// What both kinds of terminal key share: the certificates beside the key, the hash that the
// terminal's certificate asks for, and signatures as a card wants them.
#pragma once

#include "drivers/port/identity.h"

#include <openssl/types.h>

#include <initializer_list>
#include <string>

namespace amt::node {

/// Of a folder: CV certificates in the order of presentation, which is link*.cvcert by their names,
/// dv.cvcert, terminal.cvcert; country signers csca*.der; description.der where there is one.
/// Throws CertificateUnusable when the terminal's, its authority's or every country signer's is
/// missing.
TerminalCertificates terminalCertificatesIn(const std::string& folder);

/// An object inside a CV certificate, by OpenSSL's class and number of each tag on the way.
struct FieldTag {
    int tagClass, number;
};
/// Its value. Throws CertificateUnusable.
ByteView certificateField(ByteView certificate, std::initializer_list<FieldTag> path);
/// Point of the terminal's key (TR-03110-3 D.3.4). Throws CertificateUnusable.
ByteView terminalPoint(const TerminalCertificates& certificates);

/// Throws CertificateUnusable for a file that is not there or that group or others may read; `what`
/// names it.
Bytes secretFile(const std::string& path, const std::string& what);

/// Of the terminal's certificate (id-TA-ECDSA-SHA-256, -384 or -512; TR-03110-3 A.7.3). Throws
/// CertificateUnusable for any other.
const EVP_MD* terminalHash(const TerminalCertificates& certificates);

/// An ECDSA signature in DER as r and s, each as wide as the key (BSI TR-03111 5.2.1). Throws
/// CertificateUnusable.
Bytes plainSignature(ByteView der, const EVP_PKEY* key);

} // namespace amt::node
