// SPDX-License-Identifier: EUPL-1.2
//
// The till: no citizen pays twice, silence is never "declined", and a terminal is believed only as
// far as it fits.
#include "appliance/office/till/till.h"
#include "tests/office/town.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;

namespace {

const Money fee = Money::cents(3070);

struct Hall : test::Office {
    std::string caseId = submitted(1).id;
    std::string otherCaseId = submitted(2).id;

    Payment ordered(const std::string& forCase)
    {
        return std::get<Payment>(till->order(forCase, fee, now));
    }
    Payment authorising(const std::string& forCase)
    {
        const Payment payment = ordered(forCase);
        till->evidence(payment.id, PaymentEvidence::Sent, std::nullopt, now);
        return *till->find(payment.id);
    }
    PaymentState state(const Payment& payment) const { return till->find(payment.id)->state; }
};

TerminalRecord changedRecord(const Hall& hall, int which)
{
    TerminalRecord record = hall.recordOf(0);
    switch (which) {
    case 1:
        record.amount = Money::cents(307);
        break;
    case 2:
        record.amount = Money::cents(3071);
        break;
    case 3:
        record.amount.reset();
        break;
    case 4:
        record.currency = 840; // US dollar
        break;
    case 5:
        record.result = 5;
        break;
    case 6:
        record.originalTrace = 4711;
        break;
    default:
        break;
    }
    return record;
}

bool isOutOfOrder(const Error& error)
{
    return error.errorCode() == ErrorCode::StepOutOfOrder;
}

/// The whole table: what follows from each state, written down once more by hand.
struct Row {
    PaymentState from;
    const char* outcome; ///< approved, declined, unresolved, notStarted
    PaymentState to;
};
std::ostream& operator<<(std::ostream& out, const Row& row)
{
    return out << name(row.from) << " " << row.outcome;
}
const Row rows[] = {
    {PaymentState::Ordered, "approved",
     PaymentState::Approved}, // a broker that left the evidence out: money first
    {PaymentState::Ordered, "declined", PaymentState::Declined},
    {PaymentState::Ordered, "unresolved", PaymentState::Unresolved},
    {PaymentState::Ordered, "notStarted", PaymentState::NotStarted},
    {PaymentState::Authorising, "approved", PaymentState::Approved},
    {PaymentState::Authorising, "declined", PaymentState::Declined},
    {PaymentState::Authorising, "unresolved", PaymentState::Unresolved},
    {PaymentState::Authorising, "notStarted", PaymentState::NotStarted},
    {PaymentState::Unresolved, "approved", PaymentState::Approved},
    {PaymentState::Unresolved, "declined", PaymentState::Declined},
    {PaymentState::Unresolved, "unresolved", PaymentState::Unresolved},
    {PaymentState::Unresolved, "notStarted", PaymentState::NotStarted},
    {PaymentState::Approved, "approved", PaymentState::Approved},
    {PaymentState::Approved, "declined", PaymentState::Approved},
    {PaymentState::Approved, "unresolved", PaymentState::Approved},
    {PaymentState::Approved, "notStarted", PaymentState::Approved},
    {PaymentState::Declined, "approved", PaymentState::Declined},
    {PaymentState::Declined, "unresolved", PaymentState::Declined},
    {PaymentState::NotStarted, "unresolved", PaymentState::NotStarted},
    {PaymentState::Reversed, "approved", PaymentState::Reversed},
    {PaymentState::Reversed, "unresolved", PaymentState::Reversed},
};

PaymentOutcome outcomeOf(const Hall& hall, const std::string& word)
{
    if (word == "approved")
        return PaymentApproved{hall.recordOf(0)};
    if (word == "declined")
        return PaymentDeclined{hall.recordOf(5)};
    if (word == "unresolved")
        return PaymentUnresolved{"line lost"};
    return PaymentNotStarted{ErrorCode::BrokerGone};
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_till)

BOOST_AUTO_TEST_CASE(the_intent_is_on_disk_before_anything_is_sent)
{
    Hall hall;
    const Payment payment = hall.ordered(hall.caseId);
    BOOST_TEST(isUuid(payment.id));
    hall.restart();
    BOOST_TEST((hall.state(payment) == PaymentState::Ordered));
    const PaymentOrder order = hall.till->find(payment.id)->order();
    BOOST_TEST(order.id == payment.id);
    BOOST_TEST((order.amount == fee));
    BOOST_TEST(!order.lastReceipt);
}

BOOST_DATA_TEST_CASE(each_outcome_in_each_state_leads_where_the_table_says, data::make(rows), row)
{
    Hall hall;
    const Payment payment = hall.ordered(hall.caseId);
    hall.database->execute("UPDATE payment SET state = '" + std::string(name(row.from)) + "'");
    BOOST_TEST((hall.till->outcome(payment.id, outcomeOf(hall, row.outcome), hall.now) == row.to));
    BOOST_TEST((hall.state(payment) == row.to));
    BOOST_CHECK_NO_THROW(hall.journal->verify(outbox::Extent::All));
}

BOOST_AUTO_TEST_CASE(one_intent_starts_one_authorisation)
{
    Hall hall;
    const Payment payment = hall.authorising(hall.caseId);
    BOOST_CHECK_EXCEPTION(
        hall.till->evidence(payment.id, PaymentEvidence::Sent, std::nullopt, hall.now), Error,
        isOutOfOrder);
    for (const auto state : {"Unresolved", "Approved", "Declined", "NotStarted", "Reversed"}) {
        hall.database->execute(std::string("UPDATE payment SET state = '") + state + "'");
        BOOST_CHECK_EXCEPTION(
            hall.till->evidence(payment.id, PaymentEvidence::Sent, std::nullopt, hall.now), Error,
            isOutOfOrder);
    }
}

BOOST_AUTO_TEST_CASE(a_second_try_needs_the_outcome_of_the_first)
{
    Hall hall;
    const Payment first = hall.ordered(hall.caseId);
    for (const auto state : {"Ordered", "Authorising", "Unresolved", "Approved"}) {
        hall.database->execute(std::string("UPDATE payment SET state = '") + state + "'");
        const auto again = hall.till->order(hall.caseId, fee, hall.now);
        BOOST_TEST_REQUIRE(std::holds_alternative<CaseHasPayment>(again));
        BOOST_TEST(std::get<CaseHasPayment>(again).paymentId == first.id);
    }
    for (const auto state : {"Declined", "NotStarted", "Reversed"}) {
        hall.database->execute(std::string("UPDATE payment SET state = '") + state + "'");
        BOOST_TEST(std::holds_alternative<Payment>(hall.till->order(hall.caseId, fee, hall.now)));
    }
}

BOOST_AUTO_TEST_CASE(while_one_payment_is_not_clear_the_terminal_takes_no_other)
{
    Hall hall;
    const Payment payment = hall.authorising(hall.caseId);
    BOOST_TEST(
        std::holds_alternative<TerminalTaken>(hall.till->order(hall.otherCaseId, fee, hall.now)));
    hall.till->outcome(payment.id, PaymentUnresolved{"line lost"}, hall.now);
    BOOST_TEST(
        std::holds_alternative<TerminalTaken>(hall.till->order(hall.otherCaseId, fee, hall.now)));
    hall.till->outcome(payment.id, PaymentApproved{hall.recordOf(0)}, hall.now);
    const auto next = hall.till->order(hall.otherCaseId, fee, hall.now);
    BOOST_TEST_REQUIRE(std::holds_alternative<Payment>(next));
    BOOST_TEST(std::get<Payment>(next).lastReceipt.value() == 42);
}

BOOST_DATA_TEST_CASE(an_approval_that_does_not_fit_the_intent_is_unresolved, data::xrange(1, 7),
                     which)
{
    Hall hall;
    const Payment payment = hall.authorising(hall.caseId);
    BOOST_TEST((hall.till->outcome(payment.id, PaymentApproved{changedRecord(hall, which)},
                                   hall.now) == PaymentState::Unresolved));
}

BOOST_AUTO_TEST_CASE(a_decline_with_result_zero_is_not_believed)
{
    Hall hall;
    const Payment payment = hall.authorising(hall.caseId);
    BOOST_TEST((hall.till->outcome(payment.id, PaymentDeclined{hall.recordOf(0)}, hall.now) ==
                PaymentState::Unresolved));
}

BOOST_AUTO_TEST_CASE(after_a_restart_what_was_sent_is_unresolved_and_what_was_not_is_not_started)
{
    for (const bool sent : {true, false}) {
        Hall hall;
        const Payment payment = sent ? hall.authorising(hall.caseId) : hall.ordered(hall.caseId);
        hall.restart();
        const auto open = hall.till->takeUp(hall.now);
        BOOST_TEST(
            (hall.state(payment) == (sent ? PaymentState::Unresolved : PaymentState::NotStarted)));
        BOOST_TEST(open.size() == (sent ? 1u : 0u));
        const auto records = hall.journal->head().number;
        hall.restart();
        BOOST_TEST(hall.till->takeUp(hall.now).size() == open.size()); // again: nothing new
        BOOST_TEST(hall.journal->head().number == records);
    }
}

BOOST_AUTO_TEST_CASE(evidence_is_kept_row_by_row_with_the_terminal_s_words)
{
    Hall hall;
    const Payment payment = hall.authorising(hall.caseId);
    hall.till->evidence(payment.id, PaymentEvidence::Accepted, std::nullopt, hall.now);
    hall.till->evidence(payment.id, PaymentEvidence::Recorded, hall.recordOf(0), hall.now);
    BOOST_TEST(hall.till->lastReceipt().value() == 42);
    hall.till->evidence(payment.id, PaymentEvidence::Acknowledged, std::nullopt, hall.now);
    hall.till->outcome(payment.id, PaymentApproved{hall.recordOf(0)}, hall.now);
    auto rowsOf = hall.database->prepare(
        "SELECT count(*), count(record) FROM payment_evidence WHERE payment_id = ?");
    rowsOf.bind(payment.id).step();
    BOOST_TEST(rowsOf.integer(0) == 5);
    BOOST_TEST(rowsOf.integer(1) == 2);
    BOOST_TEST((hall.till->find(payment.id)->record == hall.recordOf(0)));
    BOOST_CHECK_EXCEPTION(
        hall.till->evidence("unknown", PaymentEvidence::Accepted, std::nullopt, hall.now), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::NotFound; });
}

BOOST_AUTO_TEST_CASE(a_person_decides_what_nobody_could_find_out)
{
    Hall hall;
    const Payment payment = hall.authorising(hall.caseId);
    BOOST_CHECK_EXCEPTION(hall.till->decide(payment.id, Till::Finding::Paid, "Petra Kern",
                                            "Beleg liegt vor", hall.now),
                          Error, isOutOfOrder);
    hall.till->outcome(payment.id, PaymentUnresolved{"line lost"}, hall.now);
    BOOST_TEST((hall.till->decide(payment.id, Till::Finding::Paid, "Petra Kern", "Beleg liegt vor",
                                  hall.now) == PaymentState::Approved));
    BOOST_TEST(hall.till->find(payment.id)->decidedBy == "Petra Kern");
    BOOST_TEST(hall.journal->about(hall.caseId).back().details.at("reason") == "Beleg liegt vor");
}

BOOST_AUTO_TEST_CASE(a_reversal_makes_room_for_a_new_payment)
{
    Hall hall;
    const Payment payment = hall.paid(hall.caseId);
    TerminalRecord reversal = hall.recordOf(0);
    reversal.originalTrace = 4711;
    BOOST_TEST((hall.till->reversed(payment.id, reversal, hall.now) == PaymentState::Reversed));
    BOOST_CHECK_EXCEPTION(hall.till->reversed(payment.id, reversal, hall.now), Error, isOutOfOrder);
    BOOST_TEST(std::holds_alternative<Payment>(hall.till->order(hall.caseId, fee, hall.now)));
}

BOOST_AUTO_TEST_CASE(asking_in_vain_leaves_one_record_in_the_journal)
{
    Hall hall;
    const Payment payment = hall.authorising(hall.caseId);
    for (int i = 0; i < 5; ++i)
        hall.till->outcome(payment.id, PaymentUnresolved{"no answer"}, hall.now);
    int unresolved = 0;
    for (const auto& record : hall.journal->about(payment.id))
        unresolved += record.kind == "PAYMENT_UNRESOLVED" ? 1 : 0;
    BOOST_TEST(unresolved == 1);
    BOOST_TEST(hall.till->unresolved().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
