// SPDX-License-Identifier: EUPL-1.2
//
// The loop of the real processes: a queue, timers by the boot clock, one thread that calls run().
#pragma once

#include "appliance/core/event_loop.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

namespace amt {

class RealEventLoop : public EventLoop {
public:
    UtcTime utcNow() const override;
    Milliseconds sinceBoot() const override;
    void post(Task task) override;
    TimerId after(Milliseconds delay, Task task) override;
    void cancel(TimerId timer) override;

    /// Runs tasks until stop() was called. A failure (Error) that a task lets through is logged;
    /// any other ends the process.
    void run();
    /// From any thread; also from a signal-waiting thread.
    void stop();

private:
    struct Timer {
        TimerId id;
        Task task;
    };

    std::mutex _mutex;
    std::condition_variable _wake;
    std::deque<Task> _tasks;
    std::multimap<Milliseconds, Timer> _timers;
    std::atomic<TimerId> _lastTimer{0};
    bool _stopped = false;
};

/// Calls `stop` once when SIGINT or SIGTERM arrives, from a thread of its own. To be made in main,
/// before any other thread.
class SignalWaiter {
public:
    explicit SignalWaiter(Task stop);
    ~SignalWaiter();
    SignalWaiter(const SignalWaiter&) = delete;
    SignalWaiter& operator=(const SignalWaiter&) = delete;

private:
    class Impl;
    Impl* _impl;
};

} // namespace amt
