// SPDX-License-Identifier: EUPL-1.2
//
// Character sets by iconv(3).
#include "drivers/zvt/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace amt::zvt {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

std::string iconvName(Charset charset)
{
    const int number = static_cast<int>(charset);
    if (charset == Charset::Utf8)
        return "UTF-8";
    if (charset == Charset::Ascii)
        return "US-ASCII";
    if (number >= 1 && number <= 16 && number != 12) // there is no part 12
        return "ISO-8859-" + std::to_string(number);
    return "CP437";
}

class Converter {
public:
    explicit Converter(Charset charset) : _handle(iconv_open("UTF-8", iconvName(charset).c_str()))
    {}
    ~Converter()
    {
        if (usable())
            iconv_close(_handle);
    }
    Converter(const Converter&) = delete;
    Converter& operator=(const Converter&) = delete;

    bool usable() const { return _handle != reinterpret_cast<iconv_t>(-1); }

    std::string convert(ByteView text)
    {
        std::string utf8;
        std::string input = toText(text);
        char* in = input.data();
        std::size_t left = input.size();
        while (left > 0) {
            std::array<char, 256> buffer;
            char* out = buffer.data();
            std::size_t room = buffer.size();
            const std::size_t before = left;
            const std::size_t done = iconv(_handle, &in, &left, &out, &room);
            utf8.append(buffer.data(), buffer.size() - room);
            if (done == static_cast<std::size_t>(-1) && left == before && room == buffer.size()) {
                utf8 += replacement;
                ++in;
                --left;
            }
        }
        return utf8;
    }

private:
    iconv_t _handle;
};

bool isUtf8BeyondAscii(ByteView text)
{
    std::size_t following = 0;
    bool seen = false;
    for (const std::uint8_t byte : text) {
        if (following > 0) {
            if ((byte & 0xC0) != 0x80)
                return false;
            --following;
        } else if (byte >= 0x80) {
            if (byte >= 0xC2 && byte <= 0xDF)
                following = 1;
            else if (byte >= 0xE0 && byte <= 0xEF)
                following = 2;
            else
                return false;
            seen = true;
        }
    }
    return seen && following == 0;
}

} // namespace

std::string toUtf8(ByteView text, Charset charset)
{
    if (charset == Charset::Unspoken)
        charset = guessCharset(text);
    Converter converter(charset);
    if (converter.usable())
        return converter.convert(text);
    std::string ascii; // an image without gconv modules: still legible
    for (const std::uint8_t byte : text) {
        if (byte < 0x80)
            ascii += static_cast<char>(byte);
        else
            ascii += replacement;
    }
    return ascii;
}

Charset guessCharset(ByteView text)
{
    if (isUtf8BeyondAscii(text))
        return Charset::Utf8;
    const auto onlyCp437 = [](std::uint8_t byte) { return byte >= 0x80 && byte <= 0x9F; };
    const auto germanLatin1 = [](std::uint8_t byte) {
        return std::string_view("\xC4\xD6\xDC\xDF\xE4\xF6\xFC").find(static_cast<char>(byte)) !=
               std::string_view::npos;
    };
    const bool latin1 = std::none_of(text.begin(), text.end(), onlyCp437) &&
                        std::any_of(text.begin(), text.end(), germanLatin1);
    return latin1 ? Charset::Latin1 : Charset::Cp437;
}

std::string toLine(ByteView text, Charset charset)
{
    const std::string utf8 = toUtf8(text, charset);
    std::string line;
    for (const char character : utf8) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte >= 0x20 && byte != 0x7F)
            line += character;
        else if (byte != 0)
            line += ' ';
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

} // namespace amt::zvt
