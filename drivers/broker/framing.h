// SPDX-License-Identifier: EUPL-1.2
//
// Messages on a byte stream: each after its length, four bytes, big endian (PROTOCOL.md).
#pragma once

#include "appliance/core/bytes.h"

#include <optional>
#include <string>
#include <string_view>

namespace amt::broker {

constexpr std::size_t messageBytesMax = 64 * 1024;

/// Throws InputTooLarge.
Bytes frame(std::string_view message);

/// Finds the messages in what arrives, however it is cut.
class FrameReader {
public:
    void feed(ByteView bytes);
    /// The next whole message, or nothing yet. Throws InputTooLarge as soon as a length says so,
    /// InputMalformed for an empty message.
    std::optional<std::string> next();

private:
    Bytes _waiting;
    std::size_t _taken = 0; ///< bytes of `_waiting` that are done with
};

} // namespace amt::broker
