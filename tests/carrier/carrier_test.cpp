// SPDX-License-Identifier: EUPL-1.2
//
// Rounds: order, limits, back-off, outages, keys and what the node is told.
#include "tests/carrier/journey.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;

namespace {

HttpResponse status(int number, std::vector<std::pair<std::string, std::string>> headers = {},
                    const std::string& body = {})
{
    return {
        .status = number, .headers = std::move(headers), .body = body, .eventTopic = std::nullopt};
}

HttpResponse refusal(int number, const std::string& type)
{
    return status(number, {{"Content-Type", "application/problem+json"}},
                  R"({"type":"https://schema.fitko.de/fit-connect/submission-api/problems/)" +
                      type + R"("})");
}

} // namespace

BOOST_AUTO_TEST_SUITE(carrier_rounds)

BOOST_AUTO_TEST_CASE(a_case_goes_there_and_its_answer_comes_back)
{
    Journey journey;
    journey.seal(2);
    journey.town.passTime(std::chrono::seconds(5));
    BOOST_TEST(journey.node.envelopes[0].state == "STORED");
    journey.run();
    journey.checkArrived();
    BOOST_TEST(journey.node.reports.at(0));
}

BOOST_AUTO_TEST_CASE(twenty_cases_arrive_within_the_minute)
{
    Journey journey;
    for (int i = 0; i < 20; ++i)
        journey.seal(0);
    journey.town.passTime(std::chrono::seconds(30));
    for (const auto& envelope : journey.node.envelopes)
        BOOST_TEST(envelope.state == "STORED");
    journey.run();
    journey.checkArrived();
}

BOOST_AUTO_TEST_CASE(at_most_two_uploads_are_under_way)
{
    Journey journey;
    journey.portalLine.way = std::chrono::seconds(1);
    int open = 0, most = 0;
    journey.portalLine.choose = [&](int, const HttpRequest& request) {
        if (request.method == "PUT" || request.method == "POST")
            most = std::max(most, ++open);
        return Fault::None;
    };
    journey.front = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (request.method == "PUT" || request.method == "POST")
            --open;
        return std::nullopt;
    };
    for (int i = 0; i < 8; ++i)
        journey.seal(1);
    journey.run();
    journey.checkArrived();
    BOOST_TEST(most == 2);
}

BOOST_AUTO_TEST_CASE(one_stuck_case_does_not_block_another)
{
    Journey journey;
    auto& stuck = journey.seal(0);
    const std::string id = stuck.id;
    journey.front = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        const auto key = request.headers.find("idempotency-key");
        if (key != request.headers.end() && key->second == id)
            return status(500);
        return std::nullopt;
    };
    for (int i = 0; i < 5; ++i)
        journey.seal(0);
    journey.town.passTime(std::chrono::seconds(60));
    for (const auto& envelope : journey.node.envelopes)
        BOOST_TEST((envelope.id == id) == (envelope.state == "SEALED"));
    for (const bool reachable : journey.node.reports)
        BOOST_TEST(reachable); // one case's trouble is no outage
    journey.front = nullptr;
    journey.run();
    journey.checkArrived();
}

BOOST_AUTO_TEST_CASE(after_ten_failures_a_destination_gets_one_try_in_a_quarter_of_an_hour)
{
    Journey journey;
    for (int i = 0; i < 6; ++i)
        journey.seal(0);
    int tries = 0;
    journey.front = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (request.method != "POST" || request.path != "/v2/submissions")
            return std::nullopt;
        ++tries;
        return status(503);
    };
    journey.town.passTime(std::chrono::minutes(30));
    const int before = tries;
    BOOST_TEST(before >= 10);
    BOOST_TEST(before <= 15);
    journey.town.passTime(std::chrono::hours(2));
    BOOST_TEST(tries - before <= 9);
    BOOST_TEST(tries - before >= 4);
    journey.front = nullptr;
    journey.run();
    journey.checkArrived();
}

BOOST_AUTO_TEST_CASE(an_outage_is_told_and_its_end_is_seen_within_seconds)
{
    Journey journey;
    journey.carrierSettings.probe.most = std::chrono::seconds(5);
    journey.startCarrier();
    journey.town.passTime(std::chrono::seconds(10));
    BOOST_TEST(journey.node.reports.back());
    journey.portalLine.isCut = true;
    journey.seal(1);
    journey.town.passTime(std::chrono::minutes(2));
    BOOST_TEST(!journey.node.reports.back());
    journey.town.passTime(std::chrono::hours(5));
    BOOST_TEST(!journey.node.reports.back());
    journey.portalLine.isCut = false;
    journey.town.passTime(
        std::chrono::seconds(20)); // a probe under way gives up, the next comes through
    BOOST_TEST(journey.node.reports.back());
    BOOST_TEST(journey.node.envelopes[0].state == "STORED");
}

BOOST_AUTO_TEST_CASE(a_silent_portal_is_not_run_into_by_everyone)
{
    Journey journey;
    journey.portalLine.isCut = true;
    for (int i = 0; i < 10; ++i)
        journey.seal(0);
    journey.town.passTime(std::chrono::hours(3));
    BOOST_TEST(journey.portalLine.sent < 60); // probes only, with back-off
    journey.portalLine.isCut = false;
    journey.run();
    journey.checkArrived();
}

BOOST_AUTO_TEST_CASE(retry_after_is_honoured)
{
    Journey journey;
    journey.seal(0);
    int tries = 0;
    journey.front = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (request.method != "POST" || request.path != "/v2/submissions")
            return std::nullopt;
        ++tries;
        return status(429, {{"Retry-After", "1200"}});
    };
    journey.town.passTime(std::chrono::minutes(19));
    BOOST_TEST(tries == 1);
    journey.town.passTime(std::chrono::minutes(2));
    BOOST_TEST(tries == 2);
    journey.front = nullptr;
    journey.run();
    journey.checkArrived();
}

BOOST_AUTO_TEST_CASE(wrong_credentials_stop_all_sending_and_lose_nothing)
{
    Journey journey;
    journey.front = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (request.path == "/token")
            return status(401, {}, R"({"error":"invalid_client"})");
        return std::nullopt;
    };
    for (int i = 0; i < 5; ++i)
        journey.seal(0);
    journey.town.passTime(std::chrono::hours(1));
    int tokens = 0;
    for (const auto& line : journey.served)
        tokens += line == "POST /token" ? 1 : 0;
    BOOST_TEST(tokens < 40);
    BOOST_TEST(!journey.node.reports.back());
    for (const auto& envelope : journey.node.envelopes)
        BOOST_TEST(envelope.state == "SEALED");
    journey.front = nullptr;
    journey.run();
    journey.checkArrived();
}

namespace {

struct Refusal {
    std::string path; ///< ends so
    std::string method;
    int status;
    std::string held;
};
std::ostream& operator<<(std::ostream& out, const Refusal& refused)
{
    return out << refused.held;
}
const Refusal refusals[] = {
    {"/v2/submissions", "POST", 404, "announce 404"},
    {"/v2/submissions", "POST", 409, "announce 409"},
    {"/v2/submissions", "POST", 410, "announce 410"},
    {"/v2/submissions", "POST", 422, "announce 422"},
    {"attachment", "PUT", 413, "attachment 413"},
    {"attachment", "PUT", 409, "attachment 409"},
    {"submission", "PUT", 422, "submit 422"},
    {"submission", "PUT", 409, "submit 409"},
};

} // namespace

BOOST_DATA_TEST_CASE(a_definite_refusal_is_handed_to_a_person_at_once, data::make(refusals),
                     refused)
{
    Journey journey;
    auto& envelope = journey.seal(1);
    journey.front = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (request.method != refused.method)
            return std::nullopt;
        const bool attachment = request.path.find("/attachments/") != std::string::npos;
        if (refused.method == "PUT" && attachment != (refused.path == "attachment"))
            return std::nullopt;
        if (refused.method == "POST" && request.path != refused.path)
            return std::nullopt;
        return refusal(refused.status, "some-problem");
    };
    journey.town.passTime(std::chrono::seconds(30));
    BOOST_TEST(envelope.state == "HELD");
    BOOST_TEST(envelope.heldReason == refused.held);
    journey.checkOnce();
}

BOOST_AUTO_TEST_CASE(keys_are_brought_at_the_start_and_every_six_hours)
{
    Journey journey;
    journey.node.destinations = {destinationId};
    journey.town.passTime(std::chrono::minutes(1));
    BOOST_TEST(journey.node.keyRefreshes == 1);
    BOOST_TEST(journey.node.serviceKeysGiven == 1);
    journey.town.passTime(std::chrono::hours(7));
    BOOST_TEST(journey.node.keyRefreshes == 2);
    BOOST_TEST(journey.node.serviceKeysGiven == 2);
    journey.node.wantsServiceKeys = true;
    journey.town.passTime(std::chrono::minutes(2));
    BOOST_TEST(journey.node.serviceKeysGiven == 3);
    BOOST_TEST(!journey.node.wantsServiceKeys);
}

BOOST_AUTO_TEST_CASE(a_node_that_is_away_is_asked_again_and_told_how_the_portal_is)
{
    Journey journey;
    journey.town.passTime(std::chrono::seconds(10));
    journey.nodeLine.isCut = true;
    journey.town.passTime(std::chrono::minutes(10));
    journey.seal(0);
    journey.node.reports.clear();
    journey.nodeLine.isCut = false;
    journey.town.passTime(std::chrono::seconds(15));
    BOOST_TEST(!journey.node.reports.empty());
    BOOST_TEST(journey.node.envelopes[0].state == "STORED");
}

BOOST_AUTO_TEST_CASE(nothing_comes_back_to_a_carrier_that_has_gone)
{
    Journey journey;
    journey.seal(1);
    journey.town.passTime(Milliseconds(30));
    journey.carrier.reset();
    journey.town.passTime(std::chrono::minutes(1));
    BOOST_TEST(journey.node.envelopes[0].state == "SEALED");
    journey.startCarrier();
    journey.run();
    journey.checkArrived();
}

BOOST_AUTO_TEST_SUITE_END()
