// SPDX-License-Identifier: EUPL-1.2
//
// Names keep their letters and lose what commands a printer.
#include "appliance/core/error.h"
#include "drivers/escpos/text.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::escpos;
namespace data = boost::unit_test::data;

namespace {

struct Encoded {
    const char* text;
    const char* hex; ///< Python: text.encode("cp858").hex()
};
std::ostream& operator<<(std::ostream& out, const Encoded& encoded)
{
    return out << encoded.text;
}
const Encoded encodeds[] = {
    {"Gebühr 30,70 €", "47656281687220 33302c373020d5"},
    {"ÄÖÜäöüß", "8e999a849481e1"},
    {"Þórðardóttir", "e8a272d0617264a274746972"},
    {"Straße §5 ½ ²", "53747261e16520f535 20ab 20fd"},
    {"Ñuñoa Åsa Ærø Çelik Ýr", "a575a46f6120 8f736120 92729b20 80656c696b20 ed72"},
};

// Letters of DIN 91379 that are not in the code page: these names become pictures.
const char* const outside[] = {"Łukaszewicz", "Şahin",  "Yıldırım", "Đurić", "Nguyễn",
                               "O’Connor",    "Žarko",  "Ķēniņš",   "Ẹ́gbẹ́",  "K͟hān",
                               "ʿAbd",        "Иванов", "Ș"};

struct Cleaned {
    std::string what, text, clean;
};
std::ostream& operator<<(std::ostream& out, const Cleaned& cleaned)
{
    return out << cleaned.what;
}
const std::vector<Cleaned> cleaneds = {
    {"an escape command", "Jörg\x1b@\x1dV", "Jörg@V"},
    {"a status question",
     std::string("a\x10\x04\x01"
                 "b"),
     "ab"},
    {"a NUL", std::string("a\0b", 3), "ab"},
    {"a line feed", "a\nb\r", "a b "},
    {"a no-break space", "30,70\u00A0€", "30,70 €"},
    {"C1 controls and DEL", "a\u0085b\u009Bc\x7f", "abc"},
    {"a turned direction", "a\u202Eb\u2066c\u200Fd", "abcd"},
    {"an invisible letter", "a\u200Bb\uFEFFc\u00AD", "abc"},
    {"a decomposed name", "Mu\u0308ller", "Müller"},
    {"an Arabic name stays as it is", "محمد", "محمد"},
};

std::vector<std::string> texts(const std::vector<Bytes>& lines)
{
    std::vector<std::string> all;
    for (const auto& line : lines)
        all.push_back(toText(line));
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(escpos_text)

BOOST_DATA_TEST_CASE(letters_of_the_code_page_are_encoded, data::make(encodeds), encoded)
{
    std::string hex = encoded.hex;
    std::erase(hex, ' ');
    BOOST_TEST(toHex(toCp858(encoded.text).value()) == hex);
}

BOOST_DATA_TEST_CASE(a_name_with_other_letters_is_not_encoded, data::make(outside), name)
{
    BOOST_TEST(!toCp858(cleaned(name)).has_value());
}

BOOST_DATA_TEST_CASE(text_is_cleaned, data::make(cleaneds), example)
{
    BOOST_TEST(cleaned(example.text) == example.clean);
}

BOOST_AUTO_TEST_CASE(what_is_no_utf8_is_refused)
{
    BOOST_CHECK_EXCEPTION(cleaned("J\xF6rg"), Error, [](const Error& e) {
        return e.errorCode() == ErrorCode::InputMalformed;
    });
}

BOOST_AUTO_TEST_CASE(lines_break_at_blanks_and_hyphens_and_in_long_words)
{
    const auto lines = [](const char* text, std::size_t columns) {
        return texts(wrapped(toBytes(text), columns));
    };
    BOOST_TEST(lines("", 5) == std::vector<std::string>{""}, boost::test_tools::per_element());
    BOOST_TEST(lines("abcde", 5) == std::vector<std::string>{"abcde"},
               boost::test_tools::per_element());
    BOOST_TEST(lines("abcde fgh", 5) == (std::vector<std::string>{"abcde", "fgh"}),
               boost::test_tools::per_element());
    BOOST_TEST(lines("ab cde fgh", 6) == (std::vector<std::string>{"ab cde", "fgh"}),
               boost::test_tools::per_element());
    BOOST_TEST(lines("Anna-Lena", 6) == (std::vector<std::string>{"Anna-", "Lena"}),
               boost::test_tools::per_element());
    BOOST_TEST(lines("abcdefgh", 3) == (std::vector<std::string>{"abc", "def", "gh"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
