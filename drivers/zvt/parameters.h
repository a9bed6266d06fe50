// SPDX-License-Identifier: EUPL-1.2
//
// Parameters of ZVT commands: BMPs in their formats, the TLV container, numbers in BCD (PA00P015,
// chapters 8 and 9). Card numbers are masked here: no more than the last four digits leave this
// parser.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/money.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace amt::zvt {

/// BMP numbers that the driver reads or writes.
namespace bmp {
constexpr std::uint8_t ServiceByte = 0x03;
constexpr std::uint8_t Amount = 0x04;
constexpr std::uint8_t Tlv = 0x06;
constexpr std::uint8_t Trace = 0x0B;
constexpr std::uint8_t Time = 0x0C;
constexpr std::uint8_t Date = 0x0D;
constexpr std::uint8_t PaymentType = 0x19;
constexpr std::uint8_t Pan = 0x22;
constexpr std::uint8_t ResultCode = 0x27;
constexpr std::uint8_t TerminalId = 0x29;
constexpr std::uint8_t OriginalTrace = 0x37;
constexpr std::uint8_t AdditionalText = 0x3C;
constexpr std::uint8_t Currency = 0x49;
constexpr std::uint8_t Totals = 0x60;
constexpr std::uint8_t Receipt = 0x87;
constexpr std::uint8_t CardType = 0x8A;
constexpr std::uint8_t CardName = 0x8B;
} // namespace bmp

/// One tag of the TLV container. A constructed tag whose content is no TLV (seen from vendors)
/// keeps it in `value`.
struct TlvItem {
    std::uint32_t tag = 0; ///< the tag's bytes, big endian: 0x07, 0x1F07, 0xFF40
    Bytes value;           ///< content as it came; empty when `children` holds it
    std::vector<TlvItem> children;

    bool operator==(const TlvItem&) const = default;
};

/// One BMP, without its length prefix.
struct Field {
    std::uint8_t bmp = 0;
    Bytes value;                ///< for BMP 06 only what could not be read as TLV
    std::vector<TlvItem> items; ///< BMP 06
};

struct Parameters {
    std::vector<Field> fields; ///< in the order of the wire
    Bytes unread;              ///< from the first byte that could not be read; empty when all was
};

/// Reads BMPs up to the first that is unknown or broken; the rest stays in `unread`.
/// Throws TerminalFrameMalformed for a BMP that comes twice: then no value can be trusted.
Parameters readParameters(ByteView data);
/// All of it. Throws TerminalFrameMalformed.
std::vector<Field> decodeParameters(ByteView data);

/// BER-like tags and lengths, nested. Throws TerminalFrameMalformed.
std::vector<TlvItem> decodeTlv(ByteView data);
Bytes encodeTlv(const std::vector<TlvItem>& items);
/// The first such tag at any depth, in the order of the wire; null when missing.
const TlvItem* findTag(const std::vector<TlvItem>& items, std::uint32_t tag);

/// Null when missing.
const Field* find(const std::vector<Field>& fields, std::uint8_t bmp);
/// Same for a tag anywhere in BMP 06.
const TlvItem* findTag(const std::vector<Field>& fields, std::uint32_t tag);

/// Nothing when a nibble is no decimal digit or the number is over 18 digits.
std::optional<std::int64_t> bcd(ByteView digits);
/// `number` in `size` bytes. `number` must fit and not be negative.
Bytes toBcd(std::int64_t number, std::size_t size);
/// The digits as text, nibbles over 9 as upper-case letters.
std::string bcdText(ByteView digits);

/// BMP 04: six bytes. The amount must be 0 to 9999999999.99.
Bytes encodeAmount(Money amount);

/// Sum of one card scheme in BMP 60.
struct SchemeTotal {
    int count = 0;
    Money sum;
    bool operator==(const SchemeTotal&) const = default;
};
/// BMP 60 of an end of day: girocard, JCB, Mastercard, Amex, Visa, Diners, others.
struct Totals {
    int receiptFrom = 0, receiptTo = 0;
    std::vector<SchemeTotal> schemes;
};
/// Nothing when the value is not 53 bytes of BCD or its sums do not add up to `total`: terminals
/// have sent uninitialised memory (facts 1.3).
std::optional<Totals> decodeTotals(ByteView value, Money total);

} // namespace amt::zvt
