// SPDX-License-Identifier: EUPL-1.2
//
// ECDSA with a token's key, plain signatures (TR-03110-3 A.7.3; BSI TR-03111 5.2.1), on libp11.
#include "appliance/node/pkcs11_signer.h"

#include "appliance/core/error.h"

#include <libp11.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace amt::node {
namespace {

[[noreturn]] void unusable(const std::string& why)
{
    ERR_clear_error();
    throw Error(ErrorCode::CertificateUnusable, why);
}

Secret pinFrom(const std::string& path)
{
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        unusable("PIN file of the token missing");
    if ((status.st_mode & 077) != 0)
        unusable("others may read the PIN file of the token");
    std::ifstream file(path, std::ios::binary);
    Bytes text{std::istreambuf_iterator<char>(file), {}};
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    text.push_back(0); // PKCS11_login wants a C string
    return Secret(std::move(text));
}

Bytes certificateIn(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        unusable("certificate missing");
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

/// The maker's library and its slots; logs out and lets go of both.
class Module {
public:
    explicit Module(const std::string& library) : _context(::PKCS11_CTX_new())
    {
        if (!_context || ::PKCS11_CTX_load(_context.get(), library.c_str()) != 0)
            unusable("module of the token cannot be loaded");
        if (::PKCS11_enumerate_slots(_context.get(), &_slots, &_count) != 0) {
            ::PKCS11_CTX_unload(_context.get());
            unusable("no slots");
        }
    }
    ~Module()
    {
        ::PKCS11_release_all_slots(_context.get(), _slots, _count);
        ::PKCS11_CTX_unload(_context.get());
    }
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;

    PKCS11_SLOT* slotOf(const std::string& token)
    {
        for (PKCS11_SLOT* slot = ::PKCS11_find_token(_context.get(), _slots, _count);
             slot != nullptr && slot->token != nullptr;
             slot = ::PKCS11_find_next_token(_context.get(), _slots, _count, slot)) {
            if (slot->token->label != nullptr && token == slot->token->label)
                return slot;
        }
        unusable("no token of this name");
    }

private:
    struct Free {
        void operator()(PKCS11_CTX* context) const { ::PKCS11_CTX_free(context); }
    };
    std::unique_ptr<PKCS11_CTX, Free> _context;
    PKCS11_SLOT* _slots = nullptr;
    unsigned _count = 0;
};

class Pkcs11Signer : public TerminalSigner {
public:
    explicit Pkcs11Signer(const Pkcs11Settings& settings) : _certificates(settings.certificates)
    {
        if (_certificates.chain.empty())
            unusable("no terminal certificate");
        _hash = hashOf(_certificates.chain.back());
        const Secret pin = pinFrom(settings.pinFile);
        _module = std::make_unique<Module>(settings.module);
        PKCS11_SLOT* slot = _module->slotOf(settings.token);
        if (::PKCS11_login(slot, 0, reinterpret_cast<const char*>(pin.reveal().data())) != 0)
            unusable("the token refuses its PIN");
        PKCS11_KEY* keys = nullptr; // belong to the token
        unsigned count = 0;
        if (::PKCS11_enumerate_keys(slot->token, &keys, &count) != 0)
            unusable("no keys on the token");
        PKCS11_KEY* const end = keys + count;
        PKCS11_KEY* const key = std::find_if(keys, end, [&](const PKCS11_KEY& known) {
            return known.label != nullptr && settings.key == known.label;
        });
        if (key == end)
            unusable("no key of this name on the token");
        _key.reset(::PKCS11_get_private_key(key));
        if (!_key || ::EVP_PKEY_get_base_id(_key.get()) != EVP_PKEY_EC)
            unusable("not a key on an elliptic curve");
    }

    Bytes sign(ByteView toBeSigned) override
    {
        Bytes digest(EVP_MAX_MD_SIZE);
        unsigned digestSize = 0;
        if (::EVP_Digest(toBeSigned.data(), toBeSigned.size(), digest.data(), &digestSize, _hash,
                         nullptr) != 1)
            unusable("hash");
        const std::unique_ptr<EVP_PKEY_CTX, decltype(&::EVP_PKEY_CTX_free)> work(
            ::EVP_PKEY_CTX_new(_key.get(), nullptr), &::EVP_PKEY_CTX_free);
        std::size_t size = 0;
        if (!work || ::EVP_PKEY_sign_init(work.get()) != 1 ||
            ::EVP_PKEY_CTX_set_signature_md(work.get(), _hash) != 1 ||
            ::EVP_PKEY_sign(work.get(), nullptr, &size, digest.data(), digestSize) != 1)
            unusable("signing failed");
        Bytes der(size);
        if (::EVP_PKEY_sign(work.get(), der.data(), &size, digest.data(), digestSize) != 1)
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
    std::unique_ptr<Module> _module;
    std::unique_ptr<EVP_PKEY, FreeKey> _key; ///< goes before the module
};

} // namespace

std::unique_ptr<TerminalSigner> makePkcs11Signer(const Pkcs11Settings& settings)
{
    return std::make_unique<Pkcs11Signer>(settings);
}

std::unique_ptr<TerminalSigner> pkcs11SignerIn(const std::string& folder)
{
    std::ifstream file(folder + "/terminal.pkcs11");
    if (!file)
        return nullptr;
    Pkcs11Settings settings;
    for (std::string line; std::getline(file, line);) {
        const auto equals = line.find('=');
        const std::string key = line.substr(0, equals);
        const std::string value = equals == std::string::npos ? "" : line.substr(equals + 1);
        if (key == "module")
            settings.module = value;
        else if (key == "token")
            settings.token = value;
        else if (key == "key")
            settings.key = value;
        else if (key == "pin")
            settings.pinFile = value;
        else if (!key.empty() && key[0] != '#')
            unusable("terminal.pkcs11: unknown line");
    }
    settings.certificates.chain = {certificateIn(folder + "/dv.cvcert"),
                                   certificateIn(folder + "/terminal.cvcert")};
    settings.certificates.countrySigners = {certificateIn(folder + "/csca.der")};
    return makePkcs11Signer(settings);
}

} // namespace amt::node
