// SPDX-License-Identifier: EUPL-1.2
//
// The world bites: each planted fault is found within three hundred seeds; and a seed lives the
// same life twice.
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

constexpr std::uint64_t seeds = 300;
const std::vector<std::string> plants = {"silence-means-declined", "intent-after-sending",
                                         "acknowledge-before-commit",
                                         "retry-announces-second-case"};

} // namespace

BOOST_FIXTURE_TEST_SUITE(sim_plants, Quiet)

BOOST_AUTO_TEST_CASE(the_same_seed_lives_the_same_life)
{
    const auto first = sim::liveWorld({7, sim::Plant::None, AMT_SOURCE_DIR, false});
    const auto second = sim::liveWorld({7, sim::Plant::None, AMT_SOURCE_DIR, false});
    BOOST_TEST(first.story == second.story, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(a_planted_fault_is_found, boost::unit_test::data::make(plants), plant)
{
    bool found = false;
    for (std::uint64_t seed = 1; seed <= seeds && !found; ++seed)
        found = !sim::liveWorld({seed, sim::plantFromName(plant), AMT_SOURCE_DIR, false})
                     .broken.empty();
    BOOST_TEST(found);
}

BOOST_AUTO_TEST_SUITE_END()
