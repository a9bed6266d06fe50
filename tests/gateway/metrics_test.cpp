// SPDX-License-Identifier: EUPL-1.2
//
// What the operator sees: text that Prometheus reads, true numbers, and nothing about anybody.
#include "sync/gateway/metrics.h"
#include "tests/gateway/town.h"

#include <boost/test/unit_test.hpp>

#include <regex>
#include <set>
#include <sstream>

using namespace amt;
using namespace amt::test;

namespace {

const std::string envelopeId = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f01";

struct OperatedTown {
    HttpResponse ask(const std::string& path, const std::string& method = "GET")
    {
        gateway::Operations operations(*town.counters, *town.books, town.loop);
        return operations.answer(
            {.method = method, .path = path, .query = {}, .headers = {}, .body = {}, .peer = {}});
    }
    /// By name and labels.
    std::map<std::string, std::int64_t> samples()
    {
        std::map<std::string, std::int64_t> all;
        std::istringstream lines(ask("/metrics").body);
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with("#"))
                all[line.substr(0, line.rfind(' '))] = std::stoll(line.substr(line.rfind(' ')));
        }
        return all;
    }

    GatewayTown town;
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_metrics)

BOOST_AUTO_TEST_CASE(the_text_is_prometheus_own)
{
    OperatedTown operated;
    operated.town.send();
    const auto response = operated.ask("/metrics");
    BOOST_TEST(response.status == 200);
    BOOST_TEST(response.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
    BOOST_TEST(response.body.ends_with("\n"));
    // text format 0.0.4: HELP and TYPE once before the samples of a name, one sample a line
    const std::regex help(R"(# HELP ([a-z_]+) [^\\]+)");
    const std::regex type(R"(# TYPE ([a-z_]+) (counter|gauge))");
    const std::regex sample(R"re(([a-z_]+)(\{[a-z]+="[a-z0-9-]+"\})? ([0-9]+))re");
    std::set<std::string> begun, seen;
    std::string current, kind;
    std::istringstream lines(response.body);
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (std::regex_match(line, match, help)) {
            current = match[1];
            BOOST_TEST(begun.insert(current).second);
        } else if (std::regex_match(line, match, type)) {
            BOOST_TEST(match[1] == current);
            BOOST_TEST((match[2] == "counter") == current.ends_with("_total"));
        } else {
            BOOST_REQUIRE_MESSAGE(std::regex_match(line, match, sample), line);
            BOOST_TEST(match[1] == current);
            BOOST_TEST(seen.insert(line.substr(0, line.rfind(' '))).second);
        }
    }
    BOOST_TEST(begun.size() > 10U);
}

BOOST_AUTO_TEST_CASE(queues_and_events_are_counted)
{
    OperatedTown operated;
    GatewayTown& town = operated.town;
    const auto first = town.send();
    town.passTime(std::chrono::hours(24 * 4)); // held
    town.forgetTokens();
    town.send();
    town.announce(envelopeId, town.announcement());
    town.announce(envelopeId, town.announcement()); // said again, done once
    town.passTime(std::chrono::seconds(90));
    auto now = operated.samples();
    BOOST_TEST(now.at(R"(amt_gateway_submissions{state="submitted"})") == 2);
    BOOST_TEST(now.at(R"(amt_gateway_submissions{state="announced"})") == 1);
    BOOST_TEST(now.at(R"(amt_gateway_submission_oldest_seconds{state="submitted"})") ==
               4 * 24 * 3600 + 90);
    BOOST_TEST(now.at(R"(amt_gateway_submission_oldest_seconds{state="announced"})") == 90);
    BOOST_TEST(now.at("amt_gateway_submissions_held") == 1);
    BOOST_TEST(now.at(R"(amt_gateway_events_total{kind="create-submission"})") == 3);
    BOOST_TEST(now.at(R"(amt_gateway_events_total{kind="submit-submission"})") == 2);
    BOOST_TEST(now.at(R"(amt_gateway_events_total{kind="notify-submission"})") == 1);
    BOOST_TEST(now.at(R"(amt_gateway_events_total{kind="accept-submission"})") == 0);
    BOOST_TEST(now.at("amt_gateway_database_up") == 1);

    const auto accept = town.acceptOf(first);
    BOOST_TEST(town.post(accept).status == 204);
    BOOST_TEST(town.post(accept).status == 204);
    town.passTime(std::chrono::hours(24 * 2));
    now = operated.samples();
    BOOST_TEST(now.at(R"(amt_gateway_submissions{state="submitted"})") == 1);
    BOOST_TEST(now.at(R"(amt_gateway_submissions{state="announced"})") == 0);
    BOOST_TEST(now.at(R"(amt_gateway_submission_oldest_seconds{state="announced"})") == 0);
    BOOST_TEST(now.at("amt_gateway_submissions_held") == 0);
    BOOST_TEST(now.at(R"(amt_gateway_events_total{kind="accept-submission"})") == 1);
    BOOST_TEST(now.at(R"(amt_gateway_events_total{kind="delete-submission"})") == 1);
}

BOOST_AUTO_TEST_CASE(answers_are_counted_by_their_class)
{
    OperatedTown operated;
    GatewayTown& town = operated.town;
    town.tokenOf(Who::Sender);
    const auto before = operated.samples();
    const auto more = [&](const std::string& name) {
        return operated.samples().at(name) - before.at(name);
    };
    for (int i = 0; i < 3; ++i)
        town.ask(Who::Sender, "GET", "/v2/nothing");
    for (int i = 0; i < 700; ++i)
        town.ask(Who::Sender, "GET", "/v2/destinations/" + destinationId);
    BOOST_TEST(more(R"(amt_gateway_answers_total{class="2xx"})") == 597);
    BOOST_TEST(more(R"(amt_gateway_answers_total{class="4xx"})") == 3 + 103);
    BOOST_TEST(more("amt_gateway_over_allowance_total") == 103);
    town.beforeAsking = [](std::string_view) {
        throw Error(ErrorCode::DatabaseUnavailable, "away");
    };
    town.ask(Who::Sender, "GET", "/v2/destinations/" + destinationId);
    const auto away = operated.samples();
    BOOST_TEST(operated.ask("/health").status == 503);
    town.beforeAsking = nullptr;
    BOOST_TEST(operated.ask("/health").status == 200);
    BOOST_TEST(away.at("amt_gateway_database_up") == 0);
    BOOST_TEST(!away.contains("amt_gateway_nodes"));
    BOOST_TEST(more("amt_gateway_database_errors_total") == 1);
    BOOST_TEST(more(R"(amt_gateway_answers_total{class="5xx"})") == 1);
}

BOOST_AUTO_TEST_CASE(callbacks_and_nodes_are_seen)
{
    OperatedTown operated;
    GatewayTown& town = operated.town;
    town.gateway->enter(gateway::CallbackEntry{"office-a", "https://office.example/", "CA",
                                               Secret(std::string_view("s"))});
    town.send(); // no door, so nobody tells
    town.ask(
        Who::Sender, "PUT", "/v2/journal-head", "application/json",
        portal::writeHead(
            {.incarnation = envelopeId, .head = {7, std::string(64, 'a')}, .known = std::nullopt}));
    town.passTime(std::chrono::seconds(30));
    auto now = operated.samples();
    BOOST_TEST(now.at("amt_gateway_callbacks_waiting") == 1);
    BOOST_TEST(now.at("amt_gateway_callback_oldest_seconds") == 30);
    BOOST_TEST(now.at("amt_gateway_callback_addresses_deaf") == 0);
    BOOST_TEST(now.at("amt_gateway_nodes") == 1);
    BOOST_TEST(now.at("amt_gateway_nodes_silent") == 0);
    town.books->ask("UPDATE callback_address SET failures = 3", {});
    town.passTime(std::chrono::hours(24));
    now = operated.samples();
    BOOST_TEST(now.at("amt_gateway_callback_addresses_deaf") == 1);
    BOOST_TEST(now.at("amt_gateway_nodes_silent") == 1);
}

BOOST_AUTO_TEST_CASE(nothing_is_said_about_anybody)
{
    OperatedTown operated;
    GatewayTown& town = operated.town;
    const auto sent = town.send();
    const std::string text = operated.ask("/metrics").body;
    BOOST_TEST(!std::regex_search(text, std::regex("[0-9a-f]{8}-[0-9a-f]{4}")));
    for (const std::string& word : {sent.ids.submission, sent.ids.opened, destinationId, tenant,
                                    std::string("town-a"), std::string("office-a")})
        BOOST_TEST(text.find(word) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(nothing_else_is_answered_on_the_operators_port)
{
    OperatedTown operated;
    BOOST_TEST(operated.ask("/").status == 404);
    BOOST_TEST(operated.ask("/v2/submissions").status == 404);
    BOOST_TEST(operated.ask("/token", "POST").status == 405);
    BOOST_TEST(operated.ask("/metrics", "POST").status == 405);
}

BOOST_AUTO_TEST_SUITE_END()
