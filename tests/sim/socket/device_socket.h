// SPDX-License-Identifier: EUPL-1.2
//
// A Unix socket behind which an emulated device sits: one peer at a time, by a thread of its own.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace amt::sim {

class DeviceSocket {
public:
    /// Listens at `path` (mode 0600). `serve`, on the thread, until it returns: then the peer is
    /// let go and the next one comes. Throws SystemFailed.
    DeviceSocket(const std::string& path, std::function<void(int connection)> serve);
    /// Ends what is served: receiving fails from now on.
    ~DeviceSocket();
    DeviceSocket(const DeviceSocket&) = delete;
    DeviceSocket& operator=(const DeviceSocket&) = delete;

    /// Of the peer that is there; -1: none.
    int connection() const { return _connection; }

private:
    void run();

    const std::string _path;
    const std::function<void(int)> _serve;
    std::atomic<bool> _stopping{false};
    std::atomic<int> _connection{-1};
    int _listening = -1;
    std::thread _thread;
};

} // namespace amt::sim
