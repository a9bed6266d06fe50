// SPDX-License-Identifier: EUPL-1.2
//
// A scripted node, the carrier and the real gateway on one loop whose clock jumps, with lines that
// lose, delay and repeat.
#pragma once

#include "sync/carrier/carrier.h"
#include "tests/carrier/scripted_node.h"
#include "tests/gateway/town.h"
#include "tests/sim/world/sim_random.h"

#include <functional>
#include <memory>
#include <ostream>

namespace amt::test {

enum class Fault {
    None,
    RequestLost, ///< never arrives
    AnswerLost,  ///< done there, never heard here
    Late,        ///< not heard here, and done there only long after
    Repeated     ///< done there twice; the second answer is heard
};

inline std::ostream& operator<<(std::ostream& out, Fault fault)
{
    constexpr const char* names[] = {"none", "request lost", "answer lost", "late", "repeated"};
    return out << names[static_cast<int>(fault)];
}

/// `serve` at the other end, after a while.
class Line : public HttpExchange {
public:
    using Serve = std::function<HttpResponse(const HttpRequest&)>;
    Line(EventLoop& loop, Serve serve) : _loop(loop), _serve(std::move(serve)) {}

    void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
    {
        const Fault fault = isCut    ? Fault::RequestLost
                            : choose ? choose(sent, request)
                                     : Fault::None;
        ++sent;
        const auto later = [this](Milliseconds delay, Task task) {
            _loop.after(delay, std::move(task));
        };
        switch (fault) {
        case Fault::None:
            return later(way, [this, request, done, later] {
                later(way, [answer = _serve(request), done] { done(answer); });
            });
        case Fault::RequestLost:
            return later(giveUp, [done] { done(NoAnswer{true}); });
        case Fault::AnswerLost:
            return later(way, [this, request, done, later] {
                _serve(request);
                later(giveUp, [done] { done(NoAnswer{true}); });
            });
        case Fault::Late:
            later(lateness, [this, request] { _serve(request); });
            return later(giveUp, [done] { done(NoAnswer{true}); });
        case Fault::Repeated:
            return later(way, [this, request, done, later] {
                _serve(request);
                later(way, [answer = _serve(request), done] { done(answer); });
            });
        }
    }

    std::function<Fault(int number, const HttpRequest&)> choose;
    bool isCut = false;
    int sent = 0;
    Milliseconds way{5}, giveUp{5000}, lateness{60'000};

private:
    EventLoop& _loop;
    Serve _serve;
};

class Journey {
public:
    Journey()
        : nodeLine(town.loop,
                   [this](const HttpRequest& request) {
                       node.now = town.loop.utcNow();
                       return node.handle(request);
                   }),
          portalLine(town.loop, [this](const HttpRequest& request) {
              served.push_back(request.method + " " + request.path);
              auto copy = request;
              copy.headers["host"] = "gateway.test:8443";
              if (front) {
                  if (auto instead = front(copy))
                      return *instead;
              }
              return forgetful ? handledForgetfully(copy) : town.gateway->handle(copy);
          })
    {
        node.service = town.serviceKeys();
        node.destination = town.destinationKeys();
        startCarrier();
    }
    ~Journey() { carrier.reset(); }

    void startCarrier()
    {
        carrier.reset();
        link.reset();
        portal::V2Settings settings;
        settings.clientId = "town-a";
        settings.clientSecret = town.secretOf(Who::Sender);
        link = portal::makeV2Link(std::move(settings), portalLine, town.loop);
        carrier = std::make_unique<carrier::Carrier>(carrierSettings, nodeLine, *link, town.loop,
                                                     carrierRandom);
        carrier->start();
    }

    NodeEnvelope& seal(int attachments = 1)
    {
        NodeEnvelope made;
        made.id = randomUuid(town.random);
        made.destinationId = destinationId;
        made.serviceKey = "99108001001000";
        const std::string data = R"({"kennzeichen":"MUS-TE 1"})";
        std::map<std::string, std::string> plain;
        for (int i = 0; i < attachments; ++i)
            plain[randomUuid(town.random)] = "Anlage";
        for (const auto& [id, text] : plain)
            made.attachments[id] = town.sealed(text, "application/pdf");
        made.metadata = town.sealed(GatewayTown::metadataFor(data, plain));
        made.data = town.sealed(data);
        node.envelopes.push_back(std::move(made));
        return node.envelopes.back();
    }

    /// The destination accepts whatever waits.
    void acceptAll()
    {
        for (const auto& envelope : node.envelopes) {
            for (const auto& row : town.gateway->census()) {
                const bool ours = row.submissionId == envelope.submissionId;
                if (!ours || row.state != "submitted")
                    continue;
                const auto event = town.acceptOf({{row.submissionId, row.caseId}, envelope.tags()});
                BOOST_TEST(town.post(event).status == 204);
            }
        }
    }

    /// Lets the world go on, the destination looking in every ten seconds, until nothing is open or
    /// the time is over.
    void run(Milliseconds atMost = std::chrono::hours(2))
    {
        const auto end = town.loop.sinceBoot() + atMost;
        while (town.loop.sinceBoot() < end) {
            town.passTime(std::chrono::seconds(10));
            town.forgetTokens();
            acceptAll();
            bool open = false;
            for (const auto& envelope : node.envelopes)
                open = open || envelope.state == "SEALED" || envelope.state == "STORED";
            if (!open)
                return;
        }
    }

    /// What must always hold: no envelope was handed over twice.
    void checkOnce() const
    {
        std::map<std::string, int> submitted;
        for (const auto& row : town.gateway->census()) {
            if (!row.digest.empty())
                ++submitted[row.digest];
        }
        for (const auto& [digest, times] : submitted)
            BOOST_TEST(times == 1);
    }
    /// Every envelope was accepted, once.
    void checkArrived() const
    {
        checkOnce();
        int accepted = 0;
        for (const auto& row : town.gateway->census())
            accepted += row.state == "accepted" ? 1 : 0;
        BOOST_TEST(accepted == static_cast<int>(node.envelopes.size()));
        for (const auto& envelope : node.envelopes)
            BOOST_TEST(envelope.state == "ACCEPTED");
    }

    /// As the real service: no Idempotency-Key, what was accepted is gone (404), and the
    /// destination is quick.
    HttpResponse handledForgetfully(HttpRequest request)
    {
        request.headers.erase("idempotency-key");
        for (const auto& row : town.gateway->census()) {
            if (request.method == "PUT" && row.state == "accepted" &&
                request.path.starts_with("/v2/submissions/" + row.submissionId))
                return {.status = 404, .headers = {}, .body = {}, .eventTopic = std::nullopt};
        }
        auto response = town.gateway->handle(request);
        if (request.method == "PUT") {
            town.forgetTokens();
            acceptAll();
        }
        return response;
    }

    GatewayTown town;
    ScriptedNode node;
    std::vector<std::string> served; ///< what reached the portal
    bool forgetful = false;          ///< see handledForgetfully
    std::function<std::optional<HttpResponse>(const HttpRequest&)> front; ///< may answer instead
    Line nodeLine, portalLine;
    sim::SimRandom carrierRandom{4711};
    carrier::CarrierSettings carrierSettings;
    std::unique_ptr<portal::PortalLink> link;
    std::unique_ptr<carrier::Carrier> carrier;
};

} // namespace amt::test
