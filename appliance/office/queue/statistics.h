// SPDX-License-Identifier: EUPL-1.2
//
// Figures of the queue, derived from its log alone: waits, services, no-shows as tables. No person
// stands in them, neither citizen nor clerk nor desk.
#pragma once

#include "appliance/office/queue/queue_log.h"

#include <array>
#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace amt::office {

/// Of some measured times; all zero when there are none.
struct Spread {
    int count = 0;
    std::chrono::seconds median{0}, upper{0}, longest{0}; ///< upper: 80 % are at most this

    bool operator==(const Spread&) const = default;
};
/// Nearest rank: the smallest value that at least this share does not exceed.
Spread spreadOf(std::vector<std::chrono::seconds> times);

struct GroupFigures {
    int drawn = 0;   ///< numbers and check-ins that waited in the end
    int walkIns = 0; ///< of these
    int expired = 0; ///< numbers that nobody took
    int served = 0;  ///< finished, or laid out for pick-up
    int noShows = 0; ///< called in vain at the end of the day
    int withdrawn = 0;
    int leftOpen = 0;   ///< unserved, unfinished or uncollected when the day ended
    int notArrived = 0; ///< appointments that nobody checked in
    int late = 0;       ///< appointments checked in after their grace
    Spread wait;        ///< to the first call
    Spread way;         ///< from the last call to the desk
    Spread service;     ///< at desks, summed over interruptions

    bool operator==(const GroupFigures&) const = default;
};

struct QueueFigures {
    LocalDate first, last; ///< both included
    GroupFigures all = {};
    std::map<std::string, GroupFigures> groups = {}; ///< by the group that a ticket was drawn for
    std::array<Spread, 24> waitByHour{};             ///< by the local hour in which the wait began
    /// Weekday (0: Monday) and local hour in which the wait began.
    std::array<std::array<Spread, 24>, 7> waitByWeekdayAndHour{};
    std::map<LocalDate, int> servedByDay = {}; ///< every day on which anything happened

    bool operator==(const QueueFigures&) const = default;
};

/// The wait begins when the number was printed or noted; an appointment's, when it came early, at
/// its start.
QueueFigures figuresOf(const std::vector<QueueEvent>& events, LocalDate first, LocalDate last);

/// For download: one line a group and one for all, semicolons, minutes with one decimal comma.
std::string toCsv(const QueueFigures& figures);

} // namespace amt::office
