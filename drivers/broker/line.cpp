// SPDX-License-Identifier: EUPL-1.2
//
// The reader thread of one broker, and what it posts to the loop.
#include "drivers/broker/line.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace amt::broker {
namespace {

constexpr Milliseconds firstPause{50};
constexpr Milliseconds longestPause{1000};

} // namespace

SocketLine::SocketLine(Driver driver, BrokerAddress address, EventLoop& loop,
                       LineCallbacks callbacks)
    : _driver(driver), _address(std::move(address)), _loop(loop), _callbacks(std::move(callbacks)),
      _reader([this] { run(); })
{}

SocketLine::~SocketLine()
{
    _alive->alive = false;
    {
        const std::lock_guard lock(_mutex);
        _stopping = true;
        if (_open)
            _open->shutDown();
    }
    _wake.notify_all();
    _reader.join();
}

bool SocketLine::send(MessageType type, std::int64_t id, const json::ObjectPtr& body)
{
    if (!_link || _hungUp)
        return false;
    try {
        _link->send(type, id, body);
        return true;
    } catch (const Error& failure) { // the door: what could not leave is the caller's outcome
        log::warning("broker.unsent", {{"driver", std::string(name(_driver))},
                                       {"code", failure.name()},
                                       {"detail", failure.message()}});
        return false;
    }
}

void SocketLine::hangUp()
{
    _hungUp = true;
    if (_link)
        _link->shutDown();
}

void SocketLine::post(std::function<void()> task)
{
    _loop.post([alive = _alive, task = std::move(task)] {
        if (alive->alive)
            task();
    });
}

void SocketLine::run()
{
    auto pause = firstPause;
    std::string reported; // one line in the log for each reason, not for each attempt
    for (;;) {
        std::string reason = "no answer";
        try {
            if (const auto link = connect()) {
                listen(link);
                pause = firstPause;
                reported.clear();
                reason = "closed";
            }
        } catch (const Error& failure) { // the broker's door
            reason = std::string(failure.name()) + ": " + failure.message();
        }
        std::unique_lock lock(_mutex);
        _open = nullptr;
        if (_stopping)
            return;
        if (reason != reported)
            log::warning("broker.gone",
                         {{"driver", std::string(name(_driver))}, {"reason", reason}});
        reported = reason;
        _wake.wait_for(lock, pause, [this] { return _stopping; });
        if (_stopping)
            return;
        pause = std::min(2 * pause, longestPause);
    }
}

void SocketLine::hear(const std::shared_ptr<Link>& link, const Message& message)
{
    if (link != _link || _hungUp)
        return;
    try {
        _callbacks.heard(message);
    } catch (const Error&
                 failure) { // the loop task's door: what was understood in part counts for nothing
        log::warning("broker.misspoke", {{"driver", std::string(name(_driver))},
                                         {"code", failure.name()},
                                         {"detail", failure.message()}});
        hangUp();
    }
}

std::shared_ptr<Link> SocketLine::connect()
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (_address.socket.size() >= sizeof address.sun_path)
        throw Error(ErrorCode::ConfigurationInvalid, "path of the broker's socket too long");
    std::memcpy(address.sun_path, _address.socket.data(), _address.socket.size());
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0)
        throw Error(ErrorCode::SystemFailed, "socket");
    auto link =
        std::make_shared<Link>(socket, Sender::Node, _driver); // closes the socket from here on
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return nullptr;
    const int flags = ::fcntl(socket, F_GETFL);
    ::fcntl(socket, F_SETFL, flags & ~O_NONBLOCK);
    if (peerUser(socket) != _address.peerUser)
        throw Error(ErrorCode::PeerForeign, "the broker's socket belongs to another user");
    const std::lock_guard lock(_mutex);
    if (_stopping)
        return nullptr;
    _open = link;
    return link;
}

void SocketLine::listen(const std::shared_ptr<Link>& link)
{
    auto hello = makeBody(MessageType::Hello, 0);
    hello->set("driver", std::string(name(_driver)));
    link->send(MessageType::Hello, 0, hello);
    const auto answer = link->receive(); // the table lets nothing but hello through
    if (!answer)
        return;
    if (json::text(*answer->body, "driver") != name(_driver))
        throw Error(ErrorCode::BrokerMessageUnexpected, "a broker of another driver");
    const bool emulated = json::boolean(*answer->body, "emulated");
    post([this, link, emulated] {
        _link = link;
        _hungUp = false;
        _emulated = emulated;
        log::info("broker.connected",
                  {{"driver", std::string(name(_driver))}, {"emulated", emulated ? "yes" : "no"}});
    });
    const auto end = [&] {
        post([this] {
            _link = nullptr;
            _callbacks.gone();
        });
    };
    try {
        while (const auto message = link->receive())
            post([this, link, message = *message] { hear(link, message); });
    } catch (const Error&) {
        link->shutDown();
        end();
        throw;
    }
    end();
}

} // namespace amt::broker
