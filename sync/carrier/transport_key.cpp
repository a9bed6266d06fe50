// SPDX-License-Identifier: EUPL-1.2
//
// Keys, requests and certificates by OpenSSL. A waiting request is kept beside its key: signed
// again it would be another one.
#include "sync/carrier/transport_key.h"

#include "appliance/core/bytes.h"
#include "appliance/core/error.h"
#include "appliance/core/files.h"
#include "appliance/core/secret.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

namespace amt::carrier {
namespace {

namespace fs = std::filesystem;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

void check(bool good, const char* what, ErrorCode code = ErrorCode::SystemFailed)
{
    if (good)
        return;
    ERR_clear_error();
    throw Error(code, std::string("transport key: ") + what);
}

fs::path waitingKeyFile(const fs::path& folder)
{
    return folder / "waiting-key.pem";
}
fs::path waitingRequestFile(const fs::path& folder)
{
    return folder / "waiting-request.pem";
}

Memory readFrom(std::string_view text)
{
    Memory memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
    check(memory != nullptr, "memory");
    return memory;
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

Key readKey(const Secret& text)
{
    Key key(PEM_read_bio_PrivateKey(readFrom(text.revealText()).get(), nullptr, nullptr, nullptr),
            &EVP_PKEY_free);
    check(key != nullptr, "unreadable", ErrorCode::KeyUnusable);
    return key;
}

Certificate readCertificate(const std::string& text)
{
    Certificate certificate(PEM_read_bio_X509(readFrom(text).get(), nullptr, nullptr, nullptr),
                            &X509_free);
    check(certificate != nullptr, "not a certificate", ErrorCode::KeyUnusable);
    return certificate;
}

UtcTime timeOf(const ASN1_TIME* time)
{
    tm parts{};
    check(ASN1_TIME_to_tm(time, &parts) == 1, "time of a certificate", ErrorCode::KeyUnusable);
    return UtcTime(std::chrono::seconds(::timegm(&parts)));
}

} // namespace

TransportKey::TransportKey(fs::path folder) : _folder(std::move(folder))
{
    makeFolder(_folder);
}

fs::path TransportKey::file() const
{
    return _folder / "transport.pem";
}

std::string TransportKey::request(const std::string& clientId)
{
    if (fs::exists(waitingRequestFile(_folder)))
        return toText(readSmallFile(waitingRequestFile(_folder)));
    const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> made(X509_REQ_new(), &X509_REQ_free);
    check(key && made, "memory");
    X509_NAME* subject = X509_REQ_get_subject_name(made.get());
    check(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(clientId.c_str()), -1,
                                     -1, 0) == 1 &&
              X509_REQ_set_pubkey(made.get(), key.get()) == 1 &&
              X509_REQ_sign(made.get(), key.get(), EVP_sha256()) > 0,
          "request");
    const Secret privateKey(std::string_view(pem([&](BIO* out) {
        return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    })));
    const std::string request =
        pem([&](BIO* out) { return PEM_write_bio_X509_REQ(out, made.get()); });
    writeDurably(waitingKeyFile(_folder), privateKey.reveal());
    writeDurably(waitingRequestFile(_folder), view(request));
    return request;
}

std::string TransportKey::fingerprint() const
{
    const Key key = readKey(Secret(readSmallFile(waitingKeyFile(_folder))));
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key.get(), &der);
    check(size > 0, "public key");
    Bytes digest(EVP_MAX_MD_SIZE);
    unsigned int length = 0;
    const bool good = EVP_Digest(der, static_cast<std::size_t>(size), digest.data(), &length,
                                 EVP_sha256(), nullptr) == 1;
    OPENSSL_free(der);
    check(good, "digest");
    digest.resize(length);
    return toHex(digest);
}

void TransportKey::take(const std::string& certificate)
{
    const Secret privateKey(readSmallFile(waitingKeyFile(_folder)));
    check(X509_check_private_key(readCertificate(certificate).get(), readKey(privateKey).get()) ==
              1,
          "the certificate is another key's", ErrorCode::KeyUnusable);
    const Secret both(concat(view(certificate), privateKey.reveal()));
    writeDurably(file(), both.reveal()); // one file: the two are never of different keys
    giveUp();
}

void TransportKey::giveUp()
{
    fs::remove(waitingRequestFile(_folder));
    fs::remove(waitingKeyFile(_folder));
}

std::optional<TransportKey::Validity> TransportKey::validity() const
{
    if (!fs::exists(file()))
        return std::nullopt;
    const Secret both(readSmallFile(file()));
    const auto certificate = readCertificate(std::string(both.revealText()));
    return Validity{.from = timeOf(X509_get0_notBefore(certificate.get())),
                    .until = timeOf(X509_get0_notAfter(certificate.get()))};
}

} // namespace amt::carrier
