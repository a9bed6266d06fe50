// SPDX-License-Identifier: EUPL-1.2
//
// Rules of each day beside its confirmed appointments.
#include "appliance/office/calendar/use_figures.h"

#include <algorithm>
#include <map>

namespace amt::office {

namespace {

constexpr int versionsMax = 10'000;

/// What counted at `time`: the newest that was saved by then, or the very first.
const OpeningRules& inForce(const std::vector<RuleVersion>& newestFirst, UtcTime time)
{
    const auto found = std::ranges::find_if(
        newestFirst, [&](const RuleVersion& version) { return version.savedAt <= time; });
    return found == newestFirst.end() ? newestFirst.back().rules : found->rules;
}

} // namespace

std::vector<DayUse> useOf(store::Database& database, const RuleBook& rules,
                          const std::string& scope, LocalDate first, LocalDate last)
{
    const auto history = rules.history(scope, versionsMax);
    std::vector<DayUse> found;
    if (history.empty())
        return found;
    struct Booked {
        int cells = 0, appointments = 0;
    };
    std::map<std::string, Booked> booked;
    auto rows = database.prepare("SELECT day, sum(cells), count(*) FROM appointment WHERE scope = ?"
                                 " AND day BETWEEN ? AND ? AND state = 'Confirmed' GROUP BY day");
    rows.bind(scope, toIso(first), toIso(last));
    while (rows.step())
        booked[rows.text(0)] = {static_cast<int>(rows.integer(1)),
                                static_cast<int>(rows.integer(2))};
    for (LocalDate day = first; day <= last; day = plusDays(day, 1)) {
        const DayCells cells(day);
        const DayPlan plan = planFor(inForce(history, cells.startOf(cells.count())), day);
        int open = 0;
        for (const CellLanes& cell : plan.lanes)
            open += cell.all;
        const Booked of = booked[toIso(day)];
        found.push_back({day, open * cellLength, of.cells * cellLength, of.appointments});
    }
    return found;
}

} // namespace amt::office
