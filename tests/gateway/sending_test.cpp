// SPDX-License-Identifier: EUPL-1.2
//
// Announcing, parts and submitting: what arrives arrives once, whatever is repeated.
#include "tests/gateway/town.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using envelope::EventKind;

namespace {

const std::string envelopeId = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f01";
const std::string firstAttachment = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f11";
const std::string secondAttachment = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f12";

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_sending)

BOOST_AUTO_TEST_CASE(a_case_arrives_and_is_accepted)
{
    GatewayTown town;
    const auto sent = town.send({{firstAttachment, "%PDF-1.7 eins"}, {secondAttachment, ""}});

    auto events = town.eventsOf(sent.ids.opened);
    BOOST_REQUIRE_EQUAL(events.size(), 2);
    BOOST_TEST((events[0].kind == EventKind::Create));
    BOOST_TEST((events[1].kind == EventKind::Submit));
    BOOST_TEST((events[1].tags == sent.tags));
    BOOST_TEST(events[1].issuer == serviceUrl);

    const auto list = json::parseObject(
        town.ask(Who::Subscriber, "GET", "/v2/submissions?destinationId=" + destinationId).body);
    BOOST_TEST(json::integer(*list, "totalCount") == 1);
    const auto fetched = json::parseObject(
        town.ask(Who::Subscriber, "GET", "/v2/submissions/" + sent.ids.submission).body);
    BOOST_TEST(json::texts(*fetched, "attachments").size() == 2U);
    const auto opened = envelope::open(json::text(*fetched, "encryptedData"), rsaKey(1),
                                       "destination-encryption-1");
    BOOST_TEST(toText(opened.plain) == R"({"kennzeichen":"MUS-TE 1"})");
    const auto attachment =
        town.ask(Who::Subscriber, "GET",
                 "/v2/submissions/" + sent.ids.submission + "/attachments/" + firstAttachment);
    BOOST_TEST(attachment.header("Content-Type") == "application/jose");
    BOOST_TEST(
        toText(envelope::open(attachment.body, rsaKey(1), "destination-encryption-1").plain) ==
        "%PDF-1.7 eins");

    BOOST_TEST(town.post(town.acceptOf(sent)).status == 204);
    events = town.eventsOf(sent.ids.opened, Who::Subscriber);
    BOOST_REQUIRE_EQUAL(events.size(), 3);
    BOOST_TEST((events[2].kind == EventKind::Accept));
    BOOST_TEST(town.gateway->census().at(0).state == "accepted");
}

BOOST_AUTO_TEST_CASE(the_same_envelope_has_the_same_ids_for_ever)
{
    GatewayTown town;
    const auto first = town.announce(envelopeId, town.announcement());
    BOOST_TEST(first.status == 201);
    const auto ids = GatewayTown::idsOf(first);
    BOOST_TEST(GatewayTown::idsOf(town.announce(envelopeId, town.announcement())).submission ==
               ids.submission);
    const std::string metadata = town.sealed("{}");
    const std::string data = town.sealed("{}");
    BOOST_TEST(town.ask(Who::Sender, "PUT", "/v2/submissions/" + ids.submission, "application/json",
                        GatewayTown::submitBody(metadata, data))
                   .status == 200);
    town.passTime(std::chrono::hours(24 * 5));
    town.restart();
    town.forgetTokens();
    const auto again = GatewayTown::idsOf(town.announce(envelopeId, town.announcement()));
    BOOST_TEST(again.submission == ids.submission);
    BOOST_TEST(again.opened == ids.opened);
    BOOST_TEST(town.gateway->census().size() == 1U);
}

BOOST_AUTO_TEST_CASE(another_announcement_under_a_known_envelope_is_refused)
{
    GatewayTown town;
    town.announce(envelopeId, town.announcement());
    const auto other = town.announce(envelopeId, town.announcement({firstAttachment}));
    BOOST_TEST(other.status == 409);
    BOOST_TEST(GatewayTown::problemOf(other) == "idempotency-key-reused");
    BOOST_TEST(town.gateway->census().size() == 1U);
}

BOOST_AUTO_TEST_CASE(two_towns_may_have_the_same_envelope_id)
{
    GatewayTown town;
    const auto ours = GatewayTown::idsOf(town.announce(envelopeId, town.announcement()));
    const auto theirs = GatewayTown::idsOf(
        town.ask(Who::OtherSender, "POST", "/v2/submissions", "application/json",
                 town.announcement({}, otherDestinationId), {{"idempotency-key", envelopeId}}));
    BOOST_TEST(ours.submission != theirs.submission);
    BOOST_TEST(ours.opened != theirs.opened);
}

BOOST_AUTO_TEST_CASE(repeated_parts_are_taken_once_and_other_bytes_never)
{
    GatewayTown town;
    const auto ids =
        GatewayTown::idsOf(town.announce(envelopeId, town.announcement({firstAttachment})));
    const std::string there = "/v2/submissions/" + ids.submission;
    const auto putAttachment = [&](const std::string& jwe) {
        return town.ask(Who::Sender, "PUT", there + "/attachments/" + firstAttachment,
                        "application/jose", jwe);
    };
    const auto submit = [&](const std::string& metadata, const std::string& data) {
        return town.ask(Who::Sender, "PUT", there, "application/json",
                        GatewayTown::submitBody(metadata, data));
    };
    const std::string attachment = town.sealed("a", "application/pdf");
    const std::string metadata = town.sealed("{}");
    const std::string data = town.sealed("{}");

    BOOST_TEST(submit(metadata, data).status == 422); // the attachment is not there yet
    BOOST_TEST(putAttachment(attachment).status == 204);
    BOOST_TEST(putAttachment(attachment).status == 204);
    BOOST_TEST(GatewayTown::problemOf(putAttachment(town.sealed("a", "application/pdf"))) ==
               "attachment-differs");
    BOOST_TEST(submit(metadata, data).status == 200);
    BOOST_TEST(submit(metadata, data).status == 200);
    BOOST_TEST(submit(metadata, town.sealed("{}")).status == 409);
    BOOST_TEST(submit(town.sealed("{}"), data).status == 409);
    BOOST_TEST(putAttachment(attachment).status == 204);
    BOOST_TEST(putAttachment(town.sealed("a", "application/pdf")).status == 409);
    BOOST_TEST(town.eventsOf(ids.opened).size() == 2U);
}

BOOST_AUTO_TEST_CASE(after_acceptance_the_payload_is_gone_and_the_answer_stays)
{
    GatewayTown town;
    const auto ids = GatewayTown::idsOf(town.announce(envelopeId, town.announcement()));
    const std::string there = "/v2/submissions/" + ids.submission;
    const std::string metadata = town.sealed("{}");
    const std::string data = town.sealed("{}");
    const auto submit = [&](const std::string& second) {
        return town
            .ask(Who::Sender, "PUT", there, "application/json",
                 GatewayTown::submitBody(metadata, second))
            .status;
    };
    BOOST_TEST(submit(data) == 200);
    const GatewayTown::Sent sent{ids, {envelope::tagOf(metadata), envelope::tagOf(data), {}}};
    BOOST_TEST(town.post(town.acceptOf(sent)).status == 204);

    BOOST_TEST(town.ask(Who::Subscriber, "GET", there).status == 404);
    auto row = town.books->prepare("SELECT count(*) FROM submission WHERE metadata IS NOT NULL");
    BOOST_REQUIRE(row.step());
    BOOST_TEST(row.integer(0) == 0);
    BOOST_TEST(submit(data) == 200);
    BOOST_TEST(submit(town.sealed("{}")) == 409);
    BOOST_TEST(GatewayTown::idsOf(town.announce(envelopeId, town.announcement())).submission ==
               ids.submission);
    BOOST_TEST(town.eventsOf(ids.opened).size() == 3U);
}

BOOST_AUTO_TEST_CASE(state_and_event_are_one_commit)
{
    struct PowerCut {};
    for (const auto moment : {store::CommitMoment::Before, store::CommitMoment::After}) {
        GatewayTown town;
        const auto ids = GatewayTown::idsOf(town.announce(envelopeId, town.announcement()));
        const std::string body = GatewayTown::submitBody(town.sealed("{}"), town.sealed("{}"));
        town.atCommit = [&](store::CommitMoment now) {
            if (now == moment)
                throw PowerCut{};
        };
        BOOST_CHECK_THROW(town.ask(Who::Sender, "PUT", "/v2/submissions/" + ids.submission,
                                   "application/json", body),
                          PowerCut);
        town.atCommit = nullptr;
        town.restart();
        town.forgetTokens();
        const bool committed = moment == store::CommitMoment::After;
        BOOST_TEST(town.gateway->census().at(0).state == (committed ? "submitted" : "announced"));
        BOOST_TEST(town.eventsOf(ids.opened).size() == (committed ? 2U : 1U));
        BOOST_TEST(town.ask(Who::Sender, "PUT", "/v2/submissions/" + ids.submission,
                            "application/json", body)
                       .status == 200);
        BOOST_TEST(town.eventsOf(ids.opened).size() == 2U);
    }
}

BOOST_AUTO_TEST_CASE(a_later_submission_may_join_a_case)
{
    GatewayTown town;
    const auto first = GatewayTown::idsOf(town.announce(envelopeId, town.announcement()));
    auto body = json::parseObject(town.announcement());
    body->set("caseId", first.opened);
    const auto second =
        GatewayTown::idsOf(town.announce(randomUuid(town.random), json::write(*body)));
    BOOST_TEST(second.opened == first.opened);
    BOOST_TEST(second.submission != first.submission);
    const auto foreign = town.ask(Who::OtherSender, "POST", "/v2/submissions", "application/json",
                                  json::write(*body));
    BOOST_TEST(foreign.status == 404);
}

BOOST_AUTO_TEST_CASE(
    a_destination_that_was_set_inactive_takes_no_announcement_but_what_was_announced)
{
    GatewayTown town;
    const auto ids = GatewayTown::idsOf(town.announce(envelopeId, town.announcement()));
    const auto changed = town.ask(Who::Subscriber, "PATCH", "/v2/destinations/" + destinationId,
                                  "application/json", R"({"status":"inactive"})");
    BOOST_TEST(changed.status == 200);
    BOOST_TEST(json::text(*json::parseObject(changed.body), "status") == "inactive");
    const auto refused = town.announce(randomUuid(town.random), town.announcement());
    BOOST_TEST(refused.status == 422);
    BOOST_TEST(GatewayTown::problemOf(refused) == "destination-state-invalid");
    BOOST_TEST(GatewayTown::idsOf(town.announce(envelopeId, town.announcement())).submission ==
               ids.submission);
    BOOST_TEST(town.ask(Who::Sender, "PUT", "/v2/submissions/" + ids.submission, "application/json",
                        GatewayTown::submitBody(town.sealed("{}"), town.sealed("{}")))
                   .status == 200);
}

BOOST_AUTO_TEST_CASE(a_hundred_attachments_are_announced_and_one_more_is_too_many)
{
    GatewayTown town;
    std::vector<std::string> ids;
    for (int i = 0; i < 100; ++i)
        ids.push_back(randomUuid(town.random));
    BOOST_TEST(town.announce(randomUuid(town.random), town.announcement(ids)).status == 201);
    ids.push_back(randomUuid(town.random));
    BOOST_TEST(town.announce(randomUuid(town.random), town.announcement(ids)).status == 422);
}

namespace {

struct BadJwe {
    std::string name;
    std::string header; ///< replaces the protected header
};
std::ostream& operator<<(std::ostream& out, const BadJwe& bad)
{
    return out << bad.name;
}
const BadJwe badHeaders[] = {
    {"wrong alg",
     R"({"alg":"RSA-OAEP","enc":"A256GCM","kid":"destination-encryption-1","cty":"application/json"})"},
    {"wrong enc",
     R"({"alg":"RSA-OAEP-256","enc":"A128GCM","kid":"destination-encryption-1","cty":"application/json"})"},
    {"zip",
     R"({"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF","kid":"destination-encryption-1","cty":"application/json"})"},
    {"no cty", R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"destination-encryption-1"})"},
    {"other cty",
     R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"destination-encryption-1","cty":"text/html"})"},
    {"no kid", R"({"alg":"RSA-OAEP-256","enc":"A256GCM","cty":"application/json"})"},
    {"unknown kid",
     R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"destination-encryption-9","cty":"application/json"})"},
    {"the signing key",
     R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"destination-signature-1","cty":"application/json"})"},
    {"crit",
     R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"destination-encryption-1","cty":"application/json","crit":["x"]})"},
    {"not JSON", "hello"},
};

} // namespace

BOOST_DATA_TEST_CASE(a_jwe_with_another_header_is_refused_whole, data::make(badHeaders), bad)
{
    GatewayTown town;
    const auto ids = GatewayTown::idsOf(town.announce(envelopeId, town.announcement()));
    const std::string good = town.sealed("{}");
    const std::string broken = toBase64Url(view(bad.header)) + good.substr(good.find('.'));
    for (const auto& body :
         {GatewayTown::submitBody(broken, good), GatewayTown::submitBody(good, broken)}) {
        const auto refused = town.ask(Who::Sender, "PUT", "/v2/submissions/" + ids.submission,
                                      "application/json", body);
        BOOST_TEST(refused.status == 422);
        BOOST_TEST(refused.header("Content-Type") == "application/problem+json");
    }
    BOOST_TEST(town.gateway->census().at(0).state == "announced");
    BOOST_TEST(town.eventsOf(ids.opened).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
