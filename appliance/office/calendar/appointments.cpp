// SPDX-License-Identifier: EUPL-1.2
//
// Each use case is one commit: appointment, cells and journal change together or not at all.
#include "appliance/office/calendar/appointments.h"

#include "appliance/core/file_reference.h"
#include "sync/outbox/incarnation.h"

#include <algorithm>
#include <utility>

namespace amt::office {

namespace {

constexpr std::string_view codePrefix = "TE"; // Termin
constexpr std::chrono::minutes durationMax = std::chrono::hours(8);
constexpr int holdsMax = 3; ///< of the scope's time for a reservation
constexpr int nextOffered = 5;
constexpr int nextDays = 30;
constexpr std::size_t sealedBytesMax = 16 * 1024;

constexpr std::string_view lapseReservations =
    "UPDATE appointment SET state = 'Lapsed', reserved_until = NULL, kid = '', sealed = '', version"
    " = version + 1, changed_at = ? WHERE reserved_until <= ?";
constexpr std::string_view storeChange =
    "UPDATE appointment SET day = ?, lane = ?, first_cell = ?, starts_at = ?, booker = ?, state = "
    "?,"
    " reserved_until = ?, version = ?, kid = ?, sealed = ?, booking_id = ?, changed_at = ? WHERE id"
    " = ? AND version = ? AND state = ?";
constexpr std::string_view insertReserved =
    "INSERT INTO appointment (id, code, scope, day, lane, first_cell, cells, starts_at, minutes,"
    " services, booker, state, reserved_until, version, made_at, changed_at) VALUES (?, ?, ?, ?, ?,"
    " ?, ?, ?, ?, ?, ?, 'Reserved', ?, 1, ?, ?)";
constexpr std::string_view sameCode = "SELECT 1 FROM appointment WHERE code = ?";
const std::string findById =
    "SELECT " + std::string(appointmentColumns) + " FROM appointment WHERE id = ?";

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

/// What somebody saw in `version` is a reservation whose time is out; lapsing raised the version.
bool hasLapsed(const std::optional<Appointment>& known, int version)
{
    return known && known->state == AppointmentState::Lapsed &&
           (known->version == version || known->version == version + 1);
}

const Appointment& required(const std::optional<Appointment>& known, int version)
{
    if (!known)
        throw Error(ErrorCode::NotFound, "no such appointment");
    if (known->atPortal)
        throw Error(ErrorCode::StepOutOfOrder, "the portal alone changes it (portal_bookings.h)");
    if (known->version != version)
        throw Error(ErrorCode::VersionConflict, "the appointment was changed meanwhile");
    return *known;
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
    : _database(database), _journal(journal), _rules(rules), _ledger(ledger), _random(random),
      _kept(database)
{}

bool Appointments::due(UtcTime now) const
{
    auto cells = _database.prepare("SELECT 1 FROM cell WHERE until <= ? LIMIT 1");
    auto rows = _database.prepare("SELECT 1 FROM appointment WHERE reserved_until <= ? LIMIT 1");
    auto leases = _database.prepare("SELECT 1 FROM lease WHERE expired = 0 AND sell_until <= ?");
    return cells.bind(now).step() || rows.bind(now).step() || leases.bind(now).step();
}

int Appointments::lapse(UtcTime now)
{
    static_assert(appointmentTable.next(AppointmentState::Reserved, AppointmentEvent::TimeOut) ==
                  AppointmentState::Lapsed);
    const int cells = _ledger.sweep(now);
    _kept[lapseReservations].bind(now, now).run();
    return cells;
}

bool Appointments::isHandedOver(const Appointment& before) const
{
    return _ledger.selling() == Selling::Owned && before.state == AppointmentState::Confirmed;
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
    _kept[storeChange]
        .bind(toIso(after.place.day), after.place.lane, after.place.first, after.start,
              name(after.booker), name(after.state), after.reservedUntil, after.version, after.kid,
              after.sealed, after.bookingId, now, before.id, before.version, name(before.state))
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

std::int64_t Appointments::record(outbox::RecordKind kind, const Appointment& about,
                                  outbox::Details more, UtcTime now)
{
    more.insert({{"scope", about.scope},
                 {"day", toIso(about.place.day)},
                 {"lane", std::to_string(about.place.lane)},
                 {"cell", std::to_string(about.place.first)},
                 {"cells", std::to_string(about.place.count)}});
    if (const std::string leases = _ledger.leasesOf(about.scope, about.place); !leases.empty())
        more.emplace("leases", leases);
    return _journal.append(kind, about.id, more, now);
}

void Appointments::audit(const Appointment& about, const char* act, const std::string& by,
                         const std::string& reason, UtcTime now)
{
    if (!by.empty())
        _journal.append(outbox::RecordKind::Audit, about.id,
                        {{"clerk", by}, {"act", act}, {"reason", reason}}, now);
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
        const auto lane = _ledger.propose(wish.scope, wish.day, wish.cell, count, wish.booker, now);
        if (!lane)
            return noLongerFree(wish.scope, wish.duration, wish.booker, wish.day, now);
        Appointment made{
            .id = wish.id,
            .bookingId = {},
            .code = {},
            .scope = wish.scope,
            .place = {.day = wish.day, .lane = *lane, .first = wish.cell, .count = count},
            .start = DayCells(wish.day).startOf(wish.cell),
            .duration = wish.duration,
            .services = wish.services,
            .booker = wish.booker,
            .state = AppointmentState::Reserved,
            .reservedUntil = now + rules->rules.reservation,
            .version = 1,
            .kid = {},
            .sealed = {},
            .atPortal = false,
            .displaced = false,
            .madeAt = now};
        store::Statement& taken = _kept[sameCode]; // run until there is none
        do {
            made.code = makeFileReference(std::string(codePrefix), wish.day, _random);
        } while (taken.bind(made.code).step());
        // The row before its cells: they name it.
        _kept[insertReserved]
            .bind(made.id, made.code, made.scope, toIso(wish.day), *lane, wish.cell, count,
                  made.start, static_cast<std::int64_t>(wish.duration.count()),
                  servicesJson(wish.services), name(wish.booker), made.reservedUntil, now, now)
            .run();
        const auto place = _ledger.take(wish.scope, wish.day, wish.cell, count, wish.booker,
                                        wish.id, made.reservedUntil);
        if (!place) {
            _database.prepare("DELETE FROM appointment WHERE id = ?").bind(wish.id).run();
            return noLongerFree(wish.scope, wish.duration, wish.booker, wish.day, now);
        }
        if (place->lane != *lane) // the table knew more than the bits
            _database.prepare("UPDATE appointment SET lane = ? WHERE id = ?")
                .bind(place->lane, wish.id)
                .run();
        made.place = *place;
        return made;
    });
}

Appointment Appointments::confirmed(const Appointment& before, const SealedContact& contact,
                                    const std::string& by, UtcTime now)
{
    Appointment after = before;
    after.state = nextState(before, AppointmentEvent::Confirm, now);
    after.reservedUntil.reset();
    after.kid = contact.kid;
    after.sealed = contact.sealed;
    ++after.version;
    const auto number = record(outbox::RecordKind::Book, after, {}, now);
    if (_incarnation.empty()) // the same as long as the process lives
        _incarnation = outbox::incarnationOf(_database);
    after.bookingId = _incarnation + ":" + std::to_string(number);
    store(before, after, now);
    _ledger.keep(after.scope, after.place, after.id);
    audit(after, "book-appointment", by, "", now);
    return after;
}

ConfirmOutcome Appointments::confirm(const std::string& id, int version,
                                     const SealedContact& contact, const std::string& by,
                                     UtcTime now)
{
    check(contact);
    return _ledger.transact([&]() -> ConfirmOutcome {
        lapse(now);
        auto known = find(id);
        if (hasLapsed(known, version))
            return ReservationLapsed{};
        if (known && known->version == version + 1 && known->state == AppointmentState::Confirmed)
            return std::move(*known); // pressed twice
        return confirmed(required(known, version), contact, by, now);
    });
}

UtcTime Appointments::heldAtMost(const Appointment& reserved, UtcTime now) const
{
    const auto once = _rules.current(reserved.scope)->rules.reservation;
    return std::min(now + once, reserved.madeAt + holdsMax * once);
}

ConfirmOutcome Appointments::holdLonger(const std::string& id, int version, UtcTime now)
{
    return _ledger.transact([&]() -> ConfirmOutcome {
        lapse(now);
        const auto known = find(id);
        if (hasLapsed(known, version))
            return ReservationLapsed{};
        const Appointment& before = required(known, version);
        if (before.state != AppointmentState::Reserved)
            throw Error(ErrorCode::StepOutOfOrder, "it is not a reservation");
        Appointment after = before;
        after.reservedUntil = heldAtMost(before, now);
        if (after.reservedUntil <= before.reservedUntil)
            return before;
        ++after.version;
        store(before, after, now);
        _ledger.keep(after.scope, after.place, id, after.reservedUntil);
        return after;
    });
}

ReserveOutcome Appointments::book(const AppointmentWish& wish, const SealedContact& contact,
                                  const std::string& by, UtcTime now)
{
    check(contact);
    return _ledger.transact([&]() -> ReserveOutcome {
        auto reserved = reserve(wish, now);
        if (const auto* made = std::get_if<Appointment>(&reserved);
            made && made->state == AppointmentState::Reserved)
            return confirmed(*made, contact, by, now);
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
        const auto known = find(id);
        if (hasLapsed(known, version))
            return ReservationLapsed{};
        const Appointment& before = required(known, version);
        Appointment after = before;
        after.state = nextState(before, AppointmentEvent::Move, now);
        const Place& left = before.place;
        // A booking's leased cells are the portal's as soon as it gives them up, and may be
        // another's already when it was cancelled there: the new place lies in what is owned
        // besides.
        const bool apart = isHandedOver(before);
        if (!_ledger.propose(before.scope, day, cell, left.count, booker, now,
                             apart ? nullptr : &left))
            return noLongerFree(before.scope, before.duration, booker, day, now);
        // The old cells first: the new ones may overlap them.
        if (!apart)
            _ledger.giveBack(before.scope, left, id, std::nullopt);
        const auto place =
            _ledger.take(before.scope, day, cell, left.count, booker, id, before.reservedUntil);
        if (!place)
            throw Error(ErrorCode::StoreFailed, "a free place that cannot be taken");
        if (apart)
            _ledger.handOver(before.scope, left, id);
        after.place = *place;
        after.start = DayCells(day).startOf(cell);
        ++after.version;
        store(before, after, now);
        if (const auto until = blockEnd(before, old, now))
            _ledger.block(before.scope, left, *until);
        if (after.state == AppointmentState::Confirmed) {
            record(outbox::RecordKind::Move, after,
                   {{"booking", after.bookingId},
                    {"fromDay", toIso(left.day)},
                    {"fromLane", std::to_string(left.lane)},
                    {"fromCell", std::to_string(left.first)}},
                   now);
            audit(after, "move-appointment", by, "", now);
        }
        return after;
    });
}

Appointment Appointments::cancel(const std::string& id, int version, GivenBack cells,
                                 const std::string& by, const std::string& reason, UtcTime now)
{
    return _ledger.transact([&] {
        lapse(now);
        const auto known = find(id);
        const Appointment& before = required(known, version);
        Appointment after = before;
        after.state = nextState(before, AppointmentEvent::Cancel, now);
        after.reservedUntil.reset();
        after.kid.clear();
        after.sealed.clear();
        ++after.version;
        store(before, after, now);
        if (before.state == AppointmentState::Confirmed) {
            record(outbox::RecordKind::Cancel, after, {{"booking", after.bookingId}}, now);
            audit(after, "cancel-appointment", by, reason, now);
        }
        if (isHandedOver(before))
            _ledger.handOver(before.scope, before.place, id);
        else
            _ledger.giveBack(before.scope, before.place, id, blockEnd(before, cells, now));
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

std::vector<std::string> Appointments::unsound() const
{
    auto rows = _database.prepare(
        // Living appointments that do not hold exactly their cells ...
        "SELECT id FROM appointment WHERE state IN ('Reserved', 'Confirmed') AND NOT at_portal AND"
        " cells <> (SELECT"
        " count(*) FROM cell WHERE cell.scope = appointment.scope AND cell.day = appointment.day"
        " AND cell.lane = appointment.lane AND cell.idx BETWEEN first_cell AND first_cell + cells"
        " - 1 AND cell.booking = appointment.id AND cell.until IS appointment.reserved_until)"
        // (but for those of an earlier life, whose leases went with it) ...
        " AND NOT EXISTS (SELECT 1 FROM quota_state WHERE booking_id <> '' AND booking_id NOT LIKE"
        " incarnation || ':%')"
        // ... and bookings of cells that are not theirs.
        " UNION SELECT booking FROM cell JOIN appointment ON appointment.id = cell.booking WHERE"
        " appointment.state NOT IN ('Reserved', 'Confirmed') OR cell.scope <> appointment.scope OR"
        " cell.day <> appointment.day OR cell.lane <> appointment.lane OR cell.idx NOT BETWEEN"
        " first_cell AND first_cell + cells - 1 ORDER BY 1");
    std::vector<std::string> found;
    while (rows.step())
        found.push_back(rows.text(0));
    return found;
}

std::optional<Appointment> Appointments::find(const std::string& id) const
{
    store::Statement& rows = _kept[findById];
    rows.bind(id);
    std::optional<Appointment> found;
    while (rows.step())
        found = readAppointment(rows);
    return found;
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
