// SPDX-License-Identifier: EUPL-1.2
//
// The ledger: the key decides, free is rules minus ledger, and the bits say what the table says.
#include "appliance/office/calendar/ledger.h"
#include "tests/office/calendar/calendar_town.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;
using test::hall;

namespace {

auto refusal(ErrorCode code)
{
    return [code](const Error& error) { return error.errorCode() == code; };
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_calendar_ledger)

BOOST_AUTO_TEST_CASE(the_table_refuses_a_cell_that_is_sold_twice)
{
    test::CalendarTown town;
    const Appointment first = town.booked(town.wish("08:00", 5));
    const std::string again = "INSERT INTO cell (scope, day, lane, idx, state, booking) SELECT"
                              " scope, day, lane, idx, state, booking FROM cell";
    BOOST_CHECK_EXCEPTION(town.database->execute(again), Error, refusal(ErrorCode::StoreFailed));
    BOOST_CHECK_NO_THROW(town.database->execute("INSERT INTO cell (scope, day, lane, idx, state,"
                                                " booking) SELECT scope, day, lane, idx + 1, state,"
                                                " booking FROM cell"));
}

BOOST_AUTO_TEST_CASE(bits_that_are_behind_the_table_sell_nothing_twice)
{
    test::CalendarTown town(test::mornings(2, 2));
    BOOST_TEST(!town.freeClocks(15).empty()); // the day is known
    // Behind the room's back.
    town.database->execute("INSERT INTO cell (scope, day, lane, idx, state, until) VALUES"
                           " ('buergerbuero', '2026-11-23', 0, 97, 'BLOCKED', 9999999999999)");
    const Appointment booked = town.booked(town.wish("08:00"));
    BOOST_TEST(booked.place.lane == 1);
    BOOST_TEST(town.count("SELECT count(*) FROM cell WHERE state = 'BOOKED'") == 3);
}

BOOST_AUTO_TEST_CASE(free_times_begin_with_the_lead_and_end_with_the_window)
{
    OpeningRules rules = test::mornings(1, 1);
    rules.forPublic = {.lead = 30min, .days = 1};
    test::CalendarTown town(rules);
    town.now = fromIso("2026-11-23T07:00:00Z"); // Monday, 08:00
    const FreeQuestion question{.scope = hall, .duration = 15min, .limit = 2000};
    const auto free = town.ledger->freeTimes(question, town.now);
    BOOST_TEST(localTime(free.front().start) == "08:30"); // exactly at the edge
    BOOST_TEST(localTime(free.back().start) == "11:45");  // ends with the hours
    BOOST_TEST(toIso(free.back().day) == "2026-11-24");
    const auto later = town.ledger->freeTimes(question, town.now + 1ms);
    BOOST_TEST(localTime(later.front().start) == "08:35");
    FreeQuestion forStaff = question;
    forStaff.booker = Booker::Staff;
    BOOST_TEST(localTime(town.ledger->freeTimes(forStaff, town.now).front().start) == "08:00");
    FreeQuestion yesterday = question;
    yesterday.from = localDateFromIso("2026-11-20"); // what is over is over
    yesterday.days = 4;
    BOOST_TEST((town.ledger->freeTimes(yesterday, town.now).front() == free.front()));
    BOOST_TEST(toIso(town.ledger->freeTimes(yesterday, town.now).back().day) == "2026-11-23");
}

BOOST_AUTO_TEST_CASE(questions_that_cannot_be_meant_are_refused)
{
    test::CalendarTown town;
    const FreeQuestion good{.scope = hall, .duration = 15min};
    const auto refused = [&](auto change, ErrorCode code) {
        FreeQuestion question = good;
        change(question);
        BOOST_CHECK_EXCEPTION(town.ledger->freeTimes(question, town.now), Error, refusal(code));
    };
    BOOST_CHECK_NO_THROW(town.ledger->freeTimes(good, town.now));
    refused([](auto& q) { q.scope = "elsewhere"; }, ErrorCode::NotFound);
    refused([](auto& q) { q.duration = 0min; }, ErrorCode::InputMalformed);
    refused([](auto& q) { q.duration = 481min; }, ErrorCode::InputMalformed);
    refused([](auto& q) { q.days = 0; }, ErrorCode::InputMalformed);
    refused([](auto& q) { q.days = 367; }, ErrorCode::InputMalformed);
    refused([](auto& q) { q.limit = 0; }, ErrorCode::InputMalformed);
}

BOOST_AUTO_TEST_CASE(an_appointment_may_cross_from_one_rule_into_the_next)
{
    OpeningRules rules = test::mornings(1, 1);
    rules.rules.push_back({.id = "afternoon",
                           .weekdays = test::workdays,
                           .first = localDateFromIso("2026-01-01"),
                           .hours = {12h, 14h, 1, 1}});
    test::CalendarTown town(rules);
    BOOST_TEST((town.booked(town.wish("11:50", 20)).state == AppointmentState::Confirmed));
}

/// Random days in a town hall: whatever happens, in whatever commit or rollback, the answer is what
/// counting cells gives, nobody shares a cell, and every booking holds all of its own.
BOOST_DATA_TEST_CASE(free_is_rules_minus_ledger_whatever_happens, data::xrange(12), seed)
{
    test::SameRandom random(1000 + seed);
    const auto below = [&](int bound) { return static_cast<int>(randomBelow(random, bound)); };
    const auto anyRules = [&] {
        const int lanes = 1 + below(4);
        OpeningRules rules = test::mornings(lanes, below(lanes + 1));
        rules.rules[0].weekdays.push_back(std::chrono::Sunday);
        rules.rules[0].hours.from = below(2) ? 0h : 8h; // over the change of the clock, too
        rules.rules[0].hours.until = rules.rules[0].hours.from + 4h;
        rules.forPublic = {.lead = below(3) * 30min, .days = below(6)};
        rules.forStaff.days = below(6);
        rules.reservation = 10min;
        rules.blockAfterCancel = below(2) * 20min;
        return rules;
    };
    test::CalendarTown town(anyRules());
    town.now = fromIso("2026-10-23T06:00:00Z"); // the clocks change two days later
    const auto booker = [&] { return below(2) ? Booker::Public : Booker::Staff; };
    const auto anyDay = [&] { return plusDays(localDate(town.now), below(5) - 1); };
    const auto anyCell = [&] { return below(2) ? 96 + below(48) : below(60); };
    struct Undone {};
    std::map<std::string, int> happened;

    for (int step = 0; step < 250; ++step) {
        const auto happen = [&] {
            const auto living = readAppointments(
                *town.database,
                "WHERE state IN ('Reserved', 'Confirmed') AND starts_at + cells * 300000 > ?"
                " ORDER BY id",
                town.now);
            const auto one = [&] { return living.at(below(static_cast<int>(living.size()))); };
            const int what = below(living.empty() ? 5 : 10);
            if (what < 4) {
                AppointmentWish wish{.id = randomUuid(random),
                                     .scope = hall,
                                     .day = anyDay(),
                                     .cell = anyCell(),
                                     .services = {{"a", 1}},
                                     .duration = std::chrono::minutes(1 + below(60)),
                                     .booker = booker()};
                // First what counting says, as the reservation will see it.
                town.appointments->sweep(town.now);
                const auto free =
                    test::plainlyFree(*town.database, town.rules->current(hall)->rules,
                                      {.scope = hall,
                                       .duration = wish.duration,
                                       .booker = wish.booker,
                                       .from = wish.day,
                                       .days = 1,
                                       .limit = 300},
                                      town.now);
                const bool expected = std::ranges::any_of(
                    free, [&](const FreeTime& time) { return time.cell == wish.cell; });
                const auto outcome =
                    below(3) ? town.appointments->reserve(wish, town.now)
                             : town.appointments->book(wish, town.contact(), "Erika", town.now);
                BOOST_REQUIRE(std::holds_alternative<Appointment>(outcome) == expected);
                ++happened[expected ? "taken" : "refused"];
            } else if (what == 4) {
                town.now += std::chrono::minutes(below(30));
                if (below(4) == 0)
                    town.open(anyRules());
                town.appointments->sweep(town.now);
                ++happened["time"];
            } else if (what < 7) {
                const Appointment chosen = one();
                if (chosen.state == AppointmentState::Reserved)
                    town.appointments->confirm(chosen.id, chosen.version, town.contact(), "kiosk",
                                               town.now);
                ++happened["confirmed"];
            } else if (what == 7) {
                const Appointment chosen = one();
                if (!chosen.reservedUntil || town.now < *chosen.reservedUntil)
                    town.appointments->cancel(chosen.id, chosen.version,
                                              below(2) ? GivenBack::Blocked : GivenBack::AtOnce,
                                              "Erika", "test", town.now);
                ++happened["cancelled"];
            } else {
                const Appointment chosen = one();
                const auto outcome = town.appointments->move(
                    chosen.id, chosen.version, below(2) ? chosen.place.day : anyDay(),
                    below(2) ? std::max(0, chosen.place.first + below(7) - 3) : anyCell(), booker(),
                    below(2) ? GivenBack::Blocked : GivenBack::AtOnce, "Erika", town.now);
                ++happened[std::holds_alternative<Appointment>(outcome) ? "moved" : "stayed"];
            }
        };
        const UtcTime before = town.now;
        if (below(4) != 0) {
            happen();
        } else { // in the caller's transaction, twice, and it may come to nothing
            try {
                town.database->transact([&] {
                    happen();
                    happen();
                    if (below(2))
                        throw Undone();
                });
            } catch (const Undone&) {
                town.now = before;
                ++happened["undone"];
            }
        }
        if (below(40) == 0)
            town.restart();

        for (const Booker asking : {Booker::Public, Booker::Staff}) {
            const FreeQuestion question{.scope = hall,
                                        .duration = std::chrono::minutes(1 + below(90)),
                                        .booker = asking,
                                        .from = below(2) ? std::optional(anyDay()) : std::nullopt,
                                        .days = 7,
                                        .limit = below(2) ? 20 : 2000};
            const auto plain = test::plainlyFree(*town.database, town.rules->current(hall)->rules,
                                                 question, town.now);
            BOOST_REQUIRE_MESSAGE((town.ledger->freeTimes(question, town.now) == plain),
                                  "seed " << seed << " step " << step);
        }
        std::set<std::tuple<LocalDate, int, int>> sold;
        std::int64_t cells = 0;
        for (const Appointment& each :
             readAppointments(*town.database, "WHERE state IN ('Reserved', 'Confirmed')")) {
            for (int cell = each.place.first; cell < each.place.first + each.place.count; ++cell)
                BOOST_REQUIRE(sold.emplace(each.place.day, each.place.lane, cell).second);
            cells += each.place.count;
            BOOST_REQUIRE(town.count("SELECT count(*) FROM cell WHERE booking = '" + each.id +
                                     "'") == each.place.count);
        }
        BOOST_REQUIRE(town.count("SELECT count(*) FROM cell WHERE state = 'BOOKED'") == cells);
        BOOST_REQUIRE(town.appointments->unsound().empty());
    }
    town.journal->verify(outbox::Extent::All);
    for (const char* what :
         {"taken", "refused", "time", "confirmed", "cancelled", "moved", "stayed", "undone"})
        BOOST_TEST(happened[what] > 0, what);
}

BOOST_AUTO_TEST_SUITE_END()
