// SPDX-License-Identifier: EUPL-1.2
//
// scanner: code scanners that type like a keyboard. How one is to be set: README.md.
#pragma once

#include "appliance/core/event_loop.h"
#include "drivers/port/scanning.h"
#include "drivers/scanner/evdev_source.h"
#include "drivers/scanner/socket_source.h"

#include <memory>

namespace amt::scanner {

struct ScannerSettings {
    KeyLayout layout = KeyLayout::Us;
    Milliseconds pause{300};      ///< without a key: a code that has no Enter is at its end
    Milliseconds lookAgain{1000}; ///< for a scanner that is not plugged in
};

/// The CodeScanner behind a source. Holds the scanner from here on, whether somebody asks or not,
/// and drops what is scanned while nobody does. One scan at a time: another one is
/// DeviceFailed{StepOutOfOrder}. `loop` must outlive it.
std::unique_ptr<CodeScanner> makeScanner(const ScannerSettings& settings,
                                         std::unique_ptr<KeySource> source, EventLoop& loop);

} // namespace amt::scanner
