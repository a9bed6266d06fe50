// SPDX-License-Identifier: EUPL-1.2
//
// The lanes of one day as bits: what the rules open without what is taken. Proposes places; the
// table decides.
#pragma once

#include "appliance/office/calendar/rules.h"

#include <array>
#include <vector>

namespace amt::office {

/// Cells of one day, as a set.
class CellSet {
public:
    void add(int first, int count);
    void remove(int first, int count);
    bool contains(int cell) const { return (_words[cell / 64] >> (cell % 64) & 1) != 0; }
    bool any() const;
    /// Cells from which on `count` cells in a row belong to the set.
    CellSet startsOf(int count) const;
    /// The most cells in a row.
    int longestRun() const;
    /// The smallest cell that is at least `from`, or cellsMax.
    int next(int from) const;

    CellSet& operator|=(const CellSet& other);
    CellSet without(const CellSet& other) const;
    bool operator==(const CellSet&) const = default;

private:
    CellSet shifted(int cells) const; ///< towards the morning
    std::array<std::uint64_t, (cellsMax + 63) / 64> _words{};
};

class DayLanes {
public:
    /// Nothing taken.
    explicit DayLanes(const DayPlan& plan);

    const DayCells& cells() const { return _cells; }
    void take(int lane, int first, int count);
    void giveBack(int lane, int first, int count);

    /// Every start from which `count` cells of one lane are free for `booker`.
    CellSet startsOf(int count, Booker booker) const;
    /// Longer than this nothing is free for `booker`.
    int longestRun(Booker booker) const { return sideOf(booker).longestRun; }
    /// Lanes that are free there, the best first: for staff those that the public may not book,
    /// then the smallest gap, so that long gaps stay long, then the lowest lane.
    std::vector<int> lanesFor(int first, int count, Booker booker) const;

private:
    struct Side {
        std::vector<CellSet> open, free; ///< by lane
        std::vector<int> runs;           ///< the longest of each lane
        int longestRun = 0;

        void renew(int lane, const CellSet& taken);
    };
    const Side& sideOf(Booker booker) const { return booker == Booker::Public ? _public : _staff; }
    void renew(int lane);

    DayCells _cells;
    Side _staff, _public;
    std::vector<CellSet> _taken; ///< by lane; may be more lanes than the rules open by now
};

} // namespace amt::office
