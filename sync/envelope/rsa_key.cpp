// SPDX-License-Identifier: EUPL-1.2
//
// RSA keys: made, read, written, and refused when they are too short or odd.
#include "sync/envelope/openssl.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

namespace amt::envelope {
namespace {

using OwnedPkcs8 = Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
using OwnedParams = Owned<OSSL_PARAM, OSSL_PARAM_free>;

} // namespace

RsaKey::Impl::Impl(OwnedPkey pkey, bool hasPrivate)
    : _pkey(std::move(pkey)), _hasPrivate(hasPrivate)
{
    require(EVP_PKEY_is_a(_pkey.get(), "RSA") == 1, ErrorCode::KeyUnusable, "not an RSA key");
    const int bits = EVP_PKEY_get_bits(_pkey.get());
    require(bits >= modulusBitsMin, ErrorCode::KeyUnusable, "RSA key below 4096 bits");
    require(bits <= modulusBitsMax, ErrorCode::KeyUnusable, "RSA key over 16384 bits");
    require(number(OSSL_PKEY_PARAM_RSA_E) == Bytes{1, 0, 1}, ErrorCode::KeyUnusable,
            "RSA exponent is not 65537");
    require(number(OSSL_PKEY_PARAM_RSA_N).back() % 2 == 1, ErrorCode::KeyUnusable,
            "even RSA modulus");
    _wrapping = oaepContext(_pkey.get(), EVP_PKEY_encrypt_init);
}

OwnedPkeyContext oaepContext(EVP_PKEY* key, int (*initialise)(EVP_PKEY_CTX*))
{
    OwnedPkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    mustWork(context != nullptr && initialise(context.get()) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256()) == 1 &&
             EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()) == 1);
    return context;
}

Bytes RsaKey::Impl::number(const char* name) const
{
    BIGNUM* raw = nullptr;
    require(EVP_PKEY_get_bn_param(_pkey.get(), name, &raw) == 1, ErrorCode::KeyUnusable,
            "RSA key lacks a number");
    const OwnedBignum value(raw);
    Bytes bytes(static_cast<std::size_t>(BN_num_bytes(value.get())));
    require(!bytes.empty(), ErrorCode::KeyUnusable, "RSA number is zero");
    BN_bn2bin(value.get(), bytes.data());
    return bytes;
}

RsaKey RsaKey::generate()
{
    OwnedPkey pkey(
        EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(modulusBitsMin)));
    mustWork(pkey != nullptr);
    RsaKey key;
    key._impl = std::make_shared<const Impl>(std::move(pkey), true);
    return key;
}

RsaKey RsaKey::fromPrivateDer(const Secret& pkcs8)
{
    const unsigned char* at = pkcs8.reveal().data();
    const unsigned char* const end = at + pkcs8.size();
    const OwnedPkcs8 info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(pkcs8.size())));
    require(info != nullptr && at == end, ErrorCode::KeyUnusable, "not one PKCS#8 key");
    OwnedPkey pkey(EVP_PKCS82PKEY(info.get()));
    require(pkey != nullptr, ErrorCode::KeyUnusable, "private key cannot be read");
    RsaKey key;
    key._impl = std::make_shared<const Impl>(std::move(pkey), true);
    return key;
}

RsaKey RsaKey::fromPublicDer(ByteView spki)
{
    const unsigned char* at = spki.data();
    const unsigned char* const end = at + spki.size();
    OwnedPkey pkey(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
    require(pkey != nullptr && at == end, ErrorCode::KeyUnusable, "not one SubjectPublicKeyInfo");
    RsaKey key;
    key._impl = std::make_shared<const Impl>(std::move(pkey), false);
    return key;
}

OwnedPkey rsaFromNumbers(ByteView n, ByteView e)
{
    require(n.size() <= modulusBitsMax / 8 && e.size() <= 8 && !n.empty() && n[0] != 0,
            ErrorCode::KeyUnusable, "RSA numbers of unusable length");
    const OwnedBignum modulus(BN_bin2bn(n.data(), static_cast<int>(n.size()), nullptr));
    const OwnedBignum exponent(BN_bin2bn(e.data(), static_cast<int>(e.size()), nullptr));
    const OwnedParamBuilder builder(OSSL_PARAM_BLD_new());
    mustWork(modulus && exponent && builder &&
             OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) == 1 &&
             OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) == 1);
    return publicFromParams("RSA", builder.get());
}

OwnedPkey publicFromParams(const char* kind, OSSL_PARAM_BLD* builder)
{
    const OwnedParams params(OSSL_PARAM_BLD_to_param(builder));
    const OwnedPkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
    mustWork(params && context && EVP_PKEY_fromdata_init(context.get()) == 1);
    EVP_PKEY* raw = nullptr;
    const int made = EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get());
    OwnedPkey pkey(raw);
    require(made == 1 && pkey != nullptr, ErrorCode::KeyUnusable, "the numbers make no key");
    return pkey;
}

RsaKey RsaKey::fromModulus(ByteView n, ByteView e)
{
    RsaKey key;
    key._impl = std::make_shared<const Impl>(rsaFromNumbers(n, e), false);
    return key;
}

bool RsaKey::hasPrivate() const
{
    return _impl->hasPrivate();
}

Secret RsaKey::privateDer() const
{
    require(hasPrivate(), ErrorCode::KeyUnusable, "no private key here");
    const OwnedPkcs8 info(EVP_PKEY2PKCS8(_impl->pkey()));
    mustWork(info != nullptr);
    const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr);
    mustWork(size > 0);
    Bytes der(static_cast<std::size_t>(size));
    unsigned char* at = der.data();
    mustWork(i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at) == size);
    return Secret(std::move(der));
}

Bytes RsaKey::publicDer() const
{
    const int size = i2d_PUBKEY(_impl->pkey(), nullptr);
    mustWork(size > 0);
    Bytes der(static_cast<std::size_t>(size));
    unsigned char* at = der.data();
    mustWork(i2d_PUBKEY(_impl->pkey(), &at) == size);
    return der;
}

Bytes RsaKey::modulus() const
{
    return _impl->number(OSSL_PKEY_PARAM_RSA_N);
}

Bytes RsaKey::exponent() const
{
    return _impl->number(OSSL_PKEY_PARAM_RSA_E);
}

std::string RsaKey::fingerprint() const
{
    return toHex(sha256(publicDer()));
}

std::vector<std::string_view> segments(std::string_view compact, std::size_t count, ErrorCode code)
{
    std::vector<std::string_view> parts;
    for (std::size_t from = 0; parts.size() <= count;) {
        const auto dot = compact.find('.', from);
        parts.push_back(compact.substr(from, dot == std::string_view::npos ? dot : dot - from));
        if (dot == std::string_view::npos)
            break;
        from = dot + 1;
    }
    require(parts.size() == count, code, "wrong number of segments");
    return parts;
}

} // namespace amt::envelope
