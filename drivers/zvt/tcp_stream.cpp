// SPDX-License-Identifier: EUPL-1.2
//
// TCP for the driver, and the one thread behind it.
#include "drivers/zvt/tcp_stream.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

namespace amt::zvt {

namespace {

/// Closes the descriptor when it goes.
class Descriptor {
public:
    explicit Descriptor(int number = -1) : _number(number) {}
    ~Descriptor() { reset(); }
    Descriptor(Descriptor&& other) noexcept : _number(std::exchange(other._number, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept
    {
        if (this != &other) {
            reset();
            _number = std::exchange(other._number, -1);
        }
        return *this;
    }

    int number() const { return _number; }
    bool valid() const { return _number >= 0; }
    void reset()
    {
        if (valid())
            ::close(std::exchange(_number, -1));
    }

private:
    int _number;
};

void set(const Descriptor& socket, int level, int option, int value)
{
    ::setsockopt(socket.number(), level, option, &value, sizeof value);
}

void keepAlive(const Descriptor& socket)
{
    set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(socket, IPPROTO_TCP, TCP_KEEPIDLE, 15);
    set(socket, IPPROTO_TCP, TCP_KEEPINTVL, 5);
    set(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, 30000);
}

} // namespace

class TcpStream::Worker {
public:
    Worker(EventLoop& loop, TcpAddress address)
        : _loop(loop), _address(std::move(address)),
          _wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), _self(std::make_shared<Worker*>(this))
    {
        if (!_wake.valid())
            throw Error(ErrorCode::SystemFailed, "eventfd");
        _thread = std::thread([this] { work(); });
    }
    ~Worker()
    {
        _self.reset(); // on the loop, so no callback runs now
        order({Order::Kind::Stop, 0, {}});
        _thread.join();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // On the loop.
    void open(Callbacks callbacks)
    {
        close();
        _callbacks = std::move(callbacks);
        order({Order::Kind::Open, ++_connection, {}});
    }
    void write(ByteView bytes)
    {
        if (_open)
            order({Order::Kind::Write, _connection, Bytes(bytes.begin(), bytes.end())});
    }
    void close()
    {
        if (!_callbacks)
            return;
        _callbacks.reset();
        _open = false;
        order({Order::Kind::Close, _connection, {}});
    }

private:
    struct Order {
        enum class Kind { Open, Write, Close, Stop };
        Kind kind;
        std::uint64_t connection;
        Bytes bytes;
    };

    void order(Order order)
    {
        {
            const std::scoped_lock lock(_mutex);
            _orders.push_back(std::move(order));
        }
        const std::uint64_t one = 1;
        if (::write(_wake.number(), &one, sizeof one) < 0 && errno != EAGAIN) // EAGAIN: it is awake
            log::error("zvt.wake-failed");
    }

    // On the thread.
    std::optional<Order> nextOrder()
    {
        const std::scoped_lock lock(_mutex);
        if (_orders.empty())
            return std::nullopt;
        Order next = std::move(_orders.front());
        _orders.pop_front();
        return next;
    }
    bool isGivenUp()
    {
        const std::scoped_lock lock(_mutex);
        for (const Order& waiting : _orders) {
            if (waiting.kind == Order::Kind::Close || waiting.kind == Order::Kind::Stop)
                return true;
        }
        return false;
    }
    void drainWake()
    {
        std::uint64_t count = 0;
        while (::read(_wake.number(), &count, sizeof count) > 0) {
        }
    }

    /// Runs `action` on the loop, unless its connection is over by then.
    template <typename Action>
    void tell(std::uint64_t connection, Action action)
    {
        _loop.post([self = _selfForThread, connection, action = std::move(action)] {
            const auto alive = self.lock();
            if (alive && (*alive)->_connection == connection && (*alive)->_callbacks)
                action(**alive);
        });
    }
    void tellClosed(std::uint64_t connection)
    {
        tell(connection, [](Worker& worker) {
            worker._open = false;
            const auto callbacks = std::exchange(worker._callbacks, std::nullopt);
            callbacks->closed();
        });
    }

    void work()
    {
        for (;;) {
            while (auto next = nextOrder()) {
                switch (next->kind) {
                case Order::Kind::Open:
                    _current = next->connection;
                    _outgoing.clear();
                    connect();
                    break;
                case Order::Kind::Write:
                    if (next->connection == _current)
                        append(_outgoing, next->bytes);
                    break;
                case Order::Kind::Close:
                    flush();
                    _socket.reset();
                    break;
                case Order::Kind::Stop:
                    flush();
                    return;
                }
            }
            flush();
            std::array<pollfd, 2> waits = {
                pollfd{_wake.number(), POLLIN, 0},
                pollfd{_socket.number(),
                       static_cast<short>(_outgoing.empty() ? POLLIN : POLLIN | POLLOUT), 0}};
            if (::poll(waits.data(), _socket.valid() ? 2 : 1, -1) < 0 && errno != EINTR) {
                log::error("zvt.poll-failed");
                return;
            }
            drainWake();
            if (_socket.valid() && waits[1].revents != 0)
                receive();
        }
    }

    void connect()
    {
        addrinfo wish{};
        wish.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        if (::getaddrinfo(_address.host.c_str(), std::to_string(_address.port).c_str(), &wish,
                          &found) != 0)
            return tellClosed(_current);
        const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found,
                                                                             &::freeaddrinfo);
        for (const addrinfo* each = found; each != nullptr && !isGivenUp(); each = each->ai_next) {
            Descriptor socket(::socket(each->ai_family,
                                       each->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                       each->ai_protocol));
            if (!socket.valid())
                continue;
            if (::connect(socket.number(), each->ai_addr, each->ai_addrlen) != 0 &&
                (errno != EINPROGRESS || !isConnected(socket)))
                continue;
            keepAlive(socket);
            _socket = std::move(socket);
            tell(_current, [](Worker& worker) {
                worker._open = true;
                if (const auto opened = worker._callbacks->opened)
                    opened();
            });
            return;
        }
        tellClosed(_current);
    }

    bool isConnected(const Descriptor& socket)
    {
        const auto timeout = std::chrono::duration_cast<Milliseconds>(_address.connectTimeout);
        for (;;) {
            std::array<pollfd, 2> waits = {pollfd{_wake.number(), POLLIN, 0},
                                           pollfd{socket.number(), POLLOUT, 0}};
            const int ready = ::poll(waits.data(), waits.size(), static_cast<int>(timeout.count()));
            if (ready == 0 || (ready < 0 && errno != EINTR))
                return false;
            if (waits[1].revents != 0) {
                int failure = 0;
                socklen_t size = sizeof failure;
                return ::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &failure, &size) == 0 &&
                       failure == 0;
            }
            drainWake();
            if (isGivenUp())
                return false;
        }
    }

    void receive()
    {
        std::array<std::uint8_t, 4096> buffer;
        const ssize_t count = ::recv(_socket.number(), buffer.data(), buffer.size(), 0);
        if (count > 0) {
            Bytes bytes(buffer.begin(), buffer.begin() + count);
            wipe(std::span(buffer).first(static_cast<std::size_t>(count)));
            tell(_current, [bytes = std::move(bytes)](Worker& worker) {
                if (const auto received = worker._callbacks->received)
                    received(bytes);
            });
        } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            _socket.reset();
            tellClosed(_current);
        }
    }

    void flush()
    {
        while (_socket.valid() && !_outgoing.empty()) {
            const ssize_t count =
                ::send(_socket.number(), _outgoing.data(), _outgoing.size(), MSG_NOSIGNAL);
            if (count < 0) {
                if (errno == EINTR)
                    continue;
                if (errno != EAGAIN) {
                    _socket.reset();
                    tellClosed(_current);
                }
                return;
            }
            _outgoing.erase(_outgoing.begin(), _outgoing.begin() + count);
        }
    }

    EventLoop& _loop;
    const TcpAddress _address;
    Descriptor _wake;
    std::mutex _mutex;
    std::deque<Order> _orders; ///< under _mutex

    // On the loop.
    std::optional<Callbacks> _callbacks; ///< while a connection is wanted
    std::uint64_t _connection = 0;
    bool _open = false;
    /// Shared with tasks that the loop still holds when the stream goes.
    std::shared_ptr<Worker*> _self;
    const std::weak_ptr<Worker*> _selfForThread{_self};

    // On the thread.
    Descriptor _socket;
    std::uint64_t _current = 0;
    Bytes _outgoing;
    std::thread _thread; ///< last: it begins when all else is there
};

TcpStream::TcpStream(EventLoop& loop, TcpAddress address)
    : _worker(std::make_unique<Worker>(loop, std::move(address)))
{}

TcpStream::~TcpStream() = default;

void TcpStream::open(Callbacks callbacks)
{
    _worker->open(std::move(callbacks));
}

void TcpStream::write(ByteView bytes)
{
    _worker->write(bytes);
}

void TcpStream::close()
{
    _worker->close();
}

} // namespace amt::zvt
