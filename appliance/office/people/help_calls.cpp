// SPDX-License-Identifier: EUPL-1.2
//
// One open call a caller: pressing again does not call twice.
#include "appliance/office/people/help_calls.h"

namespace amt::office {

void HelpCalls::call(const std::string& caller, UtcTime now)
{
    _database.transact([&] {
        _database
            .prepare("INSERT OR IGNORE INTO help_call (id, device, called_at) VALUES (?, ?, ?)")
            .bind(timedUuid(_random, now), caller, now)
            .run();
    });
}

std::optional<UtcTime> HelpCalls::open(const std::string& caller) const
{
    auto row =
        _database.prepare("SELECT called_at FROM help_call WHERE taken_at IS NULL AND device = ?");
    return row.bind(caller).step() ? row.optionalTime(0) : std::nullopt;
}

void HelpCalls::take(const std::string& caller, const std::string& clerk, UtcTime now)
{
    _database.transact([&] {
        _database
            .prepare("UPDATE help_call SET taken_at = ?, taken_by = ? WHERE taken_at IS NULL AND "
                     "device = ?")
            .bind(now, clerk, caller)
            .run();
    });
}

} // namespace amt::office
