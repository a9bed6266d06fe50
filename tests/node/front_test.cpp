// SPDX-License-Identifier: EUPL-1.2
//
// The front over real sockets: idle browsers cost nobody an answer, broken heads are refused, live
// pages hear the newest state.
#include "appliance/core/log.h"
#include "appliance/core/real_event_loop.h"
#include "appliance/node/front.h"

#include <Poco/File.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/StreamCopier.h>
#include <Poco/TemporaryFile.h>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <unistd.h>

#include <atomic>
#include <thread>

using namespace amt;

namespace {

/// A front on a free port whose loop runs in a thread; echoes what it was asked.
class Town {
public:
    explicit Town(node::FrontSettings settings = {})
        : _loopThread([this] { _loop.run(); }),
          _front(settings, door(), _loop,
                 [this](node::Surface, const HttpRequest& request, auto respond) {
                     handle(request, respond);
                 })
    {
        _front.start();
    }
    ~Town()
    {
        _loop.stop();
        _loopThread.join();
    }

    node::Front& front() { return _front; }
    Poco::Net::SocketAddress address() const
    {
        return Poco::Net::SocketAddress("127.0.0.1", _port);
    }

    /// Sends raw bytes and gives everything until the front closes or `until` was seen.
    std::string raw(const std::string& bytes, const std::string& until = "") const
    {
        Poco::Net::StreamSocket socket(address());
        socket.setReceiveTimeout(Poco::Timespan(10, 0));
        socket.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
        return rest(socket, until);
    }

    static std::string rest(Poco::Net::StreamSocket& socket, const std::string& until)
    {
        std::string all;
        char part[4096];
        while (until.empty() || all.find(until) == std::string::npos) {
            const int count = socket.receiveBytes(part, sizeof part);
            if (count <= 0)
                break;
            all.append(part, static_cast<std::size_t>(count));
        }
        return all;
    }

private:
    std::vector<node::Door> door()
    {
        std::vector<node::Door> doors(1);
        doors[0].socket = Poco::Net::ServerSocket(Poco::Net::SocketAddress("127.0.0.1", 0), 128);
        _port = doors[0].socket.address().port();
        doors[0].peerName = "lan";
        doors[0].tellsAddress = true;
        return doors;
    }

    void handle(const HttpRequest& request, const std::function<void(HttpResponse)>& respond)
    {
        HttpResponse response;
        if (request.path == "/live")
            response.eventTopic = "town";
        else if (request.path == "/where")
            response.body = request.peer;
        else
            response.body =
                request.method + " " + request.path + "?" + request.query + " " + request.body;
        respond(response);
    }

    RealEventLoop _loop;
    Poco::UInt16 _port = 0;
    std::thread _loopThread;
    node::Front _front;
};

struct Refusal {
    std::string head;
    std::string status;
};

std::ostream& operator<<(std::ostream& out, const Refusal& refusal)
{
    return out << refusal.head.substr(0, 40);
}

const std::vector<Refusal> refusals = {
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
    {"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
    {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
    {"GET /%c3%28 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
    {"GET http://elsewhere/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n", "413"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
     "chunked\r\n\r\n0\r\n\r\n",
     "400"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_front)

BOOST_AUTO_TEST_CASE(a_request_goes_to_the_loop_and_back_and_the_connection_stays)
{
    Town town;
    Poco::Net::HTTPClientSession session(town.address());
    session.setKeepAlive(true);
    for (int i = 0; i < 3; ++i) {
        Poco::Net::HTTPRequest request("POST", "/a%20b?c=d", Poco::Net::HTTPMessage::HTTP_1_1);
        request.setContentLength(5);
        session.sendRequest(request) << "hello";
        Poco::Net::HTTPResponse response;
        std::string body;
        Poco::StreamCopier::copyToString(session.receiveResponse(response), body);
        BOOST_TEST(response.getStatus() == 200);
        BOOST_TEST(response.getKeepAlive());
        BOOST_TEST(body == "POST /a b?c=d hello");
    }
}

BOOST_DATA_TEST_CASE(a_broken_head_is_refused_whole, boost::unit_test::data::make(refusals),
                     refusal)
{
    Town town;
    const std::string answer = town.raw(refusal.head);
    BOOST_TEST(answer.starts_with("HTTP/1.1 " + refusal.status), answer);
}

BOOST_AUTO_TEST_CASE(a_door_to_the_house_network_tells_who_is_at_the_other_end)
{
    const Town town;
    const auto answer =
        town.raw("GET /where HTTP/1.1\r\nHost: desk.example\r\nConnection: close\r\n\r\n");
    BOOST_TEST(answer.find("\r\n\r\nlan 127.0.0.1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_head_over_its_limit_is_refused)
{
    Town town;
    std::string answer;
    try {
        answer =
            town.raw("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
    } catch (const Poco::Net::ConnectionResetException&) { // refused before it was read to its end
    }
    BOOST_TEST((answer.empty() || answer.starts_with("HTTP/1.1 400")), answer);
}

BOOST_AUTO_TEST_CASE(idle_browsers_do_not_silence_the_node)
{
    Town town;
    std::vector<Poco::Net::StreamSocket> idle;
    for (int i = 0; i < 200; ++i) // twelve times as many as there are handlers
        idle.emplace_back(town.address());
    for (int i = 0; i < 50; ++i) { // and some that are slow in the middle of their head
        idle[static_cast<std::size_t>(i)].sendBytes("GET / HT", 8);
    }
    const std::string answer =
        town.raw("GET /here HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    BOOST_TEST(answer.find("GET /here") != std::string::npos, answer);
}

BOOST_AUTO_TEST_CASE(a_head_that_comes_in_pieces_is_answered)
{
    Town town;
    Poco::Net::StreamSocket socket(town.address());
    socket.setReceiveTimeout(Poco::Timespan(10, 0));
    for (const std::string piece :
         {"GET /pie", "ces HTTP/1.1\r\nHo", "st: a\r\nConnection: close\r\n", "\r\n"})
        socket.sendBytes(piece.data(), static_cast<int>(piece.size()));
    BOOST_TEST(Town::rest(socket, "").find("GET /pieces") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_live_page_hears_the_newest_state_first_and_then_each_change)
{
    Town town;
    town.front().publish("town", "first");
    town.front().publish("town", "second\nline");
    Poco::Net::StreamSocket socket(town.address());
    socket.setReceiveTimeout(Poco::Timespan(10, 0));
    const std::string request = "GET /live HTTP/1.1\r\nHost: a\r\n\r\n";
    socket.sendBytes(request.data(), static_cast<int>(request.size()));
    const std::string head = Town::rest(socket, "data: line\n\n");
    BOOST_TEST(head.find("text/event-stream") != std::string::npos);
    BOOST_TEST(head.find("id: 2\ndata: second\ndata: line\n\n") != std::string::npos, head);
    BOOST_TEST(head.find("first") == std::string::npos);
    town.front().publish("town", "third");
    BOOST_TEST(Town::rest(socket, "third\n\n") == "id: 3\ndata: third\n\n");
    town.front().close("town");
    BOOST_TEST(Town::rest(socket, "").empty()); // closed
}

BOOST_AUTO_TEST_CASE(a_foreign_user_does_not_get_through_a_socket)
{
    const std::string path = Poco::TemporaryFile::tempName();
    RealEventLoop loop;
    std::thread running([&] { loop.run(); });
    {
        std::vector<node::Door> doors(1);
        doors[0].socket = node::listenOnUnixSocket(path);
        doors[0].peerUser = ::getuid() + 1;
        log::setEnabled(false);
        node::Front front(
            {}, std::move(doors), loop,
            [](node::Surface, const HttpRequest&, auto respond) { respond(HttpResponse()); });
        front.start();
        Poco::Net::StreamSocket socket;
        socket.connect(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path));
        socket.setReceiveTimeout(Poco::Timespan(10, 0));
        std::string answer;
        try {
            const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
            socket.sendBytes(request.data(), static_cast<int>(request.size()));
            answer = Town::rest(socket, "");
        } catch (const Poco::Exception&) { // reset before it was read: refused, too
        }
        BOOST_TEST(answer.empty());
        log::setEnabled(true);
    }
    loop.stop();
    running.join();
    Poco::File(path).remove();
}

namespace {

/// Sums up what comes in pieces; "/early" answers after the first.
struct Pieces : std::enable_shared_from_this<Pieces> {
    std::shared_ptr<BodyPieces> body;
    std::function<void(HttpResponse)> respond;
    std::size_t bytes = 0, largest = 0;
    bool isEarly = false;
    std::atomic<int>* broken = nullptr;

    void goOn()
    {
        body->next([self = shared_from_this()](std::optional<std::string_view> piece) {
            if (!piece) {
                ++*self->broken;
                return;
            }
            self->bytes += piece->size();
            self->largest = std::max(self->largest, piece->size());
            if (!piece->empty() && !self->isEarly)
                return self->goOn();
            HttpResponse response;
            response.status = self->isEarly ? 413 : 200;
            response.body = std::to_string(self->bytes) + " " + std::to_string(self->largest);
            self->respond(response);
        });
    }
};

class LongBodies {
public:
    LongBodies()
        : _loopThread([this] { _loop.run(); }),
          _front(settings(), door(), _loop,
                 [this](node::Surface, const HttpRequest& request, auto respond) {
                     const auto pieces = std::make_shared<Pieces>();
                     pieces->body = request.pieces;
                     pieces->respond = respond;
                     pieces->isEarly = request.path == "/early";
                     pieces->broken = &broken;
                     pieces->goOn();
                 })
    {
        _front.start();
    }
    ~LongBodies()
    {
        _loop.stop();
        _loopThread.join();
    }

    std::string send(const std::string& path, std::size_t announced, std::size_t sent) const
    {
        Poco::Net::StreamSocket socket(Poco::Net::SocketAddress("127.0.0.1", _port));
        socket.setReceiveTimeout(Poco::Timespan(10, 0));
        const std::string head = "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                                 std::to_string(announced) + "\r\n\r\n";
        socket.sendBytes(head.data(), static_cast<int>(head.size()));
        const std::string part(64 * 1024, 'x');
        for (std::size_t at = 0; at < sent; at += part.size())
            socket.sendBytes(part.data(), static_cast<int>(std::min(part.size(), sent - at)));
        if (sent < announced)
            socket.shutdownSend();
        return Town::rest(socket, "");
    }

    std::atomic<int> broken{0};

private:
    static node::FrontSettings settings()
    {
        node::FrontSettings made;
        made.comesInPieces = [](node::Surface, const std::string& method, const std::string&) {
            return method == "POST";
        };
        return made;
    }
    std::vector<node::Door> door()
    {
        std::vector<node::Door> doors(1);
        doors[0].socket = Poco::Net::ServerSocket(Poco::Net::SocketAddress("127.0.0.1", 0), 128);
        _port = doors[0].socket.address().port();
        return doors;
    }

    RealEventLoop _loop;
    Poco::UInt16 _port = 0;
    std::thread _loopThread;
    node::Front _front;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_long_body_comes_in_pieces_of_a_limited_length)
{
    const LongBodies town;
    for (const std::size_t bytes : {std::size_t(0), std::size_t(1), std::size_t(196608),
                                    std::size_t(5'000'000), std::size_t(30'000'000)}) {
        const std::string answer = town.send("/", bytes, bytes);
        BOOST_TEST(answer.find(" 200 ") != std::string::npos);
        BOOST_TEST(answer.ends_with(std::to_string(bytes) + " " +
                                    std::to_string(std::min<std::size_t>(bytes, 196608))));
    }
}

BOOST_AUTO_TEST_CASE(an_early_answer_reaches_who_still_sends)
{
    const LongBodies town;
    const std::string answer = town.send("/early", 20'000'000, 20'000'000);
    BOOST_TEST(answer.find(" 413 ") != std::string::npos);
    BOOST_TEST(answer.ends_with("196608 196608"));
}

BOOST_AUTO_TEST_CASE(who_asks_for_pieces_hears_that_the_line_is_cut)
{
    const LongBodies town;
    BOOST_TEST(town.send("/", 1'000'000, 500'000).empty());
    BOOST_TEST(town.broken == 1);
}

BOOST_AUTO_TEST_SUITE_END()
