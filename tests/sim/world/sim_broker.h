// SPDX-License-Identifier: EUPL-1.2
//
// A broker's process and the node's line to it, without the socket: messages as text, held to the
// table at both ends; each end can die alone.
#pragma once

#include "drivers/broker/line.h"
#include "drivers/broker/service.h"
#include "tests/sim/world/process_loop.h"
#include "tests/sim/world/sim_random.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace amt::sim {

class SimBroker;
class SimBrokerLine;

/// One connection: shared by both ends and by what is under way. An end that is gone is null.
struct SimBrokerConnection {
    SimBroker* broker = nullptr;
    SimBrokerLine* line = nullptr;
    bool open = true;       ///< nobody has shut it down
    Milliseconds toNode{0}; ///< when the newest message arrives: none overtakes another
    Milliseconds toBroker{0};
};

/// amt-broker of one driver, as long as it lives; what Server is over a socket.
class SimBroker {
public:
    using Connection = std::shared_ptr<SimBrokerConnection>;
    using MakeService = std::function<std::unique_ptr<broker::Service>(broker::Say say)>;

    SimBroker(SimLoop& world, ProcessLoop& loop, SimRandom& random, broker::Driver driver,
              MakeService makeService)
        : _world(world), _loop(loop), _random(random), _driver(driver),
          _makeService(std::move(makeService))
    {}
    ~SimBroker();
    SimBroker(const SimBroker&) = delete;
    SimBroker& operator=(const SimBroker&) = delete;

private:
    friend class SimBrokerLine;

    /// False while it has a node, or that node's device work is not over.
    bool accept(const Connection& connection);
    void arrived(const std::string& text);
    void hear(const broker::Message& message);
    void greet();
    void say(const Connection& connection, broker::MessageType type, std::int64_t id,
             const json::ObjectPtr& body);
    void nodeGone();

    SimLoop& _world;
    ProcessLoop& _loop;
    SimRandom& _random;
    broker::Driver _driver;
    MakeService _makeService;
    Connection _connection;
    std::optional<broker::Conversation> _conversation;
    std::unique_ptr<broker::Service> _service;
    bool _leaving = false; ///< the node is gone, its device work perhaps not over
};

/// The node's end; what SocketLine is over a socket.
class SimBrokerLine : public broker::Line {
public:
    /// `find`: the broker that lives now, or null.
    SimBrokerLine(SimLoop& world, ProcessLoop& loop, SimRandom& random, broker::Driver driver,
                  broker::LineCallbacks callbacks, std::function<SimBroker*()> find);
    ~SimBrokerLine() override;
    SimBrokerLine(const SimBrokerLine&) = delete;
    SimBrokerLine& operator=(const SimBrokerLine&) = delete;

    bool connected() const override { return _connected; }
    bool emulated() const override { return false; }
    bool send(broker::MessageType type, std::int64_t id, const json::ObjectPtr& body) override;
    void hangUp() override;

private:
    friend class SimBroker;

    void connect();
    void dispatch(broker::MessageType type, std::int64_t id, const json::ObjectPtr& body);
    void arrived(const std::string& text);
    void hear(const broker::Message& message);
    void gone();

    SimLoop& _world;
    ProcessLoop& _loop;
    SimRandom& _random;
    broker::Driver _driver;
    broker::LineCallbacks _callbacks;
    std::function<SimBroker*()> _find;
    Milliseconds _pause;
    SimBroker::Connection _connection;
    std::optional<broker::Conversation> _conversation;
    bool _connected = false;
    bool _hungUp = false;
};

} // namespace amt::sim
