// SPDX-License-Identifier: EUPL-1.2
//
// Security Event Tokens (RFC 8417) as FIT-Connect v2 writes them: who may say what, and what it
// must carry.
#include "sync/envelope/claims.h"
#include "sync/envelope/openssl.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace amt::envelope {
namespace {

constexpr auto invalid = ErrorCode::SignatureInvalid;
constexpr auto refused = ErrorCode::EventRefused;
constexpr const char* tokenType = "secevent+jwt";
constexpr const char* payloadSchema =
    "https://schema.fitko.de/fit-connect/set-payload/1.2.2/set-payload.schema.json";
constexpr std::string_view payloadSchemaStem = "https://schema.fitko.de/fit-connect/set-payload/1.";
constexpr std::string_view submissionPrefix = "submission:";
constexpr std::string_view replyPrefix = "reply:";
constexpr std::size_t claimsBytesMax = 64 * 1024;
constexpr std::size_t problemsMax = 100;
constexpr std::chrono::minutes skewMax{5};
constexpr std::chrono::hours earlyMax{24};
/// 9999-12-31: whoever says later means nothing.
constexpr std::int64_t secondsMax = 253402300799;

enum class Says { Service, Destination, Either };

struct EventRow {
    EventKind kind;
    const char* uri;
    Says who;
    bool isAboutReply = false;

    bool fits(Speaker speaker) const
    {
        return who == Says::Either || (who == Says::Service) == (speaker == Speaker::Service);
    }
};
constexpr std::array eventRows{
    EventRow{EventKind::Create, "https://schema.fitko.de/fit-connect/events/create-submission",
             Says::Service},
    EventRow{EventKind::Submit, "https://schema.fitko.de/fit-connect/events/submit-submission",
             Says::Service},
    EventRow{EventKind::Notify, "https://schema.fitko.de/fit-connect/events/notify-submission",
             Says::Service},
    EventRow{EventKind::Accept, "https://schema.fitko.de/fit-connect/events/accept-submission",
             Says::Destination},
    EventRow{EventKind::Reject, "https://schema.fitko.de/fit-connect/events/reject-submission",
             Says::Either},
    EventRow{EventKind::Delete, "https://schema.fitko.de/fit-connect/events/delete-submission",
             Says::Service},
    // Whoever takes a reply has no signature key there: the service writes down what it was told.
    EventRow{EventKind::Create, "https://schema.fitko.de/fit-connect/events/create-reply",
             Says::Service, true},
    EventRow{EventKind::Submit, "https://schema.fitko.de/fit-connect/events/submit-reply",
             Says::Service, true},
    EventRow{EventKind::Accept, "https://schema.fitko.de/fit-connect/events/accept-reply",
             Says::Service, true},
    EventRow{EventKind::Reject, "https://schema.fitko.de/fit-connect/events/reject-reply",
             Says::Service, true},
    EventRow{EventKind::Delete, "https://schema.fitko.de/fit-connect/events/delete-reply",
             Says::Service, true},
};

bool carriesTags(EventKind kind)
{
    return kind == EventKind::Submit || kind == EventKind::Accept;
}

const EventRow& rowOf(const SecurityEvent& event)
{
    const auto row = std::find_if(eventRows.begin(), eventRows.end(), [&](const EventRow& each) {
        return each.kind == event.kind && each.isAboutReply == event.isAboutReply();
    });
    AMT_ASSERT(row != eventRows.end()); // nobody is notified of a reply
    return *row;
}
json::ObjectPtr writeTags(const AuthenticationTags& tags)
{
    auto attachments = json::makeObject();
    for (const auto& [id, tag] : tags.attachments)
        attachments->set(id, tag);
    auto object = json::makeObject();
    object->set("metadata", tags.metadata);
    object->set("data", tags.data);
    object->set("attachments", attachments);
    return object;
}

std::string readTag(const json::Object& object, const std::string& key)
{
    std::string tag = json::text(object, key);
    require(fromBase64Url(tag).size() == 16, refused, "authentication tag is not 16 bytes");
    return tag;
}

AuthenticationTags readTags(const json::Object& object)
{
    json::onlyKeys(object, {"metadata", "data", "attachments"});
    AuthenticationTags tags{readTag(object, "metadata"), readTag(object, "data"), {}};
    if (const auto attachments = json::optionalObject(object, "attachments")) {
        for (const auto& [id, ignored] : *attachments) {
            require(isUuid(id), refused, "attachment id is not a UUID");
            tags.attachments.emplace(id, readTag(*attachments, id));
        }
    }
    return tags;
}

std::vector<Problem> readProblems(const json::Object& event)
{
    const auto list = json::array(event, "problems");
    require(list->size() >= 1 && list->size() <= problemsMax, refused,
            "unusable number of problems");
    std::vector<Problem> problems;
    for (const auto& entry : *list) {
        require(entry.type() == typeid(json::ObjectPtr), refused, "problem is not an object");
        const auto object = entry.extract<json::ObjectPtr>();
        problems.push_back(
            {json::text(*object, "type"), json::optionalText(*object, "title").value_or(""),
             json::optionalText(*object, "detail").value_or(""), json::text(*object, "instance")});
    }
    return problems;
}

std::string uuidAfter(const std::string& text, std::string_view prefix)
{
    require(text.starts_with(prefix) && isUuid(std::string_view(text).substr(prefix.size())),
            refused, "sub or txn is not of its form");
    return text.substr(prefix.size());
}

SecurityEvent readChecked(const json::Object& claims, Speaker speaker, UtcTime now)
{
    SecurityEvent event;
    require(json::text(claims, "$schema").starts_with(payloadSchemaStem), refused,
            "unknown payload schema");
    event.id = json::text(claims, "jti");
    require(isUuid(event.id), refused, "jti is not a UUID");
    event.issuer = json::text(claims, "iss");
    const std::int64_t seconds = json::integer(claims, "iat");
    require(seconds > 0 && seconds <= secondsMax, refused, "iat is no time");
    event.issuedAt = UtcTime(std::chrono::seconds(seconds));
    require(event.issuedAt <= now + earlyMax, refused, "iat is in the future");
    const std::string subject = json::text(claims, "sub");
    const bool isAboutReply = subject.starts_with(replyPrefix);
    (isAboutReply ? event.replyId : event.submissionId) =
        uuidAfter(subject, isAboutReply ? replyPrefix : submissionPrefix);
    event.caseId = uuidAfter(json::text(claims, "txn"), "case:");

    const auto events = json::object(claims, "events");
    require(events->size() == 1, refused, "not exactly one event");
    const std::string uri = events->begin()->first;
    const auto row = std::find_if(eventRows.begin(), eventRows.end(),
                                  [&](const EventRow& r) { return uri == r.uri; });
    require(row != eventRows.end(), refused, "unknown event");
    require(row->isAboutReply == isAboutReply, refused, "the event does not fit its sub");
    require(row->fits(speaker), refused, "this issuer may not say this event");
    event.kind = row->kind;
    const auto content = json::object(*events, uri);
    if (carriesTags(event.kind))
        event.tags = readTags(*json::object(*content, "authenticationTags"));
    if (event.kind == EventKind::Reject)
        event.problems = readProblems(*content);
    return event;
}

} // namespace

SecurityEvent readClaims(const json::Object& claims, Speaker speaker, UtcTime now)
{
    auto event = refusedAs(refused, [&] { return readChecked(claims, speaker, now); });
    require(event.issuedAt <= now + skewMax, ErrorCode::EventEarly, "iat is in the future");
    return event;
}

std::string signEvent(const SecurityEvent& event, const RsaKey& key, const std::string& kid)
{
    AMT_ASSERT(event.tags.has_value() == carriesTags(event.kind));
    AMT_ASSERT(event.problems.empty() == (event.kind != EventKind::Reject));
    auto content = json::makeObject();
    if (event.tags)
        content->set("authenticationTags", writeTags(*event.tags));
    if (!event.problems.empty()) {
        auto problems = json::makeArray();
        for (const auto& problem : event.problems) {
            auto object = json::makeObject();
            object->set("type", problem.type);
            object->set("title", problem.title);
            object->set("detail", problem.detail);
            object->set("instance", problem.instance);
            problems->add(object);
        }
        content->set("problems", problems);
    }
    auto events = json::makeObject();
    events->set(rowOf(event).uri, content);
    auto claims = json::makeObject();
    claims->set("$schema", payloadSchema);
    claims->set("jti", event.id);
    claims->set("iss", event.issuer);
    claims->set(
        "iat", std::chrono::floor<std::chrono::seconds>(event.issuedAt).time_since_epoch().count());
    claims->set("sub", event.isAboutReply() ? std::string(replyPrefix) + event.replyId
                                            : std::string(submissionPrefix) + event.submissionId);
    claims->set("txn", "case:" + event.caseId);
    claims->set("events", events);
    return sign(json::write(*claims), key, kid, tokenType);
}

SecurityEvent verifyEvent(const std::string& compact, const IssuerKeys& service,
                          const IssuerKeys& destination, UtcTime now)
{
    const JwsHeader header = readJwsHeader(compact);
    require(header.type == tokenType, invalid, "typ is not secevent+jwt");

    // Read before it is believed: only to know whose key to ask. What is broken here is not yet
    // anybody's word.
    const auto claims = refusedAs(invalid, [&] {
        const auto parts = segments(compact, 3, invalid);
        return json::parseObject(toText(fromBase64Url(parts[1])), claimsBytesMax);
    });
    const std::string issuer = refusedAs(invalid, [&] { return json::text(*claims, "iss"); });
    require(!issuer.empty() && (issuer == service.issuer || issuer == destination.issuer), invalid,
            "unknown issuer");
    const Speaker speaker = issuer == service.issuer ? Speaker::Service : Speaker::Destination;
    const auto& keys = speaker == Speaker::Service ? service.keys : destination.keys;
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const PublicJwk& jwk) {
        return jwk.kid == header.kid && jwk.use == KeyUse::Verify;
    });
    require(key != keys.end(), invalid, "no key of this kid for this issuer");
    verify(compact, key->key);

    return readClaims(*claims, speaker, now);
}

} // namespace amt::envelope
