// SPDX-License-Identifier: EUPL-1.2
//
// Bodies of the v2 flow and metadata, chosen by the first byte. What is read can be written, and
// what was written is read as the same.
#include "appliance/core/error.h"
#include "sync/portal/metadata.h"
#include "sync/portal/words.h"

#include <cstdint>

using namespace amt;
using namespace amt::portal;

namespace {

constexpr std::size_t bytesMax = 256 * 1024;
constexpr int kinds = 16; ///< the last two are metadata as well

std::string rewritten(int kind, const std::string& text)
{
    switch (kind) {
    case 0:
        return writeAnnounce(readAnnounce(text));
    case 1:
        return writeAnnounced(readAnnounced(text));
    case 2:
        return writeSubmit(readSubmit(text, bytesMax));
    case 3:
        return writeSubmission(readSubmission(text, bytesMax));
    case 4:
        return writeWaiting(readWaiting(text));
    case 5:
        return writeEventLog(readEventLog(text));
    case 6:
        return writeToken(readToken(text));
    case 8:
        return writeReplyAnnounce(readReplyAnnounce(text));
    case 9:
        return writeReplyIds(readReplyIds(text));
    case 10:
        return writeReply(readReply(text, bytesMax));
    case 11:
        return writeWaitingReplies(readWaitingReplies(text));
    case 12:
        return writeReplyAccept(readReplyAccept(text));
    case 13:
        return writeReplyReject(readReplyReject(text));
    default:
        return writeMetadata(readMetadata(text));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string type = readProblemType(text);
    AMT_ASSERT(type.size() <= 64);
    std::string once;
    try {
        once = rewritten(data[0] % kinds, text);
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::JsonMalformed ||
                   error.errorCode() == ErrorCode::InputTooLarge);
        return 0;
    }
    AMT_ASSERT(rewritten(data[0] % kinds, once) == once);
    return 0;
}
