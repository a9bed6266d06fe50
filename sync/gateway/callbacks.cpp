// SPDX-License-Identifier: EUPL-1.2
//
// Callbacks as jobs in the database. A gateway takes an address for two minutes, tells it up to a
// hundred news at once, and gives it back: at least once, however gateways come and go.
//
// No statement of the sending side stands in a serializable transaction: it would get in the way of
// the commits that make the news.
#include "sync/gateway/callbacks.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "sync/gateway/statements.h"
#include "sync/portal/words.h"

#include <Poco/URI.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace amt::gateway {
namespace {

constexpr std::string_view typePrefix =
    "https://schema.fitko.de/fit-connect/submission-api/callbacks/";
constexpr auto claimLife = std::chrono::minutes(2);
constexpr auto firstDelay = std::chrono::seconds(10);
constexpr auto delayMax = std::chrono::hours(1);
constexpr auto tellingLife = std::chrono::hours(24 * 14);
constexpr auto genuineFor = std::chrono::minutes(5);
constexpr std::size_t underWayMax = 16;
constexpr int newsMax = 100; ///< in one callback

std::string_view nameOf(CallbackKind kind)
{
    return kind == CallbackKind::NewSubmissions ? "new-submissions" : "new-events";
}

struct Address {
    std::string origin, path;
};

/// What stands in the database begins so; before, secrets stood there as they are.
constexpr std::string_view sealedPrefix = "sealed:";

std::string sealed(const Secret& key, std::string_view secret, const std::string& clientId,
                   RandomSource& random)
{
    return std::string(sealedPrefix) +
           toBase64Url(envelope::sealWith(key, view(secret), "callback " + clientId, random));
}

/// Throws EnvelopeMalformed: of another key or another client.
Secret opened(const Secret& key, const std::string& stored, const std::string& clientId)
{
    if (!stored.starts_with(sealedPrefix))
        throw Error(ErrorCode::EnvelopeMalformed, "a secret that was not sealed");
    return Secret(envelope::openWith(key, fromBase64Url(stored.substr(sealedPrefix.size())),
                                     "callback " + clientId));
}

/// Throws ConfigurationInvalid.
Address addressOf(const std::string& url)
{
    try {
        const Poco::URI parsed(url);
        if (parsed.getScheme() == "https" && !parsed.getHost().empty() &&
            parsed.getUserInfo().empty() && parsed.getRawQuery().empty() &&
            parsed.getFragment().empty() && url.starts_with("https://"))
            return {"https://" + parsed.getHost() + ":" + std::to_string(parsed.getPort()),
                    parsed.getPath().empty() ? "/" : parsed.getPath()};
    } catch (const Poco::Exception&) { // said below
    }
    throw Error(ErrorCode::ConfigurationInvalid, "a callback's address is https://HOST/PATH");
}

/// FIT-Connect's words for new submissions; those for events are not published, and ours.
std::string bodyOf(const std::string& kind, const std::vector<Callbacks::News>& news)
{
    const bool submissions = kind == nameOf(CallbackKind::NewSubmissions);
    auto list = json::makeArray();
    for (const auto& each : news) {
        auto entry = json::makeObject();
        if (submissions)
            entry->set("destinationId", each.destinationId);
        entry->set("submissionId", each.submissionId);
        entry->set("caseId", each.caseId);
        list->add(entry);
    }
    auto body = json::makeObject();
    body->set("type", std::string(typePrefix) + kind);
    body->set(submissions ? "submissions" : "events", list);
    return json::write(*body);
}

} // namespace

std::string callbackAuthentication(const Secret& secret, const std::string& timestamp,
                                   std::string_view body)
{
    const std::string message = timestamp + "." + std::string(body);
    const auto key = secret.revealText();
    Bytes code(64);
    unsigned int size = 0;
    if (!::HMAC(::EVP_sha512(), key.data(), static_cast<int>(key.size()),
                reinterpret_cast<const unsigned char*>(message.data()), message.size(), code.data(),
                &size))
        throw Error(ErrorCode::SystemFailed, "HMAC");
    return toHex(code);
}

bool isGenuineCallback(const Secret& secret, const std::string& timestamp,
                       std::string_view authentication, std::string_view body, UtcTime now)
{
    std::int64_t seconds = 0;
    const auto [end, fault] =
        std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
    if (fault != std::errc() || end != timestamp.data() + timestamp.size() || seconds < 0 ||
        seconds > 100'000'000'000)
        return false;
    const auto age = now - fromMilliseconds(seconds * 1000);
    if (age > genuineFor || age < -genuineFor)
        return false;
    const std::string right = callbackAuthentication(secret, timestamp, body);
    return equalInConstantTime(view(right), view(authentication));
}

// --- sending

class Callbacks::Sender {
public:
    Sender(Books& books, EventLoop& loop, RandomSource& random, const Secret& key,
           CallbackDoor door, Counters& counters, std::chrono::seconds every)
        : _books(books), _loop(loop), _random(random), _key(key), _door(std::move(door)),
          _counters(counters), _every(every)
    {
        schedule();
    }
    ~Sender() { _loop.cancel(_timer); }
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

private:
    struct Line {
        std::string url, authority;
        std::unique_ptr<HttpExchange> exchange;
    };

    void schedule()
    {
        _timer = _loop.after(_every, [this] {
            schedule();
            round();
        });
    }

    void round()
    {
        const auto all = _books.wholeRegion();
        auto due = _books.prepare(sql::callbacksDue).bind(_loop.utcNow(), newsMax);
        while (due.step()) {
            if (_underWay.size() >= underWayMax)
                return;
            if (!_underWay.contains(due.text(0)))
                tell(due.text(0), due.text(1));
        }
    }

    void tell(const std::string& clientId, const std::string& kind)
    {
        const UtcTime now = _loop.utcNow();
        if (_books.prepare(sql::claimCallbackAddress).bind(now + claimLife, clientId, now).run() !=
            1)
            return; // another gateway was quicker
        const std::string batch = randomUuid(_random);
        _books.prepare(sql::takeCallbacks).bind(batch, clientId, kind, newsMax).run();
        std::vector<News> news;
        auto row = _books.prepare(sql::callbacksTaken).bind(clientId, batch);
        while (row.step())
            news.push_back({row.text(0), row.text(1), row.text(2)});
        auto address = _books.prepare(sql::callbackAddress).bind(clientId);
        if (!address.step())
            return;
        if (news.empty())
            return settle(clientId, 0, now);

        Secret secret;
        try { // the loop task's door
            secret = opened(_key, address.text(2), clientId);
        } catch (const Error& failure) { // this gateway was set up with another signing key
            log::error("gateway.callback_secret", {{"client", clientId}, {"code", failure.name()}});
            return heard(clientId, batch, address.integer(3), false);
        }
        Line& line = _lines[clientId];
        const std::string url = address.text(0), authority = address.text(1);
        const auto [origin, path] = addressOf(url);
        if (line.url != url || line.authority != authority)
            line = {url, authority, _door(origin, authority, _loop)};
        const std::string body = bodyOf(kind, news);
        const std::string timestamp = std::to_string(toMilliseconds(now) / 1000);
        HttpRequest request{.method = "POST",
                            .path = path,
                            .query = {},
                            .headers = {{"content-type", std::string(portal::jsonType)},
                                        {"user-agent", "amt-gateway"},
                                        {"callback-timestamp", timestamp},
                                        {"callback-authentication",
                                         callbackAuthentication(secret, timestamp, body)}},
                            .body = body,
                            .peer = {}};
        _underWay.insert(clientId);
        line.exchange->send(
            std::move(request),
            [this, clientId, batch, failures = address.integer(3)](const HttpAnswer& answer) {
                _underWay.erase(clientId);
                const auto* response = std::get_if<HttpResponse>(&answer);
                heard(clientId, batch, failures,
                      response && response->status >= 200 && response->status <= 299);
            });
    }

    void heard(const std::string& clientId, const std::string& batch, std::int64_t failures,
               bool answered)
    {
        const auto all = _books.wholeRegion();
        const UtcTime now = _loop.utcNow();
        ++(answered ? _counters.callbacksAnswered : _counters.callbacksUnanswered);
        if (answered) {
            _books.prepare(sql::dropCallbacks).bind(clientId, batch).run();
            settle(clientId, 0, now);
            return round(); // there may be more
        }
        Milliseconds delay = firstDelay;
        for (std::int64_t i = 0; i < failures && delay < delayMax; ++i)
            delay *= 2;
        delay = std::min<Milliseconds>(delay, delayMax);
        // the second half by chance, so that what failed together does not come back together
        const auto half = static_cast<std::uint64_t>(delay.count() / 2);
        delay -= Milliseconds(static_cast<std::int64_t>(randomBelow(_random, half + 1)));
        log::warning("gateway.callback_unanswered", {{"client", clientId}});
        settle(clientId, failures + 1, now + delay);
    }

    void settle(const std::string& clientId, std::int64_t failures, UtcTime notBefore)
    {
        _books.prepare(sql::settleCallbackAddress).bind(failures, notBefore, clientId).run();
    }

    Books& _books;
    EventLoop& _loop;
    RandomSource& _random;
    const Secret& _key;
    CallbackDoor _door;
    Counters& _counters;
    std::chrono::seconds _every;
    TimerId _timer = 0;
    std::set<std::string, std::less<>> _underWay; ///< clients
    std::map<std::string, Line> _lines;           ///< by client; goes first, with its answers
};

Secret callbackKeyFrom(const envelope::RsaKey& signingKey)
{
    return envelope::deriveKey(signingKey.privateDer(), "", "amt gateway callback secrets");
}

Callbacks::Callbacks(Books& books, EventLoop& loop, RandomSource& random, Secret key,
                     CallbackDoor door, Counters& counters, std::chrono::seconds every)
    : _books(books), _random(random), _key(std::move(key)),
      _sender(door ? std::make_unique<Sender>(books, loop, random, _key, std::move(door), counters,
                                              every)
                   : nullptr)
{}

Callbacks::~Callbacks() = default;

void Callbacks::enter(const CallbackEntry& entry)
{
    addressOf(entry.url);
    _books.prepare(sql::setCallbackAddress)
        .bind(entry.clientId, entry.url, entry.authority,
              sealed(_key, entry.secret.revealText(), entry.clientId, _random))
        .run();
}

void Callbacks::sealOld()
{
    _books.transact([&] {
        auto row = _books.prepare(sql::everyCallbackSecret);
        while (row.step()) {
            if (!row.text(1).starts_with(sealedPrefix))
                _books.prepare(sql::replaceCallbackSecret)
                    .bind(sealed(_key, row.text(1), row.text(0), _random), row.text(0))
                    .run();
        }
    });
}

void Callbacks::forget(const std::string& clientId)
{
    _books.prepare(sql::dropCallbackAddress).bind(clientId).run();
    _books.prepare(sql::dropCallbacksOf).bind(clientId).run();
}

void Callbacks::tellClient(const std::string& clientId, CallbackKind kind, const News& news,
                           UtcTime now)
{
    const auto all = _books.wholeRegion(); // the other end may be in another municipality
    _books.prepare(sql::addCallbackForClient)
        .bind(nameOf(kind), news.destinationId, news.submissionId, news.caseId, now, clientId)
        .run();
}

void Callbacks::tellOwner(CallbackKind kind, const News& news, UtcTime now)
{
    const auto all = _books.wholeRegion();
    _books.prepare(sql::addCallbackForOwner)
        .bind(nameOf(kind), news.destinationId, news.submissionId, news.caseId, now)
        .run();
}

void Callbacks::dropOld(UtcTime now)
{
    const int dropped = _books.prepare(sql::dropOldCallbacks).bind(now - tellingLife).run();
    if (dropped > 0)
        log::warning("gateway.callbacks_dropped", {{"count", std::to_string(dropped)}});
}

} // namespace amt::gateway
