// SPDX-License-Identifier: EUPL-1.2
//
// Appointments (Termine): reserve, confirm, move, cancel. Each use case is one commit with its
// journal record, and an audit record where a clerk acted.
#pragma once

#include "appliance/core/random.h"
#include "appliance/office/calendar/kept_statements.h"
#include "appliance/office/calendar/ledger.h"
#include "sync/outbox/journal.h"

#include <string>
#include <variant>
#include <vector>

namespace amt::office {

struct AppointmentWish {
    std::string id; ///< UUID v4, made when the page was: asking twice books once
    std::string scope;
    LocalDate day;
    int cell = 0; ///< of the start
    std::vector<WantedService> services;
    std::chrono::minutes duration{0}; ///< durationOf(services)
    Booker booker = Booker::Public;
};

/// Name and contact, sealed for the desk key by whoever took them. Both empty: none.
struct SealedContact {
    std::string kid, sealed;
};

/// Somebody was quicker, the lead time began, or the rules closed it.
struct NoLongerFree {
    std::vector<FreeTime> next; ///< at most five that are free now, from that day on
};
/// The reservation's time was out.
struct ReservationLapsed {};

using ReserveOutcome = std::variant<Appointment, NoLongerFree>;
using ConfirmOutcome = std::variant<Appointment, ReservationLapsed>;
using MoveOutcome = std::variant<Appointment, NoLongerFree, ReservationLapsed>;

/// What becomes of cells that are given back. Blocked: nobody takes them before the scope's block
/// is over, so that no place is handed to a friend; AtOnce is a clerk's word.
enum class GivenBack { AtOnce, Blocked };

class Appointments {
public:
    Appointments(store::Database& database, outbox::Journal& journal, const RuleBook& rules,
                 Ledger& ledger, RandomSource& random);

    /// One commit: cells and row. The same wish again gives the same appointment. Throws
    /// InputMalformed, NotFound (scope), StepOutOfOrder (the id belongs to another wish or is
    /// over).
    ReserveOutcome reserve(const AppointmentWish& wish, UtcTime now);
    /// One commit: a reservation becomes a booking, its contact is kept, BOOK. Again with
    /// the same version: the same appointment. Throws NotFound, VersionConflict, StepOutOfOrder.
    ConfirmOutcome confirm(const std::string& id, int version, const SealedContact& contact,
                           const std::string& by, UtcTime now);
    /// Until when a reservation can be held from now on: the scope's time once more, but from the
    /// first choice on never longer than three times that, for others wait for the place.
    UtcTime heldAtMost(const Appointment& reserved, UtcTime now) const;
    /// One commit: the reservation is held so long; later than that, it stays as it is. Throws as
    /// confirm().
    ConfirmOutcome holdLonger(const std::string& id, int version, UtcTime now);
    /// reserve and confirm in one commit: booking by phone.
    ReserveOutcome book(const AppointmentWish& wish, const SealedContact& contact,
                        const std::string& by, UtcTime now);
    /// One commit: new cells, then the old ones are given back; MOVE with both. Where the
    /// new time is taken, nothing changes. Leased cells: the new place may not overlap the old one.
    /// Throws NotFound, VersionConflict, StepOutOfOrder (over or cancelled), InputMalformed.
    MoveOutcome move(const std::string& id, int version, LocalDate day, int cell, Booker booker,
                     GivenBack old, const std::string& by, UtcTime now);
    /// One commit, CANCEL. Cells of a reservation are free at once. The contact goes.
    /// Throws NotFound, VersionConflict, StepOutOfOrder (over or cancelled already).
    Appointment cancel(const std::string& id, int version, GivenBack cells, const std::string& by,
                       const std::string& reason, UtcTime now);
    /// Each minute, one commit if anything had its time: reservations lapse, blocks end. Returns
    /// how many cells became free. The other use cases do it first themselves.
    int sweep(UtcTime now);

    /// Each night, one commit, then a WAL checkpoint: contacts of days before `contactsBefore` go,
    /// appointments with their cells before `allBefore`; neither is after today. Nothing goes while
    /// the clock is doubtful: a day that is still to come would lose its bookings. Returns how many
    /// contacts went.
    int purge(LocalDate contactsBefore, LocalDate allBefore, UtcTime now);

    /// Each night: ids of appointments whose cells are not exactly theirs (appointments-escrow.md
    /// 7). Empty, unless there is a defect.
    std::vector<std::string> unsound() const;

    std::optional<Appointment> find(const std::string& id) const;
    /// As typed at the kiosk; nothing for what is no code.
    std::optional<Appointment> findByCode(const std::string& typed) const;
    /// Living ones, by time and lane.
    std::vector<Appointment> ofDay(const std::string& scope, LocalDate day) const;

private:
    int lapse(UtcTime now);
    Appointment confirmed(const Appointment& before, const SealedContact& contact,
                          const std::string& by, UtcTime now);
    /// Whether its cells are the portal's as soon as it leaves them.
    bool isHandedOver(const Appointment& before) const;
    std::optional<UtcTime> blockEnd(const Appointment& before, GivenBack cells, UtcTime now) const;
    bool due(UtcTime now) const;
    void store(const Appointment& before, const Appointment& after, UtcTime now);
    NoLongerFree noLongerFree(const std::string& scope, std::chrono::minutes duration,
                              Booker booker, LocalDate day, UtcTime now) const;
    std::int64_t record(outbox::RecordKind kind, const Appointment& about, outbox::Details more,
                        UtcTime now);
    void audit(const Appointment& about, const char* act, const std::string& by,
               const std::string& reason, UtcTime now);

    store::Database& _database;
    outbox::Journal& _journal;
    const RuleBook& _rules;
    Ledger& _ledger;
    RandomSource& _random;
    mutable KeptStatements _kept;
    std::string _incarnation; ///< empty: not asked yet
};

} // namespace amt::office
