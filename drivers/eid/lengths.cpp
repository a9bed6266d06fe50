// SPDX-License-Identifier: EUPL-1.2
//
// How long a card's commands and answers may be, as it says itself.
#include "drivers/eid/lengths.h"

#include "appliance/core/error.h"
#include "drivers/eid/tlv.h"

#include <algorithm>

namespace amt::eid {
namespace {

constexpr std::uint8_t categoryStatusLast = 0x00, categoryCompact = 0x80;
constexpr std::uint8_t tagCapabilities = 7;
constexpr std::uint8_t extendedLengthBit = 0x40; // of the third byte

/// The bytes behind the interface bytes (ISO 7816-3 8.2); nothing if they do not fit.
std::optional<ByteView> historicalBytes(ByteView atr)
{
    if (atr.size() < 2)
        return std::nullopt;
    const std::size_t count = atr[1] & 0x0F;
    std::size_t at = 2;
    for (unsigned indicator = atr[1] >> 4; indicator != 0;) {
        std::size_t present = 0;
        for (unsigned bit = indicator; bit != 0; bit >>= 1)
            present += bit & 1;
        if (atr.size() - at < present)
            return std::nullopt;
        at += present;
        indicator = (indicator & 8) != 0 ? atr[at - 1] >> 4 : 0; // TD names the next ones
    }
    if (atr.size() - at < count)
        return std::nullopt;
    return atr.subspan(at, count);
}

std::size_t number(ByteView bytes)
{
    if (bytes.empty() || bytes.size() > 3)
        throw Error(ErrorCode::CardAnswerMalformed, "a length in EF.ATR/INFO");
    std::size_t value = 0;
    for (const auto byte : bytes)
        value = value << 8 | byte;
    return value;
}

} // namespace

std::optional<bool> takesExtendedLength(ByteView atr)
{
    const auto historical = historicalBytes(atr);
    if (!historical || historical->empty() ||
        ((*historical)[0] != categoryCompact && (*historical)[0] != categoryStatusLast))
        return std::nullopt;
    ByteView rest = historical->subspan(1);
    if ((*historical)[0] == categoryStatusLast)
        rest = rest.first(rest.size() - std::min<std::size_t>(rest.size(), 3));
    while (!rest.empty()) {
        const std::size_t size = rest[0] & 0x0F;
        if (rest.size() - 1 < size)
            return std::nullopt;
        if (rest[0] >> 4 == tagCapabilities && size >= 3)
            return (rest[3] & extendedLengthBit) != 0;
        rest = rest.subspan(1 + size);
    }
    return std::nullopt;
}

std::optional<CardLengths> cardLengths(ByteView atrInfo)
{
    const auto found = find(parseTlv(atrInfo), 0x7F66);
    if (!found)
        return std::nullopt;
    const auto numbers = parseTlv(found->value);
    if (numbers.size() != 2 || numbers[0].tag != 0x02 || numbers[1].tag != 0x02)
        throw Error(ErrorCode::CardAnswerMalformed, "lengths in EF.ATR/INFO");
    return CardLengths{number(numbers[0].value), number(numbers[1].value)};
}

} // namespace amt::eid
