// SPDX-License-Identifier: EUPL-1.2
//
// The PC/SC channel where no pcscd is, and what readers say of themselves. With pcscd:
// rig_test.cpp.
#include "drivers/eid/pcsc.h"
#include "drivers/eid/reader_features.h"
#include "tests/drivers/eid/reading.h"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

using namespace amt;

BOOST_AUTO_TEST_SUITE(eid_pcsc)

BOOST_AUTO_TEST_CASE(without_pcscd_the_reader_has_failed)
{
    setenv("PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm", 1);
    eid::PcscReader reader({});
    const auto connected = reader.connect(Milliseconds(60000));
    BOOST_REQUIRE(std::holds_alternative<IdentityOutcome>(connected));
    BOOST_TEST(test::nameOf(std::get<IdentityOutcome>(connected)) == "DeviceFailed ReaderFailed");
}

BOOST_AUTO_TEST_CASE(features_are_read_with_their_codes)
{
    // As libccid answers for a pinpad reader: VERIFY_PIN_DIRECT, MODIFY_PIN_DIRECT, TLV properties
    const auto features = eid::readerFeatures(fromHex("060442330006"
                                                      "070442330007"
                                                      "120442330012"));
    BOOST_TEST(features.size() == 3U);
    BOOST_TEST(features.at(eid::featureTlvProperties) == 0x42330012U);
    for (const char* broken : {"", "12", "1204423300", "12034233001200", "120442330012ff",
                               "1200120442330012"}) // an empty one, and then a whole
        BOOST_TEST(eid::readerFeatures(fromHex(broken)).empty(), broken);
}

BOOST_AUTO_TEST_CASE(a_reader_says_how_long_a_command_may_be)
{
    const auto longest = [](const char* properties) {
        return eid::longestCommand(fromHex(properties));
    };
    BOOST_TEST((longest("0a0400000000") == 261U));        // short commands only
    BOOST_TEST((longest("0a0400010000") == 261U));        // 256 bytes
    BOOST_TEST((longest("0a0400000100") == 65535U + 9U)); // 65536
    BOOST_TEST((longest("010200000a0400080000") == 2048U + 9U));
    BOOST_TEST(!longest("0b02e607").has_value()); // says other things
    BOOST_TEST(!longest("").has_value());
    BOOST_TEST(!longest("0a04000000").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
