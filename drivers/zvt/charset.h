// SPDX-License-Identifier: EUPL-1.2
//
// Character sets of terminals: CP437, ISO 8859, UTF-8, and a guess for those that do not say
// (PA00P015, tag 14).
#pragma once

#include "appliance/core/bytes.h"

#include <cstdint>
#include <string>

namespace amt::zvt {

/// The value of tag 14; other values than those named are ISO 8859-n (01 to 10 hexadecimal).
enum class Charset : int {
    Unspoken = -1, ///< the terminal has not said: guessCharset
    Ascii = 0x00,
    Latin1 = 0x01,
    Utf8 = 0xFE,
    Cp437 = 0xFF,
};

/// UTF-8; bytes that the set does not know become U+FFFD. Control characters stay.
std::string toUtf8(ByteView text, Charset charset);

/// CP437, unless the bytes are UTF-8 beyond ASCII, or hold German letters of ISO 8859-1 and nothing
/// that only CP437 has (facts 1.4: one acquirer is fixed to ISO 8859-1 without saying so).
Charset guessCharset(ByteView text);

/// One line for pages and paper: no control characters, no blanks at the end.
std::string toLine(ByteView text, Charset charset);

} // namespace amt::zvt
