// SPDX-License-Identifier: EUPL-1.2
//
// Connections that rest without a thread: one thread watches all of them, and a handler takes one
// when there is something to do.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/core/error.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace amt {

/// What the parking has to know of a connection at rest; a connection derives from it.
struct Rest {
    Milliseconds since{0}; ///< by the boot clock
    Milliseconds until{0}; ///< then it is closed
    bool isIdle = true;    ///< between requests: whoever is may be closed for someone new
};

/// `Connection`: a Rest that moves, has `int descriptor() const` and closes that when it goes.
template <typename Connection>
class Parking {
public:
    struct Rules {
        /// On the parking thread, when someone stands at the door of this number: the next one who
        /// may come in, at once; nothing when there is none. Throws Error.
        std::function<std::optional<Connection>(std::size_t door)> accept;
        /// On the parking thread, when bytes wait: whether a handler is to take it. May change its
        /// `until` and `isIdle`.
        std::function<bool(Connection&)> isReady;
        std::function<void(const Error&)> acceptFailed; ///< that door rests for a second
    };

    /// `doors`: listening sockets that do not block. `most`: at rest and waiting for a handler.
    /// Throws SystemFailed.
    Parking(std::vector<int> doors, std::size_t most, const Clock& clock, Rules rules)
        : _doors(std::move(doors)), _most(most), _clock(clock), _rules(std::move(rules))
    {
        _epoll = ::epoll_create1(EPOLL_CLOEXEC);
        _wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (_epoll < 0 || _wake < 0)
            throw Error(ErrorCode::SystemFailed, "epoll");
        bool isWatched = watch(_wake, EPOLLIN);
        for (const int door : _doors)
            isWatched = watch(door, EPOLLIN) && isWatched;
        if (!isWatched)
            throw Error(ErrorCode::SystemFailed, "epoll_ctl");
    }
    ~Parking()
    {
        ::close(_epoll);
        ::close(_wake);
    }
    Parking(const Parking&) = delete;
    Parking& operator=(const Parking&) = delete;

    /// The parking thread, until the parking has closed.
    void watchAll()
    {
        std::array<epoll_event, 64> events{};
        while (!isOver()) {
            const int count =
                ::epoll_wait(_epoll, events.data(), static_cast<int>(events.size()), 1000);
            for (int i = 0; i < count; ++i) {
                const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
                const auto door = std::find(_doors.begin(), _doors.end(), descriptor);
                if (descriptor == _wake)
                    takeReturned();
                else if (door == _doors.end())
                    readable(descriptor);
                else if (!_isClosing)
                    accept(static_cast<std::size_t>(door - _doors.begin()));
            }
            sweep();
        }
        const std::lock_guard lock(_mutex);
        _isOver = true;
        _ready.clear();
        _wanted.notify_all();
    }

    /// A handler's thread, until the parking has closed. `handle`: whether the connection comes
    /// back to rest; it must not throw.
    template <typename Handle>
    void serve(Handle handle)
    {
        std::unique_lock lock(_mutex);
        while (true) {
            _wanted.wait(lock, [this] { return _isOver || !_ready.empty(); });
            if (_isOver)
                return;
            std::optional<Connection> connection = std::move(_ready.front());
            _ready.pop_front();
            ++_out;
            lock.unlock();
            const bool comesBack = handle(*connection);
            if (!comesBack)
                connection.reset(); // closes
            lock.lock();
            --_out;
            if (comesBack)
                _returned.push_back(*std::move(connection));
            connection.reset();
            if (comesBack || _isClosing)
                wake();
        }
    }

    /// Nobody new comes in and who is idle is closed; requests under way are ended within `grace`.
    /// watchAll() and serve() return then.
    void close(Milliseconds grace)
    {
        _closeBy = (_clock.sinceBoot() + grace).count();
        _isClosing = true;
        wake();
    }
    bool isClosing() const { return _isClosing; }

    std::size_t resting() const { return _resting; }

private:
    bool watch(int descriptor, std::uint32_t events)
    {
        epoll_event event{};
        event.events = events;
        event.data.fd = descriptor;
        return ::epoll_ctl(_epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
    }

    void wake() const
    {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(_wake, &one, sizeof one);
    }

    bool isOver()
    {
        if (!_isClosing)
            return false;
        for (auto at = _parked.begin(); at != _parked.end();) {
            const auto next = std::next(at);
            if (at->second.isIdle)
                remove(at);
            at = next;
        }
        const std::lock_guard lock(_mutex);
        const bool nothingLeft =
            _parked.empty() && _ready.empty() && _returned.empty() && _out == 0;
        return nothingLeft || _clock.sinceBoot().count() >= _closeBy;
    }

    void accept(std::size_t door)
    {
        try {
            while (auto connection = _rules.accept(door)) {
                if (held() < _most || dropLongestIdle())
                    add(*std::move(connection));
            }
        } catch (const Error& failure) {
            _rules.acceptFailed(failure);
            ::epoll_ctl(_epoll, EPOLL_CTL_DEL, _doors[door], nullptr);
            _restingDoors.push_back(_doors[door]);
        }
    }

    std::size_t held()
    {
        const std::lock_guard lock(_mutex);
        return _parked.size() + _ready.size();
    }

    bool dropLongestIdle()
    {
        auto longest = _parked.end();
        for (auto at = _parked.begin(); at != _parked.end(); ++at) {
            if (at->second.isIdle &&
                (longest == _parked.end() || at->second.since < longest->second.since))
                longest = at;
        }
        if (longest == _parked.end())
            return false;
        remove(longest);
        return true;
    }

    void add(Connection connection)
    {
        connection.since = _clock.sinceBoot();
        const int descriptor = connection.descriptor();
        if (!watch(descriptor, EPOLLIN | EPOLLRDHUP | EPOLLET))
            return; // the kernel watches no more of them: closed
        _parked.emplace(descriptor, std::move(connection));
        _resting = _parked.size();
        readable(descriptor); // what came before the watching began may give no event
    }

    void readable(int descriptor)
    {
        const auto found = _parked.find(descriptor);
        if (found == _parked.end())
            return;
        char byte = 0;
        const auto state = ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (state < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
            return;
        if (state <= 0) {
            remove(found);
            return;
        }
        if (!_rules.isReady(found->second))
            return;
        Connection connection = std::move(found->second);
        remove(found);
        {
            const std::lock_guard lock(_mutex);
            _ready.push_back(std::move(connection));
        }
        _wanted.notify_one();
    }

    void remove(typename std::unordered_map<int, Connection>::iterator connection)
    {
        ::epoll_ctl(_epoll, EPOLL_CTL_DEL, connection->first, nullptr);
        _parked.erase(connection);
        _resting = _parked.size();
    }

    void takeReturned()
    {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto got = ::read(_wake, &count, sizeof count);
        std::deque<Connection> returned;
        {
            const std::lock_guard lock(_mutex);
            returned.swap(_returned);
        }
        for (auto& connection : returned)
            add(std::move(connection));
    }

    void sweep()
    {
        const Milliseconds now = _clock.sinceBoot();
        if (now - _lastSweep < std::chrono::seconds(1))
            return;
        _lastSweep = now;
        for (auto at = _parked.begin(); at != _parked.end();) {
            const auto next = std::next(at);
            if (now > at->second.until)
                remove(at);
            at = next;
        }
        for (const int door : _restingDoors)
            watch(door, EPOLLIN);
        _restingDoors.clear();
    }

    const std::vector<int> _doors;
    const std::size_t _most;
    const Clock& _clock;
    const Rules _rules;
    int _epoll = -1;
    int _wake = -1;
    std::atomic<bool> _isClosing{false};
    std::atomic<std::int64_t> _closeBy{0}; ///< ms by the boot clock

    // of the parking thread
    std::unordered_map<int, Connection> _parked;
    std::vector<int> _restingDoors;
    Milliseconds _lastSweep{0};

    std::atomic<std::size_t> _resting{0};

    std::mutex _mutex; ///< the next five
    std::condition_variable _wanted;
    std::deque<Connection> _ready, _returned;
    std::size_t _out = 0; ///< with handlers
    bool _isOver = false;
};

} // namespace amt
