// SPDX-License-Identifier: EUPL-1.2
//
// A town moves in with its appointments: all of them or those that fit, each once, sealed at once.
#include "appliance/office/calendar/booking_plan.h"
#include "appliance/office/calendar/brought_appointments.h"
#include "tests/node/heard_log.h"
#include "tests/node/ways.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using node::Surface;
using office::BroughtAppointment;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

constexpr auto passport = "99085001012000";

BroughtAppointment brought(const std::string& uid, const std::string& start)
{
    return {.uid = uid,
            .start = fromIso(start),
            .duration = 25min,
            .services = {{passport, 2}},
            .familyName = "Łukasiewicz",
            .givenNames = "Zoë",
            .phone = "02999 123"};
}
const std::string monday = "2026-11-23T07:30:00Z"; // 08:30: three lanes

enum class Run { Real, Dry };
enum class Rest { Leave, Take };

struct MovingTown {
    HttpResponse ask(const std::string& method, const std::string& path,
                     const std::string& query = {}, const std::string& body = {})
    {
        HttpRequest request;
        request.method = method;
        request.path = path;
        request.query = query;
        request.body = body;
        request.headers = {{"content-type", "application/json"}};
        return town.handle(Surface::Admin, request);
    }
    HttpResponse bring(const std::vector<BroughtAppointment>& list, Run run = Run::Real,
                       Rest rest = Rest::Leave)
    {
        auto appointments = json::makeArray();
        for (const auto& each : list)
            appointments->add(office::toJson(each));
        auto body = json::makeObject();
        body->set("appointments", appointments);
        body->set("dryRun", run == Run::Dry);
        body->set("takeRest", rest == Rest::Take);
        return ask("POST", "/admin/appointments", {}, json::write(*body));
    }
    /// "taken/known/past/conflicts, kept"
    static std::string summary(const HttpResponse& answer)
    {
        const auto said = json::parseObject(answer.body);
        std::string text;
        for (const char* count : {"taken", "known", "past"})
            text += std::to_string(json::integer(*said, count)) + "/";
        text += std::to_string(json::array(*said, "conflicts")->size());
        return text + (json::boolean(*said, "kept") ? ", kept" : ", not kept");
    }
    std::int64_t booked()
    {
        return town.count("SELECT count(*) FROM appointment WHERE state = 'Confirmed'");
    }

    Town town;
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_calendar_files)

BOOST_AUTO_TEST_CASE(what_a_town_brings_is_booked_once_however_often_it_comes)
{
    MovingTown moving;
    const std::vector<BroughtAppointment> list = {brought("a", monday), brought("b", monday),
                                                  brought("c", "2026-11-20T07:30:00Z")};
    BOOST_TEST(moving.summary(moving.bring(list, Run::Dry)) == "2/0/1/0, not kept");
    BOOST_TEST(moving.town.count("SELECT count(*) FROM appointment") == 0);
    BOOST_TEST(moving.town.count("SELECT count(*) FROM cell") == 0);
    BOOST_TEST(moving.summary(moving.bring(list)) == "2/0/1/0, kept");
    BOOST_TEST(moving.booked() == 2);
    const auto records = moving.town.count("SELECT count(*) FROM journal");
    BOOST_TEST(moving.summary(moving.bring(list)) == "0/2/1/0, kept");
    BOOST_TEST(moving.booked() == 2);
    BOOST_TEST(moving.town.count("SELECT count(*) FROM journal") == records);
    moving.town.restart();
    BOOST_TEST(moving.summary(moving.bring(list)) == "0/2/1/0, kept");
}

BOOST_AUTO_TEST_CASE(names_are_sealed_at_once_and_shown_at_the_desk_only)
{
    HeardLog log;
    MovingTown moving;
    Browser desk(moving.town, Surface::Desk);
    signInFirst(moving.town, desk);
    const auto answer = moving.bring({brought("a", monday)});
    BOOST_TEST(answer.body.find("ukasiewicz") == std::string::npos);
    std::string everything = log.text();
    for (const char* column : {"SELECT group_concat(sealed || services || code) FROM appointment",
                               "SELECT group_concat(details || id) FROM journal"})
        everything += moving.town.text(column);
    BOOST_TEST(everything.find("ukasiewicz") == std::string::npos);
    BOOST_TEST(everything.find("02999") == std::string::npos);
    BOOST_TEST(moving.town.count("SELECT count(*) FROM journal WHERE kind = 'BOOK'") == 1);
    desk.get("/desk/appointments?day=2026-11-23");
    BOOST_TEST(desk.shows("Łukasiewicz, Zoë"));
}

struct Misfit {
    const char* why;
    std::function<void(BroughtAppointment&)> make;
};
std::ostream& operator<<(std::ostream& out, const Misfit& misfit)
{
    return out << misfit.why;
}
const Misfit misfits[] = {
    {"service",
     [](auto& each) {
         each.services = {{"99000000000000", 1}};
     }},
    {"service", [](auto& each) { each.services[0].quantity = 5; }},
    {"name", [](auto& each) { each.familyName = "A<b>"; }},
    {"phone", [](auto& each) { each.phone = "call me"; }},
    {"grid", [](auto& each) { each.start += 1min; }},
    {"not-free", [](auto& each) { each.start += 6h; }},        // Monday afternoon
    {"not-free", [](auto& each) { each.start += 24h * 400; }}, // after the window
};

BOOST_DATA_TEST_CASE(one_that_does_not_fit_stops_all_or_is_left_behind, data::make(misfits), misfit)
{
    MovingTown moving;
    std::vector<BroughtAppointment> list = {brought("a", monday), brought("b", monday)};
    misfit.make(list[1]);
    const auto answer = moving.bring(list);
    BOOST_TEST(moving.summary(answer) == "1/0/0/1, not kept");
    const auto conflicts = json::array(*json::parseObject(answer.body), "conflicts");
    BOOST_TEST(json::text(*conflicts->getObject(0), "why") == misfit.why);
    BOOST_TEST(json::integer(*conflicts->getObject(0), "index") == 1);
    BOOST_TEST(moving.town.count("SELECT count(*) FROM appointment") == 0);
    BOOST_TEST(moving.summary(moving.bring(list, Run::Real, Rest::Take)) == "1/0/0/1, kept");
    BOOST_TEST(moving.booked() == 1);
}

BOOST_AUTO_TEST_CASE(more_than_there_are_lanes_do_not_fit)
{
    MovingTown moving;
    std::vector<BroughtAppointment> list;
    for (const char* uid : {"a", "b", "c", "d"})
        list.push_back(brought(uid, monday));
    BOOST_TEST(moving.summary(moving.bring(list, Run::Real, Rest::Take)) == "3/0/0/1, kept");
    BOOST_TEST(moving.town.count("SELECT count(*) FROM (SELECT 1 FROM cell GROUP BY day, lane, idx"
                                 " HAVING count(*) > 1)") == 0);
}

BOOST_AUTO_TEST_CASE(what_is_given_out_has_no_names_and_is_known_when_it_comes_back)
{
    MovingTown moving;
    moving.bring({brought("a", monday)});
    const auto answer =
        moving.ask("GET", "/admin/appointments", "from=2026-11-23&until=2026-11-30");
    BOOST_TEST(answer.status == 200);
    const auto list = json::array(*json::parseObject(answer.body), "appointments");
    BOOST_REQUIRE(list->size() == 1u);
    const auto given = office::broughtFromJson(*list->getObject(0));
    BOOST_TEST(toIso(given.start) == "2026-11-23T07:30:00.000Z");
    BOOST_TEST(given.familyName + given.givenNames + given.phone == "");
    BOOST_TEST(moving.summary(moving.bring({given})) == "0/1/0/0, kept");
    BOOST_TEST(
        moving.ask("GET", "/admin/appointments", "from=2026-11-30&until=2026-11-23").status == 400);
}

BOOST_AUTO_TEST_CASE(the_plan_is_told_with_the_hours_that_count)
{
    MovingTown moving;
    const auto answer = moving.ask("GET", "/admin/plan");
    BOOST_TEST(answer.status == 200);
    const auto plan = office::bookingPlanFromJson(*json::parseObject(answer.body));
    BOOST_TEST(plan.scope == "rathaus");
    BOOST_TEST(plan.rules.rules.size() == 4u);
}

BOOST_AUTO_TEST_SUITE_END()
