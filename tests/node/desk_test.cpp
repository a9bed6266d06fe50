// SPDX-License-Identifier: EUPL-1.2
//
// The desk: first clerk, signing in, reading, releasing, colleagues, displays.
#include "appliance/store/store.h"
#include "tests/node/town.h"
#include "tests/node/ways.h"
#include "tests/support/test_keys.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using node::Surface;

namespace {

constexpr auto password = firstPassword;

void signIn(Browser& desk, const std::string& name, const std::string& word)
{
    desk.get("/desk/sign-in");
    desk.post("/desk/sign-in", {{"name", name}, {"password", word}});
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_desk)

BOOST_AUTO_TEST_CASE(the_first_clerk_comes_in_by_the_code_and_sees_the_paper_half_once)
{
    Town town;
    Browser desk(town, Surface::Desk);
    desk.get("/desk/sign-in");
    BOOST_TEST(desk.shows("/desk/first"));
    desk.get("/desk/first");
    desk.post("/desk/first", {{"code", "AAAA-BBBB"},
                              {"name", "Erika Amt"},
                              {"password", password},
                              {"again", password}});
    BOOST_TEST(desk.page.status >= 400);
    BOOST_TEST(desk.cookies.empty());
    signInFirst(town, desk);
    BOOST_TEST(desk.location == "/desk/paper");
    BOOST_TEST(desk.page.status == 200);
    desk.post("/desk/paper", {{"kept", "yes"}});
    BOOST_TEST(desk.location == "/desk");
    desk.get("/desk/paper");
    BOOST_TEST(desk.location == "/desk");

    Browser other(town, Surface::Desk); // the code is worth nothing any more
    const auto again = other.send("POST", "/desk/first",
                                  {{"code", town.setupCode},
                                   {"name", "Zweite"},
                                   {"password", password},
                                   {"again", password},
                                   {"key", "0123456789abcdef"}});
    BOOST_TEST(again.status == 403);
}

BOOST_AUTO_TEST_CASE(a_clerk_signs_in_by_password_only_and_out_again)
{
    Town town;
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    desk.post("/desk/sign-out");
    BOOST_TEST(desk.location == "/desk/sign-in");
    BOOST_TEST(desk.send("GET", "/desk").status == 403);
    signIn(desk, "Erika Amt", "ein anderes Kennwort");
    BOOST_TEST(desk.page.status == 403);
    BOOST_TEST(desk.cookies.empty());
    signIn(desk, "Niemand", password);
    BOOST_TEST(desk.page.status == 403);
    town.loop.advance(std::chrono::minutes(1));
    desk.get("/desk/sign-in");
    const auto answer =
        desk.send("POST", "/desk/sign-in",
                  {{"name", "Erika Amt"}, {"password", password}, {"key", desk.formKey()}});
    BOOST_TEST(answer.header("Location") == "/desk");
    BOOST_TEST(answer.header("Set-Cookie").find("Secure") != std::string::npos);
    BOOST_TEST(answer.header("Set-Cookie").find("SameSite=Strict") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(tries_in_vain_are_delayed)
{
    Town town;
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    Browser thief(town, Surface::Desk);
    int delayed = 0;
    for (int attempt = 0; attempt < 6; ++attempt) {
        signIn(thief, "Erika Amt", "geraten geraten geraten");
        if (thief.page.status == 429)
            ++delayed;
    }
    BOOST_TEST(delayed > 0);
}

BOOST_AUTO_TEST_CASE(a_clerk_reads_a_case_with_the_origin_of_each_field)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToDone(town, kiosk);
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    desk.get("/desk");
    BOOST_TEST(desk.shows(town.text("SELECT reference FROM cases")));
    BOOST_TEST(!desk.shows("Mustermann"));
    desk.get("/desk/cases/" + onlyCase(town));
    BOOST_TEST(desk.shows("Mustermann"));
    BOOST_TEST(desk.shows("KLE"));
    BOOST_TEST(desk.shows(pages().text("de", "desk.origin.eid")));
    BOOST_TEST(desk.shows("65010001"));
    BOOST_TEST(town.count("SELECT count(*) FROM journal WHERE kind = 'AUDIT'") >= 1);
    BOOST_TEST(desk.send("GET", "/desk/cases/0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10").status == 404);
    BOOST_TEST(desk.send("GET", "/desk/cases/1' OR 1=1").status == 404);
}

BOOST_AUTO_TEST_CASE(after_a_restart_the_content_stays_closed_until_somebody_signs_in)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToDone(town, kiosk);
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    town.restart();
    desk.get("/desk/cases/" + onlyCase(town));
    BOOST_TEST(!desk.shows("Mustermann"));
}

BOOST_AUTO_TEST_CASE(a_case_whose_fee_is_taken_at_the_desk_is_released_once_from_the_desk_copy)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPay(town, kiosk);
    kiosk.post("/visit/pay", {{"action", "desk"}});
    kiosk.post("/visit/end");
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    const std::string address = "/desk/cases/" + onlyCase(town);
    desk.get(address);
    BOOST_TEST(desk.shows(address + "/release"));
    BOOST_TEST(desk.send("POST", address + "/release", {{"reason", "  "}, {"key", desk.formKey()}})
                   .status == 400);
    desk.post(address + "/release", {{"reason", "bar bezahlt"}});
    BOOST_TEST(desk.page.status == 200);
    BOOST_TEST(town.text("SELECT state FROM cases") == "Sealed");
    BOOST_TEST(town.text("SELECT settlement FROM cases") == "AtDesk");
    BOOST_TEST(town.text("SELECT state FROM envelope") == "SEALED");
    const auto again = desk.send("POST", address + "/release",
                                 {{"reason", "noch einmal"}, {"key", desk.formKey()}});
    BOOST_TEST(again.status == 409);
    BOOST_TEST(town.count("SELECT count(*) FROM envelope") == 1);
}

BOOST_AUTO_TEST_CASE(a_case_that_a_power_cut_caught_after_the_payment_is_released_as_paid)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.evidence(PaymentEvidence::Sent);
    town.restart();
    town.loop.advance(std::chrono::seconds(2));
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    const std::string address = "/desk/cases/" + onlyCase(town);
    town.loop.advance(std::chrono::minutes(3)); // nobody came back
    BOOST_TEST(
        desk.send("POST", address + "/release", {{"reason", "x"}, {"key", "0123456789abcdef"}})
            .status == 409);
    ++town.terminal.receipt;
    town.terminal.finish(PaymentApproved{town.terminal.recordOf(0)});
    desk.get(address);
    desk.post(address + "/release", {{"reason", "Stromausfall"}});
    BOOST_TEST(town.text("SELECT settlement FROM cases") == "Card");
    BOOST_TEST(town.text("SELECT state FROM envelope") == "SEALED");
}

BOOST_AUTO_TEST_CASE(a_clerk_decides_about_a_payment_that_the_terminal_cannot_tell)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPaying(town, kiosk);
    town.terminal.fallSilent();
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    const std::string address = "/desk/cases/" + onlyCase(town);
    desk.get(address);
    desk.post(address + "/payment", {{"finding", "paid"}, {"reason", "Beleg liegt vor"}});
    BOOST_TEST(town.text("SELECT state FROM payment") == "Approved");
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/done");
    BOOST_TEST(town.text("SELECT state FROM envelope") == "SEALED");
}

BOOST_AUTO_TEST_CASE(a_colleague_lets_one_in_and_helps_one_who_forgot)
{
    Town town;
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    desk.get("/desk/clerks");
    desk.post("/desk/clerks", {{"name", "Bruno Büro"},
                               {"password", "noch ein Kennwort"},
                               {"again", "noch ein Kennwort"},
                               {"Clerk", "yes"}});
    BOOST_TEST(desk.shows("Bruno Büro"));
    const std::string brunosId = town.text("SELECT id FROM clerk WHERE name = 'Bruno Büro'");
    Browser bruno(town, Surface::Desk);
    signIn(bruno, "Bruno Büro", "noch ein Kennwort");
    BOOST_TEST(bruno.location == "/desk");
    const std::string address = "/desk/clerks/" + brunosId;
    desk.get(address);
    desk.post(address + "/password",
              {{"password", "ganz neues Kennwort"}, {"again", "ganz neues Kennwort"}});
    BOOST_TEST(desk.location == address);
    BOOST_TEST(bruno.send("GET", "/desk").status == 403);
    signIn(bruno, "Bruno Büro", "ganz neues Kennwort");
    BOOST_TEST(bruno.location == "/desk");
    desk.get("/desk/clerks");
    desk.post("/desk/clerks",
              {{"name", "Kurz"}, {"password", "kurz"}, {"again", "kurz"}, {"Clerk", "yes"}});
    desk.post("/desk/clerks", {{"name", "Ohne Rolle"},
                               {"password", "noch ein Kennwort"},
                               {"again", "noch ein Kennwort"}});
    BOOST_TEST(desk.shows("mindestens eine Rolle"));
    BOOST_TEST(town.count("SELECT count(*) FROM clerk") == 2);
}

BOOST_AUTO_TEST_CASE(roles_are_changed_on_the_page_and_hold_at_once)
{
    Town town;
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    const std::string paper = paperHalf(desk);
    desk.get("/desk/clerks");
    desk.post("/desk/clerks", {{"name", "Bruno Büro"},
                               {"password", "noch ein Kennwort"},
                               {"again", "noch ein Kennwort"},
                               {"Clerk", "yes"}});
    Browser bruno(town, Surface::Desk);
    signIn(bruno, "Bruno Büro", "noch ein Kennwort");
    BOOST_TEST(bruno.send("GET", "/desk/status").status == 403);
    const auto addressOf = [&](const std::string& name) {
        return "/desk/clerks/" + town.text("SELECT id FROM clerk WHERE name = '" + name + "'");
    };
    desk.get(addressOf("Bruno Büro"));
    desk.post(addressOf("Bruno Büro") + "/roles", {{"It", "yes"}});
    BOOST_TEST(desk.shows("Dafür braucht es zwei Personen")); // and there is no second one yet
    desk.post(addressOf("Bruno Büro") + "/roles", {{"It", "yes"}, {"recovery", paper}});
    BOOST_TEST(desk.shows("Die Rollen sind geändert."));
    BOOST_TEST(bruno.send("GET", "/desk/status").status == 200);
    BOOST_TEST(bruno.send("GET", "/desk").status == 403);
    // Now that there are two, the first may give it up; then Bruno is the last.
    desk.get(addressOf("Erika Amt"));
    desk.post(addressOf("Erika Amt") + "/roles", {{"Lead", "yes"}});
    BOOST_TEST(desk.shows("Das wartet jetzt auf eine zweite Person."));
    desk.get("/desk/clerks");
    BOOST_TEST(desk.shows("Erika Amt soll diese Rollen haben: Leitung"));
    BOOST_TEST(!desk.shows("Bestätigen: Erika Amt")); // nobody her own
    bruno.get("/desk/clerks");
    BOOST_TEST(bruno.shows("Bestätigen: Erika Amt"));
    const std::string request = firstOf(bruno, "name=\"request\" value=\"([^\"]*)\"");
    BOOST_TEST(desk.send("POST", "/desk/clerks/requests",
                         {{"request", request}, {"answer", "confirm"}, {"key", desk.formKey()}})
                   .status == 403);
    bruno.post("/desk/clerks/requests", {{"request", request}, {"answer", "confirm"}});
    BOOST_TEST(bruno.shows("Bestätigt und ausgeführt."));
    BOOST_TEST(!bruno.shows(request));
    bruno.get(addressOf("Bruno Büro"));
    bruno.post(addressOf("Bruno Büro") + "/roles", {{"Clerk", "yes"}});
    BOOST_TEST(bruno.shows("Das ist der letzte Zugang mit der Rolle IT."));
    BOOST_TEST(town.text("SELECT role FROM clerk_role WHERE clerk_id = (SELECT id FROM clerk WHERE "
                         "name = 'Bruno Büro')") == "It");
    // The lead looks after her team, and after nobody who may more than she.
    BOOST_TEST(desk.send("GET", addressOf("Bruno Büro")).status == 403);
    desk.get("/desk/clerks");
    BOOST_TEST(!desk.shows(addressOf("Bruno Büro")));
    BOOST_TEST(!desk.shows("name=\"It\""));
    BOOST_TEST(desk.send("POST", "/desk/clerks",
                         {{"name", "Zweite Leitung"},
                          {"password", "noch ein Kennwort"},
                          {"again", "noch ein Kennwort"},
                          {"It", "yes"},
                          {"key", desk.formKey()}})
                   .status == 403);
    for (const char* unknown : {"0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10", "x"})
        BOOST_TEST(desk.send("GET", std::string("/desk/clerks/") + unknown).status == 404);
}

BOOST_AUTO_TEST_CASE(the_reception_sees_who_calls_for_help)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    kiosk.get("/help");
    kiosk.post("/help", {{"back", "/"}});
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    town.database().execute(
        "DELETE FROM clerk_role; INSERT INTO clerk_role (clerk_id, role) SELECT "
        "id, 'Reception' FROM clerk");
    desk.get("/desk/place");
    desk.post("/desk/place", {{"desk", "1"}, {"mode", "everybody"}, {"over", "no"}});
    BOOST_TEST(desk.location == "/desk/queue");
    BOOST_TEST(desk.shows("/desk/help/done"));
    desk.post("/desk/help/done", {{"caller", "kiosk"}});
    BOOST_TEST(desk.location == "/desk/queue");
    BOOST_TEST(!desk.shows("/desk/help/done"));
}

BOOST_AUTO_TEST_CASE(the_paper_half_lets_in_a_clerk_who_forgot)
{
    Town town;
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    const std::string mark = "<p class=\"paper-code\"><bdi>";
    const auto at = desk.page.body.find(mark);
    BOOST_REQUIRE(at != std::string::npos);
    const auto begin = at + mark.size();
    const std::string paper = desk.page.body.substr(begin, desk.page.body.find('<', begin) - begin);
    Browser other(town, Surface::Desk);
    other.get("/desk/recover");
    other.post("/desk/recover", {{"name", "Erika Amt"},
                                 {"recovery", paper},
                                 {"password", "aus dem Tresor geholt"},
                                 {"again", "aus dem Tresor geholt"}});
    BOOST_TEST(other.location == "/desk");
    signIn(desk, "Erika Amt", "aus dem Tresor geholt");
    BOOST_TEST(desk.location == "/desk");
}

BOOST_AUTO_TEST_CASE(a_session_ends_when_nobody_sits_there)
{
    Town town;
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    BOOST_TEST(desk.send("GET", "/desk").status == 200);
    town.loop.advance(std::chrono::minutes(11));
    const auto ended = desk.send("GET", "/desk");
    BOOST_TEST(ended.status == 403);
    BOOST_TEST(ended.body.find("action=\"/desk/sign-in\"") !=
               std::string::npos); // the way in, at once
    BOOST_TEST(desk.cookies.empty());
}

BOOST_AUTO_TEST_CASE(a_second_press_of_a_password_form_gets_the_first_ones_answer)
{
    Town town;
    Browser desk(town, Surface::Desk);
    desk.get("/desk/first");
    const auto press = desk.request("POST", "/desk/first",
                                    {{"code", town.setupCode},
                                     {"name", "Erika Amt"},
                                     {"password", password},
                                     {"again", password},
                                     {"key", desk.formKey()}});
    std::vector<HttpResponse> answers;
    for (int i = 0; i < 2; ++i)
        town.node().handle(Surface::Desk, press,
                           [&](HttpResponse response) { answers.push_back(std::move(response)); });
    town.loop.run();
    BOOST_REQUIRE(answers.size() == 2U);
    BOOST_TEST(answers[0].header("Location") == "/desk/paper");
    BOOST_TEST(answers[0].header("Set-Cookie") == answers[1].header("Set-Cookie"));
}

BOOST_AUTO_TEST_CASE(a_call_for_help_is_shown_and_taken)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    kiosk.get("/help");
    kiosk.post("/help", {{"back", "/"}});
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    desk.get("/desk");
    BOOST_TEST(desk.shows("/desk/help/done"));
    desk.post("/desk/help/done", {{"caller", "kiosk"}});
    BOOST_TEST(!desk.shows("/desk/help/done"));
}

BOOST_AUTO_TEST_CASE(a_card_that_fails_its_proof_is_told_to_the_clerk_and_not_to_the_citizen)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReading(kiosk);
    town.reader.finish(CardNotGenuine{});
    kiosk.get("/visit/card/problem");
    for (const char* word : {"Echtheit", "echt", "gefälscht", "Fälschung", "help/done"})
        BOOST_TEST(!kiosk.shows(word));
    kiosk.get("/help");
    BOOST_TEST(!kiosk.shows("Hilfe gerufen"));
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    desk.get("/desk");
    BOOST_TEST(desk.shows("Prüfung der Echtheit nicht bestanden"));
    desk.post("/desk/help/done", {{"caller", "kiosk"}}); // another call: this one stays
    BOOST_TEST(desk.shows("Prüfung der Echtheit"));
    desk.post("/desk/help/done", {{"caller", "card-reader"}});
    BOOST_TEST(!desk.shows("Prüfung der Echtheit"));
}

BOOST_AUTO_TEST_CASE(the_device_page_shows_what_is_there)
{
    Town town;
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    desk.get("/desk/devices");
    BOOST_TEST(desk.page.status == 200);
    BOOST_TEST(desk.send("POST", "/desk/devices",
                         {{"device", "card"}, {"act", "lay"}, {"key", desk.formKey()}})
                   .status == 404);
}

BOOST_AUTO_TEST_CASE(a_display_is_let_in_by_its_token_which_leaves_the_address)
{
    Town town;
    Browser display(town, Surface::Display);
    BOOST_TEST(display.send("GET", "/display").status == 403);
    BOOST_TEST(display.send("GET", "/display?token=wrong").status == 403);
    display.get("/display?token=display-token");
    BOOST_TEST(display.location == "/display");
    BOOST_TEST(display.page.status == 200);
    BOOST_TEST(display.cookies["amt_display"].find("display-token") == std::string::npos);
    town.restart();
    BOOST_TEST(display.send("GET", "/display").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()
