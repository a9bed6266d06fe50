// SPDX-License-Identifier: EUPL-1.2
//
// Days and wall-clock time of the town hall. The only place that knows a time zone (TZ, default
// Europe/Berlin).
#pragma once

#include "appliance/core/clock.h"

#include <chrono>
#include <string>

namespace amt {

using LocalDate = std::chrono::year_month_day;

/// The day at the town hall at this instant.
LocalDate localDate(UtcTime time);
/// "2026-11-21"
std::string toIso(LocalDate day);
/// Throws InputMalformed, also for days that do not exist.
LocalDate localDateFromIso(const std::string& text);
/// "21.11.2026"
std::string germanDate(LocalDate day);
/// "09:41"
std::string localTime(UtcTime time);
/// "2026-11-21T10:41:00+01:00"
std::string toLocalIso(UtcTime time);
/// Days are added on the calendar, not in hours.
LocalDate plusDays(LocalDate day, int days);

} // namespace amt
