// SPDX-License-Identifier: EUPL-1.2
//
// Two gateways before one PostgreSQL: whatever one of them does between two statements of the
// other, an envelope has one submission and a submission one content.
#include "tests/gateway/town.h"
#include "tests/support/skip.h"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace amt;
using namespace amt::test;

namespace {

const std::string envelopeId = "0b8f9a0e-6f0e-4a59-9a61-6d2f6f3b1c01";

bool skipWithoutPostgres()
{
    return skipUnless(std::getenv("AMT_TEST_POSTGRES"), "runs beside a PostgreSQL only");
}

/// Does `first` in one gateway; before its nth statement the other does `second`, whole. Returns
/// how many statements `first` had before it wrote: afterwards the other would wait for its locks.
int interleaved(GatewayTown& town, int nth, const std::function<void()>& first,
                const std::function<void()>& second)
{
    int statements = 0;
    bool wrote = false, done = false;
    town.beforeAsking = [&](std::string_view statement) {
        if (statement.find("allowance") != std::string_view::npos)
            return; // drawn before the commit begins
        wrote = wrote || !statement.starts_with("SELECT");
        if (wrote)
            return;
        if (++statements == nth) {
            done = true;
            second();
        }
    };
    first();
    town.beforeAsking = nullptr;
    return done;
}

} // namespace

BOOST_AUTO_TEST_SUITE(two_gateways)

BOOST_AUTO_TEST_CASE(an_envelope_announced_at_both_has_one_submission)
{
    if (skipWithoutPostgres())
        return;
    int nth = 0;
    for (bool both = true; both;) {
        ++nth;
        GatewayTown here;
        GatewayTown there{GatewayTown::Beside{here}};
        here.tokenOf(Who::Sender);
        there.tokenOf(Who::Sender);
        std::set<std::string> submissions;
        const auto announce = [&](GatewayTown& town) {
            const auto answer = town.announce(envelopeId, town.announcement());
            BOOST_TEST(answer.status == 201);
            submissions.insert(GatewayTown::idsOf(answer).submission);
        };
        both = interleaved(
            here, nth, [&] { announce(here); }, [&] { announce(there); });
        BOOST_TEST_INFO("before statement " << nth);
        BOOST_TEST(submissions.size() == 1U);
        BOOST_TEST(here.gateway->census().size() == 1U);
    }
    BOOST_TEST(nth > 3); // a gap was tried behind the first look, too
}

BOOST_AUTO_TEST_CASE(a_submission_takes_one_of_two_contents)
{
    if (skipWithoutPostgres())
        return;
    int nth = 0;
    for (bool both = true; both;) {
        ++nth;
        GatewayTown here;
        GatewayTown there{GatewayTown::Beside{here}};
        const auto ids = GatewayTown::idsOf(here.announce(envelopeId, here.announcement()));
        there.tokenOf(Who::Sender);
        const std::string metadata = here.sealed("{}");
        std::multiset<int> answers;
        const auto submit = [&](GatewayTown& town) {
            const std::string body = GatewayTown::submitBody(metadata, town.sealed("{}"));
            answers.insert(town.ask(Who::Sender, "PUT", "/v2/submissions/" + ids.submission,
                                    "application/json", body)
                               .status);
        };
        both = interleaved(
            here, nth, [&] { submit(here); }, [&] { submit(there); });
        BOOST_TEST_INFO("before statement " << nth);
        if (both)
            BOOST_TEST((answers == std::multiset<int>{200, 409}));
        BOOST_TEST(here.eventsOf(ids.opened).size() == 2U);
    }
    BOOST_TEST(nth > 3); // a gap was tried behind the first look, too
}

BOOST_AUTO_TEST_CASE(a_case_is_closed_once)
{
    if (skipWithoutPostgres())
        return;
    int nth = 0;
    for (bool both = true; both;) {
        ++nth;
        GatewayTown here;
        GatewayTown there{GatewayTown::Beside{here}};
        const auto sent = here.send();
        here.tokenOf(Who::Subscriber);
        there.tokenOf(Who::Subscriber);
        const auto accept = [&](GatewayTown& town) {
            BOOST_TEST(town.post(town.acceptOf(sent)).status == 204);
        };
        both = interleaved(
            here, nth, [&] { accept(here); }, [&] { accept(there); });
        BOOST_TEST_INFO("before statement " << nth);
        BOOST_TEST(here.eventsOf(sent.ids.opened).size() == 3U);
    }
    BOOST_TEST(nth > 3); // a gap was tried behind the first look, too
}

BOOST_AUTO_TEST_CASE(jobs_of_both_say_each_thing_once)
{
    if (skipWithoutPostgres())
        return;
    GatewayTown here;
    GatewayTown there{GatewayTown::Beside{here}};
    const auto waiting = here.send();
    const auto incomplete = GatewayTown::idsOf(here.announce(envelopeId, here.announcement()));
    for (int day = 0; day < 15; ++day) {
        here.passTime(std::chrono::hours(24));
        there.passTime(std::chrono::hours(24));
    }
    here.forgetTokens();
    BOOST_TEST(here.eventsOf(waiting.ids.opened).size() == 4U); // create, submit, notify, reject
    BOOST_TEST(here.eventsOf(incomplete.opened).size() == 2U);  // create, delete
}

BOOST_AUTO_TEST_CASE(a_server_that_is_away_is_an_answer)
{
    sim::SimLoop loop(fromIso("2026-11-21T09:00:00Z"));
    const auto books = gateway::makePostgresBooks("postgresql:///x?host=/nonexistent", loop);
    BOOST_CHECK_EXCEPTION(books->ask("SELECT 1", {}), Error, [](const Error& failure) {
        return failure.errorCode() == ErrorCode::DatabaseUnavailable;
    });
    BOOST_CHECK_EXCEPTION(books->transact([] {}), Error, [](const Error& failure) {
        return failure.errorCode() == ErrorCode::DatabaseUnavailable;
    });
}

BOOST_AUTO_TEST_CASE(a_connection_that_was_cut_is_made_again)
{
    if (skipWithoutPostgres())
        return;
    GatewayTown here;
    GatewayTown there{GatewayTown::Beside{here}};
    here.tokenOf(Who::Sender);
    there.books->ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                     " WHERE pid <> pg_backend_pid() AND application_name = 'amt-gateway'",
                     {});
    BOOST_TEST(here.announce(envelopeId, here.announcement()).status == 503);
    here.passTime(std::chrono::seconds(2));
    const auto announced = here.announce(envelopeId, here.announcement());
    BOOST_TEST(announced.status == 201);
    BOOST_TEST(here.gateway->census().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_zero_byte_is_refused_and_not_cut_off)
{
    if (skipWithoutPostgres())
        return;
    GatewayTown here;
    BOOST_CHECK_EXCEPTION(
        here.books->ask("SELECT id FROM client WHERE id = $1", {std::string("a\0b", 3)}), Error,
        [](const Error& failure) { return failure.errorCode() == ErrorCode::InputMalformed; });
}

BOOST_AUTO_TEST_SUITE_END()
