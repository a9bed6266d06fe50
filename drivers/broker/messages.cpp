// SPDX-License-Identifier: EUPL-1.2
//
// Names and keys of the messages, and the conversation that holds them to the table.
#include "drivers/broker/messages.h"

#include "appliance/core/error.h"

namespace amt::broker {
namespace {

constexpr std::pair<Driver, std::string_view> driverNames[] = {{Driver::Eid, "eid"},
                                                               {Driver::Payment, "payment"},
                                                               {Driver::Printer, "printer"},
                                                               {Driver::Scanner, "scanner"},
                                                               {Driver::Speech, "speech"}};

/// A message's name and its own keys.
struct Shape {
    Sender sender;
    MessageType type;
    std::string_view name;
    std::array<std::string_view, 2> keys;
    std::string_view optionalKey = {};
};

constexpr Shape shapes[] = {
    {Sender::Node, MessageType::Hello, "hello", {"driver"}},
    {Sender::Broker, MessageType::Hello, "hello", {"driver", "emulated"}},
    {Sender::Node, MessageType::Read, "read", {"request", "waitForCard"}},
    {Sender::Node, MessageType::Signature, "signature", {"signature"}},
    {Sender::Node, MessageType::Cancel, "cancel", {}},
    {Sender::Broker, MessageType::Step, "step", {"step"}},
    {Sender::Broker, MessageType::Sign, "sign", {"toBeSigned"}},
    {Sender::Broker, MessageType::Identity, "identity", {"outcome"}},
    {Sender::Node, MessageType::Authorise, "authorise", {"order"}},
    {Sender::Node, MessageType::Resolve, "resolve", {"order"}},
    {Sender::Node, MessageType::Committed, "committed", {}},
    {Sender::Node, MessageType::Abort, "abort", {}},
    {Sender::Broker, MessageType::Status, "status", {"code", "text"}},
    {Sender::Broker, MessageType::Evidence, "evidence", {"evidence"}, "record"},
    {Sender::Broker, MessageType::Receipt, "receipt", {"lines"}},
    {Sender::Broker, MessageType::Payment, "payment", {"outcome"}},
    {Sender::Node, MessageType::Print, "print", {"job"}},
    {Sender::Broker, MessageType::Printed, "printed", {"outcome"}},
    {Sender::Node, MessageType::State, "state", {}},
    {Sender::Broker, MessageType::State, "state", {"state"}},
    {Sender::Node, MessageType::Scan, "scan", {}},
    {Sender::Broker, MessageType::Listening, "listening", {}},
    {Sender::Broker, MessageType::Scanned, "scanned", {"outcome"}},
    {Sender::Node, MessageType::Speak, "speak", {"utterance"}},
    {Sender::Broker, MessageType::Spoken, "spoken", {"outcome"}},
};

const Shape& shapeOf(Sender sender, const std::string& messageName)
{
    for (const auto& shape : shapes) {
        if (shape.sender == sender && shape.name == messageName)
            return shape;
    }
    throw Error(ErrorCode::JsonMalformed, "unknown type of message");
}

std::string_view name(MessageType type)
{
    for (const auto& shape : shapes) {
        if (shape.type == type)
            return shape.name;
    }
    AMT_ASSERT(false);
}

constexpr bool opensRequest(MessageType type, Sender sender)
{
    return sender == Sender::Node &&
           (type == MessageType::Read || type == MessageType::Authorise ||
            type == MessageType::Resolve || type == MessageType::Print ||
            type == MessageType::State || type == MessageType::Scan || type == MessageType::Speak);
}

} // namespace

std::string_view name(Driver driver)
{
    for (const auto& [known, text] : driverNames) {
        if (known == driver)
            return text;
    }
    AMT_ASSERT(false);
}

std::optional<Driver> driverFromName(std::string_view text)
{
    for (const auto& [driver, known] : driverNames) {
        if (known == text)
            return driver;
    }
    return std::nullopt;
}

json::ObjectPtr makeBody(MessageType type, std::int64_t id)
{
    auto body = json::makeObject();
    body->set("type", std::string(name(type)));
    if (type != MessageType::Hello)
        body->set("id", id);
    return body;
}

Message readMessage(Sender sender, std::string_view text)
{
    Message message;
    message.body = json::parseObject(text);
    const auto& shape = shapeOf(sender, json::text(*message.body, "type"));
    message.type = shape.type;
    const auto orType = [](std::string_view key) {
        return key.empty() ? std::string_view("type") : key;
    };
    json::onlyKeys(*message.body,
                   {"type", shape.type == MessageType::Hello ? "type" : "id", orType(shape.keys[0]),
                    orType(shape.keys[1]), orType(shape.optionalKey)});
    for (const auto key : shape.keys) {
        if (!key.empty() && !message.body->has(std::string(key)))
            throw Error(ErrorCode::JsonMalformed, "a key is missing");
    }
    if (shape.type != MessageType::Hello) {
        message.id = json::integer(*message.body, "id");
        if (message.id <= 0)
            throw Error(ErrorCode::JsonMalformed, "no id");
    }
    return message;
}

void Conversation::said(Sender sender, MessageType type, std::int64_t id)
{
    for (const auto& rule : rulesOf(_driver)) {
        if (rule.sender != sender || rule.type != type || rule.from != _talk)
            continue;
        const bool opens = opensRequest(type, sender);
        if (opens ? id <= _id : id != (type == MessageType::Hello ? 0 : _id))
            throw Error(ErrorCode::BrokerMessageUnexpected, "message about another request");
        if (opens) {
            _id = id;
            _counts = {};
        }
        if (++_counts[static_cast<std::size_t>(sender)][static_cast<std::size_t>(type)] > rule.most)
            throw Error(ErrorCode::BrokerMessageUnexpected, "message more often than allowed");
        _talk = rule.to;
        return;
    }
    throw Error(ErrorCode::BrokerMessageUnexpected, "message outside the table");
}

} // namespace amt::broker
