// SPDX-License-Identifier: EUPL-1.2
//
// One thread watches connections, handlers read what came, ask a loop and write its answer. This
// file owns the front's threads.
#include "sync/gateway/https_front.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "appliance/core/parking.h"
#include "sync/gateway/channel.h"
#include "sync/gateway/devices.h"
#include "sync/gateway/intake.h"
#include "sync/gateway/problem.h"

#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/SocketAddress.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <future>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

namespace amt::gateway {
namespace {

constexpr auto answerTimeout = std::chrono::seconds(10);
/// Who was refused before all was said may finish the sentence; nobody listens.
constexpr auto leavingAtMost = std::chrono::seconds(5);
constexpr std::size_t otherFiles = 256; ///< bodies, books, callbacks
constexpr int waitingAtDoor = 1024;

/// How many connections each address has.
class Guests {
public:
    explicit Guests(std::size_t most) : _most(most) {}

    class Stay {
    public:
        Stay(Guests& guests, std::string address) : _guests(&guests), _address(std::move(address))
        {}
        Stay(Stay&& other) noexcept
            : _guests(std::exchange(other._guests, nullptr)), _address(std::move(other._address))
        {}
        Stay& operator=(Stay&&) = delete;
        ~Stay()
        {
            if (_guests)
                _guests->leave(_address);
        }
        const std::string& address() const { return _address; }

    private:
        Guests* _guests;
        std::string _address;
    };

    /// Nothing: there are as many as may be.
    std::optional<Stay> enter(const std::string& address)
    {
        const std::lock_guard lock(_mutex);
        auto& count = _counts[address];
        if (_most > 0 && count >= _most)
            return std::nullopt;
        ++count;
        return std::optional<Stay>(std::in_place, *this, address);
    }

private:
    void leave(const std::string& address)
    {
        const std::lock_guard lock(_mutex);
        const auto found = _counts.find(address);
        if (--found->second == 0)
            _counts.erase(found);
    }

    const std::size_t _most;
    std::mutex _mutex;
    std::map<std::string, std::size_t> _counts;
};

/// One connection; at rest it is this and what the kernel keeps.
struct Visitor : Rest {
    Visitor(Channel line, Guests::Stay guest) : channel(std::move(line)), stay(std::move(guest)) {}
    int descriptor() const { return channel.descriptor(); }

    Channel channel;
    Guests::Stay stay;
    std::unique_ptr<Intake> intake;    ///< of a request that has begun
    std::optional<Milliseconds> begun; ///< when it or the handshake did
    bool wasToldToGoOn = false;        ///< 100 Continue
    bool isLeaving = false;            ///< answered for the last time
};

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

FrontSettings withoutFolder(FrontSettings settings)
{
    settings.bodyFolder.clear();
    return settings;
}

/// What the kernel says about the other end.
std::string addressOf(int descriptor)
{
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::getpeername(descriptor, generic, &size) != 0 || generic->sa_family == AF_UNIX)
        return "local";
    return Poco::Net::SocketAddress(generic, size).host().toString();
}

/// As many connections as were wished, or as this process may have.
std::size_t connectionsFor(const FrontSettings& settings)
{
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0)
        return settings.connectionsMax;
    if (files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
        ::getrlimit(RLIMIT_NOFILE, &files);
    }
    const std::size_t most =
        files.rlim_cur > 2 * otherFiles ? files.rlim_cur - otherFiles : files.rlim_cur / 2;
    if (most < settings.connectionsMax)
        log::warning("gateway.few_files", {{"connections", std::to_string(most)}});
    return std::min(most, settings.connectionsMax);
}

Poco::Net::ServerSocket listenOnSocket(const std::filesystem::path& path)
{
    std::filesystem::remove(path); // of a process that was killed
    const auto before = ::umask(0177);
    Poco::Net::ServerSocket socket;
    try {
        socket.bind(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path.string()));
    } catch (...) {
        ::umask(before);
        throw;
    }
    ::umask(before);
    socket.listen(16);
    return socket;
}

Poco::Net::ServerSocket listen(const FrontSettings& settings)
{
    try {
        auto socket =
            settings.socketFile.empty()
                ? Poco::Net::ServerSocket(Poco::Net::SocketAddress(settings.address, settings.port),
                                          waitingAtDoor)
                : listenOnSocket(settings.socketFile);
        socket.setBlocking(false);
        return socket;
    } catch (const Poco::Exception& failure) {
        throw Error(ErrorCode::ConfigurationInvalid, "cannot listen: " + failure.displayText());
    }
}

IntakeLimits limitsOf(const FrontSettings& settings)
{
    return {.bodyBytesMax = settings.bodyBytesMax,
            .bodyFolder = settings.bodyFolder,
            .allBodiesBytesMax = settings.allBodiesBytesMax};
}

} // namespace

class HttpsFront::Impl {
public:
    Impl(const FrontSettings& settings, const std::vector<Worker>& workers)
        : _settings(settings), _limits(limitsOf(settings)), _crew(workers),
          _clock(workers.at(0).loop), _guests(settings.connectionsOfAddressMax),
          _tls(settings.certificateFile.empty()
                   ? TlsContext(nullptr, &SSL_CTX_free)
                   : makeTlsContext(settings.certificateFile, settings.privateKeyFile,
                                    settings.clientAuthorityFile)),
          _door(listen(settings)),
          _parking({_door.impl()->sockfd()}, connectionsFor(settings), _clock,
                   {.accept = [this](std::size_t) { return accept(); },
                    .isReady =
                        [](Visitor& visitor) {
                            if (visitor.isLeaving && !visitor.channel.discard())
                                visitor.until = Milliseconds(0);
                            return !visitor.isLeaving;
                        },
                    .acceptFailed =
                        [](const Error& failure) {
                            log::warning("gateway.accept", {{"detail", failure.message()}});
                        }})
    {
        _threads.emplace_back([this] { _parking.watchAll(); });
        for (int i = 0; i < _settings.threads; ++i)
            _threads.emplace_back(
                [this] { _parking.serve([this](Visitor& visitor) { return handle(visitor); }); });
    }
    ~Impl()
    {
        _parking.close(_settings.grace);
        for (auto& thread : _threads)
            thread.join();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    std::size_t resting() const { return _parking.resting(); }

private:
    std::optional<Visitor> accept()
    {
        while (true) {
            const int descriptor =
                ::accept4(_door.impl()->sockfd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (descriptor < 0 &&
                (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
                throw Error(ErrorCode::SystemFailed, std::strerror(errno));
            if (descriptor < 0)
                return std::nullopt; // nobody, or gone again
            Channel channel(descriptor, _tls.get());
            auto stay = _guests.enter(addressOf(descriptor));
            if (!stay)
                continue;
            const int yes = 1; // an answer's last small segment waits for no acknowledgement
            ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
            Visitor visitor(std::move(channel), *std::move(stay));
            visitor.until =
                _clock.sinceBoot() + (_tls ? _settings.headWithin : _settings.idleAtMost);
            return visitor;
        }
    }

    /// Whether it comes back to rest.
    bool handle(Visitor& visitor)
    {
        try { // the HTTP handler's door
            try {
                return advance(visitor);
            } catch (const Error& failure) {
                if (!visitor.intake) // the line itself
                    return false;
                write(visitor, problemFor(failure), KeepAlive::No);
                return leave(visitor);
            }
        } catch (const Error&) {             // nobody takes the answer
        } catch (const std::future_error&) { // the task ended without one
        }
        return false;
    }

    /// Reads and answers until nothing more is there.
    bool advance(Visitor& visitor)
    {
        std::array<char, 16 * 1024> buffer;
        std::string_view bytes;
        while (true) {
            if (bytes.empty()) {
                const auto got = receive(visitor, buffer);
                if (!got)
                    return rest(visitor);
                if (*got == 0)
                    return false;
                bytes = {buffer.data(), *got};
            }
            if (!visitor.intake)
                visitor.intake = std::make_unique<Intake>(_limits, _allBodies);
            if (!visitor.begun)
                visitor.begun = _clock.sinceBoot();
            const auto stage = visitor.intake->take(bytes);
            if (stage == Intake::Stage::Leave) {
                if (const auto refused = refusal(visitor)) {
                    write(visitor, *refused, KeepAlive::No);
                    return leave(visitor);
                }
                visitor.intake->allowBody();
                visitor.begun = _clock.sinceBoot();
            }
            if (visitor.intake->stage() == Intake::Stage::Body)
                tellToGoOn(visitor);
            if (stage == Intake::Stage::Whole && answer(visitor) == KeepAlive::No)
                return leave(visitor);
        }
    }

    /// As Channel's, but what breaks here is not a request that could be refused.
    static std::optional<std::size_t> receive(Visitor& visitor, std::span<char> into)
    {
        try {
            return visitor.channel.receive(into);
        } catch (const Error&) {
            visitor.intake.reset();
            throw;
        }
    }

    bool rest(Visitor& visitor) const
    {
        const Milliseconds now = _clock.sinceBoot();
        const bool hasBegun = visitor.intake && visitor.intake->hasBegun();
        if (!hasBegun && visitor.channel.isOpen()) {
            visitor.intake.reset();
            visitor.begun.reset();
            visitor.isIdle = true;
            visitor.until = now + _settings.idleAtMost;
            return true;
        }
        if (!visitor.begun)
            visitor.begun = now; // the handshake
        const std::size_t bytes = hasBegun ? visitor.intake->bodyBytes() : 0;
        visitor.isIdle = false;
        visitor.until = *visitor.begun + _settings.headWithin +
                        Milliseconds(1000 * bytes / _settings.bodyBytesPerSecondMin);
        return now <= visitor.until;
    }

    bool leave(Visitor& visitor) const
    {
        visitor.intake.reset();
        visitor.channel.end();
        visitor.isLeaving = visitor.isIdle = true;
        visitor.until = _clock.sinceBoot() + leavingAtMost;
        return true;
    }

    void tellToGoOn(Visitor& visitor) const
    {
        if (visitor.wasToldToGoOn || visitor.intake->bodyBytes() > 0 ||
            !visitor.intake->expectsContinue())
            return;
        visitor.wasToldToGoOn = true;
        visitor.channel.send("HTTP/1.1 100 Continue\r\n\r\n", _settings.takesNothing);
    }

    static void noteShown(const Visitor& visitor, HttpRequest& request)
    {
        if (const std::string shown = visitor.channel.shownCertificate(); !shown.empty())
            request.headers[shownCertificate] = shown;
    }

    std::optional<HttpResponse> refusal(Visitor& visitor) const
    {
        Intake& intake = *visitor.intake;
        const auto place = _crew.leastBusy();
        if (!place->worker.admit)
            return std::nullopt;
        intake.request.peer = visitor.stay.address();
        noteShown(visitor, intake.request);
        auto asked = Crew::ask(place, [place, head = intake.request, bytes = intake.announced()] {
            return place->worker.admit(head, bytes);
        });
        if (asked.wait_for(answerTimeout) != std::future_status::ready)
            return late();
        return asked.get();
    }

    static HttpResponse late()
    {
        auto response = problem(503, "overloaded", "no answer within the time limit");
        response.headers.emplace_back("Retry-After", "5");
        return response;
    }

    enum class KeepAlive { No, Yes };

    KeepAlive answer(Visitor& visitor)
    {
        const auto intake = std::move(visitor.intake); // its bytes count until it is answered
        visitor.begun.reset();
        visitor.wasToldToGoOn = false;
        const bool isHead = intake->request.method == "HEAD";
        intake->request.peer = visitor.stay.address();
        noteShown(visitor, intake->request);
        const auto place = _crew.leastBusy();
        auto future = Crew::ask(
            place, [place, request = std::move(intake->request), file = std::move(intake->file)] {
                return place->worker.answer(request, file.get());
            });
        const bool isInTime = future.wait_for(answerTimeout) == std::future_status::ready;
        const auto keep =
            intake->keepsAlive() && !_parking.isClosing() ? KeepAlive::Yes : KeepAlive::No;
        if (!isInTime) {
            write(visitor, late(), keep, isHead);
            return keep;
        }
        const LongAnswer answer = future.get(); // throws when the task ended without an answer
        if (!answer.next) {
            write(visitor, answer.response, keep, isHead);
            return keep;
        }
        send(visitor, headOf(answer.response, answer.bytes, keep));
        // shared with the task of a piece that came too late
        const auto pieces = std::make_shared<std::function<std::string()>>(answer.next);
        for (std::size_t sent = 0; sent < answer.bytes && !isHead;) {
            auto next = Crew::ask(place, [pieces] { return (*pieces)(); });
            if (next.wait_for(answerTimeout) != std::future_status::ready)
                throw Error(ErrorCode::Overloaded, "no piece within the time limit");
            const std::string piece = next.get();
            if (piece.empty()) // gone meanwhile: the connection ends before the body does
                throw Error(ErrorCode::NotFound, "a piece");
            send(visitor, piece);
            sent += piece.size();
        }
        return keep;
    }

    std::string headOf(const HttpResponse& response, std::size_t bytes, KeepAlive keep) const
    {
        Poco::Net::HTTPResponse head(
            Poco::Net::HTTPMessage::HTTP_1_1,
            static_cast<Poco::Net::HTTPResponse::HTTPStatus>(response.status));
        head.setDate(Poco::Timestamp(toMilliseconds(_clock.utcNow()) * 1000));
        head.set("Server", "amt-gateway");
        head.setKeepAlive(keep == KeepAlive::Yes);
        head.setContentLength64(static_cast<Poco::Int64>(bytes));
        for (const auto& [name, value] : response.headers)
            head.add(name, value);
        std::ostringstream text;
        head.write(text);
        return text.str();
    }

    void write(Visitor& visitor, const HttpResponse& response, KeepAlive keep,
               bool isHead = false) const
    {
        std::string text = headOf(response, response.body.size(), keep);
        if (!isHead)
            text += response.body;
        send(visitor, text);
    }

    void send(Visitor& visitor, std::string_view bytes) const
    {
        visitor.channel.send(bytes, _settings.takesNothing);
    }

    const FrontSettings _settings;
    const IntakeLimits _limits;
    const Crew _crew;
    const Clock& _clock;
    Guests _guests;
    const TlsContext _tls;
    Poco::Net::ServerSocket _door;
    std::atomic<std::size_t> _allBodies{0}; ///< bytes of bodies under way
    Parking<Visitor> _parking;
    std::vector<std::thread> _threads; ///< last: they run with all of the above made
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

std::size_t HttpsFront::restingConnections() const
{
    return _impl->resting();
}

} // namespace amt::gateway
