// SPDX-License-Identifier: EUPL-1.2
//
// Byte strings and their texts: hexadecimal, base64url, constant-time comparison, wiping.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace amt {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// The bytes of `text`; valid as long as `text` is.
ByteView view(std::string_view text);
Bytes toBytes(std::string_view text);
std::string toText(ByteView bytes);

/// Lower case, no separators.
std::string toHex(ByteView bytes);
/// Either case. Throws InputMalformed.
Bytes fromHex(std::string_view hex);

/// RFC 4648 section 5, without padding.
std::string toBase64Url(ByteView bytes);
/// Strict: no padding, no blanks, unused bits zero. Throws InputMalformed.
Bytes fromBase64Url(std::string_view text);
/// RFC 4648 section 4, with padding (x5c and PEM bodies).
std::string toBase64(ByteView bytes);
/// Strict: padding required. Throws InputMalformed.
Bytes fromBase64(std::string_view text);

void append(Bytes& to, ByteView more);
template <typename... Parts>
Bytes concat(const Parts&... parts)
{
    Bytes joined;
    (append(joined, ByteView(parts)), ...);
    return joined;
}

/// Takes the same time wherever the difference is.
bool equalInConstantTime(ByteView left, ByteView right);

/// Overwrites memory so that no optimiser leaves it out.
void wipe(std::span<std::uint8_t> bytes);
void wipe(std::string& text);

} // namespace amt
