// SPDX-License-Identifier: EUPL-1.2
//
// Names that the printer has no letters for are drawn, each letter with a glyph.
#include "drivers/escpos/drawing.h"
#include "drivers/escpos/text.h"
#include "tests/support/skip.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

using namespace amt;
using namespace amt::escpos;

namespace {

std::size_t darkDots(const Bitmap& bitmap)
{
    std::size_t dots = 0;
    for (const auto byte : bitmap.rows)
        dots += static_cast<std::size_t>(__builtin_popcount(byte));
    return dots;
}

/// Leftmost and rightmost dark column.
std::pair<std::size_t, std::size_t> reach(const Bitmap& bitmap)
{
    std::size_t left = bitmap.width;
    std::size_t right = 0;
    for (std::size_t y = 0; y < bitmap.height; ++y) {
        for (std::size_t x = 0; x < bitmap.width; ++x) {
            if ((bitmap.rows[y * bitmap.rowBytes() + x / 8] >> (7 - x % 8)) & 1) {
                left = std::min(left, x);
                right = std::max(right, x);
            }
        }
    }
    return {left, right};
}

} // namespace

BOOST_AUTO_TEST_SUITE(escpos_drawing)

BOOST_AUTO_TEST_CASE(a_line_is_drawn_where_it_belongs)
{
    const Drawing drawing(576);
    const auto left = drawing.text("Łukasz", Align::Left, Weight::Regular, Size::Normal);
    BOOST_TEST(left.width == 576u);
    BOOST_TEST(left.height < 50u);
    BOOST_TEST(darkDots(left) > 200u);
    BOOST_TEST(reach(left).first < 6u);
    const auto centred =
        reach(drawing.text("Łukasz", Align::Centre, Weight::Regular, Size::Normal));
    BOOST_TEST(centred.first > 200u);
    BOOST_TEST(centred.second < 376u);
}

BOOST_AUTO_TEST_CASE(bold_is_darker_and_large_is_larger)
{
    const Drawing drawing(576);
    const auto plain = drawing.text("Žarko", Align::Left, Weight::Regular, Size::Normal);
    const auto bold = drawing.text("Žarko", Align::Left, Weight::Bold, Size::Normal);
    const auto large = drawing.text("Žarko", Align::Left, Weight::Regular, Size::Large);
    BOOST_TEST(darkDots(bold) > darkDots(plain));
    BOOST_TEST(large.height > plain.height * 3 / 2);
}

BOOST_AUTO_TEST_CASE(a_pair_stands_at_both_edges)
{
    const Drawing drawing(576);
    const auto pair = drawing.pair("Świadczenie", "30,70 €", Weight::Regular);
    BOOST_TEST(reach(pair).first < 6u);
    BOOST_TEST(reach(pair).second > 565u);
    const std::string longText(200, 'w');
    const auto broken = drawing.pair("Ł" + longText, "30,70 €", Weight::Regular);
    BOOST_TEST(broken.height > pair.height * 3);
    BOOST_TEST(reach(broken).second <= 575u);
}

BOOST_AUTO_TEST_CASE(a_picture_in_bands_is_the_same_picture)
{
    const Drawing drawing(576);
    const auto whole = drawing.text("Łukasz", Align::Left, Weight::Regular, Size::Large);
    Bytes joined;
    for (const auto& band : bands(whole, 16)) {
        BOOST_TEST(band.height <= 16u);
        append(joined, band.rows);
    }
    BOOST_TEST((joined == whole.rows));
}

BOOST_AUTO_TEST_CASE(every_latin_name_of_the_samples_is_printed_with_all_its_letters)
{
    const auto file = test::shared() / "samples/ui/personen-din91379.csv";
    if (test::skipWithout(file, "samples of names"))
        return;
    const Drawing drawing(576);
    std::ifstream lines(file);
    std::string line;
    std::getline(lines, line);
    int drawn = 0;
    int encoded = 0;
    while (std::getline(lines, line)) {
        std::istringstream cells(line);
        std::string family;
        std::string given;
        std::getline(cells, family, ',');
        std::getline(cells, given, ',');
        const auto name = cleaned(given + " " + family);
        if (toCp858(name)) {
            ++encoded;
            continue;
        }
        ++drawn;
        const auto picture = drawing.text(name, Align::Left, Weight::Regular, Size::Normal);
        BOOST_TEST(darkDots(picture) > 100u);
        BOOST_TEST(reach(picture).second <= 575u);
        if (name.find("محمد") ==
            std::string::npos) // Arabic letters need another font than Latin ones
            BOOST_TEST(drawing.unknownLetters(name) == 0, name);
    }
    BOOST_TEST(encoded >= 5);
    BOOST_TEST(drawn >= 20);
}

BOOST_AUTO_TEST_SUITE_END()
