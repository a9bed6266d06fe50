// SPDX-License-Identifier: EUPL-1.2
//
// USB without time.
#include "tests/sim/printer/sim_usb_pipe.h"

#include "appliance/core/error.h"

#include <algorithm>

namespace amt::sim {

bool SimUsbPipe::open()
{
    _open = _plugged;
    _said.clear();
    return _open;
}

UsbPipe::Written SimUsbPipe::write(ByteView bytes, Milliseconds)
{
    require();
    const auto offered = _unplugAfter ? bytes.first(std::min(bytes.size(), *_unplugAfter)) : bytes;
    const auto count = _printer.take(offered);
    append(_said, _printer.answers());
    if (_unplugAfter) {
        *_unplugAfter -= count;
        if (*_unplugAfter == 0) {
            _unplugAfter.reset();
            _plugged = false;
            require();
        }
    }
    return {.count = count, .timedOut = count < bytes.size()};
}

Bytes SimUsbPipe::read(std::size_t bytesMax, Milliseconds)
{
    require();
    append(_said, _printer.answers());
    if (_mute)
        _said.clear();
    const auto end = _said.begin() + static_cast<std::ptrdiff_t>(std::min(bytesMax, _said.size()));
    Bytes bytes(_said.begin(), end);
    _said.erase(_said.begin(), end);
    return bytes;
}

std::optional<std::uint8_t> SimUsbPipe::portStatus()
{
    require();
    return _printer.portStatus();
}

void SimUsbPipe::require()
{
    if (!_plugged || !_open)
        throw Error(ErrorCode::PrinterFailed, "no printer at the line");
}

} // namespace amt::sim
