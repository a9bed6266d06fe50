// SPDX-License-Identifier: EUPL-1.2
//
// What amt-sync asks and brings: sealed parts that only the destination opens, events that are
// believed when they are signed.
#include "sync/envelope/envelope.h"
#include "sync/portal/metadata.h"
#include "sync/portal/words.h"
#include "tests/node/town.h"
#include "tests/node/ways.h"
#include "tests/support/test_keys.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::test;
using node::Surface;

namespace {

constexpr auto submissionId = "11111111-2222-4333-8444-555555555555";
constexpr auto caseId = "99999999-8888-4777-8666-555555555555";

HttpResponse ask(Town& town, const std::string& method, const std::string& path,
                 const std::string& body = {})
{
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.body = body;
    request.peer = "sync";
    if (method == "POST")
        request.headers["content-type"] = "application/json";
    return town.handle(Surface::Sync, request);
}

std::string ids()
{
    return R"({"submissionId":")" + std::string(submissionId) + R"(","caseId":")" + caseId +
           R"("})";
}

envelope::SecurityEvent event(Town& town, envelope::EventKind kind, const std::string& issuer)
{
    envelope::SecurityEvent made;
    made.id = randomUuid(town.random);
    made.issuer = issuer;
    made.issuedAt = town.loop.utcNow();
    made.submissionId = submissionId;
    made.caseId = caseId;
    made.kind = kind;
    return made;
}

std::string eventsBody(int offset, const std::vector<std::string>& events)
{
    std::string list;
    for (const auto& one : events)
        list += (list.empty() ? "\"" : ",\"") + one + "\"";
    return R"({"offset":)" + std::to_string(offset) + R"(,"events":[)" + list + "]}";
}

struct SealedCase {
    std::string id, metadata, data;
    envelope::AuthenticationTags tags() const
    {
        return {envelope::tagOf(metadata), envelope::tagOf(data), {}};
    }
};

SealedCase sealedCase(Town& town)
{
    Browser kiosk(town, Surface::Kiosk);
    walkToDone(town, kiosk);
    SealedCase sealed;
    sealed.id = town.text("SELECT id FROM envelope");
    sealed.metadata = ask(town, "GET", "/sync/envelopes/" + sealed.id + "/metadata").body;
    sealed.data = ask(town, "GET", "/sync/envelopes/" + sealed.id + "/data").body;
    return sealed;
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_sync)

BOOST_AUTO_TEST_CASE(the_destination_opens_data_and_metadata_and_nobody_else_does)
{
    Town town;
    const auto sealed = sealedCase(town);
    const auto data = envelope::open(sealed.data, rsaKey(1), "encryption-1");
    const auto metadataText =
        toText(envelope::open(sealed.metadata, rsaKey(1), "encryption-1").plain);
    const std::string dataText = toText(data.plain);
    BOOST_TEST(data.contentType == "application/json");
    BOOST_TEST(data.plain.size() >= 4096U); // padded
    BOOST_TEST(dataText.find("Mustermann") != std::string::npos);
    BOOST_CHECK_THROW(envelope::open(sealed.data, rsaKey(4), "encryption-1"), Error);

    const auto metadata = portal::readMetadata(metadataText);
    BOOST_TEST(metadata.data.hash == toHex(envelope::sha512(data.plain)));
    BOOST_TEST(metadata.data.schemaUri == "urn:example:amtsstube:bewohnerparkausweis:1.0");
    BOOST_REQUIRE(metadata.payment.has_value());
    BOOST_TEST(metadata.payment->transactionId == "POS-65010001-004711-20261121");
    BOOST_TEST(metadata.payment->methodDetail == "girocard-POS");
    BOOST_TEST(metadata.payment->grossAmount->inCents() == 3070);
    BOOST_REQUIRE(metadata.reference.has_value());
    BOOST_TEST(metadata.reference->senderReference == town.text("SELECT reference FROM cases"));
    BOOST_REQUIRE(metadata.reference->digitalNotice.has_value());
    BOOST_TEST(*metadata.reference->digitalNotice == false); // a refusal is said, not left out
}

BOOST_AUTO_TEST_CASE(a_case_goes_its_way_from_sealed_to_accepted)
{
    Town town;
    const auto sealed = sealedCase(town);
    auto work = json::parseObject(ask(town, "GET", "/sync/work").body);
    const auto reported = [&] {
        return portal::readHead(json::write(*json::object(*work, "head"))).report.value();
    };
    BOOST_TEST(json::array(*work, "envelopes")->size() == 1U);
    BOOST_TEST(reported().waiting == 1);
    BOOST_TEST(reported().oldestWaiting.has_value());
    BOOST_TEST(reported().version == AMT_VERSION);
    const std::string base = "/sync/envelopes/" + sealed.id;
    BOOST_TEST(ask(town, "POST", base + "/announced", ids()).status == 204);
    BOOST_TEST(ask(town, "POST", base + "/announced", ids()).status == 204); // the answer was lost
    const auto submitted = [&] {
        auto made = event(town, envelope::EventKind::Submit, "https://gateway.example");
        made.tags = sealed.tags();
        return envelope::signEvent(made, rsaKey(3), "service-key-1");
    }();
    auto answer = ask(town, "POST", base + "/events", eventsBody(0, {submitted}));
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(json::text(*json::parseObject(answer.body), "state") == "STORED");
    work = json::parseObject(ask(town, "GET", "/sync/work").body);
    BOOST_TEST(json::array(*work, "envelopes")->size() == 0U);
    BOOST_TEST(json::array(*work, "awaiting")->size() == 1U);
    BOOST_TEST(reported().waiting == 0);
    BOOST_TEST(!reported().oldestWaiting.has_value());

    auto accepted =
        event(town, envelope::EventKind::Accept, "6f1c9a40-5b0e-4a86-9d0f-3f3f7f1c2a10");
    accepted.tags = sealed.tags();
    answer = ask(town, "POST", base + "/events",
                 eventsBody(1, {envelope::signEvent(accepted, rsaKey(2), "signature-1")}));
    BOOST_TEST(json::text(*json::parseObject(answer.body), "state") == "ACCEPTED");
    BOOST_TEST(town.text("SELECT state FROM envelope") == "PURGED");
    BOOST_TEST(ask(town, "GET", base + "/data").status == 404);
}

BOOST_AUTO_TEST_CASE(an_event_signed_by_the_wrong_key_holds_the_envelope_and_loses_nothing)
{
    Town town;
    const auto sealed = sealedCase(town);
    const std::string base = "/sync/envelopes/" + sealed.id;
    ask(town, "POST", base + "/announced", ids());
    auto submitted = event(town, envelope::EventKind::Submit, "https://gateway.example");
    submitted.tags = sealed.tags();
    const auto answer =
        ask(town, "POST", base + "/events",
            eventsBody(0, {envelope::signEvent(submitted, rsaKey(2), "service-key-1")}));
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(town.text("SELECT state FROM envelope") == "HELD");
    BOOST_TEST(ask(town, "GET", base + "/data").body == sealed.data);
}

BOOST_AUTO_TEST_CASE(what_is_malformed_or_unknown_is_refused)
{
    Town town;
    const auto sealed = sealedCase(town);
    const std::string base = "/sync/envelopes/" + sealed.id;
    struct Row {
        std::string path, body;
        int status;
    };
    const std::string unknown = "/sync/envelopes/0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10";
    const std::vector<Row> rows = {
        {base + "/announced", "", 400},
        {base + "/announced", "[]", 400},
        {base + "/announced", R"({"submissionId":"x","caseId":"y"})", 400},
        {base + "/announced", R"({"submissionId":1,"caseId":2})", 400},
        {unknown + "/announced", ids(), 404},
        {"/sync/envelopes/../announced", ids(), 404},
        {base + "/events", eventsBody(0, {"a.b.c"}), 409}, // not announced
        {base + "/events", R"({"offset":-1,"events":[]})", 400},
        {base + "/refused", R"({"step":"dance","status":422,"problemType":""})", 400},
        {base + "/refused", R"({"step":"submit","status":200,"problemType":""})", 400},
        {base + "/lost", R"({"submissionId":"11111111-2222-4333-8444-555555555555"})", 409},
        {"/sync/destinations/6f1c9a40-5b0e-4a86-9d0f-3f3f7f1c2a10",
         R"({"document":"{}","key":"{}"})", 422},
        {"/sync/status", R"({"reachable":"yes"})", 400},
    };
    for (const auto& row : rows) {
        const auto answer = ask(town, "POST", row.path, row.body);
        const bool refused =
            answer.status == row.status || (row.status == 422 && answer.status == 400);
        BOOST_TEST(refused, row.path << " " << row.body << ": " << answer.status);
        BOOST_TEST(answer.header("Content-Type") == "application/problem+json");
    }
    BOOST_TEST(town.text("SELECT state FROM envelope") == "SEALED");
}

BOOST_AUTO_TEST_CASE(a_definite_refusal_waits_for_a_person)
{
    Town town;
    const auto sealed = sealedCase(town);
    const auto answer = ask(town, "POST", "/sync/envelopes/" + sealed.id + "/refused",
                            R"({"step":"submit","status":422,"problemType":"schema-violation"})");
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(town.text("SELECT state FROM envelope") == "HELD");
}

BOOST_AUTO_TEST_CASE(the_weather_is_shown_to_the_citizen)
{
    Town town;
    Browser kiosk(town, Surface::Kiosk);
    kiosk.get("/");
    const std::string offline = kiosk.page.body;
    BOOST_TEST(ask(town, "POST", "/sync/status", R"({"reachable":true})").status == 204);
    kiosk.get("/");
    BOOST_TEST(kiosk.page.body.size() < offline.size());
}

BOOST_AUTO_TEST_CASE(the_administrator_sees_how_it_stands)
{
    Town town;
    sealedCase(town);
    HttpRequest request;
    request.method = "GET";
    request.path = "/admin/status";
    const auto status = json::parseObject(town.handle(Surface::Admin, request).body);
    BOOST_TEST(json::integer(*status, "waiting") == 1);
    BOOST_TEST(json::boolean(*status, "enrolled"));
}

BOOST_AUTO_TEST_SUITE_END()
