// SPDX-License-Identifier: EUPL-1.2
//
// The v2 adapter of the nodes, over a line that ends in this process.
#include "sync/gateway/import.h"

#include "appliance/core/log.h"
#include "appliance/core/overloaded.h"
#include "sync/portal/portal_link.h"

namespace amt::gateway {
namespace {

/// To the gateway beside it: every answer is there before `send` returns.
class InnerLine : public HttpExchange {
public:
    InnerLine(Gateway& gateway, std::string host) : _gateway(gateway), _host(std::move(host)) {}

    void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
    {
        request.headers["host"] = _host;
        done(_gateway.handle(request));
    }

private:
    Gateway& _gateway;
    std::string _host;
};

/// Where a node would show its secret: the operator's word stands for it.
class OperatorsWord : public HttpExchange {
public:
    OperatorsWord(Gateway& gateway, std::string clientId)
        : _gateway(gateway), _clientId(std::move(clientId))
    {}

    void send(HttpRequest, std::function<void(HttpAnswer)> done) override
    {
        HttpResponse answer;
        answer.headers = {{"Content-Type", "application/json"}};
        answer.body = portal::writeToken(_gateway.actFor(_clientId));
        done(std::move(answer));
    }

private:
    Gateway& _gateway;
    std::string _clientId;
};

/// A step was refused: the envelope stays out.
struct Stopped {
    std::string why;
};

template <typename Good>
Good answerOf(const std::function<void(portal::Reply<Good>)>& ask)
{
    std::optional<portal::Answer<Good>> answer;
    ask([&](portal::Answer<Good> given) { answer = std::move(given); });
    AMT_ASSERT(answer.has_value());
    return std::visit(
        Overloaded{
            [](Good& good) -> Good { return std::move(good); },
            [](const portal::Refused& refused) -> Good {
                throw Stopped{refused.problemType.empty() ? std::to_string(refused.status)
                                                          : refused.problemType};
            },
            [](const portal::Unknown&) -> Good { throw Stopped{"not-now"}; },
            [](const portal::Unauthorised&) -> Good { throw Stopped{"client-may-not-send"}; },
        },
        *answer);
}

enum class Arrival { Taken, Known };

Arrival take(portal::PortalLink& link, const envelope::ExportedEnvelope& one)
{
    const auto ids = answerOf<portal::Announced>([&](auto reply) {
        link.announce({.envelopeId = one.id,
                       .destinationId = one.destinationId,
                       .serviceKey = one.serviceKey,
                       .serviceName = one.serviceName,
                       .regionKey = one.regionKey,
                       .attachmentIds = one.attachments},
                      std::move(reply));
    });
    const auto events = answerOf<std::vector<std::string>>(
        [&](auto reply) { link.events(ids.caseId, 0, std::move(reply)); });
    const bool known = events.size() > 1; // more than its announcement
    for (std::size_t i = 0; !known && i < one.attachments.size(); ++i) {
        answerOf<portal::Done>([&](auto reply) {
            link.putAttachment(ids.submissionId, one.attachments[i], one.attachmentJwes[i],
                               std::move(reply));
        });
    }
    answerOf<portal::Done>([&](auto reply) { // of a known one: whether it is the same
        link.submit(ids.submissionId, one.metadata, one.data, std::move(reply));
    });
    return known ? Arrival::Known : Arrival::Taken;
}

std::string hostOf(const std::string& url)
{
    const auto begin = url.find("://");
    return begin == std::string::npos ? url : url.substr(begin + 3);
}

} // namespace

Imported import(Gateway& gateway, const GatewaySettings& settings, EventLoop& loop,
                const std::string& clientId, envelope::ExportReader& file)
{
    InnerLine line(gateway, hostOf(settings.url));
    OperatorsWord word(gateway, clientId);
    gateway.actFor(clientId); // throws before anything is taken
    const auto link = portal::makeV2Link(
        {.clientId = clientId, .clientSecret = "-", .tokenExchange = &word}, line, loop);
    Imported result;
    envelope::ExportedEnvelope one;
    while (file.next(one)) {
        try { // a door: one envelope that is refused does not keep the others out
            ++(take(*link, one) == Arrival::Taken ? result.taken : result.known);
        } catch (const Stopped& stopped) {
            result.refused.push_back({one.id, stopped.why});
        }
    }
    log::info("gateway.imported", {{"client", clientId},
                                   {"taken", std::to_string(result.taken)},
                                   {"known", std::to_string(result.known)},
                                   {"refused", std::to_string(result.refused.size())}});
    return result;
}

} // namespace amt::gateway
