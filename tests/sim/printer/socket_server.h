// SPDX-License-Identifier: EUPL-1.2
//
// The emulated printer behind a Unix socket (drivers/escpos/socket_pipe.h), by a thread of its own.
#pragma once

#include "tests/sim/printer/sim_printer.h"
#include "tests/sim/socket/device_socket.h"

#include <mutex>
#include <string>

namespace amt::sim {

class PrinterServer {
public:
    /// Listens at `path` (mode 0600), one connection at a time. `printer` must outlive it. Throws
    /// SystemFailed.
    PrinterServer(SimPrinter& printer, const std::string& path);

    /// `act` with the printer, never while it works.
    template <typename Act>
    auto with(const Act& act)
    {
        const std::lock_guard lock(_mutex);
        return act(_printer);
    }

private:
    void serve(int connection);

    SimPrinter& _printer;
    std::mutex _mutex;
    DeviceSocket _socket; ///< the last: its thread uses the others
};

/// Writes what is cut as NNN.bin, NNN.svg and NNN.txt into `folder`, and goes on counting after
/// what lies there.
class Tray {
public:
    explicit Tray(std::string folder);
    void lay(const PrintedPaper& paper);

private:
    std::string _folder;
    int _last = 0;
};

} // namespace amt::sim
