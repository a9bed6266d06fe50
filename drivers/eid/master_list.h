// SPDX-License-Identifier: EUPL-1.2
//
// Master lists: the country signers (CSCA) that one country vouches for (ICAO 9303-12, 9).
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/clock.h"

#include <string>
#include <vector>

namespace amt::eid {

/// The certificates of `country` ("DE") in a list, DER, each once. `anchor`: the country signer
/// that the list's signer must come from, known from elsewhere (fingerprint compared by two
/// persons). Throws CertificateUnusable for a list that does not verify or has none of them.
std::vector<Bytes> countrySignersOf(ByteView masterList, const std::string& country,
                                    ByteView anchor, UtcTime at);

} // namespace amt::eid
