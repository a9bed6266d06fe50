// SPDX-License-Identifier: EUPL-1.2
//
// Card verifiable certificates (TR-03110-3 C): what the terminal needs to know of its own, and in
// which order they go.
#pragma once

#include "appliance/core/local_date.h"
#include "drivers/eid/chat.h"

#include <vector>

namespace amt::eid {

enum class CertificateRole { Terminal, DvForeign, DvOfficial, Cvca };

struct CvCertificate {
    Bytes content;            ///< inside 7F21: body and signature, as PSO wants it
    Bytes authorityReference; ///< CAR: whose key verifies it
    Bytes holderReference;    ///< CHR
    Bytes keyOid;             ///< id-TA-ECDSA-...: signature algorithm of the holder's key
    CertificateRole role = CertificateRole::Terminal;
    Rights rights;
    LocalDate effective, expires; ///< both days included
    Bytes descriptionHash;        ///< of the certificate description; empty: none
};

/// Throws CertificateUnusable: not whole, another version, no authentication terminal's, dates that
/// are none.
CvCertificate parseCvCertificate(ByteView encoded);

/// The certificates to be presented to a card that trusts `references` (CARs of PACE), from the
/// first that one of these verifies to the terminal's. Throws CertificateUnusable when there is no
/// such row.
std::vector<CvCertificate> chainFor(const std::vector<CvCertificate>& chain,
                                    const std::vector<Bytes>& references);

/// Throws CertificateUnusable unless `description` is the one that the certificate names.
void checkDescription(const CvCertificate& terminal, ByteView description);

/// Hash that the holder's key uses, by OpenSSL's name: "SHA2-256". Throws CertificateUnusable for
/// RSA, SHA-1 and SHA-224.
const char* hashOfKey(const CvCertificate& certificate);

/// Throws CertificateUnusable unless `chain` ends with a terminal's and all are valid on this day.
void checkChain(const std::vector<CvCertificate>& chain, LocalDate today);

} // namespace amt::eid
