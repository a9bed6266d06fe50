// SPDX-License-Identifier: EUPL-1.2
//
// One change of the opening rules as a value: put, replaced, taken out; and what a calendar offered
// and sold under the rules of its time.
#include "appliance/office/calendar/rule_change.h"
#include "appliance/office/calendar/use_figures.h"
#include "tests/office/calendar/calendar_town.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;
using test::hall;
using test::mornings;

namespace {

auto refusal(ErrorCode code)
{
    return [code](const Error& error) { return error.errorCode() == code; };
}

const LocalDate christmasEve = localDateFromIso("2026-12-24");

Closure closed(LocalDate day)
{
    return {.id = "", .first = day, .last = day, .reason = "Heiligabend"};
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_calendar_rule_change)

BOOST_AUTO_TEST_CASE(a_new_entry_gets_an_id_that_is_free_and_always_the_same)
{
    const auto once = changed(mornings(2, 1), closed(christmasEve));
    BOOST_TEST(once.closures.back().id == "closure-2026-12-24");
    BOOST_TEST((once == changed(mornings(2, 1), closed(christmasEve))));
    const auto twice = changed(once, closed(christmasEve));
    BOOST_TEST(twice.closures.back().id == "closure-2026-12-24-2");
    // Of all layers: ids are unique among them.
    auto taken = mornings(2, 1);
    taken.rules.front().id = "closure-2026-12-24";
    BOOST_TEST(changed(taken, closed(christmasEve)).closures.back().id == "closure-2026-12-24-2");
}

BOOST_AUTO_TEST_CASE(an_entry_with_an_id_takes_the_place_of_that_one)
{
    auto rules = mornings(2, 1);
    auto rule = rules.rules.front();
    rule.hours.lanes = 5;
    const auto after = changed(rules, rule);
    BOOST_TEST(after.rules.size() == 1);
    BOOST_TEST(after.rules.front().hours.lanes == 5);
    rule.id = "no such rule";
    BOOST_CHECK_EXCEPTION(changed(rules, rule), Error, refusal(ErrorCode::NotFound));
    Closure closure = closed(christmasEve);
    closure.id = "mornings"; // of another layer
    BOOST_CHECK_EXCEPTION(changed(rules, closure), Error, refusal(ErrorCode::NotFound));
}

BOOST_AUTO_TEST_CASE(whatever_is_taken_out_is_gone_and_the_rest_stays)
{
    const auto rules = changed(mornings(2, 1), closed(christmasEve));
    BOOST_TEST((changed(rules, RemovedEntry{"closure-2026-12-24"}) == mornings(2, 1)));
    BOOST_TEST(changed(rules, RemovedEntry{"mornings"}).rules.empty());
    BOOST_CHECK_EXCEPTION(changed(rules, RemovedEntry{"no"}), Error, refusal(ErrorCode::NotFound));
}

BOOST_AUTO_TEST_CASE(terms_change_nothing_else)
{
    const auto before = mornings(2, 1);
    const auto after = changed(before, BookingTerms{{2h, 30}, {0min, 100}, 10min, 5min});
    BOOST_TEST((after.forPublic == BookingWindow{2h, 30}));
    BOOST_TEST((after.forStaff == BookingWindow{0min, 100}));
    BOOST_TEST((after.reservation == 10min));
    BOOST_TEST((after.blockAfterCancel == 5min));
    BOOST_TEST((after.rules == before.rules));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_meant_is_refused)
{
    OpeningException fewer{.id = "",
                           .first = christmasEve,
                           .last = plusDays(christmasEve, -1),
                           .kind = ExceptionKind::Fewer,
                           .hours = {{8h, 12h, 1, 0}},
                           .reason = ""};
    BOOST_CHECK_EXCEPTION(changed(mornings(2, 1), fewer), Error,
                          refusal(ErrorCode::InputMalformed));
}

BOOST_AUTO_TEST_CASE(use_counts_what_was_offered_by_the_rules_of_that_day)
{
    test::CalendarTown town; // two lanes of four hours on workdays
    auto wish = town.wish("08:00", 15);
    const auto booked =
        std::get<Appointment>(town.appointments->book(wish, {"k", "sealed"}, "Lead", town.now));
    std::get<Appointment>(
        town.appointments->reserve(town.wish("10:00", 30), town.now)); // nobody's yet
    const LocalDate sunday = plusDays(town.monday, -1), tuesday = plusDays(town.monday, 1);
    const auto use = [&](LocalDate first, LocalDate last) {
        return useOf(*town.database, *town.rules, hall, first, last);
    };
    const std::vector<DayUse> expected = {
        {sunday, 0min, 0min, 0}, {town.monday, 8h, 15min, 1}, {tuesday, 8h, 0min, 0}};
    BOOST_TEST((use(sunday, tuesday) == expected));

    // Wider rules from Tuesday noon on say nothing about Monday.
    town.now += std::chrono::days(2);
    town.open(mornings(4, 1));
    BOOST_TEST((use(town.monday, town.monday).front().offered == 8h));
    BOOST_TEST((use(tuesday, tuesday).front().offered == 16h));

    town.appointments->move(booked.id, booked.version, plusDays(town.monday, 2),
                            town.cellAt("09:00"), Booker::Staff, GivenBack::AtOnce, "Lead",
                            town.now - std::chrono::days(2));
    BOOST_TEST(use(town.monday, town.monday).front().appointments == 0);
    BOOST_TEST(useOf(*town.database, *town.rules, "another scope", sunday, tuesday).empty());
}

BOOST_AUTO_TEST_SUITE_END()
