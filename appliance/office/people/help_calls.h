// SPDX-License-Identifier: EUPL-1.2
//
// Calls for a person, by a citizen at the kiosk or by a device that found something, until somebody
// at a desk takes them.
#pragma once

#include "appliance/core/random.h"
#include "appliance/store/store.h"

#include <optional>
#include <string>

namespace amt::office {

/// Who calls.
inline constexpr auto askedAtKiosk = "kiosk";
inline constexpr auto forgedCard = "card-reader"; ///< a card failed its proof: clerks look at it

class HelpCalls {
public:
    HelpCalls(store::Database& database, RandomSource& random)
        : _database(database), _random(random)
    {}

    /// One commit. A caller's call that is open already stays its only one.
    void call(const std::string& caller, UtcTime now);
    /// Since when the caller waits.
    std::optional<UtcTime> open(const std::string& caller) const;
    /// One commit: a clerk is on the way.
    void take(const std::string& caller, const std::string& clerk, UtcTime now);

private:
    store::Database& _database;
    RandomSource& _random;
};

} // namespace amt::office
