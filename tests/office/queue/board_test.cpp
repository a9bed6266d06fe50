// SPDX-License-Identifier: EUPL-1.2
//
// What displays and desks show: the full state of the queue, also of an empty one.
#include "appliance/office/queue/board.h"
#include "tests/office/queue/queue_town.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;
using test::QueueTown;

namespace {

std::vector<std::string> numbers(const std::vector<BoardCall>& calls)
{
    std::vector<std::string> texts;
    for (const BoardCall& call : calls)
        texts.push_back(toText(call.number) + " > " + call.desk);
    return texts;
}
std::vector<std::string> numbers(const std::vector<Ticket>& tickets)
{
    std::vector<std::string> texts;
    for (const Ticket& ticket : tickets)
        texts.push_back(toText(ticket.number));
    return texts;
}
using Strings = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(office_queue_board)

BOOST_AUTO_TEST_CASE(an_empty_hall_has_a_board)
{
    QueueTown town;
    const Board board = boardAt(*town.queue, town.now);
    BOOST_TEST(board.sequence == 0);
    BOOST_TEST(board.calls.empty());
    BOOST_TEST(board.waiting == 0);
    BOOST_TEST(board.openDesks == 0);
    BOOST_TEST(board.waitingByGroup.at("wohnen") == 0);
    const DeskView view = deskViewAt(*town.queue, "", town.now);
    BOOST_TEST(view.waiting.empty());
    BOOST_TEST(!view.desk);
    const QueueTown nothing(QueuePlan{}); // not even a plan
    BOOST_TEST(boardAt(*nothing.queue, nothing.now).waitingByGroup.empty());
}

BOOST_AUTO_TEST_CASE(the_newest_call_stands_first_and_a_recall_comes_up_again)
{
    QueueTown town;
    town.openAll();
    for (int i = 0; i < 2; ++i)
        town.waiting();
    town.waiting("wohnen");
    Ticket first = town.next(town.one);
    town.pass(10s);
    town.next(town.two);
    town.pass(10s);
    town.next(town.three);
    Board board = boardAt(*town.queue, town.now);
    BOOST_TEST(numbers(board.calls) == (Strings{"B 001 > 3", "A 002 > 2", "A 001 > 1"}),
               boost::test_tools::per_element());
    BOOST_TEST(board.calls[2].deskName == "Schalter 1");
    BOOST_TEST((board.calls[2].calledAt == first.calledAt));
    BOOST_TEST(board.openDesks == 3);
    town.pass(60s);
    town.queue->recall(QueueTown::seen(first), town.one, town.now);
    board = boardAt(*town.queue, town.now);
    BOOST_TEST(toText(board.calls[0].number) == "A 001");
    BOOST_TEST(board.calls[0].calls == 2);
    BOOST_TEST(boardAt(*town.queue, town.now, {.calls = 2}).calls.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_call_leaves_the_board_once_it_is_answered_for_a_while_or_over)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    Ticket ticket = town.next(town.one);
    town.pass(30min);
    BOOST_TEST(boardAt(*town.queue, town.now).calls.size() == 1u); // nobody came yet: it stays
    ticket = town.queue->recall(QueueTown::seen(ticket), town.one, town.now);
    ticket = town.queue->serve(QueueTown::seen(ticket), town.one, town.now);
    town.now += 10min - 1ms;
    BOOST_TEST((boardAt(*town.queue, town.now).calls.at(0).state == TicketState::Serving));
    town.now += 1ms;
    BOOST_TEST(boardAt(*town.queue, town.now).calls.empty());
    BOOST_TEST(toText(signOf(*town.queue, "1").now->number) == "A 001"); // the desk's own sign
    town.queue->finish(QueueTown::seen(ticket), town.one, town.now);
    BOOST_TEST(!signOf(*town.queue, "1").now);
}

BOOST_AUTO_TEST_CASE(each_event_raises_the_sequence_and_no_look_does)
{
    QueueTown town;
    std::int64_t sequence = 0;
    const auto rose = [&] {
        const auto before = sequence;
        boardAt(*town.queue, town.now);
        deskViewAt(*town.queue, "1", town.now);
        sequence = boardAt(*town.queue, town.now).sequence;
        return sequence > before;
    };
    town.openAll();
    BOOST_TEST(rose());
    BOOST_TEST(!rose());
    const Ticket drawn = town.drawn();
    BOOST_TEST(rose());
    town.queue->printed(drawn.id, town.kiosk, town.now);
    BOOST_TEST(rose());
    town.next(town.one);
    BOOST_TEST(rose());
    town.queue->callNext(town.one, town.now); // busy
    town.queue->sweep(town.now);
    BOOST_TEST(!rose());
    town.restart();
    BOOST_TEST(!rose());
    BOOST_TEST(signOf(*town.queue, "1").sequence == sequence);
    BOOST_TEST(deskViewAt(*town.queue, "1", town.now).sequence == sequence);
}

BOOST_AUTO_TEST_CASE(at_midnight_the_board_is_empty_without_anybody_doing_anything)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    town.waiting();
    town.next(town.one);
    town.now = fromIso("2026-11-23T23:00:00Z");
    const Board board = boardAt(*town.queue, town.now);
    BOOST_TEST(board.calls.empty());
    BOOST_TEST(board.waiting == 0);
}

BOOST_AUTO_TEST_CASE(what_hangs_at_the_door_stays_until_it_is_taken_off_or_the_desk_closes)
{
    QueueTown town;
    BOOST_CHECK_EXCEPTION(town.queue->setSign(SignWord::Break, town.one, town.now), Error,
                          test::refusal(ErrorCode::StepOutOfOrder)); // nobody sits there
    town.openAll();
    const auto before = town.queue->sequence();
    town.queue->setSign(SignWord::BackSoon, town.one, town.now);
    town.queue->setSign(SignWord::BackSoon, town.one, town.now); // pressed twice
    BOOST_TEST(town.queue->sequence() == before + 1);
    BOOST_TEST((signOf(*town.queue, "1").word == SignWord::BackSoon));
    BOOST_TEST((signOf(*town.queue, "2").word == SignWord::None));
    town.restart();
    BOOST_TEST((signOf(*town.queue, "1").word == SignWord::BackSoon));
    // A colleague who takes over finds it as it hangs.
    town.queue->openDesk({.desk = "1", .clerk = "another"}, TakeOver::Yes, town.now);
    BOOST_TEST((signOf(*town.queue, "1").word == SignWord::BackSoon));
    BOOST_TEST(town.queue->unsound().empty());
    town.queue->closeDesk("1", "another", town.now);
    BOOST_TEST((signOf(*town.queue, "1").word == SignWord::None));
    town.queue->openDesk({.desk = "1", .clerk = "another"}, TakeOver::No, town.now);
    BOOST_TEST((signOf(*town.queue, "1").word == SignWord::None));
    BOOST_TEST(town.queue->unsound().empty());
}

BOOST_AUTO_TEST_CASE(a_sign_says_whether_its_desk_is_open)
{
    QueueTown town;
    BOOST_TEST(!signOf(*town.queue, "2").open);
    BOOST_TEST(signOf(*town.queue, "2").deskName == "Schalter 2");
    town.openAll();
    BOOST_TEST(signOf(*town.queue, "2").open);
    BOOST_CHECK_EXCEPTION(signOf(*town.queue, "9"), Error, test::refusal(ErrorCode::NotFound));
}

BOOST_AUTO_TEST_CASE(a_desk_sees_everybody_in_the_place_where_they_are)
{
    QueueTown town;
    town.openAll();
    Queue& queue = *town.queue;
    const auto seen = &QueueTown::seen;
    for (int i = 0; i < 7; ++i)
        town.waiting();
    town.drawn();
    const auto served = [&] { return queue.serve(seen(town.next(town.one)), town.one, town.now); };
    queue.park(seen(served()), town.one, town.now);
    queue.shelve(seen(served()), town.one, town.now);
    queue.finish(seen(served()), town.one, town.now);
    queue.miss(seen(town.next(town.one)), town.one, town.now);
    town.next(town.two);
    town.pass(1s);
    town.next(town.one);
    const DeskView view = deskViewAt(queue, "1", town.now);
    BOOST_TEST(view.desk->clerk == "Anna");
    BOOST_TEST(toText(view.current->number) == "A 006");
    BOOST_TEST(numbers(view.parked) == Strings{"A 001"}, boost::test_tools::per_element());
    BOOST_TEST(numbers(view.forPickUp) == Strings{"A 002"}, boost::test_tools::per_element());
    BOOST_TEST(numbers(view.over) == Strings{"A 003"}, boost::test_tools::per_element());
    BOOST_TEST(numbers(view.missed) == Strings{"A 004"}, boost::test_tools::per_element());
    BOOST_TEST(numbers(view.called) == (Strings{"A 006", "A 005"}),
               boost::test_tools::per_element());
    BOOST_TEST(numbers(view.drawn) == Strings{"A 008"}, boost::test_tools::per_element());
    BOOST_REQUIRE(view.waiting.size() == 1u);
    BOOST_TEST(toText(view.waiting[0].ticket.number) == "A 007");
    const DeskView overview = deskViewAt(queue, "", town.now);
    BOOST_TEST(!overview.current);
    BOOST_TEST(overview.called.size() == 2u);
}

BOOST_AUTO_TEST_CASE(the_list_says_how_long_who_is_due_and_whom_the_desk_may_call)
{
    QueueTown town;
    town.openAll();
    town.waiting();                              // A 001, since 0 s
    town.checkedIn(30min);                       // A 002
    const Ticket later = town.waiting("wohnen"); // B 001
    town.now = later.drawnAt + 20min;
    const DeskView view = deskViewAt(*town.queue, "1", town.now);
    BOOST_REQUIRE(view.waiting.size() == 3u);
    const WaitingEntry& walkIn = view.waiting[0];
    const WaitingEntry& housing = view.waiting[1];
    const WaitingEntry& early = view.waiting[2];
    BOOST_TEST(walkIn.waited.count() == 20 * 60 + 2);
    BOOST_TEST(walkIn.callable);
    BOOST_TEST(!housing.callable);
    BOOST_TEST(housing.due);
    BOOST_TEST(early.waited.count() == 0); // its time has not come
    BOOST_TEST(!early.due);
    BOOST_TEST(early.callable);
    BOOST_TEST(deskViewAt(*town.queue, "", town.now).waiting[1].callable); // by another desk
    town.now += 20min;
    BOOST_TEST(toText(deskViewAt(*town.queue, "1", town.now).waiting[0].ticket.number) == "A 002");
    BOOST_TEST(deskViewAt(*town.queue, "1", town.now).waiting[0].waited.count() == 10 * 60 + 1);
}

BOOST_AUTO_TEST_CASE(a_ticket_says_how_many_of_its_group_come_before)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    town.waiting("wohnen");
    town.waiting();
    const Ticket drawn = town.drawn(); // not printed yet: it is on the paper that is printed
    BOOST_TEST(peopleBefore(*town.queue, drawn, town.now) == 2);
    const Ticket visit = town.checkedIn(1min);
    BOOST_TEST(peopleBefore(*town.queue, visit, town.now) == 0);
    BOOST_TEST(peopleBefore(*town.queue, drawn, town.now) == 3);
    const Ticket called = town.next(town.one);
    BOOST_TEST(peopleBefore(*town.queue, called, town.now) == 0);
    BOOST_TEST(peopleBefore(*town.queue, drawn, town.now) == 2);
}

BOOST_AUTO_TEST_SUITE_END()
