// SPDX-License-Identifier: EUPL-1.2
//
// A town hall with nothing but a queue: two groups that share desk 2, and three desks.
#pragma once

#include "appliance/core/log.h"
#include "appliance/office/queue/board.h"
#include "appliance/office/queue/queue.h"
#include "tests/support/scratch_database.h"
#include "tests/support/seeded_random.h"

#include <string>
#include <vector>

namespace amt::test {

inline office::QueuePlan smallPlan()
{
    office::QueuePlan plan;
    plan.groups = {{.key = "ausweise",
                    .letter = 'A',
                    .name = {{"de", "Ausweise"}},
                    .services = {"99008001012000", "99085001012000"},
                    .planned = std::chrono::minutes(12)},
                   {.key = "wohnen",
                    .letter = 'B',
                    .name = {{"de", "Wohnen"}, {"en", "Housing"}},
                    .services = {"99115005104000"},
                    .planned = std::chrono::minutes(15)}};
    plan.desks = {{"1", "Schalter 1", {"ausweise"}},
                  {"2", "Schalter 2", {"ausweise", "wohnen"}},
                  {"3", "Schalter 3", {"wohnen"}}};
    return plan;
}

struct QueueTown {
    ScratchDatabase database;
    SameRandom random;
    std::optional<outbox::Journal> journal;
    std::optional<office::QueuePlans> plans;
    std::optional<office::Queue> queue;
    UtcTime now = fromIso("2026-11-23T08:00:00Z"); // a Monday, 09:00 at the town hall

    const office::Actor kiosk{"kiosk"};
    const office::Actor reception{"Rita"};
    const office::Actor one{"Anna", "1"};
    const office::Actor two{"Bert", "2"};
    const office::Actor three{"Cleo", "3"};

    explicit QueueTown(const office::QueuePlan& plan = smallPlan())
    {
        log::setEnabled(false);
        wire();
        plans->save(plan, 0, "Lead", "test", now);
    }
    void wire()
    {
        journal.emplace(*database);
        plans.emplace(*database, *journal);
        queue.emplace(*database, *journal, *plans);
    }
    /// As after kill -9.
    void restart()
    {
        queue.reset();
        plans.reset();
        journal.reset();
        database.reopen();
        wire();
    }
    void plan(const office::QueuePlan& next)
    {
        plans->save(next, plans->current()->version, "Lead", "test", now);
    }
    void openAll()
    {
        for (const office::Actor* each : {&one, &two, &three})
            queue->openDesk({.desk = each->desk, .clerk = each->by}, office::TakeOver::No, now);
    }
    LocalDate today() const { return localDate(now); }
    void pass(std::chrono::seconds time) { now += time; }

    office::TicketWish wish(const std::string& group = "ausweise")
    {
        return {.id = randomUuid(random), .group = group};
    }
    office::Ticket drawn(const std::string& group = "ausweise")
    {
        return std::get<office::Ticket>(queue->draw(wish(group), kiosk, now));
    }
    /// Drawn and printed; a second passes, so that the next one came later.
    office::Ticket waiting(const std::string& group = "ausweise")
    {
        const auto ticket = queue->printed(drawn(group).id, kiosk, now);
        pass(std::chrono::seconds(1));
        return ticket;
    }
    office::CheckIn visit(std::chrono::minutes startsIn, const std::string& group = "ausweise")
    {
        return {.id = randomUuid(random),
                .appointment = randomUuid(random),
                .start = now + startsIn,
                .group = group};
    }
    office::Ticket checkedIn(std::chrono::minutes startsIn, const std::string& group = "ausweise")
    {
        const auto ticket =
            std::get<office::Ticket>(queue->checkIn(visit(startsIn, group), kiosk, now));
        const auto printed = queue->printed(ticket.id, kiosk, now);
        pass(std::chrono::seconds(1));
        return printed;
    }
    office::Ticket next(const office::Actor& desk)
    {
        return std::get<office::Ticket>(queue->callNext(desk, now));
    }
    /// The number that is called, or "".
    std::string nextNumber(const office::Actor& desk)
    {
        const auto outcome = queue->callNext(desk, now);
        const auto* ticket = std::get_if<office::Ticket>(&outcome);
        return ticket ? toText(ticket->number) : "";
    }
    office::Ticket found(const office::Ticket& ticket) const { return *queue->find(ticket.id); }
    static office::SeenTicket seen(const office::Ticket& ticket)
    {
        return {ticket.id, ticket.version};
    }
    std::int64_t count(const std::string& sql)
    {
        auto row = database->prepare(sql);
        return row.step() ? row.integer(0) : -1;
    }
    /// Kinds of today's events about this number, in order.
    std::vector<std::string> story(const office::Ticket& ticket) const
    {
        std::vector<std::string> kinds;
        for (const auto& event : queue->events(ticket.day, ticket.day)) {
            if (event.ticket == ticket.number)
                kinds.push_back(std::string(name(std::get<office::TicketEvent>(event.kind))));
        }
        return kinds;
    }
    std::vector<std::string> acts(const std::string& about) const
    {
        std::vector<std::string> found;
        for (const auto& record : journal->about(about))
            found.push_back(record.details.at("act"));
        return found;
    }
};

inline auto refusal(ErrorCode code)
{
    return [code](const Error& error) { return error.errorCode() == code; };
}

} // namespace amt::test
