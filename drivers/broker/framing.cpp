// SPDX-License-Identifier: EUPL-1.2
//
// Four bytes of length, then the message.
#include "drivers/broker/framing.h"

#include "appliance/core/error.h"

namespace amt::broker {
namespace {

constexpr std::size_t lengthBytes = 4;

} // namespace

Bytes frame(std::string_view message)
{
    if (message.size() > messageBytesMax)
        throw Error(ErrorCode::InputTooLarge, "message between node and broker over 64 KiB");
    const auto size = static_cast<std::uint32_t>(message.size());
    Bytes framed = {static_cast<std::uint8_t>(size >> 24), static_cast<std::uint8_t>(size >> 16),
                    static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
    append(framed, view(message));
    return framed;
}

void FrameReader::feed(ByteView bytes)
{
    if (_taken > 0) {
        wipe(std::span(_waiting).first(_taken)); // a PIN may have stood here
        _waiting.erase(_waiting.begin(), _waiting.begin() + static_cast<std::ptrdiff_t>(_taken));
        _taken = 0;
    }
    append(_waiting, bytes);
}

std::optional<std::string> FrameReader::next()
{
    const auto open = ByteView(_waiting).subspan(_taken);
    if (open.size() < lengthBytes)
        return std::nullopt;
    const std::size_t size = (static_cast<std::size_t>(open[0]) << 24) |
                             (static_cast<std::size_t>(open[1]) << 16) |
                             (static_cast<std::size_t>(open[2]) << 8) | open[3];
    if (size > messageBytesMax)
        throw Error(ErrorCode::InputTooLarge, "message between node and broker over 64 KiB");
    if (size == 0)
        throw Error(ErrorCode::InputMalformed, "empty message between node and broker");
    if (open.size() < lengthBytes + size)
        return std::nullopt;
    _taken += lengthBytes + size;
    return toText(open.subspan(lengthBytes, size));
}

} // namespace amt::broker
