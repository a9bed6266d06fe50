// SPDX-License-Identifier: EUPL-1.2
//
// Time comes in through this door: instants in UTC milliseconds, and the time since boot for
// timers.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace amt {

/// An instant: milliseconds since 1970-01-01 UTC. A label, never an order (sync.md 9).
using UtcTime = std::chrono::sys_time<std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;

inline std::int64_t toMilliseconds(UtcTime time)
{
    return time.time_since_epoch().count();
}
inline UtcTime fromMilliseconds(std::int64_t count)
{
    return UtcTime(Milliseconds(count));
}

/// "2026-11-21T09:41:00.123Z"
std::string toIso(UtcTime time);
/// Accepts what toIso writes, with or without fraction, and numeric offsets. Throws InputMalformed.
UtcTime fromIso(const std::string& text);

class Clock {
public:
    virtual ~Clock() = default;
    virtual UtcTime utcNow() const = 0;
    /// Never steps back, whatever happens to the wall clock.
    virtual Milliseconds sinceBoot() const = 0;
};

} // namespace amt
