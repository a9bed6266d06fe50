// SPDX-License-Identifier: EUPL-1.2
//
// The node's end of the protocol, with a journal of chance.
#include "tests/fleet/light_node.h"

#include "appliance/core/json.h"
#include "tests/fleet/region.h"

namespace amt::fleet {
namespace {

constexpr std::size_t listMax = 500;

HttpResponse answer(int status, std::string body = {})
{
    return {.status = status, .headers = {}, .body = std::move(body), .eventTopic = std::nullopt};
}

} // namespace

// --- the register

void Register::sealed(const std::string& envelope, int node, Milliseconds now)
{
    _all[envelope] = {.node = node, .submissionId = {}, .sealed = now};
}

void Register::stored(const std::string& envelope, const std::string& submission, Milliseconds now)
{
    auto& told = _all.at(envelope);
    if (told.stored >= Milliseconds(0))
        return wrong("stored twice: " + envelope);
    told.stored = now;
    told.submissionId = submission;
    ++_stored;
    _pause = std::max(_pause, now - _lastStored);
    _lastStored = now;
}

void Register::accepted(const std::string& envelope, Milliseconds now)
{
    auto& told = _all.at(envelope);
    if (told.accepted >= Milliseconds(0) || told.stored < Milliseconds(0))
        return wrong("accepted twice, or before it was stored: " + envelope);
    told.accepted = now;
    ++_accepted;
}

void Register::wrong(const std::string& what)
{
    _wrongs.push_back(what);
}

Milliseconds Register::longestPause(Milliseconds now)
{
    const auto pause = std::max(_pause, now - _lastStored);
    _pause = Milliseconds(0);
    _lastStored = now;
    return pause;
}

// --- the node

/// The Unix socket's place: answers at once, in a task of its own.
struct LightNode::Door final : HttpExchange {
    explicit Door(LightNode& whose) : node(whose) {}
    void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
    {
        node._loop.post([this, alive = std::weak_ptr<bool>(alive), request = std::move(request),
                         done = std::move(done)] {
            if (alive.lock())
                done(node.handle(request));
        });
    }
    LightNode& node;
    std::shared_ptr<bool> alive = std::make_shared<bool>(true); // weakly known to tasks under way
};

LightNode::LightNode(const Settings& settings, const Addresses& addresses, std::size_t firstAddress,
                     EventLoop& clock, EventLoop& loop, RandomSource& random, Register& told,
                     Meter& meter)
    : _settings(settings), _loop(loop), _random(random), _told(told),
      _destination(destinationKeys(settings.town)), _destinationId(destinationOf(settings.town)),
      _incarnation(randomUuid(random)), _door(std::make_unique<Door>(*this)),
      _line(addresses, firstAddress, loop, meter)
{
    journal();
    portal::V2Settings client;
    client.clientId = nodeClient(settings.number);
    client.clientSecret = secretOf(client.clientId);
    _link = portal::makeV2Link(std::move(client), _line, clock);
    _carrier = std::make_unique<carrier::Carrier>(settings.carrier, *_door, *_link, clock, random);
}

LightNode::~LightNode() = default;

void LightNode::start()
{
    _carrier->start();
}

void LightNode::capture(int attachments, std::size_t bytes)
{
    Envelope made;
    made.id = randomUuid(_random);
    const auto seal = [&](std::size_t size, const char* type) {
        return envelope::seal(Bytes(size, 'x'), destinationSealingKey(), sealingKid, type, _random)
            .compact;
    };
    made.metadata = seal(4096, "application/json");
    made.data = seal(bytes, "application/json");
    for (int i = 0; i < attachments; ++i)
        made.attachments[randomUuid(_random)] = seal(bytes, "application/pdf");
    _told.sealed(made.id, _settings.number, _loop.sinceBoot());
    _order[made.id] = _captured;
    _open.emplace(_captured++, std::move(made));
    journal();
}

void LightNode::journal()
{
    _journal.push_back(toHex(randomBytes(_random, 32)));
    _work.clear();
}

HttpResponse LightNode::handle(const HttpRequest& request)
{
    if (request.path == "/sync/work") {
        if (_work.empty())
            _work = work();
        return answer(200, _work);
    }
    if (request.path == "/sync/status" || request.path == "/sync/service-keys" ||
        request.path.starts_with("/sync/destinations/"))
        return answer(204);
    if (request.path == "/sync/head") {
        const auto verdict = json::text(*json::parseObject(request.body), "verdict");
        if (verdict != "taken")
            _told.wrong("the head of " + nodeClient(_settings.number) + " is " + verdict);
        return answer(204);
    }
    if (request.path.starts_with("/sync/journal/")) {
        const auto number = std::stoul(request.path.substr(14));
        if (number >= _journal.size())
            return answer(404);
        auto mark = json::makeObject();
        mark->set("number", static_cast<std::int64_t>(number));
        mark->set("hash", _journal[number]);
        return answer(200, json::write(*mark));
    }
    return aboutEnvelope(request);
}

std::string LightNode::work()
{
    auto object = json::makeObject();
    auto there = json::makeArray(), back = json::makeArray();
    for (const auto& [order, envelope] : _open) {
        auto& list = envelope.isStored ? back : there;
        if (list->size() >= listMax)
            continue;
        auto ids = json::makeArray();
        for (const auto& [id, jwe] : envelope.attachments)
            ids->add(id);
        auto each = json::makeObject();
        each->set("id", envelope.id);
        each->set("destinationId", _destinationId);
        each->set("serviceKey", std::string(service));
        each->set("serviceName", std::string("Bewohnerparkausweis"));
        each->set("regionKey", std::string());
        each->set("attachments", ids);
        if (!envelope.submissionId.empty()) {
            each->set("submissionId", envelope.submissionId);
            each->set("caseId", envelope.caseId);
        }
        each->set("eventsSeen", envelope.eventsSeen);
        list->add(each);
    }
    object->set("envelopes", there);
    object->set("awaiting", back);
    object->set("destinations", json::makeArray());
    object->set("serviceKeys", false);
    auto head = json::makeObject();
    head->set("incarnation", _incarnation);
    head->set("number", static_cast<std::int64_t>(_journal.size() - 1));
    head->set("hash", _journal.back());
    object->set("head", head);
    return json::write(*object);
}

HttpResponse LightNode::aboutEnvelope(const HttpRequest& request)
{
    const std::string rest = request.path.substr(std::string("/sync/envelopes/").size());
    const auto order = _order.find(rest.substr(0, 36));
    const std::string what = rest.substr(37);
    const auto found = order == _order.end() ? _open.end() : _open.find(order->second);
    if (found == _open.end())
        return answer(404);
    Envelope& envelope = found->second;
    if (what == "metadata")
        return answer(200, envelope.metadata);
    if (what == "data")
        return answer(200, envelope.data);
    if (what.starts_with("attachments/"))
        return answer(200, envelope.attachments.at(what.substr(12)));
    if (what == "announced")
        return announced(envelope, request.body);
    if (what == "lost")
        return lost(envelope, request.body);
    if (what == "events")
        return events(envelope, request.body);
    _told.wrong("refused: " + envelope.id + " " + request.body);
    return answer(200, R"({"state":"HELD"})");
}

HttpResponse LightNode::announced(Envelope& envelope, const std::string& body)
{
    const auto read = json::parseObject(body);
    const std::string submission = json::text(*read, "submissionId");
    if (envelope.lost.contains(submission))
        _told.wrong("announced again under ids that were given up: " + envelope.id);
    if (envelope.submissionId.empty()) {
        envelope.submissionId = submission;
        envelope.caseId = json::text(*read, "caseId");
        envelope.eventsSeen = 0;
        journal();
        return answer(204);
    }
    if (envelope.submissionId == submission)
        return answer(204);
    auto standing = json::makeObject();
    standing->set("submissionId", envelope.submissionId);
    standing->set("caseId", envelope.caseId);
    return answer(409, json::write(*standing));
}

HttpResponse LightNode::lost(Envelope& envelope, const std::string& body)
{
    if (envelope.isStored ||
        envelope.submissionId != json::text(*json::parseObject(body), "submissionId"))
        return answer(409);
    envelope.lost.insert(envelope.submissionId);
    // An announcement was answered, and must not go away before its day is over.
    _told.wrong("an announcement that was answered is not known any more: " + envelope.id);
    envelope.submissionId.clear();
    envelope.caseId.clear();
    envelope.eventsSeen = 0;
    journal();
    return answer(204);
}

HttpResponse LightNode::events(Envelope& envelope, const std::string& body)
{
    const auto read = json::parseObject(body, 4 * 1024 * 1024);
    int position = static_cast<int>(json::integer(*read, "offset"));
    bool isAccepted = false;
    for (const auto& token : json::texts(*read, "events")) {
        if (position++ < envelope.eventsSeen)
            continue;
        const auto event =
            envelope::verifyEvent(token, serviceKeys(), _destination, _loop.utcNow());
        if (event.submissionId != envelope.submissionId) {
            _told.wrong("an event of another submission: " + envelope.id);
            continue;
        }
        if (event.tags) {
            envelope::AuthenticationTags tags{
                envelope::tagOf(envelope.metadata), envelope::tagOf(envelope.data), {}};
            for (const auto& [id, jwe] : envelope.attachments)
                tags.attachments[id] = envelope::tagOf(jwe);
            if (!(*event.tags == tags))
                _told.wrong("a receipt for another content: " + envelope.id);
        }
        if (event.kind == envelope::EventKind::Submit) {
            envelope.isStored = true;
            _told.stored(envelope.id, envelope.submissionId, _loop.sinceBoot());
        } else if (event.kind == envelope::EventKind::Accept) {
            isAccepted = true;
            _told.accepted(envelope.id, _loop.sinceBoot());
        } else if (event.kind != envelope::EventKind::Create) {
            _told.wrong("an event that nobody ordered: " + envelope.id);
        }
        envelope.eventsSeen = position;
        journal();
    }
    auto progress = json::makeObject();
    progress->set("state", std::string(isAccepted          ? "ACCEPTED"
                                       : envelope.isStored ? "STORED"
                                                           : "SEALED"));
    progress->set("eventsSeen", envelope.eventsSeen);
    if (isAccepted)
        _open.erase(_order.at(envelope.id));
    return answer(200, json::write(*progress));
}

} // namespace amt::fleet
