// SPDX-License-Identifier: EUPL-1.2
//
// Texts as they may stand in a form: DIN 91379 after NFC, number plates, postal codes, days.
#pragma once

#include "appliance/core/local_date.h"

#include <optional>
#include <string>
#include <string_view>

namespace amt::office {

/// Data types of DIN 91379 that forms use here.
enum class CharacterSet { NamesA, TextB };

/// Throws TextNotAllowed for invalid UTF-8.
std::string nfc(std::string_view text);
/// NFC, blanks trimmed and collapsed. Throws TextNotAllowed for invalid UTF-8.
std::string tidied(std::string_view text);
/// The first character (with its combining marks) that the set does not hold, or nothing. `text` is
/// NFC. Longest match over the list, because some combinations stand there only as sequences.
std::optional<std::string> offending(std::string_view text, CharacterSet set);
/// Whether two texts differ in upper and lower case at most: cards are written in capitals. "ẞ",
/// "ß" and "ss" are the same then.
bool sameLetters(std::string_view left, std::string_view right);
/// What is equal for texts of the same letters. For comparing, never for showing.
std::string folded(std::string_view text);
/// Code points.
int charactersIn(std::string_view text);

/// Why something is not a plate, as error key, or the plate as it is written: "MS-AB 123E".
struct PlateJudged {
    std::string plate;
    std::string errorKey; ///< empty: fine
    std::string detail;
};
/// Kennzeichen: 1-3 letters (Ä Ö Ü too), 1-2 letters, 1-4 digits without leading zero, E or H at
/// the end; 8 characters at most.
PlateJudged judgePlate(std::string_view text);

/// "21.11.1964" or "1964-11-21" to a day that exists; nothing otherwise.
std::optional<LocalDate> typedDay(std::string_view text);

} // namespace amt::office
