// SPDX-License-Identifier: EUPL-1.2
//
// Command and answer APDUs (ISO 7816-4) and the builders of every command that a read needs.
#include "drivers/eid/apdu.h"

#include "appliance/core/error.h"
#include "drivers/eid/tlv.h"

#include <array>

namespace amt::eid {
namespace {

constexpr std::array<std::uint8_t, 9> eidApplication{0xE8, 0x07, 0x04, 0x00, 0x7F,
                                                     0x00, 0x07, 0x03, 0x02};
constexpr std::uint8_t pinReference = 0x03;

} // namespace

Bytes encode(const CommandApdu& command)
{
    AMT_ASSERT(command.data.size() <= 0xFFFF);
    Bytes bytes{command.cla, static_cast<std::uint8_t>(command.ins), command.p1, command.p2};
    const std::size_t size = command.data.size();
    const auto high = [](std::size_t n) { return static_cast<std::uint8_t>(n >> 8); };
    const auto low = [](std::size_t n) { return static_cast<std::uint8_t>(n); };

    if (command.isExtended()) {
        bytes.push_back(0);
        if (size != 0) {
            bytes.push_back(high(size));
            bytes.push_back(low(size));
            append(bytes, command.data);
        }
        if (command.expected) { // 65536 is written as 0
            bytes.push_back(high(*command.expected));
            bytes.push_back(low(*command.expected));
        }
        return bytes;
    }
    if (size != 0) {
        bytes.push_back(low(size));
        append(bytes, command.data);
    }
    if (command.expected) // 256 is written as 0
        bytes.push_back(low(*command.expected));
    return bytes;
}

AnswerApdu decodeAnswer(ByteView answer)
{
    if (answer.size() < 2)
        throw Error(ErrorCode::CardGone, "answer without a status word");
    const ByteView status = answer.last(2);
    const ByteView data = answer.first(answer.size() - 2);
    return {Bytes(data.begin(), data.end()),
            static_cast<std::uint16_t>(status[0] << 8 | status[1])};
}

CommandApdu readFile(std::uint8_t shortIdentifier, std::size_t expected)
{
    return {
        .ins = Instruction::ReadBinary,
        .p1 = static_cast<std::uint8_t>(0x80 | shortIdentifier),
        .p2 = 0,
        .expected = expected,
    };
}

CommandApdu readOn(std::size_t offset, std::size_t expected)
{
    AMT_ASSERT(offset < 0x8000);
    return {
        .ins = Instruction::ReadBinary,
        .p1 = static_cast<std::uint8_t>(offset >> 8),
        .p2 = static_cast<std::uint8_t>(offset),
        .expected = expected,
    };
}

CommandApdu selectEid()
{
    return {
        .ins = Instruction::Select,
        .p1 = 0x04, // by name
        .p2 = 0x0C, // no answer wanted
        .data = Bytes(eidApplication.begin(), eidApplication.end()),
    };
}

CommandApdu selectPace(ByteView protocolOid, std::uint8_t passwordId,
                       std::optional<std::uint8_t> parameterId, ByteView chat)
{
    Tlv data;
    data.add(0x80, protocolOid).add(0x83, ByteView{&passwordId, 1});
    if (parameterId)
        data.add(0x84, ByteView{&*parameterId, 1});
    data.append(chat);
    return {
        .ins = Instruction::ManageSecurityEnvironment,
        .p1 = 0xC1, // set for mutual authentication
        .p2 = 0xA4, // authentication template
        .data = data.bytes(),
    };
}

CommandApdu generalAuthenticate(ByteView dynamicData, Chain chain)
{
    return {
        .cla = chain == Chain::GoesOn ? chainingBit : std::uint8_t{0},
        .ins = Instruction::GeneralAuthenticate,
        .data = Tlv().add(0x7C, dynamicData).bytes(),
        .expected = expectShortMax,
    };
}

CommandApdu selectVerificationKey(ByteView holderReference)
{
    return {
        .ins = Instruction::ManageSecurityEnvironment,
        .p1 = 0x81, // set for verification
        .p2 = 0xB6, // digital signature template
        .data = Tlv().add(0x83, holderReference).bytes(),
    };
}

CommandApdu verifyCertificate(ByteView certificateContent)
{
    return {
        .ins = Instruction::PerformSecurityOperation,
        .p1 = 0x00,
        .p2 = 0xBE, // verify self-descriptive certificate
        .data = Bytes(certificateContent.begin(), certificateContent.end()),
    };
}

CommandApdu selectTerminalAuthentication(ByteView protocolOid, ByteView holderReference,
                                         ByteView auxiliaryData, ByteView compressedKey)
{
    return {
        .ins = Instruction::ManageSecurityEnvironment,
        .p1 = 0x81,
        .p2 = 0xA4,
        .data = Tlv()
                    .add(0x80, protocolOid)
                    .add(0x83, holderReference)
                    .append(auxiliaryData)
                    .add(0x91, compressedKey)
                    .bytes(),
    };
}

CommandApdu getChallenge()
{
    return {.ins = Instruction::GetChallenge, .expected = 8};
}

CommandApdu externalAuthenticate(ByteView signature)
{
    return {
        .ins = Instruction::ExternalAuthenticate,
        .data = Bytes(signature.begin(), signature.end()),
    };
}

CommandApdu selectChipAuthentication(ByteView protocolOid, std::optional<Bytes> keyId)
{
    Tlv data;
    data.add(0x80, protocolOid);
    if (keyId)
        data.add(0x84, ByteView(*keyId));
    return {
        .ins = Instruction::ManageSecurityEnvironment,
        .p1 = 0x41, // set for computation
        .p2 = 0xA4,
        .data = data.bytes(),
    };
}

CommandApdu selectRestrictedIdentification(ByteView protocolOid, ByteView keyId)
{
    return {
        .ins = Instruction::ManageSecurityEnvironment,
        .p1 = 0x41, // set for computation
        .p2 = 0xA4,
        .data = Tlv().add(0x80, protocolOid).add(0x84, keyId).bytes(),
    };
}

CommandApdu setPin(const Secret& newPin)
{
    const ByteView digits = newPin.reveal();
    return {
        .ins = Instruction::ResetRetryCounter,
        .p1 = 0x02, // with new reference data
        .p2 = pinReference,
        .data = Bytes(digits.begin(), digits.end()),
    };
}

CommandApdu unblockPin()
{
    return {
        .ins = Instruction::ResetRetryCounter,
        .p1 = 0x03, // no data
        .p2 = pinReference,
    };
}

CommandApdu verifyAuxiliaryData(ByteView oid)
{
    return {
        .cla = 0x80,
        .ins = Instruction::Verify,
        .p1 = 0x80,
        .p2 = 0x00,
        .data = Tlv().add(0x06, oid).bytes(),
    };
}

} // namespace amt::eid
