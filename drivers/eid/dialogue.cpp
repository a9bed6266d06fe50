// SPDX-License-Identifier: EUPL-1.2
//
// Commands to one card, plain at first and then under secure messaging.
#include "drivers/eid/dialogue.h"

#include "appliance/core/error.h"
#include "drivers/eid/lengths.h"
#include "drivers/eid/tlv.h"

#include <algorithm>

namespace amt::eid {
namespace {

constexpr std::size_t shortCommandMax = 261;
constexpr std::size_t securePiece =
    223; ///< what fits into a short protected answer, and a command's data
constexpr std::size_t extendedHeader = 9;
/// The most that secure messaging adds to data: padding, and the objects 87, 97, 99 and 8E.
constexpr std::size_t protection = 64;
constexpr std::size_t fileBytesMax = 0x8000;
constexpr std::uint8_t fileAtrInfo = 0x01;

bool isSuccess(const AnswerApdu& answer)
{
    return answer.status == statusOk || (answer.status == statusEndOfFile && !answer.data.empty());
}

} // namespace

Dialogue::Dialogue(CardChannel& card, std::function<bool()> isCancelled)
    : _card(card), _isCancelled(std::move(isCancelled)), _commandMax(card.commandBytesMax()),
      _answerMax(_commandMax), _extended(_commandMax > shortCommandMax)
{}

/// Of data in an extended APDU that may have so many bytes.
std::size_t Dialogue::room(std::size_t apduBytes) const
{
    return apduBytes - extendedHeader - (isProtected() ? protection : 0);
}

AnswerApdu Dialogue::exchange(const CommandApdu& command)
{
    if (_isCancelled && _isCancelled())
        throw Cancelled{};
    if (!_secure)
        return decodeAnswer(_card.transmit(encode(command)));
    return _secure->unprotect(decodeAnswer(_card.transmit(encode(_secure->protect(command)))));
}

AnswerApdu Dialogue::send(const CommandApdu& command)
{
    const std::size_t piece = _extended ? room(_commandMax) : isProtected() ? securePiece : 255;
    // 240 bytes and their padding are the most that a short protected command without Le can hold.
    const bool isLongest = !_extended && isProtected() && !command.expected;
    if (command.data.size() <= (isLongest ? 239 : piece))
        return exchange(command);

    // Command chaining (ISO 7816-4 5.1.1.1)
    ByteView rest = command.data;
    for (;;) {
        const ByteView part = rest.first(std::min(rest.size(), piece));
        rest = rest.subspan(part.size());
        CommandApdu next = command;
        next.data.assign(part.begin(), part.end());
        if (rest.empty())
            return exchange(next);
        next.cla = static_cast<std::uint8_t>(next.cla | chainingBit);
        next.expected.reset();
        const AnswerApdu answer = exchange(next);
        if (answer.status != statusOk)
            return answer;
    }
}

ReaderPace Dialogue::executePace(PacePassword password, ByteView chat, const Secret& given,
                                 ByteView description)
{
    if (_isCancelled && _isCancelled())
        throw Cancelled{};
    AMT_ASSERT(!_secure);
    Bytes input = establishPace(password, chat, given, description);
    const Bytes output = _card.executePace(input);
    wipe(input);
    ReaderPace pace = parseEstablishedPace(output);
    _behindReader = _behindReader || std::holds_alternative<ReaderPaceOpened>(pace);
    return pace;
}

/// What a reader or a card says of its longest answer holds here, too; one that says nothing is
/// asked for as much as it has.
std::size_t Dialogue::readSize() const
{
    if (_extended)
        return _answerMax >= extendedHeader + 0xFFFF ? expectExtendedMax : room(_answerMax);
    return isProtected() ? securePiece : expectShortMax;
}

/// EF.ATR/INFO, when the first long command was refused: the card may say how long it may be.
void Dialogue::learnLengths()
{
    _extended = false;
    const AnswerApdu answer = send(readFile(fileAtrInfo, expectShortMax));
    const auto lengths = isSuccess(answer) ? cardLengths(answer.data) : std::nullopt;
    if (!lengths)
        return;
    _commandMax = std::min(_commandMax, lengths->command);
    _answerMax = std::min(_answerMax, lengths->answer);
    _extended = std::min(_commandMax, _answerMax) > shortCommandMax + protection;
}

AnswerApdu Dialogue::readFirst(std::uint8_t shortIdentifier)
{
    AnswerApdu answer = send(readFile(shortIdentifier, readSize()));
    if (answer.status != statusWrongLength || !_extended || _secure)
        return answer;
    learnLengths();
    answer = send(readFile(shortIdentifier, readSize()));
    if (answer.status != statusWrongLength || !_extended)
        return answer;
    _extended = false; // it is the reader that cannot
    return send(readFile(shortIdentifier, readSize()));
}

Dialogue::File Dialogue::readWhole(std::uint8_t shortIdentifier)
{
    AnswerApdu answer = readFirst(shortIdentifier);
    File file;
    for (;;) {
        if (!isSuccess(answer)) {
            file.refused = answer.status;
            file.content.clear();
            return file;
        }
        append(file.content, answer.data);
        const auto size = sizeOfTlv(file.content);
        if ((size && *size > fileBytesMax) || file.content.size() > fileBytesMax)
            throw Error(ErrorCode::CardAnswerMalformed, "file longer than any");
        if (size && file.content.size() >= *size) {
            file.content.resize(*size); // cards may pad
            return file;
        }
        if (answer.data.empty() || answer.status == statusEndOfFile)
            throw Error(ErrorCode::CardAnswerMalformed, "file shorter than it says");
        answer = send(readOn(file.content.size(), readSize()));
    }
}

} // namespace amt::eid
