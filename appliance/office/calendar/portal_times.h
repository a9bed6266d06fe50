// SPDX-License-Identifier: EUPL-1.2
//
// What is free at the portal, as it was told last (CALENDAR): so that people at a node may choose
// what is not leased to it, and the portal is asked for it. In memory only; the portal decides.
#pragma once

#include "appliance/office/calendar/ledger.h"
#include "appliance/office/calendar/quota_words.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace amt::office {

class PortalTimes {
public:
    void heard(const quota::CalendarQuestion& question, const quota::Calendar& calendar);
    /// As Ledger::freeTimes, of the days that are known.
    std::vector<FreeTime> freeTimes(const FreeQuestion& question, const OpeningRules& rules,
                                    UtcTime now) const;
    /// Of the oldest part; nothing: nothing was told.
    std::optional<UtcTime> asOf(const std::string& scope) const;

private:
    struct Day {
        UtcTime asOf;
        std::vector<quota::Run> taken;
    };
    std::map<std::pair<std::string, LocalDate>, Day> _days;
};

} // namespace amt::office
