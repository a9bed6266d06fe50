// SPDX-License-Identifier: EUPL-1.2
//
// One connection between node and broker, either end: the socket, the frames, the table.
#pragma once

#include "drivers/broker/framing.h"
#include "drivers/broker/messages.h"

#include <mutex>
#include <optional>
#include <string>

namespace amt::broker {

/// User of the other end (SO_PEERCRED). Throws SystemFailed.
unsigned peerUser(int socket);

/// Two threads use it: one receives, the other sends. Both are held to one conversation.
class Link {
public:
    /// Takes the socket over. `self` is this end.
    Link(int socket, Sender self, Driver driver);
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    /// Never waits. Throws BrokerMessageUnexpected when the table forbids it, InputTooLarge, and
    /// BrokerGone when the message did not leave whole; then the link is shut down, and the other
    /// end has not understood the message.
    void send(MessageType type, std::int64_t id, const json::ObjectPtr& body);
    /// Waits. Nothing at the end of the stream. Throws for bytes, messages and turns that are not
    /// in order.
    std::optional<Message> receive();
    /// Ends receive() and fails send(), from any thread.
    void shutDown();

private:
    int _socket;
    Sender _self;
    FrameReader _frames;
    std::mutex _mutex; ///< over the conversation
    Conversation _conversation;
};

} // namespace amt::broker
