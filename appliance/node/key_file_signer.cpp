// SPDX-License-Identifier: EUPL-1.2
//
// ECDSA with the terminal's key, plain signatures (TR-03110-3 A.7.3; BSI TR-03111 5.2.1).
#include "appliance/node/key_file_signer.h"

#include "appliance/core/error.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace amt::node {
namespace {

[[noreturn]] void unusable(const std::string& why)
{
    throw Error(ErrorCode::CertificateUnusable, why);
}

Bytes fileBytes(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        unusable("file missing");
    return {std::istreambuf_iterator<char>(file), {}};
}

/// id-TA-ECDSA-SHA-*, 0.4.0.127.0.7.2.2.2.2.n, in the certificate's public key.
const EVP_MD* hashOf(const Bytes& certificate)
{
    const Bytes prefix = {0x06, 0x0a, 0x04, 0x00, 0x7f, 0x00, 0x07, 0x02, 0x02, 0x02, 0x02};
    const auto found =
        std::search(certificate.begin(), certificate.end(), prefix.begin(), prefix.end());
    if (static_cast<std::size_t>(certificate.end() - found) <= prefix.size())
        unusable("no terminal authentication key in the certificate");
    switch (*(found + static_cast<std::ptrdiff_t>(prefix.size()))) {
    case 3:
        return ::EVP_sha256();
    case 4:
        return ::EVP_sha384();
    case 5:
        return ::EVP_sha512();
    default:
        unusable("hash of the certificate is not allowed");
    }
}

class KeyFileSigner : public TerminalSigner {
public:
    explicit KeyFileSigner(const KeyFileSettings& settings)
    {
        if (settings.chainFiles.empty())
            unusable("no terminal certificate");
        struct stat status {};
        if (::stat(settings.keyFile.c_str(), &status) != 0)
            unusable("key file missing");
        if ((status.st_mode & 077) != 0)
            unusable("others may read the key file");
        for (const auto& file : settings.chainFiles)
            _certificates.chain.push_back(fileBytes(file));
        for (const auto& file : settings.countrySignerFiles)
            _certificates.countrySigners.push_back(fileBytes(file));
        _hash = hashOf(_certificates.chain.back());
        Bytes der = fileBytes(settings.keyFile);
        const unsigned char* at = der.data();
        _key.reset(::d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
        wipe(der);
        if (!_key || ::EVP_PKEY_get_base_id(_key.get()) != EVP_PKEY_EC)
            unusable("not a key on an elliptic curve");
    }

    Bytes sign(ByteView toBeSigned) override
    {
        const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(),
                                                                                &::EVP_MD_CTX_free);
        std::size_t size = 0;
        if (!context ||
            ::EVP_DigestSignInit(context.get(), nullptr, _hash, nullptr, _key.get()) != 1 ||
            ::EVP_DigestSign(context.get(), nullptr, &size, toBeSigned.data(), toBeSigned.size()) !=
                1)
            unusable("signing failed");
        Bytes der(size);
        if (::EVP_DigestSign(context.get(), der.data(), &size, toBeSigned.data(),
                             toBeSigned.size()) != 1)
            unusable("signing failed");
        const unsigned char* at = der.data();
        const std::unique_ptr<ECDSA_SIG, decltype(&::ECDSA_SIG_free)> signature(
            ::d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)), &::ECDSA_SIG_free);
        const int width = (::EVP_PKEY_get_bits(_key.get()) + 7) / 8;
        Bytes plain(static_cast<std::size_t>(2 * width));
        if (!signature ||
            ::BN_bn2binpad(::ECDSA_SIG_get0_r(signature.get()), plain.data(), width) != width ||
            ::BN_bn2binpad(::ECDSA_SIG_get0_s(signature.get()), plain.data() + width, width) !=
                width)
            unusable("signing failed");
        return plain;
    }

    TerminalCertificates certificates() const override { return _certificates; }

private:
    struct FreeKey {
        void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
    };

    TerminalCertificates _certificates;
    const EVP_MD* _hash = nullptr;
    std::unique_ptr<EVP_PKEY, FreeKey> _key;
};

} // namespace

std::unique_ptr<TerminalSigner> makeKeyFileSigner(const KeyFileSettings& settings)
{
    return std::make_unique<KeyFileSigner>(settings);
}

} // namespace amt::node
