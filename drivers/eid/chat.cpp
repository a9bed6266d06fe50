// SPDX-License-Identifier: EUPL-1.2
//
// The certificate holder authorisation template of authentication terminals.
#include "drivers/eid/chat.h"

#include "drivers/eid/tlv.h"

#include <array>

namespace amt::eid {
namespace {

constexpr std::array<std::uint8_t, 9> oidAt{0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x02, 0x02};
constexpr std::size_t chatBytes = 5;
constexpr std::uint64_t rightBits = (std::uint64_t{1} << 38) - 1; // without the two role bits

std::uint64_t readBit(DataGroup group)
{
    return std::uint64_t{1} << (7 + static_cast<int>(group));
}

} // namespace

Rights Rights::toRead(const std::set<DataGroup>& groups)
{
    std::uint64_t bits = 0;
    for (const auto group : groups)
        bits |= readBit(group);
    return Rights(bits);
}

Rights Rights::fromBytes(ByteView bytes)
{
    if (bytes.size() != chatBytes)
        throw Error(ErrorCode::CertificateUnusable, "length of the authorisation");
    std::uint64_t bits = 0;
    for (const auto byte : bytes)
        bits = bits << 8 | byte;
    return Rights(bits & rightBits);
}

bool Rights::mayRead(DataGroup group) const
{
    return (_bits & readBit(group)) != 0;
}

Rights Rights::with(SpecialRight right) const
{
    return Rights(_bits | std::uint64_t{1} << static_cast<int>(right));
}

bool Rights::may(SpecialRight right) const
{
    return (_bits >> static_cast<int>(right) & 1) != 0;
}

Bytes Rights::encode() const
{
    Bytes bytes;
    for (int shift = 32; shift >= 0; shift -= 8)
        bytes.push_back(static_cast<std::uint8_t>(_bits >> shift));
    return Tlv().add(0x7F4C, Tlv().add(0x06, oidAt).add(0x53, bytes)).bytes();
}

ByteView authenticationTerminalOid()
{
    return oidAt;
}

} // namespace amt::eid
