// SPDX-License-Identifier: EUPL-1.2
//
// Passive authentication: EF.CardSecurity is signed by a document signer of a country that we trust
// (ICAO 9303-12).
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/clock.h"

#include <vector>

namespace amt::eid {

/// The signed SecurityInfos. `countrySigners`: CSCA certificates, DER; each is an anchor. `at`: the
/// time that certificates are judged by. Throws CardForged for anything that does not verify;
/// CertificateUnusable when a CSCA cannot be read.
Bytes verifiedSecurityInfos(ByteView cardSecurity, const std::vector<Bytes>& countrySigners,
                            UtcTime at);

} // namespace amt::eid
