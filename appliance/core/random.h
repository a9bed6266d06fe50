// SPDX-License-Identifier: EUPL-1.2
//
// Chance comes in through this door.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/clock.h"

#include <span>
#include <string>

namespace amt {

class RandomSource {
public:
    virtual ~RandomSource() = default;
    /// Cryptographically strong, except in the simulated world.
    virtual void fill(std::span<std::uint8_t> bytes) = 0;
};

/// The kernel's getrandom(2).
class SystemRandom : public RandomSource {
public:
    void fill(std::span<std::uint8_t> bytes) override;
};

Bytes randomBytes(RandomSource& random, std::size_t size);
/// Uniform in [0, bound); bound > 0.
std::uint64_t randomBelow(RandomSource& random, std::uint64_t bound);
/// UUID version 4 as text: for ids that leave the house.
std::string randomUuid(RandomSource& random);
/// UUID version 7 (RFC 9562): sorts by time, for ids that stay in the house.
std::string timedUuid(RandomSource& random, UtcTime now);
/// Text of 8-4-4-4-12 lower-case hexadecimal digits.
bool isUuid(std::string_view text);

} // namespace amt
