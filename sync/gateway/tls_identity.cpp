// SPDX-License-Identifier: EUPL-1.2
//
// X.509 for TLS by OpenSSL.
#include "sync/gateway/tls_identity.h"

#include "appliance/core/error.h"
#include "sync/envelope/envelope.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <memory>
#include <string_view>

namespace amt::gateway {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using X509Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

void check(bool good, const char* what)
{
    if (!good)
        throw Error(ErrorCode::SystemFailed, std::string("certificate: ") + what);
}

Key makeKey()
{
    Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    check(key != nullptr, "key");
    return key;
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()), &X509_EXTENSION_free);
    check(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

enum class Purpose { Authority, Server, Device };

struct Plan {
    Purpose purpose;
    std::string commonName;
    EVP_PKEY* subject;
    X509* issuer; ///< null: signs itself
    EVP_PKEY* issuerKey;
    std::string alternativeNames; ///< of a server
};

X509Certificate make(const Plan& plan, UtcTime from, UtcTime until)
{
    X509Certificate made(X509_new(), &X509_free);
    check(made != nullptr, "memory");
    X509* certificate = made.get();
    X509* issuer = plan.issuer ? plan.issuer : certificate;
    std::unique_ptr<BIGNUM, decltype(&BN_free)> number(BN_new(), &BN_free);
    check(number && BN_rand(number.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)),
          "serial number");
    const auto seconds = [](UtcTime time) {
        return static_cast<time_t>(toMilliseconds(time) / 1000);
    };
    check(X509_set_version(certificate, X509_VERSION_3) == 1 &&
              ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(from)) &&
              ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(until)) &&
              X509_set_pubkey(certificate, plan.subject) == 1,
          "content");
    X509_NAME* name = X509_get_subject_name(certificate);
    check(X509_NAME_add_entry_by_txt(
              name, "CN", MBSTRING_UTF8,
              reinterpret_cast<const unsigned char*>(plan.commonName.c_str()), -1, -1, 0) == 1 &&
              X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1,
          "name");
    const bool isAuthority = plan.purpose == Purpose::Authority;
    extend(certificate, issuer, NID_basic_constraints,
           isAuthority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE");
    extend(certificate, issuer, NID_key_usage,
           isAuthority ? "critical,keyCertSign" : "critical,digitalSignature");
    extend(certificate, issuer, NID_subject_key_identifier, "hash");
    if (!isAuthority) {
        extend(certificate, issuer, NID_authority_key_identifier, "keyid:always");
        extend(certificate, issuer, NID_ext_key_usage,
               plan.purpose == Purpose::Server ? "serverAuth" : "clientAuth");
    }
    if (plan.purpose == Purpose::Server)
        extend(certificate, issuer, NID_subject_alt_name, plan.alternativeNames);
    check(X509_sign(certificate, plan.issuerKey, EVP_sha256()) > 0, "signature");
    return made;
}

template <typename Write>
std::string pem(Write write)
{
    Memory memory(BIO_new(BIO_s_secmem()), &BIO_free);
    check(memory && write(memory.get()) == 1, "PEM");
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string certificatePem(X509* certificate)
{
    return pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

std::string keyPem(EVP_PKEY* key)
{
    return pem([&](BIO* out) {
        return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

std::string sha256Of(ByteView bytes)
{
    return toHex(envelope::sha256(bytes));
}

/// `text` must outlive it.
Memory readFrom(std::string_view text)
{
    Memory memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
    check(memory != nullptr, "memory");
    return memory;
}

[[noreturn]] void unusable(const char* why)
{
    ERR_clear_error();
    throw Error(ErrorCode::KeyUnusable, std::string("request: ") + why);
}

/// Throws KeyUnusable.
std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> requestOf(const std::string& pem)
{
    std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request(
        PEM_read_bio_X509_REQ(readFrom(pem).get(), nullptr, nullptr, nullptr), &X509_REQ_free);
    if (!request)
        unusable("not PKCS#10 in PEM");
    EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
    std::array<char, 32> curve{};
    std::size_t length = 0;
    if (!key || EVP_PKEY_get_group_name(key, curve.data(), curve.size(), &length) != 1 ||
        std::string_view(curve.data(), length) != SN_X9_62_prime256v1)
        unusable("its key is not on P-256");
    if (X509_REQ_verify(request.get(), key) != 1)
        unusable("not signed by its own key");
    return request;
}

bool isAddress(const std::string& host)
{
    return host.find_first_not_of("0123456789.") == std::string::npos ||
           host.find(':') != std::string::npos;
}

} // namespace

TlsIdentity makeTlsIdentity(const std::vector<std::string>& hosts, UtcTime from, UtcTime until)
{
    std::string names;
    for (const auto& host : hosts)
        names += (names.empty() ? "" : ",") + std::string(isAddress(host) ? "IP:" : "DNS:") + host;
    const Key authorityKey = makeKey();
    const Key serverKey = makeKey();
    const auto authority = make({.purpose = Purpose::Authority,
                                 .commonName = "Amtsstube Gateway CA",
                                 .subject = authorityKey.get(),
                                 .issuer = nullptr,
                                 .issuerKey = authorityKey.get(),
                                 .alternativeNames = {}},
                                from, until);
    const auto server = make({.purpose = Purpose::Server,
                              .commonName = hosts.at(0),
                              .subject = serverKey.get(),
                              .issuer = authority.get(),
                              .issuerKey = authorityKey.get(),
                              .alternativeNames = names},
                             from, until);
    return {.authority = certificatePem(authority.get()),
            .certificate = certificatePem(server.get()),
            .privateKey = keyPem(serverKey.get())};
}

DeviceAuthority makeDeviceAuthority(UtcTime from, UtcTime until)
{
    const Key key = makeKey();
    const auto certificate = make({.purpose = Purpose::Authority,
                                   .commonName = "Amtsstube Gateway Devices CA",
                                   .subject = key.get(),
                                   .issuer = nullptr,
                                   .issuerKey = key.get(),
                                   .alternativeNames = {}},
                                  from, until);
    return {.certificate = certificatePem(certificate.get()),
            .privateKey = Secret(std::string_view(keyPem(key.get())))};
}

DeviceRequest readDeviceRequest(const std::string& pem)
{
    const auto request = requestOf(pem);
    const X509_NAME* subject = X509_REQ_get_subject_name(request.get());
    X509_NAME_ENTRY* only =
        X509_NAME_entry_count(subject) == 1 ? X509_NAME_get_entry(subject, 0) : nullptr;
    if (!only || OBJ_obj2nid(X509_NAME_ENTRY_get_object(only)) != NID_commonName)
        unusable("the subject is not one common name");
    unsigned char* text = nullptr;
    const int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(only));
    if (length < 0)
        unusable("the common name is no text");
    DeviceRequest read;
    read.clientId.assign(reinterpret_cast<char*>(text), static_cast<std::size_t>(length));
    OPENSSL_free(text);
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(X509_REQ_get0_pubkey(request.get()), &der);
    check(size > 0, "public key");
    read.fingerprint = sha256Of({der, static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return read;
}

DeviceCertificate certify(const DeviceAuthority& authority, const std::string& requestPem,
                          UtcTime from, UtcTime until)
{
    const auto request = requestOf(requestPem);
    const auto issuer = X509Certificate(
        PEM_read_bio_X509(readFrom(authority.certificate).get(), nullptr, nullptr, nullptr),
        &X509_free);
    const Key key(PEM_read_bio_PrivateKey(readFrom(authority.privateKey.revealText()).get(),
                                          nullptr, nullptr, nullptr),
                  &EVP_PKEY_free);
    check(issuer && key, "authority for devices");
    const auto made = make({.purpose = Purpose::Device,
                            .commonName = readDeviceRequest(requestPem).clientId,
                            .subject = X509_REQ_get0_pubkey(request.get()),
                            .issuer = issuer.get(),
                            .issuerKey = key.get(),
                            .alternativeNames = {}},
                           from, until);
    unsigned char* der = nullptr;
    const int size = i2d_X509(made.get(), &der);
    check(size > 0, "DER");
    DeviceCertificate certificate{.pem = certificatePem(made.get()),
                                  .digest = sha256Of({der, static_cast<std::size_t>(size)})};
    OPENSSL_free(der);
    return certificate;
}

UtcTime certificateEnd(ByteView der)
{
    const unsigned char* at = der.data();
    const X509Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())),
                                      &X509_free);
    std::tm end{};
    if (!certificate || at != der.data() + der.size() ||
        ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1)
        unusable("not one certificate with an end");
    const std::chrono::year_month_day day(
        std::chrono::year(end.tm_year + 1900),
        std::chrono::month(static_cast<unsigned>(end.tm_mon) + 1),
        std::chrono::day(static_cast<unsigned>(end.tm_mday)));
    return std::chrono::sys_days(day) + std::chrono::hours(end.tm_hour) +
           std::chrono::minutes(end.tm_min) + std::chrono::seconds(end.tm_sec);
}

} // namespace amt::gateway
