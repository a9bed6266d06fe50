// SPDX-License-Identifier: EUPL-1.2
//
// The interpreter: bytes to commands, commands to what stands on the paper.
#include "tests/sim/printer/sim_printer.h"

#include <qrencode.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

namespace amt::sim {
namespace {

constexpr std::uint8_t lf = 0x0A;
constexpr std::uint8_t dle = 0x10;
constexpr std::uint8_t esc = 0x1B;
constexpr std::uint8_t fs = 0x1C;
constexpr std::uint8_t gs = 0x1D;
constexpr std::uint8_t eot = 0x04;
constexpr std::uint8_t enq = 0x05;
constexpr std::size_t bufferBytesMax = 4096;
constexpr int letterDots = 24;
constexpr int knifeDots = 90; ///< from the print head to the knife

// Code page 19, 80 to FF, as the codec "cp858" of Python has it.
constexpr std::string_view codePage19 = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ"
                                        "áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐"
                                        "└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀"
                                        "ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00AD±‗¾¶§÷¸°¨·¹³²■\u00A0";

/// The letter at `index` in UTF-8 text.
std::string_view letterAt(std::string_view text, int index)
{
    std::size_t at = 0;
    const auto next = [&] {
        ++at;
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
            ++at;
    };
    for (int i = 0; i < index; ++i)
        next();
    const auto begin = at;
    next();
    return text.substr(begin, at - begin);
}

std::size_t number(std::uint8_t low, std::uint8_t high)
{
    return static_cast<std::size_t>(low) | (static_cast<std::size_t>(high) << 8);
}

std::uint8_t bit(bool set, std::uint8_t mask)
{
    return set ? mask : std::uint8_t{0};
}

} // namespace

std::size_t SimPrinter::take(ByteView bytes)
{
    std::size_t taken = 0;
    for (const auto byte : bytes) {
        work();
        // What it executes at once it takes even when it is full.
        const bool full = !canPrint() && _buffer.size() >= bufferBytesMax;
        if (!realTime(byte) && full)
            break;
        if (!full)
            _buffer.push_back(byte);
        ++taken;
    }
    work();
    return taken;
}

Bytes SimPrinter::answers()
{
    return std::exchange(_answers, {});
}

std::uint8_t SimPrinter::portStatus() const
{
    return static_cast<std::uint8_t>(bit(!_coverOpen, 0x08) | 0x10 | bit(!_paper, 0x20));
}

void SimPrinter::setPaper(bool there)
{
    _paper = there;
    _paperLeft.reset();
    work();
}

void SimPrinter::setCover(bool open)
{
    _coverOpen = open;
    work();
}

/// Real-time commands are executed wherever they stand, within a picture too: so do many printers.
/// True for a byte of one.
bool SimPrinter::realTime(std::uint8_t byte)
{
    const bool goes =
        _realTime.empty() ? byte == dle : _realTime.size() > 1 || byte == eot || byte == enq;
    if (!goes) {
        _realTime.clear();
        if (byte == dle)
            _realTime.push_back(byte);
        return byte == dle;
    }
    _realTime.push_back(byte);
    if (_realTime.size() < 3)
        return true;
    const auto kind = _realTime[1];
    _realTime.clear();
    if (kind == eot && byte == 1)
        _answers.push_back(static_cast<std::uint8_t>(0x12 | bit(!canPrint(), 0x08)));
    else if (kind == eot && byte == 2)
        _answers.push_back(
            static_cast<std::uint8_t>(0x12 | bit(_coverOpen, 0x04) | bit(!_paper, 0x20)));
    else if (kind == eot && byte == 3)
        _answers.push_back(0x12);
    else if (kind == eot && byte == 4)
        _answers.push_back(
            static_cast<std::uint8_t>(0x12 | bit(_nearEnd || !_paper, 0x0C) | bit(!_paper, 0x60)));
    return true;
}

void SimPrinter::work()
{
    while (canPrint() && !_buffer.empty()) {
        const auto size = commandBytes();
        if (size == 0 || size > _buffer.size())
            return;
        const auto end = _buffer.begin() + static_cast<std::ptrdiff_t>(size);
        const Bytes command(_buffer.begin(), end);
        _buffer.erase(_buffer.begin(), end);
        execute(command);
    }
}

std::size_t SimPrinter::commandBytes() const
{
    const auto& b = _buffer;
    const auto first = b[0];
    if (first != dle && first != esc && first != fs && first != gs)
        return 1;
    if (b.size() < 2)
        return 0;
    if (first == dle)
        return b[1] == eot || b[1] == enq ? 3 : 1;
    if (first == fs)
        return b[1] == '.' || b[1] == '&' ? 2 : 1;
    if (first == esc) {
        if (b[1] == '@' || b[1] == '2')
            return 2;
        return std::string_view("RtaEdJGM-!3 ").find(static_cast<char>(b[1])) !=
                       std::string_view::npos
                   ? 3
                   : 1;
    }
    switch (b[1]) {
    case '!':
    case 'B':
    case 'r':
    case 'I':
    case 'a':
        return 3;
    case 'L':
    case 'W':
        return 4;
    case 'V':
        if (b.size() < 3)
            return 0;
        return b[2] == 65 || b[2] == 66 ? 4 : 3;
    case 'v':
        return b.size() < 8 ? 0 : 8 + number(b[4], b[5]) * number(b[6], b[7]);
    case '(':
        return b.size() < 5 ? 0 : 5 + number(b[3], b[4]);
    }
    return 1;
}

void SimPrinter::execute(ByteView command)
{
    if (command[0] == 0 || (command[0] == dle && command.size() > 1))
        return; // nothing, or done long ago
    append(_current.bytes, command);
    if (command[0] == lf)
        endLine();
    else if (command[0] >= 0x20)
        letter(command[0]);
    else if (command.size() < 2)
        ++_misunderstood;
    else if (command[0] == esc)
        executeEsc(command);
    else if (command[0] == gs)
        executeGs(command);
}

void SimPrinter::executeEsc(ByteView command)
{
    const int value = command.size() > 2 ? command[2] : 0;
    switch (command[1]) {
    case '@':
        _style = {};
        _line.clear();
        _qrData.clear();
        return;
    case 't':
        _style.codePage = value;
        return;
    case 'a':
        if (_line.empty()) // only at the beginning of a line
            _style.align = value & 3;
        return;
    case 'E':
    case 'G':
        _style.bold = (value & 1) != 0;
        return;
    case 'd':
        endLine();
        advance((value - 1) * _style.lineSpacing);
        return;
    case 'J':
        endLine();
        advance(value);
        return;
    case '2':
        _style.lineSpacing = lineDots;
        return;
    case '3':
        _style.lineSpacing = value;
        return;
    case 'R':
        if (value != 0)
            ++_misunderstood; // national sets turn brackets into umlauts
        return;
    }
    ++_misunderstood;
}

void SimPrinter::executeGs(ByteView command)
{
    switch (command[1]) {
    case '!':
        _style.widthFactor = 1 + ((command[2] >> 4) & 7);
        _style.heightFactor = 1 + (command[2] & 7);
        return;
    case 'r':
        if (command[2] == 1)
            _answers.push_back(static_cast<std::uint8_t>(bit(_nearEnd, 0x03) | bit(!_paper, 0x0C)));
        return;
    case 'v': {
        const int width = static_cast<int>(number(command[4], command[5])) * 8;
        const int height = static_cast<int>(number(command[6], command[7]));
        if (width > paperDots || width == 0 || height == 0) {
            ++_misunderstood;
            return;
        }
        const auto rows = command.subspan(8);
        PrintedPicture picture{.x = alignedX(width),
                               .width = width,
                               .height = height,
                               .rows = Bytes(rows.begin(), rows.end())};
        put({.y = 0,
             .height = height,
             .texts = {},
             .picture = std::move(picture),
             .qrContent = std::nullopt});
        return;
    }
    case '(':
        if (command[2] == 'k' && command.size() >= 7 && command[5] == 49)
            executeQr(command);
        else
            ++_misunderstood;
        return;
    case 'V': {
        if (!_line.empty())
            endLine();
        advance(command.size() > 3 ? knifeDots + command[3] : 0);
        _current.number = static_cast<int>(_papers.size()) + 1;
        _current.height = _y;
        _papers.push_back(std::exchange(_current, {}));
        _y = 0;
        if (_cut)
            _cut(_papers.back());
        return;
    }
    }
    ++_misunderstood;
}

void SimPrinter::executeQr(ByteView command)
{
    const auto function = command[6];
    if (function == 65)
        return; // model; only model 2 is drawn
    if (function == 67 && command.size() == 8) {
        _qrModule = std::clamp<int>(command[7], 1, 16);
    } else if (function == 69 && command.size() == 8) {
        _qrCorrection = command[7];
    } else if (function == 80 && command.size() > 8) {
        _qrData.assign(command.begin() + 8, command.end());
    } else if (function == 81) {
        const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
            _qrData.empty()
                ? nullptr
                : QRcode_encodeData(static_cast<int>(_qrData.size()), _qrData.data(), 0,
                                    static_cast<QRecLevel>(std::clamp(_qrCorrection - 48, 0, 3))),
            &QRcode_free);
        if (!code || code->width * _qrModule > paperDots) {
            ++_misunderstood;
            return;
        }
        const int size = code->width * _qrModule;
        PrintedPicture picture{.x = alignedX(size), .width = size, .height = size, .rows = {}};
        const auto stride = static_cast<std::size_t>((size + 7) / 8);
        picture.rows.resize(stride * static_cast<std::size_t>(size));
        for (int y = 0; y < size; ++y) {
            for (int x = 0; x < size; ++x) {
                const bool dark =
                    (code->data[(y / _qrModule) * code->width + x / _qrModule] & 1) != 0;
                picture
                    .rows[static_cast<std::size_t>(y) * stride + static_cast<std::size_t>(x) / 8] |=
                    bit(dark, static_cast<std::uint8_t>(0x80 >> (x % 8)));
            }
        }
        put({.y = 0,
             .height = size,
             .texts = {},
             .picture = std::move(picture),
             .qrContent = toText(_qrData)});
    } else {
        ++_misunderstood;
    }
}

void SimPrinter::letter(std::uint8_t code)
{
    std::string letter;
    if (code < 0x7F)
        letter = static_cast<char>(code);
    else if (code >= 0x80 && _style.codePage == 19)
        letter = letterAt(codePage19, code - 0x80);
    if (letter.empty()) {
        ++_misunderstood;
        letter = "?";
    }
    const int width = columnDots * _style.widthFactor;
    const auto end = [&] {
        return _line.empty()
                   ? 0
                   : _line.back().x + _line.back().columns * columnDots * _line.back().widthFactor;
    };
    if (end() + width > paperDots)
        endLine();
    auto* const last = _line.empty() ? nullptr : &_line.back();
    if (last && last->bold == _style.bold && last->widthFactor == _style.widthFactor &&
        last->heightFactor == _style.heightFactor) {
        last->text += letter;
        ++last->columns;
        return;
    }
    _line.push_back({.x = end(),
                     .text = letter,
                     .columns = 1,
                     .bold = _style.bold,
                     .widthFactor = _style.widthFactor,
                     .heightFactor = _style.heightFactor});
}

void SimPrinter::endLine()
{
    auto texts = std::exchange(_line, {});
    int height = _style.lineSpacing;
    int width = 0;
    for (const auto& text : texts) {
        height = std::max(height, text.heightFactor * letterDots + lineDots - letterDots);
        width += text.columns * columnDots * text.widthFactor;
    }
    const int offset = alignedX(width);
    for (auto& text : texts)
        text.x += offset;
    put({.y = 0,
         .height = height,
         .texts = std::move(texts),
         .picture = std::nullopt,
         .qrContent = std::nullopt});
}

void SimPrinter::put(PrintedItem item)
{
    item.y = _y;
    const int height = item.height;
    _current.items.push_back(std::move(item));
    advance(height);
}

void SimPrinter::advance(int dots)
{
    _y += std::max(dots, 0);
    if (_paperLeft && (*_paperLeft -= dots) <= 0)
        _paper = false;
}

int SimPrinter::alignedX(int width) const
{
    const int room = std::max(0, paperDots - width);
    return _style.align == 1 ? room / 2 : _style.align == 2 ? room : 0;
}

} // namespace amt::sim
