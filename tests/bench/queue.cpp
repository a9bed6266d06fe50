// SPDX-License-Identifier: EUPL-1.2
//
// The queue: a year of a town of 60,000 with every invariant looked at each evening, a call beside
// a bare write, the estimate and the board.
#include "appliance/core/log.h"
#include "appliance/core/random.h"
#include "appliance/node/node.h"
#include "appliance/office/calendar/holidays.h"
#include "appliance/office/queue/board.h"
#include "appliance/office/queue/statistics.h"
#include "appliance/office/queue/waiting_time.h"
#include "tests/bench/bench.h"
#include "tests/office/queue/simulated_hall.h"

#include <Poco/TemporaryFile.h>

#include <filesystem>
#include <set>

namespace amt::bench {

namespace {

using namespace amt::office;
using namespace std::chrono_literals;

const LocalDate firstDay = localDateFromIso("2026-01-01");
const LocalDate lastDay = localDateFromIso("2026-12-31");

void require(bool holds, const char* what)
{
    if (!holds)
        throw Error(ErrorCode::StoreFailed, what);
}

/// Eight desks for three groups.
QueuePlan townPlan()
{
    QueuePlan plan;
    plan.groups = {
        {.key = "ausweise", .letter = 'A', .name = {{"de", "Ausweise"}}, .planned = 12min},
        {.key = "kurz", .letter = 'K', .name = {{"de", "Abholen"}}, .planned = 5min},
        {.key = "wohnen", .letter = 'W', .name = {{"de", "Wohnen"}}, .planned = 15min}};
    for (int i = 1; i <= 8; ++i)
        plan.desks.push_back({.id = std::to_string(i),
                              .name = "Schalter " + std::to_string(i),
                              .skills = i <= 2   ? std::vector<std::string>{"kurz"}
                                        : i <= 5 ? std::vector<std::string>{"ausweise", "kurz"}
                                                 : std::vector<std::string>{"ausweise", "wohnen"}});
    return plan;
}

/// One visit a year for each of 60,000 inhabitants, on some 250 days.
test::HallHabits townHabits()
{
    test::HallHabits habits;
    habits.walkInsAnHour = {{"ausweise", 9}, {"kurz", 10}, {"wohnen", 5}};
    habits.serviceMinutes = {{"ausweise", 11}, {"kurz", 5}, {"wohnen", 14}};
    habits.appointmentsADay = {{"ausweise", 38}, {"wohnen", 20}};
    return habits;
}

struct House {
    store::Database database;
    outbox::Journal journal{database};
    QueuePlans plans{database, journal};
    Queue queue{database, journal, plans};

    explicit House(const std::string& path, UtcTime now) : database(at(path))
    {
        node::migrate(database);
        plans.save(townPlan(), 0, "bench", "", now);
    }
};

/// What must hold of any day, told by its log.
void checkDay(const Queue& queue, const std::vector<QueueEvent>& events,
              const std::vector<Ticket>& tickets)
{
    std::set<std::pair<LocalDate, TicketNumber>> given;
    std::map<std::string, TicketNumber> atDesk;
    std::map<TicketNumber, bool> waits;
    std::int64_t number = 0;
    for (const QueueEvent& event : events) {
        require(event.number > number, "a log that goes back");
        number = event.number;
        const auto* kind = std::get_if<TicketEvent>(&event.kind);
        if (!kind)
            continue;
        const auto leaves = [&] {
            std::erase_if(atDesk, [&](const auto& desk) { return desk.second == *event.ticket; });
        };
        switch (*kind) {
        case TicketEvent::Drawn:
            require(given.emplace(event.day, *event.ticket).second, "a number given twice");
            break;
        case TicketEvent::Printed:
        case TicketEvent::Noted:
            waits[*event.ticket] = true;
            break;
        case TicketEvent::Called:
        case TicketEvent::Resumed:
            require(waits[*event.ticket], "somebody was called who had no number in the hand");
            for (const auto& [desk, ticket] : atDesk)
                require(desk != event.desk && ticket != *event.ticket,
                        "two at a desk, or one at two");
            atDesk[event.desk] = *event.ticket;
            break;
        case TicketEvent::PutBack:
        case TicketEvent::Missed:
        case TicketEvent::Finished:
        case TicketEvent::Parked:
        case TicketEvent::Redirected:
        case TicketEvent::Shelved:
        case TicketEvent::Withdrawn:
        case TicketEvent::DayEnded:
            leaves();
            break;
        case TicketEvent::PrintFailed:
        case TicketEvent::Reprinted:
        case TicketEvent::Recalled:
        case TicketEvent::Returned:
        case TicketEvent::Served:
        case TicketEvent::Prioritised:
        case TicketEvent::Expired:
            break;
        }
    }
    require(given.size() == tickets.size(), "a ticket that the log does not know");
    std::set<std::string> appointments;
    for (const Ticket& ticket : tickets) {
        for (const TicketState open :
             {TicketState::Drawn, TicketState::Waiting, TicketState::Called, TicketState::Serving,
              TicketState::Parked, TicketState::ForPickUp})
            require(ticket.state != open, "a ticket that the end of the day left open");
        require(!ticket.appointment || appointments.insert(*ticket.appointment).second,
                "an appointment with two tickets");
    }
    require(queue.openDesks().empty(), "a desk that is open at night");
    require(queue.unsound().empty(), "a row that the log does not tell");
}

std::vector<test::HallHours> hoursOf(std::chrono::weekday weekday)
{
    if (weekday == std::chrono::Thursday)
        return {{8h, 12h}, {14h, 18h}};
    if (weekday == std::chrono::Monday || weekday == std::chrono::Tuesday)
        return {{8h, 12h}, {14h, 16h}};
    return {{8h, 12h}};
}

/// In memory where there is such a place: the disk is measured apart.
std::string memoryFolder()
{
    const std::string shared = "/dev/shm";
    return std::filesystem::is_directory(shared) ? Poco::TemporaryFile::tempName(shared)
                                                 : Poco::TemporaryFile::tempName();
}

void year()
{
    const std::string folder = memoryFolder();
    std::filesystem::create_directory(folder);
    const double begin = seconds(CLOCK_MONOTONIC);
    int tickets = 0, days = 0, asked = 0, held = 0, notArrived = 0, estimates = 0;
    double estimating = 0;
    {
        House house(folder + "/node.db", fromIso("2026-01-01T00:00:00Z"));
        test::SimulatedHall hall(house.queue, townHabits(), 60'000);
        DurationsSeen durations(house.database);
        std::map<std::string, std::pair<UtcTime, WaitRange>> open;
        int walkIn = 0;
        hall.onWaiting = [&](const Ticket& ticket, UtcTime now) {
            if (ticket.appointmentAt || ++walkIn % 10 != 0) // every tenth is asked for
                return;
            const double from = seconds(CLOCK_PROCESS_CPUTIME_ID);
            const auto times =
                waitingTimes(outlookAt(house.queue, durations, hall.booked(), {}, now),
                             {ticket.group}, static_cast<std::uint64_t>(walkIn));
            ++estimates;
            estimating += seconds(CLOCK_PROCESS_CPUTIME_ID) - from;
            if (const auto found = times.tickets.find(ticket.id); found != times.tickets.end())
                open[ticket.id] = {now, found->second};
        };
        hall.onCalled = [&](const Ticket& ticket, UtcTime now) {
            const auto known = open.find(ticket.id);
            if (known == open.end())
                return;
            const auto& [since, range] = known->second;
            ++asked;
            held += now - since >= range.from && (now - since <= range.until || range.orLonger);
            open.erase(known);
        };
        std::map<LocalDate, int> served;
        for (LocalDate day = firstDay; day <= lastDay; day = plusDays(day, 1)) {
            const std::chrono::weekday weekday{std::chrono::sys_days(day)};
            if (weekday == std::chrono::Saturday || weekday == std::chrono::Sunday ||
                isHoliday(day))
                continue;
            open.clear();
            const UtcTime evening = hall.play({.day = day,
                                               .hours = hoursOf(weekday),
                                               .desks = {"1", "2", "3", "4", "5", "6", "7", "8"}});
            const auto events = house.queue.events(day, day);
            const auto all = house.queue.ofDay(day);
            checkDay(house.queue, events, all);
            const QueueFigures figures = figuresOf(events, day, day);
            notArrived += figures.all.notArrived;
            served[day] = figures.servedByDay.at(day);
            tickets += static_cast<int>(all.size());
            ++days;
            house.queue.purge(day, plusDays(day, -400), evening);
        }
        house.journal.verify(outbox::Extent::All);
        double from = seconds(CLOCK_PROCESS_CPUTIME_ID);
        DurationsSeen fresh(house.database);
        const auto plan = house.queue.plan();
        require(fresh.modelsAt(plan->plan, lastDay) == durations.modelsAt(plan->plan, lastDay),
                "durations that a restart changes");
        row("60 days of durations, read after a start",
            (seconds(CLOCK_PROCESS_CPUTIME_ID) - from) * 1e3, "ms of CPU", "", std::nullopt,
            std::nullopt, false);
        // The whole year once more, from the log alone.
        from = seconds(CLOCK_PROCESS_CPUTIME_ID);
        const QueueFigures figures =
            figuresOf(house.queue.events(firstDay, lastDay), firstDay, lastDay);
        row("figures of a year, from the log", seconds(CLOCK_PROCESS_CPUTIME_ID) - from, "s of CPU",
            "", std::nullopt, std::nullopt, false);
        require(figures.servedByDay == served, "a year that is not the sum of its days");
        require(figures.all.drawn + figures.all.expired <= tickets &&
                    figures.all.notArrived == notArrived,
                "figures that do not add up");
        row("events of a year", static_cast<double>(house.queue.sequence()), "rows", "",
            std::nullopt, std::nullopt, false);
        row("node.db after a year of the queue",
            static_cast<double>(32768 - house.database.freePages()) * 4096 / 1024 / 1024, "MiB",
            "quota of node.db", 128.0, 1.0, false);
    }
    std::filesystem::remove_all(folder);
    row("a year of a town of 60,000: numbers and check-ins", tickets, "tickets", "", std::nullopt,
        std::nullopt, true);
    row("the year, " + std::to_string(days) + " days, invariants each evening",
        seconds(CLOCK_MONOTONIC) - begin, "s", "", std::nullopt, 600.0, false);
    row("true wait within the range that was shown", 100.0 * held / asked, "%", "", std::nullopt,
        60.0, true);
    row("estimate of one waiting time, 200 rounds", 1e3 * estimating / estimates, "ms of CPU", "",
        std::nullopt, std::nullopt, false);
}

/// A busy morning on the disk: forty wait, and everybody presses.
void calls()
{
    const std::string folder = Poco::TemporaryFile::tempName();
    std::filesystem::create_directory(folder);
    {
        UtcTime now = fromIso("2026-11-23T08:00:00Z");
        House house(folder + "/node.db", now);
        SystemRandom random;
        const Bytes block = randomBytes(random, RawFile::blockBytes);
        const RawFile raw(folder + "/raw", block);
        const Actor kiosk{"kiosk"}, clerk{"bench", "4"};
        house.queue.openDesk({.desk = "4", .clerk = "bench"}, TakeOver::No, now);
        const auto waiting = [&] {
            const auto drawn = std::get<Ticket>(
                house.queue.draw({.id = randomUuid(random), .group = "ausweise"}, kiosk, now));
            house.queue.printed(drawn.id, kiosk, now);
        };
        for (int i = 0; i < 40; ++i)
            waiting();
        std::vector<double> rawTimes, drawTimes, callTimes, serveTimes;
        const auto timed = [](std::vector<double>& times, auto&& work) {
            const double begin = seconds(CLOCK_MONOTONIC);
            work();
            times.push_back(seconds(CLOCK_MONOTONIC) - begin);
        };
        // One of each in turn, so that the noise of a shared disk hits all alike.
        for (int i = 0; i < 400; ++i) {
            now += 1s;
            timed(rawTimes, [&] { raw.write(i, block); });
            timed(drawTimes, [&] {
                house.queue.draw({.id = randomUuid(random), .group = "ausweise"}, kiosk, now);
            });
            Ticket called;
            timed(callTimes, [&] { called = std::get<Ticket>(house.queue.callNext(clerk, now)); });
            timed(serveTimes, [&] {
                called = house.queue.serve({called.id, called.version}, clerk, now);
            });
            house.queue.finish({called.id, called.version}, clerk, now);
            waiting();
        }
        const double limit = median(rawTimes) * 1e6;
        for (const auto& [what, times] : {std::pair{"number drawn", &drawTimes},
                                          {"call of the next of 40", &callTimes},
                                          {"one more act at the desk", &serveTimes}})
            row(what, median(*times) * 1e6, "us p50", "raw 4 KiB write and fdatasync", limit,
                std::nullopt, false);
        row("board, 40 waiting", 1e6 / rate([&] { boardAt(house.queue, now); }), "us of CPU", "",
            std::nullopt, std::nullopt, false);
        row("my desk, 40 waiting, 800 drawn",
            1e6 / rate([&] { deskViewAt(house.queue, "4", now); }), "us of CPU", "", std::nullopt,
            std::nullopt, false);
    }
    std::filesystem::remove_all(folder);
}

} // namespace

void queue()
{
    calls();
    year();
}

} // namespace amt::bench
