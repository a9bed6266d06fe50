// SPDX-License-Identifier: EUPL-1.2
//
// An appointment from the kiosk to the desk: concern, day, time, name; and back with its code.
#include "appliance/core/file_reference.h"
#include "tests/node/ways.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <regex>

using namespace amt;
using namespace amt::test;
using node::Surface;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

constexpr auto passport = "99085001012000";
constexpr auto conduct = "99049001001001";

std::string firstDay(const Browser& browser)
{
    return firstOf(browser, "times\\?day=([0-9-]+)");
}
std::string firstCell(const Browser& browser)
{
    return firstOf(browser, "name=\"cell\" value=\"([0-9]+)\"");
}

struct Booking {
    /// Up to the page that asks for the name. Gives the day.
    std::string walkToContact(Browser& browser, const std::string& service = passport)
    {
        browser.get("/appointments");
        browser.post("/appointments", {{"service", service}});
        browser.get("/visit/booking/days");
        const std::string day = firstDay(browser);
        browser.get("/visit/booking/times?day=" + day);
        browser.post("/visit/booking/times", {{"day", day}, {"cell", firstCell(browser)}});
        return day;
    }
    /// Gives the code.
    std::string book(Browser& browser, const std::string& service = passport,
                     const std::string& born = "")
    {
        walkToContact(browser, service);
        browser.post("/visit/booking/contact", {{"givenNames", "Zoë"},
                                                {"familyNames", "Łukasiewicz"},
                                                {"dateOfBirth", born},
                                                {"action", "next"}});
        if (town.printer.isPrinting())
            town.printer.finish(Printed{});
        return town.text("SELECT code FROM appointment ORDER BY rowid DESC LIMIT 1");
    }
    void checkIn(Browser& browser, const std::string& code)
    {
        browser.get("/");
        browser.post("/language", {{"language", "de"}, {"back", "/visit/check-in"}});
        browser.post("/visit/check-in", {{"code", code}});
    }
    std::string stateOf(const std::string& code)
    {
        return town.text("SELECT state FROM appointment WHERE code = '" + code + "'");
    }
    /// Seconds until the appointment begins.
    Milliseconds until(const std::string& code)
    {
        return Milliseconds(std::stoll(
                   town.text("SELECT starts_at FROM appointment WHERE code = '" + code + "'"))) -
               town.loop.utcNow().time_since_epoch();
    }

    Town town;
    Browser kiosk{town, Surface::Kiosk};
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_booking)

BOOST_AUTO_TEST_CASE(a_time_is_chosen_held_named_printed_and_checked_in)
{
    Booking booking;
    Town& town = booking.town;
    Browser& kiosk = booking.kiosk;
    kiosk.get("/");
    BOOST_TEST(kiosk.shows("href=\"/appointments\""));
    kiosk.get("/appointments");
    BOOST_TEST(kiosk.shows("Reisepass beantragen"));
    kiosk.post("/appointments", {{"service", passport}});
    BOOST_TEST(kiosk.location == "/visit/booking");
    BOOST_TEST(kiosk.shows("digitales Lichtbild"));
    kiosk.post("/visit/booking", {{"service", passport}, {"change", "more"}});
    kiosk.get("/visit/booking/more");
    kiosk.post("/visit/booking", {{"service", conduct}, {"change", "add"}});
    BOOST_TEST(kiosk.shows("Wir planen 35 Minuten für Sie ein."));
    kiosk.get("/visit/booking/days");
    // The 21st is a Saturday, no first one of a month: Monday comes first.
    BOOST_TEST(firstDay(kiosk) == "2026-11-23");
    BOOST_TEST(kiosk.shows("Mo, 23.11.2026"));
    kiosk.get("/visit/booking/times?day=2026-11-23");
    BOOST_TEST(kiosk.shows("8:00 Uhr"));
    kiosk.post("/visit/booking/times", {{"day", "2026-11-23"}, {"cell", "96"}});
    BOOST_TEST(kiosk.location == "/visit/booking/contact");
    BOOST_TEST(kiosk.shows("Für Sie reserviert bis 10:56 Uhr"));
    BOOST_TEST(town.text("SELECT state FROM appointment") == "Reserved");
    kiosk.post("/visit/booking/contact",
               {{"givenNames", "Zoë"}, {"familyNames", "Łukasiewicz"}, {"action", "next"}});
    BOOST_TEST(kiosk.location == "/visit/booked");
    BOOST_TEST(town.text("SELECT state FROM appointment") == "Confirmed");
    const std::string code = town.text("SELECT code FROM appointment");
    BOOST_TEST(kiosk.shows(code));
    const std::string paper = ScriptedPrinter::textOf(town.printer.jobs.back());
    for (const char* word : {"23.11.2026", "08:00 Uhr", "2 × Reisepass beantragen",
                             "Führungszeugnis beantragen", "Bürgerbüro"})
        BOOST_TEST(paper.find(word) != std::string::npos, word);
    BOOST_TEST(paper.find(code) != std::string::npos);
    BOOST_TEST(paper.find("Łukasiewicz") == std::string::npos); // a slip is lost easily
    town.printer.finish(Printed{});
    kiosk.post("/visit/end");

    town.loop.advance(booking.until(code) - 30min);
    booking.checkIn(kiosk, code);
    BOOST_TEST(kiosk.location == "/visit/ticket");
    town.printer.finish(Printed{});
    kiosk.get("/visit/ticket");
    BOOST_TEST(kiosk.shows("Sie sind angemeldet"));
    BOOST_TEST(kiosk.shows("Ihr Termin: 08:00 Uhr"));
    BOOST_TEST(town.text("SELECT service_group || state FROM ticket") == "meldewesenWaiting");
    BOOST_TEST(town.count("SELECT count(*) FROM ticket WHERE minutes = 35") == 1);
}

struct Searched {
    const char* word; ///< as in the address
    const char* shows;
    const char* hides; ///< null: everything is shown
};
std::ostream& operator<<(std::ostream& out, const Searched& searched)
{
    return out << searched.word;
}
const Searched searches[] = {
    {"reise", "Reisepass beantragen", "Führungszeugnis beantragen"},
    {"F%C3%9CHRUNG", "Führungszeugnis beantragen", "Reisepass beantragen"},
    {"%20zeugnis%20", "Führungszeugnis beantragen", "Reisepass beantragen"},
    {"Elefant", "Dazu haben wir nichts gefunden", nullptr},
};

BOOST_DATA_TEST_CASE(a_concern_is_found_by_a_word, data::make(searches), searched)
{
    Booking booking;
    booking.kiosk.get("/appointments?search=");
    BOOST_TEST(booking.kiosk.shows("name=\"search\""));
    booking.kiosk.get("/appointments?search=" + std::string(searched.word));
    BOOST_TEST(booking.kiosk.shows(searched.shows));
    BOOST_TEST(booking.kiosk.shows("Reisepass beantragen") ==
               (!searched.hides || std::string(searched.hides) != "Reisepass beantragen"));
    booking.kiosk.get("/appointments?search=" + std::string(161, 'a'));
    BOOST_TEST(booking.kiosk.page.status == 400);
}

BOOST_AUTO_TEST_CASE(no_name_stands_readable_on_the_disk_or_in_the_journal)
{
    Booking booking;
    booking.book(booking.kiosk);
    std::string everything;
    for (const char* column : {"SELECT group_concat(sealed || services) FROM appointment",
                               "SELECT group_concat(details) FROM journal"})
        everything += booking.town.text(column);
    BOOST_TEST(everything.find("Łukasiewicz") == std::string::npos);
    BOOST_TEST(everything.find("Zoë") == std::string::npos);
    BOOST_TEST(booking.town.count("SELECT count(*) FROM appointment WHERE length(sealed) > 400") ==
               1);
}

BOOST_AUTO_TEST_CASE(a_time_that_somebody_took_meanwhile_is_not_given_twice)
{
    Booking booking;
    Browser other(booking.town, Surface::Kiosk);
    for (int lane = 0; lane < 2; ++lane) { // the public has two lanes
        booking.kiosk.get("/appointments");
        booking.kiosk.post("/appointments", {{"service", passport}});
        booking.kiosk.get("/visit/booking/times?day=2026-11-23");
        if (lane == 0) {
            other.get("/appointments");
            other.post("/appointments", {{"service", passport}});
            other.get("/visit/booking/times?day=2026-11-23");
        }
        booking.kiosk.post("/visit/booking/times", {{"day", "2026-11-23"}, {"cell", "96"}});
        booking.kiosk.post("/visit/booking/contact",
                           {{"givenNames", "Ada"}, {"familyNames", "L"}, {"action", "next"}});
        booking.town.printer.finish(Printed{});
        booking.kiosk.post("/visit/end");
    }
    other.post("/visit/booking/times", {{"day", "2026-11-23"}, {"cell", "96"}});
    BOOST_TEST(other.location == "/visit/booking/days");
    BOOST_TEST(other.shows("Diese Zeit hat gerade jemand anderes genommen."));
    other.get("/visit/booking/days");
    BOOST_TEST(!other.shows("Diese Zeit hat gerade jemand anderes genommen.")); // said once
    BOOST_TEST(booking.town.count("SELECT count(*) FROM appointment") == 2);
}

struct Leaving {
    const char* how;
    std::function<void(Booking&)> leave;
};
std::ostream& operator<<(std::ostream& out, const Leaving& leaving)
{
    return out << leaving.how;
}
const Leaving leavings[] = {
    {"back",
     [](Booking& booking) {
         booking.kiosk.post("/visit/booking/contact",
                            {{"givenNames", ""}, {"familyNames", ""}, {"action", "back"}});
     }},
    {"end", [](Booking& booking) { booking.kiosk.post("/visit/end"); }},
    {"nobody there", [](Booking& booking) { booking.town.loop.advance(10min); }},
};

BOOST_DATA_TEST_CASE(whoever_goes_without_a_name_gives_the_time_back, data::make(leavings), leaving)
{
    Booking booking;
    booking.walkToContact(booking.kiosk);
    BOOST_TEST(booking.town.count("SELECT count(*) FROM cell") == 3);
    leaving.leave(booking);
    BOOST_TEST(booking.town.count("SELECT count(*) FROM cell") == 0);
    BOOST_TEST(booking.town.text("SELECT state FROM appointment") == "Cancelled");
}

BOOST_AUTO_TEST_CASE(a_reservation_survives_a_restart_and_its_time_runs_out)
{
    Booking booking;
    booking.walkToContact(booking.kiosk);
    booking.town.restart();
    booking.kiosk.get("/visit/booking/contact");
    BOOST_TEST(booking.kiosk.shows("Für Sie reserviert bis"));
    for (int i = 0; i < 16; ++i) { // somebody types slowly
        booking.kiosk.get("/visit/booking/contact");
        booking.town.loop.advance(1min);
    }
    booking.kiosk.post("/visit/booking/contact",
                       {{"givenNames", "Ada"}, {"familyNames", "L"}, {"action", "next"}});
    BOOST_TEST(booking.kiosk.location == "/visit/booking/days");
    BOOST_TEST(booking.kiosk.shows("nicht mehr für Sie reserviert"));
    BOOST_TEST(booking.town.text("SELECT state FROM appointment") == "Lapsed");
    BOOST_TEST(booking.town.count("SELECT count(*) FROM cell") == 0);
}

BOOST_AUTO_TEST_CASE(whoever_types_slowly_asks_for_more_time)
{
    Booking booking;
    booking.walkToContact(booking.kiosk);
    const char* button = "value=\"longer\"";
    BOOST_TEST(!booking.kiosk.shows(button)); // its time has only begun
    for (int i = 0; i < 40; ++i) {
        booking.kiosk.get("/visit/booking/contact");
        booking.town.loop.advance(1min);
        if (i == 10 || i == 20) {
            booking.kiosk.get("/visit/booking/contact");
            BOOST_TEST(booking.kiosk.shows(button));
            booking.kiosk.post(
                "/visit/booking/contact",
                {{"givenNames", "Ada"}, {"familyNames", "Loo"}, {"action", "longer"}});
            BOOST_TEST(booking.kiosk.location == "/visit/booking/contact");
            BOOST_TEST(booking.kiosk.shows("value=\"Loo\"")); // what was typed stays
            BOOST_TEST(!booking.kiosk.shows("aria-invalid"));
        }
    }
    booking.kiosk.get("/visit/booking/contact");
    booking.kiosk.post("/visit/booking/contact",
                       {{"givenNames", "Ada"}, {"familyNames", "Loos"}, {"action", "next"}});
    BOOST_TEST(booking.town.text("SELECT state FROM appointment") == "Lapsed"); // after 36 min
    BOOST_TEST(booking.kiosk.location == "/visit/booking/days");
    BOOST_TEST(booking.kiosk.shows("nicht mehr für Sie reserviert"));
}

BOOST_AUTO_TEST_CASE(a_missing_name_is_said_and_what_was_typed_stays)
{
    Booking booking;
    booking.walkToContact(booking.kiosk);
    booking.kiosk.post("/visit/booking/contact",
                       {{"givenNames", "Zoë"}, {"familyNames", ""}, {"action", "next"}});
    BOOST_TEST(booking.kiosk.location == "/visit/booking/contact");
    BOOST_TEST(booking.kiosk.shows("aria-invalid"));
    BOOST_TEST(booking.kiosk.shows("value=\"Zoë\""));
    booking.kiosk.post("/visit/booking/contact",
                       {{"givenNames", "Zoë"}, {"familyNames", "Ł"}, {"action", "language-en"}});
    BOOST_TEST(booking.kiosk.shows("What is your name?"));
    BOOST_TEST(booking.kiosk.shows("value=\"Ł\""));
    BOOST_TEST(booking.town.text("SELECT state FROM appointment") == "Reserved");
}

struct Arrival {
    std::chrono::minutes before; ///< the appointment
    const char* says;
    int tickets;
};
std::ostream& operator<<(std::ostream& out, const Arrival& arrival)
{
    return out << arrival.before.count() << " minutes before";
}
const Arrival arrivals[] = {
    {24h, "Ihr Termin ist an einem anderen Tag", 0}, {121min, "Sie sind früh da", 0},
    {120min, "Ihre Nummer wird gedruckt", 1},        {-5min, "Ihre Nummer wird gedruckt", 1},
    {-90min, "Ihre Nummer wird gedruckt", 1}, // late, but nobody is sent away
};

BOOST_DATA_TEST_CASE(check_in_opens_two_hours_before, data::make(arrivals), arrival)
{
    Booking booking;
    const std::string code = booking.book(booking.kiosk);
    booking.kiosk.post("/visit/end");
    booking.town.loop.advance(booking.until(code) - arrival.before);
    booking.checkIn(booking.kiosk, code);
    BOOST_TEST(booking.kiosk.shows(arrival.says));
    BOOST_TEST(booking.town.count("SELECT count(*) FROM ticket") == arrival.tickets);
}

BOOST_AUTO_TEST_CASE(a_second_check_in_gives_the_same_number)
{
    Booking booking;
    const std::string code = booking.book(booking.kiosk);
    booking.kiosk.post("/visit/end");
    booking.town.loop.advance(booking.until(code) - 30min);
    booking.checkIn(booking.kiosk, code);
    booking.town.printer.finish(Printed{});
    booking.kiosk.post("/visit/end");
    booking.checkIn(booking.kiosk, code);
    BOOST_TEST(booking.kiosk.location == "/visit/ticket");
    BOOST_TEST(booking.town.count("SELECT count(*) FROM ticket") == 1);
    const std::string paper = ScriptedPrinter::textOf(booking.town.printer.jobs.back());
    BOOST_TEST(paper.find("B 001") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(whoever_tries_codes_has_to_wait)
{
    Booking booking;
    const std::string code = booking.book(booking.kiosk);
    booking.kiosk.post("/visit/end");
    booking.town.loop.advance(booking.until(code) - 30min);
    booking.checkIn(booking.kiosk, "nonsense"); // no code at all: nothing was tried
    BOOST_TEST(booking.kiosk.page.status == 404);
    SeededRandom random;
    for (int i = 0; i < 5; ++i) {
        const auto guess = makeFileReference("TE", localDate(booking.town.loop.utcNow()), random);
        BOOST_REQUIRE(guess != code);
        booking.kiosk.post("/visit/check-in", {{"code", guess}});
        BOOST_TEST(booking.kiosk.page.status == 404);
    }
    booking.kiosk.post("/visit/check-in", {{"code", code}});
    BOOST_TEST(booking.kiosk.page.status == 429);
    booking.kiosk.post("/visit/end");
    booking.town.loop.advance(16min);
    booking.checkIn(booking.kiosk, code);
    BOOST_TEST(booking.kiosk.location == "/visit/ticket");
}

struct Wrong {
    const char* path;
    std::map<std::string, std::string> fields;
    int status;
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong)
{
    out << wrong.path;
    for (const auto& [name, value] : wrong.fields)
        out << ' ' << name << '=' << value;
    return out;
}
const Wrong wrongs[] = {
    {"/visit/booking", {{"service", passport}, {"change", "twice"}}, 400},
    {"/visit/booking", {{"service", conduct}, {"change", "more"}}, 404},
    {"/visit/booking", {{"service", "99000000000000"}, {"change", "add"}}, 404},
    {"/visit/booking/times", {{"day", "2026-02-30"}, {"cell", "96"}}, 400},
    {"/visit/booking/times", {{"day", "2026-11-23"}, {"cell", "-1"}}, 400},
    {"/visit/booking/times", {{"day", "2026-11-23"}, {"cell", "300"}}, 400},
    {"/visit/booking/times", {{"day", "2026-11-23"}, {"cell", "9x"}}, 400},
    {"/visit/booking/contact",
     {{"givenNames", "A"}, {"familyNames", "B"}, {"action", "next"}},
     409},
    {"/visit/booked/print", {}, 409},
};

BOOST_DATA_TEST_CASE(what_cannot_be_meant_is_refused_and_books_nothing, data::make(wrongs), wrong)
{
    Booking booking;
    booking.kiosk.get("/appointments");
    booking.kiosk.post("/appointments", {{"service", passport}});
    booking.kiosk.post(wrong.path, wrong.fields);
    BOOST_TEST(booking.kiosk.page.status == wrong.status);
    BOOST_TEST(booking.town.count("SELECT count(*) FROM appointment") == 0);
    booking.kiosk.get("/visit/booking");
    BOOST_TEST(booking.kiosk.shows("Wir planen 15 Minuten für Sie ein."));
}

BOOST_AUTO_TEST_CASE(who_never_came_is_noted_the_night_after_and_the_name_goes_a_day_later)
{
    Booking booking;
    const std::string code = booking.book(booking.kiosk);
    booking.kiosk.post("/visit/end");
    booking.town.loop.advance(
        booking.until(code) +
        28h); // the hour of the night's work: what is kept is counted from the start
    BOOST_TEST(booking.town.count("SELECT count(*) FROM queue_event WHERE kind = 'NotArrived'") ==
               1);
    BOOST_TEST(booking.town.count("SELECT count(*) FROM appointment WHERE sealed <> ''") == 1);
    booking.town.loop.advance(24h);
    BOOST_TEST(booking.town.count("SELECT count(*) FROM queue_event WHERE kind = 'NotArrived'") ==
               1);
    BOOST_TEST(booking.town.count("SELECT count(*) FROM appointment WHERE sealed <> ''") == 0);
    BOOST_TEST(booking.stateOf(code) == "Confirmed");
}

// --- at the desk

struct Reception : Booking {
    Reception() { signInFirst(town, clerk); }
    std::string versionShown() { return firstOf(clerk, "name=\"version\" value=\"([0-9]+)\""); }

    Browser clerk{town, Surface::Desk};
};

BOOST_AUTO_TEST_CASE(a_call_becomes_an_appointment_in_four_steps)
{
    Reception desk;
    desk.clerk.get("/desk/appointments/new");
    desk.clerk.post("/desk/appointments/new", {{passport, "2"}, {conduct, "1"}});
    const std::string what = std::string(passport) + "*2," + conduct + "*1";
    BOOST_TEST(desk.clerk.location == "/desk/appointments/new?what=" + what);
    BOOST_TEST(desk.clerk.shows("2 × Reisepass beantragen, Führungszeugnis beantragen"));
    BOOST_TEST(desk.clerk.shows("35 Minuten"));
    BOOST_TEST(desk.clerk.shows("at=2026-11-23/96"));
    const std::string address = bookByPhone(desk.clerk);
    BOOST_TEST(address.starts_with("/desk/appointments/"));
    BOOST_TEST(desk.clerk.shows("Schritt 4 von 4"));
    const std::string code = desk.town.text("SELECT code FROM appointment");
    BOOST_TEST(desk.clerk.shows(code)); // to be told on the phone
    BOOST_TEST(desk.clerk.shows("<strong>T</strong><span>Tübingen</span>"));
    BOOST_TEST(desk.clerk.shows("alter Reisepass oder Ausweis, digitales Lichtbild"));
    desk.clerk.get(address); // whoever comes back later
    BOOST_TEST(!desk.clerk.shows("Schritt 4 von 4"));
    BOOST_TEST(desk.clerk.shows("Łukasiewicz, Zoë"));
    BOOST_TEST(desk.clerk.shows("02999 123"));
    BOOST_TEST(desk.town.text("SELECT booker || state FROM appointment") == "StaffConfirmed");
    desk.clerk.get("/desk/appointments?day=2026-11-23");
    BOOST_TEST(desk.clerk.shows("Łukasiewicz, Zoë"));
    BOOST_TEST(desk.clerk.shows("erwartet"));
    desk.clerk.get("/desk/appointments?day=2026-11-24");
    BOOST_TEST(!desk.clerk.shows("Łukasiewicz"));
    // Who saw names is in the journal, the names are not.
    BOOST_TEST(desk.town.count("SELECT count(*) FROM journal WHERE kind = 'AUDIT' AND details LIKE "
                               "'%read-appointment%'") >= 2);
    BOOST_TEST(desk.town.count("SELECT count(*) FROM journal WHERE details LIKE '%ukasiewicz%'") ==
               0);
}

struct Chosen {
    const char* choice; ///< as in the address
    int shown;          ///< of one passport at eight and one certificate at nine
};
std::ostream& operator<<(std::ostream& out, const Chosen& chosen)
{
    return out << chosen.choice;
}
const Chosen choices[] = {
    {"", 2},
    {"&state=expected", 2},
    {"&state=served", 0},
    {"&service=99085001012000", 1},
    {"&service=99049001001001", 1},
    {"&search=%C5%82ukas", 2},
    {"&search=Loos", 0},
    {"&search=%20", 2},
    {"&state=expected&service=99085001012000&search=zo%C3%AB", 1},
};

BOOST_DATA_TEST_CASE(the_days_list_shows_what_was_chosen, data::make(choices), chosen)
{
    Reception desk;
    bookByPhone(desk.clerk);
    const std::string other = "99049001001001*1", at = "2026-11-23/108";
    desk.clerk.get("/desk/appointments/new?what=" + other + "&at=" + at);
    desk.clerk.post("/desk/appointments/book",
                    {{"id", firstOf(desk.clerk, "name=\"id\" value=\"([0-9a-f-]+)\"")},
                     {"what", other},
                     {"at", at},
                     {"familyNames", "Łukasiewicz"},
                     {"givenNames", "Zoë"},
                     {"phone", ""}});
    desk.clerk.get("/desk/appointments?day=2026-11-23" + std::string(chosen.choice));
    BOOST_TEST(desk.clerk.page.status == 200);
    int shown = 0;
    for (const char* time :
         {"queue-number\" scope=\"row\">08:00", "queue-number\" scope=\"row\">09:00"})
        shown += desk.clerk.page.body.find(time) != std::string::npos ? 1 : 0;
    BOOST_TEST(shown == chosen.shown);
    BOOST_TEST((desk.clerk.page.body.find("nicht zu dieser Auswahl") != std::string::npos) ==
               (chosen.shown < 2));
}

BOOST_AUTO_TEST_CASE(a_choice_that_no_page_offers_is_refused)
{
    Reception desk;
    for (const std::string& choice :
         {std::string("state=gone"), std::string("service=99000000000000"),
          "search=" + std::string(61, 'a')}) {
        desk.clerk.get("/desk/appointments?" + choice);
        BOOST_TEST(desk.clerk.page.status == 400);
    }
}

BOOST_AUTO_TEST_CASE(the_code_is_found_however_it_is_written)
{
    Reception desk;
    bookByPhone(desk.clerk);
    std::string code = desk.town.text("SELECT code FROM appointment");
    std::erase(code, '-');
    desk.clerk.get("/desk/appointments?day=2026-11-23&search=" + code);
    BOOST_TEST(desk.clerk.shows("Łukasiewicz, Zoë"));
}

BOOST_AUTO_TEST_CASE(the_same_press_books_once)
{
    Reception desk;
    desk.clerk.get("/desk/appointments/new?what=" + std::string(passport) + "*1&at=2026-11-23/96");
    const std::map<std::string, std::string> form = {
        {"id", firstOf(desk.clerk, "name=\"id\" value=\"([0-9a-f-]+)\"")},
        {"what", std::string(passport) + "*1"},
        {"at", "2026-11-23/96"},
        {"familyNames", "A"},
        {"givenNames", "B"},
        {"phone", ""}};
    desk.clerk.post("/desk/appointments/book", form);
    const std::string first = desk.clerk.location;
    desk.clerk.post("/desk/appointments/book", form);
    BOOST_TEST(desk.clerk.location == first);
    BOOST_TEST(desk.town.count("SELECT count(*) FROM appointment") == 1);
}

BOOST_AUTO_TEST_CASE(a_clerk_moves_and_cancels_and_who_saw_an_older_page_is_refused)
{
    Reception desk;
    const std::string address = bookByPhone(desk.clerk);
    desk.clerk.get(address + "/move");
    const std::string seen = desk.versionShown();
    desk.clerk.post(address + "/move", {{"version", seen}, {"at", "2026-11-24/102"}});
    BOOST_TEST(desk.clerk.location == address);
    BOOST_TEST(desk.clerk.shows("24.11.2026"));
    BOOST_TEST(desk.town.count("SELECT count(*) FROM cell WHERE day = '2026-11-23'") == 0);
    desk.clerk.post(address + "/cancel", {{"version", seen}, {"reason", "krank"}});
    BOOST_TEST(desk.clerk.page.status == 409);
    BOOST_TEST(desk.town.text("SELECT state FROM appointment") == "Confirmed");
    desk.clerk.get(address);
    desk.clerk.post(address + "/cancel", {{"version", desk.versionShown()}, {"reason", "krank"}});
    BOOST_TEST(desk.clerk.shows("abgesagt"));
    BOOST_TEST(desk.town.text("SELECT state || sealed FROM appointment") == "Cancelled");
    BOOST_TEST(desk.town.count("SELECT count(*) FROM journal WHERE details LIKE '%krank%'") == 1);
}

BOOST_AUTO_TEST_CASE(whoever_comes_to_the_reception_gets_a_number_once)
{
    Reception desk;
    const std::string address = bookByPhone(desk.clerk);
    desk.town.loop.advance(45h + 29min); // Monday, 08:10
    Browser clerk(desk.town, Surface::Desk);
    clerk.get("/desk/sign-in");
    clerk.post("/desk/sign-in", {{"name", "Erika Amt"}, {"password", firstPassword}});
    clerk.get(address);
    BOOST_TEST(clerk.shows("noch nicht da"));
    clerk.post(address + "/check-in");
    BOOST_TEST(clerk.location == address);
    BOOST_TEST(clerk.shows("B 001"));
    clerk.post(address + "/check-in");
    BOOST_TEST(desk.town.count("SELECT count(*) FROM ticket") == 1);
    clerk.get("/desk/appointments");
    BOOST_TEST(clerk.shows("wartet"));
    BOOST_TEST(clerk.shows("B 001"));
}

/// What the page would post, with one field changed.
std::map<std::string, std::string> phoneForm(const std::string& field, const std::string& value)
{
    std::map<std::string, std::string> form = {{"id", "3f0e5c0e-9d53-4f0a-8d38-7f3f7b6d1a11"},
                                               {"what", std::string(passport) + "*1"},
                                               {"at", "2026-11-23/96"},
                                               {"familyNames", "A"},
                                               {"givenNames", "B"},
                                               {"phone", ""}};
    form.at(field) = value;
    return form;
}
constexpr auto book = "/desk/appointments/book";
const Wrong deskWrongs[] = {
    {"/desk/appointments/new", {{"99000000000000", "1"}}, 400},
    {"/desk/appointments/new", {{passport, "5"}}, 400},
    {"/desk/appointments/new", {{passport, "-1"}}, 400},
    {book, phoneForm("id", "no"), 400},
    {book, phoneForm("what", "x"), 400},
    {book, phoneForm("what", std::string(passport) + "*9"), 400},
    {book, phoneForm("at", "2026-11-23"), 400},
    {book, phoneForm("familyNames", "A<b>"), 400},
    {book, phoneForm("phone", "call me"), 400},
    {book, phoneForm("at", "2026-11-22/96"), 409}, // nobody works on Sundays
    {"/desk/appointments/3f0e5c0e-9d53-4f0a-8d38-7f3f7b6d1a11/cancel",
     {{"version", "1"}, {"reason", "x"}},
     404},
};

BOOST_DATA_TEST_CASE(the_desk_refuses_what_cannot_be_meant, data::make(deskWrongs), wrong)
{
    Reception desk;
    desk.clerk.get("/desk/appointments");
    desk.clerk.post(wrong.path, wrong.fields);
    BOOST_TEST(desk.clerk.page.status == wrong.status);
    BOOST_TEST(desk.town.count("SELECT count(*) FROM appointment") == 0);
}

// --- the scanner at the kiosk

namespace {

struct ScannedBooking : Booking {
    ScannedBooking()
    {
        town.hasScanner = true;
        town.restart();
    }
    /// The page of check-in, in a visit of its own.
    void openCheckIn()
    {
        kiosk.get("/");
        kiosk.post("/language", {{"language", "de"}, {"back", "/visit/check-in"}});
    }
    void scan(const std::string& code)
    {
        BOOST_REQUIRE(town.scanner.running.has_value());
        town.scanner.finish(CodeScanned{Personal(code)});
    }
    /// What the page on the screen is told.
    std::string told() const { return town.livePages.newest.lower_bound("visit/")->second; }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_scanned_code_gives_the_number_at_once, ScannedBooking)
{
    const std::string code = book(kiosk);
    kiosk.post("/visit/end");
    town.loop.advance(until(code) - 30min);
    openCheckIn();
    BOOST_TEST(kiosk.location == "/visit/check-in");
    BOOST_TEST(kiosk.shows("halten Sie den QR-Code vor den Scanner"));
    BOOST_TEST(kiosk.shows("data-live-shows=\"0\""));
    BOOST_TEST(town.scanner.scans == 1);
    scan(code);
    BOOST_TEST(told().find("\"at\":\"/visit/ticket\"") != std::string::npos);
    BOOST_TEST(town.count("SELECT count(*) FROM ticket") == 1);
    BOOST_TEST(town.printer.isPrinting());
    kiosk.get("/visit/check-in"); // without script, too
    BOOST_TEST(kiosk.location == "/visit/ticket");
    BOOST_TEST(!town.scanner.running.has_value());
}

BOOST_FIXTURE_TEST_CASE(a_strange_code_is_said_kindly_and_the_next_one_is_heard, ScannedBooking)
{
    const std::string code = book(kiosk);
    kiosk.post("/visit/end");
    town.loop.advance(until(code) - 30min);
    openCheckIn();
    const ScanOutcome strange[] = {CodeScanned{Personal(std::string("https://example.org/?a=1"))},
                                   CodeScanned{Personal(std::string(512, 'A'))}, CodeUnreadable{}};
    for (int round = 0; round < 3; ++round) { // none of these is a try
        for (const auto& outcome : strange) {
            town.scanner.finish(outcome);
            BOOST_TEST(told().find("\"at\":\"/visit/check-in\"") != std::string::npos);
            kiosk.get("/visit/check-in");
            BOOST_TEST(kiosk.shows("Dieser Code gehört zu keinem Termin"));
        }
    }
    BOOST_TEST(told().find("\"news\":\"9\"") != std::string::npos);
    BOOST_TEST(kiosk.shows("data-live-shows=\"9\""));
    kiosk.get("/visit/check-in"); // said once
    BOOST_TEST(!kiosk.shows("Dieser Code gehört zu keinem Termin"));
    scan(code);
    kiosk.get("/visit/check-in");
    BOOST_TEST(kiosk.location == "/visit/ticket");
}

BOOST_FIXTURE_TEST_CASE(codes_that_are_tried_at_the_scanner_are_limited_as_typed_ones,
                        ScannedBooking)
{
    const std::string code = book(kiosk);
    kiosk.post("/visit/end");
    town.loop.advance(until(code) - 30min);
    openCheckIn();
    SeededRandom random;
    for (int tries = 0; tries < 5; ++tries) {
        scan(makeFileReference("TE", localDate(town.loop.utcNow()), random));
        kiosk.get("/visit/check-in");
        BOOST_TEST(kiosk.shows("Diesen Code finden wir nicht"));
    }
    scan(code);
    kiosk.get("/visit/check-in");
    BOOST_TEST(kiosk.shows("Bitte warten Sie etwas"));
    BOOST_TEST(town.count("SELECT count(*) FROM ticket") == 0);
    kiosk.post("/visit/check-in", {{"code", code}});
    BOOST_TEST(kiosk.page.status == 429);
}

BOOST_FIXTURE_TEST_CASE(the_scanner_is_heard_only_while_its_page_is_open, ScannedBooking)
{
    BOOST_TEST(town.scanner.scans == 0);
    openCheckIn();
    BOOST_TEST(town.scanner.running.has_value());
    kiosk.get("/services");
    BOOST_TEST(!town.scanner.running.has_value());
    kiosk.get("/visit/check-in");
    BOOST_TEST(town.scanner.running.has_value());
    kiosk.post("/visit/check-in", {{"code", "nonsense"}}); // the page stays
    BOOST_TEST(town.scanner.running.has_value());
    kiosk.post("/visit/end");
    BOOST_TEST(!town.scanner.running.has_value());
}

BOOST_FIXTURE_TEST_CASE(a_scanner_that_is_away_is_not_offered_until_it_is_back, ScannedBooking)
{
    openCheckIn();
    town.scanner.finish(NoScanner{});
    BOOST_TEST(told().find("\"news\":\"1\"") != std::string::npos);
    kiosk.get("/visit/check-in");
    BOOST_TEST(!kiosk.shows("vor den Scanner"));
    town.loop.advance(3s);
    BOOST_REQUIRE(town.scanner.running.has_value());
    kiosk.get("/visit/check-in");
    BOOST_TEST(!kiosk.shows("vor den Scanner")); // nobody knows yet
    town.scanner.running->listening();
    kiosk.get("/visit/check-in");
    BOOST_TEST(kiosk.shows("vor den Scanner"));
    town.scanner.finish(DeviceFailed{ErrorCode::BrokerGone});
    kiosk.post("/visit/end");
    town.loop.advance(10s);
    BOOST_TEST(!town.scanner.running.has_value()); // nobody waits for it any more
}

BOOST_FIXTURE_TEST_CASE(a_house_without_a_scanner_does_not_speak_of_one, Booking)
{
    kiosk.get("/");
    kiosk.post("/language", {{"language", "de"}, {"back", "/visit/check-in"}});
    BOOST_TEST(!kiosk.shows("Scanner"));
    BOOST_TEST(!kiosk.shows("data-live="));
}

// --- the card at the kiosk

namespace {

struct CardBooking : Booking {
    /// Sunday morning: an appointment of Monday is tomorrow's, and its names are in hand.
    CardBooking() { town.loop.advance(24h); }

    /// Up to the result. The card writes names in capitals.
    void checkInByCard(const std::string& givenNames = "ZOË",
                       const std::string& familyNames = "ŁUKASIEWICZ",
                       const std::string& dateOfBirth = "19640812")
    {
        walkToReading();
        IdentityData card;
        card.givenNames = givenNames;
        card.familyNames = familyNames;
        card.dateOfBirth = dateOfBirth;
        town.reader.finish(IdentityRead{Personal<IdentityData>(card)});
        kiosk.get("/visit/card/reading");
    }
    void walkToReading()
    {
        kiosk.get("/");
        kiosk.post("/language", {{"language", "de"}, {"back", "/visit/check-in"}});
        kiosk.post("/visit/check-in/card");
        kiosk.post("/visit/notice", {{"consent", "yes"}});
        kiosk.post("/visit/card", {{"pin", "123456"}});
    }
    void bookAndCome(const std::string& born = "")
    {
        const std::string code = book(kiosk, passport, born);
        kiosk.post("/visit/end");
        town.loop.advance(until(code) - 30min);
    }
    void signIn()
    {
        clerk.get("/desk/sign-in");
        clerk.post("/desk/sign-in", {{"name", "Erika Amt"}, {"password", firstPassword}});
        town.loop.run();
    }
    std::int64_t tickets() { return town.count("SELECT count(*) FROM ticket"); }

    Browser clerk{town, Surface::Desk};
};

constexpr auto notByCard = "Mit dem Ausweis finden wir Ihren Termin nicht";

} // namespace

BOOST_FIXTURE_TEST_CASE(a_card_gives_the_number_of_the_appointment_in_its_name, CardBooking)
{
    bookAndCome();
    kiosk.get("/");
    kiosk.post("/language", {{"language", "de"}, {"back", "/visit/check-in"}});
    BOOST_TEST(kiosk.shows("Mit dem Ausweis anmelden"));
    kiosk.post("/visit/check-in/card");
    BOOST_TEST(kiosk.location == "/visit/notice");
    BOOST_TEST(kiosk.shows("Nur um Ihren Termin von heute zu finden"));
    BOOST_TEST(!kiosk.shows("Antrag"));
    BOOST_TEST(kiosk.shows("href=\"/visit/check-in\""));
    kiosk.post("/visit/notice", {{"consent", "yes"}});
    BOOST_TEST(!kiosk.shows("Daten eintippen"));
    kiosk.post("/visit/card", {{"pin", "123456"}});
    BOOST_TEST((town.reader.lastRequest.groups ==
                std::set{DataGroup::GivenNames, DataGroup::FamilyNames, DataGroup::DateOfBirth}));
    BOOST_TEST(!town.reader.lastRequest.bornUntil.has_value());
    IdentityData card;
    card.givenNames = "ZOË";
    card.familyNames = "ŁUKASIEWICZ";
    town.reader.finish(IdentityRead{Personal<IdentityData>(card)});
    kiosk.get("/visit/card/reading");
    BOOST_TEST(kiosk.location == "/visit/ticket");
    BOOST_TEST(tickets() == 1);
    BOOST_TEST(town.count("SELECT count(*) FROM cases") == 0);
}

BOOST_FIXTURE_TEST_CASE(who_has_no_appointment_today_is_sent_to_the_code, CardBooking)
{
    bookAndCome();
    checkInByCard("ZOË", "LUKASIEWICZ"); // another letter, another name
    BOOST_TEST(kiosk.location == "/visit/check-in");
    BOOST_TEST(kiosk.shows(notByCard));
    BOOST_TEST(tickets() == 0);
    kiosk.post("/visit/check-in",
               {{"code", town.text("SELECT code FROM appointment")}}); // the same visit goes on
    BOOST_TEST(kiosk.location == "/visit/ticket");
}

struct Holder {
    const char* booked; ///< date of birth as typed
    const char* onCard;
    bool isTaken;
};
std::ostream& operator<<(std::ostream& out, const Holder& holder)
{
    return out << holder.booked << " / " << holder.onCard;
}
const Holder holders[] = {
    {"12.8.1964", "19640812", true},  {"1964-08-12", "19640812", true},
    {"12.8.1964", "19640813", false}, {"12.8.1964", "1964    ", false}, // the card lacks the day
    {"", "1964    ", true},           {"", "19640812", true},
};

BOOST_DATA_TEST_CASE_F(CardBooking, a_date_of_birth_that_was_given_is_compared_too,
                       data::make(holders), holder)
{
    bookAndCome(holder.booked);
    checkInByCard("ZOË", "ŁUKASIEWICZ", holder.onCard);
    BOOST_TEST(tickets() == (holder.isTaken ? 1 : 0));
    BOOST_TEST(kiosk.shows(notByCard) != holder.isTaken);
}

BOOST_FIXTURE_TEST_CASE(two_of_one_name_are_told_apart_by_their_dates_of_birth, CardBooking)
{
    book(kiosk, passport, "1.2.1990");
    kiosk.post("/visit/end");
    bookAndCome("12.8.1964");
    checkInByCard();
    BOOST_TEST(kiosk.location == "/visit/ticket");
    BOOST_TEST(town.text("SELECT starts_at FROM appointment JOIN ticket ON ticket.appointment ="
                         " appointment.id") == town.text("SELECT max(starts_at) FROM appointment"));
}

BOOST_FIXTURE_TEST_CASE(who_gave_no_date_of_birth_may_be_anybody_of_that_name, CardBooking)
{
    book(kiosk);
    kiosk.post("/visit/end");
    bookAndCome("12.8.1964");
    checkInByCard();
    BOOST_TEST(kiosk.shows(notByCard));
    BOOST_TEST(tickets() == 0);
}

BOOST_FIXTURE_TEST_CASE(a_date_of_birth_serves_the_card_only_and_is_a_day_that_exists, CardBooking)
{
    walkToContact(kiosk);
    BOOST_TEST(kiosk.shows("Geburtsdatum"));
    BOOST_TEST(kiosk.shows("Nur für die Anmeldung mit Ausweis"));
    kiosk.post("/visit/booking/contact", {{"givenNames", "Zoë"},
                                          {"familyNames", "Łukasiewicz"},
                                          {"dateOfBirth", "31.2.1990"},
                                          {"action", "next"}});
    BOOST_TEST(kiosk.location == "/visit/booking/contact"); // a day that does not exist
}

BOOST_FIXTURE_TEST_CASE(two_of_one_name_are_sent_to_the_code, CardBooking)
{
    book(kiosk);
    kiosk.post("/visit/end");
    bookAndCome();
    checkInByCard();
    BOOST_TEST(kiosk.shows(notByCard));
    BOOST_TEST(tickets() == 0);
}

BOOST_FIXTURE_TEST_CASE(names_that_nobody_has_read_send_everybody_to_the_code_until_a_clerk_comes,
                        CardBooking)
{
    signInFirst(town, clerk);
    const std::string code = book(kiosk);
    kiosk.post("/visit/end");
    town.restart(); // the names were in memory only
    town.loop.advance(until(code) - 30min);
    checkInByCard();
    BOOST_TEST(kiosk.shows(notByCard));
    kiosk.post("/visit/end");
    signIn();
    checkInByCard();
    BOOST_TEST(kiosk.location == "/visit/ticket");
    BOOST_TEST(tickets() == 1);
}

BOOST_FIXTURE_TEST_CASE(one_appointment_that_nobody_can_open_makes_every_match_unsure, CardBooking)
{
    signInFirst(town, clerk);
    book(kiosk, conduct);
    kiosk.post("/visit/end");
    const std::string other = town.text("SELECT id FROM appointment");
    const std::string code = book(kiosk);
    kiosk.post("/visit/end");
    town.restart();
    town.database().execute("UPDATE appointment SET sealed = 'broken' WHERE id = '" + other + "'");
    town.loop.advance(until(code) - 30min);
    signIn();
    checkInByCard();
    BOOST_TEST(kiosk.shows(notByCard));
    BOOST_TEST(tickets() == 0);
}

BOOST_FIXTURE_TEST_CASE(whoever_cannot_use_the_card_comes_back_to_the_code, CardBooking)
{
    bookAndCome();
    walkToReading();
    town.reader.finish(PinBlocked{});
    kiosk.get("/visit/card/reading");
    BOOST_TEST(kiosk.location == "/visit/card/problem");
    BOOST_TEST(kiosk.shows("Code eingeben"));
    kiosk.post("/visit/card/skip");
    BOOST_TEST(kiosk.location == "/visit/check-in");
    BOOST_TEST(!kiosk.shows(notByCard));
    kiosk.post("/visit/check-in/card"); // or by the link of the notice
    kiosk.get("/visit/check-in");
    BOOST_TEST(kiosk.location == "/visit/check-in");
    kiosk.get("/services"); // and anything else is still possible
    BOOST_TEST(kiosk.location == "/services");
}

BOOST_FIXTURE_TEST_CASE(a_restart_while_the_card_is_asked_for_goes_on_there, CardBooking)
{
    bookAndCome();
    kiosk.get("/");
    kiosk.post("/language", {{"language", "de"}, {"back", "/visit/check-in"}});
    kiosk.post("/visit/check-in/card");
    town.restart();
    kiosk.get("/visit/notice");
    BOOST_TEST(kiosk.shows("Nur um Ihren Termin von heute zu finden"));
}

BOOST_FIXTURE_TEST_CASE(no_name_of_a_card_or_an_appointment_comes_to_the_disk, CardBooking)
{
    bookAndCome();
    checkInByCard();
    BOOST_TEST(kiosk.location == "/visit/ticket");
    std::string everything;
    for (const char* column :
         {"SELECT group_concat(lower(hex(sealed)) || sealed || services) FROM appointment",
          "SELECT group_concat(details) FROM journal",
          "SELECT group_concat(lower(hex(sealed))) FROM draft",
          "SELECT group_concat(services) FROM ticket"})
        everything += town.text(column);
    for (const std::string name : {"Łukasiewicz", "ŁUKASIEWICZ", "łukasiewicz", "Zoë", "ZOË"}) {
        BOOST_TEST(everything.find(name) == std::string::npos);
        BOOST_TEST(everything.find(toHex(view(name))) == std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()
