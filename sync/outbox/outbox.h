// SPDX-License-Identifier: EUPL-1.2
//
// Envelopes waiting in the database, and what the other side signed about them (sync.md 4 to 7).
#pragma once

#include "appliance/core/local_date.h"
#include "appliance/core/state_table.h"
#include "sync/envelope/envelope.h"
#include "sync/outbox/destinations.h"
#include "sync/outbox/journal.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace amt::outbox {

enum class EnvelopeState { Sealed, Stored, Accepted, Rejected, Held, Purged };
enum class EnvelopeEvent {
    ReceiptVerified,
    DestinationAccepted,
    DestinationRejected,
    PersonNeeded,
    ReleasedUnsent,  ///< by a named person; was not handed over yet
    ReleasedStored,  ///< by a named person; was handed over already
    AnswerNotToCome, ///< stored long ago, and the destination says neither yes nor no
    PayloadDeleted
};
inline constexpr auto envelopeTable = stateTable<EnvelopeState, EnvelopeEvent>({
    {EnvelopeState::Sealed, EnvelopeEvent::ReceiptVerified, EnvelopeState::Stored},
    {EnvelopeState::Sealed, EnvelopeEvent::PersonNeeded, EnvelopeState::Held},
    {EnvelopeState::Stored, EnvelopeEvent::DestinationAccepted, EnvelopeState::Accepted},
    {EnvelopeState::Stored, EnvelopeEvent::DestinationRejected, EnvelopeState::Rejected},
    {EnvelopeState::Stored, EnvelopeEvent::PersonNeeded, EnvelopeState::Held},
    {EnvelopeState::Held, EnvelopeEvent::ReleasedUnsent, EnvelopeState::Sealed},
    {EnvelopeState::Held, EnvelopeEvent::ReleasedStored, EnvelopeState::Stored},
    {EnvelopeState::Stored, EnvelopeEvent::AnswerNotToCome, EnvelopeState::Purged},
    {EnvelopeState::Accepted, EnvelopeEvent::PayloadDeleted, EnvelopeState::Purged},
    {EnvelopeState::Rejected, EnvelopeEvent::PayloadDeleted, EnvelopeState::Purged},
});
/// SEALED, STORED, ACCEPTED, REJECTED, HELD, PURGED
std::string_view name(EnvelopeState state);
EnvelopeState envelopeStateFromName(const std::string& text);

struct NewEnvelope {
    std::string id; ///< UUID v4, made at the start of the visit
    std::string destinationId;
    std::string serviceKey, serviceName;
    std::string regionKey; ///< may be empty
    std::string kid, keyFingerprint;
    LocalDate captureDay;
    envelope::Sealed metadata, data;
    std::map<std::string, envelope::Sealed> attachments; ///< by attachment id
    std::vector<std::string> kept = {}; ///< ids of those that Attachments has; all of this envelope
};

/// One line of GET /sync/work.
struct WorkItem {
    std::string id, destinationId, serviceKey, serviceName, regionKey;
    std::vector<std::string> attachments;
    std::optional<std::string> submissionId, caseId;
    int eventsSeen = 0;
};

/// The ids that the service gave to an announcement.
struct ServiceIds {
    std::string submissionId, caseId;
    bool operator==(const ServiceIds&) const = default;
};

struct EnvelopeRecord {
    std::string id;
    EnvelopeState state = EnvelopeState::Sealed;
    std::string heldReason; ///< empty unless held
    UtcTime sealedAt;
    std::optional<ServiceIds> ids;
    int eventsSeen = 0;
    std::optional<UtcTime> storedAt, closedAt; ///< closedAt: accepted, rejected, or settled
    std::optional<UtcTime> settledAt;          ///< a person dealt with it; it is never sent again
    std::vector<envelope::Problem> problems;   ///< of a rejection
};

/// Clocks of sync.md 7, after the last look at the event log where one is needed.
struct Retention {
    std::chrono::hours withoutAnswer{24 * 21}; ///< STORED, and the destination sends no events
    std::chrono::hours unsentAlarm{24 * 14};
    std::chrono::hours afterwards{24 * 90}; ///< then only the chain record
};

struct Overview {
    int waiting = 0, awaiting = 0, held = 0, rejected = 0; ///< without those that are settled
    int overdue = 0;                                       ///< waiting longer than the alarm
    int early = 0; ///< whose events, since the start, bear a time that is still to come
    std::optional<UtcTime> oldestWaiting;
};

class Outbox {
public:
    Outbox(store::Database& database, Journal& journal, Destinations& destinations,
           Retention retention = {});

    /// In the running transaction of the use case that seals: row, parts, journal SEALED. Throws
    /// StepOutOfOrder when `kept` is not what Attachments has.
    void add(const NewEnvelope& sealed, UtcTime now);

    // --- what amt-sync asks (sync/carrier/PROTOCOL.md); each is one commit ---
    std::vector<WorkItem> waiting(int limit = 500) const; ///< SEALED, oldest first
    std::vector<WorkItem> awaiting() const;               ///< STORED
    /// `part`: "metadata", "data" or an attachment id. The compact JWE as sealed; nothing when
    /// there is none (any more).
    std::optional<std::string> part(const std::string& id, const std::string& part) const;
    /// Nothing: taken, or known already. Else the ids that stand and may not be replaced yet.
    /// Throws NotFound, StepOutOfOrder.
    std::optional<ServiceIds> announced(const std::string& id, const ServiceIds& ids, UtcTime now);
    /// The announcement is given up. Throws NotFound, StepOutOfOrder (other id, or handed over
    /// already).
    void lost(const std::string& id, const std::string& submissionId, UtcTime now);
    struct Progress {
        EnvelopeState state = EnvelopeState::Sealed;
        int eventsSeen = 0;
    };
    /// Events from `offset` of the case's log. Each is verified; what does not fit holds the
    /// envelope with a reason (and an alarm in the log), good ones before it stand. One whose time
    /// is still to come is left for a later look. Throws NotFound, StepOutOfOrder (offset beyond
    /// what was seen, not announced).
    Progress receiveEvents(const std::string& id, int offset,
                           const std::vector<std::string>& events, UtcTime now);
    EnvelopeState refused(const std::string& id, const std::string& step, int status,
                          const std::string& problemType, UtcTime now);
    void contact(bool reachable, UtcTime now);
    /// By the last report, if that is not older than two minutes.
    bool portalReachable(UtcTime now) const;

    // --- what a person does ---
    /// In the running transaction. HELD goes on where it stood; RELEASED names the clerk. Throws
    /// StepOutOfOrder.
    void release(const std::string& id, const std::string& clerk, const std::string& reason,
                 UtcTime now);

    /// In the running transaction. What is held or was rejected is dealt with outside: it is never
    /// sent again, and its payload goes with the next purge. SETTLED names the clerk. `how`:
    /// "paper", "dealt-with". Throws StepOutOfOrder.
    void settle(const std::string& id, const std::string& clerk, const std::string& reason,
                const std::string& how, UtcTime now);

    /// Deletes the payload of what is closed: accepted, stored without an answer for 21 days,
    /// settled by a person (sync.md 7). Rows (secure_delete), WAL checkpoint, then PURGED. Several
    /// commits; never inside a transaction. To be called after receiveEvents, at start and on the
    /// retention timer. Returns how many.
    int purge(UtcTime now);
    /// 90 days after the end: envelope, digests and receipts go, the journal stays. Several
    /// commits. Returns how many.
    int forget(UtcTime now);

    /// In the running transaction: a case that is never sealed leaves no attachments.
    void dropAttachments(const std::string& id);

    std::optional<EnvelopeRecord> find(const std::string& id) const;
    Overview overview(UtcTime now) const;

private:
    void takeKept(const NewEnvelope& sealed, Details& details);
    void change(const std::string& id, EnvelopeState from, EnvelopeEvent event, UtcTime now);
    void hold(const std::string& id, EnvelopeState from, const std::string& reason,
              const Details& details, UtcTime now);
    std::vector<WorkItem> items(EnvelopeState state, int limit) const;
    envelope::AuthenticationTags tags(const std::string& id) const;
    void noteEarly(const std::string& id, bool early);
    void sameAsBefore(const std::string& id, const std::string& submissionId, int position,
                      const std::string& token) const;
    void takeEvent(const std::string& id, const ServiceIds& ids, int position,
                   const std::string& token, EnvelopeState& state, UtcTime now);
    void noteEvent(const std::string& id, const ServiceIds& ids, int position,
                   const envelope::SecurityEvent& event, std::string_view kind,
                   const std::string& token, const std::optional<std::string>& problems,
                   UtcTime now);
    void refuseEvent(const std::string& id, const std::string& token, const Error& refusal,
                     EnvelopeState& state, UtcTime now);

    store::Database& _database;
    Journal& _journal;
    Destinations& _destinations;
    Retention _retention;
    std::optional<UtcTime> _lastContact;
    bool _reachable = false;
    std::set<std::string> _early;
};

} // namespace amt::outbox
