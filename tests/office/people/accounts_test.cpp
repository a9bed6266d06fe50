// SPDX-License-Identifier: EUPL-1.2
//
// Accounts: nobody reaches beyond her roles, a code of the second factor counts once, and sessions
// are ended by whom they belong to.
#include "appliance/office/people/second_factor.h"
#include "tests/office/people/desk.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;
using test::Desk;
using test::otherPassword;
using test::password;

namespace {

constexpr auto step = std::chrono::seconds(30);
const Roles factorRoles = {Role::Lead, Role::Treasurer, Role::It};

bool isCode(const Error& error, ErrorCode code)
{
    return error.errorCode() == code;
}
template <ErrorCode code>
bool is(const Error& error)
{
    return isCode(error, code);
}

/// Petra is lead and IT; whoever else is needed comes in by her.
struct Staff : Desk {
    Secret petra;
    Secret factor; ///< of whoever set one up last
    Secret paperHalf;

    Staff()
    {
        const auto first = firstClerk();
        petra = first.signedIn.token;
        paperHalf = first.paperHalf;
    }
    Clerk add(const std::string& name, Roles roles)
    {
        return std::get<Clerk>(people->addClerk(petra, name, roles, fresh(otherPassword), now,
                                                paperHalf.revealText()));
    }
    /// Signed in as somebody with these roles.
    Secret as(const std::string& name, Roles roles)
    {
        add(name, roles);
        return signIn(name, otherPassword).token;
    }
    std::string idOf(const std::string& name) const
    {
        for (const auto& account : people->accounts()) {
            if (account.clerk.name == name)
                return account.clerk.id;
        }
        return {};
    }
    std::string codeNow(int steps = 0) const { return factorCode(factor, factorStep(now) + steps); }
    void setUp(const Secret& token)
    {
        factor = newFactorSecret(random);
        BOOST_REQUIRE(std::holds_alternative<FactorRight>(
            people->setUpFactor(token, factor, codeNow(), now)));
    }
    bool isRight(const Secret& token, const std::string& typed)
    {
        return std::holds_alternative<FactorRight>(people->proveFactor(token, typed, now));
    }
    Proof proofOf(const Secret& token)
    {
        const auto found = people->session(token, now);
        BOOST_REQUIRE(found.has_value());
        return found->proof;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(office_accounts)

// --- roles

BOOST_AUTO_TEST_CASE(roles_are_written_in_one_order_and_read_back)
{
    BOOST_TEST(toText(Roles{Role::It, Role::Clerk}) == "Clerk It");
    BOOST_TEST(toText(Roles{}).empty());
    BOOST_TEST((rolesFrom("Treasurer Reception") == Roles{Role::Reception, Role::Treasurer}));
    BOOST_TEST(rolesFrom("").empty());
    BOOST_CHECK_EXCEPTION(rolesFrom("Clerk Mayor"), Error, is<ErrorCode::InputMalformed>);
    BOOST_TEST((Roles{Role::Lead}.differenceTo({Role::Lead, Role::It}) == Roles{Role::It}));
}

BOOST_AUTO_TEST_CASE(the_first_account_looks_after_all_others)
{
    Staff staff;
    BOOST_TEST(
        (staff.people->account(staff.idOf("Petra Kern")).roles == Roles{Role::Lead, Role::It}));
    staff.add("Uwe Beil", {Role::Clerk, Role::Treasurer});
    BOOST_TEST((staff.people->account(staff.idOf("Uwe Beil")).roles ==
                Roles{Role::Clerk, Role::Treasurer}));
    const auto record = staff.journal->about(staff.idOf("Uwe Beil")).back().details;
    BOOST_TEST((record == outbox::Details{{"act", "add-clerk"},
                                          {"clerk", "Petra Kern"},
                                          {"name", "Uwe Beil"},
                                          {"roles", "Clerk Treasurer"}}));
}

BOOST_AUTO_TEST_CASE(an_account_begins_with_a_role)
{
    Staff staff;
    BOOST_CHECK_EXCEPTION(staff.add("Uwe Beil", {}), Error, is<ErrorCode::RequestMalformed>);
}

BOOST_DATA_TEST_CASE(who_looks_after_nobody_changes_no_account,
                     data::make({"Clerk", "Reception", "Treasurer"}), role)
{
    Staff staff;
    const Secret uwe = staff.as("Uwe Beil", rolesFrom(role));
    const std::string other = staff.add("Ida Sommer", {Role::Reception}).id;
    auto& people = *staff.people;
    const auto now = staff.now;
    // The same refusal for an account that is there and for one that is not.
    for (const std::string& id : {other, staff.idOf("Uwe Beil"), std::string("nobody")}) {
        BOOST_CHECK_EXCEPTION(people.setRoles(uwe, id, everyRole, now), Error,
                              is<ErrorCode::NotAllowed>);
        BOOST_CHECK_EXCEPTION(people.resetPassword(uwe, id, staff.fresh(password), now), Error,
                              is<ErrorCode::NotAllowed>);
        BOOST_CHECK_EXCEPTION(people.resetFactor(uwe, id, FactorLoss::Lost, now), Error,
                              is<ErrorCode::NotAllowed>);
    }
    BOOST_CHECK_EXCEPTION(
        people.addClerk(uwe, "Neue Kraft", {Role::Clerk}, staff.fresh(password), now), Error,
        is<ErrorCode::NotAllowed>);
    BOOST_CHECK_EXCEPTION(people.sessionsOf(uwe, other, now), Error, is<ErrorCode::NotAllowed>);
    BOOST_TEST(people.accounts().size() == 3U);
}

BOOST_AUTO_TEST_CASE(the_lead_reaches_her_team_and_nothing_above_it)
{
    Staff staff;
    const Secret lead = staff.as("Lea Leitung", {Role::Lead});
    auto& people = *staff.people;
    const auto add = [&](const std::string& name, Roles roles) {
        return people.addClerk(lead, name, roles, staff.fresh(otherPassword), staff.now);
    };
    BOOST_TEST(std::holds_alternative<Clerk>(add("Uwe Beil", {Role::Clerk, Role::Reception})));
    for (const Role beyond : {Role::Treasurer, Role::It})
        BOOST_CHECK_EXCEPTION(add("Karl Kasse", {Role::Clerk, beyond}), Error,
                              is<ErrorCode::NotAllowed>);
    staff.add("Karl Kasse", {Role::Clerk, Role::Treasurer});
    const std::string karl = staff.idOf("Karl Kasse");
    const std::string uwe = staff.idOf("Uwe Beil");
    const std::string self = staff.idOf("Lea Leitung");
    BOOST_CHECK_EXCEPTION(people.setRoles(lead, karl, {Role::Clerk}, staff.now), Error,
                          is<ErrorCode::NotAllowed>);
    BOOST_CHECK_EXCEPTION(people.setRoles(lead, karl, {}, staff.now), Error,
                          is<ErrorCode::NotAllowed>);
    BOOST_CHECK_EXCEPTION(people.resetPassword(lead, karl, staff.fresh(password), staff.now), Error,
                          is<ErrorCode::NotAllowed>);
    BOOST_CHECK_EXCEPTION(people.setRoles(lead, self, {Role::Lead, Role::It}, staff.now), Error,
                          is<ErrorCode::NotAllowed>);
    BOOST_CHECK_EXCEPTION(people.setRoles(lead, uwe, {Role::Clerk, Role::It}, staff.now), Error,
                          is<ErrorCode::NotAllowed>);
    // Petra is the second person for it.
    BOOST_TEST((people.setRoles(lead, uwe, {Role::Lead}, staff.now) == AccountChange::Waits));
}

BOOST_AUTO_TEST_CASE(the_last_it_account_stays_one)
{
    Staff staff;
    const std::string petra = staff.idOf("Petra Kern");
    auto& people = *staff.people;
    for (const Roles without : {Roles{Role::Lead}, Roles{}})
        BOOST_TEST(
            (people.setRoles(staff.petra, petra, without, staff.now) == AccountChange::LastIt));
    BOOST_TEST((people.account(petra).roles == Roles{Role::Lead, Role::It}));
    const std::string uwe = staff.add("Uwe Beil", {Role::It}).id;
    BOOST_TEST(
        (people.setRoles(staff.petra, petra, {Role::Lead}, staff.now) == AccountChange::Waits));
    const Secret uwes = staff.signIn("Uwe Beil", otherPassword).token;
    BOOST_TEST((people.confirmRequest(uwes, people.requests(uwes, staff.now).at(0).id, staff.now) ==
                AccountChange::Changed));
    BOOST_TEST((people.setRoles(uwes, uwe, {Role::Clerk}, staff.now) == AccountChange::LastIt));
}

BOOST_AUTO_TEST_CASE(a_role_holds_at_once_in_a_session_that_runs)
{
    Staff staff;
    const Secret uwe = staff.as("Uwe Beil", {Role::Clerk});
    staff.people->setRoles(staff.petra, staff.idOf("Uwe Beil"), {Role::Reception}, staff.now);
    BOOST_TEST((staff.people->session(uwe, staff.now)->roles == Roles{Role::Reception}));
    const auto record = staff.journal->about(staff.idOf("Uwe Beil")).back().details;
    BOOST_TEST((record == outbox::Details{{"act", "set-roles"},
                                          {"clerk", "Petra Kern"},
                                          {"name", "Uwe Beil"},
                                          {"roles", "Reception"}}));
}

BOOST_AUTO_TEST_CASE(an_account_without_roles_is_closed_and_its_password_opens_nothing)
{
    Staff staff;
    const Secret uwe = staff.as("Uwe Beil", {Role::Clerk});
    const std::string id = staff.idOf("Uwe Beil");
    staff.people->setRoles(staff.petra, id, {}, staff.now);
    BOOST_TEST(!staff.people->session(uwe, staff.now));
    BOOST_TEST(staff.isRefused("Uwe Beil", otherPassword));
    BOOST_TEST(staff.journal->about(id).back().details.at("act") == "close-account");
    const Secret petra = staff.signIn("Petra Kern", password).token;
    BOOST_CHECK_EXCEPTION(staff.people->resetPassword(petra, id, staff.fresh(password), staff.now),
                          Error, is<ErrorCode::StepOutOfOrder>);
    // Opened again, it needs a new password.
    staff.people->setRoles(petra, id, {Role::Clerk}, staff.now);
    BOOST_TEST(staff.isRefused("Uwe Beil", otherPassword));
    const Secret again = staff.signIn("Petra Kern", password).token;
    staff.people->resetPassword(again, id, staff.fresh(password), staff.now);
    BOOST_TEST(
        staff.people->session(staff.signIn("Uwe Beil", password).token, staff.now).has_value());
}

BOOST_AUTO_TEST_CASE(not_even_the_paper_half_opens_a_closed_account)
{
    Desk desk;
    const auto first = desk.firstClerk();
    const Clerk uwe = std::get<Clerk>(desk.people->addClerk(
        first.signedIn.token, "Uwe Beil", {Role::Clerk}, desk.fresh(otherPassword), desk.now));
    desk.people->setRoles(first.signedIn.token, uwe.id, {}, desk.now);
    BOOST_TEST(std::holds_alternative<SignInRefused>(desk.people->recover(
        "Uwe Beil", first.paperHalf.revealText(), desk.fresh(password), desk.now)));
}

// --- the password

BOOST_AUTO_TEST_CASE(one_changes_ones_own_password_with_the_one_before_and_stays_in_here_only)
{
    Staff staff;
    const Secret uwe = staff.as("Uwe Beil", {Role::Clerk});
    const Secret elsewhere = staff.signIn("Uwe Beil", otherPassword).token;
    const auto change = [&](const std::string& current, const std::string& next) {
        return staff.people->changePassword(uwe, staff.typed("Uwe Beil", current),
                                            staff.fresh(next), staff.now);
    };
    BOOST_TEST(std::holds_alternative<SignInRefused>(change("ein falsches Kennwort", password)));
    BOOST_TEST(staff.people->session(elsewhere, staff.now).has_value());
    BOOST_TEST(std::holds_alternative<PasswordChanged>(change(otherPassword, password)));
    BOOST_TEST(staff.people->session(uwe, staff.now).has_value());
    BOOST_TEST(!staff.people->session(elsewhere, staff.now).has_value());
    BOOST_TEST(staff.people->openDeskKey(uwe, staff.now).has_value());
    staff.signIn("Uwe Beil", password); // opens the desk key, too
    BOOST_TEST(std::holds_alternative<SignInRefused>(
        staff.people->signIn("Uwe Beil", staff.typed("Uwe Beil", otherPassword), staff.now)));
    BOOST_TEST(staff.journal->about(staff.idOf("Uwe Beil")).size() >= 2U);
}

BOOST_AUTO_TEST_CASE(whoever_guesses_at_an_open_desk_waits_as_at_the_door)
{
    Staff staff;
    const Secret uwe = staff.as("Uwe Beil", {Role::Clerk});
    const auto guess = [&](const std::string& current) {
        return staff.people->changePassword(uwe, staff.typed("Uwe Beil", current),
                                            staff.fresh(password), staff.now);
    };
    int tries = 0;
    while (tries < 50 && std::holds_alternative<SignInRefused>(guess("ein falsches Kennwort")))
        ++tries;
    BOOST_TEST(tries >= 3);
    BOOST_TEST(tries < 50);
    BOOST_TEST(std::holds_alternative<SignInDelayed>(guess(otherPassword))); // the right one, too
    BOOST_TEST(staff.people->delayFor("Uwe Beil", staff.now).has_value());
}

// --- the second factor

struct Vector {
    std::int64_t seconds;
    const char* code;
};
std::ostream& operator<<(std::ostream& out, const Vector& vector)
{
    return out << vector.seconds;
}
const Vector rfc6238[] = {
    // RFC 6238, appendix B, SHA-1
    {59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
    {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"},
};
BOOST_DATA_TEST_CASE(a_code_is_that_of_rfc_6238, data::make(rfc6238), vector)
{
    const Secret secret(std::string_view("12345678901234567890"));
    const auto at = factorStep(fromMilliseconds(vector.seconds * 1000));
    BOOST_TEST(factorCode(secret, at, 8) == vector.code);
    BOOST_TEST(factorCode(secret, at) == std::string(vector.code).substr(2)); // modulo 10^6
}

BOOST_AUTO_TEST_CASE(a_secret_is_written_for_hands_and_for_the_camera)
{
    const Secret secret(std::string_view("12345678901234567890"));
    BOOST_TEST(writtenSecret(secret) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    BOOST_TEST(authenticatorAddress("Amtsstube Stadt Köln", "Ayşe: Öz&türk", secret) ==
               "otpauth://totp/Amtsstube%20Stadt%20K%C3%B6ln:Ay%C5%9Fe%3A%20%C3%96z%26t%C3%BCrk"
               "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Amtsstube%20Stadt%20K%C3%B6ln"
               "&algorithm=SHA1&digits=6&period=30");
}

BOOST_AUTO_TEST_CASE(clocks_may_be_one_step_apart_and_no_more)
{
    const Secret secret(std::string_view("12345678901234567890"));
    const UtcTime now = fromMilliseconds(1234567890000);
    const auto middle = factorStep(now);
    for (int steps = -3; steps <= 3; ++steps) {
        const auto accepted = acceptedStep(secret, factorCode(secret, middle + steps), now, 0);
        BOOST_TEST(accepted.has_value() == (std::abs(steps) <= 1), steps);
        if (accepted)
            BOOST_TEST(*accepted == middle + steps);
    }
    BOOST_TEST(acceptedStep(secret, "005 924", now, 0).has_value()); // as the app shows it
    for (const char* wrong : {"", "00592", "0059244", "89005924", "005925", "OO5924", "005924\n"})
        BOOST_TEST(!acceptedStep(secret, wrong, now, 0).has_value(), wrong);
    BOOST_TEST(!acceptedStep(secret, "005924", now, middle)); // used
    BOOST_TEST(acceptedStep(secret, factorCode(secret, middle + 1), now, middle).has_value());
}

BOOST_AUTO_TEST_CASE(with_a_second_factor_the_password_alone_opens_nothing)
{
    Staff staff;
    staff.setUp(staff.petra);
    BOOST_TEST((staff.proofOf(staff.petra) == Proof::Complete)); // she has just shown it
    const Secret token = staff.signIn("Petra Kern", password).token;
    BOOST_TEST((staff.proofOf(token) == Proof::CodeAsked));
    BOOST_TEST(!staff.people->openDeskKey(token, staff.now));
    BOOST_CHECK_EXCEPTION(
        staff.people->addClerk(token, "Uwe Beil", {Role::Clerk}, staff.fresh(password), staff.now),
        Error, is<ErrorCode::NotAllowed>);
    BOOST_CHECK_EXCEPTION(staff.people->giveUpFactor(token, staff.codeNow(), staff.now), Error,
                          is<ErrorCode::NotAllowed>);
    BOOST_CHECK_EXCEPTION(
        staff.people->setUpFactor(token, newFactorSecret(staff.random), "123456", staff.now), Error,
        is<ErrorCode::StepOutOfOrder>);
    const std::string id = staff.idOf("Petra Kern");
    BOOST_TEST(staff.journal->about(id).back().details.at("act") == "sign-in-begun");
    staff.now += step;
    BOOST_TEST(staff.isRight(token, staff.codeNow()));
    BOOST_TEST((staff.proofOf(token) == Proof::Complete));
    BOOST_TEST(staff.people->openDeskKey(token, staff.now).has_value());
    BOOST_TEST(staff.journal->about(id).back().details.at("act") == "sign-in-completed");
    BOOST_CHECK_EXCEPTION(staff.people->proveFactor(token, staff.codeNow(), staff.now), Error,
                          is<ErrorCode::StepOutOfOrder>);
}

BOOST_AUTO_TEST_CASE(a_code_counts_once_also_across_a_restart)
{
    Staff staff;
    staff.setUp(staff.petra); // its first code counted
    const Secret first = staff.signIn("Petra Kern", password).token;
    BOOST_TEST(!staff.isRight(first, staff.codeNow()));
    staff.now += step;
    const std::string seen = staff.codeNow(); // over her shoulder
    BOOST_TEST(staff.isRight(first, seen));
    staff.restart();
    const Secret thief = staff.signIn("Petra Kern", password).token;
    BOOST_TEST(!staff.isRight(thief, seen));
    staff.now += step; // still within the drift
    BOOST_TEST(!staff.isRight(thief, seen));
    BOOST_TEST(!staff.isRight(thief, staff.codeNow(-2)));
    BOOST_TEST((staff.proofOf(thief) == Proof::CodeAsked));
}

BOOST_AUTO_TEST_CASE(no_code_older_than_the_last_one_counts_whatever_the_clock_says)
{
    Staff staff;
    staff.setUp(staff.petra);
    staff.now += 10 * step;
    const Secret token = staff.signIn("Petra Kern", password).token;
    BOOST_TEST(staff.isRight(token, staff.codeNow()));
    staff.now -= 5 * step; // the clock was set
    const Secret other = staff.signIn("Petra Kern", password).token;
    BOOST_TEST(!staff.isRight(other, staff.codeNow()));
}

BOOST_AUTO_TEST_CASE(wrong_codes_wait_like_wrong_passwords_and_the_right_password_does_not_help)
{
    Staff staff;
    staff.setUp(staff.petra);
    std::vector<std::int64_t> waits;
    for (int i = 0; i < 14; ++i) {
        staff.now += std::chrono::minutes(16); // beyond every delay
        const Secret token = staff.signIn("Petra Kern", password).token;
        BOOST_TEST(!staff.isRight(token, "000000"));
        staff.restart(); // a restart forgets nothing
        const Secret again = staff.signIn("Petra Kern", password).token;
        if (i < 2) {
            waits.push_back(0);
            continue;
        }
        const auto early = staff.people->proveFactor(again, staff.codeNow(), staff.now);
        BOOST_TEST_REQUIRE(std::holds_alternative<SignInDelayed>(early)); // right, but too early
        waits.push_back(std::get<SignInDelayed>(early).wait.count());
    }
    BOOST_TEST((waits ==
                std::vector<std::int64_t>{0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900}));
    staff.now += std::chrono::minutes(16);
    BOOST_TEST(staff.isRight(staff.signIn("Petra Kern", password).token, staff.codeNow()));
    staff.now += step;
    const Secret token = staff.signIn("Petra Kern", password).token;
    BOOST_TEST(!staff.isRight(token, "000000"));
    BOOST_TEST(staff.isRight(token, staff.codeNow())); // the count began anew
}

BOOST_AUTO_TEST_CASE(a_role_that_asks_for_a_second_factor_lets_nobody_in_without)
{
    Staff staff;
    staff.secondFactorFor = factorRoles;
    staff.restart();
    staff.petra = staff.signIn("Petra Kern", password).token;
    BOOST_TEST((staff.proofOf(staff.petra) == Proof::SetUpAsked));
    BOOST_CHECK_EXCEPTION(staff.add("Uwe Beil", {Role::Clerk}), Error, is<ErrorCode::NotAllowed>);
    BOOST_TEST(!staff.people->openDeskKey(staff.petra, staff.now));
    const Secret secret = newFactorSecret(staff.random);
    BOOST_TEST(std::holds_alternative<SignInRefused>(
        staff.people->setUpFactor(staff.petra, secret, "123456", staff.now)));
    BOOST_TEST((staff.proofOf(staff.petra) == Proof::SetUpAsked));
    staff.setUp(staff.petra);
    BOOST_TEST((staff.proofOf(staff.petra) == Proof::Complete));
    // Another comes in without, until a role asks for it: then at once.
    const Secret uwe = staff.as("Uwe Beil", {Role::Clerk});
    BOOST_TEST((staff.proofOf(uwe) == Proof::Complete));
    staff.people->setRoles(staff.petra, staff.idOf("Uwe Beil"), {Role::Clerk, Role::Treasurer},
                           staff.now);
    BOOST_TEST((staff.proofOf(uwe) == Proof::SetUpAsked));
}

BOOST_AUTO_TEST_CASE(half_way_in_ends_after_five_minutes_and_with_the_process)
{
    Staff staff;
    staff.setUp(staff.petra);
    const Secret slow = staff.signIn("Petra Kern", password).token;
    staff.now += std::chrono::minutes(4);
    BOOST_TEST(staff.people->session(slow, staff.now).has_value());
    staff.now += std::chrono::minutes(2);
    staff.people->endSessions(staff.now);
    BOOST_TEST(!staff.people->session(slow, staff.now));
    BOOST_TEST(staff.people->session(staff.petra, staff.now).has_value());
    const Secret cut = staff.signIn("Petra Kern", password).token;
    staff.restart();
    BOOST_TEST(!staff.people->session(cut, staff.now)); // the key that opens the secret has gone
    BOOST_TEST(staff.people->session(staff.petra, staff.now).has_value());
}

BOOST_AUTO_TEST_CASE(the_secret_rests_sealed_and_bound_to_its_account)
{
    Staff staff;
    staff.setUp(staff.petra);
    auto row = staff.database->prepare("SELECT sealed FROM second_factor");
    BOOST_TEST_REQUIRE(row.step());
    const std::string sealed = toText(row.blob(0));
    BOOST_TEST((sealed.find(staff.factor.revealText()) == std::string::npos));
    const Secret uwe = staff.as("Uwe Beil", {Role::Clerk});
    staff.setUp(uwe);
    // Uwe's row under Petra's name opens nothing.
    staff.database->execute(
        "UPDATE second_factor SET sealed = (SELECT s.sealed FROM second_factor s JOIN clerk c ON "
        "c.id = s.clerk_id WHERE c.name = 'Uwe Beil'), last_step = last_step + 1 WHERE clerk_id = "
        "(SELECT id FROM clerk WHERE name = 'Petra Kern')");
    staff.now += 3 * step;
    const Secret token = staff.signIn("Petra Kern", password).token;
    BOOST_CHECK_EXCEPTION(staff.people->proveFactor(token, staff.codeNow(), staff.now), Error,
                          is<ErrorCode::EnvelopeMalformed>);
}

BOOST_AUTO_TEST_CASE(the_table_itself_refuses_a_step_that_was)
{
    Staff staff;
    staff.setUp(staff.petra);
    for (const char* back : {"last_step", "last_step - 1"})
        BOOST_CHECK_EXCEPTION(staff.database->execute(std::string("UPDATE second_factor SET "
                                                                  "last_step = ") +
                                                      back),
                              Error, is<ErrorCode::StoreFailed>);
}

BOOST_AUTO_TEST_CASE(one_gives_up_ones_own_factor_with_a_last_code)
{
    Staff staff;
    BOOST_CHECK_EXCEPTION(staff.people->giveUpFactor(staff.petra, "123456", staff.now), Error,
                          is<ErrorCode::StepOutOfOrder>);
    staff.setUp(staff.petra);
    BOOST_TEST(std::holds_alternative<SignInRefused>(
        staff.people->giveUpFactor(staff.petra, staff.codeNow(), staff.now))); // used already
    staff.now += step;
    BOOST_TEST(std::holds_alternative<FactorRight>(
        staff.people->giveUpFactor(staff.petra, staff.codeNow(), staff.now)));
    BOOST_TEST((staff.proofOf(staff.petra) == Proof::Complete));
    BOOST_TEST(!staff.people->account(staff.idOf("Petra Kern")).secondFactor);
}

BOOST_AUTO_TEST_CASE(a_colleague_takes_a_lost_factor_away_and_says_why)
{
    Staff staff;
    const Secret uwe = staff.as("Uwe Beil", {Role::Clerk});
    const std::string id = staff.idOf("Uwe Beil");
    BOOST_CHECK_EXCEPTION(staff.people->resetFactor(staff.petra, id, FactorLoss::Lost, staff.now),
                          Error, is<ErrorCode::StepOutOfOrder>);
    staff.setUp(uwe);
    staff.people->resetFactor(staff.petra, id, FactorLoss::Stolen, staff.now);
    BOOST_TEST(!staff.people->session(uwe, staff.now));
    BOOST_TEST(
        (staff.journal->about(id).back().details == outbox::Details{{"act", "reset-second-factor"},
                                                                    {"clerk", "Petra Kern"},
                                                                    {"name", "Uwe Beil"},
                                                                    {"reason", "Stolen"}}));
    BOOST_TEST((staff.proofOf(staff.signIn("Uwe Beil", otherPassword).token) == Proof::Complete));
}

BOOST_AUTO_TEST_CASE(nobody_takes_her_own_factor_away_without_a_code)
{
    Staff staff;
    staff.setUp(staff.petra);
    BOOST_CHECK_EXCEPTION(staff.people->resetFactor(staff.petra, staff.idOf("Petra Kern"),
                                                    FactorLoss::Lost, staff.now),
                          Error, is<ErrorCode::NotAllowed>);
}

BOOST_AUTO_TEST_CASE(the_paper_half_replaces_a_factor_that_nobody_else_could_take_away)
{
    Desk desk;
    desk.secondFactorFor = factorRoles;
    desk.restart();
    const auto first = desk.firstClerk();
    const Secret secret = newFactorSecret(desk.random);
    desk.people->setUpFactor(first.signedIn.token, secret, factorCode(secret, factorStep(desk.now)),
                             desk.now);
    const auto again = desk.people->recover("Petra Kern", first.paperHalf.revealText(),
                                            desk.fresh(otherPassword), desk.now);
    const auto session = desk.people->session(std::get<SignedIn>(again).token, desk.now);
    BOOST_TEST((session->proof == Proof::SetUpAsked)); // and nothing before it is done
    BOOST_TEST(!desk.people->session(first.signedIn.token, desk.now));
}

// --- sessions

BOOST_AUTO_TEST_CASE(a_clerk_sees_her_sessions_and_ends_another_of_hers)
{
    Staff staff;
    staff.add("Uwe Beil", {Role::Clerk});
    const auto signInAt = [&](const std::string& place) {
        return std::get<SignedIn>(staff.people->signIn(
            "Uwe Beil",
            stretch(staff.people->orderFor("Uwe Beil", Secret(std::string_view(otherPassword)))),
            staff.now, place));
    };
    const UtcTime begun = staff.now;
    const Secret desk = signInAt("10.0.0.7").token;
    staff.now += std::chrono::minutes(3);
    const Secret forgotten = signInAt("10.0.0.9").token;
    staff.now += std::chrono::minutes(2);
    staff.people->session(desk, staff.now);
    const std::string id = staff.idOf("Uwe Beil");
    auto seen = staff.people->sessionsOf(desk, id, staff.now);
    BOOST_TEST_REQUIRE(seen.size() == 2U);
    BOOST_TEST(seen[0].place == "10.0.0.9");
    BOOST_TEST(!seen[0].own);
    BOOST_TEST(seen[1].place == "10.0.0.7");
    BOOST_TEST(seen[1].own);
    BOOST_TEST((seen[1].since == begun));
    BOOST_TEST((seen[1].seenAt == staff.now));
    BOOST_TEST(!staff.people->session(Secret(std::string_view(seen[0].id)), staff.now));
    staff.people->endSession(desk, seen[0].id, staff.now);
    BOOST_TEST(!staff.people->session(forgotten, staff.now));
    BOOST_TEST(staff.people->session(desk, staff.now).has_value());
    BOOST_TEST((staff.journal->about(id).back().details ==
                outbox::Details{{"act", "end-session"}, {"clerk", "Uwe Beil"}}));
    BOOST_CHECK_EXCEPTION(staff.people->endSession(desk, seen[0].id, staff.now), Error,
                          is<ErrorCode::NotFound>);
}

BOOST_AUTO_TEST_CASE(anothers_session_is_ended_by_it_and_to_all_others_is_not_there)
{
    Staff staff;
    const Secret uwe = staff.as("Uwe Beil", {Role::Clerk});
    const Secret lead = staff.as("Lea Leitung", {Role::Lead});
    const std::string id = staff.idOf("Uwe Beil");
    const auto uwes = staff.people->sessionsOf(staff.petra, id, staff.now);
    BOOST_TEST_REQUIRE(uwes.size() == 1U);
    const auto petras = staff.people->sessionsOf(staff.petra, staff.idOf("Petra Kern"), staff.now);
    BOOST_CHECK_EXCEPTION(staff.people->endSession(lead, uwes[0].id, staff.now), Error,
                          is<ErrorCode::NotFound>);
    BOOST_CHECK_EXCEPTION(staff.people->endSession(uwe, petras[0].id, staff.now), Error,
                          is<ErrorCode::NotFound>);
    BOOST_CHECK_EXCEPTION(staff.people->sessionsOf(lead, id, staff.now), Error,
                          is<ErrorCode::NotAllowed>);
    staff.people->endSession(staff.petra, uwes[0].id, staff.now);
    BOOST_TEST(!staff.people->session(uwe, staff.now));
    BOOST_TEST(
        (staff.journal->about(id).back().details ==
         outbox::Details{{"act", "end-session"}, {"clerk", "Petra Kern"}, {"name", "Uwe Beil"}}));
}

BOOST_AUTO_TEST_SUITE_END()
