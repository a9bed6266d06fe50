// SPDX-License-Identifier: EUPL-1.2
//
// Records in one chain; what a hash is computed over stands in sync/envelope/chain.h.
#include "sync/outbox/journal.h"

#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "sync/envelope/chain.h"

#include <algorithm>

namespace amt::outbox {

namespace {

constexpr std::int64_t tailRecords = 1000;
constexpr std::size_t hashBytes = 32;
constexpr std::string_view pruned = "PRUNED"; ///< kind of a record of which only the place is left
constexpr int prunedPerCommit = 500;
constexpr Milliseconds stepMax = std::chrono::minutes(5);
constexpr Milliseconds portalCounts = std::chrono::hours(24);
/// No clock of a node that runs this program is before it.
constexpr std::string_view programWritten = "2026-11-01T00:00:00Z";

Details readDetails(const std::string& text)
{
    Details details;
    json::ObjectPtr object = json::parseObject(text);
    for (const std::string& key : object->getNames())
        details[key] = json::text(*object, key);
    return details;
}

} // namespace

std::string_view name(RecordKind kind)
{
    switch (kind) {
    case RecordKind::Sealed:
        return "SEALED";
    case RecordKind::Sent:
        return "SENT";
    case RecordKind::Lost:
        return "LOST";
    case RecordKind::Stored:
        return "STORED";
    case RecordKind::Accepted:
        return "ACCEPTED";
    case RecordKind::Rejected:
        return "REJECTED";
    case RecordKind::Held:
        return "HELD";
    case RecordKind::Released:
        return "RELEASED";
    case RecordKind::Settled:
        return "SETTLED";
    case RecordKind::Purged:
        return "PURGED";
    case RecordKind::KeySet:
        return "KEYSET";
    case RecordKind::Clock:
        return "CLOCK";
    case RecordKind::Start:
        return "START";
    case RecordKind::Checkpoint:
        return "CHECKPOINT";
    case RecordKind::Restored:
        return "RESTORED";
    case RecordKind::Case:
        return "CASE";
    case RecordKind::PaymentOrdered:
        return "PAYMENT_ORDERED";
    case RecordKind::PaymentSent:
        return "PAYMENT_SENT";
    case RecordKind::PaymentApproved:
        return "PAYMENT_APPROVED";
    case RecordKind::PaymentDeclined:
        return "PAYMENT_DECLINED";
    case RecordKind::PaymentUnresolved:
        return "PAYMENT_UNRESOLVED";
    case RecordKind::PaymentReversed:
        return "PAYMENT_REVERSED";
    case RecordKind::PaymentNotStarted:
        return "PAYMENT_NOT_STARTED";
    case RecordKind::Book:
        return "BOOK";
    case RecordKind::Cancel:
        return "CANCEL";
    case RecordKind::Move:
        return "MOVE";
    case RecordKind::Return:
        return "RETURN";
    case RecordKind::Rules:
        return "RULES";
    case RecordKind::Reply:
        return "REPLY";
    case RecordKind::ReplyAccepted:
        return "REPLY_ACCEPTED";
    case RecordKind::ReplyRefused:
        return "REPLY_REFUSED";
    case RecordKind::Audit:
        return "AUDIT";
    }
    AMT_ASSERT(false && "a record kind without a name");
}

std::string_view name(TimeQuality quality)
{
    switch (quality) {
    case TimeQuality::Portal:
        return "portal";
    case TimeQuality::Rtc:
        return "rtc";
    case TimeQuality::Doubtful:
        return "doubtful";
    }
    AMT_ASSERT(false && "a time quality without a name");
}

std::string detailsText(const Details& details)
{
    json::ObjectPtr object = json::makeObject();
    for (const auto& [key, value] :
         details) // a map: sorted, so the same details give the same bytes
        object->set(key, value);
    return json::write(*object);
}

Journal::Journal(store::Database& database) : _database(database) {}

JournalHead Journal::head() const
{
    auto last = _database.prepare("SELECT number, hash FROM journal ORDER BY number DESC LIMIT 1");
    if (!last.step())
        return {0, Bytes(hashBytes, 0)};
    return {last.integer(0), last.blob(1)};
}

std::int64_t Journal::append(RecordKind kind, std::string_view id, const Details& details,
                             UtcTime now)
{
    AMT_ASSERT(_database.inTransaction()); // a record belongs to the commit it describes
    const JournalHead before = head();
    const std::string text = detailsText(details);
    const Bytes hash = envelope::chainHash(before.hash, {.number = before.number + 1,
                                                         .kind = name(kind),
                                                         .id = id,
                                                         .time = now,
                                                         .timeQuality = name(_quality),
                                                         .details = text});
    _database
        .prepare("INSERT INTO journal (number, kind, id, time, time_quality, details, "
                 "previous_hash, hash)"
                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(before.number + 1, name(kind), id, now, name(_quality), text, before.hash, hash)
        .run();
    return before.number + 1;
}

std::optional<Bytes> Journal::hashAt(std::int64_t number) const
{
    auto row = _database.prepare("SELECT hash FROM journal WHERE number = ?");
    return row.bind(number).step() ? std::optional(row.blob(0)) : std::nullopt;
}

namespace {

/// Up to which record the chain itself says that records may be reduced.
std::int64_t prunedThrough(store::Database& database)
{
    auto newest = database.prepare("SELECT details FROM journal WHERE id = 'node' AND kind = "
                                   "'CHECKPOINT' ORDER BY number DESC LIMIT 1");
    if (!newest.step())
        return 0;
    const Details details = readDetails(newest.text(0));
    const auto through = details.find("through");
    return through == details.end() ? 0 : std::atoll(through->second.c_str());
}

/// The hash that the row's own words give: number, kind, id, time, quality, details.
Bytes recomputed(ByteView previous, const store::Statement& row)
{
    const std::string kind = row.text(1), id = row.text(2), quality = row.text(4),
                      details = row.text(5);
    return envelope::chainHash(previous, {.number = row.integer(0),
                                          .kind = kind,
                                          .id = id,
                                          .time = row.time(3),
                                          .timeQuality = quality,
                                          .details = details});
}

/// number, kind, id, time, quality, details, previous hash, hash
JournalRecord readRecord(const store::Statement& row)
{
    return {.number = row.integer(0),
            .kind = row.text(1),
            .id = row.text(2),
            .time = row.time(3),
            .timeQuality = row.text(4),
            .details = readDetails(row.text(5)),
            .previousHash = row.blob(6),
            .hash = row.blob(7)};
}

} // namespace

void Journal::verify(Extent extent) const
{
    const JournalHead last = head();
    const std::int64_t first =
        extent == Extent::All ? 1 : std::max<std::int64_t>(1, last.number - tailRecords + 1);
    Bytes previous(hashBytes, 0);
    if (first > 1) {
        const auto before = hashAt(first - 1);
        if (!before)
            throw Error(ErrorCode::JournalBroken,
                        "record " + std::to_string(first - 1) + " is missing");
        previous = *before;
    }
    const std::int64_t reducible = prunedThrough(_database);
    auto records = _database.prepare(
        "SELECT number, kind, id, time, time_quality, details, previous_hash, hash"
        " FROM journal WHERE number >= ? ORDER BY number");
    records.bind(first);
    std::int64_t expected = first;
    while (records.step()) {
        const std::int64_t number = records.integer(0);
        const Bytes hash = records.blob(7);
        const bool reduced = records.text(1) == pruned && number <= reducible;
        if (number != expected || records.blob(6) != previous ||
            (!reduced && hash != recomputed(previous, records)))
            throw Error(ErrorCode::JournalBroken,
                        "record " + std::to_string(expected) + " does not fit the chain");
        previous = hash;
        ++expected;
    }
}

int Journal::prune(UtcTime before, const std::set<std::string>& keep, UtcTime now)
{
    AMT_ASSERT(!_database.inTransaction());
    std::int64_t through = 0;
    {
        auto young = _database.prepare("SELECT min(number) FROM journal WHERE time >= ?");
        young.bind(before).step();
        through = young.isNull(0) ? head().number : young.integer(0) - 1;
    }
    const std::int64_t already = prunedThrough(_database);
    if (through > already)
        _database.transact([&] {
            append(RecordKind::Checkpoint, "node",
                   {{"through", std::to_string(through)}, {"hash", toHex(*hashAt(through))}}, now);
        });
    std::vector<std::int64_t> due;
    {
        auto rows = _database.prepare(
            "SELECT number, id FROM journal WHERE kind <> 'PRUNED' AND number <= ?");
        rows.bind(std::max(through, already));
        while (rows.step()) {
            if (!keep.contains(rows.text(1)))
                due.push_back(rows.integer(0));
        }
    }
    for (std::size_t from = 0; from < due.size(); from += prunedPerCommit) {
        _database.transact([&] {
            auto reduce = _database.prepare(
                "UPDATE journal SET kind = 'PRUNED', id = '', details = '{}' WHERE number = ?");
            for (std::size_t i = from; i < std::min(due.size(), from + prunedPerCommit); ++i)
                reduce.bind(due[i]).run();
        });
    }
    return static_cast<int>(due.size());
}

std::vector<JournalRecord> Journal::about(std::string_view id) const
{
    std::vector<JournalRecord> found;
    auto records = _database.prepare(
        "SELECT number, kind, id, time, time_quality, details, previous_hash, hash"
        " FROM journal WHERE id = ? ORDER BY number");
    records.bind(id);
    while (records.step())
        found.push_back(readRecord(records));
    return found;
}

std::vector<JournalRecord> Journal::from(std::int64_t number, int limit) const
{
    std::vector<JournalRecord> found;
    auto records = _database.prepare(
        "SELECT number, kind, id, time, time_quality, details, previous_hash, hash"
        " FROM journal WHERE number >= ? ORDER BY number LIMIT ?");
    records.bind(number, limit);
    while (records.step())
        found.push_back(readRecord(records));
    return found;
}

UtcTime Journal::newestTime(UtcTime now) const
{
    auto newest = _database.prepare("SELECT max(time) FROM journal");
    newest.step();
    return newest.isNull(0) ? now : std::max(now, fromMilliseconds(newest.integer(0)));
}

bool Journal::isBefore(UtcTime now) const
{
    return now + stepMax < newestTime(now) || now < fromIso(std::string(programWritten));
}

void Journal::started(UtcTime now)
{
    if (isBefore(now)) {
        _quality = TimeQuality::Doubtful;
        log::warning("clock.doubtful", {{"why", "before what was seen already"}});
    }
    _database.transact([&] { append(RecordKind::Start, "node", {{"version", AMT_VERSION}}, now); });
}

bool Journal::hasStarted() const
{
    // A record that was pruned is of another time, but of a file that has run.
    auto found =
        _database.prepare("SELECT 1 FROM journal WHERE kind = 'PRUNED' OR (id = 'node' AND "
                          "kind IN ('START', 'RESTORED')) LIMIT 1");
    return found.step();
}

void Journal::watchClock(UtcTime now, Milliseconds sinceBoot)
{
    const Milliseconds difference = now.time_since_epoch() - sinceBoot;
    const std::optional<Milliseconds> before = std::exchange(_wallMinusBoot, difference);
    if (before && std::chrono::abs(difference - *before) > stepMax) {
        const std::string step = std::to_string((difference - *before).count());
        // What the portal had said was about the clock before its step.
        _portalAgreedAt.reset();
        _quality = isBefore(now) ? TimeQuality::Doubtful : TimeQuality::Rtc;
        _database.transact([&] {
            append(RecordKind::Clock, "node", {{"stepMilliseconds", step}}, now);
        });
        log::warning("clock.stepped", {{"milliseconds", step}});
    }
    if (_quality == TimeQuality::Portal && sinceBoot - *_portalAgreedAt >= portalCounts)
        _quality = TimeQuality::Rtc;
}

void Journal::portalTime(UtcTime portal, UtcTime now, Milliseconds sinceBoot)
{
    if (std::chrono::abs(now - portal) <= stepMax) {
        _portalAgreedAt = sinceBoot;
        _quality = TimeQuality::Portal;
        return;
    }
    _portalAgreedAt.reset();
    if (_quality != TimeQuality::Doubtful)
        log::warning("clock.doubtful",
                     {{"why", "beside the portal's"},
                      {"seconds", std::to_string((now - portal).count() / 1000)}});
    _quality = TimeQuality::Doubtful;
}

void Journal::clockConfirmed(const std::string& by, UtcTime now)
{
    if (isBefore(now))
        throw Error(ErrorCode::StepOutOfOrder, "the clock stands before what was seen already");
    _database.transact([&] {
        append(RecordKind::Clock, "node", {{"act", "confirm-date"}, {"clerk", by}}, now);
    });
    if (_quality == TimeQuality::Doubtful)
        _quality = TimeQuality::Rtc;
    log::warning("clock.confirmed", {{"date", toIso(now)}});
}

} // namespace amt::outbox
