// SPDX-License-Identifier: EUPL-1.2
//
// A loop whose hours may be shorter than ours: the boot clock and the timers of whoever is given it
// run `pace` times as fast as the loop below, from one moment to the next.
#pragma once

#include "appliance/core/event_loop.h"

#include <algorithm>
#include <map>

namespace amt::fleet {

class PacedLoop final : public EventLoop {
public:
    /// `below` must outlive it.
    explicit PacedLoop(EventLoop& below) : _below(below), _since(below.sinceBoot()) {}
    ~PacedLoop() { _below.cancel(_alarm); }
    PacedLoop(const PacedLoop&) = delete;
    PacedLoop& operator=(const PacedLoop&) = delete;

    UtcTime utcNow() const override { return _below.utcNow(); }
    Milliseconds sinceBoot() const override
    {
        return _base + (_below.sinceBoot() - _since) * _pace;
    }
    void post(Task task) override { _below.post(std::move(task)); }

    TimerId after(Milliseconds delay, Task task) override
    {
        const TimerId id = ++_lastTimer;
        const auto at = _timers.emplace(sinceBoot() + delay, Timer{id, std::move(task)});
        if (at == _timers.begin() && !_ringing)
            arm();
        return id;
    }

    void cancel(TimerId timer) override
    {
        std::erase_if(_timers, [&](const auto& entry) { return entry.second.id == timer; });
    }

    /// At least 1. Timers under way keep their instant by this loop's clock.
    void setPace(int pace)
    {
        _base = sinceBoot();
        _since = _below.sinceBoot();
        _pace = pace;
        arm();
    }

private:
    struct Timer {
        TimerId id;
        Task task;
    };

    void arm()
    {
        _below.cancel(_alarm);
        _alarm = 0;
        if (_timers.empty())
            return;
        const auto left = std::max(_timers.begin()->first - sinceBoot(), Milliseconds(0));
        _alarm = _below.after((left + Milliseconds(_pace - 1)) / _pace, [this] { ring(); });
    }

    void ring()
    {
        _alarm = 0;
        _ringing = true;
        const Milliseconds until = sinceBoot();
        while (!_timers.empty() && _timers.begin()->first <= until) {
            const Task task = std::move(_timers.begin()->second.task);
            _timers.erase(_timers.begin());
            task();
        }
        _ringing = false;
        arm();
    }

    EventLoop& _below;
    Milliseconds _base{0}, _since;
    int _pace = 1;
    std::multimap<Milliseconds, Timer> _timers;
    TimerId _lastTimer = 0;
    TimerId _alarm = 0;
    bool _ringing = false;
};

} // namespace amt::fleet
