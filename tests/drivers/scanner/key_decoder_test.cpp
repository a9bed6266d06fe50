// SPDX-License-Identifier: EUPL-1.2
//
// What a scanner types, key by key, in both layouts; what it types wrongly is refused whole.
#include "drivers/scanner/key_decoder.h"
#include "tests/sim/scanner/sim_scanner.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <linux/input.h>

using namespace amt;
using namespace amt::scanner;
namespace data = boost::unit_test::data;

namespace {

std::vector<KeyEvent> strokes(const std::vector<std::uint16_t>& keys)
{
    std::vector<KeyEvent> events;
    for (const auto key : keys) {
        events.push_back({EV_KEY, key, 1});
        events.push_back({EV_KEY, key, 0});
    }
    return events;
}

/// Every ended code: its text, or "?" for one that is unreadable.
std::vector<std::string> codesOf(KeyLayout layout, const std::vector<KeyEvent>& events)
{
    KeyDecoder decoder(layout);
    std::vector<std::string> codes;
    for (const auto& event : events) {
        if (const auto line = decoder.take(event)) {
            const auto* const scanned = std::get_if<CodeScanned>(&*line);
            codes.push_back(scanned ? scanned->code.reveal() : "?");
        }
    }
    return codes;
}

std::vector<KeyEvent> typedOnUs(const std::string& text)
{
    std::vector<KeyEvent> events;
    for (const auto& [type, code, value] : sim::typed(text))
        events.push_back({type, code, value});
    return events;
}

std::string printableAscii()
{
    std::string all;
    for (char letter = ' '; letter <= '~'; ++letter)
        all.push_back(letter);
    return all;
}

/// One key with what is held meanwhile, as the console's keymaps have it (Debian's console-data,
/// us.kmap and de-latin1-nodeadkeys.kmap; there the accents type, here they are dead).
struct Stroke {
    KeyLayout layout;
    std::uint16_t held, key;
    std::string code; ///< "?": refused
};
std::ostream& operator<<(std::ostream& out, const Stroke& stroke)
{
    return out << (stroke.layout == KeyLayout::Us ? "us " : "de ") << stroke.held << '+'
               << stroke.key;
}
constexpr auto us = KeyLayout::Us;
constexpr auto de = KeyLayout::De;
const Stroke table[] = {
    {us, 0, KEY_Y, "y"},
    {de, 0, KEY_Y, "z"},
    {de, KEY_LEFTSHIFT, KEY_Y, "Z"},
    {de, KEY_RIGHTSHIFT, KEY_Z, "Y"},
    {us, KEY_RIGHTSHIFT, KEY_7, "&"},
    {de, KEY_LEFTSHIFT, KEY_7, "/"},
    {de, 0, KEY_SLASH, "-"},
    {us, 0, KEY_SLASH, "/"},
    {de, KEY_LEFTSHIFT, KEY_SLASH, "_"},
    {de, KEY_LEFTSHIFT, KEY_DOT, ":"},
    {de, KEY_LEFTSHIFT, KEY_COMMA, ";"},
    {de, KEY_LEFTSHIFT, KEY_MINUS, "?"},
    {de, KEY_LEFTSHIFT, KEY_0, "="},
    {de, KEY_LEFTSHIFT, KEY_2, "\""},
    {de, 0, KEY_BACKSLASH, "#"},
    {de, KEY_LEFTSHIFT, KEY_BACKSLASH, "'"},
    {de, 0, KEY_RIGHTBRACE, "+"},
    {de, KEY_LEFTSHIFT, KEY_RIGHTBRACE, "*"},
    {de, KEY_RIGHTALT, KEY_Q, "@"},
    {de, KEY_RIGHTALT, KEY_7, "{"},
    {de, KEY_RIGHTALT, KEY_8, "["},
    {de, KEY_RIGHTALT, KEY_9, "]"},
    {de, KEY_RIGHTALT, KEY_0, "}"},
    {de, KEY_RIGHTALT, KEY_MINUS, "\\"},
    {de, KEY_RIGHTALT, KEY_RIGHTBRACE, "~"},
    {de, KEY_RIGHTALT, KEY_102ND, "|"},
    {de, 0, KEY_102ND, "<"},
    {de, KEY_LEFTSHIFT, KEY_102ND, ">"},
    {de, 0, KEY_SEMICOLON, "?"},     // ö
    {de, 0, KEY_APOSTROPHE, "?"},    // ä
    {de, 0, KEY_LEFTBRACE, "?"},     // ü
    {de, 0, KEY_MINUS, "?"},         // ß
    {de, KEY_LEFTSHIFT, KEY_3, "?"}, // §
    {de, KEY_RIGHTALT, KEY_E, "?"},  // €
    {de, 0, KEY_GRAVE, "?"},         // a dead circumflex
    {de, 0, KEY_EQUAL, "?"},         // a dead acute
    {us, KEY_RIGHTALT, KEY_Q, "?"},  // that layout has no AltGr
    {us, 0, KEY_102ND, "?"},         // nor this key
    {us, KEY_LEFTCTRL, KEY_J, "?"},  // control characters
    {us, KEY_LEFTALT, KEY_KP4, "?"}, // numbers of characters
    {us, 0, KEY_CAPSLOCK, "?"},      // would turn all that follows
    {us, 0, KEY_TAB, "?"},
    {us, 0, KEY_UNKNOWN, "?"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(scanner_key_decoder)

BOOST_DATA_TEST_CASE(each_key_types_what_its_layout_has_there, data::make(table), stroke)
{
    std::vector<KeyEvent> events;
    if (stroke.held != 0)
        events.push_back({EV_KEY, stroke.held, 1});
    for (const auto& event : strokes({stroke.key}))
        events.push_back(event);
    if (stroke.held != 0)
        events.push_back({EV_KEY, stroke.held, 0});
    for (const auto& event : strokes({KEY_ENTER}))
        events.push_back(event);
    const auto codes = codesOf(stroke.layout, events);
    BOOST_REQUIRE(codes.size() == 1u);
    BOOST_TEST(codes[0] == stroke.code);
}

BOOST_AUTO_TEST_CASE(every_printable_character_is_typed_and_read)
{
    const auto all = printableAscii();
    BOOST_TEST(all.size() == 95u);
    const auto codes = codesOf(us, typedOnUs(all));
    BOOST_REQUIRE(codes.size() == 1u);
    BOOST_TEST(codes[0] == all);
}

BOOST_AUTO_TEST_CASE(enter_ends_a_code_and_enter_alone_is_none)
{
    auto events = strokes({KEY_ENTER, KEY_A, KEY_ENTER, KEY_KPENTER, KEY_B, KEY_KPENTER});
    BOOST_TEST((codesOf(us, events) == std::vector<std::string>{"a", "b"}));
}

BOOST_AUTO_TEST_CASE(a_key_that_is_held_down_types_once)
{
    std::vector<KeyEvent> events = {{EV_KEY, KEY_A, 1}, {EV_KEY, KEY_A, 2}, {EV_KEY, KEY_A, 2}};
    for (const auto& event : strokes({KEY_ENTER}))
        events.push_back(event);
    BOOST_TEST((codesOf(us, events) == std::vector<std::string>{"a"}));
}

BOOST_AUTO_TEST_CASE(one_strange_key_spoils_its_code_and_not_the_next)
{
    const auto events = strokes({KEY_A, KEY_F1, KEY_B, KEY_ENTER, KEY_C, KEY_ENTER});
    BOOST_TEST((codesOf(us, events) == std::vector<std::string>{"?", "c"}));
}

BOOST_AUTO_TEST_CASE(dropped_events_spoil_the_code_around_them)
{
    auto events = strokes({KEY_A});
    events.push_back({EV_SYN, SYN_DROPPED, 0});
    for (const auto& event : strokes({KEY_B, KEY_ENTER, KEY_C, KEY_ENTER}))
        events.push_back(event);
    BOOST_TEST((codesOf(us, events) == std::vector<std::string>{"?", "c"}));
}

BOOST_AUTO_TEST_CASE(the_longest_code_is_taken_and_one_character_more_is_not)
{
    const std::string longest(scannedCodeMax, 'a');
    BOOST_TEST((codesOf(us, typedOnUs(longest)) == std::vector<std::string>{longest}));
    BOOST_TEST((codesOf(us, typedOnUs(longest + "a")) == std::vector<std::string>{"?"}));
}

BOOST_AUTO_TEST_CASE(a_pause_ends_a_code_that_has_begun)
{
    KeyDecoder decoder(us);
    BOOST_TEST(!decoder.pause().has_value());
    BOOST_TEST(!decoder.isAmidst());
    for (const auto& event : strokes({KEY_A, KEY_1}))
        decoder.take(event);
    BOOST_TEST(decoder.isAmidst());
    const auto line = decoder.pause();
    BOOST_REQUIRE(line.has_value());
    BOOST_TEST(std::get<CodeScanned>(*line).code.reveal() == "a1");
    BOOST_TEST(!decoder.isAmidst());
}

BOOST_AUTO_TEST_SUITE_END()
