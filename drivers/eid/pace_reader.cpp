// SPDX-License-Identifier: EUPL-1.2
//
// Readers that open PACE themselves: what they are told and what they say.
#include "drivers/eid/pace_reader.h"

#include "appliance/core/error.h"

namespace amt::eid {
namespace {

constexpr std::uint8_t functionCapabilities = 1, functionEstablish = 2;
constexpr std::uint8_t capabilityPace = 0x40, capabilityIdentity = 0x20;
constexpr std::size_t descriptionBytesMax = 0xF000; // all of the input has a length of two bytes

// TR-03119 D.1.2. The second half of a refusal is the card's status.
constexpr std::uint32_t resultOpened = 0;
constexpr std::uint32_t resultBadObjects = 0xE0000001, resultMissingObjects = 0xE0000002,
                        resultBadToken = 0xE0000006;
constexpr std::uint16_t refusedSelect = 0xF000, refusedRead = 0xF001, refusedChoose = 0xF002,
                        refusedFirst = 0xF003, refusedLast = 0xF006;
constexpr std::uint32_t resultContactLost = 0xF0100001, resultNoCard = 0xF0100002;
constexpr std::uint32_t resultAborted = 0xF0200001, resultTimeout = 0xF0200002;

[[noreturn]] void malformed()
{
    throw Error(ErrorCode::CardAnswerMalformed, "PACE of the reader: lengths do not fit");
}

/// Takes fields off the front.
class Fields {
public:
    explicit Fields(ByteView bytes) : _rest(bytes) {}
    ByteView take(std::size_t size)
    {
        if (size > _rest.size())
            malformed();
        const ByteView taken = _rest.first(size);
        _rest = _rest.subspan(size);
        return taken;
    }
    std::uint32_t number(std::size_t size)
    {
        const ByteView bytes = take(size);
        std::uint32_t value = 0;
        for (std::size_t i = size; i > 0; --i)
            value = value << 8 | bytes[i - 1];
        return value;
    }
    /// A field behind its length of that many bytes.
    Bytes sized(std::size_t lengthBytes)
    {
        const ByteView bytes = take(number(lengthBytes));
        return Bytes(bytes.begin(), bytes.end());
    }
    ByteView rest() const { return _rest; }

private:
    ByteView _rest;
};

void appendNumber(Bytes& to, std::size_t value, std::size_t size)
{
    for (std::size_t i = 0; i < size; ++i)
        to.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

/// A length in as many bytes, then the field.
void appendSized(Bytes& to, ByteView field, std::size_t lengthBytes)
{
    AMT_ASSERT(field.size() >> 8 * lengthBytes == 0);
    appendNumber(to, field.size(), lengthBytes);
    append(to, field);
}

ReaderPace refusal(std::uint32_t result)
{
    using Step = ReaderPaceRefused::Step;
    const auto status = static_cast<std::uint16_t>(result);
    const auto step = static_cast<std::uint16_t>(result >> 16);
    if (step == refusedSelect || step == refusedRead)
        return ReaderPaceRefused{Step::CardAccess, status};
    if (step == refusedChoose)
        return ReaderPaceRefused{Step::Choose, status};
    if (step >= refusedFirst && step <= refusedLast)
        return ReaderPaceRefused{Step::Authenticate, status};
    switch (result) {
    case resultAborted:
    case resultTimeout:
        return ReaderPaceCancelled{};
    case resultContactLost:
    case resultNoCard:
        throw Error(ErrorCode::CardGone, "card left during the reader's PACE");
    case resultBadObjects:
    case resultMissingObjects:
    case resultBadToken:
        throw Error(ErrorCode::CardAnswerMalformed, "PACE of the reader: the card's answer");
    default:
        throw Error(ErrorCode::ReaderFailed,
                    "PACE of the reader: result " + std::to_string(result));
    }
}

ReaderPaceOpened opened(Fields output)
{
    ReaderPaceOpened opened;
    const ByteView status = output.take(2); // as the card sent it
    opened.chosen = static_cast<std::uint16_t>(status[0] << 8 | status[1]);
    opened.cardAccess = output.sized(2);
    if (output.rest().empty())
        return opened; // nothing of terminal authentication, which was not asked for
    for (int i = 0; i < 2; ++i) {
        if (Bytes reference = output.sized(1); !reference.empty())
            opened.references.push_back(std::move(reference));
    }
    opened.cardId = output.sized(2);
    if (!output.rest().empty())
        malformed();
    return opened;
}

} // namespace

Bytes askPaceCapabilities()
{
    return {functionCapabilities, 0, 0};
}

bool runsPaceForIdentityCards(ByteView answer)
{
    if (answer.size() < 7 || answer[0] != 0 || answer[1] != 0 || answer[2] != 0 || answer[3] != 0)
        return false;
    const std::size_t size = answer[4] | std::size_t{answer[5]} << 8;
    const ByteView output = answer.subspan(6);
    if (size != output.size())
        return false;
    // The bits alone, as readers have them, or behind their length, as the amendment has them.
    if (size != 1 && !(size == 2 && output[0] == 1))
        return false;
    constexpr std::uint8_t both = capabilityPace | capabilityIdentity;
    return (output.back() & both) == both;
}

Bytes establishPace(PacePassword password, ByteView chat, const Secret& given, ByteView description)
{
    if (description.size() > descriptionBytesMax)
        throw Error(ErrorCode::CertificateUnusable, "description of the certificate");
    Bytes input{functionEstablish, 0, 0, static_cast<std::uint8_t>(password)};
    input.reserve(9 + chat.size() + given.size() + description.size()); // so no copy stays behind
    appendSized(input, chat, 1);
    appendSized(input, given.reveal(), 1);
    appendSized(input, description, 2);
    const std::size_t size = input.size() - 3;
    input[1] = static_cast<std::uint8_t>(size);
    input[2] = static_cast<std::uint8_t>(size >> 8);
    return input;
}

ReaderPace parseEstablishedPace(ByteView answer)
{
    Fields fields(answer);
    const std::uint32_t result = fields.number(4);
    if (fields.number(2) != fields.rest().size())
        malformed();
    return result == resultOpened ? ReaderPace(opened(fields)) : refusal(result);
}

} // namespace amt::eid
