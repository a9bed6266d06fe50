// SPDX-License-Identifier: EUPL-1.2
//
// Bits of a day against loops over single cells.
#include "appliance/office/calendar/day_lanes.h"
#include "tests/support/seeded_random.h"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(office_calendar_day_lanes)

BOOST_AUTO_TEST_CASE(runs_are_those_that_counting_finds)
{
    test::SameRandom random(7);
    for (int round = 0; round < 400; ++round) {
        CellSet set;
        std::vector<bool> plain(cellsMax, false);
        // Long runs, short ones, whole words, the last cell.
        for (int i = static_cast<int>(randomBelow(random, 12)); i >= 0; --i) {
            const int first = static_cast<int>(randomBelow(random, cellsMax));
            const int count =
                1 + static_cast<int>(randomBelow(
                        random, std::min<std::uint64_t>(cellsMax - first, round % 3 ? 130 : 9)));
            const bool adds = i % 4 != 1;
            adds ? set.add(first, count) : set.remove(first, count);
            std::fill_n(plain.begin() + first, count, adds);
        }
        int longest = 0;
        for (int cell = 0, run = 0; cell < cellsMax; ++cell) {
            BOOST_REQUIRE(set.contains(cell) == plain[cell]);
            run = plain[cell] ? run + 1 : 0;
            longest = std::max(longest, run);
        }
        BOOST_REQUIRE(set.longestRun() == longest);
        BOOST_REQUIRE(set.any() == (longest > 0));
        for (const int count : {1, 2, 3, 5, 8, 63, 64, 65, 96, 129, 300}) {
            const CellSet starts = set.startsOf(count);
            int from = 0;
            for (int cell = 0; cell < cellsMax; ++cell) {
                const bool fits = cell + count <= cellsMax &&
                                  std::all_of(plain.begin() + cell, plain.begin() + cell + count,
                                              [](bool each) { return each; });
                BOOST_REQUIRE_MESSAGE(starts.contains(cell) == fits,
                                      "round " << round << " count " << count << " at " << cell);
                if (fits) {
                    BOOST_REQUIRE(starts.next(from) == cell);
                    from = cell + 1;
                }
            }
            BOOST_REQUIRE(starts.next(from) == cellsMax);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_lane_is_the_one_that_leaves_the_long_gaps_long)
{
    OpeningRules rules;
    const LocalDate monday = localDateFromIso("2026-11-23");
    rules.rules = {
        {.id = "a", .weekdays = {std::chrono::Monday}, .first = monday, .hours = {8h, 12h, 4, 2}}};
    DayLanes lanes(planFor(rules, monday));
    const int eight = lanes.cells().cellAt(8h);
    BOOST_TEST((lanes.lanesFor(eight, 3, Booker::Public) == std::vector{0, 1}));
    // Staff leave the lanes of the public alone as long as they can.
    BOOST_TEST((lanes.lanesFor(eight, 3, Booker::Staff) == std::vector{2, 3, 0, 1}));
    BOOST_TEST(lanes.longestRun(Booker::Public) == 48);
    lanes.take(0, eight + 10, 1);
    lanes.take(1, eight + 20, 1);
    BOOST_TEST(lanes.longestRun(Booker::Public) == 37);
    BOOST_TEST(lanes.longestRun(Booker::Staff) == 48);
    lanes.giveBack(1, eight + 20, 1);
    BOOST_TEST(lanes.longestRun(Booker::Public) == 48);
    lanes.giveBack(0, eight + 10, 1);
    lanes.take(1, eight + 3, 2); // a gap of exactly three cells before it
    lanes.take(3, eight + 4, 2);
    BOOST_TEST((lanes.lanesFor(eight, 3, Booker::Public) == std::vector{1, 0}));
    BOOST_TEST((lanes.lanesFor(eight, 3, Booker::Staff) == std::vector{3, 2, 1, 0}));
    BOOST_TEST((lanes.lanesFor(eight, 4, Booker::Public) == std::vector{0}));
    BOOST_TEST((lanes.lanesFor(eight - 1, 3, Booker::Public).empty()));
    BOOST_TEST((lanes.lanesFor(eight + 46, 3, Booker::Staff).empty()));
    lanes.giveBack(1, eight + 3, 2);
    BOOST_TEST((lanes.lanesFor(eight, 3, Booker::Public) == std::vector{0, 1}));
    // What was booked in a lane that the rules do not open any more takes nothing from others.
    lanes.take(9, eight, 48);
    BOOST_TEST((lanes.lanesFor(eight, 3, Booker::Public) == std::vector{0, 1}));
}

BOOST_AUTO_TEST_SUITE_END()
