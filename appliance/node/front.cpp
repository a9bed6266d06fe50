// SPDX-License-Identifier: EUPL-1.2
//
// Parking, handling, live pages. This file owns the front's threads.
#include "appliance/node/front.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"

#include <Poco/Net/HTTPBufferAllocator.h>
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponseImpl.h>
#include <Poco/Net/HTTPServerSession.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/URI.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <future>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace amt::node {
namespace {

using Poco::Net::StreamSocket;

/// What travels between parking thread and handlers.
struct Connection {
    StreamSocket socket;
    const Door* door = nullptr;
    Milliseconds since{0};  ///< parked since, by the boot clock
    bool headBegun = false; ///< bytes came, but no whole head yet
};

HttpResponse plainAnswer(int status, const std::string& text)
{
    HttpResponse response;
    response.status = status;
    response.headers = {{"Content-Type", "text/plain; charset=utf-8"},
                        {"Cache-Control", "no-store"}};
    response.body = text;
    return response;
}

/// Gives the socket back only when told to; Poco's session would close it.
class Session : public Poco::Net::HTTPServerSession {
public:
    using HTTPServerSession::HTTPServerSession;
    StreamSocket give() { return detachSocket(); }
};

/// A request whose body (a PIN, a password) is overwritten when it goes, answered or not.
class WipedBody {
public:
    explicit WipedBody(HttpRequest request) : _request(std::make_shared<Held>(std::move(request)))
    {}

    const HttpRequest& request() const { return _request->value; }

private:
    struct Held {
        explicit Held(HttpRequest request) : value(std::move(request)) {}
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        ~Held() { wipe(value.body); }
        HttpRequest value;
    };
    std::shared_ptr<Held> _request; // shared by the copies of the loop's task
};

/// Poco reads through buffers of a pool. Those of a session that has ended lie on top of it and
/// are overwritten here; while others come and go at the same moment, each one tidies for another.
struct SpareBuffers {
    SpareBuffers() = default;
    SpareBuffers(const SpareBuffers&) = delete;
    SpareBuffers& operator=(const SpareBuffers&) = delete;
    ~SpareBuffers()
    {
        using Poco::Net::HTTPBufferAllocator;
        constexpr auto size = HTTPBufferAllocator::BUFFER_SIZE;
        std::array<char*, 3> spare{};
        for (auto& each : spare) {
            each = HTTPBufferAllocator::allocate(size);
            wipe({reinterpret_cast<std::uint8_t*>(each), std::size_t{size}});
        }
        for (auto* each : spare)
            HTTPBufferAllocator::deallocate(each, size);
    }
};

HttpRequest convert(Poco::Net::HTTPServerRequestImpl& request, const Door& door,
                    std::size_t bodyBytesMax)
{
    HttpRequest converted;
    converted.method = request.getMethod();
    converted.peer = door.peerName;
    if (door.tellsAddress)
        converted.peer += " " + request.clientAddress().host().toString();
    const std::string& target = request.getURI();
    const auto mark = target.find('?');
    const std::string rawPath = target.substr(0, mark);
    if (rawPath.empty() || rawPath[0] != '/' || rawPath.size() > 2048)
        throw Error(ErrorCode::RequestMalformed, "request target");
    try {
        Poco::URI::decode(rawPath, converted.path);
    } catch (const Poco::Exception&) {
        throw Error(ErrorCode::RequestMalformed, "escapes in the request target");
    }
    if (converted.path.find('\0') != std::string::npos || !isValidUtf8(converted.path))
        throw Error(ErrorCode::RequestMalformed, "request target is not text");
    if (mark != std::string::npos)
        converted.query = target.substr(mark + 1);
    for (const auto& [name, value] : request) {
        std::string lower = name;
        std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char letter) {
            return static_cast<char>(std::tolower(letter));
        });
        if (!converted.headers.emplace(lower, value).second)
            throw Error(ErrorCode::RequestMalformed, "doubled header");
    }
    if (converted.headers.contains("transfer-encoding"))
        throw Error(ErrorCode::RequestMalformed, "transfer encoding");
    const auto length = request.hasContentLength() ? request.getContentLength64() : 0;
    if (length < 0 || static_cast<std::uint64_t>(length) > bodyBytesMax)
        throw Error(ErrorCode::InputTooLarge, "body over its limit");
    converted.body.resize(static_cast<std::size_t>(length));
    request.stream().read(converted.body.data(), static_cast<std::streamsize>(length));
    if (request.stream().gcount() != length)
        throw Error(ErrorCode::RequestMalformed, "body cut off");
    return converted;
}

} // namespace

// ---------------------------------------------------------------------------------------------------------------------------

/// Live pages. A reader that does not keep up is dropped: its browser connects again and gets the
/// newest state.
class Hub {
public:
    Hub() : _thread([this] { run(); }) {}
    ~Hub()
    {
        {
            const std::lock_guard lock(_mutex);
            _stopped = true;
        }
        _wake.notify_one();
        _thread.join();
    }

    void join(const std::string& topic, StreamSocket socket)
    {
        post([this, topic, socket]() mutable {
            auto& entry = _topics[topic];
            socket.setSendTimeout(Poco::Timespan(1, 0));
            if (entry.sequence == 0 || send(socket, eventText(entry)))
                entry.readers.push_back(std::move(socket));
        });
    }

    void publish(const std::string& topic, const std::string& data)
    {
        post([this, topic, data] {
            auto& entry = _topics[topic];
            ++entry.sequence;
            entry.data = data;
            const std::string text = eventText(entry);
            std::erase_if(entry.readers, [&](StreamSocket& reader) { return !send(reader, text); });
        });
    }

    void close(const std::string& topic)
    {
        post([this, topic] { _topics.erase(topic); });
    }

private:
    struct Topic {
        std::uint64_t sequence = 0;
        std::string data;
        std::list<StreamSocket> readers;
    };

    static std::string eventText(const Topic& topic)
    {
        std::string text = "id: " + std::to_string(topic.sequence) + "\n";
        std::size_t begin = 0;
        while (begin <= topic.data.size()) {
            const auto end = std::min(topic.data.find('\n', begin), topic.data.size());
            text += "data: " + topic.data.substr(begin, end - begin) + "\n";
            begin = end + 1;
        }
        return text + "\n";
    }

    static bool send(StreamSocket& socket, const std::string& text)
    {
        try {
            return socket.sendBytes(text.data(), static_cast<int>(text.size()), MSG_NOSIGNAL) ==
                   static_cast<int>(text.size());
        } catch (const Poco::Exception&) { // gone or too slow: both mean that it has to come again
            return false;
        }
    }

    void post(Task task)
    {
        {
            const std::lock_guard lock(_mutex);
            _tasks.push_back(std::move(task));
        }
        _wake.notify_one();
    }

    void run()
    {
        std::unique_lock lock(_mutex);
        while (!_stopped) {
            if (_tasks.empty()) {
                if (_wake.wait_for(lock, std::chrono::seconds(15)) == std::cv_status::timeout) {
                    lock.unlock();
                    for (auto& [name, topic] : _topics) // finds readers that have gone
                        std::erase_if(topic.readers, [](StreamSocket& reader) {
                            return !send(reader, ": still here\n\n");
                        });
                    lock.lock();
                }
                continue;
            }
            const Task task = std::move(_tasks.front());
            _tasks.pop_front();
            lock.unlock();
            task();
            lock.lock();
        }
    }

    std::mutex _mutex;
    std::condition_variable _wake;
    std::deque<Task> _tasks;
    std::map<std::string, Topic> _topics; // of the hub's thread
    bool _stopped = false;
    std::thread _thread; // last: runs with all of the above made
};

// ---------------------------------------------------------------------------------------------------------------------------

class Front::Impl {
public:
    Impl(FrontSettings settings, std::vector<Door> doors, EventLoop& loop, Handle handle)
        : _settings(settings), _doors(std::move(doors)), _loop(loop), _handle(std::move(handle)),
          _params(new Poco::Net::HTTPServerParams)
    {
        _params->setKeepAlive(true);
        _params->setMaxKeepAliveRequests(0);
        _params->setKeepAliveTimeout(Poco::Timespan(0));
        _params->setTimeout(Poco::Timespan(_settings.headWithin.count(), 0));
        _epoll = ::epoll_create1(EPOLL_CLOEXEC);
        _wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (_epoll < 0 || _wake < 0)
            throw Error(ErrorCode::SystemFailed, "epoll");
        watch(_wake, EPOLLIN);
        for (auto& door : _doors) {
            door.socket.setBlocking(false);
            watch(door.socket.impl()->sockfd(), EPOLLIN);
        }
    }

    ~Impl()
    {
        _stopped = true;
        wake();
        _ready.notify_all();
        for (auto& thread : _threads)
            thread.join();
        ::close(_epoll);
        ::close(_wake);
    }

    void start()
    {
        _threads.emplace_back([this] { park(); });
        for (int i = 0; i < _settings.handlers; ++i)
            _threads.emplace_back([this] { handleReady(); });
    }

    Hub& hub() { return _hub; }
    std::size_t parked() const { return _parkedCount; }

private:
    void watch(int descriptor, std::uint32_t events)
    {
        epoll_event event{};
        event.events = events;
        event.data.fd = descriptor;
        if (::epoll_ctl(_epoll, EPOLL_CTL_ADD, descriptor, &event) != 0)
            throw Error(ErrorCode::SystemFailed, "epoll_ctl");
    }

    void wake() const
    {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(_wake, &one, sizeof one);
    }

    // --- parking thread ---

    void park()
    {
        std::array<epoll_event, 64> events{};
        while (!_stopped) {
            const int count =
                ::epoll_wait(_epoll, events.data(), static_cast<int>(events.size()), 1000);
            for (int i = 0; i < count; ++i) {
                const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
                if (descriptor == _wake)
                    takeReturned();
                else if (Door* door = doorOf(descriptor))
                    accept(*door);
                else
                    readable(descriptor);
            }
            dropIdle();
        }
    }

    Door* doorOf(int descriptor)
    {
        for (auto& door : _doors) {
            if (door.socket.impl()->sockfd() == descriptor)
                return &door;
        }
        return nullptr;
    }

    void accept(Door& door)
    {
        try {
            Connection connection;
            connection.socket = door.socket.acceptConnection();
            connection.door = &door;
            // An answer leaves at once: its last small segment waits for no acknowledgement.
            if (connection.socket.address().family() != Poco::Net::SocketAddress::UNIX_LOCAL)
                connection.socket.setNoDelay(true);
            if (door.peerUser) {
                const unsigned user = peerUserOf(connection.socket.impl()->sockfd());
                if (user != *door.peerUser) {
                    log::warning("front.peer-refused", {{"user", std::to_string(user)}});
                    return;
                }
            }
            if (_parked.size() >= _settings.connectionsMax)
                return;
            add(std::move(connection));
        } catch (const Error& failure) {
            log::warning("front.accept", {{"detail", failure.message()}});
        } catch (const Poco::Exception&) {
            // The other side gave up between the wish and the accept: nothing is owed to anybody.
        }
    }

    void add(Connection connection)
    {
        connection.since = _loop.sinceBoot();
        connection.headBegun = false;
        const int descriptor = connection.socket.impl()->sockfd();
        _parked.insert_or_assign(descriptor, std::move(connection));
        _parkedCount = _parked.size();
        watch(descriptor, EPOLLIN | EPOLLRDHUP | EPOLLET);
        if (hasWholeHead(descriptor)) // what came before the watching began gives no event
            readable(descriptor);
    }

    /// Plain connections wait here until their head is whole; encrypted ones are judged by
    /// readiness alone.
    bool hasWholeHead(int descriptor)
    {
        Connection& connection = _parked.at(descriptor);
        if (connection.door->secure) {
            char byte = 0;
            return ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
        }
        _peek.resize(_settings.headBytesMax);
        const auto size = ::recv(descriptor, _peek.data(), _peek.size(), MSG_PEEK | MSG_DONTWAIT);
        if (size <= 0)
            return false;
        connection.headBegun = true;
        const std::string_view seen(_peek.data(), static_cast<std::size_t>(size));
        const bool whole = seen.find("\r\n\r\n") != std::string_view::npos ||
                           seen.size() >= _settings.headBytesMax;
        wipe({reinterpret_cast<std::uint8_t*>(_peek.data()), seen.size()}); // a form came along
        return whole;
    }

    void readable(int descriptor)
    {
        const auto found = _parked.find(descriptor);
        if (found == _parked.end())
            return;
        char byte = 0;
        const auto state = ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (state == 0 || (state < 0 && errno != EAGAIN && errno != EWOULDBLOCK)) {
            remove(found);
            return;
        }
        if (!hasWholeHead(descriptor))
            return;
        Connection connection = std::move(found->second);
        remove(found);
        {
            const std::lock_guard lock(_readyMutex);
            _readyConnections.push_back(std::move(connection));
        }
        _ready.notify_one();
    }

    void remove(std::unordered_map<int, Connection>::iterator connection)
    {
        ::epoll_ctl(_epoll, EPOLL_CTL_DEL, connection->first, nullptr);
        _parked.erase(connection);
        _parkedCount = _parked.size();
    }

    void takeReturned()
    {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto got = ::read(_wake, &count, sizeof count);
        std::deque<Connection> returned;
        {
            const std::lock_guard lock(_returnedMutex);
            returned.swap(_returned);
        }
        for (auto& connection : returned)
            add(std::move(connection));
    }

    void dropIdle()
    {
        const Milliseconds now = _loop.sinceBoot();
        if (now - _lastSweep < std::chrono::seconds(1))
            return;
        _lastSweep = now;
        for (auto at = _parked.begin(); at != _parked.end();) {
            const auto next = std::next(at);
            const auto limit = at->second.headBegun ? _settings.headWithin : _settings.idleAtMost;
            if (now - at->second.since > limit)
                remove(at);
            at = next;
        }
    }

    // --- handler threads ---

    void handleReady()
    {
        while (true) {
            Connection connection;
            {
                std::unique_lock lock(_readyMutex);
                _ready.wait(lock, [this] { return _stopped || !_readyConnections.empty(); });
                if (_stopped)
                    return;
                connection = std::move(_readyConnections.front());
                _readyConnections.pop_front();
            }
            serve(std::move(connection));
        }
    }

    void serve(Connection connection)
    {
        const SpareBuffers wipedAfterwards;
        try {
            connection.socket.setReceiveTimeout(Poco::Timespan(_settings.headWithin.count(), 0));
            connection.socket.setSendTimeout(Poco::Timespan(_settings.headWithin.count(), 0));
            Session session(connection.socket, _params);
            bool first = true;
            while (!_stopped && (first || session.hasMoreRequests())) {
                if (first)
                    session.hasMoreRequests();
                first = false;
                const Next next = serveOne(session, connection);
                if (next == Next::Close)
                    return;
                if (next == Next::Live) {
                    session.give();
                    return;
                }
            }
            connection.socket = session.give();
            const std::lock_guard lock(_returnedMutex);
            _returned.push_back(std::move(connection));
        } catch (const Poco::Exception&
                     problem) { // door of the HTTP handler: the connection is lost, the node is not
            log::info("front.connection-ended", {{"why", problem.name()}});
            return;
        }
        wake();
    }

    enum class Next { Keep, Close, Live };

    Next serveOne(Session& session, Connection& connection)
    {
        Poco::Net::HTTPServerResponseImpl answer(session);
        std::optional<HttpRequest> converted;
        HttpResponse response;
        bool keep = false;
        bool head = false;
        try {
            Poco::Net::HTTPServerRequestImpl request(answer, session, _params.get());
            keep = request.getKeepAlive();
            try {
                converted = convert(request, *connection.door, _settings.bodyBytesMax);
                head = converted->method == "HEAD";
            } catch (const Error& refusal) {
                keep = false; // the rest of the body is not worth reading
                response = plainAnswer(refusal.errorCode() == ErrorCode::InputTooLarge ? 413 : 400,
                                       "refused\n");
            }
            if (converted)
                response = ask(connection.door->surface, *std::move(converted));
            answer.setVersion(request.getVersion());
            answer.setKeepAlive(keep && !response.eventTopic);
            return write(answer, response, session, connection, keep, head);
        } catch (const Poco::Net::NoMessageException&) {
            return Next::Close;
        } catch (const Poco::Net::MessageException&) {
            answer.setKeepAlive(false);
            response = plainAnswer(400, "refused\n");
            return write(answer, response, session, connection, false, false);
        }
    }

    HttpResponse ask(Surface surface, HttpRequest request)
    {
        auto promise = std::make_shared<std::promise<HttpResponse>>(); // shared by the loop's task
                                                                       // and this thread
        auto answered = promise->get_future();
        _loop.post([this, surface, promise, wiped = WipedBody(std::move(request))] {
            _handle(surface, wiped.request(),
                    [promise](HttpResponse response) { promise->set_value(std::move(response)); });
        });
        if (answered.wait_for(_settings.answerWithin) != std::future_status::ready) {
            log::warning("front.no-answer-in-time");
            return plainAnswer(503, "busy\n");
        }
        return answered.get();
    }

    Next write(Poco::Net::HTTPServerResponseImpl& answer, const HttpResponse& response,
               Session& session, Connection& connection, bool keep, bool head)
    {
        if (response.eventTopic) {
            startLivePage(response, connection);
            return Next::Live;
        }
        answer.setStatusAndReason(
            static_cast<Poco::Net::HTTPResponse::HTTPStatus>(response.status));
        for (const auto& [name, value] : response.headers)
            answer.add(name, value);
        if (head) {
            answer.setContentLength64(static_cast<Poco::Int64>(response.body.size()));
            answer.send().flush();
        } else {
            answer.sendBuffer(response.body.data(), response.body.size());
        }
        return keep && session.connected() ? Next::Keep : Next::Close;
    }

    /// Poco's response would shut the sending side down with its stream, so this head is written
    /// here.
    void startLivePage(const HttpResponse& response, Connection& connection)
    {
        std::string head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
            "Connection: close\r\n";
        for (const auto& [name, value] : response.headers) {
            if (name != "Content-Type" && name != "Cache-Control")
                head += name + ": " + value + "\r\n";
        }
        head += "\r\n";
        connection.socket.sendBytes(head.data(), static_cast<int>(head.size()));
        _hub.join(*response.eventTopic, connection.socket);
    }

    FrontSettings _settings;
    std::vector<Door> _doors;
    EventLoop& _loop;
    Handle _handle;
    Poco::Net::HTTPServerParams::Ptr _params;
    Hub _hub;

    int _epoll = -1;
    int _wake = -1;
    std::atomic<bool> _stopped{false};

    std::unordered_map<int, Connection> _parked; // of the parking thread
    std::atomic<std::size_t> _parkedCount{0};
    std::vector<char> _peek;
    Milliseconds _lastSweep{0};

    std::mutex _readyMutex;
    std::condition_variable _ready;
    std::deque<Connection> _readyConnections;

    std::mutex _returnedMutex;
    std::deque<Connection> _returned;

    std::vector<std::thread> _threads;
};

Front::Front(FrontSettings settings, std::vector<Door> doors, EventLoop& loop, Handle handle)
    : _impl(std::make_unique<Impl>(settings, std::move(doors), loop, std::move(handle)))
{}

Front::~Front() = default;

void Front::start()
{
    _impl->start();
}

void Front::publish(const std::string& topic, const std::string& data)
{
    _impl->hub().publish(topic, data);
}

void Front::close(const std::string& topic)
{
    _impl->hub().close(topic);
}

std::size_t Front::parkedConnections() const
{
    return _impl->parked();
}

Poco::Net::ServerSocket listenOnUnixSocket(const std::string& path)
{
    std::filesystem::remove(path);
    const auto before = ::umask(0117); // the socket is never open to others, not for a moment
    Poco::Net::ServerSocket socket;
    try {
        socket.bind(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path));
    } catch (...) {
        ::umask(before);
        throw;
    }
    ::umask(before);
    socket.listen(64);
    return socket;
}

unsigned peerUserOf(int descriptor)
{
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        throw Error(ErrorCode::PeerForeign, "no credentials on this socket");
    return credentials.uid;
}

namespace {

class WorkerThread : public LongWork {
public:
    explicit WorkerThread(EventLoop& loop) : _loop(loop), _thread([this] { run(); }) {}

    ~WorkerThread() override
    {
        {
            const std::lock_guard lock(_mutex);
            _stopped = true;
        }
        _wake.notify_one();
        _thread.join();
    }

    void run(std::function<void()> work, Task then) override
    {
        {
            const std::lock_guard lock(_mutex);
            _waiting.emplace_back(std::move(work), std::move(then));
        }
        _wake.notify_one();
    }

private:
    void run()
    {
        std::unique_lock lock(_mutex);
        while (true) {
            _wake.wait(lock, [this] { return _stopped || !_waiting.empty(); });
            if (_stopped)
                return;
            auto [work, then] = std::move(_waiting.front());
            _waiting.pop_front();
            lock.unlock();
            work();
            _loop.post(std::move(then));
            lock.lock();
        }
    }

    EventLoop& _loop;
    std::mutex _mutex;
    std::condition_variable _wake;
    std::deque<std::pair<std::function<void()>, Task>> _waiting;
    bool _stopped = false;
    std::thread _thread;
};

} // namespace

std::unique_ptr<LongWork> makeLongWork(EventLoop& loop)
{
    return std::make_unique<WorkerThread>(loop);
}

} // namespace amt::node
