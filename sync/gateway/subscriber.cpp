// SPDX-License-Identifier: EUPL-1.2
//
// Subscriber: one round is token, service keys, list, then for each submission fetch, events,
// attachments, judgement, keeping and answer. Reject reasons are those of facts/portal.md 1.8.
#include "sync/gateway/subscriber.h"

#include "appliance/core/files.h"
#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "sync/portal/words.h"

#include <algorithm>
#include <map>
#include <set>

namespace amt::gateway {
namespace {

using envelope::EventKind;
using envelope::Problem;

constexpr int pageLimit = 100;
constexpr std::size_t answerBytesMax = 32 * 1024 * 1024;
constexpr std::string_view metadataSchemaPrefix = "https://schema.fitko.de/fit-connect/metadata/2.";

Problem reason(const std::string& type, const std::string& instance, const std::string& detail)
{
    return {.type = std::string(portal::rejectReasonPrefix) + type,
            .title = type,
            .detail = detail,
            .instance = instance};
}

/// What was fetched of one submission, still sealed.
struct Fetched {
    std::string submissionId, caseId, service;
    std::string metadata, data;
    std::vector<std::string> attachmentIds;
    std::map<std::string, std::string> attachments; ///< JWE by id
    std::vector<std::string> events;
};

/// Opened and found right, or the reasons for a refusal.
struct Judgement {
    ReceivedCase received;
    std::vector<Problem> problems;
    bool isTooEarly = false; ///< the event log does not know the submission yet, or its time is
                             ///< still to come; nothing was judged
};

class Judge {
public:
    Judge(const SubscriberSettings& settings, const envelope::IssuerKeys& service, UtcTime now)
        : _settings(settings), _service(service), _now(now)
    {}

    Judgement judge(const Fetched& fetched)
    {
        _verdict.received.caseId = fetched.caseId;
        _verdict.received.submissionId = fetched.submissionId;
        checkEventLog(fetched);
        if (_verdict.isTooEarly)
            return std::move(_verdict);
        const auto metadata = opened(fetched.metadata, "metadata");
        const auto data = opened(fetched.data, "data");
        std::map<std::string, envelope::Opened> attachments;
        for (const auto& [id, jwe] : fetched.attachments) {
            if (auto plain = opened(jwe, "attachment:" + id))
                attachments.emplace(id, std::move(*plain));
        }
        if (_verdict.problems.empty()) {
            _verdict.received.metadata = metadata->plain;
            _verdict.received.data = data->plain;
            _verdict.received.dataType = data->contentType;
            checkMetadata(*metadata, *data, attachments);
        }
        return std::move(_verdict);
    }

private:
    void refuse(Problem problem) { _verdict.problems.push_back(std::move(problem)); }

    std::optional<envelope::Opened> opened(const std::string& jwe, const std::string& instance)
    {
        if (jwe.empty()) {
            refuse(reason("missing-data", instance, "nothing was sent"));
            return std::nullopt;
        }
        try {
            const std::string kid = envelope::sealedFor(jwe);
            for (const auto& each : _settings.openingKeys) {
                if (each.kid == kid)
                    return envelope::open(jwe, each.key, kid);
            }
            refuse(reason("encryption-issue", instance, "sealed for an unknown key"));
        } catch (const Error&) { // foreign bytes: a reason to refuse, not a failure of ours
            refuse(reason("encryption-issue", instance, "cannot be opened"));
        }
        return std::nullopt;
    }

    /// Exactly one submit event of the service about this submission, with the tags of what was
    /// fetched.
    void checkEventLog(const Fetched& fetched)
    {
        // A rejection is final, and our own clock may be behind: a day of grace for what the
        // service signed.
        const UtcTime latest = _now + std::chrono::hours(24);
        std::optional<envelope::SecurityEvent> submitted;
        try {
            for (const auto& token : fetched.events) {
                auto event = envelope::verifyEvent(
                    token, _service, {.issuer = _settings.destinationId, .keys = {}}, latest);
                if (event.caseId != fetched.caseId)
                    return refuse(reason("invalid-event-log", "submission", "another case"));
                if (event.submissionId != fetched.submissionId || event.kind != EventKind::Submit)
                    continue;
                if (submitted)
                    return refuse(reason("invalid-event-log", "submission", "submitted twice"));
                submitted = std::move(event);
            }
        } catch (const Error& failure) { // a token that is not the service's, or not of our time
            if (failure.errorCode() == ErrorCode::EventEarly) {
                _verdict.isTooEarly = true;
                return;
            }
            return refuse(reason("invalid-event-log", "submission", "an event is not valid"));
        }
        if (!submitted || !submitted->tags) { // a copy of the log that is behind: it will come
            _verdict.isTooEarly = true;
            return;
        }
        const auto& tags = *submitted->tags;
        const auto differs = [&](const std::string& jwe, const std::string& tag) {
            return jwe.substr(jwe.rfind('.') + 1) != tag;
        };
        if (differs(fetched.metadata, tags.metadata))
            refuse(reason("incorrect-authentication-tag", "metadata", "not what was submitted"));
        if (differs(fetched.data, tags.data))
            refuse(reason("incorrect-authentication-tag", "data", "not what was submitted"));
        for (const auto& [id, jwe] : fetched.attachments) {
            const auto tag = tags.attachments.find(id);
            if (tag == tags.attachments.end() || differs(jwe, tag->second))
                refuse(reason("incorrect-authentication-tag", "attachment:" + id,
                              "not what was submitted"));
        }
        for (const auto& [id, tag] : tags.attachments) {
            if (!fetched.attachments.contains(id))
                refuse(reason("missing-attachment", "attachment:" + id, "nothing was sent"));
        }
    }

    void checkMetadata(const envelope::Opened& metadata, const envelope::Opened& data,
                       std::map<std::string, envelope::Opened>& attachments)
    {
        json::ObjectPtr root;
        try {
            root = json::parseObject(toText(metadata.plain), answerBytesMax);
        } catch (const Error&) { // foreign bytes
            return refuse(reason("syntax-violation", "metadata", "not JSON"));
        }
        try {
            if (!root->has("$schema"))
                return refuse(reason("missing-schema", "metadata", "no $schema"));
            if (!json::text(*root, "$schema").starts_with(metadataSchemaPrefix))
                return refuse(
                    reason("unsupported-schema", "metadata", "metadata 2.x is read here"));
            const auto structure = json::object(*root, "contentStructure");
            const auto described = json::object(*structure, "data");
            checkHash(*described, data.plain, "data");
            const auto schema = json::object(*described, "submissionSchema");
            if (json::text(*schema, "mimeType") != data.contentType)
                refuse(reason("syntax-violation", "data", "another type than cty says"));
            std::set<std::string> named;
            for (const auto& entry : *json::array(*structure, "attachments")) {
                if (entry.type() != typeid(json::ObjectPtr))
                    return refuse(reason("schema-violation", "metadata", "attachments"));
                const auto each = entry.extract<json::ObjectPtr>();
                const std::string id = json::text(*each, "attachmentId");
                const auto sent = attachments.find(id);
                if (sent == attachments.end() || !named.insert(id).second) {
                    refuse(
                        reason("attachments-mismatch", "attachment:" + id, "not sent, or twice"));
                    continue;
                }
                checkHash(*each, sent->second.plain, "attachment:" + id);
                _verdict.received.attachments.push_back({.id = id,
                                                         .mimeType = json::text(*each, "mimeType"),
                                                         .content = sent->second.plain});
            }
            for (const auto& [id, sent] : attachments) {
                if (!named.contains(id))
                    refuse(
                        reason("attachments-mismatch", "attachment:" + id, "not in the metadata"));
            }
        } catch (const Error&) { // a field is missing or of another type
            refuse(reason("schema-violation", "metadata", "contentStructure"));
        }
        if (data.contentType == "application/json" && _verdict.problems.empty()) {
            try {
                json::parseObject(toText(data.plain), answerBytesMax);
            } catch (const Error&) { // foreign bytes
                refuse(reason("syntax-violation", "data", "not JSON"));
            }
        }
    }

    void checkHash(const json::Object& described, const Bytes& plain, const std::string& instance)
    {
        const auto hash = json::object(described, "hash");
        const std::string content = json::text(*hash, "content");
        if (json::text(*hash, "type") != "sha512" || content != toHex(envelope::sha512(plain)))
            refuse(reason("hash-mismatch", instance, "sha512 of the plain text is another"));
    }

    const SubscriberSettings& _settings;
    const envelope::IssuerKeys& _service;
    UtcTime _now;
    Judgement _verdict;
};

std::string extensionOf(const std::string& mimeType)
{
    static const std::map<std::string, std::string> known = {
        {"application/pdf", "pdf"},  {"application/json", "json"}, {"application/xml", "xml"},
        {"application/jose", "jwt"}, {"image/png", "png"},         {"image/jpeg", "jpg"},
        {"image/tiff", "tif"},       {"text/plain", "txt"}};
    const auto found = known.find(mimeType);
    return found == known.end() ? "bin" : found->second;
}

} // namespace

KeepCase folderInbox(const std::filesystem::path& folder)
{
    return [folder](const ReceivedCase& received) {
        AMT_ASSERT(isUuid(received.caseId) && isUuid(received.submissionId));
        auto into = folder / received.caseId;
        const auto record = into / "submission.json";
        if (std::filesystem::exists(record) &&
            json::text(*json::parseObject(toText(readSmallFile(record))), "submissionId") !=
                received.submissionId)
            into /= received.submissionId; // a later submission in the same case
        makeFolder(into);
        for (const auto& attachment : received.attachments) {
            makeFolder(into / "attachments");
            writeDurably(into / "attachments" /
                             (attachment.id + "." + extensionOf(attachment.mimeType)),
                         attachment.content);
        }
        writeDurably(into / (received.dataType == "application/xml" ? "data.xml" : "data.json"),
                     received.data);
        writeDurably(into / "metadata.json", received.metadata);
        auto summary = json::makeObject();
        summary->set("caseId", received.caseId);
        summary->set("submissionId", received.submissionId);
        writeDurably(into / "submission.json", view(json::write(*summary)));
    };
}

class Subscriber::Impl : public std::enable_shared_from_this<Subscriber::Impl> {
public:
    Impl(SubscriberSettings settings, HttpExchange& exchange, EventLoop& loop, RandomSource& random,
         KeepCase keep)
        : _settings(std::move(settings)), _exchange(exchange), _loop(loop), _random(random),
          _keep(std::move(keep))
    {}

    void round(std::function<void(RoundResult)> done)
    {
        _done = std::move(done);
        _result = {};
        _waiting.clear();
        _renewed = false;
        withToken([this] { askKeys(); }, [this] { finish(); });
    }

    void reply(SealedReply sealed, std::function<void(Replied)> done)
    {
        _sealed = std::move(sealed);
        _replied = std::move(done);
        withToken([this] { announceReply(); }, [this] { endReply({}); });
    }

private:
    using Then = std::function<void(const HttpResponse&)>;

    void finish()
    {
        if (auto done = std::exchange(_done, nullptr))
            done(_result);
    }

    HttpRequest request(std::string method, std::string path)
    {
        const std::string& url = _settings.serviceUrl;
        HttpRequest made{.method = std::move(method),
                         .path = std::move(path),
                         .query = {},
                         .headers = {{"host", url.substr(url.find("://") + 3)},
                                     {"user-agent", "amtsstube-subscriber/" AMT_VERSION}},
                         .body = {},
                         .peer = {}};
        if (!_token.empty())
            made.headers["authorization"] = "Bearer " + _token;
        return made;
    }

    /// `then` for a 2xx; `otherwise` when it cannot be done now.
    void ask(HttpRequest asked, Then then, std::function<void(int)> otherwise)
    {
        _exchange.send(std::move(asked), [weak = weak_from_this(), then = std::move(then),
                                          otherwise = std::move(otherwise)](HttpAnswer answer) {
            const auto self = weak.lock();
            if (!self)
                return;
            const auto* response = std::get_if<HttpResponse>(&answer);
            try {
                if (response && response->status >= 200 && response->status < 300)
                    return then(*response);
            } catch (const Error& failure) { // the loop task's door
                log::warning("subscriber.failed",
                             {{"code", failure.name()}, {"detail", failure.message()}});
            }
            otherwise(response ? response->status : 0);
        });
    }

    void withToken(std::function<void()> then, std::function<void()> otherwise)
    {
        if (_token.empty() || _loop.sinceBoot() >= _tokenUntil)
            askToken(std::move(then), std::move(otherwise));
        else
            then();
    }

    void askToken(std::function<void()> then, std::function<void()> otherwise)
    {
        _token.clear();
        auto asked = request("POST", "/token");
        asked.headers["content-type"] = std::string(portal::formType);
        asked.body = writeForm({{"grant_type", "client_credentials"},
                                {"client_id", _settings.clientId},
                                {"client_secret", std::string(_settings.clientSecret.revealText())},
                                {"scope", std::string(portal::subscribeScope)}});
        ask(
            std::move(asked),
            [this, then = std::move(then)](const HttpResponse& response) {
                const auto token = portal::readToken(response.body);
                _token = token.accessToken;
                _tokenUntil = _loop.sinceBoot() + std::chrono::seconds(token.expiresIn) * 4 / 5;
                then();
            },
            [otherwise = std::move(otherwise)](int) { otherwise(); });
    }

    void askKeys()
    {
        ask(
            request("GET", std::string(portal::serviceKeysPath)),
            [this](const HttpResponse& response) {
                _service = {.issuer = _settings.serviceUrl,
                            .keys = envelope::parseJwkSet(response.body, envelope::KeyUse::Verify)};
                askList();
            },
            [this](int) { finish(); });
    }

    void askList()
    {
        auto asked = request("GET", std::string(portal::submissionsPath));
        asked.query = writeForm({{"destinationId", _settings.destinationId},
                                 {"limit", std::to_string(pageLimit)},
                                 {"offset", "0"}});
        ask(
            std::move(asked),
            [this](const HttpResponse& response) {
                for (auto& entry : portal::readWaiting(response.body).submissions) {
                    Fetched fetched;
                    fetched.submissionId = std::move(entry.submissionId);
                    fetched.caseId = std::move(entry.caseId);
                    _waiting.push_back(std::move(fetched));
                }
                _result.reachable = true;
                next();
            },
            [this](int status) {
                if (status == 401 && !_renewed) {
                    _renewed = true;
                    return askToken([this] { askKeys(); }, [this] { finish(); });
                }
                finish();
            });
    }

    void next()
    {
        if (_waiting.empty())
            return finish();
        _current = std::move(_waiting.front());
        _waiting.erase(_waiting.begin());
        fetch();
    }

    void leave()
    {
        ++_result.left;
        next();
    }

    void fetch()
    {
        ask(
            request("GET", portal::submissionPath(_current.submissionId)),
            [this](const HttpResponse& response) {
                auto body = portal::readSubmission(response.body, answerBytesMax);
                if (body.submissionId != _current.submissionId || body.caseId != _current.caseId)
                    throw Error(ErrorCode::PortalAnswerMalformed, "another submission");
                _current.metadata = std::move(body.parts.metadata);
                _current.data = std::move(body.parts.data);
                _current.attachmentIds = std::move(body.attachmentIds);
                fetchEvents();
            },
            [this](int) { leave(); });
    }

    void fetchEvents()
    {
        auto asked = request("GET", portal::submissionEventsPath(_current.submissionId));
        asked.query = writeForm({{"limit", "500"}, {"offset", "0"}});
        ask(
            std::move(asked),
            [this](const HttpResponse& response) {
                _current.events = portal::readEventLog(response.body);
                fetchAttachments();
            },
            [this](int) { leave(); });
    }

    void fetchAttachments()
    {
        for (const auto& id : _current.attachmentIds) {
            if (_current.attachments.contains(id))
                continue;
            return ask(
                request("GET", portal::attachmentPath(_current.submissionId, id)),
                [this, id](const HttpResponse& response) {
                    _current.attachments[id] = response.body;
                    fetchAttachments();
                },
                [this](int) { leave(); });
        }
        decide();
    }

    void decide()
    {
        auto judgement = Judge(_settings, _service, _loop.utcNow()).judge(_current);
        if (judgement.isTooEarly) {
            log::info("subscriber.too-early", {{"submission", _current.submissionId}});
            return leave();
        }
        envelope::SecurityEvent event{.id = randomUuid(_random),
                                      .issuer = _settings.destinationId,
                                      .issuedAt =
                                          std::chrono::floor<std::chrono::seconds>(_loop.utcNow()),
                                      .submissionId = _current.submissionId,
                                      .caseId = _current.caseId,
                                      .kind = EventKind::Accept,
                                      .tags = std::nullopt,
                                      .problems = {}};
        if (judgement.problems.empty() && _settings.policy == Policy::RejectAll)
            judgement.problems.push_back(
                reason("unsupported-service", "submission", "Die Stelle nimmt gerade nichts an."));
        if (judgement.problems.empty()) {
            _keep(judgement.received); // durable before the signature
            envelope::AuthenticationTags tags{.metadata = envelope::tagOf(_current.metadata),
                                              .data = envelope::tagOf(_current.data),
                                              .attachments = {}};
            for (const auto& [id, jwe] : _current.attachments)
                tags.attachments[id] = envelope::tagOf(jwe);
            event.tags = std::move(tags);
        } else {
            event.kind = EventKind::Reject;
            event.problems = std::move(judgement.problems);
            for (const auto& problem : event.problems)
                log::warning("subscriber.rejects", {{"submission", event.submissionId},
                                                    {"reason", problem.title},
                                                    {"instance", problem.instance}});
        }
        forget(judgement.received);
        auto asked = request("POST", portal::caseEventsPath(_current.caseId));
        asked.headers["content-type"] = std::string(portal::joseType);
        asked.body = envelope::signEvent(event, _settings.signatureKey, _settings.signatureKid);
        ask(
            std::move(asked),
            [this, kind = event.kind](const HttpResponse&) {
                ++(kind == EventKind::Accept ? _result.accepted : _result.rejected);
                next();
            },
            [this](int) { leave(); });
    }

    // --- a reply

    void endReply(const Replied& result)
    {
        _sealed = {};
        if (auto done = std::exchange(_replied, nullptr))
            done(result);
    }

    /// What the service refuses for good is refused; all else is tried again with the same bytes.
    std::function<void(int)> replyRefused()
    {
        return [this](int status) {
            if (status == 401)
                _token.clear(); // the next try asks for another
            const bool isFinal =
                status >= 400 && status <= 499 && status != 401 && status != 408 && status != 429;
            endReply({.replyId = {}, .refused = isFinal ? status : 0});
        };
    }

    void announceReply()
    {
        auto asked = request("POST", std::string(portal::repliesPath));
        asked.headers["content-type"] = std::string(portal::jsonType);
        asked.headers["idempotency-key"] = _sealed.key;
        portal::ReplyAnnounceBody body{_sealed.caseId, {}};
        for (const auto& [id, jwe] : _sealed.attachments)
            body.attachmentIds.push_back(id);
        asked.body = portal::writeReplyAnnounce(body);
        ask(
            std::move(asked),
            [this](const HttpResponse& response) {
                putReplyAttachment(portal::readReplyIds(response.body).replyId,
                                   _sealed.attachments.begin());
            },
            replyRefused());
    }

    void putReplyAttachment(const std::string& replyId,
                            std::map<std::string, std::string>::const_iterator next)
    {
        if (next == _sealed.attachments.end())
            return submitReply(replyId);
        auto asked = request("PUT", portal::replyAttachmentPath(replyId, next->first));
        asked.headers["content-type"] = std::string(portal::joseType);
        asked.body = next->second;
        ask(
            std::move(asked),
            [this, replyId, next](const HttpResponse&) {
                putReplyAttachment(replyId, std::next(next));
            },
            replyRefused());
    }

    void submitReply(const std::string& replyId)
    {
        auto asked = request("PUT", portal::replyPath(replyId));
        asked.headers["content-type"] = std::string(portal::jsonType);
        asked.body = portal::writeSubmit({_sealed.metadata, _sealed.data});
        ask(
            std::move(asked),
            [this, replyId](const HttpResponse&) { endReply({.replyId = replyId, .refused = 0}); },
            replyRefused());
    }

    static void forget(ReceivedCase& received)
    {
        wipe(received.metadata);
        wipe(received.data);
        for (auto& attachment : received.attachments)
            wipe(attachment.content);
    }

    SubscriberSettings _settings;
    HttpExchange& _exchange;
    EventLoop& _loop;
    RandomSource& _random;
    KeepCase _keep;
    std::function<void(RoundResult)> _done;
    RoundResult _result;
    std::vector<Fetched> _waiting;
    Fetched _current;
    SealedReply _sealed; ///< of the reply under way
    std::function<void(Replied)> _replied;
    envelope::IssuerKeys _service;
    std::string _token;
    Milliseconds _tokenUntil{0};
    bool _renewed = false;
};

Subscriber::Subscriber(SubscriberSettings settings, HttpExchange& exchange, EventLoop& loop,
                       RandomSource& random, KeepCase keep)
    : _impl(std::make_shared<Impl>(std::move(settings), exchange, loop, random, std::move(keep)))
{}

Subscriber::~Subscriber() = default;

void Subscriber::reply(SealedReply sealed, std::function<void(Replied)> done)
{
    _impl->reply(std::move(sealed), std::move(done));
}

void Subscriber::round(std::function<void(RoundResult)> done)
{
    _impl->round(std::move(done));
}

} // namespace amt::gateway
