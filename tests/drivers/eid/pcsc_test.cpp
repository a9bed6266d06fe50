// SPDX-License-Identifier: EUPL-1.2
//
// The PC/SC channel where no pcscd is. With one: rig_test.cpp.
#include "drivers/eid/pcsc.h"
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

BOOST_AUTO_TEST_SUITE_END()
