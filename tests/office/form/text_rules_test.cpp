// SPDX-License-Identifier: EUPL-1.2
//
// Names survive, what is outside the standard is named, plates are told apart from what only looks
// like one.
#include "appliance/core/error.h"
#include "appliance/office/form/text_rules.h"
#include "tests/support/skip.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;

namespace {

struct Text {
    const char* text;
    const char* offendsNames; ///< empty: may stand there
    const char* offendsTexts;
};
std::ostream& operator<<(std::ostream& out, const Text& text)
{
    return out << text.text;
}
const Text texts[] = {
    {"Müller", "", ""},
    {"Žaneta Łukaszewicz", "", ""},
    {"Nguyễn Thị Ánh", "", ""},
    {"D'Angelo", "", ""},
    {"O’Brien", "", ""},
    {"Şükrü Yıldız", "", ""},
    {"R\u0325\u0304\u1E63i", "", ""},  // a sequence of three code points
    {"K\u035Fh", "", ""},              // a sequence that begins with a letter of the list
    {"q\u0303", "q\u0303", "q\u0303"}, // letters of the list, but this combination is none
    {"e\u0301\u0323x", "\u1EB9\u0301",
     "\u1EB9\u0301"}, // Yoruba, known to be missing (standards/README-ui.md)
    {"Straße 17", "1", ""},
    {"Müller & Söhne", "&", ""},
    {"a\nb", "\n", "\n"},
    {"a\u200Bb", "\u200B", "\u200B"},
    {"Иванов", "И", "И"},
    {"李", "李", "李"},
    {"½", "½", "½"},
    {"😀", "😀", "😀"},
    {"ﬁn", "ﬁ", "ﬁ"},
};

struct Plate {
    const char* typed;
    const char* plate;
    const char* errorKey;
    const char* detail;
};
std::ostream& operator<<(std::ostream& out, const Plate& plate)
{
    return out << plate.typed;
}
const Plate plates[] = {
    {"MS-AB 123", "MS-AB 123", "", ""},
    {"ms ab 123", "MS-AB 123", "", ""},
    {" MS - AB 123 ", "MS-AB 123", "", ""},
    {"MS-AB123", "MS-AB 123", "", ""},
    {"MS-AB-123", "MS-AB 123", "", ""},
    {"B-X 1", "B-X 1", "", ""},
    {"KLE-AB 123", "KLE-AB 123", "", ""},
    {"MS-AB 123E", "MS-AB 123E", "", ""},
    {"MS-AB 123 h", "MS-AB 123H", "", ""},
    {"LÖ-A 1", "LÖ-A 1", "", ""},
    {"lo\u0308-a 1", "LÖ-A 1", "", ""},
    {"TÜ-Ä 12", "TÜ-Ä 12", "", ""},
    {"KLE-AB 1234E", "", "form.error.tooLong", ""},
    {"MSAB 123", "", "form.error.plate", ""},
    {"MSAB123", "", "form.error.plate", ""},
    {"ABCD-E 1", "", "form.error.plate", ""},
    {"MS-ABC 1", "", "form.error.plate", ""},
    {"MS-AB 12345", "", "form.error.plate", ""},
    {"MS-AB 012", "", "form.error.plate", ""},
    {"MS-AB 0", "", "form.error.plate", ""},
    {"MS-AB 123X", "", "form.error.plate", ""},
    {"MS-AB 123EH", "", "form.error.plate", ""},
    {"MS-AB", "", "form.error.plate", ""},
    {"123", "", "form.error.plate", ""},
    {"-", "", "form.error.plate", ""},
    {"MS-AB 12*3", "", "form.error.character", "*"},
    {"MS-ŁB 123", "", "form.error.character", "Ł"},
    {"MS-AB 123<script>", "", "form.error.character", "<"},
};

struct Day {
    const char* typed;
    const char* iso;
};
std::ostream& operator<<(std::ostream& out, const Day& day)
{
    return out << day.typed;
}
const Day days[] = {
    {"21.11.1964", "1964-11-21"},
    {"1.3.1984", "1984-03-01"},
    {" 1964-11-21 ", "1964-11-21"},
    {"29.02.2024", "2024-02-29"},
    {"29.02.2023", ""},
    {"31.4.2020", ""},
    {"00.01.2020", ""},
    {"1.13.2020", ""},
    {"1.1.84", ""},
    {"1.1.", ""},
    {"1.1.2020.", ""},
    {"11/21/1964", ""},
    {"gestern", ""},
    {"", ""},
    {"1.1.20200", ""},
    {"-1.1.2020", ""},
};

std::vector<std::string> cells(const std::string& line)
{
    std::vector<std::string> found;
    std::stringstream stream(line);
    std::string cell;
    while (std::getline(stream, cell, ','))
        found.push_back(cell);
    found.resize(9);
    return found;
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_text_rules)

BOOST_DATA_TEST_CASE(a_text_is_judged_and_its_first_foreign_character_named, data::make(texts),
                     text)
{
    BOOST_TEST(offending(nfc(text.text), CharacterSet::NamesA).value_or("") == text.offendsNames);
    BOOST_TEST(offending(nfc(text.text), CharacterSet::TextB).value_or("") == text.offendsTexts);
}

BOOST_AUTO_TEST_CASE(the_vectors_of_the_standard_are_judged_as_they_say)
{
    const auto file = test::shared() / "standards/din91379/vectors.csv";
    if (test::skipWithout(file, "the standard's vectors are not here"))
        return;
    std::ifstream in(file);
    std::string line;
    std::getline(in, line); // heading
    int count = 0;
    while (std::getline(in, line)) {
        const auto row = cells(line);
        if (row[0].empty() && row[1].empty())
            continue; // the empty text: nothing to judge
        if (row[1].find("002C") != std::string::npos)
            continue; // a comma in the text itself
        const std::string text = nfc(row[0]);
        BOOST_TEST(!offending(text, CharacterSet::NamesA) == (row[3] == "1"),
                   row[0] << " as a name");
        BOOST_TEST(!offending(text, CharacterSet::TextB) == (row[4] == "1"),
                   row[0] << " as a text");
        ++count;
    }
    BOOST_TEST(count >= 55);
}

BOOST_AUTO_TEST_CASE(the_invented_people_of_the_samples_have_names)
{
    const auto file = test::shared() / "samples/ui/personen-din91379.csv";
    if (test::skipWithout(file, "the sample people are not here"))
        return;
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    int good = 0;
    while (std::getline(in, line)) {
        const auto row = cells(line);
        if (!offending(tidied(row[0]), CharacterSet::NamesA) &&
            !offending(tidied(row[1]), CharacterSet::NamesA))
            ++good;
    }
    BOOST_TEST(good >= 25);
}

BOOST_AUTO_TEST_CASE(names_on_cards_differ_in_capitals_only)
{
    BOOST_TEST(sameLetters("HEIDESTRAẞE 17", "Heidestraße 17"));
    BOOST_TEST(sameLetters("STRASSE", "Straße"));
    BOOST_TEST(sameLetters("ĐẶNG-MÜLLEROVÁ", "Đặng-Müllerová"));
    BOOST_TEST(!sameLetters("MÜLLER", "Muller"));
    BOOST_TEST(!sameLetters("Müller", "Mueller"));
    BOOST_TEST(!sameLetters("Ada", "Ada "));
    BOOST_TEST(!sameLetters("", "Ada"));
}

BOOST_AUTO_TEST_CASE(blanks_are_trimmed_and_collapsed_and_letters_composed)
{
    BOOST_TEST(tidied("  Anna \t Maria\u00A0 ") == "Anna Maria");
    BOOST_TEST(tidied("A\u0308") == "Ä");
    BOOST_TEST(tidied("   ") == "");
    BOOST_TEST(charactersIn("Ä😀") == 2);
}

BOOST_AUTO_TEST_CASE(broken_utf8_is_refused)
{
    for (const char* broken : {"\xFF", "a\xC3", "\xED\xA0\x80", "\xC0\xAF"}) {
        BOOST_CHECK_EXCEPTION(tidied(broken), Error, [](const Error& error) {
            return error.errorCode() == ErrorCode::TextNotAllowed;
        });
    }
}

BOOST_DATA_TEST_CASE(a_plate_is_written_one_way_or_it_is_said_what_is_wrong, data::make(plates),
                     plate)
{
    const PlateJudged judged = judgePlate(plate.typed);
    BOOST_TEST(judged.plate == plate.plate);
    BOOST_TEST(judged.errorKey == plate.errorKey);
    BOOST_TEST(judged.detail == plate.detail);
}

BOOST_DATA_TEST_CASE(a_day_is_read_when_it_exists, data::make(days), day)
{
    const auto read = typedDay(day.typed);
    BOOST_TEST((read ? toIso(*read) : std::string()) == day.iso);
}

BOOST_AUTO_TEST_SUITE_END()
