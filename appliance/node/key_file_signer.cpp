// SPDX-License-Identifier: EUPL-1.2
//
// ECDSA with the terminal's key, plain signatures (TR-03110-3 A.7.3; BSI TR-03111 5.2.1).
#include "appliance/node/key_file_signer.h"

#include "appliance/core/error.h"
#include "appliance/node/terminal_certificates.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>

namespace amt::node {
namespace {

[[noreturn]] void unusable(const std::string& why)
{
    throw Error(ErrorCode::CertificateUnusable, why);
}

class KeyFileSigner : public TerminalSigner {
public:
    explicit KeyFileSigner(const KeyFileSettings& settings)
        : _certificates(settings.certificates), _hash(terminalHash(_certificates))
    {
        Bytes der = secretFile(settings.keyFile, "key file");
        const unsigned char* at = der.data();
        _key.reset(::d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
        wipe(der);
        if (!_key || ::EVP_PKEY_get_base_id(_key.get()) != EVP_PKEY_EC)
            unusable("not a key on an elliptic curve");
        checkPoint();
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
        der.resize(size);
        return plainSignature(der, _key.get());
    }

    TerminalCertificates certificates() const override { return _certificates; }

private:
    /// A new certificate may lie there before its key does.
    void checkPoint() const
    {
        Bytes point(1 + 2 * 66); // uncompressed, of the largest curve there is
        std::size_t size = 0;
        if (::EVP_PKEY_get_octet_string_param(_key.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                              point.size(), &size) != 1)
            unusable("key without its point");
        point.resize(size);
        const ByteView certified = terminalPoint(_certificates);
        if (!std::equal(point.begin(), point.end(), certified.begin(), certified.end()))
            unusable("certificate of another key");
    }

    struct FreeKey {
        void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
    };

    TerminalCertificates _certificates;
    const EVP_MD* _hash;
    std::unique_ptr<EVP_PKEY, FreeKey> _key;
};

} // namespace

std::unique_ptr<TerminalSigner> makeKeyFileSigner(const KeyFileSettings& settings)
{
    return std::make_unique<KeyFileSigner>(settings);
}

} // namespace amt::node
