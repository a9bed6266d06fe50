// SPDX-License-Identifier: EUPL-1.2
//
// A waiting number from the kiosk to the desk and onto the board: drawn, printed or noted, called,
// served, set aside, sent on.
#include "tests/node/ways.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <regex>

using namespace amt;
using namespace amt::test;
using node::Surface;
namespace data = boost::unit_test::data;

namespace {

struct Hall {
    Hall()
    {
        signInFirst(town, clerk);
        board.get("/display?token=display-token");
    }
    /// A citizen draws a number and takes the paper.
    std::string draw(const std::string& group = "meldewesen")
    {
        Browser another(town, Surface::Kiosk);
        another.get("/queue");
        another.post("/queue", {{"group", group}});
        if (town.printer.isPrinting())
            town.printer.finish(Printed{});
        another.get("/visit/ticket");
        const std::string number = numberOn(another);
        another.post("/visit/end");
        return number;
    }
    static std::string numberOn(const Browser& browser)
    {
        static const std::regex pattern("<strong><bdi>([A-Z] [0-9]{3})</bdi></strong>");
        std::smatch found;
        return std::regex_search(browser.page.body, found, pattern) ? found[1].str() : "";
    }
    void sit(Browser& desk, const std::string& id)
    {
        desk.get("/desk/place");
        desk.post("/desk/place", {{"desk", id}, {"mode", "everybody"}, {"over", "no"}});
    }
    void next(Browser& desk)
    {
        desk.get("/desk/queue");
        desk.post("/desk/queue/next");
    }
    /// Presses a button of the row or the panel that shows this ticket.
    const HttpResponse& act(Browser& desk, const std::string& number, const std::string& act,
                            const std::string& group = {})
    {
        std::map<std::string, std::string> fields = {
            {"ticket", idOf(number)}, {"version", versionOf(number)}, {"act", act}};
        if (!group.empty())
            fields["group"] = group;
        return desk.post("/desk/queue/act", fields);
    }
    std::string idOf(const std::string& number)
    {
        return town.text("SELECT id FROM ticket WHERE letter = '" + number.substr(0, 1) +
                         "' AND number = " + std::to_string(std::stoi(number.substr(2))));
    }
    std::string versionOf(const std::string& number)
    {
        return town.text("SELECT version FROM ticket WHERE id = '" + idOf(number) + "'");
    }
    std::string stateOf(const std::string& number)
    {
        return town.text("SELECT state FROM ticket WHERE id = '" + idOf(number) + "'");
    }
    bool boardShows(const std::string& text)
    {
        board.get("/display");
        return board.shows(text);
    }

    Town town;
    Browser kiosk{town, Surface::Kiosk}, clerk{town, Surface::Desk}, board{town, Surface::Display};
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_queue)

BOOST_AUTO_TEST_CASE(a_number_is_drawn_printed_called_served_and_finished)
{
    Hall hall;
    hall.kiosk.get("/");
    BOOST_TEST(hall.kiosk.shows("href=\"/queue\""));
    hall.kiosk.get("/queue");
    BOOST_TEST(hall.kiosk.shows("Ausweis, Pass und Meldewesen"));
    hall.kiosk.post("/queue", {{"group", "meldewesen"}});
    BOOST_TEST(hall.kiosk.location == "/visit/ticket");
    BOOST_TEST(Hall::numberOn(hall.kiosk) == "B 001");
    BOOST_TEST(hall.stateOf("B 001") == "Drawn"); // nobody has it yet
    BOOST_TEST(hall.kiosk.shows("Der Zettel wird gedruckt."));
    const std::string paper = ScriptedPrinter::textOf(hall.town.printer.jobs.back());
    BOOST_TEST(paper.find("B 001") != std::string::npos);
    BOOST_TEST(paper.find("Ausweis, Pass und Meldewesen") != std::string::npos);
    hall.town.printer.finish(Printed{});
    hall.kiosk.get("/visit/ticket");
    BOOST_TEST(hall.kiosk.shows("Wir rufen Sie auf"));
    BOOST_TEST(hall.stateOf("B 001") == "Waiting");
    BOOST_TEST(hall.boardShows(">1 Person</strong>"));
    BOOST_TEST(!hall.boardShows("B 001")); // who waits is not shown, who is called is

    hall.sit(hall.clerk, "3");
    BOOST_TEST(hall.clerk.location == "/desk/queue");
    BOOST_TEST(hall.clerk.shows("B 001"));
    hall.next(hall.clerk);
    BOOST_TEST(hall.stateOf("B 001") == "Called");
    BOOST_TEST(hall.boardShows("<th scope=\"row\">B 001</th><td><span>Schalter 3</span> <span "
                               "class=\"direction direction--Straight\""));
    // The event brings what the page says: nobody has to fetch it.
    const auto event = json::parseObject(hall.town.livePages.newest["hall"]);
    const auto call = json::array(*event, "calls")->getObject(0);
    BOOST_TEST(json::text(*call, "number") == "B 001");
    BOOST_TEST(hall.boardShows("data-call=\"" + json::text(*call, "call") + "\""));
    for (const auto& line : {"waiting", "wait", "desks"})
        BOOST_TEST(hall.boardShows("data-line=\"" + std::string(line) + "\">" +
                                   json::text(*json::object(*event, "lines"), line) + "<"));
    hall.clerk.get("/desk/queue");
    hall.act(hall.clerk, "B 001", "serve");
    BOOST_TEST(hall.stateOf("B 001") == "Serving");
    hall.act(hall.clerk, "B 001", "finish");
    BOOST_TEST(hall.stateOf("B 001") == "Finished");
    BOOST_TEST(!hall.boardShows("B 001"));
}

struct Trouble {
    PrintOutcome outcome;
    const char* says;
};
std::ostream& operator<<(std::ostream& out, const Trouble& trouble)
{
    return out << trouble.says;
}
const std::vector<Trouble> troubles = {
    {PaperOut{}, "Der Drucker hat kein Papier."},
    {CoverOpen{}, "Der Drucker ist offen."},
    {NoPrinter{}, "Gerade lässt sich nichts drucken."},
    {PrintInterrupted{}, "Der Druck wurde unterbrochen."},
    {DeviceFailed{ErrorCode::ReaderFailed}, "Gerade lässt sich nichts drucken."},
};

BOOST_DATA_TEST_CASE(a_number_that_is_not_printed_waits_once_it_is_noted, data::make(troubles),
                     trouble)
{
    Hall hall;
    hall.kiosk.get("/queue");
    hall.kiosk.post("/queue", {{"group", "parken"}});
    hall.town.printer.finish(trouble.outcome);
    hall.kiosk.get("/visit/ticket");
    BOOST_TEST(hall.kiosk.shows(trouble.says));
    BOOST_TEST(hall.stateOf("P 001") == "Drawn");
    BOOST_TEST(hall.kiosk.shows("/visit/ticket/noted"));
    hall.kiosk.post("/visit/ticket/noted");
    BOOST_TEST(hall.stateOf("P 001") == "Waiting");
    BOOST_TEST(!hall.kiosk.shows("/visit/ticket/noted"));
    hall.kiosk.post("/visit/ticket/print"); // there is paper again
    hall.town.printer.finish(Printed{});
    hall.kiosk.get("/visit/ticket");
    BOOST_TEST(Hall::numberOn(hall.kiosk) == "P 001"); // the same number
    BOOST_TEST(hall.town.count("SELECT count(*) FROM ticket") == 1);
}

BOOST_AUTO_TEST_CASE(one_press_is_one_number)
{
    Hall hall;
    hall.kiosk.get("/queue");
    const auto pressed =
        hall.kiosk.request("POST", "/queue", {{"key", hall.kiosk.formKey()}, {"group", "kasse"}});
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(hall.kiosk.send(pressed).status == 303);
    BOOST_TEST(hall.town.count("SELECT count(*) FROM ticket") == 1);
    BOOST_TEST(hall.town.printer.jobs.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_number_survives_a_restart_before_and_after_its_paper)
{
    Hall hall;
    hall.kiosk.get("/queue");
    hall.kiosk.post("/queue", {{"group", "meldewesen"}});
    hall.town.restart();
    hall.kiosk.get("/visit/ticket");
    BOOST_TEST(Hall::numberOn(hall.kiosk) == "B 001");
    BOOST_TEST(hall.kiosk.shows("Der Druck wurde unterbrochen."));
    BOOST_TEST(hall.stateOf("B 001") == "Drawn");
    hall.kiosk.post("/visit/ticket/noted");
    hall.town.restart();
    BOOST_TEST(hall.stateOf("B 001") == "Waiting");
    hall.kiosk.get("/visit/ticket");
    BOOST_TEST(hall.kiosk.shows("Sie haben die Nummer notiert."));
}

BOOST_AUTO_TEST_CASE(whoever_goes_without_the_number_does_not_wait)
{
    Hall hall;
    hall.kiosk.get("/queue");
    hall.kiosk.post("/queue", {{"group", "meldewesen"}});
    hall.town.printer.finish(PaperOut{});
    hall.kiosk.get("/visit/ticket");
    hall.kiosk.post("/visit/end");
    for (int i = 0; i < 2; ++i) { // the clerk is not idle
        hall.town.loop.advance(std::chrono::minutes(6));
        hall.clerk.get("/desk/place");
    }
    BOOST_TEST(hall.stateOf("B 001") == "Expired");
    hall.sit(hall.clerk, "1");
    hall.next(hall.clerk);
    BOOST_TEST(hall.clerk.shows("Zurzeit wartet niemand, den Sie bedienen können."));
}

BOOST_AUTO_TEST_CASE(two_clerks_never_call_one_person)
{
    Hall hall;
    const auto number = hall.draw();
    Browser second(hall.town, Surface::Desk);
    hall.clerk.get("/desk/clerks");
    hall.clerk.post("/desk/clerks", {{"name", "Jürgen Großmann"},
                                     {"password", "grüner-briefkasten-9"},
                                     {"again", "grüner-briefkasten-9"},
                                     {"Clerk", "yes"}});
    hall.town.loop.run();
    second.get("/desk/sign-in");
    second.post("/desk/sign-in",
                {{"name", "Jürgen Großmann"}, {"password", "grüner-briefkasten-9"}});
    hall.sit(hall.clerk, "1");
    hall.sit(second, "2");
    const std::string seen = hall.versionOf(number);
    hall.clerk.get("/desk/queue");
    second.get("/desk/queue"); // both see the same person
    hall.act(hall.clerk, number, "call");
    BOOST_TEST(hall.town.text("SELECT desk FROM ticket") == "1");
    second.post("/desk/queue/act",
                {{"ticket", hall.idOf(number)}, {"version", seen}, {"act", "call"}});
    BOOST_TEST(second.page.status == 409);
    BOOST_TEST(second.shows("Jemand war schneller"));
    BOOST_TEST(hall.town.text("SELECT desk FROM ticket") == "1");

    // A place is taken over only by whoever says so.
    hall.sit(second, "1");
    BOOST_TEST(second.page.status == 409);
    BOOST_TEST(second.shows("An Schalter 1 sitzt schon Erika Amt."));
    second.post("/desk/place", {{"desk", "1"}, {"mode", "everybody"}, {"over", "yes"}});
    BOOST_TEST(second.location == "/desk/queue");
    BOOST_TEST(second.shows(number)); // with the person who was called there
    hall.clerk.get("/desk/queue");
    BOOST_TEST(hall.clerk.location == "/desk/place");
}

BOOST_AUTO_TEST_CASE(a_ticket_is_recalled_missed_and_comes_back)
{
    Hall hall;
    const auto number = hall.draw();
    hall.sit(hall.clerk, "1");
    hall.next(hall.clerk);
    hall.act(hall.clerk, number, "recall");
    BOOST_TEST(hall.clerk.shows("2 Mal gerufen"));
    hall.act(hall.clerk, number, "miss");
    BOOST_TEST(hall.stateOf(number) == "NoShow");
    BOOST_TEST(hall.clerk.shows("Nicht erschienen"));
    hall.act(hall.clerk, number, "return");
    BOOST_TEST(hall.stateOf(number) == "Waiting");
    hall.next(hall.clerk);
    hall.act(hall.clerk, number, "serve");
    hall.act(hall.clerk, number, "park");
    BOOST_TEST(hall.stateOf(number) == "Parked");
    hall.act(hall.clerk, number, "resume");
    BOOST_TEST(hall.stateOf(number) == "Serving");
    hall.act(hall.clerk, number, "redirect", "parken");
    BOOST_TEST(hall.stateOf(number) == "Waiting");
    BOOST_TEST(hall.town.text("SELECT service_group FROM ticket") == "parken");
}

BOOST_AUTO_TEST_CASE(reception_gives_out_numbers_and_colleagues_hear_a_call_for_help)
{
    Hall hall;
    hall.sit(hall.clerk, "1");
    hall.clerk.post("/desk/queue/draw", {{"group", "abholung"}});
    BOOST_TEST(hall.clerk.shows("Nummer A 001 wird gedruckt."));
    hall.town.printer.finish(Printed{});
    BOOST_TEST(hall.stateOf("A 001") == "Waiting");
    hall.clerk.get("/desk/queue");
    hall.clerk.post("/desk/queue/emergency");
    BOOST_TEST(hall.clerk.shows("Ihr Hilferuf läuft."));
    hall.clerk.post("/desk/queue/emergency/answer", {{"desk", "1"}});
    BOOST_TEST(!hall.clerk.shows("Ihr Hilferuf läuft."));
    hall.clerk.post("/desk/place/leave");
    BOOST_TEST(hall.clerk.location == "/desk/place");
    hall.clerk.get("/desk/queue");
    BOOST_TEST(hall.clerk.location == "/desk/place");
}

BOOST_AUTO_TEST_CASE(a_note_goes_with_the_number_and_stands_readable_nowhere_else)
{
    constexpr auto word = "Bringt das zweite Foto nach";
    Hall hall;
    const std::string number = hall.draw();
    hall.sit(hall.clerk, "3");
    hall.next(hall.clerk);
    hall.act(hall.clerk, number, "serve");
    const auto write = [&](const std::string& act, const std::string& note) {
        hall.clerk.post("/desk/queue/act", {{"ticket", hall.idOf(number)},
                                            {"version", hall.versionOf(number)},
                                            {"act", act},
                                            {"group", "parken"},
                                            {"note", note}});
    };
    write("note", " \t");
    BOOST_TEST(hall.clerk.page.status == 400);
    BOOST_TEST(hall.clerk.shows("Bitte schreiben Sie zuerst eine Notiz."));
    write("note", std::string(1601, 'x'));
    BOOST_TEST(hall.clerk.page.status == 400);
    BOOST_TEST(hall.town.count("SELECT count(*) FROM ticket_note") == 0);
    hall.clerk.get("/desk/queue");
    write("note", word);
    BOOST_TEST(hall.clerk.shows(word));
    BOOST_TEST(hall.clerk.shows("Erika Amt, "));
    write("redirect", "Parkausweis fehlt noch");
    BOOST_TEST(hall.stateOf(number) == "Waiting");
    BOOST_TEST(hall.town.count("SELECT count(*) FROM ticket_note") == 2);

    hall.sit(hall.clerk, "104");
    hall.next(hall.clerk);
    BOOST_TEST(hall.clerk.shows(word));
    BOOST_TEST(hall.clerk.shows("Parkausweis fehlt noch"));
    for (const auto* table : {"ticket_note", "queue_event", "journal"}) {
        const std::string column = table == std::string("ticket_note") ? "sealed" : "details";
        BOOST_TEST(hall.town.count("SELECT count(*) FROM " + std::string(table) + " WHERE " +
                                   column + " LIKE '%Foto%' OR " + column +
                                   " LIKE '%Parkausweis%'") == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_sign_at_the_door_says_who_is_asked_in_and_what_the_clerk_hung_there)
{
    Hall hall;
    Browser door(hall.town, Surface::Display);
    BOOST_TEST(door.get("/display/desk/3").status == 403);
    door.get("/display/desk/3?token=display-token");
    BOOST_TEST(door.location == "/display/desk/3");
    BOOST_TEST(door.shows("Geschlossen"));
    BOOST_TEST(door.get("/display/desk/9").status == 404);
    hall.sit(hall.clerk, "3");
    hall.clerk.post("/desk/queue/sign", {{"word", "BackSoon"}});
    door.get("/display/desk/3");
    BOOST_TEST(door.shows("Gleich zurück"));
    BOOST_TEST(door.shows("Back soon"));
    BOOST_TEST(!door.shows("Erika"));
    const std::string number = hall.draw();
    hall.next(hall.clerk);
    door.get("/display/desk/3");
    BOOST_TEST(door.shows(number));
    BOOST_TEST(door.shows("Bitte eintreten"));
    hall.act(hall.clerk, number, "serve");
    door.get("/display/desk/3");
    BOOST_TEST(door.shows("Wird bedient"));
    hall.clerk.get("/desk/queue");
    hall.clerk.post("/desk/queue/sign", {{"word", "Bin bei Frau Müller"}});
    BOOST_TEST(hall.clerk.page.status == 400);
    door.get("/display/desk/3");
    BOOST_TEST(door.shows("Gleich zurück"));
}

BOOST_AUTO_TEST_CASE(a_call_is_spoken_once_for_all_displays_and_only_while_it_is_on_the_board)
{
    Hall hall;
    hall.sit(hall.clerk, "3");
    const std::string number = hall.draw();
    const auto ask = [&](const std::string& address) {
        const auto answer = std::make_shared<std::optional<HttpResponse>>(); // it may come later
        hall.town.handle(Surface::Display, hall.board.request("GET", address),
                         [answer](HttpResponse came) { *answer = std::move(came); });
        return *answer;
    };
    BOOST_TEST(ask("/display/speech/B001/de")->status == 404); // waits, and is nobody's business
    hall.next(hall.clerk);
    BOOST_TEST(hall.boardShows("data-spoken=\"/display/speech/B001\""));
    std::vector<HttpResponse> answers;
    for (int i = 0; i < 3; ++i)
        hall.town.handle(Surface::Display, hall.board.request("GET", "/display/speech/B001/de"),
                         [&](HttpResponse came) { answers.push_back(std::move(came)); });
    hall.town.loop.run();
    BOOST_TEST(hall.town.speaker.said ==
                   std::vector<std::string>{"de: Nummer B 1, bitte zu Schalter 3."},
               boost::test_tools::per_element());
    hall.town.speaker.finish(Speech{{'O', 'g', 'g', 'S'}});
    BOOST_REQUIRE(answers.size() == 3U);
    for (const auto& answer : answers) {
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(answer.body == "OggS");
    }
    BOOST_TEST(ask("/display/speech/B001/de")->body == "OggS"); // kept
    BOOST_TEST(!ask("/display/speech/B001/en"));                // comes later
    BOOST_TEST(hall.town.speaker.said.back() == "en: Number B 1, please go to counter 3.");
    hall.town.speaker.finish(NoVoice{});
    for (const auto* other : {"B001/ar", "B001/", "B002/de", "%3Cb%3E/de"})
        BOOST_TEST(ask("/display/speech/" + std::string(other))->status == 404);
    Browser stranger(hall.town, Surface::Display);
    BOOST_TEST(stranger.get("/display/speech/B001/de").status == 403);
    hall.act(hall.clerk, number, "serve");
    hall.act(hall.clerk, number, "finish");
    BOOST_TEST(ask("/display/speech/B001/de")->status == 404);
    BOOST_TEST(hall.town.speaker.said.size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_lead_ends_the_day_and_nothing_stays_open)
{
    Hall hall;
    hall.sit(hall.clerk, "3");
    const std::string served = hall.draw(), waits = hall.draw();
    hall.next(hall.clerk);
    hall.act(hall.clerk, served, "serve");
    hall.clerk.get("/desk/place");
    BOOST_TEST(hall.clerk.shows("Den Tag beenden"));
    hall.clerk.post("/desk/queue/end");
    BOOST_TEST(hall.clerk.page.status == 400);
    BOOST_TEST(hall.stateOf(waits) == "Waiting");
    hall.clerk.post("/desk/queue/emergency");
    hall.clerk.get("/desk/place");
    hall.clerk.post("/desk/queue/end", {{"sure", "yes"}});
    BOOST_TEST(hall.clerk.page.status == 409);
    BOOST_TEST(hall.stateOf(waits) == "Waiting");
    hall.clerk.post("/desk/queue/emergency/answer", {{"desk", "3"}});
    hall.clerk.get("/desk/place");
    hall.clerk.post("/desk/queue/end", {{"sure", "yes"}});
    BOOST_TEST(hall.clerk.location == "/desk/place");
    BOOST_TEST(hall.town.count("SELECT count(*) FROM ticket WHERE state IN ('Waiting', 'Called', "
                               "'Serving', 'Parked')") == 0);
    BOOST_TEST(hall.town.count("SELECT count(*) FROM open_desk") == 0);
    BOOST_TEST(hall.boardShows(">0 Personen</strong>"));
    BOOST_TEST(hall.draw() == "B 003"); // no number comes twice on a day
}

BOOST_AUTO_TEST_CASE(a_list_that_follows_by_itself_keeps_nobody_signed_in)
{
    Hall hall;
    hall.sit(hall.clerk, "1");
    auto fetched = hall.clerk.request("GET", "/desk/queue");
    fetched.headers["sec-fetch-dest"] = "empty";
    for (int i = 0; i < 4; ++i) {
        hall.town.loop.advance(std::chrono::minutes(2));
        BOOST_TEST(hall.clerk.send(fetched).status == 200);
    }
    hall.town.loop.advance(std::chrono::minutes(3));
    BOOST_TEST(hall.clerk.send(fetched).status == 403);
}

BOOST_AUTO_TEST_CASE(a_board_in_the_hall_names_nobody_and_lets_in_only_displays)
{
    Hall hall;
    hall.draw();
    Browser stranger(hall.town, Surface::Display);
    BOOST_TEST(stranger.get("/display/events").status == 403);
    BOOST_TEST(hall.board.send("GET", "/display/events").eventTopic.value_or("") == "hall");
}

BOOST_AUTO_TEST_SUITE_END()
