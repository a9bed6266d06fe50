// SPDX-License-Identifier: EUPL-1.2
//
// A hostile card: a genuine one whose answers the input bends, drops or replaces at any step, or
// one that is input alone. A read succeeds only with the genuine data, and a PIN is managed only if
// the genuine card has done it. The last byte of the input says what the card is laid for.
#include "appliance/core/log.h"
#include "tests/sim/card/card.h"

#include <algorithm>

using namespace amt;

namespace {

const UtcTime now = fromIso("2026-11-21T10:00:00Z");
constexpr std::size_t commandsMax = 4000; // reading 32 kB byte by byte would be more

class Numbers : public RandomSource {
public:
    void fill(std::span<std::uint8_t> bytes) override
    {
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>((_state = _state * 1664525U + 1013904223U) >> 24);
    }

private:
    std::uint32_t _state = 1;
};

const sim::CardPki& pki()
{
    static Numbers random;
    static const sim::CardPki made = sim::makeCardPki(random, now);
    return made;
}

class HostileCard : public CardChannel {
public:
    HostileCard(sim::SimulatedCard& genuine, ByteView input) : _genuine(genuine), _input(input) {}

    Bytes transmit(ByteView command) override
    {
        if (++_commands > commandsMax)
            throw Error(ErrorCode::CardGone, "the input has had its say");
        Bytes answer = _genuine.transmit(command);
        const Bytes honest = answer;
        bend(answer);
        isHonest = isHonest && answer == honest;
        return answer;
    }
    std::size_t commandBytesMax() const override { return 65544; }

    bool isHonest = true;

private:
    std::uint8_t next()
    {
        if (_input.empty())
            return 0;
        const std::uint8_t byte = _input[0];
        _input = _input.subspan(1);
        return byte;
    }

    void bend(Bytes& answer)
    {
        switch (next()) {
        case 1: { // one byte
            const std::size_t at = next() % answer.size();
            answer[at] ^= next();
            break;
        }
        case 2: // shorter
            answer.resize(answer.size() - next() % answer.size());
            break;
        case 3: // a status
            answer = {next(), next()};
            break;
        case 4: { // something else altogether
            answer.resize(next());
            for (auto& byte : answer)
                byte = next();
            break;
        }
        case 5: { // the same with a good status
            answer.resize(next());
            for (auto& byte : answer)
                byte = next();
            answer.insert(answer.end(), {0x90, 0x00});
            break;
        }
        case 6: // longer
            answer.insert(answer.end() - std::min<std::ptrdiff_t>(2, std::ssize(answer)), next(),
                          next());
            break;
        case 7: // an answer given before
            answer = _before;
            break;
        default:
            break;
        }
        _before = answer;
    }

    sim::SimulatedCard& _genuine;
    ByteView _input;
    Bytes _before{0x90, 0x00};
    std::size_t _commands = 0;
};

} // namespace

namespace {

/// What a run asks of the card; the card is in the state that fits.
struct Task {
    IdentityRequest request;
    int tries = 3;
};

Task taskOf(std::uint8_t choice, const std::string& pin)
{
    Task task;
    IdentityRequest& request = task.request;
    request.pin = Secret(pin);
    request.groups = {DataGroup::DateOfExpiry, DataGroup::FamilyNames, DataGroup::PlaceOfResidence};
    request.certificates = pki().certificates();
    request.now = now;
    const Secret can(std::string_view("222222"));
    const Secret newPin(std::string_view(pin == "123456" ? "654321" : "123456"));
    switch (choice % 8) {
    case 1: // on site
        request.pin = Secret();
        request.can = can;
        break;
    case 2: // suspended
        request.can = can;
        task.tries = 1;
        break;
    case 3:
        request.purpose = IdentityPurpose::ChangePin;
        request.newPin = newPin;
        break;
    case 4:
        request.purpose = IdentityPurpose::UnblockPin;
        request.puk = Secret(std::string_view("9876543210"));
        task.tries = 0;
        break;
    case 5:
        request.purpose = IdentityPurpose::SetPin;
        request.can = can;
        request.newPin = newPin;
        break;
    case 6: // everything that a card answers itself
        request.bornUntil = localDateFromIso("2008-11-21");
        request.municipalityPrefix = "0276";
        request.sectorKey = fromHex("860104"); // a point that is none; the card refuses it
        request.groups.clear();
        break;
    case 7:
        request.purpose = IdentityPurpose::Look;
        break;
    default: // a read by PIN
        break;
    }
    return task;
}

IdentityOutcome run(CardChannel& card, RandomSource& random, const IdentityRequest& request)
{
    auto first = eid::beginRead(card, random, request, {});
    if (auto* needed = std::get_if<eid::SignatureNeeded>(&first))
        return needed->session.finish(sim::signAsTerminal(pki(), needed->toBeSigned));
    return std::get<IdentityOutcome>(first);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    static Numbers random;
    static sim::SimulatedCard genuine = [] {
        auto profile = sim::cardProfile("erika");
        profile.pukUses = 1 << 30;
        return sim::SimulatedCard(random, pki(), profile, localDate(now));
    }();
    log::setEnabled(false);
    const ByteView input(bytes, size);
    const auto task = taskOf(input.empty() ? std::uint8_t{0} : input.back(), genuine.pin());
    genuine.reset();
    genuine.setMemory({task.tries});
    HostileCard card(genuine, input.empty() ? input : input.first(size - 1));
    const IdentityOutcome outcome = run(card, random, task.request);

    const auto& request = task.request;
    const bool reads = request.purpose == IdentityPurpose::Read;
    if (const auto* read = std::get_if<IdentityRead>(&outcome)) {
        AMT_ASSERT(reads && request.sectorKey.empty());
        AMT_ASSERT(read->data.reveal().familyNames == "MUSTERMANN");
        AMT_ASSERT(read->data.reveal().placeOfResidence.city == "KÖLN");
    } else if (std::holds_alternative<PinManaged>(outcome)) {
        AMT_ASSERT(!reads && genuine.memory().triesLeft == 3);
        AMT_ASSERT(request.newPin.empty() || genuine.pin() == request.newPin.revealText());
    } else if (std::holds_alternative<PinReady>(outcome)) {
        AMT_ASSERT(request.purpose == IdentityPurpose::Look);
    } else {
        AMT_ASSERT(!card.isHonest || !request.sectorKey.empty());
    }
    return 0;
}
