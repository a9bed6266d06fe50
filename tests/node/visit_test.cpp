// SPDX-License-Identifier: EUPL-1.2
//
// Visits: restarts in the middle, presses that come twice, time that runs out, cookies that are
// old.
#include "tests/node/town.h"
#include "tests/node/ways.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using node::Surface;

BOOST_AUTO_TEST_SUITE(node_visit)

BOOST_AUTO_TEST_CASE(the_cookie_is_one_and_closed)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    kiosk.get("/services");
    const auto answer =
        kiosk.send("POST", "/services", {{"service", "99108001001000"}, {"key", kiosk.formKey()}});
    const std::string cookie = answer.header("Set-Cookie");
    BOOST_TEST(cookie.find("HttpOnly") != std::string::npos);
    BOOST_TEST(cookie.find("SameSite=Strict") != std::string::npos);
    BOOST_TEST(cookie.find("Path=/") != std::string::npos);
    BOOST_TEST(kiosk.cookies.size() == 1);
}

BOOST_AUTO_TEST_CASE(the_key_of_a_visit_is_not_on_disk)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToForm(town, kiosk);
    const std::string cookie = kiosk.cookies["amt_visit"];
    BOOST_TEST(town.count("SELECT count(*) FROM draft") == 1);
    auto draft = town.database().prepare("SELECT visit_id, sealed FROM draft");
    BOOST_REQUIRE(draft.step());
    BOOST_TEST(cookie.find(draft.text(0)) == std::string::npos);
    const Bytes raw = draft.blob(1);
    const std::string sealed(raw.begin(), raw.end());
    BOOST_TEST(sealed.find("Mustermann") == std::string::npos);
    BOOST_TEST(sealed.find(cookie.substr(cookie.find('.') + 1)) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(after_a_restart_the_browser_brings_the_key_back_and_the_citizen_goes_on)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToCard(kiosk);
    town.restart();
    kiosk.get("/visit/card");
    BOOST_TEST(kiosk.location == "/visit/card");
    kiosk.post("/visit/card", {{"pin", "123456"}});
    town.restart(); // the read goes with the process
    kiosk.get("/visit/card/reading");
    BOOST_TEST(kiosk.location == "/visit/card");
    kiosk.post("/visit/card", {{"pin", "123456"}});
    town.reader.finish(IdentityRead{Personal<IdentityData>(adasCard())});
    town.restart();
    kiosk.get("/visit/form");
    BOOST_TEST(kiosk.shows("Ada Erika"));
    fillLastPage(kiosk);
    town.restart();
    kiosk.get("/visit/review");
    BOOST_TEST(kiosk.shows("KLE"));
    kiosk.post("/visit/review", {{"confirm", "yes"}});
    town.restart();
    kiosk.get("/visit/pay");
    BOOST_TEST(kiosk.location == "/visit/pay");
    kiosk.post("/visit/pay", {{"action", "start"}});
    town.terminal.approve();
    town.restart();
    kiosk.get("/visit/pay/running");
    BOOST_TEST(kiosk.location == "/visit/done");
    BOOST_TEST(town.count("SELECT count(*) FROM cases") == 1);
    BOOST_TEST(town.count("SELECT count(*) FROM payment") == 1);
    BOOST_TEST(town.count("SELECT count(*) FROM envelope") == 1);
    kiosk.post("/visit/end");
    BOOST_TEST(town.count("SELECT count(*) FROM draft") == 0);
}

BOOST_AUTO_TEST_CASE(another_key_opens_nothing)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToForm(town, kiosk);
    std::string& cookie = kiosk.cookies["amt_visit"];
    cookie.back() = cookie.back() == 'A' ? 'E' : 'A';
    const auto refused = kiosk.send("GET", "/visit/form");
    BOOST_TEST(refused.status == 403);
    BOOST_TEST(refused.body.find("Mustermann") == std::string::npos);
    town.restart();
    BOOST_TEST(kiosk.send("GET", "/visit/form").status == 403);
}

BOOST_AUTO_TEST_CASE(a_draft_that_nobody_comes_back_for_is_deleted_and_its_case_is_held)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToPay(town, kiosk);
    town.loop.advance(std::chrono::seconds(1));
    town.restart();
    BOOST_TEST(town.count("SELECT count(*) FROM draft") == 1);
    BOOST_TEST(town.text("SELECT state FROM cases") == "Recorded");
    town.loop.advance(std::chrono::minutes(3));
    BOOST_TEST(town.count("SELECT count(*) FROM draft") == 0);
    BOOST_TEST(town.text("SELECT state FROM cases") == "Held");
    BOOST_TEST(kiosk.send("GET", "/visit/pay").status == 403);
}

BOOST_AUTO_TEST_CASE(a_second_press_of_the_same_page_does_nothing_anew)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    kiosk.get("/services");
    const auto choose = kiosk.request("POST", "/services",
                                      {{"service", "99108001001000"}, {"key", kiosk.formKey()}});
    const auto first = kiosk.send(choose);
    const auto second = kiosk.send(choose); // before the first answer's cookie was known
    BOOST_TEST(first.header("Set-Cookie") == second.header("Set-Cookie"));
    BOOST_TEST(town.count("SELECT count(*) FROM draft") == 1);

    kiosk.get("/visit/notice");
    kiosk.post("/visit/notice", {{"consent", "yes"}});
    const auto pin =
        kiosk.request("POST", "/visit/card", {{"pin", "123456"}, {"key", kiosk.formKey()}});
    kiosk.send(pin);
    kiosk.send(pin);
    BOOST_TEST(town.reader.reads == 1);
    town.reader.finish(IdentityRead{Personal<IdentityData>(adasCard())});
    kiosk.get("/visit/form");
    fillLastPage(kiosk);

    const auto confirm =
        kiosk.request("POST", "/visit/review", {{"confirm", "yes"}, {"key", kiosk.formKey()}});
    BOOST_TEST(kiosk.send(confirm).header("Location") == "/visit/pay");
    BOOST_TEST(kiosk.send(confirm).header("Location") == "/visit/pay");
    town.restart();
    BOOST_TEST(kiosk.send(confirm).header("Location") == "/visit/pay");
    BOOST_TEST(town.count("SELECT count(*) FROM cases") == 1);

    kiosk.get("/visit/pay");
    const auto pay =
        kiosk.request("POST", "/visit/pay", {{"action", "start"}, {"key", kiosk.formKey()}});
    for (int press = 0; press < 20; ++press)
        BOOST_TEST(kiosk.send(pay).header("Location") == "/visit/pay/running");
    BOOST_TEST(town.terminal.authorisations == 1);
    town.terminal.approve();
    BOOST_TEST(kiosk.send(pay).status == 303);
    BOOST_TEST(town.terminal.authorisations == 1);

    kiosk.get("/visit/done");
    town.printer.finish(Printed{});
    const auto receipt = kiosk.request("POST", "/visit/receipt", {{"key", kiosk.formKey()}});
    kiosk.send(receipt);
    town.printer.finish(Printed{});
    kiosk.send(receipt);
    BOOST_TEST(town.printer.jobs.size() == 2U);
    BOOST_TEST(ScriptedPrinter::textOf(town.printer.jobs.back()).find("Kopie") !=
               std::string::npos);

    kiosk.get("/visit/done");
    const auto end = kiosk.request("POST", "/visit/end", {{"key", kiosk.formKey()}});
    BOOST_TEST(town.handle(Surface::Kiosk, end).header("Location") == "/ended");
    BOOST_TEST(town.handle(Surface::Kiosk, end).header("Location") == "/ended");
}

BOOST_AUTO_TEST_CASE(a_page_out_of_order_leads_to_where_the_citizen_stands)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToForm(town, kiosk);
    for (const std::string path :
         {"/visit/review", "/visit/pay", "/visit/pay/running", "/visit/pay/unresolved",
          "/visit/done", "/visit/card/reading", "/visit/card/problem", "/"}) {
        kiosk.get(path);
        BOOST_TEST(kiosk.location == "/visit/form", path);
    }
    const std::string key = kiosk.formKey();
    for (const std::string path : {"/visit/review", "/visit/pay", "/visit/receipt"}) {
        std::map<std::string, std::string> fields = {{"key", key}};
        if (path == "/visit/review")
            fields["confirm"] = "yes";
        if (path == "/visit/pay")
            fields["action"] = "start";
        BOOST_TEST(kiosk.send("POST", path, fields).status == 409, path);
    }
    BOOST_TEST(town.terminal.authorisations == 0);
    BOOST_TEST(town.count("SELECT count(*) FROM cases") == 0);
}

BOOST_AUTO_TEST_CASE(an_unattended_visit_ends_by_itself_and_leaves_nothing)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToForm(town, kiosk);
    town.loop.advance(std::chrono::seconds(119));
    BOOST_TEST(kiosk.send("GET", "/visit/form").status == 200); // counts as a sign of life
    kiosk.get("/visit/still-there");
    BOOST_TEST(kiosk.location == "/visit/still-there");
    town.loop.advance(std::chrono::seconds(20));
    kiosk.post("/visit/still-there");
    BOOST_TEST(kiosk.location == "/visit/form");
    kiosk.get("/visit/still-there");
    town.loop.advance(std::chrono::seconds(31));
    kiosk.get("/visit/timeout");
    BOOST_TEST(kiosk.location == "/ended?timeout=1");
    BOOST_TEST(kiosk.page.header("Clear-Site-Data").find("storage") != std::string::npos);
    BOOST_TEST(kiosk.cookies.empty());
    BOOST_TEST(town.count("SELECT count(*) FROM draft") == 0);

    walkToCard(kiosk);
    town.loop.advance(std::chrono::seconds(90)); // a browser that has gone
    BOOST_TEST(town.count("SELECT count(*) FROM draft") == 0);
    BOOST_TEST(kiosk.send("GET", "/visit/card").status == 403);
}

BOOST_AUTO_TEST_CASE(a_running_step_holds_the_clock)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReading(kiosk);
    town.loop.advance(std::chrono::minutes(10));
    kiosk.get("/visit/card/reading");
    BOOST_TEST(kiosk.location == "/visit/card/reading");
    kiosk.get("/visit/timeout");
    BOOST_TEST(kiosk.location == "/visit/card/reading");
    town.reader.finish(IdentityRead{Personal<IdentityData>(adasCard())});
    kiosk.get("/visit/form");
    fillLastPage(kiosk);
    kiosk.post("/visit/review", {{"confirm", "yes"}});
    kiosk.post("/visit/pay", {{"action", "start"}});
    town.terminal.evidence(PaymentEvidence::Sent);
    town.loop.advance(std::chrono::minutes(10));
    kiosk.post("/visit/end"); // the terminal has the word
    BOOST_TEST(kiosk.location == "/visit/pay/running");
    BOOST_TEST(town.terminal.aborts == 1);
}

BOOST_AUTO_TEST_CASE(the_language_stays_with_the_visit_and_goes_with_it)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    kiosk.get("/");
    kiosk.post("/language", {{"language", "en"}, {"back", "/services"}});
    BOOST_TEST(kiosk.location == "/services");
    BOOST_TEST(kiosk.shows("Resident parking permit"));
    BOOST_TEST(kiosk.cookies.size() == 1);
    kiosk.post("/services", {{"service", "99108001001000"}});
    BOOST_TEST(kiosk.shows("lang=\"en\""));
    kiosk.post("/visit/end");
    kiosk.get("/services");
    BOOST_TEST(!kiosk.shows("Resident parking permit"));
    for (const std::string back :
         {"https://evil.example/", "//evil.example", "/visit/events", "javascript:alert(1)"}) {
        kiosk.get("/");
        const auto answer = kiosk.send(
            "POST", "/language", {{"language", "de"}, {"back", back}, {"key", kiosk.formKey()}});
        BOOST_TEST(answer.header("Location") == "/", back);
    }
}

BOOST_AUTO_TEST_CASE(a_call_for_help_reaches_the_desk_once)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToForm(town, kiosk);
    kiosk.get("/help?back=%2Fvisit%2Fform");
    kiosk.post("/help", {{"back", "/visit/form"}});
    BOOST_TEST(kiosk.page.status == 200);
    BOOST_TEST(town.count("SELECT count(*) FROM help_call") == 1);
    kiosk.get("/visit/form");
    BOOST_TEST(kiosk.shows("Ada Erika")); // nothing was lost
}

BOOST_AUTO_TEST_CASE(live_pages_hear_of_each_change)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReading(kiosk);
    const auto stream = kiosk.send("GET", "/visit/events");
    BOOST_REQUIRE(stream.eventTopic.has_value());
    const std::string before = town.livePages.newest.at(*stream.eventTopic);
    town.reader.running->step(IdentityStep::CheckingCard);
    const std::string during = town.livePages.newest.at(*stream.eventTopic);
    BOOST_TEST(before != during);
    town.reader.finish(CardRemoved{});
    BOOST_TEST(during != town.livePages.newest.at(*stream.eventTopic));
    BOOST_TEST(during.find("Mustermann") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_page_of_a_read_goes_along_with_its_steps)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReading(kiosk);
    const std::pair<IdentityStep, const char*> steps[] = {
        {IdentityStep::WaitingForCard, "reading.waitingForCard.heading"},
        {IdentityStep::CheckingPin, "reading.checkingPin.heading"},
        {IdentityStep::ProvingTerminal, "reading.provingTerminal.heading"},
        {IdentityStep::CheckingCard, "reading.checkingCard.heading"},
        {IdentityStep::Reading, "reading.reading.heading"}};
    for (const auto& [step, heading] : steps) {
        town.reader.running->step(step);
        kiosk.get("/visit/card/reading");
        BOOST_TEST(kiosk.shows(pages().text("de", heading)), heading);
    }
}

BOOST_AUTO_TEST_CASE(without_a_destination_key_the_start_page_says_so)
{
    Town town(Town::Enrolled::No);
    Browser kiosk(town, Surface::Kiosk);
    kiosk.get("/services");
    BOOST_TEST(kiosk.location == "/");
    BOOST_TEST(!kiosk.shows("href=\"/services\""));
    BOOST_TEST(
        kiosk.send("POST", "/services", {{"service", "99108001001000"}, {"key", kiosk.formKey()}})
            .status == 503);
}

// --- outcomes of the card

BOOST_AUTO_TEST_CASE(each_outcome_of_the_card_has_its_page)
{
    struct Row {
        std::string name;
        IdentityOutcome outcome;
        std::string location;
    };
    const std::vector<Row> rows = {
        {"wrong PIN", WrongPin{2}, "/visit/card"},
        {"wrong PIN, none left", WrongPin{0}, "/visit/card/problem"},
        {"suspended", PinSuspended{}, "/visit/card/problem"},
        {"blocked", PinBlocked{}, "/visit/card/problem"},
        {"not activated", PinNotActivated{}, "/visit/card/problem"},
        {"removed", CardRemoved{}, "/visit/card/problem"},
        {"no card", NoCard{}, "/visit/card/problem"},
        {"no reader", NoReader{}, "/visit/card/problem"},
        {"another card", NotAnIdentityCard{}, "/visit/card/problem"},
        {"expired", CardExpired{}, "/visit/card/problem"},
        {"not genuine", CardNotGenuine{}, "/visit/card/problem"},
        {"cancelled", ReadCancelled{}, "/visit/card"},
        {"fewer tries than known", PinReady{2}, "/visit/card"},
        {"broker gone", DeviceFailed{ErrorCode::BrokerGone}, "/visit/card/problem"},
    };
    Town town;
    for (const auto& row : rows) {
        Browser kiosk(town, Surface::Kiosk);
        walkToReading(kiosk);
        town.reader.finish(row.outcome);
        kiosk.get("/visit/card/reading");
        BOOST_TEST(kiosk.location == row.location, row.name);
        BOOST_TEST(kiosk.page.status == 200, row.name);
        kiosk.post("/visit/card/skip");
        BOOST_TEST(kiosk.location == "/visit/form", row.name);
        kiosk.post("/visit/end");
    }
}

BOOST_AUTO_TEST_CASE(a_cancelled_read_gives_nothing_to_the_visit_any_more)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReading(kiosk);
    kiosk.post("/visit/card/cancel");
    BOOST_TEST(kiosk.location == "/visit/card");
    BOOST_TEST(town.reader.cancels == 1);
    town.reader.finish(IdentityRead{Personal<IdentityData>(adasCard())});
    kiosk.get("/visit/card");
    BOOST_TEST(kiosk.location == "/visit/card");
    BOOST_TEST(!kiosk.shows("Mustermann"));
}

BOOST_AUTO_TEST_CASE(a_read_of_somebody_who_left_ends_before_the_next_one_begins)
{
    Town town;
    Browser first(town, Surface::Kiosk);
    walkToReading(first);
    first.post("/visit/end");
    Browser second(town, Surface::Kiosk);
    walkToReading(second);
    BOOST_TEST(town.reader.reads == 1);
    town.reader.finish(IdentityRead{Personal<IdentityData>(adasCard())});
    BOOST_TEST(town.reader.reads == 2);
    second.get("/visit/card/reading");
    BOOST_TEST(second.location == "/visit/card/reading");
    BOOST_TEST(!second.shows("Mustermann"));
}

BOOST_AUTO_TEST_CASE(lost_tries_are_told_before_one_is_spent)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReading(kiosk);
    BOOST_TEST(town.reader.lastRequest.triesTold == 3);
    town.reader.finish(PinReady{2});
    kiosk.get("/visit/card/reading");
    BOOST_TEST(kiosk.shows("noch 2 Versuche; gerade wurde keiner verbraucht"));
    kiosk.post("/visit/card", {{"pin", "123456"}});
    BOOST_TEST(town.reader.lastRequest.triesTold == 2);
    kiosk.post("/visit/card/cancel");
    BOOST_TEST(!kiosk.shows("gerade wurde keiner verbraucht"));
}

BOOST_AUTO_TEST_CASE(a_pin_told_wrong_is_a_try_that_is_known)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReading(kiosk);
    town.reader.finish(WrongPin{2});
    kiosk.get("/visit/card/reading");
    kiosk.post("/visit/card", {{"pin", "123456"}});
    BOOST_TEST(town.reader.lastRequest.triesTold == 2);
}

BOOST_AUTO_TEST_CASE(a_reader_with_a_keypad_takes_the_pin_itself)
{
    Town town;
    town.reader.hasKeypad = true;
    Browser kiosk(town, Surface::Kiosk);
    walkToCard(kiosk);
    BOOST_TEST(!kiosk.shows("name=\"pin\""));
    kiosk.post("/visit/card");
    BOOST_TEST((town.reader.lastRequest.entry == PasswordEntry::AtReader));
    BOOST_TEST(town.reader.lastRequest.pin.empty());
    town.reader.running->step(IdentityStep::EnteringAtReader);
    kiosk.get("/visit/card/reading");
    BOOST_TEST(kiosk.shows("Geben Sie Ihre PIN am Lesegerät ein"));
    town.reader.finish(PinSuspended{});
    kiosk.get("/visit/card");
    BOOST_TEST(kiosk.shows("name=\"can\""));
    BOOST_TEST(!kiosk.shows("name=\"pin\""));
    kiosk.post("/visit/card", {{"can", "50054"}});
    BOOST_TEST(town.reader.reads == 1); // not whole
    kiosk.post("/visit/card", {{"can", "500540"}});
    BOOST_TEST(town.reader.reads == 2);
    BOOST_TEST((town.reader.lastRequest.entry == PasswordEntry::AtReader));
    BOOST_TEST(town.reader.lastRequest.can.revealText() == "500540");
}

BOOST_AUTO_TEST_CASE(without_a_keypad_a_missing_pin_never_reaches_the_card)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToCard(kiosk);
    kiosk.post("/visit/card");
    BOOST_TEST(kiosk.location == "/visit/card");
    BOOST_TEST(town.reader.reads == 0);
}

BOOST_AUTO_TEST_CASE(who_reads_the_card_is_told_before_the_pin)
{
    Town town;
    Browser without(town, Surface::Kiosk);
    walkToCard(without);
    without.get("/visit/notice");
    BOOST_TEST(!without.shows("/visit/notice/certificate"));
    without.get("/visit/notice/certificate");
    BOOST_TEST(without.location == "/visit/card"); // nothing to show
    without.post("/visit/end");

    town.signer.toBeShown = node::ShownCertificate{"Stadt Musterstadt",
                                                   "https://musterstadt.example",
                                                   "Musterbund-Berechtigungen",
                                                   "",
                                                   "Zweck: Anträge <an> die Stadt",
                                                   localDateFromIso("2026-12-24")};
    Browser kiosk(town, Surface::Kiosk);
    walkToCard(kiosk);
    kiosk.get("/visit/notice");
    BOOST_TEST(kiosk.shows("/visit/notice/certificate"));
    kiosk.get("/visit/notice/certificate");
    for (const char* text : {"Stadt Musterstadt", "Musterbund-Berechtigungen", "24.12.2026",
                             "Zweck: Anträge &lt;an&gt; die Stadt"})
        BOOST_TEST(kiosk.shows(text), text);
}

BOOST_AUTO_TEST_CASE(five_digits_are_the_transport_pin_and_cost_no_try)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToCard(kiosk);
    kiosk.post("/visit/card", {{"pin", "12345"}});
    BOOST_TEST(kiosk.location == "/visit/card/problem");
    BOOST_TEST(kiosk.shows("Transport-PIN"));
    BOOST_TEST(town.reader.reads == 0);
    kiosk.get("/visit/card"); // a typing mistake, perhaps
    kiosk.post("/visit/card", {{"pin", "123456"}});
    BOOST_TEST(town.reader.reads == 1);
}

BOOST_AUTO_TEST_CASE(a_suspended_pin_is_tried_with_the_access_number_only)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReading(kiosk);
    BOOST_TEST(town.reader.lastRequest.can.empty());
    town.reader.finish(WrongPin{1});
    kiosk.get("/visit/card/reading");
    BOOST_TEST(kiosk.location == "/visit/card/problem");
    kiosk.get("/visit/card");
    BOOST_TEST(kiosk.shows("name=\"can\""));
    kiosk.post("/visit/card", {{"pin", "123456"}, {"can", "50054"}});
    BOOST_TEST(kiosk.location == "/visit/card");
    BOOST_TEST(town.reader.reads == 1);
    kiosk.post("/visit/card", {{"pin", "123456"}, {"can", "500541"}});
    BOOST_TEST(town.reader.reads == 2);
    BOOST_TEST(town.reader.lastRequest.can.revealText() == "500541");
    town.reader.finish(WrongCan{});
    kiosk.get("/visit/card/reading");
    BOOST_TEST(kiosk.location == "/visit/card");
    BOOST_TEST(kiosk.shows("keinen Versuch verloren"));
    kiosk.post("/visit/card", {{"pin", "123456"}, {"can", "500540"}});
    town.reader.finish(IdentityRead{Personal<IdentityData>(adasCard())});
    kiosk.get("/visit/card/reading");
    BOOST_TEST(kiosk.location == "/visit/form");
}

// --- access bar

BOOST_AUTO_TEST_CASE(the_access_bar_is_as_the_citizen_set_it_until_the_visit_ends)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    kiosk.get("/");
    BOOST_TEST(kiosk.shows("data-text=\"0\""));
    kiosk.post("/access", {{"set", "text-1"}, {"back", "/"}});
    BOOST_TEST(kiosk.location == "/");
    BOOST_TEST(kiosk.cookies.size() == 1U);
    kiosk.post("/access", {{"set", "contrast-on"}, {"back", "/help"}});
    BOOST_TEST(kiosk.location == "/help");
    for (const std::string state : {"data-text=\"1\"", "data-contrast=\"high\"", "größer", "hoch"})
        BOOST_TEST(kiosk.shows(state), state);
    kiosk.post("/services", {{"service", "99108001001000"}});
    kiosk.post("/access", {{"set", "reach-on"}, {"back", "/visit/notice"}});
    BOOST_TEST(kiosk.shows("data-reach=\"low\""));
    BOOST_TEST(kiosk.shows("data-idle=\"120\""));
    kiosk.post("/visit/end");
    kiosk.get("/");
    BOOST_TEST(kiosk.shows("data-text=\"0\""));
    BOOST_TEST(!kiosk.shows("data-contrast"));
    BOOST_TEST(!kiosk.shows("data-reach"));
}

BOOST_AUTO_TEST_CASE(a_wish_that_the_access_bar_does_not_have_is_refused)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    kiosk.get("/");
    for (const std::string wish : {"", "text-3", "text-", "contrast", "sound-on"})
        BOOST_TEST(
            kiosk.send("POST", "/access", {{"set", wish}, {"back", "/"}, {"key", kiosk.formKey()}})
                    .status == 400,
            wish);
    BOOST_TEST(kiosk.cookies.empty());
}

BOOST_AUTO_TEST_CASE(what_was_typed_stays_when_the_frame_of_the_form_is_pressed)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToForm(town, kiosk);
    kiosk.post("/visit/form", {{"plate", "KLE AB"}, {"action", "text-1"}});
    BOOST_TEST(kiosk.location == "/visit/form");
    BOOST_TEST(kiosk.shows("data-text=\"1\""));
    BOOST_TEST(kiosk.shows("KLE AB"));
    BOOST_TEST(!kiosk.shows("role=\"alert\"")); // nobody has said "next" yet
    kiosk.post("/visit/form", {{"plate", "KLE AB"}, {"action", "part-2"}});
    BOOST_TEST(kiosk.location == "/visit/form?part=2");
    kiosk.post("/visit/form", {{"plate", "KLE AB"}, {"action", "language-en"}});
    BOOST_TEST(kiosk.shows("lang=\"en\""));
    BOOST_TEST(kiosk.shows("KLE AB"));
    BOOST_TEST(
        kiosk.send("POST", "/visit/form", {{"action", "away"}, {"key", kiosk.formKey()}}).status ==
        400);
}

BOOST_AUTO_TEST_CASE(what_was_changed_after_the_review_is_looked_at_again)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToReview(town, kiosk);
    kiosk.get("/visit/form");
    kiosk.post("/visit/form", {{"plate", "?"}, {"action", "contrast-on"}});
    kiosk.get("/visit/review");
    BOOST_TEST(kiosk.location == "/visit/form");
}

BOOST_AUTO_TEST_CASE(a_pin_of_another_shape_is_not_tried)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    walkToCard(kiosk);
    for (const std::string pin : {"", "1234", "1234567", "12345a", "１２３４５６"}) {
        kiosk.post("/visit/card", {{"pin", pin}});
        BOOST_TEST(kiosk.location == "/visit/card");
        BOOST_TEST(kiosk.shows("Die PIN hat 6 Ziffern"));
    }
    BOOST_TEST(town.reader.reads == 0);
}

BOOST_AUTO_TEST_SUITE_END()
