// SPDX-License-Identifier: EUPL-1.2
//
// Figures of the log: a day counted by hand, the hours of the clock, and nobody in the tables.
#include "appliance/office/queue/statistics.h"
#include "tests/office/queue/queue_town.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;
using test::QueueTown;

BOOST_AUTO_TEST_SUITE(office_queue_statistics)

BOOST_AUTO_TEST_CASE(spread_is_by_nearest_rank)
{
    BOOST_TEST((spreadOf({}) == Spread{}));
    BOOST_TEST((spreadOf({7s}) == Spread{1, 7s, 7s, 7s}));
    BOOST_TEST((spreadOf({5s, 1s, 4s, 2s, 3s}) == Spread{5, 3s, 4s, 5s}));
    BOOST_TEST((spreadOf({4s, 1s, 3s, 2s}) == Spread{4, 2s, 4s, 4s}));
}

BOOST_AUTO_TEST_CASE(a_day_counted_by_hand)
{
    QueueTown town;
    town.openAll();
    Queue& queue = *town.queue;
    const auto seen = &QueueTown::seen;
    const UtcTime nine = town.now;
    const auto at = [&](std::chrono::minutes later) { town.now = nine + later; };

    const Ticket first = town.waiting(); // 09:00
    at(3min);
    const Ticket second = town.waiting(); // 09:03
    at(4min);
    town.drawn(); // nobody takes it
    at(5min);
    Ticket ticket = town.next(town.one); // A 001 after 5 min
    at(6min);
    ticket = queue.serve(seen(ticket), town.one, town.now); // way 1 min
    at(10min);
    ticket = queue.park(seen(ticket), town.one, town.now); // 4 min of service
    at(13min);
    ticket = town.next(town.one); // A 002 after 10 min
    at(15min);
    queue.recall(seen(ticket), town.one, town.now);
    at(16min);
    queue.miss(seen(town.found(second)), town.one, town.now);
    at(20min);
    ticket = std::get<Ticket>(queue.resume(seen(town.found(first)), town.one, town.now));
    at(26min);
    queue.finish(seen(ticket), town.one, town.now); // 6 more: 10 min of service
    at(30min);
    // Comes at 09:30 for 10:00, called at 10:05: five minutes of wait, at ten o'clock.
    ticket = town.checkedIn(30min, "wohnen");
    at(65min);
    ticket = town.next(town.three);
    at(66min);
    ticket = queue.serve(seen(ticket), town.three, town.now);
    at(86min);
    ticket = queue.shelve(seen(ticket), town.three, town.now); // 20 min of service
    at(90min);
    ticket = std::get<Ticket>(queue.resume(seen(ticket), town.three, town.now));
    at(91min);
    queue.finish(seen(ticket), town.three, town.now); // was served before
    ticket = town.checkedIn(-20min, "wohnen");        // late
    queue.withdraw(seen(ticket), town.reception, town.now);
    town.waiting("wohnen");
    queue.noteAbsent(town.today(), {{randomUuid(town.random), "wohnen", nine}}, town.now);
    queue.endDay("Lead", town.now);

    const QueueFigures figures =
        figuresOf(queue.events(town.today(), town.today()), town.today(), town.today());
    const GroupFigures& cards = figures.groups.at("ausweise");
    BOOST_TEST(cards.drawn == 2);
    BOOST_TEST(cards.walkIns == 2);
    BOOST_TEST(cards.expired == 1);
    BOOST_TEST(cards.served == 1);
    BOOST_TEST(cards.noShows == 1);
    BOOST_TEST(cards.leftOpen == 0);
    BOOST_TEST((cards.wait == Spread{2, 5min, 10min, 10min}));
    BOOST_TEST((cards.way == Spread{1, 1min, 1min, 1min}));
    BOOST_TEST((cards.service == Spread{1, 10min, 10min, 10min}));
    const GroupFigures& housing = figures.groups.at("wohnen");
    BOOST_TEST(housing.drawn == 3);
    BOOST_TEST(housing.walkIns == 1);
    BOOST_TEST(housing.late == 1);
    BOOST_TEST(housing.served == 1);
    BOOST_TEST(housing.withdrawn == 1);
    BOOST_TEST(housing.leftOpen == 1);
    BOOST_TEST(housing.notArrived == 1);
    BOOST_TEST((housing.wait == Spread{1, 5min, 5min, 5min}));
    BOOST_TEST((housing.service == Spread{1, 21min, 21min, 21min}));
    BOOST_TEST(figures.all.drawn == 5);
    BOOST_TEST((figures.all.wait == Spread{3, 5min, 10min, 10min}));
    BOOST_TEST((figures.waitByHour[9] == Spread{2, 5min, 10min, 10min}));
    BOOST_TEST((figures.waitByHour[10] == Spread{1, 5min, 5min, 5min}));
    BOOST_TEST((figures.waitByWeekdayAndHour[0][9] == figures.waitByHour[9])); // a Monday
    BOOST_TEST((figures.waitByWeekdayAndHour[1][9] == Spread{}));
    BOOST_TEST(figures.servedByDay.at(town.today()) == 2);

    BOOST_TEST(toCsv(figures) ==
               "group;drawn;walkIns;served;noShows;notArrived;late;withdrawn;leftOpen;expired;"
               "waitMedian;wait80;serviceMedian;service80\r\n"
               "ausweise;2;2;1;1;0;0;0;0;1;5,0;10,0;10,0;10,0\r\n"
               "wohnen;3;1;1;0;1;1;1;1;0;5,0;5,0;21,0;21,0\r\n"
               "all;5;3;2;1;1;1;1;1;1;5,0;10,0;10,0;21,0\r\n");
}

BOOST_AUTO_TEST_CASE(a_service_that_only_the_night_ended_is_not_measured)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    const Ticket called = town.next(town.one);
    town.queue->serve(QueueTown::seen(called), town.one, town.now);
    town.queue->endDay("Lead", town.now + 8h);
    const GroupFigures all =
        figuresOf(town.queue->events(town.today(), town.today()), town.today(), town.today()).all;
    BOOST_TEST(all.served == 0);
    BOOST_TEST(all.leftOpen == 1);
    BOOST_TEST(all.service.count == 0);
    BOOST_TEST(all.wait.count == 1);
}

BOOST_AUTO_TEST_CASE(figures_are_the_same_once_names_and_tickets_are_forgotten)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    town.pass(7min);
    Ticket ticket = town.next(town.one);
    ticket = town.queue->serve(QueueTown::seen(ticket), town.one, town.now + 1min);
    town.queue->finish(QueueTown::seen(ticket), town.one, town.now + 9min);
    town.queue->endDay("Lead", town.now + 1h);
    const LocalDate day = town.today();
    const auto figures = [&] { return figuresOf(town.queue->events(day, day), day, day); };
    const QueueFigures before = figures();
    BOOST_TEST((before.all.wait.median == 7min + 1s));
    town.pass(24h);
    town.queue->purge(town.today(), day, town.now);
    BOOST_TEST(!town.queue->find(ticket.id));
    BOOST_TEST((figures() == before));
}

BOOST_AUTO_TEST_CASE(waits_stand_at_the_hour_that_the_clock_showed)
{
    // 25 October 2026: the clock shows two o'clock twice; in summer nine is seven UTC.
    for (const char* text :
         {"2026-07-01T07:30:00Z", "2026-12-01T08:30:00Z", "2026-10-25T08:30:00Z"}) {
        QueueTown town;
        town.now = fromIso(text);
        town.openAll();
        town.waiting();
        town.next(town.one);
        const QueueFigures figures =
            figuresOf(town.queue->events(town.today(), town.today()), town.today(), town.today());
        BOOST_TEST(figures.waitByHour[9].count == 1);
    }
}

BOOST_AUTO_TEST_CASE(days_outside_the_question_do_not_count)
{
    QueueTown town;
    const LocalDate monday = town.today();
    town.waiting();
    town.pass(24h);
    town.waiting();
    const auto events = town.queue->events(monday, town.today());
    BOOST_TEST(figuresOf(events, monday, monday).all.drawn == 1);
    BOOST_TEST(figuresOf(events, monday, town.today()).all.drawn == 2);
    BOOST_TEST(figuresOf(events, plusDays(monday, 5), plusDays(monday, 6)).all.drawn == 0);
    BOOST_TEST((figuresOf({}, monday, monday).all == GroupFigures{}));
}

BOOST_AUTO_TEST_SUITE_END()
