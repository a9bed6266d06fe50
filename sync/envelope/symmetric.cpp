// SPDX-License-Identifier: EUPL-1.2
//
// Hashes, key derivation, and AES-256-GCM under a key that both sides have.
#include "sync/envelope/aes_gcm.h"
#include "sync/envelope/openssl.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>

#include <algorithm>

namespace amt::envelope {
namespace {

constexpr std::size_t stepBytesMax = 1 << 30; ///< OpenSSL counts in int

using OwnedCipher = Owned<EVP_CIPHER, EVP_CIPHER_free>;
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

GcmStream::GcmStream(Direction direction, ByteView key, ByteView iv, ByteView aad)
    : _context(EVP_CIPHER_CTX_new())
{
    AMT_ASSERT(key.size() == gcmKeyBytes && iv.size() == gcmIvBytes);
    // Looked up once: the look-up takes longer than a small text.
    static const OwnedCipher cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
    mustWork(_context != nullptr && cipher != nullptr &&
             EVP_CipherInit_ex2(_context.get(), cipher.get(), key.data(), iv.data(),
                                direction == Direction::Encrypt ? 1 : 0, nullptr) == 1);
    if (!aad.empty())
        update(aad, nullptr);
}

void GcmStream::update(ByteView in, std::uint8_t* out)
{
    while (!in.empty()) {
        const ByteView step = in.first(std::min(in.size(), stepBytesMax));
        int size = 0;
        mustWork(EVP_CipherUpdate(_context.get(), out, &size, step.data(),
                                  static_cast<int>(step.size())) == 1 &&
                 static_cast<std::size_t>(size) == step.size());
        in = in.subspan(step.size());
        if (out)
            out += step.size();
    }
}

void GcmStream::writeTag(std::span<std::uint8_t> tag)
{
    AMT_ASSERT(tag.size() == gcmTagBytes);
    unsigned char rest[16];
    int size = 0;
    mustWork(EVP_CipherFinal_ex(_context.get(), rest, &size) == 1 && size == 0 &&
             EVP_CIPHER_CTX_ctrl(_context.get(), EVP_CTRL_AEAD_GET_TAG, gcmTagBytes, tag.data()) ==
                 1);
}

bool GcmStream::tagFits(ByteView tag)
{
    AMT_ASSERT(tag.size() == gcmTagBytes);
    Bytes wanted(tag.begin(), tag.end());
    mustWork(EVP_CIPHER_CTX_ctrl(_context.get(), EVP_CTRL_AEAD_SET_TAG, gcmTagBytes,
                                 wanted.data()) == 1);
    unsigned char rest[16];
    int size = 0;
    if (EVP_CipherFinal_ex(_context.get(), rest, &size) == 1)
        return true;
    ERR_clear_error();
    return false;
}

void encryptGcm(ByteView key, ByteView iv, ByteView aad, ByteView plain,
                std::span<std::uint8_t> cipherText, std::span<std::uint8_t> tag)
{
    AMT_ASSERT(cipherText.size() == plain.size());
    GcmStream stream(GcmStream::Direction::Encrypt, key, iv, aad);
    stream.update(plain, cipherText.data());
    stream.writeTag(tag);
}

Bytes decryptGcm(ByteView key, ByteView iv, ByteView aad, ByteView cipherText, ByteView tag)
{
    Bytes plain(cipherText.size());
    GcmStream stream(GcmStream::Direction::Decrypt, key, iv, aad);
    stream.update(cipherText, plain.data());
    if (!stream.tagFits(tag)) {
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

struct RunningDigest {
    explicit RunningDigest(const EVP_MD* kind)
    {
        mustWork(context != nullptr && EVP_DigestInit_ex2(context.get(), kind, nullptr) == 1);
    }
    OwnedDigestContext context{EVP_MD_CTX_new()};

    void add(ByteView bytes)
    {
        mustWork(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
    }
    Bytes finish(std::size_t size)
    {
        Bytes result(size);
        mustWork(EVP_DigestFinal_ex(context.get(), result.data(), nullptr) == 1);
        return result;
    }
};

Sha256::Sha256() : _digest(std::make_unique<RunningDigest>(EVP_sha256())) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(ByteView bytes)
{
    _digest->add(bytes);
}

Bytes Sha256::finish()
{
    return _digest->finish(32);
}

Sha512::Sha512() : _digest(std::make_unique<RunningDigest>(EVP_sha512())) {}
Sha512::~Sha512() = default;
Sha512::Sha512(Sha512&&) noexcept = default;
Sha512& Sha512::operator=(Sha512&&) noexcept = default;

void Sha512::add(ByteView bytes)
{
    _digest->add(bytes);
}

Bytes Sha512::finish()
{
    return _digest->finish(64);
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
