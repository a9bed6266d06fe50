// SPDX-License-Identifier: EUPL-1.2
//
// Fixed RSA-4096 keys, so that tests start at once: amt::test::rsaKey(0) to rsaKey(4). Public,
// hence for tests only.
#pragma once

#include "sync/envelope/envelope.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace amt::test {

constexpr int rsaKeys = 5;

/// Private key `number` (0 to 4) of tests/vectors/keys under the source folder.
inline envelope::RsaKey readRsaKey(const std::filesystem::path& source, int number)
{
    const auto file =
        source / "tests/vectors/keys" / ("test-only-rsa-4096-" + std::to_string(number) + ".der");
    std::ifstream in(file, std::ios::binary);
    if (!in)
        throw Error(ErrorCode::KeyUnusable, "no such test key");
    return envelope::RsaKey::fromPrivateDer(
        Secret(Bytes(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>())));
}

#ifdef AMT_SOURCE_DIR
/// Read once for each binary.
inline const envelope::RsaKey& rsaKey(int number)
{
    static std::map<int, envelope::RsaKey> keys;
    const auto found = keys.find(number);
    if (found != keys.end())
        return found->second;
    return keys.emplace(number, readRsaKey(AMT_SOURCE_DIR, number)).first->second;
}

/// The public half, as others have it.
inline envelope::RsaKey publicRsaKey(int number)
{
    return envelope::RsaKey::fromPublicDer(rsaKey(number).publicDer());
}
#endif

} // namespace amt::test
