// SPDX-License-Identifier: EUPL-1.2
//
// Real time, real threads: the one file of core that owns them.
#include "appliance/core/real_event_loop.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"

#include <time.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace amt {

UtcTime RealEventLoop::utcNow() const
{
    return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

Milliseconds RealEventLoop::sinceBoot() const
{
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return Milliseconds(now.tv_sec * 1000 + now.tv_nsec / 1'000'000);
}

void RealEventLoop::post(Task task)
{
    {
        const std::lock_guard lock(_mutex);
        _tasks.push_back(std::move(task));
    }
    _wake.notify_one();
}

TimerId RealEventLoop::after(Milliseconds delay, Task task)
{
    const TimerId id = ++_lastTimer;
    {
        const std::lock_guard lock(_mutex);
        _timers.emplace(sinceBoot() + delay, Timer{id, std::move(task)});
    }
    _wake.notify_one();
    return id;
}

void RealEventLoop::cancel(TimerId timer)
{
    const std::lock_guard lock(_mutex);
    std::erase_if(_timers, [&](const auto& entry) { return entry.second.id == timer; });
}

void RealEventLoop::run()
{
    std::unique_lock lock(_mutex);
    while (!_stopped) {
        Task task;
        if (!_timers.empty() && _timers.begin()->first <= sinceBoot()) {
            task = std::move(_timers.begin()->second.task);
            _timers.erase(_timers.begin());
        } else if (!_tasks.empty()) {
            task = std::move(_tasks.front());
            _tasks.pop_front();
        } else if (_timers.empty()) {
            _wake.wait(lock);
            continue;
        } else {
            _wake.wait_for(lock, _timers.begin()->first - sinceBoot());
            continue;
        }
        lock.unlock();
        try {
            task();
        } catch (const Error& failure) { // the loop task's door
            log::error("task.failed", {{"code", failure.name()}, {"detail", failure.message()}});
        }
        task = nullptr; // what it holds goes before the lock is taken again
        lock.lock();
    }
}

void RealEventLoop::stop()
{
    {
        const std::lock_guard lock(_mutex);
        _stopped = true;
    }
    _wake.notify_one();
}

class SignalWaiter::Impl {
public:
    explicit Impl(Task stop) : _stop(std::move(stop))
    {
        sigemptyset(&_signals);
        sigaddset(&_signals, SIGINT);
        sigaddset(&_signals, SIGTERM);
        sigaddset(&_signals, SIGUSR2); // our own, to end the waiting
        pthread_sigmask(SIG_BLOCK, &_signals, nullptr);
        std::signal(SIGPIPE, SIG_IGN);
        _thread = std::thread([this] {
            int signal = 0;
            sigwait(&_signals, &signal);
            if (!_ended)
                _stop();
        });
    }

    ~Impl()
    {
        _ended = true;
        pthread_kill(_thread.native_handle(), SIGUSR2);
        _thread.join();
    }

private:
    Task _stop;
    sigset_t _signals{};
    std::atomic<bool> _ended{false};
    std::thread _thread;
};

SignalWaiter::SignalWaiter(Task stop) : _impl(new Impl(std::move(stop))) {}

SignalWaiter::~SignalWaiter()
{
    delete _impl;
}

} // namespace amt
