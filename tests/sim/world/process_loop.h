// SPDX-License-Identifier: EUPL-1.2
//
// One process's view of the world's loop: what it sets is its own, and goes when it dies.
#pragma once

#include "tests/sim/world/sim_loop.h"

namespace amt::sim {

class ProcessLoop : public EventLoop {
public:
    ProcessLoop(SimLoop& world, int owner) : _world(world), _owner(owner) {}
    /// `clock`: how far this machine's wall clock is from the world's, now.
    ProcessLoop(SimLoop& world, int owner, const Milliseconds& clock)
        : _world(world), _owner(owner), _clock(&clock)
    {}

    UtcTime utcNow() const override
    {
        return _world.utcNow() + (_clock ? *_clock : Milliseconds(0));
    }
    Milliseconds sinceBoot() const override { return _world.sinceBoot(); }
    void post(Task task) override { after(Milliseconds(0), std::move(task)); }
    TimerId after(Milliseconds delay, Task task) override
    {
        TimerId id = 0;
        _world.actAs(_owner, [&] { id = _world.after(delay, std::move(task)); });
        return id;
    }
    void cancel(TimerId timer) override { _world.cancel(timer); }
    int owner() const { return _owner; }

private:
    SimLoop& _world;
    int _owner;
    const Milliseconds* _clock = nullptr;
};

} // namespace amt::sim
