// SPDX-License-Identifier: EUPL-1.2
//
// Signed messages (CMS) of document signers and master list signers, verified up to a certificate
// that we trust (ICAO 9303-12).
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/clock.h"
#include "appliance/core/error.h"

#include <vector>

namespace amt::eid {

struct SignedMessageRules {
    const char* contentType;   ///< object identifier in digits
    const char* extendedUsage; ///< that the signer's certificate must have; null: none asked for
    ErrorCode failure;         ///< thrown for anything that does not verify
};

/// The content. `anchors`: certificates, DER; each is trusted. `at`: the time that certificates are
/// judged by. Throws `rules.failure`; CertificateUnusable when an anchor cannot be read.
Bytes verifiedContent(ByteView message, const SignedMessageRules& rules,
                      const std::vector<Bytes>& anchors, UtcTime at);

} // namespace amt::eid
