// SPDX-License-Identifier: EUPL-1.2
//
// Random bytes and ids.
#include "appliance/core/random.h"

#include "appliance/core/error.h"

#include <sys/random.h>

#include <limits>

namespace amt {
namespace {

std::string uuidText(Bytes bytes, std::uint8_t version)
{
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | version << 4);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    std::string text = toHex(bytes);
    for (const std::size_t dash : {8U, 13U, 18U, 23U})
        text.insert(dash, 1, '-');
    return text;
}

} // namespace

void SystemRandom::fill(std::span<std::uint8_t> bytes)
{
    while (!bytes.empty()) {
        const auto count = ::getrandom(bytes.data(), bytes.size(), 0);
        if (count < 0)
            throw Error(ErrorCode::SystemFailed, "getrandom");
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
}

Bytes randomBytes(RandomSource& random, std::size_t size)
{
    Bytes bytes(size);
    random.fill(bytes);
    return bytes;
}

std::uint64_t randomBelow(RandomSource& random, std::uint64_t bound)
{
    AMT_ASSERT(bound > 0);
    // Values above the last whole multiple of bound would favour the small results.
    const std::uint64_t limit = std::numeric_limits<std::uint64_t>::max() / bound * bound;
    while (true) {
        std::uint64_t value = 0;
        random.fill({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
        if (value < limit)
            return value % bound;
    }
}

std::string randomUuid(RandomSource& random)
{
    return uuidText(randomBytes(random, 16), 4);
}

std::string timedUuid(RandomSource& random, UtcTime now)
{
    Bytes bytes = randomBytes(random, 16);
    const auto milliseconds = static_cast<std::uint64_t>(toMilliseconds(now));
    for (std::size_t i = 0; i < 6; ++i)
        bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
    return uuidText(std::move(bytes), 7);
}

bool isUuid(std::string_view text)
{
    if (text.size() != 36)
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (dash ? text[i] != '-' : !hex)
            return false;
    }
    return true;
}

} // namespace amt
