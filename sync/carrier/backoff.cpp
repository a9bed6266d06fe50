// SPDX-License-Identifier: EUPL-1.2
//
// Full jitter.
#include "sync/carrier/backoff.h"

#include <algorithm>

namespace amt::carrier {

Milliseconds delayBefore(int attempt, const Delays& delays, RandomSource& random)
{
    Milliseconds bound = delays.first;
    for (int i = 0; i < attempt && bound < delays.most; ++i)
        bound *= 2;
    bound = std::min(bound, delays.most);
    return Milliseconds(static_cast<std::int64_t>(
        randomBelow(random, static_cast<std::uint64_t>(bound.count()) + 1)));
}

Milliseconds pauseAfter(int failures, Milliseconds every, Milliseconds most, RandomSource& random)
{
    Milliseconds bound = every;
    for (int i = 0; i < failures && bound < most; ++i)
        bound *= 2;
    bound = std::min(bound, most);
    const auto spread = static_cast<std::uint64_t>(bound.count() * 2 / 5);
    return bound * 4 / 5 + Milliseconds(static_cast<std::int64_t>(randomBelow(random, spread + 1)));
}

} // namespace amt::carrier
