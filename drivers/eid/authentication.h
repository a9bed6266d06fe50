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

/// Questions that the card answers itself, with yes or no, after chip authentication (TR-03110-3
/// A.6.5). The number ends the object identifier.
enum class Question : std::uint8_t { Age = 1, Validity = 2, Place = 3 };

/// One template for DO 67 and VERIFY's object identifier.
Bytes auxiliaryTemplate(Question question, ByteView data);
Bytes auxiliaryOid(Question question);
/// YYYYMMDD, as questions for a date carry it.
Bytes dateDigits(LocalDate day);
/// DO 67 around these templates; nothing for none.
Bytes auxiliaryData(ByteView templates);

/// DO A0 for GENERAL AUTHENTICATE of restricted identification. `sectorKey`: the objects of the
/// public key as its issuer gave them.
Bytes sectorQuestion(ByteView sectorKey);

/// Keys that chip authentication agrees on.
struct ChipKeys {
    Secret encryption, mac;
};

/// Throws CardAnswerMalformed for a bad point, CardForged when `token` is not that of the chip with
/// `chipKey`.
ChipKeys agreeWithChip(const CipherSuite& suite, const Curve& curve, ByteView protocolOid,
                       const KeyPair& own, ByteView chipKey, ByteView nonce, ByteView token);

} // namespace amt::eid
