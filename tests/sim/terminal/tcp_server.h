// SPDX-License-Identifier: EUPL-1.2
//
// The simulated terminal on a TCP port of this machine, as ./amt run starts it.
#pragma once

#include "appliance/core/event_loop.h"
#include "tests/sim/terminal/terminal.h"

#include <cstdint>
#include <memory>

namespace amt::sim {

/// What a person at the device page switches.
enum class TerminalMode {
    Approve,
    Decline,
    Silent, ///< takes the next payment, then answers nothing at all until it is switched again
};
TerminalBehaviour behaviourOf(TerminalMode mode);

class TerminalServer {
public:
    /// Listens on 127.0.0.1. Port 0: any free one. Throws SystemFailed. `loop` and `terminal` must
    /// outlive it; the terminal is used on the loop only.
    TerminalServer(EventLoop& loop, SimulatedTerminal& terminal, std::uint16_t port);
    ~TerminalServer();
    TerminalServer(const TerminalServer&) = delete;
    TerminalServer& operator=(const TerminalServer&) = delete;

    std::uint16_t port() const;

private:
    class Worker;

    std::unique_ptr<Worker> _worker;
};

} // namespace amt::sim
