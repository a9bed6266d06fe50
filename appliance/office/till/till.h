// SPDX-License-Identifier: EUPL-1.2
//
// Payments (Zahlungen): intent before the first byte, evidence as it comes, silence is never
// "declined" (sync.md 12).
#pragma once

#include "appliance/core/random.h"
#include "appliance/core/state_table.h"
#include "drivers/port/payment.h"
#include "sync/outbox/journal.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace amt::office {

enum class PaymentState {
    Ordered,
    Authorising,
    Approved,
    Declined,
    Unresolved,
    Reversed,
    NotStarted
};
enum class PaymentEvent {
    Sent,
    TerminalApproved,
    TerminalDeclined,
    ContactLost,
    TerminalReversed,
    NothingCharged, ///< for certain: the terminal never heard of it, or its last transaction is
                    ///< still the one before
    ClerkFoundPaid, ///< a named person decides what the terminal could not say
    ClerkFoundUnpaid,
    ServicePaidAfterAll ///< a payment service's "failed" is not its last word
};
inline constexpr auto paymentTable = stateTable<PaymentState, PaymentEvent>({
    {PaymentState::Ordered, PaymentEvent::Sent, PaymentState::Authorising},
    {PaymentState::Ordered, PaymentEvent::NothingCharged, PaymentState::NotStarted},
    {PaymentState::Authorising, PaymentEvent::TerminalApproved, PaymentState::Approved},
    {PaymentState::Authorising, PaymentEvent::TerminalDeclined, PaymentState::Declined},
    {PaymentState::Authorising, PaymentEvent::ContactLost, PaymentState::Unresolved},
    {PaymentState::Authorising, PaymentEvent::TerminalReversed, PaymentState::Reversed},
    {PaymentState::Authorising, PaymentEvent::NothingCharged, PaymentState::NotStarted},
    {PaymentState::Unresolved, PaymentEvent::TerminalApproved, PaymentState::Approved},
    {PaymentState::Unresolved, PaymentEvent::TerminalDeclined, PaymentState::Declined},
    {PaymentState::Unresolved, PaymentEvent::ContactLost, PaymentState::Unresolved},
    {PaymentState::Unresolved, PaymentEvent::TerminalReversed, PaymentState::Reversed},
    {PaymentState::Unresolved, PaymentEvent::NothingCharged, PaymentState::NotStarted},
    {PaymentState::Unresolved, PaymentEvent::ClerkFoundPaid, PaymentState::Approved},
    {PaymentState::Unresolved, PaymentEvent::ClerkFoundUnpaid, PaymentState::Declined},
    {PaymentState::Approved, PaymentEvent::TerminalReversed, PaymentState::Reversed},
    {PaymentState::Declined, PaymentEvent::ServicePaidAfterAll, PaymentState::Approved},
    {PaymentState::NotStarted, PaymentEvent::ServicePaidAfterAll, PaymentState::Approved},
});
/// The enumerator's name.
std::string_view name(PaymentState state);
PaymentState paymentStateFromName(const std::string& text);

/// What a payment service told of its transaction (sync/portal/payments.h has the words).
struct OnlineTransaction {
    std::string id;           ///< empty while there is none
    std::string reference;    ///< of the service; may be empty
    std::string method;       ///< "CREDITCARD"; empty while it is not known
    std::string methodDetail; ///< may be empty
};

struct Payment {
    std::string id; ///< UUID v4: our reference, the intent's name for ever
    std::string caseId;
    PaymentState state = PaymentState::Ordered;
    Money amount;
    std::optional<int> lastReceipt;       ///< of the terminal, when it was ordered
    std::optional<TerminalRecord> record; ///< the newest the terminal said
    std::string decidedBy;                ///< clerk, when a person decided
    UtcTime orderedAt, changedAt;
    std::optional<OnlineTransaction> online = {}; ///< with the citizen's phone, at no terminal

    /// To hand to the terminal, for authorise and for resolve.
    PaymentOrder order() const { return {id, amount, lastReceipt}; }
};

/// This case has a payment that is open, unresolved or approved: no second authorisation.
struct CaseHasPayment {
    std::string paymentId;
    PaymentState state;
};
/// Another case's payment is not known yet; it has to be resolved first, because the terminal
/// remembers only its last one.
struct TerminalTaken {
    std::string paymentId;
    PaymentState state;
};

class Till {
public:
    Till(store::Database& database, outbox::Journal& journal, RandomSource& random);

    /// One commit: the intent. Nothing was sent yet; the terminal's first evidence (Sent) makes it
    /// Authorising.
    std::variant<Payment, CaseHasPayment, TerminalTaken> order(const std::string& caseId,
                                                               Money amount, UtcTime now);

    /// One commit, or part of the caller's: the intent of a payment at a payment service, at which
    /// many may be open at once (office/till/online.h keeps the rest of it).
    std::variant<Payment, CaseHasPayment> orderOnline(const std::string& caseId, Money amount,
                                                      UtcTime now);
    /// Part of the caller's commit: what became of such a payment. `said`: the service's words, as
    /// evidence; may be empty. What the table has no row for changes nothing. Gives the state that
    /// follows. Throws NotFound.
    PaymentState online(const std::string& paymentId, PaymentEvent event, const std::string& note,
                        const std::string& said, UtcTime now);

    /// One commit; afterwards call the driver's `committed`. Sent counts once for an intent: throws
    /// StepOutOfOrder.
    void evidence(const std::string& paymentId, PaymentEvidence evidence,
                  const std::optional<TerminalRecord>& record, UtcTime now);

    /// One commit, or part of the caller's. Gives the state that follows. An approval over another
    /// amount or currency than ordered is Unresolved. What comes a second time changes nothing.
    /// Throws NotFound.
    PaymentState outcome(const std::string& paymentId, const PaymentOutcome& outcome, UtcTime now);
    /// One commit, or part of the caller's: the terminal reversed it. Throws NotFound,
    /// StepOutOfOrder.
    PaymentState reversed(const std::string& paymentId, const TerminalRecord& record, UtcTime now);
    enum class Finding { Paid, Unpaid };
    /// One commit: a clerk looked it up. Throws NotFound, StepOutOfOrder (not unresolved).
    PaymentState decide(const std::string& paymentId, Finding finding, const std::string& clerk,
                        const std::string& reason, UtcTime now);

    /// At start, of those at the terminal, one commit: Ordered was never sent (NotStarted),
    /// Authorising becomes Unresolved. Gives all that are unresolved, oldest first, to be asked for
    /// by resolve().
    std::vector<Payment> takeUp(UtcTime now);

    std::optional<Payment> find(const std::string& paymentId) const;
    /// The newest of a case.
    std::optional<Payment> ofCase(const std::string& caseId) const;
    /// At the terminal.
    std::vector<Payment> unresolved() const;
    /// Newest receipt number the terminal told us.
    std::optional<int> lastReceipt() const;

private:
    PaymentState apply(const Payment& payment, PaymentEvent event,
                       const std::optional<TerminalRecord>& record, const std::string& note,
                       UtcTime now);
    std::optional<CaseHasPayment> openOf(const std::string& caseId);
    void addEvidence(const std::string& paymentId, std::string_view kind,
                     const std::optional<TerminalRecord>& record, UtcTime now);

    store::Database& _database;
    outbox::Journal& _journal;
    RandomSource& _random;
};

} // namespace amt::office
