// SPDX-License-Identifier: EUPL-1.2
//
// Bound, listened at, served one after the other.
#include "tests/sim/socket/device_socket.h"

#include "appliance/core/error.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <utility>

namespace amt::sim {

DeviceSocket::DeviceSocket(const std::string& path, std::function<void(int connection)> serve)
    : _path(path), _serve(std::move(serve))
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error(ErrorCode::SystemFailed, "path of a device's socket too long");
    std::memcpy(address.sun_path, path.data(), path.size());
    std::filesystem::remove(path);
    _listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto before = ::umask(0177);
    const bool listens =
        _listening >= 0 &&
        ::bind(_listening, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        ::listen(_listening, 1) == 0;
    ::umask(before);
    if (!listens)
        throw Error(ErrorCode::SystemFailed, "a device's socket cannot be made");
    _thread = std::thread([this] { run(); });
}

DeviceSocket::~DeviceSocket()
{
    _stopping = true;
    ::shutdown(_listening, SHUT_RDWR);
    if (const int connection = _connection; connection >= 0)
        ::shutdown(connection, SHUT_RDWR);
    _thread.join();
    ::close(_listening);
    ::unlink(_path.c_str());
}

void DeviceSocket::run()
{
    while (!_stopping) {
        const int connection = ::accept4(_listening, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0)
            continue;
        _connection = connection;
        if (!_stopping)
            _serve(connection);
        _connection = -1;
        ::close(connection);
    }
}

} // namespace amt::sim
