// SPDX-License-Identifier: EUPL-1.2
//
// Boards and lists, read from the rows as they stand.
#include "appliance/office/queue/board.h"

#include "appliance/office/queue/calling_order.h"

#include <algorithm>

namespace amt::office {

namespace {

std::string deskNameOf(const Queue& queue, const std::string& desk)
{
    const auto plan = queue.plan();
    const PlannedDesk* planned = plan->plan.desk(desk);
    return planned ? planned->name : desk;
}

BoardCall callOf(const Queue& queue, const Ticket& ticket)
{
    return {.number = ticket.number,
            .desk = *ticket.desk,
            .deskName = deskNameOf(queue, *ticket.desk),
            .calledAt = *ticket.calledAt,
            .calls = ticket.calls,
            .state = ticket.state};
}

bool calledLater(const Ticket& left, const Ticket& right)
{
    return std::pair(left.calledAt, left.number) > std::pair(right.calledAt, right.number);
}

bool changedEarlier(const Ticket& left, const Ticket& right)
{
    return std::pair(left.changedAt, left.number) < std::pair(right.changedAt, right.number);
}

} // namespace

Board boardAt(const Queue& queue, UtcTime now, const BoardWish& wish)
{
    const LocalDate today = localDate(now);
    Board board{.sequence = queue.sequence(),
                .calls = {},
                .waiting = 0,
                .waitingByGroup = {},
                .openDesks = static_cast<int>(queue.openDesks().size())};
    const auto plan = queue.plan();
    for (const ServiceGroup& group : plan->plan.groups)
        board.waitingByGroup[group.key] = 0;
    for (const Ticket& ticket : queue.ofDay(today, {TicketState::Waiting})) {
        ++board.waiting;
        ++board.waitingByGroup[ticket.group];
    }
    auto called = queue.ofDay(today, {TicketState::Called, TicketState::Serving});
    std::erase_if(called, [&](const Ticket& ticket) {
        return ticket.state == TicketState::Serving && *ticket.calledAt + wish.stays <= now;
    });
    std::ranges::sort(called, calledLater);
    for (const Ticket& ticket : called) {
        if (std::ssize(board.calls) < wish.calls)
            board.calls.push_back(callOf(queue, ticket));
    }
    return board;
}

DeskSign signOf(const Queue& queue, const std::string& desk)
{
    const auto openDesks = queue.openDesks();
    const auto open = std::ranges::find(openDesks, desk, &OpenDesk::id);
    DeskSign sign{.sequence = queue.sequence(),
                  .desk = desk,
                  .deskName = deskNameOf(queue, desk),
                  .open = open != openDesks.end(),
                  .word = open != openDesks.end() ? open->sign : SignWord::None,
                  .now = {}};
    const auto plan = queue.plan();
    if (!sign.open && !plan->plan.desk(desk))
        throw Error(ErrorCode::NotFound, "no such desk");
    if (const auto ticket = queue.atDesk(desk))
        sign.now = callOf(queue, *ticket);
    return sign;
}

int peopleBefore(const Queue& queue, const Ticket& ticket, UtcTime now)
{
    const auto plan = queue.plan();
    const auto rank = [&](const Ticket& each) {
        return rankAt(claimOf(each), plan->plan.rules, now);
    };
    if (ticket.state != TicketState::Drawn && ticket.state != TicketState::Waiting)
        return 0;
    const auto waiting = queue.ofDay(ticket.day, {TicketState::Waiting});
    return static_cast<int>(std::ranges::count_if(waiting, [&](const Ticket& each) {
        return each.id != ticket.id && each.group == ticket.group && rank(each) < rank(ticket);
    }));
}

DeskView deskViewAt(const Queue& queue, const std::string& desk, UtcTime now)
{
    const auto plan = queue.plan();
    const CallingRules& rules = plan->plan.rules;
    const auto open = queue.openDesks();
    DeskView view{.sequence = queue.sequence()};
    for (const OpenDesk& each : open) {
        if (each.id == desk)
            view.desk = each;
        if (each.emergencyAt)
            view.emergencies.push_back(each);
    }
    for (Ticket& ticket : queue.ofDay(localDate(now))) {
        switch (ticket.state) {
        case TicketState::Drawn:
            view.drawn.push_back(std::move(ticket));
            break;
        case TicketState::Waiting: {
            WaitingEntry entry;
            const UtcTime since = ticket.punctuality == Punctuality::OnTime
                                      ? std::max(ticket.drawnAt, *ticket.appointmentAt)
                                      : ticket.drawnAt;
            entry.waited = std::max(std::chrono::seconds(0),
                                    std::chrono::duration_cast<std::chrono::seconds>(now - since));
            entry.due = rankAt(claimOf(ticket), rules, now).standing != CallingClass::NotDue;
            entry.callable = std::ranges::any_of(open, [&](const OpenDesk& each) {
                return (desk.empty() || each.id == desk) && queue.mayCall(each, ticket, open, now);
            });
            entry.ticket = std::move(ticket);
            view.waiting.push_back(std::move(entry));
            break;
        }
        case TicketState::Called:
        case TicketState::Serving:
            if (ticket.desk == desk)
                view.current = ticket;
            view.called.push_back(std::move(ticket));
            break;
        case TicketState::Parked:
            view.parked.push_back(std::move(ticket));
            break;
        case TicketState::ForPickUp:
            view.forPickUp.push_back(std::move(ticket));
            break;
        case TicketState::NoShow:
            view.missed.push_back(std::move(ticket));
            break;
        case TicketState::Finished:
        case TicketState::Withdrawn:
        case TicketState::Expired:
        case TicketState::Unserved:
        case TicketState::Unfinished:
        case TicketState::Uncollected:
            view.over.push_back(std::move(ticket));
            break;
        }
    }
    std::ranges::sort(view.waiting, {}, [&](const WaitingEntry& entry) {
        return rankAt(claimOf(entry.ticket), rules, now);
    });
    std::ranges::sort(view.called, calledLater);
    for (auto* list : {&view.parked, &view.forPickUp, &view.missed})
        std::ranges::sort(*list, changedEarlier);
    std::ranges::sort(view.over, [](const Ticket& left, const Ticket& right) {
        return changedEarlier(right, left);
    });
    return view;
}

} // namespace amt::office
