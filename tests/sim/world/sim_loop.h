// SPDX-License-Identifier: EUPL-1.2
//
// A loop whose clock jumps to the next event. One thread, one seed: the same world twice.
#pragma once

#include "appliance/core/event_loop.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

namespace amt::sim {

class SimLoop : public EventLoop {
public:
    /// Owner of what is under way between processes of one machine: it outlives both.
    static constexpr int kernel = -1;

    explicit SimLoop(UtcTime start) : _wallStart(start) {}

    UtcTime utcNow() const override { return _wallStart + _sinceBoot; }
    Milliseconds sinceBoot() const override { return _sinceBoot; }
    void post(Task task) override { after(Milliseconds(0), std::move(task)); }
    TimerId after(Milliseconds delay, Task task) override
    {
        const TimerId id = ++_lastTimer;
        if (_dead.contains(_owner))
            return id;
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
        actAs(first.mapped().owner,
              first.mapped().task); // what a task sets belongs to its owner, too
        return true;
    }
    /// Whose task is the next one; nothing when nothing waits.
    std::optional<int> nextOwner() const
    {
        return _timers.empty() ? std::nullopt : std::optional(_timers.begin()->second.owner);
    }

    /// Runs `work` in the name of a process: the timers that it sets are that process's. 0 is the
    /// world itself.
    template <typename Work>
    void actAs(int owner, Work&& work)
    {
        const OwnerScope scope(*this, owner);
        work();
    }
    /// A task for a process, from outside of it. Nothing happens when the process has died by then.
    void afterFor(int owner, Milliseconds delay, Task task)
    {
        if (_dead.contains(owner))
            return;
        const OwnerScope scope(*this, owner);
        after(delay, std::move(task));
    }
    int owner() const { return _owner; }
    /// The process dies: its timers go, and what comes for it later is dropped.
    void kill(int owner)
    {
        _dead.insert(owner);
        std::erase_if(_timers, [&](const auto& entry) { return entry.second.owner == owner; });
    }

private:
    struct Entry {
        int owner;
        Task task;
    };

    class OwnerScope {
    public:
        OwnerScope(SimLoop& loop, int owner)
            : _loop(loop), _before(std::exchange(loop._owner, owner))
        {}
        ~OwnerScope() { _loop._owner = _before; }
        OwnerScope(const OwnerScope&) = delete;
        OwnerScope& operator=(const OwnerScope&) = delete;

    private:
        SimLoop& _loop;
        int _before;
    };

    UtcTime _wallStart;
    Milliseconds _sinceBoot{1000};
    TimerId _lastTimer = 0;
    int _owner = 0;
    std::set<int> _dead;
    std::map<std::pair<Milliseconds, TimerId>, Entry> _timers;
};

} // namespace amt::sim
