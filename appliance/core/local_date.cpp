// SPDX-License-Identifier: EUPL-1.2
//
// Local time by the C library's time zone data.
#include "appliance/core/local_date.h"

#include "appliance/core/error.h"

#include <time.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace amt {
namespace {

tm brokenDown(UtcTime time)
{
    static std::once_flag once;
    std::call_once(once, [] {
        ::setenv("TZ", "Europe/Berlin", 0); // what the operator has set stays
        ::tzset();
    });
    const time_t seconds =
        std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    tm parts{};
    ::localtime_r(&seconds, &parts);
    return parts;
}

} // namespace

LocalDate localDate(UtcTime time)
{
    const tm parts = brokenDown(time);
    return std::chrono::year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
}

std::string toIso(LocalDate day)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    return text.data();
}

LocalDate localDateFromIso(const std::string& text)
{
    int year = 0;
    unsigned month = 0;
    unsigned dayOfMonth = 0;
    int used = 0;
    if (std::sscanf(text.c_str(), "%4d-%2u-%2u%n", &year, &month, &dayOfMonth, &used) != 3 ||
        used != 10 || text.size() != 10)
        throw Error(ErrorCode::InputMalformed, "not a date");
    const LocalDate day =
        std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(dayOfMonth);
    if (!day.ok() || toIso(day) != text)
        throw Error(ErrorCode::InputMalformed, "a day that does not exist");
    return day;
}

std::string germanDate(LocalDate day)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%02u.%02u.%04d", static_cast<unsigned>(day.day()),
                  static_cast<unsigned>(day.month()), static_cast<int>(day.year()));
    return text.data();
}

std::string localTime(UtcTime time)
{
    const tm parts = brokenDown(time);
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%02d:%02d", parts.tm_hour, parts.tm_min);
    return text.data();
}

std::string toLocalIso(UtcTime time)
{
    const tm parts = brokenDown(time);
    std::array<char, 48> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S%z", &parts);
    std::string iso(text.data(), size);
    iso.insert(iso.size() - 2, 1, ':'); // %z has no colon, ISO 8601's extended form has
    return iso;
}

LocalDate plusDays(LocalDate day, int days)
{
    return std::chrono::sys_days(day) + std::chrono::days(days);
}

} // namespace amt
