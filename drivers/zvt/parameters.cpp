// SPDX-License-Identifier: EUPL-1.2
//
// BMPs, TLV and BCD.
#include "drivers/zvt/parameters.h"

#include "appliance/core/error.h"

#include <algorithm>
#include <array>
#include <span>

namespace amt::zvt {

namespace {

enum class Format : std::uint8_t { Unknown, Fixed, Ll, Lll, Tlv };

struct BmpFormat {
    Format format = Format::Unknown;
    std::uint8_t size = 0;
};

constexpr std::array<BmpFormat, 256> bmpFormats = [] {
    std::array<BmpFormat, 256> formats{};
    const auto fixed = [&](std::uint8_t size, std::initializer_list<int> numbers) {
        for (const int number : numbers)
            formats[static_cast<std::size_t>(number)] = {Format::Fixed, size};
    };
    const auto variable = [&](Format format, std::initializer_list<int> numbers) {
        for (const int number : numbers)
            formats[static_cast<std::size_t>(number)] = {format, 0};
    };
    fixed(1, {0x01, 0x02, 0x03, 0x05, 0x19, 0x27, 0x72, 0x73, 0x74, 0x75, 0x8A, 0x8C, 0xA0,
              0xD0, 0xD2, 0xD3, 0xE0, 0xE9, 0xEA, 0xF0, 0xF9, 0xFA, 0xFB, 0xFC, 0xFD});
    fixed(2, {0x0D, 0x0E, 0x17, 0x3A, 0x49, 0x87});
    fixed(3, {0x0B, 0x0C, 0x37, 0x3D, 0x88, 0xAA});
    fixed(4, {0x29, 0x70, 0x71});
    fixed(5, {0xBA});
    fixed(6, {0x04});
    fixed(8, {0x3B, 0xEB});
    fixed(15, {0x2A});
    variable(Format::Ll, {0x22, 0x23, 0x2D, 0x4C, 0x8B, 0xA7, 0xD1, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5,
                          0xE6, 0xE7, 0xE8, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8});
    variable(Format::Lll, {0x24, 0x2E, 0x3C, 0x60, 0x9A, 0xAF});
    variable(Format::Tlv, {0x06});
    return formats;
}();

/// Takes bytes from the front; nothing when there are too few.
class Cursor {
public:
    explicit Cursor(ByteView data) : _data(data) {}

    bool atEnd() const { return _data.empty(); }
    ByteView rest() const { return _data; }
    std::optional<ByteView> take(std::size_t size)
    {
        if (_data.size() < size)
            return std::nullopt;
        const ByteView taken = _data.first(size);
        _data = _data.subspan(size);
        return taken;
    }
    std::optional<std::uint8_t> byte()
    {
        const auto taken = take(1);
        return taken ? std::optional((*taken)[0]) : std::nullopt;
    }

private:
    ByteView _data;
};

/// LL and LLL: each digit stands in the low nibble of a byte Fx.
std::optional<std::size_t> digitLength(Cursor& cursor, std::size_t digits)
{
    std::size_t length = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        const auto digit = cursor.byte();
        if (!digit || *digit < 0xF0 || *digit > 0xF9)
            return std::nullopt;
        length = length * 10 + (*digit & 0x0FU);
    }
    return length;
}

/// 00 to 7F, 81 n, 82 hi lo.
std::optional<std::size_t> berLength(Cursor& cursor)
{
    const auto first = cursor.byte();
    if (!first)
        return std::nullopt;
    if (*first < 0x80)
        return *first;
    if (*first != 0x81 && *first != 0x82)
        return std::nullopt;
    const auto more = cursor.take(*first & 0x0FU);
    if (!more)
        return std::nullopt;
    std::size_t length = 0;
    for (const std::uint8_t byte : *more)
        length = length << 8 | byte;
    return length;
}

constexpr int depthMax = 8;

/// How a tag 1F 80 ... 1F 83 is meant: by the continuation rule, or as the two bytes of
/// revision 13.08.
enum class LongTags { Continue, TwoBytes };

std::optional<std::uint32_t> readTag(Cursor& cursor, LongTags longTags)
{
    const auto first = cursor.byte();
    if (!first)
        return std::nullopt;
    std::uint32_t tag = *first;
    if ((*first & 0x1F) != 0x1F)
        return tag;
    for (int more = 0; more < 3; ++more) {
        const auto next = cursor.byte();
        if (!next)
            return std::nullopt;
        tag = tag << 8 | *next;
        const bool revision1308 = longTags == LongTags::TwoBytes && tag >= 0x1F80 && tag <= 0x1F83;
        if ((*next & 0x80) == 0 || revision1308)
            return tag;
    }
    return std::nullopt;
}

bool isConstructed(std::uint32_t tag)
{
    while (tag > 0xFF)
        tag >>= 8;
    return (tag & 0x20) != 0;
}

void blank(Bytes& value)
{
    std::fill(value.begin(), value.end(), std::uint8_t{0xEE});
}

/// Tags with card numbers or tracks: only their length survives.
bool holdsCardData(std::uint32_t tag)
{
    return (tag >= 0x1F08 && tag <= 0x1F0A) || tag == 0x1F1A;
}

std::optional<std::vector<TlvItem>> readTlv(ByteView data, LongTags longTags, int depth)
{
    std::vector<TlvItem> items;
    Cursor cursor(data);
    while (!cursor.atEnd()) {
        const auto tag = readTag(cursor, longTags);
        const auto length = tag ? berLength(cursor) : std::nullopt;
        const auto value = length ? cursor.take(*length) : std::nullopt;
        if (!value)
            return std::nullopt;
        TlvItem item{*tag, {}, {}};
        auto children = isConstructed(*tag) && depth < depthMax
                            ? readTlv(*value, longTags, depth + 1)
                            : std::nullopt;
        if (children)
            item.children = std::move(*children);
        else
            item.value.assign(value->begin(), value->end());
        if (holdsCardData(item.tag))
            blank(item.value);
        items.push_back(std::move(item));
    }
    return items;
}

/// Keeps the last four digits of the card number; what follows the separator D (expiry, service
/// code) goes, too.
void maskPan(Bytes& value)
{
    const auto nibble = [&](std::size_t i) {
        return static_cast<std::uint8_t>(i % 2 == 0 ? value[i / 2] >> 4 : value[i / 2] & 0x0F);
    };
    const auto set = [&](std::size_t i, std::uint8_t to) {
        auto& byte = value[i / 2];
        byte = static_cast<std::uint8_t>(i % 2 == 0 ? (byte & 0x0F) | to << 4 : (byte & 0xF0) | to);
    };
    const std::size_t size = value.size() * 2;
    std::size_t end = 0;
    while (end < size && nibble(end) != 0xD && nibble(end) != 0xF)
        ++end;
    for (std::size_t i = 0; i < size; ++i) {
        const bool kept = i < end ? i + 4 >= end : nibble(i) == 0xD || nibble(i) == 0xF;
        if (!kept)
            set(i, 0xE);
    }
}

std::optional<Field> readField(Cursor& cursor)
{
    const auto number = cursor.byte();
    if (!number)
        return std::nullopt;
    const BmpFormat format = bmpFormats[*number];
    std::optional<std::size_t> length;
    switch (format.format) {
    case Format::Unknown:
        return std::nullopt;
    case Format::Fixed:
        length = format.size;
        break;
    case Format::Ll:
        length = digitLength(cursor, 2);
        break;
    case Format::Lll:
        length = digitLength(cursor, 3);
        break;
    case Format::Tlv:
        length = berLength(cursor);
        break;
    }
    const auto value = length ? cursor.take(*length) : std::nullopt;
    if (!value)
        return std::nullopt;
    Field field{*number, Bytes(value->begin(), value->end()), {}};
    switch (*number) {
    case bmp::Pan:
        maskPan(field.value);
        break;
    case 0x23: // tracks 2, 3, 1 and the check value: never kept
    case 0x24:
    case 0x2D:
    case 0x3A:
        blank(field.value);
        break;
    case bmp::Tlv:
        try {
            field.items = decodeTlv(*value);
            field.value.clear();
        } catch (const Error&) {
            // opaque: a container that is no TLV never spoils the message (facts 1.2)
        }
        break;
    default:
        break;
    }
    return field;
}

void appendTlv(Bytes& wire, const TlvItem& item)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        const auto byte = static_cast<std::uint8_t>(item.tag >> shift & 0xFF);
        if (byte != 0 || shift == 0 || item.tag >> shift > 0xFF)
            wire.push_back(byte);
    }
    const Bytes content = item.children.empty() ? item.value : encodeTlv(item.children);
    AMT_ASSERT(content.size() <= 0xFFFF);
    if (content.size() >= 0x100) {
        wire.push_back(0x82);
        wire.push_back(static_cast<std::uint8_t>(content.size() >> 8));
    } else if (content.size() >= 0x80) {
        wire.push_back(0x81);
    }
    wire.push_back(static_cast<std::uint8_t>(content.size() & 0xFF));
    append(wire, content);
}

} // namespace

Parameters readParameters(ByteView data)
{
    Parameters parameters;
    Cursor cursor(data);
    while (!cursor.atEnd()) {
        const ByteView before = cursor.rest();
        auto field = readField(cursor);
        if (!field) {
            parameters.unread.assign(before.begin(), before.end());
            break;
        }
        if (find(parameters.fields, field->bmp) != nullptr)
            throw Error(ErrorCode::TerminalFrameMalformed, "a BMP comes twice");
        parameters.fields.push_back(std::move(*field));
    }
    return parameters;
}

std::vector<Field> decodeParameters(ByteView data)
{
    Parameters parameters = readParameters(data);
    if (!parameters.unread.empty())
        throw Error(ErrorCode::TerminalFrameMalformed, "unknown or broken BMP");
    return std::move(parameters.fields);
}

std::vector<TlvItem> decodeTlv(ByteView data)
{
    auto items = readTlv(data, LongTags::Continue, 0);
    if (!items)
        items = readTlv(data, LongTags::TwoBytes, 0);
    if (!items)
        throw Error(ErrorCode::TerminalFrameMalformed, "container is no TLV");
    return std::move(*items);
}

Bytes encodeTlv(const std::vector<TlvItem>& items)
{
    Bytes wire;
    for (const TlvItem& item : items)
        appendTlv(wire, item);
    return wire;
}

const TlvItem* findTag(const std::vector<TlvItem>& items, std::uint32_t tag)
{
    for (const TlvItem& item : items) {
        if (item.tag == tag)
            return &item;
        if (const TlvItem* inside = findTag(item.children, tag))
            return inside;
    }
    return nullptr;
}

const Field* find(const std::vector<Field>& fields, std::uint8_t bmp)
{
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [bmp](const Field& field) { return field.bmp == bmp; });
    return found == fields.end() ? nullptr : &*found;
}

const TlvItem* findTag(const std::vector<Field>& fields, std::uint32_t tag)
{
    const Field* container = find(fields, bmp::Tlv);
    return container == nullptr ? nullptr : findTag(container->items, tag);
}

std::optional<std::int64_t> bcd(ByteView digits)
{
    if (digits.size() > 9)
        return std::nullopt;
    std::int64_t number = 0;
    for (const std::uint8_t byte : digits) {
        if (byte >> 4 > 9 || (byte & 0x0F) > 9)
            return std::nullopt;
        number = number * 100 + (byte >> 4) * 10 + (byte & 0x0F);
    }
    return number;
}

Bytes toBcd(std::int64_t number, std::size_t size)
{
    AMT_ASSERT(number >= 0);
    Bytes digits(size);
    for (auto byte = digits.rbegin(); byte != digits.rend(); ++byte) {
        *byte = static_cast<std::uint8_t>(number % 10 | number / 10 % 10 << 4);
        number /= 100;
    }
    AMT_ASSERT(number == 0);
    return digits;
}

std::string bcdText(ByteView digits)
{
    std::string text;
    for (const std::uint8_t byte : digits) {
        for (const int nibble : {byte >> 4, byte & 0x0F})
            text += "0123456789ABCDEF"[nibble];
    }
    return text;
}

Bytes encodeAmount(Money amount)
{
    return toBcd(amount.inCents(), 6);
}

std::optional<Totals> decodeTotals(ByteView value, Money total)
{
    constexpr std::size_t schemeCount = 7;
    if (value.size() != 4 + schemeCount * 7)
        return std::nullopt;
    const auto from = bcd(value.first(2));
    const auto to = bcd(value.subspan(2, 2));
    if (!from || !to)
        return std::nullopt;
    Totals totals{static_cast<int>(*from), static_cast<int>(*to), {}};
    Money sum;
    for (std::size_t i = 0; i < schemeCount; ++i) {
        const ByteView scheme = value.subspan(4 + i * 7, 7);
        const auto cents = bcd(scheme.subspan(1));
        if (!cents)
            return std::nullopt;
        totals.schemes.push_back({scheme[0], Money::cents(*cents)});
        sum = sum + Money::cents(*cents);
    }
    if (sum != total)
        return std::nullopt;
    return totals;
}

} // namespace amt::zvt
