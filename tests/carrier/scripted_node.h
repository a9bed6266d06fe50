// SPDX-License-Identifier: EUPL-1.2
//
// The node's end of PROTOCOL.md, strict about its order, with nothing behind it but a map.
#pragma once

#include "appliance/core/json.h"
#include "sync/envelope/envelope.h"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace amt::test {

struct NodeEnvelope {
    std::string id, destinationId, serviceKey;
    std::string metadata, data; ///< JWE
    std::map<std::string, std::string> attachments;
    std::string state = "SEALED";
    std::string submissionId, caseId;
    int eventsSeen = 0;
    std::set<std::string> lostSubmissions;
    std::string heldReason;

    envelope::AuthenticationTags tags() const
    {
        envelope::AuthenticationTags all{envelope::tagOf(metadata), envelope::tagOf(data), {}};
        for (const auto& [part, jwe] : attachments)
            all.attachments[part] = envelope::tagOf(jwe);
        return all;
    }
};

class ScriptedNode {
public:
    std::deque<NodeEnvelope> envelopes;
    std::vector<std::string> destinations;
    bool wantsServiceKeys = false;
    envelope::IssuerKeys service, destination;
    UtcTime now;

    std::vector<bool> reports; ///< of /sync/status
    int keyRefreshes = 0;
    int serviceKeysGiven = 0;

    NodeEnvelope& find(const std::string& id)
    {
        for (auto& each : envelopes) {
            if (each.id == id)
                return each;
        }
        throw Error(ErrorCode::NotFound, "envelope");
    }

    HttpResponse handle(const HttpRequest& request)
    {
        if (request.path == "/sync/work") {
            BOOST_TEST(request.method == "GET");
            return answer(200, work());
        }
        if (request.path == "/sync/status") {
            const auto body = json::parseObject(request.body);
            json::onlyKeys(*body, {"reachable", "notAuthorised", "portalTime"});
            reports.push_back(json::boolean(*body, "reachable"));
            return answer(204);
        }
        if (request.path == "/sync/service-keys") {
            ++serviceKeysGiven;
            wantsServiceKeys = false;
            return answer(204);
        }
        if (request.path.starts_with("/sync/destinations/")) {
            const auto body = json::parseObject(request.body);
            json::onlyKeys(*body, {"document", "key"});
            envelope::parseJwk(*json::parseObject(json::text(*body, "key")),
                               envelope::KeyUse::Encrypt);
            ++keyRefreshes;
            return answer(204);
        }
        return aboutEnvelope(request);
    }

private:
    static HttpResponse answer(int status, const std::string& body = {})
    {
        return {.status = status, .headers = {}, .body = body, .eventTopic = std::nullopt};
    }

    std::string work() const
    {
        auto object = json::makeObject();
        object->set("envelopes", list("SEALED", 16));
        object->set("awaiting", list("STORED", 1000));
        auto ids = json::makeArray();
        for (const auto& id : destinations)
            ids->add(id);
        object->set("destinations", ids);
        object->set("serviceKeys", wantsServiceKeys);
        return json::write(*object);
    }

    json::ArrayPtr list(const std::string& state, std::size_t most) const
    {
        auto array = json::makeArray();
        for (const auto& each : envelopes) {
            if (each.state != state || array->size() >= most)
                continue;
            auto ids = json::makeArray();
            for (const auto& [id, jwe] : each.attachments)
                ids->add(id);
            auto object = json::makeObject();
            object->set("id", each.id);
            object->set("destinationId", each.destinationId);
            object->set("serviceKey", each.serviceKey);
            object->set("serviceName", "Bewohnerparkausweis");
            object->set("regionKey", "");
            object->set("attachments", ids);
            if (!each.submissionId.empty()) {
                object->set("submissionId", each.submissionId);
                object->set("caseId", each.caseId);
            }
            object->set("eventsSeen", each.eventsSeen);
            array->add(object);
        }
        return array;
    }

    HttpResponse aboutEnvelope(const HttpRequest& request)
    {
        const std::string prefix = "/sync/envelopes/";
        BOOST_REQUIRE(request.path.starts_with(prefix));
        const std::string rest = request.path.substr(prefix.size());
        auto& envelope = find(rest.substr(0, 36));
        const std::string what = rest.substr(37);
        if (request.method == "GET") {
            if (what == "metadata")
                return answer(200, envelope.metadata);
            if (what == "data")
                return answer(200, envelope.data);
            BOOST_REQUIRE(what.starts_with("attachments/"));
            return answer(200, envelope.attachments.at(what.substr(12)));
        }
        const auto body = json::parseObject(request.body);
        if (what == "announced")
            return announced(envelope, *body);
        if (what == "lost")
            return lost(envelope, *body);
        if (what == "events")
            return events(envelope, *body);
        BOOST_REQUIRE_EQUAL(what, "refused");
        json::onlyKeys(*body, {"step", "status", "problemType"});
        envelope.state = "HELD";
        envelope.heldReason =
            json::text(*body, "step") + " " + std::to_string(json::integer(*body, "status"));
        return answer(200, R"({"state":"HELD"})");
    }

    static HttpResponse announced(NodeEnvelope& envelope, const json::Object& body)
    {
        json::onlyKeys(body, {"submissionId", "caseId"});
        const std::string submission = json::text(body, "submissionId");
        BOOST_TEST(!envelope.lostSubmissions.contains(submission));
        if (envelope.submissionId.empty()) {
            envelope.submissionId = submission;
            envelope.caseId = json::text(body, "caseId");
            envelope.eventsSeen = 0;
            return answer(204);
        }
        if (envelope.submissionId == submission)
            return answer(204);
        auto standing = json::makeObject();
        standing->set("submissionId", envelope.submissionId);
        standing->set("caseId", envelope.caseId);
        return answer(409, json::write(*standing));
    }

    static HttpResponse lost(NodeEnvelope& envelope, const json::Object& body)
    {
        json::onlyKeys(body, {"submissionId"});
        if (envelope.state != "SEALED" || envelope.submissionId != json::text(body, "submissionId"))
            return answer(409);
        envelope.lostSubmissions.insert(envelope.submissionId);
        envelope.submissionId.clear();
        envelope.caseId.clear();
        envelope.eventsSeen = 0;
        return answer(204);
    }

    HttpResponse events(NodeEnvelope& envelope, const json::Object& body)
    {
        json::onlyKeys(body, {"offset", "events"});
        const int offset = static_cast<int>(json::integer(body, "offset"));
        BOOST_TEST(offset <= envelope.eventsSeen);
        int position = offset;
        for (const auto& token : json::texts(body, "events")) {
            if (position++ < envelope.eventsSeen)
                continue;
            const auto event = envelope::verifyEvent(token, service, destination, now);
            BOOST_TEST(event.submissionId == envelope.submissionId);
            if (event.tags)
                BOOST_TEST((*event.tags == envelope.tags()));
            if (event.kind == envelope::EventKind::Submit) {
                BOOST_TEST(envelope.state == "SEALED");
                envelope.state = "STORED";
            } else if (event.kind == envelope::EventKind::Accept) {
                BOOST_TEST(envelope.state == "STORED");
                envelope.state = "ACCEPTED";
            } else if (event.kind == envelope::EventKind::Reject) {
                envelope.state = "REJECTED";
            }
            envelope.eventsSeen = position;
        }
        auto progress = json::makeObject();
        progress->set("state", envelope.state);
        progress->set("eventsSeen", envelope.eventsSeen);
        return answer(200, json::write(*progress));
    }
};

} // namespace amt::test
