// SPDX-License-Identifier: EUPL-1.2
//
// Terminal authentication and chip authentication, version 2: what is signed, what is agreed
// (TR-03110-3 B.2, B.3).
#pragma once

#include "appliance/core/local_date.h"
#include "drivers/eid/pace.h"

namespace amt::eid {

/// What the terminal's key signs: x(card's PACE key) || nonce || x(our key for chip authentication)
/// || auxiliary data.
Bytes terminalProof(ByteView cardsCompressedKey, ByteView nonce, ByteView ownCompressedKey,
                    ByteView auxiliaryData);

/// DO 67 that asks the card whether the document is still valid on `today` (TR-03110-3 A.6.5.2).
Bytes auxiliaryValidity(LocalDate today);
ByteView auxiliaryValidityOid();

/// Keys that chip authentication agrees on.
struct ChipKeys {
    Secret encryption, mac;
};

/// Throws CardAnswerMalformed for a bad point, CardForged when `token` is not that of the chip with
/// `chipKey`.
ChipKeys agreeWithChip(const CipherSuite& suite, const Curve& curve, ByteView protocolOid,
                       const KeyPair& own, ByteView chipKey, ByteView nonce, ByteView token);

} // namespace amt::eid
