// SPDX-License-Identifier: EUPL-1.2
//
// What a town brings along: opening hours (JSON), holidays (CSV) and services (CSV), in the formats
// of IMPORT.md. Each file is taken whole or refused whole, with the line and column or the field.
#pragma once

#include "appliance/office/calendar/booking_plan.h"
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

struct ImportedService {
    BookableService service;
    std::size_t line = 0; ///< of the file
};
/// Services with appointments, in the order of the file. Variants share the key of the first, and
/// its name. Translations come from `before` where the German text is the same. Throws
/// InputMalformed (also for one key with two durations).
std::vector<ImportedService> importServices(std::string_view csv,
                                            const std::vector<BookableService>& before = {});

} // namespace amt::office
