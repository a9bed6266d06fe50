// SPDX-License-Identifier: EUPL-1.2
//
// How long people were at a desk during the last 60 days: median and 80 % for each service group,
// shrunk to the plan when there are few; and how many appointments nobody came to.
#pragma once

#include "appliance/office/queue/queue_log.h"
#include "appliance/office/queue/queue_plan.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace amt::office {

inline constexpr int durationDays = 60;

/// One stay at a desk, the way there included: from the call to whatever ended it (finished,
/// parked, redirected, missed).
struct DurationModel {
    std::chrono::seconds median{600}, upper{900}; ///< upper: 80 % are shorter
    int samples = 0;                              ///< that were measured

    bool operator==(const DurationModel&) const = default;
};

/// `seen`: measured, in any order. With n samples the plan (its minutes, and half as much again for
/// 80 %) weighs 20 / (20 + n).
DurationModel shrunkToPlan(std::vector<std::chrono::seconds> seen, std::chrono::minutes planned);

/// The stays of one day, by the group that was called. What the end of the day or a call by mistake
/// ended says nothing.
std::map<std::string, std::vector<std::chrono::seconds>>
stays(const std::vector<QueueEvent>& eventsOfOneDay);

/// Reads each day of the log once; today does not count yet.
class DurationsSeen {
public:
    explicit DurationsSeen(store::Database& database) : _database(database) {}

    std::map<std::string, DurationModel> modelsAt(const QueuePlan& plan, LocalDate today);
    /// Share of appointments that nobody checked in, of the same days, shrunk to a tenth as the
    /// durations to their plan; a tenth where noteAbsent() never found any.
    double absentShareAt(LocalDate today);

private:
    using OfDay = std::map<std::string, std::vector<std::chrono::seconds>>;

    store::Database& _database;
    std::map<LocalDate, OfDay> _days;
    std::optional<std::pair<LocalDate, double>> _absentShare; ///< as of that day
};

} // namespace amt::office
