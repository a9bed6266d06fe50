// SPDX-License-Identifier: EUPL-1.2
//
// What a calendar offered and what of it was booked, day by day; no person stands in it.
#pragma once

#include "appliance/office/calendar/rule_book.h"

#include <chrono>
#include <string>
#include <vector>

namespace amt::office {

/// Over all lanes.
struct DayUse {
    LocalDate day;
    std::chrono::minutes offered{0}; ///< by the rules that counted when the day ended
    std::chrono::minutes booked{0};  ///< confirmed, whether anybody came or not
    int appointments = 0;

    bool operator==(const DayUse&) const = default;
};

/// Each day from `first` to `last`, both included; none for a scope without rules.
std::vector<DayUse> useOf(store::Database& database, const RuleBook& rules,
                          const std::string& scope, LocalDate first, LocalDate last);

} // namespace amt::office
