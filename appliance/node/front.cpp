// SPDX-License-Identifier: EUPL-1.2
//
// Handling, live pages. This file owns the front's threads.
#include "appliance/node/front.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "appliance/core/parking.h"

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
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <future>
#include <list>
#include <map>
#include <mutex>
#include <thread>

namespace amt::node {
namespace {

using Poco::Net::StreamSocket;

/// What travels between parking thread and handlers.
struct Connection : Rest {
    int descriptor() const { return socket.impl()->sockfd(); }

    StreamSocket socket;
    const Door* door = nullptr;
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
          _params(new Poco::Net::HTTPServerParams),
          _parking(descriptors(_doors), settings.connectionsMax, loop,
                   {.accept = [this](std::size_t door) { return accept(_doors[door]); },
                    .isReady = [this](Connection& connection) { return isReady(connection); },
                    .acceptFailed =
                        [](const Error& failure) {
                            log::warning("front.accept", {{"detail", failure.message()}});
                        }})
    {
        _params->setKeepAlive(true);
        _params->setMaxKeepAliveRequests(0);
        _params->setKeepAliveTimeout(Poco::Timespan(0));
        _params->setTimeout(Poco::Timespan(_settings.headWithin.count(), 0));
    }

    ~Impl()
    {
        _parking.close(Milliseconds(0));
        for (auto& thread : _threads)
            thread.join();
    }

    void start()
    {
        _threads.emplace_back([this] { _parking.watchAll(); });
        for (int i = 0; i < _settings.handlers; ++i)
            _threads.emplace_back([this] {
                _parking.serve([this](Connection& connection) { return serve(connection); });
            });
    }

    Hub& hub() { return _hub; }
    std::size_t parked() const { return _parking.resting(); }

private:
    static std::vector<int> descriptors(std::vector<Door>& doors)
    {
        std::vector<int> all;
        for (auto& door : doors) {
            door.socket.setBlocking(false);
            all.push_back(door.socket.impl()->sockfd());
        }
        return all;
    }

    // --- parking thread ---

    std::optional<Connection> accept(Door& door)
    {
        while (door.socket.poll(Poco::Timespan(0), Poco::Net::Socket::SELECT_READ)) {
            try {
                Connection connection;
                connection.socket = door.socket.acceptConnection();
                connection.door = &door;
                // An answer leaves at once: its last small segment waits for no acknowledgement.
                if (connection.socket.address().family() != Poco::Net::SocketAddress::UNIX_LOCAL)
                    connection.socket.setNoDelay(true);
                if (door.peerUser) {
                    const unsigned user = peerUserOf(connection.descriptor());
                    if (user != *door.peerUser) {
                        log::warning("front.peer-refused", {{"user", std::to_string(user)}});
                        continue;
                    }
                }
                rest(connection);
                return connection;
            } catch (const Error& failure) { // of who stands there
                log::warning("front.accept", {{"detail", failure.message()}});
            } catch (const Poco::Exception& failure) {
                if (failure.code() == EMFILE || failure.code() == ENFILE)
                    throw Error(ErrorCode::SystemFailed, "no more files");
                // The other side gave up between the wish and the accept: nothing is owed to it.
            }
        }
        return std::nullopt;
    }

    void rest(Connection& connection) const
    {
        connection.isIdle = true;
        connection.until = _loop.sinceBoot() + _settings.idleAtMost;
    }

    /// Plain connections wait until their head is whole; encrypted ones are judged by readiness
    /// alone.
    bool isReady(Connection& connection)
    {
        if (connection.door->secure)
            return true;
        _peek.resize(_settings.headBytesMax);
        const auto size =
            ::recv(connection.descriptor(), _peek.data(), _peek.size(), MSG_PEEK | MSG_DONTWAIT);
        if (size <= 0)
            return false;
        if (connection.isIdle)
            connection.until = _loop.sinceBoot() + _settings.headWithin;
        connection.isIdle = false;
        const std::string_view seen(_peek.data(), static_cast<std::size_t>(size));
        const bool whole = seen.find("\r\n\r\n") != std::string_view::npos ||
                           seen.size() >= _settings.headBytesMax;
        wipe({reinterpret_cast<std::uint8_t*>(_peek.data()), seen.size()}); // a form came along
        return whole;
    }

    // --- handler threads ---

    /// Whether it comes back to rest.
    bool serve(Connection& connection)
    {
        const SpareBuffers wipedAfterwards;
        try {
            connection.socket.setReceiveTimeout(Poco::Timespan(_settings.headWithin.count(), 0));
            connection.socket.setSendTimeout(Poco::Timespan(_settings.headWithin.count(), 0));
            Session session(connection.socket, _params);
            bool first = true;
            while (!_parking.isClosing() && (first || session.hasMoreRequests())) {
                if (first)
                    session.hasMoreRequests();
                first = false;
                const Next next = serveOne(session, connection);
                if (next == Next::Close)
                    return false;
                if (next == Next::Live) {
                    session.give();
                    return false;
                }
            }
            connection.socket = session.give();
            rest(connection);
            return true;
        } catch (const Poco::Exception&
                     problem) { // door of the HTTP handler: the connection is lost, the node is not
            log::info("front.connection-ended", {{"why", problem.name()}});
            return false;
        }
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

    const FrontSettings _settings;
    std::vector<Door> _doors;
    EventLoop& _loop;
    Handle _handle;
    Poco::Net::HTTPServerParams::Ptr _params;
    Hub _hub;
    std::vector<char> _peek; ///< of the parking thread
    Parking<Connection> _parking;
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
