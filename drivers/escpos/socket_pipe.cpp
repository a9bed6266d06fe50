// SPDX-License-Identifier: EUPL-1.2
//
// The messages of socket_pipe.h on a Unix socket.
#include "drivers/escpos/socket_pipe.h"

#include "appliance/core/error.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace amt::escpos {
namespace {

constexpr std::size_t headerBytes = 5;
constexpr std::size_t messageBytesMax = 64 * 1024;
constexpr std::size_t chunkBytes = 4096;

std::size_t lengthAt(ByteView bytes)
{
    return (static_cast<std::size_t>(bytes[0]) << 24) | (static_cast<std::size_t>(bytes[1]) << 16) |
           (static_cast<std::size_t>(bytes[2]) << 8) | bytes[3];
}

class SocketPipe final : public UsbPipe {
public:
    explicit SocketPipe(std::string path) : _path(std::move(path)) {}
    ~SocketPipe() override { close(); }

    bool open() override
    {
        close();
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (_path.size() >= sizeof address.sun_path)
            throw Error(ErrorCode::ConfigurationInvalid, "path of the printer's socket too long");
        std::memcpy(address.sun_path, _path.data(), _path.size());
        _socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (_socket < 0)
            return false;
        if (::connect(_socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            close();
            return false;
        }
        return true;
    }

    void close() override
    {
        if (_socket >= 0)
            ::close(std::exchange(_socket, -1));
        _incoming.clear();
        _said.clear();
    }

    Written write(ByteView bytes, Milliseconds timeout) override
    {
        Written written;
        while (written.count < bytes.size()) {
            const auto chunk =
                bytes.subspan(written.count, std::min(chunkBytes, bytes.size() - written.count));
            send('W', chunk);
            const auto taken = lengthAt(waitFor('w', 4, timeout));
            if (taken > chunk.size())
                gone("printer took more than it was given");
            written.count += taken;
            if (taken < chunk.size()) {
                written.timedOut = true;
                break;
            }
        }
        return written;
    }

    Bytes read(std::size_t bytesMax, Milliseconds timeout) override
    {
        (void)takeMessages('\0');
        if (_said.empty() && receive(timeout))
            (void)takeMessages('\0');
        const auto end =
            _said.begin() + static_cast<std::ptrdiff_t>(std::min(bytesMax, _said.size()));
        Bytes bytes(_said.begin(), end);
        _said.erase(_said.begin(), end);
        return bytes;
    }

    std::optional<std::uint8_t> portStatus() override
    {
        send('Q', {});
        return waitFor('q', 1, answerTimeout)[0];
    }

private:
    static constexpr Milliseconds answerTimeout{3000};

    [[noreturn]] void gone(const char* why)
    {
        close();
        throw Error(ErrorCode::PrinterFailed, why);
    }

    void send(char letter, ByteView bytes)
    {
        const auto size = bytes.size();
        const auto message =
            concat(Bytes{static_cast<std::uint8_t>(letter), static_cast<std::uint8_t>(size >> 24),
                         static_cast<std::uint8_t>(size >> 16),
                         static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)},
                   bytes);
        if (_socket < 0 || ::send(_socket, message.data(), message.size(), MSG_NOSIGNAL) !=
                               static_cast<ssize_t>(message.size()))
            gone("the emulated printer does not take messages");
    }

    /// Reads until the answer with `letter` is there; what the printer says meanwhile is kept.
    Bytes waitFor(char letter, std::size_t size, Milliseconds timeout)
    {
        for (;;) {
            if (auto answer = takeMessages(letter)) {
                if (answer->size() != size)
                    gone("answer of the emulated printer has a wrong length");
                return *answer;
            }
            if (!receive(std::max(timeout, answerTimeout))) // it always answers at once
                gone("the emulated printer does not answer");
        }
    }

    /// False when nothing came in time.
    bool receive(Milliseconds timeout)
    {
        if (_socket < 0)
            gone("no printer is open");
        pollfd waiting{.fd = _socket, .events = POLLIN, .revents = 0};
        if (::poll(&waiting, 1, static_cast<int>(timeout.count())) <= 0)
            return false;
        std::array<std::uint8_t, 4096> bytes; // NOLINT: filled by recv
        const auto count = ::recv(_socket, bytes.data(), bytes.size(), 0);
        if (count < 0 && (errno == EINTR || errno == EAGAIN))
            return true;
        if (count <= 0)
            gone("the emulated printer went away");
        append(_incoming, ByteView(bytes).first(static_cast<std::size_t>(count)));
        return true;
    }

    /// Keeps what the printer said; the first answer with `letter`, if it is there.
    std::optional<Bytes> takeMessages(char letter)
    {
        while (_incoming.size() >= headerBytes) {
            const auto size = lengthAt(ByteView(_incoming).subspan(1));
            if (size > messageBytesMax)
                gone("message of the emulated printer too long");
            if (_incoming.size() < headerBytes + size)
                return std::nullopt;
            const auto kind = static_cast<char>(_incoming[0]);
            const auto end = _incoming.begin() + static_cast<std::ptrdiff_t>(headerBytes + size);
            Bytes content(_incoming.begin() + headerBytes, end);
            _incoming.erase(_incoming.begin(), end);
            if (kind == 'r')
                append(_said, content);
            else if (kind == letter)
                return content;
            else
                gone("message of the emulated printer out of turn");
        }
        return std::nullopt;
    }

    std::string _path;
    int _socket = -1;
    Bytes _incoming; ///< not yet whole messages
    Bytes _said;     ///< bytes for read()
};

} // namespace

std::unique_ptr<UsbPipe> makeSocketPipe(const std::string& path)
{
    return std::make_unique<SocketPipe>(path);
}

} // namespace amt::escpos
