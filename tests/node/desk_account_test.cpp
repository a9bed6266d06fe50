// SPDX-License-Identifier: EUPL-1.2
//
// One's own account at the desk: the second factor from the first code to the lost telephone, and
// the list of sessions.
#include "appliance/node/routes.h"
#include "appliance/office/people/second_factor.h"
#include "tests/node/town.h"
#include "tests/node/ways.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using node::Method;
using node::Surface;
using office::Role;

namespace {

constexpr auto step = std::chrono::seconds(30);
constexpr auto word = "noch ein Kennwort";

/// What a telephone makes of the key that was typed into it (RFC 4648, Base32).
Secret fromBase32(const std::string& written)
{
    Bytes bytes;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char letter : written) {
        if (letter == ' ')
            continue;
        const auto value = static_cast<unsigned>(letter >= 'A' ? letter - 'A' : letter - '2' + 26);
        held = (held << 5 | value) & 0xFFF;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<std::uint8_t>(held >> bits));
        }
    }
    return Secret(std::move(bytes));
}

std::string between(const std::string& text, const std::string& before, const std::string& after)
{
    const auto at = text.find(before);
    BOOST_REQUIRE(at != std::string::npos);
    const auto begin = at + before.size();
    return text.substr(begin, text.find(after, begin) - begin);
}

/// A town that asks lead, treasurer and IT for a second factor, and Erika with her telephone.
struct Careful {
    Town town;
    Browser desk{town, Surface::Desk};
    Secret telephone;

    Careful()
    {
        town.secondFactorFor = {Role::Lead, Role::Treasurer, Role::It};
        town.restart();
        signInFirst(town, desk);
    }
    std::string codeNow(int steps = 0) const
    {
        return office::factorCode(telephone, office::factorStep(town.loop.utcNow()) + steps);
    }
    void scan(Browser& browser)
    {
        browser.get("/desk/factor");
        telephone =
            fromBase32(between(browser.page.body, "<code class=\"factor-secret\">", "</code>"));
        BOOST_TEST(telephone.size() == 20U);
    }
    void setUp()
    {
        desk.post("/desk/paper", {{"kept", "yes"}});
        scan(desk);
        desk.post("/desk/factor", {{"code", codeNow()}});
        BOOST_TEST(desk.shows("Der zweite Faktor ist eingerichtet."));
    }
    void signIn(Browser& browser, const std::string& name, const std::string& password)
    {
        browser.get("/desk/sign-in");
        browser.post("/desk/sign-in", {{"name", name}, {"password", password}});
    }
    void addBruno()
    {
        desk.get("/desk/clerks");
        desk.post("/desk/clerks",
                  {{"name", "Bruno Büro"}, {"password", word}, {"again", word}, {"Clerk", "yes"}});
    }
    std::string addressOfBruno()
    {
        return "/desk/clerks/" + town.text("SELECT id FROM clerk WHERE name = 'Bruno Büro'");
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_desk_account)

BOOST_AUTO_TEST_CASE(the_first_account_sees_the_paper_half_then_sets_up_and_only_then_works)
{
    Careful careful;
    auto& desk = careful.desk;
    BOOST_TEST(desk.location == "/desk/paper");
    BOOST_TEST(!desk.shows("/desk/queue")); // no sections yet
    desk.post("/desk/paper", {{"kept", "yes"}});
    BOOST_TEST(desk.location == "/desk/factor");
    BOOST_TEST(desk.send("GET", "/desk").header("Location") == "/desk/factor");
    careful.scan(desk);
    const std::string written = between(desk.page.body, "factor-secret\">", "<");
    desk.post("/desk/factor", {{"code", "000000"}});
    BOOST_TEST(desk.page.status == 403);
    BOOST_TEST(desk.shows("Dieser Code gilt nicht."));
    BOOST_TEST(desk.shows(written)); // what was scanned stays good
    desk.post("/desk/factor", {{"code", careful.codeNow()}});
    BOOST_TEST(desk.shows("Der zweite Faktor ist eingerichtet."));
    BOOST_TEST(!desk.shows(written)); // never again
    desk.get("/");
    BOOST_TEST(desk.location == "/desk");
    BOOST_TEST(careful.town.count("SELECT count(*) FROM journal WHERE details LIKE "
                                  "'%set-up-second-factor%'") == 1);
}

BOOST_AUTO_TEST_CASE(the_qr_code_says_the_same_as_the_key_below_it)
{
    Careful careful;
    careful.scan(careful.desk);
    const auto drawn = between(careful.desk.page.body, "<svg class=\"qr\"", "</svg>");
    BOOST_TEST(drawn.find("fill=\"#000\"") != std::string::npos);
    const auto first = between(careful.desk.page.body, "factor-secret\">", "<");
    careful.scan(careful.desk); // loaded anew
    BOOST_TEST(between(careful.desk.page.body, "factor-secret\">", "<") == first);
    BOOST_TEST(between(careful.desk.page.body, "<svg class=\"qr\"", "</svg>") == drawn);
}

BOOST_AUTO_TEST_CASE(after_the_password_comes_the_code)
{
    Careful careful;
    careful.setUp();
    Browser other(careful.town, Surface::Desk);
    careful.signIn(other, "Erika Amt", firstPassword);
    BOOST_TEST(other.location == "/desk/code");
    BOOST_TEST(other.shows("name=\"code\""));
    BOOST_TEST(!other.shows("/desk/account"));
    other.post("/desk/code", {{"code", careful.codeNow()}}); // the one that set it up
    BOOST_TEST(other.page.status == 403);
    BOOST_TEST(other.shows("Dieser Code gilt nicht."));
    careful.town.loop.advance(step);
    const std::string code = careful.codeNow();
    other.post("/desk/code", {{"code", code.substr(0, 3) + " " + code.substr(3)}});
    BOOST_TEST(other.location == "/desk");
    Browser shoulder(careful.town, Surface::Desk);
    careful.signIn(shoulder, "Erika Amt", firstPassword);
    shoulder.post("/desk/code", {{"code", code}});
    BOOST_TEST(shoulder.page.status == 403);
}

BOOST_AUTO_TEST_CASE(half_way_in_nothing_opens_but_the_code_and_the_way_out)
{
    Careful careful;
    careful.setUp();
    Browser half(careful.town, Surface::Desk);
    careful.signIn(half, "Erika Amt", firstPassword);
    int asked = 0;
    for (const auto& route : node::allRoutes()) {
        if (route.who.rule != node::Rule::Clerk)
            continue;
        std::string path(route.pattern);
        for (auto at = path.find("{}"); at != std::string::npos; at = path.find("{}"))
            path.replace(at, 2, "0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10");
        std::map<std::string, std::string> fields;
        if (route.method == Method::Post)
            fields["key"] = "0123456789abcdef" + std::to_string(++asked);
        auto request = half.request(std::string(name(route.method)), path, fields);
        if (route.body == node::BodyComes::InPieces) {
            request.headers["content-type"] = "multipart/form-data; boundary=x";
            request.body.clear();
        }
        const auto answer = half.send(request);
        if (route.method == Method::Get)
            BOOST_TEST(answer.header("Location") == "/desk/code", path);
        else
            BOOST_TEST(answer.status == 403, path);
        BOOST_TEST(answer.eventTopic.has_value() == false, path);
    }
    BOOST_TEST(asked > 20);
    // Neither another factor nor the old one's end.
    half.get("/desk/factor");
    BOOST_TEST(half.location == "/desk/code");
    BOOST_TEST(
        half.send("POST", "/desk/factor", {{"code", "123456"}, {"key", "0123456789abcdef-set"}})
            .status == 409);
    half.post("/desk/sign-out");
    BOOST_TEST(half.location == "/desk/sign-in");
}

BOOST_AUTO_TEST_CASE(whoever_guesses_codes_waits)
{
    Careful careful;
    careful.setUp();
    Browser thief(careful.town, Surface::Desk);
    careful.signIn(thief, "Erika Amt", firstPassword);
    int delayed = 0;
    for (int attempt = 0; attempt < 6; ++attempt) {
        thief.get("/desk/code");
        thief.post("/desk/code", {{"code", "000000"}});
        if (thief.page.status == 429) {
            ++delayed;
            BOOST_TEST(!thief.page.header("Retry-After").empty());
        }
    }
    BOOST_TEST(delayed == 3);
    careful.town.loop.advance(step);
    Browser again(careful.town, Surface::Desk); // anew with the password: the wait stays
    careful.signIn(again, "Erika Amt", firstPassword);
    again.post("/desk/code", {{"code", "000000"}});
    again.get("/desk/code");
    again.post("/desk/code", {{"code", careful.codeNow()}});
    BOOST_TEST(again.page.status == 429);
}

BOOST_AUTO_TEST_CASE(a_lost_telephone_is_a_matter_for_a_colleague)
{
    Careful careful;
    careful.setUp();
    careful.addBruno();
    Browser bruno(careful.town, Surface::Desk);
    careful.signIn(bruno, "Bruno Büro", word);
    BOOST_TEST(bruno.location == "/desk"); // his role asks for none
    careful.scan(bruno);                   // he may
    bruno.post("/desk/factor", {{"code", careful.codeNow()}});
    const std::string address = careful.addressOfBruno();
    careful.desk.get(address);
    BOOST_TEST(careful.desk.shows("Zweiten Faktor zurücksetzen"));
    BOOST_TEST(careful.desk
                   .send("POST", address + "/factor",
                         {{"reason", "weil Bruno krank ist"}, {"key", careful.desk.formKey()}})
                   .status == 400); // nothing about him goes into the journal
    careful.desk.post(address + "/factor", {{"reason", "Lost"}});
    BOOST_TEST(careful.desk.shows("Der zweite Faktor ist zurückgesetzt."));
    BOOST_TEST(bruno.send("GET", "/desk").status == 403);
    careful.signIn(bruno, "Bruno Büro", word);
    BOOST_TEST(bruno.location == "/desk");
    // Her own goes only by a code.
    careful.desk.get("/desk/clerks/" +
                     careful.town.text("SELECT id FROM clerk WHERE name = 'Erika Amt'"));
    BOOST_TEST(!careful.desk.shows("Zweiten Faktor zurücksetzen"));
}

BOOST_AUTO_TEST_CASE(a_new_telephone_needs_a_last_code_of_the_old_one)
{
    Careful careful;
    careful.setUp();
    auto& desk = careful.desk;
    desk.post("/desk/factor/give-up", {{"code", "000000"}});
    BOOST_TEST(desk.page.status == 403);
    careful.town.loop.advance(step);
    desk.post("/desk/factor/give-up", {{"code", careful.codeNow()}});
    BOOST_TEST(desk.location == "/desk/factor");
    BOOST_TEST(desk.shows("factor-secret"));
    BOOST_TEST(desk.send("GET", "/desk").header("Location") == "/desk/factor");
    careful.scan(desk);
    desk.post("/desk/factor", {{"code", careful.codeNow()}});
    BOOST_TEST(desk.send("GET", "/desk").status == 200);
}

BOOST_AUTO_TEST_CASE(no_secret_of_a_telephone_lies_in_the_file_or_the_journal)
{
    Careful careful;
    careful.setUp();
    const auto written = careful.town.text("SELECT hex(sealed) FROM second_factor");
    BOOST_TEST(written.find(toHex(careful.telephone.reveal())) == std::string::npos);
    BOOST_TEST(written.size() > 2 * careful.telephone.size());
    BOOST_TEST(careful.town.count("SELECT count(*) FROM journal WHERE details LIKE '%' || '" +
                                  office::writtenSecret(careful.telephone).substr(0, 4) +
                                  "' || '%'") == 0);
}

// --- sessions

BOOST_AUTO_TEST_CASE(a_clerk_sees_where_she_is_signed_in_and_ends_what_she_does_not_know)
{
    Town town;
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    Browser other(town, Surface::Desk);
    other.get("/desk/sign-in");
    auto request = other.request(
        "POST", "/desk/sign-in",
        {{"name", "Erika Amt"}, {"password", firstPassword}, {"key", other.formKey()}});
    request.peer = "lan 192.168.10.31";
    other.send(std::move(request));
    BOOST_TEST(other.send("GET", "/desk").status == 200);
    desk.get("/desk/account");
    BOOST_TEST(desk.shows("192.168.10.31"));
    BOOST_TEST(desk.shows("diese Anmeldung"));
    const std::string session = between(desk.page.body, "name=\"session\" value=\"", "\"");
    const auto own = town.text("SELECT token_hash FROM clerk_session WHERE place = 'lan'");
    BOOST_TEST(session != own);
    desk.post("/desk/account/sessions/end", {{"session", session}});
    BOOST_TEST(desk.shows("Die Anmeldung ist beendet."));
    BOOST_TEST(!desk.shows("192.168.10.31"));
    BOOST_TEST(other.send("GET", "/desk").status == 403);
    BOOST_TEST(
        desk.send("POST", "/desk/account/sessions/end", {{"session", own}, {"key", desk.formKey()}})
            .status == 409); // her own ends by signing out
    BOOST_TEST(desk.send("GET", "/desk").status == 200);
}

BOOST_AUTO_TEST_CASE(it_ends_anyones_session_and_the_lead_does_not)
{
    Town town;
    Browser desk(town, Surface::Desk);
    signInFirst(town, desk);
    const std::string paper = paperHalf(desk);
    desk.get("/desk/clerks");
    desk.post("/desk/clerks", {{"name", "Bruno Büro"},
                               {"password", word},
                               {"again", word},
                               {"recovery", paper},
                               {"Lead", "yes"}});
    Browser bruno(town, Surface::Desk);
    bruno.get("/desk/sign-in");
    bruno.post("/desk/sign-in", {{"name", "Bruno Büro"}, {"password", word}});
    const auto sessionOf = [&](const std::string& name) {
        return town.text("SELECT token_hash FROM clerk_session JOIN clerk ON clerk.id = clerk_id "
                         "WHERE name = '" +
                         name + "'");
    };
    const std::string erikas = sessionOf("Erika Amt"), brunos = sessionOf("Bruno Büro");
    bruno.get("/desk/account");
    BOOST_TEST(!bruno.shows(erikas));
    BOOST_TEST(bruno
                   .send("POST", "/desk/account/sessions/end",
                         {{"session", erikas}, {"key", bruno.formKey()}})
                   .status == 404); // as if it were not there
    const std::string address =
        "/desk/clerks/" + town.text("SELECT id FROM clerk WHERE name = 'Bruno Büro'");
    bruno.get(address);
    BOOST_TEST(!bruno.shows(brunos));
    desk.get(address);
    BOOST_TEST(desk.shows(brunos));
    desk.post(address + "/sessions/end", {{"session", brunos}});
    BOOST_TEST(desk.location == address);
    BOOST_TEST(bruno.send("GET", "/desk").status == 403);
    BOOST_TEST(desk.send("GET", "/desk").status == 200);
}

// --- the password

struct Typed {
    const char* current;
    const char* next;
    const char* again;
    const char* says;
    bool changes;
    friend std::ostream& operator<<(std::ostream& out, const Typed& typed)
    {
        return out << typed.says;
    }
};
const Typed passwords[] = {
    {firstPassword, word, word, "Ihr Kennwort ist geändert.", true},
    {"falsch geraten", word, word, "Das jetzige Kennwort stimmt nicht.", false},
    {firstPassword, word, "etwas anderes", "Die beiden Kennwörter sind nicht gleich.", false},
    {firstPassword, "kurz", "kurz", "Kennwort", false},
};

BOOST_DATA_TEST_CASE(ones_own_password_changes_with_the_one_before,
                     boost::unit_test::data::make(passwords), typed)
{
    Town town;
    Browser desk(town, Surface::Desk), elsewhere(town, Surface::Desk);
    signInFirst(town, desk);
    elsewhere.get("/desk/sign-in");
    elsewhere.post("/desk/sign-in", {{"name", "Erika Amt"}, {"password", firstPassword}});
    desk.get("/desk/account");
    desk.post("/desk/account/password",
              {{"current", typed.current}, {"password", typed.next}, {"again", typed.again}});
    town.loop.run();
    BOOST_TEST(desk.location == "/desk/account");
    BOOST_TEST(desk.shows(typed.says));
    // Where she sits she stays in; elsewhere she does not, once it is another password.
    elsewhere.get("/desk/account");
    BOOST_TEST(elsewhere.shows("Kennwort ändern") == !typed.changes);
    Browser later(town, Surface::Desk);
    later.get("/desk/sign-in");
    later.post("/desk/sign-in", {{"name", "Erika Amt"}, {"password", firstPassword}});
    BOOST_TEST((later.location == "/desk/sign-in") == typed.changes);
}

BOOST_AUTO_TEST_SUITE_END()
