// SPDX-License-Identifier: EUPL-1.2
//
// The clerk's place in the queue: choose a desk, call, serve, set aside, send on; numbers given out
// at the reception; help among colleagues.
#include "appliance/core/log.h"
#include "appliance/node/desk.h"
#include "appliance/node/desk_cases.h"
#include "appliance/node/house.h"
#include "appliance/node/routes.h"

#include <algorithm>
#include <array>

namespace amt::node {
namespace {

using office::Actor;
using office::Queue;
using office::SeenTicket;
using office::Ticket;

constexpr auto queueAddress = "/desk/queue";
constexpr auto placeAddress = "/desk/place";

std::optional<office::OpenDesk> deskOf(House& house, const Exchange& exchange)
{
    for (auto& desk : house.hall.queue.openDesks()) {
        if (desk.clerk == exchange.clerk->clerk.name)
            return desk;
    }
    return std::nullopt;
}

Actor actorAt(const Exchange& exchange, const std::optional<office::OpenDesk>& desk)
{
    return {exchange.clerk->clerk.name, desk ? desk->id : ""};
}

std::string groupName(const office::QueuePlan& plan, const std::string& key)
{
    const auto* group = plan.group(key);
    return group ? office::textIn(group->name, "de") : key;
}

template <typename Keys>
std::string groupNames(const office::QueuePlan& plan, const Keys& keys)
{
    std::string names;
    for (const auto& key : keys)
        names += (names.empty() ? "" : ", ") + groupName(plan, key);
    return names;
}

std::string deskName(const office::QueuePlan& plan, const std::string& id)
{
    const auto* desk = plan.desk(id);
    return desk ? desk->name : id;
}

int wholeMinutes(std::chrono::milliseconds time)
{
    return static_cast<int>(std::chrono::duration_cast<std::chrono::minutes>(time).count());
}

page::QueueDeskPage::Row rowOf(const office::QueuePlan& plan, const Ticket& ticket, UtcTime now)
{
    page::QueueDeskPage::Row row;
    row.id = ticket.id;
    row.number = office::toText(ticket.number);
    row.group = groupName(plan, ticket.group);
    row.version = ticket.version;
    row.minutes = wholeMinutes(now - ticket.changedAt);
    return row;
}

page::QueueDeskPage::Row rowOf(const office::QueuePlan& plan, const office::WaitingEntry& entry,
                               UtcTime now)
{
    auto row = rowOf(plan, entry.ticket, now);
    row.minutes = wholeMinutes(entry.waited);
    row.callable = entry.callable;
    const auto& ticket = entry.ticket;
    row.mark = ticket.priority == office::Priority::Urgent         ? "urgent"
               : !entry.due                                        ? "notDue"
               : ticket.priority == office::Priority::Raised       ? "raised"
               : ticket.forDesk                                    ? "forDesk"
               : ticket.punctuality == office::Punctuality::OnTime ? "appointment"
               : ticket.punctuality == office::Punctuality::Late   ? "late"
                                                                   : "";
    return row;
}

/// What was typed for the next desk; nothing where nothing was. Throws RequestMalformed: more than
/// the page takes.
std::optional<std::string> noteIn(const Exchange& exchange)
{
    constexpr std::size_t bytesMax = 4 * 400;
    const auto typed = exchange.fields.find("note");
    if (typed == exchange.fields.end() ||
        typed->second.find_first_not_of(" \t\r\n") == std::string::npos)
        return std::nullopt;
    if (typed->second.size() > bytesMax)
        throw Error(ErrorCode::RequestMalformed, "a note that is too long");
    return typed->second;
}

office::SealedNote sealed(House& house, const std::string& note)
{
    const auto desk = house.people.deskSeal();
    return {desk.kid, outbox::sealForDesk(note, desk, house.doors.random)};
}

std::vector<page::QueueDeskPage::Note> notesOf(House& house, const Exchange& exchange,
                                               const Ticket& ticket)
{
    std::vector<page::QueueDeskPage::Note> shown;
    const auto notes = house.hall.queue.notes(ticket.id);
    if (notes.empty())
        return shown;
    const auto deskKey = house.people.openDeskKey(exchange.clerk->token, house.now());
    for (const auto& note : notes) {
        std::string text;
        try {
            if (deskKey)
                text = outbox::openForDesk(note.note.sealed, *deskKey, note.note.kid);
        } catch (const Error& failure) { // of another key: shown as closed
            log::warning("queue.note-unreadable", {{"detail", failure.message()}});
        }
        shown.push_back({text, note.by, note.at});
    }
    return shown;
}

HttpResponse queuePage(House& house, const Exchange& exchange, const office::OpenDesk& desk,
                       const std::string& problem = {}, const std::string& issued = {},
                       int status = 200)
{
    const UtcTime now = house.now();
    const auto current = house.hall.plans.current();
    const auto& plan = current->plan;
    const auto state = office::deskViewAt(house.hall.queue, desk.id, now);
    page::QueueDeskPage view;
    view.desk = desk.id;
    view.deskName = deskName(plan, desk.id);
    view.skills = groupNames(plan, desk.skills);
    view.sequence = state.sequence;
    view.problem = problem;
    view.issued = issued;
    view.help = callsFor(house, exchange);
    if (const auto& ticket = state.current) {
        const bool serving = ticket->state == office::TicketState::Serving;
        view.current = {rowOf(plan, *ticket, now),
                        serving,
                        serving ? ticket->servedAt.value_or(ticket->changedAt)
                                : ticket->calledAt.value_or(ticket->changedAt),
                        ticket->calls,
                        house.calendar.names(ticket->services, "de"),
                        ticket->appointment.value_or(""),
                        notesOf(house, exchange, *ticket)};
    }
    view.sign = office::name(desk.sign);
    for (const auto& entry : state.waiting)
        view.waiting.push_back(rowOf(plan, entry, now));
    const auto rows = [&](const std::vector<Ticket>& tickets) {
        std::vector<page::QueueDeskPage::Row> shown;
        for (const auto& ticket : tickets)
            shown.push_back(rowOf(plan, ticket, now));
        return shown;
    };
    view.parked = rows(state.parked);
    view.pickUp = rows(state.forPickUp);
    view.missed = rows(state.missed);
    for (const auto& ticket : state.called) {
        if (ticket.desk == desk.id)
            continue;
        auto row = rowOf(plan, ticket, now);
        row.group = deskName(plan, ticket.desk.value_or(""));
        view.elsewhere.push_back(std::move(row));
    }
    for (const auto& group : plan.groups)
        view.groups.push_back({group.key, office::textIn(group.name, "de")});
    for (const auto& other : state.emergencies) {
        if (other.id == desk.id)
            view.emergency = true;
        else
            view.calls.push_back({other.id, deskName(plan, other.id)});
    }
    return house.deskPage(exchange, view, status);
}

HttpResponse placesPage(House& house, const Exchange& exchange, const std::string& occupied = {},
                        int status = 200, const std::string& problem = {})
{
    const auto current = house.hall.plans.current();
    const auto open = house.hall.queue.openDesks();
    page::PlacePage view;
    view.occupied = occupied;
    view.problem = problem;
    view.mayEndDay = mayUse(exchange.clerk->roles, Method::Post, "/desk/queue/end");
    for (const auto& desk : current->plan.desks) {
        page::PlacePage::Desk entry{desk.id, desk.name, groupNames(current->plan, desk.skills), "",
                                    false};
        const auto found = std::ranges::find(open, desk.id, &office::OpenDesk::id);
        if (found != open.end()) {
            entry.clerk = found->clerk;
            entry.own = found->clerk == exchange.clerk->clerk.name;
        }
        view.desks.push_back(std::move(entry));
    }
    return house.deskPage(exchange, view, status);
}

/// What a button of the page does with the ticket that it showed.
using Act = void (*)(Queue& queue, const SeenTicket& seen, const Actor& actor, UtcTime now);
template <auto act>
void with(Queue& queue, const SeenTicket& seen, const Actor& actor, UtcTime now)
{
    (queue.*act)(seen, actor, now);
}
struct NamedAct {
    std::string_view name;
    Act act;
};
constexpr std::array acts = {
    NamedAct{"call", with<&Queue::callThis>},
    NamedAct{"resume", with<&Queue::resume>},
    NamedAct{"recall", with<&Queue::recall>},
    NamedAct{"put-back", with<&Queue::putBack>},
    NamedAct{"miss", with<&Queue::miss>},
    NamedAct{"serve", with<&Queue::serve>},
    NamedAct{"finish", with<&Queue::finish>},
    NamedAct{"park", with<&Queue::park>},
    NamedAct{"shelve", with<&Queue::shelve>},
    NamedAct{"return", with<&Queue::returnToQueue>},
    NamedAct{"withdraw", with<&Queue::withdraw>},
    NamedAct{"raise",
             [](Queue& queue, const SeenTicket& seen, const Actor& actor, UtcTime now) {
                 queue.prioritise(seen, office::Priority::Raised, actor, now);
             }},
};

int versionOf(const Exchange& exchange)
{
    const std::string& text = exchange.field("version");
    constexpr std::size_t digitsMax = 6;
    if (text.empty() || text.size() > digitsMax ||
        !std::ranges::all_of(text, [](unsigned char each) { return std::isdigit(each) != 0; }))
        throw Error(ErrorCode::RequestMalformed, "version");
    return std::stoi(text);
}

} // namespace

Reply showPlaces(House& house, Exchange& exchange)
{
    return placesPage(house, exchange);
}

Reply choosePlace(House& house, Exchange& exchange)
{
    const std::string& mode = exchange.field("mode");
    const std::string& over = exchange.field("over");
    if ((mode != "everybody" && mode != "appointments") || (over != "yes" && over != "no"))
        throw Error(ErrorCode::RequestMalformed, "mode or over");
    const std::string& wanted = exchange.field("desk");
    const auto had = deskOf(house, exchange);
    const auto& clerk = exchange.clerk->clerk.name;
    const office::DeskOpening opening{wanted,
                                      clerk,
                                      {},
                                      mode == "everybody" ? office::DeskMode::Everybody
                                                          : office::DeskMode::AppointmentsOnly};
    const auto opened = house.doors.database.transact([&] {
        auto outcome = house.hall.queue.openDesk(
            opening, over == "yes" ? office::TakeOver::Yes : office::TakeOver::No, house.now());
        // One clerk has one desk: whoever moves leaves the other.
        if (std::holds_alternative<office::OpenDesk>(outcome) && had && had->id != wanted)
            house.hall.queue.closeDesk(had->id, clerk, house.now());
        return outcome;
    });
    house.hall.publish();
    if (const auto* occupied = std::get_if<office::DeskOccupied>(&opened))
        return placesPage(house, exchange, occupied->desk.id, 409);
    return redirect(queueAddress);
}

Reply leavePlace(House& house, Exchange& exchange)
{
    if (const auto desk = deskOf(house, exchange)) {
        if (house.hall.queue.atDesk(desk->id))
            return queuePage(house, exchange, *desk, "busy", {}, 409);
        house.hall.queue.closeDesk(desk->id, exchange.clerk->clerk.name, house.now());
        house.hall.publish();
    }
    return redirect(placeAddress);
}

Reply showQueue(House& house, Exchange& exchange)
{
    const auto desk = deskOf(house, exchange);
    if (!desk)
        return redirect(placeAddress);
    return queuePage(house, exchange, *desk);
}

Reply callNext(House& house, Exchange& exchange)
{
    const auto desk = deskOf(house, exchange);
    if (!desk)
        return redirect(placeAddress);
    const auto outcome = house.hall.queue.callNext(actorAt(exchange, desk), house.now());
    house.hall.publish();
    if (std::holds_alternative<office::NobodyWaiting>(outcome))
        return queuePage(house, exchange, *desk, "nobody");
    return redirect(queueAddress); // with whom the desk has, also if it had somebody before
}

Reply actOnTicket(House& house, Exchange& exchange)
{
    const auto desk = deskOf(house, exchange);
    if (!desk)
        return redirect(placeAddress);
    const SeenTicket seen{exchange.field("ticket"), versionOf(exchange)};
    const std::string& wanted = exchange.field("act");
    const Actor actor = actorAt(exchange, desk);
    try {
        if (wanted == "redirect") {
            office::Redirection to{exchange.field("group")};
            if (const auto note = noteIn(exchange))
                to.note = sealed(house, *note);
            house.hall.queue.redirect(seen, to, actor, house.now());
        } else if (wanted == "note") {
            const auto note = noteIn(exchange);
            if (!note)
                return queuePage(house, exchange, *desk, "note", {}, 400);
            house.hall.queue.addNote(seen.id, sealed(house, *note), actor, house.now());
        } else {
            const auto found = std::ranges::find(acts, wanted, &NamedAct::name);
            if (found == acts.end())
                throw Error(ErrorCode::RequestMalformed, "act");
            found->act(house.hall.queue, seen, actor, house.now());
        }
    } catch (const Error& refused) { // others were quicker: the page says so and shows what is
        if (refused.errorCode() != ErrorCode::VersionConflict &&
            refused.errorCode() != ErrorCode::StepOutOfOrder &&
            refused.errorCode() != ErrorCode::NotAllowed)
            throw;
        log::info("queue.act-refused", {{"act", wanted}, {"detail", refused.message()}});
        return queuePage(house, exchange, *desk,
                         refused.errorCode() == ErrorCode::NotAllowed ? "notHere" : "changed", {},
                         409);
    }
    house.hall.publish();
    return redirect(queueAddress);
}

Reply issueNumber(House& house, Exchange& exchange)
{
    const auto desk = deskOf(house, exchange);
    if (!desk)
        return redirect(placeAddress);
    office::TicketWish wish;
    wish.id = randomUuid(house.doors.random);
    wish.group = exchange.field("group");
    wish.channel = office::Channel::Reception;
    const auto drawn = house.hall.queue.draw(wish, actorAt(exchange, desk), house.now());
    house.hall.publish();
    const auto* ticket = std::get_if<Ticket>(&drawn);
    if (!ticket)
        return queuePage(house, exchange, *desk, "full", {}, 409);
    house.receipts.printTicket(ticket->id, "de");
    return queuePage(house, exchange, *desk, {}, office::toText(ticket->number));
}

Reply setSign(House& house, Exchange& exchange)
{
    const auto desk = deskOf(house, exchange);
    if (!desk)
        return redirect(placeAddress);
    house.hall.queue.setSign(office::signWordFromName(exchange.field("word")),
                             actorAt(exchange, desk), house.now());
    house.hall.publish();
    return redirect(queueAddress);
}

Reply endDay(House& house, Exchange& exchange)
{
    if (!exchange.fields.contains("sure"))
        return placesPage(house, exchange, {}, 400, "sure");
    const auto open = house.hall.queue.openDesks();
    if (std::ranges::any_of(open, [](const auto& desk) { return desk.emergencyAt.has_value(); }))
        return placesPage(house, exchange, {}, 409, "help");
    house.hall.queue.endDay(exchange.clerk->clerk.name, house.now());
    house.hall.publish();
    return redirect(placeAddress);
}

Reply callColleagues(House& house, Exchange& exchange)
{
    const auto desk = deskOf(house, exchange);
    if (!desk)
        return redirect(placeAddress);
    house.hall.queue.callEmergency(actorAt(exchange, desk), house.now());
    house.hall.publish();
    return redirect(queueAddress);
}

Reply answerColleague(House& house, Exchange& exchange)
{
    const auto desk = deskOf(house, exchange);
    house.hall.queue.answerEmergency(exchange.field("desk"), actorAt(exchange, desk), house.now());
    house.hall.publish();
    return redirect(queueAddress);
}

Reply followQueue(House& house, Exchange&)
{
    house.hall.publish(); // whoever joins sees the newest state
    return followingAnswer(QueueHall::topic);
}

} // namespace amt::node
