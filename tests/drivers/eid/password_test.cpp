// SPDX-License-Identifier: EUPL-1.2
//
// PIN, CAN and PUK: what each opens, what it costs, and what becomes of the PIN.
#include "tests/drivers/eid/table.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using test::CountedRandom;
using test::now;
using test::pki;
using test::request;
using test::Table;

namespace {

constexpr std::string_view rightCan = "222222", rightPuk = "9876543210";

IdentityRequest asking(IdentityPurpose purpose)
{
    auto wanted = request();
    wanted.purpose = purpose;
    wanted.pin = Secret();
    if (purpose != IdentityPurpose::SetPin)
        wanted.certificates = {}; // what a citizen may do without any terminal's right
    return wanted;
}

IdentityRequest onSite(std::string_view can = rightCan)
{
    auto wanted = request();
    wanted.pin = Secret();
    wanted.can = Secret(can);
    return wanted;
}

IdentityRequest changing(std::string_view pin, std::string_view newPin)
{
    auto wanted = asking(IdentityPurpose::ChangePin);
    wanted.pin = Secret(pin);
    wanted.newPin = Secret(newPin);
    return wanted;
}

sim::CardPki pkiWith(const sim::PkiShape& shape)
{
    CountedRandom random(21);
    return sim::makeCardPki(random, now, shape);
}

struct State {
    const char* profile;
    const char* outcome;
};
std::ostream& operator<<(std::ostream& out, const State& row)
{
    return out << row.profile;
}
const std::vector<State> states{
    {"erika", "PinReady 3"},           {"pin-2", "PinReady 2"},
    {"pin-suspended", "PinSuspended"}, {"pin-blocked", "PinBlocked"},
    {"pin-off", "PinNotActivated"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(eid_password)

BOOST_DATA_TEST_CASE(a_look_tells_the_tries_in_two_commands, data::make(states), row)
{
    Table table(row.profile);
    const int tries = table.card.memory().triesLeft;
    BOOST_TEST(table.readName(asking(IdentityPurpose::Look)) == row.outcome);
    BOOST_TEST(table.card.commandsSoFar() == 2U);
    BOOST_TEST(table.card.memory().triesLeft == tries);
}

struct Told {
    const char* profile;
    int told;
    const char* outcome;
};
std::ostream& operator<<(std::ostream& out, const Told& row)
{
    return out << row.profile << ", told " << row.told;
}
const std::vector<Told> tolds{
    {"erika", 3, "IdentityRead"},         {"pin-2", 3, "PinReady 2"},
    {"pin-2", 2, "IdentityRead"},         {"pin-2", 0, "IdentityRead"},
    {"pin-suspended", 3, "PinSuspended"}, {"pin-blocked", 3, "PinBlocked"},
};

BOOST_DATA_TEST_CASE(no_try_is_spent_that_the_citizen_does_not_know_of, data::make(tolds), row)
{
    Table table(row.profile);
    const int tries = table.card.memory().triesLeft;
    auto wanted = request();
    wanted.triesTold = row.told;
    BOOST_TEST(table.readName(wanted) == row.outcome);
    const bool read = std::string_view(row.outcome) == "IdentityRead";
    BOOST_TEST(table.card.memory().triesLeft == (read ? 3 : tries));
    if (!read)
        BOOST_TEST(table.card.commandsSoFar() == 2U); // nothing was proved with the PIN
}

BOOST_AUTO_TEST_CASE(a_clerk_reads_with_the_can)
{
    Table table;
    const auto outcome = table.read(onSite());
    BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
    const auto& read = std::get<IdentityRead>(outcome);
    BOOST_TEST((read.password == CardPassword::Can));
    BOOST_TEST(read.data.reveal().familyNames == "MUSTERMANN");
    BOOST_TEST(table.card.commandsSoFar() == 29U);
}

BOOST_AUTO_TEST_CASE(a_wrong_can_costs_nothing)
{
    Table table;
    for (int i = 0; i < 5; ++i)
        BOOST_TEST(table.readName(onSite("222223")) == "WrongCan");
    BOOST_TEST(table.card.memory().triesLeft == 3);
    BOOST_TEST(table.readName(onSite()) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(the_can_reads_whatever_the_pin_is_like)
{
    for (const char* profile : {"pin-suspended", "pin-blocked", "pin-off"}) {
        Table table(profile);
        const int tries = table.card.memory().triesLeft;
        BOOST_TEST(table.readName(onSite()) == "IdentityRead");
        BOOST_TEST(table.card.memory().triesLeft == tries);
    }
}

BOOST_AUTO_TEST_CASE(a_certificate_that_does_not_allow_the_can_never_reaches_the_card)
{
    const auto keys = pkiWith({.rights = ~std::uint64_t{0x10}});
    Table table(sim::cardProfile("erika"), keys);
    auto wanted = onSite();
    wanted.certificates = keys.certificates();
    BOOST_TEST(table.readName(wanted) == "DeviceFailed CertificateUnusable");
    BOOST_TEST(table.card.commandsSoFar() == 0U);
    wanted.pin = Secret(std::string_view("123456"));
    BOOST_TEST(table.readName(wanted) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(a_suspended_pin_is_resumed_by_the_can_and_read_in_one_go)
{
    Table table("pin-suspended");
    auto wanted = request();
    wanted.can = Secret(rightCan);
    const auto outcome = table.read(wanted);
    BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
    BOOST_TEST((std::get<IdentityRead>(outcome).password == CardPassword::Pin));
    BOOST_TEST(table.card.memory().triesLeft == 3);
}

BOOST_AUTO_TEST_CASE(a_suspended_pin_needs_the_right_can_and_then_the_right_pin)
{
    Table table("pin-suspended");
    auto wanted = request();
    wanted.can = Secret(std::string_view("222223"));
    BOOST_TEST(table.readName(wanted) == "WrongCan");
    BOOST_TEST(table.card.memory().triesLeft == 1); // the last try is kept
    wanted.can = Secret(rightCan);
    wanted.pin = Secret(std::string_view("654321"));
    BOOST_TEST(table.readName(wanted) == "WrongPin 0");
    BOOST_TEST(table.readName(wanted) == "PinBlocked");
}

BOOST_AUTO_TEST_CASE(a_pin_is_resumed_without_a_terminal)
{
    Table table("pin-suspended");
    auto wanted = asking(IdentityPurpose::ResumePin);
    wanted.pin = Secret(std::string_view("123456"));
    BOOST_TEST(table.readName(wanted) == "DeviceFailed InputMalformed"); // no CAN
    wanted.can = Secret(rightCan);
    BOOST_TEST(table.readName(wanted) == "PinManaged");
    BOOST_TEST(table.card.memory().triesLeft == 3);
}

BOOST_AUTO_TEST_CASE(a_blocked_pin_is_unblocked_by_the_puk)
{
    Table table("pin-blocked");
    auto wanted = asking(IdentityPurpose::UnblockPin);
    wanted.puk = Secret(std::string_view("9876543211"));
    BOOST_TEST(table.readName(wanted) == "WrongPuk");
    BOOST_TEST(table.card.memory().triesLeft == 0);
    wanted.puk = Secret(rightPuk);
    BOOST_TEST(table.readName(wanted) == "PinManaged");
    BOOST_TEST(table.card.memory().triesLeft == 3);
    BOOST_TEST(table.readName() == "IdentityRead"); // the PIN is the old one
}

BOOST_AUTO_TEST_CASE(a_puk_is_good_for_ten_times)
{
    auto profile = sim::cardProfile("erika");
    Table table(profile);
    auto wanted = asking(IdentityPurpose::UnblockPin);
    wanted.puk = Secret(rightPuk);
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(table.readName(wanted) == "PinManaged");
    BOOST_TEST(table.readName(wanted) == "PukUsedUp");
}

BOOST_AUTO_TEST_CASE(a_pin_is_changed_by_who_knows_it)
{
    Table table;
    BOOST_TEST(table.readName(changing("654321", "111222")) == "WrongPin 2");
    BOOST_TEST(table.card.pin() == "123456");
    BOOST_TEST(table.readName(changing("123456", "111222")) == "PinManaged");
    BOOST_TEST(table.card.pin() == "111222");
    BOOST_TEST(table.readName() == "WrongPin 2");
}

BOOST_AUTO_TEST_CASE(a_transport_pin_becomes_a_pin)
{
    auto profile = sim::cardProfile("erika");
    profile.pin = "54321";
    Table table(profile);
    auto wanted = request();
    wanted.pin = Secret(std::string_view("54321"));
    BOOST_TEST(table.readName(wanted) == "TransportPin");
    BOOST_TEST(table.card.commandsSoFar() == 0U);
    BOOST_TEST(table.readName(changing("54321", "123456")) == "PinManaged");
    BOOST_TEST(table.readName() == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(the_office_sets_a_new_pin_where_its_certificate_allows_it)
{
    Table table("pin-blocked");
    auto wanted = asking(IdentityPurpose::SetPin);
    wanted.can = Secret(rightCan);
    wanted.newPin = Secret(std::string_view("111222"));
    BOOST_TEST(table.readName(wanted) == "PinManaged");
    BOOST_TEST(table.card.pin() == "111222");
    BOOST_TEST(table.card.memory().triesLeft == 3);

    const auto keys = pkiWith({.rights = ~std::uint64_t{0x20}});
    Table refused(sim::cardProfile("pin-blocked"), keys);
    wanted.certificates = keys.certificates();
    BOOST_TEST(refused.readName(wanted) == "DeviceFailed CertificateUnusable");
    BOOST_TEST(refused.card.commandsSoFar() == 0U);
}

BOOST_AUTO_TEST_CASE(passwords_that_are_none_never_reach_the_card)
{
    Table table;
    const auto refused = [&](const IdentityRequest& wanted) {
        BOOST_TEST(table.readName(wanted) == "DeviceFailed InputMalformed");
    };
    refused(onSite("22222"));
    refused(changing("123456", "12345"));
    refused(changing("1234567", "123456"));
    auto wanted = asking(IdentityPurpose::UnblockPin);
    refused(wanted);
    wanted.puk = Secret(std::string_view("987654321"));
    refused(wanted);
    refused(asking(IdentityPurpose::SetPin));
    BOOST_TEST(table.card.commandsSoFar() == 0U);
}

// AusweisApp2 1.26.2 calls a change a success when the card was pulled (facts/eid.md 3).
BOOST_DATA_TEST_CASE(a_change_is_done_only_when_the_card_says_so,
                     data::xrange(std::size_t{1}, std::size_t{8}), command)
{
    for (const sim::CardFault fault :
         {sim::CardFault(sim::PullCard{}), sim::CardFault(sim::AnswerStatus{0x6F00}),
          sim::CardFault(sim::CutAnswer{}), sim::CardFault(sim::FlipBit{1000})}) {
        Table table;
        table.card.faultAt(command, fault);
        BOOST_TEST(table.readName(changing("123456", "111222")) != "PinManaged");
    }
}

BOOST_AUTO_TEST_SUITE_END()
