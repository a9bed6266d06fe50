// SPDX-License-Identifier: EUPL-1.2
//
// Clerks: only the right password, code or paper half opens the desk key, and it closes with the
// last session.
#include "appliance/office/people/help_calls.h"
#include "tests/office/people/desk.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;
using test::Desk;
using test::otherPassword;
using test::password;

namespace {

bool opens(const std::optional<outbox::RsaKey>& key)
{
    return key && key->fingerprint() == test::rsaKey(4).fingerprint();
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_people)

BOOST_AUTO_TEST_CASE(argon2id_gives_the_known_answer)
{
    // test.c of the reference implementation, Argon2id version 1.3
    // the reference's test.c)
    const Stretched stretched = stretch({.password = Secret(std::string_view("password")),
                                         .salt = toBytes("somesalt"),
                                         .cost = {65536, 2, 1}});
    BOOST_TEST(toHex(stretched.key.reveal()) ==
               "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
}

struct Rule {
    const char* password;
    std::optional<PasswordFault> fault;
};
std::ostream& operator<<(std::ostream& out, const Rule& rule)
{
    return out << rule.password;
}
const std::string giant(257, 'a');
const Rule rules[] = {
    {"elf Zeichen", PasswordFault::TooShort},
    {"äöüäöüäöüäö", PasswordFault::TooShort}, // characters, not bytes
    {"zwölf Zeichen", std::nullopt},
    {"aaaaaaaaaaaa", std::nullopt}, // no rules about composition
    {"Petra Kern-Müller", PasswordFault::HoldsName},
    {giant.c_str(), PasswordFault::TooLong},
};
BOOST_DATA_TEST_CASE(a_password_is_long_and_needs_nothing_else, data::make(rules), rule)
{
    BOOST_TEST(
        (faultOf("Petra Kern-Müller", Secret(std::string_view(rule.password))) == rule.fault));
}

BOOST_AUTO_TEST_CASE(the_code_lets_the_first_clerk_in_once)
{
    Desk desk;
    BOOST_TEST(desk.people->isSetUp());
    BOOST_TEST(!desk.people->hasClerk());
    BOOST_TEST(desk.people->deskSeal().key.fingerprint() == test::rsaKey(4).fingerprint());
    BOOST_TEST(std::holds_alternative<SignInRefused>(desk.people->firstClerk(
        "2222-2222-2222-2222-2222-2222", "Petra Kern", desk.fresh(password), desk.now)));
    const FirstClerkIn in = desk.firstClerk();
    BOOST_TEST(in.paperHalf.size() == 29u);
    BOOST_TEST(opens(desk.people->openDeskKey(in.signedIn.token, desk.now)));
    BOOST_TEST(std::holds_alternative<SignInRefused>(desk.people->firstClerk(
        desk.code.revealText(), "Uwe Beil", desk.fresh(password), desk.now)));
    BOOST_CHECK_EXCEPTION(
        desk.people->setUp(test::rsaKey(3), desk.now), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::StepOutOfOrder; });
}

BOOST_AUTO_TEST_CASE(a_set_up_without_a_clerk_may_be_done_anew)
{
    Desk desk;
    const Secret second = desk.people->setUp(test::rsaKey(3), desk.now);
    BOOST_TEST(std::holds_alternative<SignInRefused>(desk.people->firstClerk(
        desk.code.revealText(), "Petra Kern", desk.fresh(password), desk.now)));
    BOOST_TEST(std::holds_alternative<FirstClerkIn>(desk.people->firstClerk(
        second.revealText(), "Petra Kern", desk.fresh(password), desk.now)));
}

BOOST_AUTO_TEST_CASE(only_the_right_password_opens_the_desk_key)
{
    Desk desk;
    desk.firstClerk();
    BOOST_TEST(desk.isRefused("Petra Kern", "ein Satz mit Wörtern"));
    BOOST_TEST(desk.isRefused("Petra Kern", ""));
    BOOST_TEST(desk.isRefused("Uwe Beil", password));
    BOOST_TEST(desk.isRefused("", password));
    BOOST_TEST(desk.isRefused("Petra Kern\xFF", password));
    const SignedIn in =
        desk.signIn(" petra kern ", password); // blanks and case of a name do not matter
    BOOST_TEST(in.clerk.name == "Petra Kern");
    BOOST_TEST(opens(desk.people->openDeskKey(in.token, desk.now)));
    BOOST_TEST(desk.journal->about(in.clerk.id).back().details.at("act") == "sign-in");
}

BOOST_AUTO_TEST_CASE(a_changed_byte_of_a_wrapped_key_opens_nothing)
{
    Desk desk;
    desk.firstClerk();
    auto row =
        desk.database->prepare("SELECT wrapped FROM data_key_wrap WHERE holder LIKE 'clerk:%'");
    BOOST_TEST_REQUIRE(row.step());
    Bytes wrapped = row.blob(0);
    wrapped[20] ^= 1;
    desk.database->prepare("UPDATE data_key_wrap SET wrapped = ? WHERE holder LIKE 'clerk:%'")
        .bind(wrapped)
        .run();
    BOOST_TEST(desk.isRefused("Petra Kern", password));
}

BOOST_AUTO_TEST_CASE(one_clerk_s_wrap_under_another_s_name_opens_nothing)
{
    Desk desk;
    const SignedIn petra = desk.firstClerk().signedIn;
    const Clerk uwe = std::get<Clerk>(desk.people->addClerk(petra.token, "Uwe Beil", {Role::Clerk},
                                                            desk.fresh(otherPassword), desk.now));
    desk.database
        ->prepare("UPDATE data_key_wrap SET (salt, wrapped) = (SELECT salt, wrapped FROM "
                  "data_key_wrap WHERE holder = ?) WHERE holder = ?")
        .bind("clerk:" + uwe.id, "clerk:" + petra.clerk.id)
        .run();
    desk.database
        ->prepare("UPDATE clerk SET salt = (SELECT salt FROM clerk WHERE id = ?) WHERE id = ?")
        .bind(uwe.id, petra.clerk.id)
        .run();
    BOOST_TEST(desk.isRefused("Petra Kern", otherPassword));
    BOOST_TEST(!desk.isRefused("Uwe Beil", otherPassword));
}

BOOST_AUTO_TEST_CASE(whoever_keeps_trying_waits_longer_and_longer)
{
    Desk desk;
    desk.firstClerk();
    std::vector<std::int64_t> waits;
    for (int i = 0; i < 16; ++i) {
        const auto answer = desk.tryPassword("Petra Kern", "falsch falsch falsch");
        BOOST_TEST(std::holds_alternative<SignInRefused>(answer));
        const auto delay = desk.people->delayFor("Petra Kern", desk.now);
        waits.push_back(delay ? delay->wait.count() : 0);
        if (delay) {
            BOOST_TEST(std::holds_alternative<SignInDelayed>(
                desk.tryPassword("petra kern", password))); // right, but too early
            desk.restart();                                 // a restart forgets nothing
            BOOST_TEST(desk.people->delayFor("Petra Kern", desk.now).has_value());
            desk.now += delay->wait;
        }
    }
    BOOST_TEST((waits == std::vector<std::int64_t>{0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900,
                                                   900, 900, 900}));
    BOOST_TEST(!desk.people->delayFor("Uwe Beil", desk.now));
    desk.signIn("Petra Kern", password);
    BOOST_TEST(std::holds_alternative<SignInRefused>(
        desk.tryPassword("Petra Kern", "falsch falsch falsch")));
    BOOST_TEST(!desk.people->delayFor("Petra Kern", desk.now)); // the count began anew
}

BOOST_AUTO_TEST_CASE(a_clock_that_goes_back_makes_no_wait_longer)
{
    Desk desk;
    desk.firstClerk();
    for (int i = 0; i < 3; ++i)
        desk.tryPassword("Petra Kern", "falsch falsch falsch");
    const auto delay = desk.people->delayFor("Petra Kern", desk.now - std::chrono::hours(1000));
    BOOST_TEST(delay->wait.count() == 1);
}

BOOST_AUTO_TEST_CASE(the_desk_key_closes_with_the_last_session)
{
    Desk desk;
    const SignedIn petra = desk.firstClerk().signedIn;
    desk.people->addClerk(petra.token, "Uwe Beil", {Role::Clerk}, desk.fresh(otherPassword),
                          desk.now);
    const SignedIn uwe = desk.signIn("Uwe Beil", otherPassword);
    desk.people->signOut(petra.token, desk.now);
    BOOST_TEST(!desk.people->openDeskKey(petra.token, desk.now));
    BOOST_TEST(opens(desk.people->openDeskKey(uwe.token, desk.now)));
    desk.people->signOut(uwe.token, desk.now);
    BOOST_TEST(!desk.people->openDeskKey(uwe.token, desk.now));
    BOOST_TEST(!desk.people->session(uwe.token, desk.now));
}

BOOST_AUTO_TEST_CASE(a_session_ends_after_ten_idle_minutes_and_after_twelve_hours)
{
    Desk desk;
    const Secret token = desk.firstClerk().signedIn.token;
    for (int i = 0; i < 80; ++i) { // a request every nine minutes
        BOOST_TEST(desk.people->session(token, desk.now).has_value());
        desk.now += std::chrono::minutes(9);
    }
    desk.now += std::chrono::minutes(1);
    BOOST_TEST(!desk.people->session(token, desk.now)); // 12 h
    const Secret second = desk.signIn("Petra Kern", password).token;
    desk.now += std::chrono::minutes(10);
    BOOST_TEST(desk.people->session(second, desk.now).has_value());
    desk.now += std::chrono::minutes(11);
    desk.people->endSessions(desk.now);
    BOOST_TEST(!desk.people->session(second, desk.now));
}

BOOST_AUTO_TEST_CASE(a_session_survives_a_restart_but_its_desk_key_does_not)
{
    Desk desk;
    const Secret token = desk.firstClerk().signedIn.token;
    desk.restart();
    const auto session = desk.people->session(token, desk.now);
    BOOST_TEST_REQUIRE(session.has_value());
    BOOST_TEST(!session->deskKeyOpen);
    BOOST_TEST(!desk.people->openDeskKey(token, desk.now));
    BOOST_CHECK_EXCEPTION(
        desk.people->addClerk(token, "Uwe Beil", {Role::Clerk}, desk.fresh(otherPassword),
                              desk.now),
        Error, [](const Error& error) { return error.errorCode() == ErrorCode::NotAllowed; });
}

BOOST_AUTO_TEST_CASE(an_open_desk_key_is_not_lent_to_another_session)
{
    Desk desk;
    const Secret old = desk.firstClerk().signedIn.token;
    desk.restart();
    const Secret fresh = desk.signIn("Petra Kern", password).token;
    BOOST_TEST(opens(desk.people->openDeskKey(fresh, desk.now)));
    BOOST_TEST(!desk.people->openDeskKey(old, desk.now));
}

BOOST_AUTO_TEST_CASE(a_guessed_token_is_nobody)
{
    Desk desk;
    const SignedIn in = desk.firstClerk().signedIn;
    for (const std::string& guess :
         {std::string(), std::string("x"), std::string(in.token.revealText()) + "A",
          toHex(envelope::sha256(in.token.reveal()))}) // the hash from a stolen file
        BOOST_TEST(!desk.people->session(Secret(std::string_view(guess)), desk.now));
    BOOST_CHECK_EXCEPTION(
        desk.people->addClerk(Secret(std::string_view("x")), "Uwe Beil", {Role::Clerk},
                              desk.fresh(password), desk.now),
        Error, [](const Error& error) { return error.errorCode() == ErrorCode::NotSignedIn; });
}

BOOST_AUTO_TEST_CASE(a_colleague_lets_one_in_who_forgot_the_password)
{
    Desk desk;
    const SignedIn petra = desk.firstClerk().signedIn;
    desk.people->addClerk(petra.token, "Uwe Beil", {Role::Clerk}, desk.fresh(password), desk.now);
    const SignedIn uwe = desk.signIn("Uwe Beil", password);
    desk.people->resetPassword(petra.token, uwe.clerk.id, desk.fresh(otherPassword), desk.now);
    BOOST_TEST(!desk.people->session(uwe.token, desk.now));
    BOOST_TEST(desk.isRefused("Uwe Beil", password));
    BOOST_TEST(
        opens(desk.people->openDeskKey(desk.signIn("Uwe Beil", otherPassword).token, desk.now)));
    BOOST_TEST(std::holds_alternative<NameTaken>(
        desk.people->addClerk(desk.signIn("Petra Kern", password).token, "uwe beil", {Role::Clerk},
                              desk.fresh(password), desk.now)));
    const auto accounts = desk.people->accounts();
    BOOST_TEST_REQUIRE(accounts.size() == 2U);
    BOOST_TEST(accounts[0].clerk.name == "Petra Kern");
    BOOST_TEST(accounts[1].clerk.name == "Uwe Beil");
}

BOOST_AUTO_TEST_CASE(the_paper_half_lets_in_and_neither_half_alone_does)
{
    Desk desk;
    const Secret paper = desk.firstClerk().paperHalf;
    desk.restart();
    const auto recover = [&](std::string_view half) {
        const auto answer =
            desk.people->recover("Petra Kern", half, desk.fresh(otherPassword), desk.now);
        desk.now += std::chrono::minutes(20);
        return answer;
    };
    BOOST_TEST(std::holds_alternative<SignInRefused>(recover("2222-2222-2222-2222-2222-2222")));
    BOOST_TEST(std::holds_alternative<SignInRefused>(recover("no code")));
    desk.database->execute("CREATE TABLE kept AS SELECT * FROM recovery_half; UPDATE recovery_half "
                           "SET half = zeroblob(32)");
    BOOST_TEST(std::holds_alternative<SignInRefused>(recover(paper.revealText())));
    desk.database->execute("UPDATE recovery_half SET half = (SELECT half FROM kept)");
    const auto in = recover(paper.revealText());
    BOOST_TEST_REQUIRE(std::holds_alternative<SignedIn>(in));
    BOOST_TEST(desk.isRefused("Petra Kern", password));
    BOOST_TEST(
        opens(desk.people->openDeskKey(desk.signIn("Petra Kern", otherPassword).token, desk.now)));
}

BOOST_AUTO_TEST_CASE(no_secret_lies_in_the_file)
{
    Desk desk;
    const FirstClerkIn in = desk.firstClerk();
    std::string bytes;
    for (const char* ending : {"", "-wal"}) {
        std::ifstream file(desk.database.file() + ending, std::ios::binary);
        bytes.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    const Secret der = test::rsaKey(4).privateDer();
    for (const std::string& secret :
         {password, std::string(in.paperHalf.revealText()), std::string(desk.code.revealText()),
          std::string(in.signedIn.token.revealText()),
          toText(der.reveal()).substr(600, 64)}) // primes
        BOOST_TEST((bytes.find(secret) == std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_call_for_help_is_open_until_somebody_comes)
{
    Desk desk;
    HelpCalls calls(*desk.database, desk.random);
    calls.call(askedAtKiosk, desk.now);
    calls.call(askedAtKiosk, desk.now + std::chrono::seconds(5));
    calls.call(forgedCard, desk.now + std::chrono::minutes(1));
    BOOST_TEST((calls.open(askedAtKiosk) == desk.now));
    calls.take(askedAtKiosk, "Petra Kern", desk.now);
    BOOST_TEST(!calls.open(askedAtKiosk));
    BOOST_TEST((calls.open(forgedCard) == desk.now + std::chrono::minutes(1)));
    calls.call(askedAtKiosk, desk.now);
    BOOST_TEST(calls.open(askedAtKiosk).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
