// SPDX-License-Identifier: EUPL-1.2
//
// The emulated cards, terminal, printer and scanner of ./amt run in one process, and what a person
// can do with them.
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/core/random.h"

#include <filesystem>
#include <memory>
#include <set>
#include <string>

namespace amt::sim {

struct DevicesSettings {
    std::string state;                  ///< folder: the card's PKI, the tray printer/
    std::uint16_t terminalPort = 0;     ///< on 127.0.0.1
    std::string printerSocket;          ///< path
    std::string scannerSocket;          ///< path
    std::uint16_t vpcdPort = 35963;     ///< of the virtual reader in pcscd
    std::uint16_t deskVpcdPort = 35964; ///< of its second slot: the reader at the desk
    std::set<std::string> only; ///< of "card", "desk-card", "terminal", "printer", "scanner"
};

/// Folder of the desk's own PKI, whose certificates allow the CAN.
std::filesystem::path deskPki(const std::filesystem::path& state);

class Devices {
public:
    /// `loop` and `random` must outlive it. Throws SystemFailed, ConfigurationInvalid (a kind that
    /// is none).
    Devices(const DevicesSettings& settings, EventLoop& loop, RandomSource& random);
    ~Devices();
    Devices(const Devices&) = delete;
    Devices& operator=(const Devices&) = delete;

    /// One line of the control socket (README.md), without its end; the answer is one line of JSON
    /// without its end. On the loop.
    std::string obey(const std::string& line);

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

} // namespace amt::sim
