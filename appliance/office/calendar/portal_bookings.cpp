// SPDX-License-Identifier: EUPL-1.2
//
// The portal decides; what it says is kept whole, or not at all.
#include "appliance/office/calendar/portal_bookings.h"

#include "sync/outbox/sealing.h"

#include <algorithm>
#include <map>

namespace amt::office {
namespace {

using quota::PortalBooking;
using quota::PortalState;

constexpr int daysKnown = 92; ///< that people may be told about here; at most bookedDaysMax
static_assert(daysKnown <= quota::bookedDaysMax);

AppointmentState stateOf(PortalState state)
{
    switch (state) {
    case PortalState::Reserved:
        return AppointmentState::Reserved;
    case PortalState::Confirmed:
    case PortalState::Displaced:
        return AppointmentState::Confirmed;
    case PortalState::Cancelled:
        return AppointmentState::Cancelled;
    case PortalState::Lapsed:
        return AppointmentState::Lapsed;
    }
    AMT_ASSERT(false && "a state that no appointment has");
}

std::string digest(std::string_view text)
{
    return toHex(outbox::sha256(view(text)));
}

PortalBookings::WishState wishState(const std::string& text)
{
    using enum PortalBookings::WishState;
    if (text == "Open")
        return Open;
    if (text == "Done")
        return Done;
    return text == "Refused" ? Refused : Withdrawn;
}

/// When it begins; a day of the clocks' change may not have its cells.
UtcTime startOf(const PortalBooking& booking)
{
    const DayCells cells(booking.run.day);
    if (booking.run.first + booking.run.count > cells.count())
        throw Error(ErrorCode::InputMalformed, "cells that this day does not have");
    return cells.startOf(booking.run.first);
}

} // namespace

PortalBookings::PortalBookings(store::Database& database) : _database(database) {}

bool PortalBookings::isOurs(std::string_view path)
{
    return path == quota::wishPath || path == quota::bookingsPath || path == quota::contactsPath;
}

// --- wishes

std::int64_t PortalBookings::wish(const quota::Wish& wish, UtcTime now, Patience patience)
{
    return _database.transact([&] {
        _database
            .prepare("INSERT INTO portal_wish (appointment, body, state, made_at, waits) VALUES (?,"
                     " ?, 'Open', ?, ?)")
            .bind(wish.id, quota::write(wish), now, patience == Patience::Patient ? 1 : 0)
            .run();
        return made();
    });
}

std::optional<PortalBookings::Standing> PortalBookings::about(const std::string& appointment) const
{
    auto row = _database.prepare("SELECT state, appointment, refusal FROM portal_wish WHERE"
                                 " appointment = ? ORDER BY seq DESC LIMIT 1");
    if (!row.bind(appointment).step())
        return std::nullopt;
    return Standing{wishState(row.text(0)), row.text(1), row.text(2)};
}

std::optional<PortalBookings::Standing> PortalBookings::find(std::int64_t number) const
{
    auto row = _database.prepare("SELECT state, appointment, refusal FROM portal_wish WHERE seq ="
                                 " ?");
    if (!row.bind(number).step())
        return std::nullopt;
    return Standing{wishState(row.text(0)), row.text(1), row.text(2)};
}

void PortalBookings::withdraw(std::int64_t number, UtcTime now)
{
    _database.transact([&] {
        auto open = _database.prepare("SELECT body FROM portal_wish WHERE seq = ? AND state ="
                                      " 'Open'");
        if (!open.bind(number).step())
            return;
        const auto withdrawn = quota::readWish(open.text(0));
        _database.prepare("UPDATE portal_wish SET state = 'Withdrawn', body = '' WHERE seq = ?")
            .bind(number)
            .run();
        // It may have been heard there, and the answer was lost. What stood before stays.
        if (withdrawn.act == quota::WishAct::Move || withdrawn.act == quota::WishAct::Cancel)
            return;
        wish({.act = quota::WishAct::Cancel,
              .id = withdrawn.id,
              .start = std::nullopt,
              .version = 0,
              .atOnce = true},
             now);
    });
}

std::int64_t PortalBookings::made() const
{
    auto row = _database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'portal_wish'");
    return row.step() ? row.integer(0) : 0;
}

void PortalBookings::purge(UtcTime before)
{
    _database.transact([&] {
        _database.prepare("DELETE FROM portal_wish WHERE state <> 'Open' AND made_at < ?")
            .bind(before)
            .run();
    });
}

void PortalBookings::answered(WishState state, const std::string& refusal)
{
    // One that was withdrawn meanwhile stays so; its cancellation comes after it.
    _database
        .prepare("UPDATE portal_wish SET state = ?, refusal = ?, body = '' WHERE seq = ? AND state"
                 " = 'Open'")
        .bind(state == WishState::Done ? "Done" : "Refused", refusal, _said.value_or(0))
        .run();
}

// --- the round

void PortalBookings::begin(const std::string& scope, UtcTime now)
{
    _scope = scope;
    _today = localDate(now);
    _phase = Phase::Bookings;
    _said.reset();
    _booked = false;
    _asked.clear();
}

std::optional<QuotaMessage> PortalBookings::nextWish()
{
    auto open = _database.prepare("SELECT seq, body FROM portal_wish WHERE state = 'Open' ORDER BY"
                                  " waits, seq LIMIT 1");
    if (!open.step())
        return std::nullopt;
    _said = open.integer(0);
    return QuotaMessage{quota::wishPath, open.text(1)};
}

std::optional<QuotaMessage> PortalBookings::next()
{
    for (;;) {
        switch (_phase) {
        case Phase::Bookings: {
            if (_booked || _scope.empty()) {
                _phase = Phase::Contacts;
                break;
            }
            return QuotaMessage{quota::bookingsPath,
                                quota::write(quota::BookingsQuestion{
                                    .scope = _scope, .from = _today, .digests = digests()})};
        }
        case Phase::Contacts: {
            if (const auto missing = missingContacts())
                return QuotaMessage{quota::contactsPath, quota::write(*missing)};
            _phase = Phase::Over;
            break;
        }
        case Phase::Over:
            return std::nullopt;
        }
    }
}

/// As the portal computes them (quota::summaryOf), of today and the days after it.
std::vector<std::string> PortalBookings::digests() const
{
    std::map<std::string, std::vector<PortalBooking>> known; // by day
    auto rows = _database.prepare(
        "SELECT day, id, version, displaced, sealed <> '' FROM appointment WHERE at_portal = 1 AND"
        " scope = ? AND day >= ? AND state = 'Confirmed'");
    rows.bind(_scope, toIso(_today));
    while (rows.step()) {
        PortalBooking booking;
        booking.id = rows.text(1);
        booking.version = rows.integer(2);
        booking.state = rows.integer(3) != 0 ? PortalState::Displaced : PortalState::Confirmed;
        booking.hasContact = rows.integer(4) != 0;
        known[rows.text(0)].push_back(std::move(booking));
    }
    std::vector<std::string> digests;
    for (int ahead = 0; ahead < daysKnown; ++ahead)
        digests.push_back(digest(quota::summaryOf(known[toIso(plusDays(_today, ahead))])));
    return digests;
}

std::optional<quota::ContactsQuestion> PortalBookings::missingContacts() const
{
    quota::ContactsQuestion question;
    auto rows = _database.prepare("SELECT id FROM appointment WHERE at_portal = 1 AND scope = ? AND"
                                  " day >= ? AND state = 'Confirmed' AND sealed = '' ORDER BY day,"
                                  " first_cell");
    rows.bind(_scope, toIso(_today));
    while (rows.step() && question.ids.size() < quota::contactsMax) {
        if (!_asked.contains(rows.text(0)))
            question.ids.push_back(rows.text(0));
    }
    return question.ids.empty() ? std::nullopt : std::optional(std::move(question));
}

void PortalBookings::heard(const QuotaMessage& message, const std::string& text, UtcTime now)
{
    if (message.path == quota::wishPath) {
        const auto answer = quota::readWishAnswer(text);
        _database.transact([&] {
            if (answer.booking)
                keep(*answer.booking, now);
            answered(answer.refusal.empty() ? WishState::Done : WishState::Refused, answer.refusal);
        });
    } else if (message.path == quota::bookingsPath) {
        const auto bookings = quota::readBookings(text);
        if (bookings.scope != _scope)
            throw Error(ErrorCode::InputMalformed, "appointments of another scope");
        _database.transact([&] {
            for (const auto& day : bookings.days) // first what stands: one may have moved between
                for (const auto& booking : day.bookings)
                    keep(booking, now);
            for (const auto& day : bookings.days)
                keepDay(day, now);
        });
        _booked = !bookings.more;
    } else {
        const auto asked = quota::readContactsQuestion(message.body);
        const auto contacts = quota::readContacts(text);
        _database.transact([&] {
            for (const auto& each : contacts.contacts) {
                if (std::ranges::find(asked.ids, each.id) == asked.ids.end())
                    throw Error(ErrorCode::InputMalformed, "a contact that nobody asked for");
                _database
                    .prepare("UPDATE appointment SET kid = ?, sealed = ?, changed_at = ? WHERE id ="
                             " ? AND at_portal = 1 AND state = 'Confirmed'")
                    .bind(each.kid, each.sealed, now, each.id)
                    .run();
            }
        });
        _asked.insert(asked.ids.begin(), asked.ids.end());
    }
}

void PortalBookings::refused(const QuotaMessage& message, const std::string& problemType)
{
    if (message.path == quota::wishPath)
        _database.transact([&] { answered(WishState::Refused, problemType); });
    else
        _phase = Phase::Over; // a portal that does not speak of appointments, or not yet
}

void PortalBookings::keep(const PortalBooking& booking, UtcTime now)
{
    auto known = _database.prepare("SELECT at_portal FROM appointment WHERE id = ?");
    if (known.bind(booking.id).step() && known.integer(0) == 0)
        throw Error(ErrorCode::InputMalformed, "an appointment that this node has given");
    // One that was made before there were codes is found by its id only.
    auto other = _database.prepare("SELECT 1 FROM appointment WHERE code = ? AND id <> ?");
    const bool hasCode = !booking.code.empty() && !other.bind(booking.code, booking.id).step();
    _database
        .prepare(
            "INSERT INTO appointment (id, code, scope, day, lane, first_cell, cells, starts_at,"
            " minutes, services, booker, state, reserved_until, version, made_at, changed_at,"
            " at_portal, displaced) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'Public', ?11,"
            " ?12, ?13, ?14, ?14, 1, ?15) ON CONFLICT (id) DO UPDATE SET day = ?4, lane = ?5,"
            " first_cell = ?6, cells = ?7, starts_at = ?8, minutes = ?9, services = ?10, state ="
            " ?11, reserved_until = ?12, version = ?13, changed_at = ?14, displaced = ?15")
        .bind(booking.id, hasCode ? booking.code : booking.id, booking.run.scope,
              toIso(booking.run.day), booking.run.lane, booking.run.first, booking.run.count,
              startOf(booking), booking.minutes, booking.services, name(stateOf(booking.state)),
              booking.reservedUntil, booking.version, now,
              booking.state == PortalState::Displaced ? 1 : 0)
        .run();
    if (!booking.hasContact)
        _database.prepare("UPDATE appointment SET kid = '', sealed = '' WHERE id = ?")
            .bind(booking.id)
            .run();
}

/// Whatever is not on the day any more, and not on another, was cancelled there.
void PortalBookings::keepDay(const quota::Bookings::Day& day, UtcTime now)
{
    for (const auto& each : readAppointments(
             _database, "WHERE at_portal = 1 AND scope = ? AND day = ? AND state = 'Confirmed'",
             _scope, toIso(day.day))) {
        if (std::ranges::find(day.bookings, each.id, &PortalBooking::id) != day.bookings.end())
            continue;
        _database
            .prepare("UPDATE appointment SET state = 'Cancelled', kid = '', sealed = '',"
                     " changed_at = ? WHERE id = ?")
            .bind(now, each.id)
            .run();
    }
}

} // namespace amt::office
