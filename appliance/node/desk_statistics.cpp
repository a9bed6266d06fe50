// SPDX-License-Identifier: EUPL-1.2
//
// Figures for the lead (C7): waits, services and no-shows from the log of the queue, what the
// calendar offered beside what was booked.
#include "appliance/node/desk.h"
#include "appliance/node/house.h"
#include "appliance/office/calendar/use_figures.h"
#include "appliance/office/queue/statistics.h"

#include <map>

namespace amt::node {
namespace {

constexpr int daysShown = 28;
constexpr int daysMax = 92; ///< all of it is read in one go

struct Range {
    LocalDate first, last;
    bool isAsked = true; ///< false: what was asked for cannot be meant
};

Range rangeOf(const House& house, const Exchange& exchange)
{
    const LocalDate today = localDate(house.now());
    const Range usual{plusDays(today, 1 - daysShown), today};
    const auto first = exchange.query.find("first"), last = exchange.query.find("last");
    if (first == exchange.query.end() || last == exchange.query.end())
        return usual;
    try {
        const Range asked{localDateFromIso(first->second), localDateFromIso(last->second)};
        if (asked.first <= asked.last && asked.last < plusDays(asked.first, daysMax))
            return asked;
    } catch (const Error&) { // a day that does not exist: said on the page
    }
    return {usual.first, usual.last, false};
}

page::StatisticsPage::Spread shown(const office::Spread& spread)
{
    return {spread.count, spread.median, spread.upper};
}

page::StatisticsPage::Group shown(std::string name, const office::GroupFigures& figures)
{
    return {std::move(name),  figures.drawn,       figures.walkIns,
            figures.served,   figures.noShows,     figures.notArrived,
            figures.leftOpen, shown(figures.wait), shown(figures.service)};
}

office::QueueFigures figuresOf(House& house, const Range& range)
{
    return office::figuresOf(office::readEvents(house.doors.database, range.first, range.last),
                             range.first, range.last);
}

} // namespace

Reply showStatistics(House& house, Exchange& exchange)
{
    const Range range = rangeOf(house, exchange);
    const auto figures = figuresOf(house, range);
    const auto plan = house.hall.plans.current();
    page::StatisticsPage view;
    view.first = range.first;
    view.last = range.last;
    view.problem = range.isAsked ? "" : "dates";
    view.all = shown("", figures.all);
    for (const auto& [key, each] : figures.groups) {
        const auto* group = plan->plan.group(key);
        view.groups.push_back(shown(group ? office::textIn(group->name, "de") : key, each));
    }
    for (std::size_t hour = 0; hour < figures.waitByHour.size(); ++hour) {
        view.waitByHour.at(hour) = shown(figures.waitByHour.at(hour));
        for (std::size_t weekday = 0; weekday < figures.waitByWeekdayAndHour.size(); ++weekday)
            view.waitByWeekdayAndHour.at(weekday).at(hour) =
                shown(figures.waitByWeekdayAndHour.at(weekday).at(hour));
    }
    std::map<LocalDate, page::StatisticsPage::Day> days;
    for (const auto& [day, served] : figures.servedByDay)
        days[day].served = served;
    if (house.calendar.isOffered()) {
        for (const auto& use :
             office::useOf(house.doors.database, house.calendar.rules, house.calendar.plan().scope,
                           range.first, range.last)) {
            if (use.offered.count() == 0 && use.booked.count() == 0)
                continue;
            days[use.day].offeredMinutes = static_cast<int>(use.offered.count());
            days[use.day].bookedMinutes = static_cast<int>(use.booked.count());
        }
    }
    for (auto& [day, entry] : days) {
        entry.day = day;
        view.days.push_back(entry);
    }
    return house.deskPage(exchange, view, range.isAsked ? 200 : 400);
}

Reply giveStatistics(House& house, Exchange& exchange)
{
    const Range range = rangeOf(house, exchange);
    if (!range.isAsked)
        throw Error(ErrorCode::RequestMalformed, "days of a table");
    HttpResponse answer;
    answer.headers = {{"Content-Type", "text/csv; charset=utf-8"},
                      {"Content-Disposition", "attachment; filename=\"zahlen-" +
                                                  toIso(range.first) + "-" + toIso(range.last) +
                                                  ".csv\""}};
    answer.body = office::toCsv(figuresOf(house, range));
    return answer;
}

} // namespace amt::node
