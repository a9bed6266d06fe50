// SPDX-License-Identifier: EUPL-1.2
//
// The loop: one thread on which all domain code and the database run.
#pragma once

#include "appliance/core/clock.h"

#include <functional>

namespace amt {

using Task = std::function<void()>;
using TimerId = std::uint64_t; ///< 0 is never a timer

class EventLoop : public Clock {
public:
    /// From any thread. Tasks run one at a time, in order.
    virtual void post(Task task) = 0;
    /// On the loop only.
    virtual TimerId after(Milliseconds delay, Task task) = 0;
    /// On the loop only. Unknown and past timers are ignored.
    virtual void cancel(TimerId timer) = 0;
};

} // namespace amt
