// SPDX-License-Identifier: EUPL-1.2
//
// The node's end of the quota protocol: what it owns, sells, gives back and says; and its time.
#include "appliance/office/calendar/quota.h"
#include "appliance/store/migrations/migrations.h"
#include "sync/outbox/incarnation.h"
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

const std::string portalLife = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f01";
const std::string otherLife = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f02";

auto refusal(ErrorCode code)
{
    return [code](const Error& error) { return error.errorCode() == code; };
}

/// A town hall that sells what a portal leased to it.
struct LeasedTown : test::CalendarTown {
    std::optional<Quota> quota;
    std::string life;
    std::int64_t nextLease = 0;

    LeasedTown() : CalendarTown(test::mornings(2, 2)) { lease(); }
    void lease()
    {
        quota.reset();
        appointments.reset();
        ledger.emplace(*database, *rules, Selling::Owned);
        appointments.emplace(*database, *journal, *rules, *ledger, random);
        quota.emplace(*database, *journal, *rules, *ledger,
                      QuotaSettings{.node = "town-a",
                                    .publicKey = "key",
                                    .verify = [](const std::string& token) {
                                        if (!token.starts_with("signed "))
                                            throw Error(ErrorCode::SignatureInvalid, "not signed");
                                        return token.substr(7);
                                    }});
        life = outbox::takeIncarnation(*database, *journal, random, now).id;
        journal->started(now);
        quota->takeUp(now);
    }
    /// As from a copy.
    void restore()
    {
        quota.reset();
        appointments.reset();
        ledger.reset();
        database->execute(store::forgottenInCopies());
        restart();
        lease();
    }
    quota::Run run(const std::string& clock, int count, int lane = 0) const
    {
        return {hall, monday, lane, cellAt(clock), count};
    }
    quota::Lease leaseOf(const quota::Run& cells, std::int64_t number, std::int64_t serial) const
    {
        return {.node = "town-a",
                .incarnation = life,
                .number = number,
                .serial = serial,
                .portalLife = portalLife,
                .sellUntil = now + 7 * 24h,
                .runs = {cells}};
    }
    quota::Answer answer() const
    {
        return {.incarnation = life,
                .portal = {1, portalLife},
                .portalTime = now,
                .challenge = {},
                .fenced = false,
                .showLeases = false,
                .next = 1,
                .grants = 0,
                .recall = {},
                .leases = {}};
    }
    void hear(const quota::Answer& answer) { quota->heard(quota::write(answer), now); }
    void hear(const quota::Lease& lease)
    {
        auto told = answer();
        told.leases = {"signed " + quota::write(lease)};
        hear(told);
    }
    /// Takes the next lease of these cells.
    void own(const quota::Run& cells)
    {
        hear(leaseOf(cells, nextLease, nextLease + 1));
        ++nextLease;
    }
    std::vector<std::string> kinds() const
    {
        std::vector<std::string> found;
        for (const auto& record : journal->from(1, 1000)) {
            if (quota::isOfCalendar(record.kind) && record.kind != "RULES")
                found.push_back(record.kind);
        }
        return found;
    }
    std::string states()
    {
        auto rows = database->prepare("SELECT idx, state FROM cell WHERE lane = 0 ORDER BY idx");
        std::string text;
        while (rows.step())
            text += (text.empty() ? "" : " ") +
                    localTime(DayCells(monday).startOf(static_cast<int>(rows.integer(0)))) + " " +
                    rows.text(1);
        return text;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(office_calendar_quota)

BOOST_AUTO_TEST_CASE(r1_only_owned_cells_are_offered_and_sold)
{
    LeasedTown town;
    BOOST_TEST(town.freeClocks(5).empty());
    town.own(town.run("09:00", 3));
    BOOST_TEST(town.freeClocks(10) == (std::vector<std::string>{"09:00", "09:05"}),
               boost::test_tools::per_element());
    const Appointment booked = town.booked(town.wish("09:05", 10));
    BOOST_TEST(town.states() == "09:00 OWN 09:05 BOOKED 09:10 BOOKED");
    BOOST_TEST(std::holds_alternative<NoLongerFree>(
        town.appointments->book(town.wish("09:00", 10), {}, "", town.now)));
    BOOST_TEST(std::holds_alternative<NoLongerFree>(
        town.appointments->book(town.wish("10:00", 5), {}, "", town.now)));
    const auto record = town.journal->about(booked.id).at(0);
    BOOST_TEST(record.kind == "BOOK");
    BOOST_TEST(record.details.at("leases") == "1");
    BOOST_TEST(booked.bookingId == town.life + ":" + std::to_string(record.number));
    BOOST_TEST(town.appointments->unsound().empty());
}

BOOST_AUTO_TEST_CASE(what_is_sold_is_on_the_disk_and_names_the_lease_of_each_cell)
{
    LeasedTown town;
    town.own(town.run("09:00", 1));
    town.own(town.run("09:05", 1));
    const Appointment booked = town.booked(town.wish("09:00", 10));
    BOOST_TEST(town.journal->about(booked.id).at(0).details.at("leases") == "1,2");
    town.restart();
    town.lease();
    BOOST_TEST(town.states() == "09:00 BOOKED 09:05 BOOKED");
}

BOOST_AUTO_TEST_CASE(a_reservation_that_lapses_can_be_sold_again_and_is_nobody_elses_business)
{
    LeasedTown town;
    town.own(town.run("09:00", 2));
    town.reserved(town.wish("09:00", 10));
    BOOST_TEST(town.freeClocks(5).empty());
    // To the portal it is still owned, and it is not given back.
    BOOST_TEST(quota::readLeases(town.quota->leases()).owned.size() == 1u);
    BOOST_TEST(town.quota->giveBack(town.run("09:00", 2), town.now) == 0);
    town.now += 15min;
    BOOST_TEST(town.appointments->sweep(town.now) == 2);
    BOOST_TEST(town.states() == "09:00 OWN 09:05 OWN");
    BOOST_TEST(town.freeClocks(10).size() == 1u);
    BOOST_TEST(town.kinds().empty());
}

BOOST_AUTO_TEST_CASE(sell_until_stops_new_sales_and_nothing_else)
{
    LeasedTown town;
    auto lease = town.leaseOf(town.run("09:00", 2), 0, 1);
    lease.sellUntil = town.now + 1h;
    town.hear(lease);
    town.now += 1h;
    town.appointments->sweep(town.now);
    BOOST_TEST(town.freeClocks(5).empty());
    BOOST_TEST(std::holds_alternative<NoLongerFree>(
        town.appointments->book(town.wish("09:00", 5), {}, "", town.now)));
    BOOST_TEST(town.states() == "09:00 OWN 09:05 OWN"); // R3: it goes back by RETURN only
}

BOOST_AUTO_TEST_CASE(r4_giving_back_deletes_and_journals_in_one_commit)
{
    LeasedTown town;
    town.own(town.run("09:00", 4));
    town.booked(town.wish("09:05", 5));
    BOOST_TEST(town.quota->giveBack(town.run("09:00", 4), town.now) == 3);
    BOOST_TEST(town.states() == "09:05 BOOKED");
    BOOST_TEST(town.kinds() == (std::vector<std::string>{"BOOK", "RETURN", "RETURN"}),
               boost::test_tools::per_element());
    BOOST_TEST(town.quota->giveBack(town.run("09:00", 4), town.now) == 0);
    BOOST_TEST(town.freeClocks(5).empty());
    // What begins within four hours goes back while online.
    town.own(town.run("11:00", 6));
    town.now = fromIso("2026-11-23T06:10:00Z"); // 07:10 there
    BOOST_TEST(town.quota->giveBackSoon(town.now) == 2);
    BOOST_TEST(town.states() == "09:05 BOOKED 11:10 OWN 11:15 OWN 11:20 OWN 11:25 OWN");
}

BOOST_AUTO_TEST_CASE(r5_the_next_grant_is_taken_once_and_only_when_it_is_meant_for_this_life)
{
    LeasedTown town;
    const auto lease = town.leaseOf(town.run("09:00", 1), 0, 1);
    town.hear(town.leaseOf(town.run("10:00", 1), 1, 2)); // too early
    BOOST_TEST(town.states() == "");
    for (auto change : {+[](quota::Lease& bent) { bent.node = "town-b"; },
                        +[](quota::Lease& bent) { bent.incarnation = otherLife; },
                        +[](quota::Lease& bent) { bent.portalLife = otherLife; }}) {
        auto bent = lease;
        change(bent);
        town.hear(bent);
        BOOST_TEST(town.states() == "");
    }
    town.hear(lease);
    BOOST_TEST(town.states() == "09:00 OWN");
    town.quota->giveBack(town.run("09:00", 1), town.now);
    town.hear(lease); // repeated
    BOOST_TEST(town.states() == "");
    BOOST_TEST(town.quota->nextGrant() == 1);
    auto forged = town.answer();
    forged.leases = {quota::write(town.leaseOf(town.run("10:00", 1), 1, 2))};
    BOOST_CHECK_EXCEPTION(town.hear(forged), Error, refusal(ErrorCode::SignatureInvalid));
    auto foreign = town.answer();
    foreign.incarnation = otherLife;
    foreign.fenced = true;
    town.hear(foreign);
    BOOST_TEST(!town.quota->isFenced());
}

BOOST_AUTO_TEST_CASE(r6_a_cancelled_cell_is_not_sold_again_here)
{
    LeasedTown town;
    town.own(town.run("09:00", 2));
    const Appointment booked = town.booked(town.wish("09:00", 10));
    town.appointments->cancel(booked.id, booked.version, GivenBack::AtOnce, "", "", town.now);
    BOOST_TEST(town.states() == "");
    BOOST_TEST(town.freeClocks(5).empty());
    BOOST_TEST(town.kinds() == (std::vector<std::string>{"BOOK", "CANCEL"}),
               boost::test_tools::per_element());
    BOOST_TEST(town.journal->about(booked.id).back().details.at("booking") == booked.bookingId);
}

BOOST_AUTO_TEST_CASE(a_move_takes_what_is_owned_besides_and_hands_the_old_cells_over)
{
    LeasedTown town;
    town.own(town.run("09:00", 5));
    const Appointment booked = town.booked(town.wish("09:00", 10));
    // Its own cells may be another's already, if the citizen cancelled at the portal.
    BOOST_TEST(std::holds_alternative<NoLongerFree>(
        town.appointments->move(booked.id, booked.version, town.monday, town.cellAt("09:05"),
                                Booker::Public, GivenBack::AtOnce, "", town.now)));
    const auto moved = std::get<Appointment>(
        town.appointments->move(booked.id, booked.version, town.monday, town.cellAt("09:10"),
                                Booker::Public, GivenBack::AtOnce, "", town.now));
    BOOST_TEST(town.states() == "09:10 BOOKED 09:15 BOOKED 09:20 OWN");
    BOOST_TEST(moved.bookingId == booked.bookingId);
    BOOST_TEST(town.freeClocks(5) == std::vector<std::string>{"09:20"},
               boost::test_tools::per_element());
    // A reservation is not known to anybody else: it may move over itself.
    town.own(town.run("10:00", 3));
    const Appointment reserved = town.reserved(town.wish("10:00", 10));
    town.appointments->move(reserved.id, reserved.version, town.monday, town.cellAt("10:05"),
                            Booker::Public, GivenBack::AtOnce, "", town.now);
    BOOST_TEST(town.freeClocks(5) == (std::vector<std::string>{"09:20", "10:00"}),
               boost::test_tools::per_element());
    BOOST_TEST(town.appointments->unsound().empty());
}

BOOST_AUTO_TEST_CASE(r6_what_is_leased_again_was_cancelled_at_the_portal)
{
    LeasedTown town;
    town.own(town.run("09:00", 2));
    const Appointment booked = town.booked(town.wish("09:00", 10));
    town.own(town.run("09:05", 1));
    BOOST_TEST(town.states() == "09:05 OWN"); // 09:00 may be anybody's
    BOOST_TEST((town.appointments->find(booked.id)->state == AppointmentState::Cancelled));
    BOOST_TEST(town.appointments->find(booked.id)->sealed == "");
    BOOST_TEST(town.appointments->unsound().empty());
    BOOST_CHECK_EXCEPTION(town.own(town.run("09:05", 1)), Error,
                          refusal(ErrorCode::StepOutOfOrder));
}

BOOST_AUTO_TEST_CASE(r7_a_restored_node_owns_nothing_and_is_another)
{
    LeasedTown town;
    town.own(town.run("09:00", 6));
    const Appointment booked = town.booked(town.wish("09:00", 10));
    const Appointment reserved = town.reserved(town.wish("09:10", 5));
    const std::string before = town.life;
    const auto head = town.journal->head();
    town.restore();
    BOOST_TEST(town.life != before);
    BOOST_TEST(town.states() == "");
    BOOST_TEST(town.quota->nextGrant() == 0);
    BOOST_TEST((town.appointments->find(reserved.id)->state == AppointmentState::Lapsed));
    BOOST_TEST(town.appointments->unsound().empty());
    const auto said = quota::readRegister(town.quota->registration());
    BOOST_TEST(said.incarnation == town.life);
    BOOST_TEST(said.from.number > head.number);
    // The citizen with the ticket of the life before is still known, and may cancel; cells of a new
    // lease that lie there are not touched.
    town.nextLease = 0;
    town.own(town.run("09:05", 1));
    town.appointments->cancel(booked.id, booked.version, GivenBack::AtOnce, "", "", town.now);
    BOOST_TEST(town.states() == "09:05 OWN");
    BOOST_TEST(town.journal->about(booked.id).back().details.at("booking") == booked.bookingId);
}

BOOST_AUTO_TEST_CASE(r8_a_fenced_node_sells_nothing)
{
    LeasedTown town;
    town.own(town.run("09:00", 2));
    auto fence = town.answer();
    fence.fenced = true;
    town.hear(fence);
    BOOST_TEST(town.quota->isFenced());
    BOOST_TEST(town.freeClocks(5).empty());
    town.own(town.run("10:00", 2));
    BOOST_TEST(town.freeClocks(5).empty());
}

BOOST_AUTO_TEST_CASE(r10_a_new_life_of_the_portal_is_believed_and_an_older_one_no_more)
{
    LeasedTown town;
    town.own(town.run("09:00", 1));
    auto restored = town.answer();
    restored.portal = {2, otherLife};
    restored.showLeases = true;
    town.hear(restored);
    const auto shown = quota::readLeases(town.quota->leases());
    BOOST_TEST((shown.portal == restored.portal));
    BOOST_TEST(shown.head == town.journal->head().number);
    BOOST_TEST(shown.grants == 1);
    BOOST_REQUIRE(shown.owned.size() == 1u);
    BOOST_TEST(shown.owned[0].serial == 1);
    town.hear(town.leaseOf(town.run("10:00", 1), 1, 2)); // it was still under way
    auto old = town.answer();
    old.fenced = true;
    town.hear(old);
    BOOST_TEST(town.states() == "09:00 OWN");
    BOOST_TEST(!town.quota->isFenced());
}

BOOST_AUTO_TEST_CASE(a_round_says_what_is_missing_and_ends)
{
    LeasedTown town;
    town.own(town.run("09:00", 3));
    town.booked(town.wish("09:00", 5));
    BOOST_TEST(!town.quota->next().has_value());
    town.quota->begin();
    BOOST_TEST((town.quota->next()->path == quota::registerPath));
    auto challenged = town.answer();
    challenged.challenge = "abc";
    town.hear(challenged);
    const auto again = town.quota->next();
    BOOST_TEST((again->path == quota::registerPath));
    BOOST_TEST(quota::readRegister(again->body).challenge == "abc");
    auto known = town.answer();
    known.next = quota::readRegister(again->body).from.number + 1;
    known.grants = 2;
    known.recall = {town.run("09:05", 1)};
    town.hear(known);
    const auto report = town.quota->next();
    BOOST_TEST((report->path == quota::reportPath));
    const auto told = quota::readReport(report->body);
    BOOST_TEST(told.records.front().number == known.next);
    BOOST_TEST(told.records.back().kind == "RETURN"); // what was recalled, durably
    known.recall.clear();
    known.next = told.records.back().number + 1;
    town.hear(known);
    BOOST_TEST((town.quota->next()->path == quota::grantsPath));
    known.leases = {"signed " + quota::write(town.leaseOf(town.run("10:00", 2), 1, 2))};
    town.hear(known);
    BOOST_TEST(!town.quota->next().has_value());
    BOOST_TEST(town.states() == "09:00 BOOKED 09:10 OWN 10:00 OWN 10:05 OWN");
}

BOOST_AUTO_TEST_CASE(no_record_that_leaves_the_house_names_anybody)
{
    LeasedTown town;
    town.own(town.run("09:00", 6));
    const Appointment booked = town.booked(town.wish("09:00", 5));
    const auto moved = std::get<Appointment>(
        town.appointments->move(booked.id, booked.version, town.monday, town.cellAt("09:15"),
                                Booker::Public, GivenBack::AtOnce, "Erika", town.now));
    town.appointments->cancel(booked.id, moved.version, GivenBack::AtOnce, "Erika", "ill",
                              town.now);
    town.quota->begin();
    auto known = town.answer();
    known.next = 1;
    town.hear(known);
    const std::string said = *town.quota->report();
    BOOST_TEST(said.find("Erika") == std::string::npos);
    BOOST_TEST(said.find("ill") == std::string::npos);
    BOOST_TEST(said.find("CANCEL") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(rules_of_another_node_are_kept_when_they_are_newer)
{
    LeasedTown town;
    quota::Calendar calendar{.asOf = town.now,
                             .scope = hall,
                             .version = 1,
                             .rules = json::write(*toJson(test::mornings(1, 1))),
                             .taken = {}};
    town.quota->heardCalendar(quota::write(calendar), town.now);
    BOOST_TEST(town.rules->current(hall)->rules.rules[0].hours.lanes == 2);
    calendar.version = 7;
    town.quota->heardCalendar(quota::write(calendar), town.now);
    BOOST_TEST(town.rules->current(hall)->version == 7);
    BOOST_TEST(town.rules->current(hall)->rules.rules[0].hours.lanes == 1);
}

// --- time (appointments-escrow.md 3)

BOOST_AUTO_TEST_CASE(the_nodes_time_never_steps_back_and_believes_a_clock_within_five_minutes)
{
    const UtcTime start = fromIso("2026-11-22T09:00:00Z");
    NodeTime time(start, 0ms);
    BOOST_TEST(toIso(time.now(start + 4min, 0ms)) == toIso(start + 4min));
    BOOST_TEST(!time.needsClerk(start + 4min, 0ms));
    BOOST_TEST(toIso(time.now(start - 24h, 1min)) == toIso(start + 4min)); // a clock set back
    BOOST_TEST(toIso(time.now(start + 24h * 365, 10min)) == toIso(start + 10min));
    BOOST_TEST(time.needsClerk(start + 24h * 365, 10min));
    time.portalSaid(start + 14h, 20min); // it stood still over night
    BOOST_TEST(!time.needsClerk(start, 20min));
    BOOST_TEST(toIso(time.now(start, 30min)) == toIso(start + 14h + 10min));
    time.portalSaid(start + 13h, 40min);
    BOOST_TEST(toIso(time.now(start, 40min)) == toIso(start + 14h + 10min));
}

BOOST_AUTO_TEST_CASE(after_power_up_beside_the_journal_a_clerk_confirms_the_date)
{
    const UtcTime start = fromIso("2026-11-22T09:00:00Z");
    NodeTime time(start, 0ms);
    BOOST_TEST(!time.needsClerk(start + 5min, 0ms));
    BOOST_TEST(time.needsClerk(start + 5min + 1ms, 0ms));
    time.clerkConfirmed(start + 14h, 1min);
    BOOST_TEST(!time.needsClerk(start + 14h, 1min));
    BOOST_TEST(toIso(time.now(start + 14h + 2min, 2min)) == toIso(start + 14h + 2min));
}

BOOST_AUTO_TEST_CASE(a_round_says_what_is_wanted_and_asks_for_the_rules)
{
    LeasedTown town;
    town.own(town.run("09:00", 3));
    town.quota->begin({.now = town.now, .wants = {{hall, 5}}, .calendars = {hall}});
    auto known = town.answer();
    known.grants = 1;
    known.next = town.journal->head().number + 1; // all is told
    BOOST_TEST((town.quota->next()->path == quota::registerPath));
    town.hear(known);
    const auto wanted = town.quota->next();
    BOOST_TEST((wanted->path == quota::wantPath));
    const auto want = quota::readWant(wanted->body);
    BOOST_TEST(want.scopes.at(0).runCells == 5);
    BOOST_TEST(want.scopes.at(0).left.at(0).count == 3);
    known.grants = 2; // it was leased at once
    town.hear(known);
    BOOST_TEST((town.quota->next()->path == quota::grantsPath));
    known.leases = {"signed " + quota::write(town.leaseOf(town.run("10:00", 2), 1, 2))};
    town.hear(known);
    const auto calendar = town.quota->next();
    BOOST_TEST((calendar->path == quota::calendarPath));
    BOOST_TEST(quota::readCalendarQuestion(calendar->body).scope == hall);
    BOOST_TEST(!town.quota->next().has_value());
}

BOOST_AUTO_TEST_CASE(rules_that_were_saved_before_are_told_in_each_life)
{
    LeasedTown town;
    const auto rulesTold = [&] {
        int count = 0;
        for (const auto& record : town.journal->from(1, 1000))
            count += record.kind == "RULES" ? 1 : 0;
        return count;
    };
    const int before = rulesTold();
    town.quota->takeUp(town.now); // the same life
    BOOST_TEST(rulesTold() == before);
    town.restore();
    BOOST_TEST(rulesTold() == before + 1);
}

BOOST_AUTO_TEST_CASE(r10_what_the_portal_has_not_taken_for_thirty_days_is_not_pruned)
{
    LeasedTown town;
    town.own(town.run("09:00", 6));
    const auto made = town.now;
    const auto pruned = [&](UtcTime now) {
        return town.journal->prune(town.quota->pruneBefore(now - 90 * 24h, now), {}, now);
    };
    town.booked(town.wish("09:00", 5));
    // Never reported, for half a year.
    pruned(made + 180 * 24h);
    BOOST_TEST(town.kinds().front() == "BOOK");
    // Taken by the portal, and then kept for 30 days.
    auto known = town.answer();
    known.grants = 1;
    known.next = town.journal->head().number + 1;
    town.quota->heard(quota::write(known), made + 180 * 24h);
    pruned(made + 209 * 24h);
    BOOST_TEST(town.kinds().size() == 1U);
    // A portal that was put back, and does not know it any more.
    auto restored = known;
    restored.portal = {2, otherLife};
    restored.next = 1;
    town.quota->heard(quota::write(restored), made + 209 * 24h);
    pruned(made + 211 * 24h);
    BOOST_TEST(town.kinds().size() == 1U);
    restored.next = known.next;
    town.quota->heard(quota::write(restored), made + 211 * 24h);
    pruned(made + 240 * 24h);
    BOOST_TEST(town.kinds().size() == 1U);
    pruned(made + 241 * 24h);
    BOOST_TEST(town.kinds().empty());
}

BOOST_AUTO_TEST_CASE(while_nobody_knows_the_day_nothing_is_offered)
{
    LeasedTown town;
    town.own(town.run("09:00", 3));
    BOOST_TEST(!town.ledger->freeTimes({.scope = hall, .duration = 5min}, town.now).empty());
    town.ledger->isOnHold = [] { return true; };
    BOOST_TEST(town.ledger->freeTimes({.scope = hall, .duration = 5min}, town.now).empty());
    const auto outcome = town.appointments->reserve(town.wish("09:00", 5), town.now);
    BOOST_TEST(std::holds_alternative<NoLongerFree>(outcome));
}

BOOST_AUTO_TEST_SUITE_END()
