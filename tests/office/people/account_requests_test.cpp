// SPDX-License-Identifier: EUPL-1.2
//
// Two persons for whoever looks after accounts: nobody confirms her own, a lapsed wish does
// nothing, and alone it takes the paper half.
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

namespace amt::office {
std::ostream& operator<<(std::ostream& out, AccountChange change)
{
    return out << static_cast<int>(change);
}
} // namespace amt::office

namespace {

template <ErrorCode code>
bool is(const Error& error)
{
    return error.errorCode() == code;
}

/// Petra is lead and IT, Ida is IT, Lea is lead, Uwe a clerk; all are signed in.
struct Staff : Desk {
    Secret petra, ida, lea, uwe, paper;

    Staff()
    {
        const auto first = firstClerk();
        petra = first.signedIn.token;
        paper = first.paperHalf;
        add("Ida Sommer", {Role::It}, paper.revealText());
        ida = signIn("Ida Sommer", otherPassword).token;
        add("Lea Leitung", {Role::Lead});
        confirmNewest(ida);
        lea = signIn("Lea Leitung", otherPassword).token;
        add("Uwe Beil", {Role::Clerk});
        uwe = signIn("Uwe Beil", otherPassword).token;
    }
    Clerk add(const std::string& name, Roles roles, std::string_view paperHalf = {})
    {
        return std::get<Clerk>(
            people->addClerk(petra, name, roles, fresh(otherPassword), now, paperHalf));
    }
    std::string idOf(const std::string& name) const
    {
        for (const auto& account : people->accounts()) {
            if (account.clerk.name == name)
                return account.clerk.id;
        }
        return {};
    }
    Roles rolesOf(const std::string& name) const { return people->account(idOf(name)).roles; }
    std::string newest() { return people->requests(petra, now).back().id; }
    AccountChange confirmNewest(const Secret& token)
    {
        return people->confirmRequest(token, newest(), now);
    }
    AccountChange give(const Secret& by, const std::string& name, Roles roles,
                       std::string_view paperHalf = {})
    {
        return people->setRoles(by, idOf(name), roles, now, paperHalf);
    }
    outbox::Details record(const std::string& name) const
    {
        return journal->about(idOf(name)).back().details;
    }
};

struct Act {
    const char* kind;
    std::function<AccountChange(Staff&)> ask;
    std::function<bool(Staff&)> isDone;
};
std::ostream& operator<<(std::ostream& out, const Act& act)
{
    return out << act.kind;
}

const Act sharedActs[] = {
    {"a clerk becomes lead",
     [](Staff& staff) {
         return staff.give(staff.petra, "Uwe Beil", {Role::Clerk, Role::Lead});
     },
     [](Staff& staff) { return staff.rolesOf("Uwe Beil").has(Role::Lead); }},
    {"a clerk becomes IT",
     [](Staff& staff) { return staff.give(staff.petra, "Uwe Beil", {Role::It}); },
     [](Staff& staff) { return staff.rolesOf("Uwe Beil") == Roles{Role::It}; }},
    {"a clerk's password is reset where she is lead, too",
     [](Staff& staff) {
         staff.database->execute("INSERT INTO clerk_role (clerk_id, role) SELECT id, 'Lead' FROM "
                                 "clerk WHERE name = 'Uwe Beil'");
         return staff.people->resetPassword(staff.petra, staff.idOf("Uwe Beil"),
                                            staff.fresh("Ein drittes Kennwort"), staff.now);
     },
     [](Staff& staff) {
         return std::holds_alternative<SignedIn>(
             staff.tryPassword("Uwe Beil", "Ein drittes Kennwort"));
     }},
    {"a lost second factor",
     [](Staff& staff) {
         staff.database->execute(
             "INSERT INTO clerk_role (clerk_id, role) SELECT id, 'Lead' FROM clerk WHERE name = "
             "'Uwe Beil'; INSERT INTO second_factor (clerk_id, sealed, last_step, set_up_at) "
             "SELECT id, x'00', 0, 0 FROM clerk WHERE name = 'Uwe Beil'");
         return staff.people->resetFactor(staff.petra, staff.idOf("Uwe Beil"), FactorLoss::Lost,
                                          staff.now);
     },
     [](Staff& staff) { return !staff.people->account(staff.idOf("Uwe Beil")).secondFactor; }},
};

const std::function<AccountChange(Staff&)> aloneActs[] = {
    [](Staff& staff) {
        return staff.give(staff.petra, "Uwe Beil", {Role::Clerk, Role::Reception});
    },
    [](Staff& staff) { return staff.give(staff.petra, "Uwe Beil", {}); },
    [](Staff& staff) {
        return staff.people->resetPassword(staff.petra, staff.idOf("Uwe Beil"),
                                           staff.fresh(password), staff.now);
    },
    // Her other roles are nobody's power over accounts.
    [](Staff& staff) {
        return staff.give(staff.petra, "Lea Leitung", {Role::Lead, Role::Clerk});
    },
};

} // namespace

BOOST_AUTO_TEST_SUITE(office_account_requests)

BOOST_DATA_TEST_CASE(what_touches_whoever_looks_after_accounts_waits_for_a_second_person,
                     data::make(sharedActs), act)
{
    Staff staff;
    BOOST_TEST(act.ask(staff) == AccountChange::Waits);
    BOOST_TEST(!act.isDone(staff));
    BOOST_TEST(staff.record("Uwe Beil").at("act") == "ask-second-person");
    const auto waiting = staff.people->requests(staff.ida, staff.now);
    BOOST_TEST_REQUIRE(waiting.size() == 1U);
    BOOST_TEST(waiting[0].askedBy.name == "Petra Kern");
    BOOST_TEST(waiting[0].about.name == "Uwe Beil");
    BOOST_TEST(waiting[0].mayConfirm);
    BOOST_TEST(staff.confirmNewest(staff.ida) == AccountChange::Changed);
    BOOST_TEST(act.isDone(staff));
    BOOST_TEST(staff.people->requests(staff.petra, staff.now).empty());
    const auto all = staff.journal->about(staff.idOf("Uwe Beil"));
    BOOST_TEST(std::any_of(all.begin(), all.end(), [](const auto& record) {
        const auto asked = record.details.find("askedBy");
        return asked != record.details.end() && asked->second == "Petra Kern" &&
               record.details.at("clerk") == "Ida Sommer";
    }));
}

BOOST_DATA_TEST_CASE(nobody_confirms_her_own_and_no_clerk_any, data::make(sharedActs), act)
{
    Staff staff;
    act.ask(staff);
    const std::string id = staff.newest();
    BOOST_CHECK_EXCEPTION(staff.people->confirmRequest(staff.petra, id, staff.now), Error,
                          is<ErrorCode::NotAllowed>);
    // Uwe is signed in unless the act has made him lead; either way it is about him.
    if (staff.people->session(staff.uwe, staff.now)) {
        BOOST_CHECK_EXCEPTION(staff.people->confirmRequest(staff.uwe, id, staff.now), Error,
                              is<ErrorCode::NotAllowed>);
    }
    BOOST_TEST(!act.isDone(staff));
}

BOOST_DATA_TEST_CASE(a_lapsed_wish_does_nothing, data::make(sharedActs), act)
{
    Staff staff;
    act.ask(staff);
    const std::string id = staff.newest();
    staff.now += std::chrono::hours(24);
    const Secret ida = staff.signIn("Ida Sommer", otherPassword).token;
    BOOST_TEST(staff.people->requests(ida, staff.now).empty());
    BOOST_CHECK_EXCEPTION(staff.people->confirmRequest(ida, id, staff.now), Error,
                          is<ErrorCode::NotFound>);
    BOOST_TEST(!act.isDone(staff));
}

BOOST_DATA_TEST_CASE(a_wish_is_refused_or_taken_back, data::make(sharedActs), act)
{
    Staff staff;
    for (const bool byAsker : {false, true}) {
        staff.database->execute("DELETE FROM second_factor; DELETE FROM clerk_role WHERE role = "
                                "'Lead' AND clerk_id = (SELECT id FROM clerk WHERE name = 'Uwe "
                                "Beil')");
        act.ask(staff);
        const std::string id = staff.newest();
        staff.people->refuseRequest(byAsker ? staff.petra : staff.ida, id, staff.now);
        BOOST_TEST(staff.record("Uwe Beil").at("act") == "refuse-request");
        BOOST_CHECK_EXCEPTION(staff.people->confirmRequest(staff.ida, id, staff.now), Error,
                              is<ErrorCode::NotFound>);
        BOOST_TEST(!act.isDone(staff));
    }
}

BOOST_DATA_TEST_CASE(one_person_is_enough_for_whoever_looks_after_nobody,
                     data::xrange(std::size(aloneActs)), number)
{
    Staff staff;
    BOOST_TEST(aloneActs[number](staff) == AccountChange::Changed);
    BOOST_TEST(staff.people->requests(staff.petra, staff.now).empty());
}

BOOST_AUTO_TEST_CASE(two_at_once_are_one_act)
{
    Staff staff;
    staff.give(staff.petra, "Uwe Beil", {Role::Lead});
    const std::string first = staff.newest();
    staff.give(staff.petra, "Uwe Beil", {Role::It}); // the newest wish counts
    const std::string second = staff.newest();
    BOOST_CHECK_EXCEPTION(staff.people->confirmRequest(staff.ida, first, staff.now), Error,
                          is<ErrorCode::NotFound>);
    BOOST_TEST(staff.people->confirmRequest(staff.ida, second, staff.now) ==
               AccountChange::Changed);
    BOOST_CHECK_EXCEPTION(staff.people->confirmRequest(staff.ida, second, staff.now), Error,
                          is<ErrorCode::NotFound>);
    BOOST_TEST((staff.rolesOf("Uwe Beil") == Roles{Role::It}));
}

BOOST_AUTO_TEST_CASE(a_wish_holds_only_while_the_account_is_as_it_was)
{
    Staff staff;
    staff.give(staff.petra, "Uwe Beil", {Role::Clerk, Role::Lead});
    staff.give(staff.petra, "Uwe Beil", {Role::Reception}); // at once
    BOOST_CHECK_EXCEPTION(staff.confirmNewest(staff.ida), Error, is<ErrorCode::StepOutOfOrder>);
    BOOST_TEST((staff.rolesOf("Uwe Beil") == Roles{Role::Reception}));
}

BOOST_AUTO_TEST_CASE(who_asked_must_still_be_allowed_to)
{
    Staff staff;
    staff.give(staff.lea, "Uwe Beil", {Role::Clerk, Role::Lead});
    const std::string id = staff.newest();
    staff.database->execute(
        "DELETE FROM clerk_role WHERE clerk_id = (SELECT id FROM clerk WHERE name = 'Lea "
        "Leitung')");
    BOOST_CHECK_EXCEPTION(staff.people->confirmRequest(staff.ida, id, staff.now), Error,
                          is<ErrorCode::StepOutOfOrder>);
    BOOST_TEST(!staff.rolesOf("Uwe Beil").has(Role::Lead));
}

BOOST_AUTO_TEST_CASE(a_lead_confirms_nothing_that_she_could_not_do)
{
    Staff staff;
    staff.give(staff.petra, "Uwe Beil", {Role::It});
    BOOST_TEST(!staff.people->requests(staff.lea, staff.now).at(0).mayConfirm);
    BOOST_CHECK_EXCEPTION(staff.confirmNewest(staff.lea), Error, is<ErrorCode::NotAllowed>);
    BOOST_CHECK_EXCEPTION(staff.people->refuseRequest(staff.lea, staff.newest(), staff.now), Error,
                          is<ErrorCode::NotAllowed>);
    BOOST_CHECK_EXCEPTION(staff.people->requests(staff.uwe, staff.now), Error,
                          is<ErrorCode::NotAllowed>);
}

BOOST_AUTO_TEST_CASE(a_password_that_waits_opens_nothing_and_the_old_one_goes_with_it)
{
    Staff staff;
    const std::string third = "Ein drittes Kennwort";
    BOOST_TEST(staff.people->resetPassword(staff.petra, staff.idOf("Lea Leitung"),
                                           staff.fresh(third), staff.now) == AccountChange::Waits);
    BOOST_TEST(staff.people->session(staff.lea, staff.now).has_value());
    BOOST_TEST(staff.isRefused("Lea Leitung", third));
    staff.ida = staff.signIn("Ida Sommer", otherPassword).token;
    staff.petra = staff.signIn("Petra Kern", password).token;
    BOOST_TEST(staff.confirmNewest(staff.ida) == AccountChange::Changed);
    BOOST_TEST(!staff.people->session(staff.lea, staff.now));
    BOOST_TEST(staff.isRefused("Lea Leitung", otherPassword));
    const SignedIn again = staff.signIn("Lea Leitung", third);
    BOOST_TEST(staff.people->openDeskKey(again.token, staff.now).has_value());
}

BOOST_AUTO_TEST_CASE(alone_it_takes_the_paper_half)
{
    Desk desk;
    const auto first = desk.firstClerk();
    const auto add = [&](std::string_view paper) {
        return desk.people->addClerk(first.signedIn.token, "Ida Sommer", {Role::Clerk, Role::It},
                                     desk.fresh(otherPassword), desk.now, paper);
    };
    auto refused = add({});
    BOOST_TEST_REQUIRE(std::holds_alternative<PaperNeeded>(refused));
    BOOST_TEST(!std::get<PaperNeeded>(refused).wrong);
    refused = add("2222-2222-2222-2222-2222-2222");
    BOOST_TEST_REQUIRE(std::holds_alternative<PaperNeeded>(refused));
    BOOST_TEST(std::get<PaperNeeded>(refused).wrong);
    BOOST_TEST(desk.people->accounts().size() == 1U);
    const auto made = add(first.paperHalf.revealText());
    BOOST_TEST_REQUIRE(std::holds_alternative<Clerk>(made));
    const std::string ida = std::get<Clerk>(made).id;
    BOOST_TEST((desk.people->account(ida).roles == Roles{Role::Clerk, Role::It}));
    BOOST_TEST(desk.journal->about(ida).back().details.at("confirmed") == "paper-half");
    // The only other one is the one it is about: she does not count as second person.
    BOOST_TEST(desk.people->setRoles(first.signedIn.token, ida, {Role::Clerk}, desk.now) ==
               AccountChange::PaperAsked);
    BOOST_TEST(desk.people->setRoles(first.signedIn.token, ida, {Role::Clerk}, desk.now,
                                     first.paperHalf.revealText()) == AccountChange::Changed);
}

BOOST_AUTO_TEST_CASE(a_new_account_begins_with_the_roles_that_one_person_may_give)
{
    Staff staff;
    staff.add("Neue Kraft", {Role::Clerk, Role::Lead});
    BOOST_TEST((staff.rolesOf("Neue Kraft") == Roles{Role::Clerk}));
    BOOST_TEST(staff.confirmNewest(staff.ida) == AccountChange::Changed);
    BOOST_TEST((staff.rolesOf("Neue Kraft") == Roles{Role::Clerk, Role::Lead}));
    staff.add("Noch Eine", {Role::It});
    BOOST_TEST(staff.rolesOf("Noch Eine").empty());
    const Secret nobody = staff.signIn("Noch Eine", otherPassword).token;
    BOOST_CHECK_EXCEPTION(staff.people->requests(nobody, staff.now), Error,
                          is<ErrorCode::NotAllowed>);
}

BOOST_AUTO_TEST_SUITE_END()
