// SPDX-License-Identifier: EUPL-1.2
//
// The events of socket_source.h.
#include "drivers/scanner/socket_source.h"

#include "appliance/core/bytes.h"
#include "appliance/core/error.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace amt::scanner {
namespace {

class SocketSource final : public KeySource {
public:
    explicit SocketSource(std::string path) : _path(std::move(path)) {}
    ~SocketSource() override { SocketSource::close(); }

    bool open() override
    {
        close();
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (_path.size() >= sizeof address.sun_path)
            throw Error(ErrorCode::ConfigurationInvalid, "path of the scanner's socket too long");
        std::memcpy(address.sun_path, _path.data(), _path.size());
        _socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (_socket >= 0 &&
            ::connect(_socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
            return true;
        close();
        return false;
    }

    void close() override
    {
        if (_socket >= 0)
            ::close(std::exchange(_socket, -1));
        _incoming.clear();
    }

    int handle() const override { return _socket; }

    std::optional<std::vector<KeyEvent>> take() override
    {
        std::array<std::uint8_t, 512 * keyEventBytes> bytes; // NOLINT: filled by recv
        const auto count = ::recv(_socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return std::vector<KeyEvent>();
        if (count <= 0)
            return std::nullopt;
        append(_incoming, ByteView(bytes).first(static_cast<std::size_t>(count)));
        std::vector<KeyEvent> events;
        ByteView rest = _incoming;
        for (; rest.size() >= keyEventBytes; rest = rest.subspan(keyEventBytes)) {
            const auto number = [&rest](std::size_t at, std::size_t size) {
                std::uint32_t value = 0;
                for (const auto byte : rest.subspan(at, size))
                    value = (value << 8) | byte;
                return value;
            };
            events.push_back({static_cast<std::uint16_t>(number(0, 2)),
                              static_cast<std::uint16_t>(number(2, 2)),
                              static_cast<std::int32_t>(number(4, 4))});
        }
        _incoming = Bytes(rest.begin(), rest.end());
        return events;
    }

private:
    std::string _path;
    int _socket = -1;
    Bytes _incoming;
};

} // namespace

std::unique_ptr<KeySource> makeSocketSource(const std::string& path)
{
    return std::make_unique<SocketSource>(path);
}

} // namespace amt::scanner
