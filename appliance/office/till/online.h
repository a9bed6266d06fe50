// SPDX-License-Identifier: EUPL-1.2
//
// Payments with the citizen's own phone at a payment service (Bezahldienst): the durable order,
// what the service said, and who could pay by then. State and amount stand in the till.
//
// The service has no way to call a transaction off, and its page stays open on a phone that has
// gone. So what was shown to somebody is open until the service says otherwise, and what nobody was
// shown cannot be paid by anybody.
#pragma once

#include "appliance/office/till/till.h"

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace amt::office {

/// Where and how long a payment may be made.
struct OnlineTerms {
    std::string service, originatorId, endPointId;
    UtcTime deadline;   ///< of the page at the kiosk
    UtcTime watchUntil; ///< until then a late word counts
};

struct OnlineOrder {
    std::string paymentId, caseId;
    PaymentState state = PaymentState::Ordered;
    UtcTime orderedAt;
    OnlineTerms terms;
    std::string request; ///< as it is sent, each time the same
    std::string transactionId, redirectUrl;
    std::string failure; ///< why it could not begin, or what was wrong with an answer
    bool shown = false;  ///< from here on somebody may pay
    std::optional<UtcTime> lateAt;
};

/// What the service says of a transaction that is known to be the order's.
struct TransactionNews {
    enum class Standing { Open, Paid, Failed };
    Standing standing = Standing::Open;
    OnlineTransaction transaction;
    std::string redirectUrl;
    std::string said; ///< its words, for the evidence
};

/// Where the case went meanwhile.
enum class CaseWay { Open, Gone };

class OnlinePayments {
public:
    OnlinePayments(store::Database& database, outbox::Journal& journal, Till& till);

    /// One commit, or part of the caller's: the intent. `request` writes what is to be sent; the
    /// payment's id is its name at the service. An older program would take an order like this for
    /// one at the terminal: from the first on it may not open the file.
    std::variant<Payment, CaseHasPayment>
    order(const std::string& caseId, Money amount, const OnlineTerms& terms,
          const std::function<std::string(const Payment&)>& request, UtcTime now);

    /// One commit: from here on the service may have heard of it. The same order again while no
    /// transaction is known. Throws NotFound, StepOutOfOrder (there is nothing to begin any more).
    OnlineOrder begun(const std::string& paymentId, UtcTime now);

    // Each of the following is one commit, or part of the caller's; NotFound is thrown by all.

    /// Paid is believed of what was open or had failed, unless the case went another way, was paid
    /// otherwise, or a clerk decided: then it is late, to be paid back by a person. "Failed" is not
    /// the last word of a service: the transaction is watched on. The transaction
    /// is the known one, and no other's.
    PaymentState told(const std::string& paymentId, const TransactionNews& news, CaseWay way,
                      UtcTime now);
    /// The service will not begin it, for certain: nothing was charged.
    PaymentState refused(const std::string& paymentId, const std::string& failure, UtcTime now);
    /// An answer that does not fit, or a transaction that is there and cannot be looked up: a
    /// person decides. Before anybody was shown anything an answer that does not fit is a refusal.
    PaymentState unclear(const std::string& paymentId, const std::string& failure, UtcTime now);
    /// Committed before the code stands on a screen.
    void shown(const std::string& paymentId, UtcTime now);
    /// Nobody waits at the kiosk any more. What nobody was shown is over; all else is unresolved.
    PaymentState letGo(const std::string& paymentId, UtcTime now);

    std::optional<OnlineOrder> find(const std::string& paymentId) const;
    /// This transaction is known to be another payment's.
    bool isOthers(const std::string& transactionId, const std::string& paymentId) const;
    /// The newest of a case.
    std::optional<OnlineOrder> ofCase(const std::string& caseId) const;
    /// The service has not answered yet, oldest first.
    std::vector<OnlineOrder> toBegin() const;
    /// Transactions to look at, oldest first.
    std::vector<OnlineOrder> toWatch(UtcTime now) const;
    /// Somebody may wait for it at the kiosk.
    std::vector<OnlineOrder> open() const;

    /// Paid late and not dealt with yet, oldest first.
    std::vector<OnlineOrder> late() const;
    /// One commit: a clerk has seen to it that it is paid back. Throws StepOutOfOrder.
    void settleLate(const std::string& caseId, const std::string& clerk, const std::string& reason,
                    UtcTime now);

private:
    OnlineOrder required(const std::string& paymentId) const;
    std::vector<OnlineOrder> all(const std::string& where) const;

    store::Database& _database;
    outbox::Journal& _journal;
    Till& _till;
};

} // namespace amt::office
