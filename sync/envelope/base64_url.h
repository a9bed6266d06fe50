// SPDX-License-Identifier: EUPL-1.2
//
// Base64url on spans, as fast as the machine allows: with vectors where there are some, letter by
// letter elsewhere, bit for bit the same. Of this module's own files and tests only.
#pragma once

#include "appliance/core/bytes.h"

namespace amt::envelope {

/// Instruction sets that the processor may have; Plain is there always.
enum class Vectors { Plain, Ssse3, Avx2, Avx512 };
bool has(Vectors vectors);
/// The fastest of this processor.
Vectors fastest();

constexpr std::size_t lettersFor(std::size_t bytes)
{
    return bytes / 3 * 4 + (bytes % 3 * 4 + 2) / 3;
}
constexpr std::size_t bytesFor(std::size_t letters)
{
    return letters / 4 * 3 + letters % 4 * 3 / 4;
}

/// `text` has lettersFor(bytes.size()) places. `vectors`: only what has() says.
void encodeBase64Url(ByteView bytes, std::span<char> text, Vectors vectors = fastest());
/// `bytes` has bytesFor(text.size()) places. False, as fromBase64Url refuses: a letter outside the
/// alphabet, an impossible length, unused bits that are not zero; `bytes` holds nothing then that
/// means anything.
[[nodiscard]] bool decodeBase64Url(std::string_view text, std::span<std::uint8_t> bytes,
                                   Vectors vectors = fastest());

} // namespace amt::envelope
