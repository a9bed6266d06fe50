// SPDX-License-Identifier: EUPL-1.2
//
// The lead's pages: opening hours looked at, changed after a look at what that does, taken back;
// and the figures of the days.
#include "tests/node/ways.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using node::Surface;
using Form = std::map<std::string, std::string>;
namespace data = boost::unit_test::data;

namespace {

constexpr auto change = "/desk/hours/change";
constexpr auto monday = "2026-11-23";

struct Planning {
    Planning() { signInFirst(town, lead); }

    /// Up to the page that says what would come of it.
    void preview(const Form& form)
    {
        std::string address = std::string(change) + "?preview=1";
        for (const auto& [name, value] : form) {
            std::string written;
            for (const char each : value)
                written += each == ' ' ? "+" : each == ':' ? "%3A" : std::string(1, each);
            address += "&" + name + "=" + written;
        }
        lead.get(address);
    }
    void save(Form form)
    {
        form["basedOn"] = firstOf(lead, "name=\"basedOn\" value=\"([0-9]+)\"");
        form["seen"] = firstOf(lead, "name=\"seen\" value=\"([0-9a-f]+)\"");
        lead.post(change, form);
    }
    std::int64_t versions() { return town.count("SELECT count(*) FROM opening_rules"); }
    /// What the page says about a day.
    std::string hoursOn(const std::string& day)
    {
        lead.get("/desk/hours?week=" + day);
        return firstOf(lead, "day=" + day +
                                 "\">[^<]*</a></th><td[^>]*>((?:<span[^>]*>[^<]*</span>"
                                 "|[^<]+)*)</td>");
    }

    Town town;
    Browser lead{town, Surface::Desk};
};

Form closing(const std::string& first, const std::string& last)
{
    return {{"kind", "close"}, {"first", first}, {"last", last}, {"reason", "Betriebsausflug"}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_hours)

BOOST_AUTO_TEST_CASE(a_week_shows_what_is_open_booked_and_special)
{
    Planning planning;
    bookByPhone(planning.lead);
    planning.lead.get("/desk/hours?week=2026-11-26");
    BOOST_TEST(planning.lead.shows("Woche ab 23.11.2026"));
    BOOST_TEST(planning.hoursOn(monday) ==
               "<span class=\"line\">8:00–12:00 Uhr: 3 Schalter, davon 2 für alle</span>");
    BOOST_TEST(planning.hoursOn("2026-11-26") ==
               "<span class=\"line\">8:00–12:00 Uhr: 3 Schalter, davon 2 für alle</span>"
               "<span class=\"line\">14:00–18:00 Uhr: 3 Schalter, davon 2 für alle</span>");
    BOOST_TEST(planning.hoursOn("2026-11-29") == "geschlossen");
    planning.lead.get("/desk/hours?week=" + std::string(monday));
    BOOST_TEST(planning.lead.shows("class=\"week-booked\""));
    planning.lead.get("/desk/hours?week=2026-12-24");
    BOOST_TEST(planning.lead.shows("1. Weihnachtstag"));
    BOOST_TEST(planning.lead.shows("Heiligabend"));
}

BOOST_AUTO_TEST_CASE(a_closure_shows_its_conflicts_first_keeps_them_and_can_be_taken_back)
{
    Planning planning;
    const std::string appointment = bookByPhone(planning.lead);
    const std::string code = planning.town.text("SELECT code FROM appointment");
    const Form form = closing(monday, "2026-11-27");
    planning.preview(form);
    BOOST_TEST(planning.lead.shows("1 gebuchter Termin passt nicht mehr in diese Zeiten."));
    BOOST_TEST(planning.lead.shows("href=\"" + appointment + "\""));
    BOOST_TEST(planning.lead.shows(code));
    BOOST_TEST(planning.versions() == 1); // nothing happened yet
    planning.save(form);
    BOOST_TEST(planning.lead.location == "/desk/hours?week=2026-11-23");
    BOOST_TEST(planning.lead.shows("1 gebuchter Termin liegt außerhalb der Öffnungszeiten."));
    BOOST_TEST(planning.lead.shows("Betriebsausflug"));
    BOOST_TEST(planning.hoursOn("2026-11-25") == "geschlossen");
    BOOST_TEST(planning.town.text("SELECT state FROM appointment") == "Confirmed");
    planning.lead.get("/desk/appointments/new?what=99085001012000*2");
    BOOST_TEST(!planning.lead.shows("at=2026-11-24/"));
    BOOST_TEST(planning.lead.shows("at=2026-11-30/"));
    // Who and why stand in the audit only.
    BOOST_TEST(planning.town.count("SELECT count(*) FROM journal WHERE kind = 'AUDIT' AND details "
                                   "LIKE '%Betriebsausflug%' AND details LIKE '%Erika Amt%'") == 1);
    BOOST_TEST(planning.town.count("SELECT count(*) FROM journal WHERE kind = 'RULES' AND details "
                                   "LIKE '%Betriebsausflug%'") == 0);

    planning.lead.get(std::string(change) + "?kind=undo");
    BOOST_TEST(planning.lead.shows("Kein gebuchter Termin steht dem entgegen."));
    planning.save({{"kind", "undo"}});
    BOOST_TEST(planning.lead.shows("wieder wie Fassung 1"));
    BOOST_TEST(planning.hoursOn("2026-11-25") ==
               "<span class=\"line\">8:00–12:00 Uhr: 3 Schalter, davon 2 für alle</span>");
    BOOST_TEST(planning.versions() == 3);
}

BOOST_AUTO_TEST_CASE(a_booking_that_came_meanwhile_is_shown_before_anything_is_saved)
{
    Planning planning;
    const Form form = closing(monday, monday);
    planning.preview(form);
    BOOST_TEST(planning.lead.shows("Kein gebuchter Termin steht dem entgegen."));
    const std::string basedOn = firstOf(planning.lead, "name=\"basedOn\" value=\"([0-9]+)\"");
    const std::string seen = firstOf(planning.lead, "name=\"seen\" value=\"([0-9a-f]+)\"");
    bookByPhone(planning.lead);
    Form stale = form;
    stale["basedOn"] = basedOn;
    stale["seen"] = seen;
    planning.lead.post(change, stale);
    BOOST_TEST(planning.lead.page.status == 409);
    BOOST_TEST(planning.lead.shows("Inzwischen hat sich etwas geändert."));
    BOOST_TEST(planning.lead.shows("1 gebuchter Termin passt nicht mehr"));
    BOOST_TEST(planning.versions() == 1);
    planning.save(form); // from the page that came instead
    BOOST_TEST(planning.versions() == 2);
}

BOOST_AUTO_TEST_CASE(rules_that_somebody_saved_meanwhile_are_looked_at_first)
{
    Planning planning;
    const Form mine = closing("2026-12-01", "2026-12-01"),
               other = closing("2026-12-02", "2026-12-02");
    planning.preview(mine);
    Form stale = mine;
    stale["basedOn"] = firstOf(planning.lead, "name=\"basedOn\" value=\"([0-9]+)\"");
    stale["seen"] = firstOf(planning.lead, "name=\"seen\" value=\"([0-9a-f]+)\"");
    planning.preview(other);
    planning.save(other);
    planning.lead.get("/desk/hours");
    planning.lead.get(std::string(change) + "?kind=close"); // any page with a key
    planning.preview(mine);
    planning.lead.post(change, stale);
    BOOST_TEST(planning.lead.page.status == 409);
    BOOST_TEST(planning.versions() == 2);
    planning.save(mine);
    BOOST_TEST(planning.hoursOn("2026-12-01") == "geschlossen");
    BOOST_TEST(planning.hoursOn("2026-12-02") == "geschlossen"); // neither is lost
}

struct Made {
    const char* title;
    Form form;
    const char* day;
    const char* open;
    friend std::ostream& operator<<(std::ostream& out, const Made& made)
    {
        return out << made.title;
    }
};
const Made changes[] = {
    {"an afternoon off",
     {{"kind", "close"},
      {"first", "2026-11-26"},
      {"last", "2026-11-26"},
      {"from", "15:00"},
      {"until", ""},
      {"reason", "Versammlung"}},
     "2026-11-26",
     "8:00–12:00 Uhr: 3 Schalter, davon 2 für alle|14:00–15:00 Uhr: 3 Schalter, davon 2 für alle"},
    {"two colleagues ill",
     {{"kind", "fewer"},
      {"first", "2026-11-23"},
      {"last", "2026-11-24"},
      {"from", "08:00"},
      {"until", "12:00"},
      {"lanes", "2"},
      {"publicLanes", "1"},
      {"reason", "krank"}},
     "2026-11-23",
     "8:00–12:00 Uhr: 1 Schalter, davon 1 für alle"},
    {"a Sunday before an election",
     {{"kind", "besides"},
      {"first", "2026-11-29"},
      {"last", "2026-11-29"},
      {"from", "10:00"},
      {"until", "13:00"},
      {"lanes", "2"},
      {"publicLanes", "2"},
      {"reason", "Wahl"}},
     "2026-11-29",
     "10:00–13:00 Uhr: 2 Schalter, davon 2 für alle"},
    {"another day",
     {{"kind", "instead"},
      {"first", "2026-11-25"},
      {"last", "2026-11-25"},
      {"from", "09:00"},
      {"until", "11:00"},
      {"lanes", "1"},
      {"publicLanes", "0"},
      {"from2", "13:00"},
      {"until2", "15:30"},
      {"lanes2", "2"},
      {"publicLanes2", "1"},
      {"reason", "Umzug"}},
     "2026-11-25",
     "9:00–11:00 Uhr: 1 Schalter, davon 0 für alle|13:00–15:30 Uhr: 2 Schalter, davon 1 für alle"},
    {"every second week, from the week of the first day on",
     {{"kind", "rule"},
      {"we", "1"},
      {"rhythm", "2w"},
      {"first", "2026-11-16"},
      {"from", "16:00"},
      {"until", "18:00"},
      {"lanes", "1"},
      {"publicLanes", "1"},
      {"reason", "Abendstunde"}},
     "2026-12-02",
     "8:00–12:00 Uhr: 3 Schalter, davon 2 für alle|16:00–18:00 Uhr: 1 Schalter, davon 1 für alle"},
    {"the last Sunday of a month",
     {{"kind", "rule"},
      {"su", "1"},
      {"rhythm", "5m"},
      {"first", "2026-11-01"},
      {"last", "2026-11-30"},
      {"from", "10:00"},
      {"until", "11:00"},
      {"lanes", "1"},
      {"publicLanes", "1"},
      {"reason", "Versuch"}},
     "2026-11-29",
     "10:00–11:00 Uhr: 1 Schalter, davon 1 für alle"},
    {"Christmas, although a holiday",
     {{"kind", "besides"},
      {"first", "2026-12-25"},
      {"last", "2026-12-25"},
      {"from", "10:00"},
      {"until", "11:00"},
      {"lanes", "1"},
      {"publicLanes", "1"},
      {"holidays", "1"},
      {"reason", "Notdienst"}},
     "2026-12-25",
     "10:00–11:00 Uhr: 1 Schalter, davon 1 für alle"},
};

BOOST_DATA_TEST_CASE(each_kind_of_change_makes_the_day_as_it_says, data::make(changes), made)
{
    Planning planning;
    planning.preview(made.form);
    BOOST_TEST(planning.lead.page.status == 200);
    planning.save(made.form);
    BOOST_TEST(planning.versions() == 2);
    std::string expected = "<span class=\"line\">" + std::string(made.open) + "</span>";
    for (std::size_t at; (at = expected.find('|')) != std::string::npos;)
        expected.replace(at, 1, "</span><span class=\"line\">");
    BOOST_TEST(planning.hoursOn(made.day) == expected);
}

BOOST_AUTO_TEST_CASE(a_rule_is_edited_from_what_it_says_and_taken_out)
{
    Planning planning;
    planning.lead.get(std::string(change) + "?kind=rule&id=dienstag");
    BOOST_TEST(
        planning.lead.shows("name=\"tu\" type=\"checkbox\" value=\"1\" checked=\"checked\""));
    BOOST_TEST(planning.lead.shows("type=\"time\" step=\"300\" value=\"14:00\""));
    const Form form = {{"kind", "rule"},
                       {"id", "dienstag"},
                       {"tu", "1"},
                       {"rhythm", "1w"},
                       {"first", "2026-01-01"},
                       {"from", "14:00"},
                       {"until", "19:00"},
                       {"lanes", "2"},
                       {"publicLanes", "1"},
                       {"reason", "langer Dienstag"}};
    planning.preview(form);
    planning.save(form);
    BOOST_TEST(planning.hoursOn("2026-11-24").find("14:00–19:00 Uhr") != std::string::npos);
    const Form removal = {{"kind", "remove"}, {"id", "dienstag"}, {"reason", "Sparen"}};
    planning.lead.get(std::string(change) + "?kind=remove&id=dienstag");
    BOOST_TEST(planning.lead.shows("Di · ab 01.01.2026"));
    planning.preview(removal);
    planning.save(removal);
    BOOST_TEST(planning.hoursOn("2026-11-24") ==
               "<span class=\"line\">8:00–12:00 Uhr: 3 Schalter, davon 2 für alle</span>");
}

BOOST_AUTO_TEST_CASE(terms_of_booking_count_for_what_the_kiosk_offers)
{
    Planning planning;
    const Form form = {{"kind", "terms"},     {"leadMinutes", "60"},
                       {"days", "1"},         {"reservationMinutes", "10"},
                       {"blockMinutes", "0"}, {"reason", "Andrang"}};
    planning.preview(form);
    planning.save(form);
    Browser kiosk(planning.town, Surface::Kiosk);
    kiosk.get("/appointments");
    kiosk.post("/appointments", {{"service", "99085001012000"}});
    kiosk.get("/visit/booking/days");
    BOOST_TEST(!kiosk.shows("times?day=")); // a Saturday, and tomorrow is Sunday
    BOOST_TEST(planning.versions() == 2);
}

struct Wrong {
    Form changed; ///< of a closure on Monday
    int status;
    const char* says;
    friend std::ostream& operator<<(std::ostream& out, const Wrong& wrong)
    {
        for (const auto& [name, value] : wrong.changed)
            out << name << "=" << value << " ";
        return out;
    }
};
const Wrong wrongs[] = {
    {{{"first", "2026-11-31"}}, 400, "Bitte prüfen Sie die Tage"},
    {{{"last", "2026-11-22"}}, 400, "Bitte prüfen Sie die Tage"},
    {{{"from", "08:03"}}, 400, "Bitte prüfen Sie die Zeiten"},
    {{{"from", "12:00"}, {"until", "08:00"}}, 400, "Bitte prüfen Sie die Zeiten"},
    {{{"from", "25:00"}}, 400, "Bitte prüfen Sie die Zeiten"},
    {{{"reason", ""}}, 400, "Bitte nennen Sie kurz den Grund"},
    {{{"reason", std::string(201, 'x')}}, 400, "Bitte nennen Sie kurz den Grund"},
    {{{"kind", "fewer"}, {"from", "08:00"}, {"until", "12:00"}, {"lanes", "0"}},
     400,
     "Bitte prüfen Sie die Schalter"},
    {{{"kind", "besides"},
      {"from", "08:00"},
      {"until", "12:00"},
      {"lanes", "1"},
      {"publicLanes", "2"}},
     400,
     "Bitte prüfen Sie die Schalter"},
    {{{"kind", "rule"}, {"rhythm", "1w"}, {"from", "08:00"}, {"until", "9:00"}, {"lanes", "1"}},
     400,
     "Bitte wählen Sie mindestens einen Wochentag"},
    {{{"kind", "rule"}, {"rhythm", "9x"}}, 400, ""},
    {{{"kind", "terms"}, {"leadMinutes", "-1"}}, 400, "Bitte prüfen Sie die Zahlen"},
    {{{"kind", "dance"}}, 400, ""},
    {{{"kind", "remove"}, {"id", "no such entry"}}, 404, ""},
};

BOOST_DATA_TEST_CASE(what_cannot_be_meant_is_said_and_saves_nothing, data::make(wrongs), wrong)
{
    Planning planning;
    Form form = closing(monday, monday);
    for (const auto& [name, value] : wrong.changed)
        form[name] = value;
    planning.preview(form);
    BOOST_TEST(planning.lead.page.status == wrong.status);
    BOOST_TEST(planning.lead.shows(wrong.says));
    // Nor does it by a form that nobody previewed.
    planning.lead.get("/desk/hours");
    planning.lead.get(std::string(change) + "?kind=undo");
    planning.preview(closing(monday, monday));
    planning.save(form);
    BOOST_TEST(planning.lead.page.status == wrong.status);
    BOOST_TEST(planning.versions() == 1);
}

struct Asked {
    const char* address;
    int status;
    friend std::ostream& operator<<(std::ostream& out, const Asked& asked)
    {
        return out << asked.address;
    }
};
const Asked questions[] = {
    {"/desk/hours/change", 400},
    {"/desk/hours/change?kind=dance", 400},
    {"/desk/hours/change?kind=remove&id=none", 404},
    {"/desk/hours/change?kind=rule&id=heiligabend", 404}, // of another layer
    {"/desk/hours/change?kind=undo", 409},                // nothing was changed yet
    {"/desk/hours?week=tomorrow", 400},
    {"/desk/hours?week=1013-01-01", 200}, // before there were time zones
    {"/desk/hours?week=9999-12-31", 200},
    {"/desk/statistics?first=1013-01-01&last=1013-01-31", 200},
};

BOOST_DATA_TEST_CASE(whatever_stands_in_the_address_is_answered, data::make(questions), asked)
{
    Planning planning;
    planning.lead.get(asked.address);
    BOOST_TEST(planning.lead.page.status == asked.status);
}

BOOST_AUTO_TEST_CASE(figures_come_from_the_days_and_name_nobody)
{
    Planning planning;
    bookByPhone(planning.lead);
    planning.town.loop.advance(std::chrono::hours(45)); // Monday, 07:41
    Browser clerk(planning.town, Surface::Desk), kiosk(planning.town, Surface::Kiosk);
    clerk.get("/desk/sign-in");
    clerk.post("/desk/sign-in", {{"name", "Erika Amt"}, {"password", firstPassword}});
    clerk.get("/desk/place");
    clerk.post("/desk/place", {{"desk", "3"}, {"mode", "everybody"}, {"over", "no"}});
    kiosk.get("/queue");
    kiosk.post("/queue", {{"group", "meldewesen"}});
    planning.town.printer.finish(Printed{});
    kiosk.get("/visit/ticket");
    planning.town.loop.advance(std::chrono::minutes(6));
    clerk.get("/desk/queue");
    clerk.post("/desk/queue/next");
    clerk.get("/desk/statistics");
    BOOST_TEST(clerk.page.status == 200);
    BOOST_TEST(clerk.shows("Ausweis, Pass und Meldewesen"));
    // Served: nobody yet; the median of one wait is that wait.
    BOOST_TEST(firstOf(clerk, "Ausweis, Pass und Meldewesen</th>((?:<td[^>]*>[^<]*</td>){8})") ==
               "<td class=\"kern-table__cell\">1</td><td class=\"kern-table__cell\">1</td>"
               "<td class=\"kern-table__cell\">0</td><td class=\"kern-table__cell\">0</td>"
               "<td class=\"kern-table__cell\">0</td><td class=\"kern-table__cell\">0</td>"
               "<td class=\"kern-table__cell\">6,0</td><td class=\"kern-table__cell\">6,0</td>");
    BOOST_TEST(clerk.shows("Mo, 23.11.2026</th><td class=\"kern-table__cell\">12,0</td>"
                           "<td class=\"kern-table__cell\">0,5</td>"));
    BOOST_TEST(!clerk.shows("Łukasiewicz"));
    clerk.get("/desk/statistics/csv?first=2026-11-23&last=2026-11-23");
    BOOST_TEST(clerk.page.body.starts_with("group;drawn;"));
    BOOST_TEST(clerk.shows("meldewesen;1;1;0;"));
    clerk.get("/desk/statistics?first=2026-11-23&last=2026-11-01");
    BOOST_TEST(clerk.page.status == 400);
    BOOST_TEST(clerk.shows("Diese Tage passen nicht zusammen"));
    clerk.get("/desk/statistics/csv?first=2025-11-23&last=2026-11-23");
    BOOST_TEST(clerk.page.status == 400);
}

BOOST_AUTO_TEST_SUITE_END()
