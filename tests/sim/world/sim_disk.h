// SPDX-License-Identifier: EUPL-1.2
//
// A disk in memory behind SQLite (VFS): at a power cut each sector that was written and not synced
// survives, stays old or turns into garbage, by the seed. It can be full, and it can fail.
#pragma once

#include "appliance/core/random.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace amt::sim {

class SimDisk {
public:
    /// Registers a VFS of this name; names are unique among living disks.
    SimDisk(std::string vfsName, RandomSource& random);
    ~SimDisk();
    SimDisk(const SimDisk&) = delete;
    SimDisk& operator=(const SimDisk&) = delete;

    const std::string& vfs() const { return _name; }

    /// The power goes now: what is not synced is decided; every operation fails until powerOn().
    void cutPower();
    /// The power goes at the nth write or sync from now (1 is the next).
    void cutPowerAt(std::uint64_t nth) { _cutAt = _operations + nth; }
    /// The process was killed: what it wrote is safe with the kernel, what its dying hand still
    /// writes is not taken.
    void halt() { _off = true; }
    void powerOn();
    /// No fault is waiting any more.
    void calm()
    {
        _cutAt.reset();
        _failSyncAt.reset();
        _full = false;
    }
    bool isOff() const { return _off; }
    bool isDark() const { return _dark; } ///< off because the power went

    void setFull(bool full) { _full = full; }
    /// The nth sync from now fails (EIO).
    void failSyncAt(std::uint64_t nth) { _failSyncAt = _syncs + nth; }
    /// Sectors of a torn write become garbage (media without powersafe overwrite).
    void setDestroysTornSectors(bool destroys) { _destroys = destroys; }
    /// What an application with synchronous=OFF would get: a plant for the tests that must fail.
    void setIgnoresSync(bool ignores) { _ignoresSync = ignores; }

    std::uint64_t operations() const { return _operations; }
    std::uint64_t syncs() const { return _syncs; }
    /// True if the bytes stand anywhere on the disk: the hunt for clear text.
    bool contains(ByteView needle) const;

    struct File;
    class Vfs; ///< of sim_disk.cpp

private:
    friend class Vfs;

    bool step(); ///< one write or sync; false when the power is off

    std::string _name;
    RandomSource& _random;
    std::map<std::string, std::shared_ptr<File>> _files; // shared with open handles
    std::unique_ptr<Vfs> _vfs;
    std::uint64_t _operations = 0, _syncs = 0;
    std::optional<std::uint64_t> _cutAt, _failSyncAt;
    bool _off = false, _dark = false, _full = false, _destroys = true, _ignoresSync = false;
};

} // namespace amt::sim
