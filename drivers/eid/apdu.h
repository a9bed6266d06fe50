// SPDX-License-Identifier: EUPL-1.2
//
// Command and answer APDUs (ISO 7816-4) and the builders of every command that a read needs
// (TR-03110-3 B.11).
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/secret.h"

#include <optional>

namespace amt::eid {

enum class Instruction : std::uint8_t {
    Verify = 0x20,
    ManageSecurityEnvironment = 0x22,
    PerformSecurityOperation = 0x2A,
    ResetRetryCounter = 0x2C,
    ExternalAuthenticate = 0x82,
    GetChallenge = 0x84,
    GeneralAuthenticate = 0x86,
    Select = 0xA4,
    ReadBinary = 0xB0,
};

constexpr std::uint8_t chainingBit = 0x10; ///< in the class byte: more of this command follows
constexpr std::uint8_t secureMessagingBits = 0x0C; ///< header authenticated
constexpr std::size_t expectShortMax = 256;
constexpr std::size_t expectExtendedMax = 65536;

struct CommandApdu {
    std::uint8_t cla = 0x00;
    Instruction ins = Instruction::Select;
    std::uint8_t p1 = 0;
    std::uint8_t p2 = 0;
    Bytes data = {};
    std::optional<std::size_t> expected = {}; ///< Le: 1 to 65536 bytes

    /// Data or expectation that the short form cannot say.
    bool isExtended() const { return data.size() > 255 || expected.value_or(0) > expectShortMax; }
};

Bytes encode(const CommandApdu& command);

/// Status word and the bytes before it.
struct AnswerApdu {
    Bytes data;
    std::uint16_t status = 0;
};

constexpr std::uint16_t statusOk = 0x9000;
constexpr std::uint16_t statusEndOfFile = 0x6282;
constexpr std::uint16_t statusPinOff = 0x6283;
constexpr std::uint16_t statusAuthenticationFailed = 0x6300;
constexpr std::uint16_t statusWrongLength = 0x6700;
constexpr std::uint16_t statusBlocked = 0x6983;
constexpr std::uint16_t statusReferenceUnusable = 0x6984;
constexpr std::uint16_t statusConditions = 0x6985;
constexpr std::uint16_t statusFileNotFound = 0x6A82;
/// 63Cx: x tries left.
constexpr bool isRetryCounter(std::uint16_t status)
{
    return (status & 0xFFF0) == 0x63C0;
}

/// Throws CardGone for fewer than two bytes: that is how a card leaves inside an APDU (pcscd,
/// virtual reader).
AnswerApdu decodeAnswer(ByteView answer);

/// READ BINARY by short file identifier, from the beginning.
CommandApdu readFile(std::uint8_t shortIdentifier, std::size_t expected);
/// READ BINARY of the file that was read last; `offset` below 32768.
CommandApdu readOn(std::size_t offset, std::size_t expected);
/// SELECT of the eID application.
CommandApdu selectEid();
/// MSE:Set AT for PACE (TR-03110-3 B.11.1). `parameterId` only when the card offers several.
CommandApdu selectPace(ByteView protocolOid, std::uint8_t passwordId,
                       std::optional<std::uint8_t> parameterId, ByteView chat);
/// GENERAL AUTHENTICATE with the dynamic authentication data that PACE or chip authentication wants
/// next.
enum class Chain { GoesOn, Ends };
CommandApdu generalAuthenticate(ByteView dynamicData, Chain chain);
/// MSE:Set DST: the key that verifies the next certificate.
CommandApdu selectVerificationKey(ByteView holderReference);
/// PSO: Verify Certificate, without the outer 7F21.
CommandApdu verifyCertificate(ByteView certificateContent);
/// MSE:Set AT for terminal authentication version 2.
CommandApdu selectTerminalAuthentication(ByteView protocolOid, ByteView holderReference,
                                         ByteView auxiliaryData, ByteView compressedKey);
CommandApdu getChallenge();
CommandApdu externalAuthenticate(ByteView signature);
/// MSE:Set AT for chip authentication.
CommandApdu selectChipAuthentication(ByteView protocolOid, std::optional<Bytes> keyId);
/// MSE:Set AT for restricted identification (TR-03110-3 B.11.1).
CommandApdu selectRestrictedIdentification(ByteView protocolOid, ByteView keyId);
/// RESET RETRY COUNTER of the PIN (TR-03110-3 B.11.9): with a new PIN, or as it is.
CommandApdu setPin(const Secret& newPin);
CommandApdu unblockPin();
/// VERIFY of auxiliary data (TR-03110-3 B.11.10).
CommandApdu verifyAuxiliaryData(ByteView oid);

} // namespace amt::eid
