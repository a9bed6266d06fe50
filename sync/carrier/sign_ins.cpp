// SPDX-License-Identifier: EUPL-1.2
//
// A code goes to the provider once; nothing of it, nor of the answer, is kept or written down.
#include "sync/carrier/sign_ins.h"

#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "sync/portal/words.h"

#include <algorithm>

namespace amt::carrier {
namespace {

constexpr std::size_t answerBytesMax = 64 * 1024;
constexpr std::size_t tokenBytesMax = 16 * 1024;
constexpr std::string_view scheme = "https://";

[[noreturn]] void invalid(const char* what)
{
    throw Error(ErrorCode::ConfigurationInvalid, std::string("identity-provider.json: ") + what);
}

bool isPlain(const std::string& text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

/// The client's own credentials (RFC 6749 2.3.1): escaped before they are joined.
std::string basicCredentials(const ProviderEndpoint& endpoint)
{
    return "Basic " +
           toBase64(view(escapeUri(endpoint.clientId) + ":" + escapeUri(endpoint.clientSecret)));
}

} // namespace

ProviderEndpoint readProviderEndpoint(const std::string& text)
{
    const auto object = json::parseObject(text);
    json::onlyKeys(*object, {"format", "id", "tokenEndpoint", "caCertificate", "clientId",
                             "clientSecret", "redirectUri"});
    if (json::integer(*object, "format") != 1)
        invalid("another format");
    ProviderEndpoint endpoint{.id = json::text(*object, "id"),
                              .origin = json::text(*object, "tokenEndpoint"),
                              .path = {},
                              .caCertificate = json::text(*object, "caCertificate"),
                              .clientId = json::text(*object, "clientId"),
                              .clientSecret = json::text(*object, "clientSecret"),
                              .redirectUri = json::text(*object, "redirectUri")};
    const auto path = endpoint.origin.find('/', scheme.size());
    if (!endpoint.origin.starts_with(scheme) || !isPlain(endpoint.origin) ||
        path == std::string::npos || path == scheme.size() ||
        endpoint.origin.find_first_of("?#@") != std::string::npos)
        invalid("tokenEndpoint is no plain https address with a path");
    endpoint.path = endpoint.origin.substr(path);
    endpoint.origin.resize(path);
    if (endpoint.id.empty() || endpoint.clientId.empty() || endpoint.redirectUri.empty())
        invalid("id, clientId or redirectUri is empty");
    return endpoint;
}

std::variant<TokenGiven, TokenNotGiven> readTokenAnswer(int status, const std::string& body)
{
    if (status != 200)
        return TokenNotGiven{};
    const auto object =
        json::parseObject(body, answerBytesMax); // more keys are none of our business
    std::string idToken = json::text(*object, "id_token");
    if (idToken.empty() || idToken.size() > tokenBytesMax || !isPlain(idToken))
        throw Error(ErrorCode::JsonMalformed, "id_token");
    return TokenGiven{std::move(idToken)};
}

class SignIns::Impl : public std::enable_shared_from_this<SignIns::Impl> {
public:
    Impl(ProviderEndpoint endpoint, HttpExchange& node, HttpExchange& provider)
        : _endpoint(std::move(endpoint)), _node(node), _provider(provider)
    {}

    void carry()
    {
        if (std::exchange(_busy, true))
            return;
        next();
    }

private:
    void next()
    {
        _node.signIn([weak = weak_from_this()](const std::optional<SignInErrand>& errand) {
            const auto self = weak.lock();
            if (!self)
                return;
            if (!errand) {
                self->_busy = false;
                return;
            }
            self->ask(*errand);
        });
    }

    void ask(const SignInErrand& errand)
    {
        if (errand.provider != _endpoint.id) {
            log::error("sign-in.provider-unknown"); // the two files of IT do not fit
            return tell(errand.id, "silent", "");
        }
        std::map<std::string, std::string> form = {{"grant_type", "authorization_code"},
                                                   {"code", errand.code},
                                                   {"code_verifier", errand.verifier},
                                                   {"redirect_uri", _endpoint.redirectUri}};
        HttpRequest request{.method = "POST",
                            .path = _endpoint.path,
                            .query = {},
                            .headers = {{"content-type", std::string(portal::formType)},
                                        {"accept", std::string(portal::jsonType)}},
                            .body = {},
                            .peer = {}};
        if (_endpoint.clientSecret.empty())
            form["client_id"] = _endpoint.clientId;
        else
            request.headers["authorization"] = basicCredentials(_endpoint);
        request.body = writeForm(form);
        _provider.send(std::move(request),
                       [weak = weak_from_this(), id = errand.id](const HttpAnswer& answer) {
                           if (const auto self = weak.lock())
                               self->heard(id, answer);
                       });
    }

    void heard(const std::string& id, const HttpAnswer& answer)
    {
        const auto* response = std::get_if<HttpResponse>(&answer);
        if (!response || response->status >= 500) {
            log::warning("sign-in.provider-silent");
            return tell(id, "silent", "");
        }
        try {
            const auto said = readTokenAnswer(response->status, response->body);
            if (const auto* given = std::get_if<TokenGiven>(&said))
                return tell(id, "given", given->idToken);
            log::warning("sign-in.not-given", {{"status", std::to_string(response->status)}});
        } catch (const Error& failure) { // the door to the provider: what it says may be unreadable
            log::warning("sign-in.unreadable", {{"code", failure.name()}});
        }
        tell(id, "refused", "");
    }

    void tell(const std::string& id, const std::string& outcome, const std::string& idToken)
    {
        _node.signInHeard(id, outcome, idToken, [weak = weak_from_this()](Taken) {
            if (const auto self = weak.lock())
                self->next();
        });
    }

    ProviderEndpoint _endpoint;
    NodeDoor _node;
    HttpExchange& _provider;
    bool _busy = false;
};

SignIns::SignIns(ProviderEndpoint endpoint, HttpExchange& node, HttpExchange& provider)
    : _impl(std::make_shared<Impl>(std::move(endpoint), node, provider))
{}

SignIns::~SignIns() = default;

void SignIns::carry()
{
    _impl->carry();
}

} // namespace amt::carrier
