// SPDX-License-Identifier: EUPL-1.2
//
// One open call a device: pressing again does not call twice.
#include "appliance/office/people/help_calls.h"

namespace amt::office {

void HelpCalls::call(const std::string& device, UtcTime now)
{
    _database.transact([&] {
        _database
            .prepare("INSERT OR IGNORE INTO help_call (id, device, called_at) VALUES (?, ?, ?)")
            .bind(timedUuid(_random, now), device, now)
            .run();
    });
}

int HelpCalls::open() const
{
    auto count = _database.prepare("SELECT count(*) FROM help_call WHERE taken_at IS NULL");
    count.step();
    return static_cast<int>(count.integer(0));
}

void HelpCalls::take(const std::string& clerk, UtcTime now)
{
    _database.transact([&] {
        _database.prepare("UPDATE help_call SET taken_at = ?, taken_by = ? WHERE taken_at IS NULL")
            .bind(now, clerk)
            .run();
    });
}

} // namespace amt::office
