// SPDX-License-Identifier: EUPL-1.2
//
// Building commands and reading answers.
#include "drivers/escpos/commands.h"

#include "appliance/core/error.h"

#include <algorithm>

namespace amt::escpos {
namespace {

constexpr std::uint8_t dle = 0x10;
constexpr std::uint8_t esc = 0x1B;
constexpr std::uint8_t fs = 0x1C;
constexpr std::uint8_t gs = 0x1D;
constexpr std::uint8_t lf = 0x0A;

constexpr std::uint8_t low(std::size_t number)
{
    return static_cast<std::uint8_t>(number & 0xFF);
}
constexpr std::uint8_t high(std::size_t number)
{
    return static_cast<std::uint8_t>((number >> 8) & 0xFF);
}

/// GS ( k: `function` of the QR code (cn 49) with its parameters.
Bytes qrFunction(std::uint8_t function, ByteView parameters)
{
    constexpr std::uint8_t qr = 49;
    const std::size_t size = parameters.size() + 2;
    return concat(Bytes{gs, '(', 'k', low(size), high(size), qr, function}, parameters);
}

bool isRealTimeAnswer(std::uint8_t answer)
{
    return (answer & 0x93) == 0x12;
}

} // namespace

Bytes initialise()
{
    constexpr std::uint8_t cp858 = 19;
    return {esc, '@', fs, '.', esc, 'R', 0, esc, 't', cp858};
}

Bytes align(Align align)
{
    return {esc, 'a', static_cast<std::uint8_t>(align)};
}

Bytes bold(bool on)
{
    return {esc, 'E', static_cast<std::uint8_t>(on ? 1 : 0)};
}

Bytes size(std::uint8_t times)
{
    return {gs, '!', static_cast<std::uint8_t>((times - 1) * 0x11)};
}

Bytes line(ByteView cp858)
{
    return concat(cp858, Bytes{lf});
}

Bytes feed(std::uint8_t lines)
{
    return {esc, 'd', lines};
}

Bytes raster(const Bitmap& bitmap)
{
    AMT_ASSERT(bitmap.height <= rasterRowsMax &&
               bitmap.rows.size() == bitmap.rowBytes() * bitmap.height);
    auto rows = bitmap.rows;
    // Many printers execute real-time commands in the middle of a picture, too: one more dot, and
    // it is none.
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
        if (rows[i] == dle && (rows[i + 1] == 0x04 || rows[i + 1] == 0x05 || rows[i + 1] == 0x14))
            rows[i] |= 0x08;
    }
    return concat(Bytes{gs, 'v', '0', 0, low(bitmap.rowBytes()), high(bitmap.rowBytes()),
                        low(bitmap.height), high(bitmap.height)},
                  rows);
}

Bytes qrCode(ByteView content, std::uint8_t dotsAModule)
{
    if (content.empty() || content.size() > qrBytesMax)
        throw Error(ErrorCode::InputTooLarge, "content of a QR code is empty or too long");
    if (std::any_of(content.begin(), content.end(), [](std::uint8_t byte) { return byte < 0x20; }))
        throw Error(ErrorCode::InputMalformed, "control character in a QR code");
    constexpr std::uint8_t model2 = 50;
    constexpr std::uint8_t correctionM = 49;
    constexpr std::uint8_t stored = 48;
    return concat(qrFunction(65, Bytes{model2, 0}), qrFunction(67, Bytes{dotsAModule}),
                  qrFunction(69, Bytes{correctionM}),
                  qrFunction(80, concat(Bytes{stored}, content)), qrFunction(81, Bytes{stored}));
}

Bytes cut()
{
    return {gs, 'V', 66, 0};
}

Bytes askNow(std::uint8_t n)
{
    return {dle, 0x04, n};
}

Bytes askAfterAll()
{
    return {gs, 'r', 1};
}

Bytes recover()
{
    return {dle, 0x05, 2};
}

std::optional<PrinterStatus> printerStatus(std::uint8_t answer)
{
    if (!isRealTimeAnswer(answer))
        return std::nullopt;
    return PrinterStatus{.offline = (answer & 0x08) != 0};
}

std::optional<OfflineCause> offlineCause(std::uint8_t answer)
{
    if (!isRealTimeAnswer(answer))
        return std::nullopt;
    return OfflineCause{.coverOpen = (answer & 0x04) != 0,
                        .paperEnd = (answer & 0x20) != 0,
                        .error = (answer & 0x40) != 0};
}

std::optional<PaperStatus> paperStatus(std::uint8_t answer)
{
    if (!isRealTimeAnswer(answer))
        return std::nullopt;
    return PaperStatus{.nearEnd = (answer & 0x0C) != 0, .end = (answer & 0x60) != 0};
}

std::optional<PaperStatus> paperAfterAll(std::uint8_t answer)
{
    if ((answer & 0x90) != 0)
        return std::nullopt;
    return PaperStatus{.nearEnd = (answer & 0x03) != 0, .end = (answer & 0x0C) != 0};
}

} // namespace amt::escpos
