// SPDX-License-Identifier: EUPL-1.2
//
// A receipt printer that understands ESC/POS byte by byte: 80 mm, 576 dots, a knife, sensors for
// paper and cover.
#pragma once

#include "appliance/core/bytes.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace amt::sim {

constexpr int paperDots = 576;
constexpr int columnDots = 12; ///< font A
constexpr int lineDots = 30;

/// A stretch of letters in one style. `x` in dots from the left edge.
struct PrintedText {
    int x = 0;
    std::string text; ///< UTF-8
    int columns = 0;  ///< letters
    bool bold = false;
    int widthFactor = 1, heightFactor = 1;
};
struct PrintedPicture {
    int x = 0, width = 0, height = 0;
    Bytes rows; ///< one bit a dot
    bool dark(int column, int row) const
    {
        const auto stride = static_cast<std::size_t>((width + 7) / 8);
        return (rows[static_cast<std::size_t>(row) * stride +
                     static_cast<std::size_t>(column) / 8] >>
                (7 - column % 8)) &
               1;
    }
};
/// One thing on the paper, `y` dots below the last cut.
struct PrintedItem {
    int y = 0, height = 0;
    std::vector<PrintedText> texts;
    std::optional<PrintedPicture> picture;
    std::optional<std::string>
        qrContent; ///< when the picture is a QR code that the printer made itself
};

/// What lies in the tray after a cut.
struct PrintedPaper {
    int number = 0; ///< 1, 2, ...
    Bytes bytes;    ///< all that belongs to it, without real-time commands
    std::vector<PrintedItem> items;
    int height = 0;

    /// As a person would read it aloud: one line each, pictures and codes in brackets.
    std::string text() const;
    std::string svg() const;
};

class SimPrinter {
public:
    /// `cut`: the paper that has just been cut.
    explicit SimPrinter(std::function<void(const PrintedPaper&)> cut = {}) : _cut(std::move(cut)) {}

    /// How many of the bytes the printer takes: all, until its buffer (4 KiB) is full because it
    /// cannot print.
    std::size_t take(ByteView bytes);
    /// What it has to say since the last call.
    Bytes answers();
    /// GET_PORT_STATUS: bit 3 no error, 4 selected, 5 paper empty.
    std::uint8_t portStatus() const;

    void setPaper(bool there);
    void setCover(bool open);
    void setNearEnd(bool near) { _nearEnd = near; }
    /// The paper ends after so many more dots.
    void setPaperLeft(int dots) { _paperLeft = dots; }
    bool hasPaper() const { return _paper; }
    bool isCoverOpen() const { return _coverOpen; }

    const std::vector<PrintedPaper>& papers() const { return _papers; }
    /// Commands that it does not know, and bytes out of range: a good driver sends none.
    int misunderstood() const { return _misunderstood; }

private:
    bool canPrint() const { return _paper && !_coverOpen; }
    void work();
    /// Bytes of the command at the front of the buffer, or 0 while it is not whole.
    std::size_t commandBytes() const;
    void execute(ByteView command);
    void executeEsc(ByteView command);
    void executeGs(ByteView command);
    void executeQr(ByteView command);
    void letter(std::uint8_t code);
    void endLine();
    void advance(int dots);
    void put(PrintedItem item);
    int alignedX(int width) const;
    bool realTime(std::uint8_t byte);

    struct Style {
        int align = 0;
        bool bold = false;
        int widthFactor = 1, heightFactor = 1;
        int codePage = 0;
        int lineSpacing = lineDots;
    };

    std::function<void(const PrintedPaper&)> _cut;
    Bytes _buffer;
    Bytes _realTime; ///< the beginning of a command that is executed at once
    Bytes _answers;
    bool _paper = true;
    bool _nearEnd = false;
    bool _coverOpen = false;
    std::optional<int> _paperLeft;

    Style _style;
    std::vector<PrintedText> _line;
    Bytes _qrData;
    int _qrModule = 3;
    int _qrCorrection = 48;

    PrintedPaper _current;
    int _y = 0;
    std::vector<PrintedPaper> _papers;
    int _misunderstood = 0;
};

} // namespace amt::sim
