// SPDX-License-Identifier: EUPL-1.2
//
// The journal: append-only records in one SHA-256 chain, written in the commit they describe
// (sync.md 3). FORMAT.md.
#pragma once

#include "appliance/store/store.h"

#include <map>
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
    Audit ///< a clerk did or saw something: "clerk", "act", "reason"
};
std::string_view name(RecordKind kind);

/// How far wall time may be believed (sync.md 9).
enum class TimeQuality { Portal, Rtc, Doubtful };
std::string_view name(TimeQuality quality);

/// Digests and ids, never payload; no personal data of citizens.
using Details = std::map<std::string, std::string>;

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

    /// In the running transaction of the use case; a bug without one.
    void append(RecordKind kind, std::string_view id, const Details& details, UtcTime now);
    void setTimeQuality(TimeQuality quality) { _quality = quality; }

    /// Throws JournalBroken with the number of the first record that does not fit.
    void verify(Extent extent) const;
    JournalHead head() const;
    /// Records about this id, oldest first.
    std::vector<JournalRecord> about(std::string_view id) const;
    /// The newest time ever seen by journal or caller: dates are never judged by an earlier one
    /// (sync.md 9).
    UtcTime newestTime(UtcTime now) const;
    /// Writes START, and CLOCK when wall time moved by more than 5 minutes against the time since
    /// boot since the last call.
    void started(UtcTime now);
    /// Whether any program has run on this file before.
    bool hasStarted() const;
    void watchClock(UtcTime now, Milliseconds sinceBoot);

private:
    store::Database& _database;
    TimeQuality _quality = TimeQuality::Rtc;
    std::optional<Milliseconds> _wallMinusBoot;
};

} // namespace amt::outbox
