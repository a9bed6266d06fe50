// SPDX-License-Identifier: EUPL-1.2
//
// HTTPS before the loop, over a real socket: the gateway's own certificate, TLS 1.3, limits, broken
// requests.
#include "appliance/core/files.h"
#include "appliance/core/real_event_loop.h"
#include "sync/gateway/https_front.h"
#include "sync/gateway/tls_identity.h"
#include "sync/portal/exchange.h"
#include "tests/gateway/town.h"

#include <Poco/Net/ServerSocket.h>
#include <boost/test/unit_test.hpp>

#include <future>
#include <thread>

using namespace amt;
using namespace amt::test;

namespace {

std::uint16_t freePort()
{
    const Poco::Net::ServerSocket probe(Poco::Net::SocketAddress("127.0.0.1", 0));
    return probe.address().port();
}

/// A front and a client on one loop; the client's answer ends the loop.
struct Line {
    Line()
        : tls(gateway::makeTlsIdentity({"127.0.0.1", "localhost"},
                                       loop.utcNow() - std::chrono::hours(1),
                                       loop.utcNow() + std::chrono::hours(1)))
    {
        writeDurably(folder.path() / "server.pem", view(tls.certificate));
        writeDurably(folder.path() / "server-key.pem", view(tls.privateKey));
        settings.port = freePort();
        settings.certificateFile = folder.path() / "server.pem";
        settings.privateKeyFile = folder.path() / "server-key.pem";
        settings.bodyBytesMax = 10'000;
    }

    HttpAnswer ask(HttpRequest request, const std::string& authority)
    {
        gateway::HttpsFront front(settings, loop, [this](const HttpRequest& received) {
            seen = received;
            return HttpResponse{.status = 200,
                                .headers = {{"Content-Type", "text/plain"}},
                                .body = "gut",
                                .eventTopic = std::nullopt};
        });
        HttpAnswer answer;
        {
            const auto client = portal::makeTlsExchange(
                "https://127.0.0.1:" + std::to_string(settings.port), authority, loop);
            client->send(std::move(request), [&](HttpAnswer received) {
                answer = std::move(received);
                loop.stop();
            });
            loop.run();
        }
        return answer;
    }

    RealEventLoop loop;
    TemporaryFolder folder;
    gateway::TlsIdentity tls;
    gateway::FrontSettings settings;
    std::optional<HttpRequest> seen;
};

HttpRequest post(const std::string& path, const std::string& body)
{
    return {.method = "POST",
            .path = path,
            .query = "a=b%20c",
            .headers = {{"content-type", "text/plain"}},
            .body = body,
            .peer = {}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_front)

BOOST_AUTO_TEST_CASE(a_request_reaches_the_loop_as_a_value)
{
    Line line;
    const auto answer = line.ask(post("/v2/x", "grüß"), line.tls.authority);
    const auto* response = std::get_if<HttpResponse>(&answer);
    BOOST_REQUIRE(response);
    BOOST_TEST(response->body == "gut");
    BOOST_REQUIRE(line.seen.has_value());
    BOOST_TEST(line.seen->method == "POST");
    BOOST_TEST(line.seen->path == "/v2/x");
    BOOST_TEST(line.seen->query == "a=b%20c");
    BOOST_TEST(line.seen->body == "grüß");
    BOOST_TEST(line.seen->headers.at("content-type") == "text/plain");
}

BOOST_AUTO_TEST_CASE(a_body_over_the_limit_never_reaches_the_loop)
{
    Line line;
    const auto answer = line.ask(post("/v2/x", std::string(10'001, 'x')), line.tls.authority);
    if (const auto* response = std::get_if<HttpResponse>(&answer))
        BOOST_TEST(response->status == 413);
    BOOST_TEST(!line.seen.has_value());
}

BOOST_AUTO_TEST_CASE(a_loop_that_is_busy_leaves_the_next_request_to_another)
{
    Line line;
    RealEventLoop busy;
    std::promise<void> release;
    std::function<void()> afterFirst;
    const auto said = [](const std::string& name) {
        return HttpResponse{.status = 200, .headers = {}, .body = name, .eventTopic = {}};
    };
    std::thread busyThread([&] { busy.run(); });
    std::vector<std::string> answers;
    {
        const gateway::HttpsFront front(
            line.settings,
            {gateway::inMemory(busy,
                               [&](const HttpRequest&) {
                                   line.loop.post(afterFirst); // it has the first one now
                                   release.get_future().wait();
                                   return said("busy");
                               }),
             gateway::inMemory(line.loop, [&](const HttpRequest&) { return said("free"); })});
        const auto client = [&] {
            return portal::makeTlsExchange("https://127.0.0.1:" +
                                               std::to_string(line.settings.port),
                                           line.tls.authority, line.loop);
        };
        const auto first = client(), other = client();
        const auto heard = [&](const HttpAnswer& answer) {
            const auto* response = std::get_if<HttpResponse>(&answer);
            answers.push_back(response ? response->body : "no answer");
            if (answers.size() == 2)
                release.set_value();
            if (answers.size() == 3)
                line.loop.stop();
        };
        afterFirst = [&] {
            for (int i = 0; i < 2; ++i)
                other->send(post("/v2/x", "x"), heard);
        };
        first->send(post("/v2/x", "x"), heard);
        line.loop.run();
    }
    busy.stop();
    busyThread.join();
    const std::vector<std::string> expected = {"free", "free", "busy"};
    BOOST_TEST(answers == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(when_bodies_fill_the_memory_short_ones_still_have_room)
{
    Line line;
    line.settings.bodyBytesMax = 1'000'000;
    line.settings.allBodiesBytesMax = 150'000;
    RealEventLoop busy;
    std::promise<void> release;
    const auto released = release.get_future().share();
    std::function<void()> afterFirst;
    const HttpResponse fine{.status = 200, .headers = {}, .body = {}, .eventTopic = {}};
    std::thread busyThread([&] { busy.run(); });
    std::vector<std::string> answers;
    {
        const gateway::HttpsFront front(
            line.settings,
            {gateway::inMemory(busy,
                               [&](const HttpRequest&) {
                                   if (afterFirst) // its body is here
                                       line.loop.post(std::exchange(afterFirst, nullptr));
                                   released.wait();
                                   return fine;
                               }),
             gateway::inMemory(line.loop, [&](const HttpRequest&) { return fine; })});
        const auto client = [&] {
            return portal::makeTlsExchange("https://127.0.0.1:" +
                                               std::to_string(line.settings.port),
                                           line.tls.authority, line.loop);
        };
        const auto first = client(), other = client();
        const auto ask = [&](HttpExchange& by, std::size_t size, std::function<void()> then) {
            by.send(post("/v2/x", std::string(size, 'x')),
                    [&answers, size, then = std::move(then)](const HttpAnswer& answer) {
                        const auto* response = std::get_if<HttpResponse>(&answer);
                        answers.push_back(std::to_string(size) + " " +
                                          (response ? std::to_string(response->status) +
                                                          response->header("Retry-After")
                                                    : "no answer"));
                        then();
                    });
        };
        afterFirst = [&] {
            ask(*other, 60'000, [&] { // all memory is taken: 160,000 of 150,000
                ask(*other, 70'000, [&] { release.set_value(); });
            });
        };
        ask(*first, 100'000, [&] { // gone again
            ask(*other, 120'000, [&] { line.loop.stop(); });
        });
        line.loop.run();
    }
    busy.stop();
    busyThread.join();
    const std::vector<std::string> expected = {"60000 200", "70000 5035", "100000 200",
                                               "120000 200"};
    BOOST_TEST(answers == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_client_with_another_authority_says_nothing)
{
    Line line;
    const auto other =
        gateway::makeTlsIdentity({"127.0.0.1"}, line.loop.utcNow() - std::chrono::hours(1),
                                 line.loop.utcNow() + std::chrono::hours(1));
    const auto answer = line.ask(post("/v2/x", "geheim"), other.authority);
    BOOST_TEST(std::holds_alternative<NoAnswer>(answer));
    BOOST_TEST(!line.seen.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
