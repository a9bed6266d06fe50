// SPDX-License-Identifier: EUPL-1.2
//
// Three hundred seeds hold every law, in two halves for two cores; and the seeds that taught us
// something hold them by name.
#include "appliance/core/log.h"
#include "tests/sim/world/world.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;

namespace {

struct Quiet {
    Quiet() { log::setEnabled(false); }
    ~Quiet() { log::setEnabled(true); }
};

std::string told(std::uint64_t seed, const sim::WorldResult& result)
{
    std::string text = "seed " + std::to_string(seed) + "\n";
    for (const auto& line : result.story)
        text += "    " + line + "\n";
    for (const auto& sentence : result.broken)
        text += "  BROKEN: " + sentence + "\n";
    return text;
}

sim::WorldResult live(std::uint64_t seed)
{
    auto result = sim::liveWorld({seed, sim::Plant::None, AMT_SOURCE_DIR, false});
    BOOST_CHECK_MESSAGE(result.broken.empty(), told(seed, result));
    return result;
}

constexpr std::uint64_t half = 150;

void liveHalf(std::uint64_t from)
{
    sim::WorldResult sum;
    for (auto seed = from; seed < from + half; ++seed) {
        const auto result = live(seed);
        sum.accepted += result.accepted;
        sum.powerCuts += result.powerCuts;
        sum.kills += result.kills;
        sum.charges += result.charges;
        sum.held += result.held;
        sum.diskFaults += result.diskFaults;
        sum.paperEnds += result.paperEnds;
        sum.receipts += result.receipts;
        sum.deskCards += result.deskCards;
        sum.wrongCards += result.wrongCards;
        sum.onSite += result.onSite;
    }
    // A world in which nothing happens would hold every law, too.
    BOOST_TEST(sum.accepted > 150);
    BOOST_TEST(sum.powerCuts > 100);
    BOOST_TEST(sum.kills > 200);
    BOOST_TEST(sum.charges > 75);
    BOOST_TEST(sum.held > 50);
    BOOST_TEST(sum.diskFaults > 50);
    BOOST_TEST(sum.paperEnds > 20);
    BOOST_TEST(sum.receipts > 100);
    BOOST_TEST(sum.deskCards > 20);
    BOOST_TEST(sum.wrongCards > 10);
    BOOST_TEST(sum.onSite > 5);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(sim_world, Quiet)

// Each of these once broke a law.

BOOST_AUTO_TEST_CASE(seed_1_the_broker_dies_after_the_receipt_is_cut)
{
    live(1);
}

BOOST_AUTO_TEST_CASE(seed_6_the_disk_is_full_two_minutes_after_a_start)
{
    live(6);
}

BOOST_AUTO_TEST_CASE(seed_29_a_payment_that_stays_unclear_keeps_its_visit_alive)
{
    live(29);
}

BOOST_AUTO_TEST_CASE(seed_44_the_event_log_is_behind_when_the_office_looks)
{
    live(44);
}

BOOST_AUTO_TEST_CASE(seed_68_the_disk_is_full_when_the_order_goes_to_the_terminal)
{
    live(68);
}

BOOST_AUTO_TEST_CASE(seed_89_the_house_is_behind_the_portal_and_refuses_its_receipts)
{
    live(89);
}

BOOST_AUTO_TEST_CASE(every_law_holds_in_seeds_1_to_150)
{
    liveHalf(1);
}

BOOST_AUTO_TEST_CASE(every_law_holds_in_seeds_151_to_300, *boost::unit_test::label("second_half"))
{
    liveHalf(1 + half);
}

BOOST_AUTO_TEST_SUITE_END()
