// SPDX-License-Identifier: EUPL-1.2
//
// The simulated disk as an SQLite VFS.
#include "tests/sim/world/sim_disk.h"

#include "tests/support/sqlite_vfs.h"

#include <sqlite3.h>

#include <algorithm>

namespace amt::sim {
namespace {

constexpr std::size_t sectorBytes = test::Vfs::sectorBytes;

} // namespace

struct SimDisk::File {
    Bytes current;                 ///< what the process sees
    Bytes synced;                  ///< what is safe
    std::set<std::size_t> written; ///< sectors touched since the last sync
    bool everSynced = false;

    /// The touched sectors, and the length, are safe from now on.
    void bring()
    {
        synced.resize(current.size());
        for (const std::size_t sector : written) {
            const std::size_t begin = sector * sectorBytes;
            const std::size_t end = std::min(begin + sectorBytes, current.size());
            if (begin < end)
                std::copy(current.begin() + static_cast<std::ptrdiff_t>(begin),
                          current.begin() + static_cast<std::ptrdiff_t>(end),
                          synced.begin() + static_cast<std::ptrdiff_t>(begin));
        }
        written.clear();
        everSynced = true;
    }
};

class SimDisk::Vfs final : public test::Vfs {
public:
    explicit Vfs(SimDisk& disk) : test::Vfs(disk._name, disk._random), _disk(disk) {}

private:
    class Opened final : public test::VfsFile {
    public:
        Opened(SimDisk& disk, std::shared_ptr<File> file) : _disk(disk), _file(std::move(file)) {}

        std::size_t size() const override { return _file->current.size(); }
        int read(std::size_t at, std::span<std::uint8_t> out) override
        {
            if (_disk._off)
                return SQLITE_IOERR_READ;
            std::copy_n(_file->current.begin() + static_cast<std::ptrdiff_t>(at), out.size(),
                        out.begin());
            return SQLITE_OK;
        }
        int write(std::size_t at, ByteView bytes) override
        {
            const std::size_t end = at + bytes.size();
            Bytes& content = _file->current;
            if (_disk._off)
                return SQLITE_IOERR_WRITE;
            if (_disk._full && end > content.size())
                return SQLITE_FULL;
            // The bytes are on their way before the power may go, so a cut at this very write can
            // tear it.
            if (end > content.size())
                content.resize(end);
            std::copy(bytes.begin(), bytes.end(),
                      content.begin() + static_cast<std::ptrdiff_t>(at));
            touch(at, end);
            return _disk.step() ? SQLITE_OK : SQLITE_IOERR_WRITE;
        }
        int truncate(std::size_t size) override
        {
            if (!_disk.step())
                return SQLITE_IOERR_TRUNCATE;
            touch(size, _file->current.size());
            _file->current.resize(size);
            return SQLITE_OK;
        }
        int control(int operation, void* argument) override
        {
            if (operation == SQLITE_FCNTL_CHUNK_SIZE)
                return SQLITE_OK; // the file is grown to its quota at once anyway
            if (operation != SQLITE_FCNTL_SIZE_HINT)
                return SQLITE_NOTFOUND;
            const auto wanted = static_cast<std::size_t>(*static_cast<sqlite3_int64*>(argument));
            return wanted > size() ? truncate(wanted) : SQLITE_OK;
        }
        int sync() override
        {
            if (!_disk.step())
                return SQLITE_IOERR_FSYNC;
            ++_disk._syncs;
            if (_disk._failSyncAt && _disk._syncs >= *_disk._failSyncAt) {
                _disk._failSyncAt.reset();
                return SQLITE_IOERR_FSYNC;
            }
            if (_disk._ignoresSync)
                return SQLITE_OK;
            _file->synced = _file->current;
            _file->written.clear();
            _file->everSynced = true;
            return SQLITE_OK;
        }

    private:
        void touch(std::size_t begin, std::size_t end)
        {
            for (std::size_t sector = begin / sectorBytes; sector * sectorBytes < end; ++sector)
                _file->written.insert(sector);
        }

        SimDisk& _disk;
        std::shared_ptr<File> _file; // shared with the disk's directory
    };

    bool isOff() const override { return _disk._off; }
    bool exists(const std::string& path) const override { return _disk._files.contains(path); }
    std::unique_ptr<test::VfsFile> open(const std::string& path, bool mayMake) override
    {
        const std::string known = path.empty() ? "temporary" : path;
        auto found = _disk._files.find(known);
        if (found == _disk._files.end()) {
            if (!mayMake)
                return nullptr;
            found = _disk._files.emplace(known, std::make_shared<File>()).first;
        }
        return std::make_unique<Opened>(_disk, found->second);
    }
    int remove(const std::string& path, bool) override
    {
        if (!_disk.step())
            return SQLITE_IOERR_DELETE;
        return _disk._files.erase(path) > 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
    }

    SimDisk& _disk;
};

SimDisk::SimDisk(std::string vfsName, RandomSource& random)
    : _name(std::move(vfsName)), _random(random), _vfs(std::make_unique<Vfs>(*this))
{}

SimDisk::~SimDisk() = default;

bool SimDisk::step()
{
    if (_off)
        return false;
    ++_operations;
    if (_cutAt && _operations >= *_cutAt)
        cutPower();
    return !_off;
}

void SimDisk::cutPower()
{
    if (_dark)
        return;
    _off = _dark = true;
    _cutAt.reset();
    for (auto at = _files.begin(); at != _files.end();) {
        File& file = *at->second;
        if (!file.everSynced &&
            randomBelow(_random, 2) == 0) { // the name itself was not on the disk yet
            at = _files.erase(at);
            continue;
        }
        Bytes survived = file.synced;
        for (const std::size_t sector : file.written) {
            const std::size_t begin = sector * sectorBytes;
            const auto fate = randomBelow(_random, _destroys ? 8 : 7);
            const auto copyFrom = [&](const Bytes& source, std::size_t from, std::size_t to) {
                to = std::min(to, source.size());
                if (from >= to)
                    return;
                if (survived.size() < to)
                    survived.resize(to);
                std::copy(source.begin() + static_cast<std::ptrdiff_t>(from),
                          source.begin() + static_cast<std::ptrdiff_t>(to),
                          survived.begin() + static_cast<std::ptrdiff_t>(from));
            };
            if (fate < 3) { // arrived
                copyFrom(file.current, begin, begin + sectorBytes);
            } else if (fate < 5) { // torn at a multiple of 512 bytes
                copyFrom(file.current, begin, begin + 512 * randomBelow(_random, 8));
            } else if (fate == 7) { // the whole sector is garbage
                Bytes garbage = randomBytes(_random, sectorBytes);
                if (survived.size() < begin + sectorBytes && file.current.size() > begin)
                    survived.resize(std::min(begin + sectorBytes,
                                             std::max(survived.size(), file.current.size())));
                for (std::size_t i = begin; i < std::min(begin + sectorBytes, survived.size()); ++i)
                    survived[i] = garbage[i - begin];
            } // else: stays old
        }
        file.current = file.synced = std::move(survived);
        file.written.clear();
        file.everSynced = true;
        ++at;
    }
}

void SimDisk::powerOn()
{
    _off = _dark = false;
}

bool SimDisk::contains(ByteView needle) const
{
    return std::any_of(_files.begin(), _files.end(), [&](const auto& entry) {
        const auto has = [&](const Bytes& hay) {
            return std::search(hay.begin(), hay.end(), needle.begin(), needle.end()) != hay.end();
        };
        return has(entry.second->current) || has(entry.second->synced);
    });
}

} // namespace amt::sim
