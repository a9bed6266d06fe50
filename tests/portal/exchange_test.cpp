// SPDX-License-Identifier: EUPL-1.2
//
// Real lines against real servers on this machine: TLS with one authority, a Unix socket with one
// user, and others that cut, stuff and lie.
#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "appliance/core/real_event_loop.h"
#include "sync/portal/exchange.h"
#include "tests/portal/tls_files.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/SecureServerSocket.h>
#include <Poco/Net/StreamSocket.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

namespace data = boost::unit_test::data;
using namespace amt;

namespace {

std::string temporary(const std::string& name)
{
    return (std::filesystem::temp_directory_path() /
            ("amt-exchange-" + std::to_string(::getpid()) + "-" + name))
        .string();
}

/// What the handler saw, given back as text, and the path decides what it answers.
class Echo : public Poco::Net::HTTPRequestHandler {
public:
    void handleRequest(Poco::Net::HTTPServerRequest& request,
                       Poco::Net::HTTPServerResponse& response) override
    {
        std::string body(std::istreambuf_iterator<char>(request.stream()), {});
        const std::string uri = request.getURI();
        if (uri == "/redirect") {
            response.setStatus(Poco::Net::HTTPResponse::HTTP_FOUND);
            response.set("Location", "/echo");
        } else if (uri == "/empty") {
            response.setStatus(Poco::Net::HTTPResponse::HTTP_NO_CONTENT);
            response.send();
            return;
        } else if (uri.starts_with("/large")) {
            body.assign(std::stoul(uri.substr(7)), 'x');
        } else if (uri == "/chunked") {
            response.setChunkedTransferEncoding(true);
            response.send() << "in "
                            << "pieces";
            return;
        } else {
            body = request.getMethod() + " " + uri + " " + request.getHost() + " " +
                   request.get("X-One", "") + " " + body;
        }
        response.add("X-Twice", "1");
        response.add("X-Twice", "2");
        response.sendBuffer(body.data(), body.size());
    }
};

class EchoFactory : public Poco::Net::HTTPRequestHandlerFactory {
public:
    explicit EchoFactory(std::atomic<int>& connections) : _connections(connections) {}
    Poco::Net::HTTPRequestHandler*
    createRequestHandler(const Poco::Net::HTTPServerRequest& request) override
    {
        _connections = request.clientAddress().port();
        return new Echo;
    }

private:
    std::atomic<int>& _connections;
};

using Protocols = Poco::Net::Context::Protocols;

class TlsServer {
public:
    explicit TlsServer(const test::TlsFiles& files, int refusedProtocols = 0)
        : _certificate(temporary("cert.pem")), _key(temporary("key.pem"))
    {
        std::ofstream(_certificate) << files.certificate;
        std::ofstream(_key) << files.privateKey;
        Poco::Net::Context::Params params;
        params.certificateFile = _certificate;
        params.privateKeyFile = _key;
        params.verificationMode = Poco::Net::Context::VERIFY_NONE;
        params.loadDefaultCAs = false;
        Poco::Net::Context::Ptr context =
            new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, params);
        context->disableProtocols(refusedProtocols);
        Poco::Net::SecureServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0), 16, context);
        _port = socket.address().port();
        Poco::Net::HTTPServerParams::Ptr parameters = new Poco::Net::HTTPServerParams;
        parameters->setKeepAlive(true);
        _server = std::make_unique<Poco::Net::HTTPServer>(new EchoFactory(lastClientPort), socket,
                                                          parameters);
        _server->start();
    }
    ~TlsServer()
    {
        _server->stopAll(true);
        std::filesystem::remove(_certificate);
        std::filesystem::remove(_key);
    }
    std::string url(const std::string& host = "127.0.0.1") const
    {
        return "https://" + host + ":" + std::to_string(_port);
    }
    std::atomic<int> lastClientPort{0};

private:
    std::string _certificate, _key;
    std::uint16_t _port = 0;
    std::unique_ptr<Poco::Net::HTTPServer> _server;
};

/// Takes each connection, reads a request's head, writes the given bytes, and closes or stays.
class RawServer {
public:
    enum class Then { Close, Stay };
    RawServer(std::string bytes, Then then)
        : path(temporary("raw.sock")), _bytes(std::move(bytes)), _then(then)
    {
        std::filesystem::remove(path);
        _socket.bind(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path));
        _socket.listen(8);
        _thread = std::thread([this] { serve(); });
    }
    ~RawServer()
    {
        _stopped = true;
        { // wakes accept
            try {
                Poco::Net::StreamSocket knock;
                knock.connect(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path));
            } catch (const Poco::Exception&) {
            }
        }
        _thread.join();
        std::filesystem::remove(path);
    }

    const std::string path;
    std::atomic<int> heads{0};

private:
    void serve()
    {
        std::vector<Poco::Net::StreamSocket> kept;
        while (true) {
            auto client = _socket.acceptConnection();
            if (_stopped)
                return;
            try {
                std::string head;
                char letter = 0;
                while (!head.ends_with("\r\n\r\n") && client.receiveBytes(&letter, 1) == 1)
                    head += letter;
                if (!head.empty())
                    ++heads;
                client.sendBytes(_bytes.data(), static_cast<int>(_bytes.size()));
            } catch (const Poco::Exception&) { // the client left in the middle
            }
            if (_then == Then::Stay)
                kept.push_back(client);
        }
    }

    std::string _bytes;
    Then _then;
    Poco::Net::ServerSocket _socket;
    std::atomic<bool> _stopped{false};
    std::thread _thread;
};

struct Quiet {
    Quiet() { log::setEnabled(false); }
    ~Quiet() { log::setEnabled(true); }
};

HttpRequest request(const std::string& method, const std::string& path,
                    const std::string& body = {})
{
    HttpRequest made;
    made.method = method;
    made.path = path;
    made.body = body;
    return made;
}

/// Sends and runs the loop until the answer is there.
HttpAnswer ask(HttpExchange& exchange, RealEventLoop& loop, HttpRequest asked)
{
    std::optional<HttpAnswer> answer;
    exchange.send(std::move(asked), [&](HttpAnswer given) {
        answer = std::move(given);
        loop.stop();
    });
    loop.run();
    BOOST_REQUIRE(answer);
    return *answer;
}

const HttpResponse& response(const HttpAnswer& answer)
{
    BOOST_REQUIRE(std::holds_alternative<HttpResponse>(answer));
    return std::get<HttpResponse>(answer);
}

const UtcTime from = fromIso("2020-01-01T00:00:00Z");
const UtcTime until = fromIso("2049-01-01T00:00:00Z");
const char* const bothNames = "IP:127.0.0.1,DNS:localhost";

struct Wire {
    const char* what;
    std::string bytes;
    RawServer::Then then = RawServer::Then::Close;
};
std::ostream& operator<<(std::ostream& out, const Wire& wire)
{
    return out << wire.what;
}
const Wire brokenWires[] = {
    {"nothing", ""},
    {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
    {"half a head", "HTTP/1.1 200 OK\r\nContent-Le"},
    {"a body cut off", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"},
    {"a length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n1234567890"},
    {"a body over the limit",
     "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + std::string(70000, 'x')},
    {"a body without end over the limit", "HTTP/1.1 200 OK\r\n\r\n" + std::string(70000, 'x')},
    {"a head with too many fields", "HTTP/1.1 200 OK\r\n" +
                                        [] {
                                            std::string fields;
                                            for (int i = 0; i < 200; ++i)
                                                fields += "X-" + std::to_string(i) + ": y\r\n";
                                            return fields;
                                        }() +
                                        "Content-Length: 0\r\n\r\n"},
    {"a head with a line too long",
     "HTTP/1.1 200 OK\r\nX: " + std::string(100000, 'x') + "\r\nContent-Length: 0\r\n\r\n"},
    {"silence", "", RawServer::Then::Stay},
    {"silence in the middle of the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
     RawServer::Then::Stay},
};

} // namespace

BOOST_AUTO_TEST_SUITE(portal_exchange)

BOOST_AUTO_TEST_CASE(a_request_and_its_answer_pass_tls_unchanged)
{
    const Quiet quiet;
    const auto files = test::makeTlsFiles(bothNames, from, until);
    TlsServer server(files);
    for (const std::string host : {"127.0.0.1", "localhost"}) {
        RealEventLoop loop;
        const auto exchange = portal::makeTlsExchange(server.url(host), files.authority, loop);
        auto asked = request("PUT", "/a b/ü", "Grüße");
        asked.query = "limit=1&x=%20";
        asked.headers["x-one"] = "two";
        const auto answer = ask(*exchange, loop, asked);
        BOOST_TEST(response(answer).status == 200);
        BOOST_TEST(response(answer).body ==
                   "PUT /a%20b/%C3%BC?limit=1&x=%20 " + server.url(host).substr(8) + " two Grüße");
        BOOST_TEST(response(answer).header("X-Twice") == "1");
    }
}

BOOST_AUTO_TEST_CASE(one_connection_carries_many_requests_in_order)
{
    const Quiet quiet;
    const auto files = test::makeTlsFiles(bothNames, from, until);
    TlsServer server(files);
    RealEventLoop loop;
    const auto exchange = portal::makeTlsExchange(server.url(), files.authority, loop);
    std::vector<std::string> bodies;
    std::vector<int> ports;
    for (int i = 0; i < 5; ++i) {
        exchange->send(request("POST", "/echo", std::to_string(i)), [&](const HttpAnswer& answer) {
            bodies.push_back(response(answer).body.substr(response(answer).body.size() - 1));
            ports.push_back(server.lastClientPort);
            if (bodies.size() == 5)
                loop.stop();
        });
    }
    loop.run();
    BOOST_TEST(bodies == (std::vector<std::string>{"0", "1", "2", "3", "4"}),
               boost::test_tools::per_element());
    BOOST_TEST(ports.front() == ports.back());
}

BOOST_AUTO_TEST_CASE(answers_of_each_shape_are_read_whole)
{
    const Quiet quiet;
    const auto files = test::makeTlsFiles(bothNames, from, until);
    TlsServer server(files);
    const struct {
        const char* path;
        int status;
        std::size_t size;
    } rows[] = {{"/empty", 204, 0},
                {"/chunked", 200, 9},
                {"/redirect", 302, 0},
                {"/large/1048576", 200, 1048576}};
    for (const auto& row : rows) {
        RealEventLoop loop;
        const auto exchange = portal::makeTlsExchange(server.url(), files.authority, loop);
        const auto answer = ask(*exchange, loop, request("GET", row.path));
        BOOST_TEST(response(answer).status == row.status);
        if (row.status != 302)
            BOOST_TEST(response(answer).body.size() == row.size);
    }
    RealEventLoop loop;
    const auto exchange = portal::makeTlsExchange(server.url(), files.authority, loop);
    BOOST_CHECK(
        std::holds_alternative<NoAnswer>(ask(*exchange, loop, request("GET", "/large/1048577"))));
}

BOOST_AUTO_TEST_CASE(a_large_body_goes_up)
{
    const Quiet quiet;
    const auto files = test::makeTlsFiles(bothNames, from, until);
    TlsServer server(files);
    RealEventLoop loop;
    const auto exchange = portal::makeTlsExchange(server.url(), files.authority, loop,
                                                  {.answerBytesMax = 20'000'000});
    const std::string body(12'000'000, 'b');
    const auto answer = ask(*exchange, loop, request("PUT", "/echo", body));
    BOOST_CHECK(response(answer).body.ends_with(body));
}

BOOST_AUTO_TEST_CASE(another_authority_another_name_and_an_old_tls_are_not_spoken_to)
{
    const Quiet quiet;
    const auto files = test::makeTlsFiles(bothNames, from, until);
    const auto others = test::makeTlsFiles(bothNames, from, until);
    const auto refused = [](const std::string& url, const std::string& authority) {
        RealEventLoop loop;
        const auto exchange = portal::makeTlsExchange(url, authority, loop);
        BOOST_CHECK(
            std::holds_alternative<NoAnswer>(ask(*exchange, loop, request("GET", "/echo"))));
    };
    {
        TlsServer server(files);
        refused(server.url(), others.authority);
    }
    for (const char* name : {"DNS:gateway.example", "IP:127.0.0.2", "DNS:127.0.0.1.example"}) {
        const auto named = test::makeTlsFiles(name, from, until);
        TlsServer server(named);
        refused(server.url(), named.authority);
        refused(server.url("localhost"), named.authority);
    }
    {
        const auto ended = test::makeTlsFiles(bothNames, from, fromIso("2021-01-01T00:00:00Z"));
        TlsServer server(ended);
        refused(server.url(), ended.authority);
    }
    {
        TlsServer server(files, Protocols::PROTO_TLSV1_3);
        refused(server.url(), files.authority);
    }
    refused("https://127.0.0.1:1", files.authority); // nobody there
    // two authorities, current and next: either will do
    TlsServer server(files);
    RealEventLoop loop;
    const auto exchange =
        portal::makeTlsExchange(server.url(), others.authority + files.authority, loop);
    BOOST_TEST(response(ask(*exchange, loop, request("GET", "/echo"))).status == 200);
}

BOOST_AUTO_TEST_CASE(an_unusable_setting_is_refused_at_once)
{
    RealEventLoop loop;
    const auto files = test::makeTlsFiles(bothNames, from, until);
    const auto isInvalid = [](const Error& error) {
        return error.errorCode() == ErrorCode::ConfigurationInvalid;
    };
    for (const std::string url :
         {"http://x", "", "x", "https://", "https://u@x", "https://x/path", "https://x?q"})
        BOOST_CHECK_EXCEPTION(portal::makeTlsExchange(url, files.authority, loop), Error,
                              isInvalid);
    for (const std::string pem :
         {"", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"})
        BOOST_CHECK_EXCEPTION(portal::makeTlsExchange("https://x", pem, loop), Error, isInvalid);
}

BOOST_AUTO_TEST_CASE(a_unix_socket_of_the_right_user_is_spoken_to)
{
    const Quiet quiet;
    RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", RawServer::Then::Close);
    RealEventLoop loop;
    const auto exchange = portal::makeUnixExchange(server.path, ::getuid(), loop);
    BOOST_TEST(response(ask(*exchange, loop, request("GET", "/sync/work"))).body == "ok");
    BOOST_TEST(server.heads == 1);
}

BOOST_AUTO_TEST_CASE(a_unix_socket_of_another_user_hears_nothing)
{
    const Quiet quiet;
    RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", RawServer::Then::Close);
    RealEventLoop loop;
    const auto exchange = portal::makeUnixExchange(server.path, ::getuid() + 1, loop);
    BOOST_CHECK(
        std::holds_alternative<NoAnswer>(ask(*exchange, loop, request("GET", "/sync/work"))));
    BOOST_TEST(server.heads == 0);
    RealEventLoop other;
    const auto nobody = portal::makeUnixExchange(temporary("nobody.sock"), ::getuid(), other);
    BOOST_CHECK(
        std::holds_alternative<NoAnswer>(ask(*nobody, other, request("GET", "/sync/work"))));
}

BOOST_DATA_TEST_CASE(what_is_no_whole_answer_is_no_answer, data::make(brokenWires), wire)
{
    const Quiet quiet;
    RawServer server(wire.bytes, wire.then);
    RealEventLoop loop;
    const auto exchange =
        portal::makeUnixExchange(server.path, ::getuid(), loop,
                                 {.noProgress = std::chrono::seconds(1), .answerBytesMax = 65536});
    const auto answer = ask(*exchange, loop, request("GET", "/"));
    BOOST_REQUIRE(std::holds_alternative<NoAnswer>(answer));
    BOOST_TEST(std::get<NoAnswer>(answer).timedOut == (wire.then == RawServer::Then::Stay));
}

BOOST_AUTO_TEST_CASE(a_line_that_hangs_does_not_hold_up_the_end)
{
    const Quiet quiet;
    RawServer server("", RawServer::Then::Stay);
    RealEventLoop loop;
    auto exchange = portal::makeUnixExchange(server.path, ::getuid(), loop);
    bool answered = false;
    exchange->send(request("GET", "/"), [&](const HttpAnswer&) { answered = true; });
    exchange->send(request("GET", "/"), [&](const HttpAnswer&) { answered = true; });
    while (server.heads == 0) // the request is under way
        std::this_thread::yield();
    exchange.reset(); // would take 30 s if it waited
    loop.post([&] { loop.stop(); });
    loop.run();
    BOOST_TEST(!answered);
}

BOOST_AUTO_TEST_SUITE_END()
