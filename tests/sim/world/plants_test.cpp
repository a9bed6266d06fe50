// SPDX-License-Identifier: EUPL-1.2
//
// The world bites: each planted fault is found soon, wherever one begins; and a seed lives the same
// life again, here and in another process.
#include "appliance/core/log.h"
#include "tests/sim/world/world.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdio>
#include <memory>

using namespace amt;

namespace {

struct Quiet {
    Quiet() { log::setEnabled(false); }
    ~Quiet() { log::setEnabled(true); }
};

const std::vector<std::string> plants = {"silence-means-declined", "intent-after-sending",
                                         "acknowledge-before-commit",
                                         "retry-announces-second-case"};
constexpr std::array<std::uint64_t, 3> beginnings = {1, 1001, 2001};
constexpr std::uint64_t seedsMax = 300, meanMax = 30;

std::string storyOf(std::uint64_t seed)
{
    std::string text;
    for (const auto& line : sim::liveWorld({seed, sim::Plant::None, AMT_SOURCE_DIR, false}).story)
        text += line + "\n";
    return text;
}

/// As amt-sim tells it, without its last line, the sum.
std::string storyElsewhere(std::uint64_t seed)
{
    const std::string command =
        AMT_BINARY_DIR "/bin/amt-sim --story --seeds 1 --from " + std::to_string(seed);
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"),
                                                               &::pclose);
    BOOST_REQUIRE(pipe);
    std::string text;
    std::array<char, 4096> piece;
    while (const auto count = std::fread(piece.data(), 1, piece.size(), pipe.get()))
        text.append(piece.data(), count);
    const auto sum = text.rfind('\n', text.size() - 2);
    return text.substr(0, sum + 1);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(sim_plants, Quiet)

BOOST_DATA_TEST_CASE(the_same_seed_lives_the_same_life, boost::unit_test::data::make({7, 8, 9}),
                     number)
{
    const auto seed = static_cast<std::uint64_t>(number);
    const std::string first = storyOf(seed);
    storyOf(seed + 100); // whatever lived in between
    BOOST_TEST(storyOf(seed) == first);
    BOOST_TEST(storyElsewhere(seed) == first);
}

BOOST_DATA_TEST_CASE(a_planted_fault_is_found_soon, boost::unit_test::data::make(plants), plant)
{
    std::uint64_t lived = 0;
    for (const auto beginning : beginnings) {
        bool found = false;
        for (auto seed = beginning; seed < beginning + seedsMax && !found; ++seed) {
            ++lived;
            found = !sim::liveWorld({seed, sim::plantFromName(plant), AMT_SOURCE_DIR, false})
                         .broken.empty();
        }
        BOOST_TEST(found);
    }
    BOOST_TEST(lived <= meanMax * beginnings.size());
}

BOOST_AUTO_TEST_SUITE_END()
