// SPDX-License-Identifier: EUPL-1.2
//
// The node's line to one broker: over a Unix socket it connects, connects again, and brings what it
// hears to the loop.
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

struct LineCallbacks {
    std::function<void(const Message&)> heard; ///< never hello
    std::function<void()> gone;                ///< after `connected` was true
};

/// All methods on the loop. No callback comes after its end.
class Line {
public:
    virtual ~Line() = default;

    virtual bool connected() const = 0;
    virtual bool emulated() const = 0;
    /// False when the message did not leave; then the broker knows nothing of it.
    virtual bool send(MessageType type, std::int64_t id, const json::ObjectPtr& body) = 0;
    /// For a broker that talks nonsense within the table, or no more: the line is cut, and `gone`
    /// follows.
    virtual void hangUp() = 0;
    std::int64_t newId() { return ++_lastId; }

private:
    std::int64_t _lastId = 0;
};

class SocketLine : public Line {
public:
    SocketLine(Driver driver, BrokerAddress address, EventLoop& loop, LineCallbacks callbacks);
    ~SocketLine() override;
    SocketLine(const SocketLine&) = delete;
    SocketLine& operator=(const SocketLine&) = delete;

    bool connected() const override { return _link != nullptr; }
    bool emulated() const override { return _link && _emulated; }
    bool send(MessageType type, std::int64_t id, const json::ObjectPtr& body) override;
    void hangUp() override;

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
    LineCallbacks _callbacks;

    // On the loop.
    std::shared_ptr<Alive> _alive = std::make_shared<Alive>();
    std::shared_ptr<Link> _link; ///< shared with the reader thread
    bool _emulated = false;
    bool _hungUp = false; ///< until the reader thread has noticed

    // Between the loop and the reader thread.
    std::mutex _mutex;
    std::condition_variable _wake;
    bool _stopping = false;
    std::shared_ptr<Link> _open; ///< what the reader thread waits on

    std::thread _reader;
};

} // namespace amt::broker
