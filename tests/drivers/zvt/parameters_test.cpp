// SPDX-License-Identifier: EUPL-1.2
//
// BMPs, TLV and numbers: formats, traps of real terminals, masking of card numbers.
#include "appliance/core/error.h"
#include "drivers/zvt/parameters.h"

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

struct Pan {
    const char* wire;
    const char* kept;
};
std::ostream& operator<<(std::ostream& out, const Pan& pan)
{
    return out << pan.wire;
}
const Pan pans[] = {
    {"22f0f84111111111111111", "eeeeeeeeeeee1111"},             // Visa's public test number
    {"22f1f15966666666d200212201f0", "eeeeee6666deeeeeeeeefe"}, // EF_ID: expiry and more after D
    {"22f0f8eeeeeeeeeeee5726", "eeeeeeeeeeee5726"}, // masked by the terminal (zvt-d-010)
    {"22f0f254ff", "54ff"},                         // shorter than four digits
    {"22f0f84111111111111f11", "eeeeeeeee1111fee"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(zvt_parameters)

BOOST_DATA_TEST_CASE(no_more_than_four_digits_of_a_card_survive, data::make(pans), pan)
{
    const auto fields = zvt::decodeParameters(fromHex(pan.wire));
    BOOST_REQUIRE(fields.size() == 1U);
    BOOST_TEST(toHex(fields[0].value) == pan.kept);
}

BOOST_AUTO_TEST_CASE(tracks_and_check_values_do_not_survive)
{
    const auto fields = zvt::decodeParameters(fromHex("23f0f3411111"
                                                      "2df0f23132"
                                                      "3a0123"
                                                      "24f0f0f155"
                                                      "0609"
                                                      "1f0802411f"
                                                      "1f100100"));
    for (const auto& field : fields) {
        for (const std::uint8_t byte : field.value)
            BOOST_TEST(byte == 0xEE);
    }
    BOOST_TEST(toHex(zvt::findTag(fields, 0x1F08)->value) == "eeee");
    BOOST_TEST(toHex(zvt::findTag(fields, 0x1F10)->value) == "00");
}

BOOST_AUTO_TEST_CASE(a_bmp_that_comes_twice_is_refused)
{
    BOOST_CHECK_EXCEPTION(zvt::readParameters(fromHex("27002705")), Error, isMalformed);
}

BOOST_AUTO_TEST_CASE(what_stands_before_a_broken_parameter_can_be_read)
{
    const auto parameters = zvt::readParameters(fromHex("270004000000002600"
                                                        "60f4f0"));
    BOOST_TEST(parameters.fields.size() == 2U);
    BOOST_TEST(toHex(parameters.unread) == "60f4f0");
    BOOST_CHECK_EXCEPTION(zvt::decodeParameters(fromHex("270060f4f0")), Error, isMalformed);
    for (const char* hex : {"ff00", "04", "0400000000", "3cf0f0", "3cf0f0fa", "8b0101", "0605aa"})
        BOOST_CHECK_EXCEPTION(zvt::decodeParameters(fromHex(hex)), Error, isMalformed);
}

BOOST_AUTO_TEST_CASE(a_container_is_read_by_its_ber_lengths)
{
    const auto items = zvt::decodeTlv(fromHex("24810507"
                                              "0341"
                                              "4243"
                                              "1f070102"));
    BOOST_REQUIRE(items.size() == 2U);
    BOOST_TEST(items[0].tag == 0x24U);
    BOOST_TEST(toText(items[0].children.at(0).value) == "ABC");
    BOOST_TEST(items[1].tag == 0x1F07U);
    const std::string text(300, 'x');
    const std::vector<zvt::TlvItem> nested = {{0x24, {}, {{0x07, toBytes(text), {}}}}};
    const Bytes wire = zvt::encodeTlv(nested);
    BOOST_TEST(toHex(ByteView(wire).first(8)) == "2482013007"
                                                 "82012c");
    BOOST_TEST((zvt::decodeTlv(wire) == nested));
}

BOOST_AUTO_TEST_CASE(a_vendor_tag_that_only_looks_constructed_stays_opaque)
{
    const auto items = zvt::decodeTlv(fromHex("e410ff4003123456ff4107d5b7136976c101")); // zvt-d-054
    BOOST_TEST(toHex(zvt::findTag(items, 0xFF40)->value) == "123456");
    BOOST_TEST(toHex(zvt::findTag(items, 0xFF41)->value) == "d5b7136976c101");
}

BOOST_AUTO_TEST_CASE(tags_1f80_to_1f83_of_revision_13_08_are_two_bytes)
{
    const auto items = zvt::decodeTlv(fromHex("1f8002abcd"
                                              "1f070102"));
    BOOST_REQUIRE(items.size() == 2U);
    BOOST_TEST(items[0].tag == 0x1F80U);
    BOOST_TEST(toHex(items[0].value) == "abcd");
}

BOOST_AUTO_TEST_CASE(a_container_that_is_no_tlv_never_spoils_the_message)
{
    const auto fields = zvt::decodeParameters(fromHex("2700"
                                                      "0603ffffff"
                                                      "0b000022"));
    BOOST_TEST(fields.size() == 3U);
    BOOST_TEST(toHex(zvt::find(fields, zvt::bmp::Tlv)->value) == "ffffff");
    BOOST_TEST(*zvt::bcd(zvt::find(fields, zvt::bmp::Trace)->value) == 22);
}

BOOST_AUTO_TEST_CASE(nesting_without_end_is_kept_as_bytes)
{
    Bytes wire;
    for (int depth = 0; depth < 60; ++depth)
        wire = concat(Bytes{0x24, static_cast<std::uint8_t>(wire.size())}, wire);
    BOOST_CHECK_NO_THROW(zvt::decodeTlv(wire));
}

BOOST_AUTO_TEST_CASE(numbers_are_decimal_digits_or_nothing)
{
    BOOST_TEST(*zvt::bcd(fromHex("000000003070")) == 3070);
    BOOST_TEST(!zvt::bcd(fromHex("ffff")).has_value());
    BOOST_TEST(!zvt::bcd(fromHex("0a")).has_value());
    BOOST_TEST(toHex(zvt::encodeAmount(Money::cents(101010))) == "000000101010");
    BOOST_TEST(toHex(zvt::encodeAmount(Money::cents(999999999999))) == "999999999999");
    BOOST_TEST(zvt::bcdText(fromHex("29a0")) == "29A0");
}

BOOST_AUTO_TEST_CASE(totals_are_believed_only_when_they_add_up)
{
    const Bytes good = concat(fromHex("00680071"
                                      "04000000002600"),
                              Bytes(42)); // zvt-d-009
    const auto totals = zvt::decodeTotals(good, Money::cents(2600));
    BOOST_REQUIRE(totals.has_value());
    BOOST_TEST(totals->receiptFrom == 68);
    BOOST_TEST(totals->receiptTo == 71);
    BOOST_TEST(totals->schemes.at(0).count == 4);
    BOOST_TEST(!zvt::decodeTotals(good, Money::cents(2601)).has_value());
    BOOST_TEST(!zvt::decodeTotals(ByteView(good).first(52), Money::cents(2600)).has_value());
    Bytes memory = good;
    memory[5] = 0x9D;
    BOOST_TEST(!zvt::decodeTotals(memory, Money::cents(2600)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
