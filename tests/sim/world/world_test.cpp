// SPDX-License-Identifier: EUPL-1.2
//
// Three hundred seeds hold every law.
#include "appliance/core/log.h"
#include "tests/sim/world/world.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>

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

constexpr std::uint64_t seeds = 300;

} // namespace

BOOST_FIXTURE_TEST_SUITE(sim_world, Quiet)

BOOST_AUTO_TEST_CASE(every_law_holds_in_every_seed)
{
    int accepted = 0, powerCuts = 0, charges = 0, held = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const auto result = sim::liveWorld({seed, sim::Plant::None, AMT_SOURCE_DIR, false});
        BOOST_CHECK_MESSAGE(result.broken.empty(), told(seed, result));
        accepted += result.accepted;
        powerCuts += result.powerCuts;
        charges += result.charges;
        held += result.held;
    }
    // A world in which nothing happens would hold every law, too.
    BOOST_TEST(accepted > 300);
    BOOST_TEST(powerCuts > 100);
    BOOST_TEST(charges > 150);
    BOOST_TEST(held > 10);
}

BOOST_AUTO_TEST_SUITE_END()
