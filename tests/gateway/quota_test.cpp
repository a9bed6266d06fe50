// SPDX-License-Identifier: EUPL-1.2
//
// The portal's rules R1 to R11, one by one; on SQLite and PostgreSQL.
#include "sync/gateway/quota.h"
#include "sync/gateway/quota_commands.h"
#include "tests/gateway/quota_node.h"
#include "tests/gateway/town.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sstream>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using quota::Run;

namespace {

const std::string lifeA = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f0a";
const std::string lifeB = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f0b";

auto refusal(ErrorCode code)
{
    return [code](const Error& error) { return error.errorCode() == code; };
}

/// Two nodes of a town, registered, with rules; whatever may be leased is lane 2.
struct Region {
    GatewayTown town;
    UtcTime now = fromIso("2026-11-22T09:00:00Z");
    LocalDate day = localDateFromIso("2026-11-24");
    gateway::Quota portal{
        *town.books, {.sign = [](const std::string& lease) { return lease; }}, town.random};
    QuotaNode home{"town-a", lifeA};
    QuotaNode other{"town-b", lifeB};

    Region()
    {
        enter(home);
        enter(other);
        home.rules();
        told(home);
    }
    quota::Answer enter(QuotaNode& node)
    {
        const auto unknown =
            quota::readAnswer(portal.registered(client(node), node.registration(), now));
        const auto answer = quota::readAnswer(
            portal.registered(client(node), node.registration(unknown.challenge), now));
        node.portal = answer.portal;
        return answer;
    }
    quota::Answer told(const QuotaNode& node, std::int64_t first = 1)
    {
        return quota::readAnswer(portal.reported(client(node), node.report(first), now));
    }
    gateway::QuotaClient client(const QuotaNode& node) const { return {node.name, tenant}; }
    Run run(int first, int count, int lane = 2) const
    {
        return {hallScope, day, lane, first, count};
    }
    /// Leases lane 2 from 08:00; the serial.
    std::int64_t leased(const QuotaNode& node, const Run& cells)
    {
        BOOST_REQUIRE(portal.grant(node.name, {cells}, now));
        const auto answer = quota::readAnswer(portal.grantsAsked(
            client(node), quota::write(quota::GrantsQuestion{node.life, 0}), now));
        return quota::readLease(answer.leases.back()).serial;
    }
    /// "state booking" of one cell; "FREE".
    std::string at(int idx, int lane = 2)
    {
        auto row = town.books
                       ->prepare("SELECT state, booking FROM quota_cell WHERE lane = $1 AND"
                                 " idx = $2 AND day = $3")
                       .bind(lane, idx, toIso(day));
        if (!row.step())
            return "FREE";
        return row.text(0) + (row.isNull(1) ? "" : " " + row.text(1));
    }
    std::int64_t count(std::string_view sql)
    {
        auto row = town.books->prepare(sql);
        return row.step() ? row.integer(0) : -1;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_quota)

BOOST_AUTO_TEST_CASE(r1_the_portal_sells_and_leases_only_what_is_free)
{
    Region region;
    const auto id = region.portal.sell(tenant, region.run(96, 3), region.now);
    BOOST_REQUIRE(id.has_value());
    BOOST_TEST(region.at(96) == "SOLD " + *id);
    BOOST_TEST(!region.portal.sell(tenant, region.run(98, 2), region.now));
    BOOST_TEST(!region.portal.grant("town-a", {region.run(98, 2)}, region.now));
    region.leased(region.home, region.run(99, 3));
    BOOST_TEST(!region.portal.sell(tenant, region.run(101, 2), region.now));
    BOOST_TEST(!region.portal.grant("town-b", {region.run(99, 1)}, region.now));
    BOOST_TEST(region.at(102) == "FREE"); // nothing of what did not fit whole
    // Not open, not for the public's last lane, of no node.
    BOOST_TEST(!region.portal.sell(tenant, region.run(94, 2), region.now));
    BOOST_TEST(!region.portal.grant("town-a", {region.run(104, 2, 1)}, region.now));
    BOOST_TEST(!region.portal.grant("nobody", {region.run(104, 2)}, region.now));
    BOOST_TEST(region.portal.unsound().empty());
}

BOOST_AUTO_TEST_CASE(r3_no_time_frees_what_is_leased)
{
    Region region;
    region.leased(region.home, region.run(96, 3));
    region.now += std::chrono::hours(24 * 400);
    region.portal.tick(region.now);
    region.portal.forget(localDate(region.now));
    BOOST_TEST(region.at(96) == "LEASED");
    BOOST_TEST(!region.portal.sell(tenant, region.run(96, 1), region.now));
}

BOOST_AUTO_TEST_CASE(r5_the_next_record_is_taken_once)
{
    Region region;
    const auto lease = region.leased(region.home, region.run(96, 6));
    const auto first = region.home.book(region.run(96, 2), lease);
    const auto second = region.home.book(region.run(98, 2), lease);
    BOOST_TEST(region.told(region.home, 3).next == 2); // too early
    BOOST_TEST(region.at(98) == "LEASED");
    BOOST_TEST(region.told(region.home, 2).next == 4);
    BOOST_TEST(region.at(96) == "SOLD " + first);
    BOOST_TEST(region.at(98) == "SOLD " + second);
    region.portal.cancel(tenant, first, region.now);
    BOOST_TEST(region.told(region.home, 1).next == 4); // again: no effect
    BOOST_TEST(region.at(96) == "FREE");
    BOOST_TEST(region.portal.conflicts() == 0);
}

BOOST_AUTO_TEST_CASE(r5_a_fork_of_the_chain_closes_the_stream)
{
    Region region;
    const auto lease = region.leased(region.home, region.run(96, 6));
    region.home.book(region.run(96, 2), lease);
    region.home.records.back().details.back() = ' ';
    region.home.records.back().details += "}";
    BOOST_TEST(region.told(region.home, 2).fenced);
    BOOST_TEST(region.at(96) == "QUARANTINE");
    BOOST_TEST(region.enter(region.home).fenced);
}

BOOST_AUTO_TEST_CASE(r6_a_cancellation_frees_its_own_booking_only)
{
    Region region;
    const auto lease = region.leased(region.home, region.run(96, 2));
    const auto booked = region.home.book(region.run(96, 2), lease);
    region.told(region.home, 2);
    region.portal.cancel(tenant, booked, region.now); // by the citizen, at the portal
    const auto sold = region.portal.sell(tenant, region.run(96, 2), region.now);
    BOOST_REQUIRE(sold.has_value());
    region.home.cancel(booked, region.run(96, 2)); // and once more at the node
    region.told(region.home, 3);
    BOOST_TEST(region.at(96) == "SOLD " + *sold);
}

BOOST_AUTO_TEST_CASE(r6_what_is_not_reported_yet_is_cancelled_when_it_is)
{
    Region region;
    const auto lease = region.leased(region.home, region.run(96, 4));
    const auto booked = region.home.book(region.run(96, 2), lease);
    BOOST_TEST(region.portal.cancel(tenant, booked, region.now));
    BOOST_TEST(region.at(96) == "LEASED");
    region.told(region.home, 2);
    BOOST_TEST(region.at(96) == "FREE");
    BOOST_TEST(region.at(98) == "LEASED");
    // What a node confirmed afterwards is kept: a move brings it back.
    region.home.move(booked, region.run(96, 2), region.run(98, 2), lease);
    region.told(region.home, 3);
    BOOST_TEST(region.at(98) == "SOLD " + booked);
    BOOST_TEST(region.at(96) == "FREE");
    BOOST_TEST(region.portal.conflicts() == 0);
    BOOST_CHECK_EXCEPTION(region.portal.cancel(tenant, "1; DROP", region.now), Error,
                          refusal(ErrorCode::InputMalformed));
}

BOOST_AUTO_TEST_CASE(a_move_and_a_return_free_what_they_leave)
{
    Region region;
    const auto lease = region.leased(region.home, region.run(96, 6));
    const auto booked = region.home.book(region.run(96, 2), lease);
    region.home.move(booked, region.run(96, 2), region.run(99, 2), lease);
    region.home.giveBack(region.run(101, 1), lease);
    BOOST_TEST(region.told(region.home, 2).next == 5);
    BOOST_TEST(region.at(96) == "FREE");
    BOOST_TEST(region.at(98) == "LEASED");
    BOOST_TEST(region.at(99) == "SOLD " + booked);
    BOOST_TEST(region.at(101) == "FREE");
    BOOST_TEST(region.portal.unsound().empty());
    // The portal moves it on; a part may stay where it is.
    BOOST_TEST(region.portal.move(tenant, booked, region.run(100, 2), region.now));
    BOOST_TEST(region.at(99) == "FREE");
    BOOST_TEST(region.at(101) == "SOLD " + booked);
    BOOST_TEST(!region.portal.move(tenant, booked, region.run(97, 2), region.now)); // leased
}

BOOST_AUTO_TEST_CASE(r8_a_new_life_closes_the_old_stream_and_nobody_sells_its_cells)
{
    Region region;
    const auto lease = region.leased(region.home, region.run(96, 4));
    const auto told = region.home.book(region.run(96, 2), lease);
    region.told(region.home, 2);
    const auto untold = region.home.book(region.run(98, 2), lease);
    QuotaNode restored("town-a", "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f0c");
    BOOST_TEST(!region.enter(restored).fenced);
    BOOST_TEST(region.at(96) == "SOLD " + told);
    BOOST_TEST(region.at(98) == "QUARANTINE");
    BOOST_TEST(!region.portal.sell(tenant, region.run(98, 1), region.now));
    BOOST_TEST(region.told(region.home, 3).fenced);
    BOOST_TEST(region.at(98) == "QUARANTINE"); // kept as evidence, and the place for who comes
    BOOST_TEST(region.count("SELECT count(*) FROM quota_evidence") == 1);
    BOOST_TEST(region.portal.conflicts() == 0);
    BOOST_TEST(region.enter(region.home).fenced);
    // A registration of the old life that was long under way closes nothing.
    BOOST_TEST(!region.enter(restored).fenced);
}

BOOST_AUTO_TEST_CASE(an_unknown_life_has_to_answer_before_it_closes_another)
{
    Region region;
    QuotaNode late("town-a", "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f0c");
    region.leased(region.home, region.run(96, 4));
    const auto answer = quota::readAnswer(
        region.portal.registered(region.client(late), late.registration("guessed"), region.now));
    BOOST_TEST(!answer.challenge.empty());
    BOOST_TEST(region.at(96) == "LEASED");
    BOOST_CHECK_EXCEPTION(region.told(late.records.empty() ? (late.rules(), late) : late), Error,
                          refusal(ErrorCode::StepOutOfOrder));
}

BOOST_AUTO_TEST_CASE(r9_a_revoked_node_is_heard_no_more_and_a_clerk_releases_by_name)
{
    Region region;
    const auto lease = region.leased(region.home, region.run(96, 4));
    const auto booked = region.home.book(region.run(96, 2), lease);
    region.portal.revoke("town-a", "Operator", "stolen", region.now);
    BOOST_TEST(region.at(96) == "QUARANTINE");
    BOOST_TEST(region.told(region.home, 2).fenced);
    BOOST_TEST(region.portal.conflicts() == 0);
    BOOST_TEST(region.enter(region.home).fenced);
    BOOST_TEST(!region.portal.grant("town-a", {region.run(102, 2)}, region.now));
    BOOST_TEST(region.count("SELECT count(*) FROM client WHERE id = 'town-a' AND scopes = ''") ==
               1); // it may not even ask
    BOOST_CHECK_EXCEPTION(region.portal.release(tenant, region.run(96, 1), "", "x", region.now),
                          Error, refusal(ErrorCode::InputMalformed));
    BOOST_TEST(region.portal.release(tenant, region.run(98, 2), "Erika", "needed", region.now) ==
               2);
    BOOST_TEST(region.at(98) == "FREE");
    BOOST_TEST(region.at(96) == "QUARANTINE");
    BOOST_TEST(region.count("SELECT count(*) FROM quota_audit WHERE act = 'release' AND by_whom ="
                            " 'Erika' AND reason = 'needed'") == 1);
    BOOST_CHECK_EXCEPTION(region.portal.revoke("nobody", "Operator", "x", region.now), Error,
                          refusal(ErrorCode::NotFound));
}

BOOST_AUTO_TEST_CASE(r11_a_conflict_is_stored_and_counted)
{
    Region region;
    const auto lease = region.leased(region.home, region.run(96, 4));
    // After a release: the ticket of the lost life turns up.
    region.home.book(region.run(96, 2), lease);
    region.portal.revoke("town-a", "Operator", "stolen", region.now);
    region.portal.release(tenant, region.run(96, 2), "Erika", "needed", region.now);
    region.portal.sell(tenant, region.run(96, 2), region.now);
    region.told(region.home, 2);
    BOOST_TEST(region.portal.conflicts() == 1);
    region.told(region.home, 2);
    BOOST_TEST(region.portal.conflicts() == 1);
    // A defect: it books what was never leased to it.
    region.other.book(region.run(102, 2), 77);
    region.told(region.other);
    BOOST_TEST(region.portal.conflicts() == 2);
    BOOST_TEST(region.at(102) == "FREE");
}

BOOST_AUTO_TEST_CASE(r11_what_a_closed_stream_still_tells_of_moves_and_cancellations)
{
    Region region;
    const auto lease = region.leased(region.home, region.run(96, 8));
    const auto moved = region.home.book(region.run(96, 2), lease);
    const auto stays = region.home.book(region.run(98, 2), lease);
    region.told(region.home, 3);
    region.portal.revoke("town-a", "Operator", "stolen", region.now);
    region.portal.release(tenant, region.run(100, 2), "Erika", "needed", region.now);
    region.home.move(moved, region.run(96, 2), region.run(100, 2), lease);
    region.told(region.home, 4);
    BOOST_TEST(region.portal.conflicts() == 1); // nobody keeps its new place
    region.home.move(stays, region.run(98, 2), region.run(102, 2), lease);
    region.told(region.home, 5);
    BOOST_TEST(region.portal.conflicts() == 1); // this one's is kept free
    BOOST_TEST(region.at(102) == "QUARANTINE");
    region.home.cancel(moved, region.run(100, 2));
    region.told(region.home, 6);
    BOOST_TEST(region.portal.conflicts() == 0); // and nobody comes for the first
    region.told(region.home, 2);
    BOOST_TEST(region.portal.conflicts() == 0); // what was applied is no news
    BOOST_TEST(region.portal.unsound().empty());
}

BOOST_AUTO_TEST_CASE(r10_books_put_back_ask_every_node_before_they_sell)
{
    Region region;
    const auto lease = region.leased(region.home, region.run(96, 4));
    const auto booked = region.home.book(region.run(96, 2), lease);
    region.told(region.home, 2);
    // As a copy would have it that was made before the lease.
    for (const char* sql : {"DELETE FROM quota_cell", "DELETE FROM quota_booking",
                            "DELETE FROM quota_grant", "UPDATE quota_stream SET grants = 0",
                            "UPDATE quota_meta SET value = '0' WHERE key = 'lease'"})
        region.town.books->ask(sql, {});
    region.town.books->ask("UPDATE quota_stream SET next = 2, hash = $1 WHERE client_id = 'town-a'",
                           {region.home.records[0].hash});
    region.portal.beginReconcile("Operator", region.now);
    BOOST_TEST(!region.portal.sell(tenant, region.run(98, 1), region.now));
    BOOST_TEST(!region.portal.sell(tenant, region.run(110, 1, 0), region.now));
    BOOST_TEST(!region.portal.grant("town-b", {region.run(98, 1)}, region.now));

    auto answer = region.enter(region.home);
    BOOST_TEST(answer.showLeases);
    BOOST_TEST(answer.next == 2);
    const auto show = [&](QuotaNode& node, std::int64_t head, std::int64_t grants,
                          std::vector<quota::Leases::Owned> owned) {
        return quota::readAnswer(region.portal.leasesShown(
            region.client(node),
            quota::write(quota::Leases{node.life, node.portal, head, grants, std::move(owned)}),
            region.now));
    };
    // Not before the journal was told up to where the leases are from.
    BOOST_TEST(show(region.home, 2, 1, {{region.run(98, 2), lease}}).showLeases);
    region.told(region.home, 2);
    BOOST_TEST(region.at(96) == "SOLD " + booked);
    // Nor what was said to another life of the portal.
    const auto current = std::exchange(region.home.portal, {1, lifeB});
    BOOST_TEST(show(region.home, 2, 1, {{region.run(98, 2), lease}}).showLeases);
    region.home.portal = current;
    BOOST_TEST(!show(region.home, 2, 1, {{region.run(98, 2), lease}}).showLeases);
    BOOST_TEST(region.at(98) == "LEASED");
    BOOST_TEST(!region.portal.sell(tenant, region.run(100, 1), region.now)); // one is missing
    region.enter(region.other);
    BOOST_TEST(!show(region.other, 0, 0, {}).showLeases);
    BOOST_TEST(region.portal.sell(tenant, region.run(100, 1), region.now).has_value());
    // Serials go on where they were.
    BOOST_TEST(region.leased(region.other, region.run(104, 1)) > lease);
    BOOST_TEST(region.portal.conflicts() == 0);
    BOOST_TEST(region.portal.unsound().empty());
}

BOOST_AUTO_TEST_CASE(r10_whoever_puts_books_back_without_a_word_is_found_out)
{
    Region region;
    region.leased(region.home, region.run(96, 4));
    region.town.books->ask("DELETE FROM quota_cell", {});
    region.town.books->ask("UPDATE quota_stream SET grants = 0", {});
    region.portal.registered(region.client(region.home), region.home.registration({}, 1),
                             region.now);
    BOOST_TEST(region.portal.isReconciling(tenant));
}

BOOST_AUTO_TEST_CASE(r10_the_newer_lease_wins_and_a_resurrected_sale_gives_way)
{
    Region region;
    const auto sold = region.portal.sell(tenant, region.run(96, 2), region.now);
    BOOST_REQUIRE(sold.has_value());
    // The copy is from now. Then it was cancelled, leased and booked; the books forgot.
    region.portal.beginReconcile("Operator", region.now);
    region.enter(region.home);
    const auto booked = region.home.book(region.run(96, 2), 9);
    region.told(region.home, 2);
    BOOST_TEST(region.at(96) == "SOLD " + booked);
    BOOST_TEST(region.portal.conflicts() == 0);
    BOOST_TEST(region.count("SELECT count(*) FROM quota_booking WHERE state = 'SUPERSEDED'") == 1);
    // What an older lease says about the same cells had ended before.
    region.enter(region.other);
    region.other.book(region.run(96, 2), 5);
    region.told(region.other);
    BOOST_TEST(region.at(96) == "SOLD " + booked);
    BOOST_TEST(region.portal.conflicts() == 0);
}

BOOST_AUTO_TEST_CASE(nobody_counts_the_portals_leases_up_but_the_portal)
{
    Region region;
    const std::int64_t far = std::int64_t{1} << 61;
    region.home.book(region.run(96, 2), far);
    region.told(region.home, 2);
    BOOST_TEST(region.portal.conflicts() == 1);
    BOOST_TEST(region.leased(region.other, region.run(98, 2)) == 1);
    region.portal.beginReconcile("Operator", region.now);
    region.enter(region.home);
    region.home.book(region.run(100, 2), far);
    BOOST_CHECK_EXCEPTION(region.told(region.home, 3), Error, refusal(ErrorCode::InputMalformed));
    BOOST_TEST(region.at(100) == "FREE");
}

BOOST_AUTO_TEST_CASE(what_is_wanted_is_leased_and_what_is_too_much_recalled)
{
    Region region;
    const auto want = [&](int left) {
        quota::Want message{
            .incarnation = lifeA,
            .scopes = {{.scope = hallScope, .runCells = 5, .left = {}, .used = {}}}};
        message.scopes[0].left.push_back({region.day, left});
        return quota::readAnswer(
            region.portal.wanted(region.client(region.home), quota::write(message), region.now));
    };
    const auto answer = want(0);
    BOOST_TEST(answer.grants == 14);   // two runs for each day of the horizon but today
    BOOST_TEST(want(10).grants == 14); // enough
    BOOST_TEST(region.count("SELECT count(*) FROM quota_cell WHERE state = 'LEASED'") == 140);
    BOOST_TEST(region.portal.grant("town-a", {region.run(106, 10)}, region.now));
    const auto recalled = want(20).recall;
    BOOST_REQUIRE(recalled.size() == 1u);
    BOOST_TEST((recalled[0] == region.run(106, 10)));
    BOOST_TEST(region.at(106) == "LEASED"); // asked for, not taken
}

BOOST_AUTO_TEST_CASE(rules_come_from_the_home_node_with_the_digest_that_its_journal_names)
{
    Region region;
    region.other.rules();
    region.told(region.other);
    BOOST_TEST(region.count("SELECT count(*) FROM quota_scope WHERE home = 'town-a'") == 1);
    BOOST_TEST(region.count("SELECT count(*) FROM quota_audit WHERE act = 'foreign-rules'") == 1);
    region.home.rules();
    region.home.records.back().rules.insert(1, " ");
    BOOST_CHECK_EXCEPTION(region.told(region.home, 2), Error, refusal(ErrorCode::InputMalformed));
    const auto calendar = quota::readCalendar(region.portal.calendar(
        region.client(region.other),
        quota::write(quota::CalendarQuestion{hallScope, region.day, 7}), region.now));
    BOOST_TEST(calendar.rules == hallRules());
    BOOST_TEST(calendar.taken.empty());
    BOOST_TEST(calendar.isElsewhere);
    BOOST_TEST(!quota::readCalendar(region.portal.calendar(region.client(region.home),
                                                           quota::write(quota::CalendarQuestion{
                                                               hallScope, region.day, 7}),
                                                           region.now))
                    .isElsewhere);
}

BOOST_AUTO_TEST_CASE(a_home_that_was_put_back_does_not_bring_older_rules_back)
{
    Region region;
    const auto told = [&](const std::string& version, int lanes) {
        auto rules = office::openingRulesFromJson(*json::parseObject(hallRules()));
        rules.rules[0].hours.publicLanes = lanes;
        const std::string text = json::write(*office::toJson(rules));
        region.home
            .append("RULES", hallScope,
                    {{"version", version}, {"sha256.rules", toHex(envelope::sha256(view(text)))}})
            .rules = text;
        region.told(region.home, std::ssize(region.home.records));
    };
    told("3", 2);
    told("2", 1);
    BOOST_TEST(region.count("SELECT version FROM quota_scope") == 3);
    told("3", 1);
    told("4", 2);
    BOOST_TEST(region.count("SELECT version FROM quota_scope") == 4);
}

BOOST_AUTO_TEST_CASE(an_operator_acts_by_name_and_with_a_reason)
{
    Region region;
    const auto lease = region.leased(region.home, region.run(96, 4));
    region.home.book(region.run(96, 2), lease);
    region.portal.revoke("town-a", "Erika Mustermann", "stolen in the night", region.now);
    std::ostringstream out;
    gateway::QuotaOptions options;
    const auto command = [&](const std::string& order) {
        out.str({});
        return gateway::askQuota(
            order, options,
            [&](const HttpRequest& request) { return region.town.gateway->operate(request); }, out);
    };
    using gateway::Became;
    for (const char* missing : {"by", "reason"}) {
        options["by"] = "Erika Mustermann";
        options["reason"] = "stolen in the night";
        options.erase(missing);
        for (const char* order : {"release", "reconcile"})
            BOOST_TEST((command(order) == Became::Refused));
    }
    options["reason"] = "stolen in the night";
    BOOST_TEST((command("forgive") == Became::Refused));
    BOOST_TEST((command("show") == Became::Done));
    const std::string shown = out.str();
    BOOST_TEST(shown.find("node town-a tenant " + tenant + " revoked") != std::string::npos);
    // what it shows is what release takes
    BOOST_TEST(shown.find("quarantined --tenant " + tenant +
                          " --scope hall --day 2026-11-24 --lane 2 --from 08:00 --until 08:20"
                          " (of town-a)") != std::string::npos);
    BOOST_TEST(shown.find("conflicts 0") != std::string::npos);
    options.insert({{"tenant", tenant}, {"scope", "hall"}, {"day", "2026-11-24"}, {"lane", "2"}});
    options["from"] = options["until"] = "08:10";
    BOOST_TEST((command("release") == Became::Refused));
    BOOST_TEST(out.str().find("--until is after --from") != std::string::npos);
    options["until"] = "08:20";
    BOOST_TEST((command("release") == Became::Done));
    BOOST_TEST(out.str() == "released 2 cells\n");
    BOOST_TEST(region.at(97) == "QUARANTINE");
    BOOST_TEST(region.at(98) == "FREE");
    BOOST_TEST((command("reconcile") == Became::Done));
    BOOST_TEST(region.portal.isReconciling(tenant)); // the other node has not shown what it holds
    BOOST_TEST(region.count("SELECT count(*) FROM quota_audit WHERE by_whom = 'Erika Mustermann'"
                            " AND reason = 'stolen in the night'") == 3);
}

BOOST_AUTO_TEST_CASE(days_that_were_forgotten_are_not_unsound)
{
    Region region;
    const auto lease = region.leased(region.home, region.run(96, 4));
    region.home.book(region.run(96, 2), lease);
    region.told(region.home, 2);
    BOOST_TEST(region.portal.sell(tenant, region.run(96, 2, 0), region.now).has_value());
    BOOST_TEST(region.portal.unsound().empty());
    region.portal.forget(plusDays(region.day, 1));
    BOOST_TEST(region.count("SELECT count(*) FROM quota_cell WHERE state = 'LEASED'") == 2);
    BOOST_TEST(region.count("SELECT count(*) FROM quota_cell") == 2);
    BOOST_TEST(region.portal.unsound().empty());
    region.town.books->ask("UPDATE quota_cell SET incarnation = 'x'", {});
    BOOST_TEST(region.portal.unsound().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
