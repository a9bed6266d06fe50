// SPDX-License-Identifier: EUPL-1.2
//
// What a reader says of itself and of its PACE, and a card of its lengths: refused, or put together
// again as it was read.
#include "appliance/core/error.h"
#include "drivers/eid/lengths.h"
#include "drivers/eid/pace_reader.h"
#include "drivers/eid/reader_features.h"

using namespace amt;

namespace {

Bytes little(std::size_t value, std::size_t size)
{
    Bytes bytes;
    for (std::size_t i = 0; i < size; ++i)
        bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
    return bytes;
}

Bytes again(const eid::ReaderPaceOpened& opened)
{
    Bytes output{static_cast<std::uint8_t>(opened.chosen >> 8),
                 static_cast<std::uint8_t>(opened.chosen)};
    append(output, concat(little(opened.cardAccess.size(), 2), opened.cardAccess));
    for (const auto& reference : opened.references)
        append(output, concat(little(reference.size(), 1), reference));
    append(output, concat(little(opened.cardId.size(), 2), opened.cardId));
    return concat(little(0, 4), little(output.size(), 2), output);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const ByteView input(bytes, size);
    for ([[maybe_unused]] const auto& feature : eid::readerFeatures(input))
        AMT_ASSERT(size >= 6 && size % 6 == 0);
    if (const auto longest = eid::longestCommand(input))
        AMT_ASSERT(*longest >= 261 && *longest <= 65544);
    if (eid::runsPaceForIdentityCards(input))
        AMT_ASSERT(size == 7 || size == 8);
    eid::takesExtendedLength(input);
    try {
        eid::cardLengths(input);
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::CardAnswerMalformed);
    }
    try {
        const auto pace = eid::parseEstablishedPace(input);
        const auto* opened = std::get_if<eid::ReaderPaceOpened>(&pace);
        // An empty reference is left out, and everything behind EF.CardAccess may be.
        if (opened != nullptr && opened->references.size() == 2)
            AMT_ASSERT(again(*opened) == Bytes(input.begin(), input.end()));
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::CardAnswerMalformed ||
                   error.errorCode() == ErrorCode::CardGone ||
                   error.errorCode() == ErrorCode::ReaderFailed);
    }
    return 0;
}
