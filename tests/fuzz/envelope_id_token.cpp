// SPDX-License-Identifier: EUPL-1.2
//
// ID tokens and pinned key sets from a stranger: refused by a reason, or a subject that can be
// kept.
#include "appliance/core/error.h"
#include "sync/envelope/id_token.h"
#include "tests/support/test_keys.h"

#include <cstdint>

using namespace amt;
using namespace amt::envelope;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const ProviderKeys keys =
        ProviderKeys::parse(R"({"keys":[{"kty":"RSA","kid":"rs","e":"AQAB","n":")" +
                            toBase64Url(test::readRsaKey(AMT_SOURCE_DIR, 1).modulus()) + R"("}]})");
    static const TokenExpectation expected{
        "https://idp.example", "amtsstube", "n-0S6_WzA2Mj", {}, {}};
    if (size == 0)
        return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 0) {
        const auto result = verifyIdToken(text, keys, expected, fromIso("2026-11-21T12:00:00Z"));
        if (const auto* token = std::get_if<IdToken>(&result))
            AMT_ASSERT(!token->subject.empty() && token->subject.size() <= 255);
        return 0;
    }
    try {
        AMT_ASSERT(ProviderKeys::parse(text).count() > 0);
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::KeyUnusable);
    }
    return 0;
}
