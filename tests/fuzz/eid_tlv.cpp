// SPDX-License-Identifier: EUPL-1.2
//
// Data objects and data groups: refused by CardAnswerMalformed, or written again as they were read.
#include "drivers/eid/data_groups.h"
#include "drivers/eid/tlv.h"

#include <array>

using namespace amt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const ByteView input(bytes, size);
    try {
        Bytes again;
        for (const auto& object : eid::parseTlv(input))
            append(again, object.whole);
        AMT_ASSERT(again.size() == size);
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::CardAnswerMalformed);
    }
    constexpr std::array<int, 21> groups{1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                                         12, 13, 14, 15, 17, 18, 19, 20, 21, 22};
    for (const int group : groups) {
        try {
            IdentityData data;
            eid::decodeDataGroup(static_cast<DataGroup>(group), input, data);
        } catch (const Error& error) {
            AMT_ASSERT(error.errorCode() == ErrorCode::CardAnswerMalformed);
        }
    }
    return 0;
}
