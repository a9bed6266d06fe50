// SPDX-License-Identifier: EUPL-1.2
//
// Files in memory behind SQLite (VFS) that write down each operation: the raw material of the
// images.
#pragma once

#include "appliance/core/random.h"

#include <array>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace amt::powerloss {

constexpr std::size_t sectorBytes = 4096;
using Sector = std::array<std::uint8_t, sectorBytes>;

/// Sectors over a base that many images share; what was never written is zero.
class File {
public:
    explicit File(const Bytes* base = nullptr) : _base(base), _size(base ? base->size() : 0) {}

    std::size_t size() const { return _size; }
    void read(std::size_t at, std::span<std::uint8_t> out) const; ///< within size()
    void write(std::size_t at, ByteView bytes);
    void resize(std::size_t size);
    /// For whole-sector accidents.
    Sector& sector(std::size_t number);
    Bytes content() const;

private:
    const Bytes* _base; // outlives the file
    std::size_t _size;
    std::unordered_map<std::size_t, std::unique_ptr<Sector>> _changed;
};

enum class Act { Write, Resize, Sync, Delete };

struct Operation {
    Act act = Act::Write;
    std::string file;
    std::size_t at = 0; ///< of a write; the new size of a resize
    Bytes bytes;        ///< of a write; empty when it is `zeros` zeros
    std::size_t zeros = 0;
    bool directoryToo = false; ///< of a delete: it is on the disk when it returns

    std::size_t size() const { return bytes.empty() ? zeros : bytes.size(); }
};

/// What the medium says of itself: that a torn write leaves its neighbours alone.
enum class Claims { Nothing, PowersafeOverwrite };

/// A VFS under a name of its own.
class Disk {
public:
    Disk(std::string vfsName, RandomSource& random, Claims claims = Claims::Nothing);
    ~Disk();
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    const std::string& vfs() const { return _name; }
    std::map<std::string, std::shared_ptr<File>>& files() { return _files; }
    /// Everything so far, in order, when it is wanted.
    void record() { _recording = true; }
    const std::vector<Operation>& operations() const { return _operations; }

    class Vfs; ///< of disk.cpp

private:
    void note(Operation operation);

    std::string _name;
    RandomSource& _random;
    Claims _claims;
    std::map<std::string, std::shared_ptr<File>> _files; // shared with open handles
    std::vector<Operation> _operations;
    bool _recording = false;
    std::unique_ptr<Vfs> _vfs;
};

} // namespace amt::powerloss
