// SPDX-License-Identifier: EUPL-1.2
//
// Reads identity-provider.json, and writes the address to which a browser is sent.
#include "appliance/node/identity_provider.h"

#include "appliance/core/error.h"
#include "appliance/core/http.h"
#include "appliance/core/json.h"
#include "sync/envelope/envelope.h"

#include <algorithm>

namespace amt::node {
namespace {

constexpr std::string_view comesBackAt = "/desk/provider/back";

[[noreturn]] void invalid(const std::string& what)
{
    throw Error(ErrorCode::ConfigurationInvalid, "identity-provider.json: " + what);
}

/// https, no blanks, no fragment.
std::string address(const json::Object& object, const std::string& key)
{
    std::string text = json::text(object, key);
    const bool plain = std::all_of(text.begin(), text.end(),
                                   [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
    if (!text.starts_with("https://") || text.size() > 512 || !plain)
        invalid(key + " is no https address");
    return text;
}

std::string word(const json::Object& object, const std::string& key, std::size_t most)
{
    std::string text = json::text(object, key);
    if (text.empty() || text.size() > most)
        invalid(key + " is empty or too long");
    return text;
}

IdentityProvider::Context context(const json::Object& parent, const std::string& key)
{
    const auto object = json::optionalObject(parent, key);
    if (!object)
        return {};
    json::onlyKeys(*object, {"acr", "amr"});
    IdentityProvider::Context read;
    if (object->has("acr"))
        read.acr = json::texts(*object, "acr");
    if (object->has("amr"))
        read.amr = json::texts(*object, "amr");
    return read;
}

IdentityProvider readProvider(const json::Object& object)
{
    json::onlyKeys(object,
                   {"format", "id", "name", "issuer", "authorizationEndpoint", "clientId",
                    "redirectUri", "saysIssuer", "required", "trustedSecondFactor", "keys"});
    if (json::integer(object, "format") != 1)
        invalid("another format");
    IdentityProvider provider;
    provider.id = word(object, "id", 64);
    provider.name = word(object, "name", 64);
    provider.issuer = address(object, "issuer");
    provider.authorizationEndpoint = address(object, "authorizationEndpoint");
    provider.clientId = word(object, "clientId", 256);
    provider.redirectUri = address(object, "redirectUri");
    const auto path = provider.redirectUri.find('/', std::string_view("https://").size());
    if (path == std::string::npos || provider.redirectUri.substr(path) != comesBackAt)
        invalid("redirectUri does not end with " + std::string(comesBackAt));
    provider.saysIssuer = object.has("saysIssuer") && json::boolean(object, "saysIssuer");
    provider.required = context(object, "required");
    provider.trustedSecondFactor = context(object, "trustedSecondFactor");
    provider.keys = envelope::ProviderKeys::parse(json::write(*json::object(object, "keys")));
    return provider;
}

bool has(const std::vector<std::string>& list, const std::string& wanted)
{
    return std::find(list.begin(), list.end(), wanted) != list.end();
}

} // namespace

IdentityProvider readIdentityProvider(std::string_view text)
{
    try {
        return readProvider(*json::parseObject(text));
    } catch (const Error& failure) {
        if (failure.errorCode() != ErrorCode::JsonMalformed)
            throw;
        invalid(failure.message());
    }
}

std::string authorisationAddress(const IdentityProvider& provider,
                                 const AuthorisationRequest& request)
{
    std::map<std::string, std::string> query = {{"response_type", "code"},
                                                {"scope", "openid"},
                                                {"client_id", provider.clientId},
                                                {"redirect_uri", provider.redirectUri},
                                                {"state", request.state},
                                                {"nonce", request.nonce},
                                                {"code_challenge", request.challenge},
                                                {"code_challenge_method", "S256"}};
    if (!provider.required.acr.empty()) {
        std::string& wanted = query["acr_values"];
        for (const auto& acr : provider.required.acr)
            wanted += (wanted.empty() ? "" : " ") + acr;
    }
    const bool hasQuery = provider.authorizationEndpoint.find('?') != std::string::npos;
    return provider.authorizationEndpoint + (hasQuery ? '&' : '?') + writeForm(query);
}

std::string challengeOf(std::string_view verifier)
{
    return toBase64Url(envelope::sha256(view(verifier)));
}

bool vouchesForSecondFactor(const IdentityProvider& provider, const envelope::IdToken& token)
{
    const auto& wanted = provider.trustedSecondFactor;
    return !wanted.empty() && (wanted.acr.empty() || has(wanted.acr, token.acr)) &&
           std::all_of(wanted.amr.begin(), wanted.amr.end(),
                       [&](const std::string& method) { return has(token.amr, method); });
}

} // namespace amt::node
