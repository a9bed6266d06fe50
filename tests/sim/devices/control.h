// SPDX-License-Identifier: EUPL-1.2
//
// The control socket: one line a command, one line an answer (README.md).
#pragma once

#include "appliance/core/event_loop.h"

#include <Poco/Net/ServerSocket.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace amt::sim {

class ControlServer {
public:
    /// `obey` is called on `loop`, which must run, and outlive it. The socket has mode 0600. Throws
    /// SystemFailed.
    ControlServer(const std::string& path, EventLoop& loop,
                  std::function<std::string(const std::string&)> obey);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

private:
    void run();
    void serve(Poco::Net::StreamSocket& connection);

    std::string _path;
    EventLoop& _loop;
    std::function<std::string(const std::string&)> _obey;
    std::shared_ptr<std::atomic<bool>> _stopping =
        std::make_shared<std::atomic<bool>>(false); ///< shared with tasks on the loop
    Poco::Net::ServerSocket _listening;
    std::thread _thread;
};

} // namespace amt::sim
