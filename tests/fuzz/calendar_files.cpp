// SPDX-License-Identifier: EUPL-1.2
//
// Services, opening hours and holidays that a town brings along, chosen by the first byte. What is
// taken can be given out, and what was given out is taken as the same.
#include "appliance/core/error.h"
#include "appliance/office/calendar/export.h"
#include "appliance/office/calendar/import.h"

#include <cstdint>

using namespace amt;
using namespace amt::office;

namespace {

const LocalDate january = std::chrono::year(2026) / 1 / 1;

void takeServices(const std::string& text)
{
    std::vector<BookableService> services;
    for (const auto& each : importServices(text))
        services.push_back(each.service);
    const auto again = importServices(exportServices(services), services);
    AMT_ASSERT(again.size() == services.size());
    for (std::size_t i = 0; i < again.size(); ++i)
        AMT_ASSERT(again[i].service == services[i]);
}

void takeHours(const std::string& text)
{
    const OpeningRules rules = importOpeningHours(text, "a", january);
    const std::string given = json::write(*exportOpeningHours(rules, "a"));
    AMT_ASSERT(importOpeningHours(given, "a", january, rules) == rules);
    planFor(rules, january);
}

void takeHolidays(const std::string& text)
{
    for (const auto& closure : importHolidays(text).closures)
        AMT_ASSERT(!isHoliday(closure.first));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    try {
        switch (data[0] % 3) {
        case 0:
            takeServices(text);
            break;
        case 1:
            takeHours(text);
            break;
        default:
            takeHolidays(text);
        }
    } catch (const Error& error) {
        AMT_ASSERT(error.errorCode() == ErrorCode::JsonMalformed ||
                   error.errorCode() == ErrorCode::InputMalformed ||
                   error.errorCode() == ErrorCode::NotFound ||
                   error.errorCode() == ErrorCode::InputTooLarge);
    }
    return 0;
}
