// SPDX-License-Identifier: EUPL-1.2
//
// Lines from one connection after the other.
#include "tests/sim/devices/control.h"

#include "appliance/core/error.h"

#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <future>

namespace amt::sim {
namespace {

constexpr std::size_t lineBytesMax = 256;

} // namespace

ControlServer::ControlServer(const std::string& path, EventLoop& loop,
                             std::function<std::string(const std::string&)> obey)
    : _path(path), _loop(loop), _obey(std::move(obey))
{
    std::filesystem::remove(path);
    const auto before = ::umask(0177);
    try {
        _listening.bind(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path));
        _listening.listen(8);
    } catch (const Poco::Exception&) {
        ::umask(before);
        throw Error(ErrorCode::SystemFailed, "the control socket cannot be made");
    }
    ::umask(before);
    _thread = std::thread([this] { run(); });
}

ControlServer::~ControlServer()
{
    *_stopping = true;
    _thread.join();
    std::filesystem::remove(_path);
}

void ControlServer::run()
{
    const Poco::Timespan patience(0, 100'000);
    while (!*_stopping) {
        try {
            if (!_listening.poll(patience, Poco::Net::Socket::SELECT_READ))
                continue;
            auto connection = _listening.acceptConnection();
            serve(connection);
        } catch (const Poco::Exception&) {
            // The other side went away: the next one is heard.
        }
    }
}

void ControlServer::serve(Poco::Net::StreamSocket& connection)
{
    const Poco::Timespan patience(0, 100'000);
    std::string received;
    while (!*_stopping) {
        if (!connection.poll(patience, Poco::Net::Socket::SELECT_READ)) {
            // Whoever waits with a second connection comes first; commands are short.
            if (_listening.poll(Poco::Timespan(0), Poco::Net::Socket::SELECT_READ))
                return;
            continue;
        }
        std::array<char, lineBytesMax> part{};
        const int count = connection.receiveBytes(part.data(), part.size());
        if (count <= 0)
            return;
        received.append(part.data(), static_cast<std::size_t>(count));
        for (auto end = received.find('\n'); end != std::string::npos; end = received.find('\n')) {
            auto answer = std::make_shared<std::promise<std::string>>(); // shared with the task
            auto answered = answer->get_future();
            _loop.post([this, stopping = _stopping, answer, line = received.substr(0, end)] {
                answer->set_value(*stopping ? std::string() : _obey(line));
            });
            received.erase(0, end + 1);
            while (answered.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
                if (*_stopping)
                    return;
            }
            const auto text = answered.get() + "\n";
            connection.sendBytes(text.data(), static_cast<int>(text.size()));
        }
        if (received.size() > lineBytesMax)
            return;
    }
}

} // namespace amt::sim
