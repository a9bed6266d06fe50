// SPDX-License-Identifier: EUPL-1.2
//
// BER-TLV as cards and card verifiable certificates write it.
#include "drivers/eid/tlv.h"

namespace amt::eid {
namespace {

struct Header {
    Tag tag = 0;
    std::size_t headerBytes = 0;
    std::size_t valueBytes = 0;
};

/// Nothing when `bytes` ends inside the header.
std::optional<Header> parseHeader(ByteView bytes, ErrorCode malformed)
{
    Header header;
    std::size_t at = 0;
    const auto next = [&]() -> std::optional<std::uint8_t> {
        if (at == bytes.size())
            return std::nullopt;
        return bytes[at++];
    };

    auto byte = next();
    if (!byte)
        return std::nullopt;
    header.tag = *byte;
    if ((*byte & 0x1F) == 0x1F) {
        do {
            byte = next();
            if (!byte)
                return std::nullopt;
            if (at == 2 && *byte == 0x80)
                throw Error(malformed, "tag with a leading zero");
            if (at == 4)
                throw Error(malformed, "tag longer than three bytes");
            header.tag = header.tag << 8 | *byte;
        } while ((*byte & 0x80) != 0);
    }

    byte = next();
    if (!byte)
        return std::nullopt;
    header.valueBytes = *byte;
    if (*byte >= 0x80) {
        const unsigned count = *byte & 0x7F;
        if (count == 0 || count > 3)
            throw Error(malformed, "length of a form we do not take");
        header.valueBytes = 0;
        for (unsigned i = 0; i < count; ++i) {
            byte = next();
            if (!byte)
                return std::nullopt;
            header.valueBytes = header.valueBytes << 8 | *byte;
        }
    }
    header.headerBytes = at;
    return header;
}

} // namespace

std::vector<TlvObject> parseTlv(ByteView bytes, ErrorCode malformed)
{
    std::vector<TlvObject> objects;
    while (!bytes.empty()) {
        const auto header = parseHeader(bytes, malformed);
        if (!header || bytes.size() - header->headerBytes < header->valueBytes)
            throw Error(malformed, "data object longer than its surroundings");
        const std::size_t size = header->headerBytes + header->valueBytes;
        objects.push_back({header->tag, bytes.subspan(header->headerBytes, header->valueBytes),
                           bytes.first(size)});
        bytes = bytes.subspan(size);
    }
    return objects;
}

TlvObject parseOne(ByteView bytes, Tag tag, ErrorCode malformed)
{
    const auto objects = parseTlv(bytes, malformed);
    if (objects.size() != 1 || objects.front().tag != tag)
        throw Error(malformed, "another data object than expected");
    return objects.front();
}

std::optional<TlvObject> find(const std::vector<TlvObject>& objects, Tag tag)
{
    for (const auto& object : objects) {
        if (object.tag == tag)
            return object;
    }
    return std::nullopt;
}

TlvObject only(const std::vector<TlvObject>& objects, Tag tag, ErrorCode malformed)
{
    std::optional<TlvObject> found;
    for (const auto& object : objects) {
        if (object.tag != tag)
            continue;
        if (found)
            throw Error(malformed, "data object twice");
        found = object;
    }
    if (!found)
        throw Error(malformed, "data object missing");
    return *found;
}

std::optional<std::size_t> sizeOfTlv(ByteView beginning)
{
    const auto header = parseHeader(beginning, ErrorCode::CardAnswerMalformed);
    if (!header)
        return std::nullopt;
    return header->headerBytes + header->valueBytes;
}

Tlv& Tlv::add(Tag tag, ByteView value)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        const auto byte = static_cast<std::uint8_t>(tag >> shift);
        if (shift == 0 || tag >> shift != 0)
            _bytes.push_back(byte);
    }
    const std::size_t size = value.size();
    AMT_ASSERT(size <= 0xFFFFFF);
    if (size >= 0x80) {
        const int count = size > 0xFFFF ? 3 : size > 0xFF ? 2 : 1;
        _bytes.push_back(static_cast<std::uint8_t>(0x80 | count));
        for (int shift = (count - 1) * 8; shift >= 0; shift -= 8)
            _bytes.push_back(static_cast<std::uint8_t>(size >> shift));
    } else {
        _bytes.push_back(static_cast<std::uint8_t>(size));
    }
    return append(value);
}

Tlv& Tlv::append(ByteView encoded)
{
    amt::append(_bytes, encoded);
    return *this;
}

} // namespace amt::eid
