// SPDX-License-Identifier: EUPL-1.2
//
// Codes are read as people type them.
#include "appliance/office/people/codes.h"
#include "tests/support/seeded_random.h"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace amt;
using namespace amt::office;

BOOST_AUTO_TEST_SUITE(office_codes)

BOOST_AUTO_TEST_CASE(a_code_holds_120_bits_in_groups_without_look_alikes)
{
    test::SameRandom random;
    std::set<std::string> codes;
    for (int i = 0; i < 200; ++i) {
        const Secret code = randomCode(random);
        const std::string text(code.revealText());
        BOOST_TEST(text.size() == 29u);
        BOOST_TEST(text[4] == '-');
        BOOST_TEST((text.find_first_of("01IO") == std::string::npos));
        BOOST_TEST(normalisedCode(text).has_value());
        codes.insert(text);
    }
    BOOST_TEST(codes.size() == 200u);
}

BOOST_AUTO_TEST_CASE(blanks_hyphens_and_case_do_not_matter_and_everything_else_does)
{
    const auto code = normalisedCode("7K3M-4QXP-22ZZ-AAAA-BBBB-CCCC");
    BOOST_TEST_REQUIRE(code.has_value());
    BOOST_TEST((normalisedCode(" 7k3m 4qxp22zz aaaa-bbbb-cccc ") == code));
    for (const char* wrong : {"", "7K3M", "7K3M-4QXP-22ZZ-AAAA-BBBB-CCC0",
                              "7K3M-4QXP-22ZZ-AAAA-BBBB-CCCCC", "7K3M-4QXP-22ZZ-AAAA-BBBB-CCÄ"})
        BOOST_TEST(!normalisedCode(wrong));
}

BOOST_AUTO_TEST_SUITE_END()
