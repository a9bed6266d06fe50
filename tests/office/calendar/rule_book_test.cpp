// SPDX-License-Identifier: EUPL-1.2
//
// Changes of opening rules: seen before they are saved, undone, never at the cost of a booking.
#include "appliance/office/calendar/rule_book.h"
#include "tests/office/calendar/calendar_town.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::office;
using namespace std::chrono_literals;
using test::hall;

namespace {

auto refusal(ErrorCode code)
{
    return [code](const Error& error) { return error.errorCode() == code; };
}

OpeningRules closedOn(OpeningRules rules, LocalDate day)
{
    rules.closures.push_back(
        {.id = "closed-" + toIso(day), .first = day, .last = day, .reason = "Personalversammlung"});
    return rules;
}

std::vector<std::string> ids(const std::vector<Appointment>& appointments)
{
    std::vector<std::string> found;
    for (const Appointment& each : appointments)
        found.push_back(each.id);
    return found;
}

} // namespace

BOOST_AUTO_TEST_SUITE(office_calendar_rule_book)

BOOST_AUTO_TEST_CASE(a_change_shows_its_conflicts_and_deletes_no_booking)
{
    test::CalendarTown town;
    const Appointment first = town.booked(town.wish("08:00"));
    const Appointment second = town.reserved(town.wish("11:00"));
    const Appointment cancelled = town.booked(town.wish("09:00"));
    town.appointments->cancel(cancelled.id, cancelled.version, GivenBack::AtOnce, "Erika", "x",
                              town.now);
    const OpeningRules closed = closedOn(test::mornings(2, 1), town.monday);
    const RulePreview preview = town.rules->preview(hall, closed, town.now);
    BOOST_TEST(preview.basedOn == 1);
    BOOST_TEST(ids(preview.conflicts) == (std::vector{first.id, second.id}),
               boost::test_tools::per_element());
    // Looking changes nothing.
    BOOST_TEST(town.rules->current(hall)->version == 1);
    BOOST_TEST(!town.freeClocks(15).empty());

    const RuleVersion saved =
        town.rules->save(hall, closed, seen(preview), "Lead", "Versammlung", town.now);
    BOOST_TEST(saved.version == 2);
    BOOST_TEST(town.freeClocks(15).empty());
    BOOST_TEST((town.appointments->find(first.id)->state == AppointmentState::Confirmed));
    BOOST_TEST(town.count("SELECT count(*) FROM cell") == 6);
    BOOST_TEST(ids(town.rules->conflicts(hall, town.now)) == (std::vector{first.id, second.id}),
               boost::test_tools::per_element());
    // A person moves one and cancels the other, and there is none.
    town.appointments->move(first.id, first.version, plusDays(town.monday, 1), first.place.first,
                            Booker::Staff, GivenBack::AtOnce, "Erika", town.now);
    town.appointments->cancel(second.id, second.version, GivenBack::AtOnce, "Erika", "closed",
                              town.now);
    BOOST_TEST(town.rules->conflicts(hall, town.now).empty());
}

BOOST_AUTO_TEST_CASE(only_what_is_still_to_come_and_loses_its_lane_is_in_conflict)
{
    test::CalendarTown town(test::mornings(3, 2));
    const Appointment early = town.booked(town.wish("08:00"));
    const Appointment low = town.booked(town.wish("10:00"));
    const Appointment high = town.booked(town.wish("10:00"));
    const Appointment staff = town.booked(town.wish("10:00", 15, Booker::Staff));
    BOOST_TEST(low.place.lane == 0);
    BOOST_TEST(high.place.lane == 1);
    BOOST_TEST(staff.place.lane == 2);
    const auto conflicts = [&](const OpeningRules& rules) {
        return ids(town.rules->preview(hall, rules, town.now).conflicts);
    };
    BOOST_TEST(conflicts(test::mornings(3, 0)).empty()); // places stay, whoever may book anew
    BOOST_TEST(conflicts(test::mornings(2, 2)) == std::vector{staff.id},
               boost::test_tools::per_element());
    OpeningRules later = test::mornings(3, 2);
    later.rules[0].hours.from = 8h + 5min;
    BOOST_TEST(conflicts(later) == std::vector{early.id}, boost::test_tools::per_element());
    later.rules[0].hours.from = 8h;
    later.rules[0].hours.until = 10h + 15min;
    BOOST_TEST(conflicts(later).empty());
    // Over is over; one that is running is not.
    const OpeningRules closed = closedOn(test::mornings(3, 2), town.monday);
    town.now = early.start + 15min - 1ms;
    BOOST_TEST(conflicts(closed).size() == 4u);
    town.now += 1ms;
    BOOST_TEST(conflicts(closed).size() == 3u);
}

BOOST_AUTO_TEST_CASE(one_counter_less_shifts_whom_another_lane_can_take)
{
    test::CalendarTown town(test::mornings(2, 2));
    const Appointment stays = town.booked(town.wish("08:00", 10));
    const Appointment conflict = town.booked(town.wish("08:00", 10));
    const Appointment alone = town.booked(town.wish("09:00", 10, Booker::Staff));
    const Appointment shifted = town.reserved(town.wish("09:00", 10, Booker::Staff));
    BOOST_TEST(shifted.place.lane == 1);
    town.appointments->cancel(alone.id, alone.version, GivenBack::AtOnce, "Erika", "x", town.now);
    const RulePreview preview = town.rules->preview(hall, test::mornings(1, 1), town.now);
    BOOST_TEST(ids(preview.conflicts) == std::vector{conflict.id},
               boost::test_tools::per_element());
    BOOST_REQUIRE(preview.shifts.size() == 1u);
    BOOST_TEST(preview.shifts[0].appointment == shifted.id);
    BOOST_TEST(preview.shifts[0].lane == 0);
    BOOST_TEST(town.held() == "0:08:00 0:08:05 1:08:00 1:08:05 1:09:00 1:09:05"); // only looked

    town.rules->save(hall, test::mornings(1, 1), seen(preview), "Lead", "ill", town.now);
    BOOST_TEST(town.held() == "0:08:00 0:08:05 0:09:00 0:09:05 1:08:00 1:08:05");
    BOOST_TEST(town.appointments->find(shifted.id)->place.lane == 0);
    BOOST_TEST(town.appointments->find(stays.id)->place.lane == 0);
    BOOST_TEST(town.appointments->find(conflict.id)->place.lane == 1);
    BOOST_TEST(town.acts(shifted.id) == std::vector<std::string>{"shift-appointment"},
               boost::test_tools::per_element());
    const auto details = town.journal->about(shifted.id).at(0).details;
    BOOST_TEST(details.at("clerk") == "Lead");
    BOOST_TEST(details.at("fromLane") == "1");
    BOOST_TEST(details.at("lane") == "0");
    BOOST_TEST(town.freeClocks(10)[0] == "08:10");
    // Whoever has it on the screen confirms it all the same; the reservation has kept its hour.
    BOOST_TEST(std::holds_alternative<Appointment>(town.appointments->confirm(
        shifted.id, shifted.version, town.contact(), "kiosk", town.now)));
}

BOOST_AUTO_TEST_CASE(one_free_lane_takes_one_of_two_that_lose_theirs)
{
    test::CalendarTown town(test::mornings(3, 3));
    const Appointment gone = town.booked(town.wish("09:00", 10));
    const Appointment second = town.booked(town.wish("09:00", 10));
    const Appointment third = town.booked(town.wish("09:05", 10));
    town.appointments->cancel(gone.id, gone.version, GivenBack::AtOnce, "Erika", "x", town.now);
    const RulePreview preview = town.rules->preview(hall, test::mornings(1, 1), town.now);
    BOOST_TEST(ids(preview.conflicts) == std::vector{third.id}, boost::test_tools::per_element());
    BOOST_REQUIRE(preview.shifts.size() == 1u);
    BOOST_TEST(preview.shifts[0].appointment == second.id);
    town.rules->save(hall, test::mornings(1, 1), seen(preview), "Lead", "ill", town.now);
    BOOST_TEST(town.held() == "0:09:00 0:09:05 2:09:05 2:09:10");
    BOOST_TEST(town.appointments->unsound().empty());
}

BOOST_AUTO_TEST_CASE(what_was_not_seen_is_not_saved)
{
    test::CalendarTown town;
    const OpeningRules closed = closedOn(test::mornings(2, 1), town.monday);
    const RulePreview before = town.rules->preview(hall, closed, town.now);
    const Appointment quick = town.reserved(town.wish("08:00"));
    const auto save = [&](const RulePreview& preview) {
        return town.rules->save(hall, closed, seen(preview), "Lead", "x", town.now);
    };
    BOOST_CHECK_EXCEPTION(save(before), Error, refusal(ErrorCode::VersionConflict));
    // One that went away meanwhile does not stop anybody.
    const RulePreview fresh = town.rules->preview(hall, closed, town.now);
    town.appointments->cancel(quick.id, quick.version, GivenBack::AtOnce, "kiosk", "", town.now);
    BOOST_TEST(save(fresh).version == 2);
    // The rules themselves were changed meanwhile.
    BOOST_CHECK_EXCEPTION(save(fresh), Error, refusal(ErrorCode::VersionConflict));
    BOOST_TEST(town.rules->history(hall).size() == 2u);
    OpeningRules broken = closed;
    broken.rules[0].hours.lanes = 0;
    BOOST_CHECK_EXCEPTION(town.rules->preview(hall, broken, town.now), Error,
                          refusal(ErrorCode::InputMalformed));
    BOOST_CHECK_EXCEPTION(town.rules->save(hall, broken, SeenPreview{.basedOn = 2, .conflicts = {}},
                                           "Lead", "x", town.now),
                          Error, refusal(ErrorCode::InputMalformed));
    BOOST_CHECK_EXCEPTION(town.rules->current("elsewhere"), Error, refusal(ErrorCode::NotFound));
    BOOST_CHECK_EXCEPTION(town.rules->previewUndo("elsewhere", town.now), Error,
                          refusal(ErrorCode::NotFound));
}

BOOST_AUTO_TEST_CASE(every_change_names_who_and_why_in_the_journal)
{
    test::CalendarTown town;
    town.open(test::mornings(4, 4));
    town.rules->undo(hall, seen(town.rules->previewUndo(hall, town.now)), "Other", town.now);
    const auto records = town.journal->about(hall);
    BOOST_REQUIRE(records.size() == 6u); // each change: RULES, which leaves the house, and AUDIT
    BOOST_TEST(records[2].kind == "RULES");
    BOOST_TEST(records[2].details.at("version") == "2");
    BOOST_TEST(!records[2].details.contains("clerk"));
    BOOST_TEST(!records[2].details.contains("reason"));
    BOOST_TEST(records[3].kind == "AUDIT");
    BOOST_TEST(records[3].details.at("clerk") == "Lead");
    BOOST_TEST(records[3].details.at("act") == "change-opening-rules");
    BOOST_TEST(records[3].details.at("version") == "2");
    BOOST_TEST(records[3].details.at("reason") == "test");
    BOOST_TEST(records[5].details.at("clerk") == "Other");
    BOOST_TEST(records[5].details.at("act") == "undo-opening-rules");
    BOOST_TEST(records[5].details.at("restores") == "1");
    BOOST_TEST(records[0].details.at("sha256.rules") == records[4].details.at("sha256.rules"));
    const auto history = town.rules->history(hall);
    BOOST_REQUIRE(history.size() == 3u);
    BOOST_TEST(history[0].restores.value() == 1);
    BOOST_TEST(history[1].savedBy == "Lead");
    BOOST_TEST((town.rules->scopes() == std::vector{hall}));
}

BOOST_AUTO_TEST_CASE(an_undo_shows_its_conflicts_too)
{
    test::CalendarTown town(test::mornings(1, 1));
    town.open(test::mornings(2, 2));
    town.booked(town.wish("08:00"));
    const Appointment second = town.booked(town.wish("08:00"));
    const RulePreview preview = town.rules->previewUndo(hall, town.now);
    BOOST_TEST(ids(preview.conflicts) == std::vector{second.id}, boost::test_tools::per_element());
    BOOST_CHECK_EXCEPTION(
        town.rules->undo(hall, SeenPreview{.basedOn = 2, .conflicts = {}}, "Lead", town.now), Error,
        refusal(ErrorCode::VersionConflict));
    town.rules->undo(hall, seen(preview), "Lead", town.now);
    BOOST_TEST((town.appointments->find(second.id)->state == AppointmentState::Confirmed));
    BOOST_TEST((town.rules->current(hall)->rules == test::mornings(1, 1)));
}

BOOST_AUTO_TEST_CASE(undo_gives_the_rules_back_as_a_pile_of_changes_would)
{
    test::SameRandom random(3);
    test::CalendarTown town(test::mornings(1, 0));
    std::vector<OpeningRules> pile = {test::mornings(1, 0)};
    int undone = 0;
    int refused = 0;
    struct Undone {};
    for (int step = 0; step < 300; ++step) {
        if (randomBelow(random, 5) < 2) {
            const OpeningRules next =
                test::mornings(1 + static_cast<int>(randomBelow(random, 60)), 1);
            town.open(next);
            pile.push_back(next);
        } else if (pile.size() == 1) {
            BOOST_CHECK_EXCEPTION(town.rules->previewUndo(hall, town.now), Error,
                                  refusal(ErrorCode::StepOutOfOrder));
            ++refused;
        } else {
            const auto undo = [&] {
                town.rules->undo(hall, seen(town.rules->previewUndo(hall, town.now)), "Lead",
                                 town.now);
            };
            if (randomBelow(random, 4) == 0) { // and it comes to nothing
                try {
                    town.database->transact([&] {
                        undo();
                        static_cast<void>(town.rules->current(hall));
                        throw Undone();
                    });
                } catch (const Undone&) {
                }
            } else {
                undo();
                pile.pop_back();
                ++undone;
            }
        }
        BOOST_REQUIRE_MESSAGE((town.rules->current(hall)->rules == pile.back()), "step " << step);
    }
    BOOST_TEST(undone > 50);
    BOOST_TEST(refused > 0);
    town.restart();
    BOOST_TEST((town.rules->current(hall)->rules == pile.back()));
}

BOOST_AUTO_TEST_CASE(rules_are_edited_at_their_home_only)
{
    using Home = RuleBook::Home;
    test::CalendarTown town;
    const auto ours = town.rules->current(hall)->rules;
    const OpeningRules theirs = closedOn(ours, town.monday);
    const auto save = [&](const OpeningRules& rules) {
        return town.rules->save(hall, rules, seen(town.rules->preview(hall, rules, town.now)),
                                "Lead", "x", town.now);
    };
    // This is the home, put back from a copy: it learns what is newer, and nothing else.
    town.rules->adopt(hall, 1, theirs, Home::Here, town.now);
    BOOST_TEST((town.rules->current(hall)->rules == ours));
    town.rules->adopt(hall, 4, theirs, Home::Here, town.now);
    BOOST_TEST((town.rules->current(hall)->rules == theirs));
    BOOST_TEST(town.rules->current(hall)->version == 4);
    BOOST_TEST(save(ours).version == 5);

    // Another node is: its rules count, whatever was saved here before that was known.
    town.rules->adopt(hall, 2, theirs, Home::Elsewhere, town.now);
    BOOST_TEST((town.rules->current(hall)->rules == theirs));
    BOOST_TEST(town.rules->current(hall)->version == 6);
    town.rules->adopt(hall, 2, theirs, Home::Elsewhere, town.now);
    BOOST_TEST(town.rules->current(hall)->version == 6); // told each round
    town.restart();
    BOOST_TEST((town.rules->homeOf(hall) == Home::Elsewhere));
    const auto records = town.count("SELECT count(*) FROM journal");
    BOOST_CHECK_EXCEPTION(save(ours), Error, refusal(ErrorCode::StepOutOfOrder));
    BOOST_CHECK_EXCEPTION(
        town.rules->undo(hall, seen(town.rules->previewUndo(hall, town.now)), "Lead", town.now),
        Error, refusal(ErrorCode::StepOutOfOrder));
    BOOST_TEST(town.count("SELECT count(*) FROM journal") == records);
    BOOST_TEST((town.rules->current(hall)->rules == theirs));

    // The town leaves its portal.
    town.rules->comeHome();
    BOOST_TEST(save(ours).version == 7);
}

BOOST_AUTO_TEST_SUITE_END()
