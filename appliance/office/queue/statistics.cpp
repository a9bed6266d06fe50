// SPDX-License-Identifier: EUPL-1.2
//
// Events in, tables out.
#include "appliance/office/queue/statistics.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

namespace amt::office {

namespace {

using std::chrono::seconds;

/// What is measured on the way of one ticket.
struct Way {
    std::string group; ///< that it was drawn for
    bool late = false, walkIn = true;
    std::optional<UtcTime> waits;   ///< since when it counts as waiting
    std::optional<UtcTime> start;   ///< of an appointment that came in time
    std::optional<UtcTime> called;  ///< the last call
    std::optional<UtcTime> serving; ///< this stay at the desk
    std::optional<UtcTime> waitFrom;
    std::optional<seconds> wait;
    std::vector<seconds> ways;
    seconds service{0};
    bool served = false;    ///< finished, or laid out, once
    bool wasServed = false; ///< stood at a desk at all
};

struct Times {
    std::vector<seconds> wait, way, service;
};

seconds between(UtcTime from, UtcTime to)
{
    return std::max(seconds(0), std::chrono::duration_cast<seconds>(to - from));
}

void stop(Way& way, UtcTime time)
{
    if (way.serving)
        way.service += between(*way.serving, time);
    way.serving.reset();
}

void follow(Way& way, TicketEvent kind, UtcTime time)
{
    switch (kind) {
    case TicketEvent::Printed:
    case TicketEvent::Noted:
        if (!way.waits)
            way.waits = time;
        break;
    case TicketEvent::Called:
        way.called = time;
        if (!way.wait && way.waits) {
            way.waitFrom = way.start ? std::max(*way.waits, *way.start) : *way.waits;
            way.wait = between(*way.waitFrom, time);
        }
        break;
    case TicketEvent::Recalled:
        way.called = time;
        break;
    case TicketEvent::Served:
        if (way.called)
            way.ways.push_back(between(*way.called, time));
        way.serving = time;
        way.wasServed = true;
        break;
    case TicketEvent::Resumed:
        way.serving = time;
        way.wasServed = true;
        break;
    case TicketEvent::Finished:
    case TicketEvent::Shelved:
        stop(way, time);
        way.served = true;
        break;
    case TicketEvent::Parked:
    case TicketEvent::Redirected:
        stop(way, time);
        break;
    case TicketEvent::DayEnded:
        way.serving.reset(); // nobody knows when it ended
        break;
    case TicketEvent::Drawn:
    case TicketEvent::PrintFailed:
    case TicketEvent::Reprinted:
    case TicketEvent::PutBack:
    case TicketEvent::Missed:
    case TicketEvent::Returned:
    case TicketEvent::Prioritised:
    case TicketEvent::Withdrawn:
    case TicketEvent::Expired:
        break;
    }
}

void count(GroupFigures& figures, Times& times, const Way& way, const Ticket& ticket)
{
    if (!way.waits) {
        figures.expired += ticket.state == TicketState::Expired;
        figures.withdrawn += ticket.state == TicketState::Withdrawn;
        return;
    }
    ++figures.drawn;
    figures.walkIns += way.walkIn;
    figures.late += way.late;
    figures.served += way.served && way.wasServed;
    figures.noShows += ticket.state == TicketState::NoShow;
    figures.withdrawn += ticket.state == TicketState::Withdrawn;
    figures.leftOpen += ticket.state == TicketState::Unserved ||
                        ticket.state == TicketState::Unfinished ||
                        ticket.state == TicketState::Uncollected;
    if (way.wait)
        times.wait.push_back(*way.wait);
    times.way.insert(times.way.end(), way.ways.begin(), way.ways.end());
    if (way.served && way.wasServed)
        times.service.push_back(way.service);
}

void spread(GroupFigures& figures, Times& times)
{
    figures.wait = spreadOf(std::move(times.wait));
    figures.way = spreadOf(std::move(times.way));
    figures.service = spreadOf(std::move(times.service));
}

std::string minutesText(seconds time)
{
    char text[32];
    const long long tenths = (static_cast<long long>(time.count()) + 3) / 6;
    std::snprintf(text, sizeof text, "%lld,%lld", tenths / 10, tenths % 10);
    return text;
}

} // namespace

Spread spreadOf(std::vector<seconds> times)
{
    if (times.empty())
        return {};
    std::ranges::sort(times);
    const auto rank = [&](std::size_t percent) {
        return times[(times.size() * percent + 99) / 100 - 1];
    };
    return {.count = static_cast<int>(times.size()),
            .median = rank(50),
            .upper = rank(80),
            .longest = times.back()};
}

QueueFigures figuresOf(const std::vector<QueueEvent>& events, LocalDate first, LocalDate last)
{
    QueueFigures figures{.first = first, .last = last};
    QueueState state;
    std::map<std::pair<LocalDate, TicketNumber>, Way> ways;
    for (const QueueEvent& event : events) {
        if (event.day < first || last < event.day)
            continue;
        figures.servedByDay[event.day];
        if (const auto* hall = std::get_if<HallEvent>(&event.kind)) {
            if (*hall == HallEvent::NotArrived) {
                ++figures.all.notArrived;
                ++figures.groups[event.group].notArrived;
            }
            continue;
        }
        state.apply(event);
        const std::pair key(event.day, *event.ticket);
        Way& way = ways[key];
        const auto kind = std::get<TicketEvent>(event.kind);
        if (kind == TicketEvent::Drawn) {
            const Ticket& ticket = state.tickets.at(key);
            way.group = ticket.group;
            way.walkIn = ticket.punctuality == Punctuality::WalkIn;
            way.late = ticket.punctuality == Punctuality::Late;
            if (ticket.punctuality == Punctuality::OnTime)
                way.start = ticket.appointmentAt;
        }
        follow(way, kind, event.time);
    }

    Times all;
    std::map<std::string, Times> groups;
    std::array<std::vector<seconds>, 24> byHour;
    std::array<std::array<std::vector<seconds>, 24>, 7> byWeekday;
    for (const auto& [key, way] : ways) {
        const Ticket& ticket = state.tickets.at(key);
        count(figures.all, all, way, ticket);
        count(figures.groups[way.group], groups[way.group], way, ticket);
        if (way.wait) {
            const auto hour = static_cast<std::size_t>(std::stoi(localTime(*way.waitFrom)));
            const std::chrono::weekday weekday{std::chrono::sys_days(key.first)};
            byHour[hour].push_back(*way.wait);
            byWeekday[weekday.iso_encoding() - 1][hour].push_back(*way.wait);
        }
        if (way.served && way.wasServed)
            ++figures.servedByDay[key.first];
    }
    spread(figures.all, all);
    for (auto& [group, times] : groups)
        spread(figures.groups[group], times);
    for (std::size_t hour = 0; hour < 24; ++hour) {
        figures.waitByHour[hour] = spreadOf(std::move(byHour[hour]));
        for (std::size_t weekday = 0; weekday < 7; ++weekday)
            figures.waitByWeekdayAndHour[weekday][hour] =
                spreadOf(std::move(byWeekday[weekday][hour]));
    }
    return figures;
}

std::string toCsv(const QueueFigures& figures)
{
    std::string text = "group;drawn;walkIns;served;noShows;notArrived;late;withdrawn;leftOpen;"
                       "expired;waitMedian;wait80;serviceMedian;service80\r\n";
    const auto line = [&](const std::string& group, const GroupFigures& each) {
        text += group;
        for (const int number :
             {each.drawn, each.walkIns, each.served, each.noShows, each.notArrived, each.late,
              each.withdrawn, each.leftOpen, each.expired})
            text += ";" + std::to_string(number);
        for (const seconds time :
             {each.wait.median, each.wait.upper, each.service.median, each.service.upper})
            text += ";" + minutesText(time);
        text += "\r\n";
    };
    for (const auto& [group, each] : figures.groups)
        line(group, each);
    line("all", figures.all);
    return text;
}

} // namespace amt::office
