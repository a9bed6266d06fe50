// SPDX-License-Identifier: EUPL-1.2
//
// The simulated line.
#include "tests/sim/terminal/line.h"

#include <algorithm>
#include <utility>

namespace amt::sim {

using Direction = TerminalLineFault::Direction;
using Kind = TerminalLineFault::Kind;

struct SimulatedByteStream::Connection {
    Callbacks callbacks;
    bool tillOpen = true; ///< the till has neither closed nor seen it close
    bool terminalOpen = false;
    bool broken = false; ///< nothing more gets through
    bool deaf[2] = {false, false};
    Milliseconds last[2] =
        {}; ///< when the newest piece of a direction arrives: pieces never overtake
};

SimulatedByteStream::SimulatedByteStream(EventLoop& tillLoop, EventLoop& terminalLoop,
                                         RandomSource& random, SimulatedTerminal& terminal)
    : _tillLoop(tillLoop), _terminalLoop(terminalLoop), _random(random), _terminal(terminal)
{}

SimulatedByteStream::~SimulatedByteStream()
{
    close();
}

Milliseconds SimulatedByteStream::latency()
{
    return Milliseconds(1 + static_cast<long>(randomBelow(_random, 15)));
}

void SimulatedByteStream::open(Callbacks callbacks)
{
    close();
    _connection = std::make_shared<Connection>();
    _connection->callbacks = std::move(callbacks);
    const auto connection = _connection;
    if (_unplugged) {
        connection->broken = true;
        _tillLoop.after(latency(), [connection] {
            if (std::exchange(connection->tillOpen, false))
                connection->callbacks.closed();
        });
        return;
    }
    _terminalLoop.after(latency(), [this, connection] {
        if (connection->broken)
            return;
        connection->terminalOpen = true;
        _terminal.connected({[this, connection](ByteView bytes) {
                                 if (!connection->broken) // else the stream may be gone
                                     carry(connection, Direction::ToTill, bytes);
                             },
                             [this, connection] {
                                 connection->terminalOpen = false;
                                 if (!connection->broken)
                                     breakUp(connection, true);
                             }});
        _tillLoop.after(latency(), [connection] {
            if (connection->tillOpen && !connection->broken)
                connection->callbacks.opened();
        });
    });
}

void SimulatedByteStream::write(ByteView bytes)
{
    if (_connection && _connection->tillOpen)
        carry(_connection, Direction::ToTerminal, bytes);
}

void SimulatedByteStream::close()
{
    if (!_connection)
        return;
    const auto connection = std::exchange(_connection, nullptr);
    connection->tillOpen = false;
    breakUp(connection, false);
}

void SimulatedByteStream::carry(const std::shared_ptr<Connection>& connection, Direction direction,
                                ByteView bytes)
{
    const auto index = static_cast<std::size_t>(direction);
    const int number = _messages[index]++;
    const bool hit = _fault && _fault->direction == direction && _fault->message == number;
    if (hit && _fault->kind == Kind::Deaf)
        connection->deaf[index] = true;
    const bool lost =
        connection->broken || connection->deaf[index] || (hit && _fault->kind == Kind::CutBefore);
    _transcript.push_back({direction, Bytes(bytes.begin(), bytes.end()), !lost});
    if (!lost)
        deliver(connection, direction, Bytes(bytes.begin(), bytes.end()));
    if (hit && _fault->kind != Kind::Deaf) {
        if (_fault->kind == Kind::CutAfter) { // what is under way arrives, then the line is gone
            EventLoop& loop = direction == Direction::ToTill ? _tillLoop : _terminalLoop;
            loop.after(connection->last[index] - loop.sinceBoot(), [this, connection] {
                if (!connection->broken)
                    breakUp(connection, true);
            });
        } else {
            breakUp(connection, true);
        }
    }
}

void SimulatedByteStream::deliver(const std::shared_ptr<Connection>& connection,
                                  Direction direction, Bytes bytes)
{
    const auto index = static_cast<std::size_t>(direction);
    EventLoop& loop = direction == Direction::ToTill ? _tillLoop : _terminalLoop;
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t size = bytes.size() - at;
        if (_fragmenting && randomBelow(_random, 2) == 0)
            size = 1 + static_cast<std::size_t>(randomBelow(_random, size));
        Bytes piece(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
        at += size;
        const Milliseconds arrival =
            std::max(connection->last[index], loop.sinceBoot() + latency());
        connection->last[index] = arrival;
        loop.after(arrival - loop.sinceBoot(),
                   [terminal = &_terminal, connection, direction, piece = std::move(piece)] {
                       if (connection->broken)
                           return;
                       if (direction == Direction::ToTill) {
                           if (connection->tillOpen)
                               connection->callbacks.received(piece);
                       } else if (connection->terminalOpen) {
                           terminal->feed(piece);
                       }
                   });
    }
}

void SimulatedByteStream::breakUp(const std::shared_ptr<Connection>& connection, bool tellTill)
{
    if (std::exchange(connection->broken, true))
        return;
    if (connection->terminalOpen) {
        _terminalLoop.after(latency(), [terminal = &_terminal, connection] {
            if (std::exchange(connection->terminalOpen, false))
                terminal->disconnected();
        });
    }
    if (tellTill && connection->tillOpen) {
        _tillLoop.after(latency(), [connection] {
            if (std::exchange(connection->tillOpen, false))
                connection->callbacks.closed();
        });
    }
}

void SimulatedByteStream::setFault(std::optional<TerminalLineFault> fault)
{
    _fault = fault;
    _messages[0] = _messages[1] = 0;
}

void SimulatedByteStream::setUnplugged(bool unplugged)
{
    _unplugged = unplugged;
    if (unplugged)
        cut();
}

void SimulatedByteStream::cut()
{
    if (_connection)
        breakUp(_connection, true);
}

std::string SimulatedByteStream::transcriptText() const
{
    std::string text;
    for (const Message& message : _transcript) {
        if (message.delivered)
            text += (message.direction == Direction::ToTerminal ? "> " : "< ") +
                    toHex(message.bytes) + "\n";
    }
    return text;
}

} // namespace amt::sim
