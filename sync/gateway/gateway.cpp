// SPDX-License-Identifier: EUPL-1.2
//
// The gateway: its addresses and their checks, the v2 flow (facts/portal.md 1.3 to 1.8), and the
// jobs of 1.11.
#include "sync/gateway/gateway.h"

#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "sync/gateway/access.h"
#include "sync/gateway/citizens.h"
#include "sync/gateway/citizens_statements.h"
#include "sync/gateway/devices.h"
#include "sync/gateway/heads.h"
#include "sync/gateway/ledger.h"
#include "sync/gateway/parts.h"
#include "sync/gateway/problem.h"
#include "sync/gateway/quota.h"
#include "sync/gateway/quota_commands.h"
#include "sync/gateway/registry.h"
#include "sync/gateway/replies.h"
#include "sync/gateway/statements.h"
#include "sync/portal/words.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace amt::gateway {
namespace {

using envelope::EventKind;
using envelope::SecurityEvent;

constexpr std::size_t formBytesMax = 8 * 1024;
constexpr std::size_t jsonBytesMax = 64 * 1024;
constexpr std::size_t tokenBytesMax = 64 * 1024;
constexpr std::size_t quotaBytesMax = 1024 * 1024;
constexpr std::size_t citizenBytesMax = 32 * 1024;
constexpr std::size_t requestBytesMax = 8 * 1024;
constexpr int pageLimitMax = 500;
/// Open to anyone who holds the capability of an appointment, and counted by address.
constexpr std::string_view citizenPaths = "/citizens/";
constexpr std::string_view scopePaths = "/citizens/scopes/";

enum class Who { Anyone, Sender, Subscriber, Manager, Either };
enum class BodyKind { None, Form, Json, Jose };

std::vector<std::string> segmentsOf(const std::string& path)
{
    std::vector<std::string> segments;
    std::size_t from = 1;
    while (from <= path.size()) {
        const std::size_t slash = std::min(path.find('/', from), path.size());
        segments.push_back(path.substr(from, slash - from));
        from = slash + 1;
    }
    return segments;
}

std::string headerOf(const HttpRequest& request, const std::string& name)
{
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : found->second;
}

/// "application/json" of "Application/JSON; charset=utf-8"
std::string mediaTypeOf(const HttpRequest& request)
{
    std::string type = headerOf(request, "content-type");
    type = type.substr(0, type.find(';'));
    while (!type.empty() && type.back() == ' ')
        type.pop_back();
    for (char& letter : type) {
        if (letter >= 'A' && letter <= 'Z')
            letter = static_cast<char>(letter - 'A' + 'a');
    }
    return type;
}

std::string_view expectedType(BodyKind kind)
{
    switch (kind) {
    case BodyKind::None:
        return {};
    case BodyKind::Form:
        return portal::formType;
    case BodyKind::Json:
        return portal::jsonType;
    case BodyKind::Jose:
        return portal::joseType;
    }
    return {};
}

} // namespace

class Gateway::Impl {
public:
    Impl(GatewaySettings settings, Books& books, EventLoop& loop, RandomSource& random)
        : _settings(std::move(settings)), _books(books), _loop(loop), _random(random),
          _ledger(books), _heads(books),
          _quota(books,
                 {.sign =
                      [this](const std::string& lease) {
                          return envelope::sign(lease, _settings.signingKey, _settings.signingKid,
                                                std::string(office::quota::leaseType));
                      },
                  .leasablePercent = _settings.leasablePercent},
                 random),
          _citizens(books, _quota, random),
          _replies(books, _ledger, random, [this](Replies::Noted noted) { log(std::move(noted)); }),
          _access(books, random, _settings.tokenLife), _allowance(_settings.allowance, books),
          _counters(_settings.counters ? _settings.counters : std::make_shared<Counters>()),
          _callbacks(books, loop, random,
                     _settings.callbackKey.empty() ? callbackKeyFrom(_settings.signingKey)
                                                   : _settings.callbackKey,
                     _settings.callbackDoor, *_counters, _settings.callbackInterval),
          _devices(books, random, _settings.devices,
                   _settings.devicesNeedCertificates ? DevicesNeedCertificates::Yes
                                                     : DevicesNeedCertificates::No),
          _registry(books, _access, _ledger, _quota, _callbacks, _devices, random)
    {
        _books.migrate();
        const auto all = _books.wholeRegion();
        _callbacks.sealOld();
        const std::size_t scheme = _settings.url.find("://");
        if (scheme == std::string::npos || _settings.url.back() == '/')
            throw Error(ErrorCode::ConfigurationInvalid, "address of the service");
        _settings.hosts.push_back(_settings.url.substr(scheme + 3));
        scheduleJobs();
    }
    ~Impl() { _loop.cancel(_jobs); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void enter(const ClientEntry& client)
    {
        const auto all = _books.wholeRegion();
        _access.enter(client);
    }
    void enter(const DestinationEntry& destination)
    {
        const auto all = _books.wholeRegion();
        _books.transact([&] { _ledger.enter(destination); });
    }
    void enter(const CallbackEntry& address)
    {
        const auto all = _books.wholeRegion();
        _callbacks.enter(address);
    }
    std::vector<CensusRow> census()
    {
        const auto all = _books.wholeRegion();
        return _ledger.census();
    }
    portal::TokenBody actFor(const std::string& clientId)
    {
        const auto all = _books.wholeRegion();
        return _access.tokenFor(clientId, _loop.utcNow());
    }

    std::vector<Address> addresses() const
    {
        std::vector<Address> all;
        for (const auto& route : routes())
            all.push_back(
                {std::string(route.method), std::string(route.pattern), route.who == Who::Anyone});
        return all;
    }

    LongAnswer handle(const HttpRequest& request, const BodyFile* body);
    std::optional<HttpResponse> admit(const HttpRequest& head, std::optional<std::size_t> bytes);
    HttpResponse operate(const HttpRequest& request);

private:
    /// One request that passed the door.
    struct Call {
        const HttpRequest& request;
        Caller caller;                  ///< empty for addresses that are open to anyone
        std::vector<std::string> names; ///< what stands where the pattern has a colon
        std::map<std::string, std::string> query;
        UtcTime now;
        const BodyFile* file = nullptr; ///< a body too long for memory
        LongAnswer* answer = nullptr;   ///< where a body that follows in pieces is noted

        Sight sight() const { return Sight::ofClient(caller.clientId); }
    };
    struct Route {
        std::string_view method, pattern;
        Who who;
        BodyKind body;
        std::size_t bodyMax;
        bool paged;
        HttpResponse (Impl::*answer)(const Call&);
    };
    std::vector<Route> routes() const;
    template <typename Work>
    auto committed(Work&& work);
    /// What stands at an address.
    struct Match {
        std::optional<Route> route;
        std::vector<std::string> names; ///< what stands where the pattern has a colon
        std::string allowed;            ///< methods; empty: nothing is there
        bool isOpen = false;            ///< nobody needs a token
    };
    Match matched(const HttpRequest& request) const;
    template <typename Work>
    HttpResponse answerOrRefusal(Work&& work);
    void count(const HttpResponse& response);
    HttpResponse answered(const HttpRequest& request, const BodyFile* file, LongAnswer& answer);
    HttpResponse answeredTo(Call& call, const Match& match);
    std::optional<HttpResponse> foreignHost(const HttpRequest& request) const;
    /// Who asks, in `caller`, or why nobody is believed.
    std::optional<HttpResponse> unknownCaller(const HttpRequest& request, UtcTime now,
                                              Caller& caller);
    Books::Seeing seenByAnyone(const HttpRequest& request, const Match& match);
    std::optional<HttpResponse> refused(const HttpRequest& request, const Match& match,
                                        const Caller& caller, std::size_t bodyBytes) const;

    HttpResponse health(const Call& call);
    HttpResponse token(const Call& call);
    HttpResponse serviceKeys(const Call& call);
    HttpResponse enrol(const Call& call) { return _devices.ask(call.request, call.now); }
    HttpResponse renew(const Call& call) { return _devices.renew(call.request, call.now); }
    HttpResponse destination(const Call& call);
    HttpResponse destinationKey(const Call& call);
    HttpResponse changeDestination(const Call& call);
    HttpResponse announce(const Call& call);
    HttpResponse putAttachment(const Call& call);
    HttpResponse submit(const Call& call);
    HttpResponse caseEvents(const Call& call);
    HttpResponse submissionEvents(const Call& call);
    HttpResponse waiting(const Call& call);
    HttpResponse fetch(const Call& call);
    HttpResponse fetchAttachment(const Call& call);
    HttpResponse postEvent(const Call& call);
    HttpResponse announceReply(const Call& call);
    HttpResponse putReplyAttachment(const Call& call);
    HttpResponse submitReply(const Call& call);
    HttpResponse waitingReplies(const Call& call);
    HttpResponse fetchReply(const Call& call);
    HttpResponse fetchReplyAttachment(const Call& call);
    HttpResponse replyEvents(const Call& call);
    HttpResponse acceptReply(const Call& call);
    HttpResponse rejectReply(const Call& call);
    HttpResponse knownHead(const Call& call);
    HttpResponse takeHead(const Call& call);
    HttpResponse quotaRegister(const Call& call) { return quota(call, &Quota::registered); }
    HttpResponse quotaReport(const Call& call) { return quota(call, &Quota::reported); }
    HttpResponse quotaGrants(const Call& call) { return quota(call, &Quota::grantsAsked); }
    HttpResponse quotaLeases(const Call& call) { return quota(call, &Quota::leasesShown); }
    HttpResponse quotaWant(const Call& call) { return quota(call, &Quota::wanted); }
    HttpResponse quotaCalendar(const Call& call) { return quota(call, &Quota::calendar); }
    HttpResponse nodeBookings(const Call& call) { return ofNode(call, &Citizens::bookings); }
    HttpResponse nodeContacts(const Call& call) { return ofNode(call, &Citizens::contacts); }
    HttpResponse nodeWish(const Call& call) { return ofNode(call, &Citizens::wish); }
    HttpResponse citizenScope(const Call& call);
    HttpResponse citizenTimes(const Call& call);
    HttpResponse citizenReserve(const Call& call);
    HttpResponse citizenLook(const Call& call);
    HttpResponse citizenConfirm(const Call& call) { return citizen(call, &Citizens::confirm); }
    HttpResponse citizenMove(const Call& call) { return citizen(call, &Citizens::move); }
    HttpResponse citizenCancel(const Call& call) { return citizen(call, &Citizens::cancel); }
    using CitizenAct = HttpResponse (Citizens::*)(const std::string&, const std::string&,
                                                  const std::string&, UtcTime);
    HttpResponse citizen(const Call& call, CitizenAct act);
    using QuotaMessage = std::string (Quota::*)(const QuotaClient&, const std::string&, UtcTime);
    HttpResponse quota(const Call& call, QuotaMessage message)
    {
        return toldByNode(call, _quota, message);
    }
    using NodeMessage = std::string (Citizens::*)(const QuotaClient&, const std::string&, UtcTime);
    HttpResponse ofNode(const Call& call, NodeMessage message)
    {
        return toldByNode(call, _citizens, message);
    }
    template <typename Part, typename Message>
    HttpResponse toldByNode(const Call& call, Part& part, Message message);

    std::optional<Submission> ownSubmission(const Call& call);
    std::optional<Submission> addressedSubmission(const Call& call);
    std::optional<HttpResponse> refusedJwe(const std::string& jwe,
                                           const std::string& destinationId);
    envelope::AuthenticationTags tagsOf(const Submission& submission);
    void log(const SecurityEvent& event, const std::string& token, UtcTime now);
    void log(Replies::Noted noted);
    void logByService(const Submission& submission, EventKind kind,
                      std::optional<envelope::AuthenticationTags> tags,
                      std::vector<envelope::Problem> problems);

    void scheduleJobs();
    void runJobs();
    void lookAtCalendar(LocalDate today);
    void close(const std::vector<std::string>& ids, SubmissionState from, SubmissionState to,
               EventKind kind, const std::vector<envelope::Problem>& problems);

    GatewaySettings _settings;
    Books& _books;
    EventLoop& _loop;
    RandomSource& _random;
    Ledger _ledger;
    Heads _heads;
    Quota _quota;
    Citizens _citizens;
    Replies _replies;
    Access _access;
    Allowance _allowance;
    const std::shared_ptr<Counters> _counters; // shared by the gateways of a process
    Callbacks _callbacks;
    Devices _devices;
    Registry _registry;
    std::array<int, Counters::eventKinds> _uncounted{}; ///< of the running commit
    TimerId _jobs = 0;
    std::optional<LocalDate> _lookedOn; ///< day of the nightly look at the calendar
};

// --- the door

std::vector<Gateway::Impl::Route> Gateway::Impl::routes() const
{
    const std::size_t attachmentMax = _settings.attachmentBytesMax;
    const std::size_t submissionMax = _settings.submissionBytesMax;
    return {
        {"GET", "/health", Who::Anyone, BodyKind::None, 0, false, &Impl::health},
        {"POST", "/token", Who::Anyone, BodyKind::Form, formBytesMax, false, &Impl::token},
        {"GET", "/.well-known/jwks.json", Who::Anyone, BodyKind::None, 0, false,
         &Impl::serviceKeys},
        {"POST", portal::enrolmentPath, Who::Anyone, BodyKind::Json, requestBytesMax, false,
         &Impl::enrol},
        {"POST", portal::renewalPath, Who::Anyone, BodyKind::Json, requestBytesMax, false,
         &Impl::renew},
        {"GET", "/v2/destinations/:", Who::Either, BodyKind::None, 0, false, &Impl::destination},
        {"PATCH", "/v2/destinations/:", Who::Manager, BodyKind::Json, jsonBytesMax, false,
         &Impl::changeDestination},
        {"GET", "/v2/destinations/:/keys/:", Who::Either, BodyKind::None, 0, false,
         &Impl::destinationKey},
        {"POST", "/v2/submissions", Who::Sender, BodyKind::Json, jsonBytesMax, false,
         &Impl::announce},
        {"GET", "/v2/submissions", Who::Subscriber, BodyKind::None, 0, true, &Impl::waiting},
        {"PUT", "/v2/submissions/:", Who::Sender, BodyKind::Json, submissionMax, false,
         &Impl::submit},
        {"GET", "/v2/submissions/:", Who::Subscriber, BodyKind::None, 0, false, &Impl::fetch},
        {"PUT", "/v2/submissions/:/attachments/:", Who::Sender, BodyKind::Jose, attachmentMax,
         false, &Impl::putAttachment},
        {"GET", "/v2/submissions/:/attachments/:", Who::Subscriber, BodyKind::None, 0, false,
         &Impl::fetchAttachment},
        {"GET", "/v2/submissions/:/events", Who::Either, BodyKind::None, 0, true,
         &Impl::submissionEvents},
        {"GET", "/v2/cases/:/events", Who::Either, BodyKind::None, 0, true, &Impl::caseEvents},
        {"POST", "/v2/cases/:/events", Who::Subscriber, BodyKind::Jose, tokenBytesMax, false,
         &Impl::postEvent},
        {"POST", portal::repliesPath, Who::Subscriber, BodyKind::Json, jsonBytesMax, false,
         &Impl::announceReply},
        {"GET", portal::repliesPath, Who::Sender, BodyKind::None, 0, true, &Impl::waitingReplies},
        {"PUT", "/v2/replies/:", Who::Subscriber, BodyKind::Json, ReplyLimits().submissionBytes,
         false, &Impl::submitReply},
        {"GET", "/v2/replies/:", Who::Sender, BodyKind::None, 0, false, &Impl::fetchReply},
        {"PUT", "/v2/replies/:/attachments/:", Who::Subscriber, BodyKind::Jose,
         std::min(attachmentMax, ReplyLimits().attachmentBytes), false, &Impl::putReplyAttachment},
        {"GET", "/v2/replies/:/attachments/:", Who::Sender, BodyKind::None, 0, false,
         &Impl::fetchReplyAttachment},
        {"GET", "/v2/replies/:/events", Who::Either, BodyKind::None, 0, true, &Impl::replyEvents},
        {"PUT", "/v2/replies/:/accept", Who::Sender, BodyKind::Json, jsonBytesMax, false,
         &Impl::acceptReply},
        {"PUT", "/v2/replies/:/reject", Who::Sender, BodyKind::Json, jsonBytesMax, false,
         &Impl::rejectReply},
        {"GET", portal::journalHeadPath, Who::Sender, BodyKind::None, 0, false, &Impl::knownHead},
        {"PUT", portal::journalHeadPath, Who::Sender, BodyKind::Json, jsonBytesMax, false,
         &Impl::takeHead},
        {"PUT", office::quota::registerPath, Who::Sender, BodyKind::Json, quotaBytesMax, false,
         &Impl::quotaRegister},
        {"PUT", office::quota::reportPath, Who::Sender, BodyKind::Json, quotaBytesMax, false,
         &Impl::quotaReport},
        {"PUT", office::quota::grantsPath, Who::Sender, BodyKind::Json, quotaBytesMax, false,
         &Impl::quotaGrants},
        {"PUT", office::quota::leasesPath, Who::Sender, BodyKind::Json, quotaBytesMax, false,
         &Impl::quotaLeases},
        {"PUT", office::quota::wantPath, Who::Sender, BodyKind::Json, quotaBytesMax, false,
         &Impl::quotaWant},
        {"POST", office::quota::calendarPath, Who::Sender, BodyKind::Json, quotaBytesMax, false,
         &Impl::quotaCalendar},
        {"POST", office::quota::bookingsPath, Who::Sender, BodyKind::Json, quotaBytesMax, false,
         &Impl::nodeBookings},
        {"POST", office::quota::contactsPath, Who::Sender, BodyKind::Json, quotaBytesMax, false,
         &Impl::nodeContacts},
        {"POST", office::quota::wishPath, Who::Sender, BodyKind::Json, citizenBytesMax, false,
         &Impl::nodeWish},
        {"GET", "/citizens/scopes/:/:", Who::Anyone, BodyKind::None, 0, false, &Impl::citizenScope},
        {"GET", "/citizens/scopes/:/:/times", Who::Anyone, BodyKind::None, 0, false,
         &Impl::citizenTimes},
        {"POST", "/citizens/scopes/:/:/appointments", Who::Anyone, BodyKind::Json, citizenBytesMax,
         false, &Impl::citizenReserve},
        {"GET", "/citizens/appointments/:", Who::Anyone, BodyKind::None, 0, false,
         &Impl::citizenLook},
        {"PUT", "/citizens/appointments/:/confirmation", Who::Anyone, BodyKind::Json,
         citizenBytesMax, false, &Impl::citizenConfirm},
        {"PUT", "/citizens/appointments/:/time", Who::Anyone, BodyKind::Json, citizenBytesMax,
         false, &Impl::citizenMove},
        {"POST", "/citizens/appointments/:/cancellation", Who::Anyone, BodyKind::Json,
         citizenBytesMax, false, &Impl::citizenCancel},
    };
}

LongAnswer Gateway::Impl::handle(const HttpRequest& request, const BodyFile* body)
{
    LongAnswer answer;
    answer.response = answerOrRefusal([&] {
        if (body && body->size() <= _settings.submissionBytesMax) { // JSON is read whole
            HttpRequest whole = request;
            whole.body = body->read(0, body->size());
            return answered(whole, nullptr, answer);
        }
        return answered(request, body, answer);
    });
    count(answer.response);
    return answer;
}

/// What `work` gives, or the refusal that a failure is.
template <typename Work>
HttpResponse Gateway::Impl::answerOrRefusal(Work&& work)
{
    try {
        return work();
    } catch (const Error& failure) { // the HTTP handler's door
        const ErrorCode code = failure.errorCode();
        if (code == ErrorCode::StoreFailed || code == ErrorCode::StoreFull ||
            code == ErrorCode::DatabaseUnavailable)
            ++_counters->databaseErrors;
        if (code == ErrorCode::StoreFailed)
            throw;
        log::warning("gateway.refused", {{"code", failure.name()}, {"detail", failure.message()}});
        return problemFor(failure);
    }
}

void Gateway::Impl::count(const HttpResponse& response)
{
    ++_counters->answers.at(static_cast<std::size_t>(response.status / 100));
    if (response.status == 429)
        ++_counters->overAllowance;
}

std::optional<HttpResponse> Gateway::Impl::admit(const HttpRequest& head,
                                                 std::optional<std::size_t> bytes)
{
    bool isAdmitted = false;
    const auto look = [&] {
        auto refusal = foreignHost(head);
        const Match match = matched(head);
        Caller caller;
        if (!refusal && !match.isOpen)
            refusal = unknownCaller(head, _loop.utcNow(), caller);
        if (!refusal)
            refusal = refused(head, match, caller, bytes.value_or(1));
        isAdmitted = !refusal;
        return refusal ? *std::move(refusal) : HttpResponse();
    };
    HttpResponse response = answerOrRefusal(look);
    if (isAdmitted)
        return std::nullopt;
    count(response);
    return response;
}

HttpResponse Gateway::Impl::operate(const HttpRequest& request)
{
    const auto all = _books.wholeRegion();
    try {
        if (request.path == quotaOrderPath)
            return answerQuotaOrder(request, _quota, _loop.utcNow());
        return _registry.answer(request, _loop.utcNow());
    } catch (const Error& failure) { // the HTTP handler's door
        if (failure.errorCode() == ErrorCode::StoreFailed)
            throw;
        auto refused = problemFor(failure);
        return refused.status == 400 ? problem(400, "malformed-request", failure.message())
                                     : refused;
    }
}

/// One commit; the events that it logs are counted when it is done.
template <typename Work>
auto Gateway::Impl::committed(Work&& work)
{
    const auto count = [&] {
        for (std::size_t kind = 0; kind < _uncounted.size(); ++kind)
            _counters->events[kind] += static_cast<std::uint64_t>(_uncounted[kind]);
    };
    const auto whole = [&] {
        _uncounted.fill(0); // it may begin again
        return work();
    };
    if constexpr (std::is_void_v<decltype(work())>) {
        _books.transact(whole);
        count();
    } else {
        auto result = _books.transact(whole);
        count();
        return result;
    }
}

std::optional<HttpResponse> Gateway::Impl::foreignHost(const HttpRequest& request) const
{
    const auto& hosts = _settings.hosts;
    const std::string host = headerOf(request, "host");
    if (host.empty())
        return problem(400, "host-missing", "a Host header is needed");
    if (std::find(hosts.begin(), hosts.end(), host) == hosts.end())
        return problem(421, "host-foreign", "this service has another name");
    return std::nullopt;
}

Gateway::Impl::Match Gateway::Impl::matched(const HttpRequest& request) const
{
    Match match;
    const auto asked = segmentsOf(request.path);
    for (const auto& route : routes()) {
        const auto pattern = segmentsOf(std::string(route.pattern));
        std::vector<std::string> names;
        bool same = pattern.size() == asked.size();
        for (std::size_t i = 0; same && i < pattern.size(); ++i) {
            if (pattern[i] == ":")
                names.push_back(asked[i]);
            else
                same = pattern[i] == asked[i];
        }
        if (!same)
            continue;
        match.allowed += (match.allowed.empty() ? "" : ", ") + std::string(route.method);
        if (route.method == request.method) {
            match.route = route;
            match.names = std::move(names);
        }
    }
    match.isOpen = !match.allowed.empty() && !request.path.starts_with("/v2/");
    return match;
}

std::optional<HttpResponse> Gateway::Impl::unknownCaller(const HttpRequest& request, UtcTime now,
                                                         Caller& caller)
{
    // the real front door takes a request without it for a robot (facts/portal.md 1.3)
    if (headerOf(request, "user-agent").empty())
        return problem(403, "user-agent-missing", "a User-Agent header is needed");
    const auto all = _books.wholeRegion(); // whose it is, is the question
    auto known = _access.caller(request, now);
    if (!known) {
        auto response = problem(401, "unauthorized", "a valid access token is needed");
        response.headers.emplace_back("WWW-Authenticate", "Bearer");
        return response;
    }
    caller = std::move(*known);
    return _devices.refusal(caller, request, now);
}

HttpResponse Gateway::Impl::answered(const HttpRequest& request, const BodyFile* file,
                                     LongAnswer& answer)
{
    if (auto foreign = foreignHost(request))
        return *std::move(foreign);
    const Match match = matched(request);
    Call call{.request = request,
              .caller = {},
              .names = match.names,
              .query = {},
              .now = _loop.utcNow(),
              .file = file,
              .answer = &answer};
    if (!match.isOpen) {
        if (auto unknown = unknownCaller(request, call.now, call.caller))
            return *std::move(unknown);
        const auto own = _books.only(call.caller.tenantId);
        const auto drawn = _allowance.draw(call.caller.clientId, call.now);
        auto response = drawn.granted ? answeredTo(call, match) : _allowance.refusal(drawn);
        _allowance.describe(drawn, response);
        return response;
    }
    const auto seen = seenByAnyone(request, match);
    if (request.path.starts_with(citizenPaths)) {
        const bool reserves = match.route && match.route->answer == &Impl::citizenReserve;
        if (auto over = _citizens.drawn(request.peer,
                                        reserves ? Citizens::Act::Reserve : Citizens::Act::Look,
                                        _loop.sinceBoot()))
            return *over;
    }
    return answeredTo(call, match);
}

/// A citizen's rows are those of the town that is named, or in which the appointment is.
Books::Seeing Gateway::Impl::seenByAnyone(const HttpRequest& request, const Match& match)
{
    if (match.names.empty() || !request.path.starts_with(citizenPaths))
        return _books.wholeRegion(); // tokens, keys and codes say whose they are
    if (request.path.starts_with(scopePaths))
        return _books.only(match.names[0]);
    std::optional<std::string> tenant;
    {
        const auto all = _books.wholeRegion();
        auto row = _books.prepare(sql::tenantOfCitizenBooking).bind(match.names[0]);
        if (row.step())
            tenant = row.text(0);
    }
    return tenant ? _books.only(*tenant) : _books.nothing();
}

/// Why this address does not take that request; whoever asks is known, or need not be.
std::optional<HttpResponse> Gateway::Impl::refused(const HttpRequest& request, const Match& match,
                                                   const Caller& caller,
                                                   std::size_t bodyBytes) const
{
    if (match.allowed.empty())
        return problem(404, "address-not-found", "there is nothing at this address");
    if (!match.route) {
        auto response = problem(405, "method-not-allowed", "this address knows " + match.allowed);
        response.headers.emplace_back("Allow", match.allowed);
        return response;
    }
    const Route& found = *match.route;
    const bool sends = caller.scopes.contains(portal::sendScope);
    const bool subscribes = caller.scopes.contains(portal::subscribeScope);
    const bool permitted =
        found.who == Who::Anyone || (found.who == Who::Sender && sends) ||
        (found.who == Who::Subscriber && subscribes) ||
        (found.who == Who::Manager && caller.scopes.contains(portal::manageScope)) ||
        (found.who == Who::Either && (sends || subscribes));
    if (!permitted)
        return problem(403, "scope-missing", "the access token lacks the scope for this address");
    if (found.body == BodyKind::None && bodyBytes > 0)
        return problem(400, "body-unexpected", "this address takes no body");
    if (found.body != BodyKind::None && mediaTypeOf(request) != expectedType(found.body))
        return problem(415, "unsupported-media-type",
                       "this address takes " + std::string(expectedType(found.body)));
    if (bodyBytes > found.bodyMax)
        return problem(413, "body-too-large", "over the limit for this address");
    return std::nullopt;
}

HttpResponse Gateway::Impl::answeredTo(Call& call, const Match& match)
{
    const HttpRequest& request = call.request;
    if (auto response = refused(request, match, call.caller,
                                call.file ? call.file->size() : request.body.size()))
        return *std::move(response);
    const auto& found = match.route;
    if (call.file && found->answer != &Impl::putAttachment)
        return problem(413, "body-too-large", "over the limit for this address");
    call.query = parseForm(request.query);
    for (const auto& [name, value] : call.query) {
        const bool known =
            found->paged && (name == "limit" || name == "offset" ||
                             (name == "destinationId" && found->answer == &Impl::waiting));
        const bool searched =
            found->answer == &Impl::citizenTimes &&
            (name == "minutes" || name == "from" || name == "days" || name == "limit");
        if (!known && !searched)
            return problem(400, "query-unexpected", "a query parameter is not known here");
    }
    const auto answer = [&] { return (this->*found->answer)(call); };
    // What changes anything is one commit, with what it looked at before.
    return request.method == "GET" ? answer() : committed(answer);
}

namespace {

/// limit 1 to 500, offset from 0; nothing when either is anything else.
std::optional<Page> pageOf(const std::map<std::string, std::string>& query)
{
    Page page;
    const auto read = [&](const char* name, int least, int most, int& into) {
        const auto given = query.find(name);
        if (given == query.end())
            return true;
        const std::string& text = given->second;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
        return error == std::errc() && end == text.data() + text.size() && into >= least &&
               into <= most;
    };
    if (!read("limit", 1, pageLimitMax, page.limit) ||
        !read("offset", 0, 1'000'000'000, page.offset))
        return std::nullopt;
    return page;
}

HttpResponse badPage()
{
    return problem(400, "paging-invalid", "limit is 1 to 500, offset from 0");
}

HttpResponse eventLog(const std::vector<std::string>& tokens)
{
    return jsonResponse(200, portal::writeEventLog(tokens));
}

} // namespace

// --- open to anyone

HttpResponse Gateway::Impl::health(const Call&)
{
    return jsonResponse(200, R"({"status":"up"})");
}

HttpResponse Gateway::Impl::token(const Call& call)
{
    return _access.token(call.request, call.now);
}

HttpResponse Gateway::Impl::serviceKeys(const Call&)
{
    auto keys = json::makeArray();
    keys->add(envelope::writeJwk({.kid = _settings.signingKid,
                                  .use = envelope::KeyUse::Verify,
                                  .key = _settings.signingKey,
                                  .chain = {}}));
    auto body = json::makeObject();
    body->set("keys", keys);
    return jsonResponse(200, json::write(*body));
}

// --- destinations

HttpResponse Gateway::Impl::destination(const Call& call)
{
    const auto found = _ledger.destination(call.names[0]);
    if (!found)
        return notFound("destination");
    auto document = json::parseObject(found->document);
    document->set("status", found->status);
    return jsonResponse(200, json::write(*document));
}

HttpResponse Gateway::Impl::destinationKey(const Call& call)
{
    const auto key = _ledger.key(call.names[0], call.names[1]);
    return key ? jsonResponse(200, *key) : notFound("key");
}

HttpResponse Gateway::Impl::changeDestination(const Call& call)
{
    const auto body = json::parseObject(call.request.body);
    json::onlyKeys(*body, {"status"});
    const std::string status = json::text(*body, "status");
    if (status != "active" && status != "inactive")
        return problem(422, "destination-state-invalid", "active or inactive");
    const auto found = _ledger.destination(call.names[0]);
    if (!found || found->ownerId != call.caller.clientId)
        return notFound("destination");
    if (found->isRevoked)
        return problem(409, "destination-revoked", "it stays inactive");
    _ledger.setStatus(found->id, status);
    return destination(call);
}

// --- sending

namespace {

std::string announcementDigest(const portal::AnnounceBody& body)
{
    auto sorted = body.attachmentIds;
    std::sort(sorted.begin(), sorted.end());
    auto all = json::makeArray();
    for (const auto* field :
         {&body.destinationId, &body.service, &body.serviceName, &body.region, &body.caseId})
        all->add(*field);
    for (const auto& id : sorted)
        all->add(id);
    return digestOf(json::write(*all));
}

bool offers(const json::Object& destination, const std::string& service)
{
    for (const auto& entry : *json::array(destination, "publicServices")) {
        if (json::text(*entry.extract<json::ObjectPtr>(), "identifier") == service)
            return true;
    }
    return false;
}

HttpResponse announced(int status, const Submission& submission)
{
    return jsonResponse(status, portal::writeAnnounced({submission.id, submission.caseId}));
}

} // namespace

HttpResponse Gateway::Impl::announce(const Call& call)
{
    const auto body = portal::readAnnounce(call.request.body);
    const std::string envelopeId = headerOf(call.request, "idempotency-key");
    if (!envelopeId.empty() && !isUuid(envelopeId))
        return problem(400, "idempotency-key-invalid", "the Idempotency-Key is a UUID");
    const std::string digest = announcementDigest(body);

    std::optional<Claim> claim;
    if (!envelopeId.empty())
        claim = _ledger.claim(call.caller.clientId, envelopeId);
    if (claim) {
        if (claim->announcementDigest != digest) {
            log::error("gateway.other_announcement", {{"envelope", envelopeId}});
            return problem(409, "idempotency-key-reused",
                           "this Idempotency-Key stands for another announcement");
        }
        const auto standing = _ledger.submission(claim->submissionId, call.sight());
        if (standing && standing->state != SubmissionState::Deleted)
            return announced(201, *standing);
    }

    const auto destination = _ledger.destination(body.destinationId);
    if (!destination)
        return notFound("destination");
    if (destination->status != "active")
        return problem(422, "destination-state-invalid", "this destination takes nothing now");
    const bool leika = body.service.starts_with(portal::servicePrefix) &&
                       body.service.size() == portal::servicePrefix.size() + 14;
    if (!leika || !offers(*json::parseObject(destination->document), body.service))
        return problem(422, "unsupported-service", "this destination does not offer the service");
    if (body.attachmentIds.size() > _settings.attachmentsMax)
        return problem(422, "too-many-attachments",
                       "at most " + std::to_string(_settings.attachmentsMax));
    CaseFile opened{
        .id = body.caseId, .clientId = call.caller.clientId, .destinationId = body.destinationId};
    if (opened.id.empty()) {
        opened.id = randomUuid(_random);
        _ledger.add(opened);
    } else {
        const auto known = _ledger.caseFile(opened.id, call.sight());
        if (!known || known->clientId != opened.clientId ||
            known->destinationId != opened.destinationId)
            return notFound("case");
    }
    const Submission made{.id = randomUuid(_random),
                          .caseId = opened.id,
                          .clientId = opened.clientId,
                          .destinationId = opened.destinationId,
                          .service = body.service,
                          .state = SubmissionState::Announced,
                          .metadata = {},
                          .data = {},
                          .metadataDigest = {},
                          .dataDigest = {}};
    _ledger.announce(made, envelopeId, body.attachmentIds, call.now);
    if (claim) // the one before died incomplete
        _ledger.moveClaim(made.clientId, envelopeId, made.id);
    else if (!envelopeId.empty())
        _ledger.addClaim(made.clientId, envelopeId,
                         {.announcementDigest = digest, .submissionId = made.id});
    logByService(made, EventKind::Create, std::nullopt, {});
    return announced(201, made);
}

/// Of the caller, by the first name in the path.
std::optional<Submission> Gateway::Impl::ownSubmission(const Call& call)
{
    auto found = _ledger.submission(call.names[0], call.sight());
    if (found && found->clientId == call.caller.clientId)
        return found;
    return std::nullopt;
}

/// At a destination of the caller, waiting to be fetched.
std::optional<Submission> Gateway::Impl::addressedSubmission(const Call& call)
{
    auto found = _ledger.submission(call.names[0], call.sight());
    if (!found || found->state != SubmissionState::Submitted)
        return std::nullopt;
    const auto destination = _ledger.destination(found->destinationId);
    return destination && destination->ownerId == call.caller.clientId ? found : std::nullopt;
}

/// Throws EnvelopeMalformed, or says that nobody there could open it.
std::optional<HttpResponse> Gateway::Impl::refusedJwe(const std::string& jwe,
                                                      const std::string& destinationId)
{
    if (!_ledger.canEncryptFor(destinationId, envelope::sealedFor(jwe)))
        return problem(422, "encryption-key-unknown", "kid is not a key of this destination");
    return std::nullopt;
}

namespace {

/// What has to be known of a JWE.
struct Looked {
    std::string digest; ///< SHA-256, hex
    std::string frame;  ///< the JWE, or when it is too long one of the same five segments but the
                        ///< fourth, of which a letter is left
};

Looked lookThrough(const std::string& jwe)
{
    return {digestOf(jwe), jwe};
}

/// Throws EnvelopeMalformed.
Looked lookThrough(const BodyFile& file)
{
    constexpr std::size_t frameBytesMax = 16 * 1024;
    constexpr int cipherText = 3; // of the segments, from 0
    envelope::Sha256 digest;
    Looked looked;
    int segment = 0;
    for (std::size_t at = 0; at < file.size(); at += pieceBytes) {
        const std::string piece = file.read(at, pieceBytes);
        digest.add(view(piece));
        for (const char letter : piece) {
            const bool isWord = (letter >= 'a' && letter <= 'z') ||
                                (letter >= 'A' && letter <= 'Z') ||
                                (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
            if (letter == '.')
                ++segment;
            else if (!isWord)
                throw Error(ErrorCode::EnvelopeMalformed, "not base64url");
            if (segment == cipherText && letter != '.' && looked.frame.back() != '.')
                continue;
            looked.frame += letter;
            if (looked.frame.size() > frameBytesMax)
                throw Error(ErrorCode::EnvelopeMalformed, "a segment over its limit");
        }
    }
    looked.digest = toHex(digest.finish());
    return looked;
}

} // namespace

HttpResponse Gateway::Impl::putAttachment(const Call& call)
{
    const auto submission = ownSubmission(call);
    if (!submission || submission->state == SubmissionState::Deleted)
        return notFound("submission");
    const auto parts = _ledger.attachments(submission->id);
    const auto part = std::find_if(parts.begin(), parts.end(),
                                   [&](const auto& each) { return each.id == call.names[1]; });
    if (part == parts.end())
        return notFound("attachment");
    const Looked looked = call.file ? lookThrough(*call.file) : lookThrough(call.request.body);
    if (!part->digest.empty()) {
        if (part->digest == looked.digest)
            return emptyResponse(204);
        log::error("gateway.other_attachment", {{"submission", submission->id}});
        return problem(409, "attachment-differs", "other bytes are stored under this id");
    }
    if (submission->state != SubmissionState::Announced)
        return problem(409, "submission-state-invalid", "already submitted");
    if (auto refused = refusedJwe(looked.frame, submission->destinationId))
        return *refused;
    const StoredPart stored{
        .id = part->id, .digest = looked.digest, .tag = envelope::tagOf(looked.frame)};
    if (call.file)
        _ledger.storeAttachment(submission->id, stored, *call.file);
    else
        _ledger.storeAttachment(submission->id, stored, call.request.body);
    return emptyResponse(204);
}

HttpResponse Gateway::Impl::submit(const Call& call)
{
    const auto parts = portal::readSubmit(call.request.body, _settings.submissionBytesMax);
    auto submission = ownSubmission(call);
    if (!submission || submission->state == SubmissionState::Deleted)
        return notFound("submission");
    const auto& [metadata, data] = parts;

    if (submission->state != SubmissionState::Announced) {
        if (submission->metadataDigest == digestOf(metadata) &&
            submission->dataDigest == digestOf(data))
            return announced(200, *submission);
        log::error("gateway.other_submission", {{"submission", submission->id}});
        return problem(409, "submission-differs", "other bytes are stored under this id");
    }
    for (const auto* jwe : {&metadata, &data}) {
        if (auto refused = refusedJwe(*jwe, submission->destinationId))
            return *refused;
    }
    if (!haveTypes(metadata, data))
        return problem(422, "invalid-jwe", "Invalid JWE Header 'cty'");
    submission->metadata = metadata;
    submission->data = data;
    submission->metadataDigest = digestOf(metadata);
    submission->dataDigest = digestOf(data);
    std::string all = submission->metadataDigest + submission->dataDigest;
    for (const auto& part : _ledger.attachments(submission->id)) {
        if (part.digest.empty())
            return problem(422, "attachment-missing", "an announced attachment did not arrive");
        all += part.id + part.digest;
    }
    _ledger.storeSubmission(*submission, digestOf(all), call.now);
    logByService(*submission, EventKind::Submit, tagsOf(*submission), {});
    return announced(200, *submission);
}

envelope::AuthenticationTags Gateway::Impl::tagsOf(const Submission& submission)
{
    envelope::AuthenticationTags tags{.metadata = envelope::tagOf(submission.metadata),
                                      .data = envelope::tagOf(submission.data),
                                      .attachments = {}};
    for (const auto& part : _ledger.attachments(submission.id))
        tags.attachments[part.id] = part.tag;
    return tags;
}

void Gateway::Impl::log(const SecurityEvent& event, const std::string& token, UtcTime now)
{
    _ledger.log(event, token, now);
    ++_uncounted.at(static_cast<std::size_t>(event.kind));
}

/// Signs and logs; part of the commit that changes the state.
void Gateway::Impl::logByService(const Submission& submission, EventKind kind,
                                 std::optional<envelope::AuthenticationTags> tags,
                                 std::vector<envelope::Problem> problems)
{
    const UtcTime now = _loop.utcNow();
    const SecurityEvent event{.id = randomUuid(_random),
                              .issuer = _settings.url,
                              .issuedAt = std::chrono::floor<std::chrono::seconds>(now),
                              .submissionId = submission.id,
                              .caseId = submission.caseId,
                              .kind = kind,
                              .tags = std::move(tags),
                              .problems = std::move(problems)};
    log(event, envelope::signEvent(event, _settings.signingKey, _settings.signingKid), now);
    const Callbacks::News news{submission.destinationId, submission.id, submission.caseId};
    switch (kind) { // who did not do it hears of it
    case EventKind::Create:
        break;
    case EventKind::Submit:
        _callbacks.tellOwner(CallbackKind::NewSubmissions, news, now);
        break;
    case EventKind::Notify:
    case EventKind::Accept:
        _callbacks.tellClient(submission.clientId, CallbackKind::NewEvents, news, now);
        break;
    case EventKind::Reject:
    case EventKind::Delete:
        _callbacks.tellClient(submission.clientId, CallbackKind::NewEvents, news, now);
        _callbacks.tellOwner(CallbackKind::NewEvents, news, now);
        break;
    }
}

/// A reply has gone a step: signed and logged in the commit that changes its state.
void Gateway::Impl::log(Replies::Noted noted)
{
    const UtcTime now = _loop.utcNow();
    SecurityEvent& event = noted.event;
    event.id = randomUuid(_random);
    event.issuer = _settings.url;
    event.issuedAt = std::chrono::floor<std::chrono::seconds>(now);
    log(event, envelope::signEvent(event, _settings.signingKey, _settings.signingKid), now);
    const Callbacks::News news{noted.destinationId, noted.submissionId, event.caseId};
    if (event.kind == EventKind::Submit)
        _callbacks.tellClient(noted.receiverId, CallbackKind::NewEvents, news, now);
    else if (event.kind != EventKind::Create)
        _callbacks.tellOwner(CallbackKind::NewEvents, news, now);
}

// --- event logs

HttpResponse Gateway::Impl::caseEvents(const Call& call)
{
    const auto page = pageOf(call.query);
    if (!page)
        return badPage();
    const auto opened = _ledger.caseFile(call.names[0], call.sight());
    if (!opened)
        return notFound("case");
    return eventLog(_ledger.eventsOfCase(opened->id, *page)); // both ends read it
}

HttpResponse Gateway::Impl::submissionEvents(const Call& call)
{
    const auto page = pageOf(call.query);
    if (!page)
        return badPage();
    const auto submission = _ledger.submission(call.names[0], call.sight());
    if (!submission)
        return notFound("submission");
    return eventLog(_ledger.eventsOfSubmission(submission->id, *page));
}

// --- subscribing

HttpResponse Gateway::Impl::waiting(const Call& call)
{
    const auto page = pageOf(call.query);
    if (!page)
        return badPage();
    const auto wanted = call.query.find("destinationId");
    if (wanted == call.query.end())
        return problem(400, "destination-missing", "destinationId is needed");
    const auto destination = _ledger.destination(wanted->second);
    if (!destination || destination->ownerId != call.caller.clientId)
        return notFound("destination");
    portal::WaitingBody body{.submissions = {},
                             .offset = page->offset,
                             .totalCount = _ledger.countWaiting(destination->id)};
    for (const auto& each : _ledger.waiting(destination->id, *page))
        body.submissions.push_back({destination->id, each.submissionId, each.caseId});
    return jsonResponse(200, portal::writeWaiting(body));
}

HttpResponse Gateway::Impl::fetch(const Call& call)
{
    const auto submission = addressedSubmission(call);
    if (!submission)
        return notFound("submission");
    portal::SubmissionBody body{.destinationId = submission->destinationId,
                                .submissionId = submission->id,
                                .caseId = submission->caseId,
                                .service = submission->service,
                                .attachmentIds = {},
                                .parts = {submission->metadata, submission->data}};
    for (const auto& part : _ledger.attachments(submission->id))
        body.attachmentIds.push_back(part.id);
    return jsonResponse(200, portal::writeSubmission(body));
}

HttpResponse Gateway::Impl::fetchAttachment(const Call& call)
{
    const auto submission = addressedSubmission(call);
    if (!submission)
        return notFound("submission");
    auto jwe = _ledger.attachmentBody(submission->id, call.names[1]);
    if (const auto bytes = _ledger.bytesInPieces(submission->id, call.names[1])) {
        jwe.emplace();
        call.answer->bytes = *bytes;
        call.answer->next = [this, id = submission->id, part = call.names[1],
                             tenant = call.caller.tenantId, number = 0]() mutable {
            const auto own = _books.only(tenant);
            return _ledger.piece(id, part, number++);
        };
    }
    if (!jwe)
        return notFound("attachment");
    auto response = jsonResponse(200, std::move(*jwe));
    response.headers[0].second = "application/jose";
    return response;
}

HttpResponse Gateway::Impl::postEvent(const Call& call)
{
    const auto opened = _ledger.caseFile(call.names[0], call.sight());
    const auto destination = opened ? _ledger.destination(opened->destinationId) : std::nullopt;
    if (!destination || destination->ownerId != call.caller.clientId)
        return notFound("case");

    const std::string& token = call.request.body;
    const envelope::IssuerKeys service{.issuer = _settings.url,
                                       .keys = {{.kid = _settings.signingKid,
                                                 .use = envelope::KeyUse::Verify,
                                                 .key = _settings.signingKey,
                                                 .chain = {}}}};
    const SecurityEvent event = envelope::verifyEvent(
        token, service, {.issuer = destination->id, .keys = _ledger.signatureKeys(destination->id)},
        call.now);
    if (event.issuer != destination->id ||
        (event.kind != EventKind::Accept && event.kind != EventKind::Reject))
        return problem(422, "invalid-event", "a destination says accept or reject");
    const auto submission = _ledger.submission(event.submissionId, call.sight());
    if (event.caseId != opened->id || !submission || submission->caseId != opened->id)
        return problem(422, "invalid-event", "the event is about another submission");

    const auto closed =
        event.kind == EventKind::Accept ? SubmissionState::Accepted : SubmissionState::Rejected;
    if (submission->state == closed) // said before; the answer was lost
        return emptyResponse(204);
    if (submission->state != SubmissionState::Submitted)
        return problem(409, "submission-state-invalid", "not waiting for an answer");
    if (_ledger.isLogged(event.id))
        return problem(409, "event-known", "this event was sent before");
    if (event.kind == EventKind::Accept && event.tags != tagsOf(*submission))
        return problem(422, "incorrect-authentication-tag",
                       "the tags are not those of this submission");
    log(event, token, call.now);
    _ledger.close(submission->id, closed);
    _callbacks.tellClient(submission->clientId, CallbackKind::NewEvents,
                          {destination->id, submission->id, submission->caseId}, call.now);
    return emptyResponse(204);
}

// --- replies

HttpResponse Gateway::Impl::announceReply(const Call& call)
{
    return _replies.announce(call.caller.clientId, headerOf(call.request, "idempotency-key"),
                             call.request.body, call.now);
}

HttpResponse Gateway::Impl::putReplyAttachment(const Call& call)
{
    return _replies.putAttachment(call.caller.clientId, call.names[0], call.names[1],
                                  call.request.body);
}

HttpResponse Gateway::Impl::submitReply(const Call& call)
{
    return _replies.submit(call.caller.clientId, call.names[0], call.request.body, call.now);
}

HttpResponse Gateway::Impl::waitingReplies(const Call& call)
{
    const auto page = pageOf(call.query);
    return page ? _replies.waiting(call.caller.clientId, *page) : badPage();
}

HttpResponse Gateway::Impl::fetchReply(const Call& call)
{
    return _replies.fetch(call.caller.clientId, call.names[0]);
}

HttpResponse Gateway::Impl::fetchReplyAttachment(const Call& call)
{
    return _replies.fetchAttachment(call.caller.clientId, call.names[0], call.names[1]);
}

HttpResponse Gateway::Impl::replyEvents(const Call& call)
{
    const auto page = pageOf(call.query);
    return page ? _replies.events(call.caller.clientId, call.names[0], *page) : badPage();
}

HttpResponse Gateway::Impl::acceptReply(const Call& call)
{
    return _replies.accept(call.caller.clientId, call.names[0], call.request.body);
}

HttpResponse Gateway::Impl::rejectReply(const Call& call)
{
    return _replies.reject(call.caller.clientId, call.names[0], call.request.body);
}

// --- journals of the nodes

HttpResponse Gateway::Impl::knownHead(const Call& call)
{
    const auto known = _heads.known(call.caller.clientId);
    return known ? jsonResponse(200, portal::writeHead(*known)) : notFound("journal-head");
}

HttpResponse Gateway::Impl::takeHead(const Call& call)
{
    const auto verdict =
        _heads.take(call.caller.clientId, portal::readHead(call.request.body), call.now);
    const auto refused = [&](const char* type, const char* detail) {
        log::error("gateway.journal", {{"client", call.caller.clientId}, {"verdict", type}});
        return problem(409, type, detail);
    };
    switch (verdict) {
    case HeadVerdict::Taken:
        return emptyResponse(204);
    case HeadVerdict::Unlinked:
        return problem(409, "journal-head-unlinked",
                       "the record that is known here has to be named");
    case HeadVerdict::Behind:
        return refused("journal-head-behind", "records that were told here are gone");
    case HeadVerdict::Beside:
        return refused("journal-head-beside", "another record stands where one was told here");
    case HeadVerdict::Closed:
        return refused("journal-head-closed", "another life of this node has begun since");
    }
    AMT_ASSERT(false && "a verdict without an answer");
}

// --- leased cells

template <typename Part, typename Message>
HttpResponse Gateway::Impl::toldByNode(const Call& call, Part& part, Message message)
{
    try { // refused before anything was changed
        return jsonResponse(200, (part.*message)({call.caller.clientId, call.caller.tenantId},
                                                 call.request.body, call.now));
    } catch (const Error& failure) {
        if (failure.errorCode() == ErrorCode::StepOutOfOrder)
            return problem(409, "quota-not-registered", "this life of the node is not known");
        if (failure.errorCode() == ErrorCode::NotFound)
            return notFound("scope");
        throw;
    }
}

// --- citizens

namespace {

/// What stands behind "Bearer"; empty: nothing does.
std::string capabilityOf(const HttpRequest& request)
{
    constexpr std::string_view scheme = "Bearer ";
    const std::string given = headerOf(request, "authorization");
    return given.starts_with(scheme) ? given.substr(scheme.size()) : std::string();
}

} // namespace

HttpResponse Gateway::Impl::citizenScope(const Call& call)
{
    return _citizens.scope(call.names[0], call.names[1], call.now);
}

HttpResponse Gateway::Impl::citizenTimes(const Call& call)
{
    return _citizens.times(call.names[0], call.names[1], call.query, call.now);
}

HttpResponse Gateway::Impl::citizenReserve(const Call& call)
{
    return _citizens.reserve(call.names[0], call.names[1], capabilityOf(call.request),
                             call.request.body, call.now);
}

HttpResponse Gateway::Impl::citizenLook(const Call& call)
{
    return _citizens.look(call.names[0], capabilityOf(call.request), call.now);
}

HttpResponse Gateway::Impl::citizen(const Call& call, CitizenAct act)
{
    return (_citizens.*act)(call.names[0], capabilityOf(call.request), call.request.body, call.now);
}

// --- jobs

void Gateway::Impl::scheduleJobs()
{
    _jobs = _loop.after(_settings.jobInterval, [this] {
        scheduleJobs();
        runJobs();
    });
}

/// One commit for each submission, which looks again: another gateway may have been quicker. At
/// most a hundred of a kind at a time; the rest waits for the next turn.
void Gateway::Impl::close(const std::vector<std::string>& ids, SubmissionState from,
                          SubmissionState to, EventKind kind,
                          const std::vector<envelope::Problem>& problems)
{
    for (const auto& id : ids) {
        committed([&] {
            const auto submission = _ledger.submission(id, Sight::ofService());
            if (!submission || submission->state != from)
                return;
            logByService(*submission, kind, std::nullopt, problems);
            _ledger.close(id, to);
        });
    }
}

void Gateway::Impl::runJobs()
{
    const auto all = _books.wholeRegion();
    const UtcTime now = _loop.utcNow();
    close(_ledger.incompleteSince(now - _settings.incompleteLife), SubmissionState::Announced,
          SubmissionState::Deleted, EventKind::Delete, {});
    for (const auto& id : _ledger.unnotifiedSince(now - _settings.notifyAfter)) {
        committed([&] {
            if (_ledger.noteNotified(id))
                logByService(*_ledger.submission(id, Sight::ofService()), EventKind::Notify,
                             std::nullopt, {});
        });
    }
    close(_ledger.unfetchedSince(now - _settings.rejectAfter), SubmissionState::Submitted,
          SubmissionState::Rejected, EventKind::Reject,
          {{.type = std::string(portal::rejectReasonPrefix) + "submission-expired",
            .title = "Nicht abgeholt",
            .detail = "Die Zielstelle hat die Einreichung nicht abgeholt.",
            .instance = "submission"}});
    for (const auto& id : _replies.incompleteSince(now - _settings.incompleteLife))
        committed([&] { _replies.dropIncomplete(id); });
    for (const auto& id : _replies.unfetchedSince(now - _settings.rejectAfter))
        committed([&] { _replies.rejectUnfetched(id); });
    _callbacks.dropOld(now);
    _citizens.sweep(now);
    if (const LocalDate today = localDate(now); _lookedOn != today) {
        lookAtCalendar(today);
        _lookedOn = today;
    }
}

/// Once a day: what is long over goes, and what does not fit together is said (appointments-escrow
/// 7).
void Gateway::Impl::lookAtCalendar(LocalDate today)
{
    constexpr int calendarDays = 60; // twice what nodes keep to tell again (R10)
    _quota.forget(plusDays(today, -calendarDays));
    _citizens.purge(plusDays(today, -1), plusDays(today, -calendarDays));
    const auto found = _quota.unsound();
    for (const auto& what : found)
        log::error("quota.unsound", {{"what", what}});
    _counters->calendarUnsound = found.size();
}

// --- Gateway

Gateway::Gateway(GatewaySettings settings, Books& books, EventLoop& loop, RandomSource& random)
    : _impl(std::make_unique<Impl>(std::move(settings), books, loop, random))
{}

Gateway::~Gateway() = default;

void Gateway::enter(const ClientEntry& client)
{
    _impl->enter(client);
}

void Gateway::enter(const DestinationEntry& destination)
{
    _impl->enter(destination);
}

void Gateway::enter(const CallbackEntry& address)
{
    _impl->enter(address);
}

HttpResponse Gateway::handle(const HttpRequest& request)
{
    LongAnswer answer = _impl->handle(request, nullptr);
    if (answer.next) {
        for (std::string piece; !(piece = answer.next()).empty();)
            answer.response.body += piece;
    }
    return std::move(answer.response);
}

LongAnswer Gateway::handleLong(const HttpRequest& request, const BodyFile* body)
{
    return _impl->handle(request, body);
}

std::optional<HttpResponse> Gateway::admit(const HttpRequest& head,
                                           std::optional<std::size_t> bytes)
{
    return _impl->admit(head, bytes);
}

HttpResponse Gateway::operate(const HttpRequest& request)
{
    return _impl->operate(request);
}

std::vector<Gateway::Address> Gateway::addresses() const
{
    return _impl->addresses();
}

std::vector<CensusRow> Gateway::census()
{
    return _impl->census();
}

portal::TokenBody Gateway::actFor(const std::string& clientId)
{
    return _impl->actFor(clientId);
}

} // namespace amt::gateway
