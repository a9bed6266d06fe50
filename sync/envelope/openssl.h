// SPDX-License-Identifier: EUPL-1.2
//
// OpenSSL's objects as owned values, and the key behind RsaKey. Of this module's own files only.
#pragma once

#include "sync/envelope/envelope.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace amt::envelope {

template <auto release>
struct Releaser {
    template <typename Object>
    void operator()(Object* object) const
    {
        release(object);
    }
};
template <typename Object, auto release>
using Owned = std::unique_ptr<Object, Releaser<release>>;

using OwnedPkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedPkeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using OwnedCipherContext = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using OwnedDigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using OwnedBignum = Owned<BIGNUM, BN_free>;
using OwnedParamBuilder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using OwnedX509 = Owned<X509, X509_free>;

/// OpenSSL keeps a queue of errors for each thread; what failed here shall not be read by someone
/// else later.
[[noreturn]] inline void fail(ErrorCode code, const char* detail)
{
    ERR_clear_error();
    throw Error(code, detail);
}

inline void require(bool condition, ErrorCode code, const char* detail)
{
    if (!condition)
        fail(code, detail);
}

/// OpenSSL refused something that only fails when memory is short or the library is broken.
inline void mustWork(bool condition)
{
    require(condition, ErrorCode::SystemFailed, "OpenSSL failed");
}

/// `work`, with the errors of the strict readers (base64url, JSON) renamed: a broken envelope is a
/// broken envelope.
template <typename Work>
auto refusedAs(ErrorCode code, Work&& work)
{
    try {
        return work();
    } catch (const Error& error) {
        throw Error(code, error.message());
    }
}

constexpr int modulusBitsMin = 4096;
constexpr int modulusBitsMax = 16384;

class RsaKey::Impl {
public:
    /// Takes over `pkey`. Throws KeyUnusable.
    Impl(OwnedPkey pkey, bool hasPrivate);

    EVP_PKEY* pkey() const { return _pkey.get(); }
    bool hasPrivate() const { return _hasPrivate; }
    /// Ready for RSA-OAEP-256 with this key; to be copied for each use.
    const EVP_PKEY_CTX* wrapping() const { return _wrapping.get(); }
    std::size_t modulusBytes() const
    {
        return static_cast<std::size_t>(EVP_PKEY_get_size(_pkey.get()));
    }
    Bytes number(const char* name) const;

private:
    OwnedPkey _pkey;
    OwnedPkeyContext _wrapping;
    bool _hasPrivate;
};

/// For RSA-OAEP with SHA-256 on both places (RFC 7518 4.3); `initialise`: EVP_PKEY_encrypt_init or
/// EVP_PKEY_decrypt_init.
OwnedPkeyContext oaepContext(EVP_PKEY* key, int (*initialise)(EVP_PKEY_CTX*));

/// A public key of its numbers, big endian, of any strength up to modulusBitsMax. Throws
/// KeyUnusable.
OwnedPkey rsaFromNumbers(ByteView n, ByteView e);
/// `kind`: "RSA", "EC". Throws KeyUnusable.
OwnedPkey publicFromParams(const char* kind, OSSL_PARAM_BLD* builder);

/// EVP_DigestSignInit or EVP_DigestVerifyInit.
using InitialiseDigest = int (*)(EVP_MD_CTX*, EVP_PKEY_CTX**, const EVP_MD*, ENGINE*, EVP_PKEY*);
/// For RSASSA-PSS with the same digest on both places and a salt of exactly its length (RFC 7518
/// 3.5).
OwnedDigestContext pssContext(EVP_PKEY* key, const EVP_MD* digest, InitialiseDigest initialise);

/// Segments between dots, exactly `count`.
std::vector<std::string_view> segments(std::string_view compact, std::size_t count, ErrorCode code);

} // namespace amt::envelope
