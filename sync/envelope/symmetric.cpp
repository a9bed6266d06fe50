// SPDX-License-Identifier: EUPL-1.2
//
// Hashes, key derivation, and AES-256-GCM under a key that both sides have.
#include "sync/envelope/aes_gcm.h"
#include "sync/envelope/openssl.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include <limits>

namespace amt::envelope {
namespace {

constexpr std::size_t bytesMax = std::numeric_limits<int>::max() / 2;

using OwnedKdf = Owned<EVP_KDF, EVP_KDF_free>;
using OwnedKdfContext = Owned<EVP_KDF_CTX, EVP_KDF_CTX_free>;

Bytes digest(const EVP_MD* algorithm, ByteView bytes)
{
    Bytes result(static_cast<std::size_t>(EVP_MD_get_size(algorithm)));
    mustWork(EVP_Digest(bytes.data(), bytes.size(), result.data(), nullptr, algorithm, nullptr) ==
             1);
    return result;
}

/// OpenSSL takes no null pointer, not even for nothing.
unsigned char* pointer(std::string_view text)
{
    static unsigned char nothing = 0;
    return text.empty() ? &nothing : const_cast<unsigned char*>(view(text).data());
}

} // namespace

void encryptGcm(ByteView key, ByteView iv, ByteView aad, ByteView plain,
                std::span<std::uint8_t> cipherText, std::span<std::uint8_t> tag)
{
    AMT_ASSERT(key.size() == gcmKeyBytes && iv.size() == gcmIvBytes && tag.size() == gcmTagBytes);
    AMT_ASSERT(cipherText.size() == plain.size());
    require(plain.size() <= bytesMax && aad.size() <= bytesMax, ErrorCode::InputTooLarge,
            "too much to seal at once");
    const OwnedCipherContext context(EVP_CIPHER_CTX_new());
    int size = 0;
    mustWork(context != nullptr && EVP_EncryptInit_ex2(context.get(), EVP_aes_256_gcm(), key.data(),
                                                       iv.data(), nullptr) == 1);
    if (!aad.empty())
        mustWork(EVP_EncryptUpdate(context.get(), nullptr, &size, aad.data(),
                                   static_cast<int>(aad.size())) == 1);
    if (!plain.empty())
        mustWork(EVP_EncryptUpdate(context.get(), cipherText.data(), &size, plain.data(),
                                   static_cast<int>(plain.size())) == 1);
    unsigned char rest[16];
    mustWork(EVP_EncryptFinal_ex(context.get(), rest, &size) == 1 && size == 0);
    mustWork(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, gcmTagBytes, tag.data()) ==
             1);
}

Bytes decryptGcm(ByteView key, ByteView iv, ByteView aad, ByteView cipherText, ByteView tag)
{
    AMT_ASSERT(key.size() == gcmKeyBytes && iv.size() == gcmIvBytes && tag.size() == gcmTagBytes);
    require(cipherText.size() <= bytesMax && aad.size() <= bytesMax, ErrorCode::EnvelopeMalformed,
            "too much at once");
    Bytes plain(cipherText.size());
    Bytes wanted(tag.begin(), tag.end());
    const OwnedCipherContext context(EVP_CIPHER_CTX_new());
    int size = 0;
    mustWork(context != nullptr && EVP_DecryptInit_ex2(context.get(), EVP_aes_256_gcm(), key.data(),
                                                       iv.data(), nullptr) == 1);
    if (!aad.empty())
        mustWork(EVP_DecryptUpdate(context.get(), nullptr, &size, aad.data(),
                                   static_cast<int>(aad.size())) == 1);
    if (!cipherText.empty())
        mustWork(EVP_DecryptUpdate(context.get(), plain.data(), &size, cipherText.data(),
                                   static_cast<int>(cipherText.size())) == 1);
    mustWork(
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, gcmTagBytes, wanted.data()) == 1);
    unsigned char rest[16];
    if (EVP_DecryptFinal_ex(context.get(), rest, &size) != 1) {
        wipe(plain); // unauthenticated plain text is nobody's business
        fail(ErrorCode::EnvelopeMalformed, "content is not what was sealed");
    }
    return plain;
}

Bytes sealWith(const Secret& key, ByteView plain, std::string_view context, RandomSource& random)
{
    require(key.size() == gcmKeyBytes, ErrorCode::KeyUnusable, "key is not 32 bytes");
    Bytes sealed(gcmIvBytes + plain.size() + gcmTagBytes);
    const std::span<std::uint8_t> all(sealed);
    random.fill(all.first(gcmIvBytes));
    encryptGcm(key.reveal(), all.first(gcmIvBytes), view(context), plain,
               all.subspan(gcmIvBytes, plain.size()), all.last(gcmTagBytes));
    return sealed;
}

Bytes openWith(const Secret& key, ByteView sealed, std::string_view context)
{
    require(key.size() == gcmKeyBytes, ErrorCode::KeyUnusable, "key is not 32 bytes");
    require(sealed.size() >= gcmIvBytes + gcmTagBytes, ErrorCode::EnvelopeMalformed,
            "shorter than IV and tag");
    return decryptGcm(key.reveal(), sealed.first(gcmIvBytes), view(context),
                      sealed.subspan(gcmIvBytes, sealed.size() - gcmIvBytes - gcmTagBytes),
                      sealed.last(gcmTagBytes));
}

Secret deriveKey(const Secret& input, std::string_view salt, std::string_view purpose)
{
    require(!input.empty(), ErrorCode::KeyUnusable, "no input for a key");
    const OwnedKdf kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
    mustWork(kdf != nullptr);
    const OwnedKdfContext context(EVP_KDF_CTX_new(kdf.get()));
    mustWork(context != nullptr);
    char hash[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
        OSSL_PARAM_construct_octet_string(
            OSSL_KDF_PARAM_KEY, const_cast<std::uint8_t*>(input.reveal().data()), input.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, pointer(salt), salt.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, pointer(purpose), purpose.size()),
        OSSL_PARAM_construct_end(),
    };
    Bytes derived(32);
    mustWork(EVP_KDF_derive(context.get(), derived.data(), derived.size(), params) == 1);
    return Secret(std::move(derived));
}

Bytes sha256(ByteView bytes)
{
    return digest(EVP_sha256(), bytes);
}

Bytes sha512(ByteView bytes)
{
    return digest(EVP_sha512(), bytes);
}

Bytes hmacSha256(const Secret& key, ByteView bytes)
{
    require(!key.empty(), ErrorCode::KeyUnusable, "no key");
    Bytes result(32);
    std::size_t size = 0;
    mustWork(EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.reveal().data(), key.size(),
                       bytes.data(), bytes.size(), result.data(), result.size(),
                       &size) != nullptr &&
             size == result.size());
    return result;
}

} // namespace amt::envelope
