// SPDX-License-Identifier: EUPL-1.2
//
// Key sets and certificate chains from a stranger.
#include "appliance/core/error.h"
#include "tests/support/test_keys.h"

#include <cstdint>

using namespace amt;
using namespace amt::envelope;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const UtcTime from = fromIso("2026-01-01T00:00:00Z"),
                         until = fromIso("2028-01-01T00:00:00Z");
    static const RsaKey rootKey = test::readRsaKey(AMT_SOURCE_DIR, 4);
    static const Bytes root = makeRootCertificate(rootKey, "Test Root", from, until).der;
    if (size == 0)
        return 0;
    const ByteView rest(data + 1, size - 1);
    if (data[0] % 2 == 0) {
        for (const KeyUse use : {KeyUse::Encrypt, KeyUse::Verify}) {
            try {
                for (const auto& jwk : parseJwkSet(toText(rest), use)) {
                    AMT_ASSERT(jwk.key.modulus().size() >= 512 && jwk.kid.size() >= 8);
                    const auto again = parseJwk(*writeJwk(jwk), use);
                    AMT_ASSERT(again.key.fingerprint() == jwk.key.fingerprint() &&
                               again.chain == jwk.chain);
                }
            } catch (const Error& error) {
                AMT_ASSERT(error.errorCode() == ErrorCode::JsonMalformed ||
                           error.errorCode() == ErrorCode::KeyUnusable ||
                           error.errorCode() == ErrorCode::InputTooLarge);
            }
        }
        return 0;
    }
    static const RsaKey leaf =
        RsaKey::fromPublicDer(test::readRsaKey(AMT_SOURCE_DIR, 0).publicDer());
    try {
        checkChain({"office-2026-1", KeyUse::Encrypt, leaf, {Bytes(rest.begin(), rest.end())}},
                   {root}, fromIso("2026-11-21T12:00:00Z"));
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::KeyUnusable);
    }
    return 0;
}
