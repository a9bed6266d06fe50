// SPDX-License-Identifier: EUPL-1.2
//
// A copy in small steps on the loop; what waits for the medium runs beside it.
#include "appliance/node/backups.h"

#include "appliance/core/log.h"
#include "appliance/node/house.h"
#include "appliance/store/migrations/migrations.h"

namespace amt::node {
namespace {

constexpr int pagesPerStep = 128; ///< half a megabyte, less than a millisecond of the loop
constexpr Milliseconds pause{5};
constexpr Milliseconds retry = std::chrono::minutes(10); ///< after one that failed

} // namespace

bool Backups::wanted() const
{
    return !_house.settings.backupFolder.empty();
}

void Backups::takeUp()
{
    if (!wanted())
        return;
    try {
        const auto copies = store::keptCopies(_house.settings.backupFolder);
        if (!copies.empty())
            _newest = copies.front().madeAt;
    } catch (const Error& failure) { // the second medium is away: the page for IT says so
        _last.failure = failure.message();
        log::warning("backup.medium-away", {{"detail", failure.message()}});
    }
}

void Backups::everyMinute()
{
    if (!wanted() || isRunning())
        return;
    const UtcTime now = _house.now();
    const bool fresh = _newest && *_newest <= now && now - *_newest < _house.settings.backupEvery;
    const bool waits =
        !_last.failure.empty() && _lastTry && *_lastTry <= now && now - *_lastTry < retry;
    if (!fresh && !waits)
        make([](const Outcome&) {});
}

void Backups::make(Done done)
{
    if (!wanted())
        throw Error(ErrorCode::ConfigurationInvalid, "no folder for copies");
    _waiting.push_back(std::move(done));
    if (isRunning())
        return;
    _begunAt = _house.now();
    _lastTry = _begunAt;
    try {
        const std::filesystem::path folder = _house.settings.backupFolder;
        store::dropOldCopies(folder, _house.settings.backupsKept);
        _running = std::make_unique<store::Backup>(
            _house.doors.database, folder / (store::copyName(_begunAt) + ".partial"));
    } catch (const Error& failure) { // the other medium's trouble is not the database's
        return end({"", failure.message()});
    }
    _house.doors.loop.after(pause, _house.guarded([this] { step(); }));
}

void Backups::whenDone(Done done)
{
    if (isRunning())
        _waiting.push_back(std::move(done));
    else
        done(_last);
}

void Backups::step()
{
    try {
        if (_running->step(pagesPerStep) == store::Backup::Progress::More) {
            _house.doors.loop.after(pause, _house.guarded([this] { step(); }));
            return;
        }
    } catch (const Error& failure) {
        return end({"", failure.message()});
    }
    finish();
}

void Backups::finish()
{
    _running.reset(); // closed; the file stays
    _finishing = true;
    const std::filesystem::path name =
        std::filesystem::path(_house.settings.backupFolder) / store::copyName(_begunAt);
    const auto outcome = std::make_shared<Outcome>(); // shared by worker and loop, one after the
                                                      // other
    LongWork& beside = _house.doors.copying ? *_house.doors.copying : _house.doors.longWork;
    beside.run(
        [outcome, name, keep = _house.settings.backupsKept] {
            try { // the worker's door
                store::finishCopy(name.string() + ".partial", name, store::forgottenInCopies());
                store::dropOldCopies(name.parent_path(), keep);
                outcome->file = name.filename().string();
            } catch (const std::exception& failure) {
                const auto* ours = dynamic_cast<const Error*>(&failure);
                outcome->failure = ours ? ours->message() : failure.what();
            }
        },
        _house.guarded([this, outcome] {
            _finishing = false;
            end(*outcome);
        }));
}

void Backups::end(const Outcome& outcome)
{
    _running.reset();
    _last = outcome;
    if (outcome.file.empty()) {
        log::error("backup.failed", {{"detail", outcome.failure}});
    } else {
        _newest = std::chrono::floor<std::chrono::seconds>(_begunAt);
        log::info("backup.made", {{"file", outcome.file}});
    }
    for (const auto& done : std::exchange(_waiting, {}))
        done(outcome);
}

} // namespace amt::node
