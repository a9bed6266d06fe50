// SPDX-License-Identifier: EUPL-1.2
//
// What a receipt may hold: cleaned text, code page 858, lines of so many columns.
#pragma once

#include "appliance/core/bytes.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace amt::escpos {

/// Text as NFC without anything that commands a printer or turns its direction: C0 and C1 controls,
/// DEL, bidirectional and invisible format characters go; tabs, line breaks and no-break spaces
/// become blanks. Throws InputMalformed for what is no UTF-8.
std::string cleaned(const std::string& text);

/// One byte a letter (code page 19 of the printer: CP850 with the euro sign at D5), or nothing when
/// a letter is not in it. `text` is clean.
std::optional<Bytes> toCp858(const std::string& text);

/// Breaks at blanks and behind hyphens, and within a word that is longer than a line. At least one
/// line, perhaps empty. One byte is one column.
std::vector<Bytes> wrapped(const Bytes& text, std::size_t columns);

} // namespace amt::escpos
