// SPDX-License-Identifier: EUPL-1.2
//
// The table of what node and broker may say to each other: who, in which state, how often
// (PROTOCOL.md).
#pragma once

#include "appliance/core/json.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace amt::broker {

enum class Driver { Eid, Payment, Printer, Scanner, Speech };
enum class Sender { Node, Broker };

enum class MessageType {
    Hello,
    Read,
    Signature,
    Cancel,
    Step,
    Sign,
    Identity,
    Authorise,
    Resolve,
    Committed,
    Abort,
    Status,
    Evidence,
    Receipt,
    Payment,
    Print,
    Printed,
    State,
    Scan,
    Listening,
    Scanned,
    Speak,
    Spoken,
};
constexpr std::size_t messageTypes = static_cast<std::size_t>(MessageType::Spoken) + 1;

/// Where a conversation stands.
enum class Talk {
    Silent,  ///< connected, nobody has spoken
    Greeted, ///< the node has said hello
    Idle,    ///< no request runs
    Running, ///< the broker works on a request
    Asked    ///< the broker waits for the node's answer (signature, committed)
};

/// One row: in state `from`, `sender` may say `type`, `most` times a request; then the state is
/// `to`.
struct Rule {
    Sender sender;
    MessageType type;
    Talk from;
    Talk to;
    int most;
};

// Rows of the node in Idle besides the requests: its answer crossed the broker's last message on
// the way. They are heard and mean nothing any more.
inline constexpr Rule eidRules[] = {
    {Sender::Node, MessageType::Hello, Talk::Silent, Talk::Greeted, 1},
    {Sender::Broker, MessageType::Hello, Talk::Greeted, Talk::Idle, 1},
    {Sender::Node, MessageType::Read, Talk::Idle, Talk::Running, 1},
    {Sender::Broker, MessageType::Step, Talk::Running, Talk::Running, 32},
    {Sender::Broker, MessageType::Step, Talk::Asked, Talk::Asked, 32},
    {Sender::Broker, MessageType::Sign, Talk::Running, Talk::Asked, 1},
    {Sender::Node, MessageType::Signature, Talk::Asked, Talk::Running, 1},
    {Sender::Node, MessageType::Signature, Talk::Idle, Talk::Idle, 1},
    {Sender::Node, MessageType::Cancel, Talk::Running, Talk::Running, 1},
    {Sender::Node, MessageType::Cancel, Talk::Asked, Talk::Asked, 1},
    {Sender::Node, MessageType::Cancel, Talk::Idle, Talk::Idle, 1},
    {Sender::Broker, MessageType::Identity, Talk::Running, Talk::Idle, 1},
    {Sender::Broker, MessageType::Identity, Talk::Asked, Talk::Idle, 1},
};

inline constexpr Rule paymentRules[] = {
    {Sender::Node, MessageType::Hello, Talk::Silent, Talk::Greeted, 1},
    {Sender::Broker, MessageType::Hello, Talk::Greeted, Talk::Idle, 1},
    {Sender::Node, MessageType::Authorise, Talk::Idle, Talk::Running, 1},
    {Sender::Node, MessageType::Resolve, Talk::Idle, Talk::Running, 1},
    {Sender::Broker, MessageType::Status, Talk::Running, Talk::Running, 1000},
    {Sender::Broker, MessageType::Status, Talk::Asked, Talk::Asked, 1000},
    {Sender::Broker, MessageType::Receipt, Talk::Running, Talk::Running, 64},
    {Sender::Broker, MessageType::Receipt, Talk::Asked, Talk::Asked, 64},
    {Sender::Broker, MessageType::Evidence, Talk::Running, Talk::Asked, 32},
    {Sender::Node, MessageType::Committed, Talk::Asked, Talk::Running, 32},
    {Sender::Node, MessageType::Committed, Talk::Idle, Talk::Idle, 32},
    {Sender::Node, MessageType::Abort, Talk::Running, Talk::Running, 16},
    {Sender::Node, MessageType::Abort, Talk::Asked, Talk::Asked, 16},
    {Sender::Node, MessageType::Abort, Talk::Idle, Talk::Idle, 16},
    {Sender::Broker, MessageType::Payment, Talk::Running, Talk::Idle, 1},
    {Sender::Broker, MessageType::Payment, Talk::Asked, Talk::Idle, 1},
};

inline constexpr Rule printerRules[] = {
    {Sender::Node, MessageType::Hello, Talk::Silent, Talk::Greeted, 1},
    {Sender::Broker, MessageType::Hello, Talk::Greeted, Talk::Idle, 1},
    {Sender::Node, MessageType::Print, Talk::Idle, Talk::Running, 1},
    {Sender::Broker, MessageType::Printed, Talk::Running, Talk::Idle, 1},
    {Sender::Node, MessageType::State, Talk::Idle, Talk::Asked, 1},
    {Sender::Broker, MessageType::State, Talk::Asked, Talk::Idle, 1},
};

inline constexpr Rule scannerRules[] = {
    {Sender::Node, MessageType::Hello, Talk::Silent, Talk::Greeted, 1},
    {Sender::Broker, MessageType::Hello, Talk::Greeted, Talk::Idle, 1},
    {Sender::Node, MessageType::Scan, Talk::Idle, Talk::Running, 1},
    {Sender::Broker, MessageType::Listening, Talk::Running, Talk::Running, 1},
    {Sender::Node, MessageType::Cancel, Talk::Running, Talk::Running, 1},
    {Sender::Node, MessageType::Cancel, Talk::Idle, Talk::Idle, 1},
    {Sender::Broker, MessageType::Scanned, Talk::Running, Talk::Idle, 1},
};

inline constexpr Rule speechRules[] = {
    {Sender::Node, MessageType::Hello, Talk::Silent, Talk::Greeted, 1},
    {Sender::Broker, MessageType::Hello, Talk::Greeted, Talk::Idle, 1},
    {Sender::Node, MessageType::Speak, Talk::Idle, Talk::Running, 1},
    {Sender::Broker, MessageType::Spoken, Talk::Running, Talk::Idle, 1},
};

template <std::size_t rows>
consteval bool noTwoRowsMeanTheSame(const Rule (&rules)[rows])
{
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (rules[i].sender == rules[j].sender && rules[i].type == rules[j].type &&
                rules[i].from == rules[j].from)
                return false;
        }
    }
    return true;
}
static_assert(noTwoRowsMeanTheSame(eidRules));
static_assert(noTwoRowsMeanTheSame(paymentRules));
static_assert(noTwoRowsMeanTheSame(printerRules));
static_assert(noTwoRowsMeanTheSame(scannerRules));
static_assert(noTwoRowsMeanTheSame(speechRules));

constexpr std::span<const Rule> rulesOf(Driver driver)
{
    switch (driver) {
    case Driver::Eid:
        return eidRules;
    case Driver::Payment:
        return paymentRules;
    case Driver::Printer:
        return printerRules;
    case Driver::Scanner:
        return scannerRules;
    case Driver::Speech:
        return speechRules;
    }
    return {};
}

std::string_view name(Driver driver);
/// Nothing for an unknown name.
std::optional<Driver> driverFromName(std::string_view text);

/// One message. `body` holds `type`, `id` and the message's own keys, and no other.
struct Message {
    MessageType type = MessageType::Hello;
    std::int64_t id = 0; ///< 0 in hello, else the request's
    json::ObjectPtr body;
};

/// A body with `type` and `id`, to be filled.
json::ObjectPtr makeBody(MessageType type, std::int64_t id);
/// Throws JsonMalformed: not JSON, unknown type, a key too few or too many, an id that is none.
Message readMessage(Sender sender, std::string_view text);

/// Holds one conversation to the table. Each end has one and shows it what it sends and what it
/// hears.
class Conversation {
public:
    explicit Conversation(Driver driver) : _driver(driver) {}

    /// Throws BrokerMessageUnexpected for what is outside the table, and for an id that is not the
    /// running request's.
    void said(Sender sender, MessageType type, std::int64_t id);
    Talk talk() const { return _talk; }

private:
    Driver _driver;
    Talk _talk = Talk::Silent;
    std::int64_t _id = 0; ///< of the running request, or of the last one
    std::array<std::array<int, messageTypes>, 2> _counts{}; ///< by sender, in this request
};

} // namespace amt::broker
