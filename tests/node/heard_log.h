// SPDX-License-Identifier: EUPL-1.2
//
// What the log says while it lives, for tests of what it must not say.
#pragma once

#include "appliance/core/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace amt::test {

class HeardLog {
public:
    HeardLog()
        : _path(std::filesystem::temp_directory_path() /
                ("amt-heard-log-" + std::to_string(::getpid()))),
          _before(::dup(STDERR_FILENO)),
          _file(::open(_path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600))
    {
        ::dup2(_file, STDERR_FILENO);
        log::setEnabled(true);
    }
    HeardLog(const HeardLog&) = delete;
    HeardLog& operator=(const HeardLog&) = delete;
    ~HeardLog()
    {
        log::setEnabled(false);
        ::dup2(_before, STDERR_FILENO);
        ::close(_before);
        ::close(_file);
        std::filesystem::remove(_path);
    }

    std::string text() const
    {
        std::ifstream stream(_path);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

private:
    std::filesystem::path _path;
    int _before, _file;
};

} // namespace amt::test
