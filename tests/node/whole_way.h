// SPDX-License-Identifier: EUPL-1.2
//
// The real node, the real carrier and the real gateway, one behind the other: what is sealed here
// is accepted there.
#pragma once

#include "sync/carrier/carrier.h"
#include "sync/outbox/outbox.h"
#include "sync/portal/portal_link.h"
#include "tests/gateway/town.h"
#include "tests/node/town.h"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <map>

namespace amt::test {

inline outbox::Enrolment enrolmentAtGateway()
{
    const UtcTime from = fromIso("2026-11-20T00:00:00Z"), until = fromIso("2029-11-20T00:00:00Z");
    const auto root = envelope::makeRootCertificate(rsaKey(4), "Test root", from, until);
    const auto jwk = [&](int key, envelope::KeyUse use, const std::string& kid) {
        return envelope::PublicJwk{
            .kid = kid,
            .use = use,
            .key = publicRsaKey(key),
            .chain = {envelope::makeLeafCertificate(publicRsaKey(key), use, kid, rsaKey(4), root,
                                                    from, until)
                          .der,
                      root.der}};
    };
    const std::string service(parkingService);
    return {.serviceIssuer = serviceUrl,
            .serviceKeys = {{"service-signature-1", envelope::KeyUse::Verify, publicRsaKey(0), {}}},
            .roots = {root.der},
            .destinations = {
                {.id = destinationId,
                 .document = R"({"destinationId":")" + destinationId +
                             R"(","name":"Ordnungsamt","status":"active",)"
                             R"("encryptionKid":"destination-encryption-1",)"
                             R"("metadataVersions":["2.1.0"],"publicServices":[{"identifier":")" +
                             service +
                             R"(","submissionSchemas":[{"schemaUri":)"
                             R"("urn:example:amtsstube:bewohnerparkausweis:1.0",)"
                             R"("mimeType":"application/json"}],"regions":["DE"]}]})",
                 .key = json::write(*envelope::writeJwk(
                     jwk(1, envelope::KeyUse::Encrypt, "destination-encryption-1"))),
                 .signatureKeys = {jwk(2, envelope::KeyUse::Verify, "destination-signature-1")}}}};
}

class WholeWay {
public:
    /// Answers on the loop; `cut`: nobody hears.
    class Direct : public HttpExchange {
    public:
        using Serve = std::function<void(const HttpRequest&, std::function<void(HttpAnswer)>)>;
        Direct(EventLoop& loop, Serve serve) : _loop(loop), _serve(std::move(serve)) {}
        void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
        {
            _loop.post([this, request = std::move(request), done = std::move(done)] {
                _serve(request, done);
            });
        }

    private:
        EventLoop& _loop;
        Serve _serve;
    };

    WholeWay()
        : town(enrolmentAtGateway()),
          nodeLine(town.loop,
                   [this](const HttpRequest& request, const auto& done) {
                       auto copy = request;
                       copy.peer = "sync";
                       town.node().handle(node::Surface::Sync, copy, done);
                   }),
          portalLine(town.loop, [this](const HttpRequest& request, const auto& done) {
              auto copy = request;
              copy.headers["host"] = "gateway.test:8443";
              asked.push_back(copy.method + " " + copy.path);
              if (instead) {
                  if (const auto answer = instead(copy))
                      return done(*answer);
              }
              done(gateway.gateway->handle(copy));
          })
    {}
    ~WholeWay() { carrier.reset(); }

    void startCarrier()
    {
        carrier.reset();
        link.reset();
        portal::V2Settings client;
        client.clientId = "town-a";
        client.clientSecret = gateway.secretOf(Who::Sender);
        link = portal::makeV2Link(std::move(client), portalLine, town.loop);
        carrier = std::make_unique<carrier::Carrier>(carrier::CarrierSettings{}, nodeLine, *link,
                                                     town.loop, town.random);
        carrier->start();
    }

    /// A case as far as the outbox knows it.
    std::string seal(int attachments = 0)
    {
        outbox::Journal journal(town.database());
        outbox::Destinations destinations(town.database(), journal);
        outbox::Outbox box(town.database(), journal, destinations);
        const auto key = destinations.sealingKey(destinationId, town.loop.utcNow());
        const std::string data = R"({"number":)" + std::to_string(++_sealed) + "}";
        std::map<std::string, std::string> plain;
        for (int i = 0; i < attachments; ++i)
            plain[randomUuid(town.random)] = "Anlage " + std::to_string(i);
        const auto part = [&](const std::string& text, const char* type) {
            return envelope::seal(view(text), key.jwk.key, key.jwk.kid, type, town.random);
        };
        outbox::NewEnvelope made{
            .id = randomUuid(town.random),
            .destinationId = destinationId,
            .serviceKey = std::string(parkingService).substr(parkingService.size() - 14),
            .serviceName = "Bewohnerparkausweis",
            .regionKey = "",
            .kid = key.jwk.kid,
            .keyFingerprint = key.fingerprint,
            .captureDay = localDate(town.loop.utcNow()),
            .metadata = part(GatewayTown::metadataFor(data, plain), "application/json"),
            .data = part(data, "application/json"),
            .attachments = {}};
        for (const auto& [id, text] : plain)
            made.attachments[id] = part(text, "application/pdf");
        town.database().transact([&] { box.add(made, town.loop.utcNow()); });
        return made.id;
    }

    std::string stateOf(const std::string& id)
    {
        return town.text("SELECT state FROM envelope WHERE id = '" + id + "'");
    }
    std::string reasonOf(const std::string& id)
    {
        return town.text("SELECT held_reason FROM envelope WHERE id = '" + id + "'");
    }

    enum class Destination { Accepts, Waits };
    void pass(Milliseconds time, Destination destination = Destination::Waits)
    {
        constexpr Milliseconds step = std::chrono::seconds(1);
        for (Milliseconds gone{0}; gone < time; gone += step) {
            town.loop.advance(step);
            gateway.passTime(step);
            if (destination == Destination::Accepts)
                acceptAll();
        }
    }
    /// Both clocks at once, nobody at work.
    void sleep(Milliseconds time)
    {
        carrier.reset();
        town.loop.advance(time);
        gateway.passTime(time);
        gateway.forgetTokens();
        startCarrier();
    }

    void acceptAll()
    {
        for (const auto& row : gateway.gateway->census()) {
            if (row.state != "submitted")
                continue;
            gateway.forgetTokens();
            envelope::AuthenticationTags tags;
            auto parts = town.database().prepare(
                "SELECT part, tag FROM envelope_part WHERE envelope_id = ?");
            parts.bind(row.envelopeId);
            while (parts.step()) {
                if (parts.text(0) == "metadata")
                    tags.metadata = parts.text(1);
                else if (parts.text(0) == "data")
                    tags.data = parts.text(1);
                else
                    tags.attachments[parts.text(0)] = parts.text(1);
            }
            const auto event = gateway.acceptOf({{row.submissionId, row.caseId}, tags});
            BOOST_TEST(gateway.post(event).status == 204);
        }
    }

    /// S2: for each envelope at most one case that was submitted, and none under two names.
    void checkOnce()
    {
        std::map<std::string, int> byEnvelope, byDigest;
        for (const auto& row : gateway.gateway->census()) {
            if (row.digest.empty())
                continue;
            ++byEnvelope[row.envelopeId];
            ++byDigest[row.digest];
        }
        for (const auto& [id, times] : byEnvelope)
            BOOST_TEST(times == 1, id);
        for (const auto& [digest, times] : byDigest)
            BOOST_TEST(times == 1, digest);
    }
    int countAtGateway(const std::string& state)
    {
        int count = 0;
        for (const auto& row : gateway.gateway->census())
            count += row.state == state ? 1 : 0;
        return count;
    }

    GatewayTown gateway;
    Town town;
    std::deque<std::string> asked; ///< of the portal
    std::function<std::optional<HttpResponse>(const HttpRequest&)> instead;
    Direct nodeLine, portalLine;
    std::unique_ptr<portal::PortalLink> link;
    std::unique_ptr<carrier::Carrier> carrier;

private:
    int _sealed = 0;
};

} // namespace amt::test
