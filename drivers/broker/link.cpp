// SPDX-License-Identifier: EUPL-1.2
//
// Reading and writing one connection.
#include "drivers/broker/link.h"

#include "appliance/core/error.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace amt::broker {
namespace {

constexpr Sender other(Sender sender)
{
    return sender == Sender::Node ? Sender::Broker : Sender::Node;
}

} // namespace

unsigned peerUser(int socket)
{
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        throw Error(ErrorCode::SystemFailed, "SO_PEERCRED");
    return peer.uid;
}

Link::Link(int socket, Sender self, Driver driver)
    : _socket(socket), _self(self), _conversation(driver)
{}

Link::~Link()
{
    ::close(_socket);
}

void Link::send(MessageType type, std::int64_t id, const json::ObjectPtr& body)
{
    const auto framed = frame(json::write(*body));
    const std::lock_guard lock(_mutex);
    _conversation.said(_self, type, id);
    ssize_t sent = 0;
    do {
        sent = ::send(_socket, framed.data(), framed.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent != static_cast<ssize_t>(framed.size())) {
        shutDown();
        throw Error(ErrorCode::BrokerGone, "the other end does not take the message");
    }
}

std::optional<Message> Link::receive()
{
    for (;;) {
        if (auto text = _frames.next()) {
            auto message = readMessage(other(_self), *text);
            wipe(*text);
            const std::lock_guard lock(_mutex);
            _conversation.said(other(_self), message.type, message.id);
            return message;
        }
        std::array<std::uint8_t, 16 * 1024> bytes; // NOLINT: filled by recv
        const auto count = ::recv(_socket, bytes.data(), bytes.size(), 0);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return std::nullopt;
        _frames.feed(ByteView(bytes).first(static_cast<std::size_t>(count)));
        wipe(std::span(bytes).first(static_cast<std::size_t>(count)));
    }
}

void Link::shutDown()
{
    ::shutdown(_socket, SHUT_RDWR);
}

} // namespace amt::broker
