// SPDX-License-Identifier: EUPL-1.2
//
// Every change of rules is a new row; the table decides, the copy in memory is only ever of what
// was committed.
#include "appliance/office/calendar/rule_book.h"

#include "appliance/core/log.h"
#include "sync/outbox/sealing.h"

#include <algorithm>

namespace amt::office {

namespace {

constexpr std::size_t scopeBytesMax = 64;
constexpr std::size_t reasonBytesMax = 200;

constexpr std::string_view columns =
    "SELECT version, rules, restores, saved_at, saved_by, reason FROM opening_rules ";

RuleVersion read(const store::Statement& row)
{
    RuleVersion found{.version = static_cast<int>(row.integer(0)),
                      .rules = openingRulesFromJson(*json::parseObject(row.text(1))),
                      .restores = {},
                      .savedAt = row.time(3),
                      .savedBy = row.text(4),
                      .reason = row.text(5)};
    if (const auto restores = row.optionalInteger(2))
        found.restores = static_cast<int>(*restores);
    return found;
}

} // namespace

SeenPreview seen(const RulePreview& preview)
{
    SeenPreview seen{.basedOn = preview.basedOn, .conflicts = {}};
    for (const Appointment& conflict : preview.conflicts)
        seen.conflicts.insert(conflict.id);
    return seen;
}

RuleBook::RuleBook(store::Database& database, outbox::Journal& journal)
    : _database(database), _journal(journal)
{}

std::optional<RuleVersion> RuleBook::at(const std::string& scope, int version) const
{
    auto row = _database.prepare(std::string(columns) + "WHERE scope = ? AND version = ?");
    return row.bind(scope, version).step() ? std::optional(read(row)) : std::nullopt;
}

std::optional<RuleVersion> RuleBook::newest(const std::string& scope) const
{
    auto row =
        _database.prepare(std::string(columns) + "WHERE scope = ? ORDER BY version DESC LIMIT 1");
    return row.bind(scope).step() ? std::optional(read(row)) : std::nullopt;
}

std::shared_ptr<const RuleVersion> RuleBook::current(const std::string& scope) const
{
    if (const auto known = _current.find(scope); known != _current.end())
        return known->second;
    auto found = newest(scope);
    if (!found)
        throw Error(ErrorCode::NotFound, "no such scope");
    auto shared = std::make_shared<const RuleVersion>(std::move(*found));
    if (!_database.inTransaction()) // what is not committed may never be
        _current.emplace(scope, shared);
    return shared;
}

std::vector<std::string> RuleBook::scopes() const
{
    auto rows = _database.prepare("SELECT DISTINCT scope FROM opening_rules ORDER BY scope");
    std::vector<std::string> found;
    while (rows.step())
        found.push_back(rows.text(0));
    return found;
}

std::vector<RuleVersion> RuleBook::history(const std::string& scope, int limit) const
{
    auto rows =
        _database.prepare(std::string(columns) + "WHERE scope = ? ORDER BY version DESC LIMIT ?");
    rows.bind(scope, limit);
    std::vector<RuleVersion> found;
    while (rows.step())
        found.push_back(read(rows));
    return found;
}

namespace {

bool isLeased(store::Database& database, const std::string& appointment)
{
    auto row = database.prepare(
        "SELECT 1 FROM cell JOIN appointment ON appointment.id = booking AND appointment.scope ="
        " cell.scope AND appointment.day = cell.day WHERE booking = ? AND lease IS NOT NULL");
    return row.bind(appointment).step();
}

} // namespace

void RuleBook::findConflicts(RulePreview& preview, const std::string& scope, UtcTime now) const
{
    std::map<LocalDate, std::pair<DayPlan, DayLanes>> days;
    const auto look = [&](LocalDate day) -> std::pair<DayPlan, DayLanes>& {
        if (const auto known = days.find(day); known != days.end())
            return known->second;
        const DayPlan plan = planFor(preview.rules, day);
        DayLanes lanes(plan);
        auto rows = _database.prepare("SELECT lane, idx FROM cell WHERE scope = ? AND day = ?");
        rows.bind(scope, toIso(day));
        while (rows.step())
            lanes.take(static_cast<int>(rows.integer(0)), static_cast<int>(rows.integer(1)), 1);
        return days.emplace(day, std::pair(plan, std::move(lanes))).first->second;
    };
    for (Appointment& each :
         readAppointments(_database,
                          "WHERE scope = ? AND day >= ? AND state IN ('Reserved', 'Confirmed')"
                          " ORDER BY starts_at, lane",
                          scope, toIso(localDate(now)))) {
        if (each.start + each.place.count * cellLength <= now ||
            (each.reservedUntil && *each.reservedUntil <= now))
            continue;
        const auto& [day, lane, first, count] = each.place;
        auto& [plan, lanes] = look(day);
        // Lanes for the public may become lanes for staff: who has booked keeps the place.
        if (plan.opens(lane, first, count, Booker::Staff))
            continue;
        lanes.giveBack(lane, first, count);
        auto others = lanes.lanesFor(first, count, Booker::Staff);
        // Where it could go is the portal's to say.
        if (each.atPortal || isLeased(_database, each.id))
            others.clear();
        lanes.take(others.empty() ? lane : others.front(), first, count);
        if (others.empty())
            preview.conflicts.push_back(std::move(each));
        else
            preview.shifts.push_back({each.id, each.place, others.front()});
    }
}

RulePreview RuleBook::preview(const std::string& scope, const OpeningRules& rules,
                              UtcTime now) const
{
    check(rules);
    const auto standing = newest(scope);
    RulePreview preview{
        .basedOn = standing ? standing->version : 0, .rules = rules, .conflicts = {}, .shifts = {}};
    findConflicts(preview, scope, now);
    return preview;
}

void RuleBook::shift(const std::string& scope, const LaneShift& shifted, const std::string& clerk,
                     UtcTime now)
{
    const Place& from = shifted.from;
    _database
        .prepare("UPDATE cell SET lane = ? WHERE scope = ? AND day = ? AND lane = ? AND idx"
                 " BETWEEN ? AND ? AND booking = ?")
        .bind(shifted.lane, scope, toIso(from.day), from.lane, from.first,
              from.first + from.count - 1, shifted.appointment)
        .run();
    AMT_ASSERT(_database.changes() == from.count);
    // The version stays: whoever has the appointment on the screen sees the same one.
    _database.prepare("UPDATE appointment SET lane = ?, changed_at = ? WHERE id = ?")
        .bind(shifted.lane, now, shifted.appointment)
        .run();
    auto booked = _database.prepare("SELECT booking_id FROM appointment WHERE id = ?");
    if (booked.bind(shifted.appointment).step() && !booked.text(0).empty())
        _journal.append(outbox::RecordKind::Move, shifted.appointment,
                        {{"booking", booked.text(0)},
                         {"scope", scope},
                         {"day", toIso(from.day)},
                         {"lane", std::to_string(shifted.lane)},
                         {"cell", std::to_string(from.first)},
                         {"cells", std::to_string(from.count)},
                         {"fromDay", toIso(from.day)},
                         {"fromLane", std::to_string(from.lane)},
                         {"fromCell", std::to_string(from.first)}},
                        now);
    _journal.append(outbox::RecordKind::Audit, shifted.appointment,
                    {{"clerk", clerk},
                     {"act", "shift-appointment"},
                     {"scope", scope},
                     {"day", toIso(from.day)},
                     {"cell", std::to_string(from.first)},
                     {"cells", std::to_string(from.count)},
                     {"fromLane", std::to_string(from.lane)},
                     {"lane", std::to_string(shifted.lane)}},
                    now);
}

RuleVersion RuleBook::add(const std::string& scope, const OpeningRules& rules,
                          const SeenPreview& seen, std::optional<int> restores,
                          const std::string& clerk, const std::string& reason, UtcTime now)
{
    if (homeOf(scope) == Home::Elsewhere)
        throw Error(ErrorCode::StepOutOfOrder, "edited at another node of the town");
    const RulePreview fresh = preview(scope, rules, now);
    if (fresh.basedOn != seen.basedOn)
        throw Error(ErrorCode::VersionConflict, "the rules were changed meanwhile");
    if (!std::ranges::all_of(fresh.conflicts, [&](const Appointment& conflict) {
            return seen.conflicts.contains(conflict.id);
        }))
        throw Error(ErrorCode::VersionConflict, "a booking came into the way meanwhile");
    const RuleVersion added{.version = fresh.basedOn + 1,
                            .rules = rules,
                            .restores = restores,
                            .savedAt = now,
                            .savedBy = clerk,
                            .reason = reason};
    const std::string text = json::write(*toJson(rules));
    _database
        .prepare("INSERT INTO opening_rules (scope, version, rules, restores, saved_at, saved_by,"
                 " reason) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(scope, added.version, text, restores, now, clerk, reason)
        .run();
    outbox::Details rulesRecord{{"version", std::to_string(added.version)},
                                {"sha256.rules", toHex(outbox::sha256(view(text)))}};
    outbox::Details audit{{"clerk", clerk},
                          {"act", restores ? "undo-opening-rules" : "change-opening-rules"},
                          {"reason", reason},
                          {"version", std::to_string(added.version)},
                          {"conflicts", std::to_string(fresh.conflicts.size())},
                          {"shifts", std::to_string(fresh.shifts.size())}};
    if (restores) {
        rulesRecord.emplace("restores", std::to_string(*restores));
        audit.emplace("restores", std::to_string(*restores));
    }
    _journal.append(outbox::RecordKind::Rules, scope, rulesRecord, now);
    _journal.append(outbox::RecordKind::Audit, scope, audit, now);
    for (const LaneShift& shifted : fresh.shifts)
        shift(scope, shifted, clerk, now);
    _current.erase(scope);
    return added;
}

RuleBook::Home RuleBook::homeOf(const std::string& scope) const
{
    auto row = _database.prepare("SELECT 1 FROM rules_elsewhere WHERE scope = ?");
    return row.bind(scope).step() ? Home::Elsewhere : Home::Here;
}

void RuleBook::comeHome()
{
    _database.transact([&] { _database.prepare("DELETE FROM rules_elsewhere").run(); });
}

void RuleBook::adopt(const std::string& scope, int version, const OpeningRules& rules, Home home,
                     UtcTime now)
{
    check(rules);
    const auto standing = newest(scope);
    const bool counts =
        standing && (home == Home::Here ? standing->version >= version : standing->rules == rules);
    if (counts && homeOf(scope) == home)
        return;
    _database.transact([&] {
        _database
            .prepare(home == Home::Elsewhere
                         ? "INSERT OR IGNORE INTO rules_elsewhere (scope) VALUES (?)"
                         : "DELETE FROM rules_elsewhere WHERE scope = ?")
            .bind(scope)
            .run();
        if (counts)
            return;
        // Somebody may have saved here before it was known where the rules are edited.
        const int number = std::max(version, standing ? standing->version + 1 : 1);
        _database
            .prepare("INSERT INTO opening_rules (scope, version, rules, saved_at, saved_by, reason)"
                     " VALUES (?, ?, ?, ?, 'portal', '')")
            .bind(scope, number, json::write(*toJson(rules)), now)
            .run();
    });
    _current.erase(scope);
}

RuleVersion RuleBook::save(const std::string& scope, const OpeningRules& rules,
                           const SeenPreview& seen, const std::string& clerk,
                           const std::string& reason, UtcTime now)
{
    if (scope.empty() || scope.size() > scopeBytesMax || reason.size() > reasonBytesMax)
        throw Error(ErrorCode::InputMalformed, "a scope or reason that cannot be meant");
    auto saved = _database.transact(
        [&] { return add(scope, rules, seen, std::nullopt, clerk, reason, now); });
    log::info("calendar.rules-saved",
              {{"scope", scope}, {"version", std::to_string(saved.version)}});
    return saved;
}

RuleVersion RuleBook::beforeNewestChange(const std::string& scope) const
{
    const auto standing = newest(scope);
    if (!standing)
        throw Error(ErrorCode::NotFound, "no such scope");
    // An undo brought back older rules: the change before those is the next to go.
    auto before = at(scope, standing->restores.value_or(standing->version) - 1);
    if (!before)
        throw Error(ErrorCode::StepOutOfOrder, "nothing to undo");
    before->version = before->restores.value_or(before->version); // where its rules came from
    return std::move(*before);
}

RulePreview RuleBook::previewUndo(const std::string& scope, UtcTime now) const
{
    return preview(scope, beforeNewestChange(scope).rules, now);
}

RuleVersion RuleBook::undo(const std::string& scope, const SeenPreview& seen,
                           const std::string& clerk, UtcTime now)
{
    auto restored = _database.transact([&] {
        const RuleVersion before = beforeNewestChange(scope);
        return add(scope, before.rules, seen, before.version, clerk, "undo", now);
    });
    log::info("calendar.rules-restored",
              {{"scope", scope}, {"version", std::to_string(restored.version)}});
    return restored;
}

std::vector<Appointment> RuleBook::conflicts(const std::string& scope, UtcTime now) const
{
    return preview(scope, current(scope)->rules, now).conflicts;
}

} // namespace amt::office
