// SPDX-License-Identifier: EUPL-1.2
//
// A loop whose clock jumps to the next event. One thread, one seed: the same world twice.
#pragma once

#include "appliance/core/event_loop.h"

#include <deque>
#include <map>
#include <optional>

namespace amt::sim {

class SimLoop : public EventLoop {
public:
    explicit SimLoop(UtcTime start) : _wallStart(start) {}

    UtcTime utcNow() const override { return _wallStart + _sinceBoot; }
    Milliseconds sinceBoot() const override { return _sinceBoot; }
    void post(Task task) override { after(Milliseconds(0), std::move(task)); }
    TimerId after(Milliseconds delay, Task task) override
    {
        const TimerId id = ++_lastTimer;
        // Timers of one instant run in the order in which they were set.
        _timers.emplace(std::pair(_sinceBoot + std::max(delay, Milliseconds(0)), id),
                        Entry{_owner, std::move(task)});
        return id;
    }
    void cancel(TimerId timer) override
    {
        std::erase_if(_timers, [&](const auto& entry) { return entry.first.second == timer; });
    }

    /// Runs the next task; false when nothing waits. The clock is at the task's time.
    bool runNext()
    {
        if (_timers.empty())
            return false;
        auto first = _timers.extract(_timers.begin());
        _sinceBoot = std::max(_sinceBoot, first.key().first);
        const int before = _owner;
        _owner = first.mapped().owner; // what a task sets belongs to its owner, too
        first.mapped().task();
        _owner = before;
        return true;
    }
    std::optional<Milliseconds> nextAt() const
    {
        return _timers.empty() ? std::nullopt : std::optional(_timers.begin()->first.first);
    }

    /// A process of the world: its timers go when it dies. 0 is the world itself.
    void setOwner(int owner) { _owner = owner; }
    int owner() const { return _owner; }
    void forget(int owner)
    {
        std::erase_if(_timers, [&](const auto& entry) { return entry.second.owner == owner; });
    }
    /// The wall clock is set; timers do not care.
    void jumpWallClock(Milliseconds by) { _wallStart += by; }

private:
    struct Entry {
        int owner;
        Task task;
    };

    UtcTime _wallStart;
    Milliseconds _sinceBoot{1000};
    TimerId _lastTimer = 0;
    int _owner = 0;
    std::map<std::pair<Milliseconds, TimerId>, Entry> _timers;
};

} // namespace amt::sim
