// SPDX-License-Identifier: EUPL-1.2
//
// PROTOCOL.md in HTTP.
#include "sync/carrier/node_door.h"

#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "appliance/core/random.h"
#include "sync/portal/payments.h"

namespace amt::carrier {
namespace {

constexpr std::size_t workBytesMax = 4 * 1024 * 1024;
constexpr std::size_t pieceBytes = 512 * 1024; ///< the node takes 1 MiB at once

Envelope readEnvelope(const json::Object& object)
{
    json::onlyKeys(object, {"id", "destinationId", "serviceKey", "serviceName", "regionKey",
                            "attachments", "submissionId", "caseId", "eventsSeen"});
    Envelope envelope{.id = json::text(object, "id"),
                      .destinationId = json::text(object, "destinationId"),
                      .serviceKey = json::text(object, "serviceKey"),
                      .serviceName = json::text(object, "serviceName"),
                      .regionKey = json::optionalText(object, "regionKey").value_or(""),
                      .attachments = json::texts(object, "attachments"),
                      .announced = std::nullopt,
                      .eventsSeen = static_cast<int>(json::integer(object, "eventsSeen"))};
    const auto submission = json::optionalText(object, "submissionId");
    const auto opened = json::optionalText(object, "caseId");
    if (submission && opened)
        envelope.announced = portal::Announced{.submissionId = *submission, .caseId = *opened};
    if (!isUuid(envelope.id) || !isUuid(envelope.destinationId))
        throw Error(ErrorCode::JsonMalformed, "ids of an envelope");
    return envelope;
}

std::vector<Envelope> readEnvelopes(const json::Object& object, const std::string& key)
{
    std::vector<Envelope> all;
    for (const auto& entry : *json::array(object, key)) {
        if (entry.type() != typeid(json::ObjectPtr))
            throw Error(ErrorCode::JsonMalformed, key);
        all.push_back(readEnvelope(*entry.extract<json::ObjectPtr>()));
    }
    return all;
}

std::vector<ReplyAnswer> readReplyAnswers(const json::Object& work)
{
    std::vector<ReplyAnswer> all;
    if (!work.has("replyAnswers"))
        return all;
    for (const auto& entry : *json::array(work, "replyAnswers")) {
        if (entry.type() != typeid(json::ObjectPtr))
            throw Error(ErrorCode::JsonMalformed, "replyAnswers");
        const auto object = entry.extract<json::ObjectPtr>();
        json::onlyKeys(*object, {"replyId", "verdict", "body"});
        const std::string verdict = json::text(*object, "verdict");
        if (verdict != "accept" && verdict != "reject")
            throw Error(ErrorCode::JsonMalformed, "verdict");
        all.push_back({.replyId = json::text(*object, "replyId"),
                       .verdict = verdict == "accept" ? portal::ReplyVerdict::Accept
                                                      : portal::ReplyVerdict::Reject,
                       .body = json::text(*object, "body")});
        if (!isUuid(all.back().replyId))
            throw Error(ErrorCode::JsonMalformed, "id of a reply");
    }
    return all;
}

std::vector<PaymentErrand> readPayments(const json::Object& work)
{
    std::vector<PaymentErrand> all;
    if (!work.has("payments"))
        return all;
    for (const auto& entry : *json::array(work, "payments")) {
        if (entry.type() != typeid(json::ObjectPtr))
            throw Error(ErrorCode::JsonMalformed, "payments");
        const auto object = entry.extract<json::ObjectPtr>();
        json::onlyKeys(*object,
                       {"id", "service", "originatorId", "endPointId", "transactionId", "waits"});
        all.push_back({.id = json::text(*object, "id"),
                       .service = json::text(*object, "service"),
                       .originatorId = json::text(*object, "originatorId"),
                       .endPointId = json::text(*object, "endPointId"),
                       .transactionId = json::optionalText(*object, "transactionId").value_or(""),
                       .waits = json::boolean(*object, "waits")});
        const auto& errand = all.back();
        if (!isUuid(errand.id) || !portal::isPaymentId(errand.originatorId) ||
            !portal::isPaymentId(errand.endPointId) ||
            (!errand.transactionId.empty() && !portal::isPaymentId(errand.transactionId)))
            throw Error(ErrorCode::JsonMalformed, "ids of a payment");
    }
    return all;
}

Work readWork(const std::string& text)
{
    const auto object = json::parseObject(text, workBytesMax);
    json::onlyKeys(*object, {"envelopes", "awaiting", "destinations", "serviceKeys", "head",
                             "quotaNews", "signIns", "replyAnswers", "payments"});
    return {
        .envelopes = readEnvelopes(*object, "envelopes"),
        .awaiting = readEnvelopes(*object, "awaiting"),
        .destinations = json::texts(*object, "destinations"),
        .serviceKeys = json::boolean(*object, "serviceKeys"),
        .head = object->has("head")
                    ? std::optional(portal::readHead(json::write(*json::object(*object, "head"))))
                    : std::nullopt,
        .answers = readReplyAnswers(*object),
        .quotaNews = object->has("quotaNews") ? std::optional(json::integer(*object, "quotaNews"))
                                              : std::nullopt,
        .signIns = object->has("signIns") && json::boolean(*object, "signIns"),
        .payments = readPayments(*object)};
}

/// `read` of an answer with this status; nothing otherwise, noted in the log.
template <typename Value, typename Read>
std::optional<Value> valueOf(const HttpResponse* response, int status, const char* what, Read read)
{
    if (!response)
        return std::nullopt;
    if (response->status == status) {
        try {
            return read(response->body);
        } catch (const Error& failure) { // the door to the node: what it says may be unreadable
            log::error("carrier.node_unreadable", {{"what", what}, {"code", failure.name()}});
            return std::nullopt;
        }
    }
    log::warning("carrier.node_refused",
                 {{"what", what}, {"status", std::to_string(response->status)}});
    return std::nullopt;
}

Taken takenOf(const HttpResponse* response, const char* what)
{
    if (response && response->status >= 200 && response->status < 300)
        return Taken::Yes;
    if (response)
        log::warning("carrier.node_refused",
                     {{"what", what}, {"status", std::to_string(response->status)}});
    return Taken::No;
}

QuotaTurn readQuotaTurn(const std::string& text)
{
    const auto object = json::parseObject(text, workBytesMax);
    json::onlyKeys(*object, {"round", "step", "message", "whole", "news"});
    QuotaTurn turn{.round = json::integer(*object, "round"),
                   .step = json::integer(*object, "step"),
                   .message = std::nullopt};
    if (const auto message = json::optionalObject(*object, "message")) {
        json::onlyKeys(*message, {"method", "path", "body"});
        turn.message = QuotaTurn::Message{.method = json::text(*message, "method"),
                                          .path = json::text(*message, "path"),
                                          .body = json::text(*message, "body")};
    } else {
        turn.whole = json::boolean(*object, "whole");
        turn.news = json::integer(*object, "news");
    }
    return turn;
}

portal::Announced readIds(const std::string& text)
{
    const auto object = json::parseObject(text);
    json::onlyKeys(*object, {"submissionId", "caseId"});
    return {.submissionId = json::text(*object, "submissionId"),
            .caseId = json::text(*object, "caseId")};
}

} // namespace

void NodeDoor::send(HttpRequest request, std::function<void(const HttpResponse*)> then)
{
    _exchange.send(std::move(request), [then = std::move(then)](const HttpAnswer& answer) {
        then(std::get_if<HttpResponse>(&answer));
    });
}

void NodeDoor::get(const std::string& path, std::function<void(const HttpResponse*)> then)
{
    send({.method = "GET", .path = path, .query = {}, .headers = {}, .body = {}, .peer = {}},
         std::move(then));
}

void NodeDoor::post(const std::string& path, const std::string& body,
                    std::function<void(const HttpResponse*)> then)
{
    send({.method = "POST",
          .path = path,
          .query = {},
          .headers = {{"content-type", "application/json"}},
          .body = body,
          .peer = {}},
         std::move(then));
}

void NodeDoor::work(Then<Work> then)
{
    get("/sync/work", [then = std::move(then)](const HttpResponse* response) {
        then(valueOf<Work>(response, 200, "work", readWork));
    });
}

void NodeDoor::part(const Envelope& envelope, const std::string& part, Then<std::string> then)
{
    const bool attachment = part != "metadata" && part != "data";
    get("/sync/envelopes/" + envelope.id + (attachment ? "/attachments/" : "/") + part,
        [then = std::move(then)](const HttpResponse* response) {
            then(valueOf<std::string>(response, 200, "part",
                                      [](const std::string& body) { return body; }));
        });
}

void NodeDoor::announced(const std::string& envelopeId, const portal::Announced& ids,
                         Then<Standing> then)
{
    auto body = json::makeObject();
    body->set("submissionId", ids.submissionId);
    body->set("caseId", ids.caseId);
    post("/sync/envelopes/" + envelopeId + "/announced", json::write(*body),
         [then = std::move(then)](const HttpResponse* response) {
             if (response && response->status == 409)
                 return then(
                     valueOf<Standing>(response, 409, "announced", [](const std::string& text) {
                         return Standing(readIds(text));
                     }));
             then(valueOf<Standing>(response, 204, "announced",
                                    [](const std::string&) { return Standing(); }));
         });
}

void NodeDoor::lost(const std::string& envelopeId, const std::string& submissionId, ThenTaken then)
{
    auto body = json::makeObject();
    body->set("submissionId", submissionId);
    post("/sync/envelopes/" + envelopeId + "/lost", json::write(*body),
         [then = std::move(then)](const HttpResponse* response) {
             then(takenOf(response, "lost"));
         });
}

void NodeDoor::events(const std::string& envelopeId, int offset,
                      const std::vector<std::string>& tokens, Then<Progress> then)
{
    auto list = json::makeArray();
    for (const auto& token : tokens)
        list->add(token);
    auto body = json::makeObject();
    body->set("offset", offset);
    body->set("events", list);
    post("/sync/envelopes/" + envelopeId + "/events", json::write(*body),
         [then = std::move(then)](const HttpResponse* response) {
             then(valueOf<Progress>(response, 200, "events", [](const std::string& text) {
                 const auto object = json::parseObject(text);
                 json::onlyKeys(*object, {"state", "eventsSeen"});
                 return Progress{.state = json::text(*object, "state"),
                                 .eventsSeen =
                                     static_cast<int>(json::integer(*object, "eventsSeen"))};
             }));
         });
}

void NodeDoor::refused(const std::string& envelopeId, const std::string& step,
                       const portal::Refused& refusal, ThenTaken then)
{
    auto body = json::makeObject();
    body->set("step", step);
    body->set("status", refusal.status);
    body->set("problemType", refusal.problemType);
    post("/sync/envelopes/" + envelopeId + "/refused", json::write(*body),
         [then = std::move(then)](const HttpResponse* response) {
             then(takenOf(response, "refused"));
         });
}

void NodeDoor::destination(const std::string& destinationId, const std::string& document,
                           const std::string& key, ThenTaken then)
{
    auto body = json::makeObject();
    body->set("document", document);
    body->set("key", key);
    post("/sync/destinations/" + destinationId, json::write(*body),
         [then = std::move(then)](const HttpResponse* response) {
             then(takenOf(response, "destination"));
         });
}

void NodeDoor::serviceKeys(const std::string& jwks, ThenTaken then)
{
    auto body = json::makeObject();
    body->set("jwks", jwks);
    post("/sync/service-keys", json::write(*body),
         [then = std::move(then)](const HttpResponse* response) {
             then(takenOf(response, "service-keys"));
         });
}

void NodeDoor::status(const Weather& weather, ThenTaken then)
{
    auto body = json::makeObject();
    body->set("reachable", weather.reachable);
    body->set("notAuthorised", weather.notAuthorised);
    if (weather.portalTime)
        body->set("portalTime", toIso(*weather.portalTime));
    post("/sync/status", json::write(*body),
         [then = std::move(then)](const HttpResponse* response) {
             then(takenOf(response, "status"));
         });
}

void NodeDoor::mark(std::int64_t number, Then<portal::JournalMark> then)
{
    get("/sync/journal/" + std::to_string(number),
        [then = std::move(then)](const HttpResponse* response) {
            then(valueOf<portal::JournalMark>(response, 200, "mark", [](const std::string& text) {
                const auto object = json::parseObject(text);
                json::onlyKeys(*object, {"number", "hash"});
                return portal::JournalMark{json::integer(*object, "number"),
                                           json::text(*object, "hash")};
            }));
        });
}

void NodeDoor::headVerdict(const std::string& verdict, ThenTaken then)
{
    auto body = json::makeObject();
    body->set("verdict", verdict);
    post("/sync/head", json::write(*body), [then = std::move(then)](const HttpResponse* response) {
        then(takenOf(response, "head"));
    });
}

void NodeDoor::signIn(Then<SignInErrand> then)
{
    post("/sync/sign-ins/next", "{}", [then = std::move(then)](const HttpResponse* response) {
        if (response && response->status == 204)
            return then(std::nullopt);
        then(valueOf<SignInErrand>(response, 200, "sign-in", [](const std::string& text) {
            const auto object = json::parseObject(text);
            json::onlyKeys(*object, {"id", "provider", "code", "verifier"});
            return SignInErrand{json::text(*object, "id"), json::text(*object, "provider"),
                                json::text(*object, "code"), json::text(*object, "verifier")};
        }));
    });
}

void NodeDoor::signInHeard(const std::string& errandId, const std::string& outcome,
                           const std::string& idToken, ThenTaken then)
{
    auto body = json::makeObject();
    body->set("outcome", outcome);
    if (outcome == "given")
        body->set("idToken", idToken);
    post("/sync/sign-ins/" + errandId + "/heard", json::write(*body),
         [then = std::move(then)](const HttpResponse* response) {
             then(takenOf(response, "sign-in-heard"));
         });
}

void NodeDoor::beginPayment(const std::string& paymentId, Then<std::string> then)
{
    post("/sync/payments/" + paymentId + "/begin", "{}",
         [then = std::move(then)](const HttpResponse* response) {
             then(valueOf<std::string>(response, 200, "payment", [](const std::string& text) {
                 const auto object = json::parseObject(text);
                 json::onlyKeys(*object, {"request"});
                 return json::text(*object, "request");
             }));
         });
}

void NodeDoor::paymentHeard(const std::string& paymentId, const std::string& body, Then<int> then)
{
    post("/sync/payments/" + paymentId + "/heard", body,
         [then = std::move(then)](const HttpResponse* response) {
             takenOf(response, "payment-heard");
             then(response ? std::optional(response->status) : std::nullopt);
         });
}

void NodeDoor::wantedReplies(const std::vector<std::string>& ids,
                             Then<std::vector<std::string>> then)
{
    auto list = json::makeArray();
    for (const auto& id : ids)
        list->add(id);
    auto body = json::makeObject();
    body->set("replies", list);
    post("/sync/replies", json::write(*body), [then = std::move(then)](const HttpResponse* answer) {
        then(valueOf<std::vector<std::string>>(answer, 200, "replies", [](const std::string& text) {
            const auto object = json::parseObject(text);
            json::onlyKeys(*object, {"wanted"});
            return json::texts(*object, "wanted");
        }));
    });
}

void NodeDoor::replyPart(const std::string& replyId, const std::string& part, std::string jwe,
                         ThenTaken then)
{
    // shared by the pieces under way
    replyPiece(replyId, part, std::make_shared<const std::string>(std::move(jwe)), 0,
               std::move(then));
}

void NodeDoor::replyPiece(const std::string& replyId, const std::string& part,
                          std::shared_ptr<const std::string> jwe, std::size_t offset,
                          ThenTaken then)
{
    auto body = json::makeObject();
    body->set("part", part);
    body->set("offset", static_cast<std::int64_t>(offset));
    body->set("text", jwe->substr(offset, pieceBytes));
    post("/sync/replies/" + replyId + "/parts", json::write(*body),
         [this, replyId, part, jwe, next = offset + pieceBytes,
          then = std::move(then)](const HttpResponse* response) mutable {
             if (takenOf(response, "reply-part") == Taken::No)
                 return then(Taken::No);
             if (next >= jwe->size())
                 return then(Taken::Yes);
             replyPiece(replyId, part, std::move(jwe), next, std::move(then));
         });
}

void NodeDoor::replyWhole(const portal::ReplyBody& reply, const std::vector<std::string>& events,
                          Then<std::string> then)
{
    auto attachments = json::makeArray();
    for (const auto& id : reply.attachmentIds)
        attachments->add(id);
    auto tokens = json::makeArray();
    for (const auto& token : events)
        tokens->add(token);
    auto body = json::makeObject();
    body->set("caseId", reply.caseId);
    body->set("attachments", attachments);
    body->set("events", tokens);
    post("/sync/replies/" + reply.replyId + "/whole", json::write(*body),
         [then = std::move(then)](const HttpResponse* response) {
             then(valueOf<std::string>(response, 200, "reply", [](const std::string& text) {
                 const auto object = json::parseObject(text);
                 json::onlyKeys(*object, {"state"});
                 return json::text(*object, "state");
             }));
         });
}

void NodeDoor::replyTold(const std::string& replyId, int status, ThenTaken then)
{
    auto body = json::makeObject();
    body->set("status", status);
    post("/sync/replies/" + replyId + "/told", json::write(*body),
         [then = std::move(then)](const HttpResponse* response) {
             then(takenOf(response, "reply-told"));
         });
}

void NodeDoor::quotaRound(Then<QuotaTurn> then)
{
    post("/sync/quota/round", "{}", [then = std::move(then)](const HttpResponse* response) {
        then(valueOf<QuotaTurn>(response, 200, "quota-round", readQuotaTurn));
    });
}

void NodeDoor::quotaHeard(const QuotaTurn& turn, const std::string& body, Then<QuotaTurn> then)
{
    quota(turn, 200, "", body, std::move(then));
}

void NodeDoor::quotaRefused(const QuotaTurn& turn, const portal::Refused& refusal,
                            Then<QuotaTurn> then)
{
    quota(turn, refusal.status, refusal.problemType, "", std::move(then));
}

void NodeDoor::quota(const QuotaTurn& turn, int status, const std::string& problemType,
                     const std::string& body, Then<QuotaTurn> then)
{
    auto heard = json::makeObject();
    heard->set("round", turn.round);
    heard->set("step", turn.step);
    heard->set("status", status);
    heard->set("problemType", problemType);
    heard->set("body", body);
    post("/sync/quota/heard", json::write(*heard),
         [then = std::move(then)](const HttpResponse* response) {
             then(valueOf<QuotaTurn>(response, 200, "quota-heard", readQuotaTurn));
         });
}

} // namespace amt::carrier
