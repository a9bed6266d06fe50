// SPDX-License-Identifier: EUPL-1.2
//
// The recording VFS (sqlite3_vfs, version 1 methods: the house locks exclusively and needs no
// shared memory).
#include "tests/powerloss/disk.h"

#include "appliance/core/error.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace amt::powerloss {

void File::read(std::size_t at, std::span<std::uint8_t> out) const
{
    while (!out.empty()) {
        const std::size_t number = at / sectorBytes, within = at % sectorBytes;
        const auto piece = out.first(std::min(out.size(), sectorBytes - within));
        const auto found = _changed.find(number);
        if (found != _changed.end()) {
            std::memcpy(piece.data(), found->second->data() + within, piece.size());
        } else {
            const std::size_t there =
                _base && at < _base->size() ? std::min(piece.size(), _base->size() - at) : 0;
            if (there > 0)
                std::memcpy(piece.data(), _base->data() + at, there);
            std::memset(piece.data() + there, 0, piece.size() - there);
        }
        at += piece.size();
        out = out.subspan(piece.size());
    }
}

Sector& File::sector(std::size_t number)
{
    auto& changed = _changed[number];
    if (!changed) {
        changed = std::make_unique<Sector>();
        changed->fill(0);
        const std::size_t at = number * sectorBytes;
        if (_base && at < _base->size())
            std::memcpy(changed->data(), _base->data() + at,
                        std::min(sectorBytes, _base->size() - at));
    }
    return *changed;
}

void File::write(std::size_t at, ByteView bytes)
{
    _size = std::max(_size, at + bytes.size());
    while (!bytes.empty()) {
        const std::size_t within = at % sectorBytes;
        const auto piece = bytes.first(std::min(bytes.size(), sectorBytes - within));
        std::memcpy(sector(at / sectorBytes).data() + within, piece.data(), piece.size());
        at += piece.size();
        bytes = bytes.subspan(piece.size());
    }
}

void File::resize(std::size_t size)
{
    for (std::size_t number = size / sectorBytes; number * sectorBytes < _size; ++number) {
        const std::size_t begin = number * sectorBytes < size ? size - number * sectorBytes : 0;
        auto& cut = sector(number);
        std::fill(cut.begin() + static_cast<std::ptrdiff_t>(begin), cut.end(), std::uint8_t{0});
    }
    _size = size;
}

Bytes File::content() const
{
    Bytes all(_size);
    read(0, all);
    return all;
}

class Disk::Vfs {
public:
    explicit Vfs(Disk& disk) : _disk(disk)
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
        Disk* disk;
        std::shared_ptr<File> file; // shared with the disk's directory
        std::string name;           ///< empty: a temporary file, which nobody misses
    };

    static Disk& diskOf(sqlite3_vfs* vfs) { return static_cast<Vfs*>(vfs->pAppData)->_disk; }
    static Handle& handleOf(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
    static void note(Handle& handle, Operation operation)
    {
        if (handle.name.empty())
            return;
        operation.file = handle.name;
        handle.disk->note(std::move(operation));
    }

    static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags,
                    int* outFlags)
    {
        Disk& disk = diskOf(vfs);
        base->pMethods = nullptr;
        std::shared_ptr<File> file;
        if (!name) {
            file = std::make_shared<File>();
        } else {
            auto found = disk._files.find(name);
            if (found == disk._files.end()) {
                if (!(flags & SQLITE_OPEN_CREATE))
                    return SQLITE_CANTOPEN;
                found = disk._files.emplace(name, std::make_shared<File>()).first;
            }
            file = found->second;
        }
        auto* handle = new (base) Handle{{}, &disk, std::move(file), name ? name : ""};
        handle->base.pMethods = &methods;
        if (outFlags)
            *outFlags = flags;
        return SQLITE_OK;
    }

    static int remove(sqlite3_vfs* vfs, const char* name, int syncDirectory)
    {
        Disk& disk = diskOf(vfs);
        if (disk._files.erase(name) == 0)
            return SQLITE_IOERR_DELETE_NOENT;
        Operation operation;
        operation.act = Act::Delete;
        operation.file = name;
        operation.directoryToo = syncDirectory != 0;
        disk.note(std::move(operation));
        return SQLITE_OK;
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
        const File& file = *handleOf(base).file;
        const auto begin = std::min(static_cast<std::size_t>(offset), file.size());
        const auto count = std::min(static_cast<std::size_t>(size), file.size() - begin);
        auto* const bytes = static_cast<std::uint8_t*>(out);
        file.read(begin, {bytes, count});
        if (count == static_cast<std::size_t>(size))
            return SQLITE_OK;
        std::memset(bytes + count, 0, static_cast<std::size_t>(size) - count);
        return SQLITE_IOERR_SHORT_READ;
    }

    static int write(sqlite3_file* base, const void* data, int size, sqlite3_int64 offset)
    {
        Handle& handle = handleOf(base);
        const ByteView bytes(static_cast<const std::uint8_t*>(data),
                             static_cast<std::size_t>(size));
        const auto at = static_cast<std::size_t>(offset);
        handle.file->write(at, bytes);
        const bool blank =
            std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
        Operation operation;
        operation.at = at;
        if (blank)
            operation.zeros = bytes.size();
        else if (handle.disk->_recording)
            operation.bytes.assign(bytes.begin(), bytes.end());
        note(handle, std::move(operation));
        return SQLITE_OK;
    }

    static int truncate(sqlite3_file* base, sqlite3_int64 size)
    {
        Handle& handle = handleOf(base);
        handle.file->resize(static_cast<std::size_t>(size));
        Operation operation;
        operation.act = Act::Resize;
        operation.at = static_cast<std::size_t>(size);
        note(handle, std::move(operation));
        return SQLITE_OK;
    }

    static int sync(sqlite3_file* base, int)
    {
        Operation operation;
        operation.act = Act::Sync;
        note(handleOf(base), std::move(operation));
        return SQLITE_OK;
    }

    static int fileSize(sqlite3_file* base, sqlite3_int64* size)
    {
        *size = static_cast<sqlite3_int64>(handleOf(base).file->size());
        return SQLITE_OK;
    }
    static int lock(sqlite3_file*, int) { return SQLITE_OK; }
    static int checkLock(sqlite3_file*, int* result)
    {
        *result = 0;
        return SQLITE_OK;
    }
    static int control(sqlite3_file* base, int operation, void* argument)
    {
        if (operation == SQLITE_FCNTL_CHUNK_SIZE)
            return SQLITE_OK; // the file is grown to its quota at once anyway
        if (operation == SQLITE_FCNTL_SIZE_HINT) {
            const auto wanted = *static_cast<sqlite3_int64*>(argument);
            if (static_cast<std::size_t>(wanted) > handleOf(base).file->size())
                return truncate(base, wanted);
            return SQLITE_OK;
        }
        return SQLITE_NOTFOUND;
    }
    static int sectorSize(sqlite3_file*) { return static_cast<int>(sectorBytes); }
    static int characteristics(sqlite3_file* base)
    {
        switch (handleOf(base).disk->_claims) {
        case Claims::Nothing:
            return 0;
        case Claims::PowersafeOverwrite:
            return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
        }
        return 0;
    }

    static constexpr sqlite3_io_methods methods = {
        1,       &close,     &read,    &write,      &truncate,        &sync,   &fileSize, &lock,
        &lock,   &checkLock, &control, &sectorSize, &characteristics, nullptr, nullptr,   nullptr,
        nullptr, nullptr,    nullptr};

    Disk& _disk;
    sqlite3_vfs _vfs{};
};

Disk::Disk(std::string vfsName, RandomSource& random, Claims claims)
    : _name(std::move(vfsName)), _random(random), _claims(claims),
      _vfs(std::make_unique<Vfs>(*this))
{}

Disk::~Disk() = default;

void Disk::note(Operation operation)
{
    if (_recording)
        _operations.push_back(std::move(operation));
}

} // namespace amt::powerloss
