// SPDX-License-Identifier: EUPL-1.2
//
// Commands are what the printer's manual says, answers are read by their fixed bits.
#include "appliance/core/error.h"
#include "drivers/escpos/commands.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::escpos;
namespace data = boost::unit_test::data;

namespace {

struct Known {
    const char* source;
    Bytes bytes;
    const char* hex;
};
std::ostream& operator<<(std::ostream& out, const Known& known)
{
    return out << known.source;
}

// The manual's codes, by hand.
const std::vector<Known> knowns = {
    {"ESC @, FS ., ESC R 0, ESC t 19", initialise(), "1b401c2e1b52001b7413"},
    {"ESC a 1", align(Align::Centre), "1b6101"},
    {"ESC E 1", bold(true), "1b4501"},
    {"GS ! 17", size(2), "1d2111"},
    {"GS ! 119", size(8), "1d2177"},
    {"text LF", line(view("Soest")), "536f6573740a"},
    {"ESC d 3", feed(3), "1b6403"},
    {"GS V 66 0", cut(), "1d564200"},
    {"DLE EOT 1", askNow(1), "100401"},
    {"GS r 1", askAfterAll(), "1d7201"},
    {"DLE ENQ 2", recover(), "100502"},
    {"GS v 0, two rows of nine dots",
     raster({.width = 9, .height = 2, .rows = {0xFF, 0x80, 0x01, 0x00}}),
     "1d7630000200 0200ff800100"},
    {"GS ( k, \"AB\": 165 model 2, 167 size 6, 169 M, 180 store, 181 print", qrCode(view("AB"), 6),
     "1d286b040031413200 1d286b0300314306 1d286b0300314531 1d286b05003150304142 1d286b0300315130"},
};

std::string withoutBlanks(std::string text)
{
    std::erase(text, ' ');
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(escpos_commands)

BOOST_DATA_TEST_CASE(a_command_is_what_the_manual_says, data::make(knowns), known)
{
    BOOST_TEST(toHex(known.bytes) == withoutBlanks(known.hex));
}

BOOST_AUTO_TEST_CASE(a_picture_holds_no_real_time_command)
{
    const auto command = raster({.width = 32, .height = 1, .rows = {0x10, 0x04, 0x01, 0x10}});
    BOOST_TEST(toHex(command) == "1d76300004000100"
                                 "18040110");
    BOOST_TEST(toHex(raster({.width = 16, .height = 2, .rows = {0x00, 0x10, 0x05, 0x02}})) ==
               "1d76300002000200"
               "00180502");
}

BOOST_AUTO_TEST_CASE(a_code_that_no_printer_takes_is_refused)
{
    BOOST_CHECK_EXCEPTION(qrCode({}, 6), Error,
                          [](const Error& e) { return e.errorCode() == ErrorCode::InputTooLarge; });
    BOOST_CHECK_EXCEPTION(qrCode(Bytes(qrBytesMax + 1, 'x'), 6), Error,
                          [](const Error& e) { return e.errorCode() == ErrorCode::InputTooLarge; });
    BOOST_CHECK_EXCEPTION(qrCode(Bytes{'a', 0x10, 0x04, 0x01}, 6), Error, [](const Error& e) {
        return e.errorCode() == ErrorCode::InputMalformed;
    });
}

BOOST_AUTO_TEST_CASE(answers_are_known_by_their_fixed_bits)
{
    BOOST_TEST(!printerStatus(0x12)->offline);
    BOOST_TEST(printerStatus(0x1A)->offline);
    BOOST_TEST(offlineCause(0x16)->coverOpen);
    BOOST_TEST(offlineCause(0x32)->paperEnd);
    BOOST_TEST(offlineCause(0x52)->error);
    BOOST_TEST(paperStatus(0x1E)->nearEnd);
    BOOST_TEST(!paperStatus(0x1E)->end);
    BOOST_TEST(paperStatus(0x7E)->end);
    BOOST_TEST(!paperAfterAll(0x00)->end);
    BOOST_TEST(paperAfterAll(0x03)->nearEnd);
    BOOST_TEST(paperAfterAll(0x0C)->end);
    for (const int other : {0x00, 0x10, 0x02, 0x92, 0x13, 0xFF})
        BOOST_TEST(!printerStatus(static_cast<std::uint8_t>(other)));
    BOOST_TEST(!paperAfterAll(0x12));
    BOOST_TEST(!paperAfterAll(0x80));
}

BOOST_AUTO_TEST_SUITE_END()
