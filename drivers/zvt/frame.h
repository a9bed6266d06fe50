// SPDX-License-Identifier: EUPL-1.2
//
// ZVT frames: control field, length, data; and the reader that finds them in a stream (PA00P015,
// chapter 1).
#pragma once

#include "appliance/core/bytes.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace amt::zvt {

/// CLASS and INSTR of a frame as one number, e.g. 0x0601.
namespace control {
constexpr std::uint16_t PositiveAck = 0x8000;
constexpr std::uint16_t StatusInformation = 0x040F;
constexpr std::uint16_t IntermediateStatus = 0x04FF;
constexpr std::uint16_t StatusEnquiry = 0x0501;
constexpr std::uint16_t Registration = 0x0600;
constexpr std::uint16_t Authorisation = 0x0601;
constexpr std::uint16_t Completion = 0x060F;
constexpr std::uint16_t AbortByTerminal = 0x061E;
constexpr std::uint16_t RepeatReceipt = 0x0620;
constexpr std::uint16_t EndOfDay = 0x0650;
constexpr std::uint16_t AbortByTill = 0x06B0;
constexpr std::uint16_t PrintLine = 0x06D1;
constexpr std::uint16_t PrintBlock = 0x06D3;
} // namespace control

struct Frame {
    std::uint16_t control = 0;
    Bytes data; ///< at most 65535 bytes

    bool operator==(const Frame&) const = default;
};

/// 80 00, and 84 00, which means the same.
bool isPositiveAck(const Frame& frame);
/// 84 xx with xx not 00; the error code is the low byte of the control field.
bool isNegativeAck(const Frame& frame);

/// Short length up to 254 bytes of data, else FF and two bytes, little endian.
Bytes encodeFrame(const Frame& frame);
/// Exactly one frame. Throws TerminalFrameMalformed when bytes are missing or left over,
/// TerminalSpeaksOther when the first bytes belong to no ZVT class.
Frame decodeFrame(ByteView wire);

/// Collects bytes of any segmentation and gives whole frames.
class FrameReader {
public:
    ~FrameReader();
    void push(ByteView bytes);
    /// Nothing while the next frame is incomplete. Throws TerminalSpeaksOther when the next bytes
    /// cannot be ZVT; the stream is useless from then on.
    std::optional<Frame> next();
    /// Bytes that wait for the rest of their frame.
    std::size_t pending() const { return _buffer.size() - _start; }
    void clear();

private:
    Bytes _buffer; ///< wiped when it goes: card data passes through
    std::size_t _start = 0;
};

} // namespace amt::zvt
