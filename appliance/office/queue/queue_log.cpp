// SPDX-License-Identifier: EUPL-1.2
//
// Events as rows, and what each does.
#include "appliance/office/queue/queue_log.h"

#include "appliance/core/json.h"
#include "appliance/core/overloaded.h"

#include <algorithm>
#include <charconv>

namespace amt::office {

namespace {

constexpr std::pair<HallEvent, std::string_view> hallEvents[] = {
    {HallEvent::DeskOpened, "DeskOpened"},
    {HallEvent::DeskClosed, "DeskClosed"},
    {HallEvent::EmergencyCalled, "EmergencyCalled"},
    {HallEvent::EmergencyAnswered, "EmergencyAnswered"},
    {HallEvent::SignSet, "SignSet"},
    {HallEvent::NotArrived, "NotArrived"},
};

constexpr std::pair<SignWord, std::string_view> signWords[] = {
    {SignWord::None, "None"},
    {SignWord::BackSoon, "BackSoon"},
    {SignWord::Break, "Break"},
    {SignWord::Knock, "Knock"},
};

std::variant<TicketEvent, HallEvent> kindFromName(const std::string& text)
{
    if (const auto event = ticketEventFromName(text))
        return *event;
    for (const auto& [event, known] : hallEvents) {
        if (known == text)
            return event;
    }
    throw Error(ErrorCode::StoreFailed, "unknown event of the queue");
}

const std::string& detail(const QueueEvent& event, const std::string& key)
{
    const auto found = event.details.find(key);
    if (found == event.details.end())
        throw Error(ErrorCode::StoreFailed, "an event of the queue that lacks " + key);
    return found->second;
}

std::int64_t number(const std::string& text)
{
    std::int64_t value = 0;
    const char* end = text.data() + text.size();
    if (const auto read = std::from_chars(text.data(), end, value);
        read.ec != std::errc() || read.ptr != end)
        throw Error(ErrorCode::StoreFailed, "an event of the queue with a broken number");
    return value;
}

std::string detailsText(const std::map<std::string, std::string>& details)
{
    if (details.empty())
        return {};
    json::ObjectPtr object = json::makeObject();
    for (const auto& [key, value] : details)
        object->set(key, value);
    return json::write(*object);
}

std::map<std::string, std::string> detailsFromText(const std::string& text)
{
    std::map<std::string, std::string> details;
    if (text.empty())
        return details;
    const json::ObjectPtr object = json::parseObject(text);
    for (const std::string& key : object->getNames())
        details[key] = json::text(*object, key);
    return details;
}

} // namespace

std::string_view name(HallEvent event)
{
    for (const auto& [known, text] : hallEvents) {
        if (known == event)
            return text;
    }
    AMT_ASSERT(false && "an event of the hall without a name");
}

std::string_view name(DeskMode mode)
{
    switch (mode) {
    case DeskMode::Everybody:
        return "Everybody";
    case DeskMode::AppointmentsOnly:
        return "AppointmentsOnly";
    }
    AMT_ASSERT(false && "a mode without a name");
}

DeskMode deskModeFromName(const std::string& text)
{
    for (const DeskMode mode : {DeskMode::Everybody, DeskMode::AppointmentsOnly}) {
        if (name(mode) == text)
            return mode;
    }
    throw Error(ErrorCode::StoreFailed, "unknown mode of a desk");
}

std::string_view name(SignWord word)
{
    for (const auto& [known, text] : signWords) {
        if (known == word)
            return text;
    }
    AMT_ASSERT(false && "a word without a name");
}

SignWord signWordFromName(const std::string& text)
{
    for (const auto& [word, known] : signWords) {
        if (known == text)
            return word;
    }
    throw Error(ErrorCode::InputMalformed, "no word for a sign");
}

std::string toText(const std::set<std::string>& skills)
{
    std::string text;
    for (const std::string& skill : skills)
        text += (text.empty() ? "" : " ") + skill;
    return text;
}

std::set<std::string> skillsFromText(std::string_view text)
{
    std::set<std::string> skills;
    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find(' '));
        skills.emplace(word);
        text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    return skills;
}

Ticket begunBy(const QueueEvent& drawn)
{
    AMT_ASSERT(drawn.ticket.has_value());
    Ticket ticket{.id = {},
                  .day = drawn.day,
                  .number = *drawn.ticket,
                  .group = drawn.group,
                  .channel = channelFromName(detail(drawn, "channel")),
                  .services = {},
                  .planned = std::chrono::minutes(number(detail(drawn, "minutes"))),
                  .punctuality = punctualityFromName(detail(drawn, "punctuality")),
                  .priority = priorityFromName(detail(drawn, "priority")),
                  .state = TicketState::Drawn,
                  .drawnAt = drawn.time,
                  .changedAt = drawn.time,
                  .lastEvent = TicketEvent::Drawn,
                  .version = 1};
    if (ticket.punctuality != Punctuality::WalkIn)
        ticket.appointmentAt = fromMilliseconds(number(detail(drawn, "start")));
    return ticket;
}

Ticket after(const Ticket& before, const QueueEvent& event)
{
    const TicketEvent kind = std::get<TicketEvent>(event.kind);
    const auto next = ticketTable.next(before.state, kind);
    if (!next)
        throw Error(ErrorCode::StepOutOfOrder, "the ticket is " + std::string(name(before.state)) +
                                                   ": not " + std::string(name(kind)));
    Ticket ticket = before;
    ticket.state = *next;
    ticket.changedAt = event.time;
    ticket.lastEvent = kind;
    ++ticket.version;
    switch (kind) {
    case TicketEvent::Called:
        ticket.desk = event.desk;
        ticket.forDesk.reset();
        ticket.calls = 1;
        ticket.calledAt = event.time;
        break;
    case TicketEvent::Recalled:
        ++ticket.calls;
        ticket.calledAt = event.time;
        break;
    case TicketEvent::Resumed:
        ticket.desk = event.desk;
        ticket.calls = 1; // somebody fetched it
        ticket.calledAt = event.time;
        ticket.servedAt = event.time;
        break;
    case TicketEvent::Served:
        ticket.servedAt = event.time;
        break;
    case TicketEvent::PutBack:
    case TicketEvent::Returned:
        ticket.calls = 0;
        break;
    case TicketEvent::Redirected:
        ticket.group = event.group;
        ticket.calls = 0;
        ticket.forDesk.reset();
        if (event.details.contains("desk"))
            ticket.forDesk = event.details.at("desk");
        break;
    case TicketEvent::Prioritised:
        ticket.priority = priorityFromName(detail(event, "priority"));
        break;
    case TicketEvent::Drawn:
    case TicketEvent::Printed:
    case TicketEvent::Noted:
    case TicketEvent::PrintFailed:
    case TicketEvent::Reprinted:
    case TicketEvent::Missed:
    case TicketEvent::Finished:
    case TicketEvent::Parked:
    case TicketEvent::Shelved:
    case TicketEvent::Withdrawn:
    case TicketEvent::Expired:
    case TicketEvent::DayEnded:
        break;
    }
    return ticket;
}

Ticket withoutLinks(Ticket ticket)
{
    ticket.id.clear();
    ticket.appointment.reset();
    ticket.services.clear();
    return ticket;
}

void QueueState::apply(const QueueEvent& event)
{
    std::visit(
        Overloaded{[&](TicketEvent kind) {
                       if (!event.ticket)
                           throw Error(ErrorCode::StoreFailed, "an event without its ticket");
                       const std::pair key(event.day, *event.ticket);
                       const auto known = tickets.find(key);
                       if (kind == TicketEvent::Drawn) {
                           if (known != tickets.end())
                               throw Error(ErrorCode::StoreFailed, "a number that came twice");
                           tickets.emplace(key, begunBy(event));
                           return;
                       }
                       if (known == tickets.end())
                           throw Error(ErrorCode::StoreFailed, "an event before its ticket");
                       known->second = after(known->second, event);
                   },
                   [&](HallEvent kind) {
                       switch (kind) {
                       case HallEvent::DeskOpened: {
                           const auto known = desks.find(event.desk);
                           const OpenDesk before =
                               known == desks.end() ? OpenDesk{} : known->second;
                           desks[event.desk] = {.id = event.desk,
                                                .day = event.day,
                                                .clerk = event.by,
                                                .skills = skillsFromText(detail(event, "skills")),
                                                .mode = deskModeFromName(detail(event, "mode")),
                                                .openedAt = event.time,
                                                .emergencyAt = before.emergencyAt,
                                                .sign = before.sign};
                           return;
                       }
                       case HallEvent::DeskClosed:
                           desks.erase(event.desk);
                           return;
                       case HallEvent::EmergencyCalled:
                           desks[event.desk].emergencyAt = event.time;
                           return;
                       case HallEvent::EmergencyAnswered:
                           desks[event.desk].emergencyAt.reset();
                           return;
                       case HallEvent::SignSet:
                           desks[event.desk].sign = signWordFromName(detail(event, "word"));
                           return;
                       case HallEvent::NotArrived:
                           return;
                       }
                   }},
        event.kind);
}

void runInsert(store::Statement& prepared, const QueueEvent& event)
{
    const std::string_view kind = std::visit([](auto known) { return name(known); }, event.kind);
    prepared
        .bind(toIso(event.day), event.time, kind,
              event.ticket ? compact(*event.ticket) : std::string(), event.group, event.desk,
              event.by, detailsText(event.details))
        .run();
}

std::vector<QueueEvent> readEvents(store::Database& database, LocalDate first, LocalDate last,
                                   EventDetails details)
{
    auto rows = database.prepare(
        "SELECT number, day, time, kind, ticket, service_group, desk, by, details FROM queue_event"
        " WHERE day BETWEEN ? AND ? ORDER BY number");
    rows.bind(toIso(first), toIso(last));
    std::vector<QueueEvent> events;
    while (rows.step()) {
        QueueEvent event{.number = rows.integer(0),
                         .day = localDateFromIso(rows.text(1)),
                         .time = rows.time(2),
                         .kind = kindFromName(rows.text(3)),
                         .ticket = ticketNumberFromText(rows.text(4)),
                         .group = rows.text(5),
                         .desk = rows.text(6),
                         .by = rows.text(7),
                         .details = {}};
        if (details == EventDetails::Read)
            event.details = detailsFromText(rows.text(8));
        events.push_back(std::move(event));
    }
    return events;
}

std::int64_t newestEvent(store::Database& database)
{
    auto row = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'queue_event'");
    return row.step() ? row.integer(0) : 0;
}

} // namespace amt::office
