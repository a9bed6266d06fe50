// SPDX-License-Identifier: EUPL-1.2
//
// Accepting, reading, and the loop's part of it.
#include "drivers/broker/server.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace amt::broker {
namespace {

/// Where somebody answers, another broker is at work; a socket that nobody hears is left over and
/// goes.
void clearLeftOver(const sockaddr_un& address)
{
    struct stat left {};
    if (::lstat(address.sun_path, &left) != 0)
        return;
    if (!S_ISSOCK(left.st_mode))
        throw Error(ErrorCode::ConfigurationInvalid,
                    "something that is no socket stands in the broker's place");
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const bool refused =
        ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno == ECONNREFUSED;
    ::close(probe);
    if (!refused)
        throw Error(ErrorCode::ConfigurationInvalid, "another broker listens there");
    ::unlink(address.sun_path);
}

int listenAt(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        throw Error(ErrorCode::ConfigurationInvalid, "path of the socket is empty or too long");
    std::memcpy(address.sun_path, path.data(), path.size());
    clearLeftOver(address);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0)
        throw Error(ErrorCode::SystemFailed, "socket");
    const auto before = ::umask(0117); // 0660, and not more for any moment
    const bool bound =
        ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::umask(before);
    if (!bound || ::listen(socket, 1) != 0) {
        ::close(socket);
        throw Error(ErrorCode::SystemFailed, "the broker's socket cannot be made");
    }
    return socket;
}

} // namespace

Server::Server(ServerSettings settings, EventLoop& loop, MakeService makeService)
    : _settings(std::move(settings)), _loop(loop), _makeService(std::move(makeService)),
      _listening(listenAt(_settings.socket)), _reader([this] { run(); })
{}

Server::~Server()
{
    *_alive = false;
    {
        const std::lock_guard lock(_mutex);
        _stopping = true;
        if (_open)
            _open->shutDown();
    }
    ::shutdown(_listening, SHUT_RDWR); // ends accept
    _wake.notify_all();
    _reader.join();
    ::close(_listening);
    ::unlink(_settings.socket.c_str());
}

void Server::post(Task task)
{
    _loop.post([alive = _alive, task = std::move(task)] {
        if (*alive)
            task();
    });
}

void Server::run()
{
    for (;;) {
        try {
            if (const auto link = accept())
                attend(link);
        } catch (const Error& failure) { // the broker's door
            log::warning("node.left", {{"driver", std::string(name(_settings.driver))},
                                       {"code", failure.name()},
                                       {"detail", failure.message()}});
        }
        std::unique_lock lock(_mutex);
        _open = nullptr;
        _wake.wait(lock, [this] { return _served || _stopping; });
        if (_stopping)
            return;
    }
}

std::shared_ptr<Link> Server::accept()
{
    const int socket = ::accept4(_listening, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
        const int reason = errno;
        const std::lock_guard lock(_mutex);
        if (_stopping || reason == EINTR || reason == ECONNABORTED)
            return nullptr;
        throw Error(ErrorCode::SystemFailed, "accept");
    }
    auto link = std::make_shared<Link>(socket, Sender::Broker,
                                       _settings.driver); // closes the socket from here on
    if (peerUser(socket) != _settings.peerUser)
        throw Error(ErrorCode::PeerForeign, "a foreign user wanted to connect");
    const std::lock_guard lock(_mutex);
    if (_stopping)
        return nullptr;
    _open = link;
    return link;
}

void Server::attend(const std::shared_ptr<Link>& link)
{
    {
        const std::lock_guard lock(_mutex);
        _served = false;
    }
    const auto end = [&] {
        link->shutDown(); // the node shall see at once that nobody listens
        post([this] { nodeGone(); });
    };
    try {
        while (const auto message = link->receive())
            post([this, link, message = *message] { hear(link, message); });
    } catch (const Error&) {
        end();
        throw;
    }
    end();
}

void Server::hear(const std::shared_ptr<Link>& link, const Message& message)
{
    try {
        if (message.type == MessageType::Hello)
            greet(link, message);
        else if (_service)
            _service->hear(message);
    } catch (const Error& failure) { // the broker request's door
        log::warning("request.failed", {{"driver", std::string(name(_settings.driver))},
                                        {"code", failure.name()},
                                        {"detail", failure.message()}});
        link->shutDown();
    }
}

void Server::greet(const std::shared_ptr<Link>& link, const Message& hello)
{
    if (json::text(*hello.body, "driver") != name(_settings.driver))
        throw Error(ErrorCode::BrokerMessageUnexpected, "the node looks for another driver");
    _service = _makeService([link](MessageType type, std::int64_t id, const json::ObjectPtr& body) {
        try {
            link->send(type, id, body);
        } catch (const Error& failure) { // the driver goes on; that the node is gone comes by the
                                         // reader thread
            log::warning("answer.unsent",
                         {{"code", failure.name()}, {"detail", failure.message()}});
            link->shutDown();
        }
    });
    auto answer = makeBody(MessageType::Hello, 0);
    answer->set("driver", std::string(name(_settings.driver)));
    answer->set("emulated", _settings.emulated);
    link->send(MessageType::Hello, 0, answer);
}

void Server::nodeGone()
{
    const auto ended = [this] {
        // Not from within the driver's own call.
        post([this] {
            _service = nullptr;
            {
                const std::lock_guard lock(_mutex);
                _served = true;
            }
            _wake.notify_all();
        });
    };
    if (_service)
        _service->nodeGone(ended);
    else
        ended();
}

} // namespace amt::broker
