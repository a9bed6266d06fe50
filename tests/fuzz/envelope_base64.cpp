// SPDX-License-Identifier: EUPL-1.2
//
// Base64url with each kind of vectors against the core's strict reader: the same bytes or the same
// refusal.
#include "appliance/core/error.h"
#include "sync/envelope/base64_url.h"

#include <cstdint>
#include <optional>

using namespace amt;
using namespace amt::envelope;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    std::optional<Bytes> wanted;
    try {
        wanted = fromBase64Url(text);
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::InputMalformed);
    }
    for (const auto vectors : {Vectors::Plain, Vectors::Ssse3, Vectors::Avx2, Vectors::Avx512}) {
        if (!has(vectors))
            continue;
        Bytes bytes(bytesFor(size));
        const bool good = decodeBase64Url(text, bytes, vectors);
        AMT_ASSERT(good == wanted.has_value());
        if (!good)
            continue;
        AMT_ASSERT(bytes == *wanted);
        std::string again(lettersFor(bytes.size()), '\0');
        encodeBase64Url(bytes, again, vectors);
        AMT_ASSERT(again == text);
    }
    return 0;
}
