// SPDX-License-Identifier: EUPL-1.2
//
// Fates of sectors.
#include "tests/powerloss/images.h"

#include "appliance/core/error.h"

#include <algorithm>

namespace amt::powerloss {
namespace {

constexpr std::size_t tornBytes = 512;

enum class Fate { Arrived, Lost, Torn, SectorDestroyed };

/// How kind a cut is; so that runs with one pending write lost among many are tried as well as runs
/// with nothing left.
struct Mood {
    std::uint64_t arrived, lost, torn, destroyed; ///< shares
};
constexpr Mood moods[] = {
    {1, 1, 1, 1},  {8, 1, 1, 0},  {1, 8, 1, 1}, {30, 1, 0, 0},
    {1, 30, 0, 1}, {10, 0, 1, 1}, {0, 1, 1, 1}, {20, 0, 0, 1},
};

Fate fateOf(const Mood& mood, RandomSource& random)
{
    std::uint64_t draw = randomBelow(random, mood.arrived + mood.lost + mood.torn + mood.destroyed);
    if (draw < mood.arrived)
        return Fate::Arrived;
    draw -= mood.arrived;
    if (draw < mood.lost)
        return Fate::Lost;
    return draw - mood.lost < mood.torn ? Fate::Torn : Fate::SectorDestroyed;
}

Bytes bytesOf(const Operation& operation)
{
    return operation.bytes.empty() ? Bytes(operation.zeros) : operation.bytes;
}

} // namespace

void Recording::done(std::size_t number)
{
    const Operation& operation = _operations[number];
    Name& name = _names[operation.file];
    switch (operation.act) {
    case Act::Write:
    case Act::Resize:
        if (!name.fresh && (!name.durable || name.deletePending))
            name.fresh = std::make_shared<Contents>();
        (name.fresh ? name.fresh : name.durable)->pending.push_back(number);
        return;
    case Act::Delete:
        name.fresh.reset();
        name.deletePending = name.durable != nullptr && !operation.directoryToo;
        if (operation.directoryToo)
            name.durable.reset();
        return;
    case Act::Sync: {
        if (name.fresh) { // the first sync of a new file takes its name along
            name.durable = std::move(name.fresh);
            name.fresh.reset();
            name.deletePending = false;
        }
        // A journaling file system writes its own changes in order: no name comes back after this.
        for (auto& [other, state] : _names)
            if (state.deletePending) {
                state.durable.reset();
                state.deletePending = false;
            }
        if (!name.durable)
            return;
        Contents& contents = *name.durable;
        for (const std::size_t each : contents.pending) {
            const Operation& pending = _operations[each];
            if (pending.act == Act::Resize) {
                contents.synced.resize(pending.at);
                continue;
            }
            const std::size_t end = pending.at + pending.size();
            if (contents.synced.size() < end)
                contents.synced.resize(end);
            const auto to = contents.synced.begin() + static_cast<std::ptrdiff_t>(pending.at);
            if (pending.bytes.empty())
                std::fill_n(to, pending.zeros, std::uint8_t{0});
            else
                std::copy(pending.bytes.begin(), pending.bytes.end(), to);
        }
        contents.pending.clear();
        return;
    }
    }
}

void Recording::advance(std::size_t at)
{
    for (; _done < at; ++_done)
        done(_done);
}

std::shared_ptr<File> Recording::survivor(const Bytes& synced,
                                          const std::vector<std::size_t>& pending,
                                          RandomSource& random) const
{
    auto file = std::make_shared<File>(&synced);
    const Mood& mood = moods[randomBelow(random, std::size(moods))];
    for (const std::size_t number : pending) {
        const Operation& operation = _operations[number];
        if (operation.act == Act::Resize) {
            if (fateOf(mood, random) == Fate::Arrived)
                file->resize(operation.at);
            continue;
        }
        const Bytes all = bytesOf(operation);
        for (std::size_t from = 0; from < all.size();) {
            const std::size_t at = operation.at + from;
            const std::size_t size = std::min(all.size() - from, sectorBytes - at % sectorBytes);
            const ByteView piece = ByteView(all).subspan(from, size);
            from += size;
            switch (fateOf(mood, random)) {
            case Fate::Arrived:
                file->write(at, piece);
                break;
            case Fate::Lost:
                break;
            case Fate::Torn:
                // each 512 bytes for themselves: the medium need not write from front to back
                for (std::size_t begin = 0; begin < size;) {
                    const std::size_t step =
                        std::min(size - begin, tornBytes - (at + begin) % tornBytes);
                    if (randomBelow(random, 2) == 0)
                        file->write(at + begin, piece.subspan(begin, step));
                    begin += step;
                }
                break;
            case Fate::SectorDestroyed:
                // with what others wrote into it before, synced or not
                file->write(at, piece);
                random.fill(file->sector(at / sectorBytes));
                break;
            }
        }
    }
    return file;
}

void Recording::cut(Disk& disk, RandomSource& random) const
{
    AMT_ASSERT(_done < _operations.size());
    disk.files().clear();
    const Operation& running = _operations[_done];
    for (const auto& [name, state] : _names) {
        Name now = state;
        if (name == running.file && running.act == Act::Delete && randomBelow(random, 2) == 0)
            now = running.directoryToo ? Name{} : Name{now.durable, now.durable != nullptr, {}};
        const bool arriving =
            name == running.file && (running.act == Act::Write || running.act == Act::Resize);
        const Contents* found = nullptr;
        if (now.fresh && randomBelow(random, 2) == 0)
            found = now.fresh.get();
        else if (now.durable && (!now.deletePending || randomBelow(random, 2) == 0))
            found = now.durable.get();
        if (!found)
            continue;
        const bool newest = found == (now.fresh ? now.fresh : now.durable).get();
        auto pending = found->pending;
        if (arriving && newest && (now.fresh || !now.deletePending))
            pending.push_back(_done); // on its way when the power went
        disk.files()[name] = survivor(found->synced, pending, random);
    }
}

} // namespace amt::powerloss
