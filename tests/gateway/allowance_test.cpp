// SPDX-License-Identifier: EUPL-1.2
//
// Too many calls: 429 and when to come back, for one client alone, across restarts and gateways.
#include "tests/gateway/town.h"
#include "tests/support/skip.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;

namespace {

HttpResponse call(GatewayTown& town, Who who = Who::Sender)
{
    return town.ask(who, "GET", "/v2/destinations/" + destinationId);
}

/// Calls until one is refused, a thousand at most.
int grantedInARow(GatewayTown& town, Who who = Who::Sender)
{
    int granted = 0;
    while (granted < 1000 && call(town, who).status == 200)
        ++granted;
    return granted;
}

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_allowance)

BOOST_AUTO_TEST_CASE(six_hundred_calls_at_once_and_then_thirty_a_second)
{
    GatewayTown town;
    BOOST_TEST(grantedInARow(town) == 600);
    const auto refused = call(town);
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(GatewayTown::problemOf(refused) == "rate-limit-exceeded");
    BOOST_TEST(refused.header("Retry-After") == "1"); // a handful of 20 takes two thirds of it
    BOOST_TEST(refused.header("RateLimit-Remaining") == "0");
    town.passTime(std::chrono::seconds(1));
    BOOST_TEST(grantedInARow(town) == 20);
    town.passTime(std::chrono::seconds(10));
    BOOST_TEST(grantedInARow(town) == 300);
    town.passTime(std::chrono::hours(1));
    town.forgetTokens();
    BOOST_TEST(grantedInARow(town) == 600);
}

BOOST_AUTO_TEST_CASE(whoever_comes_back_when_told_is_let_in)
{
    GatewayTown town;
    grantedInARow(town);
    for (int i = 0; i < 50; ++i) {
        const auto refused = call(town);
        BOOST_REQUIRE_EQUAL(refused.status, 429);
        town.passTime(std::chrono::seconds(std::stoi(refused.header("Retry-After"))));
        BOOST_TEST(grantedInARow(town) >= 20);
    }
}

BOOST_AUTO_TEST_CASE(one_client_does_not_use_up_what_is_anothers)
{
    GatewayTown town;
    grantedInARow(town);
    BOOST_TEST(call(town).status == 429);
    BOOST_TEST(call(town, Who::Subscriber).status == 200);
    BOOST_TEST(call(town, Who::OtherSender).status == 200);
    BOOST_TEST(town.ask(Who::Nobody, "GET", "/health").status == 200);
}

BOOST_AUTO_TEST_CASE(a_refused_call_does_nothing_and_asks_the_database_once)
{
    GatewayTown town;
    grantedInARow(town);
    int writes = 0;
    town.beforeAsking = [&](std::string_view statement) {
        writes += statement.starts_with("SELECT") ? 0 : 1;
    };
    for (int i = 0; i < 100; ++i)
        BOOST_TEST(town.announce(randomUuid(town.random), town.announcement()).status == 429);
    town.beforeAsking = nullptr;
    BOOST_TEST(writes == 0);
    BOOST_TEST(town.gateway->census().empty());
}

BOOST_AUTO_TEST_CASE(twenty_calls_cost_one_write)
{
    GatewayTown town;
    town.tokenOf(Who::Sender);
    int writes = 0;
    town.beforeAsking = [&](std::string_view statement) {
        writes += statement.starts_with("SELECT") ? 0 : 1;
    };
    for (int i = 0; i < 100; ++i)
        BOOST_TEST(call(town).status == 200);
    town.beforeAsking = nullptr;
    BOOST_TEST(writes == 5);
}

BOOST_AUTO_TEST_CASE(a_restart_gives_nothing_back)
{
    GatewayTown town;
    for (int i = 0; i < 590; ++i)
        call(town);
    town.restart();
    BOOST_TEST(grantedInARow(town) == 0); // the last ten were in the hand of the one before
    town.passTime(std::chrono::seconds(1));
    BOOST_TEST(grantedInARow(town) == 20);
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_set_back_closes_no_door)
{
    GatewayTown town;
    call(town);
    town.books->ask("UPDATE allowance SET spent_until = spent_until + 36000000", {});
    town.restart();
    BOOST_TEST(grantedInARow(town) == 600);
}

BOOST_AUTO_TEST_CASE(on_a_full_disk_calls_are_answered_for_they_may_free_it)
{
    GatewayTown town;
    town.tokenOf(Who::Sender);
    town.beforeAsking = [](std::string_view statement) {
        if (!statement.starts_with("SELECT"))
            throw Error(ErrorCode::StoreFull, "full");
    };
    for (int i = 0; i < 30; ++i)
        BOOST_TEST(call(town).status == 200);
}

BOOST_AUTO_TEST_CASE(every_answer_says_what_is_left)
{
    GatewayTown town;
    const auto first = call(town);
    BOOST_TEST(first.header("RateLimit-Limit") == "600");
    BOOST_TEST(first.header("RateLimit-Remaining") == "599");
    BOOST_TEST(first.header("RateLimit-Reset") == "1");
    for (int i = 0; i < 99; ++i)
        call(town);
    const auto later = town.ask(Who::Sender, "GET", "/v2/nothing");
    BOOST_TEST(later.status == 404);
    BOOST_TEST(later.header("RateLimit-Remaining") == "499");
    BOOST_TEST(later.header("RateLimit-Reset") == "4");
}

BOOST_AUTO_TEST_CASE(two_gateways_keep_one_limit)
{
    if (skipUnless(std::getenv("AMT_TEST_POSTGRES"), "runs beside a PostgreSQL only"))
        return;
    GatewayTown here;
    GatewayTown there{GatewayTown::Beside{here}};
    int granted = 0;
    for (int refused = 0; refused < 2;) {
        refused = 0;
        for (auto* town : {&here, &there}) {
            if (call(*town).status == 200)
                ++granted;
            else
                ++refused;
        }
    }
    BOOST_TEST(granted == 600);
}

BOOST_AUTO_TEST_SUITE_END()
