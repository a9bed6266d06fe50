// SPDX-License-Identifier: EUPL-1.2
//
// What bad input gets: the right status and a problem, whatever the address.
#include "tests/gateway/town.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;

namespace {

const std::string someId = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f77";
const std::string form = "application/x-www-form-urlencoded";
const std::string plainJson = "application/json";
const std::string jose = "application/jose";

/// SUBMISSION and CASE in path and body stand for a submission of Sender that was announced.
struct Refusal {
    std::string name;
    Who who;
    std::string method, path, type, body;
    int status;
    std::string problem;
};
std::ostream& operator<<(std::ostream& out, const Refusal& refusal)
{
    return out << refusal.name;
}

const std::string announcement = R"({"destinationId":")" + destinationId +
                                 R"(","announcedAttachments":[],"publicService":{"identifier":")" +
                                 parkingService + R"("}})";
const std::string submissions = "/v2/submissions";
const std::string known = "/v2/submissions/SUBMISSION";

const Refusal refusals[] = {
    // who asks
    {"no token", Who::Nobody, "GET", submissions, "", "", 401, "unauthorized"},
    {"no token, unknown address", Who::Nobody, "GET", "/v2/nothing", "", "", 401, "unauthorized"},
    {"no token, root", Who::Nobody, "GET", "/", "", "", 401, "unauthorized"},
    {"no token for a destination", Who::Nobody, "GET", "/v2/destinations/" + destinationId, "", "",
     401, "unauthorized"},
    {"no token for an event log", Who::Nobody, "GET", "/v2/cases/CASE/events", "", "", 401,
     "unauthorized"},
    {"a subscriber may not announce", Who::Subscriber, "POST", submissions, plainJson, announcement,
     403, "scope-missing"},
    {"a sender may not list", Who::Sender, "GET", submissions + "?destinationId=" + destinationId,
     "", "", 403, "scope-missing"},
    {"a sender may not fetch", Who::Sender, "GET", known, "", "", 403, "scope-missing"},
    {"a sender may not accept", Who::Sender, "POST", "/v2/cases/CASE/events", jose, "x", 403,
     "scope-missing"},
    {"a sender may not change a destination", Who::Sender, "PATCH",
     "/v2/destinations/" + destinationId, plainJson, R"({"status":"inactive"})", 403,
     "scope-missing"},
    // whose it is
    {"another town's submission", Who::OtherSender, "PUT", known, plainJson,
     R"({"encryptedMetadata":"a","encryptedData":"b"})", 404, "submission-not-found"},
    {"another town's attachment", Who::OtherSender, "PUT", known + "/attachments/" + someId, jose,
     "x", 404, "submission-not-found"},
    {"another town's events", Who::OtherSender, "GET", "/v2/cases/CASE/events", "", "", 404,
     "case-not-found"},
    {"another town's submission events", Who::OtherSender, "GET", known + "/events", "", "", 404,
     "submission-not-found"},
    {"another office's list", Who::OtherSubscriber, "GET",
     submissions + "?destinationId=" + destinationId, "", "", 404, "destination-not-found"},
    {"another office's case", Who::OtherSubscriber, "POST", "/v2/cases/CASE/events", jose, "x", 404,
     "case-not-found"},
    {"another office's destination", Who::OtherSubscriber, "PATCH",
     "/v2/destinations/" + destinationId, plainJson, R"({"status":"inactive"})", 404,
     "destination-not-found"},
    // addresses and methods
    {"unknown address", Who::Sender, "GET", "/v2/nothing", "", "", 404, "address-not-found"},
    {"an older API", Who::Sender, "GET", "/v1/submissions", "", "", 404, "address-not-found"},
    {"a slash too many", Who::Sender, "POST", "/v2/submissions/", plainJson, announcement, 405,
     "method-not-allowed"},
    {"path upwards", Who::Sender, "GET", "/v2/../health", "", "", 404, "address-not-found"},
    {"delete", Who::Sender, "DELETE", known, "", "", 405, "method-not-allowed"},
    {"head", Who::Nobody, "HEAD", "/health", "", "", 405, "method-not-allowed"},
    {"get a token", Who::Nobody, "GET", "/token", "", "", 405, "method-not-allowed"},
    {"post keys", Who::Nobody, "POST", "/.well-known/jwks.json", plainJson, "{}", 405,
     "method-not-allowed"},
    {"unknown destination", Who::Sender, "GET", "/v2/destinations/" + someId, "", "", 404,
     "destination-not-found"},
    {"unknown key", Who::Sender, "GET", "/v2/destinations/" + destinationId + "/keys/none", "", "",
     404, "key-not-found"},
    {"the list of keys", Who::Sender, "GET", "/v2/destinations/" + destinationId + "/keys", "", "",
     404, "address-not-found"},
    {"unknown submission", Who::Sender, "PUT", "/v2/submissions/" + someId, plainJson,
     R"({"encryptedMetadata":"a","encryptedData":"b"})", 404, "submission-not-found"},
    {"unknown case", Who::Sender, "GET", "/v2/cases/" + someId + "/events", "", "", 404,
     "case-not-found"},
    {"not submitted yet", Who::Subscriber, "GET", known, "", "", 404, "submission-not-found"},
    // bodies
    {"a body with a question", Who::Sender, "GET", "/v2/cases/CASE/events", plainJson, "{}", 400,
     "body-unexpected"},
    {"announcement as text", Who::Sender, "POST", submissions, "text/plain", announcement, 415,
     "unsupported-media-type"},
    {"announcement as form", Who::Sender, "POST", submissions, form, announcement, 415,
     "unsupported-media-type"},
    {"announcement without a type", Who::Sender, "POST", submissions, "", announcement, 415,
     "unsupported-media-type"},
    {"attachment as JSON", Who::Sender, "PUT", known + "/attachments/" + someId, plainJson, "x",
     415, "unsupported-media-type"},
    {"event as JSON", Who::Subscriber, "POST", "/v2/cases/CASE/events", plainJson, "{}", 415,
     "unsupported-media-type"},
    {"announcement too large", Who::Sender, "POST", submissions, plainJson,
     std::string(64 * 1024 + 1, ' '), 413, "body-too-large"},
    {"attachment too large", Who::Sender, "PUT", known + "/attachments/" + someId, jose,
     std::string(100'001, 'x'), 413, "body-too-large"},
    {"submission too large", Who::Sender, "PUT", known, plainJson, std::string(200'001, ' '), 413,
     "body-too-large"},
    {"event too large", Who::Subscriber, "POST", "/v2/cases/CASE/events", jose,
     std::string(64 * 1024 + 1, 'x'), 413, "body-too-large"},
    {"token form too large", Who::Nobody, "POST", "/token", form, std::string(8 * 1024 + 1, 'a'),
     413, "body-too-large"},
    {"not JSON", Who::Sender, "POST", submissions, plainJson, "hello", 400, "malformed-request"},
    {"an array", Who::Sender, "POST", submissions, plainJson, "[]", 400, "malformed-request"},
    {"an empty body", Who::Sender, "POST", submissions, plainJson, "", 400, "malformed-request"},
    {"a doubled key", Who::Sender, "POST", submissions, plainJson,
     R"({"destinationId":"a","destinationId":"b"})", 400, "malformed-request"},
    {"an unknown key", Who::Sender, "POST", submissions, plainJson,
     R"({"destinationId":"a","publicService":{"identifier":"b"},"more":1})", 400,
     "malformed-request"},
    {"v1's serviceType", Who::Sender, "POST", submissions, plainJson,
     R"({"destinationId":")" + destinationId + R"(","serviceType":{"identifier":"b"}})", 400,
     "malformed-request"},
    {"numbers for ids", Who::Sender, "POST", submissions, plainJson,
     R"({"destinationId":1,"publicService":{"identifier":2}})", 400, "malformed-request"},
    {"deep JSON", Who::Sender, "POST", submissions, plainJson,
     std::string(2000, '[') + std::string(2000, ']'), 400, "malformed-request"},
    // content
    {"announced for nobody", Who::Sender, "POST", submissions, plainJson,
     R"({"destinationId":")" + someId + R"(","publicService":{"identifier":")" + parkingService +
         R"("}})",
     404, "destination-not-found"},
    {"another service", Who::Sender, "POST", submissions, plainJson,
     R"({"destinationId":")" + destinationId +
         R"(","publicService":{"identifier":"urn:de:fim:leika:leistung:99000000000000"}})",
     422, "unsupported-service"},
    {"not a LeiKa key", Who::Sender, "POST", submissions, plainJson,
     R"({"destinationId":")" + destinationId + R"(","publicService":{"identifier":"parken"}})", 422,
     "unsupported-service"},
    {"attachment id that is a path", Who::Sender, "POST", submissions, plainJson,
     R"({"destinationId":")" + destinationId +
         R"(","announcedAttachments":["../x"],"publicService":{"identifier":")" + parkingService +
         R"("}})",
     400, "malformed-request"},
    {"attachment id twice", Who::Sender, "POST", submissions, plainJson,
     R"({"destinationId":")" + destinationId + R"(","announcedAttachments":[")" + someId +
         R"(",")" + someId + R"("],"publicService":{"identifier":")" + parkingService + R"("}})",
     400, "malformed-request"},
    {"unknown case to join", Who::Sender, "POST", submissions, plainJson,
     R"({"destinationId":")" + destinationId + R"(","caseId":")" + someId +
         R"(","publicService":{"identifier":")" + parkingService + R"("}})",
     404, "case-not-found"},
    {"attachment nobody announced", Who::Sender, "PUT", known + "/attachments/" + someId, jose, "x",
     404, "attachment-not-found"},
    {"only metadata", Who::Sender, "PUT", known, plainJson, R"({"encryptedMetadata":"a"})", 400,
     "malformed-request"},
    {"only data", Who::Sender, "PUT", known, plainJson, R"({"encryptedData":"a"})", 400,
     "malformed-request"},
    {"not a JWE", Who::Sender, "PUT", known, plainJson,
     R"({"encryptedMetadata":"a","encryptedData":"b"})", 422, "invalid-jwe"},
    {"not a JWS", Who::Subscriber, "POST", "/v2/cases/CASE/events", jose, "hello", 422,
     "invalid-event"},
    {"unknown status", Who::Subscriber, "PATCH", "/v2/destinations/" + destinationId, plainJson,
     R"({"status":"gone"})", 422, "destination-state-invalid"},
    // queries
    {"list without a destination", Who::Subscriber, "GET", submissions, "", "", 400,
     "destination-missing"},
    {"limit over 500", Who::Sender, "GET", "/v2/cases/CASE/events?limit=501", "", "", 400,
     "paging-invalid"},
    {"limit 0", Who::Sender, "GET", "/v2/cases/CASE/events?limit=0", "", "", 400, "paging-invalid"},
    {"negative offset", Who::Sender, "GET", "/v2/cases/CASE/events?offset=-1", "", "", 400,
     "paging-invalid"},
    {"offset with letters", Who::Sender, "GET", "/v2/cases/CASE/events?offset=1x", "", "", 400,
     "paging-invalid"},
    {"unknown query", Who::Sender, "GET", "/v2/cases/CASE/events?order=up", "", "", 400,
     "query-unexpected"},
    {"query where none is known", Who::Nobody, "GET", "/health?verbose=1", "", "", 400,
     "query-unexpected"},
    {"doubled query", Who::Sender, "GET", "/v2/cases/CASE/events?limit=1&limit=2", "", "", 400,
     "malformed-request"},
    {"broken escape", Who::Sender, "GET", "/v2/cases/CASE/events?limit=%zz", "", "", 400,
     "malformed-request"},
};

std::string filledIn(std::string text, const GatewayTown::Ids& ids)
{
    for (const auto& [word, value] : {std::pair(std::string("SUBMISSION"), ids.submission),
                                      {std::string("CASE"), ids.opened}}) {
        if (const auto at = text.find(word); at != std::string::npos)
            text.replace(at, word.size(), value);
    }
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_refusals)

BOOST_DATA_TEST_CASE(bad_input_is_refused_with_the_right_problem, data::make(refusals), refusal)
{
    GatewayTown town;
    const auto ids = GatewayTown::idsOf(town.announce(randomUuid(town.random), announcement));
    const auto response = town.ask(refusal.who, refusal.method, filledIn(refusal.path, ids),
                                   refusal.type, refusal.body);
    BOOST_TEST(response.status == refusal.status);
    BOOST_TEST(response.header("Content-Type") == "application/problem+json");
    BOOST_TEST(GatewayTown::problemOf(response) == refusal.problem);
    const auto body = json::parseObject(response.body);
    BOOST_TEST(json::text(*body, "type")
                   .starts_with("https://schema.fitko.de/fit-connect/submission-api/problems/"));
    BOOST_TEST(json::integer(*body, "status") == refusal.status);
    if (refusal.status == 405)
        BOOST_TEST(!response.header("Allow").empty());
    if (refusal.status == 401)
        BOOST_TEST(response.header("WWW-Authenticate") == "Bearer");
    // nothing happened
    BOOST_TEST(town.gateway->census().size() == 1U);
    BOOST_TEST(town.gateway->census()[0].state == "announced");
    BOOST_TEST(town.eventsOf(ids.opened).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_foreign_host_is_refused_before_anything_else)
{
    GatewayTown town;
    for (const char* path : {"/health", "/token", "/v2/submissions", "/nothing"}) {
        const auto response = town.ask({.method = "GET",
                                        .path = path,
                                        .query = {},
                                        .headers = {{"host", "evil.example"}},
                                        .body = {},
                                        .peer = {}});
        BOOST_TEST(response.status == 421);
    }
    BOOST_TEST(town.gateway->handle({}).status == 400);
}

BOOST_AUTO_TEST_CASE(a_request_without_user_agent_is_taken_for_a_robot)
{
    GatewayTown town;
    BOOST_TEST(town.ask(Who::Sender, "GET", "/v2/destinations/" + destinationId, "", "",
                        {{"user-agent", ""}})
                   .status == 403);
    BOOST_TEST(town.ask(Who::Nobody, "GET", "/health", "", "", {{"user-agent", ""}}).status == 200);
}

BOOST_AUTO_TEST_CASE(an_idempotency_key_is_a_uuid)
{
    GatewayTown town;
    const auto response = town.announce("../../etc", announcement);
    BOOST_TEST(response.status == 400);
    BOOST_TEST(GatewayTown::problemOf(response) == "idempotency-key-invalid");
}

BOOST_AUTO_TEST_SUITE_END()
