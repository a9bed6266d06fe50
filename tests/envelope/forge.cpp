// SPDX-License-Identifier: EUPL-1.2
//
// The forger's RSA.
#include "tests/envelope/forge.h"

#include "sync/envelope/openssl.h"

#include <openssl/rsa.h>

namespace amt::test {

using namespace amt::envelope;

Bytes wrapOaep(const RsaKey& recipient, ByteView bytes, const std::string& hash,
               const std::string& maskHash)
{
    const OwnedPkeyContext context(
        EVP_PKEY_CTX_new_from_pkey(nullptr, recipient.impl()->pkey(), nullptr));
    Bytes wrapped(recipient.impl()->modulusBytes());
    std::size_t size = wrapped.size();
    mustWork(
        EVP_PKEY_encrypt_init(context.get()) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_get_digestbyname(hash.c_str())) == 1 &&
        EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_get_digestbyname(maskHash.c_str())) == 1 &&
        EVP_PKEY_encrypt(context.get(), wrapped.data(), &size, bytes.data(), bytes.size()) == 1);
    return wrapped;
}

namespace {

OwnedDigestContext signer(const RsaKey& key, const SignatureKind& kind)
{
    OwnedDigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* inner = nullptr; // belongs to context
    mustWork(EVP_DigestSignInit(context.get(), &inner, EVP_get_digestbyname(kind.hash.c_str()),
                                nullptr, key.impl()->pkey()) == 1);
    if (kind.saltBytes >= 0)
        mustWork(EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) == 1 &&
                 EVP_PKEY_CTX_set_rsa_mgf1_md(inner, EVP_get_digestbyname(kind.maskHash.c_str())) ==
                     1 &&
                 EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, kind.saltBytes) == 1);
    return context;
}

} // namespace

std::string signAs(const std::string& header, const std::string& payload, const RsaKey& key,
                   const SignatureKind& kind)
{
    std::string compact = toBase64Url(view(header)) + '.' + toBase64Url(view(payload));
    const auto context = signer(key, kind);
    Bytes signature(key.impl()->modulusBytes());
    std::size_t size = signature.size();
    mustWork(EVP_DigestSign(context.get(), signature.data(), &size, view(compact).data(),
                            compact.size()) == 1);
    return compact += '.' + toBase64Url(signature);
}

Bytes signedAgain(ByteView certificate, const RsaKey& issuer, const SignatureKind& kind)
{
    const unsigned char* at = certificate.data();
    const OwnedX509 parsed(d2i_X509(nullptr, &at, static_cast<long>(certificate.size())));
    const auto context = signer(issuer, kind);
    mustWork(parsed != nullptr && X509_sign_ctx(parsed.get(), context.get()) > 0);
    Bytes der(static_cast<std::size_t>(i2d_X509(parsed.get(), nullptr)));
    unsigned char* to = der.data();
    mustWork(i2d_X509(parsed.get(), &to) > 0);
    return der;
}

} // namespace amt::test
