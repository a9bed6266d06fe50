// SPDX-License-Identifier: EUPL-1.2
//
// A simulated card and a terminal on one table, with keys that are the same in every run.
#pragma once

#include "appliance/core/log.h"
#include "tests/drivers/eid/reading.h"
#include "tests/sim/card/card.h"

namespace amt::test {

inline const UtcTime now = fromIso("2026-11-21T10:00:00Z");

/// Deterministic, and never the same twice.
class CountedRandom : public RandomSource {
public:
    explicit CountedRandom(std::uint32_t seed) : _state(seed) {}
    void fill(std::span<std::uint8_t> bytes) override
    {
        for (auto& byte : bytes) {
            _state = _state * 1664525U + 1013904223U;
            byte = static_cast<std::uint8_t>(_state >> 24);
        }
    }

private:
    std::uint32_t _state;
};

inline const sim::CardPki& pki()
{
    static CountedRandom random(1);
    static const sim::CardPki made = sim::makeCardPki(random, now);
    return made;
}

inline IdentityRequest request()
{
    IdentityRequest request;
    request.pin = Secret(std::string_view("123456"));
    request.groups = test::twelveGroups();
    request.certificates = pki().certificates();
    request.now = now;
    return request;
}

/// A card and a terminal on one table.
struct Table {
    explicit Table(const sim::CardProfile& profile, const sim::CardPki& keys = pki())
        : ours(keys), card(cardRandom, keys, profile, localDate(now)), channel(card)
    {
        log::setEnabled(false); // cards fail here on purpose
    }
    explicit Table(const std::string& profile = "erika") : Table(sim::cardProfile(profile)) {}

    IdentityOutcome read(const IdentityRequest& wanted = request())
    {
        card.reset();
        return test::readIdentity(channel, terminalRandom, wanted, ours.terminalKey.reveal(),
                                  &steps);
    }
    std::string readName(const IdentityRequest& wanted = request())
    {
        return test::nameOf(read(wanted));
    }

    sim::CardPki ours;
    CountedRandom cardRandom{2};
    CountedRandom terminalRandom{3};
    sim::SimulatedCard card;
    sim::SimulatedCardChannel channel;
    std::vector<IdentityStep> steps;
};

} // namespace amt::test
