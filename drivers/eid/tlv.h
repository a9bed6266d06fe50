// SPDX-License-Identifier: EUPL-1.2
//
// BER-TLV as cards and card verifiable certificates write it: read strictly, built in order.
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/error.h"

#include <optional>
#include <vector>

namespace amt::eid {

using Tag = std::uint32_t; ///< as written: 0x5F20 is two bytes

/// One data object inside bytes that somebody else keeps.
struct TlvObject {
    Tag tag = 0;
    ByteView value;
    ByteView whole; ///< with tag and length, as received
};

/// All objects of `bytes`, to the last byte. Definite lengths of at most three bytes, tags of at
/// most three. Throws `malformed`.
std::vector<TlvObject> parseTlv(ByteView bytes,
                                ErrorCode malformed = ErrorCode::CardAnswerMalformed);
/// Exactly one object, with this tag.
TlvObject parseOne(ByteView bytes, Tag tag, ErrorCode malformed = ErrorCode::CardAnswerMalformed);
/// The first object with this tag, or nothing.
std::optional<TlvObject> find(const std::vector<TlvObject>& objects, Tag tag);
/// The only object with this tag; throws `malformed` when there is none or more.
TlvObject only(const std::vector<TlvObject>& objects, Tag tag,
               ErrorCode malformed = ErrorCode::CardAnswerMalformed);
/// Length of the object that begins here, header included; nothing while the header is not
/// complete. Throws CardAnswerMalformed for a header that cannot be.
std::optional<std::size_t> sizeOfTlv(ByteView beginning);

/// Builds a row of data objects.
class Tlv {
public:
    Tlv& add(Tag tag, ByteView value);
    Tlv& add(Tag tag, const Tlv& inner) { return add(tag, ByteView(inner._bytes)); }
    /// Objects that are encoded already.
    Tlv& append(ByteView encoded);
    const Bytes& bytes() const { return _bytes; }

private:
    Bytes _bytes;
};

} // namespace amt::eid
