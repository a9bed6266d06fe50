// SPDX-License-Identifier: EUPL-1.2
//
// Poco's HTTP server with TLS. Its threads parse, post, wait and write; nothing else.
#include "sync/gateway/https_front.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "sync/gateway/problem.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/URI.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <future>

namespace amt::gateway {
namespace {

constexpr auto answerTimeout = std::chrono::seconds(10);

constexpr std::size_t shortBytes = 64 * 1024;

/// What one request holds of the memory for bodies. It counts what has come, not what was
/// announced: whoever wants to use it up has to send it.
class Share {
public:
    Share(std::atomic<std::size_t>& held, std::size_t most) : _held(held), _most(most) {}
    ~Share() { _held -= _own; }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    /// Throws Overloaded.
    void add(std::size_t bytes, std::size_t wholeSoFar)
    {
        _own += bytes;
        if ((_held += bytes) > _most && wholeSoFar > shortBytes)
            throw Error(ErrorCode::Overloaded, "bodies");
    }

private:
    std::atomic<std::size_t>& _held;
    const std::size_t _most;
    std::size_t _own = 0;
};

/// A request and, when its body is long, the file that it lies in.
struct Received {
    HttpRequest request;
    std::shared_ptr<BodyFile> file; ///< shared with the task, which may end after its waiter
};

/// Throws RequestMalformed, InputTooLarge, Overloaded, StoreFull.
Received readRequest(Poco::Net::HTTPServerRequest& from, const FrontSettings& settings,
                     Share& share)
{
    const std::size_t bodyBytesMax = settings.bodyBytesMax;
    Received received;
    HttpRequest& request = received.request;
    request.method = from.getMethod();
    const std::string& target = from.getURI();
    const std::size_t mark = target.find('?');
    if (!target.starts_with('/') || target.find('#') != std::string::npos)
        throw Error(ErrorCode::RequestMalformed, "request target");
    try {
        Poco::URI::decode(target.substr(0, mark), request.path);
    } catch (const Poco::Exception&) {
        throw Error(ErrorCode::RequestMalformed, "request target");
    }
    if (mark != std::string::npos)
        request.query = target.substr(mark + 1);
    for (const auto& [name, value] : from) {
        std::string lower = name;
        for (char& letter : lower) {
            if (letter >= 'A' && letter <= 'Z')
                letter = static_cast<char>(letter - 'A' + 'a');
        }
        if (!request.headers.emplace(std::move(lower), value).second)
            throw Error(ErrorCode::RequestMalformed, "doubled header");
    }
    if (from.hasContentLength() &&
        from.getContentLength64() > static_cast<Poco::Int64>(bodyBytesMax))
        throw Error(ErrorCode::InputTooLarge, "body");
    char buffer[16 * 1024];
    auto& stream = from.stream();
    std::size_t size = 0;
    while (stream.read(buffer, sizeof buffer), stream.gcount() > 0) {
        const auto read = static_cast<std::size_t>(stream.gcount());
        size += read;
        share.add(read, size);
        if (size > bodyBytesMax)
            throw Error(ErrorCode::InputTooLarge, "body");
        if (!received.file && size > shortBytes && !settings.bodyFolder.empty()) {
            received.file = std::make_shared<BodyFile>(settings.bodyFolder);
            received.file->append(request.body);
            std::string().swap(request.body);
        }
        if (received.file)
            received.file->append({buffer, read});
        else
            request.body.append(buffer, read);
    }
    if (from.hasContentLength() && static_cast<Poco::Int64>(size) != from.getContentLength64())
        throw Error(ErrorCode::RequestMalformed, "body shorter than announced");
    const auto address = from.clientAddress();
    request.peer = address.family() == Poco::Net::SocketAddress::UNIX_LOCAL
                       ? "local"
                       : address.host().toString();
    return received;
}

void writeHead(const HttpResponse& response, Poco::Net::HTTPServerResponse& to)
{
    to.setStatus(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(response.status));
    to.setReason(Poco::Net::HTTPResponse::getReasonForStatus(to.getStatus()));
    for (const auto& [name, value] : response.headers)
        to.add(name, value);
}

void write(const HttpResponse& response, Poco::Net::HTTPServerResponse& to)
{
    writeHead(response, to);
    to.sendBuffer(response.body.data(), response.body.size());
}

/// Whoever has least to do; the places outlive every task, for tasks share them.
class Crew {
public:
    struct Place {
        explicit Place(Worker of) : worker(std::move(of)) {}
        Worker worker;
        std::atomic<int> waiting{0};
    };

    explicit Crew(const std::vector<Worker>& workers)
    {
        for (const auto& worker : workers)
            _places.push_back(std::make_shared<Place>(worker));
    }

    std::shared_ptr<Place> leastBusy() const // shared with the tasks under way
    {
        return *std::min_element(_places.begin(), _places.end(), [](const auto& a, const auto& b) {
            return a->waiting.load() < b->waiting.load();
        });
    }

    /// What `work` gives on the place's loop.
    template <typename Work>
    static auto ask(const std::shared_ptr<Place>& place, Work work)
    {
        // shared by the waiting thread and the task, which may come after the time-out
        const auto promise = std::make_shared<std::promise<decltype(work())>>();
        ++place->waiting;
        place->worker.loop.post([promise, place, work = std::move(work)]() mutable {
            const Leaving leaving{place->waiting};
            promise->set_value(work());
        });
        return promise->get_future();
    }

private:
    struct Leaving {
        std::atomic<int>& waiting;
        ~Leaving() { --waiting; }
    };

    std::vector<std::shared_ptr<Place>> _places;
};

class Handler : public Poco::Net::HTTPRequestHandler {
public:
    Handler(const Crew& crew, const FrontSettings& settings, std::atomic<std::size_t>& bodies,
            const Poco::Net::HTTPServer* server)
        : _crew(crew), _settings(settings), _bodies(bodies), _server(server)
    {}

    void handleRequest(Poco::Net::HTTPServerRequest& from,
                       Poco::Net::HTTPServerResponse& to) override
    {
        if (_server && _server->currentConnections() > _settings.threads / 2)
            to.setKeepAlive(false);
        try {
            Share share(_bodies, _settings.allBodiesBytesMax);
            answer(readRequest(from, _settings, share), to);
        } catch (const Error& failure) { // the HTTP handler's door
            to.setKeepAlive(false);      // what is left of the body is not read
            if (!to.sent())
                write(problemFor(failure), to);
        }
    }

private:
    void answer(Received received, Poco::Net::HTTPServerResponse& to)
    {
        const auto place = _crew.leastBusy();
        auto future = Crew::ask(place, [place, received = std::move(received)] {
            return place->worker.answer(received.request, received.file.get());
        });
        if (future.wait_for(answerTimeout) != std::future_status::ready) {
            auto late = problem(503, "overloaded", "no answer within the time limit");
            late.headers.emplace_back("Retry-After", "5");
            return write(late, to);
        }
        const LongAnswer answer = future.get(); // throws when the task ended without an answer
        if (!answer.next)
            return write(answer.response, to);
        writeHead(answer.response, to);
        to.setContentLength64(static_cast<Poco::Int64>(answer.bytes));
        auto& out = to.send();
        // shared with the task of a piece that came too late
        const auto pieces = std::make_shared<std::function<std::string()>>(answer.next);
        for (std::size_t sent = 0; sent < answer.bytes;) {
            auto next = Crew::ask(place, [pieces] { return (*pieces)(); });
            if (next.wait_for(answerTimeout) != std::future_status::ready)
                throw Error(ErrorCode::Overloaded, "no piece within the time limit");
            const std::string piece = next.get();
            if (piece.empty()) // gone meanwhile: the connection ends before the body does
                throw Error(ErrorCode::NotFound, "a piece");
            out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
            if (!out)
                throw Error(ErrorCode::SystemFailed, "nobody takes the pieces");
            sent += piece.size();
        }
    }

    const Crew& _crew;
    const FrontSettings& _settings;
    std::atomic<std::size_t>& _bodies;
    const Poco::Net::HTTPServer* _server;
};

class Factory : public Poco::Net::HTTPRequestHandlerFactory {
public:
    Factory(const Crew& crew, const FrontSettings& settings) : _crew(crew), _settings(settings) {}

    Poco::Net::HTTPRequestHandler*
    createRequestHandler(const Poco::Net::HTTPServerRequest&) override
    {
        return new Handler(_crew, _settings, _bodies, _server); // Poco owns it
    }
    void servesFor(const Poco::Net::HTTPServer& server) { _server = &server; }

private:
    const Crew& _crew;
    const FrontSettings& _settings;
    std::atomic<std::size_t> _bodies{0}; ///< bytes in memory
    const Poco::Net::HTTPServer* _server = nullptr;
};

FrontSettings withoutFolder(FrontSettings settings)
{
    settings.bodyFolder.clear();
    return settings;
}

} // namespace

class HttpsFront::Impl {
public:
    Impl(const FrontSettings& settings, const std::vector<Worker>& workers)
        : _settings(settings), _crew(workers), _threads(2, settings.threads),
          _factory(new Factory(_crew, _settings)),
          _server(_factory, _threads, listen(settings), parameters(settings))
    {
        _factory->servesFor(_server);
        _server.start();
    }
    ~Impl() { _server.stopAll(true); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

private:
    static Poco::Net::HTTPServerParams::Ptr parameters(const FrontSettings& settings)
    {
        Poco::Net::HTTPServerParams::Ptr set = new Poco::Net::HTTPServerParams;
        set->setMaxThreads(settings.threads);
        set->setMaxQueued(128);
        set->setTimeout(Poco::Timespan(30, 0));
        set->setKeepAlive(true);
        set->setKeepAliveTimeout(Poco::Timespan(static_cast<long>(settings.rest.count()), 0));
        set->setSoftwareVersion("amt-gateway");
        return set;
    }

    static Poco::Net::ServerSocket listen(const FrontSettings& settings)
    {
        const Poco::Net::SocketAddress address("127.0.0.1", settings.port);
        Poco::Net::Context::Params tls;
        tls.privateKeyFile = settings.privateKeyFile.string();
        tls.certificateFile = settings.certificateFile.string();
        tls.verificationMode = Poco::Net::Context::VERIFY_NONE; // clients show a token
        tls.loadDefaultCAs = false;
        try {
            if (!settings.socketFile.empty())
                return listenOnSocket(settings.socketFile);
            if (settings.certificateFile.empty())
                return Poco::Net::ServerSocket(address, 64);
            Poco::Net::Context::Ptr context =
                new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, tls);
            context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_3);
            return Poco::Net::SecureServerSocket(address, 64, context);
        } catch (const Poco::Exception& failure) {
            throw Error(ErrorCode::ConfigurationInvalid, "cannot listen: " + failure.displayText());
        }
    }

    static Poco::Net::ServerSocket listenOnSocket(const std::filesystem::path& path)
    {
        std::filesystem::remove(path); // of a process that was killed
        const auto before = ::umask(0177);
        Poco::Net::ServerSocket socket;
        try {
            socket.bind(
                Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path.string()));
        } catch (...) {
            ::umask(before);
            throw;
        }
        ::umask(before);
        socket.listen(16);
        return socket;
    }

    const FrontSettings _settings;
    const Crew _crew;
    Poco::ThreadPool _threads;
    Poco::SharedPtr<Factory> _factory; // shared with Poco's server
    Poco::Net::HTTPServer _server;
};

Worker inMemory(EventLoop& loop, std::function<HttpResponse(const HttpRequest&)> answer)
{
    return {loop, [answer = std::move(answer)](const HttpRequest& request, const BodyFile*) {
                return LongAnswer{.response = answer(request), .bytes = 0, .next = {}};
            }};
}

HttpsFront::HttpsFront(const FrontSettings& settings, EventLoop& loop,
                       std::function<HttpResponse(const HttpRequest&)> answer)
    : HttpsFront(withoutFolder(settings), {inMemory(loop, std::move(answer))})
{}

HttpsFront::HttpsFront(const FrontSettings& settings, std::vector<Worker> workers)
    : _impl(std::make_unique<Impl>(settings, workers))
{}

HttpsFront::~HttpsFront() = default;

} // namespace amt::gateway
