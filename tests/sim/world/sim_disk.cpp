// SPDX-License-Identifier: EUPL-1.2
//
// The simulated disk as an SQLite VFS (sqlite3_vfs, version 1 methods: the house locks exclusively
// and needs no shared memory).
#include "tests/sim/world/sim_disk.h"

#include "appliance/core/error.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace amt::sim {
namespace {

constexpr std::size_t sectorBytes = 4096;

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

class SimDisk::Vfs {
public:
    explicit Vfs(SimDisk& disk) : _disk(disk)
    {
        _vfs.iVersion = 1;
        _vfs.szOsFile = sizeof(Handle);
        _vfs.mxPathname = 512;
        _vfs.zName = disk._name.c_str();
        _vfs.pAppData = this;
        _vfs.xOpen = &open;
        _vfs.xDelete = &remove;
        _vfs.xAccess = &access;
        _vfs.xFullPathname = &fullPath;
        _vfs.xRandomness = &randomness;
        _vfs.xSleep = &sleep;
        _vfs.xCurrentTime = &currentTime;
        _vfs.xGetLastError = &lastError;
        if (::sqlite3_vfs_register(&_vfs, 0) != SQLITE_OK)
            throw Error(ErrorCode::StoreFailed, "VFS not registered");
    }
    ~Vfs() { ::sqlite3_vfs_unregister(&_vfs); }

private:
    struct Handle {
        sqlite3_file base;
        SimDisk* disk;
        std::shared_ptr<File> file; // shared with the disk's directory
    };

    static SimDisk& diskOf(sqlite3_vfs* vfs) { return static_cast<Vfs*>(vfs->pAppData)->_disk; }
    static Handle& handleOf(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }

    static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags,
                    int* outFlags)
    {
        SimDisk& disk = diskOf(vfs);
        base->pMethods = nullptr;
        if (disk._off)
            return SQLITE_IOERR;
        const std::string path = name ? name : "temporary";
        auto found = disk._files.find(path);
        if (found == disk._files.end()) {
            if (!(flags & SQLITE_OPEN_CREATE))
                return SQLITE_CANTOPEN;
            found = disk._files.emplace(path, std::make_shared<File>()).first;
        }
        auto* handle = new (base) Handle{{}, &disk, found->second};
        handle->base.pMethods = &methods;
        if (outFlags)
            *outFlags = flags;
        return SQLITE_OK;
    }

    static int remove(sqlite3_vfs* vfs, const char* name, int)
    {
        SimDisk& disk = diskOf(vfs);
        if (!disk.step())
            return SQLITE_IOERR_DELETE;
        return disk._files.erase(name) > 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
    }

    static int access(sqlite3_vfs* vfs, const char* name, int, int* result)
    {
        *result = diskOf(vfs)._files.contains(name) ? 1 : 0;
        return SQLITE_OK;
    }

    static int fullPath(sqlite3_vfs*, const char* name, int size, char* out)
    {
        ::sqlite3_snprintf(size, out, "%s", name);
        return SQLITE_OK;
    }

    static int randomness(sqlite3_vfs* vfs, int size, char* out)
    {
        diskOf(vfs)._random.fill(
            {reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(size)});
        return size;
    }
    static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
    static int currentTime(sqlite3_vfs*, double* julian)
    {
        *julian = 2461366.0; // our SQL never asks SQLite for the time
        return SQLITE_OK;
    }
    static int lastError(sqlite3_vfs*, int, char*) { return 0; }

    static int close(sqlite3_file* base)
    {
        handleOf(base).~Handle();
        return SQLITE_OK;
    }

    static int read(sqlite3_file* base, void* out, int size, sqlite3_int64 offset)
    {
        Handle& handle = handleOf(base);
        if (handle.disk->_off)
            return SQLITE_IOERR_READ;
        const Bytes& content = handle.file->current;
        const auto begin = std::min(static_cast<std::size_t>(offset), content.size());
        const auto count = std::min(static_cast<std::size_t>(size), content.size() - begin);
        if (count > 0)
            std::memcpy(out, content.data() + begin, count);
        if (count == static_cast<std::size_t>(size))
            return SQLITE_OK;
        std::memset(static_cast<char*>(out) + count, 0, static_cast<std::size_t>(size) - count);
        return SQLITE_IOERR_SHORT_READ;
    }

    static int write(sqlite3_file* base, const void* data, int size, sqlite3_int64 offset)
    {
        Handle& handle = handleOf(base);
        const auto begin = static_cast<std::size_t>(offset);
        const auto end = begin + static_cast<std::size_t>(size);
        Bytes& content = handle.file->current;
        if (handle.disk->_off)
            return SQLITE_IOERR_WRITE;
        if (handle.disk->_full && end > content.size())
            return SQLITE_FULL;
        // The bytes are on their way before the power may go, so a cut at this very write can tear
        // it.
        if (end > content.size())
            content.resize(end);
        std::memcpy(content.data() + begin, data, static_cast<std::size_t>(size));
        for (std::size_t sector = begin / sectorBytes; sector <= (end - 1) / sectorBytes; ++sector)
            handle.file->written.insert(sector);
        return handle.disk->step() ? SQLITE_OK : SQLITE_IOERR_WRITE;
    }

    static int truncate(sqlite3_file* base, sqlite3_int64 size)
    {
        Handle& handle = handleOf(base);
        if (!handle.disk->step())
            return SQLITE_IOERR_TRUNCATE;
        Bytes& content = handle.file->current;
        for (std::size_t sector = static_cast<std::size_t>(size) / sectorBytes;
             sector * sectorBytes < content.size(); ++sector)
            handle.file->written.insert(sector);
        content.resize(static_cast<std::size_t>(size));
        return SQLITE_OK;
    }

    static int sync(sqlite3_file* base, int)
    {
        Handle& handle = handleOf(base);
        SimDisk& disk = *handle.disk;
        if (!disk.step())
            return SQLITE_IOERR_FSYNC;
        ++disk._syncs;
        if (disk._failSyncAt && disk._syncs >= *disk._failSyncAt) {
            disk._failSyncAt.reset();
            // The kernel has dropped what it could not write, and believes it to be clean: later
            // syncs will not bring it to the disk.
            std::erase_if(handle.file->written,
                          [&](std::size_t) { return randomBelow(disk._random, 2) == 0; });
            handle.file->bring();
            return SQLITE_IOERR_FSYNC;
        }
        if (!disk._ignoresSync)
            handle.file->bring();
        return SQLITE_OK;
    }

    static int fileSize(sqlite3_file* base, sqlite3_int64* size)
    {
        *size = static_cast<sqlite3_int64>(handleOf(base).file->current.size());
        return SQLITE_OK;
    }
    static int lock(sqlite3_file*, int) { return SQLITE_OK; }
    static int checkLock(sqlite3_file*, int* result)
    {
        *result = 0;
        return SQLITE_OK;
    }
    static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
    static int sectorSize(sqlite3_file*) { return static_cast<int>(sectorBytes); }
    static int characteristics(sqlite3_file*)
    {
        return 0;
    } // no powersafe overwrite, no atomic writes

    static constexpr sqlite3_io_methods methods = {
        1,       &close,     &read,    &write,      &truncate,        &sync,   &fileSize, &lock,
        &lock,   &checkLock, &control, &sectorSize, &characteristics, nullptr, nullptr,   nullptr,
        nullptr, nullptr,    nullptr};

    SimDisk& _disk;
    sqlite3_vfs _vfs{};
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
