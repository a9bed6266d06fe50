// SPDX-License-Identifier: EUPL-1.2
//
// A hostile card: a genuine one whose answers the input bends, drops or replaces at any step, or
// one that is input alone. A read succeeds only if every answer was the genuine one, and then with
// the genuine data.
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

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    static Numbers random;
    static sim::SimulatedCard genuine(random, pki(), sim::cardProfile("erika"), localDate(now));
    log::setEnabled(false);
    genuine.reset();
    genuine.setMemory({});
    HostileCard card(genuine, ByteView(bytes, size));

    IdentityRequest request;
    request.pin = Secret(std::string_view("123456"));
    request.groups = {DataGroup::DateOfExpiry, DataGroup::FamilyNames, DataGroup::PlaceOfResidence};
    request.certificates = pki().certificates();
    request.now = now;

    auto first = eid::beginRead(card, random, request, {});
    IdentityOutcome outcome;
    if (auto* needed = std::get_if<eid::SignatureNeeded>(&first))
        outcome = needed->session.finish(sim::signAsTerminal(pki(), needed->toBeSigned));
    else
        outcome = std::get<IdentityOutcome>(first);

    if (const auto* read = std::get_if<IdentityRead>(&outcome)) {
        AMT_ASSERT(read->data.reveal().familyNames == "MUSTERMANN");
        AMT_ASSERT(read->data.reveal().placeOfResidence.city == "KÖLN");
    } else {
        AMT_ASSERT(!card.isHonest);
    }
    return 0;
}
