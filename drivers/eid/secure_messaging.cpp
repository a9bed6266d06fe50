// SPDX-License-Identifier: EUPL-1.2
//
// Secure messaging with AES (TR-03110-3 F).
#include "drivers/eid/secure_messaging.h"

#include "appliance/core/error.h"
#include "drivers/eid/tlv.h"

namespace amt::eid {
namespace {

constexpr Tag tagCryptogram = 0x87; // padding indicator and cryptogram
constexpr Tag tagExpected = 0x97;
constexpr Tag tagStatus = 0x99;
constexpr Tag tagMac = 0x8E;

/// Le as the protected command carries it: one byte, or two for an extended one.
Bytes expectedField(std::size_t expected)
{
    if (expected <= expectShortMax)
        return {static_cast<std::uint8_t>(expected)};
    return {static_cast<std::uint8_t>(expected >> 8), static_cast<std::uint8_t>(expected)};
}

} // namespace

SecureMessaging::SecureMessaging(const CipherSuite& suite, Secret encryptionKey, Secret macKey,
                                 std::uint64_t counter)
    : _suite(&suite), _encryptionKey(std::move(encryptionKey)), _macKey(std::move(macKey)),
      _counter(counter)
{}

Bytes SecureMessaging::nextCounter()
{
    ++_counter;
    Bytes block(blockBytes);
    for (std::size_t i = 0; i < 8; ++i)
        block[blockBytes - 1 - i] = static_cast<std::uint8_t>(_counter >> 8 * i);
    return block;
}

CommandApdu SecureMessaging::protect(const CommandApdu& command)
{
    if (_broken)
        throw Error(ErrorCode::StepOutOfOrder, "secure messaging has ended");
    const Bytes counter = nextCounter();

    CommandApdu out = command;
    out.cla = static_cast<std::uint8_t>(command.cla | secureMessagingBits);
    Tlv objects;
    if (!command.data.empty()) {
        const Bytes cryptogram =
            encryptCbc(*_suite, _encryptionKey, encryptBlock(*_suite, _encryptionKey, counter),
                       padded(command.data));
        const Bytes indicator{0x01};
        objects.add(tagCryptogram, concat(indicator, cryptogram));
    }
    const bool wide = command.isExtended();
    if (command.expected) {
        // An extended command says its Le in two bytes, even where one would do.
        objects.add(tagExpected, wide && *command.expected <= expectShortMax
                                     ? Bytes{static_cast<std::uint8_t>(*command.expected >> 8),
                                             static_cast<std::uint8_t>(*command.expected)}
                                     : expectedField(*command.expected));
    }

    const Bytes header{out.cla, static_cast<std::uint8_t>(out.ins), out.p1, out.p2};
    Bytes covered = concat(counter, padded(header));
    if (!objects.bytes().empty())
        append(covered, padded(objects.bytes()));
    objects.add(tagMac, mac(*_suite, _macKey, covered));
    out.data = objects.bytes();
    out.expected = wide || out.data.size() > 255 ? expectExtendedMax : expectShortMax;
    return out;
}

AnswerApdu SecureMessaging::unprotect(const AnswerApdu& answer)
{
    if (_broken)
        throw Error(ErrorCode::StepOutOfOrder, "secure messaging has ended");
    const Bytes counter = nextCounter();
    _broken = true; // until this answer has proved itself
    if (answer.data.empty())
        throw Error(ErrorCode::CardRefused, "answer outside the secure channel");

    const auto objects = parseTlv(answer.data);
    const auto code = only(objects, tagMac);
    const auto status = only(objects, tagStatus);
    const auto cryptogram = find(objects, tagCryptogram);
    if (objects.back().tag != tagMac || objects.size() != (cryptogram ? 3U : 2U) ||
        (cryptogram && objects.front().tag != tagCryptogram))
        throw Error(ErrorCode::CardAnswerMalformed, "data objects of the secure channel");

    const ByteView covered = ByteView(answer.data).first(answer.data.size() - code.whole.size());
    const Bytes expected = mac(*_suite, _macKey, concat(counter, padded(covered)));
    if (!equalInConstantTime(expected, code.value))
        throw Error(ErrorCode::CardAnswerMalformed, "authentication code of the secure channel");
    if (status.value.size() != 2 ||
        (status.value[0] << 8 | status.value[1]) != static_cast<int>(answer.status))
        throw Error(ErrorCode::CardAnswerMalformed, "status differs from the protected one");

    AnswerApdu clear{{}, answer.status};
    if (cryptogram) {
        const ByteView value = cryptogram->value;
        if (value.size() < 1 + blockBytes || value[0] != 0x01 ||
            (value.size() - 1) % blockBytes != 0)
            throw Error(ErrorCode::CardAnswerMalformed, "cryptogram of the secure channel");
        clear.data = decryptCbc(*_suite, _encryptionKey,
                                encryptBlock(*_suite, _encryptionKey, counter), value.subspan(1));
        while (!clear.data.empty() && clear.data.back() == 0)
            clear.data.pop_back();
        if (clear.data.empty() || clear.data.back() != 0x80)
            throw Error(ErrorCode::CardAnswerMalformed, "padding of the secure channel");
        clear.data.pop_back();
    }
    _broken = false;
    return clear;
}

} // namespace amt::eid
