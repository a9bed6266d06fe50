// SPDX-License-Identifier: EUPL-1.2
//
// The operators' pages: nobody gets in without password and second factor, nothing happens without
// a second look, and each act is noted.
#include "tests/gateway/operators_browser.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using namespace std::chrono_literals;

namespace {

const std::string fingerprint(64, 'c');

std::string to(const HttpResponse& response)
{
    return response.header("Location");
}

/// A key that waits for approval. Whether its request can be signed is devices_test's.
void ask(OperatorsTown& operated, const std::string& clientId, const std::string& state = "asked")
{
    operated.town.books
        ->prepare(
            "INSERT INTO device_certificate (fingerprint, client_id, request, state, asked_at,"
            " certificate, digest, expires_at) VALUES ($1, $2, '', $3, $4, '', $1, $4)")
        .bind(fingerprint, clientId, state, operated.town.loop.utcNow())
        .run();
}

std::string stateOfKey(OperatorsTown& operated)
{
    auto row = operated.town.books->prepare("SELECT state FROM device_certificate");
    return row.step() ? row.text(0) : "";
}

struct Wrong {
    const char* name;
    const char *who, *password;
    bool rightCode;
};
const Wrong wrongs[] = {
    {"password", "Meier", "ein anderes Wort", true},
    {"code", "Meier", operatorPassword.c_str(), false},
    {"name", "Schulze", operatorPassword.c_str(), true},
    {"all", "Schulze", "ein anderes Wort", false},
    {"nothing", "", "", false},
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong)
{
    return out << wrong.name;
}

const char* const pagesOfOperators[] = {
    "/",        "/nodes/town-a",          "/requests",
    "/account", "/?show=wrong&sort=name", "/confirm?act=revoke&client=town-a"};
const char* const actsOfOperators[] = {"/act", "/account/end", "/sign-out"};

struct Posted {
    const char* name;
    const char* origin;
    bool key;
    int status;
};
const Posted posteds[] = {
    {"as a browser does", "https://operators.test", true, 303},
    {"without the key", "https://operators.test", false, 403},
    {"from elsewhere", "https://evil.test", true, 403},
    {"from nowhere", "", true, 403},
    {"from null", "null", true, 403},
    {"without TLS", "http://operators.test", true, 403},
};
std::ostream& operator<<(std::ostream& out, const Posted& posted)
{
    return out << posted.name;
}

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_operators)

BOOST_AUTO_TEST_CASE(an_operator_sets_up_with_the_code_of_the_console_and_signs_in)
{
    OperatorsTown operated;
    auto browser = operated.browser();
    const auto in = browser.setUp("Meier", operated.codeFor("Meier"));
    BOOST_TEST(in.status == 303);
    BOOST_TEST(to(in) == "/");
    BOOST_TEST(browser.get("/").status == 200);
    BOOST_TEST(to(browser.press("/sign-out", {})) == "/sign-in");
    BOOST_TEST(browser.cookies.empty());
    BOOST_TEST(to(browser.get("/")) == "/sign-in");
    operated.town.passTime(30s);
    BOOST_TEST(to(browser.signIn("Meier")) == "/");
    BOOST_TEST(browser.get("/").status == 200);
    const std::vector<std::string> expected = {"enter-operator user 0", "set-up-operator Meier",
                                               "sign-out Meier", "sign-in Meier"};
    BOOST_TEST(operated.acts() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_code_of_the_app_counts_once)
{
    OperatorsTown operated;
    auto browser = operated.signedIn();
    auto second = operated.browser();
    second.factor = browser.factor;
    BOOST_TEST(second.signIn("Meier").status == 403); // it set the account up
    operated.town.passTime(30s);
    BOOST_TEST(second.signIn("Meier").status == 303);
    auto third = operated.browser();
    third.factor = browser.factor;
    BOOST_TEST(third.signIn("Meier").status == 403);
}

BOOST_DATA_TEST_CASE(whoever_is_wrong_learns_not_where, data::make(wrongs), wrong)
{
    OperatorsTown operated;
    const auto right = operated.signedIn();
    operated.town.passTime(30s);
    auto browser = operated.browser();
    browser.factor = right.factor;
    const std::string other = browser.appCode() == "123456" ? "654321" : "123456";
    const auto answer =
        browser.signIn(wrong.who, wrong.password, wrong.rightCode ? browser.appCode() : other);
    BOOST_TEST(answer.status == 403);
    BOOST_TEST(browser.cookies.empty());
    BOOST_TEST(answer.body.find("Name, Passwort oder Code stimmen nicht") != std::string::npos);
    BOOST_TEST(answer.body.find(operatorPassword) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(wrong_tries_wait_and_the_right_one_waits_with_them)
{
    OperatorsTown operated;
    const auto right = operated.signedIn();
    auto browser = operated.browser();
    browser.factor = right.factor;
    operated.town.passTime(30s);
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(browser.signIn("Meier", "falsch", "123456").status == 403);
    const auto locked = browser.signIn("Meier");
    BOOST_TEST(locked.status == 429);
    BOOST_TEST(locked.header("Retry-After") == "1");
    operated.town.passTime(1s);
    BOOST_TEST(browser.signIn("Meier", "falsch", "123456").status == 403);
    BOOST_TEST(browser.signIn("Meier").header("Retry-After") == "2");
    gateway::OperatorPages again(operatorPagesSettings(), *operated.town.books, operated.town.loop,
                                 operated.town.random, {}); // the lock is in the books
    OperatorsBrowser later(operated.town, again);
    later.factor = right.factor;
    BOOST_TEST(later.signIn("Meier").status == 429);
    operated.town.passTime(2s);
    BOOST_TEST(browser.signIn("Meier").status == 303);
    const auto acts = operated.acts();
    BOOST_TEST(std::count(acts.begin(), acts.end(), "sign-in-refused Meier") == 4);
}

BOOST_AUTO_TEST_CASE(a_code_of_the_console_counts_a_day_and_once)
{
    OperatorsTown operated;
    const std::string code = operated.codeFor("Meier");
    auto browser = operated.browser();
    BOOST_TEST(browser.setUp("Schulze", code).status == 403);
    BOOST_TEST(browser.setUp("Meier", "2222-3333-4444-5555-6666-7777").status == 403);
    BOOST_TEST(browser.setUp("Meier", code, "kurz").status == 400);
    BOOST_TEST(browser.setUp("Meier", code).status == 303);
    auto second = operated.browser();
    BOOST_TEST(second.setUp("Meier", code).status == 403);

    const std::string late = operated.codeFor("Schulze");
    operated.town.passTime(24h);
    BOOST_TEST(second.setUp("Schulze", late).status == 403);
}

BOOST_AUTO_TEST_CASE(a_new_code_makes_what_was_before_worthless)
{
    OperatorsTown operated;
    auto browser = operated.signedIn();
    const std::string code = operated.codeFor("Meier", "/operators/code");
    BOOST_TEST(to(browser.get("/")) == "/sign-in"); // the session is over
    operated.town.passTime(30s);
    BOOST_TEST(browser.signIn("Meier").status == 403);
    BOOST_TEST(browser.setUp("Meier", code, "ein ganz neues Passwort").status == 303);
    operated.town.passTime(30s);
    BOOST_TEST(browser.signIn("Meier").status == 403);
    BOOST_TEST(browser.signIn("Meier", "ein ganz neues Passwort", browser.appCode()).status == 303);
}

BOOST_AUTO_TEST_CASE(an_account_that_ended_lets_nobody_in_and_frees_its_name)
{
    OperatorsTown operated;
    auto browser = operated.signedIn();
    BOOST_TEST(operated.codeFor("Meier").empty()); // taken
    const auto ended = operated.order("/operators/end",
                                      R"({"name":"Meier","by":"user 0","reason":"geht in Rente"})");
    BOOST_TEST(ended.status == 204);
    BOOST_TEST(to(browser.get("/")) == "/sign-in");
    operated.town.passTime(30s);
    BOOST_TEST(browser.signIn("Meier").status == 403);
    BOOST_TEST(!operated.codeFor("Meier").empty());
}

BOOST_DATA_TEST_CASE(no_page_shows_anything_to_somebody_who_is_not_in, data::make(pagesOfOperators),
                     path)
{
    OperatorsTown operated;
    auto browser = operated.browser();
    const auto answer = browser.get(path);
    BOOST_TEST(answer.status == 303);
    BOOST_TEST(to(answer) == "/sign-in");
    BOOST_TEST(answer.body.empty());
    browser.cookies["__Host-amt-operator"] = std::string(43, 'A');
    BOOST_TEST(to(browser.get(path)) == "/sign-in");
}

BOOST_DATA_TEST_CASE(nothing_is_done_for_somebody_who_is_not_in, data::make(actsOfOperators), path)
{
    OperatorsTown operated;
    auto browser = operated.browser();
    BOOST_TEST(to(browser.post(path, {{"act", "revoke"}, {"client", "town-a"}, {"reason", "x"}})) ==
               "/sign-in");
    BOOST_TEST(operated.acts().empty());
}

BOOST_DATA_TEST_CASE(a_form_is_taken_from_our_own_page_only, data::make(posteds), posted)
{
    OperatorsTown operated;
    auto browser = operated.signedIn();
    std::map<std::string, std::string> fields = {
        {"act", "revoke"}, {"client", "town-a"}, {"reason", "gestohlen"}};
    if (posted.key)
        fields["key"] = browser.formKey();
    BOOST_TEST(browser.post("/act", fields, posted.origin).status == posted.status);
    const auto acts = operated.acts();
    const bool done = std::count(acts.begin(), acts.end(), "revoke-client Meier") == 1;
    BOOST_TEST(done == (posted.status == 303));
}

BOOST_AUTO_TEST_CASE(the_key_of_another_session_is_no_key)
{
    OperatorsTown operated;
    auto browser = operated.signedIn();
    auto other = operated.signedIn("Schulze");
    BOOST_TEST(browser.formKey() != other.formKey());
    BOOST_TEST(browser.post("/sign-out", {{"key", other.formKey()}}).status == 403);
    BOOST_TEST(browser.get("/").status == 200);
}

BOOST_AUTO_TEST_CASE(a_session_ends_when_nobody_is_there_and_after_half_a_day)
{
    OperatorsTown operated;
    auto idle = operated.signedIn("Meier");
    operated.town.passTime(15min);
    BOOST_TEST(idle.get("/").status == 200);
    operated.town.passTime(15min + 1s);
    BOOST_TEST(to(idle.get("/")) == "/sign-in");

    auto busy = operated.signedIn("Schulze");
    for (int minutes = 0; minutes < 12 * 60; minutes += 10) {
        operated.town.passTime(10min);
        BOOST_TEST(busy.get("/").status == 200);
    }
    operated.town.passTime(1min);
    BOOST_TEST(to(busy.get("/")) == "/sign-in");
}

BOOST_AUTO_TEST_CASE(sessions_are_listed_and_ended)
{
    OperatorsTown operated;
    auto browser = operated.signedIn("Meier");
    auto other = operated.signedIn("Schulze");
    const std::string page = browser.get("/account").body;
    BOOST_TEST(page.find("Schulze") != std::string::npos);
    BOOST_TEST(page.find("192.0.2.7") != std::string::npos);
    const std::string theirs = between(page.substr(page.find("Schulze</bdi></strong>")),
                                       "name=\"session\" value=\"", "\"");
    BOOST_TEST(to(browser.press("/account/end", {{"session", theirs}})) == "/account");
    BOOST_TEST(to(other.get("/")) == "/sign-in");
    BOOST_TEST(browser.get("/").status == 200);
    BOOST_TEST(operated.acts().back() == "end-session Meier");
}

BOOST_AUTO_TEST_CASE(the_cookie_and_the_headers_are_those_of_security_md)
{
    OperatorsTown operated;
    auto browser = operated.browser();
    const auto in = browser.setUp("Meier", operated.codeFor("Meier"));
    const std::string cookie = in.header("Set-Cookie");
    BOOST_TEST(cookie.starts_with("__Host-amt-operator="));
    for (const char* word : {"; Path=/", "; HttpOnly", "; SameSite=Strict", "; Secure"})
        BOOST_TEST(cookie.find(word) != std::string::npos, word);
    for (const char* path : {"/", "/sign-in", "/nothing", "/assets/nothing.css"}) {
        const auto answer = browser.get(path);
        BOOST_TEST(answer.header("Content-Security-Policy").starts_with("default-src 'none'"));
        BOOST_TEST(answer.header("X-Content-Type-Options") == "nosniff");
        BOOST_TEST(answer.header("X-Frame-Options") == "DENY");
    }
    BOOST_TEST(browser.get("/").header("Cache-Control") == "no-store");
}

BOOST_AUTO_TEST_CASE(the_listener_of_nodes_and_citizens_knows_nothing_of_it)
{
    OperatorsTown operated;
    for (const char* path : {"/", "/sign-in", "/first", "/account", "/requests", "/operators"})
        BOOST_TEST(operated.town.ask(Who::Sender, "GET", path).status == 404, path);
}

BOOST_AUTO_TEST_CASE(the_list_says_in_words_what_is_wrong)
{
    OperatorsTown operated;
    const std::string silent = operated.enterNode("Rathaus Nord");
    const std::string well = operated.enterNode("Rathaus Süd");
    operated.hear(silent, portal::NodeReport{"0.0.9", 3, 1, operated.town.loop.utcNow() - 30h});
    operated.town.passTime(50min);
    operated.hear(well, portal::NodeReport{"0.1.0", 0, 0, {}});
    auto browser = operated.signedIn();
    const std::string page = browser.get("/").body;
    for (const char* words : {"meldet sich nicht", "vor 50 Minuten", "Fälle warten am Knoten",
                              "3, seit 30 Stunden", "Fälle zurückgehalten", "0.0.9", "in Ordnung"})
        BOOST_TEST(page.find(words) != std::string::npos, words);
    BOOST_TEST(page.find("Rathaus Nord") < page.find("Rathaus Süd"));
    const std::string wrong = browser.get("/?show=wrong").body;
    BOOST_TEST(wrong.find("Rathaus Nord") != std::string::npos);
    BOOST_TEST(wrong.find("Rathaus Süd") == std::string::npos);
    const std::string elsewhere = browser.get("/?tenant=" + otherTenant).body;
    BOOST_TEST(elsewhere.find("Rathaus Nord") == std::string::npos);
    BOOST_TEST(browser.get("/?show=nonsense&sort=nonsense").status == 200);
    const std::string node = browser.get("/nodes/" + silent).body;
    for (const char* words : {"Rathaus Nord", "anders als am Gateway", "eingetragen, durch Meier"})
        BOOST_TEST(node.find(words) != std::string::npos, words);
    BOOST_TEST(browser.get("/nodes/nobody").status == 404);
}

BOOST_AUTO_TEST_CASE(what_people_named_is_text_and_never_markup)
{
    OperatorsTown operated;
    operated.enterNode("<b>&'Rathaus");
    auto browser = operated.signedIn("<i>Meier");
    for (const char* path : {"/", "/account"}) {
        const std::string page = browser.get(path).body;
        BOOST_TEST(page.find("<b>") == std::string::npos);
        BOOST_TEST(page.find("<i>") == std::string::npos);
    }
    BOOST_TEST(browser.get("/").body.find("&lt;b&gt;&amp;&#39;Rathaus") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_key_is_refused_and_revoked_on_the_second_look)
{
    OperatorsTown operated;
    const std::string node = operated.enterNode("Rathaus");
    ask(operated, node);
    auto browser = operated.signedIn();
    const std::string requests = browser.get("/requests").body;
    BOOST_TEST(requests.find("cccc cccc") != std::string::npos);
    BOOST_TEST(requests.find("Rathaus") != std::string::npos);
    const std::string look = "client=" + node + "&fingerprint=" + fingerprint;
    BOOST_TEST(browser.get("/confirm?act=refuse&" + look).status == 200);
    BOOST_TEST(browser.get("/confirm?act=revoke-key&" + look).status == 404); // not issued
    BOOST_TEST(browser.get("/confirm?act=nothing&" + look).status == 404);
    BOOST_TEST(stateOfKey(operated) == "asked"); // looking does nothing
    std::map<std::string, std::string> form = {
        {"act", "refuse"}, {"client", node}, {"fingerprint", fingerprint}};
    BOOST_TEST(browser.press("/act", form).status == 400); // no reason
    BOOST_TEST(stateOfKey(operated) == "asked");
    form["reason"] = "unbekannt";
    BOOST_TEST(to(browser.press("/act", form)) == "/requests?done=refuse");
    BOOST_TEST(stateOfKey(operated) == "revoked");
    BOOST_TEST(operated.acts().back() == "revoke-device Meier");
    BOOST_TEST(browser.get("/requests?done=refuse").body.find("abgelehnt") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_key_is_approved_by_whoever_says_to_have_compared)
{
    OperatorsTown operated;
    const std::string node = operated.enterNode("Rathaus");
    ask(operated, node);
    auto browser = operated.signedIn();
    std::map<std::string, std::string> form = {
        {"act", "approve"}, {"client", node}, {"fingerprint", fingerprint}};
    BOOST_TEST(browser.press("/act", form).status == 400);
    form["compared"] = "yes";
    // This gateway lets nobody in (devices_test has one that does): the order arrives and is
    // refused.
    BOOST_TEST(browser.press("/act", form).status == 404);
    form["fingerprint"] = std::string(64, 'd');
    BOOST_TEST(browser.press("/act", form).status == 404);
    BOOST_TEST(stateOfKey(operated) == "asked");
}

BOOST_AUTO_TEST_CASE(a_node_is_revoked_with_a_reason)
{
    OperatorsTown operated;
    const std::string node = operated.enterNode("Rathaus");
    auto browser = operated.signedIn();
    BOOST_TEST(browser.get("/confirm?act=revoke&client=" + node).status == 200);
    BOOST_TEST(
        to(browser.press("/act", {{"act", "revoke"}, {"client", node}, {"reason", "weg"}})) ==
        "/requests?done=revoke");
    BOOST_TEST(browser.get("/?show=revoked").body.find("gesperrt") != std::string::npos);
    BOOST_TEST(browser.get("/confirm?act=revoke&client=" + node).status == 404);
    BOOST_TEST(browser.get("/nodes/" + node).body.find("gesperrt, durch Meier: weg") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_database_that_is_away_is_said_kindly)
{
    OperatorsTown operated;
    auto browser = operated.signedIn();
    operated.town.beforeAsking = [](std::string_view) {
        throw Error(ErrorCode::DatabaseUnavailable, "away");
    };
    BOOST_TEST(browser.get("/").status == 503);
    operated.town.beforeAsking = nullptr;
    BOOST_TEST(browser.get("/").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()
