// SPDX-License-Identifier: EUPL-1.2
//
// What the printer has printed, for people: as text and as SVG.
#include "tests/sim/printer/sim_printer.h"

#include <sstream>

namespace amt::sim {
namespace {

constexpr int marginDots = 32;

std::string escaped(const std::string& text)
{
    std::string safe;
    for (const char c : text) {
        if (c == '<')
            safe += "&lt;";
        else if (c == '>')
            safe += "&gt;";
        else if (c == '&')
            safe += "&amp;";
        else if (c == '"')
            safe += "&quot;";
        else if (static_cast<unsigned char>(c) >= 0x20)
            safe += c;
    }
    return safe;
}

void draw(std::ostream& svg, const PrintedText& text, int lineTop, int lineHeight)
{
    const int baseline = lineTop + lineHeight - 9 * text.heightFactor;
    svg << "<text xml:space=\"preserve\" transform=\"translate(" << marginDots + text.x << ' '
        << marginDots + baseline << ") scale(" << text.widthFactor << ' ' << text.heightFactor
        << ")\" textLength=\"" << text.columns * columnDots
        << "\" lengthAdjust=\"spacingAndGlyphs\"" << (text.bold ? " font-weight=\"bold\"" : "")
        << '>' << escaped(text.text) << "</text>\n";
}

void draw(std::ostream& svg, const PrintedPicture& picture, int top)
{
    svg << "<path d=\"";
    for (int y = 0; y < picture.height; ++y) {
        for (int x = 0; x < picture.width; ++x) {
            if (!picture.dark(x, y))
                continue;
            const int begin = x;
            while (x < picture.width && picture.dark(x, y))
                ++x;
            svg << 'M' << marginDots + picture.x + begin << ' ' << marginDots + top + y << 'h'
                << x - begin << "v1h-" << x - begin << 'z';
        }
    }
    svg << "\"/>\n";
}

} // namespace

std::string PrintedPaper::text() const
{
    std::ostringstream out;
    for (const auto& item : items) {
        if (item.qrContent) {
            out << "[QR: " << *item.qrContent << "]\n";
        } else if (item.picture) {
            out << "[" << item.picture->width << " x " << item.picture->height << "]\n";
        } else {
            std::size_t column = 0;
            std::string line;
            for (const auto& text : item.texts) {
                const auto begin = static_cast<std::size_t>(text.x / columnDots);
                line += std::string(begin > column ? begin - column : 0, ' ') + text.text;
                column = begin + static_cast<std::size_t>(text.columns * text.widthFactor);
            }
            while (!line.empty() && line.back() == ' ')
                line.pop_back();
            out << line << '\n';
        }
    }
    return out.str();
}

std::string PrintedPaper::svg() const
{
    std::ostringstream svg;
    const int width = paperDots + 2 * marginDots;
    const int whole = height + 2 * marginDots;
    svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\"" << whole
        << "\" viewBox=\"0 0 " << width << ' ' << whole << "\">\n"
        << "<rect width=\"" << width << "\" height=\"" << whole << "\" fill=\"#fffef8\"/>\n"
        << "<g fill=\"#1a1a1a\" shape-rendering=\"crispEdges\" font-size=\"20\" "
           "font-family=\"'Noto Sans Mono','DejaVu Sans Mono',monospace\">\n";
    for (const auto& item : items) {
        for (const auto& text : item.texts)
            draw(svg, text, item.y, item.height);
        if (item.picture)
            draw(svg, *item.picture, item.y);
    }
    svg << "</g>\n</svg>\n";
    return svg.str();
}

} // namespace amt::sim
