// SPDX-License-Identifier: EUPL-1.2
//
// Durable files.
#include "appliance/core/files.h"

#include "appliance/core/error.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace amt {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t smallFileBytesMax = 1024 * 1024;

class Descriptor {
public:
    Descriptor(const fs::path& path, int flags)
        : _number(::open(path.c_str(), flags | O_CLOEXEC, 0600))
    {
        if (_number < 0)
            fail("open");
    }
    ~Descriptor() { ::close(_number); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    void write(ByteView bytes)
    {
        while (!bytes.empty()) {
            const ssize_t written = ::write(_number, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR)
                continue;
            if (written < 0)
                fail("write");
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
    }
    void sync()
    {
        if (::fsync(_number) != 0)
            fail("fsync");
    }

private:
    [[noreturn]] static void fail(const char* what)
    {
        throw Error(ErrorCode::SystemFailed, std::string(what) + ": " + std::strerror(errno));
    }

    int _number;
};

void syncFolder(const fs::path& folder)
{
    Descriptor(folder.empty() ? fs::path(".") : folder, O_RDONLY | O_DIRECTORY).sync();
}

} // namespace

void writeDurably(const fs::path& file, ByteView content)
{
    const fs::path beside = file.string() + ".part";
    {
        Descriptor descriptor(beside, O_WRONLY | O_CREAT | O_TRUNC);
        descriptor.write(content);
        descriptor.sync();
    }
    if (::rename(beside.c_str(), file.c_str()) != 0)
        throw Error(ErrorCode::SystemFailed, std::string("rename: ") + std::strerror(errno));
    syncFolder(file.parent_path());
}

void makeFolder(const fs::path& folder)
{
    if (fs::is_directory(folder))
        return;
    if (folder.has_parent_path() && !fs::is_directory(folder.parent_path()))
        makeFolder(folder.parent_path());
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        throw Error(ErrorCode::SystemFailed, std::string("mkdir: ") + std::strerror(errno));
    syncFolder(folder.parent_path());
}

Bytes readSmallFile(const fs::path& file)
{
    std::error_code failed;
    const auto size = fs::file_size(file, failed);
    std::ifstream in(file, std::ios::binary);
    if (failed || size > smallFileBytesMax || !in)
        throw Error(ErrorCode::ConfigurationInvalid, "cannot read " + file.filename().string());
    Bytes content(size);
    in.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(size));
    if (!in)
        throw Error(ErrorCode::ConfigurationInvalid, "cannot read " + file.filename().string());
    return content;
}

FolderLock::FolderLock(const fs::path& folder)
    : _descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))
{
    int locked = -1;
    while (_descriptor >= 0 && (locked = ::flock(_descriptor, LOCK_EX)) != 0 && errno == EINTR) {
    }
    if (locked == 0)
        return;
    const std::string why = std::strerror(errno);
    if (_descriptor >= 0)
        ::close(_descriptor);
    throw Error(ErrorCode::SystemFailed, "lock of a folder: " + why);
}

FolderLock::~FolderLock()
{
    ::close(_descriptor);
}

} // namespace amt
