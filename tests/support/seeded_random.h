// SPDX-License-Identifier: EUPL-1.2
//
// Chance that is the same in each run.
#pragma once

#include "appliance/core/random.h"

#include <random>

namespace amt::test {

class SameRandom : public RandomSource {
public:
    explicit SameRandom(std::uint64_t seed = 20261121) : _engine(seed) {}
    void fill(std::span<std::uint8_t> bytes) override
    {
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(_engine());
    }

private:
    std::mt19937_64 _engine;
};

} // namespace amt::test
