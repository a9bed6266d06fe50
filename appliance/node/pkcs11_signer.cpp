// SPDX-License-Identifier: EUPL-1.2
//
// ECDSA with a token's key, plain signatures (TR-03110-3 A.7.3; BSI TR-03111 5.2.1), on libp11.
#include "appliance/node/pkcs11_signer.h"

#include "appliance/core/error.h"
#include "appliance/node/terminal_certificates.h"

#include <Poco/AutoPtr.h>
#include <Poco/Util/PropertyFileConfiguration.h>
#include <libp11.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <filesystem>

namespace amt::node {
namespace {

[[noreturn]] void unusable(const std::string& why)
{
    ERR_clear_error();
    throw Error(ErrorCode::CertificateUnusable, why);
}

/// The last line break dropped, a zero added: PKCS11_login wants a C string.
Secret pinFrom(const std::string& path)
{
    Bytes text = secretFile(path, "PIN file of the token");
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    text.push_back(0);
    return Secret(std::move(text));
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
    explicit Pkcs11Signer(const Pkcs11Settings& settings)
        : _certificates(settings.certificates), _hash(terminalHash(_certificates))
    {
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
        der.resize(size);
        return plainSignature(der, _key.get());
    }

    TerminalCertificates certificates() const override { return _certificates; }

private:
    struct FreeKey {
        void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
    };
    TerminalCertificates _certificates;
    const EVP_MD* _hash;
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
    const std::string path = folder + "/terminal.pkcs11";
    if (!std::filesystem::exists(path))
        return nullptr;
    const Poco::AutoPtr<Poco::Util::PropertyFileConfiguration> file(
        new Poco::Util::PropertyFileConfiguration(path));
    Poco::Util::AbstractConfiguration::Keys keys;
    file->keys(keys);
    Pkcs11Settings settings;
    for (const auto& key : keys) {
        const std::string value = file->getString(key);
        if (key == "module")
            settings.module = value;
        else if (key == "token")
            settings.token = value;
        else if (key == "key")
            settings.key = value;
        else if (key == "pin")
            settings.pinFile = value;
        else
            unusable("terminal.pkcs11: unknown line");
    }
    settings.certificates = terminalCertificatesIn(folder);
    return makePkcs11Signer(settings);
}

} // namespace amt::node
