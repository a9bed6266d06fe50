// SPDX-License-Identifier: EUPL-1.2
//
// One process's view of the world's loop: what it sets is its own, and goes when it dies.
#pragma once

#include "tests/sim/world/sim_loop.h"

namespace amt::sim {

class ProcessLoop : public EventLoop {
public:
    ProcessLoop(SimLoop& world, int owner) : _world(world), _owner(owner) {}

    UtcTime utcNow() const override { return _world.utcNow(); }
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
};

} // namespace amt::sim
