// SPDX-License-Identifier: EUPL-1.2
//
// ZVT frames: encoding, decoding, reassembly.
#include "drivers/zvt/frame.h"

#include "appliance/core/error.h"

#include <span>

namespace amt::zvt {

namespace {

struct Header {
    std::uint16_t control;
    std::size_t headerSize;
    std::size_t dataSize;
};

/// The classes of PA00P015 and the two acknowledgements; anything else is another protocol
/// (facts 1.1).
bool isZvtClass(std::uint8_t first)
{
    switch (first) {
    case 0x04:
    case 0x05:
    case 0x06:
    case 0x08:
    case 0x0F:
    case 0x80:
    case 0x84:
        return true;
    default:
        return false;
    }
}

std::optional<Header> readHeader(ByteView wire)
{
    if (wire.empty())
        return std::nullopt;
    if (!isZvtClass(wire[0]) || (wire[0] == 0x80 && wire.size() > 1 && wire[1] != 0x00))
        throw Error(ErrorCode::TerminalSpeaksOther, "control field of no ZVT class");
    if (wire.size() < 3)
        return std::nullopt;
    const auto control = static_cast<std::uint16_t>(wire[0] << 8 | wire[1]);
    if (wire[2] != 0xFF)
        return Header{control, 3, wire[2]};
    if (wire.size() < 5)
        return std::nullopt;
    return Header{control, 5, static_cast<std::size_t>(wire[3] | wire[4] << 8)};
}

} // namespace

bool isPositiveAck(const Frame& frame)
{
    return frame.control == 0x8000 || frame.control == 0x8400;
}

bool isNegativeAck(const Frame& frame)
{
    return (frame.control >> 8) == 0x84 && frame.control != 0x8400;
}

Bytes encodeFrame(const Frame& frame)
{
    AMT_ASSERT(frame.data.size() <= 0xFFFF);
    Bytes wire = {static_cast<std::uint8_t>(frame.control >> 8),
                  static_cast<std::uint8_t>(frame.control & 0xFF)};
    const std::size_t size = frame.data.size();
    if (size < 0xFF) {
        wire.push_back(static_cast<std::uint8_t>(size));
    } else {
        wire.push_back(0xFF);
        wire.push_back(static_cast<std::uint8_t>(size & 0xFF));
        wire.push_back(static_cast<std::uint8_t>(size >> 8));
    }
    append(wire, frame.data);
    return wire;
}

Frame decodeFrame(ByteView wire)
{
    const auto header = readHeader(wire);
    if (!header)
        throw Error(ErrorCode::TerminalFrameMalformed, "frame shorter than its header");
    if (wire.size() != header->headerSize + header->dataSize)
        throw Error(ErrorCode::TerminalFrameMalformed, "length of the frame does not match");
    const ByteView data = wire.subspan(header->headerSize);
    return {header->control, Bytes(data.begin(), data.end())};
}

FrameReader::~FrameReader()
{
    wipe(_buffer);
}

void FrameReader::push(ByteView bytes)
{
    if (_start == _buffer.size())
        clear();
    if (_buffer.capacity() < _buffer.size() + bytes.size()) {
        Bytes grown;
        grown.reserve(2 * (_buffer.size() - _start + bytes.size()));
        append(grown, ByteView(_buffer).subspan(_start));
        wipe(_buffer);
        _buffer = std::move(grown);
        _start = 0;
    }
    append(_buffer, bytes);
}

std::optional<Frame> FrameReader::next()
{
    const ByteView rest = ByteView(_buffer).subspan(_start);
    const auto header = readHeader(rest);
    if (!header || rest.size() < header->headerSize + header->dataSize)
        return std::nullopt;
    const ByteView data = rest.subspan(header->headerSize, header->dataSize);
    Frame frame{header->control, Bytes(data.begin(), data.end())};
    const std::size_t size = header->headerSize + header->dataSize;
    wipe(std::span(_buffer).subspan(_start, size));
    _start += size;
    return frame;
}

void FrameReader::clear()
{
    wipe(_buffer);
    _buffer.clear();
    _start = 0;
}

} // namespace amt::zvt
