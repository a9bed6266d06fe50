// SPDX-License-Identifier: EUPL-1.2
//
// The plan of a town as files that import.h takes: services (CSV), opening hours (JSON), holidays
// (CSV).
#pragma once

#include "appliance/office/calendar/booking_plan.h"

#include <string>
#include <vector>

namespace amt::office {

std::string exportServices(const std::vector<BookableService>& services);
/// As the pattern `id`. Windows, reservation and block are not part of the format.
json::ObjectPtr exportOpeningHours(const OpeningRules& rules, const std::string& id);
/// Those by law, of both years and between them.
std::string exportHolidays(std::chrono::year first, std::chrono::year last);

} // namespace amt::office
