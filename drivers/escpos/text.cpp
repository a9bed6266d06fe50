// SPDX-License-Identifier: EUPL-1.2
//
// Cleaning, encoding and breaking text.
#include "drivers/escpos/text.h"

#include "appliance/core/error.h"
#include "appliance/core/http.h"

#include <pango/pango.h> // brings GLib

#include <algorithm>
#include <array>
#include <memory>

namespace amt::escpos {
namespace {

// CP858, 80 to FF (IBM code page 858; CP850 but for D5).
constexpr std::array<char32_t, 128> upperHalf = {
    U'Ç',   U'ü', U'é', U'â', U'ä', U'à', U'å', U'ç',
    U'ê',   U'ë', U'è', U'ï', U'î', U'ì', U'Ä', U'Å', //
    U'É',   U'æ', U'Æ', U'ô', U'ö', U'ò', U'û', U'ù',
    U'ÿ',   U'Ö', U'Ü', U'ø', U'£', U'Ø', U'×', U'ƒ', //
    U'á',   U'í', U'ó', U'ú', U'ñ', U'Ñ', U'ª', U'º',
    U'¿',   U'®', U'¬', U'½', U'¼', U'¡', U'«', U'»', //
    U'░',   U'▒', U'▓', U'│', U'┤', U'Á', U'Â', U'À',
    U'©',   U'╣', U'║', U'╗', U'╝', U'¢', U'¥', U'┐', //
    U'└',   U'┴', U'┬', U'├', U'─', U'┼', U'ã', U'Ã',
    U'╚',   U'╔', U'╩', U'╦', U'╠', U'═', U'╬', U'¤', //
    U'ð',   U'Ð', U'Ê', U'Ë', U'È', U'€', U'Í', U'Î',
    U'Ï',   U'┘', U'┌', U'█', U'▄', U'¦', U'Ì', U'▀', //
    U'Ó',   U'ß', U'Ô', U'Ò', U'õ', U'Õ', U'µ', U'þ',
    U'Þ',   U'Ú', U'Û', U'Ù', U'ý', U'Ý', U'¯', U'´', //
    0x00AD, U'±', U'‗', U'¾', U'¶', U'§', U'÷', U'¸',
    U'°',   U'¨', U'·', U'¹', U'³', U'²', U'■', 0x00A0};

bool isDropped(gunichar letter)
{
    return letter < 0x20 || (letter >= 0x7F && letter < 0xA0) || letter == 0x00AD ||
           (letter >= 0x200B && letter <= 0x200F) || (letter >= 0x2028 && letter <= 0x202E) ||
           (letter >= 0x2060 && letter <= 0x206F) || letter == 0xFEFF ||
           (letter >= 0xFFF0 && letter <= 0xFFFB) || (letter >= 0xE0000 && letter <= 0xE0FFF);
}

bool isBlank(gunichar letter)
{
    return letter == '\t' || letter == '\n' || letter == '\r' || letter == 0x00A0 ||
           letter == 0x202F || letter == 0x2007;
}

} // namespace

std::string cleaned(const std::string& text)
{
    if (!isValidUtf8(text))
        throw Error(ErrorCode::InputMalformed, "text for the printer is no UTF-8");
    auto whole = text;
    std::erase(whole, '\0'); // GLib would stop there
    const std::unique_ptr<char, decltype(&g_free)> composed(
        g_utf8_normalize(whole.data(), static_cast<gssize>(whole.size()), G_NORMALIZE_NFC),
        &g_free);
    if (!composed)
        throw Error(ErrorCode::InputMalformed, "text for the printer cannot be composed");
    std::string clean;
    for (const char* at = composed.get(); *at != '\0'; at = g_utf8_next_char(at)) {
        const auto letter = g_utf8_get_char(at);
        if (isBlank(letter))
            clean += ' ';
        else if (!isDropped(letter))
            clean.append(at, static_cast<std::size_t>(g_utf8_next_char(at) - at));
    }
    return clean;
}

std::optional<Bytes> toCp858(const std::string& text)
{
    Bytes encoded;
    const char* const end = text.data() + text.size();
    for (const char* at = text.data(); at < end; at = g_utf8_next_char(at)) {
        const auto letter = static_cast<char32_t>(g_utf8_get_char(at));
        if (letter >= 0x20 && letter < 0x7F) {
            encoded.push_back(static_cast<std::uint8_t>(letter));
            continue;
        }
        const auto* const found = std::find(upperHalf.begin(), upperHalf.end(), letter);
        if (found == upperHalf.end())
            return std::nullopt;
        encoded.push_back(static_cast<std::uint8_t>(0x80 + (found - upperHalf.begin())));
    }
    return encoded;
}

std::vector<Bytes> wrapped(const Bytes& text, std::size_t columns)
{
    std::vector<Bytes> lines;
    auto rest = ByteView(text);
    while (rest.size() > columns) {
        std::size_t taken = columns; // within a word, if there is no better place
        std::size_t shown = columns;
        for (std::size_t i = columns; i > 0; --i) {
            if (rest[i] == ' ') {
                shown = i;
                taken = i + 1;
                break;
            }
            if (rest[i - 1] == '-') {
                shown = taken = i;
                break;
            }
        }
        lines.emplace_back(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(shown));
        rest = rest.subspan(taken);
    }
    lines.emplace_back(rest.begin(), rest.end());
    return lines;
}

} // namespace amt::escpos
