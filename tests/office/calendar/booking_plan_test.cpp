// SPDX-License-Identifier: EUPL-1.2
//
// What may be booked, as the municipality's folder says it: taken whole or refused whole.
#include "appliance/office/calendar/booking_plan.h"
#include "tests/office/town.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;

namespace {

std::string shipped()
{
    std::ifstream file(std::string(AMT_SOURCE_DIR) + "/config/municipality/calendar.json");
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string changed(const std::string& from, const std::string& to)
{
    std::string text = shipped();
    const auto at = text.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_booking_plan)

BOOST_AUTO_TEST_CASE(the_shipped_plan_says_what_takes_how_long_and_what_to_bring)
{
    const auto plan = bookingPlanFromJson(*json::parseObject(shipped()));
    BOOST_TEST(plan.scope == "rathaus");
    BOOST_TEST(plan.services.size() == 6);
    const auto* passport = plan.service("99085001012000");
    BOOST_REQUIRE(passport);
    BOOST_TEST(textIn(passport->name, "de") == "Reisepass beantragen");
    BOOST_TEST((passport->time == ServiceTime{15min, 4}));
    BOOST_TEST((durationOf(plan.times(), {{"99085001012000", 2}, {"99049001001001", 1}}) == 35min));
    BOOST_TEST(!plan.service("99000000000000"));
    // A Thursday: three lanes in the morning, nothing over noon, open until six.
    const auto day = planFor(plan.rules, localDateFromIso("2026-11-26"));
    BOOST_TEST(day.lanes.at(8 * 12).all == 3);
    BOOST_TEST(day.lanes.at(8 * 12).open == 2);
    BOOST_TEST(day.lanes.at(12 * 12).all == 0);
    BOOST_TEST(day.lanes.at(18 * 12 - 1).all == 3);
}

struct Wrong {
    const char *from, *to;
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong)
{
    return out << wrong.from << " becomes " << wrong.to;
}
const Wrong wrongs[] = {
    {R"("format": 1,)", R"("format": 2,)"},
    {R"("scope": "rathaus")", R"("scope": "Rathaus 1")"},
    {R"("scope": "rathaus")", R"("scope": "")"},
    {R"("key": "99085001012000")", R"("key": "9908500101200")"},
    {R"("key": "99085001012000")", R"("key": "9908500101200x")"},
    {R"("key": "99085001012000")", R"("key": "99008001012000")"}, // one key twice
    {R"("minutes": 15)", R"("minutes": 0)"},
    {R"("minutes": 15)", R"("minutes": 241)"},
    {R"("minutes": 15)", R"("minutes": "15")"},
    {R"("quantityMax": 4)", R"("quantityMax": 0)"},
    {R"("quantityMax": 4)", R"("quantityMax": 10)"},
    {R"("de": "Reisepass beantragen")", R"("de": "")"},
    {R"("de": "Reisepass beantragen", )", ""}, // no German
    {R"("place")", R"("room")"},
    {R"("until": "12:00")", R"("until": "07:00")"},
};

BOOST_DATA_TEST_CASE(what_cannot_be_meant_refuses_the_whole_plan, data::make(wrongs), wrong)
{
    const std::string text = changed(wrong.from, wrong.to);
    BOOST_CHECK_EXCEPTION(
        bookingPlanFromJson(*json::parseObject(text)), Error, [](const Error& refused) {
            return refused.errorCode() == ErrorCode::InputMalformed ||
                   refused.errorCode() == ErrorCode::JsonMalformed;
        });
}

BOOST_AUTO_TEST_SUITE_END()
