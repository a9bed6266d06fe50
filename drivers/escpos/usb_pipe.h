// SPDX-License-Identifier: EUPL-1.2
//
// Printers on USB through libusb: the first interface of class 7, its endpoints as the descriptor
// names them.
#pragma once

#include "drivers/port/transport.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace amt::escpos {

struct UsbSettings {
    /// Only this device, e.g. 04b8:0202; else any printer. Needed for printers whose interface is
    /// of a class of their own (FF).
    std::optional<std::uint16_t> vendor, product;
    Milliseconds controlTimeout{500};
};

/// open() looks for a printer anew each time, so a printer that comes back is found again. Never
/// resets, never sets a configuration; the kernel's driver is detached while we hold the interface.
/// open() throws SystemFailed when libusb cannot be had at all.
std::unique_ptr<UsbPipe> makeUsbPipe(const UsbSettings& settings = {});

} // namespace amt::escpos
