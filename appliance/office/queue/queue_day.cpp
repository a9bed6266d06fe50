// SPDX-License-Identifier: EUPL-1.2
//
// Desks open and close, days end, what is old goes.
#include "appliance/office/queue/queue.h"

#include <algorithm>
#include <utility>

namespace amt::office {

namespace {

constexpr const char* byClock = "clock"; ///< the actor of what had its time

constexpr std::string_view untaken =
    "SELECT 1 FROM ticket WHERE state = 'Drawn' AND drawn_at <= ? LIMIT 1";
constexpr std::string_view openBefore =
    "SELECT 1 FROM ticket WHERE state IN ('Drawn', 'Waiting', 'Called', 'Serving', 'Parked',"
    " 'ForPickUp') AND day < ? LIMIT 1";
constexpr std::string_view deskBefore = "SELECT 1 FROM open_desk WHERE day < ? LIMIT 1";
const std::string ticketsUntaken =
    selectTickets("WHERE state = 'Drawn' AND drawn_at <= ? ORDER BY number");
const std::string ticketsOpenBefore = selectTickets(
    "WHERE state IN ('Drawn', 'Waiting', 'Called', 'Serving', 'Parked', 'ForPickUp') AND day"
    " < ? ORDER BY day, letter, number");
constexpr std::string_view desksOpen =
    "SELECT desk, day, clerk, skills, mode, opened_at, emergency_at, sign FROM open_desk ORDER BY"
    " length(desk), desk";

std::string today(UtcTime now)
{
    return toIso(localDate(now));
}

[[noreturn]] void malformed(const char* what)
{
    throw Error(ErrorCode::InputMalformed, what);
}

} // namespace

// --- desks ---

std::vector<OpenDesk> Queue::openDesks() const
{
    auto& rows = _kept[desksOpen].bind();
    std::vector<OpenDesk> found;
    while (rows.step())
        found.push_back({.id = rows.text(0),
                         .day = localDateFromIso(rows.text(1)),
                         .clerk = rows.text(2),
                         .skills = skillsFromText(rows.text(3)),
                         .mode = deskModeFromName(rows.text(4)),
                         .openedAt = rows.time(5),
                         .emergencyAt = rows.optionalTime(6),
                         .sign = signWordFromName(rows.text(7))});
    return found;
}

std::optional<OpenDesk> Queue::openDeskNamed(const std::string& desk) const
{
    for (OpenDesk& open : openDesks()) {
        if (open.id == desk)
            return std::move(open);
    }
    return std::nullopt;
}

OpenDesk Queue::requiredOpen(const std::string& desk) const
{
    auto open = openDeskNamed(desk);
    if (!open)
        throw Error(ErrorCode::StepOutOfOrder, "the desk is not open");
    return std::move(*open);
}

OpenOutcome Queue::openDesk(const DeskOpening& opening, TakeOver takeOver, UtcTime now)
{
    const auto plan = _plans.current();
    const PlannedDesk* planned = plan->plan.desk(opening.desk);
    if (!planned)
        throw Error(ErrorCode::NotFound, "no such desk");
    const std::set<std::string> all(planned->skills.begin(), planned->skills.end());
    if (opening.clerk.empty() || !std::ranges::includes(all, opening.skills))
        malformed("a desk that cannot be opened so");
    return _database.transact([&]() -> OpenOutcome {
        lapse(now);
        OpenDesk open{.id = opening.desk,
                      .day = localDate(now),
                      .clerk = opening.clerk,
                      .skills = opening.skills.empty() ? all : opening.skills,
                      .mode = opening.mode,
                      .openedAt = now,
                      .emergencyAt = {},
                      .sign = SignWord::None};
        if (const auto known = openDeskNamed(opening.desk)) {
            if (known->clerk != opening.clerk && takeOver == TakeOver::No)
                return DeskOccupied{*known};
            if (known->clerk == open.clerk && known->skills == open.skills &&
                known->mode == open.mode)
                return *known;
            open.emergencyAt = known->emergencyAt;
            open.sign = known->sign;
        }
        _database
            .prepare("INSERT OR REPLACE INTO open_desk (desk, day, clerk, skills, mode, opened_at,"
                     " emergency_at, sign) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(open.id, toIso(open.day), open.clerk, toText(open.skills), name(open.mode),
                  open.openedAt, open.emergencyAt, name(open.sign))
            .run();
        tell(HallEvent::DeskOpened, "open-desk", open, open.clerk, now,
             {{"skills", toText(open.skills)}, {"mode", std::string(name(open.mode))}});
        return open;
    });
}

void Queue::tell(HallEvent kind, std::string_view act, const OpenDesk& desk, const std::string& by,
                 UtcTime now, const std::map<std::string, std::string>& details)
{
    runInsert(_kept[insertEvent], {.day = desk.day,
                                   .time = now,
                                   .kind = kind,
                                   .ticket = {},
                                   .group = {},
                                   .desk = desk.id,
                                   .by = by,
                                   .details = details});
    record("desk/" + desk.id, std::string(act), details, by, now);
}

void Queue::closeOpenDesk(const OpenDesk& open, const std::string& by, UtcTime now)
{
    _database.prepare("DELETE FROM open_desk WHERE desk = ?").bind(open.id).run();
    tell(HallEvent::DeskClosed, "close-desk", open, by, now);
}

void Queue::closeDesk(const std::string& desk, const std::string& by, UtcTime now)
{
    _database.transact([&] {
        lapse(now);
        const auto open = openDeskNamed(desk);
        if (!open)
            return;
        if (atDesk(desk) || open->emergencyAt)
            throw Error(ErrorCode::StepOutOfOrder, "the desk is in use");
        closeOpenDesk(*open, by, now);
    });
}

void Queue::callEmergency(const Actor& actor, UtcTime now)
{
    _database.transact([&] {
        lapse(now);
        const OpenDesk open = requiredOpen(actor.desk);
        if (open.emergencyAt)
            return;
        _database.prepare("UPDATE open_desk SET emergency_at = ? WHERE desk = ?")
            .bind(now, open.id)
            .run();
        tell(HallEvent::EmergencyCalled, "call-emergency", open, actor.by, now);
    });
}

void Queue::answerEmergency(const std::string& desk, const Actor& actor, UtcTime now)
{
    _database.transact([&] {
        lapse(now);
        const auto open = openDeskNamed(desk);
        if (!open || !open->emergencyAt)
            return;
        _database.prepare("UPDATE open_desk SET emergency_at = NULL WHERE desk = ?")
            .bind(desk)
            .run();
        tell(HallEvent::EmergencyAnswered, "answer-emergency", *open, actor.by, now);
    });
}

void Queue::setSign(SignWord word, const Actor& actor, UtcTime now)
{
    _database.transact([&] {
        lapse(now);
        const OpenDesk open = requiredOpen(actor.desk);
        if (open.sign == word)
            return;
        _database.prepare("UPDATE open_desk SET sign = ? WHERE desk = ?")
            .bind(name(word), open.id)
            .run();
        runInsert(_kept[insertEvent], {.day = open.day,
                                       .time = now,
                                       .kind = HallEvent::SignSet,
                                       .ticket = {},
                                       .group = {},
                                       .desk = open.id,
                                       .by = actor.by,
                                       .details = {{"word", std::string(name(word))}}});
    });
}

// --- time ---

bool Queue::due(UtcTime now) const
{
    const auto any = [](store::Statement& rows) {
        bool found = false;
        while (rows.step())
            found = true;
        return found;
    };
    const std::string day = today(now);
    const UtcTime untakenSince = now - _plans.current()->plan.rules.confirmWithin;
    return any(_kept[untaken].bind(untakenSince)) ||
           (_journal.timeQuality() != outbox::TimeQuality::Doubtful &&
            (any(_kept[openBefore].bind(day)) || any(_kept[deskBefore].bind(day))));
}

DayEnd Queue::endDays(const std::string& until, const std::string& by, UtcTime now)
{
    DayEnd ended;
    for (const Ticket& open : readTickets(_kept[ticketsOpenBefore].bind(until))) {
        const Ticket closed = apply(open, TicketEvent::DayEnded, {.by = by}, now, {});
        ended.unserved += closed.state == TicketState::Unserved;
        ended.unfinished += closed.state == TicketState::Unfinished;
        ended.uncollected += closed.state == TicketState::Uncollected;
        ended.expired += closed.state == TicketState::Expired;
    }
    for (const OpenDesk& open : openDesks()) {
        if (toIso(open.day) < until) {
            closeOpenDesk(open, by, now);
            ++ended.desks;
        }
    }
    return ended;
}

int Queue::lapse(UtcTime now)
{
    if (!due(now))
        return 0;
    int changed = 0;
    // A doubtful clock may have jumped: it would send everybody home.
    if (_journal.timeQuality() != outbox::TimeQuality::Doubtful) {
        const DayEnd ended = endDays(today(now), byClock, now);
        changed += ended.unserved + ended.unfinished + ended.uncollected + ended.expired;
    }
    const UtcTime untakenSince = now - _plans.current()->plan.rules.confirmWithin;
    for (const Ticket& drawn : readTickets(_kept[ticketsUntaken].bind(untakenSince))) {
        apply(drawn, TicketEvent::Expired, {.by = byClock}, now, {});
        ++changed;
    }
    return changed;
}

int Queue::sweep(UtcTime now)
{
    if (!due(now))
        return 0;
    return _database.transact([&] { return lapse(now); });
}

DayEnd Queue::endDay(const std::string& by, UtcTime now)
{
    return _database.transact([&] {
        lapse(now);
        if (std::ranges::any_of(openDesks(),
                                [](const OpenDesk& open) { return open.emergencyAt.has_value(); }))
            throw Error(ErrorCode::StepOutOfOrder, "a desk calls for help");
        const DayEnd ended = endDays(toIso(plusDays(localDate(now), 1)), by, now);
        record("queue", "end-day",
               {{"day", today(now)},
                {"unserved", std::to_string(ended.unserved)},
                {"unfinished", std::to_string(ended.unfinished)},
                {"uncollected", std::to_string(ended.uncollected)}},
               by, now);
        return ended;
    });
}

int Queue::noteAbsent(LocalDate day, const std::vector<BookedVisit>& booked, UtcTime now)
{
    return _database.transact([&] {
        if (toIso(day) < namesFrom())
            throw Error(ErrorCode::StepOutOfOrder, "who came on that day is forgotten");
        // The log knows no appointment by its id: those of one group and start are alike.
        std::map<std::pair<std::string, std::int64_t>, int> absent;
        for (const BookedVisit& visit : booked) {
            if (localDate(visit.start) == day && visit.start <= now &&
                !findByAppointment(visit.appointment))
                ++absent[{visit.group, toMilliseconds(visit.start)}];
        }
        for (const QueueEvent& event : readEvents(_database, day, day)) {
            if (const auto* hall = std::get_if<HallEvent>(&event.kind);
                hall && *hall == HallEvent::NotArrived)
                --absent[{event.group, std::stoll(event.details.at("start"))}];
        }
        int added = 0;
        for (const auto& [which, count] : absent) {
            for (int i = 0; i < count; ++i, ++added)
                runInsert(_kept[insertEvent],
                          {.day = day,
                           .time = now,
                           .kind = HallEvent::NotArrived,
                           .ticket = {},
                           .group = which.first,
                           .desk = {},
                           .by = byClock,
                           .details = {{"start", std::to_string(which.second)}}});
        }
        return added;
    });
}

int Queue::purge(LocalDate linksBefore, LocalDate allBefore, UtcTime now)
{
    AMT_ASSERT(!_database.inTransaction());
    AMT_ASSERT(allBefore <= linksBefore && linksBefore <= localDate(now));
    if (_journal.timeQuality() == outbox::TimeQuality::Doubtful)
        return 0;
    const int gone = _database.transact([&] {
        lapse(now); // what is open ends before it goes
        const std::string links = toIso(linksBefore), all = toIso(allBefore);
        _database
            .prepare("UPDATE queue_kept SET names_from = max(names_from, ?1), all_from ="
                     " max(all_from, ?2)")
            .bind(links, all)
            .run();
        _database
            .prepare(
                "DELETE FROM ticket_note WHERE ticket IN (SELECT id FROM ticket WHERE day < ?)")
            .bind(links)
            .run();
        _database.prepare("DELETE FROM ticket WHERE day < ?").bind(links).run();
        const int tickets = _database.changes();
        _database.prepare("UPDATE queue_event SET by = '' WHERE day < ? AND by <> ''")
            .bind(links)
            .run();
        _database.prepare("DELETE FROM queue_event WHERE day < ?").bind(all).run();
        if (tickets > 0)
            _journal.append(
                outbox::RecordKind::Purged, "queue",
                {{"what", "tickets"}, {"before", links}, {"count", std::to_string(tickets)}}, now);
        return tickets;
    });
    _database.checkpoint();
    return gone;
}

std::string Queue::namesFrom() const
{
    auto row = _database.prepare("SELECT names_from FROM queue_kept");
    return row.step() ? row.text(0) : std::string();
}

std::vector<std::string> Queue::unsound() const
{
    std::vector<Ticket> rows;
    {
        auto all = _database.prepare(selectTickets("ORDER BY day, letter, number"));
        rows = readTickets(all);
    }
    const auto desks = openDesks();
    const std::string from = namesFrom();
    const LocalDate begin = localDateFromIso(from.empty() ? "1970-01-01" : from);
    QueueState state;
    for (const QueueEvent& event : readEvents(_database, begin, localDateFromIso("9999-12-31")))
        state.apply(event);

    std::vector<std::string> found;
    for (const Ticket& row : rows) {
        const auto known = state.tickets.find({row.day, row.number});
        if (known == state.tickets.end() || !(known->second == withoutLinks(row)))
            found.push_back(journalId(row));
        if (known != state.tickets.end())
            state.tickets.erase(known);
    }
    for (const auto& [key, ticket] : state.tickets)
        found.push_back(journalId(ticket));
    for (const OpenDesk& desk : desks) {
        const auto known = state.desks.find(desk.id);
        if (known == state.desks.end() || !(known->second == desk))
            found.push_back("desk/" + desk.id);
        if (known != state.desks.end())
            state.desks.erase(known);
    }
    for (const auto& [id, desk] : state.desks)
        found.push_back("desk/" + id);
    return found;
}

} // namespace amt::office
