// SPDX-License-Identifier: EUPL-1.2
//
// Full jitter.
#include "sync/carrier/backoff.h"
#include "tests/sim/world/sim_random.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;

BOOST_AUTO_TEST_SUITE(carrier_backoff)

BOOST_DATA_TEST_CASE(a_delay_is_uniform_up_to_a_bound_that_doubles,
                     boost::unit_test::data::xrange(12), attempt)
{
    sim::SimRandom random(1);
    const carrier::Delays delays;
    const auto bound =
        std::min<Milliseconds>(std::chrono::minutes(15), Milliseconds(2000LL << attempt));
    Milliseconds longest{0}, sum{0};
    for (int i = 0; i < 2000; ++i) {
        const auto delay = carrier::delayBefore(attempt, delays, random);
        BOOST_REQUIRE(delay >= Milliseconds(0) && delay <= bound);
        longest = std::max(longest, delay);
        sum += delay;
    }
    BOOST_TEST(longest > bound * 9 / 10);
    BOOST_TEST(sum / 2000 > bound * 4 / 10);
    BOOST_TEST(sum / 2000 < bound * 6 / 10);
}

BOOST_AUTO_TEST_CASE(a_thousand_attempts_later_the_bound_is_still_the_longest)
{
    sim::SimRandom random(1);
    BOOST_TEST((carrier::delayBefore(1000, {}, random) <= std::chrono::minutes(15)));
}

BOOST_AUTO_TEST_SUITE_END()
