// SPDX-License-Identifier: EUPL-1.2
//
// Calendars of desks that other programs subscribe to, without names; and the file with names, for
// whoever answers for it.
#include "appliance/office/calendar/brought_appointments.h"
#include "tests/node/heard_log.h"
#include "tests/node/ways.h"

#include <boost/test/unit_test.hpp>

#include <regex>

using namespace amt;
using namespace amt::test;
using node::Surface;
using namespace std::chrono_literals;

namespace {

constexpr auto passport = "99085001012000"; // group meldewesen: desks 1 to 3
constexpr auto permit = "99108001001000";   // group parken: desks 1, 2, 104
constexpr auto otherRoom = "104";

struct Subscribed {
    Subscribed() { signInFirst(town, desk); }

    void book(const std::string& id, const std::string& service, const std::string& at)
    {
        desk.get("/desk/appointments");
        desk.post("/desk/appointments/book", {{"id", id},
                                              {"what", service + "*1"},
                                              {"at", at},
                                              {"familyNames", "Łukasiewicz"},
                                              {"givenNames", "Zoë"},
                                              {"phone", "02999 123"}});
    }
    /// Path of the address that is made now.
    std::string make(const std::string& id)
    {
        desk.get("/desk/calendar");
        desk.post("/desk/calendar/feeds", {{"desk", id}});
        std::smatch found;
        const std::string& body = desk.page.body;
        BOOST_REQUIRE(std::regex_search(
            body, found,
            std::regex("https:(?:/|&#x2F;|&#47;)+[^/&]+(?:/|&#x2F;|&#47;)calendar(?:/"
                       "|&#x2F;|&#47;)([A-Za-z0-9_-]{22})")));
        return "/calendar/" + found[1].str();
    }
    /// What another program hears, which is not signed in.
    HttpResponse fetch(const std::string& path, const std::string& etag = {})
    {
        Browser program(town, Surface::Desk);
        auto request = program.request("GET", path);
        if (!etag.empty())
            request.headers["if-none-match"] = etag;
        return program.send(request);
    }
    static std::vector<office::BroughtAppointment> read(const HttpResponse& answer)
    {
        return office::appointmentsFromCalendar(answer.body, {}).appointments;
    }

    Town town;
    Browser desk{town, Surface::Desk};
};

constexpr auto first = "3f0e5c0e-9d53-4f0a-8d38-7f3f7b6d1a11";
constexpr auto second = "3f0e5c0e-9d53-4f0a-8d38-7f3f7b6d1a12";

} // namespace

BOOST_AUTO_TEST_SUITE(node_calendar_feed)

BOOST_AUTO_TEST_CASE(a_subscriber_sees_time_and_service_of_the_desk_and_no_name)
{
    Subscribed office;
    office.book(first, passport, "2026-11-23/96");
    office.book(second, permit, "2026-11-24/96");
    const auto at104 = office.fetch(office.make(otherRoom));
    BOOST_TEST(at104.status == 200);
    BOOST_TEST(at104.header("Content-Type") == "text/calendar; charset=utf-8");
    const auto seen = office.read(at104);
    BOOST_REQUIRE(seen.size() == 1u); // passports are not served there
    BOOST_TEST(toIso(seen[0].start) == "2026-11-24T07:00:00.000Z");
    BOOST_TEST(at104.body.find("SUMMARY:Bewohnerparkausweis beantragen") != std::string::npos);
    const auto at1 = office.fetch(office.make("1"));
    BOOST_TEST(office.read(at1).size() == 2u);
    for (const char* secret : {"ukasiewicz", "Zo", "02999", "TE-"})
        BOOST_TEST(at1.body.find(secret) == std::string::npos, secret);
}

BOOST_AUTO_TEST_CASE(the_number_stands_there_once_somebody_has_come)
{
    Subscribed office;
    office.book(first, passport, "2026-11-23/96");
    const std::string path = office.make("1");
    const std::string before = office.fetch(path).body;
    BOOST_TEST(before.find("SUMMARY:Reisepass beantragen") != std::string::npos);
    office.town.loop.advance(45h + 29min - 60min); // Monday, 07:10
    Browser reception(office.town, Surface::Desk);
    reception.get("/desk/sign-in");
    reception.post("/desk/sign-in", {{"name", "Erika Amt"}, {"password", firstPassword}});
    reception.get(std::string("/desk/appointments/") + first);
    reception.post(std::string("/desk/appointments/") + first + "/check-in");
    BOOST_TEST(office.fetch(path).body.find("SUMMARY:B 001 · Reisepass beantragen") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_again_while_nothing_has_changed)
{
    Subscribed office;
    office.book(first, passport, "2026-11-23/96");
    const std::string path = office.make("1");
    const auto once = office.fetch(path);
    const std::string etag = once.header("ETag");
    BOOST_TEST(!etag.empty());
    office.town.loop.advance(1h);
    const auto again = office.fetch(path, etag);
    BOOST_TEST(again.status == 304);
    BOOST_TEST(again.body.empty());
    BOOST_TEST(again.header("ETag") == etag);
    office.desk.get(std::string("/desk/appointments/") + first);
    office.town.database().execute("UPDATE appointment SET state = 'Cancelled'");
    const auto changed = office.fetch(path, etag);
    BOOST_TEST(changed.status == 200);
    BOOST_TEST(office.read(changed).empty());
}

BOOST_AUTO_TEST_CASE(an_address_that_was_renewed_or_locked_leads_nowhere)
{
    Subscribed office;
    const std::string old = office.make("1");
    BOOST_TEST(office.fetch(old).status == 200);
    office.desk.get("/desk/calendar");
    BOOST_TEST(!office.desk.shows(old.substr(10))); // shown once
    const std::string renewed = office.make("1");
    BOOST_TEST(office.fetch(old).status == 403);
    BOOST_TEST(office.fetch(renewed).status == 200);
    office.town.restart();
    BOOST_TEST(office.fetch(renewed).status == 200);
    Browser desk(office.town, Surface::Desk);
    desk.get("/desk/sign-in");
    desk.post("/desk/sign-in", {{"name", "Erika Amt"}, {"password", firstPassword}});
    desk.get("/desk/calendar");
    desk.post("/desk/calendar/feeds/end", {{"desk", "1"}});
    BOOST_TEST(desk.page.status == 200);
    BOOST_TEST(office.fetch(renewed).status == 403);
    desk.post("/desk/calendar/feeds/end", {{"desk", "1"}});
    BOOST_TEST(desk.page.status == 404);
    desk.get("/desk/calendar");
    desk.post("/desk/calendar/feeds", {{"desk", "99"}});
    BOOST_TEST(desk.page.status == 404);
    BOOST_TEST(office.town.count("SELECT count(*) FROM journal WHERE details LIKE "
                                 "'%calendar-feed%'") == 3);
}

BOOST_AUTO_TEST_CASE(the_secret_rests_nowhere)
{
    HeardLog log;
    Subscribed office;
    const std::string secret = office.make("1").substr(10);
    office.fetch("/calendar/" + secret);
    const std::string everything =
        log.text() +
        office.town.text("SELECT group_concat(token_hash || desk) FROM calendar_feed") +
        office.town.text("SELECT group_concat(details || id) FROM journal");
    BOOST_TEST(everything.find(secret) == std::string::npos);
    BOOST_TEST(office.town.count("SELECT count(*) FROM calendar_feed") == 1);
}

BOOST_AUTO_TEST_CASE(names_leave_at_the_desk_only_and_it_is_written_down)
{
    Subscribed office;
    office.book(first, passport, "2026-11-23/96");
    const std::string days = "/desk/calendar/appointments?from=2026-11-21&until=2026-12-31";
    for (const char* as : {"csv", "ics"}) {
        const auto answer = office.desk.send("GET", days + "&as=" + as);
        BOOST_TEST(answer.status == 200);
        const auto read = std::string(as) == "csv"
                              ? office::appointmentsFromCsv(answer.body)
                              : office::appointmentsFromCalendar(answer.body, {}).appointments;
        BOOST_REQUIRE(read.size() == 1u);
        BOOST_TEST(read[0].familyName == "Łukasiewicz");
        BOOST_TEST(read[0].givenNames == "Zoë");
        BOOST_TEST(read[0].phone == "02999 123");
        BOOST_TEST(office::idOf(read[0]) == first);
        BOOST_TEST(read[0].duration.count() == 15);
    }
    BOOST_TEST(office.town.count("SELECT count(*) FROM journal WHERE kind = 'AUDIT' AND details "
                                 "LIKE '%export-appointments%'") == 2);
    BOOST_TEST(office.desk.send("GET", days + "&as=pdf").status == 400);
    BOOST_TEST(office.desk.send("GET", "/desk/calendar/appointments?from=2026-11-21").status ==
               400);
}

BOOST_AUTO_TEST_SUITE_END()
