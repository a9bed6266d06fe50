// SPDX-License-Identifier: EUPL-1.2
//
// The journal: append-only records in one SHA-256 chain, written in the commit they describe
// (sync.md 3). FORMAT.md.
#pragma once

#include "appliance/store/store.h"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace amt::outbox {

/// What happened. Names on disk are upper case with underscores: SEALED, PAYMENT_APPROVED.
enum class RecordKind {
    Sealed,
    Sent, ///< announced: the service gave its ids
    Lost, ///< an announcement was given up
    Stored,
    Accepted,
    Rejected,
    Held,
    Released,
    Settled, ///< a named person dealt with what was held or rejected; nothing is sent any more
    Purged,
    KeySet,
    Clock,
    Start,
    Checkpoint,
    Restored, ///< the file was put back from a copy: a new incarnation begins
    Case,
    PaymentOrdered,
    PaymentSent,
    PaymentApproved,
    PaymentDeclined,
    PaymentUnresolved,
    PaymentReversed,
    PaymentNotStarted,
    Book, ///< of the calendar, as the four that follow (appointments-escrow.md 1): no names
    Cancel,
    Move,
    Return, ///< leased cells that are given back
    Rules,  ///< opening rules were changed: version and digest
    Audit,  ///< a clerk did or saw something: "clerk", "act", "reason"
    Reply,  ///< of the authority, kept as sealed as it came; the two that follow: judged
    ReplyAccepted,
    ReplyRefused
};
std::string_view name(RecordKind kind);

/// How far wall time may be believed (sync.md 9).
enum class TimeQuality { Portal, Rtc, Doubtful };
std::string_view name(TimeQuality quality);

/// Digests and ids, never payload; no personal data of citizens.
using Details = std::map<std::string, std::string>;
/// As stored and hashed (FORMAT.md).
std::string detailsText(const Details& details);

struct JournalRecord {
    std::int64_t number = 0;
    std::string kind;
    std::string id; ///< what it is about: case, envelope, payment, destination, clerk
    UtcTime time;
    std::string timeQuality;
    Details details;
    Bytes previousHash;
    Bytes hash;
};

struct JournalHead {
    std::int64_t number = 0; ///< 0: empty
    Bytes hash;              ///< 32 bytes; zeros when empty
};

enum class Extent { Tail, All }; ///< Tail: the last 1000 records

class Journal {
public:
    explicit Journal(store::Database& database);

    /// In the running transaction of the use case; a bug without one. Returns the record's number.
    std::int64_t append(RecordKind kind, std::string_view id, const Details& details, UtcTime now);
    TimeQuality timeQuality() const { return _quality; }

    /// Throws JournalBroken with the number of the first record that does not fit.
    void verify(Extent extent) const;
    JournalHead head() const;
    /// Nothing: there is no such record (yet).
    std::optional<Bytes> hashAt(std::int64_t number) const;
    /// Several commits; never inside a transaction. CHECKPOINT names the last record that is older
    /// than `before`, then all up to it are reduced to their place in the chain: number and hashes
    /// (FORMAT.md); those about an id in `keep` wait. Returns how many.
    int prune(UtcTime before, const std::set<std::string>& keep, UtcTime now);
    /// Records about this id, oldest first.
    std::vector<JournalRecord> about(std::string_view id) const;
    /// Records from this number on, at most `limit`: what the portal is told of the calendar.
    std::vector<JournalRecord> from(std::int64_t number, int limit) const;
    /// The newest time ever seen by journal or caller: dates are never judged by an earlier one
    /// (sync.md 9).
    UtcTime newestTime(UtcTime now) const;
    /// At start: START. A clock that stands before the newest record, or before this program was
    /// written, is doubtful.
    void started(UtcTime now);
    /// Whether any program has run on this file before.
    bool hasStarted() const;
    /// Each minute: CLOCK when wall time moved by more than 5 minutes against the time since boot;
    /// and the quality, which ages.
    void watchClock(UtcTime now, Milliseconds sinceBoot);
    /// The portal's clock, over an authenticated line: for 24 hours ours is as good, or doubtful
    /// when it is more than 5 minutes beside it.
    void portalTime(UtcTime portal, UtcTime now, Milliseconds sinceBoot);
    /// A person has read the date from a calendar and found the clock right: it is doubtful no
    /// more, until the portal contradicts. One commit. Throws StepOutOfOrder: the clock stands
    /// before what was seen already.
    void clockConfirmed(const std::string& by, UtcTime now);
    /// A clock at `now` stands more than five minutes before what was seen already, or before this
    /// program was written.
    bool isBefore(UtcTime now) const;

private:
    store::Database& _database;

    TimeQuality _quality = TimeQuality::Rtc;
    std::optional<Milliseconds> _wallMinusBoot;
    std::optional<Milliseconds> _portalAgreedAt; ///< since boot
};

} // namespace amt::outbox
