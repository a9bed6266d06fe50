// SPDX-License-Identifier: EUPL-1.2
//
// One change that a lead makes to the opening rules (ui.md C6), as a value; pure functions over
// core.
#pragma once

#include "appliance/office/calendar/rules.h"

#include <string>
#include <variant>

namespace amt::office {

struct RemovedEntry {
    std::string id; ///< of any layer
};

/// When and how long something may be booked.
struct BookingTerms {
    BookingWindow forPublic, forStaff;
    std::chrono::minutes reservation{0}, blockAfterCancel{0};
};

/// An entry takes the place of the one with its id in the same layer; one without an id is new and
/// gets one.
using RuleChange = std::variant<OpeningRule, OpeningException, Closure, RemovedEntry, BookingTerms>;

/// The same rules and change always give the same result, ids too: what was previewed is what will
/// be saved. Throws NotFound (an id that no entry of the layer has), InputMalformed (check()).
OpeningRules changed(OpeningRules rules, const RuleChange& change);

} // namespace amt::office
