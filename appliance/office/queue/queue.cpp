// SPDX-License-Identifier: EUPL-1.2
//
// Each use case is one commit: the ticket's row and its event change together or not at all.
#include "appliance/office/queue/queue.h"

#include "appliance/core/random.h"
#include "appliance/office/queue/calling_order.h"

#include <algorithm>
#include <utility>

namespace amt::office {

namespace {

constexpr std::chrono::minutes plannedMax = std::chrono::hours(8);
constexpr std::size_t sealedBytesMax = 8 * 1024;
constexpr std::size_t serviceBytesMax = 32;
constexpr std::size_t servicesMax = 20;
constexpr std::string_view insertTicket =
    "INSERT INTO ticket (id, day, letter, number, service_group, channel, services, minutes,"
    " appointment, appointment_at, punctuality, priority, state, calls, drawn_at, changed_at,"
    " last_event, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view storeTicket =
    "UPDATE ticket SET service_group = ?, priority = ?, state = ?, desk = ?, for_desk = ?,"
    " calls = ?, called_at = ?, served_at = ?, changed_at = ?, last_event = ?, version = ?"
    " WHERE id = ? AND version = ? AND state = ?";
constexpr std::string_view highestNumber =
    "SELECT max(number) FROM ticket WHERE day = ? AND letter = ?";
constexpr std::string_view walkInsDrawn =
    "SELECT count(*) FROM ticket WHERE day = ? AND letter = ? AND punctuality = 'WalkIn' AND state"
    " <> 'Expired'";

const std::string ticketById = selectTickets("WHERE id = ?");
const std::string ticketByNumber = selectTickets("WHERE day = ? AND letter = ? AND number = ?");
const std::string ticketByAppointment = selectTickets("WHERE appointment = ?");
const std::string ticketAtDesk = selectTickets("WHERE desk = ? AND state IN ('Called', 'Serving')");
const std::string ticketsWaiting =
    selectTickets("WHERE state = 'Waiting' AND day = ? ORDER BY drawn_at, letter, number");

std::optional<Ticket> oneOf(store::Statement& rows)
{
    std::optional<Ticket> found;
    while (rows.step())
        found = readTicket(rows);
    return found;
}

[[noreturn]] void malformed(const char* what)
{
    throw Error(ErrorCode::InputMalformed, what);
}

void check(const std::vector<WantedService>& services)
{
    if (services.size() > servicesMax)
        malformed("more services than anybody wants");
    for (const auto& [key, quantity] : services) {
        if (key.empty() || key.size() > serviceBytesMax || quantity < 1 || quantity > 99 ||
            key.find_first_of(" *") != std::string::npos)
            malformed("a service that cannot be meant");
    }
}

void check(const SealedNote& note)
{
    if (note.kid.empty() || note.sealed.empty() || note.sealed.size() > sealedBytesMax)
        malformed("a note that is not sealed");
}

std::string today(UtcTime now)
{
    return toIso(localDate(now));
}

/// Somebody pressed again what was done: `known` is one event further than the page, by `event`.
bool isSameAgain(const Ticket& known, const SeenTicket& seen, TicketEvent event)
{
    return known.version == seen.version + 1 && known.lastEvent == event;
}

void requireVersion(const Ticket& known, const SeenTicket& seen)
{
    if (known.version != seen.version)
        throw Error(ErrorCode::VersionConflict, "the ticket was changed meanwhile");
}

void requireHere(const Ticket& known, const Actor& actor)
{
    if (isAtDesk(known) && known.desk != actor.desk)
        throw Error(ErrorCode::NotAllowed, "the ticket is at another desk");
}

void requireToday(const Ticket& known, UtcTime now)
{
    if (known.day != localDate(now))
        throw Error(ErrorCode::StepOutOfOrder, "a ticket of another day");
}

} // namespace

/// What draw() and checkIn() have in common.
struct Queue::Drawing {
    const std::string& id;
    const ServiceGroup& group;
    Channel channel;
    const std::vector<WantedService>& services;
    std::optional<std::chrono::minutes> planned;
    std::optional<std::string> appointment = {};
    std::optional<UtcTime> appointmentAt = {};
    Punctuality punctuality = Punctuality::WalkIn;
    Priority priority = Priority::Normal;
};

Queue::Queue(store::Database& database, outbox::Journal& journal, const QueuePlans& plans)
    : _database(database), _journal(journal), _plans(plans), _kept(database)
{}

void Queue::record(const std::string& about, const std::string& act, outbox::Details more,
                   const std::string& by, UtcTime now)
{
    more.insert({{"clerk", by}, {"act", act}});
    _journal.append(outbox::RecordKind::Audit, about, more, now);
}

// --- numbers ---

Queue::Candidate Queue::newTicket(const Drawing& drawing, const Actor& actor, UtcTime now)
{
    const std::string day = today(now);
    const std::string letter(1, drawing.group.letter);
    int number = 1;
    auto& highest = _kept[highestNumber].bind(day, letter);
    while (highest.step())
        number = highest.isNull(0) ? 1 : static_cast<int>(highest.integer(0)) + 1;
    if (number > ticketNumberMax)
        return LimitReached{ticketNumberMax};

    QueueEvent event{
        .day = localDate(now),
        .time = now,
        .kind = TicketEvent::Drawn,
        .ticket = TicketNumber{drawing.group.letter, number},
        .group = drawing.group.key,
        .desk = actor.desk,
        .by = actor.by,
        .details = {
            {"channel", std::string(name(drawing.channel))},
            {"minutes", std::to_string(drawing.planned.value_or(drawing.group.planned).count())},
            {"priority", std::string(name(drawing.priority))},
            {"punctuality", std::string(name(drawing.punctuality))}}};
    if (drawing.appointmentAt)
        event.details["start"] = std::to_string(toMilliseconds(*drawing.appointmentAt));
    Ticket ticket = begunBy(event);
    ticket.id = drawing.id;
    ticket.services = drawing.services;
    ticket.appointment = drawing.appointment;
    _kept[insertTicket]
        .bind(ticket.id, day, letter, number, ticket.group, name(ticket.channel),
              toText(ticket.services), static_cast<std::int64_t>(ticket.planned.count()),
              ticket.appointment, ticket.appointmentAt, name(ticket.punctuality),
              name(ticket.priority), name(ticket.state), ticket.calls, ticket.drawnAt,
              ticket.changedAt, name(ticket.lastEvent), ticket.version)
        .run();
    runInsert(_kept[insertEvent], event);
    return ticket;
}

DrawOutcome Queue::draw(const TicketWish& wish, const Actor& actor, UtcTime now)
{
    check(wish.services);
    if (!isUuid(wish.id) ||
        (wish.planned && (*wish.planned <= plannedMax.zero() || *wish.planned > plannedMax)) ||
        (wish.priority != Priority::Normal && wish.channel != Channel::Reception))
        malformed("a wish that cannot be meant");
    const auto plan = _plans.current();
    const ServiceGroup* group = plan->plan.group(wish.group);
    if (!group)
        throw Error(ErrorCode::NotFound, "no such service group");
    return _database.transact([&]() -> DrawOutcome {
        lapse(now);
        if (auto known = find(wish.id)) {
            if (known->punctuality != Punctuality::WalkIn || known->channel != wish.channel ||
                known->number.letter != group->letter || known->services != wish.services)
                throw Error(ErrorCode::StepOutOfOrder, "the id of another wish");
            return std::move(*known);
        }
        if (wish.channel == Channel::Kiosk && group->issuing == Issuing::ReceptionOnly)
            return AskReception{};
        if (group->dailyLimit > 0) {
            auto& drawn = _kept[walkInsDrawn].bind(today(now), std::string(1, group->letter));
            std::int64_t count = 0;
            while (drawn.step())
                count = drawn.integer(0);
            if (count >= group->dailyLimit)
                return LimitReached{group->dailyLimit};
        }
        return std::visit([](auto&& each) { return DrawOutcome(std::move(each)); },
                          newTicket({.id = wish.id,
                                     .group = *group,
                                     .channel = wish.channel,
                                     .services = wish.services,
                                     .planned = wish.planned,
                                     .priority = wish.priority},
                                    actor, now));
    });
}

CheckInOutcome Queue::checkIn(const CheckIn& wish, const Actor& actor, UtcTime now)
{
    check(wish.services);
    if (!isUuid(wish.id) || wish.appointment.empty() || wish.appointment.size() > 64 ||
        (wish.planned && (*wish.planned <= plannedMax.zero() || *wish.planned > plannedMax)))
        malformed("a check-in that cannot be meant");
    const auto plan = _plans.current();
    const CallingRules& rules = plan->plan.rules;
    const ServiceGroup* group = plan->plan.group(wish.group);
    if (!group)
        throw Error(ErrorCode::NotFound, "no such service group");
    return _database.transact([&]() -> CheckInOutcome {
        lapse(now);
        if (auto known = find(wish.id)) {
            if (known->appointment != wish.appointment)
                throw Error(ErrorCode::StepOutOfOrder, "the id of another wish");
            return std::move(*known);
        }
        if (auto known = findByAppointment(wish.appointment))
            return AlreadyCheckedIn{std::move(*known)};
        if (localDate(wish.start) != localDate(now))
            return OtherDay{localDate(wish.start)};
        if (now < wish.start - rules.checkInBefore)
            return TooEarly{wish.start - rules.checkInBefore};
        if (rules.tooLateAfter > rules.tooLateAfter.zero() && now > wish.start + rules.tooLateAfter)
            return TooLate{};
        const bool late = now > wish.start + rules.lateAfter;
        return std::visit([](auto&& each) { return CheckInOutcome(std::move(each)); },
                          newTicket({.id = wish.id,
                                     .group = *group,
                                     .channel = wish.channel,
                                     .services = wish.services,
                                     .planned = wish.planned,
                                     .appointment = wish.appointment,
                                     .appointmentAt = wish.start,
                                     .punctuality = late ? Punctuality::Late : Punctuality::OnTime},
                                    actor, now));
    });
}

Ticket Queue::confirm(const std::string& id, TicketEvent event, const Actor& actor, UtcTime now)
{
    return _database.transact([&] {
        lapse(now);
        const auto known = find(id);
        if (!known)
            throw Error(ErrorCode::NotFound, "no such ticket");
        const bool first =
            known->state == TicketState::Drawn || known->state == TicketState::Expired;
        if (!first && event == TicketEvent::PrintFailed)
            return *known;
        if (!first && !ticketTable.next(known->state, TicketEvent::Reprinted))
            throw Error(ErrorCode::StepOutOfOrder, "the ticket is over");
        if (!first && event == TicketEvent::Noted)
            return *known;
        if (known->state == TicketState::Expired && event == TicketEvent::PrintFailed)
            return *known;
        requireToday(*known, now);
        return apply(*known, first ? event : TicketEvent::Reprinted, actor, now, {});
    });
}

Ticket Queue::printed(const std::string& id, const Actor& actor, UtcTime now)
{
    return confirm(id, TicketEvent::Printed, actor, now);
}

Ticket Queue::noted(const std::string& id, const Actor& actor, UtcTime now)
{
    return confirm(id, TicketEvent::Noted, actor, now);
}

Ticket Queue::printFailed(const std::string& id, const Actor& actor, UtcTime now)
{
    return confirm(id, TicketEvent::PrintFailed, actor, now);
}

// --- calling ---

Ticket Queue::apply(const Ticket& before, TicketEvent kind, const Actor& actor, UtcTime now,
                    QueueEvent change)
{
    change.day = before.day;
    change.time = now;
    change.kind = kind;
    change.ticket = before.number;
    change.by = actor.by;
    change.desk = actor.desk;
    if (change.group.empty())
        change.group = before.group;
    const Ticket changed = after(before, change);
    _kept[storeTicket]
        .bind(changed.group, name(changed.priority), name(changed.state), changed.desk,
              changed.forDesk, changed.calls, changed.calledAt, changed.servedAt, changed.changedAt,
              name(changed.lastEvent), changed.version, before.id, before.version,
              name(before.state))
        .run();
    AMT_ASSERT(_database.changes() == 1); // read in this very transaction
    runInsert(_kept[insertEvent], change);
    return changed;
}

Ticket Queue::act(const SeenTicket& seen, TicketEvent event, const Actor& actor, UtcTime now,
                  QueueEvent change)
{
    return _database.transact([&] {
        lapse(now);
        const auto known = find(seen.id);
        if (!known)
            throw Error(ErrorCode::NotFound, "no such ticket");
        if (isSameAgain(*known, seen, event))
            return *known;
        requireVersion(*known, seen);
        requireHere(*known, actor);
        return apply(*known, event, actor, now, std::move(change));
    });
}

bool Queue::mayCall(const OpenDesk& desk, const Ticket& ticket, const std::vector<OpenDesk>& open,
                    UtcTime now) const
{
    if (ticket.state != TicketState::Waiting || ticket.day != localDate(now) ||
        !desk.skills.contains(ticket.group))
        return false;
    if (desk.mode == DeskMode::AppointmentsOnly && !ticket.appointmentAt)
        return false;
    return !ticket.forDesk || *ticket.forDesk == desk.id ||
           std::ranges::none_of(open, [&](const OpenDesk& other) {
               return other.id == *ticket.forDesk && other.skills.contains(ticket.group);
           });
}

CallOutcome Queue::callNext(const Actor& actor, UtcTime now)
{
    const auto plan = _plans.current();
    return _database.transact([&]() -> CallOutcome {
        lapse(now);
        const auto open = openDesks();
        const OpenDesk desk = requiredOpen(actor.desk);
        if (auto busy = atDesk(actor.desk))
            return DeskBusy{std::move(*busy)};
        const auto waiting = readTickets(_kept[ticketsWaiting].bind(today(now)));
        const Ticket* next = nullptr;
        CallingRank best;
        for (const Ticket& ticket : waiting) {
            if (!mayCall(desk, ticket, open, now))
                continue;
            const CallingRank rank = rankAt(claimOf(ticket), plan->plan.rules, now);
            if (!next || rank < best) {
                next = &ticket;
                best = rank;
            }
        }
        if (!next)
            return NobodyWaiting{};
        return apply(*next, TicketEvent::Called, actor, now, {});
    });
}

CallOutcome Queue::toDesk(const SeenTicket& seen, TicketEvent event, const Actor& actor,
                          UtcTime now)
{
    const auto plan = _plans.current();
    return _database.transact([&]() -> CallOutcome {
        lapse(now);
        const OpenDesk desk = requiredOpen(actor.desk);
        const auto known = find(seen.id);
        if (!known)
            throw Error(ErrorCode::NotFound, "no such ticket");
        if (isSameAgain(*known, seen, event) && known->desk == actor.desk)
            return *known;
        requireVersion(*known, seen);
        requireToday(*known, now);
        const PlannedDesk* planned = plan->plan.desk(actor.desk);
        const bool able =
            desk.skills.contains(known->group) ||
            (planned && std::ranges::find(planned->skills, known->group) != planned->skills.end());
        if (!able)
            throw Error(ErrorCode::NotAllowed, "this desk is not planned for that");
        if (auto busy = atDesk(actor.desk))
            return DeskBusy{std::move(*busy)};
        return apply(*known, event, actor, now, {});
    });
}

CallOutcome Queue::callThis(const SeenTicket& seen, const Actor& actor, UtcTime now)
{
    return toDesk(seen, TicketEvent::Called, actor, now);
}

CallOutcome Queue::resume(const SeenTicket& seen, const Actor& actor, UtcTime now)
{
    return toDesk(seen, TicketEvent::Resumed, actor, now);
}

Ticket Queue::recall(const SeenTicket& seen, const Actor& actor, UtcTime now)
{
    const auto plan = _plans.current();
    return _database.transact([&] {
        const auto known = find(seen.id);
        if (known && isSameAgain(*known, seen, TicketEvent::Missed))
            return *known;
        const bool inVain =
            known && known->version == seen.version && known->calls >= plan->plan.rules.callsMax;
        return act(seen, inVain ? TicketEvent::Missed : TicketEvent::Recalled, actor, now, {});
    });
}

Ticket Queue::putBack(const SeenTicket& seen, const Actor& actor, UtcTime now)
{
    return act(seen, TicketEvent::PutBack, actor, now, {});
}

Ticket Queue::miss(const SeenTicket& seen, const Actor& actor, UtcTime now)
{
    return act(seen, TicketEvent::Missed, actor, now, {});
}

Ticket Queue::serve(const SeenTicket& seen, const Actor& actor, UtcTime now)
{
    return act(seen, TicketEvent::Served, actor, now, {});
}

Ticket Queue::finish(const SeenTicket& seen, const Actor& actor, UtcTime now)
{
    return act(seen, TicketEvent::Finished, actor, now, {});
}

Ticket Queue::park(const SeenTicket& seen, const Actor& actor, UtcTime now)
{
    return act(seen, TicketEvent::Parked, actor, now, {});
}

Ticket Queue::shelve(const SeenTicket& seen, const Actor& actor, UtcTime now)
{
    return act(seen, TicketEvent::Shelved, actor, now, {});
}

Ticket Queue::redirect(const SeenTicket& seen, const Redirection& to, const Actor& actor,
                       UtcTime now)
{
    if (to.note)
        check(*to.note);
    const auto plan = _plans.current();
    if (!plan->plan.group(to.group))
        throw Error(ErrorCode::NotFound, "no such service group");
    return _database.transact([&] {
        lapse(now);
        if (to.desk) {
            const auto open = openDeskNamed(*to.desk);
            if (!open && !plan->plan.desk(*to.desk))
                throw Error(ErrorCode::NotFound, "no such desk");
            if (!open || !open->skills.contains(to.group))
                malformed("that desk is closed or does something else");
        }
        const auto known = find(seen.id);
        if (known && known->version == seen.version + 1 &&
            (known->group != to.group || known->forDesk != to.desk))
            requireVersion(*known, seen); // the press before had another aim
        const Ticket redirected = [&] {
            QueueEvent change;
            change.group = to.group;
            if (to.desk)
                change.details["desk"] = *to.desk;
            return act(seen, TicketEvent::Redirected, actor, now, std::move(change));
        }();
        if (known->version == redirected.version)
            return redirected; // pressed twice
        if (to.note)
            insertNote(redirected.id, *to.note, actor, now);
        record(journalId(redirected), "redirect-ticket",
               {{"group", to.group}, {"desk", to.desk.value_or("")}}, actor.by, now);
        return redirected;
    });
}

Ticket Queue::returnToQueue(const SeenTicket& seen, const Actor& actor, UtcTime now)
{
    return _database.transact([&] {
        if (const auto known = find(seen.id))
            requireToday(*known, now);
        return act(seen, TicketEvent::Returned, actor, now, {});
    });
}

Ticket Queue::prioritise(const SeenTicket& seen, Priority priority, const Actor& actor, UtcTime now)
{
    return _database.transact([&] {
        const auto known = find(seen.id);
        if (known && known->version == seen.version + 1 && known->priority != priority)
            requireVersion(*known, seen);
        QueueEvent change;
        change.details["priority"] = name(priority);
        const Ticket changed = act(seen, TicketEvent::Prioritised, actor, now, std::move(change));
        if (changed.version != known->version)
            record(journalId(changed), "prioritise-ticket",
                   {{"priority", std::string(name(priority))}}, actor.by, now);
        return changed;
    });
}

Ticket Queue::withdraw(const SeenTicket& seen, const Actor& actor, UtcTime now)
{
    return _database.transact([&] {
        const auto known = find(seen.id);
        const Ticket changed = act(seen, TicketEvent::Withdrawn, actor, now, {});
        if (changed.version != known->version)
            record(journalId(changed), "withdraw-ticket", {}, actor.by, now);
        return changed;
    });
}

void Queue::insertNote(const std::string& ticket, const SealedNote& note, const Actor& actor,
                       UtcTime now)
{
    _database
        .prepare("INSERT INTO ticket_note (ticket, kid, sealed, made_by, made_at) VALUES"
                 " (?, ?, ?, ?, ?)")
        .bind(ticket, note.kid, note.sealed, actor.by, now)
        .run();
}

void Queue::addNote(const std::string& id, const SealedNote& note, const Actor& actor, UtcTime now)
{
    check(note);
    _database.transact([&] {
        if (!find(id))
            throw Error(ErrorCode::NotFound, "no such ticket");
        insertNote(id, note, actor, now);
    });
}

std::vector<TicketNote> Queue::notes(const std::string& id) const
{
    auto rows = _database.prepare(
        "SELECT kid, sealed, made_by, made_at FROM ticket_note WHERE ticket = ? ORDER BY number");
    rows.bind(id);
    std::vector<TicketNote> found;
    while (rows.step())
        found.push_back({.note = {.kid = rows.text(0), .sealed = rows.text(1)},
                         .by = rows.text(2),
                         .at = rows.time(3)});
    return found;
}

// --- questions ---

std::optional<Ticket> Queue::find(const std::string& id) const
{
    return oneOf(_kept[ticketById].bind(id));
}

std::optional<Ticket> Queue::findByNumber(LocalDate day, const TicketNumber& number) const
{
    return oneOf(
        _kept[ticketByNumber].bind(toIso(day), std::string(1, number.letter), number.number));
}

std::optional<Ticket> Queue::findByAppointment(const std::string& appointment) const
{
    return oneOf(_kept[ticketByAppointment].bind(appointment));
}

std::optional<Ticket> Queue::atDesk(const std::string& desk) const
{
    return oneOf(_kept[ticketAtDesk].bind(desk));
}

std::vector<Ticket> Queue::ofDay(LocalDate day, const std::vector<TicketState>& states) const
{
    std::string query = "WHERE day = ?";
    for (const TicketState state : states)
        query +=
            (state == states.front() ? " AND state IN ('" : ", '") + std::string(name(state)) + "'";
    auto rows = _database.prepare(
        selectTickets(query + (states.empty() ? "" : ")") + " ORDER BY drawn_at, id"));
    return readTickets(rows.bind(toIso(day)));
}

std::int64_t Queue::sequence() const
{
    return newestEvent(_database);
}

std::vector<QueueEvent> Queue::events(LocalDate first, LocalDate last) const
{
    return readEvents(_database, first, last);
}

} // namespace amt::office
