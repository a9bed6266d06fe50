// SPDX-License-Identifier: EUPL-1.2
//
// The broker's side of the socket: one node at a time, of one user, held to the table.
#pragma once

#include "appliance/core/event_loop.h"
#include "drivers/broker/link.h"
#include "drivers/broker/service.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace amt::broker {

struct ServerSettings {
    Driver driver = Driver::Eid;
    std::string socket;    ///< path; made with mode 0660, taken over when nobody listens there
    unsigned peerUser = 0; ///< the only user that is heard
    bool emulated = false; ///< what hello says of the device
};

class Server {
public:
    using MakeService = std::function<std::unique_ptr<Service>(Say say)>;

    /// Listens from here on. Throws SystemFailed, ConfigurationInvalid. `makeService` is called on
    /// the loop for each node.
    Server(ServerSettings settings, EventLoop& loop, MakeService makeService);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

private:
    void run();
    std::shared_ptr<Link> accept();
    void attend(const std::shared_ptr<Link>& link);

    void hear(const std::shared_ptr<Link>& link, const Message& message);
    void greet(const std::shared_ptr<Link>& link, const Message& hello);
    void nodeGone();
    void post(Task task);

    ServerSettings _settings;
    EventLoop& _loop;
    MakeService _makeService;
    int _listening = -1;

    // On the loop.
    std::shared_ptr<bool> _alive = std::make_shared<bool>(true); ///< shared with tasks on the loop
    std::unique_ptr<Service> _service;

    // Between the loop and the reader thread.
    std::mutex _mutex;
    std::condition_variable _wake;
    bool _stopping = false;
    bool _served = true; ///< the last node's device work is over
    std::shared_ptr<Link> _open;

    std::thread _reader;
};

} // namespace amt::broker
