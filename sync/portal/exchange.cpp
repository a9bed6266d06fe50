// SPDX-License-Identifier: EUPL-1.2
//
// One worker thread a line: it connects, sends, reads with limits, and posts the answer to the
// loop.
#include "sync/portal/exchange.h"

#include "appliance/core/error.h"
#include "appliance/core/log.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/X509Certificate.h>
#include <Poco/URI.h>
#include <sys/socket.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <sstream>
#include <thread>

namespace amt::portal {
namespace {

using Session = Poco::Net::HTTPClientSession;

constexpr int headerFieldsMax = 64;
/// A connection that rested longer may have been closed by the other side just now.
constexpr Milliseconds restMax{3000};

Poco::Timespan timespan(std::chrono::seconds time)
{
    return {static_cast<long>(time.count()), 0};
}

/// Path on the wire: segments escaped, slashes as they are.
std::string escapedPath(const std::string& path)
{
    std::string escaped;
    std::size_t from = 0;
    while (from <= path.size()) {
        const std::size_t slash = std::min(path.find('/', from), path.size());
        escaped += escapeUri(path.substr(from, slash - from));
        if (slash < path.size())
            escaped += '/';
        from = slash + 1;
    }
    return escaped;
}

/// Where to connect and to whom we believe to speak.
struct Line {
    std::string name; ///< for the log
    std::string host; ///< Host header where the request brings none
    std::function<std::unique_ptr<Session>()> connect;
};

class WorkerExchange : public HttpExchange {
public:
    WorkerExchange(Line line, EventLoop& loop, ExchangeLimits limits)
        : _line(std::move(line)), _loop(loop), _limits(limits), _worker([this] { work(); })
    {}

    ~WorkerExchange() override
    {
        *_alive = false;
        {
            const std::lock_guard lock(_mutex);
            _stopped = true;
            if (_descriptor >= 0)
                ::shutdown(_descriptor, SHUT_RDWR); // wakes the worker out of its read
        }
        _wake.notify_one();
        _worker.join();
    }
    WorkerExchange(const WorkerExchange&) = delete;
    WorkerExchange& operator=(const WorkerExchange&) = delete;

    void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
    {
        {
            const std::lock_guard lock(_mutex);
            _jobs.push_back({std::move(request), std::move(done)});
        }
        _wake.notify_one();
    }

private:
    struct Job {
        HttpRequest request;
        std::function<void(HttpAnswer)> done;
    };

    void work()
    {
        while (true) {
            Job job;
            {
                std::unique_lock lock(_mutex);
                _wake.wait(lock, [this] { return _stopped || !_jobs.empty(); });
                if (_stopped)
                    break;
                job = std::move(_jobs.front());
                _jobs.pop_front();
            }
            HttpAnswer answer = exchanged(job.request);
            _loop.post([alive = _alive, answer = std::move(answer), done = std::move(job.done)] {
                if (*alive) // read and written on the loop's thread only
                    done(answer);
            });
        }
        drop();
    }

    /// The door of this thread: whatever goes wrong below is NoAnswer.
    HttpAnswer exchanged(const HttpRequest& request)
    {
        try {
            HttpResponse response = carry(request);
            if (!_reached)
                log::info("exchange.reached", {{"line", _line.name}});
            _reached = true;
            return response;
        } catch (const Poco::TimeoutException&) {
            lost("timed out");
            return NoAnswer{true};
        } catch (const Poco::Exception& failure) {
            lost(failure.displayText());
        } catch (const std::exception& failure) {
            lost(failure.what());
        }
        return NoAnswer{};
    }

    void lost(const std::string& reason)
    {
        drop();
        if (_reached)
            log::warning("exchange.lost", {{"line", _line.name}, {"reason", reason}});
        _reached = false;
    }

    HttpResponse carry(const HttpRequest& request)
    {
        if (_session &&
            (_loop.sinceBoot() - _lastUse > restMax ||
             _session->socket().poll(Poco::Timespan(0), Poco::Net::Socket::SELECT_READ)))
            drop(); // bytes that nobody asked for: the end, most likely
        if (!_session)
            adopt(_line.connect());

        std::string target = escapedPath(request.path);
        if (!request.query.empty())
            target += '?' + request.query;
        Poco::Net::HTTPRequest head(request.method, target, Poco::Net::HTTPMessage::HTTP_1_1);
        head.set("Host", _line.host);
        for (const auto& [name, value] : request.headers)
            head.set(name, value);
        const bool hasBody = !request.body.empty() || request.method == "POST" ||
                             request.method == "PUT" || request.method == "PATCH";
        if (hasBody)
            head.setContentLength64(static_cast<Poco::Int64>(request.body.size()));
        auto& out = _session->sendRequest(head);
        if (hasBody) {
            out.write(request.body.data(), static_cast<std::streamsize>(request.body.size()));
            out.flush();
        }

        Poco::Net::HTTPResponse from;
        from.setFieldLimit(headerFieldsMax);
        auto& in = _session->receiveResponse(from);
        HttpResponse response{from.getStatus(), {}, {}, std::nullopt};
        for (const auto& [name, value] : from)
            response.headers.emplace_back(name, value);
        readBody(from, in, response.body);

        if (from.getKeepAlive() && (from.hasContentLength() || from.getChunkedTransferEncoding()))
            _lastUse = _loop.sinceBoot();
        else
            drop();
        return response;
    }

    void readBody(const Poco::Net::HTTPResponse& head, std::istream& in, std::string& body)
    {
        char part[16 * 1024];
        while (in.read(part, sizeof part), in.gcount() > 0) {
            body.append(part, static_cast<std::size_t>(in.gcount()));
            if (body.size() > _limits.answerBytesMax)
                throw Error(ErrorCode::InputTooLarge, "answer over its limit");
        }
        if (const auto* failure = _session->networkException())
            failure->rethrow();
        if (head.hasContentLength() &&
            static_cast<Poco::Int64>(body.size()) != head.getContentLength64() &&
            head.getStatus() != 204 && head.getStatus() != 304)
            throw Error(ErrorCode::PortalAnswerMalformed, "answer cut off");
    }

    void adopt(std::unique_ptr<Session> session)
    {
        _session = std::move(session);
        _session->setKeepAlive(true);
        _session->setKeepAliveTimeout(Poco::Timespan(Poco::Timespan::DAYS)); // restMax decides
        _session->setTimeout(timespan(_limits.noProgress));
        _session->socket().setReceiveTimeout(timespan(_limits.noProgress));
        _session->socket().setSendTimeout(timespan(_limits.noProgress));
        const std::lock_guard lock(_mutex);
        if (_stopped)
            throw Error(ErrorCode::SystemFailed, "going");
        _descriptor = _session->socket().impl()->sockfd();
    }

    void drop()
    {
        {
            const std::lock_guard lock(_mutex);
            _descriptor = -1;
        }
        _session.reset();
    }

    const Line _line;
    EventLoop& _loop;
    const ExchangeLimits _limits;
    /// Shared with the answers under way, which find the exchange gone or alive.
    const std::shared_ptr<bool> _alive = std::make_shared<bool>(true);

    std::mutex _mutex; ///< the next four
    std::condition_variable _wake;
    std::deque<Job> _jobs;
    bool _stopped = false;
    int _descriptor = -1; ///< of the open connection

    // of the worker alone
    std::unique_ptr<Session> _session;
    Milliseconds _lastUse{0};
    bool _reached = true;

    std::thread _worker; ///< last: starts when all else is there
};

Poco::Net::Context::Ptr pinnedContext(const std::string& caPem,
                                      const std::filesystem::path& identityFile)
{
    Poco::Net::Context::Params params;
    params.certificateFile = params.privateKeyFile = identityFile.string();
    params.verificationMode = Poco::Net::Context::VERIFY_STRICT; // RELAXED skips localhost's name
    params.verificationDepth = 4;
    params.loadDefaultCAs = false;
    Poco::Net::Context::Ptr context =
        new Poco::Net::Context(Poco::Net::Context::TLS_CLIENT_USE, params);
    context->requireMinimumProtocol(Poco::Net::Context::PROTO_TLSV1_3);
    context->enableExtendedCertificateVerification(true);
    constexpr std::string_view end = "-----END CERTIFICATE-----";
    int authorities = 0;
    for (std::size_t from = 0, to; (to = caPem.find(end, from)) != std::string::npos;
         from = to + end.size()) {
        std::istringstream one(caPem.substr(from, to + end.size() - from) + "\n");
        context->addCertificateAuthority(Poco::Net::X509Certificate(one));
        ++authorities;
    }
    if (authorities == 0)
        throw Error(ErrorCode::ConfigurationInvalid, "no authority for the portal's address");
    return context;
}

void requirePeer(const Poco::Net::StreamSocket& socket, std::uint32_t uid)
{
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.impl()->sockfd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        throw Error(ErrorCode::SystemFailed, "SO_PEERCRED");
    if (peer.uid != uid)
        throw Error(ErrorCode::PeerForeign, "another user answers at the socket");
}

} // namespace

std::unique_ptr<HttpExchange> makeTlsExchange(const std::string& url, const std::string& caPem,
                                              EventLoop& loop, ExchangeLimits limits,
                                              std::filesystem::path identityFile)
{
    Line line;
    std::string host;
    std::uint16_t port = 0;
    Poco::Net::Context::Ptr anonymous;
    try {
        const Poco::URI address(url);
        if (address.getScheme() != "https" || address.getHost().empty() ||
            !address.getUserInfo().empty() || address.getPathEtc().size() > 1)
            throw Error(ErrorCode::ConfigurationInvalid, "address is not https://host:port");
        host = address.getHost();
        port = address.getPort();
        line.host = address.getAuthority();
        line.name = line.host;
        anonymous = pinnedContext(caPem, {});
    } catch (const Error&) {
        throw;
    } catch (const Poco::Exception& failure) {
        throw Error(ErrorCode::ConfigurationInvalid, "portal's address: " + failure.displayText());
    }
    line.connect = [host, port, anonymous, caPem, identityFile, connect = limits.connect] {
        const auto context = identityFile.empty() ? anonymous : pinnedContext(caPem, identityFile);
        Poco::Net::SecureStreamSocket socket(context);
        socket.setPeerHostName(host);
        socket.connect(Poco::Net::SocketAddress(host, port), timespan(connect));
        // Not HTTPSClientSession: in Poco 1.11 its constructor for a connected socket throws.
        return std::make_unique<Session>(socket);
    };
    return std::make_unique<WorkerExchange>(std::move(line), loop, limits);
}

std::unique_ptr<HttpExchange> makeUnixExchange(const std::string& socketPath, std::uint32_t peerUid,
                                               EventLoop& loop, ExchangeLimits limits)
{
    Line line;
    line.name = socketPath;
    line.host = "localhost";
    line.connect = [socketPath, peerUid, connect = limits.connect] {
        Poco::Net::StreamSocket socket;
        socket.connect(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, socketPath),
                       timespan(connect));
        requirePeer(socket, peerUid);
        return std::make_unique<Session>(socket);
    };
    return std::make_unique<WorkerExchange>(std::move(line), loop, limits);
}

} // namespace amt::portal
