// SPDX-License-Identifier: EUPL-1.2
//
// Appointments that the portal gives, at the town hall: known while the line is cut, and asked for
// at kiosk and desk when nothing is leased there.
#include "appliance/office/calendar/booking_words.h"
#include "appliance/office/calendar/brought_appointments.h"
#include "tests/node/leased_town.h"
#include "tests/node/ways.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

using namespace amt;
using namespace amt::test;
using node::Surface;
namespace data = boost::unit_test::data;

namespace {

constexpr auto passport = "99085001012000";
const std::string monday = "2026-11-23";

/// A citizen at home, before the portal's pages.
struct AtHome {
    LeasedTown& town;
    std::string id, capability;
    std::int64_t version = 0;

    explicit AtHome(LeasedTown& at)
        : town(at), id(randomUuid(at.way.gateway.random)),
          capability(toBase64Url(randomBytes(at.way.gateway.random, 32)))
    {}

    json::ObjectPtr ask(const std::string& method, const std::string& path,
                        const std::string& body = {}, const std::string& query = {})
    {
        HttpRequest request{.method = method,
                            .path = path,
                            .query = query,
                            .headers = {{"authorization", "Bearer " + capability}},
                            .body = body,
                            .peer = "203.0.113.7"};
        if (!body.empty())
            request.headers["content-type"] = "application/json";
        const auto answer = town.way.gateway.ask(std::move(request));
        BOOST_REQUIRE_MESSAGE(answer.status < 300, path + ": " + answer.body);
        auto object = json::parseObject(answer.body);
        if (object->has("version"))
            version = json::integer(*object, "version");
        return object;
    }
    static std::string place() { return "/citizens/scopes/" + tenant + "/" + scope; }
    std::string firstTime()
    {
        const auto found = json::array(
            *ask("GET", place() + "/times", {}, "minutes=15&days=7&limit=1&from=" + monday),
            "times");
        return json::text(*found->getObject(0), "start");
    }
    /// Gives the code.
    std::string book()
    {
        const auto jwk = envelope::parseJwk(*json::object(*ask("GET", place()), "deskKey"),
                                            envelope::KeyUse::Encrypt);
        const auto reserved = ask("POST", place() + "/appointments",
                                  R"({"id":")" + id + R"(","start":")" + firstTime() +
                                      R"(","minutes":15,"services":[{"service":")" + passport +
                                      R"(","quantity":1}]})");
        const std::string contact =
            envelope::seal(view(R"({"familyName":"Łukasiewicz","givenNames":"Zoë","phone":""})"),
                           jwk.key, jwk.kid, "application/json", town.way.gateway.random)
                .compact;
        ask("PUT", "/citizens/appointments/" + id + "/confirmation",
            R"({"version":1,"contact":")" + contact + "\"}");
        return json::text(*reserved, "code");
    }
    std::string state() { return json::text(*ask("GET", "/citizens/appointments/" + id), "state"); }
};

struct PortalTown : LeasedTown {
    PortalTown() { way.pass(10s); }
    Town& town() { return way.town; }

    std::string stateOf(const std::string& id)
    {
        return way.town.text("SELECT state FROM appointment WHERE id = '" + id + "'");
    }
    std::string citizenState(const std::string& id)
    {
        auto row =
            way.gateway.books->prepare("SELECT state FROM citizen_booking WHERE id = $1").bind(id);
        return row.step() ? row.text(0) : "";
    }
    void cut()
    {
        way.instead = [](const HttpRequest&) {
            return HttpResponse{.status = 502, .headers = {}, .body = {}, .eventTopic = {}};
        };
    }
    /// The portal hears what is wished, and its answer does not come.
    void loseAnswers()
    {
        way.instead = [this](const HttpRequest& request) -> std::optional<HttpResponse> {
            if (request.path != quota::wishPath)
                return std::nullopt;
            way.gateway.gateway->handle(request);
            return HttpResponse{.status = 502, .headers = {}, .body = {}, .eventTopic = {}};
        };
    }
    using Told = std::function<std::string(quota::Bookings)>;
    void bend(const Told& told)
    {
        way.instead = [this, told](const HttpRequest& request) -> std::optional<HttpResponse> {
            if (request.path != quota::bookingsPath)
                return std::nullopt;
            const auto answer = way.gateway.gateway->handle(request);
            return HttpResponse{.status = 200,
                                .headers = {},
                                .body = told(quota::readBookings(answer.body)),
                                .eventTopic = {}};
        };
    }
    void mend()
    {
        way.instead = nullptr;
        way.gateway.forgetTokens();
    }
    /// A cell of the day that only the portal can sell.
    std::string cellAtPortal(const Browser& times)
    {
        const std::regex each("name=\"cell\" value=\"([0-9]+)\"");
        for (auto at = std::sregex_iterator(times.page.body.begin(), times.page.body.end(), each);
             at != std::sregex_iterator(); ++at) {
            const std::string cell = (*at)[1].str();
            if (town().count("SELECT count(*) FROM cell WHERE state = 'OWN' AND day = '" + monday +
                             "' AND idx = " + cell) == 0)
                return cell;
        }
        return {};
    }
    /// At the kiosk, until the portal is asked for a time. Gives the appointment's id.
    std::string walkToAsking(Browser& kiosk)
    {
        kiosk.get("/appointments");
        kiosk.post("/appointments", {{"service", passport}});
        kiosk.get("/visit/booking/times?day=" + monday);
        const std::string cell = cellAtPortal(kiosk);
        BOOST_REQUIRE(!cell.empty());
        kiosk.post("/visit/booking/times", {{"day", monday}, {"cell", cell}});
        BOOST_REQUIRE_EQUAL(kiosk.location, "/visit/booking/asking");
        return town().text("SELECT appointment FROM portal_wish ORDER BY seq DESC LIMIT 1");
    }
    void giveName(Browser& kiosk)
    {
        kiosk.post("/visit/booking/contact",
                   {{"givenNames", "Zoë"}, {"familyNames", "Łukasiewicz"}, {"action", "next"}});
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_portal_bookings)

BOOST_AUTO_TEST_CASE(who_booked_at_home_is_on_the_days_list_and_checks_in)
{
    PortalTown portal;
    AtHome citizen(portal);
    const std::string code = citizen.book();
    portal.way.pass(2min);
    BOOST_TEST(portal.stateOf(citizen.id) == "Confirmed");

    portal.cut(); // known without a line
    portal.way.pass(5min);
    Browser clerk(portal.town(), Surface::Desk);
    signInFirst(portal.town(), clerk);
    clerk.get("/desk/appointments?day=" + monday);
    BOOST_TEST(clerk.shows(code));
    BOOST_TEST(clerk.shows("Łukasiewicz, Zoë"));
    BOOST_TEST(clerk.shows("Reisepass beantragen"));
    clerk.get("/desk/appointments/" + citizen.id);
    BOOST_TEST(clerk.shows("Dieser Termin steht im Portal"));

    const auto start = Milliseconds(std::stoll(
        portal.town().text("SELECT starts_at FROM appointment WHERE id = '" + citizen.id + "'")));
    portal.way.carrier.reset();
    portal.town().loop.advance(start - portal.town().loop.utcNow().time_since_epoch() - 30min);
    Browser kiosk(portal.town(), Surface::Kiosk);
    kiosk.get("/");
    kiosk.post("/language", {{"language", "de"}, {"back", "/visit/check-in"}});
    kiosk.post("/visit/check-in", {{"code", code}});
    BOOST_TEST(kiosk.location == "/visit/ticket");
    BOOST_TEST(portal.town().text("SELECT appointment FROM ticket") == citizen.id);
    BOOST_TEST(office::Appointments(portal.town().database(), *portal.journal, *portal.rules,
                                    *portal.ledger, portal.town().random)
                   .unsound()
                   .empty());
}

BOOST_AUTO_TEST_CASE(what_citizens_change_at_home_is_changed_here)
{
    PortalTown portal;
    AtHome citizen(portal), other(portal);
    citizen.book();
    other.book();
    portal.way.pass(2min);
    const std::string before =
        portal.town().text("SELECT sealed FROM appointment WHERE id = '" + citizen.id + "'");
    BOOST_TEST(!before.empty());
    portal.way.asked.clear();
    const auto times = json::array(*citizen.ask("GET", AtHome::place() + "/times", {},
                                                "minutes=15&days=7&limit=100&from=2026-11-24"),
                                   "times");
    const std::string later =
        json::text(*times->getObject(static_cast<unsigned>(times->size()) - 1), "start");
    citizen.ask("PUT", "/citizens/appointments/" + citizen.id + "/time",
                R"({"version":)" + std::to_string(citizen.version) + R"(,"start":")" + later +
                    "\"}");
    portal.way.pass(2min);
    BOOST_TEST(portal.town().text("SELECT starts_at FROM appointment WHERE id = '" + citizen.id +
                                  "'") == std::to_string(toMilliseconds(fromIso(later))));
    BOOST_TEST(portal.town().text("SELECT sealed FROM appointment WHERE id = '" + citizen.id +
                                  "'") == before);
    // the name was known here: nobody asked for it again
    BOOST_TEST(portal.asked(std::string(quota::contactsPath)) == 0);

    citizen.ask("POST", "/citizens/appointments/" + citizen.id + "/cancellation",
                R"({"version":)" + std::to_string(citizen.version) + "}");
    portal.way.pass(2min);
    BOOST_TEST(portal.stateOf(citizen.id) == "Cancelled");
    BOOST_TEST(portal.town().text("SELECT sealed || kid FROM appointment WHERE id = '" +
                                  citizen.id + "'") == "");
    BOOST_TEST(portal.stateOf(other.id) == "Confirmed");
    portal.checkAgreed();
}

BOOST_AUTO_TEST_CASE(what_is_not_leased_is_booked_at_the_kiosk_through_the_portal)
{
    PortalTown portal;
    Browser kiosk(portal.town(), Surface::Kiosk);
    const std::string id = portal.walkToAsking(kiosk);
    kiosk.get("/visit/booking/asking");
    BOOST_TEST(kiosk.shows("Wir fragen diese Zeit für Sie an"));
    portal.way.pass(5s);
    kiosk.get("/visit/booking/asking");
    BOOST_TEST(kiosk.location == "/visit/booking/contact");
    BOOST_TEST(kiosk.shows("Für Sie reserviert bis"));
    BOOST_TEST(portal.citizenState(id) == "RESERVED");
    portal.giveName(kiosk);
    BOOST_TEST(kiosk.location == "/visit/booking/asking");
    BOOST_TEST(kiosk.shows("Ihr Termin wird gebucht"));
    portal.way.pass(5s);
    kiosk.get("/visit/booking/asking");
    BOOST_TEST(kiosk.location == "/visit/booked");
    BOOST_TEST(portal.citizenState(id) == "CONFIRMED");
    const std::string code =
        portal.town().text("SELECT code FROM appointment WHERE id = '" + id + "'");
    BOOST_TEST(code.substr(0, 3) == "TP-");
    BOOST_TEST(kiosk.shows(code));
    BOOST_TEST(ScriptedPrinter::textOf(portal.town().printer.jobs.back()).find(code) !=
               std::string::npos);
    portal.way.pass(2min);
    BOOST_TEST(portal.town().count("SELECT count(*) FROM appointment WHERE id = '" + id +
                                   "' AND state = 'Confirmed' AND length(sealed) > 400") == 1);
    // neither in the journal nor in a wish that is answered
    const std::string told = portal.town().text("SELECT group_concat(details) FROM journal") +
                             portal.town().text("SELECT group_concat(body) FROM portal_wish");
    BOOST_TEST(told.find("Łukasiewicz") == std::string::npos);
    BOOST_TEST(portal.town().text("SELECT group_concat(body, '') FROM portal_wish") == "");
    portal.checkAgreed();
}

BOOST_AUTO_TEST_CASE(a_time_that_somebody_took_at_home_is_not_given_at_the_kiosk)
{
    PortalTown portal;
    Browser kiosk(portal.town(), Surface::Kiosk);
    kiosk.get("/appointments");
    kiosk.post("/appointments", {{"service", passport}});
    kiosk.get("/visit/booking/times?day=" + monday);
    const std::string cell = portal.cellAtPortal(kiosk);
    BOOST_REQUIRE(!cell.empty());
    // everything that is free at the portal on that day
    for (int i = 0; i < 200; ++i) {
        AtHome citizen(portal);
        const std::string start = citizen.firstTime();
        if (toIso(localDate(fromIso(start))) != monday)
            break;
        portal.way.gateway.passTime(Milliseconds(30'000)); // tokens of one address
        citizen.book();
    }
    kiosk.post("/visit/booking/times", {{"day", monday}, {"cell", cell}});
    BOOST_TEST(kiosk.location == "/visit/booking/asking");
    portal.way.gateway.forgetTokens();
    portal.way.pass(5s);
    kiosk.get("/visit/booking/asking");
    BOOST_TEST(kiosk.location == "/visit/booking/days");
    BOOST_TEST(kiosk.shows("Diese Zeit hat gerade jemand anderes genommen."));
}

struct Leaving {
    const char* how;
    std::function<void(PortalTown&, Browser&)> leave;
};
std::ostream& operator<<(std::ostream& out, const Leaving& leaving)
{
    return out << leaving.how;
}
const Leaving leavings[] = {
    {"stopped", [](PortalTown&, Browser& kiosk) { kiosk.post("/visit/booking/asking"); }},
    {"ended", [](PortalTown&, Browser& kiosk) { kiosk.post("/visit/end"); }},
    {"nobody answers",
     [](PortalTown& portal, Browser& kiosk) {
         portal.way.pass(30s);
         kiosk.get("/visit/booking/asking");
         BOOST_TEST(kiosk.location == "/visit/booking/days");
         BOOST_TEST(kiosk.shows("Der Terminkalender antwortet nicht"));
     }},
};

/// The portal hears the wish, its answer is lost, and nobody waits any more.
BOOST_DATA_TEST_CASE(who_waits_no_longer_leaves_nothing_at_the_portal,
                     data::make(leavings) * data::make({false, true}), leaving, confirms)
{
    PortalTown portal;
    Browser kiosk(portal.town(), Surface::Kiosk);
    const std::string id = portal.walkToAsking(kiosk);
    if (confirms) {
        portal.way.pass(5s);
        kiosk.get("/visit/booking/asking");
        portal.loseAnswers();
        portal.giveName(kiosk);
    } else {
        portal.loseAnswers();
    }
    portal.way.pass(4s);
    BOOST_TEST(portal.citizenState(id) == (confirms ? "CONFIRMED" : "RESERVED"));
    leaving.leave(portal, kiosk);
    portal.mend();
    portal.way.pass(16min);
    BOOST_TEST(portal.citizenState(id) == "CANCELLED");
    BOOST_TEST(portal.town().count("SELECT count(*) FROM portal_wish WHERE state = 'Open'") == 0);
    BOOST_TEST(portal.atPortal("SELECT count(*) FROM quota_cell WHERE state = 'SOLD'") == 0);
    BOOST_TEST(portal.stateOf(id) != "Confirmed");
    portal.checkAgreed();
}

BOOST_AUTO_TEST_CASE(a_restart_while_the_portal_is_asked_loses_nothing)
{
    PortalTown portal;
    Browser kiosk(portal.town(), Surface::Kiosk);
    const std::string id = portal.walkToAsking(kiosk);
    portal.restart();
    kiosk.get("/visit/booking/asking");
    BOOST_TEST(kiosk.shows("Wir fragen diese Zeit für Sie an"));
    portal.way.pass(10s);
    kiosk.get("/visit/booking/asking");
    BOOST_TEST(kiosk.location == "/visit/booking/contact");
    BOOST_TEST(portal.citizenState(id) == "RESERVED");
}

BOOST_AUTO_TEST_CASE(without_a_line_only_what_is_leased_is_offered)
{
    PortalTown portal;
    portal.cut();
    portal.way.pass(5min);
    Browser kiosk(portal.town(), Surface::Kiosk);
    kiosk.get("/appointments");
    kiosk.post("/appointments", {{"service", passport}});
    kiosk.get("/visit/booking/times?day=" + monday);
    BOOST_TEST(portal.cellAtPortal(kiosk) == "");
}

BOOST_AUTO_TEST_CASE(the_lead_sees_what_could_be_sold_without_a_line)
{
    PortalTown portal;
    Browser clerk(portal.town(), Surface::Desk);
    signInFirst(portal.town(), clerk);
    const auto cells = portal.town().count("SELECT count(*) FROM cell WHERE state = 'OWN' AND day"
                                           " = '" +
                                           monday + "'");
    BOOST_REQUIRE(cells > 0);
    clerk.get("/desk/hours?week=" + monday);
    BOOST_TEST(clerk.shows("ohne Leitung noch " + std::to_string(cells * 5) + " Minuten buchbar"));
}

BOOST_AUTO_TEST_CASE(the_desk_books_moves_and_cancels_at_the_portal)
{
    PortalTown portal;
    Browser clerk(portal.town(), Surface::Desk);
    signInFirst(portal.town(), clerk);
    clerk.get("/desk/appointments/new?what=" + std::string(passport) + "*1&from=" + monday);
    const std::regex each("at=2026-11-23/([0-9]+)");
    std::string cell;
    for (auto at = std::sregex_iterator(clerk.page.body.begin(), clerk.page.body.end(), each);
         at != std::sregex_iterator() && cell.empty(); ++at) {
        if (portal.town().count("SELECT count(*) FROM cell WHERE state = 'OWN' AND day = '" +
                                monday + "' AND idx = " + (*at)[1].str()) == 0)
            cell = (*at)[1].str();
    }
    BOOST_REQUIRE(!cell.empty());
    const std::string asked = bookByPhone(clerk, monday, cell);
    BOOST_TEST(asked.starts_with("/desk/appointments/asked/"));
    BOOST_TEST(clerk.shows("Das Portal wird gefragt"));
    portal.way.pass(5s);
    clerk.get(asked + "?tell=1");
    BOOST_TEST(clerk.shows("Schritt 4 von 4"));
    const std::string address = clerk.location.substr(0, clerk.location.find('?'));
    const std::string id = address.substr(address.rfind('/') + 1);
    BOOST_TEST(portal.citizenState(id) == "CONFIRMED");
    portal.way.pass(2min);
    clerk.get(address);
    BOOST_TEST(clerk.shows("Łukasiewicz, Zoë"));
    BOOST_TEST(clerk.shows("02999 123"));

    clerk.get(address + "/move?from=2026-11-24");
    const std::string at = firstOf(clerk, "name=\"at\" value=\"(2026-11-[0-9]+/[0-9]+)\"");
    BOOST_REQUIRE(!at.empty());
    const auto version = firstOf(clerk, "name=\"version\" value=\"([0-9]+)\"");
    clerk.post(address + "/move", {{"version", version}, {"at", at}});
    const std::string moving = clerk.location;
    portal.way.pass(5s);
    clerk.get(moving);
    BOOST_TEST(clerk.location == address);
    BOOST_TEST(portal.town().text("SELECT day || '/' || first_cell FROM appointment WHERE id = '" +
                                  id + "'") == at);
    // somebody who still sees the old one
    clerk.post(address + "/move", {{"version", version}, {"at", monday + "/" + cell}});
    const std::string late = clerk.location;
    portal.way.pass(5s);
    clerk.get(late);
    BOOST_TEST(clerk.shows("Der Termin wurde inzwischen geändert"));

    clerk.get(address);
    clerk.post(address + "/cancel",
               {{"version", firstOf(clerk, "name=\"version\" value=\"([0-9]+)\"")},
                {"reason", "angerufen"}});
    const std::string cancelling = clerk.location;
    portal.way.pass(5s);
    clerk.get(cancelling);
    BOOST_TEST(portal.citizenState(id) == "CANCELLED");
    BOOST_TEST(portal.stateOf(id) == "Cancelled");
    BOOST_TEST(portal.town().count("SELECT count(*) FROM journal WHERE kind = 'AUDIT' AND details"
                                   " LIKE '%-appointment%' AND id = '" +
                                   id + "'") >= 3);
    portal.checkAgreed();
}

BOOST_AUTO_TEST_CASE(a_town_moves_in_with_appointments_where_the_portal_owns_the_calendar)
{
    PortalTown portal;
    const auto brought = [](const std::string& uid, const std::string& start) {
        return office::BroughtAppointment{.uid = uid,
                                          .start = fromIso(start),
                                          .duration = 25min,
                                          .services = {{passport, 2}},
                                          .familyName = uid == "nameless" ? "" : "Łukasiewicz",
                                          .givenNames = {},
                                          .phone = {}};
    };
    // More at one time than there are lanes: the portal decides who is too many.
    std::vector<office::BroughtAppointment> list;
    for (int i = 0; i < 12; ++i)
        list.push_back(brought("old-" + std::to_string(i), "2026-11-26T08:30:00Z"));
    list.push_back(brought("nameless", "2026-12-03T08:30:00Z"));
    list.push_back(brought("night", "2026-12-03T23:30:00Z"));
    const auto bring = [&](bool isDryRun) {
        HttpRequest request;
        request.method = "POST";
        request.path = "/admin/appointments";
        request.headers = {{"content-type", "application/json"}};
        auto appointments = json::makeArray();
        for (const auto& each : list)
            appointments->add(office::toJson(each));
        auto body = json::makeObject();
        body->set("appointments", appointments);
        body->set("dryRun", isDryRun);
        body->set("takeRest", true);
        request.body = json::write(*body);
        return json::parseObject(portal.town().handle(Surface::Admin, request).body);
    };
    const auto said = [](const json::ObjectPtr& answer, const char* key) {
        return json::integer(*answer, key);
    };
    bring(true);
    BOOST_TEST(portal.town().count("SELECT count(*) FROM portal_wish") == 0);
    const auto begun = bring(false);
    const auto taken = said(begun, "taken"); // of what is leased to this node
    BOOST_TEST(taken + said(begun, "asked") == 14);
    BOOST_TEST(said(begun, "asked") > 5);
    const auto again = bring(false);
    BOOST_TEST(said(again, "known") == taken);
    BOOST_TEST(said(again, "asked") == said(begun, "asked"));
    BOOST_TEST(portal.town().count("SELECT count(*) FROM portal_wish") == said(begun, "asked"));
    BOOST_TEST(portal.town().count("SELECT count(*) FROM portal_wish WHERE body LIKE"
                                   " '%ukasiewicz%'") == 0);

    // Whoever stands at the kiosk comes before all of them.
    Browser kiosk(portal.town(), Surface::Kiosk);
    const auto atKiosk = portal.walkToAsking(kiosk);
    std::vector<std::string> heard;
    portal.way.instead = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (request.path == quota::wishPath)
            heard.push_back(quota::readWish(request.body).id);
        return std::nullopt;
    };
    portal.way.pass(5s);
    BOOST_REQUIRE(!heard.empty());
    BOOST_TEST(heard.front() == atKiosk);
    kiosk.post("/visit/end");
    portal.cut();
    portal.way.pass(1min);
    portal.mend();
    portal.way.pass(3min);

    const auto done = bring(true);
    BOOST_TEST(said(done, "asked") == 0);
    const auto conflicts = json::array(*done, "conflicts");
    BOOST_TEST(said(done, "known") + std::ssize(*conflicts) == 14);
    BOOST_TEST(conflicts->size() >= 2u); // at night nobody is there
    BOOST_TEST(json::text(*conflicts->getObject(0), "why") == "not-free");
    BOOST_TEST(portal.town().count("SELECT count(*) FROM appointment WHERE state = 'Confirmed' AND"
                                   " day IN ('2026-11-26', '2026-12-03')") == said(done, "known"));
    portal.way.pass(2min);
    BOOST_TEST(portal.town().count("SELECT count(*) FROM appointment WHERE state = 'Confirmed' AND"
                                   " sealed = '' AND at_portal = 1") == 0);
    portal.checkAgreed();
}

BOOST_AUTO_TEST_CASE(opening_hours_are_changed_at_one_node_of_the_town)
{
    PortalTown portal;
    Browser lead(portal.town(), Surface::Desk);
    signInFirst(portal.town(), lead);
    lead.get("/desk/hours");
    BOOST_TEST(lead.shows("/desk/hours/change?kind=close"));
    // Another node told of these rules first, and closes a day.
    auto rules = portal.rules->current(scope)->rules;
    rules.closures.push_back({.id = "away",
                              .first = localDateFromIso("2026-11-30"),
                              .last = localDateFromIso("2026-11-30"),
                              .reason = "Betriebsausflug"});
    portal.way.gateway.books
        ->prepare("UPDATE quota_scope SET home = 'town-z', version = 9, rules = $1")
        .bind(json::write(*office::toJson(rules)))
        .run();
    for (int i = 0; i < 5; ++i) { // she works, or her desk locks itself
        portal.way.pass(4min);
        lead.get("/desk/hours");
    }
    BOOST_TEST(lead.shows("an einem anderen Gerät Ihrer Stadt"));
    BOOST_TEST(lead.shows("Betriebsausflug"));
    BOOST_TEST(!lead.shows("/desk/hours/change"));
    const auto versions = portal.town().count("SELECT count(*) FROM opening_rules");
    for (const char* kind : {"close", "undo"}) {
        lead.get(std::string("/desk/hours/change?kind=") + kind);
        BOOST_TEST(lead.location == "/desk/hours");
        lead.post("/desk/hours/change", {{"kind", kind}});
        BOOST_TEST(lead.location == "/desk/hours");
    }
    portal.town().restart(); // with the folder's own rules, which are no longer asked
    BOOST_TEST(portal.town().count("SELECT count(*) FROM opening_rules") == versions);
}

BOOST_AUTO_TEST_CASE(who_moves_and_waits_no_longer_keeps_the_appointment)
{
    PortalTown portal;
    AtHome citizen(portal);
    citizen.book();
    portal.way.pass(2min);
    Browser clerk(portal.town(), Surface::Desk);
    signInFirst(portal.town(), clerk);
    portal.cut();
    const std::string address = "/desk/appointments/" + citizen.id;
    clerk.get(address + "/move?from=2026-11-24");
    clerk.post(address + "/move",
               {{"version", firstOf(clerk, "name=\"version\" value=\"([0-9]+)\"")},
                {"at", firstOf(clerk, "name=\"at\" value=\"(2026-11-[0-9]+/[0-9]+)\"")}});
    const std::string asked = clerk.location;
    portal.way.pass(10s);
    clerk.post(asked);
    clerk.get(asked);
    BOOST_TEST(clerk.shows("Das Portal hat nicht geantwortet. Es hat sich nichts geändert."));
    portal.mend();
    portal.way.pass(16min);
    BOOST_TEST(citizen.state() == "CONFIRMED");
    BOOST_TEST(portal.stateOf(citizen.id) == "Confirmed");
}

struct Lie {
    const char* how;
    std::function<std::string(quota::Bookings)> told;
};
std::ostream& operator<<(std::ostream& out, const Lie& lie)
{
    return out << lie.how;
}
std::string ownId; // of an appointment that the node has given
const Lie lies[] = {
    {"another scope",
     [](quota::Bookings told) {
         told.scope = "elsewhere";
         for (auto& day : told.days)
             for (auto& booking : day.bookings)
                 booking.run.scope = "elsewhere";
         return quota::write(told);
     }},
    {"an id of the node's own",
     [](quota::Bookings told) {
         told.days.at(0).bookings.at(0).id = ownId;
         return quota::write(told);
     }},
    {"a day that has no such cells",
     [](quota::Bookings told) {
         told.days.at(0).bookings.at(0).run.first = 290;
         return quota::write(told);
     }},
    {"no JSON", [](const quota::Bookings&) { return std::string("{"); }},
};

BOOST_DATA_TEST_CASE(what_the_portal_cannot_mean_changes_nothing, data::make(lies), lie)
{
    PortalTown portal;
    portal.book();
    ownId = portal.town().text("SELECT id FROM appointment");
    AtHome citizen(portal);
    citizen.book();
    portal.bend(lie.told);
    portal.way.pass(3min);
    BOOST_TEST(portal.town().count("SELECT count(*) FROM appointment") == 1);
    BOOST_TEST(portal.stateOf(ownId) == "Confirmed");
    portal.way.instead = nullptr;
    portal.way.pass(16min);
    BOOST_TEST(portal.stateOf(citizen.id) == "Confirmed");
}

BOOST_AUTO_TEST_SUITE_END()
