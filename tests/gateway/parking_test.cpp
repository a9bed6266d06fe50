// SPDX-License-Identifier: EUPL-1.2
//
// The front with few threads and many who rest, drip, say half a word or too much: who comes new is
// answered.
#include "appliance/core/files.h"
#include "appliance/core/log.h"
#include "appliance/core/real_event_loop.h"
#include "sync/gateway/https_front.h"
#include "sync/gateway/problem.h"
#include "sync/gateway/tls_identity.h"
#include "tests/gateway/town.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/ServerSocket.h>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <thread>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;

namespace {

enum class Line { Plain, Tls };
std::ostream& operator<<(std::ostream& out, Line line)
{
    return out << (line == Line::Plain ? "plain" : "TLS");
}
const Line lines[] = {Line::Plain, Line::Tls};

/// The real loop under a clock that goes on when it is told to.
class HeldLoop : public EventLoop {
public:
    UtcTime utcNow() const override { return _loop.utcNow(); }
    Milliseconds sinceBoot() const override { return Milliseconds(now.load()); }
    void post(Task task) override { _loop.post(std::move(task)); }
    TimerId after(Milliseconds delay, Task task) override
    {
        return _loop.after(delay, std::move(task));
    }
    void cancel(TimerId timer) override { _loop.cancel(timer); }

    void run() { _loop.run(); }
    void stop() { _loop.stop(); }

    std::atomic<std::int64_t> now{1'000'000}; ///< ms since boot

private:
    RealEventLoop _loop;
};

using Socket = Poco::Net::StreamSocket;

void say(Socket& socket, const std::string& text)
{
    for (std::size_t sent = 0; sent < text.size();)
        sent += static_cast<std::size_t>(
            socket.sendBytes(text.data() + sent, static_cast<int>(text.size() - sent)));
}

/// Everything until `end` was seen or the other side closes; "" when that is at once.
std::string hear(Socket& socket, const std::string& end = "")
{
    std::string all;
    char part[4096];
    try {
        while (end.empty() || all.find(end) == std::string::npos) {
            const int count = socket.receiveBytes(part, sizeof part);
            if (count <= 0)
                break;
            all.append(part, static_cast<std::size_t>(count));
        }
    } catch (const Poco::TimeoutException&) {
        return "still open";
    } catch (const Poco::Exception&) { // reset
    }
    return all;
}

const std::string halloWire = "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhallo";

/// A front whose loop runs; it answers with the body that it got.
class House {
public:
    explicit House(Line line, const std::function<void(gateway::FrontSettings&)>& change = {})
        : _line(line)
    {
        const Poco::Net::ServerSocket probe(Poco::Net::SocketAddress("127.0.0.1", 0));
        settings.port = probe.address().port();
        settings.threads = 2;
        settings.grace = std::chrono::seconds(0);
        settings.bodyFolder = folder.path();
        if (line == Line::Tls) {
            const auto tls =
                gateway::makeTlsIdentity({"127.0.0.1"}, loop.utcNow() - std::chrono::hours(1),
                                         loop.utcNow() + std::chrono::hours(1));
            settings.certificateFile = folder.path() / "server.pem";
            settings.privateKeyFile = folder.path() / "server-key.pem";
            writeDurably(settings.certificateFile, view(tls.certificate));
            writeDurably(settings.privateKeyFile, view(tls.privateKey));
        }
        if (change)
            change(settings);
        const gateway::Worker worker{
            .loop = loop,
            .answer = [this](const HttpRequest& request,
                             const gateway::BodyFile* body) { return answer(request, body); },
            .admit = [this](const HttpRequest& head,
                            std::optional<std::size_t>) { return refusal(head); }};
        front.emplace(settings, std::vector<gateway::Worker>{worker});
        _running = std::thread([this] { loop.run(); });
    }
    ~House()
    {
        front.reset();
        loop.stop();
        _running.join();
    }
    House(const House&) = delete;
    House& operator=(const House&) = delete;

    /// Not under TLS yet, even where it should be.
    Socket connectPlain() const
    {
        Socket socket(Poco::Net::SocketAddress("127.0.0.1", settings.port));
        socket.setReceiveTimeout(Poco::Timespan(10, 0));
        return socket;
    }
    Socket connect() const
    {
        if (_line == Line::Plain)
            return connectPlain();
        Poco::Net::SecureStreamSocket socket(Poco::Net::SocketAddress("127.0.0.1", settings.port),
                                             _context);
        socket.setReceiveTimeout(Poco::Timespan(10, 0));
        return socket;
    }
    std::string askOnce(const std::string& wire) const
    {
        try {
            Socket socket = connect();
            say(socket, wire);
            return hear(socket, "hallo");
        } catch (const Poco::Exception&) { // closed before all was said
            return {};
        }
    }
    int files() const
    {
        return static_cast<int>(
            std::distance(std::filesystem::directory_iterator(folder.path()), {}));
    }

    HeldLoop loop;
    TemporaryFolder folder;
    gateway::FrontSettings settings;
    std::function<void()> beforeAnswer; ///< once, on the loop
    std::atomic<int> asked{0};          ///< for leave
    std::optional<gateway::HttpsFront> front;

private:
    gateway::LongAnswer answer(const HttpRequest& request, const gateway::BodyFile* body)
    {
        if (const auto before = std::exchange(beforeAnswer, nullptr))
            before();
        gateway::LongAnswer said;
        said.response.body = body ? std::to_string(body->size()) + " bytes" : request.body;
        return said;
    }
    std::optional<HttpResponse> refusal(const HttpRequest& head)
    {
        ++asked;
        if (head.headers.contains("authorization"))
            return std::nullopt;
        return gateway::problem(401, "unauthorized", "a token is needed");
    }

    Line _line;
    Poco::Net::Context::Ptr _context = new Poco::Net::Context(
        Poco::Net::Context::TLS_CLIENT_USE, "", "", "", Poco::Net::Context::VERIFY_NONE);
    std::thread _running;
};

/// So that what one said before is read before the next is answered.
void oneThread(gateway::FrontSettings& settings)
{
    settings.threads = 1;
}

bool isAnswered(const std::string& answer)
{
    return answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\nhallo");
}

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_parking)

BOOST_DATA_TEST_CASE(whoever_rests_or_is_slow_holds_no_thread, data::make(lines), line)
{
    House house(line); // two threads
    std::vector<Socket> others;
    for (int i = 0; i < 40; ++i) {
        others.push_back(house.connect());
        const std::string begun[] = {"", halloWire, halloWire.substr(0, 20),
                                     halloWire.substr(0, halloWire.size() - 2)};
        say(others.back(), begun[i % 4]);
        if (i % 4 == 1)
            BOOST_TEST(isAnswered(hear(others.back(), "hallo")));
        others.push_back(house.connectPlain()); // no TLS, or half of it
        if (line == Line::Tls)
            say(others.back(), "\x16\x03\x01\x02");
    }
    BOOST_TEST(isAnswered(house.askOnce(halloWire)));
    // and whoever was slow is answered when it has said all
    say(others[4], halloWire.substr(20));
    BOOST_TEST(isAnswered(hear(others[4], "hallo")));
    say(others[6], "lo");
    BOOST_TEST(isAnswered(hear(others[6], "hallo")));
}

BOOST_DATA_TEST_CASE(a_request_may_come_letter_by_letter_and_two_at_once, data::make(lines), line)
{
    House house(line);
    Socket socket = house.connect();
    socket.setNoDelay(true);
    for (const char letter : halloWire)
        say(socket, std::string(1, letter));
    BOOST_TEST(isAnswered(hear(socket, "hallo")));
    say(socket, halloWire + halloWire);
    const std::string both = hear(socket, "hallo");
    const std::string rest = both.find("hallo") + 5 < both.size() ? "" : hear(socket, "hallo");
    const std::string all = both + rest;
    BOOST_TEST(all.find("HTTP/1.1 200", all.find("hallo")) != std::string::npos, all);
}

struct Slow {
    const char* name;
    Line line;
    std::size_t begun; ///< letters of the request
    int seconds;       ///< that pass
    bool isClosed;
};
std::ostream& operator<<(std::ostream& out, const Slow& slow)
{
    return out << slow.name;
}
const std::size_t halfHead = 10, halfBody = halloWire.size() - 2;
const Slow slows[] = {
    {"half a head, in time", Line::Plain, halfHead, 9, false},
    {"half a head, too long", Line::Plain, halfHead, 11, true},
    {"half a head under TLS, too long", Line::Tls, halfHead, 11, true},
    {"half a body, in time", Line::Plain, halfBody, 9, false},
    {"half a body, too long", Line::Plain, halfBody, 11, true},
    {"half a body under TLS, too long", Line::Tls, halfBody, 11, true},
    {"idle, in time", Line::Plain, 0, 74, false},
    {"idle, too long", Line::Plain, 0, 76, true},
    {"idle under TLS, in time", Line::Tls, 0, 74, false},
    {"idle under TLS, too long", Line::Tls, 0, 76, true},
};

BOOST_DATA_TEST_CASE(whoever_takes_too_long_is_closed, data::make(slows), slow)
{
    House house(slow.line, oneThread);
    Socket socket = house.connect();
    say(socket, halloWire);
    BOOST_TEST(isAnswered(hear(socket, "hallo")));
    say(socket, halloWire.substr(0, slow.begun));
    BOOST_TEST(isAnswered(house.askOnce(halloWire))); // the one thread has seen that before
    house.loop.now += 1000 * slow.seconds;
    BOOST_TEST(isAnswered(house.askOnce(halloWire))); // the front looks around
    if (!slow.isClosed)
        say(socket, halloWire.substr(slow.begun));
    const std::string answer = hear(socket, "hallo");
    BOOST_TEST((slow.isClosed ? answer.empty() : isAnswered(answer)), answer);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_takes_too_long_is_closed)
{
    House house(Line::Tls, oneThread);
    Socket silent = house.connectPlain(), half = house.connectPlain();
    say(half, "\x16\x03\x01\x02");
    BOOST_TEST(isAnswered(house.askOnce(halloWire)));
    house.loop.now += 11'000;
    BOOST_TEST(isAnswered(house.askOnce(halloWire)));
    BOOST_TEST(hear(silent) == "");
    BOOST_TEST(hear(half) == "");
}

BOOST_AUTO_TEST_CASE(a_body_that_drips_faster_than_nothing_may_go_on)
{
    House house(Line::Plain, oneThread);
    Socket socket = house.connect();
    say(socket, "POST /x HTTP/1.1\r\nContent-Length: 60000\r\n\r\n" + std::string(50'000, 'x'));
    BOOST_TEST(isAnswered(house.askOnce(halloWire)));
    house.loop.now += 15'000; // 10 s and 6 more for 50,000 bytes
    BOOST_TEST(isAnswered(house.askOnce(halloWire)));
    say(socket, std::string(10'000, 'y'));
    BOOST_TEST(hear(socket, "yyy").starts_with("HTTP/1.1 200"));
}

BOOST_DATA_TEST_CASE(who_may_not_is_refused_before_a_long_body_is_taken_in, data::make(lines), line)
{
    const char* heads[] = {"Content-Length: 60000000\r\n", "Transfer-Encoding: chunked\r\n",
                           "Content-Length: 60000000\r\nExpect: 100-continue\r\n"};
    for (const std::string head : heads) {
        House house(line);
        const int before = house.files();
        Socket socket = house.connect();
        say(socket, "PUT /x HTTP/1.1\r\nHost: x\r\n" + head + "\r\n");
        const std::string refused = hear(socket);
        BOOST_TEST(refused.starts_with("HTTP/1.1 401"), refused);
        BOOST_TEST(refused.find("Connection: Close") != std::string::npos, refused);
        BOOST_TEST(house.files() == before);
    }
}

BOOST_DATA_TEST_CASE(who_sends_all_the_same_still_hears_why_not, data::make(lines), line)
{
    House house(line);
    Socket socket = house.connect();
    say(socket, "PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n");
    say(socket, std::string(3'000'000, 'x'));
    BOOST_TEST(hear(socket).starts_with("HTTP/1.1 401"));
}

BOOST_DATA_TEST_CASE(who_may_is_told_to_go_on, data::make(lines), line)
{
    House house(line);
    Socket socket = house.connect();
    say(socket, "PUT /x HTTP/1.1\r\nAuthorization: y\r\nContent-Length: 100000\r\n"
                "Expect: 100-continue\r\n\r\n");
    BOOST_TEST(hear(socket, "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    say(socket, std::string(100'000, 'x'));
    BOOST_TEST(hear(socket, "bytes").ends_with("100000 bytes"));
    say(socket, "PUT /x HTTP/1.1\r\nAuthorization: y\r\nTransfer-Encoding: chunked\r\n\r\n"
                "5\r\nhallo\r\n0\r\n\r\n");
    BOOST_TEST(isAnswered(hear(socket, "hallo")));
    say(socket, halloWire); // is short: nobody asks for leave
    BOOST_TEST(isAnswered(hear(socket, "hallo")));
    BOOST_TEST(house.asked == 2);
}

BOOST_AUTO_TEST_CASE(one_address_has_so_many_connections_and_no_more)
{
    House house(Line::Plain, [](auto& settings) { settings.connectionsOfAddressMax = 3; });
    std::vector<Socket> mine;
    for (int i = 0; i < 3; ++i) {
        mine.push_back(house.connect());
        say(mine.back(), halloWire);
        BOOST_TEST(isAnswered(hear(mine.back(), "hallo")));
    }
    BOOST_TEST(house.askOnce(halloWire) == "");
    say(mine[0], "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    hear(mine[0]);
    mine[0].close();
    std::string answer;
    while (answer.empty()) // until the front has seen that one go
        answer = house.askOnce(halloWire);
    BOOST_TEST(isAnswered(answer));
}

BOOST_AUTO_TEST_CASE(in_a_full_house_whoever_idles_longest_makes_room)
{
    House house(Line::Plain, [](auto& settings) { settings.connectionsMax = 3; });
    std::vector<Socket> others;
    for (int i = 0; i < 3; ++i) {
        others.push_back(house.connect());
        say(others.back(), halloWire);
        BOOST_TEST(isAnswered(hear(others.back(), "hallo")));
        // Answered, it is still on its way to rest, and rests from when it is there. So does the
        // first one, which a handler has looked at again, once the next one rests.
        while (house.front->restingConnections() < others.size())
            std::this_thread::yield();
        house.loop.now += 100;
        if (i == 0)
            say(others[0], "POST"); // is no longer idle
    }
    others.push_back(house.connect());
    say(others.back(), halloWire);
    BOOST_TEST(isAnswered(hear(others.back(), "hallo")));
    BOOST_TEST(hear(others[1]) == "");
    say(others[2], halloWire);
    BOOST_TEST(isAnswered(hear(others[2], "hallo")));
    say(others[0], halloWire.substr(4));
    BOOST_TEST(isAnswered(hear(others[0], "hallo")));
}

BOOST_DATA_TEST_CASE(at_the_end_what_is_under_way_is_answered, data::make(lines), line)
{
    House house(line, [](auto& settings) { settings.grace = std::chrono::seconds(3600); });
    Socket idle = house.connect(), asking = house.connect(), sending = house.connect();
    say(idle, halloWire);
    BOOST_TEST(isAnswered(hear(idle, "hallo")));
    say(sending, halloWire);
    BOOST_TEST(isAnswered(hear(sending, "hallo")));
    say(sending, halloWire.substr(0, 30));
    std::promise<void> release, begun;
    house.beforeAnswer = [&] {
        begun.set_value();
        release.get_future().wait();
    };
    say(asking, halloWire);
    begun.get_future().wait();
    std::thread going([&] { house.front.reset(); });
    BOOST_TEST(hear(idle) == ""); // it has begun to close
    release.set_value();
    const std::string answer = hear(asking);
    BOOST_TEST(isAnswered(answer), answer);
    BOOST_TEST(answer.find("Connection: Close") != std::string::npos);
    say(sending, halloWire.substr(30));
    BOOST_TEST(isAnswered(hear(sending)));
    going.join();
    BOOST_CHECK_THROW(house.connectPlain(), Poco::Net::ConnectionRefusedException);
}

BOOST_AUTO_TEST_SUITE_END()
