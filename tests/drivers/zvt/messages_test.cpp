// SPDX-License-Identifier: EUPL-1.2
//
// Messages of terminals: layouts, records, status texts, receipt lines, character sets.
#include "appliance/core/error.h"
#include "drivers/zvt/commands.h"
#include "drivers/zvt/messages.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

using namespace amt;
namespace data = boost::unit_test::data;

namespace {

bool isMalformed(const Error& error)
{
    return error.errorCode() == ErrorCode::TerminalFrameMalformed;
}

zvt::Message decode(const char* hex, std::uint16_t answered = 0)
{
    return zvt::decodeMessage(zvt::decodeFrame(fromHex(hex)), answered);
}

struct Line {
    const char* source;
    const char* hex;
    const char* text;
    bool centred;
    bool last;
};
std::ostream& operator<<(std::ostream& out, const Line& line)
{
    return out << line.source;
}
const Line lines[] = {
    {"zvt-d-046, CP437", "06d10d005465737420842094208120e1", "Test ä ö ü ß", false, false},
    {"zvt-d-047, ISO 8859-1 unspoken", "06d10d005465737420e420f620fc20df", "Test ä ö ü ß", false,
     false},
    {"UTF-8 unspoken",
     "06d105003f"
     "e282ac",
     "?€", false, false},
    {"centred (zvt-d-078)", "06d117402a202a202048846e646c657262656c656720202a202a",
     "* *  Händlerbeleg  * *", true, false},
    {"last line",
     "06d1048145"
     "4e44",
     "END", false, true},
    {"blank line", "06d10100", "", false, false},
    {"no end, only the high bit", "06d1028041", "A", false, false},
    {"indented by two",
     "06d1030241"
     "42",
     "  AB", false, false},
};

struct Guess {
    const char* hex;
    const char* text;
};
std::ostream& operator<<(std::ostream& out, const Guess& guess)
{
    return out << guess.text;
}
const Guess guesses[] = {
    {"4bfc6e646967", "Kündig"},   // ISO 8859-1
    {"4b816e646967", "Kündig"},   // CP437
    {"4bc3bc6e646967", "Kündig"}, // UTF-8
    {"53747261e165", "Straße"},   // CP437, no byte that only CP437 has: still the default
    {"53747261df65", "Straße"},   // ISO 8859-1
    {"ffff", "\u00A0\u00A0"},     // the default
};

} // namespace

BOOST_AUTO_TEST_SUITE(zvt_messages)

BOOST_AUTO_TEST_CASE(a_status_information_becomes_a_record)
{
    // zvt-d-016 (captured)
    const auto record = zvt::recordOf(
        decode(
            "040f772700040000000020400b0004630c2104430d10060e2512170001197022f0f8eeeeeeeeeeee4771"
            "29280048692a3130303436313736332020202020203b39373835333900003cf0f1f447454e2e4e522e3a39"
            "37"
            "38353339490978870463880004638a2e8bf1f74465626974204d61737465726361726400"),
        zvt::Charset::Unspoken);
    BOOST_TEST(record.result == 0);
    BOOST_TEST(record.amount->inCents() == 2040);
    BOOST_TEST(record.currency == 978);
    BOOST_TEST(record.trace == 463);
    BOOST_TEST(record.receipt == 463);
    BOOST_TEST(record.originalTrace == 0);
    BOOST_TEST(!zvt::isReversal(record));
    BOOST_TEST(record.terminalId == "28004869");
    BOOST_TEST(record.date == "1006");
    BOOST_TEST(record.time == "210443");
    BOOST_TEST(record.cardName == "Debit Mastercard");
    BOOST_TEST(record.cardType == 46);
    BOOST_TEST(record.cardDigits == "4771");
    BOOST_TEST(record.additionalText == "GEN.NR.:978539");
}

BOOST_AUTO_TEST_CASE(long_traces_and_card_types_come_from_the_container)
{
    const auto record =
        zvt::recordOf(decode("040f1d27000b0000008aff37000012060f1f2b0401234567410201041f100100"),
                      zvt::Charset::Cp437);
    BOOST_TEST(record.trace == 1234567);
    BOOST_TEST(record.cardType == 260);
    BOOST_TEST(zvt::isReversal(record));
    BOOST_TEST(!record.amount.has_value());
    BOOST_TEST(record.cardDigits.empty());
}

BOOST_AUTO_TEST_CASE(a_status_information_without_a_result_is_no_record)
{
    BOOST_CHECK_EXCEPTION(zvt::recordOf(decode("040f0704000000001200"), zvt::Charset::Cp437), Error,
                          isMalformed);
    BOOST_CHECK_EXCEPTION(zvt::recordOf(decode("040f0927000400000000120f"), zvt::Charset::Cp437),
                          Error, isMalformed);
}

BOOST_AUTO_TEST_CASE(a_status_has_its_texts_and_minutes)
{
    const auto both =
        decode("04ff1eff10061a2418070845555220312e3233070c42697474652077617274656e"); // zvt-d-021
    BOOST_TEST(*both.timeout == 0x10);
    const auto status = zvt::statusOf(both, zvt::Charset::Unspoken);
    BOOST_TEST(status.code == 0xFF);
    BOOST_TEST(status.text == "EUR 1.23 Bitte warten");
    const auto withoutMinutes = decode("04ff091706061f7303000002"); // zvt-d-071
    BOOST_TEST(!withoutMinutes.timeout.has_value());
    BOOST_TEST(toHex(zvt::findTag(withoutMinutes.fields, 0x1F73)->value) == "000002");
    BOOST_TEST(toHex(decode("04ff0317aaaa").opaque) == "aaaa");
    BOOST_CHECK_EXCEPTION(decode("04ff00"), Error, isMalformed);
}

BOOST_AUTO_TEST_CASE(a_completion_is_read_by_the_command_that_it_answers)
{
    BOOST_TEST(*decode("060f0106", zvt::control::StatusEnquiry).status == 0x06);
    BOOST_TEST(*decode("060f019c", zvt::control::StatusEnquiry).status == 0x9C);
    const auto version =
        decode("060f09f0f0f3626c61060600", zvt::control::StatusEnquiry); // zvt-d-038
    BOOST_TEST(toText(version.softwareVersion) == "bla");
    BOOST_TEST(*version.status == 0x06);
    const auto vendor =
        decode("060f2531374644314533434745522d4150502d76322e302e39202020353235323335"
               "333532342e34"); // zvt-d-002
    BOOST_TEST(vendor.fields.empty());
    BOOST_TEST(vendor.opaque.size() == 37U);
    BOOST_CHECK_EXCEPTION(decode("060f00", zvt::control::StatusEnquiry), Error, isMalformed);
    BOOST_CHECK_EXCEPTION(decode("060f04f0f0f362", zvt::control::StatusEnquiry), Error,
                          isMalformed);
}

BOOST_AUTO_TEST_CASE(a_character_set_is_agreed_by_its_echo)
{
    BOOST_TEST((zvt::agreedCharset(decode("060f111900293131313149097806052703140101")) ==
                zvt::Charset::Latin1)); // zvt-d-032
    BOOST_TEST((zvt::agreedCharset(decode("060f00")) == zvt::Charset::Unspoken));
}

BOOST_DATA_TEST_CASE(a_print_line_becomes_a_receipt_line, data::make(lines), line)
{
    const auto printed = zvt::linesOf(decode(line.hex), zvt::Charset::Unspoken);
    BOOST_REQUIRE(printed.lines.size() == 1U);
    BOOST_TEST(printed.lines[0].text == line.text);
    BOOST_TEST(printed.lines[0].centred == line.centred);
    BOOST_TEST(printed.lastOfReceipt == line.last);
}

BOOST_AUTO_TEST_CASE(line_feeds_are_no_text)
{
    const auto printed = zvt::linesOf(decode("06d102ff03"), zvt::Charset::Unspoken);
    BOOST_TEST(printed.lines.empty());
    BOOST_TEST(printed.lastOfReceipt);
}

BOOST_AUTO_TEST_CASE(a_container_that_hangs_on_a_line_is_not_printed)
{
    const auto printed = zvt::linesOf(decode("06d10800"
                                             "41"
                                             "06041f070101"),
                                      zvt::Charset::Unspoken);
    BOOST_TEST(printed.lines.at(0).text == "A");
    BOOST_TEST(printed.lines.at(0).merchant);
}

BOOST_AUTO_TEST_CASE(a_text_block_becomes_lines_with_its_attributes)
{
    const auto printed = zvt::linesOf(
        decode("06d320061e1f0701011401ff2515090140070253410703428445090110070143090181"),
        zvt::Charset::Latin1);
    BOOST_REQUIRE(printed.lines.size() == 3U);
    BOOST_TEST(printed.lines[0].text == "SA");
    BOOST_TEST(printed.lines[0].centred);
    BOOST_TEST(printed.lines[1].text == "BäE"); // the block's own character set wins
    BOOST_TEST(printed.lines[2].high);
    BOOST_TEST(printed.lines[2].merchant);
    BOOST_TEST(printed.lastOfReceipt);
}

BOOST_DATA_TEST_CASE(an_unspoken_character_set_is_guessed, data::make(guesses), guess)
{
    BOOST_TEST(zvt::toUtf8(fromHex(guess.hex), zvt::Charset::Unspoken) == guess.text);
}

BOOST_AUTO_TEST_CASE(bytes_outside_the_character_set_are_replaced)
{
    BOOST_TEST(zvt::toUtf8(fromHex("41ff42"), zvt::Charset::Utf8) == "A\uFFFDB");
    BOOST_TEST(zvt::toUtf8(fromHex("41c3"), zvt::Charset::Utf8) == "A\uFFFD");
    BOOST_TEST(zvt::toUtf8(fromHex("80"), zvt::Charset::Ascii) == "\uFFFD");
    BOOST_TEST(zvt::toUtf8(fromHex("a4"), static_cast<zvt::Charset>(0x0F)) == "€"); // ISO 8859-15
    BOOST_TEST(zvt::toLine(fromHex("41000d42200a"), zvt::Charset::Cp437) == "A B");
}

BOOST_AUTO_TEST_CASE(the_tills_commands_have_the_known_bytes)
{
    const auto hex = [](const zvt::Frame& frame) { return toHex(zvt::encodeFrame(frame)); };
    BOOST_TEST(hex(zvt::authorisation(Money::cents(5050))) == "06010c0400000000505049097819"
                                                              "40");
    BOOST_TEST(hex(zvt::registration("123456", zvt::config::Composed)) ==
               "0600161234563e0978060e12014226040a0206d327031401fe");
    BOOST_TEST(hex(zvt::statusEnquiry("123456")) == "0501051234560302");
    BOOST_TEST(hex(zvt::repeatReceipt("000000")) == "0620050000000303");
    BOOST_TEST(hex(zvt::abortByTill()) == "06b000");
    BOOST_TEST(hex(zvt::positiveAck()) == "800000");
    BOOST_TEST(hex(zvt::negativeAck(0x83)) == "848300");
    BOOST_CHECK_EXCEPTION(zvt::statusEnquiry("12345x"), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::ConfigurationInvalid;
    });
}

BOOST_AUTO_TEST_SUITE_END()
