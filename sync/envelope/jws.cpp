// SPDX-License-Identifier: EUPL-1.2
//
// JWS compact with PS512: salt of 64 bytes exactly, header of typ, alg and kid and nothing else.
#include "sync/envelope/openssl.h"

#include <openssl/rsa.h>

namespace amt::envelope {
namespace {

constexpr auto invalid = ErrorCode::SignatureInvalid;
constexpr std::size_t headerBytesMax = 1024;
constexpr std::size_t compactBytesMax = 1024 * 1024;

std::vector<std::string_view> jwsSegments(const std::string& compact)
{
    require(compact.size() <= compactBytesMax, invalid, "JWS over its limit");
    return segments(compact, 3, invalid);
}

JwsHeader readHeader(std::string_view segment)
{
    require(!segment.empty() && segment.size() <= headerBytesMax * 2, invalid,
            "header of unusable length");
    return refusedAs(invalid, [&] {
        const auto header = json::parseObject(toText(fromBase64Url(segment)), headerBytesMax);
        json::onlyKeys(*header, {"typ", "alg", "kid"});
        require(json::text(*header, "alg") == "PS512", invalid, "alg is not PS512");
        return JwsHeader{json::text(*header, "kid"), json::text(*header, "typ")};
    });
}

} // namespace

OwnedDigestContext pssContext(EVP_PKEY* key, const EVP_MD* digest, InitialiseDigest initialise)
{
    OwnedDigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* inner = nullptr; // belongs to context
    mustWork(context != nullptr && initialise(context.get(), &inner, digest, nullptr, key) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_mgf1_md(inner, digest) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, EVP_MD_get_size(digest)) == 1);
    return context;
}

std::string sign(const std::string& payload, const RsaKey& key, const std::string& kid,
                 const std::string& type)
{
    require(key.hasPrivate(), ErrorCode::KeyUnusable, "no private key here");
    auto header = json::makeObject();
    header->set("typ", type);
    header->set("alg", "PS512");
    header->set("kid", kid);
    std::string compact =
        toBase64Url(view(json::write(*header))) + '.' + toBase64Url(view(payload));

    const auto context = pssContext(key.impl()->pkey(), EVP_sha512(), EVP_DigestSignInit);
    Bytes signature(key.impl()->modulusBytes());
    std::size_t size = signature.size();
    const ByteView input = view(compact);
    mustWork(EVP_DigestSign(context.get(), signature.data(), &size, input.data(), input.size()) ==
                 1 &&
             size == signature.size());
    return compact += '.' + toBase64Url(signature);
}

JwsHeader readJwsHeader(const std::string& compact)
{
    return readHeader(jwsSegments(compact)[0]);
}

std::string verify(const std::string& compact, const RsaKey& key)
{
    const auto parts = jwsSegments(compact);
    readHeader(parts[0]);
    Bytes payload = refusedAs(invalid, [&] { return fromBase64Url(parts[1]); });
    const Bytes signature = refusedAs(invalid, [&] { return fromBase64Url(parts[2]); });
    require(signature.size() == key.impl()->modulusBytes(), invalid, "signature of odd length");

    const auto context = pssContext(key.impl()->pkey(), EVP_sha512(), EVP_DigestVerifyInit);
    const ByteView input =
        view(std::string_view(compact).substr(0, parts[0].size() + 1 + parts[1].size()));
    require(EVP_DigestVerify(context.get(), signature.data(), signature.size(), input.data(),
                             input.size()) == 1,
            invalid, "signature does not fit");
    return toText(payload);
}

} // namespace amt::envelope
