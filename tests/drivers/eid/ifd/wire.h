// SPDX-License-Identifier: EUPL-1.2
//
// What the IFD handler inside pcscd and the test say to each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace amt::test::ifd {

enum class Kind : unsigned char { Presence = 1, PowerUp, PowerDown, Transmit, Control };
constexpr unsigned char good = 0, refused = 1;
constexpr std::size_t lengthBytes = 4;

/// Four bytes, highest first; control codes, too.
inline std::vector<unsigned char> lengthOf(std::size_t value)
{
    return {static_cast<unsigned char>(value >> 24), static_cast<unsigned char>(value >> 16),
            static_cast<unsigned char>(value >> 8), static_cast<unsigned char>(value)};
}

inline std::uint32_t sizeFrom(const unsigned char* bytes)
{
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
           std::uint32_t{bytes[2]} << 8 | bytes[3];
}

} // namespace amt::test::ifd
