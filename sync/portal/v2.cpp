// SPDX-License-Identifier: EUPL-1.2
//
// PortalLink in FIT-Connect's second generation: token, requests, and what each answer means
// (sync.md 5).
#include "appliance/core/log.h"
#include "sync/portal/portal_link.h"
#include "sync/portal/words.h"

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/DateTimeParser.h>

#include <algorithm>
#include <charconv>

namespace amt::portal {
namespace {

constexpr std::size_t answerBytesMax = 1024 * 1024;
/// Of an attachment of a reply, sealed: what the node takes, and a little more.
constexpr std::size_t replyBytesMax = 13 * 1024 * 1024;
constexpr int repliesPerPage = 50;
constexpr std::size_t keyBytesMax = 64 * 1024;
/// A hundred tokens with a hundred tags each stay under a megabyte.
constexpr int eventsPerPage = 100;
constexpr std::chrono::seconds retryAfterMax{3600};

/// Header names in any case, as HTTP has it.
std::string headerOf(const HttpResponse& response, std::string_view name)
{
    const auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    for (const auto& [key, value] : response.headers) {
        if (std::equal(key.begin(), key.end(), name.begin(), name.end(),
                       [&](char left, char right) { return lower(left) == lower(right); }))
            return value;
    }
    return {};
}

std::optional<std::chrono::seconds> secondsOf(const std::string& text)
{
    std::int64_t seconds = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (failure != std::errc() || end != text.data() + text.size() || seconds < 0)
        return std::nullopt;
    return std::min(std::chrono::seconds(seconds), retryAfterMax);
}

/// A date as RFC 9110 5.6.7 prefers it.
std::optional<UtcTime> dateOf(const std::string& text)
{
    Poco::DateTime date;
    int zone = 0;
    if (text.empty() ||
        !Poco::DateTimeParser::tryParse(Poco::DateTimeFormat::HTTP_FORMAT, text, date, zone) ||
        Poco::DateTimeFormatter::format(date, Poco::DateTimeFormat::HTTP_FORMAT) != text)
        return std::nullopt; // Poco takes much for a date
    return fromMilliseconds(date.timestamp().epochMicroseconds() / 1000);
}

} // namespace

std::optional<std::chrono::seconds> retryAfterOf(const HttpResponse& response, UtcTime now)
{
    const std::string after = headerOf(response, "Retry-After");
    if (after.empty())
        return secondsOf(headerOf(response, "RateLimit-Reset"));
    if (const auto seconds = secondsOf(after))
        return seconds;
    const auto then = dateOf(after);
    if (!then)
        return std::nullopt;
    return std::clamp(std::chrono::ceil<std::chrono::seconds>(*then - now), std::chrono::seconds(0),
                      retryAfterMax);
}

namespace {

/// The body of a good answer, or what else it means.
using Outcome = Answer<std::string>;
using Heard = std::function<void(Outcome)>;

/// Sends with a token: fetched once for all who wait, cached for 80 % of its life, renewed once for
/// a request that is answered with 401 or 403.
class Conversation : public std::enable_shared_from_this<Conversation> {
public:
    Conversation(V2Settings settings, HttpExchange& exchange, EventLoop& loop)
        : _settings(std::move(settings)), _exchange(exchange),
          _tokenExchange(_settings.tokenExchange ? *_settings.tokenExchange : exchange), _loop(loop)
    {}

    HttpRequest request(std::string method, const std::string& path) const
    {
        return made(std::move(method), _settings.basePath + path);
    }

    /// Open to anyone.
    void sendBare(HttpRequest request, Heard heard)
    {
        _exchange.send(std::move(request),
                       guarded([this, heard = std::move(heard)](const HttpAnswer& answer) {
                           heard(meaning(answer, answerBytesMax));
                       }));
    }

    void send(HttpRequest request, Heard heard, std::size_t bytesMax = answerBytesMax)
    {
        sendWithToken({std::move(request), std::move(heard), Renewal::Allowed, bytesMax});
    }

private:
    enum class Renewal { Allowed, Spent };
    struct Pending {
        HttpRequest request;
        Heard heard;
        Renewal renewal;
        std::size_t bytesMax; ///< of the answer
    };

    /// Nothing happens when the answer comes after the link has gone.
    template <typename Work>
    std::function<void(HttpAnswer)> guarded(Work work)
    {
        return [weak = weak_from_this(), work = std::move(work)](const HttpAnswer& answer) mutable {
            if (const auto self = weak.lock())
                work(answer);
        };
    }

    HttpRequest made(std::string method, std::string path) const
    {
        HttpRequest made;
        made.method = std::move(method);
        made.path = std::move(path);
        made.headers["user-agent"] = _settings.userAgent; // without it the front door says 403
        made.headers["accept"] = "application/json, application/problem+json";
        return made;
    }

    void sendWithToken(Pending pending)
    {
        if (_token.empty() || _loop.sinceBoot() >= _tokenUntil) {
            _waiting.push_back(std::move(pending));
            if (!_fetching)
                fetchToken();
            return;
        }
        HttpRequest request = pending.request; // kept for the one renewal
        request.headers["authorization"] = "Bearer " + _token;
        _exchange.send(std::move(request),
                       guarded([this, used = _token,
                                pending = std::move(pending)](const HttpAnswer& answer) mutable {
                           const std::size_t most = pending.bytesMax;
                           heard(std::move(pending), used, meaning(answer, most));
                       }));
    }

    void heard(Pending pending, const std::string& used, Outcome outcome)
    {
        if (std::holds_alternative<Unauthorised>(outcome) && pending.renewal == Renewal::Allowed) {
            if (_token == used) // nobody has renewed it meanwhile
                _token.clear();
            pending.renewal = Renewal::Spent;
            return sendWithToken(std::move(pending));
        }
        pending.heard(std::move(outcome));
    }

    void fetchToken()
    {
        _fetching = true;
        auto request = made("POST", _settings.tokenPath);
        request.headers["content-type"] = std::string(formType);
        request.body = writeForm({{"grant_type", "client_credentials"},
                                  {"client_id", _settings.clientId},
                                  {"client_secret", _settings.clientSecret},
                                  {"scope", std::string(sendScope)}});
        _tokenExchange.send(std::move(request), guarded([this](const HttpAnswer& answer) {
                                _fetching = false;
                                tokenHeard(answer);
                            }));
    }

    void tokenHeard(const HttpAnswer& answer)
    {
        Outcome outcome = meaning(answer, answerBytesMax);
        if (const auto* body = std::get_if<std::string>(&outcome)) {
            try {
                const auto token = readToken(*body);
                _token = token.accessToken;
                _tokenUntil =
                    _loop.sinceBoot() + std::chrono::milliseconds(token.expiresIn * 1000 * 4 / 5);
            } catch (const Error& failure) { // foreign bytes
                logMalformed(failure);
                outcome = Unknown{};
            }
        } else if (const auto* refused = std::get_if<Refused>(&outcome)) {
            // 400 is OAuth's invalid_client and invalid_scope; any other is an address that is not
            // a token endpoint, and may be one again.
            outcome = refused->status == 400 ? Outcome(Unauthorised{}) : Outcome(Unknown{});
        }
        for (auto& pending : std::exchange(_waiting, {})) {
            if (std::holds_alternative<std::string>(outcome))
                sendWithToken(std::move(pending));
            else
                pending.heard(outcome);
        }
    }

    Outcome meaning(const HttpAnswer& answer, std::size_t bytesMax)
    {
        const auto* response = std::get_if<HttpResponse>(&answer);
        if (!response)
            return Unknown{};
        if (const auto date = dateOf(headerOf(*response, "Date"))) {
            _heardDate = *date;
            _heardAt = _loop.sinceBoot();
        }
        const int status = response->status;
        if (response->body.size() > bytesMax) // a reply does not become shorter by asking again
            return bytesMax == replyBytesMax ? Outcome(Refused{413, "answer-too-large"})
                                             : Outcome(Unknown{});
        if (status >= 200 && status <= 299)
            return response->body;
        if (status == 401 || status == 403)
            return Unauthorised{};
        if (status == 408 || status == 425 || status == 429 || status < 200 || status > 499)
            return Unknown{retryAfterOf(*response, _loop.utcNow())};
        // 4xx that says no, and 3xx: we follow nobody to another address
        return Refused{status, readProblemType(response->body)};
    }

public:
    std::optional<UtcTime> serviceTime() const
    {
        if (!_heardDate)
            return std::nullopt;
        return *_heardDate + (_loop.sinceBoot() - _heardAt);
    }

    static void logMalformed(const Error& failure)
    {
        log::warning("portal.answer_malformed",
                     {{"code", failure.name()}, {"detail", failure.message()}});
    }

private:
    const V2Settings _settings;
    HttpExchange& _exchange;
    HttpExchange& _tokenExchange;
    EventLoop& _loop;
    std::string _token;
    Milliseconds _tokenUntil{0};
    bool _fetching = false;
    std::optional<UtcTime> _heardDate;
    Milliseconds _heardAt{0};
    std::vector<Pending> _waiting;
};

/// The reply in its own type; an answer that cannot be read leaves unknown what was done.
template <typename Good, typename Read>
Heard reading(Reply<Good> reply, Read read)
{
    return [reply = std::move(reply), read = std::move(read)](Outcome outcome) {
        Answer<Good> answer = Unknown{};
        if (auto* body = std::get_if<std::string>(&outcome)) {
            try {
                answer = Answer<Good>(std::in_place_index<0>, read(std::move(*body)));
            } catch (const Error& failure) { // foreign bytes
                Conversation::logMalformed(failure);
            }
        } else if (const auto* refused = std::get_if<Refused>(&outcome)) {
            answer = *refused;
        } else if (const auto* unknown = std::get_if<Unknown>(&outcome)) {
            answer = *unknown;
        } else {
            answer = Unauthorised{};
        }
        reply(std::move(answer));
    };
}

std::string keyDocument(std::string body)
{
    json::parseObject(body, keyBytesMax); // the node judges it; here it only has to be JSON
    return body;
}

Done nothing(const std::string&)
{
    return {};
}

} // namespace

void PortalLink::tellHead(const HeadBody&, Reply<Done> reply)
{
    reply(Refused{404, "address-not-found"});
}

void PortalLink::knownHead(Reply<HeadBody> reply)
{
    reply(Refused{404, "address-not-found"});
}

void PortalLink::replies(Reply<std::vector<ReplyIds>> reply)
{
    reply(Refused{404, "address-not-found"});
}

void PortalLink::fetchReply(const std::string&, Reply<ReplyBody> reply)
{
    reply(Refused{404, "address-not-found"});
}

void PortalLink::replyAttachment(const std::string&, const std::string&, Reply<std::string> reply)
{
    reply(Refused{404, "address-not-found"});
}

void PortalLink::replyEvents(const std::string&, Reply<std::vector<std::string>> reply)
{
    reply(Refused{404, "address-not-found"});
}

void PortalLink::answerReply(const std::string&, ReplyVerdict, std::string, Reply<Done> reply)
{
    reply(Refused{404, "address-not-found"});
}

void PortalLink::quota(const std::string&, const std::string&, std::string,
                       Reply<std::string> reply)
{
    reply(Refused{404, "address-not-found"});
}

namespace {

class V2Link : public PortalLink {
public:
    V2Link(V2Settings settings, HttpExchange& exchange, EventLoop& loop)
        : _conversation(std::make_shared<Conversation>(std::move(settings), exchange, loop))
    {}

    void destination(const std::string& destinationId, Reply<DestinationInfo> reply) override
    {
        if (!isPathSegment(destinationId))
            return reply(Refused{404, "destination-not-found"});
        get(destinationPath(destinationId),
            reading<DestinationInfo>(std::move(reply), [destinationId](std::string body) {
                const auto document = json::parseObject(body);
                if (json::text(*document, "destinationId") != destinationId)
                    throw Error(ErrorCode::PortalAnswerMalformed, "another destination");
                auto kid = json::text(*document, "encryptionKid");
                return DestinationInfo{std::move(body), std::move(kid)};
            }));
    }

    void destinationKey(const std::string& destinationId, const std::string& kid,
                        Reply<std::string> reply) override
    {
        if (!isPathSegment(destinationId) || !isPathSegment(kid))
            return reply(Refused{404, "key-not-found"});
        get(destinationKeyPath(destinationId, kid),
            reading<std::string>(std::move(reply), keyDocument));
    }

    void serviceKeys(Reply<std::string> reply) override
    {
        _conversation->sendBare(_conversation->request("GET", std::string(serviceKeysPath)),
                                reading<std::string>(std::move(reply), keyDocument));
    }

    void announce(const Announcement& announcement, Reply<Announced> reply) override
    {
        auto request = _conversation->request("POST", std::string(submissionsPath));
        request.headers["content-type"] = std::string(jsonType);
        request.headers["idempotency-key"] = announcement.envelopeId;
        request.body = writeAnnounce({announcement.destinationId,
                                      announcement.attachmentIds,
                                      std::string(servicePrefix) + announcement.serviceKey,
                                      announcement.serviceName,
                                      announcement.regionKey,
                                      {}});
        _conversation->send(std::move(request),
                            reading<Announced>(std::move(reply), [](const std::string& body) {
                                const auto announced = readAnnounced(body);
                                return Announced{announced.submissionId, announced.caseId};
                            }));
    }

    void putAttachment(const std::string& submissionId, const std::string& attachmentId,
                       std::string jwe, Reply<Done> reply) override
    {
        if (!isPathSegment(submissionId) || !isPathSegment(attachmentId))
            return reply(Refused{404, "attachment-not-found"});
        put(attachmentPath(submissionId, attachmentId), joseType, std::move(jwe),
            reading<Done>(std::move(reply), nothing));
    }

    void submit(const std::string& submissionId, std::string encryptedMetadata,
                std::string encryptedData, Reply<Done> reply) override
    {
        if (!isPathSegment(submissionId))
            return reply(Refused{404, "submission-not-found"});
        put(submissionPath(submissionId), jsonType,
            writeSubmit({std::move(encryptedMetadata), std::move(encryptedData)}),
            reading<Done>(std::move(reply), nothing));
    }

    void events(const std::string& caseId, int offset,
                Reply<std::vector<std::string>> reply) override
    {
        if (!isPathSegment(caseId))
            return reply(Refused{404, "case-not-found"});
        auto request = _conversation->request("GET", caseEventsPath(caseId));
        request.query =
            "limit=" + std::to_string(eventsPerPage) + "&offset=" + std::to_string(offset);
        _conversation->send(std::move(request), reading<std::vector<std::string>>(
                                                    std::move(reply), [](const std::string& body) {
                                                        return readEventLog(body);
                                                    }));
    }

    void tellHead(const HeadBody& head, Reply<Done> reply) override
    {
        put(std::string(journalHeadPath), jsonType, writeHead(head),
            reading<Done>(std::move(reply), nothing));
    }

    void knownHead(Reply<HeadBody> reply) override
    {
        get(std::string(journalHeadPath), reading<HeadBody>(std::move(reply), readHead));
    }

    void quota(const std::string& method, const std::string& path, std::string body,
               Reply<std::string> reply) override
    {
        // The node is not to reach any other address with our credentials.
        if ((method != "PUT" && method != "POST") || !path.starts_with(quotaPath) ||
            !isPathSegment(path.substr(quotaPath.size())))
            return reply(Refused{404, "address-not-found"});
        auto request = _conversation->request(method, path);
        request.headers["content-type"] = std::string(jsonType);
        request.body = std::move(body);
        _conversation->send(std::move(request),
                            reading<std::string>(std::move(reply), [](std::string answer) {
                                return answer; // the node judges it
                            }));
    }

    void replies(Reply<std::vector<ReplyIds>> reply) override
    {
        auto request = _conversation->request("GET", std::string(repliesPath));
        request.query = "limit=" + std::to_string(repliesPerPage) + "&offset=0";
        _conversation->send(std::move(request), reading<std::vector<ReplyIds>>(
                                                    std::move(reply), [](const std::string& body) {
                                                        return readWaitingReplies(body).replies;
                                                    }));
    }

    void fetchReply(const std::string& replyId, Reply<ReplyBody> reply) override
    {
        if (!isPathSegment(replyId))
            return reply(Refused{404, "reply-not-found"});
        _conversation->send(_conversation->request("GET", replyPath(replyId)),
                            reading<ReplyBody>(std::move(reply),
                                               [replyId](const std::string& body) {
                                                   auto whole = readReply(body, replyBytesMax);
                                                   if (whole.replyId != replyId)
                                                       throw Error(ErrorCode::PortalAnswerMalformed,
                                                                   "another reply");
                                                   return whole;
                                               }),
                            replyBytesMax);
    }

    void replyAttachment(const std::string& replyId, const std::string& attachmentId,
                         Reply<std::string> reply) override
    {
        if (!isPathSegment(replyId) || !isPathSegment(attachmentId))
            return reply(Refused{404, "attachment-not-found"});
        _conversation->send(
            _conversation->request("GET", replyAttachmentPath(replyId, attachmentId)),
            reading<std::string>(std::move(reply), [](std::string jwe) { return jwe; }),
            replyBytesMax);
    }

    void replyEvents(const std::string& replyId, Reply<std::vector<std::string>> reply) override
    {
        if (!isPathSegment(replyId))
            return reply(Refused{404, "reply-not-found"});
        get(replyEventsPath(replyId),
            reading<std::vector<std::string>>(std::move(reply), readEventLog));
    }

    void answerReply(const std::string& replyId, ReplyVerdict verdict, std::string body,
                     Reply<Done> reply) override
    {
        if (!isPathSegment(replyId))
            return reply(Refused{404, "reply-not-found"});
        put(verdict == ReplyVerdict::Accept ? replyAcceptPath(replyId) : replyRejectPath(replyId),
            jsonType, std::move(body), reading<Done>(std::move(reply), nothing));
    }

    std::optional<UtcTime> serviceTime() const override { return _conversation->serviceTime(); }

private:
    void get(const std::string& path, Heard heard)
    {
        _conversation->send(_conversation->request("GET", path), std::move(heard));
    }

    void put(const std::string& path, std::string_view type, std::string content, Heard heard)
    {
        auto request = _conversation->request("PUT", path);
        request.headers["content-type"] = std::string(type);
        request.body = std::move(content);
        _conversation->send(std::move(request), std::move(heard));
    }

    std::shared_ptr<Conversation> _conversation; // shared with the answers under way
};

} // namespace

std::unique_ptr<PortalLink> makeV2Link(V2Settings settings, HttpExchange& exchange, EventLoop& loop)
{
    return std::make_unique<V2Link>(std::move(settings), exchange, loop);
}

} // namespace amt::portal
