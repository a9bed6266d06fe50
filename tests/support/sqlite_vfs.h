// SPDX-License-Identifier: EUPL-1.2
//
// SQLite's way to files (sqlite3_vfs, version 1 methods: the house locks exclusively and needs no
// shared memory) as two classes to derive from: for disks in memory.
#pragma once

#include "appliance/core/random.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct sqlite3_vfs;

namespace amt::test {

/// An open file. Results are SQLite's codes.
class VfsFile {
public:
    virtual ~VfsFile() = default;

    virtual std::size_t size() const = 0;
    /// `out` lies within size().
    virtual int read(std::size_t at, std::span<std::uint8_t> out) = 0;
    virtual int write(std::size_t at, ByteView bytes) = 0;
    virtual int truncate(std::size_t size) = 0;
    virtual int sync() = 0;
    /// SQLITE_FCNTL_*; SQLITE_NOTFOUND for what it does not know.
    virtual int control(int operation, void* argument);
    /// SQLITE_IOCAP_*.
    virtual int characteristics() const { return 0; }
};

/// A file system under a name of its own, registered as long as it lives. Sectors are of 4096
/// bytes.
class Vfs {
public:
    static constexpr std::size_t sectorBytes = 4096;

    Vfs(std::string name, RandomSource& random);
    virtual ~Vfs();
    Vfs(const Vfs&) = delete;
    Vfs& operator=(const Vfs&) = delete;

    const std::string& name() const { return _name; }

protected:
    /// Empty path: a temporary file. Null when it is not there and may not be made.
    virtual std::unique_ptr<VfsFile> open(const std::string& path, bool mayMake) = 0;
    virtual int remove(const std::string& path, bool syncDirectory) = 0;
    virtual bool exists(const std::string& path) const = 0;
    /// Nothing is opened any more.
    virtual bool isOff() const { return false; }

private:
    struct Plumbing;

    std::string _name;
    RandomSource& _random;
    std::unique_ptr<sqlite3_vfs> _vfs;
};

} // namespace amt::test
