// SPDX-License-Identifier: EUPL-1.2
//
// Durations: services combined, with quantities, in whole cells only at the end.
#include "appliance/core/error.h"
#include "appliance/office/calendar/day_cells.h"
#include "appliance/office/calendar/durations.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;

namespace {

const ServiceTimes times = {{"identityCard", {15min, 4}},
                            {"passport", {12min, 2}},
                            {"pickUp", {4min, 4}},
                            {"residence", {120min, 5}},
                            {"free", {0min, 1}}};

struct Combination {
    std::vector<WantedService> wanted;
    int minutes;
    int cells;
};
std::ostream& operator<<(std::ostream& out, const Combination& combination)
{
    return out << combination.minutes << " min";
}
const Combination combinations[] = {
    {{{"identityCard", 1}}, 15, 3},
    {{{"identityCard", 4}}, 60, 12},
    {{{"identityCard", 1}, {"passport", 2}}, 39, 8},
    {{{"pickUp", 1}}, 4, 1},
    {{{"pickUp", 4}, {"passport", 2}}, 40, 8}, // 16 and 24, not 20 and 25
    {{{"pickUp", 1}, {"free", 1}}, 4, 1},
    {{{"residence", 4}}, 480, 96},
};

struct Refused {
    const char* name;
    std::vector<WantedService> wanted;
    ErrorCode code;
};
std::ostream& operator<<(std::ostream& out, const Refused& refused)
{
    return out << refused.name;
}
const Refused refusals[] = {
    {"nothing", {}, ErrorCode::InputMalformed},
    {"no time", {{"free", 1}}, ErrorCode::InputMalformed},
    {"unknown", {{"wedding", 1}}, ErrorCode::NotFound},
    {"none of it", {{"pickUp", 0}}, ErrorCode::InputMalformed},
    {"less than none", {{"pickUp", -1}}, ErrorCode::InputMalformed},
    {"too many", {{"passport", 3}}, ErrorCode::InputMalformed},
    {"twice", {{"pickUp", 1}, {"pickUp", 1}}, ErrorCode::InputMalformed},
    {"more than a day", {{"residence", 5}}, ErrorCode::InputMalformed},
};

} // namespace

BOOST_AUTO_TEST_SUITE(office_calendar_durations)

BOOST_DATA_TEST_CASE(what_is_combined_adds_up, data::make(combinations), combination)
{
    const auto duration = durationOf(times, combination.wanted);
    BOOST_TEST(duration.count() == combination.minutes);
    BOOST_TEST(cellsOf(duration) == combination.cells);
}

BOOST_DATA_TEST_CASE(a_wish_that_cannot_be_meant_is_refused, data::make(refusals), refused)
{
    BOOST_CHECK_EXCEPTION(durationOf(times, refused.wanted), Error,
                          [&](const Error& error) { return error.errorCode() == refused.code; });
}

BOOST_AUTO_TEST_SUITE_END()
