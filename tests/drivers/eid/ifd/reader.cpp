// SPDX-License-Identifier: EUPL-1.2
//
// A card reader with a keypad that opens PACE itself. The bytes towards the host are written here
// from PC/SC part 10; towards the card it is a terminal like ours, judged by the card.
#include "tests/drivers/eid/ifd/reader.h"

#include "drivers/eid/outcome.h"
#include "drivers/eid/pace.h"

namespace amt::test {
namespace {

using eid::AnswerApdu;
using eid::CommandApdu;
using eid::Tlv;

constexpr std::uint32_t lengthsInconsistent = 0xD0000001, unexpectedData = 0xD0000002,
                        badToken = 0xE0000006, noCard = 0xF0100002, aborted = 0xF0200001,
                        timeout = 0xF0200002;
constexpr std::uint32_t readingAccess = 0xF001, choosing = 0xF002, authenticating = 0xF003;

Bytes little(std::uint32_t value, std::size_t size)
{
    Bytes bytes;
    for (std::size_t i = 0; i < size; ++i)
        bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
    return bytes;
}

Bytes sized(ByteView field, std::size_t lengthBytes)
{
    return concat(little(static_cast<std::uint32_t>(field.size()), lengthBytes), field);
}

/// Result, length, output.
Bytes answer(std::uint32_t result, ByteView output)
{
    return concat(little(result, 4), sized(output, 2));
}

/// The host's command, taken apart: case 1 to 4, short or extended (ISO 7816-4 5.1).
CommandApdu decode(ByteView raw)
{
    CommandApdu command{raw[0], static_cast<eid::Instruction>(raw[1]), raw[2], raw[3], {}, {}};
    ByteView body = raw.subspan(4);
    const bool extended = body.size() > 1 && body[0] == 0;
    if (extended)
        body = body.subspan(1);
    const std::size_t field = extended ? 2 : 1;
    const auto number = [&](ByteView at) {
        return extended ? static_cast<std::size_t>(at[0]) << 8 | at[1] : std::size_t{at[0]};
    };
    if (body.size() > field) {
        const std::size_t size = number(body);
        const ByteView data = body.subspan(field, size);
        command.data.assign(data.begin(), data.end());
        body = body.subspan(field + size);
    }
    if (!body.empty()) {
        const std::size_t expected = number(body);
        command.expected = expected != 0 ? expected : extended ? 65536 : 256;
    }
    return command;
}

} // namespace

KeypadReader::KeypadReader(sim::SimulatedCard& laid, RandomSource& random, ReaderShape offered)
    : shape(offered), card(laid), _random(random)
{
    keypad = [](std::uint8_t) { return NobodyCame{}; };
}

Bytes KeypadReader::features() const
{
    Bytes all;
    const auto add = [&](std::uint8_t feature, std::uint32_t code) { // highest byte first
        all.insert(all.end(),
                   {feature, 4, static_cast<std::uint8_t>(code >> 24),
                    static_cast<std::uint8_t>(code >> 16), static_cast<std::uint8_t>(code >> 8),
                    static_cast<std::uint8_t>(code)});
    };
    if (shape.verifiesPin)
        add(0x06, verifyPin);
    if (shape.apduBytes)
        add(0x12, tlvProperties);
    if (shape.executesPace)
        add(0x20, executePace);
    return all;
}

Bytes KeypadReader::properties() const
{
    const Bytes tag{0x0A, 4}; // dwMaxAPDUDataSize
    return concat(tag, little(*shape.apduBytes, 4));
}

std::optional<Bytes> KeypadReader::control(std::uint32_t code, ByteView input)
{
    if (code == getFeatures)
        return features();
    if (code == tlvProperties && shape.apduBytes)
        return properties();
    if (code != executePace || !shape.executesPace)
        return std::nullopt;
    if (input.size() == 3 && input[0] == 1)
        return answer(0, Bytes{shape.capabilities});
    controls.emplace_back(input.begin(), input.end());
    Bytes output;
    try {
        output = answer(0, establish(input));
    } catch (const Failed& failed) {
        output = answer(failed.result, {});
    }
    if (bend)
        bend(output);
    return output;
}

/// EstablishPACEChannel (amendment 1): password, CHAT, given password, description.
Bytes KeypadReader::establish(ByteView input)
{
    if (input.size() < 3 || input[0] != 2 ||
        (input[1] | std::size_t{input[2]} << 8) != input.size() - 3)
        throw Failed{lengthsInconsistent};
    input = input.subspan(3);
    const auto take = [&](std::size_t size) {
        if (size > input.size())
            throw Failed{lengthsInconsistent};
        const ByteView taken = input.first(size);
        input = input.subspan(size);
        return taken;
    };
    const std::uint8_t passwordId = take(1)[0];
    const ByteView chat = take(take(1)[0]);
    const ByteView given = take(take(1)[0]);
    const ByteView length = take(2);
    take(length[0] | std::size_t{length[1]} << 8);
    if (!input.empty())
        throw Failed{lengthsInconsistent};
    if (!given.empty() && passwordId != 2)
        throw Failed{unexpectedData}; // only what stands on the card may come from the host
    Secret digits{Bytes(given.begin(), given.end())};
    if (digits.empty()) {
        const AtKeypad typed = keypad(passwordId);
        if (std::holds_alternative<CancelPressed>(typed))
            throw Failed{aborted};
        if (std::holds_alternative<NobodyCame>(typed))
            throw Failed{timeout};
        digits = Secret(std::get<Typed>(typed).digits);
    }
    return openChannel(passwordId, chat, digits);
}

/// The card's answer, by way of the channel that there is.
AnswerApdu KeypadReader::send(const CommandApdu& command)
{
    if (!_channel)
        return eid::decodeAnswer(card.transmit(encode(command)));
    return _channel->unprotect(
        eid::decodeAnswer(card.transmit(encode(_channel->protect(command)))));
}

AnswerApdu KeypadReader::exchange(const CommandApdu& command, std::uint32_t step)
{
    AnswerApdu got;
    try {
        got = send(command);
    } catch (const Error&) {
        throw Failed{noCard};
    }
    if (got.status != 0x9000)
        throw Failed{step << 16 | got.status};
    return got;
}

Bytes KeypadReader::readCardAccess()
{
    Bytes file = exchange(eid::readFile(0x1C, 256), readingAccess).data;
    while (file.size() < eid::sizeOfTlv(file).value_or(file.size() + 1))
        append(file, exchange(eid::readOn(file.size(), 256), readingAccess).data);
    return file;
}

Bytes KeypadReader::openChannel(std::uint8_t passwordId, ByteView chat, const Secret& digits)
{
    const Bytes access = readCardAccess();
    const auto offered = eid::parseSecurityInfos(access).pace;
    const auto& info = offered.front();
    AnswerApdu chosen;
    try {
        chosen = send(eid::selectPace(
            info.oid, passwordId,
            offered.size() > 1 ? std::optional(static_cast<std::uint8_t>(info.parameterId))
                               : std::nullopt,
            chat));
    } catch (const Error&) {
        throw Failed{noCard};
    }
    if (chosen.status != 0x9000 && (chosen.status & 0xFFF0) != 0x63C0)
        throw Failed{choosing << 16 | chosen.status};

    eid::Pace pace(info, digits);
    std::uint32_t step = authenticating;
    const auto next = [&](const Bytes& data, eid::Chain chain) {
        return exchange(eid::generalAuthenticate(data, chain), step++);
    };
    pace.takeNonce(eid::DynamicData(next({}, eid::Chain::GoesOn)).get(0x80));
    const Bytes mapping = pace.mappingKey(pace.curve().randomScalar(_random));
    pace.takeMappingKey(
        eid::DynamicData(next(Tlv().add(0x81, mapping).bytes(), eid::Chain::GoesOn)).get(0x82));
    const Bytes ephemeral = pace.ephemeralKey(pace.curve().randomScalar(_random));
    pace.takeEphemeralKey(
        eid::DynamicData(next(Tlv().add(0x83, ephemeral).bytes(), eid::Chain::GoesOn)).get(0x84));
    const eid::DynamicData last(next(Tlv().add(0x85, pace.token()).bytes(), eid::Chain::Ends));
    if (!pace.isTokenOfCard(last.get(0x86)))
        throw Failed{badToken};
    _channel.emplace(pace.suite(), pace.encryptionKey(), pace.macKey());

    const Bytes status{static_cast<std::uint8_t>(chosen.status >> 8),
                       static_cast<std::uint8_t>(chosen.status)};
    Bytes output = concat(status, sized(access, 2));
    for (const eid::Tag tag : {eid::Tag{0x87}, eid::Tag{0x88}})
        append(output, sized(last.maybe(tag).value_or(Bytes{}), 1));
    append(output, sized(pace.curve().compressed(pace.cardsEphemeralKey()), 2));
    return output;
}

Bytes KeypadReader::transmit(ByteView command)
{
    commands.emplace_back(command.begin(), command.end());
    Bytes got = forward(command);
    const std::size_t room = shape.apduBytes.value_or(0);
    if (room > 256 && (command.size() > room + 9 || got.size() > room + 2))
        return {0x6F, 0x00};
    return got;
}

Bytes KeypadReader::forward(ByteView command)
{
    if ((command[0] & 0x0C) == 0x0C)
        _channel.reset(); // the host has keys of its own with the card
    if (!_channel)
        return card.transmit(command);
    try {
        const AnswerApdu got = send(decode(command));
        const Bytes status{static_cast<std::uint8_t>(got.status >> 8),
                           static_cast<std::uint8_t>(got.status)};
        return concat(got.data, status);
    } catch (const Error& error) {
        _channel.reset();
        if (error.errorCode() == ErrorCode::CardGone)
            return {};
        return {0x69, 0x88};
    }
}

void KeypadReader::power(bool on)
{
    _channel.reset();
    card.reset();
    if (!on)
        ++poweredDown;
}

Bytes KeypadChannel::transmit(ByteView command)
{
    Bytes got = _reader.transmit(command);
    if (got.empty())
        throw Error(ErrorCode::CardGone, "simulated");
    return got;
}

Bytes KeypadChannel::executePace(ByteView input)
{
    auto got = _reader.control(KeypadReader::executePace, input);
    if (!got)
        throw Error(ErrorCode::ReaderFailed, "simulated");
    return std::move(*got);
}

} // namespace amt::test
