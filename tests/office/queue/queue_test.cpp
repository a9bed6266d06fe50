// SPDX-License-Identifier: EUPL-1.2
//
// The queue by its use cases: numbers, check-in, calling, all that happens at a desk, refusals by
// code, the end of the day.
#include "appliance/office/queue/queue.h"
#include "tests/office/queue/queue_town.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;
using test::QueueTown;
using test::refusal;

namespace amt::office {
std::ostream& operator<<(std::ostream& out, TicketState state)
{
    return out << name(state);
}
std::ostream& operator<<(std::ostream& out, TicketEvent event)
{
    return out << name(event);
}
} // namespace amt::office

BOOST_AUTO_TEST_SUITE(office_queue)

// --- numbers ---

BOOST_AUTO_TEST_CASE(a_number_waits_once_it_is_printed)
{
    QueueTown town;
    const Ticket drawn = town.drawn();
    BOOST_TEST(toText(drawn.number) == "A 001");
    BOOST_TEST(drawn.state == TicketState::Drawn);
    BOOST_TEST(boardAt(*town.queue, town.now).waiting == 0); // counted although printing failed: no
    town.openAll();
    BOOST_TEST(town.nextNumber(town.one) == ""); // nobody has it in the hand
    const Ticket waiting = town.queue->printed(drawn.id, town.kiosk, town.now);
    BOOST_TEST(waiting.state == TicketState::Waiting);
    BOOST_TEST(boardAt(*town.queue, town.now).waiting == 1);
    BOOST_TEST(town.nextNumber(town.one) == "A 001");
}

BOOST_AUTO_TEST_CASE(where_the_printer_fails_the_number_is_noted)
{
    QueueTown town;
    const Ticket drawn = town.drawn();
    BOOST_TEST(town.queue->printFailed(drawn.id, town.kiosk, town.now).state == TicketState::Drawn);
    BOOST_TEST(town.queue->noted(drawn.id, town.kiosk, town.now).state == TicketState::Waiting);
    const Ticket again = town.queue->noted(drawn.id, town.kiosk, town.now); // pressed twice
    BOOST_TEST(again.version == 3);
    BOOST_TEST(town.queue->printFailed(drawn.id, town.kiosk, town.now).version == 3);
    const std::vector<std::string> story{"Drawn", "PrintFailed", "Noted"};
    BOOST_TEST(town.story(drawn) == story, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_reprint_is_the_same_number)
{
    QueueTown town;
    const Ticket waiting = town.waiting();
    const Ticket again = town.queue->printed(waiting.id, town.kiosk, town.now);
    BOOST_TEST((again.number == waiting.number));
    BOOST_TEST(again.state == TicketState::Waiting);
    BOOST_TEST(town.story(waiting).back() == "Reprinted");
    BOOST_TEST(town.count("SELECT count(*) FROM ticket") == 1);
}

BOOST_AUTO_TEST_CASE(asking_twice_draws_once)
{
    QueueTown town;
    const TicketWish wish = town.wish();
    const auto first = std::get<Ticket>(town.queue->draw(wish, town.kiosk, town.now));
    const auto second = std::get<Ticket>(town.queue->draw(wish, town.kiosk, town.now + 5s));
    BOOST_TEST((first == second));
    TicketWish other = wish;
    other.group = "wohnen";
    BOOST_CHECK_EXCEPTION(town.queue->draw(other, town.kiosk, town.now), Error,
                          refusal(ErrorCode::StepOutOfOrder));
}

BOOST_AUTO_TEST_CASE(numbers_run_by_group_and_begin_anew_each_day)
{
    QueueTown town;
    BOOST_TEST(toText(town.drawn().number) == "A 001");
    BOOST_TEST(toText(town.drawn("wohnen").number) == "B 001");
    BOOST_TEST(toText(town.drawn().number) == "A 002");
    town.now = fromIso("2026-11-23T22:59:59Z"); // midnight comes at 23:00
    BOOST_TEST(toText(town.drawn().number) == "A 003");
    town.now = fromIso("2026-11-23T23:00:00Z");
    BOOST_TEST(toText(town.drawn().number) == "A 001");
}

BOOST_AUTO_TEST_CASE(a_gap_is_never_filled_on_its_day)
{
    QueueTown town;
    const Ticket gone = town.drawn();
    town.pass(11min); // nobody took it
    town.queue->sweep(town.now);
    BOOST_TEST(town.found(gone).state == TicketState::Expired);
    BOOST_TEST(toText(town.drawn().number) == "A 002");
    const Ticket left = town.waiting();
    town.queue->withdraw(QueueTown::seen(left), town.reception, town.now);
    BOOST_TEST(toText(town.drawn().number) == "A 004");
}

BOOST_AUTO_TEST_CASE(a_number_that_comes_out_of_the_printer_late_waits_after_all)
{
    QueueTown town;
    const Ticket drawn = town.drawn();
    town.pass(11min);
    BOOST_TEST(town.queue->printed(drawn.id, town.kiosk, town.now).state == TicketState::Waiting);
    const std::vector<std::string> story{"Drawn", "Expired", "Printed"};
    BOOST_TEST(town.story(drawn) == story, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(after_the_last_number_of_a_band_there_is_none)
{
    QueueTown town;
    town.database->transact([&] {
        for (int i = 1; i <= ticketNumberMax; ++i)
            town.drawn();
    });
    const auto outcome = town.queue->draw(town.wish(), town.kiosk, town.now);
    BOOST_TEST(std::get<LimitReached>(outcome).limit == 999);
    BOOST_TEST(toText(town.drawn("wohnen").number) == "B 001");
}

BOOST_AUTO_TEST_CASE(the_daily_limit_counts_walk_ins_that_somebody_took)
{
    QueuePlan plan = test::smallPlan();
    plan.groups[0].dailyLimit = 2;
    QueueTown town(plan);
    town.drawn(); // nobody takes it
    town.waiting();
    town.checkedIn(5min); // has its place anyway
    BOOST_TEST(std::get<LimitReached>(town.queue->draw(town.wish(), town.kiosk, town.now)).limit ==
               2);
    town.pass(11min);
    town.waiting();
    BOOST_TEST(
        std::holds_alternative<LimitReached>(town.queue->draw(town.wish(), town.kiosk, town.now)));
    town.checkedIn(5min);
    town.drawn("wohnen");
}

BOOST_AUTO_TEST_CASE(in_reception_mode_staff_issue_the_numbers)
{
    QueuePlan plan = test::smallPlan();
    plan.groups[0].issuing = Issuing::ReceptionOnly;
    QueueTown town(plan);
    TicketWish wish = town.wish();
    BOOST_TEST(std::holds_alternative<AskReception>(town.queue->draw(wish, town.kiosk, town.now)));
    wish.channel = Channel::Reception;
    const auto ticket = std::get<Ticket>(town.queue->draw(wish, town.reception, town.now));
    BOOST_TEST((ticket.channel == Channel::Reception));
    BOOST_TEST(town.queue->events(ticket.day, ticket.day).back().by == "Rita");
    town.checkedIn(5min); // checks in at the kiosk all the same
}

BOOST_AUTO_TEST_CASE(wishes_that_cannot_be_meant_are_refused)
{
    QueueTown town;
    const auto refused = [&](auto&& change, ErrorCode code) {
        TicketWish wish = town.wish();
        change(wish);
        BOOST_CHECK_EXCEPTION(town.queue->draw(wish, town.kiosk, town.now), Error, refusal(code));
    };
    refused([](TicketWish& wish) { wish.group = "gewerbe"; }, ErrorCode::NotFound);
    refused([](TicketWish& wish) { wish.id = "7"; }, ErrorCode::InputMalformed);
    refused([](TicketWish& wish) { wish.planned = 0min; }, ErrorCode::InputMalformed);
    refused([](TicketWish& wish) { wish.planned = 9h; }, ErrorCode::InputMalformed);
    refused([](TicketWish& wish) { wish.priority = Priority::Urgent; }, ErrorCode::InputMalformed);
    refused([](TicketWish& wish) { wish.services = {{"a b", 1}}; }, ErrorCode::InputMalformed);
    refused([](TicketWish& wish) { wish.services = {{"a", 0}}; }, ErrorCode::InputMalformed);
    BOOST_TEST(town.queue->sequence() == 0);
}

BOOST_AUTO_TEST_CASE(services_and_duration_stay_with_the_ticket)
{
    QueueTown town;
    TicketWish wish = town.wish();
    wish.services = {{"99008001012000", 2}, {"99085001012000", 1}};
    wish.planned = 40min;
    const auto ticket = std::get<Ticket>(town.queue->draw(wish, town.kiosk, town.now));
    town.restart();
    BOOST_TEST((town.found(ticket) == ticket));
    BOOST_TEST((town.found(ticket).services == wish.services));
    BOOST_TEST((town.found(ticket).planned == 40min));
    BOOST_TEST((town.drawn("wohnen").planned == 15min));
}

// --- check-in ---

BOOST_AUTO_TEST_CASE(an_appointment_is_checked_in_once)
{
    QueueTown town;
    CheckIn visit = town.visit(10min);
    const auto ticket = std::get<Ticket>(town.queue->checkIn(visit, town.kiosk, town.now));
    BOOST_TEST((ticket.punctuality == Punctuality::OnTime));
    BOOST_TEST((ticket.appointmentAt == visit.start));
    // The same page again, then another device.
    BOOST_TEST((std::get<Ticket>(town.queue->checkIn(visit, town.kiosk, town.now)) == ticket));
    visit.id = randomUuid(town.random);
    const auto again = town.queue->checkIn(visit, town.kiosk, town.now);
    BOOST_TEST((std::get<AlreadyCheckedIn>(again).ticket == ticket));
    BOOST_TEST(town.count("SELECT count(*) FROM ticket") == 1);
    // The id of a walk-in does not check in anybody.
    visit.id = town.drawn().id;
    visit.appointment = randomUuid(town.random);
    BOOST_CHECK_EXCEPTION(town.queue->checkIn(visit, town.kiosk, town.now), Error,
                          refusal(ErrorCode::StepOutOfOrder));
}

BOOST_AUTO_TEST_CASE(below_all_code_an_appointment_has_one_ticket)
{
    QueueTown town;
    const Ticket first = town.checkedIn(10min);
    const Ticket second = town.drawn();
    BOOST_CHECK_EXCEPTION(
        town.database
            ->prepare("UPDATE ticket SET appointment = ?, appointment_at = 1, punctuality"
                      " = 'OnTime' WHERE id = ?")
            .bind(*first.appointment, second.id)
            .run(),
        Error, refusal(ErrorCode::StoreFailed));
}

struct Arrival {
    const char* what;
    int startsIn; ///< minutes
    const char* outcome;
};
std::ostream& operator<<(std::ostream& out, const Arrival& arrival)
{
    return out << arrival.what;
}
// Rules: check-in from 120 minutes before; late after 10; too late after 30.
const Arrival arrivals[] = {
    {"two hours and a minute early", 121, "TooEarly"},
    {"two hours early", 120, "OnTime"},
    {"to the minute", 0, "OnTime"},
    {"ten minutes late", -10, "OnTime"},
    {"eleven minutes late", -11, "Late"},
    {"half an hour late", -30, "Late"},
    {"later than that", -31, "TooLate"},
    {"tomorrow's", 24 * 60, "OtherDay"},
    {"yesterday's", -24 * 60, "OtherDay"},
};

BOOST_DATA_TEST_CASE(who_comes_early_or_late_is_told_by_the_rules, data::make(arrivals), arrival)
{
    QueuePlan plan = test::smallPlan();
    plan.rules.tooLateAfter = 30min;
    QueueTown town(plan);
    const auto outcome = town.queue->checkIn(town.visit(std::chrono::minutes(arrival.startsIn)),
                                             town.kiosk, town.now);
    std::string told;
    if (const auto* ticket = std::get_if<Ticket>(&outcome))
        told = name(ticket->punctuality);
    else if (const auto* early = std::get_if<TooEarly>(&outcome)) {
        told = "TooEarly";
        BOOST_TEST((early->from == town.now + 1min));
    } else if (std::holds_alternative<TooLate>(outcome))
        told = "TooLate";
    else if (std::holds_alternative<OtherDay>(outcome))
        told = "OtherDay";
    BOOST_TEST(told == arrival.outcome);
}

// --- the order of calling ---

BOOST_AUTO_TEST_CASE(walk_ins_are_called_as_they_came)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    town.waiting("wohnen");
    town.waiting();
    BOOST_TEST(town.nextNumber(town.three) == "B 001");
    BOOST_TEST(town.nextNumber(town.two) == "A 001"); // serves both
    BOOST_TEST(town.nextNumber(town.one) == "A 002");
}

BOOST_AUTO_TEST_CASE(an_appointment_comes_first_once_its_time_has_come)
{
    QueueTown town;
    town.openAll();
    town.waiting();                            // A 001
    town.waiting();                            // A 002
    const Ticket visit = town.checkedIn(5min); // A 003
    BOOST_TEST(town.nextNumber(town.one) == "A 001");
    town.now = *visit.appointmentAt - 2min - 1ms;
    BOOST_TEST(town.nextNumber(town.two) == "A 002"); // not yet
    town.waiting();                                   // A 004
    town.now = *visit.appointmentAt - 2min;
    town.queue->miss({town.queue->atDesk("1")->id, town.queue->atDesk("1")->version}, town.one,
                     town.now);
    BOOST_TEST(town.nextNumber(town.one) == "A 003");
}

BOOST_AUTO_TEST_CASE(who_is_early_is_called_when_nobody_else_waits)
{
    QueueTown town;
    town.openAll();
    town.checkedIn(60min);
    town.checkedIn(30min);
    BOOST_TEST(town.nextNumber(town.one) == "A 002");
    town.waiting();
    BOOST_TEST(town.nextNumber(town.two) == "A 003");
}

BOOST_AUTO_TEST_CASE(who_is_late_waits_like_a_walk_in)
{
    QueueTown town;
    town.openAll();
    town.waiting();         // A 001
    town.checkedIn(-11min); // A 002, late
    town.waiting();         // A 003
    town.checkedIn(-9min);  // A 004, in grace
    BOOST_TEST(town.nextNumber(town.one) == "A 004");
    BOOST_TEST(town.nextNumber(town.two) == "A 001");
    town.queue->finish(QueueTown::seen(town.queue->serve(QueueTown::seen(*town.queue->atDesk("1")),
                                                         town.one, town.now)),
                       town.one, town.now);
    BOOST_TEST(town.nextNumber(town.one) == "A 002");
}

BOOST_AUTO_TEST_CASE(urgent_goes_before_all_and_raised_among_the_appointments)
{
    QueueTown town;
    town.openAll();
    const Ticket early = town.checkedIn(-2min); // A 001
    town.waiting();                             // A 002
    Ticket raised = town.waiting();             // A 003
    const Ticket later = town.checkedIn(1min);  // A 004, starts after A 003 came
    Ticket urgent = town.waiting();             // A 005
    town.queue->prioritise(QueueTown::seen(raised), Priority::Raised, town.reception, town.now);
    town.queue->prioritise(QueueTown::seen(urgent), Priority::Urgent, town.reception, town.now);
    std::vector<std::string> order;
    for (const WaitingEntry& entry : deskViewAt(*town.queue, "1", town.now).waiting)
        order.push_back(toText(entry.ticket.number));
    const std::vector<std::string> expected{"A 005", "A 001", "A 003", "A 004", "A 002"};
    BOOST_TEST(order == expected, boost::test_tools::per_element());
    BOOST_TEST(town.acts("2026-11-23/A005") == std::vector<std::string>{"prioritise-ticket"},
               boost::test_tools::per_element());
    std::vector<std::string> called; // the desk takes them in the order of its list
    while (called.size() < order.size()) {
        called.push_back(town.nextNumber(town.one));
        town.queue->miss(QueueTown::seen(*town.queue->atDesk("1")), town.one, town.now);
    }
    BOOST_TEST(called == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_desk_for_appointments_takes_nobody_else)
{
    QueueTown town;
    town.queue->openDesk(
        {.desk = "1", .clerk = "Anna", .skills = {}, .mode = DeskMode::AppointmentsOnly},
        TakeOver::No, town.now);
    town.waiting();
    BOOST_TEST(town.nextNumber(town.one) == "");
    town.checkedIn(30min);
    BOOST_TEST(town.nextNumber(town.one) == "A 002");
}

// --- desks ---

BOOST_AUTO_TEST_CASE(a_second_sign_in_at_the_same_desk_is_asked)
{
    QueueTown town;
    const auto open = [&](const char* clerk, TakeOver takeOver) {
        return town.queue->openDesk({.desk = "2", .clerk = clerk, .skills = {"wohnen"}}, takeOver,
                                    town.now);
    };
    BOOST_TEST(std::holds_alternative<OpenDesk>(open("Bert", TakeOver::No)));
    const auto sequence = town.queue->sequence();
    BOOST_TEST(std::holds_alternative<OpenDesk>(open("Bert", TakeOver::No))); // pressed twice
    BOOST_TEST(town.queue->sequence() == sequence);
    const Ticket called = [&] {
        town.waiting("wohnen");
        return town.next(town.two);
    }();
    BOOST_TEST(std::get<DeskOccupied>(open("Dora", TakeOver::No)).desk.clerk == "Bert");
    BOOST_TEST(std::get<OpenDesk>(open("Dora", TakeOver::Yes)).clerk == "Dora");
    BOOST_TEST((town.queue->atDesk("2") == called)); // goes on with the person who is there
    town.queue->serve(QueueTown::seen(called), {"Dora", "2"}, town.now);
    const std::vector<std::string> acts{"open-desk", "open-desk"};
    BOOST_TEST(town.acts("desk/2") == acts, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_desk_serves_what_the_clerk_chose_of_its_plan)
{
    QueueTown town;
    town.waiting();
    town.queue->openDesk({.desk = "2", .clerk = "Bert", .skills = {"wohnen"}}, TakeOver::No,
                         town.now);
    BOOST_TEST(town.nextNumber(town.two) == "");
    const auto refused = [&](const DeskOpening& opening, ErrorCode code) {
        BOOST_CHECK_EXCEPTION(town.queue->openDesk(opening, TakeOver::No, town.now), Error,
                              refusal(code));
    };
    refused({.desk = "9", .clerk = "Bert"}, ErrorCode::NotFound);
    refused({.desk = "1", .clerk = "Bert", .skills = {"wohnen"}}, ErrorCode::InputMalformed);
    refused({.desk = "1", .clerk = ""}, ErrorCode::InputMalformed);
}

BOOST_AUTO_TEST_CASE(a_desk_in_use_does_not_close)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    Ticket ticket = town.next(town.one);
    BOOST_CHECK_EXCEPTION(town.queue->closeDesk("1", "Anna", town.now), Error,
                          refusal(ErrorCode::StepOutOfOrder));
    town.queue->miss(QueueTown::seen(ticket), town.one, town.now);
    town.queue->closeDesk("1", "Anna", town.now);
    town.queue->closeDesk("1", "Anna", town.now); // closed already
    BOOST_CHECK_EXCEPTION(town.queue->callNext(town.one, town.now), Error,
                          refusal(ErrorCode::StepOutOfOrder));
    BOOST_TEST(town.queue->openDesks().size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_desk_calls_its_colleagues_until_one_comes)
{
    QueueTown town;
    town.openAll();
    town.queue->callEmergency(town.one, town.now);
    const auto sequence = town.queue->sequence();
    town.queue->callEmergency(town.one, town.now + 1s);
    BOOST_TEST(town.queue->sequence() == sequence);
    const DeskView view = deskViewAt(*town.queue, "3", town.now);
    BOOST_REQUIRE(view.emergencies.size() == 1u);
    BOOST_TEST(view.emergencies[0].id == "1");
    BOOST_TEST((view.emergencies[0].emergencyAt == town.now));
    for (const auto& act : {+[](QueueTown& in) { in.queue->closeDesk("1", "Anna", in.now); },
                            +[](QueueTown& in) { in.queue->endDay("Lead", in.now); }})
        BOOST_CHECK_EXCEPTION(act(town), Error, refusal(ErrorCode::StepOutOfOrder));
    town.queue->answerEmergency("1", town.three, town.now);
    town.queue->answerEmergency("1", town.two, town.now); // too late, nothing happens
    BOOST_TEST(deskViewAt(*town.queue, "3", town.now).emergencies.empty());
    const std::vector<std::string> acts{"open-desk", "call-emergency", "answer-emergency"};
    BOOST_TEST(town.acts("desk/1") == acts, boost::test_tools::per_element());
    BOOST_CHECK_EXCEPTION(town.queue->callEmergency({"Otto", "9"}, town.now), Error,
                          refusal(ErrorCode::StepOutOfOrder));
}

// --- calling ---

BOOST_AUTO_TEST_CASE(two_clerks_at_the_same_moment_never_call_one_person)
{
    QueueTown town;
    town.openAll();
    const Ticket only = town.waiting();
    const auto first = town.queue->callThis(QueueTown::seen(only), town.one, town.now);
    BOOST_TEST(std::get<Ticket>(first).desk.value() == "1");
    BOOST_CHECK_EXCEPTION(town.queue->callThis(QueueTown::seen(only), town.two, town.now), Error,
                          refusal(ErrorCode::VersionConflict));
    BOOST_TEST(town.nextNumber(town.two) == "");
    // The first one pressed twice.
    const auto again = town.queue->callThis(QueueTown::seen(only), town.one, town.now);
    BOOST_TEST((std::get<Ticket>(again) == std::get<Ticket>(first)));
    BOOST_TEST(town.found(only).calls == 1);
}

BOOST_AUTO_TEST_CASE(the_row_itself_is_compared_and_set)
{
    QueueTown town;
    town.openAll();
    const Ticket only = town.waiting();
    town.next(town.one);
    town.database
        ->prepare("UPDATE ticket SET version = 2, state = 'Waiting' WHERE id = ? AND"
                  " version = 2 AND state = 'Waiting'")
        .bind(only.id)
        .run();
    BOOST_TEST(town.database->changes() == 0);
    // Two at one desk: the table refuses what no code may let pass.
    const Ticket other = town.waiting();
    BOOST_CHECK_EXCEPTION(town.database
                              ->prepare("UPDATE ticket SET state = 'Called', desk = '1', calls = 1"
                                        " WHERE id = ?")
                              .bind(other.id)
                              .run(),
                          Error, refusal(ErrorCode::StoreFailed));
}

BOOST_AUTO_TEST_CASE(a_desk_has_one_person_at_a_time)
{
    QueueTown town;
    town.openAll();
    const Ticket first = town.waiting();
    const Ticket second = town.waiting();
    town.next(town.one);
    BOOST_TEST(std::get<DeskBusy>(town.queue->callNext(town.one, town.now)).ticket.id == first.id);
    BOOST_TEST(std::get<DeskBusy>(town.queue->callThis(QueueTown::seen(second), town.one, town.now))
                   .ticket.id == first.id);
    const Ticket serving =
        town.queue->serve(QueueTown::seen(town.found(first)), town.one, town.now);
    BOOST_TEST(std::holds_alternative<DeskBusy>(town.queue->callNext(town.one, town.now)));
    town.queue->finish(QueueTown::seen(serving), town.one, town.now);
    BOOST_TEST(town.nextNumber(town.one) == "A 002");
}

BOOST_AUTO_TEST_CASE(a_clerk_calls_a_certain_ticket_that_the_desk_is_planned_for)
{
    QueueTown town;
    town.openAll();
    town.waiting("wohnen");
    const Ticket second = town.waiting("wohnen");
    BOOST_CHECK_EXCEPTION(town.queue->callThis(QueueTown::seen(second), town.one, town.now), Error,
                          refusal(ErrorCode::NotAllowed));
    BOOST_TEST(std::get<Ticket>(town.queue->callThis(QueueTown::seen(second), town.three, town.now))
                   .number.number == 2);
    BOOST_CHECK_EXCEPTION(town.queue->callThis({randomUuid(town.random), 1}, town.three, town.now),
                          Error, refusal(ErrorCode::NotFound));
    // What the clerk did not choose today is still in the plan of the desk.
    town.queue->openDesk({.desk = "2", .clerk = "Bert", .skills = {"ausweise"}}, TakeOver::No,
                         town.now);
    const Ticket third = town.waiting("wohnen");
    BOOST_TEST(town.nextNumber(town.two) == "");
    BOOST_TEST(std::holds_alternative<Ticket>(
        town.queue->callThis(QueueTown::seen(third), town.two, town.now)));
}

BOOST_AUTO_TEST_CASE(three_calls_in_vain_are_a_no_show)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    Ticket ticket = town.next(town.one);
    ticket = town.queue->recall(QueueTown::seen(ticket), town.one, town.now + 60s);
    BOOST_TEST(ticket.calls == 2);
    BOOST_TEST((ticket.calledAt == town.now + 60s));
    const SeenTicket seen = QueueTown::seen(ticket);
    ticket = town.queue->recall(seen, town.one, town.now + 120s);
    BOOST_TEST(town.queue->recall(seen, town.one, town.now + 121s).calls == 3); // pressed twice
    BOOST_TEST(ticket.state == TicketState::Called);
    const SeenTicket last = QueueTown::seen(ticket);
    ticket = town.queue->recall(last, town.one, town.now + 180s);
    BOOST_TEST(ticket.state == TicketState::NoShow);
    BOOST_TEST(town.queue->recall(last, town.one, town.now + 181s).version == ticket.version);
    BOOST_CHECK_EXCEPTION(town.queue->recall(QueueTown::seen(ticket), town.one, town.now), Error,
                          refusal(ErrorCode::StepOutOfOrder));
    BOOST_TEST(town.nextNumber(town.one) == ""); // does not come up by itself
    ticket = town.queue->returnToQueue(QueueTown::seen(ticket), town.reception, town.now + 300s);
    BOOST_TEST(ticket.calls == 0);
    BOOST_TEST(town.nextNumber(town.one) == "A 001");
}

BOOST_AUTO_TEST_CASE(who_was_missed_may_be_called_again_the_same_day)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    Ticket ticket = town.next(town.one);
    ticket = town.queue->miss(QueueTown::seen(ticket), town.one, town.now);
    const auto again = town.queue->callThis(QueueTown::seen(ticket), town.two, town.now);
    BOOST_TEST(std::get<Ticket>(again).calls == 1);
    ticket = town.queue->miss(QueueTown::seen(std::get<Ticket>(again)), town.two, town.now);
    town.pass(24h);
    town.openAll();
    BOOST_CHECK_EXCEPTION(town.queue->callThis(QueueTown::seen(ticket), town.two, town.now), Error,
                          refusal(ErrorCode::StepOutOfOrder));
    BOOST_CHECK_EXCEPTION(
        town.queue->returnToQueue(QueueTown::seen(ticket), town.reception, town.now), Error,
        refusal(ErrorCode::StepOutOfOrder));
}

BOOST_AUTO_TEST_CASE(a_call_by_mistake_is_put_back_where_it_was)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    town.waiting();
    const Ticket called = town.next(town.one);
    town.queue->putBack(QueueTown::seen(called), town.one, town.now);
    BOOST_TEST(boardAt(*town.queue, town.now).calls.empty());
    BOOST_TEST(town.nextNumber(town.two) == "A 001");
}

BOOST_AUTO_TEST_CASE(only_the_desk_that_has_the_person_acts)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    const Ticket ticket = town.next(town.one);
    const SeenTicket seen = QueueTown::seen(ticket);
    const auto refused = [&](auto&& act) {
        for (const Actor& other : {town.two, town.reception})
            BOOST_CHECK_EXCEPTION(act(other), Error, refusal(ErrorCode::NotAllowed));
    };
    Queue& queue = *town.queue;
    refused([&](const Actor& actor) { queue.recall(seen, actor, town.now); });
    refused([&](const Actor& actor) { queue.putBack(seen, actor, town.now); });
    refused([&](const Actor& actor) { queue.miss(seen, actor, town.now); });
    refused([&](const Actor& actor) { queue.serve(seen, actor, town.now); });
    refused([&](const Actor& actor) { queue.park(seen, actor, town.now); });
    refused([&](const Actor& actor) { queue.redirect(seen, {"wohnen"}, actor, town.now); });
    refused([&](const Actor& actor) { queue.withdraw(seen, actor, town.now); });
    const SeenTicket serving = QueueTown::seen(queue.serve(seen, town.one, town.now));
    refused([&](const Actor& actor) { queue.finish(serving, actor, town.now); });
    refused([&](const Actor& actor) { queue.shelve(serving, actor, town.now); });
}

BOOST_AUTO_TEST_CASE(what_others_changed_meanwhile_is_refused_for_every_act)
{
    QueueTown town;
    town.openAll();
    const SeenTicket old = QueueTown::seen(town.drawn()); // version 1, then printed, then called
    town.queue->printed(old.id, town.kiosk, town.now);
    town.next(town.one);
    Queue& queue = *town.queue;
    const auto refused = [&](auto&& act) {
        BOOST_CHECK_EXCEPTION(act(), Error, refusal(ErrorCode::VersionConflict));
    };
    refused([&] { queue.recall(old, town.one, town.now); });
    refused([&] { queue.putBack(old, town.one, town.now); });
    refused([&] { queue.miss(old, town.one, town.now); });
    refused([&] { queue.serve(old, town.one, town.now); });
    refused([&] { queue.finish(old, town.one, town.now); });
    refused([&] { queue.park(old, town.one, town.now); });
    refused([&] { queue.shelve(old, town.one, town.now); });
    refused([&] { queue.redirect(old, {"wohnen"}, town.one, town.now); });
    refused([&] { queue.returnToQueue(old, town.one, town.now); });
    refused([&] { queue.prioritise(old, Priority::Urgent, town.one, town.now); });
    refused([&] { queue.withdraw(old, town.one, town.now); });
    refused([&] { queue.callThis(old, town.two, town.now); });
    refused([&] { queue.resume(old, town.two, town.now); });
    BOOST_TEST(town.story(*queue.find(old.id)).size() == 3u);
    const SeenTicket unknown{randomUuid(town.random), 1};
    BOOST_CHECK_EXCEPTION(queue.finish(unknown, town.one, town.now), Error,
                          refusal(ErrorCode::NotFound));
    BOOST_CHECK_EXCEPTION(queue.withdraw(unknown, town.one, town.now), Error,
                          refusal(ErrorCode::NotFound));
    BOOST_CHECK_EXCEPTION(queue.redirect(unknown, {"wohnen"}, town.one, town.now), Error,
                          refusal(ErrorCode::NotFound));
    BOOST_CHECK_EXCEPTION(queue.prioritise(unknown, Priority::Urgent, town.one, town.now), Error,
                          refusal(ErrorCode::NotFound));
    BOOST_CHECK_EXCEPTION(queue.printed(unknown.id, town.kiosk, town.now), Error,
                          refusal(ErrorCode::NotFound));
}

// --- at the desk ---

BOOST_AUTO_TEST_CASE(park_and_take_back)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    Ticket ticket = town.next(town.one);
    ticket = town.queue->serve(QueueTown::seen(ticket), town.one, town.now);
    ticket = town.queue->park(QueueTown::seen(ticket), town.one, town.now + 5min);
    BOOST_TEST(ticket.state == TicketState::Parked);
    BOOST_TEST(town.nextNumber(town.one) == ""); // parked is not waiting
    BOOST_TEST(deskViewAt(*town.queue, "1", town.now).parked.size() == 1u);
    const auto resumed = town.queue->resume(QueueTown::seen(ticket), town.two, town.now + 9min);
    ticket = std::get<Ticket>(resumed);
    BOOST_TEST(ticket.state == TicketState::Serving);
    BOOST_TEST(ticket.desk.value() == "2");
    BOOST_TEST((ticket.servedAt == town.now + 9min));
    ticket = town.queue->finish(QueueTown::seen(ticket), town.two, town.now + 12min);
    BOOST_TEST(ticket.state == TicketState::Finished);
    BOOST_CHECK_EXCEPTION(town.queue->printed(ticket.id, town.kiosk, town.now), Error,
                          refusal(ErrorCode::StepOutOfOrder));
}

BOOST_AUTO_TEST_CASE(redirect_to_another_group_with_a_sealed_note)
{
    QueueTown town;
    town.openAll();
    const Ticket first = town.waiting();
    town.waiting("wohnen");
    Ticket ticket = town.next(town.one);
    ticket = town.queue->serve(QueueTown::seen(ticket), town.one, town.now);
    const SeenTicket seen = QueueTown::seen(ticket);
    const Redirection to{.group = "wohnen", .desk = {}, .note = SealedNote{"desk-1", "ey.sealed"}};
    ticket = town.queue->redirect(seen, to, town.one, town.now);
    BOOST_TEST(ticket.state == TicketState::Waiting);
    BOOST_TEST(ticket.group == "wohnen");
    BOOST_TEST(toText(ticket.number) == "A 001"); // the number in the hand stays
    BOOST_TEST(town.queue->redirect(seen, to, town.one, town.now).version == ticket.version);
    const auto notes = town.queue->notes(ticket.id);
    BOOST_REQUIRE(notes.size() == 1u); // pressed twice, noted once
    BOOST_TEST(notes[0].note.sealed == "ey.sealed");
    BOOST_TEST(notes[0].by == "Anna");
    BOOST_TEST(town.nextNumber(town.three) == "A 001"); // came before B 001
    BOOST_TEST(town.acts("2026-11-23/A001") == std::vector<std::string>{"redirect-ticket"},
               boost::test_tools::per_element());
    // Nothing of the note stands in the log.
    BOOST_TEST(town.count("SELECT count(*) FROM queue_event WHERE details LIKE '%ey.sealed%'") ==
               0);
    BOOST_TEST(town.count("SELECT count(*) FROM journal WHERE details LIKE '%ey.sealed%'") == 0);
}

BOOST_AUTO_TEST_CASE(redirect_to_a_desk_is_for_that_desk_while_it_is_open)
{
    QueueTown town;
    town.openAll();
    const Ticket ticket = town.waiting();
    town.queue->redirect(QueueTown::seen(ticket), {.group = "ausweise", .desk = "2"},
                         town.reception, town.now);
    BOOST_TEST(town.nextNumber(town.one) == "");
    BOOST_TEST(!deskViewAt(*town.queue, "1", town.now).waiting.at(0).callable);
    BOOST_TEST(deskViewAt(*town.queue, "2", town.now).waiting.at(0).callable);
    town.queue->closeDesk("2", "Bert", town.now);
    BOOST_TEST(town.nextNumber(town.one) == "A 001"); // nobody is left waiting for a closed desk
    BOOST_TEST(!town.found(ticket).forDesk);
}

BOOST_AUTO_TEST_CASE(redirections_that_lead_nowhere_are_refused)
{
    QueueTown town;
    town.queue->openDesk({.desk = "1", .clerk = "Anna"}, TakeOver::No, town.now);
    const SeenTicket seen = QueueTown::seen(town.waiting());
    const auto refused = [&](const Redirection& to, ErrorCode code) {
        BOOST_CHECK_EXCEPTION(town.queue->redirect(seen, to, town.reception, town.now), Error,
                              refusal(code));
    };
    refused({.group = "gewerbe"}, ErrorCode::NotFound);
    refused({.group = "wohnen", .desk = "9"}, ErrorCode::NotFound);
    refused({.group = "wohnen", .desk = "3"}, ErrorCode::InputMalformed); // closed
    refused({.group = "wohnen", .desk = "1"}, ErrorCode::InputMalformed); // cannot
    refused({.group = "wohnen", .desk = {}, .note = SealedNote{"", "open text"}},
            ErrorCode::InputMalformed);
    BOOST_TEST(town.story(*town.queue->find(seen.id)).size() == 2u);
    // The press before had another aim: not the same again.
    town.queue->redirect(seen, {.group = "wohnen"}, town.reception, town.now);
    refused({.group = "ausweise"}, ErrorCode::VersionConflict);
}

BOOST_AUTO_TEST_CASE(the_pick_up_list)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    Ticket ticket = town.next(town.one);
    ticket = town.queue->serve(QueueTown::seen(ticket), town.one, town.now);
    ticket = town.queue->shelve(QueueTown::seen(ticket), town.one, town.now);
    BOOST_TEST(ticket.state == TicketState::ForPickUp);
    BOOST_TEST(deskViewAt(*town.queue, "2", town.now).forPickUp.size() == 1u);
    // Called over the board, then handed out; or handed out by reception without a call.
    ticket = std::get<Ticket>(town.queue->callThis(QueueTown::seen(ticket), town.two, town.now));
    ticket = town.queue->serve(QueueTown::seen(ticket), town.two, town.now);
    ticket = town.queue->shelve(QueueTown::seen(ticket), town.two, town.now);
    ticket = town.queue->finish(QueueTown::seen(ticket), town.reception, town.now);
    BOOST_TEST(ticket.state == TicketState::Finished);
}

BOOST_AUTO_TEST_CASE(notes_are_sealed_or_refused)
{
    QueueTown town;
    const Ticket ticket = town.waiting();
    town.queue->addNote(ticket.id, {"desk-1", "ey.a"}, town.reception, town.now);
    town.queue->addNote(ticket.id, {"desk-1", "ey.b"}, town.reception, town.now);
    BOOST_TEST(town.queue->notes(ticket.id).at(1).note.sealed == "ey.b");
    BOOST_CHECK_EXCEPTION(town.queue->addNote(ticket.id, {"", "a"}, town.reception, town.now),
                          Error, refusal(ErrorCode::InputMalformed));
    BOOST_CHECK_EXCEPTION(town.queue->addNote(ticket.id, {"desk-1", std::string(9000, 'x')},
                                              town.reception, town.now),
                          Error, refusal(ErrorCode::InputMalformed));
    BOOST_CHECK_EXCEPTION(
        town.queue->addNote(randomUuid(town.random), {"desk-1", "ey"}, town.reception, town.now),
        Error, refusal(ErrorCode::NotFound));
}

// --- the table ---

/// A ticket of this state, brought there by the use cases.
Ticket inState(QueueTown& town, TicketState state)
{
    Queue& queue = *town.queue;
    const auto seen = &QueueTown::seen;
    const auto called = [&] {
        town.waiting();
        return town.next(town.one);
    };
    const auto serving = [&] { return queue.serve(seen(called()), town.one, town.now); };
    const auto ended = [&](const Ticket& ticket) {
        queue.endDay("Lead", town.now);
        town.openAll();
        return town.found(ticket);
    };
    switch (state) {
    case TicketState::Drawn:
        return town.drawn();
    case TicketState::Waiting:
        return town.waiting();
    case TicketState::Called:
        return called();
    case TicketState::Serving:
        return serving();
    case TicketState::Parked:
        return queue.park(seen(serving()), town.one, town.now);
    case TicketState::ForPickUp:
        return queue.shelve(seen(serving()), town.one, town.now);
    case TicketState::NoShow:
        return queue.miss(seen(called()), town.one, town.now);
    case TicketState::Finished:
        return queue.finish(seen(serving()), town.one, town.now);
    case TicketState::Withdrawn:
        return queue.withdraw(seen(town.waiting()), town.one, town.now);
    case TicketState::Expired:
        return ended(town.drawn());
    case TicketState::Unserved:
        return ended(town.waiting());
    case TicketState::Unfinished:
        return ended(serving());
    case TicketState::Uncollected:
        return ended(queue.shelve(seen(serving()), town.one, town.now));
    }
    AMT_ASSERT(false && "a state that nothing leads to");
}

/// Asks for `event` by the use case that makes it.
void ask(QueueTown& town, const Ticket& ticket, TicketEvent event)
{
    Queue& queue = *town.queue;
    const SeenTicket seen = QueueTown::seen(ticket);
    // An idle desk for what is not at one.
    const Actor actor = isAtDesk(ticket) ? Actor{"Anna", "1"} : Actor{"Bert", "2"};
    switch (event) {
    case TicketEvent::Printed:
    case TicketEvent::Reprinted:
        queue.printed(ticket.id, town.kiosk, town.now);
        return;
    case TicketEvent::Noted:
        queue.noted(ticket.id, town.kiosk, town.now);
        return;
    case TicketEvent::PrintFailed:
        queue.printFailed(ticket.id, town.kiosk, town.now);
        return;
    case TicketEvent::Called:
        queue.callThis(seen, town.two, town.now);
        return;
    case TicketEvent::Resumed:
        queue.resume(seen, town.two, town.now);
        return;
    case TicketEvent::Recalled:
        queue.recall(seen, actor, town.now);
        return;
    case TicketEvent::PutBack:
        queue.putBack(seen, actor, town.now);
        return;
    case TicketEvent::Missed:
        queue.miss(seen, actor, town.now);
        return;
    case TicketEvent::Returned:
        queue.returnToQueue(seen, actor, town.now);
        return;
    case TicketEvent::Served:
        queue.serve(seen, actor, town.now);
        return;
    case TicketEvent::Finished:
        queue.finish(seen, actor, town.now);
        return;
    case TicketEvent::Parked:
        queue.park(seen, actor, town.now);
        return;
    case TicketEvent::Redirected:
        queue.redirect(seen, {.group = "wohnen"}, actor, town.now);
        return;
    case TicketEvent::Shelved:
        queue.shelve(seen, actor, town.now);
        return;
    case TicketEvent::Prioritised:
        queue.prioritise(seen, Priority::Raised, actor, town.now);
        return;
    case TicketEvent::Withdrawn:
        queue.withdraw(seen, actor, town.now);
        return;
    case TicketEvent::Expired:
        queue.sweep(ticket.changedAt + 11min);
        return;
    case TicketEvent::DayEnded:
        queue.endDay("Lead", town.now);
        return;
    case TicketEvent::Drawn:
        return;
    }
}

// As it is meant, said apart from the table: "Waiting Called > Called". What is missing is refused
// or changes nothing.
const std::map<std::pair<std::string, std::string>, std::string> meant = {
    {{"Drawn", "Printed"}, "Waiting"},          {{"Drawn", "Noted"}, "Waiting"},
    {{"Drawn", "PrintFailed"}, "Drawn"},        {{"Drawn", "Withdrawn"}, "Withdrawn"},
    {{"Drawn", "Expired"}, "Expired"},          {{"Drawn", "DayEnded"}, "Expired"},
    {{"Expired", "Printed"}, "Waiting"},        {{"Expired", "Noted"}, "Waiting"},
    {{"Waiting", "Reprinted"}, "Waiting"},      {{"Waiting", "Called"}, "Called"},
    {{"Waiting", "Redirected"}, "Waiting"},     {{"Waiting", "Prioritised"}, "Waiting"},
    {{"Waiting", "Withdrawn"}, "Withdrawn"},    {{"Waiting", "DayEnded"}, "Unserved"},
    {{"Called", "Reprinted"}, "Called"},        {{"Called", "Recalled"}, "Called"},
    {{"Called", "PutBack"}, "Waiting"},         {{"Called", "Missed"}, "NoShow"},
    {{"Called", "Served"}, "Serving"},          {{"Called", "Parked"}, "Parked"},
    {{"Called", "Redirected"}, "Waiting"},      {{"Called", "Withdrawn"}, "Withdrawn"},
    {{"Called", "DayEnded"}, "Unserved"},       {{"Serving", "Reprinted"}, "Serving"},
    {{"Serving", "Finished"}, "Finished"},      {{"Serving", "Parked"}, "Parked"},
    {{"Serving", "Shelved"}, "ForPickUp"},      {{"Serving", "Redirected"}, "Waiting"},
    {{"Serving", "DayEnded"}, "Unfinished"},    {{"Parked", "Reprinted"}, "Parked"},
    {{"Parked", "Called"}, "Called"},           {{"Parked", "Resumed"}, "Serving"},
    {{"Parked", "Redirected"}, "Waiting"},      {{"Parked", "Finished"}, "Finished"},
    {{"Parked", "Withdrawn"}, "Withdrawn"},     {{"Parked", "DayEnded"}, "Unfinished"},
    {{"ForPickUp", "Reprinted"}, "ForPickUp"},  {{"ForPickUp", "Called"}, "Called"},
    {{"ForPickUp", "Resumed"}, "Serving"},      {{"ForPickUp", "Finished"}, "Finished"},
    {{"ForPickUp", "DayEnded"}, "Uncollected"}, {{"NoShow", "Reprinted"}, "NoShow"},
    {{"NoShow", "Returned"}, "Waiting"},        {{"NoShow", "Called"}, "Called"},
};

BOOST_DATA_TEST_CASE(every_pair_of_state_and_event,
                     data::make(std::vector(allTicketStates().begin(), allTicketStates().end())) *
                         data::make(std::vector(allTicketEvents().begin(),
                                                allTicketEvents().end())),
                     state, event)
{
    const auto row = meant.find({std::string(name(state)), std::string(name(event))});
    const auto next = ticketTable.next(state, event);
    BOOST_TEST(next.has_value() == (row != meant.end()));
    if (next)
        BOOST_TEST(*next == ticketStateFromName(row->second));

    QueueTown town;
    // In one transaction: what a refused act had written before it was refused would stay.
    town.database->transact([&] {
        town.openAll();
        const Ticket before = inState(town, state);
        BOOST_REQUIRE(before.state == state);
        // What asks quietly and for a device: no refusal, no event either.
        const std::set<TicketEvent> quiet{TicketEvent::Drawn,       TicketEvent::Printed,
                                          TicketEvent::Reprinted,   TicketEvent::Noted,
                                          TicketEvent::PrintFailed, TicketEvent::Expired,
                                          TicketEvent::DayEnded};
        if (next) {
            ask(town, before, event);
            const Ticket after = town.found(before);
            BOOST_TEST(after.state == *next);
            BOOST_TEST(after.version == before.version + 1);
            BOOST_TEST(after.lastEvent == event);
        } else if (!quiet.contains(event)) {
            BOOST_CHECK_EXCEPTION(ask(town, before, event), Error, [](const Error& error) {
                return error.errorCode() == ErrorCode::StepOutOfOrder ||
                       error.errorCode() == ErrorCode::NotAllowed;
            });
            BOOST_TEST((town.found(before) == before));
        }
        BOOST_TEST(town.queue->unsound().empty());
    });
}

// --- time ---

BOOST_AUTO_TEST_CASE(at_the_end_of_the_day_every_ticket_says_how_it_ended)
{
    QueueTown town;
    town.openAll();
    std::map<TicketState, Ticket> tickets;
    for (const TicketState state :
         {TicketState::Parked, TicketState::ForPickUp, TicketState::NoShow, TicketState::Finished,
          TicketState::Serving, TicketState::Waiting, TicketState::Drawn})
        tickets.emplace(state, inState(town, state));
    const DayEnd ended = town.queue->endDay("Lead", town.now);
    BOOST_TEST(ended.unserved == 1);
    BOOST_TEST(ended.unfinished == 2);
    BOOST_TEST(ended.uncollected == 1);
    BOOST_TEST(ended.expired == 1);
    BOOST_TEST(ended.desks == 3);
    const auto is = [&](TicketState was, TicketState becomes) {
        BOOST_TEST(town.found(tickets.at(was)).state == becomes);
    };
    is(TicketState::Parked, TicketState::Unfinished);
    is(TicketState::Serving, TicketState::Unfinished);
    is(TicketState::ForPickUp, TicketState::Uncollected);
    is(TicketState::Waiting, TicketState::Unserved);
    is(TicketState::Drawn, TicketState::Expired);
    is(TicketState::NoShow, TicketState::NoShow);
    is(TicketState::Finished, TicketState::Finished);
    BOOST_TEST(town.queue->openDesks().empty());
    BOOST_TEST(town.acts("queue") == std::vector<std::string>{"end-day"},
               boost::test_tools::per_element());
    const DayEnd again = town.queue->endDay("Lead", town.now);
    BOOST_TEST(again.unserved + again.unfinished + again.desks == 0);
    BOOST_TEST(toText(town.drawn().number) == "A 008"); // somebody goes on: no number comes again
}

BOOST_AUTO_TEST_CASE(a_day_that_nobody_ended_ends_at_midnight)
{
    QueueTown town;
    town.openAll();
    const Ticket serving = inState(town, TicketState::Serving);
    const Ticket waiting = town.waiting();
    town.now = fromIso("2026-11-23T22:59:59Z");
    BOOST_TEST(town.queue->sweep(town.now) == 0);
    town.now = fromIso("2026-11-23T23:00:00Z");
    BOOST_TEST(boardAt(*town.queue, town.now).waiting == 0); // even before anybody sweeps
    BOOST_TEST(town.queue->sweep(town.now) == 2);
    BOOST_TEST(town.queue->sweep(town.now) == 0);
    BOOST_TEST(town.found(waiting).state == TicketState::Unserved);
    BOOST_TEST(town.found(serving).state == TicketState::Unfinished);
    BOOST_TEST(town.queue->openDesks().empty());
    BOOST_TEST(town.queue->events(town.today(), town.today()).empty()); // all of it was yesterday
}

BOOST_AUTO_TEST_CASE(a_doubtful_clock_sends_nobody_home)
{
    QueueTown town;
    town.journal->started(town.now);
    town.openAll();
    const Ticket waiting = town.waiting();
    town.journal->started(town.now - 48h); // stands before the newest record: doubtful
    BOOST_REQUIRE((town.journal->timeQuality() == outbox::TimeQuality::Doubtful));
    BOOST_TEST(town.queue->sweep(town.now + 24h) == 0);
    BOOST_TEST(town.found(waiting).state == TicketState::Waiting);
    BOOST_TEST(town.queue->purge(town.today(), town.today(), town.now + 24h) == 0);
    BOOST_TEST(town.queue->openDesks().size() == 3u);
}

BOOST_AUTO_TEST_CASE(absent_appointments_are_logged_once)
{
    QueueTown town;
    const CheckIn came = town.visit(30min);
    town.queue->checkIn(came, town.kiosk, town.now);
    const std::vector<BookedVisit> booked = {{came.appointment, "ausweise", came.start},
                                             {randomUuid(town.random), "ausweise", came.start},
                                             {randomUuid(town.random), "ausweise", came.start},
                                             {randomUuid(town.random), "wohnen", town.now + 5h},
                                             {randomUuid(town.random), "wohnen", town.now + 24h}};
    town.pass(1h);
    BOOST_TEST(town.queue->noteAbsent(town.today(), booked, town.now) == 2);
    BOOST_TEST(town.queue->noteAbsent(town.today(), booked, town.now) == 0);
    town.pass(6h);
    BOOST_TEST(town.queue->noteAbsent(town.today(), booked, town.now) == 1);
    BOOST_TEST(town.count("SELECT count(*) FROM queue_event WHERE kind = 'NotArrived'") == 3);
    const LocalDate day = town.today();
    town.pass(24h);
    town.queue->purge(plusDays(day, 1), plusDays(day, -30), town.now);
    BOOST_CHECK_EXCEPTION(town.queue->noteAbsent(day, booked, town.now), Error,
                          refusal(ErrorCode::StepOutOfOrder));
}

// --- keeping and letting go ---

BOOST_AUTO_TEST_CASE(the_log_is_append_only)
{
    QueueTown town;
    town.openAll();
    town.waiting();
    for (const char* sql :
         {"UPDATE queue_event SET time = time + 1", "UPDATE queue_event SET by = ''",
          "DELETE FROM queue_event", "DELETE FROM queue_event WHERE number = 1"})
        BOOST_CHECK_EXCEPTION(town.database->execute(sql), Error, refusal(ErrorCode::StoreFailed));
}

BOOST_AUTO_TEST_CASE(after_the_night_nothing_leads_to_a_person)
{
    QueueTown town;
    town.openAll();
    const Ticket visit = town.checkedIn(5min);
    town.queue->addNote(visit.id, {"desk-1", "ey.note"}, town.reception, town.now);
    const LocalDate monday = town.today();
    const auto before = town.queue->events(monday, monday);
    town.pass(24h);
    const auto sequence = town.queue->sequence();
    BOOST_TEST(town.queue->purge(monday, monday, town.now) == 0); // not yet
    town.waiting();
    BOOST_TEST(town.queue->purge(town.today(), plusDays(monday, -30), town.now) == 1);
    BOOST_TEST(town.count("SELECT count(*) FROM ticket_note") == 0);
    BOOST_TEST(!town.queue->find(visit.id));
    const auto after = town.queue->events(monday, monday);
    BOOST_TEST(after.size() == before.size() + 4); // ended by midnight: the ticket, three desks
    for (const QueueEvent& event : after)
        BOOST_TEST(event.by == "");
    BOOST_TEST(town.count("SELECT count(*) FROM queue_event WHERE by <> ''") == 2); // today's
    BOOST_TEST(town.queue->unsound().empty());
    BOOST_TEST(town.queue->purge(town.today(), town.today(), town.now) == 0);
    BOOST_TEST(town.queue->events(monday, monday).empty());
    BOOST_TEST(town.queue->sequence() > sequence); // displays never see it go back
    // The log of what went does not open again.
    BOOST_TEST(town.queue->purge(monday, monday, town.now) == 0);
    BOOST_TEST(town.count("SELECT names_from = '2026-11-24' FROM queue_kept") == 1);
}

BOOST_AUTO_TEST_CASE(the_number_of_the_newest_event_never_comes_again)
{
    QueueTown town;
    town.waiting();
    const auto sequence = town.queue->sequence();
    town.pass(48h);
    town.queue->purge(town.today(), town.today(), town.now);
    BOOST_TEST(town.count("SELECT count(*) FROM queue_event") == 0);
    town.restart();
    town.waiting();
    BOOST_TEST(town.queue->sequence() > sequence);
}

BOOST_AUTO_TEST_CASE(a_row_that_the_log_does_not_tell_is_found)
{
    QueueTown town;
    town.openAll();
    const Ticket ticket = town.waiting();
    BOOST_TEST(town.queue->unsound().empty());
    town.database->execute("UPDATE ticket SET calls = 1");
    BOOST_TEST(town.queue->unsound() == std::vector<std::string>{"2026-11-23/A001"},
               boost::test_tools::per_element());
    town.database->execute("UPDATE ticket SET calls = 0; UPDATE open_desk SET skills = 'wohnen'"
                           " WHERE desk = '1'");
    BOOST_TEST(town.queue->unsound() == std::vector<std::string>{"desk/1"},
               boost::test_tools::per_element());
    town.database->execute("UPDATE open_desk SET skills = 'ausweise' WHERE desk = '1';"
                           " DELETE FROM ticket");
    BOOST_TEST(town.queue->unsound() == std::vector<std::string>{"2026-11-23/A001"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_power_cut_before_the_commit_leaves_row_and_log_as_they_were)
{
    QueueTown town;
    bool cut = false;
    town.database.atCommit = [&](store::CommitMoment moment) {
        if (cut && moment == store::CommitMoment::Before)
            throw Error(ErrorCode::SystemFailed, "power cut");
    };
    town.restart();
    town.openAll();
    const Ticket waiting = town.waiting();
    const auto sequence = town.queue->sequence();
    cut = true;
    BOOST_CHECK_EXCEPTION(town.queue->callNext(town.one, town.now), Error,
                          refusal(ErrorCode::SystemFailed));
    cut = false;
    town.restart();
    BOOST_TEST((town.found(waiting) == waiting));
    BOOST_TEST(town.queue->sequence() == sequence);
    BOOST_TEST(town.nextNumber(town.one) == "A 001");
}

BOOST_AUTO_TEST_CASE(whoever_lost_the_answer_asks_again_and_nothing_happens_twice)
{
    QueueTown town;
    bool lost = false;
    town.database.atCommit = [&](store::CommitMoment moment) {
        if (lost && moment == store::CommitMoment::After) {
            lost = false;
            throw Error(ErrorCode::SystemFailed, "power cut after the commit");
        }
    };
    town.restart();
    town.openAll();
    const TicketWish wish = town.wish();
    const auto twice = [&](auto&& act) {
        lost = true;
        BOOST_CHECK_EXCEPTION(act(), Error, refusal(ErrorCode::SystemFailed));
        town.restart();
        const auto sequence = town.queue->sequence();
        act();
        BOOST_TEST(town.queue->sequence() == sequence);
        return *town.queue->find(wish.id);
    };
    Ticket ticket = twice([&] { town.queue->draw(wish, town.kiosk, town.now); });
    ticket = twice([&] { town.queue->noted(wish.id, town.kiosk, town.now); });
    ticket = twice([&] { // the desk that asks again is told whom it has
        const auto outcome = town.queue->callNext(town.one, town.now);
        BOOST_TEST(std::get<DeskBusy>(outcome).ticket.id == wish.id);
    });
    BOOST_TEST(ticket.state == TicketState::Called);
    const auto act = [&](Ticket (Queue::*what)(const SeenTicket&, const Actor&, UtcTime)) {
        const SeenTicket seen = QueueTown::seen(ticket);
        ticket = twice([&] { ((*town.queue).*what)(seen, town.one, town.now); });
    };
    act(&Queue::recall);
    act(&Queue::serve);
    act(&Queue::park);
    const SeenTicket parked = QueueTown::seen(ticket);
    ticket = twice([&] { town.queue->resume(parked, town.one, town.now); });
    act(&Queue::finish);
    BOOST_TEST(ticket.state == TicketState::Finished);
    BOOST_TEST(ticket.version == 8);
    BOOST_TEST(town.queue->unsound().empty());
}

BOOST_AUTO_TEST_SUITE_END()
