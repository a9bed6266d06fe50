// SPDX-License-Identifier: EUPL-1.2
//
// Cases (Vorgänge): submit, seal, hold, release, read. Each use case is one commit with its journal
// records.
//
// In the order of a visit: submit() keeps case, fee and the copy for the desk before any payment
// starts; seal() takes the envelope that the node sealed for the destination once the fee is
// settled. What falls between the two is held, and a clerk opens the desk copy and releases it.
#pragma once

#include "appliance/core/random.h"
#include "appliance/core/state_table.h"
#include "appliance/office/form/answers.h"
#include "appliance/office/till/till.h"
#include "sync/outbox/outbox.h"
#include "sync/outbox/sealing.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace amt::office {

/// Where the case itself stands; from Sealed on its envelope says the rest.
enum class CaseState { Recorded, Sealed, Held };
enum class CaseEvent { EnvelopeSealed, PlainTextLost };
inline constexpr auto caseTable = stateTable<CaseState, CaseEvent>({
    {CaseState::Recorded, CaseEvent::EnvelopeSealed, CaseState::Sealed},
    {CaseState::Recorded, CaseEvent::PlainTextLost, CaseState::Held},
    {CaseState::Held, CaseEvent::EnvelopeSealed,
     CaseState::Sealed}, // a clerk releases it from the desk copy
});

/// Reason of hold(): the service asks for papers that a clerk scans before the case goes out.
inline constexpr const char* papersMissing = "PapersMissing";

/// How the fee was settled when the envelope was sealed.
enum class Settlement { Open, Card, AtDesk, NoFee };
std::string_view name(Settlement settlement); ///< the enumerator's name
Settlement settlementFromName(const std::string& text);

/// What a desk shows: case and envelope in one word.
/// Settled: a person dealt with it, on paper or after a rejection.
enum class Standing { Recorded, HandedOver, Accepted, Rejected, Held, Settled };
std::string_view name(Standing standing); ///< the enumerator's name

struct Submission {
    std::string visitId;
    std::string envelopeId; ///< UUID v4, made at the start of the visit: submitting twice gives the
                            ///< same case
    LocalDate captureDay;
    Answers answers;
    std::optional<Identification> identification = {}; ///< nothing where all was typed
};

struct CaseRecord {
    std::string id; ///< UUID v7, stays in the house
    std::string envelopeId;
    std::string reference;     ///< Aktenzeichen
    std::string cashReference; ///< Kassenzeichen
    std::string serviceKey;
    CaseState state = CaseState::Recorded;
    Standing standing = Standing::Recorded;
    std::string heldReason; ///< of case or envelope; empty unless held
    Money fee;
    Settlement settlement = Settlement::Open;
    LocalDate captureDay;
    UtcTime createdAt;
    bool hasDeskCopy = true;
    std::optional<UtcTime> settledAt;
    std::string questionCode; ///< on the receipt: with the reference it shows the state, no more
    std::optional<Payment> payment;                 ///< the newest
    std::optional<outbox::EnvelopeRecord> envelope; ///< once it was sealed
};

/// The desk copy in clear. Personal: never logged.
struct OpenedCase {
    std::string id, envelopeId, reference, cashReference, serviceKey;
    LocalDate captureDay;
    Money fee;
    Answers answers;
    std::optional<Identification> identification = {};
};

class CaseBook {
public:
    CaseBook(store::Database& database, outbox::Journal& journal, outbox::Outbox& outbox,
             Till& till, RandomSource& random);

    /// One commit: case, fee, desk copy, journal CASE. The draft may go afterwards. Throws
    /// StepOutOfOrder when faultsOf() finds any.
    CaseRecord submit(const Service& service, const Submission& submission,
                      const outbox::DeskSeal& desk, UtcTime now);

    /// One commit: envelope into the outbox, journal SEALED, case Sealed. `sealed.id` is the case's
    /// envelopeId. `settlement`: Card needs an approved payment, AtDesk and NoFee none that is
    /// open. Sealed already: nothing happens. Throws NotFound, StepOutOfOrder.
    void seal(const std::string& caseId, const outbox::NewEnvelope& sealed, Settlement settlement,
              UtcTime now);

    /// One commit: it waits for a person, its plain text gone or something left for the desk. No
    /// effect unless Recorded. `reason`: "PlainTextLost", "VisitEnded", "FeeAtDesk", papersMissing.
    void hold(const std::string& caseId, const std::string& reason, UtcTime now);
    /// At start, one commit: every case without envelope whose visit is not in `liveVisits` is
    /// held. Returns how many.
    int holdInterrupted(const std::set<std::string>& liveVisits, UtcTime now);

    /// One commit (AUDIT with the clerk's name), then the desk copy in clear. Throws NotFound
    /// (purged), EnvelopeMalformed.
    OpenedCase open(const std::string& caseId, const outbox::RsaKey& deskKey,
                    const std::string& clerk, UtcTime now);

    /// Releases a held case. Its envelope was never sealed: `sealed` is made from open(), as in
    /// seal(). Its envelope is held: without `sealed`, it goes on as it is. RELEASED and AUDIT name
    /// the clerk. Throws StepOutOfOrder (not held, payment unresolved).
    void release(const std::string& caseId, const outbox::NewEnvelope& sealed,
                 Settlement settlement, const std::string& clerk, const std::string& reason,
                 UtcTime now);
    void release(const std::string& caseId, const std::string& clerk, const std::string& reason,
                 UtcTime now);

    /// One commit: a held or rejected case is dealt with outside, on paper or with the citizen;
    /// nothing of it is sent any more. SETTLED and AUDIT name the clerk. Throws StepOutOfOrder
    /// (neither held nor rejected, payment not known yet).
    enum class Settling { OnPaper, DealtWith };
    void settle(const std::string& caseId, Settling how, const std::string& clerk,
                const std::string& reason, UtcTime now);

    std::optional<CaseRecord> find(const std::string& caseId) const;
    /// The state for whoever has the receipt; nothing when number or code are others. 90 days after
    /// the end nothing is known any more.
    std::optional<CaseRecord> findByQuestion(const std::string& reference,
                                             const std::string& code) const;
    /// Held (a person must decide) or rejected (a person must deal with it), oldest first.
    std::vector<CaseRecord> needingPerson(int limit = 500) const;
    /// Ids that the journal's pruning leaves whole: of cases that are not over yet, with their
    /// envelopes and payments.
    std::set<std::string> openIds() const;
    std::optional<CaseRecord> findByEnvelope(const std::string& envelopeId) const;
    std::optional<CaseRecord> findByVisit(const std::string& visitId) const;
    std::vector<CaseRecord> newest(int limit = 200) const;
    /// Journal records of case, payments and envelope in their order.
    std::vector<outbox::JournalRecord> way(const std::string& caseId) const;

    /// Desk copies whose retention ended (accepted + Retention). One commit, then a WAL checkpoint.
    /// Returns how many.
    int purgeDeskCopies(const Municipality& municipality, UtcTime now);

private:
    CaseRecord required(const std::string& caseId) const;
    void putIntoOutbox(const CaseRecord& opened, const outbox::NewEnvelope& sealed,
                       Settlement settlement, UtcTime now);

    store::Database& _database;
    outbox::Journal& _journal;
    outbox::Outbox& _outbox;
    Till& _till;
    RandomSource& _random;
};

} // namespace amt::office
