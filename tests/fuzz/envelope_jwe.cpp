// SPDX-License-Identifier: EUPL-1.2
//
// Envelopes from a stranger: the header alone, and with an even first byte the whole way through
// the key.
#include "appliance/core/error.h"
#include "tests/support/test_keys.h"

#include <cstdint>

using namespace amt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const envelope::RsaKey key = test::readRsaKey(AMT_SOURCE_DIR, 0);
    if (size == 0)
        return 0;
    const std::string compact(reinterpret_cast<const char*>(data) + 1, size - 1);
    bool wellFormed = false;
    try {
        const std::string kid = envelope::sealedFor(compact);
        AMT_ASSERT(!kid.empty() && kid.size() <= 64);
        AMT_ASSERT(compact.ends_with("." + envelope::tagOf(compact)));
        wellFormed = true;
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::EnvelopeMalformed);
    }
    if (data[0] % 2 != 0)
        return 0;
    std::optional<envelope::Opened> opened;
    try {
        opened = envelope::open(compact, key, "office-2026-1");
        AMT_ASSERT(wellFormed && !opened->contentType.empty());
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::EnvelopeMalformed ||
                   error.errorCode() == ErrorCode::EnvelopeNotOurs);
    }
    // In two pieces as a stream: the same answer.
    try {
        envelope::Opener opener(key, "office-2026-1");
        Bytes unverified;
        const std::size_t half = compact.size() * data[0] / 256;
        opener.add(std::string_view(compact).substr(0, half), unverified);
        opener.add(std::string_view(compact).substr(half), unverified);
        AMT_ASSERT(opener.finish() == opened.value().contentType && unverified == opened->plain);
    } catch (const Error& error) {
        AMT_ASSERT(!opened);
    }
    return 0;
}
