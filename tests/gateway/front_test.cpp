// SPDX-License-Identifier: EUPL-1.2
//
// HTTPS before the loop, over a real socket: the gateway's own certificate, TLS 1.3, limits, broken
// requests.
#include "appliance/core/real_event_loop.h"
#include "sync/gateway/files.h"
#include "sync/gateway/https_front.h"
#include "sync/gateway/tls_identity.h"
#include "sync/portal/exchange.h"
#include "tests/gateway/town.h"

#include <Poco/Net/ServerSocket.h>
#include <boost/test/unit_test.hpp>

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
        gateway::writeDurably(folder.path() / "server.pem", view(tls.certificate));
        gateway::writeDurably(folder.path() / "server-key.pem", view(tls.privateKey));
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
