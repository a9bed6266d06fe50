// SPDX-License-Identifier: EUPL-1.2
//
// An order is sent again until it is answered, always the same; a transaction is looked at until
// the node has no more interest. What the service said is told to the node until it has taken it.
#include "sync/carrier/payments.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "sync/portal/payments.h"
#include "sync/portal/portal_link.h"
#include "sync/portal/words.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>

namespace amt::carrier {
namespace {

constexpr std::string_view scheme = "https://";

[[noreturn]] void invalid(const char* what)
{
    throw Error(ErrorCode::ConfigurationInvalid, std::string("payment-service.json: ") + what);
}

/// "https://host:port" and the path behind it, without a slash at its end.
std::pair<std::string, std::string> divided(const std::string& url, const char* what)
{
    if (!portal::isHttpsUrl(url, 512) || url.find_first_of("?#") != std::string::npos)
        invalid(what);
    const auto at = url.find('/', scheme.size());
    std::string path = at == std::string::npos ? "" : url.substr(at);
    while (path.ends_with('/'))
        path.pop_back();
    return {url.substr(0, at), path};
}

std::string refusalText(int status, portal::FunctionalCode code)
{
    auto body = json::makeObject();
    body->set("status", status);
    body->set("functionalCode", std::string(portal::name(code)));
    return json::write(*body);
}

std::string transactionText(const portal::PaymentTransaction& transaction)
{
    auto body = json::makeObject();
    body->set("transaction", portal::writePaymentTransaction(transaction));
    return json::write(*body);
}

/// Whether the request was carried out is open (sync.md 5): the same again.
bool isUnknown(int status)
{
    return status == 401 || status == 408 || status == 425 || status == 429 || status >= 500 ||
           (status >= 300 && status < 400);
}

} // namespace

PaymentEndpoint readPaymentEndpoint(const std::string& text)
{
    const auto object = json::parseObject(text);
    json::onlyKeys(*object, {"format", "id", "address", "caCertificate", "tokenEndpoint",
                             "clientId", "clientSecret", "scope", "clientCertificate"});
    if (json::integer(*object, "format") != 1)
        invalid("another format");
    PaymentEndpoint endpoint;
    endpoint.id = json::text(*object, "id");
    std::tie(endpoint.origin, endpoint.path) =
        divided(json::text(*object, "address"), "address is no https address");
    endpoint.caCertificate = json::text(*object, "caCertificate");
    if (endpoint.id.empty())
        invalid("id is empty");
    if (const auto file = json::optionalText(*object, "clientCertificate")) {
        endpoint.clientCertificate = *file;
        if (!endpoint.clientCertificate.is_absolute())
            invalid("clientCertificate is no absolute path");
        bool tells = false; // half of an OAuth2 client beside a certificate is a mistake
        for (const char* key : {"tokenEndpoint", "clientId", "clientSecret", "scope"})
            tells = tells || object->has(key);
        if (!tells)
            return endpoint;
    }
    std::tie(endpoint.tokenOrigin, endpoint.tokenPath) =
        divided(json::text(*object, "tokenEndpoint"), "tokenEndpoint is no https address");
    endpoint.clientId = json::text(*object, "clientId");
    endpoint.clientSecret = Secret(std::string_view(json::text(*object, "clientSecret")));
    endpoint.scope = json::optionalText(*object, "scope").value_or("");
    if (endpoint.clientId.empty() || endpoint.clientSecret.empty() || endpoint.tokenPath.empty())
        invalid("clientId, clientSecret or the token endpoint's path is empty");
    return endpoint;
}

class Payments::Impl : public std::enable_shared_from_this<Payments::Impl> {
public:
    Impl(PaymentTimes times, PaymentEndpoint endpoint, HttpExchange& node, HttpExchange& service,
         HttpExchange& token, EventLoop& loop, RandomSource& random)
        : _times(times), _endpoint(std::move(endpoint)), _node(node), _service(service),
          _tokens(token), _loop(loop), _random(random)
    {}

    void consider(const std::vector<PaymentErrand>& errands)
    {
        std::set<std::string> listed;
        for (const auto& errand : errands)
            listed.insert(errand.id);
        std::erase_if(_turns, [&](const auto& entry) {
            return !entry.second.busy && !listed.contains(entry.first);
        });
        for (const auto& errand : errands) {
            auto& turn = _turns[errand.id];
            if (errand.waits && !turn.waits)
                turn.next = Milliseconds(0);
            if (errand.waits != turn.waits)
                turn.attempts = 0;
            turn.waits = errand.waits;
            if (_busy < _times.atOnceMax && !turn.busy && _loop.sinceBoot() >= turn.next)
                go(errand);
        }
    }

private:
    struct Turn {
        bool busy = false;
        bool waits = false;
        int attempts = 0;
        Milliseconds next{0};
        std::string toTell; ///< the service's word, until the node has taken it
    };
    using Heard = std::function<void(const HttpAnswer&)>;

    /// An answer that finds this alive, or does nothing.
    template <typename Work>
    auto guarded(Work work)
    {
        return [weak = weak_from_this(), work = std::move(work)](auto&&... values) mutable {
            if (const auto self = weak.lock())
                work(*self, std::forward<decltype(values)>(values)...);
        };
    }

    void go(const PaymentErrand& errand)
    {
        if (errand.service != _endpoint.id) {
            if (std::exchange(_unknown, errand.service) != errand.service)
                log::error("payment.service-unknown"); // the two files of IT do not fit
            return;
        }
        auto& turn = _turns[errand.id];
        turn.busy = true;
        ++_busy;
        if (!turn.toTell.empty())
            return tell(errand, turn.toTell);
        if (!errand.transactionId.empty())
            return send(errand,
                        {.method = "GET",
                         .path = _endpoint.path +
                                 portal::paymentTransactionPath(
                                     errand.originatorId, errand.endPointId, errand.transactionId),
                         .query = {},
                         .headers = {{"accept", std::string(portal::jsonType)}},
                         .body = {},
                         .peer = {}});
        _node.beginPayment(
            errand.id, guarded([errand](Impl& self, const std::optional<std::string>& request) {
                if (!request) // the node has gone, or needs it no more: its next list says so
                    return self.again(errand);
                self.send(errand, {.method = "POST",
                                   .path = self._endpoint.path +
                                           portal::paymentTransactionsPath(errand.originatorId,
                                                                           errand.endPointId),
                                   .query = {},
                                   .headers = {{"accept", std::string(portal::jsonType)},
                                               {"content-type", std::string(portal::jsonType)}},
                                   .body = *request,
                                   .peer = {}});
            }));
    }

    void send(const PaymentErrand& errand, HttpRequest request)
    {
        authorised(std::move(request), MayRenew::Yes,
                   guarded([errand](Impl& self, const HttpAnswer& answer) {
                       self.heard(errand, answer);
                   }));
    }

    void heard(const PaymentErrand& errand, const HttpAnswer& answer)
    {
        const auto* response = std::get_if<HttpResponse>(&answer);
        if (!response)
            return again(errand);
        const int status = response->status;
        if (isUnknown(status)) {
            log::warning("payment.service-status", {{"status", std::to_string(status)}});
            return again(errand, portal::retryAfterOf(*response, _loop.utcNow()));
        }
        if (status != 200 && status != 201) {
            const auto code = portal::readFunctionalCode(response->body);
            log::warning("payment.service-refused", {{"status", std::to_string(status)},
                                                     {"code", std::string(portal::name(code))}});
            if (!errand.transactionId.empty() || status < 400)
                return again(errand); // how a transaction stands is not said by refusing to say it
            return tell(errand, refusalText(status, code));
        }
        std::string said;
        try {
            said = transactionText(portal::readPaymentTransaction(response->body));
        } catch (const Error& failure) { // the door to the service: it may be unreadable
            log::error("payment.service-unreadable",
                       {{"code", failure.name()}, {"detail", failure.message()}});
            return again(errand);
        }
        tell(errand, said);
    }

    void tell(const PaymentErrand& errand, const std::string& body)
    {
        _turns[errand.id].toTell = body;
        _node.paymentHeard(errand.id, body,
                           guarded([errand](Impl& self, std::optional<int> status) {
                               // what the node refuses it will refuse again; else it has gone
                               if (status && *status < 500)
                                   self._turns[errand.id].toTell.clear();
                               self.again(errand);
                           }));
    }

    /// At its next turn, if it is still on the node's list.
    void again(const PaymentErrand& errand, std::optional<std::chrono::seconds> atLeast = {})
    {
        auto& turn = _turns[errand.id];
        turn.busy = false;
        --_busy;
        const auto delay =
            delayBefore(turn.attempts++, turn.waits ? _times.waits : _times.later, _random);
        turn.next = _loop.sinceBoot() +
                    std::max(delay, Milliseconds(atLeast.value_or(std::chrono::seconds(0))));
    }

    // --- who we are ----------------------------------------------------------------------------

    enum class MayRenew { Yes, No };

    void authorised(const HttpRequest& request, MayRenew mayRenew, Heard then)
    {
        if (!_endpoint.asksForToken())
            return sendAs(request, request, MayRenew::No, std::move(then));
        withToken(
            [this, request, mayRenew, then = std::move(then)](const HttpAnswer& failed) mutable {
                if (_token.empty())
                    return then(failed);
                auto bearing = request;
                bearing.headers["authorization"] = "Bearer " + std::string(_token.revealText());
                sendAs(std::move(bearing), request, mayRenew, std::move(then));
            });
    }

    /// `request`: the same without a token.
    void sendAs(HttpRequest bearing, const HttpRequest& request, MayRenew mayRenew, Heard then)
    {
        _service.send(std::move(bearing),
                      guarded([request, mayRenew, then = std::move(then)](
                                  Impl& self, const HttpAnswer& answer) mutable {
                          const auto* response = std::get_if<HttpResponse>(&answer);
                          if (!response || response->status != 401)
                              return then(answer);
                          self._token = {};
                          if (mayRenew == MayRenew::Yes)
                              return self.authorised(request, MayRenew::No, std::move(then));
                          log::error("payment.not-authorised");
                          then(answer);
                      }));
    }

    /// `then` runs on this, with a token or with the answer that brought none.
    void withToken(Heard then)
    {
        if (!_token.empty() && _loop.sinceBoot() < _tokenUntil)
            return then(NoAnswer{});
        _token = {};
        _waiting.push_back(std::move(then));
        if (_waiting.size() > 1)
            return;
        std::map<std::string, std::string> form = {{"grant_type", "client_credentials"}};
        if (!_endpoint.scope.empty())
            form["scope"] = _endpoint.scope;
        const std::string credentials = escapeUri(_endpoint.clientId) + ":" +
                                        escapeUri(std::string(_endpoint.clientSecret.revealText()));
        _tokens.send(
            {.method = "POST",
             .path = _endpoint.tokenPath,
             .query = {},
             .headers = {{"content-type", std::string(portal::formType)},
                         {"accept", std::string(portal::jsonType)},
                         {"authorization", "Basic " + toBase64(view(credentials))}},
             .body = writeForm(form),
             .peer = {}},
            guarded([](Impl& self, const HttpAnswer& answer) { self.tokenHeard(answer); }));
    }

    void tokenHeard(const HttpAnswer& answer)
    {
        // Without a token nothing was asked of the service: whatever was said is "not now".
        HttpAnswer failed = NoAnswer{};
        const auto* response = std::get_if<HttpResponse>(&answer);
        try {
            if (response && response->status == 200) {
                const auto token = portal::readToken(response->body);
                _token = Secret(std::string_view(token.accessToken));
                _tokenUntil = _loop.sinceBoot() +
                              Milliseconds(std::clamp<std::int64_t>(token.expiresIn, 0, 86'400) *
                                           800); // 80 % of its life
            } else if (response) {
                log::error("payment.not-authorised",
                           {{"status", std::to_string(response->status)}});
            }
        } catch (const Error& failure) { // the door to the token endpoint
            log::error("payment.token-unreadable", {{"code", failure.name()}});
        }
        for (const auto& then : std::exchange(_waiting, {}))
            then(failed);
    }

    PaymentTimes _times;
    PaymentEndpoint _endpoint;
    NodeDoor _node;
    HttpExchange& _service;
    HttpExchange& _tokens;
    EventLoop& _loop;
    RandomSource& _random;

    std::map<std::string, Turn> _turns; ///< by payment
    int _busy = 0;
    std::string _unknown; ///< service that is not ours, said once
    Secret _token;
    Milliseconds _tokenUntil{0};
    std::vector<Heard> _waiting; ///< for a token
};

Payments::Payments(PaymentTimes times, PaymentEndpoint endpoint, HttpExchange& node,
                   HttpExchange& service, HttpExchange& token, EventLoop& loop,
                   RandomSource& random)
    : _impl(std::make_shared<Impl>(times, std::move(endpoint), node, service, token, loop, random))
{}

Payments::~Payments() = default;

void Payments::consider(const std::vector<PaymentErrand>& errands)
{
    _impl->consider(errands);
}

} // namespace amt::carrier
