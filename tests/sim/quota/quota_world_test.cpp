// SPDX-License-Identifier: EUPL-1.2
//
// Many seeds of the quota protocol, and for each rule left out a seed that notices.
#include "appliance/core/log.h"
#include "tests/sim/quota/quota_world.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;

namespace {

constexpr std::uint64_t seedsOfHalf = 250;
constexpr std::uint64_t seedsForFault = 100;

std::string sentences(const sim::QuotaWorldResult& result)
{
    std::string all;
    for (const auto& sentence : result.broken)
        all += sentence + "; ";
    return all;
}

void live(std::uint64_t from, std::uint64_t until)
{
    log::setEnabled(false);
    sim::QuotaWorldResult sum;
    for (std::uint64_t seed = from; seed < until; ++seed) {
        const auto result = sim::liveQuotaWorld({.seed = seed});
        BOOST_CHECK_MESSAGE(result.broken.empty(),
                            "seed " + std::to_string(seed) + ": " + sentences(result));
        sum.nodeBookings += result.nodeBookings;
        sum.moves += result.moves;
        sum.crashes += result.crashes;
        sum.restores += result.restores;
        sum.portalRestores += result.portalRestores;
        sum.revocations += result.revocations;
    }
    // A world in which nothing happens proves nothing.
    BOOST_TEST(sum.nodeBookings > 1000);
    BOOST_TEST(sum.moves > 100);
    BOOST_TEST(sum.crashes > 500);
    BOOST_TEST(sum.restores > 80);
    BOOST_TEST(sum.portalRestores > 10);
    BOOST_TEST(sum.revocations > 5);
}

} // namespace

BOOST_AUTO_TEST_SUITE(sim_quota)

BOOST_AUTO_TEST_CASE(no_cell_is_booked_twice_and_no_booking_is_lost)
{
    live(1, 1 + seedsOfHalf);
}

BOOST_AUTO_TEST_CASE(no_cell_is_booked_twice_and_no_booking_is_lost_in_more_seeds,
                     *boost::unit_test::label("second_half"))
{
    live(1 + seedsOfHalf, 1 + 2 * seedsOfHalf);
}

BOOST_DATA_TEST_CASE(a_rule_that_is_left_out_is_missed,
                     data::make({"timeout-reclaim", "confirm-first", "no-dedup",
                                 "no-grant-sequence", "no-booking-id", "reuse-cancelled",
                                 "restore-keeps-leases", "free-on-restore"}),
                     fault)
{
    log::setEnabled(false);
    const auto left = sim::quotaFaultFromName(fault);
    std::uint64_t seed = 1;
    while (seed <= seedsForFault &&
           sim::liveQuotaWorld({.seed = seed, .fault = left}).broken.empty())
        ++seed;
    BOOST_TEST_MESSAGE(fault << ": seed " << seed);
    BOOST_TEST(seed <= seedsForFault);
}

BOOST_AUTO_TEST_CASE(a_seed_lives_the_same_life_again)
{
    log::setEnabled(false);
    const auto first = sim::liveQuotaWorld({.seed = 4711});
    sim::liveQuotaWorld({.seed = 4712});
    const auto again = sim::liveQuotaWorld({.seed = 4711});
    BOOST_TEST(first.story == again.story, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
