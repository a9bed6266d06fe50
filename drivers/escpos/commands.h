// SPDX-License-Identifier: EUPL-1.2
//
// Commands of receipt printers (ESC/POS), as bytes, and the bytes they answer
// (facts/payment-usb.md 5.2).
#pragma once

#include "appliance/core/bytes.h"

#include <optional>

namespace amt::escpos {

enum class Align : std::uint8_t { Left = 0, Centre = 1, Right = 2 };

/// A picture of one bit a dot, 1 is black, rows padded to bytes.
struct Bitmap {
    std::size_t width = 0; ///< dots
    std::size_t height = 0;
    Bytes rows;

    std::size_t rowBytes() const { return (width + 7) / 8; }
};

/// ESC @, Kanji off, no national set, code page 19 (CP858).
Bytes initialise();
Bytes align(Align align);
Bytes bold(bool on);
/// GS !: letters this many times as wide and as high; 1 to 8.
Bytes size(std::uint8_t times);
/// A line of CP858 with its line feed.
Bytes line(ByteView cp858);
Bytes feed(std::uint8_t lines);
/// GS v 0. At most `rasterRowsMax` rows. A dot is added where the picture would hold a real-time
/// command.
Bytes raster(const Bitmap& bitmap);
constexpr std::size_t rasterRowsMax = 255;
/// GS ( k 165, 167, 169, 180, 181: model 2, error correction M. Throws InputTooLarge over
/// `qrBytesMax`.
Bytes qrCode(ByteView content, std::uint8_t dotsAModule);
constexpr std::size_t qrBytesMax = 1000;
/// GS V 66: feeds to the knife and cuts, leaving one point.
Bytes cut();

/// DLE EOT n: answered at once, also when the printer is off line. Never within another command.
Bytes askNow(std::uint8_t n);
/// GS r 1: answered when all before it has been worked off.
Bytes askAfterAll();
/// DLE ENQ 2: leaves an error and forgets what was not printed.
Bytes recover();

/// DLE EOT 1.
struct PrinterStatus {
    bool offline;
};
/// DLE EOT 2.
struct OfflineCause {
    bool coverOpen;
    bool paperEnd;
    bool error;
};
/// DLE EOT 4.
struct PaperStatus {
    bool nearEnd;
    bool end;
};
// Nothing when the byte does not have the fixed bits 0xx1xx10 of such an answer.
std::optional<PrinterStatus> printerStatus(std::uint8_t answer);
std::optional<OfflineCause> offlineCause(std::uint8_t answer);
std::optional<PaperStatus> paperStatus(std::uint8_t answer);
/// The answer to GS r 1; nothing when the byte does not have its fixed bits 0xx0xxxx.
std::optional<PaperStatus> paperAfterAll(std::uint8_t answer);

} // namespace amt::escpos
