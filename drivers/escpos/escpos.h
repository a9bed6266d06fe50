// SPDX-License-Identifier: EUPL-1.2
//
// escpos: receipt printers that speak ESC/POS. What printers differ in: README.md.
#pragma once

#include "appliance/core/event_loop.h"
#include "drivers/port/printing.h"
#include "drivers/port/transport.h"

#include <memory>

namespace amt::escpos {

struct EscposSettings {
    std::size_t columns = 48;        ///< of font A
    std::size_t dots = 576;          ///< of a line: 80 mm paper at 203 dpi; 384 for 58 mm
    Milliseconds statusTimeout{500}; ///< from a question to its answer
    Milliseconds writeTimeout{3000}; ///< without the printer taking a byte; three of them end a job
    Milliseconds printedTimeout{15000}; ///< from the last byte to the proof that all is on paper
};

/// The ReceiptPrinter behind a pipe. Works while it is called; `pipe` and `loop` must outlive it.
/// Loads its fonts here.
///
/// PaperOut and CoverOpen say that nothing of the job is on paper; what stops a job that has begun
/// is PrintInterrupted, and state() tells why. A job that cannot be printed as it is (no UTF-8, QR
/// code too long) is DeviceFailed with that code.
std::unique_ptr<ReceiptPrinter> makeEscposPrinter(const EscposSettings& settings, UsbPipe& pipe,
                                                  EventLoop& loop);

} // namespace amt::escpos
