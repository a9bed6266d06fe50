// SPDX-License-Identifier: EUPL-1.2
//
// Public holidays (gesetzliche Feiertage) of North Rhine-Westphalia, computed for any year.
#pragma once

#include "appliance/core/local_date.h"

#include <string_view>
#include <vector>

namespace amt::office {

struct Holiday {
    LocalDate day;
    std::string_view name; ///< German, for print and pages
};

/// Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8, after the
/// anonymous contribution to Nature of 20 April 1876).
LocalDate easterSunday(std::chrono::year year);
/// The eleven days of § 2 FeiertG NW that are not Sundays by nature, in the order of the year.
/// Rosenmontag, Heiligabend and Silvester are no holidays: towns close by their own decision.
std::vector<Holiday> holidaysOf(std::chrono::year year);
bool isHoliday(LocalDate day);

} // namespace amt::office
