// SPDX-License-Identifier: EUPL-1.2
//
// Every change of a payment is the table's, with its evidence and its journal record in one commit.
#include "appliance/office/till/till.h"

#include "appliance/core/log.h"

#include <algorithm>
#include <utility>

namespace amt::office {

namespace {

constexpr int euro = 978;

constexpr std::pair<PaymentState, std::string_view> stateNames[] = {
    {PaymentState::Ordered, "Ordered"},       {PaymentState::Authorising, "Authorising"},
    {PaymentState::Approved, "Approved"},     {PaymentState::Declined, "Declined"},
    {PaymentState::Unresolved, "Unresolved"}, {PaymentState::Reversed, "Reversed"},
    {PaymentState::NotStarted, "NotStarted"},
};

outbox::RecordKind recordKind(PaymentState state)
{
    switch (state) {
    case PaymentState::Ordered:
        return outbox::RecordKind::PaymentOrdered;
    case PaymentState::Authorising:
        return outbox::RecordKind::PaymentSent;
    case PaymentState::Approved:
        return outbox::RecordKind::PaymentApproved;
    case PaymentState::Declined:
        return outbox::RecordKind::PaymentDeclined;
    case PaymentState::Unresolved:
        return outbox::RecordKind::PaymentUnresolved;
    case PaymentState::Reversed:
        return outbox::RecordKind::PaymentReversed;
    case PaymentState::NotStarted:
        return outbox::RecordKind::PaymentNotStarted;
    }
    AMT_ASSERT(false && "a payment state without a record");
}

constexpr std::string_view columns =
    "SELECT id, case_id, state, amount, last_receipt, record, decided_by, ordered_at, changed_at,"
    " terminal, online_payment.transaction_id, reference, method, method_detail"
    " FROM payment LEFT JOIN online_payment ON payment_id = id ";
constexpr std::string_view atTerminal = "terminal = 'kiosk' AND ";
/// Of a payment at a payment service: its own name, so that none waits for another.
constexpr std::string_view onlinePrefix = "online ";

Payment read(const store::Statement& row)
{
    Payment payment{.id = row.text(0),
                    .caseId = row.text(1),
                    .state = paymentStateFromName(row.text(2)),
                    .amount = row.money(3),
                    .lastReceipt = std::nullopt,
                    .record = std::nullopt,
                    .decidedBy = row.text(6),
                    .orderedAt = row.time(7),
                    .changedAt = row.time(8)};
    if (const auto receipt = row.optionalInteger(4))
        payment.lastReceipt = static_cast<int>(*receipt);
    if (const auto record = row.optionalText(5))
        payment.record = terminalRecordFromJson(*json::parseObject(*record));
    if (row.text(9).starts_with(onlinePrefix))
        payment.online =
            OnlineTransaction{row.optionalText(10).value_or(""), row.optionalText(11).value_or(""),
                              row.optionalText(12).value_or(""), row.optionalText(13).value_or("")};
    return payment;
}

/// Text of a record, or nothing.
std::optional<std::string> write(const std::optional<TerminalRecord>& record)
{
    if (!record)
        return std::nullopt;
    return json::write(*toJson(*record));
}

struct Verdict {
    PaymentEvent event;
    std::optional<TerminalRecord> record;
    std::string note; ///< for journal and log
};

/// The terminal is not believed further than its words fit the intent (security.md T4).
struct Judge {
    const Payment& payment;

    Verdict operator()(const PaymentApproved& approved) const
    {
        const TerminalRecord& record = approved.record;
        if (record.result != 0)
            return {PaymentEvent::ContactLost, record, "approved with a result other than 0"};
        if (record.originalTrace != 0)
            return {PaymentEvent::ContactLost, record, "approved, but the record is a reversal"};
        if (record.amount != payment.amount)
            return {PaymentEvent::ContactLost, record, "approved over another amount"};
        if (record.currency != euro && record.currency != 0)
            return {PaymentEvent::ContactLost, record, "approved in another currency"};
        return {PaymentEvent::TerminalApproved, record, {}};
    }
    Verdict operator()(const PaymentDeclined& declined) const
    {
        if (declined.record.result == 0)
            return {PaymentEvent::ContactLost, declined.record, "declined with result 0"};
        return {PaymentEvent::TerminalDeclined, declined.record, {}};
    }
    Verdict operator()(const PaymentUnresolved& unresolved) const
    {
        return {PaymentEvent::ContactLost, std::nullopt, unresolved.reason};
    }
    Verdict operator()(const PaymentNotStarted& notStarted) const
    {
        return {PaymentEvent::NothingCharged, std::nullopt,
                std::string(amt::name(notStarted.code))};
    }
};

} // namespace

std::string_view name(PaymentState state)
{
    for (const auto& [known, text] : stateNames) {
        if (known == state)
            return text;
    }
    AMT_ASSERT(false && "a payment state without a name");
}

PaymentState paymentStateFromName(const std::string& text)
{
    for (const auto& [state, known] : stateNames) {
        if (known == text)
            return state;
    }
    throw Error(ErrorCode::StoreFailed, "unknown payment state");
}

Till::Till(store::Database& database, outbox::Journal& journal, RandomSource& random)
    : _database(database), _journal(journal), _random(random)
{}

std::variant<Payment, CaseHasPayment, TerminalTaken> Till::order(const std::string& caseId,
                                                                 Money amount, UtcTime now)
{
    AMT_ASSERT(amount > Money());
    return _database.transact([&]() -> std::variant<Payment, CaseHasPayment, TerminalTaken> {
        if (const auto own = openOf(caseId))
            return *own;
        auto other =
            _database.prepare("SELECT id, state FROM payment WHERE " + std::string(atTerminal) +
                              "state IN ('Ordered', 'Authorising', 'Unresolved')");
        if (other.step())
            return TerminalTaken{other.text(0), paymentStateFromName(other.text(1))};
        const Payment payment{.id = randomUuid(_random),
                              .caseId = caseId,
                              .state = PaymentState::Ordered,
                              .amount = amount,
                              .lastReceipt = lastReceipt(),
                              .record = std::nullopt,
                              .decidedBy = {},
                              .orderedAt = now,
                              .changedAt = now};
        _database
            .prepare("INSERT INTO payment (id, case_id, state, amount, last_receipt, ordered_at, "
                     "changed_at)"
                     " VALUES (?, ?, 'Ordered', ?, ?, ?, ?)")
            .bind(payment.id, caseId, amount, payment.lastReceipt, now, now)
            .run();
        _journal.append(outbox::RecordKind::PaymentOrdered, payment.id,
                        {{"case", caseId}, {"cents", std::to_string(amount.inCents())}}, now);
        return payment;
    });
}

std::optional<CaseHasPayment> Till::openOf(const std::string& caseId)
{
    auto own = _database.prepare("SELECT id, state FROM payment WHERE case_id = ?"
                                 " AND state IN ('Ordered', 'Authorising', 'Unresolved', "
                                 "'Approved')");
    if (!own.bind(caseId).step())
        return std::nullopt;
    return CaseHasPayment{own.text(0), paymentStateFromName(own.text(1))};
}

std::variant<Payment, CaseHasPayment> Till::orderOnline(const std::string& caseId, Money amount,
                                                        UtcTime now)
{
    AMT_ASSERT(amount > Money());
    return _database.transact([&]() -> std::variant<Payment, CaseHasPayment> {
        if (const auto own = openOf(caseId))
            return *own;
        const Payment payment{.id = randomUuid(_random),
                              .caseId = caseId,
                              .state = PaymentState::Ordered,
                              .amount = amount,
                              .lastReceipt = std::nullopt,
                              .record = std::nullopt,
                              .decidedBy = {},
                              .orderedAt = now,
                              .changedAt = now,
                              .online = OnlineTransaction{}};
        _database
            .prepare("INSERT INTO payment (id, case_id, terminal, state, amount, ordered_at,"
                     " changed_at) VALUES (?, ?, ?, 'Ordered', ?, ?, ?)")
            .bind(payment.id, caseId, std::string(onlinePrefix) + payment.id, amount, now, now)
            .run();
        _journal.append(
            outbox::RecordKind::PaymentOrdered, payment.id,
            {{"case", caseId}, {"cents", std::to_string(amount.inCents())}, {"way", "online"}},
            now);
        return payment;
    });
}

PaymentState Till::online(const std::string& paymentId, PaymentEvent event, const std::string& note,
                          const std::string& said, UtcTime now)
{
    return _database.transact([&]() -> PaymentState {
        const auto payment = find(paymentId);
        if (!payment || !payment->online)
            throw Error(ErrorCode::NotFound, "no such payment");
        if (!said.empty())
            _database
                .prepare("INSERT INTO payment_evidence (payment_id, kind, record, time)"
                         " VALUES (?, 'service', ?, ?)")
                .bind(paymentId, said, now)
                .run();
        const auto next = paymentTable.next(payment->state, event);
        if (!next || *next == payment->state)
            return payment->state; // known already, or asked again in vain
        return apply(*payment, event, std::nullopt, note, now);
    });
}

void Till::addEvidence(const std::string& paymentId, std::string_view kind,
                       const std::optional<TerminalRecord>& record, UtcTime now)
{
    std::optional<std::int64_t> receipt;
    if (record && record->receipt > 0)
        receipt = record->receipt;
    _database
        .prepare("INSERT INTO payment_evidence (payment_id, kind, record, receipt, time) VALUES "
                 "(?, ?, ?, ?, ?)")
        .bind(paymentId, kind, write(record), receipt, now)
        .run();
}

PaymentState Till::apply(const Payment& payment, PaymentEvent event,
                         const std::optional<TerminalRecord>& record, const std::string& note,
                         UtcTime now)
{
    const auto next = paymentTable.next(payment.state, event);
    AMT_ASSERT(next.has_value()); // whoever calls has asked the table before
    _database
        .prepare("UPDATE payment SET state = ?, record = coalesce(?, record), changed_at = ? WHERE "
                 "id = ? AND state = ?")
        .bind(name(*next), write(record), now, payment.id, name(payment.state))
        .run();
    AMT_ASSERT(_database.changes() == 1);
    outbox::Details details{{"case", payment.caseId},
                            {"cents", std::to_string(payment.amount.inCents())}};
    if (record) {
        details["receipt"] = std::to_string(record->receipt);
        details["trace"] = std::to_string(record->trace);
        details["result"] = std::to_string(record->result);
        details["terminal"] = record->terminalId;
    }
    if (payment.online && !payment.online->id.empty())
        details["transaction"] = payment.online->id;
    if (!note.empty())
        details["note"] = note;
    _journal.append(recordKind(*next), payment.id, details, now);
    log::info("payment.state", {{"payment", payment.id}, {"state", std::string(name(*next))}});
    return *next;
}

void Till::evidence(const std::string& paymentId, PaymentEvidence evidence,
                    const std::optional<TerminalRecord>& record, UtcTime now)
{
    _database.transact([&] {
        const auto payment = find(paymentId);
        if (!payment)
            throw Error(ErrorCode::NotFound, "no such payment");
        if (evidence == PaymentEvidence::Sent) {
            if (payment->state != PaymentState::Ordered)
                throw Error(ErrorCode::StepOutOfOrder,
                            "one intent never starts two authorisations");
            apply(*payment, PaymentEvent::Sent, std::nullopt, {}, now);
        }
        addEvidence(paymentId, amt::name(evidence), record, now);
    });
}

PaymentState Till::outcome(const std::string& paymentId, const PaymentOutcome& outcome, UtcTime now)
{
    return _database.transact([&]() -> PaymentState {
        auto payment = find(paymentId);
        if (!payment)
            throw Error(ErrorCode::NotFound, "no such payment");
        const Verdict verdict = std::visit(Judge{*payment}, outcome);
        if (!verdict.note.empty())
            log::warning("payment.note", {{"payment", paymentId}, {"note", verdict.note}});
        if (payment->state == PaymentState::Ordered &&
            verdict.event != PaymentEvent::NothingCharged) {
            // A broker that tells an outcome without having told that it sent: the money may have
            // moved all the same.
            payment->state =
                apply(*payment, PaymentEvent::Sent, std::nullopt, "outcome before evidence", now);
        }
        if (!paymentTable.next(payment->state, verdict.event)) {
            if (verdict.record)
                addEvidence(paymentId, "late", verdict.record, now);
            if (verdict.event == PaymentEvent::TerminalApproved &&
                payment->state != PaymentState::Approved)
                log::error("payment.contradiction",
                           {{"payment", paymentId}, {"state", std::string(name(payment->state))}});
            return payment->state; // known already; what is settled stays settled
        }
        addEvidence(paymentId, "outcome", verdict.record, now);
        if (payment->state == PaymentState::Unresolved &&
            verdict.event == PaymentEvent::ContactLost)
            return payment->state; // asked again in vain: evidence, no new record in the journal
        return apply(*payment, verdict.event, verdict.record, verdict.note, now);
    });
}

PaymentState Till::reversed(const std::string& paymentId, const TerminalRecord& record, UtcTime now)
{
    return _database.transact([&] {
        const auto payment = find(paymentId);
        if (!payment)
            throw Error(ErrorCode::NotFound, "no such payment");
        if (!paymentTable.next(payment->state, PaymentEvent::TerminalReversed))
            throw Error(ErrorCode::StepOutOfOrder, "this payment cannot be reversed");
        addEvidence(paymentId, "reversed", record, now);
        return apply(*payment, PaymentEvent::TerminalReversed, record, {}, now);
    });
}

PaymentState Till::decide(const std::string& paymentId, Finding finding, const std::string& clerk,
                          const std::string& reason, UtcTime now)
{
    const PaymentEvent event =
        finding == Finding::Paid ? PaymentEvent::ClerkFoundPaid : PaymentEvent::ClerkFoundUnpaid;
    return _database.transact([&] {
        const auto payment = find(paymentId);
        if (!payment)
            throw Error(ErrorCode::NotFound, "no such payment");
        if (!paymentTable.next(payment->state, event))
            throw Error(ErrorCode::StepOutOfOrder,
                        "a person decides what is unresolved, nothing else");
        _database.prepare("UPDATE payment SET decided_by = ? WHERE id = ?")
            .bind(clerk, paymentId)
            .run();
        addEvidence(paymentId, "decided", std::nullopt, now);
        _journal.append(outbox::RecordKind::Audit, payment->caseId,
                        {{"clerk", clerk},
                         {"act", finding == Finding::Paid ? "found-paid" : "found-unpaid"},
                         {"payment", paymentId},
                         {"reason", reason}},
                        now);
        return apply(*payment, event, std::nullopt, "decided by a clerk", now);
    });
}

std::vector<Payment> Till::takeUp(UtcTime now)
{
    _database.transact([&] {
        std::vector<Payment> open;
        {
            auto rows =
                _database.prepare(std::string(columns) + "WHERE " + std::string(atTerminal) +
                                  "state IN ('Ordered', 'Authorising') ORDER BY ordered_at, id");
            while (rows.step())
                open.push_back(read(rows));
        }
        for (const Payment& payment : open) {
            const bool neverSent = payment.state == PaymentState::Ordered;
            apply(payment, neverSent ? PaymentEvent::NothingCharged : PaymentEvent::ContactLost,
                  std::nullopt, "restart", now);
        }
    });
    return unresolved();
}

std::optional<Payment> Till::find(const std::string& paymentId) const
{
    auto row = _database.prepare(std::string(columns) + "WHERE id = ?");
    if (!row.bind(paymentId).step())
        return std::nullopt;
    return read(row);
}

std::optional<Payment> Till::ofCase(const std::string& caseId) const
{
    auto row = _database.prepare(std::string(columns) +
                                 "WHERE case_id = ? ORDER BY payment.rowid DESC LIMIT 1");
    if (!row.bind(caseId).step())
        return std::nullopt;
    return read(row);
}

std::vector<Payment> Till::unresolved() const
{
    std::vector<Payment> found;
    auto rows = _database.prepare(std::string(columns) + "WHERE " + std::string(atTerminal) +
                                  "state = 'Unresolved' ORDER BY ordered_at, id");
    while (rows.step())
        found.push_back(read(rows));
    return found;
}

std::optional<int> Till::lastReceipt() const
{
    auto row = _database.prepare("SELECT receipt FROM payment_evidence WHERE receipt IS NOT NULL "
                                 "ORDER BY number DESC LIMIT 1");
    if (!row.step())
        return std::nullopt;
    return static_cast<int>(row.integer(0));
}

} // namespace amt::office
