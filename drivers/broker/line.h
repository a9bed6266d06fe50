// SPDX-License-Identifier: EUPL-1.2
//
// The node's line to one broker: connects, connects again, brings what it hears to the loop.
#pragma once

#include "appliance/core/event_loop.h"
#include "drivers/broker/client.h"
#include "drivers/broker/link.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace amt::broker {

/// All methods on the loop.
class Line {
public:
    struct Callbacks {
        std::function<void(const Message&)> heard; ///< never hello
        std::function<void()> gone;                ///< after `connected` was true
    };

    Line(Driver driver, BrokerAddress address, EventLoop& loop, Callbacks callbacks);
    ~Line();
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    bool connected() const { return _link != nullptr; }
    bool emulated() const { return _link && _emulated; }
    /// False when the message did not leave; then the broker knows nothing of it.
    bool send(MessageType type, std::int64_t id, const json::ObjectPtr& body);
    std::int64_t newId() { return ++_lastId; }
    /// For a broker that talks nonsense within the table, or no more: the line is cut, and `gone`
    /// follows.
    void hangUp();

private:
    /// Shared with tasks on the loop, which may run after the line has ended.
    struct Alive {
        bool alive = true;
    };

    void run();
    std::shared_ptr<Link> connect();
    void listen(const std::shared_ptr<Link>& link);
    void hear(const std::shared_ptr<Link>& link, const Message& message);
    void post(std::function<void()> task);

    Driver _driver;
    BrokerAddress _address;
    EventLoop& _loop;
    Callbacks _callbacks;

    // On the loop.
    std::shared_ptr<Alive> _alive = std::make_shared<Alive>();
    std::shared_ptr<Link> _link; ///< shared with the reader thread
    bool _emulated = false;
    bool _hungUp = false; ///< until the reader thread has noticed
    std::int64_t _lastId = 0;

    // Between the loop and the reader thread.
    std::mutex _mutex;
    std::condition_variable _wake;
    bool _stopping = false;
    std::shared_ptr<Link> _open; ///< what the reader thread waits on

    std::thread _reader;
};

} // namespace amt::broker
