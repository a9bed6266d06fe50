// SPDX-License-Identifier: EUPL-1.2
//
// Reserve, confirm, move, cancel: one commit each, refused by code, told to the journal.
#include "appliance/office/calendar/appointments.h"
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

BOOST_AUTO_TEST_SUITE(office_calendar_appointments)

BOOST_AUTO_TEST_CASE(a_reservation_is_confirmed_and_found_by_its_code)
{
    test::CalendarTown town;
    const AppointmentWish wish = town.wish("08:00", 22);
    const Appointment reserved = town.reserved(wish);
    BOOST_TEST((reserved.state == AppointmentState::Reserved));
    BOOST_TEST(reserved.place.count == 5);
    BOOST_TEST(reserved.duration.count() == 22);
    BOOST_TEST(localTime(reserved.start) == "08:00");
    BOOST_TEST((reserved.reservedUntil.value() == town.now + 15min));
    BOOST_TEST(town.held() == "0:08:00 0:08:05 0:08:10 0:08:15 0:08:20");
    BOOST_TEST(town.acts(wish.id).empty()); // nobody has booked anything yet

    const auto outcome = town.appointments->confirm(wish.id, reserved.version, town.contact(),
                                                    "kiosk", town.now + 14min);
    const Appointment confirmed = std::get<Appointment>(outcome);
    BOOST_TEST((confirmed.state == AppointmentState::Confirmed));
    BOOST_TEST(!confirmed.reservedUntil);
    BOOST_TEST(confirmed.version == 2);
    town.now += 24h * 30;
    town.appointments->sweep(town.now); // a booking does not end by itself
    const Appointment found = town.appointments->findByCode(" " + reserved.code).value();
    BOOST_TEST((found.place == reserved.place));
    BOOST_TEST((found.start == reserved.start));
    BOOST_TEST((found.duration == reserved.duration));
    BOOST_TEST((found.booker == reserved.booker));
    BOOST_TEST(found.id == wish.id);
    BOOST_TEST(found.sealed == town.contact().sealed);
    BOOST_TEST((found.services == wish.services));
    BOOST_TEST((found.state == AppointmentState::Confirmed));
    BOOST_TEST(!town.appointments->findByCode("Erika"));
    BOOST_TEST(!town.appointments->find(randomUuid(town.random)));
    BOOST_TEST(town.acts(wish.id) == std::vector<std::string>{"book-appointment"},
               boost::test_tools::per_element());
    const auto records = town.journal->about(wish.id);
    BOOST_TEST(records.at(0).kind == "BOOK");
    const auto details = records.at(0).details;
    BOOST_TEST(!details.contains("clerk")); // it leaves the house; who acted stands beside it
    BOOST_TEST(records.at(1).details.at("clerk") == "kiosk");
    BOOST_TEST(details.at("day") == "2026-11-23");
    BOOST_TEST(details.at("cell") == "96");
    BOOST_TEST(details.at("cells") == "5");
}

BOOST_AUTO_TEST_CASE(asking_twice_books_once)
{
    test::CalendarTown town;
    const AppointmentWish wish = town.wish("08:00");
    const Appointment first = town.reserved(wish);
    BOOST_TEST(town.reserved(wish).code == first.code);
    const auto confirm = [&] {
        return std::get<Appointment>(
            town.appointments->confirm(wish.id, first.version, town.contact(), "kiosk", town.now));
    };
    BOOST_TEST(confirm().version == 2);
    BOOST_TEST(confirm().version == 2);
    BOOST_TEST(town.reserved(wish).version == 2);
    BOOST_TEST(town.acts(wish.id).size() == 1u);
    BOOST_TEST(town.booked(wish).version == 2);
    BOOST_TEST(town.count("SELECT count(*) FROM cell") == 3);
    AppointmentWish other = wish;
    other.cell += 12;
    BOOST_CHECK_EXCEPTION(town.appointments->reserve(other, town.now), Error,
                          refusal(ErrorCode::StepOutOfOrder));
}

BOOST_AUTO_TEST_CASE(who_comes_too_late_is_told_what_is_next)
{
    test::CalendarTown town(test::mornings(1, 1));
    town.booked(town.wish("08:00", 30));
    const auto outcome = town.appointments->reserve(town.wish("08:10", 15), town.now);
    const auto& next = std::get<NoLongerFree>(outcome).next;
    BOOST_REQUIRE(next.size() == 5u);
    BOOST_TEST(localTime(next[0].start) == "08:30");
    BOOST_TEST(localTime(next[4].start) == "08:50");
    BOOST_TEST(town.count("SELECT count(*) FROM appointment") == 1);
    const auto refused = [&](AppointmentWish wish) {
        return std::holds_alternative<NoLongerFree>(town.appointments->reserve(wish, town.now));
    };
    BOOST_TEST(refused(town.wish("07:55"))); // before the hours
    BOOST_TEST(refused(town.wish("11:50"))); // would end after them
    AppointmentWish far = town.wish("08:00");
    far.day = localDateFromIso("2027-11-22"); // beyond the window
    BOOST_TEST(refused(far));
    AppointmentWish past = town.wish("08:00");
    past.day = localDateFromIso("2026-11-20");
    BOOST_TEST(refused(past));
    town.now = town.booked(town.wish("09:00")).start + 1ms;
    BOOST_TEST(refused(town.wish("08:45"))); // it has begun
    BOOST_TEST(!refused(town.wish("09:15")));
}

BOOST_AUTO_TEST_CASE(the_public_books_only_its_lanes)
{
    test::CalendarTown town(test::mornings(2, 1));
    town.booked(town.wish("08:00"));
    BOOST_TEST(std::holds_alternative<NoLongerFree>(
        town.appointments->reserve(town.wish("08:00"), town.now)));
    const Appointment byPhone = town.booked(town.wish("08:00", 15, Booker::Staff));
    BOOST_TEST(byPhone.place.lane == 1);
    BOOST_TEST(std::holds_alternative<NoLongerFree>(
        town.appointments->reserve(town.wish("08:00", 5, Booker::Staff), town.now)));
}

BOOST_AUTO_TEST_CASE(a_reservation_ends_when_its_time_is_out)
{
    test::CalendarTown town(test::mornings(1, 1));
    const Appointment reserved = town.reserved(town.wish("08:00"));
    town.now += 15min - 1ms;
    BOOST_TEST(town.appointments->sweep(town.now) == 0);
    BOOST_TEST(std::holds_alternative<NoLongerFree>(
        town.appointments->reserve(town.wish("08:00"), town.now)));
    town.now += 1ms;
    // Nobody has swept: the next one needs the cells and gets them.
    const Appointment next = town.reserved(town.wish("08:00"));
    BOOST_TEST((town.appointments->find(reserved.id)->state == AppointmentState::Lapsed));
    BOOST_TEST(std::holds_alternative<ReservationLapsed>(town.appointments->confirm(
        reserved.id, reserved.version, town.contact(), "kiosk", town.now)));
    BOOST_TEST(std::holds_alternative<ReservationLapsed>(
        town.appointments->move(reserved.id, reserved.version, town.monday, 120, Booker::Public,
                                GivenBack::Blocked, "kiosk", town.now)));
    BOOST_TEST(town.count("SELECT count(*) FROM cell") == 3);
    town.now += 15min;
    BOOST_TEST(town.appointments->sweep(town.now) == 3);
    BOOST_TEST(town.freeClocks(15).front() == "08:00");
    BOOST_TEST((town.appointments->find(next.id)->state == AppointmentState::Lapsed));
    BOOST_TEST(town.count("SELECT count(*) FROM cell") == 0);
    // Too late by itself, too, whoever swept or did not.
    const Appointment last = town.reserved(town.wish("09:00"));
    town.now += 15min;
    BOOST_TEST(std::holds_alternative<ReservationLapsed>(
        town.appointments->confirm(last.id, last.version, town.contact(), "kiosk", town.now)));
}

BOOST_AUTO_TEST_CASE(a_cancelled_place_is_blocked_for_a_while_so_that_nobody_trades_it)
{
    OpeningRules rules = test::mornings(1, 1);
    rules.blockAfterCancel = 60min;
    test::CalendarTown town(rules);
    const Appointment booked = town.booked(town.wish("08:00", 10));
    const Appointment cancelled = town.appointments->cancel(
        booked.id, booked.version, GivenBack::Blocked, "kiosk", "by the citizen", town.now);
    BOOST_TEST((cancelled.state == AppointmentState::Cancelled));
    BOOST_TEST(town.appointments->find(booked.id)->sealed == ""); // nobody needs it any more
    BOOST_TEST(town.held() == "0:08:00! 0:08:05!");
    BOOST_TEST(town.freeClocks(10).front() == "08:10");
    town.now += 60min - 1ms;
    BOOST_TEST(std::holds_alternative<NoLongerFree>(
        town.appointments->reserve(town.wish("08:00", 10), town.now)));
    town.now += 1ms;
    BOOST_TEST(town.appointments->sweep(town.now) == 2);
    BOOST_TEST(town.freeClocks(10).front() == "08:00");
    BOOST_TEST(town.acts(booked.id) ==
                   (std::vector<std::string>{"book-appointment", "cancel-appointment"}),
               boost::test_tools::per_element());
    // A clerk gives a place back at once; a reservation was nobody's yet.
    const Appointment again = town.booked(town.wish("08:00", 10));
    town.appointments->cancel(again.id, again.version, GivenBack::AtOnce, "Erika", "x", town.now);
    const Appointment reserved = town.reserved(town.wish("08:00", 10));
    town.appointments->cancel(reserved.id, reserved.version, GivenBack::Blocked, "kiosk", "x",
                              town.now);
    BOOST_TEST(town.held() == "");
    BOOST_TEST(town.acts(reserved.id).empty());
}

BOOST_AUTO_TEST_CASE(moving_takes_the_new_cells_and_gives_the_old_ones_back)
{
    OpeningRules rules = test::mornings(1, 1);
    rules.blockAfterCancel = 60min;
    test::CalendarTown town(rules);
    const Appointment booked = town.booked(town.wish("08:00", 15));
    const auto moveTo = [&](const Appointment& from, const std::string& clock, GivenBack old) {
        return town.appointments->move(from.id, from.version, town.monday, town.cellAt(clock),
                                       Booker::Public, old, "kiosk", town.now);
    };
    // Over its own cells; what is left behind is blocked.
    const Appointment shifted = std::get<Appointment>(moveTo(booked, "08:10", GivenBack::Blocked));
    BOOST_TEST(localTime(shifted.start) == "08:10");
    BOOST_TEST(shifted.code == booked.code);
    BOOST_TEST(shifted.version == booked.version + 1);
    BOOST_TEST(town.held() == "0:08:00! 0:08:05! 0:08:10 0:08:15 0:08:20");
    const Appointment other = town.booked(town.wish("09:00", 15));
    const auto refused = moveTo(shifted, "09:10", GivenBack::AtOnce);
    BOOST_TEST(!std::get<NoLongerFree>(refused).next.empty());
    BOOST_TEST((town.appointments->find(booked.id)->place == shifted.place)); // nothing changed
    const Appointment far = std::get<Appointment>(moveTo(shifted, "10:00", GivenBack::AtOnce));
    BOOST_TEST(far.sealed == town.contact().sealed);
    BOOST_TEST(town.held() == "0:08:00! 0:08:05! 0:09:00 0:09:05 0:09:10 0:10:00 0:10:05 0:10:10");
    BOOST_TEST(
        town.acts(booked.id) ==
            (std::vector<std::string>{"book-appointment", "move-appointment", "move-appointment"}),
        boost::test_tools::per_element());
    const auto records = town.journal->about(booked.id);
    BOOST_TEST(records.at(2).kind == "MOVE");
    const auto details = records.at(2).details;
    BOOST_TEST(!details.contains("clerk")); // it leaves the house
    BOOST_TEST(details.at("booking") == shifted.bookingId);
    BOOST_TEST(shifted.bookingId == ":" + std::to_string(records.at(0).number));
    BOOST_TEST(details.at("fromCell") == "96");
    BOOST_TEST(details.at("cell") == "98");
    // A reservation that moves keeps its hour.
    const Appointment reserved = town.reserved(town.wish("11:00", 15));
    const Appointment moved = std::get<Appointment>(moveTo(reserved, "11:30", GivenBack::AtOnce));
    BOOST_TEST((moved.reservedUntil == reserved.reservedUntil));
    town.now += 15min;
    BOOST_TEST(town.appointments->sweep(town.now) == 3);
    BOOST_TEST(other.place.first == 108);
}

BOOST_AUTO_TEST_CASE(a_reservation_is_held_longer_but_not_for_ever)
{
    test::CalendarTown town(test::mornings(1, 1));
    Appointment held = town.reserved(town.wish("08:00"));
    const UtcTime begin = town.now;
    const auto longer = [&] {
        return town.appointments->holdLonger(held.id, held.version, town.now);
    };
    // Nothing to win yet: the same, of the same version.
    BOOST_TEST(std::get<Appointment>(longer()).version == held.version);
    for (const auto& [after, until] : {std::pair{10min, 25min}, {20min, 35min}, {34min, 45min}}) {
        town.now = begin + after;
        held = std::get<Appointment>(longer());
        BOOST_TEST((held.reservedUntil.value() == begin + until));
        town.restart();
        BOOST_TEST((town.appointments->find(held.id)->reservedUntil == held.reservedUntil));
        BOOST_TEST(town.appointments->unsound().empty()); // its cells are held as long
        BOOST_TEST(town.appointments->sweep(town.now) == 0);
    }
    town.now = begin + 44min;
    BOOST_TEST((std::get<Appointment>(longer()).reservedUntil.value() == begin + 45min));
    town.now = begin + 45min;
    BOOST_TEST(std::holds_alternative<ReservationLapsed>(longer()));
    BOOST_TEST(town.count("SELECT count(*) FROM cell") == 0);

    const Appointment booked = town.booked(town.wish("08:00"));
    BOOST_CHECK_EXCEPTION(town.appointments->holdLonger(booked.id, booked.version, town.now), Error,
                          refusal(ErrorCode::StepOutOfOrder));
    BOOST_CHECK_EXCEPTION(town.appointments->holdLonger(booked.id, booked.version - 1, town.now),
                          Error, refusal(ErrorCode::VersionConflict));
    BOOST_CHECK_EXCEPTION(town.appointments->holdLonger(randomUuid(town.random), 1, town.now),
                          Error, refusal(ErrorCode::NotFound));
}

BOOST_AUTO_TEST_CASE(whoever_has_seen_an_older_version_changes_nothing)
{
    test::CalendarTown town;
    const Appointment seen = town.booked(town.wish("08:00"));
    const auto moved = town.appointments->move(seen.id, seen.version, town.monday, 120,
                                               Booker::Public, GivenBack::AtOnce, "A", town.now);
    const Appointment newest = std::get<Appointment>(moved);
    const auto cancel = [&](const std::string& id, int version) {
        town.appointments->cancel(id, version, GivenBack::AtOnce, "B", "x", town.now);
    };
    BOOST_CHECK_EXCEPTION(cancel(seen.id, seen.version), Error,
                          refusal(ErrorCode::VersionConflict));
    BOOST_CHECK_EXCEPTION(town.appointments->move(seen.id, seen.version, town.monday, 126,
                                                  Booker::Public, GivenBack::AtOnce, "B", town.now),
                          Error, refusal(ErrorCode::VersionConflict));
    BOOST_CHECK_EXCEPTION(
        town.appointments->confirm(seen.id, newest.version, town.contact(), "B", town.now), Error,
        refusal(ErrorCode::StepOutOfOrder)); // confirmed already
    BOOST_TEST((town.appointments->find(seen.id)->place == newest.place));
    cancel(seen.id, newest.version);
    BOOST_CHECK_EXCEPTION(cancel(seen.id, newest.version + 1), Error,
                          refusal(ErrorCode::StepOutOfOrder));
    BOOST_CHECK_EXCEPTION(cancel(randomUuid(town.random), 1), Error, refusal(ErrorCode::NotFound));
}

struct Malformed {
    const char* name;
    void (*breaks)(AppointmentWish&);
    ErrorCode code;
};
std::ostream& operator<<(std::ostream& out, const Malformed& malformed)
{
    return out << malformed.name;
}
const Malformed malformedWishes[] = {
    {"no id", [](auto& w) { w.id = "1"; }, ErrorCode::InputMalformed},
    {"no day", [](auto& w) { w.day = LocalDate(); }, ErrorCode::InputMalformed},
    {"before the day", [](auto& w) { w.cell = -1; }, ErrorCode::InputMalformed},
    {"after the day", [](auto& w) { w.cell = 300; }, ErrorCode::InputMalformed},
    {"no service", [](auto& w) { w.services.clear(); }, ErrorCode::InputMalformed},
    {"no time", [](auto& w) { w.duration = 0min; }, ErrorCode::InputMalformed},
    {"all day", [](auto& w) { w.duration = 24h; }, ErrorCode::InputMalformed},
    {"no such scope", [](auto& w) { w.scope = "x"; }, ErrorCode::NotFound},
};

BOOST_DATA_TEST_CASE(a_wish_that_cannot_be_meant_is_refused, data::make(malformedWishes), malformed)
{
    test::CalendarTown town;
    AppointmentWish wish = town.wish("08:00");
    malformed.breaks(wish);
    BOOST_CHECK_EXCEPTION(town.appointments->reserve(wish, town.now), Error,
                          refusal(malformed.code));
    BOOST_TEST(town.count("SELECT count(*) FROM appointment") == 0);
}

BOOST_AUTO_TEST_CASE(a_contact_in_clear_is_not_kept)
{
    test::CalendarTown town;
    const Appointment reserved = town.reserved(town.wish("08:00"));
    BOOST_CHECK_EXCEPTION(town.appointments->confirm(reserved.id, reserved.version,
                                                     {.kid = "", .sealed = "Erika"}, "kiosk",
                                                     town.now),
                          Error, refusal(ErrorCode::InputMalformed));
    BOOST_TEST((town.appointments->find(reserved.id)->state == AppointmentState::Reserved));
}

BOOST_AUTO_TEST_CASE(a_use_case_in_the_callers_commit_goes_with_it)
{
    test::CalendarTown town;
    const auto free = town.freeClocks(15);
    struct Undone {};
    try {
        town.database->transact([&] {
            town.booked(town.wish("08:00"));
            BOOST_TEST(town.freeClocks(15).front() == "08:15");
            throw Undone();
        });
    } catch (const Undone&) {
    }
    BOOST_TEST(town.freeClocks(15) == free, boost::test_tools::per_element());
    BOOST_TEST(town.count("SELECT count(*) FROM journal WHERE kind = 'AUDIT'") == 1); // the rules
    town.booked(town.wish("08:00"));
    town.restart();
    BOOST_TEST(town.freeClocks(15).front() == "08:15");
}

BOOST_AUTO_TEST_CASE(a_full_or_broken_disk_takes_back_the_whole_use_case)
{
    test::CalendarTown town;
    const Appointment booked = town.booked(town.wish("09:00"));
    bool fails = false;
    town.database.atCommit = [&](store::CommitMoment moment) {
        if (fails && moment == store::CommitMoment::Before)
            throw Error(ErrorCode::StoreFull, "test");
    };
    town.restart();
    const auto free = town.freeClocks(15);
    const std::string held = town.held();
    fails = true;
    BOOST_CHECK_EXCEPTION(town.reserved(town.wish("08:00")), Error, refusal(ErrorCode::StoreFull));
    BOOST_CHECK_EXCEPTION(town.appointments->cancel(booked.id, booked.version, GivenBack::AtOnce,
                                                    "Erika", "x", town.now),
                          Error, refusal(ErrorCode::StoreFull));
    fails = false;
    BOOST_TEST(town.held() == held);
    BOOST_TEST(town.freeClocks(15) == free, boost::test_tools::per_element());
    BOOST_TEST((town.reserved(town.wish("08:00")).state == AppointmentState::Reserved));
}

BOOST_AUTO_TEST_CASE(what_is_over_is_changed_by_nobody)
{
    test::CalendarTown town;
    const Appointment booked = town.booked(town.wish("08:00", 20));
    const auto cancel = [&] {
        town.appointments->cancel(booked.id, booked.version, GivenBack::AtOnce, "Erika", "x",
                                  town.now);
    };
    const auto move = [&] {
        return town.appointments->move(booked.id, booked.version, plusDays(town.monday, 1), 100,
                                       Booker::Staff, GivenBack::AtOnce, "Erika", town.now);
    };
    town.now = booked.start + 20min;
    BOOST_CHECK_EXCEPTION(cancel(), Error, refusal(ErrorCode::StepOutOfOrder));
    BOOST_CHECK_EXCEPTION(move(), Error, refusal(ErrorCode::StepOutOfOrder));
    town.now -= 1ms; // running
    BOOST_CHECK_NO_THROW(cancel());
}

BOOST_AUTO_TEST_CASE(contacts_go_first_and_the_appointments_later)
{
    test::CalendarTown town;
    const Appointment monday = town.booked(town.wish("08:00"));
    AppointmentWish wish = town.wish("08:00");
    wish.day = plusDays(town.monday, 1);
    const Appointment tuesday = town.booked(wish);
    town.journal->started(town.now);
    town.now = fromIso("2026-11-24T03:00:00Z");
    BOOST_TEST(town.appointments->purge(wish.day, town.monday, town.now) == 1);
    BOOST_TEST(town.appointments->find(monday.id)->sealed == "");
    BOOST_TEST(town.appointments->find(tuesday.id)->sealed != "");
    BOOST_TEST(town.count("SELECT count(*) FROM cell") == 6);
    BOOST_TEST(town.appointments->purge(wish.day, wish.day, town.now) == 0);
    BOOST_TEST(!town.appointments->find(monday.id));
    BOOST_TEST(town.count("SELECT count(*) FROM cell") == 3);
    BOOST_TEST((town.appointments->find(tuesday.id)->state == AppointmentState::Confirmed));
    BOOST_TEST(town.count("SELECT count(*) FROM journal WHERE kind = 'PURGED'") == 1);
    // A clock that nobody believes deletes nothing.
    town.journal->started(town.now - 24h);
    town.now += 24h * 365;
    BOOST_TEST(town.appointments->purge(localDate(town.now), localDate(town.now), town.now) == 0);
    BOOST_TEST(town.count("SELECT count(*) FROM cell") == 3);
}

struct Damage {
    const char* name;
    const char* sql;
};
std::ostream& operator<<(std::ostream& out, const Damage& damage)
{
    return out << damage.name;
}
const Damage damages[] = {
    {"a cell is missing", "DELETE FROM cell WHERE idx = 96"},
    {"a cell too many", "INSERT INTO cell SELECT scope, day, lane, idx + 10, lease, state, booking,"
                        " until FROM cell WHERE idx = 97"},
    {"another lane", "UPDATE appointment SET lane = lane + 1"},
    {"another day", "UPDATE appointment SET day = '2026-11-24'"},
    {"a booking that would end by itself", "UPDATE cell SET until = 1"},
    {"cells of one that was cancelled", "UPDATE appointment SET state = 'Cancelled'"},
};

BOOST_DATA_TEST_CASE(cells_that_do_not_fit_their_appointment_are_named, data::make(damages), damage)
{
    test::CalendarTown town;
    const Appointment booked = town.booked(town.wish("08:00"));
    BOOST_TEST(town.appointments->unsound().empty());
    town.database->execute(damage.sql);
    BOOST_TEST(town.appointments->unsound() == std::vector{booked.id},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_day_lists_who_comes_in_their_order)
{
    test::CalendarTown town(test::mornings(2, 2));
    const Appointment late = town.booked(town.wish("10:00"));
    const Appointment early = town.booked(town.wish("08:00"));
    const Appointment beside = town.reserved(town.wish("08:00"));
    const Appointment gone = town.booked(town.wish("09:00"));
    town.appointments->cancel(gone.id, gone.version, GivenBack::AtOnce, "Erika", "x", town.now);
    std::vector<std::string> ids;
    for (const Appointment& each : town.appointments->ofDay(hall, town.monday))
        ids.push_back(each.id);
    BOOST_TEST(ids == (std::vector{early.id, beside.id, late.id}),
               boost::test_tools::per_element());
    BOOST_TEST(town.appointments->ofDay(hall, plusDays(town.monday, 1)).empty());
    BOOST_TEST(town.appointments->ofDay("elsewhere", town.monday).empty());
}

BOOST_AUTO_TEST_SUITE_END()
