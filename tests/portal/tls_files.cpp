// SPDX-License-Identifier: EUPL-1.2
//
// Certificates on P-256 for the test's servers.
#include "tests/portal/tls_files.h"

#include "appliance/core/error.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace amt::test {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

void extend(X509* certificate, X509* issuer, int nid, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), X509_EXTENSION_free);
    AMT_ASSERT(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

Certificate make(const char* name, EVP_PKEY* subject, X509* issuer, UtcTime from, UtcTime until)
{
    Certificate made(X509_new(), X509_free);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), issuer ? 2 : 1);
    ASN1_TIME_set(X509_getm_notBefore(made.get()), toMilliseconds(from) / 1000);
    ASN1_TIME_set(X509_getm_notAfter(made.get()), toMilliseconds(until) / 1000);
    X509_set_pubkey(made.get(), subject);
    X509_NAME* const dn = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(dn, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(made.get(), issuer ? X509_get_subject_name(issuer) : dn);
    return made;
}

template <typename Write>
std::string pem(Write write)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
    AMT_ASSERT(write(memory.get()) == 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

} // namespace

TlsFiles makeTlsFiles(const std::string& names, UtcTime from, UtcTime until)
{
    const Key rootKey(EVP_EC_gen("P-256"), EVP_PKEY_free),
        serverKey(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const auto root = make("Test CA", rootKey.get(), nullptr, from, until);
    extend(root.get(), root.get(), NID_basic_constraints, "critical,CA:TRUE");
    extend(root.get(), root.get(), NID_key_usage, "critical,keyCertSign");
    extend(root.get(), root.get(), NID_subject_key_identifier, "hash");
    AMT_ASSERT(X509_sign(root.get(), rootKey.get(), EVP_sha256()) > 0);
    const auto server = make("Test Server", serverKey.get(), root.get(), from, until);
    extend(server.get(), root.get(), NID_basic_constraints, "critical,CA:FALSE");
    extend(server.get(), root.get(), NID_subject_alt_name, names);
    extend(server.get(), root.get(), NID_authority_key_identifier, "keyid:always");
    AMT_ASSERT(X509_sign(server.get(), rootKey.get(), EVP_sha256()) > 0);
    return {pem([&](BIO* to) { return PEM_write_bio_X509(to, root.get()); }),
            pem([&](BIO* to) { return PEM_write_bio_X509(to, server.get()); }), pem([&](BIO* to) {
                return PEM_write_bio_PrivateKey(to, serverKey.get(), nullptr, nullptr, 0, nullptr,
                                                nullptr);
            })};
}

} // namespace amt::test
