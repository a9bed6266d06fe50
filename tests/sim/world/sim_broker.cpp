// SPDX-License-Identifier: EUPL-1.2
//
// Both ends of a broker's connection. What is under way when an end dies arrives at the other one,
// as from a kernel's buffer; then that one sees the end of the stream.
#include "tests/sim/world/sim_broker.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"

#include <algorithm>

namespace amt::sim {

using broker::Message;
using broker::MessageType;
using broker::Sender;

namespace {

constexpr Milliseconds firstPause{50};
constexpr Milliseconds longestPause{1000};

using Connection = SimBroker::Connection;

/// What the kernel carries outlives the process that sent it.
void carry(SimLoop& world, SimRandom& random, Milliseconds& newest, Task arrival)
{
    newest = std::max(newest, world.sinceBoot() + Milliseconds(1 + randomBelow(random, 3)));
    world.actAs(SimLoop::kernel,
                [&] { world.after(newest - world.sinceBoot(), std::move(arrival)); });
}

} // namespace

// The broker's end

SimBroker::~SimBroker()
{
    if (!_connection)
        return;
    _connection->broker = nullptr;
    _connection->open = false;
    carry(_world, _random, _connection->toNode, [connection = _connection] {
        if (connection->line)
            connection->line->gone();
    });
}

bool SimBroker::accept(const Connection& connection)
{
    if (_connection)
        return false;
    _connection = connection;
    _connection->broker = this;
    _conversation.emplace(_driver);
    return true;
}

void SimBroker::arrived(const std::string& text)
{
    try {
        const Message message = broker::readMessage(Sender::Node, text);
        _conversation->said(Sender::Node, message.type, message.id);
        _loop.post([this, message] { hear(message); });
    } catch (const Error& failure) { // the broker's door
        log::warning("node.left", {{"code", failure.name()}, {"detail", failure.message()}});
        _connection->open = false;
        _loop.post([this] { nodeGone(); });
    }
}

void SimBroker::hear(const Message& message)
{
    try {
        if (message.type == MessageType::Hello)
            greet();
        else if (_service)
            _service->hear(message);
    } catch (const Error& failure) { // the broker request's door
        log::warning("request.failed", {{"code", failure.name()}, {"detail", failure.message()}});
        _connection->open = false;
        nodeGone();
    }
}

void SimBroker::greet()
{
    _service = _makeService([this, connection = _connection](MessageType type, std::int64_t id,
                                                             const json::ObjectPtr& body) {
        say(connection, type, id, body);
    });
    auto answer = broker::makeBody(MessageType::Hello, 0);
    answer->set("driver", std::string(broker::name(_driver)));
    answer->set("emulated", false);
    say(_connection, MessageType::Hello, 0, answer);
}

void SimBroker::say(const Connection& connection, MessageType type, std::int64_t id,
                    const json::ObjectPtr& body)
{
    if (connection != _connection || !connection->open)
        return; // the driver goes on; that the node is gone comes by itself
    _conversation->said(Sender::Broker, type, id);
    carry(_world, _random, connection->toNode, [connection, text = json::write(*body)] {
        if (connection->line)
            connection->line->arrived(text);
    });
}

void SimBroker::nodeGone()
{
    if (!_connection || std::exchange(_leaving, true))
        return;
    const auto ended = [this] {
        _loop.post([this] { // not from within the driver's own call
            _service = nullptr;
            _connection = nullptr;
            _leaving = false;
        });
    };
    if (_connection->line)
        carry(_world, _random, _connection->toNode, [connection = _connection] {
            if (connection->line)
                connection->line->gone();
        });
    if (_service)
        _service->nodeGone(ended);
    else
        ended();
}

// The node's end

SimBrokerLine::SimBrokerLine(SimLoop& world, ProcessLoop& loop, SimRandom& random,
                             broker::Driver driver, broker::LineCallbacks callbacks,
                             std::function<SimBroker*()> find)
    : _world(world), _loop(loop), _random(random), _driver(driver),
      _callbacks(std::move(callbacks)), _find(std::move(find)), _pause(firstPause)
{
    _loop.post([this] { connect(); });
}

SimBrokerLine::~SimBrokerLine()
{
    hangUp();
    if (_connection)
        _connection->line = nullptr;
}

void SimBrokerLine::connect()
{
    auto connection = std::make_shared<SimBrokerConnection>(); // both ends share it
    connection->line = this;
    SimBroker* broker = _find();
    if (!broker || !broker->accept(connection)) {
        _loop.after(_pause, [this] { connect(); });
        _pause = std::min(2 * _pause, longestPause);
        return;
    }
    _pause = firstPause;
    _connection = std::move(connection);
    _conversation.emplace(_driver);
    _hungUp = false;
    auto hello = broker::makeBody(MessageType::Hello, 0);
    hello->set("driver", std::string(broker::name(_driver)));
    dispatch(MessageType::Hello, 0, hello);
}

bool SimBrokerLine::send(MessageType type, std::int64_t id, const json::ObjectPtr& body)
{
    if (!_connected || _hungUp)
        return false;
    try {
        if (!_connection->broker || !_connection->open)
            throw Error(ErrorCode::BrokerGone, "the other end does not take the message");
        dispatch(type, id, body);
        return true;
    } catch (const Error& failure) { // the door: what could not leave is the caller's outcome
        log::warning("broker.unsent", {{"code", failure.name()}, {"detail", failure.message()}});
        return false;
    }
}

void SimBrokerLine::dispatch(MessageType type, std::int64_t id, const json::ObjectPtr& body)
{
    _conversation->said(Sender::Node, type, id);
    carry(_world, _random, _connection->toBroker,
          [connection = _connection, text = json::write(*body)] {
              if (connection->broker && connection->open)
                  connection->broker->arrived(text);
          });
}

void SimBrokerLine::hangUp()
{
    if (!_connection || std::exchange(_hungUp, true))
        return;
    carry(_world, _random, _connection->toBroker, [connection = _connection] {
        connection->open = false;
        if (SimBroker* broker = connection->broker)
            broker->_loop.post([broker] { broker->nodeGone(); });
    });
}

void SimBrokerLine::arrived(const std::string& text)
{
    try {
        const Message message = broker::readMessage(Sender::Broker, text);
        _conversation->said(Sender::Broker, message.type, message.id);
        _loop.post([this, message] { hear(message); });
    } catch (const Error& failure) {
        log::warning("broker.gone", {{"code", failure.name()}, {"detail", failure.message()}});
        hangUp();
    }
}

void SimBrokerLine::hear(const Message& message)
{
    if (_hungUp)
        return;
    if (message.type == MessageType::Hello) {
        _connected = true;
        return;
    }
    try {
        _callbacks.heard(message);
    } catch (const Error& failure) { // the loop task's door: what was understood in part counts for
                                     // nothing
        log::warning("broker.misspoke", {{"code", failure.name()}, {"detail", failure.message()}});
        hangUp();
    }
}

void SimBrokerLine::gone()
{
    _loop.post([this, connection = _connection] {
        if (!connection || connection != _connection)
            return;
        _connection->line = nullptr;
        _connection = nullptr;
        if (std::exchange(_connected, false))
            _callbacks.gone();
        _loop.after(_pause, [this] { connect(); });
    });
}

} // namespace amt::sim
