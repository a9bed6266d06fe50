// SPDX-License-Identifier: EUPL-1.2
//
// Elements of a job in the printer's own letters where it has them all, else as pictures.
#include "drivers/escpos/receipt.h"

#include "appliance/core/error.h"
#include "drivers/escpos/text.h"

#include <algorithm>

namespace amt::escpos {
namespace {

constexpr std::size_t bandRows =
    48; ///< a picture in small parts, so that a stop does not cost much
constexpr std::uint8_t qrDotsAModule = 6;
constexpr std::uint8_t feedBeforeCut = 3;

class Writer {
public:
    Writer(const Drawing& drawing, std::size_t columns) : _drawing(drawing), _columns(columns)
    {
        _commands.push_back(initialise());
    }

    void operator()(const PrintText& element)
    {
        const auto text = cleaned(element.text);
        const auto aligned = element.centred ? Align::Centre : Align::Left;
        const auto encoded = toCp858(text);
        if (!encoded) {
            draw(_drawing.text(text, aligned, weight(element.bold),
                               element.large || element.huge ? Size::Large : Size::Normal));
            return;
        }
        const std::uint8_t times = element.huge ? 8 : element.large ? 2 : 1;
        Bytes lines;
        for (const auto& part : wrapped(*encoded, _columns / times))
            append(lines, line(part));
        add(concat(align(aligned), bold(element.bold), size(times), lines, size(1), bold(false),
                   align(Align::Left)));
    }

    void operator()(const PrintPair& element)
    {
        const auto left = cleaned(element.left);
        const auto right = cleaned(element.right);
        const auto encodedLeft = toCp858(left);
        const auto encodedRight = toCp858(right);
        if (!encodedLeft || !encodedRight) {
            draw(_drawing.pair(left, right, weight(element.bold)));
            return;
        }
        add(concat(bold(element.bold), pairLines(*encodedLeft, *encodedRight), bold(false)));
    }

    void operator()(const PrintRule&)
    {
        constexpr std::uint8_t horizontalLine = 0xC4; // U+2500 in CP858
        add(line(Bytes(_columns, horizontalLine)));
    }

    void operator()(const PrintQr& element)
    {
        // With the quiet zone that readers of codes need.
        add(concat(feed(1), align(Align::Centre), qrCode(view(element.content), qrDotsAModule),
                   align(Align::Left), feed(1)));
    }

    std::vector<Bytes> finish()
    {
        add(concat(feed(feedBeforeCut), cut()));
        return std::move(_commands);
    }

private:
    static Weight weight(bool bold) { return bold ? Weight::Bold : Weight::Regular; }

    void add(Bytes command) { _commands.push_back(std::move(command)); }

    void draw(const Bitmap& bitmap)
    {
        for (const auto& band : bands(bitmap, bandRows))
            add(raster(band));
    }

    Bytes pairLines(const Bytes& left, const Bytes& right) const
    {
        // The right part keeps to one line if it can; the left one gives way.
        const auto rightLines = wrapped(right, _columns);
        const auto& lastRight = rightLines.back();
        Bytes all;
        if (rightLines.size() > 1 || lastRight.size() + 2 > _columns * 3 / 4) {
            for (const auto& part : wrapped(left, _columns))
                append(all, line(part));
            for (const auto& part : rightLines)
                append(all, line(concat(Bytes(_columns - part.size(), ' '), part)));
            return all;
        }
        auto leftLines = wrapped(left, _columns - lastRight.size() - 1);
        auto& lastLeft = leftLines.back();
        lastLeft.resize(_columns - lastRight.size(), ' ');
        append(lastLeft, lastRight);
        for (const auto& part : leftLines)
            append(all, line(part));
        return all;
    }

    const Drawing& _drawing;
    std::size_t _columns;
    std::vector<Bytes> _commands;
};

} // namespace

std::vector<Bytes> commandsOf(const PrintJob& job, const Drawing& drawing, std::size_t columns)
{
    Writer writer(drawing, columns);
    for (const auto& element : job.elements)
        std::visit(writer, element);
    return writer.finish();
}

} // namespace amt::escpos
