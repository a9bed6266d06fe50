// SPDX-License-Identifier: EUPL-1.2
//
// What amt-sync asks and brings (sync/carrier/PROTOCOL.md). It is believed in nothing that the
// outbox cannot verify.
#include "appliance/core/log.h"
#include "appliance/node/house.h"
#include "appliance/node/machine_routes.h"
#include "sync/outbox/incarnation.h"
#include "sync/portal/payments.h"
#include "sync/portal/words.h"

#include <charconv>

namespace amt::node {
namespace {

json::ObjectPtr bodyOf(const Exchange& exchange, std::initializer_list<std::string_view> keys)
{
    auto object = json::parseObject(exchange.request.body);
    json::onlyKeys(*object, keys);
    return object;
}

const std::string& idOf(const Exchange& exchange)
{
    const std::string& id = exchange.segments.at(0);
    if (!isUuid(id))
        throw Error(ErrorCode::NotFound, "not an id");
    return id;
}

/// An id that the service gave; any word without blanks up to 64 characters would do, the service
/// gives UUIDs.
std::string uuidIn(const json::Object& object, const std::string& key)
{
    std::string id = json::text(object, key);
    if (!isUuid(id))
        throw Error(ErrorCode::JsonMalformed, "not a UUID: " + key);
    return id;
}

json::ArrayPtr written(const std::vector<outbox::WorkItem>& items)
{
    auto list = json::makeArray();
    for (const auto& item : items) {
        auto object = json::makeObject();
        object->set("id", item.id);
        object->set("destinationId", item.destinationId);
        object->set("serviceKey", item.serviceKey);
        object->set("serviceName", item.serviceName);
        object->set("regionKey", item.regionKey);
        auto attachments = json::makeArray();
        for (const auto& attachment : item.attachments)
            attachments->add(attachment);
        object->set("attachments", attachments);
        if (item.submissionId)
            object->set("submissionId", *item.submissionId);
        if (item.caseId)
            object->set("caseId", *item.caseId);
        object->set("eventsSeen", item.eventsSeen);
        list->add(object);
    }
    return list;
}

json::ArrayPtr written(const std::vector<outbox::Replies::Answer>& answers)
{
    auto list = json::makeArray();
    for (const auto& answer : answers) {
        std::vector<portal::Reason> reasons;
        for (const auto& problem : answer.problems)
            reasons.push_back({problem.type, problem.title, problem.detail, problem.instance});
        auto object = json::makeObject();
        object->set("replyId", answer.id);
        object->set("verdict", answer.tags ? "accept" : "reject");
        object->set("body", answer.tags ? portal::writeReplyAccept({answer.tags->metadata,
                                                                    answer.tags->data,
                                                                    answer.tags->attachments})
                                        : portal::writeReplyReject(reasons));
        list->add(object);
    }
    return list;
}

json::ArrayPtr written(const std::vector<office::OnlineOrder>& orders)
{
    auto list = json::makeArray();
    for (const auto& order : orders) {
        auto object = json::makeObject();
        object->set("id", order.paymentId);
        object->set("service", order.terms.service);
        object->set("originatorId", order.terms.originatorId);
        object->set("endPointId", order.terms.endPointId);
        if (!order.transactionId.empty())
            object->set("transactionId", order.transactionId);
        object->set("waits", order.state == office::PaymentState::Ordered ||
                                 order.state == office::PaymentState::Authorising);
        list->add(object);
    }
    return list;
}

/// Throws NotFound where nothing is leased from a portal.
QuotaRounds& roundsOf(House& house)
{
    if (!house.rounds)
        throw Error(ErrorCode::NotFound, "this node has a calendar of its own");
    return *house.rounds;
}

Reply turnAnswer(const QuotaRounds::Turn& turn)
{
    auto object = json::makeObject();
    object->set("round", turn.round);
    object->set("step", turn.step);
    if (turn.message) {
        auto message = json::makeObject();
        const bool asks = turn.message->path == office::quota::calendarPath ||
                          office::PortalBookings::isOurs(turn.message->path);
        message->set("method", asks ? "POST" : "PUT");
        message->set("path", std::string(turn.message->path));
        message->set("body", turn.message->body);
        object->set("message", message);
    } else {
        object->set("whole", turn.whole);
        object->set("news", turn.news);
    }
    return jsonAnswer(200, *object);
}

Reply partAnswer(House& house, const Exchange& exchange, const std::string& part)
{
    auto compact = house.outbox.part(idOf(exchange), part);
    if (!compact)
        throw Error(ErrorCode::NotFound, "no such part");
    HttpResponse response;
    response.headers = {{"Content-Type", "application/jose"}};
    response.body = *std::move(compact);
    return response;
}

} // namespace

Reply giveWork(House& house, Exchange&)
{
    const UtcTime now = house.doors.loop.utcNow();
    auto work = json::makeObject();
    work->set("envelopes", written(house.outbox.waiting()));
    work->set("awaiting", written(house.outbox.awaiting()));
    auto due = json::makeArray();
    for (const auto& id : house.destinations.due(now))
        due->add(id);
    work->set("destinations", due);
    work->set("serviceKeys", house.destinations.serviceKeysDue(now));
    const auto newest = house.journal.head();
    auto head = json::makeObject();
    head->set("incarnation", outbox::incarnationOf(house.doors.database));
    head->set("number", newest.number);
    head->set("hash", toHex(newest.hash));
    const auto overview = house.outbox.overview(now);
    auto report = json::makeObject();
    report->set("version", AMT_VERSION);
    report->set("waiting", overview.waiting);
    report->set("held", overview.held);
    if (overview.waiting > 0 && overview.oldestWaiting)
        report->set("oldestWaiting", toIso(*overview.oldestWaiting));
    head->set("node", report);
    work->set("head", head);
    if (house.rounds)
        work->set("quotaNews", house.rounds->news());
    if (house.providerSignIns && house.providerSignIns->hasErrand())
        work->set("signIns", true);
    if (const auto answers = house.replies.answers(); !answers.empty())
        work->set("replyAnswers", written(answers));
    if (const auto payments = house.onlineCashier.errands(); !payments.empty())
        work->set("payments", written(payments));
    return jsonAnswer(200, *work);
}

Reply giveMetadata(House& house, Exchange& exchange)
{
    return partAnswer(house, exchange, "metadata");
}

Reply giveData(House& house, Exchange& exchange)
{
    return partAnswer(house, exchange, "data");
}

Reply giveAttachment(House& house, Exchange& exchange)
{
    if (!isUuid(exchange.segments.at(1)))
        throw Error(ErrorCode::NotFound, "not an attachment id");
    return partAnswer(house, exchange, exchange.segments.at(1));
}

Reply takeAnnounced(House& house, Exchange& exchange)
{
    const auto body = bodyOf(exchange, {"submissionId", "caseId"});
    const outbox::ServiceIds ids{uuidIn(*body, "submissionId"), uuidIn(*body, "caseId")};
    const auto standing = house.outbox.announced(idOf(exchange), ids, house.doors.loop.utcNow());
    if (!standing)
        return emptyAnswer(204);
    auto object = json::makeObject();
    object->set("submissionId", standing->submissionId);
    object->set("caseId", standing->caseId);
    return jsonAnswer(409, *object);
}

Reply takeLost(House& house, Exchange& exchange)
{
    const auto body = bodyOf(exchange, {"submissionId"});
    house.outbox.lost(idOf(exchange), uuidIn(*body, "submissionId"), house.doors.loop.utcNow());
    return emptyAnswer(204);
}

Reply takeEvents(House& house, Exchange& exchange)
{
    const auto body = bodyOf(exchange, {"offset", "events"});
    const auto offset = json::integer(*body, "offset");
    if (offset < 0 || offset > 100000)
        throw Error(ErrorCode::JsonMalformed, "offset");
    const auto progress =
        house.outbox.receiveEvents(idOf(exchange), static_cast<int>(offset),
                                   json::texts(*body, "events"), house.doors.loop.utcNow());
    if (progress.state == outbox::EnvelopeState::Accepted)
        house.outbox.purge(house.doors.loop.utcNow());
    auto object = json::makeObject();
    object->set("state", std::string(outbox::name(progress.state)));
    object->set("eventsSeen", progress.eventsSeen);
    return jsonAnswer(200, *object);
}

Reply takeRefused(House& house, Exchange& exchange)
{
    const auto body = bodyOf(exchange, {"step", "status", "problemType"});
    const std::string step = json::text(*body, "step");
    if (step != "announce" && step != "attachment" && step != "submit")
        throw Error(ErrorCode::JsonMalformed, "step");
    const auto status = json::integer(*body, "status");
    if (status < 400 || status > 599)
        throw Error(ErrorCode::JsonMalformed, "status");
    const std::string problemType = json::text(*body, "problemType");
    if (problemType.size() > 200)
        throw Error(ErrorCode::JsonMalformed, "problem type");
    const auto state = house.outbox.refused(idOf(exchange), step, static_cast<int>(status),
                                            problemType, house.doors.loop.utcNow());
    auto object = json::makeObject();
    object->set("state", std::string(outbox::name(state)));
    return jsonAnswer(200, *object);
}

Reply takeDestination(House& house, Exchange& exchange)
{
    const auto body = bodyOf(exchange, {"document", "key"});
    house.destinations.takeDestination(idOf(exchange), json::text(*body, "document"),
                                       json::text(*body, "key"), house.doors.loop.utcNow());
    return emptyAnswer(204);
}

Reply takeServiceKeys(House& house, Exchange& exchange)
{
    const auto body = bodyOf(exchange, {"jwks"});
    house.destinations.takeServiceKeys(json::text(*body, "jwks"), house.doors.loop.utcNow());
    return emptyAnswer(204);
}

Reply takeStatus(House& house, Exchange& exchange)
{
    const auto body = bodyOf(exchange, {"reachable", "notAuthorised", "portalTime"});
    const UtcTime now = house.doors.loop.utcNow();
    const bool reachable = json::boolean(*body, "reachable");
    const bool notAuthorised = body->has("notAuthorised") && json::boolean(*body, "notAuthorised");
    if (const auto time = json::optionalText(*body, "portalTime")) {
        UtcTime portal;
        try {
            portal = fromIso(*time);
        } catch (const Error&) { // the gate's codes name no format
            throw Error(ErrorCode::JsonMalformed, "portalTime");
        }
        house.lineTime = {portal, house.doors.loop.sinceBoot()};
        house.journal.portalTime(portal, now, house.doors.loop.sinceBoot());
        if (house.rounds)
            house.rounds->portalSaid(portal);
    }
    if (notAuthorised && !house.notAuthorised)
        log::error("portal.not-authorised");
    house.notAuthorised = notAuthorised;
    house.outbox.contact(reachable, now);
    return emptyAnswer(204);
}

Reply giveMark(House& house, Exchange& exchange)
{
    std::int64_t number = 0;
    const std::string& text = exchange.segments.at(0);
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto hash = failure == std::errc() && end == text.data() + text.size() && number >= 0
                          ? house.journal.hashAt(number)
                          : std::nullopt;
    if (!hash)
        throw Error(ErrorCode::NotFound, "no such record");
    auto mark = json::makeObject();
    mark->set("number", number);
    mark->set("hash", toHex(*hash));
    return jsonAnswer(200, *mark);
}

Reply takeHeadVerdict(House& house, Exchange& exchange)
{
    const std::string verdict = json::text(*bodyOf(exchange, {"verdict"}), "verdict");
    if (verdict != "taken" && verdict != "behind" && verdict != "beside" && verdict != "closed")
        throw Error(ErrorCode::JsonMalformed, "verdict");
    if (verdict != "taken")
        log::error("journal.head-refused", {{"verdict", verdict}});
    house.headAlarm = verdict == "taken" ? std::string() : verdict;
    return emptyAnswer(204);
}

namespace {

/// Throws NotFound where the town has no identity provider.
ProviderSignIns& signInsOf(House& house)
{
    if (!house.providerSignIns)
        throw Error(ErrorCode::NotFound, "no identity provider here");
    return *house.providerSignIns;
}

} // namespace

Reply giveSignIn(House& house, Exchange& exchange)
{
    bodyOf(exchange, {});
    auto& signIns = signInsOf(house);
    const auto errand = signIns.nextErrand();
    if (!errand)
        return emptyAnswer(204);
    auto object = json::makeObject();
    object->set("id", errand->id);
    object->set("provider", signIns.provider().id);
    object->set("code", errand->code);
    object->set("verifier", errand->verifier);
    return jsonAnswer(200, *object);
}

Reply takeSignInAnswer(House& house, Exchange& exchange)
{
    const auto body = bodyOf(exchange, {"outcome", "idToken"});
    const std::string outcome = json::text(*body, "outcome");
    ProviderSignIns::Heard heard = ProviderSignIns::Silent{};
    if (outcome == "given")
        heard = json::text(*body, "idToken");
    else if (outcome == "refused")
        heard = ProviderSignIns::NotGiven{};
    else if (outcome != "silent")
        throw Error(ErrorCode::JsonMalformed, "outcome");
    if (!signInsOf(house).heard(idOf(exchange), heard))
        throw Error(ErrorCode::NotFound, "no such sign-in any more");
    return emptyAnswer(204);
}

Reply takeReplyList(House& house, Exchange& exchange)
{
    const auto ids = json::texts(*bodyOf(exchange, {"replies"}), "replies");
    for (const auto& id : ids) {
        if (!isUuid(id))
            throw Error(ErrorCode::JsonMalformed, "id of a reply");
    }
    auto wanted = json::makeArray();
    // While there is hardly room for what citizens write, replies wait where they are.
    if (house.takesAttachment(0) && house.people.isSetUp()) {
        for (const auto& id : house.replies.wanted(ids))
            wanted->add(id);
    }
    auto object = json::makeObject();
    object->set("wanted", wanted);
    return jsonAnswer(200, *object);
}

Reply takeReplyPiece(House& house, Exchange& exchange)
{
    const auto body = bodyOf(exchange, {"part", "offset", "text"});
    const std::string part = json::text(*body, "part");
    const auto offset = json::integer(*body, "offset");
    if ((part != "metadata" && part != "data" && !isUuid(part)) || offset < 0)
        throw Error(ErrorCode::JsonMalformed, "part or offset");
    house.replies.takePiece(idOf(exchange), part, offset, json::text(*body, "text"),
                            house.doors.loop.utcNow());
    return emptyAnswer(204);
}

Reply takeReplyWhole(House& house, Exchange& exchange)
{
    const auto body = bodyOf(exchange, {"caseId", "attachments", "events"});
    const auto attachments = json::texts(*body, "attachments");
    for (const auto& id : attachments) {
        if (!isUuid(id))
            throw Error(ErrorCode::JsonMalformed, "id of an attachment");
    }
    const auto state = house.replies.finish(idOf(exchange), uuidIn(*body, "caseId"), attachments,
                                            json::texts(*body, "events"),
                                            house.people.deskSeal().kid, house.doors.loop.utcNow());
    auto object = json::makeObject();
    object->set("state", std::string(outbox::name(state)));
    return jsonAnswer(200, *object);
}

Reply takeReplyTold(House& house, Exchange& exchange)
{
    const auto status = json::integer(*bodyOf(exchange, {"status"}), "status");
    if (status < 200 || status > 599)
        throw Error(ErrorCode::JsonMalformed, "status");
    house.replies.told(idOf(exchange), static_cast<int>(status), house.doors.loop.utcNow());
    return emptyAnswer(204);
}

Reply beginPayment(House& house, Exchange& exchange)
{
    bodyOf(exchange, {});
    const auto order = house.onlineCashier.begin(idOf(exchange));
    auto object = json::makeObject();
    object->set("request", order.request);
    return jsonAnswer(200, *object);
}

Reply takePaymentAnswer(House& house, Exchange& exchange)
{
    const auto body = bodyOf(exchange, {"transaction", "status", "functionalCode"});
    office::PaymentState state{};
    if (const auto said = json::optionalText(*body, "transaction")) {
        state = house.onlineCashier.heard(idOf(exchange), portal::readPaymentTransaction(*said));
    } else {
        const auto status = json::integer(*body, "status");
        if (status < 400 || status > 499)
            throw Error(ErrorCode::JsonMalformed, "status");
        state = house.onlineCashier.heardRefusal(
            idOf(exchange), static_cast<int>(status),
            portal::functionalCodeFromName(json::text(*body, "functionalCode")));
    }
    auto object = json::makeObject();
    object->set("state", std::string(office::name(state)));
    return jsonAnswer(200, *object);
}

Reply beginQuotaRound(House& house, Exchange& exchange)
{
    bodyOf(exchange, {});
    return turnAnswer(roundsOf(house).begin());
}

Reply takeQuotaAnswer(House& house, Exchange& exchange)
{
    const auto body = bodyOf(exchange, {"round", "step", "status", "problemType", "body"});
    const auto status = json::integer(*body, "status");
    if (status < 200 || status > 599)
        throw Error(ErrorCode::JsonMalformed, "status");
    return turnAnswer(roundsOf(house).heard(
        json::integer(*body, "round"), json::integer(*body, "step"), static_cast<int>(status),
        json::text(*body, "problemType"), json::text(*body, "body")));
}

} // namespace amt::node
