// SPDX-License-Identifier: EUPL-1.2
//
// The recording VFS.
#include "tests/powerloss/disk.h"

#include "tests/support/sqlite_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

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

class Disk::Vfs final : public test::Vfs {
public:
    explicit Vfs(Disk& disk) : test::Vfs(disk._name, disk._random), _disk(disk) {}

private:
    class Opened final : public test::VfsFile {
    public:
        Opened(Disk& disk, std::shared_ptr<File> file, std::string path)
            : _disk(disk), _file(std::move(file)), _path(std::move(path))
        {}

        std::size_t size() const override { return _file->size(); }
        int read(std::size_t at, std::span<std::uint8_t> out) override
        {
            _file->read(at, out);
            return SQLITE_OK;
        }
        int write(std::size_t at, ByteView bytes) override
        {
            _file->write(at, bytes);
            const bool blank = std::all_of(bytes.begin(), bytes.end(),
                                           [](std::uint8_t byte) { return byte == 0; });
            Operation operation;
            operation.at = at;
            if (blank)
                operation.zeros = bytes.size();
            else if (_disk._recording)
                operation.bytes.assign(bytes.begin(), bytes.end());
            note(std::move(operation));
            return SQLITE_OK;
        }
        int truncate(std::size_t size) override
        {
            _file->resize(size);
            Operation operation;
            operation.act = Act::Resize;
            operation.at = size;
            note(std::move(operation));
            return SQLITE_OK;
        }
        int sync() override
        {
            Operation operation;
            operation.act = Act::Sync;
            note(std::move(operation));
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
        int characteristics() const override
        {
            return _disk._claims == Claims::PowersafeOverwrite ? SQLITE_IOCAP_POWERSAFE_OVERWRITE
                                                               : 0;
        }

    private:
        void note(Operation operation)
        {
            if (_path.empty()) // a temporary file, which nobody misses
                return;
            operation.file = _path;
            _disk.note(std::move(operation));
        }

        Disk& _disk;
        std::shared_ptr<File> _file; // shared with the disk's directory
        std::string _path;
    };

    bool exists(const std::string& path) const override { return _disk._files.contains(path); }
    std::unique_ptr<test::VfsFile> open(const std::string& path, bool mayMake) override
    {
        if (path.empty())
            return std::make_unique<Opened>(_disk, std::make_shared<File>(), path);
        auto found = _disk._files.find(path);
        if (found == _disk._files.end()) {
            if (!mayMake)
                return nullptr;
            found = _disk._files.emplace(path, std::make_shared<File>()).first;
        }
        return std::make_unique<Opened>(_disk, found->second, path);
    }
    int remove(const std::string& path, bool syncDirectory) override
    {
        if (_disk._files.erase(path) == 0)
            return SQLITE_IOERR_DELETE_NOENT;
        Operation operation;
        operation.act = Act::Delete;
        operation.file = path;
        operation.directoryToo = syncDirectory;
        _disk.note(std::move(operation));
        return SQLITE_OK;
    }

    Disk& _disk;
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
