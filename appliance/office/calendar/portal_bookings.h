// SPDX-License-Identifier: EUPL-1.2
//
// Appointments that the portal has given, where it owns the calendar: kept here so that the day is
// known while the line is cut, and changed by asking the portal (booking_words.h). They stand among
// all others (appointments.h), marked as the portal's.
#pragma once

#include "appliance/office/calendar/appointments.h"
#include "appliance/office/calendar/booking_words.h"
#include "appliance/office/calendar/quota.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace amt::office {

class PortalBookings {
public:
    explicit PortalBookings(store::Database& database);

    // --- wishes
    enum class WishState { Open, Done, Refused, Withdrawn };
    struct Standing {
        WishState state = WishState::Open;
        std::string appointment;
        std::string refusal; ///< problem type, "time-taken"
    };
    /// Patient: nobody stands there, and it is said after all others.
    enum class Patience { None, Patient };
    /// Part of the caller's commit, or one of its own. Returns its number.
    std::int64_t wish(const quota::Wish& wish, UtcTime now, Patience patience = Patience::None);
    /// The newest for this appointment.
    std::optional<Standing> about(const std::string& appointment) const;
    /// Nothing: unknown, or long answered.
    std::optional<Standing> find(std::int64_t number) const;
    /// Nobody waits for it any more. What the portal may have made of it (a reservation, a booking)
    /// is cancelled there as soon as it is reached; what was answered already stays. Part of the
    /// caller's commit, or one of its own.
    void withdraw(std::int64_t number, UtcTime now);
    /// How many were ever made: when it rises, a round is due.
    std::int64_t made() const;
    /// Each night: what was answered before.
    void purge(UtcTime before);

    // --- the round: what is to be said next; nothing: all was said
    void begin(const std::string& scope, UtcTime now);
    /// Before all else: somebody waits for it.
    std::optional<QuotaMessage> nextWish();
    std::optional<QuotaMessage> next();
    /// One commit. Throws JsonMalformed, InputMalformed (nothing is taken).
    void heard(const QuotaMessage& message, const std::string& answer, UtcTime now);
    /// The portal will not hear this message, however often it is said.
    void refused(const QuotaMessage& message, const std::string& problemType);
    static bool isOurs(std::string_view path);

private:
    enum class Phase { Bookings, Contacts, Over };
    std::vector<std::string> digests() const;
    std::optional<quota::ContactsQuestion> missingContacts() const;
    void keep(const quota::PortalBooking& booking, UtcTime now);
    void keepDay(const quota::Bookings::Day& day, UtcTime now);
    void answered(WishState state, const std::string& refusal);

    store::Database& _database;
    Phase _phase = Phase::Over;
    std::string _scope;
    LocalDate _today;
    std::optional<std::int64_t> _said; ///< the wish that is under way
    bool _booked = false;              ///< all days were heard
    std::set<std::string> _asked;      ///< whose contact was asked for in this round
};

} // namespace amt::office
