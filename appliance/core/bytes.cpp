// SPDX-License-Identifier: EUPL-1.2
//
// Byte strings and their texts.
#include "appliance/core/bytes.h"

#include "appliance/core/error.h"

#include <string.h>

#include <array>

namespace amt {
namespace {

constexpr std::string_view urlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view plainAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int16_t, 256> reversed(std::string_view alphabet)
{
    std::array<std::int16_t, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int16_t>(i);
    return table;
}

/// Two letters for each 12 bits: half of the look-ups of the plain way, which is most of the time
/// of sealing.
class PairTable {
public:
    explicit PairTable(std::string_view alphabet)
    {
        for (std::size_t i = 0; i < _pairs.size(); ++i)
            _pairs[i] = {alphabet[i >> 6], alphabet[i & 63]};
    }
    const std::array<char, 2>& operator[](std::uint32_t twelveBits) const
    {
        return _pairs[twelveBits];
    }

private:
    std::array<std::array<char, 2>, 4096> _pairs{};
};

std::string encode(ByteView bytes, const PairTable& pairs)
{
    std::string text((bytes.size() * 4 + 2) / 3, '\0');
    char* out = text.data();
    const auto put = [&out](const std::array<char, 2>& pair) {
        *out++ = pair[0];
        *out++ = pair[1];
    };
    std::size_t i = 0;
    for (; i + 2 < bytes.size(); i += 3) {
        const std::uint32_t group = bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2];
        put(pairs[group >> 12]);
        put(pairs[group & 4095]);
    }
    if (i + 1 == bytes.size()) {
        put(pairs[static_cast<std::uint32_t>(bytes[i] << 4)]);
    } else if (i + 2 == bytes.size()) {
        const std::uint32_t group = bytes[i] << 16 | bytes[i + 1] << 8;
        put(pairs[group >> 12]);
        *out++ = pairs[group & 4095][0];
    }
    return text;
}

Bytes decode(std::string_view text, const std::array<std::int16_t, 256>& table)
{
    if (text.size() % 4 == 1)
        throw Error(ErrorCode::InputMalformed, "base64 of impossible length");
    Bytes bytes(text.size() * 3 / 4);
    auto out = bytes.begin();
    std::uint32_t group = 0;
    int bits = 0;
    for (const char letter : text) {
        const int value = table[static_cast<unsigned char>(letter)];
        if (value < 0)
            throw Error(ErrorCode::InputMalformed, "letter outside the base64 alphabet");
        group = group << 6 | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *out++ = static_cast<std::uint8_t>(group >> bits);
            group &= (1U << bits) - 1;
        }
    }
    if (group != 0)
        throw Error(ErrorCode::InputMalformed, "base64 with bits after its end");
    return bytes;
}

int nibble(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    throw Error(ErrorCode::InputMalformed, "not a hexadecimal digit");
}

} // namespace

ByteView view(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Bytes toBytes(std::string_view text)
{
    const ByteView bytes = view(text);
    return {bytes.begin(), bytes.end()};
}

std::string toText(ByteView bytes)
{
    return {bytes.begin(), bytes.end()};
}

std::string toHex(ByteView bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        hex += digits[byte >> 4];
        hex += digits[byte & 15];
    }
    return hex;
}

Bytes fromHex(std::string_view hex)
{
    if (hex.size() % 2 != 0)
        throw Error(ErrorCode::InputMalformed, "odd number of hexadecimal digits");
    Bytes bytes;
    bytes.reserve(hex.size() / 2);
    for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(nibble(hex[i]) << 4 | nibble(hex[i + 1])));
    return bytes;
}

std::string toBase64Url(ByteView bytes)
{
    static const PairTable pairs(urlAlphabet);
    return encode(bytes, pairs);
}

Bytes fromBase64Url(std::string_view text)
{
    static constexpr auto table = reversed(urlAlphabet);
    return decode(text, table);
}

std::string toBase64(ByteView bytes)
{
    static const PairTable pairs(plainAlphabet);
    std::string text = encode(bytes, pairs);
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

Bytes fromBase64(std::string_view text)
{
    static constexpr auto table = reversed(plainAlphabet);
    if (text.size() % 4 != 0)
        throw Error(ErrorCode::InputMalformed, "base64 without its padding");
    for (int i = 0; i < 2 && text.ends_with('='); ++i)
        text.remove_suffix(1);
    return decode(text, table);
}

void append(Bytes& to, ByteView more)
{
    to.insert(to.end(), more.begin(), more.end());
}

bool equalInConstantTime(ByteView left, ByteView right)
{
    if (left.size() != right.size())
        return false;
    volatile std::uint8_t difference = 0;
    for (std::size_t i = 0; i < left.size(); ++i)
        difference = static_cast<std::uint8_t>(difference | (left[i] ^ right[i]));
    return difference == 0;
}

void wipe(std::span<std::uint8_t> bytes)
{
    if (!bytes.empty()) // an empty span may point nowhere, which explicit_bzero does not take
        ::explicit_bzero(bytes.data(), bytes.size());
}

void wipe(std::string& text)
{
    ::explicit_bzero(text.data(), text.size());
    text.clear();
}

} // namespace amt
