// SPDX-License-Identifier: EUPL-1.2
//
// A local day as cells of five minutes, with 23 and 25 hours where the clocks change
// (appointments-escrow.md 3).
#pragma once

#include "appliance/core/local_date.h"

#include <chrono>
#include <string>
#include <string_view>

namespace amt::office {

inline constexpr std::chrono::minutes cellLength{5};
inline constexpr int cellsMax = 300; ///< of a day of 25 hours

/// Wall-clock time as minutes after midnight, 0 to 1440.
using WallTime = std::chrono::minutes;
/// "08:30", at most "24:00". Throws InputMalformed.
WallTime wallTimeFromText(std::string_view text);
std::string toText(WallTime time);

/// Whole cells that hold `duration`.
int cellsOf(std::chrono::minutes duration);

/// Cells are numbered by the time that has passed since the day began, so an hour that the clocks
/// show twice has twelve cells of its own each time, and one that they skip has none.
class DayCells {
public:
    explicit DayCells(LocalDate day);

    LocalDate day() const { return _day; }
    int count() const { return _count; } ///< 288; 276 and 300 where the clocks change
    UtcTime startOf(int cell) const { return _begin + cell * cellLength; }
    /// The first cell at whose beginning the clock shows `time` or later; count() when there is
    /// none.
    int cellAt(WallTime time) const;
    /// The first cell that begins at or after `time`, from 0 to count().
    int firstFrom(UtcTime time) const;

private:
    LocalDate _day;
    UtcTime _begin;
    int _count;
};

} // namespace amt::office
