// SPDX-License-Identifier: EUPL-1.2
//
// Copies of the database on a second medium: hourly and on request, beside the running work
// (sync.md 11).
#pragma once

#include "appliance/core/event_loop.h"
#include "appliance/store/backup.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace amt::node {

class House;

class Backups {
public:
    explicit Backups(House& house) : _house(house) {}

    struct Outcome {
        std::string file;    ///< name without its folder; empty: it failed
        std::string failure; ///< what went wrong, without a path
    };
    using Done = std::function<void(const Outcome&)>;

    /// Looks what is there.
    void takeUp();
    /// Begins a copy when the newest is as old as the interval.
    void everyMinute();
    /// Begins one now, or joins the one that runs. Throws ConfigurationInvalid without a folder.
    void make(Done done);

    bool wanted() const;
    bool isRunning() const { return _running != nullptr || _finishing; }
    std::optional<UtcTime> newest() const { return _newest; }
    /// Of the last attempt; empty when that was good.
    const std::string& failure() const { return _last.failure; }
    /// Of the last attempt of this run; both empty before the first.
    const Outcome& last() const { return _last; }
    /// Waits for the one that runs; at once when there is none.
    void whenDone(Done done);

private:
    void step();
    void finish();
    void end(const Outcome& outcome);

    House& _house;
    std::unique_ptr<store::Backup> _running;
    bool _finishing = false;
    UtcTime _begunAt;
    std::optional<UtcTime> _newest;
    std::optional<UtcTime> _lastTry;
    Outcome _last;
    std::vector<Done> _waiting;
};

} // namespace amt::node
