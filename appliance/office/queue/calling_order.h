// SPDX-License-Identifier: EUPL-1.2
//
// Who is called next: one order for the desks, the lists on the pages and the simulated hours of
// the estimate.
#pragma once

#include "appliance/office/queue/queue_plan.h"
#include "appliance/office/queue/ticket.h"

namespace amt::office {

/// What the order asks of somebody who waits.
struct Claim {
    Priority priority = Priority::Normal;
    Punctuality punctuality = Punctuality::WalkIn;
    std::optional<UtcTime> appointmentAt = {};
    UtcTime drawnAt;
    TicketNumber number; ///< decides between equals
};
Claim claimOf(const Ticket& ticket);

/// Smaller is called first. Urgent ones by arrival; then appointments whose time has come by their
/// start, and raised walk-ins among them by arrival; then walk-ins and late ones by arrival; last,
/// when nobody else is there, appointments that are not due yet.
enum class CallingClass { Urgent, Due, Waiting, NotDue };
struct CallingRank {
    CallingClass standing = CallingClass::Waiting;
    UtcTime key;
    UtcTime drawnAt;
    TicketNumber number;

    auto operator<=>(const CallingRank&) const = default;
};
CallingRank rankAt(const Claim& claim, const CallingRules& rules, UtcTime now);

} // namespace amt::office
