// SPDX-License-Identifier: EUPL-1.2
//
// The simulated printer at the end of a simulated USB line.
#pragma once

#include "drivers/port/transport.h"
#include "tests/sim/printer/sim_printer.h"

#include <optional>

namespace amt::sim {

/// `printer` must outlive it. Nobody waits: a printer that takes no more times out at once.
class SimUsbPipe : public UsbPipe {
public:
    explicit SimUsbPipe(SimPrinter& printer) : _printer(printer) {}

    /// The plug is pulled, or put in again. With `after`: it is pulled when so many more bytes were
    /// written.
    void setPlugged(bool plugged) { _plugged = plugged; }
    void unplugAfter(std::size_t bytes) { _unplugAfter = bytes; }
    /// No IN endpoint: the printer says nothing in its stream.
    void setMute(bool mute) { _mute = mute; }

    bool open() override;
    void close() override { _open = false; }
    Written write(ByteView bytes, Milliseconds timeout) override;
    Bytes read(std::size_t bytesMax, Milliseconds timeout) override;
    std::optional<std::uint8_t> portStatus() override;

private:
    void require();

    SimPrinter& _printer;
    bool _plugged = true;
    bool _open = false;
    bool _mute = false;
    std::optional<std::size_t> _unplugAfter;
    Bytes _said;
};

} // namespace amt::sim
