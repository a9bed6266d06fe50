// SPDX-License-Identifier: EUPL-1.2
//
// Each use case is one commit: appointment, cells and journal change together or not at all.
#include "appliance/office/calendar/appointments.h"

#include "appliance/office/case/file_reference.h"

#include <algorithm>
#include <utility>

namespace amt::office {

namespace {

constexpr std::string_view codePrefix = "TE"; // Termin
constexpr std::chrono::minutes durationMax = std::chrono::hours(8);
constexpr int nextOffered = 5;
constexpr int nextDays = 30;
constexpr std::size_t sealedBytesMax = 16 * 1024;

void check(const AppointmentWish& wish)
{
    if (!isUuid(wish.id) || !wish.day.ok() || wish.cell < 0 || wish.cell >= cellsMax ||
        wish.services.empty() || wish.duration <= std::chrono::minutes(0) ||
        wish.duration > durationMax)
        throw Error(ErrorCode::InputMalformed, "a wish that cannot be meant");
}

void check(const SealedContact& contact)
{
    if (contact.kid.empty() != contact.sealed.empty() || contact.sealed.size() > sealedBytesMax)
        throw Error(ErrorCode::InputMalformed, "a contact that is not sealed");
}

bool isAsWished(const Appointment& appointment, const AppointmentWish& wish)
{
    return appointment.scope == wish.scope && appointment.place.day == wish.day &&
           appointment.place.first == wish.cell && appointment.duration == wish.duration &&
           appointment.services == wish.services && appointment.booker == wish.booker;
}

std::string_view name(Booker booker)
{
    switch (booker) {
    case Booker::Public:
        return "Public";
    case Booker::Staff:
        return "Staff";
    }
    AMT_ASSERT(false && "a booker without a name");
}

/// The state after `event`, for a change that a person asked for.
AppointmentState nextState(const Appointment& appointment, AppointmentEvent event, UtcTime now)
{
    if (appointment.start + appointment.place.count * cellLength <= now)
        throw Error(ErrorCode::StepOutOfOrder, "the appointment is over");
    const auto next = appointmentTable.next(appointment.state, event);
    if (!next)
        throw Error(ErrorCode::StepOutOfOrder,
                    "the appointment is " + std::string(name(appointment.state)));
    return *next;
}

} // namespace

Appointments::Appointments(store::Database& database, outbox::Journal& journal,
                           const RuleBook& rules, Ledger& ledger, RandomSource& random)
    : _database(database), _journal(journal), _rules(rules), _ledger(ledger), _random(random)
{}

Appointment Appointments::required(const std::string& id, int version) const
{
    auto found = find(id);
    if (!found)
        throw Error(ErrorCode::NotFound, "no such appointment");
    if (found->version != version)
        throw Error(ErrorCode::VersionConflict, "the appointment was changed meanwhile");
    return std::move(*found);
}

bool Appointments::due(UtcTime now) const
{
    auto cells = _database.prepare("SELECT 1 FROM cell WHERE until <= ? LIMIT 1");
    auto rows = _database.prepare("SELECT 1 FROM appointment WHERE reserved_until <= ? LIMIT 1");
    return cells.bind(now).step() || rows.bind(now).step();
}

int Appointments::lapse(UtcTime now)
{
    static_assert(appointmentTable.next(AppointmentState::Reserved, AppointmentEvent::TimeOut) ==
                  AppointmentState::Lapsed);
    const int cells = _ledger.sweep(now);
    _database
        .prepare("UPDATE appointment SET state = 'Lapsed', reserved_until = NULL, kid = '',"
                 " sealed = '', version = version + 1, changed_at = ? WHERE reserved_until <= ?")
        .bind(now, now)
        .run();
    return cells;
}

bool Appointments::hasLapsed(const std::string& id, int version) const
{
    // Lapsing has raised the version that the asker may have seen.
    const auto known = find(id);
    return known && known->state == AppointmentState::Lapsed &&
           (known->version == version || known->version == version + 1);
}

std::optional<UtcTime> Appointments::blockEnd(const Appointment& before, GivenBack cells,
                                              UtcTime now) const
{
    const auto block = _rules.current(before.scope)->rules.blockAfterCancel;
    if (cells == GivenBack::AtOnce || before.state != AppointmentState::Confirmed ||
        block == std::chrono::minutes(0))
        return std::nullopt;
    return now + block;
}

void Appointments::store(const Appointment& before, const Appointment& after, UtcTime now)
{
    _database
        .prepare("UPDATE appointment SET day = ?, lane = ?, first_cell = ?, starts_at = ?,"
                 " booker = ?, state = ?, reserved_until = ?, version = ?, kid = ?, sealed = ?,"
                 " changed_at = ? WHERE id = ? AND version = ? AND state = ?")
        .bind(toIso(after.place.day), after.place.lane, after.place.first, after.start,
              name(after.booker), name(after.state), after.reservedUntil, after.version, after.kid,
              after.sealed, now, before.id, before.version, name(before.state))
        .run();
    AMT_ASSERT(_database.changes() == 1); // read in this very transaction
}

NoLongerFree Appointments::noLongerFree(const std::string& scope, std::chrono::minutes duration,
                                        Booker booker, LocalDate day, UtcTime now) const
{
    return {_ledger.freeTimes({.scope = scope,
                               .duration = duration,
                               .booker = booker,
                               .from = std::max(day, localDate(now)),
                               .days = nextDays,
                               .limit = nextOffered},
                              now)};
}

void Appointments::record(const Appointment& about, const std::string& act, outbox::Details more,
                          const std::string& by, UtcTime now)
{
    more.insert({{"clerk", by},
                 {"act", act + "-appointment"},
                 {"scope", about.scope},
                 {"day", toIso(about.place.day)},
                 {"lane", std::to_string(about.place.lane)},
                 {"cell", std::to_string(about.place.first)},
                 {"cells", std::to_string(about.place.count)}});
    _journal.append(outbox::RecordKind::Audit, about.id, more, now);
}

ReserveOutcome Appointments::reserve(const AppointmentWish& wish, UtcTime now)
{
    check(wish);
    const auto rules = _rules.current(wish.scope);
    return _ledger.transact([&]() -> ReserveOutcome {
        lapse(now);
        if (auto known = find(wish.id)) {
            const bool lives = known->state == AppointmentState::Reserved ||
                               known->state == AppointmentState::Confirmed;
            if (!lives || !isAsWished(*known, wish))
                throw Error(ErrorCode::StepOutOfOrder, "the id of another wish");
            return std::move(*known);
        }
        const int count = cellsOf(wish.duration);
        if (!_ledger.isFree(wish.scope, wish.day, wish.cell, count, wish.booker, now))
            return noLongerFree(wish.scope, wish.duration, wish.booker, wish.day, now);
        std::string code;
        auto taken = _database.prepare("SELECT 1 FROM appointment WHERE code = ?");
        do {
            code = makeFileReference(std::string(codePrefix), wish.day, _random);
        } while (taken.bind(code).step());
        const UtcTime until = now + rules->rules.reservation;
        const UtcTime start = DayCells(wish.day).startOf(wish.cell);
        // The row first, its lane by then unknown: cells name their booking.
        _database
            .prepare("INSERT INTO appointment (id, code, scope, day, lane, first_cell, cells,"
                     " starts_at, minutes, services, booker, state, reserved_until, version,"
                     " made_at, changed_at) VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, 'Reserved', ?,"
                     " 1, ?, ?)")
            .bind(wish.id, code, wish.scope, toIso(wish.day), wish.cell, count, start,
                  static_cast<std::int64_t>(wish.duration.count()), servicesJson(wish.services),
                  name(wish.booker), until, now, now)
            .run();
        const auto place =
            _ledger.take(wish.scope, wish.day, wish.cell, count, wish.booker, wish.id, until);
        if (!place) {
            _database.prepare("DELETE FROM appointment WHERE id = ?").bind(wish.id).run();
            return noLongerFree(wish.scope, wish.duration, wish.booker, wish.day, now);
        }
        _database.prepare("UPDATE appointment SET lane = ? WHERE id = ?")
            .bind(place->lane, wish.id)
            .run();
        return *find(wish.id);
    });
}

ConfirmOutcome Appointments::confirm(const std::string& id, int version,
                                     const SealedContact& contact, const std::string& by,
                                     UtcTime now)
{
    check(contact);
    return _ledger.transact([&]() -> ConfirmOutcome {
        lapse(now);
        if (hasLapsed(id, version))
            return ReservationLapsed{};
        if (auto known = find(id);
            known && known->version == version + 1 && known->state == AppointmentState::Confirmed)
            return std::move(*known); // pressed twice
        const Appointment before = required(id, version);
        Appointment after = before;
        after.state = nextState(before, AppointmentEvent::Confirm, now);
        after.reservedUntil.reset();
        after.kid = contact.kid;
        after.sealed = contact.sealed;
        ++after.version;
        store(before, after, now);
        _ledger.keep(after.scope, after.place, id);
        record(after, "book", {}, by, now);
        return after;
    });
}

ReserveOutcome Appointments::book(const AppointmentWish& wish, const SealedContact& contact,
                                  const std::string& by, UtcTime now)
{
    check(contact);
    return _ledger.transact([&]() -> ReserveOutcome {
        auto reserved = reserve(wish, now);
        if (auto* appointment = std::get_if<Appointment>(&reserved);
            appointment && appointment->state == AppointmentState::Reserved)
            return std::get<Appointment>(
                confirm(appointment->id, appointment->version, contact, by, now));
        return reserved;
    });
}

MoveOutcome Appointments::move(const std::string& id, int version, LocalDate day, int cell,
                               Booker booker, GivenBack old, const std::string& by, UtcTime now)
{
    if (!day.ok() || cell < 0 || cell >= cellsMax)
        throw Error(ErrorCode::InputMalformed, "a place that cannot be meant");
    return _ledger.transact([&]() -> MoveOutcome {
        lapse(now);
        if (hasLapsed(id, version))
            return ReservationLapsed{};
        const Appointment before = required(id, version);
        Appointment after = before;
        after.state = nextState(before, AppointmentEvent::Move, now);
        const Place& left = before.place;
        if (!_ledger.isFree(before.scope, day, cell, left.count, booker, now, &left))
            return noLongerFree(before.scope, before.duration, booker, day, now);
        // The old cells first: the new ones may overlap them.
        _ledger.giveBack(before.scope, left, id, std::nullopt);
        const auto place =
            _ledger.take(before.scope, day, cell, left.count, booker, id, before.reservedUntil);
        if (!place)
            throw Error(ErrorCode::StoreFailed, "a free place that cannot be taken");
        after.place = *place;
        after.start = DayCells(day).startOf(cell);
        ++after.version;
        store(before, after, now);
        if (const auto until = blockEnd(before, old, now))
            _ledger.block(before.scope, left, *until);
        if (after.state == AppointmentState::Confirmed)
            record(after, "move",
                   {{"fromDay", toIso(left.day)},
                    {"fromLane", std::to_string(left.lane)},
                    {"fromCell", std::to_string(left.first)}},
                   by, now);
        return after;
    });
}

Appointment Appointments::cancel(const std::string& id, int version, GivenBack cells,
                                 const std::string& by, const std::string& reason, UtcTime now)
{
    return _ledger.transact([&] {
        lapse(now);
        const Appointment before = required(id, version);
        Appointment after = before;
        after.state = nextState(before, AppointmentEvent::Cancel, now);
        after.reservedUntil.reset();
        after.kid.clear();
        after.sealed.clear();
        ++after.version;
        store(before, after, now);
        _ledger.giveBack(before.scope, before.place, id, blockEnd(before, cells, now));
        if (before.state == AppointmentState::Confirmed)
            record(after, "cancel", {{"reason", reason}}, by, now);
        return after;
    });
}

int Appointments::sweep(UtcTime now)
{
    if (!due(now))
        return 0;
    return _ledger.transact([&] { return lapse(now); });
}

int Appointments::purge(LocalDate contactsBefore, LocalDate allBefore, UtcTime now)
{
    AMT_ASSERT(!_database.inTransaction());
    AMT_ASSERT(allBefore <= contactsBefore && contactsBefore <= localDate(now));
    if (_journal.timeQuality() == outbox::TimeQuality::Doubtful)
        return 0;
    const int contacts = _ledger.transact([&] {
        lapse(now);
        _database
            .prepare("UPDATE appointment SET kid = '', sealed = '' WHERE day < ? AND sealed <> ''")
            .bind(toIso(contactsBefore))
            .run();
        const int gone = _database.changes();
        _ledger.forget(allBefore);
        _database.prepare("DELETE FROM appointment WHERE day < ?").bind(toIso(allBefore)).run();
        if (gone > 0)
            _journal.append(outbox::RecordKind::Purged, "appointments",
                            {{"what", "contacts"},
                             {"before", toIso(contactsBefore)},
                             {"count", std::to_string(gone)}},
                            now);
        return gone;
    });
    _database.checkpoint();
    return contacts;
}

std::optional<Appointment> Appointments::find(const std::string& id) const
{
    auto found = readAppointments(_database, "WHERE id = ?", id);
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::optional<Appointment> Appointments::findByCode(const std::string& typed) const
{
    const std::string code = readFileReference(typed);
    if (code.empty())
        return std::nullopt;
    auto found = readAppointments(_database, "WHERE code = ?", code);
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<Appointment> Appointments::ofDay(const std::string& scope, LocalDate day) const
{
    return readAppointments(_database,
                            "WHERE scope = ? AND day = ? AND state IN ('Reserved', 'Confirmed')"
                            " ORDER BY first_cell, lane",
                            scope, toIso(day));
}

} // namespace amt::office
