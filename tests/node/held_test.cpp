// SPDX-License-Identifier: EUPL-1.2
//
// What needs a person, how the operation stands, and what the receipt's holder may ask.
#include "appliance/core/file_reference.h"
#include "tests/node/town.h"
#include "tests/node/ways.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using node::Surface;

namespace {

constexpr auto password = "ein langes Kennwort";

void signIn(Town& town, Browser& desk)
{
    desk.get("/desk/first");
    desk.post("/desk/first", {{"code", town.setupCode},
                              {"name", "Erika Amt"},
                              {"password", password},
                              {"again", password}});
    desk.post("/desk/paper", {{"kept", "yes"}});
}

void refuse(Town& town, int status)
{
    HttpRequest request;
    request.method = "POST";
    request.path = "/sync/envelopes/" + town.text("SELECT id FROM envelope") + "/refused";
    request.headers["content-type"] = "application/json";
    request.body = R"({"step":"announce","status":)" + std::to_string(status) +
                   R"(,"problemType":"destination-not-found"})";
    request.peer = "sync";
    BOOST_TEST(town.handle(Surface::Sync, request).status == 200);
}

/// At the address of the case on the screen.
std::string caseOf(Town& town)
{
    return "/desk/cases/" + town.text("SELECT id FROM cases");
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_held)

BOOST_AUTO_TEST_CASE(a_held_case_is_on_the_list_with_reason_age_and_acts)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk), desk(town, Surface::Desk);
    walkToDone(town, kiosk);
    signIn(town, desk);
    desk.get("/desk/held");
    BOOST_TEST(desk.shows("Nichts ist zu klären"));
    refuse(town, 404);
    desk.get("/desk/held");
    BOOST_TEST(desk.shows(town.text("SELECT reference FROM cases")));
    BOOST_TEST(desk.shows("kennt die zuständige Stelle nicht mehr"));
    BOOST_TEST(desk.shows("seit 0 Tagen"));
    BOOST_TEST(desk.shows("Freigeben"));
    BOOST_TEST(desk.shows("Auf Papier mitgeben"));
    desk.get(caseOf(town));
    desk.post(caseOf(town) + "/release", {{"reason", "Stelle ist wieder da"}});
    BOOST_TEST(town.text("SELECT state FROM envelope") == "SEALED");
    desk.get("/desk/held");
    BOOST_TEST(desk.shows("Nichts ist zu klären"));
}

BOOST_AUTO_TEST_CASE(what_was_handed_over_on_paper_ends_by_name_and_is_not_sent)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk), desk(town, Surface::Desk);
    walkToDone(town, kiosk);
    signIn(town, desk);
    desk.get(caseOf(town));
    BOOST_TEST(!desk.shows("/settle"));
    BOOST_TEST(desk.post(caseOf(town) + "/settle", {{"how", "paper"}, {"reason", "x"}}).status ==
               409);
    refuse(town, 410);
    desk.get(caseOf(town));
    BOOST_TEST(desk.post(caseOf(town) + "/settle", {{"how", "burnt"}, {"reason", "x"}}).status ==
               400);
    desk.get(caseOf(town));
    BOOST_TEST(desk.post(caseOf(town) + "/settle", {{"how", "paper"}, {"reason", " "}}).status ==
               400);
    desk.get(caseOf(town));
    desk.post(caseOf(town) + "/settle", {{"how", "paper"}, {"reason", "mitgegeben"}});
    BOOST_TEST(desk.location == caseOf(town));
    BOOST_TEST(desk.shows("Abgeschlossen"));
    BOOST_TEST(town.count("SELECT count(*) FROM envelope_chunk") == 0);
    BOOST_TEST(town.text("SELECT details FROM journal WHERE kind = 'SETTLED'").find("Erika Amt") !=
               std::string::npos);
    BOOST_TEST(!desk.shows("/release"));
    desk.get("/desk/held");
    BOOST_TEST(desk.shows("Nichts ist zu klären"));
}

BOOST_AUTO_TEST_CASE(how_the_operation_stands_is_seen_at_a_glance)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk), desk(town, Surface::Desk);
    walkToDone(town, kiosk);
    signIn(town, desk);
    desk.get("/desk/status");
    BOOST_TEST(desk.page.status == 200);
    for (const char* line : {"nicht erreichbar", "seit 21.11.2026", "nicht eingerichtet",
                             "bestätigt", "eigene Uhr", "Kette in Ordnung", AMT_VERSION})
        BOOST_TEST(desk.shows(line), line);
    refuse(town, 422);
    HttpRequest verdict;
    verdict.method = "POST";
    verdict.path = "/sync/head";
    verdict.peer = "sync";
    verdict.headers["content-type"] = "application/json";
    verdict.body = R"({"verdict":"behind"})";
    BOOST_TEST(town.handle(Surface::Sync, verdict).status == 204);
    desk.get("/desk/status");
    BOOST_TEST(desk.shows("Datenbank zurückgesetzt?"));
    BOOST_TEST(desk.shows("Bitte sofort ansehen"));
    Browser stranger(town, Surface::Desk);
    BOOST_TEST(stranger.send("GET", "/desk/status").status == 403);
    BOOST_TEST(stranger.send("GET", "/desk/held").status == 403);
}

BOOST_AUTO_TEST_CASE(who_has_the_receipt_sees_the_state_and_nothing_else)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToDone(town, kiosk);
    kiosk.post("/visit/receipt");
    BOOST_TEST_REQUIRE(town.printer.jobs.size() >= 1u);
    const std::string receipt = ScriptedPrinter::textOf(town.printer.jobs.back());
    const std::string reference = town.text("SELECT reference FROM cases");
    const std::string code = town.text("SELECT question_code FROM cases");
    BOOST_TEST(receipt.find(reference) != std::string::npos);
    BOOST_TEST(receipt.find("Code für den Stand: " + code) != std::string::npos);

    Browser later(town, Surface::Kiosk);
    later.get("/");
    BOOST_TEST(later.shows("/visit/state"));
    later.post("/language", {{"language", "de"}, {"back", "/visit/state"}});
    BOOST_TEST(later.location == "/visit/state");
    std::string typed;
    for (const char c : reference + " ")
        typed.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    later.post("/visit/state", {{"reference", typed}, {"code", code}});
    BOOST_TEST(later.page.status == 200);
    BOOST_TEST(later.shows("gespeichert und wird übergeben"));
    for (const char* personal : {"Mustermann", "KLE AB 123", "Heidestra", "Bewohnerpark"})
        BOOST_TEST(!later.shows(personal), personal);
}

BOOST_AUTO_TEST_CASE(whoever_tries_codes_is_stopped_and_then_not_for_ever)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToDone(town, kiosk);
    const std::string reference = town.text("SELECT reference FROM cases");
    const std::string code = town.text("SELECT question_code FROM cases");
    Browser thief(town, Surface::Kiosk);
    thief.get("/");
    thief.post("/language", {{"language", "de"}, {"back", "/visit/state"}});
    for (int i = 0; i < 3; ++i) { // a misread number tries nothing
        thief.post("/visit/state", {{"reference", "BP-2026-XXXX"}, {"code", code}});
        BOOST_TEST(thief.shows("nicht gefunden"));
    }
    for (int i = 0; i < 5; ++i) {
        thief.post("/visit/state", {{"reference", reference}, {"code", "234-567-89A"}});
        BOOST_TEST(thief.page.status == 200);
        BOOST_TEST(thief.shows("nicht gefunden"));
    }
    thief.post("/visit/state", {{"reference", reference}, {"code", code}});
    BOOST_TEST(thief.page.status == 429);
    BOOST_TEST(!thief.shows("wird übergeben"));
    town.loop.advance(std::chrono::minutes(16));
    thief.get("/");
    thief.post("/language", {{"language", "de"}, {"back", "/visit/state"}});
    thief.post("/visit/state", {{"reference", reference}, {"code", code}});
    BOOST_TEST(thief.shows("gespeichert und wird übergeben"));
    BOOST_TEST(
        thief.post("/visit/state", {{"reference", std::string(41, 'A')}, {"code", code}}).status >=
        400);
}

BOOST_AUTO_TEST_SUITE_END()
