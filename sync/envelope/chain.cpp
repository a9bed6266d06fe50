// SPDX-License-Identifier: EUPL-1.2
//
// The chain: hash n = SHA-256(hash n-1 || canonical bytes of record n).
#include "sync/envelope/chain.h"

#include "sync/envelope/envelope.h"

namespace amt::envelope {
namespace {

void appendNumber(Bytes& to, std::uint64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        to.push_back(static_cast<std::uint8_t>(number >> shift));
}

void appendText(Bytes& to, std::string_view text)
{
    appendNumber(to, text.size());
    append(to, view(text));
}

} // namespace

Bytes chainHash(ByteView previous, const ChainedRecord& record)
{
    Bytes input(previous.begin(), previous.end());
    appendText(input, "amt journal 1");
    appendNumber(input, static_cast<std::uint64_t>(record.number));
    appendText(input, record.kind);
    appendText(input, record.id);
    appendNumber(input, static_cast<std::uint64_t>(toMilliseconds(record.time)));
    appendText(input, record.timeQuality);
    appendText(input, record.details);
    return sha256(input);
}

} // namespace amt::envelope
