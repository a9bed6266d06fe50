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
    IdentityOutcome outcome = NoCard{};
    std::size_t commands = 0, bytesOut = 0, bytesIn = 0;
    std::vector<IdentityStep> steps;
    bool isUnlucky = false;
};

/// libeac, the rig's other side, drops leading zeros of Comp() (TR-03110-3 A.2.2.3 has a fixed
/// length): one read in 256, where the chip's key begins with one, fails there and is read again.
class Watching : public CardChannel {
public:
    explicit Watching(CardChannel& card) : _card(card) {}
    Bytes transmit(ByteView command) override
    {
        Bytes answer = _card.transmit(command);
        const Bytes beginning = fromHex("7c438441"
                                        "0400");
        isUnlucky = isUnlucky || (answer.size() > beginning.size() &&
                                  std::equal(beginning.begin(), beginning.end(), answer.begin()));
        return answer;
    }
    std::size_t commandBytesMax() const override { return _card.commandBytesMax(); }
    bool isUnlucky = false;

private:
    CardChannel& _card;
};

/// Our keys are the same in every read, so that they do not meet the same flaw.
class SameNumbers : public RandomSource {
public:
    void fill(std::span<std::uint8_t> bytes) override
    {
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>((_state = _state * 1664525U + 1013904223U) >> 24);
    }

private:
    std::uint32_t _state = 5;
};

Result readOnce(const test::Rig& rig, const IdentityRequest& request, const std::string& terminal)
{
    SameNumbers random;
    eid::PcscReader reader({"Virtual PCD 00 00"});
    auto connected = reader.connect(Milliseconds(5000));
    if (auto* outcome = std::get_if<IdentityOutcome>(&connected))
        return {.outcome = *outcome, .steps = {}};
    Watching watching(*std::get<std::unique_ptr<CardChannel>>(connected));
    sim::CountingChannel card(watching);
    Result result;
    result.outcome =
        test::readIdentity(card, random, request, rig.terminalKey(terminal), &result.steps);
    result.commands = card.commands;
    result.bytesOut = card.bytesOut;
    result.bytesIn = card.bytesIn;
    result.isUnlucky =
        watching.isUnlucky && test::nameOf(result.outcome) == "DeviceFailed CertificateUnusable";
    return result;
}

Result readFrom(const test::Rig& rig, const IdentityRequest& request,
                const std::string& terminal = "onsite")
{
    Result result = readOnce(rig, request, terminal);
    for (int again = 0; again < 3 && result.isUnlucky; ++again)
        result = readOnce(rig, request, terminal);
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
    BOOST_REQUIRE(rig->lay("erika"));
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
    BOOST_REQUIRE(rig->lay(row.profile));
    BOOST_TEST(test::nameOf(readFrom(*rig).outcome) == row.outcome);
}

BOOST_AUTO_TEST_CASE(odd_real_values_arrive_as_the_card_has_them)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("shapes"));
    const auto result = readFrom(*rig);
    BOOST_REQUIRE_EQUAL(test::nameOf(result.outcome), "IdentityRead");
    const auto& person = std::get<IdentityRead>(result.outcome).data.reveal();
    BOOST_TEST(person.familyNames == "ÖZM\u0302EN");
    BOOST_TEST(person.dateOfBirth == "1989    ");
    BOOST_TEST(person.placeOfResidence.street.empty());
    BOOST_TEST(person.placeOfResidence.city == "HALLE (SAALE)");
}

/// A card in a reader of its own, answered by a thread that ends with this.
class Laid {
public:
    Laid(sim::SimulatedCard& card, const Clock& clock, std::uint16_t port)
        : link(card, clock, port), _server([this] { link.serve(_stop); })
    {}
    ~Laid()
    {
        _stop = true;
        _server.join();
    }
    Laid(const Laid&) = delete;
    Laid& operator=(const Laid&) = delete;
    sim::VpcdLink link;

private:
    std::atomic<bool> _stop{false};
    std::thread _server;
};

std::string times(int count, const std::string& letter)
{
    std::string text;
    for (int i = 0; i < count; ++i)
        text += letter;
    return text;
}

struct Person {
    const char* profile;
    void (*check)(const IdentityData& person);
};
std::ostream& operator<<(std::ostream& out, const Person& row)
{
    return out << row.profile;
}
const std::vector<Person> persons{
    {"homeless",
     [](const IdentityData& person) {
         BOOST_TEST(person.placeOfResidence.noPlace == "keine Hauptwohnung in Deutschland");
         BOOST_TEST(person.placeOfResidence.city.empty());
         BOOST_TEST(person.municipalityId.empty());
     }},
    {"abroad",
     [](const IdentityData& person) {
         BOOST_TEST(person.documentType == "UB");
         BOOST_TEST(person.givenNames == "TOMÁŠ KAREL");
         BOOST_TEST(person.nationality == "CZE");
         BOOST_TEST(person.placeOfResidence.street == "56 CROWN STREET");
         BOOST_TEST(person.placeOfResidence.country == "GBR");
         BOOST_TEST(person.placeOfResidence.postalCode == "W1H 8BR");
     }},
    {"permit",
     [](const IdentityData& person) {
         BOOST_TEST(person.documentType == "AR");
         BOOST_TEST(person.givenNames == "NGUYỄN");
         BOOST_TEST(person.residencePermit1 == "AUFENTHALTSERLAUBNIS § 18B ABS. 1");
         BOOST_TEST(person.residencePermit2 == "ERWERBSTÄTIGKEIT ERLAUBT");
     }},
    {"longest",
     [](const IdentityData& person) {
         BOOST_TEST(person.givenNames == times(120, "Á"));
         BOOST_TEST(person.academicTitle == times(120, "Q"));
         BOOST_TEST(person.placeOfBirth.freeText == times(120, "Ŵ"));
         BOOST_TEST(person.placeOfResidence.street == times(200, "Ų"));
     }},
    {"child", [](const IdentityData& person) { BOOST_TEST(person.dateOfBirth == "20150330"); }},
};

BOOST_DATA_TEST_CASE(every_kind_of_person_arrives_as_the_card_has_them, data::make(persons), row)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay(row.profile));
    auto wanted = rig->request();
    wanted.groups.insert({DataGroup::ResidencePermit1, DataGroup::ResidencePermit2});
    const auto result = readFrom(*rig, wanted);
    BOOST_REQUIRE_EQUAL(test::nameOf(result.outcome), "IdentityRead");
    row.check(std::get<IdentityRead>(result.outcome).data.reveal());
}

BOOST_AUTO_TEST_CASE(a_wrong_pin_leaves_two_tries_then_one_that_is_kept)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("erika"));
    rig->spoil(); // tries are lost
    auto wrong = rig->request();
    wrong.pin = Secret(std::string_view("654321"));
    BOOST_TEST(test::nameOf(readFrom(*rig, wrong).outcome) == "WrongPin 2");
    BOOST_TEST(test::nameOf(readFrom(*rig, wrong).outcome) == "WrongPin 1");
    const auto kept = readFrom(*rig, wrong);
    BOOST_TEST(test::nameOf(kept.outcome) == "PinSuspended");
    BOOST_TEST(kept.commands == 2U);

    // The CAN gives the last try back, the PUK the first three (TR-03110-2 2.3).
    wrong.can = Secret(std::string_view("222222"));
    BOOST_TEST(test::nameOf(readFrom(*rig, wrong).outcome) == "WrongPin 0");
    BOOST_TEST(test::nameOf(readFrom(*rig, wrong).outcome) == "PinBlocked");
    auto unblock = wrong;
    unblock.purpose = IdentityPurpose::UnblockPin;
    unblock.puk = Secret(std::string_view("9876543211"));
    BOOST_TEST(test::nameOf(readFrom(*rig, unblock).outcome) == "WrongPuk");
    unblock.puk = Secret(std::string_view("9876543210"));
    BOOST_TEST(test::nameOf(readFrom(*rig, unblock).outcome) == "PinManaged");
    BOOST_TEST(test::nameOf(readFrom(*rig).outcome) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(a_suspended_pin_is_resumed_and_read_in_one_go)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("pin-suspended"));
    rig->spoil();
    auto wanted = rig->request();
    wanted.can = Secret(std::string_view("222223"));
    BOOST_TEST(test::nameOf(readFrom(*rig, wanted).outcome) == "WrongCan");
    wanted.can = Secret(std::string_view("222222"));
    BOOST_TEST(test::nameOf(readFrom(*rig, wanted).outcome) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(a_pin_is_changed_and_set)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("erika"));
    rig->spoil(); // the PIN is another one afterwards
    auto wanted = rig->request("full");
    wanted.purpose = IdentityPurpose::ChangePin;
    wanted.newPin = Secret(std::string_view("111222"));
    BOOST_TEST(test::nameOf(readFrom(*rig, wanted).outcome) == "PinManaged");
    BOOST_TEST(test::nameOf(readFrom(*rig, wanted).outcome) == "WrongPin 2");
    wanted.purpose = IdentityPurpose::SetPin; // the office, with its own certificate
    wanted.pin = Secret();
    wanted.can = Secret(std::string_view("222222"));
    wanted.newPin = Secret(std::string_view("123456"));
    BOOST_TEST(test::nameOf(readFrom(*rig, wanted, "full").outcome) == "PinManaged");
    BOOST_TEST(test::nameOf(readFrom(*rig).outcome) == "IdentityRead");
    auto onSiteOnly = rig->request("onsite");
    onSiteOnly.purpose = IdentityPurpose::SetPin;
    onSiteOnly.can = wanted.can;
    onSiteOnly.newPin = wanted.newPin;
    BOOST_TEST(test::nameOf(readFrom(*rig, onSiteOnly).outcome) ==
               "DeviceFailed CertificateUnusable");
}

BOOST_AUTO_TEST_CASE(a_clerk_reads_with_the_can_where_the_certificate_allows_it)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    for (const char* profile : {"erika", "pin-blocked", "pin-off"}) {
        BOOST_REQUIRE(rig->lay(profile));
        auto wanted = rig->request();
        wanted.pin = Secret();
        wanted.can = Secret(std::string_view("222222"));
        const auto result = readFrom(*rig, wanted);
        BOOST_REQUIRE_EQUAL(test::nameOf(result.outcome), "IdentityRead");
        BOOST_TEST((std::get<IdentityRead>(result.outcome).password == CardPassword::Can));
        BOOST_TEST(result.commands == 29U);
    }
    auto wanted = rig->request();
    wanted.pin = Secret();
    wanted.can = Secret(std::string_view("222223"));
    BOOST_TEST(test::nameOf(readFrom(*rig, wanted).outcome) == "WrongCan");
    auto without = rig->request("nocan");
    without.pin = Secret();
    without.can = Secret(std::string_view("222222"));
    BOOST_TEST(test::nameOf(readFrom(*rig, without, "nocan").outcome) ==
               "DeviceFailed CertificateUnusable");
    BOOST_REQUIRE(rig->lay("erika"));
    BOOST_TEST(test::nameOf(readFrom(*rig, rig->request("nocan"), "nocan").outcome) ==
               "IdentityRead"); // with the PIN
}

BOOST_AUTO_TEST_CASE(a_look_tells_the_state_of_the_pin)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    const std::vector<std::pair<const char*, const char*>> states{{"erika", "PinReady 3"},
                                                                  {"pin-2", "PinReady 2"},
                                                                  {"pin-suspended", "PinSuspended"},
                                                                  {"pin-blocked", "PinBlocked"},
                                                                  {"pin-off", "PinNotActivated"}};
    for (const auto& [profile, state] : states) {
        BOOST_REQUIRE(rig->lay(profile));
        auto look = rig->request();
        look.purpose = IdentityPurpose::Look;
        const auto result = readFrom(*rig, look);
        BOOST_TEST(test::nameOf(result.outcome) == state);
        BOOST_TEST(result.commands == 2U);
    }
}

BOOST_AUTO_TEST_CASE(the_card_answers_questions_itself)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("erika")); // born 1984-08-12, lives in 02760503150000
    auto wanted = rig->request();
    wanted.groups = {DataGroup::DateOfExpiry};
    wanted.bornUntil = localDateFromIso("1984-08-12");
    wanted.municipalityPrefix = "0276";
    auto result = readFrom(*rig, wanted);
    BOOST_REQUIRE_EQUAL(test::nameOf(result.outcome), "IdentityRead");
    BOOST_TEST((std::get<IdentityRead>(result.outcome).oldEnough == true));
    BOOST_TEST((std::get<IdentityRead>(result.outcome).livesThere == true));
    wanted.bornUntil = localDateFromIso("1984-08-11");
    wanted.municipalityPrefix = "0277";
    result = readFrom(*rig, wanted);
    BOOST_REQUIRE_EQUAL(test::nameOf(result.outcome), "IdentityRead");
    BOOST_TEST((std::get<IdentityRead>(result.outcome).oldEnough == false));
    BOOST_TEST((std::get<IdentityRead>(result.outcome).livesThere == false));
}

BOOST_AUTO_TEST_CASE(all_groups_are_read_in_38_commands_at_most)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("erika"));
    auto wanted = rig->request("full");
    for (int group = 1; group <= 22; ++group) {
        if (group != 16) // reserved
            wanted.groups.insert(static_cast<DataGroup>(group));
    }
    const auto result = readFrom(*rig, wanted, "full"); // its rights end with group 21
    BOOST_REQUIRE_EQUAL(test::nameOf(result.outcome), "IdentityRead");
    BOOST_TEST(result.commands <= 38U);
    BOOST_TEST(std::get<IdentityRead>(result.outcome).data.reveal().sex == "F");
    BOOST_TEST_MESSAGE("all groups: " << result.commands << " APDUs, " << result.bytesOut
                                      << " bytes out, " << result.bytesIn << " bytes in");
}

BOOST_AUTO_TEST_CASE(a_slow_card_is_read_as_well)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("erika"));
    BOOST_REQUIRE(rig->say("delay 10 94"));
    const RealEventLoop clock;
    const auto before = clock.sinceBoot();
    const auto result = readFrom(*rig);
    const auto took = clock.sinceBoot() - before;
    BOOST_REQUIRE(rig->say("delay 0 0"));
    BOOST_TEST(test::nameOf(result.outcome) == "IdentityRead");
    BOOST_TEST_MESSAGE("with delay 10 94: " << took.count() << " ms");
}

BOOST_AUTO_TEST_CASE(a_form_without_the_date_asks_the_card_for_its_validity)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    auto wanted = rig->request();
    wanted.groups = {DataGroup::FamilyNames};
    BOOST_REQUIRE(rig->lay("erika"));
    const auto result = readFrom(*rig, wanted);
    BOOST_REQUIRE_EQUAL(test::nameOf(result.outcome), "IdentityRead");
    BOOST_TEST(std::get<IdentityRead>(result.outcome).data.reveal().dateOfExpiry.empty());
    BOOST_TEST(result.commands == 19U);
    BOOST_REQUIRE(rig->lay("expired"));
    BOOST_TEST(test::nameOf(readFrom(*rig, wanted).outcome) == "CardExpired");
}

BOOST_AUTO_TEST_CASE(a_certificate_limits_what_is_read)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("erika"));
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
    BOOST_REQUIRE(rig->lay("longest"));
    const auto whole = readFrom(*rig);
    BOOST_REQUIRE_EQUAL(test::nameOf(whole.outcome), "IdentityRead");
    BOOST_REQUIRE(rig->say("apdus 261"));
    const auto pieces = readFrom(*rig);
    BOOST_REQUIRE(rig->say("apdus 65535"));
    BOOST_REQUIRE_EQUAL(test::nameOf(pieces.outcome), "IdentityRead");
    BOOST_TEST((std::get<IdentityRead>(pieces.outcome).data ==
                std::get<IdentityRead>(whole.outcome).data));
    BOOST_TEST(pieces.commands > whole.commands);
}

BOOST_DATA_TEST_CASE(a_card_pulled_at_any_command_is_removed, data::xrange(1, 30), command)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("erika"));
    rig->spoil();
    const auto pulled = [&] {
        BOOST_REQUIRE(rig->say("pull " + std::to_string(command)));
        const auto result = readOnce(*rig, rig->request(), "onsite");
        BOOST_REQUIRE(rig->control("insert"));
        return result;
    };
    auto result = pulled();
    if (result.isUnlucky) {
        BOOST_REQUIRE(rig->lay("erika"));
        result = pulled();
    }
    BOOST_TEST(test::nameOf(result.outcome) == "CardRemoved");
    BOOST_TEST(result.commands == static_cast<std::size_t>(command));
    if (result.commands == static_cast<std::size_t>(command))
        rig->keep("erika");
}

const std::vector<std::string> faults{"flip", "cut",  "6f00", "6282", "6300", "6581", "6700",
                                      "6982", "6985", "63c1", "6a80", "6a82", "6d00", "9001"};

BOOST_DATA_TEST_CASE(a_card_that_fails_at_any_command_is_never_read, data::make(faults), fault)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    for (int command = 1; command <= 29; ++command) {
        if (fault == "flip" && command == 2)
            continue; // the answer is a status alone, in which the rig flips nothing
        BOOST_REQUIRE(rig->lay("erika"));
        rig->spoil();
        const std::string at = std::to_string(command);
        BOOST_REQUIRE(rig->say(fault == "flip" || fault == "cut" ? fault + " " + at
                                                                 : "sw " + at + " " + fault));
        const auto result = readOnce(*rig, rig->request(), "onsite");
        // A retry counter in the answer that shows it is no fault, and 6700 to the first command
        // only means short ones.
        const bool isWhole = (command == 1 && fault == "6700");
        BOOST_TEST((std::holds_alternative<IdentityRead>(result.outcome) == isWhole),
                   fault << " at " << command << ": " << test::nameOf(result.outcome));
        if (result.commands < static_cast<std::size_t>(command))
            continue; // the fault is still to come
        rig->keep("erika");
        const bool mayCostTries = command >= 2 && command <= 6;
        if (mayCostTries) // and a good read gives them back
            BOOST_TEST(test::nameOf(readFrom(*rig).outcome) == "IdentityRead");
    }
}

BOOST_AUTO_TEST_CASE(no_card_and_no_reader_are_told_apart)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("erika"));
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
    BOOST_REQUIRE(rig->lay("erika"));
    eid::PcscReader reader({});
    const auto held = reader.connect(Milliseconds(5000));
    BOOST_REQUIRE(std::holds_alternative<std::unique_ptr<CardChannel>>(held));
    const auto second = reader.connect(Milliseconds(1000));
    BOOST_REQUIRE(std::holds_alternative<IdentityOutcome>(second));
    BOOST_TEST(test::nameOf(std::get<IdentityOutcome>(second)) == "DeviceFailed ReaderFailed");
}

// Agents for keys look at every new card: seen on desktops as a reader that "fails" once.
BOOST_AUTO_TEST_CASE(a_card_that_another_program_lets_go_is_read)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("erika"));
    eid::PcscReader other({});
    auto held = other.connect(Milliseconds(5000));
    BOOST_REQUIRE(std::holds_alternative<std::unique_ptr<CardChannel>>(held));
    std::atomic<bool> begun{false};
    Result result;
    std::thread reading([&] {
        begun = true;
        result = readFrom(*rig);
    });
    while (!begun)
        std::this_thread::yield();
    // A hundred looks at the reader later it has asked for the card and was refused.
    for (int i = 0; i < 100; ++i)
        eid::PcscReader({}).look();
    held = IdentityOutcome(NoCard{});
    reading.join();
    BOOST_TEST(test::nameOf(result.outcome) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(two_readers_are_told_apart_and_read_at_once)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("erika"));
    RealEventLoop clock;
    SystemRandom random;
    const auto pki = sim::makeCardPki(random, clock.utcNow());
    sim::SimulatedCard card(random, pki, sim::cardOf("ADA", "MUSTER", "19900101"),
                            localDate(clock.utcNow()));
    const Laid laid(card, clock, 35964); // vpcd's second slot

    auto request = rig->request();
    request.certificates = pki.certificates();
    auto second = eid::PcscReader({"Virtual PCD 00 01"}).connect(Milliseconds(8000));
    BOOST_REQUIRE(std::holds_alternative<std::unique_ptr<CardChannel>>(second));
    const auto first = readFrom(*rig); // while the other one is held
    const auto other = test::readIdentity(*std::get<std::unique_ptr<CardChannel>>(second), random,
                                          request, pki.terminalKey.reveal());
    BOOST_REQUIRE_EQUAL(test::nameOf(first.outcome), "IdentityRead");
    BOOST_REQUIRE_EQUAL(test::nameOf(other), "IdentityRead");
    BOOST_TEST(std::get<IdentityRead>(first.outcome).data.reveal().givenNames == "ERIKA");
    BOOST_TEST(std::get<IdentityRead>(other).data.reveal().givenNames == "ADA");
    second = IdentityOutcome(NoCard{}); // the card is given back while somebody answers for it
}

BOOST_AUTO_TEST_CASE(pcscd_may_crash_and_come_back)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->lay("erika"));
    eid::PcscReader reader({"Virtual PCD 00 00"});
    {
        const auto held = reader.connect(Milliseconds(5000));
        BOOST_REQUIRE(std::holds_alternative<std::unique_ptr<CardChannel>>(held));
        SystemRandom random;
        auto begun = eid::beginRead(*std::get<std::unique_ptr<CardChannel>>(held), random,
                                    rig->request(), {});
        BOOST_REQUIRE(std::holds_alternative<eid::SignatureNeeded>(begun));
        BOOST_REQUIRE(rig->crashPcscd()); // while the terminal's key signs
        auto& needed = std::get<eid::SignatureNeeded>(begun);
        const auto outcome = needed.session.finish(Bytes(64, 1));
        BOOST_TEST(!std::holds_alternative<IdentityRead>(outcome));
    }
    BOOST_TEST(test::nameOf(std::get<IdentityOutcome>(reader.connect(Milliseconds(1000)))) ==
               "DeviceFailed ReaderFailed");
    BOOST_REQUIRE(rig->startAgain());
    BOOST_TEST(test::nameOf(readFrom(*rig).outcome) == "IdentityRead");
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
    Laid laid(card, clock, 35963);

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
    laid.link.with([](sim::SimulatedCard& ours) { ours.faultAt(7, sim::PullCard{}); });
    BOOST_TEST(read() == "CardRemoved");
    BOOST_TEST(isSeenToLeave());
    laid.link.with([](sim::SimulatedCard& ours) { ours.lay(); });
    BOOST_TEST(read() == "IdentityRead");
}

BOOST_AUTO_TEST_SUITE_END()
