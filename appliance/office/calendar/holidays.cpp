// SPDX-License-Identifier: EUPL-1.2
//
// Six fixed days and five that follow Easter.
#include "appliance/office/calendar/holidays.h"

#include <algorithm>

namespace amt::office {

LocalDate easterSunday(std::chrono::year year)
{
    // The letters are Meeus'.
    const int y = static_cast<int>(year);
    const int a = y % 19;
    const int b = y / 100;
    const int c = y % 100;
    const int d = b / 4;
    const int e = b % 4;
    const int f = (b + 8) / 25;
    const int g = (b - f + 1) / 3;
    const int h = (19 * a + b - d - g + 15) % 30;
    const int i = c / 4;
    const int k = c % 4;
    const int l = (32 + 2 * e + 2 * i - h - k) % 7;
    const int m = (a + 11 * h + 22 * l) / 451;
    const int n = h + l - 7 * m + 114;
    return year / (n / 31) / (n % 31 + 1);
}

std::vector<Holiday> holidaysOf(std::chrono::year year)
{
    const LocalDate easter = easterSunday(year);
    std::vector<Holiday> days = {
        {year / 1 / 1, "Neujahr"},
        {plusDays(easter, -2), "Karfreitag"},
        {plusDays(easter, 1), "Ostermontag"},
        {year / 5 / 1, "Tag der Arbeit"},
        {plusDays(easter, 39), "Christi Himmelfahrt"},
        {plusDays(easter, 50), "Pfingstmontag"},
        {plusDays(easter, 60), "Fronleichnam"},
        {year / 10 / 3, "Tag der Deutschen Einheit"},
        {year / 11 / 1, "Allerheiligen"},
        {year / 12 / 25, "1. Weihnachtstag"},
        {year / 12 / 26, "2. Weihnachtstag"},
    };
    std::ranges::stable_sort(days, {}, &Holiday::day); // Ascension may come before 1 May
    return days;
}

bool isHoliday(LocalDate day)
{
    const auto days = holidaysOf(day.year());
    return std::ranges::find(days, day, &Holiday::day) != days.end();
}

} // namespace amt::office
