// SPDX-License-Identifier: EUPL-1.2
//
// A reader with a keypad behind the real pcscd: what it offers, reads whose PIN is typed there, and
// what becomes of a card that lies in it while nobody reads.
#include "appliance/core/log.h"
#include "appliance/core/real_event_loop.h"
#include "drivers/broker/card_reader.h"
#include "drivers/eid/pcsc.h"
#include "tests/drivers/eid/ifd/pcscd.h"
#include "tests/drivers/eid/table.h"
#include "tests/support/skip.h"

#include <boost/test/data/test_case.hpp>

#include <future>

namespace data = boost::unit_test::data;
using namespace amt;
using test::KeypadReader;
using test::Typed;

namespace {

/// One card, one reader and one pcscd for all cases.
struct Counter {
    Counter() : card(cardRandom, test::pki(), sim::cardProfile("erika"), localDate(test::now)) {}
    test::CountedRandom cardRandom{2}, readerRandom{4}, terminalRandom{3};
    sim::SimulatedCard card;
    KeypadReader reader{card, readerRandom};
    std::string reason;
    std::unique_ptr<test::OwnPcscd> pcscd = test::OwnPcscd::start(reader, reason);
};

struct CounterOfThisRun {
    CounterOfThisRun()
    {
        log::setEnabled(false); // cards fail here on purpose
        counter() = std::make_unique<Counter>();
    }
    ~CounterOfThisRun() { counter().reset(); }
    static std::unique_ptr<Counter>& counter()
    {
        static std::unique_ptr<Counter> instance;
        return instance;
    }
};

BOOST_TEST_GLOBAL_FIXTURE(CounterOfThisRun);

/// The counter with a new card of this profile, and somebody who types these digits; or null.
Counter* laid(const std::string& profile = "erika", test::AtKeypad typed = Typed{"123456"},
              const test::ReaderShape& shape = {})
{
    auto& counter = *CounterOfThisRun::counter();
    if (test::skipUnless(counter.pcscd != nullptr, counter.reason))
        return nullptr;
    BOOST_REQUIRE(counter.pcscd->untilMissed());
    counter.pcscd->with([&](KeypadReader& reader) {
        reader.card.clearFaults();
        reader.card.become(sim::cardProfile(profile));
        reader.card.setCommandBytesMax(65544);
        reader.card.lay();
        reader.shape = shape;
        reader.keypad = [typed](std::uint8_t) { return typed; };
        reader.bend = {};
        reader.controls.clear();
        reader.commands.clear();
    });
    return &counter;
}

IdentityRequest atReader()
{
    auto wanted = test::request();
    wanted.pin = Secret();
    wanted.entry = PasswordEntry::AtReader;
    return wanted;
}

IdentityOutcome read(Counter& counter, const IdentityRequest& wanted)
{
    eid::PcscReader pcsc({test::OwnPcscd::readerName});
    auto connected = pcsc.connect(Milliseconds(5000));
    if (auto* outcome = std::get_if<IdentityOutcome>(&connected))
        return std::move(*outcome);
    return test::readIdentity(*std::get<std::unique_ptr<CardChannel>>(connected),
                              counter.terminalRandom, wanted, test::pki().terminalKey.reveal());
}

std::string readName(Counter& counter, const IdentityRequest& wanted)
{
    return test::nameOf(read(counter, wanted));
}

std::string lookName()
{
    return test::nameOf(eid::PcscReader({test::OwnPcscd::readerName}).look());
}

/// A read through the broker's reader, to its end.
struct BrokersReader {
    BrokersReader() : reader(broker::makeCardReader(test::OwnPcscd::readerName, loop, random)) {}
    std::string read(const IdentityRequest& wanted)
    {
        std::string ended;
        reader->read(wanted, Milliseconds(5000),
                     {.step = [this](IdentityStep step) { steps.push_back(step); },
                      .sign =
                          [](const Bytes& toBeSigned, const SignatureGiven& given) {
                              given(sim::signAsTerminal(test::pki(), toBeSigned));
                          },
                      .done =
                          [&](IdentityOutcome outcome) {
                              ended = test::nameOf(outcome);
                              loop.stop();
                          }});
        loop.run();
        return ended;
    }
    RealEventLoop loop;
    SystemRandom random;
    std::unique_ptr<IdentityReader> reader;
    std::vector<IdentityStep> steps;
};

} // namespace

BOOST_AUTO_TEST_SUITE(eid_ifd)

BOOST_AUTO_TEST_CASE(what_the_reader_can_do_is_known_before_a_card_lies_there)
{
    auto* counter = laid();
    if (counter == nullptr)
        return;
    BOOST_TEST(lookName() == "ReaderReady takes a password");
    counter->pcscd->with([](KeypadReader& reader) {
        reader.card.pull();
        reader.shape = {.executesPace = true, .capabilities = 0x40}; // not for identity cards
    });
    BOOST_TEST(lookName() == "ReaderReady takes none");
    counter->pcscd->with([](KeypadReader& reader) { reader.shape = {}; });
    BOOST_TEST(lookName() == "ReaderReady takes a password");
    counter->pcscd->with(
        [](KeypadReader& reader) { reader.shape = {.executesPace = false, .verifiesPin = true}; });
    BOOST_TEST(lookName() == "ReaderReady takes none");
    BOOST_TEST(test::nameOf(eid::PcscReader({"Another"}).look()) == "NoReader");
}

BOOST_AUTO_TEST_CASE(a_pin_that_is_typed_at_the_reader_reads_the_card)
{
    auto* counter = laid();
    if (counter == nullptr)
        return;
    const auto outcome = read(*counter, atReader());
    BOOST_REQUIRE_EQUAL(test::nameOf(outcome), "IdentityRead");
    const auto& person = std::get<IdentityRead>(outcome).data.reveal();
    BOOST_TEST(person.familyNames == "MUSTERMANN");
    BOOST_TEST(person.placeOfResidence.city == "KÖLN");
    counter->pcscd->with([](KeypadReader& reader) {
        BOOST_TEST(reader.commands.size() == 25U);
        BOOST_TEST(reader.controls.size() == 1U);
    });
}

BOOST_AUTO_TEST_CASE(the_pin_may_still_come_from_the_kiosk)
{
    auto* counter = laid();
    if (counter == nullptr)
        return;
    BOOST_TEST(readName(*counter, test::request()) == "IdentityRead");
    counter->pcscd->with([](KeypadReader& reader) {
        BOOST_TEST(reader.commands.size() == 29U);
        BOOST_TEST(reader.controls.empty());
    });
}

BOOST_AUTO_TEST_CASE(what_is_typed_at_the_reader_has_its_outcome)
{
    auto* counter = laid("erika", Typed{"654321"});
    if (counter == nullptr)
        return;
    BOOST_TEST(readName(*counter, atReader()) == "WrongPin 2");
    BOOST_TEST(readName(*counter, atReader()) == "WrongPin 1");
    BOOST_TEST(readName(*counter, atReader()) == "PinSuspended");
    laid("erika", test::CancelPressed{});
    BOOST_TEST(readName(*counter, atReader()) == "ReadCancelled");
    laid("erika", test::NobodyCame{});
    BOOST_TEST(readName(*counter, atReader()) == "ReadCancelled");
}

BOOST_AUTO_TEST_CASE(a_suspended_pin_is_resumed_in_the_readers_channel)
{
    auto* counter = laid("pin-suspended");
    if (counter == nullptr)
        return;
    auto wanted = atReader();
    wanted.can = Secret(std::string_view("222222"));
    BOOST_TEST(readName(*counter, wanted) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(a_pin_is_unblocked_with_the_puk_at_the_reader)
{
    auto* counter = laid("pin-blocked", Typed{"9876543210"});
    if (counter == nullptr)
        return;
    auto wanted = atReader();
    wanted.purpose = IdentityPurpose::UnblockPin;
    BOOST_TEST(readName(*counter, wanted) == "PinManaged");
}

BOOST_AUTO_TEST_CASE(a_reader_that_only_verifies_pins_is_an_ordinary_one)
{
    auto* counter = laid("erika", Typed{"123456"}, {.executesPace = false, .verifiesPin = true});
    if (counter == nullptr)
        return;
    BOOST_TEST(readName(*counter, atReader()) == "DeviceFailed ReaderFailed");
    counter->pcscd->with([](KeypadReader& reader) { BOOST_TEST(reader.commands.empty()); });
    BOOST_TEST(readName(*counter, test::request()) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(a_reader_that_says_how_long_a_command_may_be_is_believed)
{
    auto* counter = laid("erika", Typed{"123456"}, {.apduBytes = 0}); // short commands only
    if (counter == nullptr)
        return;
    counter->pcscd->with([](KeypadReader& reader) { reader.card.setCommandBytesMax(261); });
    for (const auto& wanted : {atReader(), test::request()}) {
        BOOST_TEST(readName(*counter, wanted) == "IdentityRead");
        counter->pcscd->with([](KeypadReader& reader) {
            for (const auto& command : reader.commands)
                BOOST_TEST(command.size() <= 261U);
        });
    }
}

BOOST_AUTO_TEST_CASE(a_reader_takes_no_more_than_it_says)
{
    auto* counter = laid("erika", Typed{"123456"}, {.apduBytes = 512});
    if (counter == nullptr)
        return;
    for (const auto& wanted : {atReader(), test::request()}) {
        BOOST_TEST(readName(*counter, wanted) == "IdentityRead");
        counter->pcscd->with([](KeypadReader& reader) {
            BOOST_TEST(toHex(reader.commands.front()) == "00b09c00000200");
            reader.commands.clear();
        });
    }
}

BOOST_AUTO_TEST_CASE(an_atr_without_extended_length_costs_no_command)
{
    auto* counter = laid();
    if (counter == nullptr)
        return;
    counter->pcscd->with([](KeypadReader& reader) { reader.card.pull(); });
    laid("erika", Typed{"123456"}, {.atr = "3b8a80018031f873f7418082900015"});
    BOOST_TEST(readName(*counter, test::request()) == "IdentityRead");
    counter->pcscd->with([](KeypadReader& reader) {
        BOOST_TEST(toHex(reader.commands.front()) == "00b09c0000"); // and no 6700 before
        reader.card.pull();
    });
}

const std::vector<std::size_t> pulls{1, 3, 8, 9, 31};

BOOST_DATA_TEST_CASE(a_card_pulled_from_the_reader_is_removed, data::make(pulls), command)
{
    auto* counter = laid();
    if (counter == nullptr)
        return;
    counter->pcscd->with(
        [&](KeypadReader& reader) { reader.card.faultAt(command, sim::PullCard{}); });
    BOOST_TEST(readName(*counter, atReader()) == "CardRemoved");
}

BOOST_AUTO_TEST_CASE(a_reader_that_says_nonsense_reads_nothing)
{
    auto* counter = laid();
    if (counter == nullptr)
        return;
    for (const std::size_t size : {0U, 3U, 6U, 40U, 7000U}) {
        counter->pcscd->with([&](KeypadReader& reader) {
            reader.bend = [size](Bytes& answer) { answer.resize(size); };
        });
        BOOST_TEST(readName(*counter, atReader()) == "DeviceFailed CardAnswerMalformed");
    }
}

BOOST_AUTO_TEST_CASE(a_card_that_lost_its_power_while_somebody_typed_is_read)
{
    auto* counter = laid();
    if (counter == nullptr)
        return;
    BOOST_TEST(readName(*counter, test::request()) == "IdentityRead");
    const int before =
        counter->pcscd->with([](KeypadReader& reader) { return reader.poweredDown; });
    // pcscd takes the power at its second look after the last connection, within a second.
    BOOST_REQUIRE(counter->pcscd->until(
        [before](const KeypadReader& reader) { return reader.poweredDown > before; },
        Milliseconds(20000)));
    BOOST_TEST(readName(*counter, test::request()) == "IdentityRead");
    BOOST_TEST(lookName() == "ReaderReady takes a password");
    BOOST_TEST(readName(*counter, atReader()) == "IdentityRead");
}

BOOST_AUTO_TEST_CASE(a_card_keeps_its_power_while_somebody_types_at_the_reader)
{
    auto* counter = laid();
    if (counter == nullptr)
        return;
    const int before =
        counter->pcscd->with([](KeypadReader& reader) { return reader.poweredDown; });
    // Longer than pcscd leaves an unused card its power.
    counter->pcscd->with([](KeypadReader& reader) {
        reader.keypad = [](std::uint8_t) {
            std::promise<void> never;
            never.get_future().wait_for(std::chrono::seconds(3));
            return Typed{"123456"};
        };
    });
    BOOST_TEST(readName(*counter, atReader()) == "IdentityRead");
    BOOST_TEST(counter->pcscd->with([](KeypadReader& reader) { return reader.poweredDown; }) ==
               before);
}

BOOST_AUTO_TEST_CASE(the_broker_tells_when_the_reader_waits_for_the_pin)
{
    if (laid() == nullptr)
        return;
    auto look = test::request();
    look.purpose = IdentityPurpose::LookAtReader;
    BOOST_TEST(BrokersReader().read(look) == "ReaderReady takes a password");
    BrokersReader brokers;
    BOOST_TEST(brokers.read(atReader()) == "IdentityRead");
    BOOST_TEST((brokers.steps == std::vector<IdentityStep>{
                                     IdentityStep::WaitingForCard, IdentityStep::CheckingPin,
                                     IdentityStep::EnteringAtReader, IdentityStep::ProvingTerminal,
                                     IdentityStep::CheckingCard, IdentityStep::Reading}));
}

BOOST_AUTO_TEST_CASE(a_read_that_was_cancelled_while_somebody_typed_goes_no_further)
{
    auto* counter = laid();
    if (counter == nullptr)
        return;
    BrokersReader brokers;
    counter->pcscd->with([&](KeypadReader& reader) {
        reader.keypad = [&](std::uint8_t) {
            brokers.reader->cancel();
            return Typed{"123456"};
        };
    });
    BOOST_TEST(brokers.read(atReader()) == "ReadCancelled");
    counter->pcscd->with([](KeypadReader& reader) { BOOST_TEST(reader.commands.size() == 2U); });
}

BOOST_AUTO_TEST_SUITE_END()
