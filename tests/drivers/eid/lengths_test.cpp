// SPDX-License-Identifier: EUPL-1.2
//
// How long a card's commands and answers may be, as it says itself.
#include "appliance/core/error.h"
#include "drivers/eid/lengths.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;
namespace data = boost::unit_test::data;

namespace {

struct Atr {
    const char* what;
    const char* bytes;
    std::optional<bool> extended;
};
std::ostream& operator<<(std::ostream& out, const Atr& row)
{
    return out << row.what;
}
// ISO 7816-4 12.1.1.9: third byte of the capabilities, bit 7; layout of the ATR: ISO 7816-3 8.2.
const Atr atrs[] = {
    {"an issued identity card", "3b8a80018031f873f741e082900075", true},
    {"the same without the bit", "3b8a80018031f873f74180829000", false},
    {"status at the end", "3b8880010073f741e0009000", true},
    {"status that looks like capabilities",
     "3b85800100"
     "73f7"
     "41e0",
     std::nullopt},
    {"two bytes of capabilities", "3b8480018072f741", std::nullopt},
    {"other category", "3b8a80011031f873f741e0829000", std::nullopt},
    {"no historical bytes", "3b80800101", std::nullopt},
    {"interface bytes that never end", "3b8a80808080808080", std::nullopt},
    {"four rounds of interface bytes", "3bda18ff81b1fe751f030031c573c001400090000c", true},
    {"cut in the interface bytes", "3bff11", std::nullopt},
    {"cut in the historical bytes", "3b8a80018031f873f741", std::nullopt},
    {"object that does not end",
     "3b838001"
     "8073f7",
     std::nullopt},
    {"nothing", "", std::nullopt},
    {"one byte", "3b", std::nullopt},
};

} // namespace

BOOST_AUTO_TEST_SUITE(eid_lengths)

BOOST_DATA_TEST_CASE(an_atr_says_whether_a_card_takes_extended_length, data::make(atrs), row)
{
    BOOST_TEST((eid::takesExtendedLength(fromHex(row.bytes)) == row.extended));
}

BOOST_AUTO_TEST_CASE(no_atr_is_read_past_its_end)
{
    // Each beginning of one that is full of interface bytes; its last byte is a check byte.
    const Bytes whole = fromHex("3bda18ff81b1fe751f030031c573c001400090000c");
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const bool isThere = size + 1 >= whole.size();
        BOOST_TEST((eid::takesExtendedLength(ByteView(whole).first(size)) ==
                    (isThere ? std::optional(true) : std::nullopt)));
    }
}

BOOST_AUTO_TEST_CASE(a_card_says_how_long_an_apdu_may_be)
{
    // DO 7F66 among others (ICAO 9303-10, table of EF.ATR/INFO)
    const auto lengths = eid::cardLengths(fromHex("43018047030080e07f6609020300ffff02020800"));
    BOOST_REQUIRE(lengths.has_value());
    BOOST_TEST(lengths->command == 65535U);
    BOOST_TEST(lengths->answer == 2048U);
    BOOST_TEST(!eid::cardLengths(fromHex("430180")).has_value());
    BOOST_TEST(!eid::cardLengths({}).has_value());
    for (const char* broken : {"7f66", "7f6600", "7f660402020400", "7f660802020400040208 00",
                               "7f660c020400000000020400000000", "7f66040200 0200"}) {
        std::string hex(broken);
        std::erase(hex, ' ');
        BOOST_CHECK_THROW(eid::cardLengths(fromHex(hex)), Error);
    }
}

BOOST_AUTO_TEST_SUITE_END()
