// SPDX-License-Identifier: EUPL-1.2
//
// A ticket (Wartenummer): its number, its states in one table, and what stands about it in its row.
#pragma once

#include "appliance/core/local_date.h"
#include "appliance/core/state_table.h"
#include "appliance/office/calendar/durations.h"
#include "appliance/store/store.h"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace amt::office {

/// The last seven are ends; NoShow may be called again on its day, Expired may still be printed.
enum class TicketState {
    Drawn,     ///< has its number, nobody has it on paper or in mind yet: does not wait
    Waiting,   ///
    Called,    ///< at a desk, on its way
    Serving,   ///< at a desk
    Parked,    ///< the desk set it aside (a photo, a form), the person will come back
    ForPickUp, ///< served, something will be handed out (Abholliste)
    NoShow,    ///< called in vain
    Finished,
    Withdrawn,  ///< the person went, or staff took it out
    Expired,    ///< nobody printed or noted it
    Unserved,   ///< the day ended while it waited or was called
    Unfinished, ///< the day ended while it was served or parked
    Uncollected ///< the day ended before it was picked up
};

enum class TicketEvent {
    Drawn, ///< makes the ticket: has no row in the table
    Printed,
    Noted, ///< "I have noted it"
    PrintFailed,
    Reprinted,
    Called,
    Recalled,
    PutBack, ///< was called by mistake
    Missed,
    Returned, ///< whoever was missed is there after all
    Served,
    Finished,
    Parked,
    Resumed, ///< from Parked or ForPickUp straight to the desk
    Redirected,
    Shelved, ///< onto the pick-up list
    Prioritised,
    Withdrawn,
    Expired,
    DayEnded
};

inline constexpr auto ticketTable = stateTable<TicketState, TicketEvent>({
    {TicketState::Drawn, TicketEvent::Printed, TicketState::Waiting},
    {TicketState::Drawn, TicketEvent::Noted, TicketState::Waiting},
    {TicketState::Drawn, TicketEvent::PrintFailed, TicketState::Drawn},
    {TicketState::Drawn, TicketEvent::Withdrawn, TicketState::Withdrawn},
    {TicketState::Drawn, TicketEvent::Expired, TicketState::Expired},
    {TicketState::Drawn, TicketEvent::DayEnded, TicketState::Expired},
    // The printer said so late; whoever holds a number in the hand waits.
    {TicketState::Expired, TicketEvent::Printed, TicketState::Waiting},
    {TicketState::Expired, TicketEvent::Noted, TicketState::Waiting},

    {TicketState::Waiting, TicketEvent::Reprinted, TicketState::Waiting},
    {TicketState::Waiting, TicketEvent::Called, TicketState::Called},
    {TicketState::Waiting, TicketEvent::Redirected, TicketState::Waiting},
    {TicketState::Waiting, TicketEvent::Prioritised, TicketState::Waiting},
    {TicketState::Waiting, TicketEvent::Withdrawn, TicketState::Withdrawn},
    {TicketState::Waiting, TicketEvent::DayEnded, TicketState::Unserved},

    {TicketState::Called, TicketEvent::Reprinted, TicketState::Called},
    {TicketState::Called, TicketEvent::Recalled, TicketState::Called},
    {TicketState::Called, TicketEvent::PutBack, TicketState::Waiting},
    {TicketState::Called, TicketEvent::Missed, TicketState::NoShow},
    {TicketState::Called, TicketEvent::Served, TicketState::Serving},
    {TicketState::Called, TicketEvent::Parked, TicketState::Parked},
    {TicketState::Called, TicketEvent::Redirected, TicketState::Waiting},
    {TicketState::Called, TicketEvent::Withdrawn, TicketState::Withdrawn},
    {TicketState::Called, TicketEvent::DayEnded, TicketState::Unserved},

    {TicketState::Serving, TicketEvent::Reprinted, TicketState::Serving},
    {TicketState::Serving, TicketEvent::Finished, TicketState::Finished},
    {TicketState::Serving, TicketEvent::Parked, TicketState::Parked},
    {TicketState::Serving, TicketEvent::Shelved, TicketState::ForPickUp},
    {TicketState::Serving, TicketEvent::Redirected, TicketState::Waiting},
    {TicketState::Serving, TicketEvent::DayEnded, TicketState::Unfinished},

    {TicketState::Parked, TicketEvent::Reprinted, TicketState::Parked},
    {TicketState::Parked, TicketEvent::Called, TicketState::Called},
    {TicketState::Parked, TicketEvent::Resumed, TicketState::Serving},
    {TicketState::Parked, TicketEvent::Redirected, TicketState::Waiting},
    {TicketState::Parked, TicketEvent::Finished, TicketState::Finished},
    {TicketState::Parked, TicketEvent::Withdrawn, TicketState::Withdrawn},
    {TicketState::Parked, TicketEvent::DayEnded, TicketState::Unfinished},

    {TicketState::ForPickUp, TicketEvent::Reprinted, TicketState::ForPickUp},
    {TicketState::ForPickUp, TicketEvent::Called, TicketState::Called},
    {TicketState::ForPickUp, TicketEvent::Resumed, TicketState::Serving},
    {TicketState::ForPickUp, TicketEvent::Finished, TicketState::Finished},
    {TicketState::ForPickUp, TicketEvent::DayEnded, TicketState::Uncollected},

    {TicketState::NoShow, TicketEvent::Reprinted, TicketState::NoShow},
    {TicketState::NoShow, TicketEvent::Returned, TicketState::Waiting},
    {TicketState::NoShow, TicketEvent::Called, TicketState::Called},
});

/// The enumerator's name. Back: throws StoreFailed for what is none.
std::string_view name(TicketState state);
std::string_view name(TicketEvent event);
TicketState ticketStateFromName(const std::string& text);
std::optional<TicketEvent> ticketEventFromName(std::string_view text); ///< nothing for what is none
std::span<const TicketState> allTicketStates();
std::span<const TicketEvent> allTicketEvents();

/// Urgent: before everybody. Raised: in one line with the appointments that are due.
enum class Priority { Urgent, Raised, Normal };
std::string_view name(Priority priority);
Priority priorityFromName(const std::string& text); ///< throws StoreFailed, as all of these

/// Who drew it: the citizen, or staff for the citizen.
enum class Channel { Kiosk, Reception };
std::string_view name(Channel channel);
Channel channelFromName(const std::string& text);

/// Late: has an appointment and came after its grace; waits like a walk-in.
enum class Punctuality { WalkIn, OnTime, Late };
std::string_view name(Punctuality punctuality);
Punctuality punctualityFromName(const std::string& text);

/// What people see and hear.
struct TicketNumber {
    char letter = 'A'; ///< A to Z without I, O, Q
    int number = 0;    ///< 1 to 999, anew each day

    auto operator<=>(const TicketNumber&) const = default;
};
inline constexpr int ticketNumberMax = 999;
bool isBandLetter(char letter);
std::string toText(const TicketNumber& number);  ///< "B 047"
std::string compact(const TicketNumber& number); ///< "B047", as in the log
/// As typed or scanned: "b47", "B 047". Nothing for what is none.
std::optional<TicketNumber> ticketNumberFromText(std::string_view text);

struct Ticket {
    std::string id; ///< UUID of whoever asked for it
    LocalDate day;
    TicketNumber number;
    std::string group; ///< key of the service group that it waits for now
    Channel channel = Channel::Kiosk;
    std::vector<WantedService> services;         ///< may be empty
    std::chrono::minutes planned{0};             ///< how long it should take
    std::optional<std::string> appointment = {}; ///< id; gone after the day
    std::optional<UtcTime> appointmentAt = {};
    Punctuality punctuality = Punctuality::WalkIn;
    Priority priority = Priority::Normal;
    TicketState state = TicketState::Drawn;
    std::optional<std::string> desk = {}; ///< where it is (Called, Serving) or was last
    std::optional<std::string> forDesk =
        {};          ///< redirected to this desk; anybody's once that is closed
    int calls = 0;   ///< since it last waited
    UtcTime drawnAt; ///< the order of those who wait
    std::optional<UtcTime> calledAt = {}; ///< the last time
    std::optional<UtcTime> servedAt = {}; ///< the last time
    UtcTime changedAt;
    TicketEvent lastEvent = TicketEvent::Drawn;
    int version = 0; ///< events so far; whoever changes names the one that was seen

    bool operator==(const Ticket&) const = default;
};
/// As stored: "99008001012000*1 99115005104000*2".
std::string toText(const std::vector<WantedService>& services);
std::vector<WantedService> servicesFromText(std::string_view text); ///< throws StoreFailed

/// What the journal calls it: "2026-11-23/B047".
std::string journalId(const Ticket& ticket);

/// Called or Serving: a desk has it.
bool isAtDesk(const Ticket& ticket);

/// "SELECT <columns> FROM ticket <query>"
std::string selectTickets(std::string_view query);
/// The row that `row` stands on, selected so.
Ticket readTicket(const store::Statement& row);
std::vector<Ticket> readTickets(store::Statement& rows);

} // namespace amt::office
