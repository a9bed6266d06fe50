// SPDX-License-Identifier: EUPL-1.2
//
// Pinned keys, then the header, the signature and the claims of an ID token, in this order.
#include "sync/envelope/id_token.h"

#include "sync/envelope/openssl.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <map>

namespace amt::envelope {
namespace {

constexpr auto unusable = ErrorCode::KeyUnusable;
constexpr std::size_t keySetBytesMax = 64 * 1024;
constexpr std::size_t keysMax = 16;
constexpr std::size_t tokenBytesMax = 16 * 1024;
constexpr std::size_t headerBytesMax = 2048;
constexpr int providerBitsMin = 2048; // what providers use; our own keys have 4096
constexpr std::size_t coordinateBytes = 32;
constexpr std::int64_t secondsMax = 253402300799; // the end of the year 9999
constexpr auto apart = std::chrono::minutes(1);
constexpr auto underWayMax = std::chrono::minutes(10);

enum class Algorithm { Rs256, Ps256, Es256 };

struct PinnedKey {
    Algorithm algorithm;
    OwnedPkey pkey;
};

OwnedPkey p256FromPoint(ByteView x, ByteView y)
{
    require(x.size() == coordinateBytes && y.size() == coordinateBytes, unusable,
            "coordinates of another length");
    const Bytes point = concat(concat(Bytes{POINT_CONVERSION_UNCOMPRESSED}, x), y);
    const OwnedParamBuilder builder(OSSL_PARAM_BLD_new());
    mustWork(builder &&
             OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                             "prime256v1", 0) == 1 &&
             OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                              point.size()) == 1);
    auto pkey = publicFromParams("EC", builder.get());
    const OwnedPkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey.get(), nullptr));
    mustWork(context != nullptr);
    require(EVP_PKEY_public_check(context.get()) == 1, unusable, "not a point of P-256");
    return pkey;
}

Algorithm algorithmOf(const json::Object& jwk)
{
    const std::string type = json::text(jwk, "kty");
    const auto algorithm = json::optionalText(jwk, "alg");
    if (type == "RSA" && (!algorithm || *algorithm == "RS256"))
        return Algorithm::Rs256;
    if (type == "RSA" && *algorithm == "PS256")
        return Algorithm::Ps256;
    if (type == "EC" && (!algorithm || *algorithm == "ES256") && json::text(jwk, "crv") == "P-256")
        return Algorithm::Es256;
    fail(unusable, "a key of another kind than RS256, PS256, ES256");
}

PinnedKey readKey(const json::Object& jwk)
{
    for (const char* secret : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
        require(!jwk.has(secret), unusable, "a private key in the open");
    const Algorithm algorithm = algorithmOf(jwk);
    if (algorithm == Algorithm::Es256)
        return {algorithm, p256FromPoint(json::bytes(jwk, "x"), json::bytes(jwk, "y"))};
    require(json::text(jwk, "e") == "AQAB", unusable, "e is not AQAB");
    const Bytes modulus = json::bytes(jwk, "n");
    require(!modulus.empty() && modulus.back() % 2 == 1, unusable, "even RSA modulus");
    auto pkey = rsaFromNumbers(modulus, json::bytes(jwk, "e"));
    require(EVP_PKEY_get_bits(pkey.get()) >= providerBitsMin, unusable, "RSA key below 2048 bits");
    return {algorithm, std::move(pkey)};
}

} // namespace

class ProviderKeys::Impl {
public:
    explicit Impl(const json::Object& set)
    {
        for (const auto& entry : *json::array(set, "keys")) {
            require(entry.type() == typeid(json::ObjectPtr), unusable, "keys: objects expected");
            const auto& jwk = *entry.extract<json::ObjectPtr>();
            if (json::optionalText(jwk, "use").value_or("sig") == "enc")
                continue;
            require(json::optionalText(jwk, "use").value_or("sig") == "sig", unusable,
                    "use is not sig");
            const std::string kid = json::text(jwk, "kid");
            require(!kid.empty() && kid.size() <= 256, unusable, "kid of unusable length");
            require(_keys.emplace(kid, readKey(jwk)).second, unusable, "two keys with one kid");
            require(_keys.size() <= keysMax, unusable, "more keys than anybody pins");
        }
        require(!_keys.empty(), unusable, "no key for signatures");
    }

    std::size_t count() const { return _keys.size(); }
    const PinnedKey* find(const std::string& kid) const
    {
        const auto found = _keys.find(kid);
        return found == _keys.end() ? nullptr : &found->second;
    }

private:
    std::map<std::string, PinnedKey> _keys; ///< by kid
};

ProviderKeys ProviderKeys::parse(std::string_view jwks)
{
    ProviderKeys keys;
    keys._impl = refusedAs(unusable, [&] {
        return std::make_shared<const Impl>(*json::parseObject(jwks, keySetBytesMax));
    });
    return keys;
}

std::size_t ProviderKeys::count() const
{
    return _impl->count();
}

namespace {

struct Refused {
    TokenFault fault;
};

/// `read`, whose strict readers' errors are this fault.
template <typename Read>
auto orFault(TokenFault fault, Read&& read)
{
    try {
        return read();
    } catch (const Error& error) {
        if (error.errorCode() == ErrorCode::SystemFailed)
            throw;
        throw Refused{fault};
    }
}

void demand(bool condition, TokenFault fault)
{
    if (!condition)
        throw Refused{fault};
}

std::string_view jwsNameOf(Algorithm algorithm)
{
    switch (algorithm) {
    case Algorithm::Rs256:
        return "RS256";
    case Algorithm::Ps256:
        return "PS256";
    case Algorithm::Es256:
        return "ES256";
    }
    AMT_ASSERT(false);
}

/// R and S side by side (RFC 7518 3.4), as the DER that OpenSSL reads; empty: of another length.
Bytes ecdsaDer(ByteView signature)
{
    if (signature.size() != 2 * coordinateBytes)
        return {};
    const Owned<ECDSA_SIG, ECDSA_SIG_free> numbers(ECDSA_SIG_new());
    OwnedBignum r(BN_bin2bn(signature.data(), coordinateBytes, nullptr));
    OwnedBignum s(BN_bin2bn(signature.data() + coordinateBytes, coordinateBytes, nullptr));
    mustWork(numbers && r && s && ECDSA_SIG_set0(numbers.get(), r.get(), s.get()) == 1);
    static_cast<void>(r.release()); // they belong to `numbers` now
    static_cast<void>(s.release());
    unsigned char* raw = nullptr;
    const int size = i2d_ECDSA_SIG(numbers.get(), &raw);
    mustWork(size > 0);
    Bytes der(raw, raw + size);
    OPENSSL_free(raw);
    return der;
}

bool fits(const PinnedKey& key, ByteView input, Bytes signature)
{
    OwnedDigestContext context;
    if (key.algorithm == Algorithm::Ps256) {
        context = pssContext(key.pkey.get(), EVP_sha256(), EVP_DigestVerifyInit);
    } else { // PKCS#1 v1.5 is what RSA does unless told otherwise
        context.reset(EVP_MD_CTX_new());
        mustWork(context != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(),
                                                            nullptr, key.pkey.get()) == 1);
    }
    if (key.algorithm == Algorithm::Es256)
        signature = ecdsaDer(signature);
    else if (signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key.pkey.get())))
        return false;
    const bool right =
        !signature.empty() && EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                               input.data(), input.size()) == 1;
    ERR_clear_error();
    return right;
}

const PinnedKey& keyFor(const json::Object& header, const ProviderKeys& keys)
{
    using enum TokenFault;
    orFault(HeaderNotAllowed, [&] { // what Entra ID and Keycloak say, and no more
        json::onlyKeys(header, {"alg", "kid", "typ", "x5t", "x5t#S256"});
        const auto type = json::optionalText(header, "typ");
        demand(!type || *type == "JWT", HeaderNotAllowed);
        return 0;
    });
    const auto* key =
        keys.impl()->find(orFault(KeyUnknown, [&] { return json::text(header, "kid"); }));
    demand(key != nullptr, KeyUnknown);
    demand(orFault(AlgorithmNotAllowed, [&] { return json::text(header, "alg"); }) ==
               jwsNameOf(key->algorithm),
           AlgorithmNotAllowed);
    return *key;
}

/// NumericDate, whole seconds.
UtcTime moment(const json::Object& claims, const std::string& claim)
{
    const std::int64_t seconds = json::integer(claims, claim);
    demand(seconds > 0 && seconds <= secondsMax, TokenFault::ClaimsMalformed);
    return UtcTime(std::chrono::seconds(seconds));
}

/// One text, or several.
std::vector<std::string> audiences(const json::Object& claims)
{
    if (claims.isArray("aud"))
        return json::texts(claims, "aud");
    return {json::text(claims, "aud")};
}

bool sameText(const std::string& a, const std::string& b)
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool has(const std::vector<std::string>& list, const std::string& word)
{
    return std::find(list.begin(), list.end(), word) != list.end();
}

IdToken readIdToken(const json::Object& claims, const TokenExpectation& expected, UtcTime now)
{
    using enum TokenFault;
    demand(json::text(claims, "iss") == expected.issuer, IssuerWrong);
    const auto audience = audiences(claims);
    demand(has(audience, expected.clientId), AudienceWrong);
    const auto party = json::optionalText(claims, "azp");
    demand(party ? *party == expected.clientId : audience.size() == 1, AudienceWrong);

    const UtcTime issuedAt = moment(claims, "iat");
    demand(now < moment(claims, "exp") + apart, Expired);
    demand(issuedAt <= now + apart, TooEarly);
    demand(!claims.has("nbf") || moment(claims, "nbf") <= now + apart, TooEarly);
    demand(now - issuedAt <= underWayMax, TooOld);

    demand(!expected.nonce.empty() && sameText(json::text(claims, "nonce"), expected.nonce),
           NonceWrong);

    IdToken token;
    token.subject = json::text(claims, "sub");
    demand(!token.subject.empty() && token.subject.size() <= 255 &&
               std::all_of(token.subject.begin(), token.subject.end(),
                           [](char c) { return c >= 0x20 && c < 0x7f; }),
           SubjectUnusable);
    token.acr = json::optionalText(claims, "acr").value_or("");
    if (claims.has("amr"))
        token.amr = json::texts(claims, "amr");
    demand(expected.acr.empty() || has(expected.acr, token.acr), AcrMissing);
    demand(std::all_of(expected.amr.begin(), expected.amr.end(),
                       [&](const std::string& method) { return has(token.amr, method); }),
           AmrMissing);
    return token;
}

} // namespace

std::variant<IdToken, TokenFault> verifyIdToken(const std::string& compact,
                                                const ProviderKeys& keys,
                                                const TokenExpectation& expected, UtcTime now)
{
    using enum TokenFault;
    try {
        demand(compact.size() <= tokenBytesMax, Malformed);
        const auto parts =
            orFault(Malformed, [&] { return segments(compact, 3, ErrorCode::SignatureInvalid); });
        const auto object = [](std::string_view part, std::size_t bytesMax) {
            return json::parseObject(toText(fromBase64Url(part)), bytesMax);
        };
        const auto header = orFault(Malformed, [&] { return object(parts[0], headerBytesMax); });
        const PinnedKey& key = keyFor(*header, keys);
        Bytes signature = orFault(Malformed, [&] { return fromBase64Url(parts[2]); });
        demand(fits(key,
                    view(std::string_view(compact).substr(0, compact.size() - parts[2].size() - 1)),
                    std::move(signature)),
               SignatureWrong);
        const auto claims = orFault(Malformed, [&] { return object(parts[1], tokenBytesMax); });
        return orFault(ClaimsMalformed, [&] { return readIdToken(*claims, expected, now); });
    } catch (const Refused& refused) {
        return refused.fault;
    }
}

std::string_view name(TokenFault fault)
{
    switch (fault) {
    case TokenFault::Malformed:
        return "Malformed";
    case TokenFault::HeaderNotAllowed:
        return "HeaderNotAllowed";
    case TokenFault::KeyUnknown:
        return "KeyUnknown";
    case TokenFault::AlgorithmNotAllowed:
        return "AlgorithmNotAllowed";
    case TokenFault::SignatureWrong:
        return "SignatureWrong";
    case TokenFault::ClaimsMalformed:
        return "ClaimsMalformed";
    case TokenFault::IssuerWrong:
        return "IssuerWrong";
    case TokenFault::AudienceWrong:
        return "AudienceWrong";
    case TokenFault::Expired:
        return "Expired";
    case TokenFault::TooEarly:
        return "TooEarly";
    case TokenFault::TooOld:
        return "TooOld";
    case TokenFault::NonceWrong:
        return "NonceWrong";
    case TokenFault::SubjectUnusable:
        return "SubjectUnusable";
    case TokenFault::AcrMissing:
        return "AcrMissing";
    case TokenFault::AmrMissing:
        return "AmrMissing";
    }
    AMT_ASSERT(false);
}

} // namespace amt::envelope
