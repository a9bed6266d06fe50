// SPDX-License-Identifier: EUPL-1.2
//
// The terminal's TCP side: one connection at a time, a newer one takes the place of an older one.
#include "tests/sim/terminal/tcp_server.h"

#include "appliance/core/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace amt::sim {

TerminalBehaviour behaviourOf(TerminalMode mode)
{
    switch (mode) {
    case TerminalMode::Approve:
        break;
    case TerminalMode::Decline:
        return {.payment = TerminalBehaviour::Payment::Decline};
    case TerminalMode::Silent:
        return {.silence = TerminalBehaviour::Silence::AfterAccept, .staysDead = true};
    }
    return {};
}

class TerminalServer::Worker {
public:
    Worker(EventLoop& loop, SimulatedTerminal& terminal, std::uint16_t port)
        : _loop(loop), _terminal(terminal), _self(std::make_shared<Worker*>(this)),
          _selfForThread(_self)
    {
        _wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        _listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int yes = 1;
        ::setsockopt(_listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        if (_wake < 0 || _listener < 0 || ::bind(_listener, any, size) != 0 ||
            ::listen(_listener, 4) != 0 || ::getsockname(_listener, any, &size) != 0) {
            closeAll();
            throw Error(ErrorCode::SystemFailed, "the terminal's port cannot be had");
        }
        _port = ntohs(address.sin_port);
        _thread = std::thread([this] { work(); });
    }
    ~Worker()
    {
        if (_connected)
            _terminal.disconnected();
        _self.reset();
        order({Order::Kind::Stop, 0, {}});
        _thread.join();
        closeAll();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    std::uint16_t port() const { return _port; }

private:
    struct Order {
        enum class Kind { Send, HangUp, Stop };
        Kind kind;
        std::uint64_t connection;
        Bytes bytes;
    };

    void closeAll()
    {
        for (int* descriptor : {&_wake, &_listener, &_socket}) {
            if (*descriptor >= 0)
                ::close(std::exchange(*descriptor, -1));
        }
    }
    void order(Order order)
    {
        {
            const std::scoped_lock lock(_mutex);
            _orders.push_back(std::move(order));
        }
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(_wake, &one, sizeof one);
    }
    std::optional<Order> nextOrder()
    {
        const std::scoped_lock lock(_mutex);
        if (_orders.empty())
            return std::nullopt;
        Order next = std::move(_orders.front());
        _orders.pop_front();
        return next;
    }

    template <typename Action>
    void tell(Action action)
    {
        _loop.post([self = _selfForThread, connection = _current, action = std::move(action)] {
            if (const auto alive = self.lock())
                action(**alive, connection);
        });
    }
    void tellOpened()
    {
        tell([](Worker& worker, std::uint64_t connection) {
            worker._connected = connection;
            worker._terminal.connected(
                {[self = worker._selfForThread, connection](ByteView bytes) {
                     if (const auto alive = self.lock())
                         (*alive)->order(
                             {Order::Kind::Send, connection, Bytes(bytes.begin(), bytes.end())});
                 },
                 [self = worker._selfForThread, connection] {
                     if (const auto alive = self.lock()) {
                         (*alive)->_connected.reset();
                         (*alive)->order({Order::Kind::HangUp, connection, {}});
                     }
                 }});
        });
    }
    void drop()
    {
        ::close(std::exchange(_socket, -1));
        tell([](Worker& worker, std::uint64_t connection) {
            if (worker._connected == connection) {
                worker._connected.reset();
                worker._terminal.disconnected();
            }
        });
    }

    void work()
    {
        for (;;) {
            while (const auto next = nextOrder()) {
                if (next->kind == Order::Kind::Stop)
                    return;
                if (_socket < 0 || next->connection != _current)
                    continue;
                if (next->kind == Order::Kind::HangUp)
                    ::close(std::exchange(_socket, -1));
                else if (::send(_socket, next->bytes.data(), next->bytes.size(), MSG_NOSIGNAL) !=
                         static_cast<ssize_t>(next->bytes.size()))
                    drop();
            }
            std::array<pollfd, 3> waits = {pollfd{_wake, POLLIN, 0}, pollfd{_listener, POLLIN, 0},
                                           pollfd{_socket, POLLIN, 0}};
            if (::poll(waits.data(), _socket >= 0 ? 3 : 2, -1) < 0 && errno != EINTR)
                return;
            std::uint64_t count = 0;
            while (::read(_wake, &count, sizeof count) > 0) {
            }
            if (_socket >= 0 && waits[2].revents != 0)
                receive();
            if (waits[1].revents != 0)
                accept();
        }
    }
    void accept()
    {
        const int socket = ::accept4(_listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0)
            return;
        if (_socket >= 0)
            drop();
        _socket = socket;
        ++_current;
        tellOpened();
    }
    void receive()
    {
        std::array<std::uint8_t, 4096> buffer;
        const ssize_t count = ::recv(_socket, buffer.data(), buffer.size(), 0);
        if (count <= 0)
            return drop();
        tell([bytes = Bytes(buffer.begin(), buffer.begin() + count)](Worker& worker,
                                                                     std::uint64_t connection) {
            if (worker._connected == connection)
                worker._terminal.feed(bytes);
        });
    }

    EventLoop& _loop;
    SimulatedTerminal& _terminal;
    std::optional<std::uint64_t> _connected; ///< on the loop
    std::shared_ptr<Worker*> _self; ///< shared with tasks of the loop and with the terminal's line
    const std::weak_ptr<Worker*> _selfForThread;
    std::mutex _mutex;
    std::deque<Order> _orders; ///< under _mutex
    int _wake = -1;
    int _listener = -1;
    std::uint16_t _port = 0;
    int _socket = -1;           ///< on the thread
    std::uint64_t _current = 0; ///< on the thread
    std::thread _thread;
};

TerminalServer::TerminalServer(EventLoop& loop, SimulatedTerminal& terminal, std::uint16_t port)
    : _worker(std::make_unique<Worker>(loop, terminal, port))
{}

TerminalServer::~TerminalServer() = default;

std::uint16_t TerminalServer::port() const
{
    return _worker->port();
}

} // namespace amt::sim
