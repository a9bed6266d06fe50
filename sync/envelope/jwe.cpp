// SPDX-License-Identifier: EUPL-1.2
//
// JWE compact: RSA-OAEP-256 and A256GCM (RFC 7516, 7518), header checked before any key is used,
// and padding.
#include "sync/envelope/aes_gcm.h"
#include "sync/envelope/openssl.h"

#include <openssl/rsa.h>

#include <algorithm>

namespace amt::envelope {
namespace {

constexpr auto malformed = ErrorCode::EnvelopeMalformed;
constexpr std::size_t headerBytesMax = 1024;
constexpr std::size_t contentTypeBytesMax = 100;
/// 30 MB of attachment (facts/portal.md 1.11) and what base64url adds.
constexpr std::size_t compactBytesMax = 48 * 1024 * 1024;

/// Segments decoded as far as needed; the views are into the compact text.
struct Parts {
    std::string_view header; ///< as sent: it is the authenticated data
    std::string_view encryptedKey, iv, cipherText, tag;
    std::string kid;
    std::string contentType;
};

bool isPlainText(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char letter) { return letter >= 0x20 && letter <= 0x7e; });
}

/// The header alone: exactly alg, enc, kid, cty, and only what we speak.
void readHeader(Parts& parts)
{
    require(!parts.header.empty() && parts.header.size() <= headerBytesMax * 2, malformed,
            "header of unusable length");
    refusedAs(malformed, [&] {
        const auto header = json::parseObject(toText(fromBase64Url(parts.header)), headerBytesMax);
        json::onlyKeys(*header, {"alg", "enc", "kid", "cty"});
        require(json::text(*header, "alg") == "RSA-OAEP-256", malformed, "alg is not RSA-OAEP-256");
        require(json::text(*header, "enc") == "A256GCM", malformed, "enc is not A256GCM");
        parts.kid = json::text(*header, "kid");
        parts.contentType = json::text(*header, "cty");
    });
    require(!parts.kid.empty() && parts.kid.size() <= 64 && isPlainText(parts.kid), malformed,
            "kid is unusable");
    require(!parts.contentType.empty() && parts.contentType.size() <= contentTypeBytesMax &&
                isPlainText(parts.contentType),
            malformed, "cty is unusable");
}

Parts readParts(std::string_view compact)
{
    require(compact.size() <= compactBytesMax, malformed, "JWE over its limit");
    const auto all = segments(compact, 5, malformed);
    Parts parts{all[0], all[1], all[2], all[3], all[4], {}, {}};
    readHeader(parts);
    return parts;
}

Bytes decoded(std::string_view segment, std::size_t size, const char* detail)
{
    Bytes bytes = refusedAs(malformed, [&] { return fromBase64Url(segment); });
    require(bytes.size() == size, malformed, detail);
    return bytes;
}

OwnedPkeyContext oaepContext(const RsaKey& key, int (*initialise)(EVP_PKEY_CTX*))
{
    OwnedPkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.impl()->pkey(), nullptr));
    mustWork(context != nullptr && initialise(context.get()) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256()) == 1 &&
             EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()) == 1);
    return context;
}

Bytes wrapKey(const RsaKey& recipient, ByteView contentKey)
{
    const auto context = oaepContext(recipient, EVP_PKEY_encrypt_init);
    Bytes wrapped(recipient.impl()->modulusBytes());
    std::size_t size = wrapped.size();
    mustWork(EVP_PKEY_encrypt(context.get(), wrapped.data(), &size, contentKey.data(),
                              contentKey.size()) == 1 &&
             size == wrapped.size());
    return wrapped;
}

Secret unwrapKey(const RsaKey& recipient, ByteView wrapped)
{
    const auto context = oaepContext(recipient, EVP_PKEY_decrypt_init);
    Bytes contentKey(recipient.impl()->modulusBytes());
    std::size_t size = contentKey.size();
    const bool worked = EVP_PKEY_decrypt(context.get(), contentKey.data(), &size, wrapped.data(),
                                         wrapped.size()) == 1;
    const bool fits = worked && size == gcmKeyBytes;
    Secret kept(fits ? Bytes(contentKey.begin(), contentKey.begin() + gcmKeyBytes) : Bytes());
    wipe(contentKey);
    // The same words as for a broken tag: a sender learns nothing about which half of it failed.
    require(fits, malformed, "content is not what was sealed");
    return kept;
}

} // namespace

Sealed seal(ByteView plain, const RsaKey& recipient, const std::string& kid,
            const std::string& contentType, RandomSource& random)
{
    AMT_ASSERT(!kid.empty() && isPlainText(kid) && !contentType.empty() &&
               isPlainText(contentType));
    require(plain.size() <= compactBytesMax / 4 * 3 - 4096, ErrorCode::InputTooLarge,
            "too much for one envelope");
    auto header = json::makeObject();
    header->set("alg", "RSA-OAEP-256");
    header->set("enc", "A256GCM");
    header->set("kid", kid);
    header->set("cty", contentType);
    Sealed sealed;
    sealed.compact = toBase64Url(view(json::write(*header)));

    const Secret contentKey(randomBytes(random, gcmKeyBytes));
    const Bytes iv = randomBytes(random, gcmIvBytes);
    Bytes cipherText(plain.size());
    Bytes tag(gcmTagBytes);
    encryptGcm(contentKey.reveal(), iv, view(sealed.compact), plain, cipherText, tag);

    sealed.tag = toBase64Url(tag);
    sealed.compact.reserve(sealed.compact.size() + 1024 + plain.size() * 4 / 3);
    sealed.compact += '.' + toBase64Url(wrapKey(recipient, contentKey.reveal()));
    sealed.compact += '.' + toBase64Url(iv);
    sealed.compact += '.' + toBase64Url(cipherText);
    sealed.compact += '.' + sealed.tag;
    return sealed;
}

Opened open(const std::string& compact, const RsaKey& recipient, const std::string& kid)
{
    Parts parts = readParts(compact);
    require(parts.kid == kid, ErrorCode::EnvelopeNotOurs, "sealed for another key");
    require(recipient.hasPrivate(), ErrorCode::KeyUnusable, "no private key here");
    const Bytes wrapped = decoded(parts.encryptedKey, recipient.impl()->modulusBytes(),
                                  "encrypted key of odd length");
    const Bytes iv = decoded(parts.iv, gcmIvBytes, "IV is not 12 bytes");
    const Bytes tag = decoded(parts.tag, gcmTagBytes, "tag is not 16 bytes");
    const Bytes cipherText = refusedAs(malformed, [&] { return fromBase64Url(parts.cipherText); });
    const Secret contentKey = unwrapKey(recipient, wrapped);
    return {decryptGcm(contentKey.reveal(), iv, view(parts.header), cipherText, tag),
            std::move(parts.contentType)};
}

std::string sealedFor(const std::string& compact)
{
    return readParts(compact).kid;
}

std::string tagOf(const std::string& compact)
{
    const Parts parts = readParts(compact);
    decoded(parts.tag, gcmTagBytes, "tag is not 16 bytes");
    return std::string(parts.tag);
}

std::string padded(std::string json)
{
    std::size_t step = 4096;
    while (step < json.size())
        step += step / 4;
    json.resize(step, ' ');
    return json;
}

} // namespace amt::envelope
