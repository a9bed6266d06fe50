// SPDX-License-Identifier: EUPL-1.2
//
// Lines as pictures, for letters that no code page of a printer has (DIN 91379): Pango with Noto
// Sans.
#pragma once

#include "drivers/escpos/commands.h"

#include <memory>
#include <string>

namespace amt::escpos {

enum class Size { Normal, Large };
enum class Weight { Regular, Bold };

class Drawing {
public:
    /// `width`: dots of a line. Loads the fonts here, so that no file is opened later.
    explicit Drawing(std::size_t width);
    ~Drawing();
    Drawing(const Drawing&) = delete;
    Drawing& operator=(const Drawing&) = delete;

    /// Text over the whole width, broken into as many lines as it needs.
    Bitmap text(const std::string& text, Align align, Weight weight, Size size) const;
    /// Left and right on one line; a left part that has no room beside the right one is broken
    /// above it.
    Bitmap pair(const std::string& left, const std::string& right, Weight weight) const;
    /// Letters for which no font here has a glyph.
    int unknownLetters(const std::string& text) const;

private:
    class Impl;
    std::unique_ptr<Impl> _impl;
};

/// The same picture in parts of at most `rows` rows.
std::vector<Bitmap> bands(const Bitmap& bitmap, std::size_t rows);

} // namespace amt::escpos
