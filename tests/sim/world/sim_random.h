// SPDX-License-Identifier: EUPL-1.2
//
// Chance from a seed; OpenSSL draws from it, too, so that keys, nonces and paddings come again with
// the seed.
#pragma once

#include "appliance/core/random.h"

#include <random>

namespace amt::sim {

class SimRandom : public RandomSource {
public:
    explicit SimRandom(std::uint64_t seed) : _engine(seed) {}
    void fill(std::span<std::uint8_t> bytes) override
    {
        for (std::size_t i = 0; i < bytes.size(); i += 8) {
            const std::uint64_t word = _engine();
            for (std::size_t k = i; k < std::min(i + 8, bytes.size()); ++k)
                bytes[k] = static_cast<std::uint8_t>(word >> (8 * (k - i)));
        }
    }
    /// True in `percent` of all calls.
    bool chance(unsigned percent) { return randomBelow(*this, 100) < percent; }

private:
    std::mt19937_64 _engine;
};

/// While it lives, OpenSSL's RAND draws from `random`. One at a time.
class FeedOpenSsl {
public:
    explicit FeedOpenSsl(RandomSource& random);
    ~FeedOpenSsl();
    FeedOpenSsl(const FeedOpenSsl&) = delete;
    FeedOpenSsl& operator=(const FeedOpenSsl&) = delete;
};

/// SQLite's own random numbers (salts of its log) come from this seed from now on.
void seedSqlite(unsigned seed);

} // namespace amt::sim
