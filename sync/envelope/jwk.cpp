// SPDX-License-Identifier: EUPL-1.2
//
// Public keys as JSON (RFC 7517) under the rules of FIT-Connect.
#include "sync/envelope/openssl.h"

#include <algorithm>
#include <set>

namespace amt::envelope {
namespace {

constexpr auto unusable = ErrorCode::KeyUnusable;
constexpr std::size_t keySetBytesMax = 64 * 1024;
constexpr std::size_t chainMax = 8;

struct Words {
    const char* algorithm;
    const char* operation;
    const char* use; ///< of older key sets; need not be there
};

Words wordsFor(KeyUse use)
{
    switch (use) {
    case KeyUse::Encrypt:
        return {"RSA-OAEP-256", "wrapKey", "enc"};
    case KeyUse::Verify:
        return {"PS512", "verify", "sig"};
    }
    AMT_ASSERT(false);
}

/// The numbers of a private key have no place in a document that travels.
constexpr const char* privateNumbers[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

PublicJwk readJwk(const json::Object& object, KeyUse use)
{
    const Words words = wordsFor(use);
    require(json::text(object, "kty") == "RSA", unusable, "kty is not RSA");
    require(json::text(object, "alg") == words.algorithm, unusable, "alg does not fit the use");
    require(json::texts(object, "key_ops") == std::vector<std::string>{words.operation}, unusable,
            "key_ops do not fit the use");
    const auto oldUse = json::optionalText(object, "use");
    require(!oldUse || *oldUse == words.use, unusable, "use does not fit");
    require(json::text(object, "e") == "AQAB", unusable, "e is not AQAB");
    for (const char* name : privateNumbers)
        require(!object.has(name), unusable, "a private key in the open");

    PublicJwk jwk{json::text(object, "kid"),
                  use,
                  RsaKey::fromModulus(json::bytes(object, "n"), json::bytes(object, "e")),
                  {}};
    require(jwk.kid.size() >= 8 && jwk.kid.size() <= 64 &&
                std::all_of(jwk.kid.begin(), jwk.kid.end(),
                            [](char c) { return c > 0x20 && c <= 0x7e; }),
            unusable, "kid is not of 8 to 64 characters");
    if (object.has("x5c")) {
        const auto chain = json::texts(object, "x5c");
        require(!chain.empty() && chain.size() <= chainMax, unusable, "x5c of unusable length");
        for (const auto& certificate : chain)
            jwk.chain.push_back(fromBase64(certificate));
    }
    return jwk;
}

} // namespace

PublicJwk parseJwk(const json::Object& object, KeyUse use)
{
    return refusedAs(unusable, [&] { return readJwk(object, use); });
}

json::ObjectPtr writeJwk(const PublicJwk& jwk)
{
    const Words words = wordsFor(jwk.use);
    auto operations = json::makeArray();
    operations->add(words.operation);
    auto object = json::makeObject();
    object->set("kty", "RSA");
    object->set("key_ops", operations);
    object->set("alg", words.algorithm);
    object->set("kid", jwk.kid);
    object->set("n", toBase64Url(jwk.key.modulus()));
    object->set("e", toBase64Url(jwk.key.exponent()));
    if (!jwk.chain.empty()) {
        auto chain = json::makeArray();
        for (const auto& certificate : jwk.chain)
            chain->add(toBase64(certificate));
        object->set("x5c", chain);
    }
    return object;
}

std::vector<PublicJwk> parseJwkSet(const std::string& text, KeyUse use)
{
    const auto set = json::parseObject(text, keySetBytesMax);
    std::vector<PublicJwk> keys;
    std::set<std::string> kids;
    for (const auto& entry : *json::array(*set, "keys")) {
        if (entry.type() != typeid(json::ObjectPtr))
            throw Error(ErrorCode::JsonMalformed, "keys: objects expected");
        const auto object = entry.extract<json::ObjectPtr>();
        if (json::optionalText(*object, "alg") != wordsFor(use).algorithm)
            continue;
        keys.push_back(parseJwk(*object, use));
        require(kids.insert(keys.back().kid).second, unusable, "two keys with one kid");
    }
    return keys;
}

} // namespace amt::envelope
