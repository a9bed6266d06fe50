// SPDX-License-Identifier: EUPL-1.2
//
// Serial framing of ZVT.
#include "drivers/zvt/serial.h"

#include <cstddef>

namespace amt::zvt {

namespace {

constexpr std::uint8_t stx = 0x02;
constexpr std::uint8_t etx = 0x03;
constexpr std::uint8_t ack = 0x06;
constexpr std::uint8_t dle = 0x10;
constexpr std::uint8_t nak = 0x15;

/// A frame of 65535 bytes with each byte doubled, and the framing.
constexpr std::size_t blockBytesMax = 2 * (5 + 0xFFFF) + 6;

std::uint16_t checksumStep(std::uint16_t crc, std::uint8_t byte)
{
    crc = static_cast<std::uint16_t>(crc ^ byte);
    for (int bit = 0; bit < 8; ++bit)
        crc = static_cast<std::uint16_t>((crc & 1) != 0 ? crc >> 1 ^ 0x8408 : crc >> 1);
    return crc;
}

} // namespace

std::uint16_t serialChecksum(ByteView frame)
{
    std::uint16_t crc = 0;
    for (const std::uint8_t byte : frame)
        crc = checksumStep(crc, byte);
    return checksumStep(crc, etx);
}

Bytes encodeSerial(ByteView frame)
{
    Bytes block = {dle, stx};
    for (const std::uint8_t byte : frame) {
        block.push_back(byte);
        if (byte == dle)
            block.push_back(dle);
    }
    const std::uint16_t crc = serialChecksum(frame);
    append(block, Bytes{dle, etx, static_cast<std::uint8_t>(crc & 0xFF),
                        static_cast<std::uint8_t>(crc >> 8)});
    return block;
}

void SerialReader::push(ByteView bytes)
{
    append(_buffer, bytes);
}

std::optional<SerialEvent> SerialReader::next()
{
    std::size_t at = 0;
    const auto consume = [&](std::size_t count) {
        _buffer.erase(_buffer.begin(), _buffer.begin() + static_cast<std::ptrdiff_t>(count));
    };
    for (; at < _buffer.size(); ++at) {
        const std::uint8_t byte = _buffer[at];
        if (byte == ack || byte == nak) {
            consume(at + 1);
            return SerialEvent{byte == ack ? SerialEvent::Kind::Ack : SerialEvent::Kind::Nak, {}};
        }
        if (byte == dle && (at + 1 == _buffer.size() || _buffer[at + 1] == stx))
            break;
    }
    consume(at);
    if (_buffer.size() < 2)
        return std::nullopt;
    SerialEvent event{SerialEvent::Kind::Frame, {}};
    for (std::size_t i = 2; i + 1 < _buffer.size();) {
        if (_buffer[i] != dle) {
            event.frame.push_back(_buffer[i++]);
            continue;
        }
        const std::uint8_t escaped = _buffer[i + 1];
        if (escaped == dle) {
            event.frame.push_back(dle);
            i += 2;
        } else if (escaped == etx) { // the two checksum bytes are raw: they may be DLE themselves
            if (_buffer.size() < i + 4)
                return std::nullopt;
            const auto crc = static_cast<std::uint16_t>(_buffer[i + 2] | _buffer[i + 3] << 8);
            if (crc != serialChecksum(event.frame))
                event = {SerialEvent::Kind::Broken, {}};
            consume(i + 4);
            return event;
        } else { // neither doubled nor an end: the block is lost, perhaps a new one begins here
            consume(i);
            return SerialEvent{SerialEvent::Kind::Broken, {}};
        }
    }
    if (_buffer.size() > blockBytesMax) {
        _buffer.clear();
        return SerialEvent{SerialEvent::Kind::Broken, {}};
    }
    return std::nullopt;
}

} // namespace amt::zvt
