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
#include <atomic>
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

constexpr std::size_t pieceBytes = 192 * 1024;

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

/// All but the body.
HttpRequest convert(Poco::Net::HTTPServerRequestImpl& request, const Door& door)
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
    return converted;
}

void readBody(Poco::Net::HTTPServerRequestImpl& request, HttpRequest& converted,
              std::size_t bodyBytesMax)
{
    const auto length = request.hasContentLength() ? request.getContentLength64() : 0;
    if (length < 0 || static_cast<std::uint64_t>(length) > bodyBytesMax)
        throw Error(ErrorCode::InputTooLarge, "body over its limit");
    converted.body.resize(static_cast<std::size_t>(length));
    request.stream().read(converted.body.data(), static_cast<std::streamsize>(length));
    if (request.stream().gcount() != length)
        throw Error(ErrorCode::RequestMalformed, "body cut off");
}

/// Between a handler's thread, which has the connection, and the loop, which asks for pieces of the
/// body and answers in the end.
class AskedBody : public BodyPieces {
public:
    using Take = std::function<void(std::optional<std::string_view>)>;

    explicit AskedBody(EventLoop& loop) : _loop(loop) {}

    // --- on the loop ---
    void next(Take take) override
    {
        {
            const std::lock_guard lock(_mutex);
            if (!_isOver) {
                _wanted = std::move(take);
                _news.notify_one();
                return;
            }
        }
        _loop.post([take = std::move(take)] { take(std::nullopt); });
    }
    void answer(HttpResponse response)
    {
        const std::lock_guard lock(_mutex);
        _answer = std::move(response);
        _news.notify_one();
    }

    // --- on the handler's thread ---
    /// An answer, or who wants the next piece; neither when both let wait for too long.
    std::pair<std::optional<HttpResponse>, Take> await(std::chrono::seconds atMost)
    {
        std::unique_lock lock(_mutex);
        _news.wait_for(lock, atMost, [this] { return _answer || _wanted; });
        return {std::exchange(_answer, std::nullopt), std::exchange(_wanted, nullptr)};
    }
    /// Who asks from now on, or waits already, hears that the connection broke off.
    void end()
    {
        const std::lock_guard lock(_mutex);
        _isOver = true;
        if (auto take = std::exchange(_wanted, nullptr))
            _loop.post([take = std::move(take)] { take(std::nullopt); });
    }

private:
    EventLoop& _loop;
    std::mutex _mutex;
    std::condition_variable _news;
    std::optional<HttpResponse> _answer;
    Take _wanted;
    bool _isOver = false;
};

/// Counts the bodies that come in pieces, while it lives.
class Seat {
public:
    explicit Seat(std::atomic<std::size_t>& taken) : _taken(taken), _number(++taken) {}
    ~Seat() { --_taken; }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    std::size_t number() const { return _number; }

private:
    std::atomic<std::size_t>& _taken;
    std::size_t _number;
};

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
                converted = convert(request, *connection.door);
                head = converted->method == "HEAD";
                if (_settings.comesInPieces &&
                    _settings.comesInPieces(connection.door->surface, converted->method,
                                            converted->path)) {
                    answer.setVersion(request.getVersion());
                    return servePieces(request, answer, *std::move(converted), session, connection);
                }
                readBody(request, *converted, _settings.bodyBytesMax);
            } catch (const Error& refusal) {
                converted.reset();
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

    /// A long body: the loop asks for each piece, so no more of it is here than one. The connection
    /// ends with the answer.
    Next servePieces(Poco::Net::HTTPServerRequestImpl& request,
                     Poco::Net::HTTPServerResponseImpl& answer, HttpRequest converted,
                     Session& session, Connection& connection)
    {
        const Seat seat(_inPieces);
        const auto asked = std::make_shared<AskedBody>(_loop); // shared by the loop and this thread
        const struct Ending {
            AskedBody& body;
            ~Ending() { body.end(); }
        } ending{*asked};
        auto left =
            std::max<Poco::Int64>(0, request.hasContentLength() ? request.getContentLength64() : 0);
        HttpResponse response = plainAnswer(503, "busy\n");
        if (seat.number() <= _settings.bodiesInPieces) {
            converted.pieces = asked;
            _loop.post([this, surface = connection.door->surface, converted, asked] {
                _handle(surface, converted,
                        [asked](HttpResponse said) { asked->answer(std::move(said)); });
            });
            response = answerToPieces(request, *asked, left, std::move(response));
        }
        answer.setKeepAlive(false);
        const Next next = write(answer, response, session, connection, false, false);
        discard(request, left);
        return next;
    }

    HttpResponse answerToPieces(Poco::Net::HTTPServerRequestImpl& request, AskedBody& asked,
                                Poco::Int64& left, HttpResponse late)
    {
        struct Coming {
            std::string piece = std::string(pieceBytes, '\0');
            std::promise<void> taken;
        };
        while (true) {
            auto [said, take] = asked.await(_settings.answerWithin);
            if (said)
                return *std::move(said);
            if (!take) {
                log::warning("front.no-answer-in-time");
                return late;
            }
            const auto coming = std::make_shared<Coming>(); // shared by the loop's task and this
                                                            // thread
            const std::size_t size = readPiece(request, coming->piece, left);
            const bool isBroken = size == 0 && left > 0;
            _loop.post([coming, size, isBroken, take = std::move(take)] {
                take(isBroken ? std::nullopt
                              : std::optional(std::string_view(coming->piece).substr(0, size)));
                wipe(coming->piece);
                coming->taken.set_value();
            });
            auto taken = coming->taken.get_future();
            while (taken.wait_for(std::chrono::seconds(1)) != std::future_status::ready) {
                if (_parking.isClosing())
                    throw Poco::Net::NetException("the node stops");
            }
            if (isBroken)
                throw Poco::Net::ConnectionResetException();
        }
    }

    /// Fills the piece with what comes in its time, or with all that is left; nothing: broken off.
    std::size_t readPiece(Poco::Net::HTTPServerRequestImpl& request, std::string& piece,
                          Poco::Int64& left) const
    {
        const Milliseconds until = _loop.sinceBoot() + _settings.pieceWithin;
        const auto wanted = static_cast<std::size_t>(
            std::min<Poco::Int64>(left, static_cast<Poco::Int64>(piece.size())));
        std::size_t size = 0;
        auto& buffer = *request.stream().rdbuf();
        try {
            while (size < wanted) {
                // One look at the line at a time: what there is, or nothing after too long.
                if (_loop.sinceBoot() > until || buffer.sgetc() == std::char_traits<char>::eof())
                    return 0;
                const auto there = std::clamp<std::streamsize>(
                    buffer.in_avail(), 1, static_cast<std::streamsize>(wanted - size));
                size += static_cast<std::size_t>(buffer.sgetn(piece.data() + size, there));
            }
        } catch (const Poco::Exception&) { // the line: who waits for the piece has to hear of it
            return 0;
        }
        left -= static_cast<Poco::Int64>(size);
        return size;
    }

    /// A browser reads no answer before it has sent all: what nobody wants is thrown away, for a
    /// while.
    void discard(Poco::Net::HTTPServerRequestImpl& request, Poco::Int64 left) const
    {
        const Milliseconds until = _loop.sinceBoot() + _settings.answerWithin;
        std::string piece(pieceBytes, '\0');
        while (left > 0 && _loop.sinceBoot() < until && readPiece(request, piece, left) > 0)
            wipe({reinterpret_cast<std::uint8_t*>(piece.data()), piece.size()});
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
    std::atomic<std::size_t> _inPieces{0};
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
