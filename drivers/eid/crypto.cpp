// SPDX-License-Identifier: EUPL-1.2
//
// AES, CMAC, hashes and the key derivation of TR-03110, on OpenSSL's EVP interface.
#include "drivers/eid/crypto.h"

#include "drivers/eid/openssl.h"

#include <openssl/core_names.h>

#include <array>
#include <string>

namespace amt::eid {
namespace {

constexpr std::array<CipherSuite, 3> suites{{
    {2, 16, "AES-128", "SHA1"},
    {3, 24, "AES-192", "SHA2-256"},
    {4, 32, "AES-256", "SHA2-256"},
}};

enum class Direction : int { Decrypt = 0, Encrypt = 1 };

Bytes crypt(const CipherSuite& suite, const char* mode, Direction direction, const Secret& key,
            ByteView iv, ByteView input)
{
    AMT_ASSERT(key.size() == suite.keyBytes);
    AMT_ASSERT(input.size() % blockBytes == 0);
    const Cipher cipher(
        EVP_CIPHER_fetch(nullptr, (std::string(suite.cipher) + mode).c_str(), nullptr));
    demand(cipher != nullptr, "cipher");
    const CipherWork work(EVP_CIPHER_CTX_new());
    demand(work != nullptr, "cipher context");
    demand(EVP_CipherInit_ex2(work.get(), cipher.get(), key.reveal().data(),
                              iv.empty() ? nullptr : iv.data(), static_cast<int>(direction),
                              nullptr) == 1,
           "cipher key");
    demand(EVP_CIPHER_CTX_set_padding(work.get(), 0) == 1, "cipher padding");
    Bytes output(input.size() + blockBytes);
    int written = 0;
    int last = 0;
    demand(EVP_CipherUpdate(work.get(), output.data(), &written, input.data(),
                            static_cast<int>(input.size())) == 1,
           "cipher");
    demand(EVP_CipherFinal_ex(work.get(), output.data() + written, &last) == 1, "cipher end");
    output.resize(static_cast<std::size_t>(written) + static_cast<std::size_t>(last));
    return output;
}

} // namespace

const CipherSuite* cipherSuite(std::uint8_t oidSuffix)
{
    for (const auto& suite : suites) {
        if (suite.oidSuffix == oidSuffix)
            return &suite;
    }
    return nullptr;
}

Bytes encryptCbc(const CipherSuite& suite, const Secret& key, ByteView iv, ByteView plain)
{
    return crypt(suite, "-CBC", Direction::Encrypt, key, iv, plain);
}

Bytes decryptCbc(const CipherSuite& suite, const Secret& key, ByteView iv, ByteView cipherText)
{
    return crypt(suite, "-CBC", Direction::Decrypt, key, iv, cipherText);
}

Bytes encryptBlock(const CipherSuite& suite, const Secret& key, ByteView block)
{
    AMT_ASSERT(block.size() == blockBytes);
    return crypt(suite, "-ECB", Direction::Encrypt, key, {}, block);
}

Bytes mac(const CipherSuite& suite, const Secret& key, ByteView data)
{
    const Mac algorithm(EVP_MAC_fetch(nullptr, "CMAC", nullptr));
    demand(algorithm != nullptr, "CMAC");
    const MacWork work(EVP_MAC_CTX_new(algorithm.get()));
    demand(work != nullptr, "CMAC context");
    std::string cipher = std::string(suite.cipher) + "-CBC";
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher.data(), 0),
        OSSL_PARAM_construct_end()};
    demand(EVP_MAC_init(work.get(), key.reveal().data(), key.size(), parameters.data()) == 1,
           "CMAC key");
    demand(EVP_MAC_update(work.get(), data.data(), data.size()) == 1, "CMAC data");
    Bytes whole(blockBytes);
    std::size_t size = 0;
    demand(EVP_MAC_final(work.get(), whole.data(), &size, whole.size()) == 1, "CMAC end");
    whole.resize(macBytes);
    return whole;
}

Bytes digest(const char* hash, ByteView data)
{
    Bytes value(EVP_MAX_MD_SIZE);
    std::size_t size = 0;
    demand(EVP_Q_digest(nullptr, hash, nullptr, data.data(), data.size(), value.data(), &size) == 1,
           "hash");
    value.resize(size);
    return value;
}

Secret deriveKey(const CipherSuite& suite, KeyUse use, const Secret& secret, ByteView nonce)
{
    const std::array<std::uint8_t, 4> counter{0, 0, 0, static_cast<std::uint8_t>(use)};
    Bytes input = concat(secret.reveal(), nonce, counter);
    Bytes key = digest(suite.hash, input);
    wipe(input);
    const Secret whole(std::move(key));
    return Secret(Bytes(whole.reveal().begin(),
                        whole.reveal().begin() + static_cast<std::ptrdiff_t>(suite.keyBytes)));
}

Secret passwordKey(const CipherSuite& suite, const Secret& password)
{
    return deriveKey(suite, KeyUse::Password, password);
}

Bytes padded(ByteView data)
{
    Bytes whole(data.begin(), data.end());
    whole.push_back(0x80);
    whole.resize((whole.size() + blockBytes - 1) / blockBytes * blockBytes);
    return whole;
}

} // namespace amt::eid
