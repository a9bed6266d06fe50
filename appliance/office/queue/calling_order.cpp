// SPDX-License-Identifier: EUPL-1.2
//
// Ranks of those who wait.
#include "appliance/office/queue/calling_order.h"

namespace amt::office {

Claim claimOf(const Ticket& ticket)
{
    return {.priority = ticket.priority,
            .punctuality = ticket.punctuality,
            .appointmentAt = ticket.appointmentAt,
            .drawnAt = ticket.drawnAt,
            .number = ticket.number};
}

CallingRank rankAt(const Claim& claim, const CallingRules& rules, UtcTime now)
{
    const auto ranked = [&](CallingClass standing, UtcTime key) {
        return CallingRank{
            .standing = standing, .key = key, .drawnAt = claim.drawnAt, .number = claim.number};
    };
    if (claim.priority == Priority::Urgent)
        return ranked(CallingClass::Urgent, claim.drawnAt);
    if (claim.punctuality == Punctuality::OnTime && claim.appointmentAt) {
        const bool due = *claim.appointmentAt - rules.dueBefore <= now;
        return ranked(due ? CallingClass::Due : CallingClass::NotDue, *claim.appointmentAt);
    }
    return ranked(claim.priority == Priority::Raised ? CallingClass::Due : CallingClass::Waiting,
                  claim.drawnAt);
}

} // namespace amt::office
