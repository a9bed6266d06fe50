// SPDX-License-Identifier: EUPL-1.2
//
// Serial framing: DLE STX, doubled DLEs, DLE ETX, CRC-16 (PA00P016, chapter 3). TCP carries bare
// frames instead.
#pragma once

#include "appliance/core/bytes.h"

#include <optional>

namespace amt::zvt {

/// Reflected polynomial 8408, start 0, over the frame and ETX.
std::uint16_t serialChecksum(ByteView frame);
/// `frame`: the bytes of encodeFrame.
Bytes encodeSerial(ByteView frame);

struct SerialEvent {
    enum class Kind {
        Frame,  ///< a block whose checksum holds: answer ACK (06)
        Broken, ///< a block whose checksum does not hold: answer NAK (15)
        Ack,
        Nak,
    };
    Kind kind = Kind::Broken;
    Bytes frame; ///< Kind::Frame only, for decodeFrame
};

/// Finds blocks and link answers in a stream; skips what stands between them.
class SerialReader {
public:
    void push(ByteView bytes);
    /// Nothing while the next block is incomplete.
    std::optional<SerialEvent> next();

private:
    Bytes _buffer;
};

} // namespace amt::zvt
