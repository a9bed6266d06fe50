// SPDX-License-Identifier: EUPL-1.2
//
// How long one will wait (Wartezeit): the next two hours, simulated some hundred times from what
// stands in the hall, and shown as a range.
#pragma once

#include "appliance/office/queue/calling_order.h"
#include "appliance/office/queue/durations_seen.h"
#include "appliance/office/queue/queue.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace amt::office {

inline constexpr std::chrono::minutes waitHorizon{120};

/// From the 20 % to the 80 % quantile, rounded outwards to five minutes.
struct WaitRange {
    std::chrono::minutes from{0}, until{0};
    bool orLonger = false; ///< `until` is where the simulation ended

    bool operator==(const WaitRange&) const = default;
};

struct OutlookDesk {
    std::string id;
    std::set<std::string> skills;
    DeskMode mode = DeskMode::Everybody;
    /// Whom it has: since when, and for what. Nobody: free now.
    std::optional<UtcTime> busySince = {};
    std::string busyGroup = {};
    std::optional<UtcTime> closes = {}; ///< takes nobody from then on; nothing: stays open
};
struct OutlookTicket {
    std::string id; ///< may be empty
    std::string group;
    Claim claim;
    std::optional<std::string> forDesk = {};
};
struct OutlookVisit {
    std::string group;
    UtcTime start;
};
/// What stands in the hall.
struct Outlook {
    UtcTime now;
    std::vector<OutlookDesk> desks;
    std::vector<OutlookTicket> waiting;
    std::vector<OutlookVisit> expected; ///< appointments that are not checked in yet
    std::map<std::string, DurationModel> durations;
    double noShow = 0.1;              ///< share of expected appointments that do not come
    std::chrono::seconds between{20}; ///< from one person to the next call
    CallingRules rules;
};

struct WaitingTimes {
    /// Of a walk-in who draws a number now, by group. A group that no open desk serves has none:
    /// "no estimate".
    std::map<std::string, WaitRange> newcomer;
    std::map<std::string, WaitRange> tickets; ///< from now on, of those that wait, by id
};

/// `groups`: whose newcomers are asked for. The same seed gives the same answer. Throws
/// InputMalformed for a group without a duration.
WaitingTimes waitingTimes(const Outlook& outlook, const std::set<std::string>& groups,
                          std::uint64_t seed, int rounds = 200);

/// The hall as it stands. `booked`: appointments of today, checked in or not; `closes`: when desks
/// take nobody any more, if that is known.
Outlook outlookAt(const Queue& queue, DurationsSeen& durations,
                  const std::vector<BookedVisit>& booked, std::optional<UtcTime> closes,
                  UtcTime now);

/// 12 to 33 minutes become 10 to 35.
WaitRange roundedOutwards(std::chrono::seconds from, std::chrono::seconds until);

} // namespace amt::office
