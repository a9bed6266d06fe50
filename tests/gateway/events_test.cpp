// SPDX-License-Identifier: EUPL-1.2
//
// Accept and reject: only by the destination's key, only about the submission that waits, only with
// its tags.
#include "tests/gateway/town.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using envelope::EventKind;
using envelope::SecurityEvent;

namespace {

const std::string attachment = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f11";

SecurityEvent rejectOf(GatewayTown& town, const GatewayTown::Sent& sent)
{
    auto event = town.acceptOf(sent);
    event.kind = EventKind::Reject;
    event.tags.reset();
    event.problems = {{"https://schema.fitko.de/fit-connect/events/problems/hash-mismatch",
                       "hash-mismatch", "", "data"}};
    return event;
}

struct BadEvent {
    std::string name;
    void (*spoil)(SecurityEvent& event, GatewayTown& town);
    int key = 2;
    std::string kid = "destination-signature-1";
};
std::ostream& operator<<(std::ostream& out, const BadEvent& bad)
{
    return out << bad.name;
}

const BadEvent badEvents[] = {
    {"signed by another key", [](SecurityEvent&, GatewayTown&) {}, 3},
    {"signed by the service's key", [](SecurityEvent&, GatewayTown&) {}, 0, "service-signature-1"},
    {"unknown kid", [](SecurityEvent&, GatewayTown&) {}, 2, "destination-signature-9"},
    {"the encryption key", [](SecurityEvent&, GatewayTown&) {}, 1, "destination-encryption-1"},
    {"said by the service", [](SecurityEvent& event, GatewayTown&) { event.issuer = serviceUrl; }},
    {"said by another destination",
     [](SecurityEvent& event, GatewayTown&) { event.issuer = otherDestinationId; }},
    {"another metadata tag",
     [](SecurityEvent& event, GatewayTown&) { event.tags->metadata = event.tags->data; }},
    {"another data tag",
     [](SecurityEvent& event, GatewayTown&) { event.tags->data = event.tags->metadata; }},
    {"a part fewer", [](SecurityEvent& event, GatewayTown&) { event.tags->attachments.clear(); }},
    {"a part more",
     [](SecurityEvent& event, GatewayTown& town) {
         event.tags->attachments[randomUuid(town.random)] = event.tags->data;
     }},
    {"another submission",
     [](SecurityEvent& event, GatewayTown& town) { event.submissionId = randomUuid(town.random); }},
    {"from the future",
     [](SecurityEvent& event, GatewayTown&) { event.issuedAt += std::chrono::hours(1); }},
    {"a destination says submit",
     [](SecurityEvent& event, GatewayTown&) { event.kind = EventKind::Submit; }},
    {"a destination says delete",
     [](SecurityEvent& event, GatewayTown&) {
         event.kind = EventKind::Delete;
         event.tags.reset();
     }},
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_events)

BOOST_DATA_TEST_CASE(an_event_that_is_not_the_destinations_word_changes_nothing,
                     data::make(badEvents), bad)
{
    GatewayTown town;
    const auto sent = town.send({{attachment, "a"}});
    auto event = town.acceptOf(sent);
    bad.spoil(event, town);
    const auto response = town.post(event, bad.key, bad.kid);
    BOOST_TEST(response.status == 422);
    BOOST_TEST(town.gateway->census()[0].state == "submitted");
    BOOST_TEST(town.eventsOf(sent.ids.opened).size() == 2U);
    BOOST_TEST(town.post(town.acceptOf(sent)).status == 204); // the true one still counts
}

BOOST_AUTO_TEST_CASE(an_event_about_a_foreign_case_is_refused)
{
    GatewayTown town;
    const auto first = town.send();
    const auto second = town.send();
    auto event = town.acceptOf(first);
    const std::string token = envelope::signEvent(event, rsaKey(2), "destination-signature-1");
    BOOST_TEST(town.ask(Who::Subscriber, "POST", "/v2/cases/" + second.ids.opened + "/events",
                        "application/jose", token)
                   .status == 422);
    event.submissionId = second.ids.submission;
    BOOST_TEST(town.post(event).status == 422);
    for (const auto& row : town.gateway->census())
        BOOST_TEST(row.state == "submitted");
}

BOOST_AUTO_TEST_CASE(repeating_the_answer_changes_nothing_and_the_other_answer_is_refused)
{
    GatewayTown town;
    const auto accepted = town.send();
    BOOST_TEST(town.post(town.acceptOf(accepted)).status == 204);
    BOOST_TEST(town.post(town.acceptOf(accepted)).status == 204);
    BOOST_TEST(town.post(rejectOf(town, accepted)).status == 409);
    BOOST_TEST(town.eventsOf(accepted.ids.opened).size() == 3U);

    const auto rejected = town.send();
    BOOST_TEST(town.post(rejectOf(town, rejected)).status == 204);
    BOOST_TEST(town.post(rejectOf(town, rejected)).status == 204);
    BOOST_TEST(town.post(town.acceptOf(rejected)).status == 409);
    const auto events = town.eventsOf(rejected.ids.opened);
    BOOST_REQUIRE_EQUAL(events.size(), 3);
    BOOST_TEST(events[2].problems.at(0).title == "hash-mismatch");
}

BOOST_AUTO_TEST_CASE(what_was_not_submitted_cannot_be_accepted)
{
    GatewayTown town;
    const auto ids =
        GatewayTown::idsOf(town.announce(randomUuid(town.random), town.announcement()));
    const std::string jwe = town.sealed("{}");
    const auto response =
        town.post(town.acceptOf({ids, {envelope::tagOf(jwe), envelope::tagOf(jwe), {}}}));
    BOOST_TEST(response.status == 409);
}

BOOST_AUTO_TEST_CASE(the_event_log_comes_in_pages)
{
    GatewayTown town;
    const auto sent = town.send();
    town.post(town.acceptOf(sent));
    const auto page = [&](const std::string& query) {
        return json::texts(
            *json::parseObject(
                town.ask(Who::Sender, "GET", "/v2/cases/" + sent.ids.opened + "/events?" + query)
                    .body),
            "eventLog");
    };
    const auto all = page("limit=500");
    BOOST_REQUIRE_EQUAL(all.size(), 3);
    BOOST_TEST(page("limit=2") == std::vector(all.begin(), all.begin() + 2),
               boost::test_tools::per_element());
    BOOST_TEST(page("limit=2&offset=2") == std::vector(all.begin() + 2, all.end()),
               boost::test_tools::per_element());
    BOOST_TEST(page("offset=3").empty());
    const auto ofSubmission =
        town.ask(Who::Sender, "GET", "/v2/submissions/" + sent.ids.submission + "/events");
    BOOST_TEST(json::texts(*json::parseObject(ofSubmission.body), "eventLog") == all,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
