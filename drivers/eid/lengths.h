// SPDX-License-Identifier: EUPL-1.2
//
// How long a card's commands and answers may be, as it says itself (ISO 7816-4 12.1.1.9, 12.2.2;
// ICAO 9303-10 3.11.2).
#pragma once

#include "appliance/core/bytes.h"

#include <optional>

namespace amt::eid {

/// Whether the card takes extended length, by the historical bytes of its ATR: free of charge.
/// Nothing when they do not say, or the ATR is not whole.
std::optional<bool> takesExtendedLength(ByteView atr);

struct CardLengths {
    std::size_t command = 0; ///< whole APDUs, both
    std::size_t answer = 0;
};

/// DO 7F66 in the content of EF.ATR/INFO; nothing when there is none. Throws
/// CardAnswerMalformed.
std::optional<CardLengths> cardLengths(ByteView atrInfo);

} // namespace amt::eid
