// SPDX-License-Identifier: EUPL-1.2
//
// The estimate: halls in which the answer is known, and days whose truth the range has to hold.
#include "appliance/office/queue/waiting_time.h"
#include "tests/office/queue/queue_town.h"
#include "tests/office/queue/simulated_hall.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;

namespace {

const UtcTime nine = fromIso("2026-11-23T08:00:00Z");
/// Ten minutes, nearly always.
const DurationModel exactly10{.median = 580s, .upper = 581s, .samples = 100};

/// One desk for group A, another for B.
Outlook hall()
{
    Outlook outlook;
    outlook.now = nine;
    outlook.desks = {{.id = "1", .skills = {"a"}}, {.id = "3", .skills = {"b"}}};
    outlook.durations = {{"a", exactly10}, {"b", exactly10}};
    outlook.noShow = 0;
    return outlook; // 20 seconds between two: every ten minutes one
}
OutlookTicket walkIn(int number, const std::string& group = "a")
{
    return {
        .id = std::to_string(number),
        .group = group,
        .claim = {.drawnAt = nine - 1h + std::chrono::minutes(number), .number = {'A', number}}};
}
OutlookTicket appointment(int number, std::chrono::minutes startsIn)
{
    OutlookTicket ticket = walkIn(number);
    ticket.claim.punctuality = Punctuality::OnTime;
    ticket.claim.appointmentAt = nine + startsIn;
    return ticket;
}
WaitRange newcomer(const Outlook& outlook, const std::string& group = "a")
{
    return waitingTimes(outlook, {"a", "b"}, 1).newcomer.at(group);
}
void isAbout(const WaitRange& range, int minutes)
{
    BOOST_TEST(range.from.count() <= minutes);
    BOOST_TEST(range.until.count() >= minutes);
    BOOST_TEST((range.until - range.from).count() <= 10); // from 20 % to 80 %, around a border
    BOOST_TEST(!range.orLonger);
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_queue_waiting_time)

struct Rounded {
    int from, until; ///< seconds
    int shownFrom, shownUntil;
    bool orLonger;
};
std::ostream& operator<<(std::ostream& out, const Rounded& row)
{
    return out << row.from << ".." << row.until;
}
const Rounded rounded[] = {
    {0, 0, 0, 5, false},          {0, 1, 0, 5, false},          {0, 300, 0, 5, false},
    {0, 301, 0, 10, false},       {299, 300, 0, 5, false},      {300, 300, 5, 5, false},
    {720, 1980, 10, 35, false},   {3600, 7199, 60, 120, false}, {3600, 7200, 60, 120, true},
    {7200, 7200, 120, 120, true},
};

BOOST_DATA_TEST_CASE(a_range_is_rounded_outwards_to_five_minutes, data::make(rounded), row)
{
    const WaitRange range =
        roundedOutwards(std::chrono::seconds(row.from), std::chrono::seconds(row.until));
    BOOST_TEST(range.from.count() == row.shownFrom);
    BOOST_TEST(range.until.count() == row.shownUntil);
    BOOST_TEST(range.orLonger == row.orLonger);
}

BOOST_AUTO_TEST_CASE(without_an_open_desk_there_is_no_estimate)
{
    Outlook outlook = hall();
    outlook.waiting = {walkIn(1)};
    outlook.desks = {{.id = "3", .skills = {"b"}}};
    const WaitingTimes times = waitingTimes(outlook, {"a", "b"}, 1);
    BOOST_TEST(!times.newcomer.contains("a"));
    BOOST_TEST(times.newcomer.contains("b"));
    BOOST_TEST(times.tickets.empty());
}

BOOST_AUTO_TEST_CASE(in_an_empty_hall_nobody_waits)
{
    BOOST_TEST((newcomer(hall()) == WaitRange{0min, 5min}));
}

BOOST_AUTO_TEST_CASE(each_before_me_takes_a_service)
{
    Outlook outlook = hall();
    outlook.waiting = {walkIn(3), walkIn(1), walkIn(2)};
    const WaitingTimes times = waitingTimes(outlook, {"a", "b"}, 1);
    isAbout(times.newcomer.at("a"), 30);
    isAbout(times.tickets.at("1"), 0);
    isAbout(times.tickets.at("2"), 10);
    isAbout(times.tickets.at("3"), 20);
    isAbout(times.newcomer.at("b"), 0); // another desk
}

BOOST_AUTO_TEST_CASE(two_desks_are_twice_as_quick)
{
    Outlook outlook = hall();
    outlook.desks.push_back({.id = "2", .skills = {"a", "b"}});
    for (int i = 1; i <= 8; ++i)
        outlook.waiting.push_back(walkIn(i));
    isAbout(newcomer(outlook), 40);
    isAbout(newcomer(outlook, "b"), 0);
}

BOOST_AUTO_TEST_CASE(who_is_at_the_desk_has_gone_on_for_some_time)
{
    Outlook outlook = hall();
    outlook.desks[0].busySince = nine - 2min;
    outlook.desks[0].busyGroup = "a";
    isAbout(newcomer(outlook), 8);
    // Longer than anybody ever: soon, one hopes.
    outlook.desks[0].busySince = nine - 60min;
    BOOST_TEST((newcomer(outlook).from == 0min));
    BOOST_TEST((newcomer(outlook).until <= 10min));
}

BOOST_AUTO_TEST_CASE(appointments_go_before_whoever_draws_now)
{
    Outlook outlook = hall();
    outlook.waiting = {appointment(1, -1min), appointment(2, 1min)};
    isAbout(newcomer(outlook), 20);
    // One that comes later than my turn does not touch me; one that comes before it does.
    outlook.expected = {{"a", nine + 60min}};
    isAbout(newcomer(outlook), 20);
    outlook.expected = {{"a", nine + 15min}};
    isAbout(newcomer(outlook), 30);
    outlook.noShow = 1;
    isAbout(newcomer(outlook), 20);
    // One that is there early is called after me.
    outlook.expected.clear();
    outlook.waiting = {appointment(1, 90min)};
    isAbout(newcomer(outlook), 0);
}

BOOST_AUTO_TEST_CASE(a_desk_for_appointments_serves_no_walk_in)
{
    Outlook outlook = hall();
    outlook.desks.push_back({.id = "2", .skills = {"a"}, .mode = DeskMode::AppointmentsOnly});
    outlook.waiting = {walkIn(1), walkIn(2), appointment(3, 0min)};
    const WaitingTimes times = waitingTimes(outlook, {"a"}, 1);
    isAbout(times.tickets.at("3"), 0);
    BOOST_TEST((times.newcomer.at("a").from >= 15min));
    outlook.desks.erase(outlook.desks.begin());
    BOOST_TEST(waitingTimes(outlook, {"a"}, 1).newcomer.empty());
}

BOOST_AUTO_TEST_CASE(who_was_sent_to_a_desk_waits_for_that_one)
{
    Outlook outlook = hall();
    outlook.desks.push_back({.id = "2", .skills = {"a"}});
    outlook.waiting = {walkIn(1), walkIn(2), walkIn(3), walkIn(4)};
    for (OutlookTicket& ticket : outlook.waiting)
        ticket.forDesk = "2";
    const WaitingTimes times = waitingTimes(outlook, {"a"}, 1);
    isAbout(times.tickets.at("4"), 30);
    isAbout(times.newcomer.at("a"), 0);
}

BOOST_AUTO_TEST_CASE(what_lies_beyond_two_hours_or_the_closing_is_open)
{
    Outlook outlook = hall();
    for (int i = 1; i <= 20; ++i)
        outlook.waiting.push_back(walkIn(i));
    BOOST_TEST((newcomer(outlook) == WaitRange{120min, 120min, true}));
    outlook.waiting.resize(2);
    outlook.desks[0].closes = nine + 15min;
    BOOST_TEST(newcomer(outlook).orLonger);
    outlook.desks[0].closes = nine;
    BOOST_TEST(!waitingTimes(outlook, {"a"}, 1).newcomer.contains("a"));
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_answer)
{
    Outlook outlook = hall();
    outlook.durations["a"] = {.median = 600s, .upper = 1100s, .samples = 30};
    outlook.noShow = 0.2;
    for (int i = 1; i <= 5; ++i)
        outlook.waiting.push_back(walkIn(i));
    outlook.expected = {{"a", nine + 10min}, {"a", nine + 20min}};
    const WaitingTimes first = waitingTimes(outlook, {"a"}, 7);
    const WaitingTimes second = waitingTimes(outlook, {"a"}, 7);
    BOOST_TEST((first.newcomer == second.newcomer));
    BOOST_TEST((first.tickets == second.tickets));
    BOOST_TEST((first.newcomer.at("a").until - first.newcomer.at("a").from >= 10min));
    outlook.durations.erase("a");
    BOOST_CHECK_EXCEPTION(waitingTimes(outlook, {"a"}, 7), Error,
                          test::refusal(ErrorCode::InputMalformed));
}

// --- durations ---

BOOST_AUTO_TEST_CASE(few_measured_durations_are_shrunk_to_the_plan)
{
    const auto of = [](int count) {
        return shrunkToPlan(std::vector<std::chrono::seconds>(count, 300s), 10min);
    };
    BOOST_TEST((of(0) == DurationModel{600s, 900s, 0}));
    BOOST_TEST((of(20) == DurationModel{450s, 600s, 20})); // half and half
    BOOST_TEST((of(1980).median == 303s));
    // Nearest rank: 1 to 10 minutes, the plan 5.
    std::vector<std::chrono::seconds> seen;
    for (int i = 10; i >= 1; --i)
        seen.push_back(std::chrono::minutes(i));
    for (int i = 0; i < 8; ++i) // the more there are, the less the plan counts
        seen.insert(seen.end(), seen.begin(), seen.end());
    const DurationModel model = shrunkToPlan(seen, 5min);
    BOOST_TEST((model.median >= 299s && model.median <= 301s));
    BOOST_TEST((model.upper >= 479s && model.upper <= 481s));
}

BOOST_AUTO_TEST_CASE(a_stay_lasts_from_the_call_to_whatever_ended_it)
{
    test::QueueTown town;
    town.openAll();
    Queue& queue = *town.queue;
    const auto seen = &test::QueueTown::seen;
    const auto called = [&] {
        town.waiting();
        return town.next(town.one);
    };
    Ticket ticket = called();
    town.pass(1min);
    ticket = queue.recall(seen(ticket), town.one, town.now);
    town.pass(1min);
    ticket = queue.serve(seen(ticket), town.one, town.now);
    town.pass(6min);
    ticket = queue.park(seen(ticket), town.one, town.now); // 8 minutes
    town.pass(20min);
    ticket = std::get<Ticket>(queue.resume(seen(ticket), town.two, town.now));
    town.pass(3min);
    queue.redirect(seen(ticket), {.group = "wohnen"}, town.two, town.now); // 3 minutes
    ticket = town.next(town.three);
    town.pass(5min);
    queue.miss(seen(ticket), town.three, town.now); // 5 minutes of the other group
    ticket = called();
    town.pass(7min);
    queue.putBack(seen(ticket), town.one, town.now); // by mistake: says nothing
    ticket = town.next(town.one);
    town.pass(2s);
    queue.miss(seen(ticket), town.one, town.now); // nobody is that quick: a slip
    ticket = called();
    town.pass(30min);
    queue.endDay("Lead", town.now); // nobody knows when it ended
    const auto found = stays(queue.events(town.today(), town.today()));
    BOOST_TEST((found.at("ausweise") == std::vector<std::chrono::seconds>{8min, 3min}));
    BOOST_TEST((found.at("wohnen") == std::vector<std::chrono::seconds>{5min}));

    DurationsSeen durations(*town.database);
    const auto& plan = town.plans->current()->plan;
    BOOST_TEST(durations.modelsAt(plan, town.today()).at("ausweise").samples == 0); // not yet
    BOOST_TEST(durations.modelsAt(plan, plusDays(town.today(), 1)).at("ausweise").samples == 2);
    BOOST_TEST(durations.modelsAt(plan, plusDays(town.today(), 60)).at("wohnen").samples == 1);
    BOOST_TEST(durations.modelsAt(plan, plusDays(town.today(), 61)).at("wohnen").samples == 0);
}

BOOST_AUTO_TEST_CASE(who_does_not_come_to_appointments_is_learnt_from_the_log)
{
    test::QueueTown town;
    DurationsSeen durations(*town.database);
    BOOST_TEST(durations.absentShareAt(town.today()) == 0.1);
    for (int i = 0; i < 12; ++i)
        town.checkedIn(10min);
    town.waiting(); // a walk-in says nothing
    std::vector<BookedVisit> booked;
    for (int i = 0; i < 8; ++i)
        booked.push_back({randomUuid(town.random), "ausweise", town.now - 10min});
    town.queue->noteAbsent(town.today(), booked, town.now);
    const LocalDate tomorrow = plusDays(town.today(), 1);
    DurationsSeen fresh(*town.database);
    BOOST_TEST(fresh.absentShareAt(town.today()) == 0.1); // today does not count yet
    // 8 of 20, and as many planned with a tenth.
    BOOST_TEST(durations.absentShareAt(tomorrow) == 0.25, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(durations.absentShareAt(plusDays(tomorrow, 60)) == 0.1);
    const Outlook outlook = outlookAt(*town.queue, durations, {}, {}, town.now + 24h);
    BOOST_TEST(outlook.noShow == 0.25, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(the_outlook_is_what_stands_in_the_hall)
{
    test::QueueTown town;
    town.openAll();
    town.waiting();
    const Ticket called = town.next(town.one);
    const Ticket waiting = town.waiting();
    const Ticket sent = town.waiting("wohnen");
    town.queue->redirect(test::QueueTown::seen(sent), {.group = "wohnen", .desk = "3"},
                         town.reception, town.now);
    const CheckIn here = town.visit(30min);
    town.queue->checkIn(here, town.kiosk, town.now);
    const std::vector<BookedVisit> booked = {{here.appointment, "ausweise", here.start},
                                             {randomUuid(town.random), "wohnen", town.now + 40min},
                                             {randomUuid(town.random), "wohnen", town.now + 24h}};
    DurationsSeen durations(*town.database);
    const Outlook outlook = outlookAt(*town.queue, durations, booked, town.now + 3h, town.now);
    BOOST_REQUIRE(outlook.desks.size() == 3u);
    BOOST_TEST((outlook.desks[0].busySince == called.calledAt));
    BOOST_TEST(outlook.desks[0].busyGroup == "ausweise");
    BOOST_TEST(!outlook.desks[1].busySince);
    BOOST_TEST((outlook.desks[1].closes == town.now + 3h));
    BOOST_REQUIRE(outlook.waiting.size() == 2u); // the one who checked in has no paper yet
    BOOST_TEST(outlook.waiting[0].id == waiting.id);
    BOOST_TEST(outlook.waiting[1].forDesk.value() == "3");
    BOOST_REQUIRE(outlook.expected.size() == 1u); // today's, and not here yet
    BOOST_TEST(outlook.expected[0].group == "wohnen");
    BOOST_TEST((outlook.durations.at("wohnen").median == 15min));
    town.queue->closeDesk("3", "Cleo", town.now);
    BOOST_TEST(!outlookAt(*town.queue, durations, booked, {}, town.now).waiting[1].forDesk);
}

// --- days with known truth ---

namespace {

struct Coverage {
    int asked = 0, held = 0, below = 0, above = 0;
    double width = 0, wait = 0; ///< minutes, mean
};

/// Plays days, asks at each walk-in number, and looks where the true wait fell.
Coverage played(std::uint64_t seed, double load, int history, int judged)
{
    test::QueueTown town;
    test::HallHabits habits;
    habits.walkInsAnHour = {{"ausweise", 5.2 * load}, {"wohnen", 3.2 * load}};
    habits.serviceMinutes = {{"ausweise", 9}, {"wohnen", 14}};
    habits.appointmentsADay = {{"ausweise", 10}, {"wohnen", 6}};
    test::SimulatedHall simulated(*town.queue, habits, seed);
    DurationsSeen durations(*town.database);
    struct Asked {
        UtcTime at;
        WaitRange range;
    };
    std::map<std::string, Asked> asked;
    Coverage coverage;
    bool judging = false;
    simulated.onWaiting = [&](const Ticket& ticket, UtcTime now) {
        if (!judging || ticket.appointmentAt)
            return;
        const auto outlook = outlookAt(*town.queue, durations, simulated.booked(), {}, now);
        const auto times = waitingTimes(outlook, {ticket.group}, seed + asked.size());
        if (const auto range = times.tickets.find(ticket.id); range != times.tickets.end())
            asked[ticket.id] = {now, range->second};
    };
    simulated.onCalled = [&](const Ticket& ticket, UtcTime now) {
        const auto known = asked.find(ticket.id);
        if (known == asked.end())
            return;
        const auto wait = now - known->second.at;
        const WaitRange range = known->second.range;
        ++coverage.asked;
        coverage.width += static_cast<double>((range.until - range.from).count());
        coverage.wait += static_cast<double>(wait.count()) / 60'000;
        if (wait < range.from)
            ++coverage.below;
        else if (wait > range.until && !range.orLonger)
            ++coverage.above;
        else
            ++coverage.held;
        asked.erase(known);
    };
    town.database->transact([&] { // for the sake of time
        LocalDate day = town.today();
        for (int i = 0; i < history + judged; ++i, day = plusDays(day, 1)) {
            judging = i >= history;
            simulated.play(
                {.day = day, .hours = {{8h, 12h}, {14h, 17h}}, .desks = {"1", "2", "3"}});
        }
    });
    BOOST_TEST(town.queue->unsound().empty());
    coverage.width /= coverage.asked;
    coverage.wait /= coverage.asked;
    return coverage;
}

} // namespace

struct Load {
    int seed;
    double load; ///< quiet days, and days with more people than the desks can take
};
std::ostream& operator<<(std::ostream& out, const Load& load)
{
    return out << "seed " << load.seed << ", load " << load.load;
}
const Load loads[] = {{1, 0.8}, {2, 1.0}, {4, 1.2}, {5, 1.4}};

BOOST_DATA_TEST_CASE(the_range_holds_the_true_wait_in_60_percent, data::make(loads), load)
{
    const Coverage coverage = played(static_cast<std::uint64_t>(load.seed), load.load, 12, 5);
    BOOST_TEST_MESSAGE("held " << coverage.held << " of " << coverage.asked << ", too short "
                               << coverage.above << ", too long " << coverage.below
                               << ", mean wait " << coverage.wait << " min, mean width "
                               << coverage.width << " min");
    BOOST_TEST(coverage.asked > 200);
    BOOST_TEST(coverage.held >= 0.6 * coverage.asked);
    // A range from nothing to two hours would hold everything.
    BOOST_TEST(coverage.width < 35);
}

BOOST_AUTO_TEST_SUITE_END()
