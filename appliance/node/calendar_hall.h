// SPDX-License-Identifier: EUPL-1.2
//
// Appointments at this node: the calendar's rooms together, what may be booked, the way from an
// appointment to a waiting number.
#pragma once

#include "appliance/office/calendar/appointments.h"
#include "appliance/office/calendar/booking_plan.h"
#include "appliance/office/calendar/booking_words.h"
#include "appliance/office/form/answers.h"
#include "appliance/office/queue/queue.h"
#include "sync/outbox/sealing.h"

#include <optional>
#include <string>
#include <vector>

namespace amt::node {

class House;

/// Who comes: sealed for the desk key, and in memory only while somebody types or looks. Personal:
/// never logged.
struct Contact {
    std::string familyName, givenNames;
    std::string phone; ///< by phone booking only; may be empty
    /// ISO; empty unless whoever books wants to check in by card.
    std::string dateOfBirth = {};
};
/// From what contactForm() asks.
Contact contactOf(const office::Answers& answers);

/// What is asked of who comes: a name (ui.md K8), and the date of birth of whoever wants to check
/// in by card. For takePage and pages.
const office::Service& contactForm();

class CalendarHall {
public:
    /// Who has saved rules that came with the set-up.
    static constexpr auto fromFolder = "config/municipality";

    explicit CalendarHall(House& house);

    /// Takes over calendar.json of the municipality's folder; its opening rules only where nobody
    /// changed them at a desk yet. Throws ConfigurationInvalid, naming the file.
    void takeUp();
    /// The town gives appointments.
    bool isOffered() const { return !_plan.services.empty(); }
    const office::BookingPlan& plan() const { return _plan; }
    /// What counts for appointments; where cells are leased, the portal is a witness of it.
    UtcTime now() const;
    /// What is free here, and at the portal where it owns the calendar and is reached: each start
    /// once. Throws as Ledger::freeTimes.
    std::vector<office::FreeTime> freeTimes(const office::FreeQuestion& question) const;
    /// At the portal only; nothing while it is not reached.
    std::vector<office::FreeTime> freeAtPortal(const office::FreeQuestion& question) const;
    /// Whether only the portal can give this time, and may be asked for it.
    bool isAtPortal(const office::AppointmentWish& wish) const;
    /// Number of the wish (portal_bookings.h). Part of the caller's commit, or one of its own. Only
    /// where isAtPortal() said so, or for an appointment of the portal's.
    std::int64_t ask(const office::quota::Wish& wish);
    /// Names of what is wanted, "2 × Reisepass beantragen".
    std::vector<std::string> names(const std::vector<office::WantedService>& wanted,
                                   const std::string& language) const;

    /// What to bring along for it; may be empty.
    static std::string bring(const office::BookableService& service, const std::string& language);
    /// The same for several, each thing once.
    std::vector<std::string> bring(const std::vector<office::WantedService>& services,
                                   const std::string& language) const;

    office::SealedContact seal(const Contact& contact);
    /// Nothing: there is none, or it was sealed for another key.
    std::optional<Contact> open(const office::Appointment& appointment,
                                const outbox::RsaKey& deskKey);

    /// The number of whoever comes to an appointment. Throws as Queue::checkIn, and StepOutOfOrder
    /// where the appointment does not hold (any more).
    office::CheckInOutcome checkIn(const office::Appointment& appointment,
                                   const std::string& ticketId, office::Channel channel,
                                   const office::Actor& actor);

    /// A reservation that nobody wants any more: its cells are free at once. Part of the caller's
    /// commit; nothing happens where it was confirmed, or its time was out.
    void letGo(const std::string& appointment);

    void everyMinute();
    void everyNight();

    office::RuleBook rules;
    office::Ledger ledger;
    office::Appointments appointments;

private:
    /// Those who were expected on that day and never came go into the queue's log.
    void noteAbsent(LocalDate day);
    std::string groupOf(const office::Appointment& appointment) const;

    House& _house;
    office::BookingPlan _plan; ///< no services: no appointments here
};

} // namespace amt::node
