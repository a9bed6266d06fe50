// SPDX-License-Identifier: EUPL-1.2
//
// vpcd.h: puts a simulated card into the virtual reader of a real pcscd (vsmartcard-vpcd, TCP).
#pragma once

#include "appliance/core/clock.h"
#include "tests/sim/card/card.h"

#include <atomic>
#include <mutex>

namespace amt::sim {

/// One thread calls step() or serve(); with() may be called from any. `card` and `clock` must
/// outlive it.
///
/// While card.isPresent() it keeps a connection to vpcd: for pcscd the card lies in the reader.
/// pcscd looks every 0.4 s, so a card that left is laid again after a second at the earliest. Where
/// no pcscd runs it tries again, quietly.
class VpcdLink {
public:
    VpcdLink(SimulatedCard& card, const Clock& clock, std::uint16_t port = 35963);
    ~VpcdLink();
    VpcdLink(const VpcdLink&) = delete;
    VpcdLink& operator=(const VpcdLink&) = delete;

    /// Connects or disconnects as the card lies or not, then answers what comes within `patience`
    /// at most.
    void step(Milliseconds patience);
    /// step() until `stop`, which is looked at every 100 ms.
    void serve(const std::atomic<bool>& stop);

    /// `act` with the card, never during one of its commands: lay, pull, become.
    template <typename Act>
    auto with(const Act& act)
    {
        const std::lock_guard lock(_mutex);
        return act(_card);
    }

    /// True while vpcd has the card.
    bool isConnected() const { return _socket >= 0; }

private:
    void connect();
    void disconnect();
    bool receive(std::uint8_t* bytes, std::size_t size);
    bool send(const Bytes& message);
    bool answer();

    SimulatedCard& _card;
    const Clock& _clock;
    std::uint16_t _port;
    std::mutex _mutex;
    std::atomic<int> _socket{-1};
    Milliseconds _notBefore;
};

} // namespace amt::sim
