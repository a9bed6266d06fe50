// SPDX-License-Identifier: EUPL-1.2
//
// The order and the service's words, each with the till's state in one commit.
#include "appliance/office/till/online.h"

#include "appliance/core/log.h"

#include <utility>

namespace amt::office {
namespace {

/// Number of the migration that made online_payment.
constexpr int readerThatKnows = 14;

OnlineOrder read(const store::Statement& row)
{
    OnlineOrder order{.paymentId = row.text(0),
                      .caseId = row.text(1),
                      .state = paymentStateFromName(row.text(2)),
                      .orderedAt = row.time(14),
                      .terms = {row.text(3), row.text(4), row.text(5), row.time(7), row.time(8)},
                      .request = row.text(6),
                      .transactionId = row.optionalText(9).value_or(""),
                      .redirectUrl = row.text(10),
                      .failure = row.text(11),
                      .shown = row.optionalTime(12).has_value(),
                      .lateAt = row.optionalTime(13)};
    return order;
}

} // namespace

OnlinePayments::OnlinePayments(store::Database& database, outbox::Journal& journal, Till& till)
    : _database(database), _journal(journal), _till(till)
{}

std::variant<Payment, CaseHasPayment>
OnlinePayments::order(const std::string& caseId, Money amount, const OnlineTerms& terms,
                      const std::function<std::string(const Payment&)>& request, UtcTime now)
{
    return _database.transact([&]() -> std::variant<Payment, CaseHasPayment> {
        const auto ordered = _till.orderOnline(caseId, amount, now);
        const auto* payment = std::get_if<Payment>(&ordered);
        if (!payment)
            return ordered;
        _database
            .prepare("INSERT INTO online_payment (payment_id, service, originator_id,"
                     " end_point_id, request, deadline, watch_until)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(payment->id, terms.service, terms.originatorId, terms.endPointId,
                  request(*payment), terms.deadline, terms.watchUntil)
            .run();
        _database
            .prepare("UPDATE meta SET value = CAST(? AS TEXT)"
                     " WHERE key = 'min_reader' AND CAST(value AS INTEGER) < ?")
            .bind(readerThatKnows, readerThatKnows)
            .run();
        return ordered;
    });
}

OnlineOrder OnlinePayments::begun(const std::string& paymentId, UtcTime now)
{
    return _database.transact([&] {
        auto order = required(paymentId);
        const bool waits =
            order.state == PaymentState::Ordered || order.state == PaymentState::Authorising;
        if (!waits || !order.transactionId.empty())
            throw Error(ErrorCode::StepOutOfOrder, "nothing to begin any more");
        order.state = _till.online(paymentId, PaymentEvent::Sent, {}, {}, now);
        return order;
    });
}

PaymentState OnlinePayments::told(const std::string& paymentId, const TransactionNews& news,
                                  CaseWay way, UtcTime now)
{
    return _database.transact([&]() -> PaymentState {
        const auto order = required(paymentId);
        const auto& transaction = news.transaction;
        AMT_ASSERT(order.transactionId.empty() || order.transactionId == transaction.id);
        AMT_ASSERT(!isOthers(transaction.id, paymentId)); // whoever calls has looked

        auto known = _database.prepare("SELECT said FROM online_payment WHERE payment_id = ?");
        AMT_ASSERT(known.bind(paymentId).step());
        const bool isNews = known.text(0) != news.said;
        const bool paid = news.standing == TransactionNews::Standing::Paid;
        _database
            .prepare("UPDATE online_payment SET transaction_id = ?, redirect_url ="
                     " CASE redirect_url WHEN '' THEN ? ELSE redirect_url END, said = ?,"
                     " reference = ?, method = ?, method_detail = ?, ended = max(ended, ?)"
                     " WHERE payment_id = ?")
            .bind(transaction.id, news.redirectUrl, news.said, transaction.reference,
                  transaction.method, transaction.methodDetail, paid ? 1 : 0, paymentId)
            .run();
        const std::string said = isNews ? news.said : "";
        PaymentState state = _till.online(paymentId, PaymentEvent::Sent, "outcome before evidence",
                                          said, now); // unless it was, as it should
        switch (news.standing) {
        case TransactionNews::Standing::Open:
            return state;
        case TransactionNews::Standing::Failed:
            return _till.online(paymentId, PaymentEvent::TerminalDeclined, {}, {}, now);
        case TransactionNews::Standing::Paid:
            break;
        }
        state = _till.online(paymentId, PaymentEvent::TerminalApproved, {}, {}, now);
        if (state == PaymentState::Approved || order.lateAt)
            return state;
        const auto payment = _till.find(paymentId);
        auto others =
            _database.prepare("SELECT 1 FROM payment WHERE case_id = ? AND id <> ?"
                              " AND state IN ('Ordered', 'Authorising', 'Unresolved', 'Approved')");
        const bool paidOtherwise = others.bind(order.caseId, paymentId).step();
        if (way == CaseWay::Open && !paidOtherwise && payment->decidedBy.empty())
            return _till.online(paymentId, PaymentEvent::ServicePaidAfterAll, {}, {}, now);
        _database.prepare("UPDATE online_payment SET late_at = ? WHERE payment_id = ?")
            .bind(now, paymentId)
            .run();
        _journal.append(
            outbox::RecordKind::Audit, order.caseId,
            {{"act", "paid-late"}, {"payment", paymentId}, {"transaction", transaction.id}}, now);
        log::error("payment.late", {{"payment", paymentId}, {"state", std::string(name(state))}});
        return state;
    });
}

PaymentState OnlinePayments::refused(const std::string& paymentId, const std::string& failure,
                                     UtcTime now)
{
    return _database.transact([&] {
        const auto order = required(paymentId);
        if (!order.transactionId.empty()) // it has begun: this answer came late
            return order.state;
        _database.prepare("UPDATE online_payment SET failure = ? WHERE payment_id = ?")
            .bind(failure, paymentId)
            .run();
        return _till.online(paymentId, PaymentEvent::NothingCharged, failure, {}, now);
    });
}

PaymentState OnlinePayments::unclear(const std::string& paymentId, const std::string& failure,
                                     UtcTime now)
{
    return _database.transact([&] {
        required(paymentId);
        _database.prepare("UPDATE online_payment SET failure = ? WHERE payment_id = ?")
            .bind(failure, paymentId)
            .run();
        return _till.online(paymentId, PaymentEvent::ContactLost, failure, {}, now);
    });
}

void OnlinePayments::shown(const std::string& paymentId, UtcTime now)
{
    _database.transact([&] {
        required(paymentId);
        _database
            .prepare("UPDATE online_payment SET shown_at = ?"
                     " WHERE payment_id = ? AND shown_at IS NULL")
            .bind(now, paymentId)
            .run();
    });
}

PaymentState OnlinePayments::letGo(const std::string& paymentId, UtcTime now)
{
    return _database.transact([&] {
        const auto order = required(paymentId);
        if (order.state != PaymentState::Ordered && order.state != PaymentState::Authorising)
            return order.state;
        return _till.online(paymentId,
                            order.shown ? PaymentEvent::ContactLost : PaymentEvent::NothingCharged,
                            order.shown ? "nobody waits any more" : "shown to nobody", {}, now);
    });
}

std::vector<OnlineOrder> OnlinePayments::all(const std::string& where) const
{
    std::vector<OnlineOrder> found;
    auto rows = _database.prepare(
        "SELECT payment_id, case_id, state, service, originator_id, end_point_id, request,"
        " deadline, watch_until, transaction_id, redirect_url, failure, shown_at, late_at, "
        "ordered_at"
        " FROM online_payment JOIN payment ON id = payment_id WHERE " +
        where + " ORDER BY ordered_at, payment.rowid");
    while (rows.step())
        found.push_back(read(rows));
    return found;
}

std::optional<OnlineOrder> OnlinePayments::find(const std::string& paymentId) const
{
    auto row = _database.prepare(
        "SELECT payment_id, case_id, state, service, originator_id, end_point_id, request,"
        " deadline, watch_until, transaction_id, redirect_url, failure, shown_at, late_at, "
        "ordered_at"
        " FROM online_payment JOIN payment ON id = payment_id WHERE payment_id = ?");
    if (!row.bind(paymentId).step())
        return std::nullopt;
    return read(row);
}

OnlineOrder OnlinePayments::required(const std::string& paymentId) const
{
    auto order = find(paymentId);
    if (!order)
        throw Error(ErrorCode::NotFound, "no such payment");
    return *std::move(order);
}

bool OnlinePayments::isOthers(const std::string& transactionId, const std::string& paymentId) const
{
    auto other = _database.prepare(
        "SELECT 1 FROM online_payment WHERE transaction_id = ? AND payment_id <> ?");
    return other.bind(transactionId, paymentId).step();
}

std::optional<OnlineOrder> OnlinePayments::ofCase(const std::string& caseId) const
{
    const auto newest = _till.ofCase(caseId);
    return newest ? find(newest->id) : std::nullopt;
}

std::vector<OnlineOrder> OnlinePayments::toBegin() const
{
    return all("state IN ('Ordered', 'Authorising') AND transaction_id IS NULL AND ended = 0");
}

std::vector<OnlineOrder> OnlinePayments::toWatch(UtcTime now) const
{
    auto found = all("ended = 0 AND transaction_id IS NOT NULL");
    std::erase_if(found, [&](const OnlineOrder& order) { return order.terms.watchUntil <= now; });
    return found;
}

std::vector<OnlineOrder> OnlinePayments::open() const
{
    return all("ended = 0 AND state IN ('Ordered', 'Authorising')");
}

std::vector<OnlineOrder> OnlinePayments::late() const
{
    return all("late_at IS NOT NULL AND late_by = ''");
}

void OnlinePayments::settleLate(const std::string& caseId, const std::string& clerk,
                                const std::string& reason, UtcTime now)
{
    _database.transact([&] {
        _database
            .prepare("UPDATE online_payment SET late_by = ? WHERE late_at IS NOT NULL AND"
                     " late_by = '' AND payment_id IN (SELECT id FROM payment WHERE case_id = ?)")
            .bind(clerk, caseId)
            .run();
        if (_database.changes() == 0)
            throw Error(ErrorCode::StepOutOfOrder, "nothing was paid late");
        _journal.append(outbox::RecordKind::Audit, caseId,
                        {{"clerk", clerk}, {"act", "late-payment-settled"}, {"reason", reason}},
                        now);
    });
}

} // namespace amt::office
