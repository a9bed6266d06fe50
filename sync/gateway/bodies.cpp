// SPDX-License-Identifier: EUPL-1.2
//
// Files without names.
#include "sync/gateway/bodies.h"

#include "appliance/core/error.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace amt::gateway {
namespace {

[[noreturn]] void fail(const char* what)
{
    throw Error(errno == ENOSPC || errno == EDQUOT ? ErrorCode::StoreFull : ErrorCode::SystemFailed,
                std::string(what) + ": " + std::strerror(errno));
}

} // namespace

BodyFile::BodyFile(const std::filesystem::path& folder)
{
    std::string name = (folder / "body-XXXXXX").string();
    _file = ::mkstemp(name.data());
    if (_file < 0)
        fail("a file for a body");
    ::unlink(name.c_str());
}

BodyFile::~BodyFile()
{
    ::close(_file);
}

void BodyFile::append(std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(_file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            fail("write a body");
        _size += static_cast<std::size_t>(written);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string BodyFile::read(std::size_t at, std::size_t bytes) const
{
    std::string text(std::min(bytes, at < _size ? _size - at : 0), '\0');
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t got =
            ::pread(_file, text.data() + done, text.size() - done, static_cast<off_t>(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            fail("read a body");
        done += static_cast<std::size_t>(got);
    }
    return text;
}

} // namespace amt::gateway
