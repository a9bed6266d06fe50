// SPDX-License-Identifier: EUPL-1.2
//
// The card's end of vsmartcard's virtual reader: messages of two length bytes and a body; one-byte
// bodies are control.
#include "tests/sim/card/vpcd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace amt::sim {
namespace {

// Control messages
constexpr std::uint8_t powerOff = 0, powerOn = 1, powerReset = 2, giveAtr = 4;
// As of an issued identity card
constexpr std::array<std::uint8_t, 15> atr{0x3B, 0x8A, 0x80, 0x01, 0x80, 0x31, 0xF8, 0x73,
                                           0xF7, 0x41, 0xE0, 0x82, 0x90, 0x00, 0x75};
constexpr Milliseconds layAgainAfter{1000};
constexpr Milliseconds connectAgainAfter{250};
constexpr Milliseconds slice{100};
constexpr int receiveSeconds = 5; // a reader that stops inside a message

} // namespace

VpcdLink::VpcdLink(SimulatedCard& card, const Clock& clock, std::uint16_t port)
    : _card(card), _clock(clock), _port(port),
      _notBefore(clock.sinceBoot() + layAgainAfter) // another card may just have left
{}

VpcdLink::~VpcdLink()
{
    if (_socket >= 0)
        close(_socket);
}

void VpcdLink::connect()
{
    if (_clock.sinceBoot() < _notBefore)
        return;
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(_port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket < 0 ||
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        if (socket >= 0)
            close(socket);
        _notBefore = _clock.sinceBoot() + connectAgainAfter;
        return;
    }
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval patience{receiveSeconds, 0};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    _socket = socket;
}

void VpcdLink::disconnect()
{
    if (_socket >= 0)
        close(_socket);
    _socket = -1;
    _notBefore = _clock.sinceBoot() + layAgainAfter;
    const std::lock_guard lock(_mutex);
    _card.reset();
}

bool VpcdLink::receive(std::uint8_t* bytes, std::size_t size)
{
    while (size > 0) {
        // vpcd writes length and body apart, without TCP_NODELAY: a delayed acknowledgement would
        // cost 40 ms each time.
        const int on = 1;
        setsockopt(_socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
        const auto got = recv(_socket, bytes, size, 0);
        if (got <= 0)
            return false;
        bytes += got;
        size -= static_cast<std::size_t>(got);
    }
    return true;
}

bool VpcdLink::send(const Bytes& message)
{
    const Bytes length{static_cast<std::uint8_t>(message.size() >> 8),
                       static_cast<std::uint8_t>(message.size())};
    const Bytes whole = concat(length, message);
    return ::send(_socket, whole.data(), whole.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(whole.size());
}

/// One message. False when the connection is of no more use.
bool VpcdLink::answer()
{
    std::array<std::uint8_t, 2> length{};
    if (!receive(length.data(), length.size()))
        return false;
    Bytes message(static_cast<std::size_t>(length[0]) << 8 | length[1]);
    if (!receive(message.data(), message.size()))
        return false;
    const std::lock_guard lock(_mutex);
    if (message.size() == 1) {
        switch (message[0]) {
        case powerOff:
        case powerOn:
        case powerReset:
            _card.reset();
            return true;
        case giveAtr:
            return send(Bytes(atr.begin(), atr.end()));
        default:
            return true;
        }
    }
    const Bytes reply = _card.transmit(message);
    return !reply.empty() && send(reply) && _card.isPresent();
}

void VpcdLink::step(Milliseconds patience)
{
    const bool present = with([](SimulatedCard& card) { return card.isPresent(); });
    if (!present && _socket >= 0)
        disconnect();
    if (present && _socket < 0)
        connect();
    pollfd waiting{_socket, POLLIN, 0}; // a negative descriptor is passed over: then it only waits
    if (poll(&waiting, 1, static_cast<int>(patience.count())) > 0 && !answer())
        disconnect();
}

void VpcdLink::serve(const std::atomic<bool>& stop)
{
    while (!stop)
        step(slice);
}

} // namespace amt::sim
