// SPDX-License-Identifier: EUPL-1.2
//
// Whole reads through the real pcscd from the shared rig's card, which is not ours: an independent
// judge.
#include "appliance/core/log.h"
#include "appliance/core/real_event_loop.h"
#include "drivers/eid/pcsc.h"
#include "tests/drivers/eid/reading.h"
#include "tests/drivers/eid/rig.h"
#include "tests/sim/card/card.h"
#include "tests/sim/card/counting_channel.h"
#include "tests/sim/card/vpcd.h"
#include "tests/support/skip.h"

#include <boost/test/data/test_case.hpp>

#include <atomic>
#include <thread>

namespace data = boost::unit_test::data;
using namespace amt;

namespace {

/// One rig for all cases.
struct RigOfThisRun {
    RigOfThisRun()
    {
        log::setEnabled(false); // cards fail here on purpose
        rig() = test::Rig::start(reason());
    }
    ~RigOfThisRun() { rig().reset(); }
    static std::unique_ptr<test::Rig>& rig()
    {
        static std::unique_ptr<test::Rig> instance;
        return instance;
    }
    static std::string& reason()
    {
        static std::string text;
        return text;
    }
};

BOOST_TEST_GLOBAL_FIXTURE(RigOfThisRun);

test::Rig* rig()
{
    if (test::skipUnless(RigOfThisRun::rig() != nullptr, RigOfThisRun::reason()))
        return nullptr;
    return RigOfThisRun::rig().get();
}

struct Result {
    IdentityOutcome outcome;
    std::size_t commands = 0, bytesOut = 0, bytesIn = 0;
    std::vector<IdentityStep> steps;
};

Result readFrom(const test::Rig& rig, const IdentityRequest& request,
                const std::string& terminal = "onsite", Milliseconds wait = Milliseconds(5000))
{
    SystemRandom random;
    eid::PcscReader reader({"Virtual PCD 00 00"});
    auto connected = reader.connect(wait);
    if (auto* outcome = std::get_if<IdentityOutcome>(&connected))
        return {*outcome, 0, 0, 0, {}};
    sim::CountingChannel card(*std::get<std::unique_ptr<CardChannel>>(connected));
    Result result{NoCard{}, 0, 0, 0, {}};
    result.outcome =
        test::readIdentity(card, random, request, rig.terminalKey(terminal), &result.steps);
    result.commands = card.commands;
    result.bytesOut = card.bytesOut;
    result.bytesIn = card.bytesIn;
    return result;
}

/// pcscd looks every 0.4 s: until then a card that left seems to be there, and its first command
/// fails.
bool isSeenToLeave()
{
    for (int attempt = 0; attempt < 1000; ++attempt) {
        const auto connected = eid::PcscReader({}).connect(Milliseconds(0));
        if (const auto* outcome = std::get_if<IdentityOutcome>(&connected))
            return std::holds_alternative<NoCard>(*outcome);
    }
    return false;
}

Result readFrom(const test::Rig& rig)
{
    return readFrom(rig, rig.request());
}

} // namespace

BOOST_AUTO_TEST_SUITE(eid_rig)

BOOST_AUTO_TEST_CASE(erika_is_read_in_29_commands)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->control("factory"));
    const auto result = readFrom(*rig);
    BOOST_REQUIRE_EQUAL(test::nameOf(result.outcome), "IdentityRead");
    const auto& person = std::get<IdentityRead>(result.outcome).data.reveal();
    BOOST_TEST(person.documentType == "ID");
    BOOST_TEST(person.givenNames == "ERIKA");
    BOOST_TEST(person.familyNames == "MUSTERMANN");
    BOOST_TEST(person.birthName == "GABLER");
    BOOST_TEST(person.dateOfBirth == "19840812");
    BOOST_TEST(person.dateOfExpiry == "20350630");
    BOOST_TEST(person.nationality == "D");
    BOOST_TEST(person.placeOfBirth.freeText == "BERLIN");
    BOOST_TEST(person.placeOfResidence.street == "HEIDESTRAẞE 17");
    BOOST_TEST(person.placeOfResidence.city == "KÖLN");
    BOOST_TEST(person.placeOfResidence.postalCode == "51147");
    BOOST_TEST(person.placeOfResidence.country == "D");
    BOOST_TEST(person.municipalityId == "02760503150000");
    BOOST_TEST(person.sex.empty()); // was not asked for
    BOOST_TEST(result.commands == 29U);
    BOOST_TEST(result.bytesOut <= 1600U);
    BOOST_TEST(result.bytesIn <= 2800U);
    BOOST_TEST_MESSAGE("12 groups: " << result.commands << " APDUs, " << result.bytesOut
                                     << " bytes out, " << result.bytesIn << " bytes in");
}

struct ExpectedEnd {
    const char* profile;
    const char* outcome;
};
std::ostream& operator<<(std::ostream& out, const ExpectedEnd& row)
{
    return out << row.profile;
}
const std::vector<ExpectedEnd> ends{
    {"shapes", "IdentityRead"},        {"longest", "IdentityRead"},
    {"homeless", "IdentityRead"},      {"abroad", "IdentityRead"},
    {"permit", "IdentityRead"},        {"child", "IdentityRead"},
    {"pin-2", "IdentityRead"},         {"expired", "CardExpired"},
    {"pin-suspended", "PinSuspended"}, {"pin-blocked", "PinBlocked"},
    {"pin-off", "PinNotActivated"},    {"foreign-signer", "CardNotGenuine"},
    {"altered", "CardNotGenuine"},     {"clone", "CardNotGenuine"},
};

BOOST_DATA_TEST_CASE(a_card_ends_as_it_should, data::make(ends), row)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->control(std::string("profile ") + row.profile));
    BOOST_TEST(test::nameOf(readFrom(*rig).outcome) == row.outcome);
}

BOOST_AUTO_TEST_CASE(odd_real_values_arrive_as_the_card_has_them)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->control("profile shapes"));
    const auto result = readFrom(*rig);
    BOOST_REQUIRE_EQUAL(test::nameOf(result.outcome), "IdentityRead");
    const auto& person = std::get<IdentityRead>(result.outcome).data.reveal();
    BOOST_TEST(person.familyNames == "ÖZM\u0302EN");
    BOOST_TEST(person.dateOfBirth == "1989    ");
    BOOST_TEST(person.placeOfResidence.street.empty());
    BOOST_TEST(person.placeOfResidence.city == "HALLE (SAALE)");
}

BOOST_AUTO_TEST_CASE(a_wrong_pin_leaves_two_tries_then_one_that_is_kept)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->control("factory"));
    BOOST_REQUIRE(rig->control("profile erika"));
    auto wrong = rig->request();
    wrong.pin = Secret(std::string_view("654321"));
    BOOST_TEST(test::nameOf(readFrom(*rig, wrong).outcome) == "WrongPin 2");
    BOOST_TEST(test::nameOf(readFrom(*rig, wrong).outcome) == "WrongPin 1");
    const auto kept = readFrom(*rig, wrong);
    BOOST_TEST(test::nameOf(kept.outcome) == "PinSuspended");
    BOOST_TEST(kept.commands == 2U);
}

BOOST_AUTO_TEST_CASE(a_form_without_the_date_asks_the_card_for_its_validity)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    auto wanted = rig->request();
    wanted.groups = {DataGroup::FamilyNames};
    BOOST_REQUIRE(rig->control("profile erika"));
    const auto result = readFrom(*rig, wanted);
    BOOST_REQUIRE_EQUAL(test::nameOf(result.outcome), "IdentityRead");
    BOOST_TEST(std::get<IdentityRead>(result.outcome).data.reveal().dateOfExpiry.empty());
    BOOST_TEST(result.commands == 19U);
    BOOST_REQUIRE(rig->control("profile expired"));
    BOOST_TEST(test::nameOf(readFrom(*rig, wanted).outcome) == "CardExpired");
}

BOOST_AUTO_TEST_CASE(a_certificate_limits_what_is_read)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->control("profile erika"));
    const auto names = readFrom(*rig, rig->request("name"), "name");
    BOOST_REQUIRE_EQUAL(test::nameOf(names.outcome), "IdentityRead");
    IdentityData expected;
    expected.givenNames = "ERIKA";
    expected.familyNames = "MUSTERMANN";
    BOOST_TEST((std::get<IdentityRead>(names.outcome).data.reveal() == expected));

    const auto expired = readFrom(*rig, rig->request("expired"), "expired");
    BOOST_TEST(test::nameOf(expired.outcome) == "DeviceFailed CertificateUnusable");
    BOOST_TEST(expired.commands == 0U);

    auto foreign = rig->request();
    const auto folder = rig->folder() / "pki" / "cvc-foreign";
    foreign.certificates.chain = {test::readFile(folder / "dv.cvcert"),
                                  test::readFile(folder / "onsite.cvcert")};
    BOOST_TEST(test::nameOf(readFrom(*rig, foreign).outcome) == "DeviceFailed CertificateUnusable");
}

BOOST_AUTO_TEST_CASE(a_reader_without_extended_length_reads_the_same)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->control("profile longest"));
    const auto whole = readFrom(*rig);
    BOOST_REQUIRE_EQUAL(test::nameOf(whole.outcome), "IdentityRead");
    BOOST_REQUIRE(rig->control("apdus 261"));
    const auto pieces = readFrom(*rig);
    BOOST_REQUIRE(rig->control("apdus 65535"));
    BOOST_REQUIRE_EQUAL(test::nameOf(pieces.outcome), "IdentityRead");
    BOOST_TEST((std::get<IdentityRead>(pieces.outcome).data ==
                std::get<IdentityRead>(whole.outcome).data));
    BOOST_TEST(pieces.commands > whole.commands);
}

const std::vector<int> someCommands{1, 2, 4, 6, 8, 13, 14, 15, 17, 18, 29};

BOOST_DATA_TEST_CASE(a_card_pulled_in_the_middle_is_removed, data::make(someCommands), command)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->control("profile erika"));
    BOOST_REQUIRE(rig->control("pull " + std::to_string(command)));
    const auto result = readFrom(*rig);
    BOOST_TEST(test::nameOf(result.outcome) == "CardRemoved");
    BOOST_TEST(result.commands == static_cast<std::size_t>(command));
    BOOST_REQUIRE(rig->control("insert"));
}

BOOST_AUTO_TEST_CASE(a_card_that_fails_is_never_read)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->control("profile erika"));
    for (std::size_t command = 1; command <= 29; ++command) {
        for (const char* fault : {"flip ", "cut "}) {
            if (command == 2 && fault == std::string("flip "))
                continue; // the answer is a status alone, in which the rig flips nothing
            BOOST_REQUIRE(rig->control(fault + std::to_string(command)));
            const auto result = readFrom(*rig);
            BOOST_TEST(!std::holds_alternative<IdentityRead>(result.outcome),
                       fault << command << ": " << test::nameOf(result.outcome));
        }
        BOOST_REQUIRE(rig->control("sw " + std::to_string(command) + " 6f00"));
        const auto result = readFrom(*rig);
        BOOST_TEST(!std::holds_alternative<IdentityRead>(result.outcome),
                   "6f00 " << command << ": " << test::nameOf(result.outcome));
    }
    // A read that ended before its fault came leaves the fault behind; laying the card anew takes
    // it away.
    BOOST_REQUIRE(rig->control("profile erika"));
    BOOST_TEST(test::nameOf(readFrom(*rig).outcome) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(no_card_and_no_reader_are_told_apart)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->control("profile erika"));
    BOOST_REQUIRE(rig->control("pull"));
    BOOST_REQUIRE(isSeenToLeave());
    eid::PcscReader reader({"Virtual PCD 00 00"});
    const auto outcome = [](auto connected) {
        return test::nameOf(std::get<IdentityOutcome>(connected));
    };
    BOOST_TEST(outcome(reader.connect(Milliseconds(1500))) == "NoCard");
    eid::PcscReader other({"A reader of another house"});
    BOOST_TEST(outcome(other.connect(Milliseconds(1500))) == "NoReader");

    std::thread impatient([&] { reader.cancel(); });
    BOOST_TEST(outcome(reader.connect(Milliseconds(60000))) == "ReadCancelled");
    impatient.join();
    reader.resume();
    BOOST_REQUIRE(rig->control("insert"));
    BOOST_TEST(std::holds_alternative<std::unique_ptr<CardChannel>>(
        eid::PcscReader({}).connect(Milliseconds(5000)))); // the first reader there is
}

BOOST_AUTO_TEST_CASE(a_card_that_another_program_holds_is_a_failure_not_a_hang)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->control("profile erika"));
    eid::PcscReader reader({});
    const auto held = reader.connect(Milliseconds(5000));
    BOOST_REQUIRE(std::holds_alternative<std::unique_ptr<CardChannel>>(held));
    const auto second = reader.connect(Milliseconds(1000));
    BOOST_REQUIRE(std::holds_alternative<IdentityOutcome>(second));
    BOOST_TEST(test::nameOf(std::get<IdentityOutcome>(second)) == "DeviceFailed ReaderFailed");
}

BOOST_AUTO_TEST_CASE(our_own_card_is_read_through_the_same_reader)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->control("pull"));
    BOOST_REQUIRE(isSeenToLeave());
    RealEventLoop clock;
    SystemRandom random;
    const auto pki = sim::makeCardPki(random, clock.utcNow());
    sim::SimulatedCard card(random, pki, sim::cardProfile("erika"), localDate(clock.utcNow()));
    sim::VpcdLink link(card, clock);
    std::atomic<bool> stop{false};
    std::thread server([&] { link.serve(stop); });

    auto request = rig->request();
    request.certificates = pki.certificates();
    const auto read = [&]() -> std::string {
        eid::PcscReader reader({});
        auto connected = reader.connect(Milliseconds(8000));
        if (auto* outcome = std::get_if<IdentityOutcome>(&connected))
            return test::nameOf(*outcome);
        return test::nameOf(test::readIdentity(*std::get<std::unique_ptr<CardChannel>>(connected),
                                               random, request, pki.terminalKey.reveal()));
    };
    BOOST_TEST(read() == "IdentityRead");
    link.with([](sim::SimulatedCard& ours) { ours.faultAt(7, sim::PullCard{}); });
    BOOST_TEST(read() == "CardRemoved");
    BOOST_TEST(isSeenToLeave());
    link.with([](sim::SimulatedCard& ours) { ours.lay(); });
    BOOST_TEST(read() == "IdentityRead");
    stop = true;
    server.join();
}

BOOST_AUTO_TEST_SUITE_END()
