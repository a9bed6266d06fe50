// SPDX-License-Identifier: EUPL-1.2
//
// How long to wait before trying again: full jitter (sync.md 5).
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/random.h"

namespace amt::carrier {

struct Delays {
    Milliseconds first{2000};
    Milliseconds most{std::chrono::minutes(15)};
};

/// Before attempt `attempt` (0, 1, ...): uniform in [0, min(most, first * 2^attempt)].
Milliseconds delayBefore(int attempt, const Delays& delays, RandomSource& random);

/// Between rounds: `every`, doubled for each failure in a row up to `most`, and then 80 to 120 %,
/// so that the nodes of a region do not all come at once.
Milliseconds pauseAfter(int failures, Milliseconds every, Milliseconds most, RandomSource& random);

} // namespace amt::carrier
