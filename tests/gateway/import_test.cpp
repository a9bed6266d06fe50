// SPDX-License-Identifier: EUPL-1.2
//
// A file from a data carrier: each envelope arrives once, whatever else brings it, too.
#include "sync/gateway/import.h"
#include "sync/portal/portal_link.h"
#include "tests/gateway/town.h"

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace amt;
using namespace amt::test;
using envelope::ExportedEnvelope;

namespace {

const std::string attachmentId = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f11";

struct Carrier {
    ExportedEnvelope envelopeOf(const std::string& id, bool withAttachment = false)
    {
        ExportedEnvelope made{.id = id,
                              .destinationId = destinationId,
                              .serviceKey = "99108001001000",
                              .serviceName = "Bewohnerparkausweis",
                              .regionKey = "",
                              .attachments = {},
                              .metadata = town.sealed("{}"),
                              .data = town.sealed("{}"),
                              .attachmentJwes = {}};
        if (withAttachment) {
            made.attachments = {attachmentId};
            made.attachmentJwes = {town.sealed("%PDF-1.7", "application/pdf")};
        }
        return made;
    }
    gateway::Imported import(const std::vector<ExportedEnvelope>& envelopes)
    {
        envelope::ExportWriter writer("Stadt Musterstadt", town.loop.utcNow());
        for (const auto& each : envelopes)
            writer.add(each);
        std::istringstream file(writer.finish());
        envelope::ExportReader reader(file);
        gateway::GatewaySettings settings;
        settings.url = serviceUrl;
        return gateway::import(*town.gateway, settings, town.loop, town.clientIds.at(Who::Sender),
                               reader);
    }

    GatewayTown town;
};

const std::string first = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f01";
const std::string second = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f02";

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_import)

BOOST_AUTO_TEST_CASE(what_a_carrier_brings_is_there_for_the_office)
{
    Carrier carrier;
    const auto result =
        carrier.import({carrier.envelopeOf(first), carrier.envelopeOf(second, true)});
    BOOST_TEST(result.taken == 2);
    BOOST_TEST(result.known == 0);
    BOOST_TEST(result.refused.empty());
    for (const auto& row : carrier.town.gateway->census()) {
        BOOST_TEST(row.state == "submitted");
        BOOST_TEST(row.clientId == carrier.town.clientIds.at(Who::Sender));
    }
    const auto list = json::parseObject(
        carrier.town.ask(Who::Subscriber, "GET", "/v2/submissions?destinationId=" + destinationId)
            .body);
    BOOST_TEST(json::integer(*list, "totalCount") == 2);
}

BOOST_AUTO_TEST_CASE(taken_in_again_it_changes_nothing)
{
    Carrier carrier;
    const auto one = carrier.envelopeOf(first, true);
    carrier.import({one});
    const auto again = carrier.import({one, carrier.envelopeOf(second)});
    BOOST_TEST(again.taken == 1);
    BOOST_TEST(again.known == 1);
    BOOST_TEST(carrier.town.gateway->census().size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_node_that_comes_back_hears_of_the_same_submission)
{
    Carrier carrier;
    const auto one = carrier.envelopeOf(first);
    carrier.import({one});
    const auto known = carrier.town.gateway->census().at(0);
    // As a node announces: the same adapter, its own secret.
    struct Line : HttpExchange {
        explicit Line(GatewayTown& of) : town(of) {}
        void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
        {
            done(town.ask(std::move(request)));
        }
        GatewayTown& town;
    } line(carrier.town);
    const auto link = portal::makeV2Link({.clientId = carrier.town.clientIds.at(Who::Sender),
                                          .clientSecret = carrier.town.secretOf(Who::Sender)},
                                         line, carrier.town.loop);
    portal::Answer<portal::Announced> announced;
    link->announce({.envelopeId = one.id,
                    .destinationId = one.destinationId,
                    .serviceKey = one.serviceKey,
                    .serviceName = one.serviceName,
                    .regionKey = one.regionKey,
                    .attachmentIds = {}},
                   [&](auto answer) { announced = std::move(answer); });
    BOOST_REQUIRE(std::holds_alternative<portal::Announced>(announced));
    BOOST_TEST(std::get<portal::Announced>(announced).submissionId == known.submissionId);
    portal::Answer<portal::Done> done = portal::Unknown{};
    link->submit(known.submissionId, one.metadata, one.data,
                 [&](auto answer) { done = std::move(answer); });
    BOOST_TEST(std::holds_alternative<portal::Done>(done));
    BOOST_TEST(carrier.town.gateway->census().size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_refused_stays_out_and_the_rest_is_taken)
{
    Carrier carrier;
    auto elsewhere = carrier.envelopeOf(first);
    elsewhere.destinationId = "6f1c2c5e-0a53-4d8e-9a52-5d1f5f2f7aff";
    auto stranger = carrier.envelopeOf("0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f03");
    stranger.data = carrier.town.sealed("{}", "application/json", "nobodys-key-0001");
    const auto result = carrier.import({elsewhere, stranger, carrier.envelopeOf(second)});
    BOOST_TEST(result.taken == 1);
    BOOST_REQUIRE(result.refused.size() == 2U);
    BOOST_TEST(result.refused[0].envelopeId == first);
    BOOST_TEST(result.refused[0].why == "destination-not-found");
    BOOST_TEST(result.refused[1].why == "encryption-key-unknown");
}

BOOST_AUTO_TEST_CASE(other_content_under_a_known_id_is_refused)
{
    Carrier carrier;
    carrier.import({carrier.envelopeOf(first)});
    const auto result = carrier.import({carrier.envelopeOf(first)}); // sealed anew: other bytes
    BOOST_TEST(result.known == 0);
    BOOST_REQUIRE(result.refused.size() == 1U);
    BOOST_TEST(result.refused[0].why == "submission-differs");
}

BOOST_AUTO_TEST_CASE(a_client_that_nobody_knows_brings_nothing)
{
    Carrier carrier;
    envelope::ExportWriter writer("Stadt Musterstadt", carrier.town.loop.utcNow());
    writer.add(carrier.envelopeOf(first));
    std::istringstream file(writer.finish());
    envelope::ExportReader reader(file);
    gateway::GatewaySettings settings;
    settings.url = serviceUrl;
    BOOST_CHECK_EXCEPTION(
        gateway::import(*carrier.town.gateway, settings, carrier.town.loop, "nobody", reader),
        Error, [](const Error& error) { return error.errorCode() == ErrorCode::NotFound; });
    BOOST_TEST(carrier.town.gateway->census().empty());
}

BOOST_AUTO_TEST_SUITE_END()
