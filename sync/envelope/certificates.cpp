// SPDX-License-Identifier: EUPL-1.2
//
// Chains from a key to a pinned root, and a small certificate authority for tests and set-up.
#include "sync/envelope/openssl.h"

#include <openssl/rsa.h>

#include <ctime>

namespace amt::envelope {
namespace {

constexpr auto unusable = ErrorCode::KeyUnusable;
constexpr int saltBytes = 64;

struct StackReleaser {
    void operator()(STACK_OF(X509) * stack) const
    {
        sk_X509_free(stack);
    } // the certificates are owned elsewhere
};
using CertificateStack = std::unique_ptr<STACK_OF(X509), StackReleaser>;
using OwnedStore = Owned<X509_STORE, X509_STORE_free>;
using OwnedStoreContext = Owned<X509_STORE_CTX, X509_STORE_CTX_free>;
using OwnedExtension = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using OwnedSerial = Owned<ASN1_INTEGER, ASN1_INTEGER_free>;

std::time_t wholeSeconds(UtcTime time)
{
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

OwnedX509 readCertificate(ByteView der)
{
    const unsigned char* at = der.data();
    OwnedX509 certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    require(certificate != nullptr && at == der.data() + der.size(), unusable,
            "not one certificate");
    return certificate;
}

std::vector<OwnedX509> readCertificates(const std::vector<Bytes>& all)
{
    std::vector<OwnedX509> certificates;
    for (const auto& der : all)
        certificates.push_back(readCertificate(der));
    return certificates;
}

void requireSha512Pss(X509* certificate)
{
    int digest = 0, algorithm = 0, bits = 0;
    std::uint32_t flags = 0;
    require(X509_get_signature_nid(certificate) == NID_rsassaPss &&
                X509_get_signature_info(certificate, &digest, &algorithm, &bits, &flags) == 1 &&
                digest == NID_sha512,
            unusable, "certificate is not signed with SHA-512 and RSASSA-PSS");
}

void requireUsage(X509* leaf, KeyUse use)
{
    require((X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) != 0, unusable,
            "certificate without key usage");
    const std::uint32_t usage = X509_get_key_usage(leaf);
    switch (use) {
    case KeyUse::Encrypt:
        require((usage & KU_KEY_ENCIPHERMENT) != 0, unusable, "key usage lacks keyEncipherment");
        return;
    case KeyUse::Verify:
        require((usage & KU_DIGITAL_SIGNATURE) != 0 && (usage & KU_NON_REPUDIATION) != 0, unusable,
                "key usage lacks digitalSignature or nonRepudiation");
        return;
    }
}

void addExtension(X509* certificate, X509* issuer, int nid, const char* value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
    mustWork(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

/// Unsigned, with everything but extensions. The serial number follows from key, name and time, so
/// that set-up needs no chance.
OwnedX509 draft(const RsaKey& subject, const std::string& commonName, UtcTime from, UtcTime until)
{
    OwnedX509 certificate(X509_new());
    mustWork(certificate != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1);
    Bytes serial = sha256(
        concat(subject.publicDer(), toBytes(commonName), toBytes(toIso(from) + toIso(until))));
    serial.resize(16);
    serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);
    const OwnedBignum number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
    const OwnedSerial integer(BN_to_ASN1_INTEGER(number.get(), nullptr));
    X509_NAME* const name = X509_get_subject_name(certificate.get());
    mustWork(integer != nullptr && X509_set_serialNumber(certificate.get(), integer.get()) == 1 &&
             X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, view(commonName).data(),
                                        static_cast<int>(commonName.size()), -1, 0) == 1 &&
             ASN1_TIME_set(X509_getm_notBefore(certificate.get()), wholeSeconds(from)) != nullptr &&
             ASN1_TIME_set(X509_getm_notAfter(certificate.get()), wholeSeconds(until)) != nullptr &&
             X509_set_pubkey(certificate.get(), subject.impl()->pkey()) == 1);
    return certificate;
}

Certificate signedBy(OwnedX509 certificate, const RsaKey& issuer)
{
    require(issuer.hasPrivate(), unusable, "no private key here");
    const OwnedDigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* inner = nullptr; // belongs to context
    mustWork(context != nullptr &&
             EVP_DigestSignInit(context.get(), &inner, EVP_sha512(), nullptr,
                                issuer.impl()->pkey()) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_mgf1_md(inner, EVP_sha512()) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, saltBytes) == 1 &&
             X509_sign_ctx(certificate.get(), context.get()) > 0);
    const int size = i2d_X509(certificate.get(), nullptr);
    mustWork(size > 0);
    Certificate result{Bytes(static_cast<std::size_t>(size))};
    unsigned char* at = result.der.data();
    mustWork(i2d_X509(certificate.get(), &at) == size);
    return result;
}

} // namespace

void checkChain(const PublicJwk& jwk, const std::vector<Bytes>& roots, UtcTime now)
{
    require(!jwk.chain.empty(), unusable, "no certificate");
    require(!roots.empty(), unusable, "no root is pinned");
    const auto chain = readCertificates(jwk.chain);
    const auto pinned = readCertificates(roots);
    X509* const leaf = chain.front().get();

    const OwnedStore store(X509_STORE_new());
    const OwnedStoreContext context(X509_STORE_CTX_new());
    const CertificateStack others(sk_X509_new_null());
    mustWork(store && context && others);
    for (const auto& root : pinned)
        mustWork(X509_STORE_add_cert(store.get(), root.get()) == 1);
    for (std::size_t i = 1; i < chain.size(); ++i)
        mustWork(sk_X509_push(others.get(), chain[i].get()) > 0);
    mustWork(X509_STORE_CTX_init(context.get(), store.get(), leaf, others.get()) == 1);
    X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(rules, wholeSeconds(now));
    X509_VERIFY_PARAM_set_depth(rules, 6);
    X509_VERIFY_PARAM_set_auth_level(rules,
                                     3); // RSA of 3072 bits and SHA-256 at least, whoever signed
    mustWork(X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT) == 1);
    const bool verified = X509_verify_cert(context.get()) == 1;
    if (!verified)
        fail(unusable, X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));

    const STACK_OF(X509)* const way = X509_STORE_CTX_get0_chain(context.get());
    const int length = sk_X509_num(way);
    for (int i = 0; i < length; ++i) {
        // A root is trusted because it is pinned; who signed it, and how, proves nothing.
        if (i + 1 < length || length == 1)
            requireSha512Pss(sk_X509_value(way, i));
    }
    requireUsage(leaf, jwk.use);
    require((X509_get_extension_flags(leaf) & EXFLAG_CA) == 0, unusable,
            "the certificate is an authority's");

    EVP_PKEY* const certified = X509_get0_pubkey(leaf);
    require(certified != nullptr && EVP_PKEY_eq(certified, jwk.key.impl()->pkey()) == 1, unusable,
            "n and e are not the certificate's");
}

Certificate makeRootCertificate(const RsaKey& key, const std::string& commonName, UtcTime from,
                                UtcTime until)
{
    OwnedX509 root = draft(key, commonName, from, until);
    mustWork(X509_set_issuer_name(root.get(), X509_get_subject_name(root.get())) == 1);
    addExtension(root.get(), root.get(), NID_basic_constraints, "critical,CA:TRUE");
    addExtension(root.get(), root.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    addExtension(root.get(), root.get(), NID_subject_key_identifier, "hash");
    return signedBy(std::move(root), key);
}

Certificate makeLeafCertificate(const RsaKey& leaf, KeyUse use, const std::string& commonName,
                                const RsaKey& issuer, const Certificate& issuerCertificate,
                                UtcTime from, UtcTime until)
{
    const OwnedX509 authority = readCertificate(issuerCertificate.der);
    OwnedX509 certificate = draft(leaf, commonName, from, until);
    mustWork(X509_set_issuer_name(certificate.get(), X509_get_subject_name(authority.get())) == 1);
    addExtension(certificate.get(), authority.get(), NID_basic_constraints, "critical,CA:FALSE");
    addExtension(certificate.get(), authority.get(), NID_key_usage,
                 use == KeyUse::Encrypt ? "critical,keyEncipherment"
                                        : "critical,digitalSignature,nonRepudiation");
    addExtension(certificate.get(), authority.get(), NID_subject_key_identifier, "hash");
    addExtension(certificate.get(), authority.get(), NID_authority_key_identifier, "keyid");
    return signedBy(std::move(certificate), issuer);
}

} // namespace amt::envelope
