// SPDX-License-Identifier: EUPL-1.2
//
// Rules minus what the portal says is taken; nothing is kept on a disk.
#include "appliance/office/calendar/portal_times.h"

#include <algorithm>

namespace amt::office {

void PortalTimes::heard(const quota::CalendarQuestion& question, const quota::Calendar& calendar)
{
    if (calendar.scope != question.scope)
        return;
    std::erase_if(_days, [&](const auto& each) { // what is over
        return each.first.second < localDate(calendar.asOf);
    });
    const LocalDate end = plusDays(question.from, question.days);
    for (LocalDate day = question.from; day < end; day = plusDays(day, 1))
        _days[{calendar.scope, day}] = {calendar.asOf, {}};
    for (const auto& run : calendar.taken) {
        if (question.from <= run.day && run.day < end && run.scope == calendar.scope)
            _days[{run.scope, run.day}].taken.push_back(run);
    }
}

std::vector<FreeTime> PortalTimes::freeTimes(const FreeQuestion& question,
                                             const OpeningRules& rules, UtcTime now) const
{
    const BookableSpan span = bookableSpan(rules, question.booker, now);
    const LocalDate from = question.from.value_or(localDate(now));
    const LocalDate last = std::min(span.lastDay, plusDays(from, question.days - 1));
    const int count = cellsOf(question.duration);
    std::vector<FreeTime> found;
    for (LocalDate day = std::max(from, localDate(span.earliest));
         day <= last && std::ssize(found) < question.limit; day = plusDays(day, 1)) {
        const auto known = _days.find({question.scope, day});
        if (known == _days.end())
            continue;
        DayLanes lanes(planFor(rules, day));
        for (const auto& run : known->second.taken)
            lanes.take(run.lane, run.first, run.count);
        const CellSet starts = lanes.startsOf(count, question.booker);
        for (int cell = starts.next(lanes.cells().firstFrom(span.earliest));
             cell < cellsMax && std::ssize(found) < question.limit; cell = starts.next(cell + 1))
            found.push_back({day, cell, lanes.cells().startOf(cell)});
    }
    return found;
}

std::optional<UtcTime> PortalTimes::asOf(const std::string& scope) const
{
    std::optional<UtcTime> oldest;
    for (const auto& [key, day] : _days) {
        if (key.first == scope && (!oldest || day.asOf < *oldest))
            oldest = day.asOf;
    }
    return oldest;
}

} // namespace amt::office
