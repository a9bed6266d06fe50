// SPDX-License-Identifier: EUPL-1.2
//
// Whole dialogues with a simulated terminal: bytes, evidence, outcomes; silence and cuts at every
// message.
#include "drivers/zvt/dialogue.h"
#include "tests/drivers/zvt/till.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>

using namespace amt;
using test::Heard;
using test::Till;
namespace data = boost::unit_test::data;

namespace {

using Payment = sim::TerminalBehaviour::Payment;
using Silence = sim::TerminalBehaviour::Silence;
using Direction = sim::TerminalLineFault::Direction;
using Kind = sim::TerminalLineFault::Kind;

const std::vector<PaymentEvidence> wholeEvidence = {
    PaymentEvidence::Sent, PaymentEvidence::Accepted, PaymentEvidence::Recorded,
    PaymentEvidence::Acknowledged};

std::string said(const Heard& heard)
{
    if (heard.outcomes.size() != 1)
        return std::to_string(heard.outcomes.size()) + " outcomes";
    const char* names[] = {"approved", "declined", "unresolved", "not started"};
    std::string text = names[heard.outcomes[0].index()];
    if (const auto* unresolved = heard.outcome<PaymentUnresolved>())
        text += ": " + unresolved->reason;
    return text;
}

/// "No citizen pays twice; every charge belongs to an approved payment", for one order.
void checkTruth(const Till& till, const Heard& heard)
{
    BOOST_REQUIRE(heard.outcomes.size() == 1U);
    BOOST_TEST(till.terminal.paymentsStarted() <= 1);
    if (const auto* approved = heard.outcome<PaymentApproved>()) {
        BOOST_TEST(till.terminal.taken().inCents() == approved->record.amount->inCents());
        BOOST_TEST(till.terminal.ledger().back().receipt == approved->record.receipt);
        BOOST_TEST(approved->record.result == 0);
    } else if (!heard.outcome<PaymentUnresolved>()) {
        BOOST_TEST(till.terminal.taken().inCents() == 0);
    }
    if (const auto* declined = heard.outcome<PaymentDeclined>())
        BOOST_TEST(declined->record.result != 0);
}

/// Asks until it is known, as the node does.
Heard resolveAtLast(Till& till, const PaymentOrder& order)
{
    Heard heard;
    for (int i = 0; i < 5; ++i) {
        heard = till.resolve(order);
        if (!heard.outcome<PaymentUnresolved>())
            break;
    }
    return heard;
}

} // namespace

BOOST_AUTO_TEST_SUITE(zvt_dialogue)

BOOST_AUTO_TEST_CASE(a_payment_has_exactly_these_bytes)
{
    Till till;
    till.stream.setFragmenting(false);
    const Heard heard = till.authorise(till.order(3070));
    BOOST_TEST(till.stream.transcriptText() ==
               "> 0600160000003e0978060e12014226040a0206d327031401fe\n"
               "< 800000\n"
               "< 060f1119002952523535490978060527031401fe\n"
               "> 800000\n"
               "> 06010c040000000030704909781940\n"
               "< 800000\n"
               "< 04ff010e\n"
               "> 800000\n"
               "< "
               "04ff2e0a01062a242807264b6172746520766f7268616c74656e0a65696e737465636b656e2f6475726"
               "3687a696568656e\n"
               "> 800000\n"
               "< 04ff010e\n"
               "> 800000\n"
               "< "
               "040f5d2700040000000030700b0005000c1001060d1121170001197022f0f8eeeeeeeeeeee471129525"
               "235353cf0f1f447454e2e4e522e3a313233343536490978870021880000218a058bf0f96769726f6361"
               "72640006081f1001021f120101\n"
               "> 800000\n"
               "< 060f00\n"
               "> 800000\n");
    BOOST_TEST(said(heard) == "approved");
}

BOOST_AUTO_TEST_CASE(an_approved_payment_gives_record_evidence_and_statuses)
{
    Till till;
    const Heard heard = till.authorise(till.order(3070));
    const auto* approved = heard.outcome<PaymentApproved>();
    BOOST_REQUIRE_MESSAGE(approved != nullptr, said(heard));
    BOOST_TEST(approved->record.amount->inCents() == 3070);
    BOOST_TEST(approved->record.currency == 978);
    BOOST_TEST(approved->record.receipt == 21);
    BOOST_TEST(approved->record.cardDigits == "4711");
    BOOST_TEST(approved->record.cardName == "girocard");
    BOOST_TEST((heard.evidence == wholeEvidence));
    BOOST_TEST(!heard.records[1].has_value());
    BOOST_TEST((heard.records[2] == approved->record));
    BOOST_TEST((heard.records[3] == approved->record));
    BOOST_REQUIRE(heard.statuses.size() == 3U);
    BOOST_TEST(heard.statuses[1].code == 0x0A);
    BOOST_TEST(heard.statuses[1].text == "Karte vorhalten einstecken/durchziehen");
    BOOST_REQUIRE(till.terminal.ledger().size() == 1U);
    BOOST_TEST(till.terminal.ledger()[0].acknowledged);
    checkTruth(till, heard);
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_before_the_intent_is_committed)
{
    Till till;
    till.commits = false;
    const Heard heard = till.authorise(till.order(3070));
    BOOST_TEST((heard.evidence == std::vector{PaymentEvidence::Sent}));
    BOOST_TEST(till.terminal.paymentsStarted() == 0);
    BOOST_TEST(said(heard) == "not started"); // after T4
}

BOOST_AUTO_TEST_CASE(nothing_is_acknowledged_before_the_record_is_committed)
{
    Till till;
    till.onEvidence = [&](PaymentEvidence evidence) {
        if (evidence == PaymentEvidence::Recorded)
            till.commits = false;
    };
    const PaymentOrder order = till.order(3070);
    const Heard heard = till.authorise(order);
    BOOST_TEST(said(heard) == "unresolved: no completion after 04 0F");
    BOOST_TEST(!till.terminal.ledger().at(0).acknowledged);
    till.commits = true;
    till.onEvidence = nullptr;
    const Heard found = resolveAtLast(till, order);
    BOOST_TEST(said(found) == "declined"); // the terminal took it back
    checkTruth(till, found);
}

BOOST_AUTO_TEST_CASE(a_decline_carries_the_hosts_code)
{
    Till till;
    till.terminal.setBehaviour({.payment = Payment::Decline, .declineCode = 0x37});
    const Heard heard = till.authorise(till.order(3070));
    const auto* declined = heard.outcome<PaymentDeclined>();
    BOOST_REQUIRE_MESSAGE(declined != nullptr, said(heard));
    BOOST_TEST(declined->record.result == 0x37);
    BOOST_TEST((zvt::resultMeaning(0x37) == zvt::ResultMeaning::WrongPin));
    BOOST_TEST(declined->record.additionalText == "Abgelehnt");
    BOOST_TEST((heard.evidence == wholeEvidence));
    checkTruth(till, heard);
}

BOOST_AUTO_TEST_CASE(the_stop_key_and_an_absent_citizen_are_declines)
{
    for (const Payment payment : {Payment::StopKey, Payment::NoCard}) {
        Till till;
        till.terminal.setBehaviour({.payment = payment});
        const Heard heard = till.authorise(till.order(3070));
        const auto* declined = heard.outcome<PaymentDeclined>();
        BOOST_REQUIRE_MESSAGE(declined != nullptr, said(heard));
        BOOST_TEST(declined->record.result == 0x6C);
        checkTruth(till, heard);
    }
}

BOOST_AUTO_TEST_CASE(a_terminal_that_is_not_ready_did_not_start)
{
    for (const Payment payment : {Payment::EndOfDayOpen, Payment::RefuseBusy}) {
        Till till;
        till.terminal.setBehaviour({.payment = payment});
        const Heard heard = till.authorise(till.order(3070));
        const auto* notStarted = heard.outcome<PaymentNotStarted>();
        BOOST_REQUIRE_MESSAGE(notStarted != nullptr, said(heard));
        BOOST_TEST((notStarted->code == ErrorCode::TerminalNotReady));
        checkTruth(till, heard);
    }
}

BOOST_AUTO_TEST_CASE(a_terminal_out_of_reach_did_not_start)
{
    Till till;
    till.stream.setUnplugged(true);
    const Heard heard = till.authorise(till.order(3070));
    BOOST_REQUIRE(heard.outcome<PaymentNotStarted>() != nullptr);
    BOOST_TEST((heard.outcome<PaymentNotStarted>()->code == ErrorCode::TerminalUnreachable));
    BOOST_TEST(heard.evidence.empty());
    BOOST_TEST(said(till.resolve(till.order(3070))) == "unresolved: line lost");
}

BOOST_AUTO_TEST_CASE(an_approval_of_another_amount_is_never_approved)
{
    Till till;
    till.terminal.setBehaviour({.payment = Payment::WrongAmount});
    const PaymentOrder order = till.order(3070);
    const Heard heard = till.authorise(order);
    BOOST_TEST(said(heard) == "unresolved: approved, but not what was ordered");
    BOOST_TEST(!till.terminal.ledger().at(0).acknowledged);
    till.terminal.setBehaviour({});
    BOOST_TEST(said(resolveAtLast(till, order)) ==
               "unresolved: a reversal that does not fit the order");
}

BOOST_AUTO_TEST_CASE(the_citizen_can_abort_until_the_card_is_there)
{
    Till till;
    till.onEvidence = [&](PaymentEvidence evidence) {
        if (evidence == PaymentEvidence::Accepted)
            till.loop.after(std::chrono::seconds(1), [&] { till.driver->abort(); });
    };
    const Heard heard = till.authorise(till.order(3070));
    BOOST_REQUIRE_MESSAGE(heard.outcome<PaymentDeclined>() != nullptr, said(heard));
    BOOST_TEST(heard.outcome<PaymentDeclined>()->record.result == 0x6C);
    checkTruth(till, heard);
}

BOOST_AUTO_TEST_CASE(an_abort_that_comes_too_late_changes_nothing)
{
    for (const bool takesAbort : {true, false}) {
        Till till;
        till.terminal.setBehaviour({.takesAbort = takesAbort});
        till.onEvidence = [&](PaymentEvidence evidence) {
            if (evidence == PaymentEvidence::Accepted)
                till.loop.after(std::chrono::milliseconds(takesAbort ? 4000 : 500),
                                [&] { till.driver->abort(); });
            if (evidence == PaymentEvidence::Recorded)
                till.driver->abort();
        };
        const Heard heard = till.authorise(till.order(3070));
        BOOST_TEST(said(heard) == "approved");
        checkTruth(till, heard);
    }
}

BOOST_AUTO_TEST_CASE(an_abort_before_the_order_is_sent_keeps_it_at_home)
{
    for (const int delay : {0, 10, 60, 100}) {
        Till till;
        Heard heard;
        till.commitTime = std::chrono::seconds(1);
        till.driver->authorise(till.order(3070), till.callbacks(heard));
        till.loop.runFor(Milliseconds(delay));
        till.driver->abort();
        till.loop.runAll();
        BOOST_TEST(said(heard) == "not started");
        BOOST_TEST(till.terminal.paymentsStarted() == 0);
    }
}

BOOST_AUTO_TEST_CASE(one_order_at_a_time)
{
    Till till;
    Heard first, second;
    till.driver->authorise(till.order(3070), till.callbacks(first));
    till.driver->authorise(till.order(3070), till.callbacks(second));
    till.loop.runAll();
    BOOST_TEST(said(first) == "approved");
    BOOST_TEST(said(second) == "not started");
    BOOST_TEST(till.terminal.paymentsStarted() == 1);
    BOOST_TEST(said(till.authorise(till.order(500))) == "approved");
    BOOST_TEST(till.terminal.taken().inCents() == 3570);
}

BOOST_AUTO_TEST_CASE(a_status_information_that_comes_twice_is_acknowledged_twice_and_counted_once)
{
    Till till;
    till.terminal.setBehaviour({.repeatsInformation = true});
    const Heard heard = till.authorise(till.order(3070));
    BOOST_TEST(said(heard) == "approved");
    BOOST_TEST((heard.evidence == wholeEvidence));
    checkTruth(till, heard);
}

BOOST_AUTO_TEST_CASE(printed_lines_are_passed_on)
{
    for (const bool blocks : {false, true}) {
        Till till(1, {.configByte = 0xBE});
        till.terminal.setBehaviour({.printsLines = !blocks, .printsBlocks = blocks});
        const Heard heard = till.authorise(till.order(3070));
        BOOST_TEST(said(heard) == "approved");
        BOOST_REQUIRE(heard.lines.size() == 4U);
        BOOST_TEST(heard.lines[0].text == "Kundenbeleg");
        BOOST_TEST(heard.lines[0].centred);
        BOOST_TEST(heard.lines[2].high);
        BOOST_TEST(heard.lines[3].text == "Beleg 0021");
        checkTruth(till, heard);
    }
}

BOOST_AUTO_TEST_CASE(a_terminal_that_needs_time_gets_it)
{
    Till till;
    till.terminal.setBehaviour({.hostTime = std::chrono::seconds(170), .wantsMoreTime = true});
    const Heard heard = till.authorise(till.order(3070));
    BOOST_TEST(said(heard) == "approved");
}

BOOST_AUTO_TEST_CASE(silence_is_never_a_decline)
{
    for (const Silence silence : {Silence::FromStart, Silence::AfterAccept, Silence::AfterCharge}) {
        for (const bool works : {false, true}) {
            for (const bool reverses : {false, true}) {
                Till till;
                till.terminal.setBehaviour({.silence = silence,
                                            .worksSilently = works,
                                            .reversesUnacknowledged = reverses});
                const PaymentOrder order = till.order(3070);
                const Heard heard = till.authorise(order);
                BOOST_TEST(said(heard) == "unresolved: no answer in time");
                checkTruth(till, heard);
                const Heard found = resolveAtLast(till, order);
                BOOST_TEST(!found.outcome<PaymentUnresolved>(), said(found));
                checkTruth(till, found);
                BOOST_TEST((found.outcome<PaymentApproved>() != nullptr) ==
                           (till.terminal.taken() > Money()));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(garbage_after_the_order_is_unresolved_and_before_it_is_not_started)
{
    Till till;
    till.terminal.setBehaviour({.payment = Payment::Garbage});
    const PaymentOrder order = till.order(3070);
    const Heard heard = till.authorise(order);
    BOOST_TEST(said(heard) == "unresolved: the terminal talks garbage");
    till.terminal.setBehaviour({});
    const Heard found = till.resolve(order);
    BOOST_TEST(said(found) == "declined");
    BOOST_TEST(found.outcome<PaymentDeclined>()->record.result == zvt::ResultCodes::NotPaid);
}

BOOST_AUTO_TEST_CASE(a_busy_terminal_is_waited_for)
{
    Till till;
    till.terminal.setBehaviour({.hostTime = std::chrono::seconds(100), .goesOnWithoutLine = true});
    till.stream.setFault(sim::TerminalLineFault{Direction::ToTill, Kind::CutAfter, 5});
    const PaymentOrder order = till.order(3070);
    Heard heard, found;
    till.driver->authorise(order, till.callbacks(heard));
    while (heard.outcomes.empty())
        till.loop.runNext();
    BOOST_TEST(said(heard) == "unresolved: line lost");
    till.driver->resolve(order, till.callbacks(found));
    till.loop.runFor(std::chrono::seconds(60));
    BOOST_TEST(found.outcomes.empty());
    BOOST_TEST(till.terminal.isBusy());
    till.loop.runAll();
    BOOST_TEST(said(found) == "declined"); // it went on, got no answer and took it back
    checkTruth(till, found);
}

BOOST_AUTO_TEST_CASE(a_terminal_that_stays_busy_is_not_waited_for_for_ever)
{
    Till till;
    till.terminal.setBehaviour({.hostTime = std::chrono::hours(1), .goesOnWithoutLine = true});
    till.stream.setFault(sim::TerminalLineFault{Direction::ToTill, Kind::CutAfter, 5});
    const PaymentOrder order = till.order(3070);
    Heard heard, found;
    till.driver->authorise(order, till.callbacks(heard));
    while (heard.outcomes.empty())
        till.loop.runNext();
    till.driver->resolve(order, till.callbacks(found));
    till.loop.runFor(std::chrono::seconds(400));
    BOOST_TEST(said(found) == "unresolved: the terminal stays busy");
}

BOOST_AUTO_TEST_CASE(without_a_known_receipt_the_terminal_is_asked_first)
{
    Till till;
    till.terminal.setBehaviour({.silence = Silence::AfterCharge, .reversesUnacknowledged = false});
    const PaymentOrder order = till.order(3070, false);
    const Heard heard = till.authorise(order);
    BOOST_TEST(said(heard) == "unresolved: no answer in time");
    till.terminal.setBehaviour({});
    BOOST_TEST(said(till.resolve(order)) == "approved");
    till.restart(); // the new process has not asked: the same amount proves nothing
    BOOST_TEST(said(till.resolve(order)) ==
               "unresolved: the terminal's last receipt before the order is not known");
    BOOST_TEST(said(till.resolve(PaymentOrder{order.id, Money::cents(999), std::nullopt})) ==
               "declined");
}

BOOST_AUTO_TEST_CASE(every_fault_at_every_message_ends_in_the_truth)
{
    int unresolved = 0, approved = 0, declined = 0, notStarted = 0;
    const std::vector<sim::TerminalBehaviour> behaviours = {
        {},
        {.reversesUnacknowledged = false},
        {.remembersReversals = false, .goesOnWithoutLine = true},
        {.repeatsInformation = true, .reversesUnacknowledged = false, .goesOnWithoutLine = true},
        {.payment = Payment::Decline},
        {.payment = Payment::StopKey},
        {.payment = Payment::EndOfDayOpen},
        {.printsLines = true},
        {.printsBlocks = true, .reversesUnacknowledged = false},
    };
    std::uint64_t seed = 1;
    for (const auto& behaviour : behaviours) {
        for (const Direction direction : {Direction::ToTerminal, Direction::ToTill}) {
            for (const Kind kind : {Kind::CutBefore, Kind::CutAfter, Kind::Deaf}) {
                for (int message = 0; message < 14; ++message) {
                    const bool prints = behaviour.printsLines || behaviour.printsBlocks;
                    Till till(++seed,
                              {.configByte = static_cast<std::uint8_t>(prints ? 0xBE : 0x3E)});
                    till.terminal.setBehaviour(behaviour);
                    till.stream.setFault(sim::TerminalLineFault{direction, kind, message});
                    const PaymentOrder order = till.order(3070, seed % 3 != 0);
                    BOOST_TEST_CONTEXT("behaviour " << &behaviour - behaviours.data()
                                                    << ", direction " << static_cast<int>(direction)
                                                    << ", kind " << static_cast<int>(kind)
                                                    << ", message " << message << "\n"
                                                    << till.stream.transcriptText())
                    {
                        const Heard heard = till.authorise(order);
                        BOOST_TEST_INFO(said(heard));
                        checkTruth(till, heard);
                        BOOST_TEST(till.loop.idle());
                        approved += heard.outcome<PaymentApproved>() != nullptr;
                        declined += heard.outcome<PaymentDeclined>() != nullptr;
                        notStarted += heard.outcome<PaymentNotStarted>() != nullptr;
                        if (!heard.outcome<PaymentUnresolved>())
                            continue;
                        ++unresolved;
                        // A second fault in the question, then a good line.
                        till.stream.setFault(sim::TerminalLineFault{direction, kind, message % 8});
                        Heard found = till.resolve(order);
                        checkTruth(till, found);
                        till.stream.setFault(std::nullopt);
                        if (found.outcome<PaymentUnresolved>())
                            found = resolveAtLast(till, order);
                        BOOST_TEST_INFO(said(found));
                        checkTruth(till, found);
                        BOOST_TEST(!found.outcome<PaymentUnresolved>());
                        BOOST_TEST((found.outcome<PaymentApproved>() != nullptr) ==
                                   (till.terminal.taken() > Money()));
                    }
                }
            }
        }
    }
    BOOST_TEST_MESSAGE("approved " << approved << ", declined " << declined << ", not started "
                                   << notStarted << ", unresolved and found out " << unresolved);
    BOOST_TEST(unresolved > 100);
}

namespace {

struct Finding {
    const char* what;
    TerminalRecord last;
    std::optional<int> lastReceipt;
    std::size_t outcome; ///< index in PaymentOutcome
};
std::ostream& operator<<(std::ostream& out, const Finding& finding)
{
    return out << finding.what;
}

TerminalRecord record(int receipt, int cents, int result = 0, int originalTrace = 0,
                      int currency = 978)
{
    TerminalRecord record;
    record.result = result;
    record.receipt = receipt;
    record.amount = Money::cents(cents);
    record.originalTrace = originalTrace;
    record.currency = currency;
    return record;
}

constexpr std::size_t isApproved = 0, isDeclined = 1, isUnresolved = 2;

const Finding findings[] = {
    {"the next receipt over our amount", record(22, 3070), 21, isApproved},
    {"no currency is euro", record(22, 3070, 0, 0, 0), 21, isApproved},
    {"numbers begin again at 1", record(1, 3070), 9999, isApproved},
    {"numbers begin again at 0 would be no number", record(0, 3070), 9999, isUnresolved},
    {"unchanged", record(21, 3070), 21, isDeclined},
    {"unchanged, another amount", record(21, 100), 21, isDeclined},
    {"the next one over another amount", record(22, 3071), 21, isUnresolved},
    {"another currency", record(22, 3070, 0, 0, 756), 21, isUnresolved},
    {"one too far", record(23, 3070), 21, isUnresolved},
    {"an older one", record(20, 3070), 21, isUnresolved},
    {"a failed one", record(22, 3070, 0x05), 21, isDeclined},
    {"a failed one without a number", record(0, 3070, 0x05), 21, isUnresolved},
    {"our reversal", record(23, 3070, 0, 499), 21, isDeclined},
    {"our reversal under our number", record(22, 3070, 0, 499), 21, isDeclined},
    {"somebody's reversal", record(24, 3070, 0, 499), 21, isUnresolved},
    {"a reversal over another amount", record(23, 3071, 0, 499), 21, isUnresolved},
    {"nothing known, same amount", record(22, 3070), std::nullopt, isUnresolved},
    {"nothing known, another amount", record(22, 100), std::nullopt, isDeclined},
};

} // namespace

BOOST_DATA_TEST_CASE(the_last_transaction_tells_what_became_of_an_order, data::make(findings),
                     finding)
{
    const PaymentOrder order{"c0ffee00-0000-4000-8000-000000000001", Money::cents(3070),
                             finding.lastReceipt};
    const auto outcome = zvt::findOut(order, finding.lastReceipt, finding.last);
    BOOST_TEST(outcome.index() == finding.outcome);
    if (const auto* declined = std::get_if<PaymentDeclined>(&outcome))
        BOOST_TEST(declined->record.result != 0);
}

BOOST_AUTO_TEST_CASE(a_bad_password_is_refused_at_once)
{
    test::ManualLoop loop;
    test::SeededRandom random(1);
    sim::SimulatedTerminal terminal(loop, random);
    sim::SimulatedByteStream stream(loop, loop, random, terminal);
    BOOST_CHECK_EXCEPTION(
        zvt::makeZvtTerminal({.password = "12345"}, stream, loop), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::ConfigurationInvalid; });
}

BOOST_AUTO_TEST_CASE(a_driver_that_goes_away_in_the_middle_is_not_called_again)
{
    for (int tasks = 0; tasks < 120; tasks += 3) {
        Till till(static_cast<std::uint64_t>(tasks) + 1);
        Heard heard;
        till.driver->authorise(till.order(3070), till.callbacks(heard));
        for (int i = 0; i < tasks; ++i)
            till.loop.runNext();
        const std::size_t outcomes = heard.outcomes.size();
        const std::size_t evidence = heard.evidence.size();
        till.driver.reset();
        BOOST_TEST(till.loop.runAll());
        BOOST_TEST(heard.outcomes.size() == outcomes);
        BOOST_TEST(heard.evidence.size() == evidence);
    }
}

BOOST_AUTO_TEST_CASE(result_codes_have_a_meaning_and_a_key)
{
    using Meaning = zvt::ResultMeaning;
    const std::pair<int, Meaning> known[] = {
        {0x00, Meaning::Approved},      {0x05, Meaning::DeclinedByBank},
        {0x38, Meaning::WrongPin},      {0x6C, Meaning::Cancelled},
        {0x78, Meaning::CardUnusable},  {0xF0, Meaning::TerminalNotReady},
        {0x9B, Meaning::NotPaid},       {0xB4, Meaning::Reversed},
        {0xFF, Meaning::TerminalFault}, {0xA3, Meaning::NoConnection},
        {0xC8, Meaning::AmountRefused}};
    for (const auto& [code, meaning] : known)
        BOOST_TEST((zvt::resultMeaning(code) == meaning));
    for (int code = 0; code < 256; ++code)
        BOOST_TEST(!zvt::name(zvt::resultMeaning(code)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
