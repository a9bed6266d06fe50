// SPDX-License-Identifier: EUPL-1.2
//
// The C functions behind Vfs and VfsFile.
#include "tests/support/sqlite_vfs.h"

#include "appliance/core/error.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace amt::test {

struct Vfs::Plumbing {
    struct Handle {
        sqlite3_file base;
        std::unique_ptr<VfsFile> file;
    };

    static Vfs& self(sqlite3_vfs* vfs) { return *static_cast<Vfs*>(vfs->pAppData); }
    static VfsFile& fileOf(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file)->file; }

    static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags,
                    int* outFlags)
    {
        base->pMethods = nullptr;
        if (self(vfs).isOff())
            return SQLITE_IOERR;
        auto file = self(vfs).open(name ? name : "", (flags & SQLITE_OPEN_CREATE) != 0);
        if (!file)
            return SQLITE_CANTOPEN;
        auto* const handle = new (base) Handle{{}, std::move(file)};
        handle->base.pMethods = &methods;
        if (outFlags)
            *outFlags = flags;
        return SQLITE_OK;
    }
    static int remove(sqlite3_vfs* vfs, const char* name, int syncDirectory)
    {
        return self(vfs).remove(name, syncDirectory != 0);
    }
    static int access(sqlite3_vfs* vfs, const char* name, int, int* result)
    {
        *result = self(vfs).exists(name) ? 1 : 0;
        return SQLITE_OK;
    }
    static int fullPath(sqlite3_vfs*, const char* name, int size, char* out)
    {
        ::sqlite3_snprintf(size, out, "%s", name);
        return SQLITE_OK;
    }
    static int randomness(sqlite3_vfs* vfs, int size, char* out)
    {
        self(vfs)._random.fill(
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
        reinterpret_cast<Handle*>(base)->~Handle();
        return SQLITE_OK;
    }
    static int read(sqlite3_file* base, void* out, int size, sqlite3_int64 offset)
    {
        VfsFile& file = fileOf(base);
        const auto wanted = static_cast<std::size_t>(size);
        const auto begin = std::min(static_cast<std::size_t>(offset), file.size());
        const auto count = std::min(wanted, file.size() - begin);
        auto* const bytes = static_cast<std::uint8_t*>(out);
        if (const int code = file.read(begin, {bytes, count}); code != SQLITE_OK)
            return code;
        std::memset(bytes + count, 0, wanted - count); // SQLite asks for this
        return count == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
    }
    static int write(sqlite3_file* base, const void* data, int size, sqlite3_int64 offset)
    {
        return fileOf(base).write(
            static_cast<std::size_t>(offset),
            {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)});
    }
    static int truncate(sqlite3_file* base, sqlite3_int64 size)
    {
        return fileOf(base).truncate(static_cast<std::size_t>(size));
    }
    static int sync(sqlite3_file* base, int) { return fileOf(base).sync(); }
    static int fileSize(sqlite3_file* base, sqlite3_int64* size)
    {
        *size = static_cast<sqlite3_int64>(fileOf(base).size());
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
        return fileOf(base).control(operation, argument);
    }
    static int sectorSize(sqlite3_file*) { return static_cast<int>(sectorBytes); }
    static int characteristics(sqlite3_file* base) { return fileOf(base).characteristics(); }

    static constexpr sqlite3_io_methods methods = {
        1,       &close,     &read,    &write,      &truncate,        &sync,   &fileSize, &lock,
        &lock,   &checkLock, &control, &sectorSize, &characteristics, nullptr, nullptr,   nullptr,
        nullptr, nullptr,    nullptr};
};

int VfsFile::control(int, void*)
{
    return SQLITE_NOTFOUND;
}

Vfs::Vfs(std::string name, RandomSource& random)
    : _name(std::move(name)), _random(random), _vfs(std::make_unique<sqlite3_vfs>())
{
    _vfs->iVersion = 1;
    _vfs->szOsFile = sizeof(Plumbing::Handle);
    _vfs->mxPathname = 512;
    _vfs->zName = _name.c_str();
    _vfs->pAppData = this;
    _vfs->xOpen = &Plumbing::open;
    _vfs->xDelete = &Plumbing::remove;
    _vfs->xAccess = &Plumbing::access;
    _vfs->xFullPathname = &Plumbing::fullPath;
    _vfs->xRandomness = &Plumbing::randomness;
    _vfs->xSleep = &Plumbing::sleep;
    _vfs->xCurrentTime = &Plumbing::currentTime;
    _vfs->xGetLastError = &Plumbing::lastError;
    if (::sqlite3_vfs_register(_vfs.get(), 0) != SQLITE_OK)
        throw Error(ErrorCode::StoreFailed, "VFS not registered");
}

Vfs::~Vfs()
{
    ::sqlite3_vfs_unregister(_vfs.get());
}

} // namespace amt::test
