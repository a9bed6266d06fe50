// SPDX-License-Identifier: EUPL-1.2
//
// What a request may ask of a card, worked out before the card hears anything.
#pragma once

#include "drivers/eid/cv_certificate.h"
#include "drivers/port/identity.h"

#include <vector>

namespace amt::eid {

struct Plan {
    IdentityPurpose purpose = IdentityPurpose::Read;
    CardPassword password =
        CardPassword::Pin; ///< of the channel in which the terminal proves itself
    LocalDate today{};
    std::vector<CvCertificate> certificates; ///< none where the terminal proves nothing
    Rights rights;                           ///< form ∩ certificates
    std::vector<DataGroup> groups; ///< date of expiry first: an expired document shows nothing else
    Bytes auxiliaryData;           ///< DO 67, or nothing
    bool asksValidity = false;     ///< where the date of expiry may not be read
    bool asksAge = false;
    bool asksPlace = false;

    bool provesTerminal() const { return !certificates.empty(); }
};

/// Throws InputMalformed for a password that is none or is missing, CertificateUnusable for a chain
/// that does not allow what is wanted; ends with TransportPin where five digits were given.
Plan planFor(const IdentityRequest& request);

} // namespace amt::eid
