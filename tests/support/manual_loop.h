// SPDX-License-Identifier: EUPL-1.2
//
// A loop for tests of one machine: its clock jumps to the next timer. The simulated world has its
// own.
#pragma once

#include "appliance/core/event_loop.h"

#include <map>
#include <utility>

namespace amt::test {

class ManualLoop : public EventLoop {
public:
    UtcTime utcNow() const override
    {
        return fromMilliseconds(1795255260000) + _now;
    } // 2026-11-21T10:01:00Z
    Milliseconds sinceBoot() const override { return _now; }
    void post(Task task) override { after(Milliseconds(0), std::move(task)); }
    TimerId after(Milliseconds delay, Task task) override
    {
        const TimerId id = ++_lastTimer;
        _timers.emplace(std::pair(_now + std::max(delay, Milliseconds(0)), id), std::move(task));
        return id;
    }
    void cancel(TimerId timer) override
    {
        std::erase_if(_timers, [&](const auto& entry) { return entry.first.second == timer; });
    }

    /// One task; false when nothing waits.
    bool runNext()
    {
        if (_timers.empty())
            return false;
        auto first = _timers.extract(_timers.begin());
        _now = std::max(_now, first.key().first);
        first.mapped()();
        return true;
    }
    /// Until nothing waits; false when that takes more than `tasksMax`.
    bool runAll(int tasksMax = 100000)
    {
        for (int i = 0; i < tasksMax; ++i) {
            if (!runNext())
                return true;
        }
        return false;
    }
    /// Everything due within `duration`; afterwards that much time has passed.
    void runFor(Milliseconds duration)
    {
        const Milliseconds end = _now + duration;
        while (!_timers.empty() && _timers.begin()->first.first <= end)
            runNext();
        _now = end;
    }
    bool idle() const { return _timers.empty(); }

private:
    Milliseconds _now{1000};
    TimerId _lastTimer = 0;
    std::map<std::pair<Milliseconds, TimerId>, Task> _timers;
};

} // namespace amt::test
