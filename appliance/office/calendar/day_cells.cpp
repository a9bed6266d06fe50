// SPDX-License-Identifier: EUPL-1.2
//
// Where a local day begins is asked of core/local_date.h, never computed here.
#include "appliance/office/calendar/day_cells.h"

#include "appliance/core/error.h"

#include <algorithm>

namespace amt::office {

namespace {

constexpr int ordinaryCells = 288;

/// The first instant that the town hall calls `day` or later.
UtcTime beginOf(LocalDate day)
{
    using std::chrono::minutes;
    const UtcTime midnight = std::chrono::sys_days(day);
    minutes before = -std::chrono::hours(15); // still the day before, wherever this is
    minutes reached = std::chrono::hours(14); // no zone is further from UTC
    while (reached - before > minutes(1)) {
        const minutes middle = before + (reached - before) / 2;
        (localDate(midnight + middle) < day ? before : reached) = middle;
    }
    return midnight + reached;
}

} // namespace

WallTime wallTimeFromText(std::string_view text)
{
    const auto digit = [&](std::size_t at) {
        if (text[at] < '0' || text[at] > '9')
            throw Error(ErrorCode::InputMalformed, "not a time of day");
        return text[at] - '0';
    };
    if (text.size() != 5 || text[2] != ':')
        throw Error(ErrorCode::InputMalformed, "not a time of day");
    const int hours = digit(0) * 10 + digit(1);
    const int minutes = digit(3) * 10 + digit(4);
    const WallTime time{hours * 60 + minutes};
    if (minutes > 59 || time > std::chrono::hours(24))
        throw Error(ErrorCode::InputMalformed, "a time that does not exist");
    return time;
}

std::string toText(WallTime time)
{
    const auto twoDigits = [](std::int64_t number) {
        return std::string{static_cast<char>('0' + number / 10),
                           static_cast<char>('0' + number % 10)};
    };
    return twoDigits(time.count() / 60) + ":" + twoDigits(time.count() % 60);
}

int cellsOf(std::chrono::minutes duration)
{
    return static_cast<int>((duration + cellLength - std::chrono::minutes(1)) / cellLength);
}

DayCells::DayCells(LocalDate day)
    : _day(day), _begin(beginOf(day)),
      _count(static_cast<int>((beginOf(plusDays(day, 1)) - _begin) / cellLength))
{
    AMT_ASSERT(_count <= cellsMax);
}

int DayCells::cellAt(WallTime time) const
{
    if (_count == ordinaryCells) // the clocks do not change
        return std::min(cellsOf(time), _count);
    const std::string wanted = toText(time);
    int cell = 0;
    while (cell < _count && localTime(startOf(cell)) < wanted) // not by halves: an hour comes twice
        ++cell;
    return cell;
}

int DayCells::firstFrom(UtcTime time) const
{
    if (time <= _begin)
        return 0;
    const auto passed = (time - _begin + cellLength - Milliseconds(1)) / cellLength;
    return static_cast<int>(std::min<std::int64_t>(passed, _count));
}

} // namespace amt::office
