// SPDX-License-Identifier: EUPL-1.2
//
// Runs of free cells by shifting whole words.
#include "appliance/office/calendar/day_lanes.h"

#include "appliance/core/error.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace amt::office {

void CellSet::add(int first, int count)
{
    for (int cell = first; cell < first + count; ++cell)
        _words[cell / 64] |= std::uint64_t{1} << (cell % 64);
}

void CellSet::remove(int first, int count)
{
    for (int cell = first; cell < first + count; ++cell)
        _words[cell / 64] &= ~(std::uint64_t{1} << (cell % 64));
}

bool CellSet::any() const
{
    return std::ranges::any_of(_words, [](std::uint64_t word) { return word != 0; });
}

CellSet CellSet::shifted(int cells) const
{
    CellSet result;
    const std::size_t words = cells / 64;
    const int bits = cells % 64;
    for (std::size_t i = 0; i + words < _words.size(); ++i) {
        result._words[i] = _words[i + words] >> bits;
        if (bits > 0 && i + words + 1 < _words.size())
            result._words[i] |= _words[i + words + 1] << (64 - bits);
    }
    return result;
}

CellSet CellSet::startsOf(int count) const
{
    // Runs of n cells that follow each other at a distance of at most n make longer runs.
    CellSet starts = *this;
    for (int have = 1; have < count;) {
        const int step = std::min(have, count - have);
        const CellSet later = starts.shifted(step);
        for (std::size_t i = 0; i < _words.size(); ++i)
            starts._words[i] &= later._words[i];
        have += step;
    }
    return starts;
}

int CellSet::longestRun() const
{
    int longest = 0;
    int run = 0;
    for (const std::uint64_t word : _words) {
        // A run may go on from the word before.
        std::uint64_t rest = word;
        for (int left = 64; left > 0;) {
            const int zeros = std::min(left, std::countr_zero(rest));
            if (zeros > 0) {
                longest = std::max(longest, run);
                run = 0;
                left -= zeros;
                if (left == 0)
                    break;
                rest >>= zeros;
            }
            const int ones = std::min(left, std::countr_one(rest));
            run += ones;
            left -= ones;
            rest = ones < 64 ? rest >> ones : 0;
        }
    }
    return std::max(longest, run);
}

int CellSet::next(int from) const
{
    for (int cell = from; cell < cellsMax;) {
        const std::uint64_t rest = _words[cell / 64] >> (cell % 64);
        if (rest != 0)
            return cell + std::countr_zero(rest);
        cell += 64 - cell % 64;
    }
    return cellsMax;
}

CellSet& CellSet::operator|=(const CellSet& other)
{
    for (std::size_t i = 0; i < _words.size(); ++i)
        _words[i] |= other._words[i];
    return *this;
}

CellSet CellSet::without(const CellSet& other) const
{
    CellSet result = *this;
    for (std::size_t i = 0; i < _words.size(); ++i)
        result._words[i] &= ~other._words[i];
    return result;
}

DayLanes::DayLanes(const DayPlan& plan) : _cells(plan.cells)
{
    for (int cell = 0; cell < plan.cells.count(); ++cell) {
        const auto [all, open] = plan.lanes[cell];
        AMT_ASSERT(open <= all && all <= lanesMax);
        if (_staff.open.size() < all) {
            _staff.open.resize(all);
            _public.open.resize(all);
        }
        for (int lane = 0; lane < all; ++lane)
            _staff.open[lane].add(cell, 1);
        for (int lane = 0; lane < open; ++lane)
            _public.open[lane].add(cell, 1);
    }
    _taken.resize(_staff.open.size());
    for (Side* side : {&_staff, &_public}) {
        side->free = side->open;
        side->runs.resize(side->open.size());
    }
    for (int lane = 0; lane < std::ssize(_taken); ++lane)
        renew(lane);
}

void DayLanes::take(int lane, int first, int count)
{
    if (std::ssize(_taken) <= lane)
        _taken.resize(lane + 1);
    _taken[lane].add(first, count);
    renew(lane);
}

void DayLanes::giveBack(int lane, int first, int count)
{
    if (std::ssize(_taken) <= lane)
        return;
    _taken[lane].remove(first, count);
    renew(lane);
}

void DayLanes::renew(int lane)
{
    if (lane >= std::ssize(_staff.open))
        return; // taken under older rules
    _staff.renew(lane, _taken[lane]);
    _public.renew(lane, _taken[lane]);
}

void DayLanes::Side::renew(int lane, const CellSet& taken)
{
    free[lane] = open[lane].without(taken);
    runs[lane] = free[lane].longestRun();
    longestRun = std::ranges::max(runs);
}

CellSet DayLanes::startsOf(int count, Booker booker) const
{
    CellSet starts;
    for (const CellSet& free : sideOf(booker).free)
        starts |= free.startsOf(count);
    return starts;
}

std::vector<int> DayLanes::lanesFor(int first, int count, Booker booker) const
{
    if (first < 0 || count <= 0 || first + count > _cells.count())
        return {};
    struct Candidate {
        bool forPublic;
        int gap;
        int lane;
    };
    std::vector<Candidate> candidates;
    const auto& free = sideOf(booker).free;
    for (int lane = 0; lane < std::ssize(free); ++lane) {
        int begin = first;
        int end = first;
        while (end < cellsMax && free[lane].contains(end))
            ++end;
        if (end < first + count)
            continue;
        while (begin > 0 && free[lane].contains(begin - 1))
            --begin;
        CellSet here;
        here.add(first, count);
        const bool forPublic = here.without(_public.open[lane]) != here;
        candidates.push_back({forPublic, end - begin, lane});
    }
    std::ranges::sort(candidates, {}, [](const Candidate& each) {
        return std::tuple(each.forPublic, each.gap, each.lane);
    });
    std::vector<int> lanes;
    for (const Candidate& candidate : candidates)
        lanes.push_back(candidate.lane);
    return lanes;
}

} // namespace amt::office
