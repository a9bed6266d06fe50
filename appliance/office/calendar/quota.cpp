// SPDX-License-Identifier: EUPL-1.2
//
// The node's end: each step is one commit of its own database, and an answer changes nothing unless
// it is meant for this life of the node and comes in its order.
#include "appliance/office/calendar/quota.h"

#include "appliance/core/log.h"
#include "sync/outbox/incarnation.h"
#include "sync/outbox/sealing.h"

#include <algorithm>

namespace amt::office {
namespace {

using quota::Fault;
using quota::Run;

constexpr Milliseconds clockMayDiffer = std::chrono::minutes(5);
constexpr int usedDays = 14;
constexpr int keptDays = 30;                                    ///< R10
constexpr std::size_t reportBytesMax = std::size_t{512} * 1024; ///< more makes another message

/// Owned cells, in runs of one serial.
std::vector<quota::Leases::Owned> ownedRuns(store::Database& database)
{
    auto rows = database.prepare("SELECT scope, day, lane, idx, lease FROM cell WHERE state = 'OWN'"
                                 " OR (state = 'BOOKED' AND lease IS NOT NULL AND until IS NOT"
                                 " NULL) ORDER BY scope, day, lane, idx");
    std::vector<quota::Leases::Owned> found;
    while (rows.step()) {
        const LocalDate day = localDateFromIso(rows.text(1));
        const int lane = static_cast<int>(rows.integer(2));
        const int idx = static_cast<int>(rows.integer(3));
        if (!found.empty()) {
            auto& [run, serial] = found.back();
            if (serial == rows.integer(4) && run.scope == rows.text(0) && run.day == day &&
                run.lane == lane && run.first + run.count == idx) {
                ++run.count;
                continue;
            }
        }
        found.push_back({{rows.text(0), day, lane, idx, 1}, rows.integer(4)});
    }
    return found;
}

outbox::Details detailsOf(const Run& run, const std::string& leases)
{
    return {{"scope", run.scope},
            {"day", toIso(run.day)},
            {"lane", std::to_string(run.lane)},
            {"cell", std::to_string(run.first)},
            {"cells", std::to_string(run.count)},
            {"leases", leases}};
}

} // namespace

void forgetLeases(store::Database& database)
{
    database.transact([&] {
        database.execute("DELETE FROM cell WHERE lease IS NOT NULL; DELETE FROM lease;"
                         "DELETE FROM quota_state; DELETE FROM quota_taken;");
    });
}

CellsHeld cellsHeld(store::Database& database, LocalDate from)
{
    CellsHeld held{.isLeaseStore = database.prepare("SELECT 1 FROM quota_state").step()};
    auto counts = database.prepare("SELECT count(lease), coalesce(sum(lease IS NULL AND state ="
                                   " 'BOOKED'), 0) FROM cell WHERE day >= ?");
    counts.bind(toIso(from)).step();
    held.leased = static_cast<int>(counts.integer(0));
    held.bookedUnleased = static_cast<int>(counts.integer(1));
    return held;
}

Quota::Quota(store::Database& database, outbox::Journal& journal, RuleBook& rules, Ledger& ledger,
             QuotaSettings settings)
    : _database(database), _journal(journal), _rules(rules), _ledger(ledger),
      _settings(std::move(settings))
{
    AMT_ASSERT(_ledger.selling() == Selling::Owned);
}

void Quota::takeUp(UtcTime now)
{
    const std::string incarnation = outbox::incarnationOf(_database);
    AMT_ASSERT(!incarnation.empty());
    _database.transact([&] {
        auto row = _database.prepare("SELECT incarnation FROM quota_state");
        if (row.step()) {
            if (row.text(0) == incarnation)
                return;
            if (_settings.fault == Fault::RestoreKeepsLeases) {
                _database.prepare("UPDATE quota_state SET incarnation = ?").bind(incarnation).run();
                return;
            }
        }
        // Whatever stands here was another life's.
        forgetLeases(_database);
        _database
            .prepare("UPDATE appointment SET state = 'Lapsed', reserved_until = NULL, kid = '',"
                     " sealed = '', version = version + 1, changed_at = ? WHERE state = 'Reserved'"
                     " AND id NOT IN (SELECT booking FROM cell WHERE booking IS NOT NULL)")
            .bind(now)
            .run();
        const auto head = _journal.head();
        _database
            .prepare("INSERT INTO quota_state (id, incarnation, stream_from, stream_from_hash)"
                     " VALUES (1, ?, ?, ?)")
            .bind(incarnation, head.number, head.hash)
            .run();
        tellRules(now);
    });
    _ledger.reread();
}

/// Rules that were saved here before this stream began: the portal may never have heard of them.
void Quota::tellRules(UtcTime now)
{
    std::vector<std::pair<std::string, outbox::Details>> told;
    {
        auto rows = _database.prepare(
            "SELECT scope, version, rules FROM opening_rules AS each WHERE saved_by <> 'portal' AND"
            " version = (SELECT max(version) FROM opening_rules WHERE scope = each.scope)");
        while (rows.step())
            told.push_back({rows.text(0),
                            {{"version", rows.text(1)},
                             {"sha256.rules", toHex(outbox::sha256(view(rows.text(2))))}}});
    }
    for (const auto& [scope, details] : told)
        _journal.append(outbox::RecordKind::Rules, scope, details, now);
}

Quota::State Quota::state() const
{
    auto row = _database.prepare("SELECT incarnation, stream_from, stream_from_hash, grants,"
                                 " portal_epoch, portal_life, fenced FROM quota_state");
    const bool found = row.step();
    AMT_ASSERT(found); // takeUp() came first
    return {.incarnation = row.text(0),
            .from = {row.integer(1), toHex(row.blob(2))},
            .grants = row.integer(3),
            .portal = {row.integer(4), row.text(5)},
            .fenced = row.integer(6) != 0};
}

bool Quota::isFenced() const
{
    return state().fenced;
}

std::int64_t Quota::nextGrant() const
{
    return state().grants;
}

std::string Quota::registration() const
{
    const State known = state();
    const auto head = _journal.head();
    return quota::write(quota::Register{.node = _settings.node,
                                        .incarnation = known.incarnation,
                                        .publicKey = _settings.publicKey,
                                        .from = known.from,
                                        .head = {head.number, toHex(head.hash)},
                                        .grants = known.grants,
                                        .portal = known.portal,
                                        .challenge = _challenge});
}

std::optional<std::string> Quota::report() const
{
    if (!_next)
        return std::nullopt;
    const State known = state();
    quota::Report message{.incarnation = known.incarnation, .records = {}};
    std::size_t bytes = 0;
    for (const auto& record :
         _journal.from(std::max(*_next, known.from.number + 1), quota::recordsMax)) {
        if (bytes > reportBytesMax)
            break;
        quota::Record& told = message.records.emplace_back();
        told.number = record.number;
        told.hash = toHex(record.hash);
        if (!quota::isOfCalendar(record.kind))
            continue;
        told.kind = record.kind;
        told.id = record.id;
        told.time = record.time;
        told.timeQuality = record.timeQuality;
        told.details = outbox::detailsText(record.details);
        if (record.kind == outbox::name(outbox::RecordKind::Rules)) {
            auto rules = _database.prepare(
                "SELECT rules FROM opening_rules WHERE scope = ? AND version = ?");
            rules.bind(record.id, record.details.at("version"));
            if (rules.step())
                told.rules = rules.text(0);
        }
        bytes += told.details.size() + told.rules.size();
    }
    if (message.records.empty())
        return std::nullopt;
    return quota::write(message);
}

std::string Quota::grantsQuestion() const
{
    const State known = state();
    return quota::write(quota::GrantsQuestion{known.incarnation, known.grants});
}

std::string Quota::leases() const
{
    // One reading: head, position and rows belong together.
    const State known = state();
    return quota::write(quota::Leases{.incarnation = known.incarnation,
                                      .portal = known.portal,
                                      .head = _journal.head().number,
                                      .grants = known.grants,
                                      .owned = ownedRuns(_database)});
}

std::string Quota::want(const std::string& scope, int runCells, UtcTime now) const
{
    return want({{.scope = scope, .runCells = runCells}}, now);
}

std::string Quota::want(const std::vector<QuotaPlan::Wanted>& scopes, UtcTime now) const
{
    const LocalDate today = localDate(now);
    quota::Want message{.incarnation = state().incarnation, .scopes = {}};
    for (const auto& [scope, runCells] : scopes) {
        const auto days = [&, &name = scope](const std::string& sql, LocalDate from,
                                             LocalDate until) {
            std::vector<quota::Want::Day> found;
            auto rows = _database.prepare(sql);
            rows.bind(name, toIso(from), toIso(until));
            while (rows.step())
                found.push_back(
                    {localDateFromIso(rows.text(0)), static_cast<int>(rows.integer(1))});
            return found;
        };
        message.scopes.push_back(
            {.scope = scope,
             .runCells = runCells,
             .left = days("SELECT day, count(*) FROM cell WHERE scope = ? AND day BETWEEN ? AND ?"
                          " AND state = 'OWN' GROUP BY day ORDER BY day",
                          today, plusDays(today, usedDays)),
             .used = days("SELECT day, count(*) FROM appointment WHERE scope = ? AND day BETWEEN ?"
                          " AND ? AND state = 'Confirmed' GROUP BY day ORDER BY day",
                          plusDays(today, -usedDays), plusDays(today, -1))});
    }
    return quota::write(message);
}

void Quota::cancelledAtPortal(const std::string& appointment, UtcTime now)
{
    _database.prepare("DELETE FROM cell WHERE booking = ?").bind(appointment).run();
    _database
        .prepare("UPDATE appointment SET state = 'Cancelled', kid = '', sealed = '', version ="
                 " version + 1, changed_at = ? WHERE id = ? AND state = 'Confirmed'")
        .bind(now, appointment)
        .run();
    _journal.append(outbox::RecordKind::Audit, appointment,
                    {{"clerk", "portal"}, {"act", "cancel-appointment"}, {"reason", ""}}, now);
}

void Quota::take(const quota::Lease& lease, State& known, UtcTime now)
{
    const bool again = _settings.fault == Fault::NoGrantSequence && lease.number < known.grants;
    // Late, repeated or out of order, of another node or of an earlier life, ours or the portal's:
    // it changes nothing.
    if (lease.node != _settings.node || lease.incarnation != known.incarnation ||
        lease.portalLife != known.portal.id || (lease.number != known.grants && !again))
        return;
    if (!again)
        _database.prepare("INSERT INTO lease (serial, number, sell_until) VALUES (?, ?, ?)")
            .bind(lease.serial, lease.number, lease.sellUntil)
            .run();
    for (const Run& run : lease.runs) {
        for (int idx = run.first; idx < run.first + run.count; ++idx) {
            auto row = _database.prepare("SELECT state, booking FROM cell WHERE scope = ? AND day"
                                         " = ? AND lane = ? AND idx = ?");
            row.bind(run.scope, toIso(run.day), run.lane, idx);
            if (row.step()) {
                if (again)
                    continue;
                if (row.text(0) != "BOOKED" || row.isNull(1))
                    throw Error(ErrorCode::StepOutOfOrder, "a lease of what is owned already");
                // It can only be granted again when the portal has cancelled what stood there.
                cancelledAtPortal(row.text(1), now);
            }
            _database
                .prepare("INSERT INTO cell (scope, day, lane, idx, lease, state) VALUES (?, ?, ?,"
                         " ?, ?, 'OWN')")
                .bind(run.scope, toIso(run.day), run.lane, idx, lease.serial)
                .run();
        }
    }
    if (!again)
        ++known.grants;
}

void Quota::noteTaken(std::int64_t next, UtcTime now)
{
    // What a portal that was put back does not know any more it did not take.
    _database.prepare("DELETE FROM quota_taken WHERE next > ?").bind(next).run();
    _database
        .prepare("INSERT INTO quota_taken (day, next) VALUES (?, ?)"
                 " ON CONFLICT (day) DO UPDATE SET next = excluded.next")
        .bind(toIso(localDate(now)), next)
        .run();
    // Of all days that are over the newest counts.
    _database
        .prepare("DELETE FROM quota_taken WHERE day < (SELECT max(day) FROM quota_taken WHERE"
                 " day <= ?)")
        .bind(toIso(plusDays(localDate(now), -keptDays)))
        .run();
}

UtcTime Quota::pruneBefore(UtcTime before, UtcTime now) const
{
    const State known = state();
    auto taken = _database.prepare("SELECT max(next) FROM quota_taken WHERE day <= ?");
    taken.bind(toIso(plusDays(localDate(now), -keptDays))).step();
    // Of records before this life the portal wants nothing.
    const std::int64_t first =
        std::max(known.from.number + 1, taken.isNull(0) ? 0 : taken.integer(0));
    auto oldest = _database.prepare("SELECT min(time) FROM journal WHERE number >= ?");
    oldest.bind(first).step();
    return oldest.isNull(0) ? before : std::min(before, oldest.time(0));
}

std::int64_t Quota::newest() const
{
    const std::int64_t head = _journal.head().number;
    if (head == _looked)
        return _newest;
    auto row = _database.prepare("SELECT max(number) FROM journal WHERE number > ? AND kind IN"
                                 " ('BOOK', 'CANCEL', 'MOVE', 'RETURN', 'RULES')");
    row.bind(_looked).step();
    if (!row.isNull(0))
        _newest = row.integer(0);
    _looked = head;
    return _newest;
}

int Quota::owned() const
{
    auto row = _database.prepare("SELECT count(*) FROM cell WHERE state = 'OWN'");
    row.step();
    return static_cast<int>(row.integer(0));
}

quota::Answer Quota::heard(const std::string& text, UtcTime now)
{
    const quota::Answer answer = quota::readAnswer(text);
    std::vector<quota::Lease> leases;
    for (const auto& token : answer.leases)
        leases.push_back(quota::readLease(_settings.verify(token)));
    State known = state();
    if (answer.incarnation != known.incarnation)
        return answer; // to an earlier life
    if (answer.portal.epoch < known.portal.epoch ||
        (answer.portal.epoch == known.portal.epoch && answer.portal.id != known.portal.id)) {
        log::warning("quota.portal-of-another-life");
        return answer;
    }
    _database.transact([&] {
        if (answer.portal.id != known.portal.id && known.portal.epoch > 0)
            log::warning("quota.portal-restored", {{"epoch", std::to_string(answer.portal.epoch)}});
        // Before anything is shown to a new life of the portal, nothing of the old one counts.
        known.portal = answer.portal;
        if (answer.fenced && !known.fenced) {
            known.fenced = true;
            log::error("quota.fenced");
            // The portal keeps these cells free for who has a ticket; nobody sells them any more.
            _database.execute("DELETE FROM cell WHERE state = 'OWN'");
        }
        if (!known.fenced) {
            for (const auto& lease : leases)
                take(lease, known, now);
            for (const Run& run : answer.recall)
                giveBackRun(run, now);
        }
        _database
            .prepare("UPDATE quota_state SET grants = ?, portal_epoch = ?, portal_life = ?, fenced"
                     " = ?")
            .bind(known.grants, known.portal.epoch, known.portal.id, known.fenced ? 1 : 0)
            .run();
        if (answer.challenge.empty())
            noteTaken(answer.next, now);
    });
    _ledger.reread();
    _challenge = answer.challenge;
    if (!_challenge.empty())
        return answer; // REGISTER once more
    _next = answer.next;
    _portalGrants = answer.grants;
    _showLeases = answer.showLeases;
    if (answer.fenced)
        _phase = Phase::Over;
    return answer;
}

void Quota::heardCalendar(const std::string& text, UtcTime now)
{
    const quota::Calendar calendar = quota::readCalendar(text);
    _rules.adopt(calendar.scope, static_cast<int>(calendar.version),
                 openingRulesFromJson(*json::parseObject(calendar.rules)),
                 calendar.isElsewhere ? RuleBook::Home::Elsewhere : RuleBook::Home::Here, now);
    _ledger.reread();
}

void Quota::begin(QuotaPlan plan)
{
    _plan = std::move(plan);
    _phase = Phase::Register;
    _calendarDaysAsked = 0;
    _next.reset();
    _challenge.clear();
}

std::optional<QuotaMessage> Quota::next()
{
    // Each look may find that a phase has nothing to say any more.
    for (;;) {
        switch (_phase) {
        case Phase::Register:
            if (!_next)
                return QuotaMessage{quota::registerPath, registration()};
            _phase = Phase::Report;
            break;
        case Phase::Report:
        case Phase::LastReport:
            if (auto message = report())
                return QuotaMessage{quota::reportPath, *std::move(message)};
            _phase = _phase == Phase::Report ? Phase::Leases : Phase::Calendar;
            break;
        case Phase::Leases:
            if (_showLeases)
                return QuotaMessage{quota::leasesPath, leases()};
            _phase = Phase::Want;
            break;
        case Phase::Want:
            _phase = Phase::Grants;
            if (const auto wants = std::exchange(_plan.wants, {}); !wants.empty())
                return QuotaMessage{quota::wantPath, want(wants, _plan.now)};
            break;
        case Phase::Grants:
            if (state().grants < _portalGrants)
                return QuotaMessage{quota::grantsPath, grantsQuestion()};
            _phase = Phase::LastReport; // what was recalled has been given back by now
            break;
        case Phase::Calendar:
            if (!_plan.calendars.empty()) {
                const quota::CalendarQuestion question{
                    .scope = _plan.calendars.back(),
                    .from = plusDays(localDate(_plan.now), _calendarDaysAsked),
                    .days =
                        std::min(quota::calendarDaysMax, _plan.calendarDays - _calendarDaysAsked)};
                _calendarDaysAsked += question.days;
                if (_calendarDaysAsked >= _plan.calendarDays) {
                    _plan.calendars.pop_back();
                    _calendarDaysAsked = 0;
                }
                return QuotaMessage{quota::calendarPath, quota::write(question)};
            }
            _phase = Phase::Over;
            break;
        case Phase::Over:
            return std::nullopt;
        }
    }
}

int Quota::giveBackRun(const Run& run, UtcTime now)
{
    AMT_ASSERT(_database.inTransaction());
    std::vector<std::pair<Run, std::string>> pieces;
    {
        auto rows = _database.prepare(
            "SELECT idx, lease FROM cell WHERE scope = ? AND day = ? AND lane = ? AND idx >= ? AND"
            " idx < ? AND state = 'OWN' ORDER BY idx");
        rows.bind(run.scope, toIso(run.day), run.lane, run.first, run.first + run.count);
        while (rows.step()) {
            const int idx = static_cast<int>(rows.integer(0));
            if (!pieces.empty()) {
                auto& [piece, leases] = pieces.back();
                if (piece.first + piece.count == idx) {
                    ++piece.count;
                    leases += "," + rows.text(1);
                    continue;
                }
            }
            pieces.push_back({{run.scope, run.day, run.lane, idx, 1}, rows.text(1)});
        }
    }
    int cells = 0;
    for (const auto& [piece, leases] : pieces) {
        _database
            .prepare("DELETE FROM cell WHERE scope = ? AND day = ? AND lane = ? AND idx >= ? AND"
                     " idx < ? AND state = 'OWN'")
            .bind(piece.scope, toIso(piece.day), piece.lane, piece.first, piece.first + piece.count)
            .run();
        AMT_ASSERT(_database.changes() == piece.count);
        _journal.append(outbox::RecordKind::Return, "quota", detailsOf(piece, leases), now);
        cells += piece.count;
    }
    return cells;
}

int Quota::giveBack(const Run& run, UtcTime now)
{
    const int cells = _database.transact([&] { return giveBackRun(run, now); });
    _ledger.reread();
    return cells;
}

int Quota::giveBackSoon(UtcTime now)
{
    const UtcTime end = now + _settings.returnBefore;
    const int cells = _database.transact([&] {
        int sum = 0;
        for (const auto& [run, serial] : ownedRuns(_database)) {
            const DayCells day(run.day);
            const int count = std::clamp(day.firstFrom(end) - run.first, 0, run.count);
            if (count > 0)
                sum += giveBackRun({run.scope, run.day, run.lane, run.first, count}, now);
        }
        return sum;
    });
    _ledger.reread();
    return cells;
}

// --- time

NodeTime::NodeTime(UtcTime newestRecord, Milliseconds sinceBoot)
    : _reference(newestRecord), _referenceAt(sinceBoot), _newest(newestRecord)
{}

void NodeTime::portalSaid(UtcTime portal, Milliseconds sinceBoot)
{
    _reference = portal;
    _referenceAt = sinceBoot;
    _vouched = true;
}

void NodeTime::clerkConfirmed(UtcTime now, Milliseconds sinceBoot)
{
    portalSaid(now, sinceBoot);
}

UtcTime NodeTime::reference(Milliseconds sinceBoot) const
{
    return _reference + (sinceBoot - _referenceAt);
}

UtcTime NodeTime::now(UtcTime clock, Milliseconds sinceBoot)
{
    const UtcTime expected = reference(sinceBoot);
    _newest = std::max(_newest, expected);
    if (std::chrono::abs(clock - expected) <= clockMayDiffer)
        _newest = std::max(_newest, clock);
    return _newest;
}

bool NodeTime::needsClerk(UtcTime clock, Milliseconds sinceBoot) const
{
    return !_vouched && std::chrono::abs(clock - reference(sinceBoot)) > clockMayDiffer;
}

} // namespace amt::office
