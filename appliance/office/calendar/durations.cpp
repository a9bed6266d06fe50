// SPDX-License-Identifier: EUPL-1.2
//
// The sum of what is wanted.
#include "appliance/office/calendar/durations.h"

#include "appliance/core/error.h"

#include <set>

namespace amt::office {

namespace {

constexpr std::chrono::minutes durationMax = std::chrono::hours(8);

} // namespace

std::chrono::minutes durationOf(const ServiceTimes& times, const std::vector<WantedService>& wanted)
{
    std::chrono::minutes sum{0};
    std::set<std::string> seen;
    for (const auto& [serviceKey, quantity] : wanted) {
        const auto found = times.find(serviceKey);
        if (found == times.end())
            throw Error(ErrorCode::NotFound, "a service without appointments here");
        if (!seen.insert(serviceKey).second)
            throw Error(ErrorCode::InputMalformed, "one service twice");
        if (quantity < 1 || quantity > found->second.quantityMax)
            throw Error(ErrorCode::InputMalformed, "a quantity beyond its limit");
        sum += quantity * found->second.each;
    }
    if (sum <= std::chrono::minutes(0) || sum > durationMax)
        throw Error(ErrorCode::InputMalformed, "nothing wanted, or too much for a day");
    return sum;
}

} // namespace amt::office
