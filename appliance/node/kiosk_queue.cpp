// SPDX-License-Identifier: EUPL-1.2
//
// A waiting number: what is it about, the number, printed or noted. A visit like any other.
#include "appliance/core/log.h"
#include "appliance/node/house.h"
#include "appliance/node/kiosk.h"

namespace amt::node {
namespace {

const office::Actor kioskItself{"kiosk"};

HttpResponse groupsPage(House& house, const Exchange& exchange, const std::string& full = {},
                        int status = 200)
{
    const std::string language = exchange.visit ? exchange.visit->language : "de";
    const auto plan = house.hall.plans.current();
    const auto board = office::boardAt(house.hall.queue, house.now());
    page::QueuePage view;
    for (const auto& group : plan->plan.groups) {
        page::QueuePage::Group entry;
        entry.key = group.key;
        entry.name = office::textIn(group.name, language);
        entry.state = group.issuing == office::Issuing::ReceptionOnly ? "reception"
                      : group.key == full                             ? "full"
                                                                      : "open";
        entry.waiting = board.waitingByGroup.at(group.key);
        entry.wait = house.hall.waitOf(group.key);
        view.groups.push_back(std::move(entry));
    }
    return house.kioskPage(exchange, view, status);
}

office::Ticket requiredTicket(House& house, const Visit& visit)
{
    const auto ticket =
        visit.step == Step::Ticket ? house.hall.queue.find(visit.ticketId) : std::nullopt;
    if (!ticket)
        throw Error(ErrorCode::StepOutOfOrder, "no number was drawn in this visit");
    return *ticket;
}

} // namespace

Reply showGroups(House& house, Exchange& exchange)
{
    if (!house.hall.isOffered())
        return redirect("/");
    if (exchange.visit && !exchange.visit->allows(VisitEvent::NumberDrawn))
        return redirect(addressOf(exchange.visit->step));
    if (exchange.visit)
        house.visits.touch(*exchange.visit);
    return groupsPage(house, exchange);
}

Reply drawNumber(House& house, Exchange& exchange)
{
    const std::string& group = exchange.field("group");
    if (!house.hall.isOffered() || !house.hall.plans.current()->plan.group(group))
        throw Error(ErrorCode::NotFound, "no such group");
    const bool opensNow = exchange.visit == nullptr;
    Visit& visit = opensNow ? house.openVisit("de", exchange.field("key")) : *exchange.visit;
    house.visits.touch(visit);
    HttpResponse response;
    if (visit.step == Step::Ticket) { // the same press again
        response = redirect(addressOf(visit.step));
    } else {
        if (!visit.allows(VisitEvent::NumberDrawn))
            throw Error(ErrorCode::StepOutOfOrder, "a number in a later step");
        visit.ticketId = randomUuid(house.doors.random);
        const auto drawn = house.commit(visit, [&] {
            auto outcome = house.hall.queue.draw({visit.ticketId, group}, kioskItself, house.now());
            if (std::holds_alternative<office::Ticket>(outcome))
                visit.apply(VisitEvent::NumberDrawn);
            return outcome;
        });
        if (std::holds_alternative<office::Ticket>(drawn)) {
            house.hall.publish();
            house.receipts.printTicket(visit.ticketId, visit.language);
            response = redirect(addressOf(visit.step));
        } else { // staff give them out, or there are none left today: said at the group
            exchange.visit = &visit;
            response = groupsPage(house, exchange, group, 409);
        }
    }
    if (opensNow)
        setCookie(response, visitCookie, visit.cookie, OverTls::No);
    return response;
}

Reply showTicket(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    if (visit.step != Step::Ticket)
        return redirect(addressOf(visit.step));
    const auto ticket = requiredTicket(house, visit);
    if (!house.receipts.isPrinting(ticket.id))
        house.visits.touch(visit);
    const auto plan = house.hall.plans.current();
    const auto* group = plan->plan.group(ticket.group);
    page::TicketPage view;
    view.number = office::toText(ticket.number);
    view.appointment = ticket.appointmentAt;
    view.group = group ? office::textIn(group->name, visit.language) : "";
    view.waits =
        ticket.state != office::TicketState::Drawn && ticket.state != office::TicketState::Expired;
    view.before = house.hall.before(ticket);
    view.wait = view.waits ? house.hall.waitOfTicket(ticket.id) : house.hall.waitOf(ticket.group);
    view.printing = house.receipts.ticketState(ticket);
    view.untilEnd = house.settings.doneStays;
    if (plan->plan.wayToWaiting != office::Way::Unsaid)
        view.way = office::name(plan->plan.wayToWaiting);
    return house.kioskPage(exchange, view);
}

Reply printTicket(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    const auto ticket = requiredTicket(house, visit);
    house.visits.touch(visit);
    house.receipts.printTicket(ticket.id, visit.language);
    return redirect(addressOf(visit.step));
}

Reply noteTicket(House& house, Exchange& exchange)
{
    Visit& visit = *exchange.visit;
    const auto ticket = requiredTicket(house, visit);
    house.visits.touch(visit);
    house.hall.queue.noted(ticket.id, kioskItself, house.now());
    house.hall.publish();
    return redirect(addressOf(visit.step));
}

} // namespace amt::node
