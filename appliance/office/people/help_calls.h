// SPDX-License-Identifier: EUPL-1.2
//
// Calls for a person from the kiosk, until somebody at a desk takes them.
#pragma once

#include "appliance/core/random.h"
#include "appliance/store/store.h"

#include <string>

namespace amt::office {

class HelpCalls {
public:
    HelpCalls(store::Database& database, RandomSource& random)
        : _database(database), _random(random)
    {}

    /// One commit. A call that is open already stays the only one.
    void call(const std::string& device, UtcTime now);
    int open() const;
    /// One commit: a clerk is on the way.
    void take(const std::string& clerk, UtcTime now);

private:
    store::Database& _database;
    RandomSource& _random;
};

} // namespace amt::office
