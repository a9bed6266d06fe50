// SPDX-License-Identifier: EUPL-1.2
//
// Cells as rows, days as bits, and how the two stay the same.
#include "appliance/office/calendar/ledger.h"

#include "appliance/core/log.h"

#include <algorithm>

namespace amt::office {

namespace {

constexpr std::chrono::minutes durationMax = std::chrono::hours(8);
constexpr int daysMax = 366;
constexpr int limitMax = 2000;

// run: the cells from ? to below ?
constexpr std::string_view takeRun =
    "WITH RECURSIVE run(idx) AS (VALUES (?) UNION ALL SELECT idx + 1 FROM run WHERE idx + 1 < ?)"
    " INSERT INTO cell (scope, day, lane, idx, state, booking, until)"
    " SELECT ?, ?, ?, idx, 'BOOKED', ?, ? FROM run WHERE true"
    " ON CONFLICT (scope, day, lane, idx) DO NOTHING";
constexpr std::string_view blockRun =
    "WITH RECURSIVE run(idx) AS (VALUES (?) UNION ALL SELECT idx + 1 FROM run WHERE idx + 1 < ?)"
    " INSERT INTO cell (scope, day, lane, idx, state, until)"
    " SELECT ?, ?, ?, idx, 'BLOCKED', ? FROM run WHERE true"
    " ON CONFLICT (scope, day, lane, idx) DO NOTHING";
constexpr std::string_view keepRun =
    "UPDATE cell SET until = ? WHERE scope = ? AND day = ? AND lane = ? AND idx BETWEEN ? AND ?"
    " AND booking = ?";
constexpr std::string_view giveBackRun =
    "DELETE FROM cell WHERE scope = ? AND day = ? AND lane = ? AND idx BETWEEN ? AND ?"
    " AND booking = ?";
// Only what is owned, under a lease that still sells, is sold; how many rows changed decides.
constexpr std::string_view takeOwned =
    "UPDATE cell SET state = 'BOOKED', booking = ?, until = ? WHERE scope = ? AND day = ? AND lane"
    " = ? AND idx >= ? AND idx < ? AND state = 'OWN' AND lease IN (SELECT serial FROM lease WHERE"
    " expired = 0)";
constexpr std::string_view giveBackOwned =
    "UPDATE cell SET state = 'OWN', booking = NULL, until = NULL WHERE scope = ? AND day = ? AND"
    " lane = ? AND idx BETWEEN ? AND ? AND booking = ?";
constexpr std::string_view leasesOfRun =
    "SELECT lease FROM cell WHERE scope = ? AND day = ? AND lane = ? AND idx BETWEEN ? AND ?"
    " ORDER BY idx";
// A reservation of leased cells that was not confirmed is known to nobody else.
constexpr std::string_view sweepOwned =
    "UPDATE cell SET state = 'OWN', booking = NULL, until = NULL WHERE until <= ? AND lease IS NOT"
    " NULL";
constexpr std::string_view expireLeases =
    "UPDATE lease SET expired = 1 WHERE expired = 0 AND sell_until <= ?";
constexpr std::string_view sweepCells =
    "DELETE FROM cell WHERE until <= ? RETURNING scope, day, lane, idx";

} // namespace

Ledger::Ledger(store::Database& database, const RuleBook& rules, Selling selling,
               quota::Fault fault)
    : _database(database), _rules(rules), _selling(selling), _fault(fault), _kept(database)
{}

DayLanes Ledger::load(const std::string& scope, const OpeningRules& rules, LocalDate day) const
{
    const DayPlan plan = planFor(rules, day);
    DayLanes lanes(plan);
    if (_selling == Selling::Owned) {
        int open = 0;
        for (const CellLanes& cell : plan.lanes)
            open = std::max(open, int{cell.all});
        for (int lane = 0; lane < open; ++lane)
            lanes.take(lane, 0, plan.cells.count());
        auto owned = _database.prepare(
            "SELECT lane, idx FROM cell WHERE scope = ? AND day = ? AND state = 'OWN' AND lease IN"
            " (SELECT serial FROM lease WHERE expired = 0)");
        owned.bind(scope, toIso(day));
        while (owned.step()) {
            if (owned.integer(0) < open)
                lanes.giveBack(static_cast<int>(owned.integer(0)),
                               static_cast<int>(owned.integer(1)), 1);
        }
        return lanes;
    }
    auto rows = _database.prepare(
        "SELECT lane, idx FROM cell WHERE scope = ? AND day = ? ORDER BY lane, idx");
    rows.bind(scope, toIso(day));
    Place run{.day = day};
    while (rows.step()) {
        const int lane = static_cast<int>(rows.integer(0));
        const int idx = static_cast<int>(rows.integer(1));
        if (run.count > 0 && (lane != run.lane || idx != run.first + run.count)) {
            lanes.take(run.lane, run.first, run.count);
            run.count = 0;
        }
        if (run.count == 0)
            run = {.day = day, .lane = lane, .first = idx};
        ++run.count;
    }
    if (run.count > 0)
        lanes.take(run.lane, run.first, run.count);
    return lanes;
}

Ledger::Days& Ledger::daysOf(const std::string& scope, int rulesVersion) const
{
    Days& days = _days[scope];
    if (days.rulesVersion != rulesVersion || days.lanes.size() > 2 * daysMax) {
        days.lanes.clear();
        days.rulesVersion = rulesVersion;
    }
    return days;
}

const DayLanes& Ledger::lanesOf(const std::string& scope, LocalDate day) const
{
    if (_own) {
        if (const auto found = _pending.find({scope, day}); found != _pending.end())
            return found->second;
    }
    const auto rules = _rules.current(scope);
    if (const auto found = _days.find(scope);
        found != _days.end() && found->second.rulesVersion == rules->version) {
        if (const auto known = found->second.lanes.find(day); known != found->second.lanes.end())
            return known->second;
    }
    if (_database.inTransaction()) // what is not committed may never be
        return _passing.emplace(load(scope, rules->rules, day));
    return daysOf(scope, rules->version)
        .lanes.emplace(day, load(scope, rules->rules, day))
        .first->second;
}

std::vector<FreeTime> quarterHours(const std::vector<FreeTime>& times)
{
    constexpr std::chrono::minutes quarter{15};
    std::vector<FreeTime> found;
    for (const auto& each : times) {
        if (found.empty() || found.back().start.time_since_epoch() / quarter !=
                                 each.start.time_since_epoch() / quarter)
            found.push_back(each);
    }
    return found;
}

std::vector<FreeTime> Ledger::freeTimes(const FreeQuestion& question, UtcTime now) const
{
    if (question.duration <= std::chrono::minutes(0) || question.duration > durationMax ||
        question.days < 1 || question.days > daysMax || question.limit < 1 ||
        question.limit > limitMax)
        throw Error(ErrorCode::InputMalformed, "a question that cannot be meant");
    const auto rules = _rules.current(question.scope);
    if (isOnHold && isOnHold())
        return {};
    const BookableSpan span = bookableSpan(rules->rules, question.booker, now);
    const LocalDate first =
        std::max(question.from.value_or(localDate(now)), localDate(span.earliest));
    const LocalDate last =
        std::min(span.lastDay, plusDays(question.from.value_or(localDate(now)), question.days - 1));
    const int count = cellsOf(question.duration);

    std::vector<FreeTime> found;
    const auto look = [&](LocalDate day, const DayLanes& lanes) {
        if (lanes.longestRun(question.booker) < count)
            return;
        const CellSet starts = lanes.startsOf(count, question.booker);
        for (int cell = starts.next(lanes.cells().firstFrom(span.earliest));
             cell < cellsMax && std::ssize(found) < question.limit; cell = starts.next(cell + 1))
            found.push_back({day, cell, lanes.cells().startOf(cell)});
    };
    if (_database.inTransaction()) {
        for (LocalDate day = first; day <= last && std::ssize(found) < question.limit;
             day = plusDays(day, 1))
            look(day, lanesOf(question.scope, day));
        return found;
    }
    auto& known = daysOf(question.scope, rules->version).lanes;
    auto at = known.lower_bound(first);
    for (LocalDate day = first; day <= last && std::ssize(found) < question.limit;
         day = plusDays(day, 1), ++at) {
        if (at == known.end() || at->first != day)
            at = known.emplace_hint(at, day, load(question.scope, rules->rules, day));
        look(day, at->second);
    }
    return found;
}

std::chrono::minutes Ledger::leasedOn(const std::string& scope, LocalDate day) const
{
    auto own = _database.prepare("SELECT count(*) FROM cell JOIN lease ON lease.serial ="
                                 " cell.lease WHERE scope = ? AND day = ? AND state = 'OWN' AND"
                                 " expired = 0");
    own.bind(scope, toIso(day)).step();
    return std::chrono::duration_cast<std::chrono::minutes>(own.integer(0) * cellLength);
}

std::optional<int> Ledger::propose(const std::string& scope, LocalDate day, int first, int count,
                                   Booker booker, UtcTime now, const Place* own) const
{
    const BookableSpan span = bookableSpan(_rules.current(scope)->rules, booker, now);
    if (isOnHold && isOnHold())
        return std::nullopt;
    if (span.lastDay < day || day < localDate(span.earliest))
        return std::nullopt;
    DayLanes lanes = lanesOf(scope, day);
    if (first < lanes.cells().firstFrom(span.earliest))
        return std::nullopt;
    if (own && own->day == day)
        lanes.giveBack(own->lane, own->first, own->count);
    const std::vector<int> free = lanes.lanesFor(first, count, booker);
    return free.empty() ? std::nullopt : std::optional(free.front());
}

std::optional<Place> Ledger::take(const std::string& scope, LocalDate day, int first, int count,
                                  Booker booker, const std::string& booking,
                                  std::optional<UtcTime> until)
{
    AMT_ASSERT(_database.inTransaction());
    if (isOnHold && isOnHold())
        return std::nullopt;
    const std::string isoDay = toIso(day);
    store::Statement& insert = _kept[_selling == Selling::Owned ? takeOwned : takeRun];
    const std::vector<int> lanes = lanesOf(scope, day).lanesFor(first, count, booker);
    for (const int lane : lanes) {
        if (_selling == Selling::Owned)
            insert.bind(booking, until, scope, isoDay, lane, first, first + count).run();
        else
            insert.bind(first, first + count, scope, isoDay, lane, booking, until).run();
        if (_database.changes() == count) {
            changed(scope, day, [&](DayLanes& bits) { bits.take(lane, first, count); });
            return Place{.day = day, .lane = lane, .first = first, .count = count};
        }
        // The bits knew less than the table: a defect, but nobody is booked twice by it.
        log::error("calendar.bits-behind", {{"scope", scope}, {"day", isoDay}});
        if (_selling == Selling::Owned)
            _kept[giveBackOwned].bind(scope, isoDay, lane, first, first + count - 1, booking).run();
        else
            _database
                .prepare(
                    "DELETE FROM cell WHERE scope = ? AND day = ? AND lane = ? AND booking = ?")
                .bind(scope, isoDay, lane, booking)
                .run();
    }
    return std::nullopt;
}

void Ledger::keep(const std::string& scope, const Place& place, const std::string& booking,
                  std::optional<UtcTime> until)
{
    AMT_ASSERT(_database.inTransaction());
    _kept[keepRun]
        .bind(until, scope, toIso(place.day), place.lane, place.first,
              place.first + place.count - 1, booking)
        .run();
    AMT_ASSERT(_database.changes() == place.count);
}

void Ledger::giveBack(const std::string& scope, const Place& place, const std::string& booking,
                      std::optional<UtcTime> blockedUntil)
{
    AMT_ASSERT(_database.inTransaction());
    _kept[_selling == Selling::Owned ? giveBackOwned : giveBackRun]
        .bind(scope, toIso(place.day), place.lane, place.first, place.first + place.count - 1,
              booking)
        .run();
    AMT_ASSERT(_database.changes() == place.count);
    changed(scope, place.day,
            [&](DayLanes& bits) { bits.giveBack(place.lane, place.first, place.count); });
    if (blockedUntil)
        block(scope, place, *blockedUntil);
}

void Ledger::handOver(const std::string& scope, const Place& place, const std::string& booking)
{
    AMT_ASSERT(_database.inTransaction() && _selling == Selling::Owned);
    _kept[_fault == quota::Fault::ReuseCancelled ? giveBackOwned : giveBackRun]
        .bind(scope, toIso(place.day), place.lane, place.first, place.first + place.count - 1,
              booking)
        .run();
    changed(scope, place.day, [](DayLanes&) {}); // they were taken, and stay so
}

std::string Ledger::leasesOf(const std::string& scope, const Place& place) const
{
    if (_selling != Selling::Owned)
        return {};
    auto rows = _database.prepare(leasesOfRun);
    rows.bind(scope, toIso(place.day), place.lane, place.first, place.first + place.count - 1);
    std::string serials, first;
    bool same = true;
    while (rows.step()) {
        if (first.empty())
            first = rows.text(0);
        same = same && rows.text(0) == first;
        serials += (serials.empty() ? "" : ",") + rows.text(0);
    }
    return same ? first : serials;
}

void Ledger::block(const std::string& scope, const Place& place, UtcTime until)
{
    AMT_ASSERT(_database.inTransaction());
    if (_selling == Selling::Owned)
        return;
    _kept[blockRun]
        .bind(place.first, place.first + place.count, scope, toIso(place.day), place.lane, until)
        .run();
    changed(scope, place.day,
            [&](DayLanes& bits) { bits.take(place.lane, place.first, place.count); });
}

int Ledger::sweep(UtcTime now)
{
    AMT_ASSERT(_database.inTransaction());
    if (_selling == Selling::Owned) {
        int count = 0;
        for (const std::string_view statement : {expireLeases, sweepOwned}) {
            _kept[statement].bind(now).run();
            count = _database.changes();
            if (count > 0)
                reread();
        }
        return count;
    }
    store::Statement& gone = _kept[sweepCells];
    gone.bind(now);
    std::map<Key, std::vector<std::pair<int, int>>> cells;
    int count = 0;
    for (; gone.step(); ++count)
        cells[{gone.text(0), localDateFromIso(gone.text(1))}].emplace_back(
            static_cast<int>(gone.integer(2)), static_cast<int>(gone.integer(3)));
    for (const auto& freed : cells)
        changed(freed.first.first, freed.first.second, [&](DayLanes& bits) {
            for (const auto& [lane, idx] : freed.second)
                bits.giveBack(lane, idx, 1);
        });
    return count;
}

void Ledger::forget(LocalDate day)
{
    AMT_ASSERT(_database.inTransaction());
    _database.prepare("DELETE FROM cell WHERE day < ? AND state <> 'OWN'").bind(toIso(day)).run();
    for (auto& [scope, days] : _days)
        days.lanes.erase(days.lanes.begin(), days.lanes.lower_bound(day));
    std::erase_if(_pending, [&](const auto& entry) { return entry.first.second < day; });
}

void Ledger::reread()
{
    _days.clear();
    _pending.clear();
}

void Ledger::changed(const std::string& scope, LocalDate day,
                     const std::function<void(DayLanes&)>& change)
{
    if (_own) {
        auto pending = _pending.find({scope, day});
        if (pending == _pending.end())
            pending = _pending.emplace(Key{scope, day}, lanesOf(scope, day)).first;
        change(pending->second);
    }
    // Whatever becomes of the transaction: until it is known, the table is asked.
    if (const auto found = _days.find(scope); found != _days.end())
        found->second.lanes.erase(day);
}

void Ledger::commit()
{
    for (const auto& [key, lanes] : _pending)
        daysOf(key.first, _rules.current(key.first)->version)
            .lanes.insert_or_assign(key.second, lanes);
}

} // namespace amt::office
