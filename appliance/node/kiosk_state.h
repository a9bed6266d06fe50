// SPDX-License-Identifier: EUPL-1.2
//
// The question for the state of a case, with a limit for whoever tries codes.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/node/exchange.h"

#include <deque>

namespace amt::node {

class House;

/// Five wrong codes in a quarter of an hour, for the kiosk as a whole: with more than 2^40 codes
/// nobody comes near one.
class QuestionGuard {
public:
    bool allows(Milliseconds now);
    void wrong(Milliseconds now) { _wrong.push_back(now); }

private:
    static constexpr std::size_t wrongMax = 5;
    static constexpr Milliseconds window = std::chrono::minutes(15);
    std::deque<Milliseconds> _wrong; ///< since boot
};

Reply showQuestion(House& house, Exchange& exchange);
Reply answerQuestion(House& house, Exchange& exchange);

} // namespace amt::node
