// SPDX-License-Identifier: EUPL-1.2
//
// Who reads the card, as the citizen is shown before the PIN (§ 18 (4) PAuswG; TR-03110-4 2.2.6).
#pragma once

#include "drivers/port/identity.h"

#include <string>

namespace amt::node {

/// Out of the terminal's certificate and its description (TR-03110-3 C.3.1). Texts are UTF-8, empty
/// where there is no description.
struct ShownCertificate {
    std::string subject, subjectUrl; ///< whose certificate it is (Diensteanbieter)
    std::string issuer, issuerUrl;   ///< who gave it (Berechtigungszertifikateanbieter)
    std::string terms; ///< address, purpose, data protection authority; empty when it is not plain
                       ///< text
    LocalDate validUntil{}; ///< last day
};

/// Throws CertificateUnusable for what is not as the standard has it, InputMalformed for a day that
/// does not exist. Whether certificate and description belong together is said where the card is
/// read (TerminalCertificates::description).
ShownCertificate shownCertificate(const TerminalCertificates& certificates);

} // namespace amt::node
