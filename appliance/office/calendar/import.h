// SPDX-License-Identifier: EUPL-1.2
//
// What a town brings along: opening hours (JSON), holidays (CSV) and durations of services (CSV),
// in the formats of IMPORT.md. Each file is taken whole or refused whole.
#pragma once

#include "appliance/office/calendar/durations.h"
#include "appliance/office/calendar/rules.h"

#include <string>
#include <string_view>
#include <vector>

namespace amt::office {

/// `base` with the rules, exceptions and closures of `pattern` in their place. Rules that name no
/// first day begin on `from`. Hours without appointments (walk-in, breaks) are left out. Throws
/// JsonMalformed, InputMalformed, NotFound (no such pattern).
OpeningRules importOpeningHours(std::string_view text, const std::string& pattern, LocalDate from,
                                OpeningRules base = {});

struct ImportedHolidays {
    std::vector<Closure> closures; ///< listed days that are no holidays by law
    /// Holidays by law in the years of the list that it does not name. They stay closed.
    std::vector<Holiday> missing;
};
/// Throws InputMalformed.
ImportedHolidays importHolidays(std::string_view csv);

/// Services with appointments, by service key. Throws InputMalformed (also for one key with two
/// durations).
ServiceTimes importServiceTimes(std::string_view csv);

} // namespace amt::office
