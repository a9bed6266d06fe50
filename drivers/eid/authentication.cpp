// SPDX-License-Identifier: EUPL-1.2
//
// Terminal authentication and chip authentication, version 2: what is signed, what is agreed.
#include "drivers/eid/authentication.h"

#include "appliance/core/error.h"
#include "drivers/eid/tlv.h"

#include <array>

namespace amt::eid {
namespace {

// id-AuxiliaryData, 0.4.0.127.0.7.3.1.4
constexpr std::array<std::uint8_t, 8> oidAuxiliary{0x04, 0x00, 0x7F, 0x00, 0x07, 0x03, 0x01, 0x04};

} // namespace

Bytes terminalProof(ByteView cardsCompressedKey, ByteView nonce, ByteView ownCompressedKey,
                    ByteView auxiliaryData)
{
    return concat(cardsCompressedKey, nonce, ownCompressedKey, auxiliaryData);
}

Bytes auxiliaryOid(Question question)
{
    Bytes oid(oidAuxiliary.begin(), oidAuxiliary.end());
    oid.push_back(static_cast<std::uint8_t>(question));
    return oid;
}

Bytes auxiliaryTemplate(Question question, ByteView data)
{
    return Tlv().add(0x73, Tlv().add(0x06, auxiliaryOid(question)).add(0x53, data)).bytes();
}

Bytes dateDigits(LocalDate day)
{
    std::string digits = toIso(day);
    std::erase(digits, '-');
    return toBytes(digits);
}

Bytes auxiliaryData(ByteView templates)
{
    return templates.empty() ? Bytes{} : Tlv().add(0x67, templates).bytes();
}

Bytes sectorQuestion(ByteView sectorKey)
{
    return Tlv().add(0xA0, sectorKey).bytes();
}

ChipKeys agreeWithChip(const CipherSuite& suite, const Curve& curve, ByteView protocolOid,
                       const KeyPair& own, ByteView chipKey, ByteView nonce, ByteView token)
{
    Bytes product = curve.multiply(chipKey, own.secret);
    const Secret shared(curve.compressed(product));
    wipe(product);
    ChipKeys keys{deriveKey(suite, KeyUse::Encryption, shared, nonce),
                  deriveKey(suite, KeyUse::Mac, shared, nonce)};
    if (!equalInConstantTime(mac(suite, keys.mac, tokenInput(protocolOid, own.point)), token))
        throw Error(ErrorCode::CardForged, "token of chip authentication");
    return keys;
}

} // namespace amt::eid
