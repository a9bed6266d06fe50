// SPDX-License-Identifier: EUPL-1.2
//
// The line between driver and simulated terminal in one loop: any segmentation by the seed, cut or
// deaf at a chosen message.
#pragma once

#include "drivers/port/transport.h"
#include "tests/sim/terminal/terminal.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace amt::sim {

/// One fault, at one message of one direction, counted from setFault() over all connections.
struct TerminalLineFault {
    enum class Direction { ToTerminal, ToTill };
    enum class Kind {
        CutBefore, ///< the message is lost, and both sides see the line close
        CutAfter,  ///< the message arrives, then both sides see it close
        Deaf, ///< this message and all later ones of its direction on this connection are lost; the
              ///< line seems to live
    };
    Direction direction = Direction::ToTill;
    Kind kind = Kind::CutBefore;
    int message = 0; ///< from 0
};

class SimulatedByteStream : public ByteStream {
public:
    /// What is to happen at the till runs on `tillLoop`, at the terminal on `terminalLoop`: two
    /// views of one loop where processes can die one by one, else the same.
    SimulatedByteStream(EventLoop& tillLoop, EventLoop& terminalLoop, RandomSource& random,
                        SimulatedTerminal& terminal);
    /// The terminal sees the line close.
    ~SimulatedByteStream() override;
    SimulatedByteStream(const SimulatedByteStream&) = delete;
    SimulatedByteStream& operator=(const SimulatedByteStream&) = delete;

    void open(Callbacks callbacks) override;
    void write(ByteView bytes) override;
    void close() override;

    void setFault(std::optional<TerminalLineFault> fault);
    /// No connection comes about, and the present one breaks.
    void setUnplugged(bool unplugged);
    /// Both sides see it close.
    void cut();
    /// Bytes come in pieces of chance (default), or a message at a time.
    void setFragmenting(bool fragmenting) { _fragmenting = fragmenting; }

    struct Message {
        TerminalLineFault::Direction direction;
        Bytes bytes;
        bool delivered;
    };
    /// All messages since the start or clearTranscript().
    const std::vector<Message>& transcript() const { return _transcript; }
    /// "> 060001..." a line, sent by the till, and "< 800000", sent by the terminal; only delivered
    /// ones.
    std::string transcriptText() const;
    void clearTranscript() { _transcript.clear(); }

private:
    struct Connection;

    void carry(const std::shared_ptr<Connection>& connection,
               TerminalLineFault::Direction direction, ByteView bytes);
    void deliver(const std::shared_ptr<Connection>& connection,
                 TerminalLineFault::Direction direction, Bytes bytes);
    void breakUp(const std::shared_ptr<Connection>& connection, bool tellTill);
    Milliseconds latency();

    EventLoop& _tillLoop;
    EventLoop& _terminalLoop;
    RandomSource& _random;
    SimulatedTerminal& _terminal;
    std::shared_ptr<Connection> _connection; ///< shared with the pieces that are under way
    std::optional<TerminalLineFault> _fault;
    int _messages[2] = {0, 0};
    bool _unplugged = false;
    bool _fragmenting = true;
    std::vector<Message> _transcript;
};

} // namespace amt::sim
