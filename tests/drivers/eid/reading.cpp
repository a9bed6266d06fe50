// SPDX-License-Identifier: EUPL-1.2
//
// What every test of a whole read needs.
#include "tests/drivers/eid/reading.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <fstream>
#include <iterator>
#include <memory>

namespace amt::test {

Bytes signPlain(ByteView pkcs8, const char* hash, ByteView toBeSigned)
{
    const std::uint8_t* position = pkcs8.data();
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        d2i_AutoPrivateKey(nullptr, &position, static_cast<long>(pkcs8.size())), &EVP_PKEY_free);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> work(EVP_MD_CTX_new(),
                                                                       &EVP_MD_CTX_free);
    std::size_t size = 0;
    if (!key ||
        EVP_DigestSignInit_ex(work.get(), nullptr, hash, nullptr, nullptr, key.get(), nullptr) !=
            1 ||
        EVP_DigestSign(work.get(), nullptr, &size, toBeSigned.data(), toBeSigned.size()) != 1)
        throw Error(ErrorCode::KeyUnusable, "terminal key");
    Bytes encoded(size);
    if (EVP_DigestSign(work.get(), encoded.data(), &size, toBeSigned.data(), toBeSigned.size()) !=
        1)
        throw Error(ErrorCode::KeyUnusable, "terminal key");
    const std::uint8_t* at = encoded.data();
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)), &ECDSA_SIG_free);
    const auto half = static_cast<std::size_t>(EVP_PKEY_get_bits(key.get()) + 7) / 8;
    Bytes plain(2 * half);
    BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), plain.data(), static_cast<int>(half));
    BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), plain.data() + half, static_cast<int>(half));
    return plain;
}

Bytes readFile(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        throw Error(ErrorCode::NotFound, path.filename().string());
    return Bytes(std::istreambuf_iterator<char>(file), {});
}

std::set<DataGroup> twelveGroups()
{
    std::set<DataGroup> groups;
    for (const int number : {1, 3, 4, 5, 6, 7, 8, 9, 10, 13, 17, 18})
        groups.insert(static_cast<DataGroup>(number));
    return groups;
}

IdentityOutcome readIdentity(CardChannel& card, RandomSource& random,
                             const IdentityRequest& request, ByteView pkcs8,
                             std::vector<IdentityStep>* steps)
{
    eid::ReadHooks hooks;
    if (steps != nullptr)
        hooks.step = [steps](IdentityStep step) { steps->push_back(step); };
    auto first = eid::beginRead(card, random, request, hooks);
    if (auto* outcome = std::get_if<IdentityOutcome>(&first))
        return std::move(*outcome);
    auto& needed = std::get<eid::SignatureNeeded>(first);
    const char* hash = eid::signatureHash(request.certificates.chain.back());
    return needed.session.finish(signPlain(pkcs8, hash, needed.toBeSigned));
}

std::string nameOf(const IdentityOutcome& outcome)
{
    constexpr std::array<const char*, std::variant_size_v<IdentityOutcome>> names{
        "IdentityRead",   "WrongPin",      "PinSuspended", "PinBlocked",        "PinNotActivated",
        "CardRemoved",    "NoCard",        "NoReader",     "NotAnIdentityCard", "CardExpired",
        "CardNotGenuine", "ReadCancelled", "DeviceFailed", "TransportPin",      "PinReady",
        "WrongCan",       "WrongPuk",      "PukUsedUp",    "PinManaged",        "CardRevoked",
        "ReaderReady"};
    std::string text = names[outcome.index()];
    if (const auto* wrong = std::get_if<WrongPin>(&outcome))
        text += " " + std::to_string(wrong->triesLeft);
    if (const auto* ready = std::get_if<PinReady>(&outcome))
        text += " " + std::to_string(ready->triesLeft);
    if (const auto* ready = std::get_if<ReaderReady>(&outcome))
        text += ready->takesPassword ? " takes a password" : " takes none";
    if (const auto* failed = std::get_if<DeviceFailed>(&outcome))
        text += " " + std::string(name(failed->code));
    return text;
}

} // namespace amt::test
