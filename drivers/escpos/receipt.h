// SPDX-License-Identifier: EUPL-1.2
//
// A print job as commands.
#pragma once

#include "drivers/escpos/drawing.h"
#include "drivers/port/printing.h"

#include <vector>

namespace amt::escpos {

/// Whole commands, one after the other: between two of them the printer may be asked for its
/// status. Begins with ESC @ and ends with the cut. Throws InputMalformed (no UTF-8), InputTooLarge
/// (QR code).
std::vector<Bytes> commandsOf(const PrintJob& job, const Drawing& drawing, std::size_t columns);

} // namespace amt::escpos
