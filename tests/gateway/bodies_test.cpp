// SPDX-License-Identifier: EUPL-1.2
//
// Long bodies: an attachment of 64 MiB passes through the gateway in pieces, and however many come
// at once, memory stays what it was.
#include "appliance/core/files.h"
#include "appliance/core/real_event_loop.h"
#include "sync/gateway/https_front.h"
#include "sync/gateway/tls_identity.h"
#include "tests/gateway/town.h"
#include "tests/support/peak_memory.h"

#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/ServerSocket.h>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <numeric>
#include <thread>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;

namespace {

const std::string attachmentId = "0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f55";

/// A case whose attachment is too long for memory.
struct LongCase {
    LongCase()
    {
        town.attachmentBytesMax = 5'000'000;
        town.restart();
        jwe = town.sealed(toText(randomBytes(town.random, 900'000)), "application/pdf");
        ids = GatewayTown::idsOf(
            town.announce(randomUuid(town.random), town.announcement({attachmentId})));
    }
    gateway::LongAnswer ask(Who who, const std::string& method, const std::string& path,
                            const std::string& body = {})
    {
        HttpRequest request{
            .method = method,
            .path = path,
            .query = {},
            .headers = {{"host", "gateway.test:8443"},
                        {"user-agent", "test"},
                        {"content-type",
                         body.starts_with("{") ? "application/json" : "application/jose"},
                        {"authorization", "Bearer " + town.tokenOf(who)}},
            .body = {},
            .peer = {}};
        gateway::BodyFile file(town.folder.path());
        file.append(body);
        return town.gateway->handleLong(request, body.empty() ? nullptr : &file);
    }
    gateway::LongAnswer put(const std::string& body)
    {
        return ask(Who::Sender, "PUT", there(), body);
    }
    std::string there() const
    {
        return "/v2/submissions/" + ids.submission + "/attachments/" + attachmentId;
    }
    /// How many pieces, and the longest.
    std::pair<int, int> pieces()
    {
        auto row = town.books->prepare(
            "SELECT count(*), coalesce(max(length(jwe)), 0) FROM attachment_piece");
        BOOST_REQUIRE(row.step());
        return {static_cast<int>(row.integer(0)), static_cast<int>(row.integer(1))};
    }

    GatewayTown town;
    std::string jwe;
    GatewayTown::Ids ids;
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_bodies)

BOOST_AUTO_TEST_CASE(a_long_attachment_goes_through_in_pieces)
{
    LongCase sending;
    GatewayTown& town = sending.town;
    BOOST_TEST(sending.put(sending.jwe).response.status == 204);
    BOOST_TEST(sending.put(sending.jwe).response.status == 204); // the answer was lost
    const int expected =
        static_cast<int>((sending.jwe.size() + gateway::pieceBytes - 1) / gateway::pieceBytes);
    BOOST_TEST(sending.pieces().first == expected);
    BOOST_TEST(sending.pieces().second == static_cast<int>(gateway::pieceBytes));
    std::string other = sending.jwe;
    other[other.size() / 2] = other[other.size() / 2] == 'A' ? 'B' : 'A';
    BOOST_TEST(GatewayTown::problemOf(sending.put(other).response) == "attachment-differs");

    const std::string body = R"({"kennzeichen":"MUS-TE 1"})";
    const std::string first = town.sealed(GatewayTown::metadataFor(body));
    const std::string second = town.sealed(body);
    BOOST_TEST(town.ask(Who::Sender, "PUT", "/v2/submissions/" + sending.ids.submission,
                        "application/json", GatewayTown::submitBody(first, second))
                   .status == 200);
    town.restart();
    auto answer = sending.ask(Who::Subscriber, "GET", sending.there());
    BOOST_TEST(answer.response.status == 200);
    BOOST_TEST(answer.response.header("Content-Type") == "application/jose");
    BOOST_TEST(answer.bytes == sending.jwe.size());
    BOOST_REQUIRE(answer.next);
    std::string whole;
    for (std::string piece; !(piece = answer.next()).empty();)
        whole += piece;
    BOOST_TEST((whole == sending.jwe));
    BOOST_TEST((town.ask(Who::Subscriber, "GET", sending.there()).body == sending.jwe));

    // one that is under way while the office accepts ends early
    auto late = sending.ask(Who::Subscriber, "GET", sending.there());
    BOOST_TEST(!late.next().empty());
    const GatewayTown::Sent sent{sending.ids,
                                 {.metadata = envelope::tagOf(first),
                                  .data = envelope::tagOf(second),
                                  .attachments = {{attachmentId, envelope::tagOf(sending.jwe)}}}};
    BOOST_TEST(town.post(town.acceptOf(sent)).status == 204);
    BOOST_TEST(late.next().empty());
    BOOST_TEST(sending.pieces().first == 0);
    BOOST_TEST(sending.ask(Who::Subscriber, "GET", sending.there()).response.status == 404);
}

struct Bend {
    const char* name;
    std::string (*bent)(std::string jwe);
    const char* problem;
};
std::ostream& operator<<(std::ostream& out, const Bend& bend)
{
    return out << bend.name;
}
const Bend bends[] = {
    {"a letter that is none", [](std::string jwe) { return jwe.replace(500'000, 1, "="); },
     "invalid-jwe"},
    {"six segments", [](std::string jwe) { return jwe + ".AAAA"; }, "invalid-jwe"},
    {"four segments", [](std::string jwe) { return jwe.erase(jwe.rfind('.'), 1); }, "invalid-jwe"},
    {"no cipher text",
     [](std::string jwe) {
         const std::size_t tag = jwe.rfind('.');
         const std::size_t text = jwe.rfind('.', tag - 1);
         return jwe.substr(0, text) + jwe.substr(text + 1); // it is in the IV now
     },
     "invalid-jwe"},
    {"a short tag", [](std::string jwe) { return jwe.substr(0, jwe.size() - 2); }, "invalid-jwe"},
    {"a header over its limit", [](std::string jwe) { return std::string(100'000, 'A') + jwe; },
     "invalid-jwe"},
    {"longer than an attachment may be",
     [](std::string jwe) { return jwe + std::string(5'000'000, 'A'); }, "body-too-large"},
};

BOOST_DATA_TEST_CASE(a_long_attachment_that_is_none_is_refused, data::make(bends), bend)
{
    LongCase sending;
    const auto refused = sending.put(bend.bent(sending.jwe)).response;
    BOOST_TEST(GatewayTown::problemOf(refused) == bend.problem);
    BOOST_TEST(sending.pieces().first == 0);
    BOOST_TEST(sending.put(sending.jwe).response.status == 204);
}

BOOST_AUTO_TEST_CASE(a_long_attachment_for_a_foreign_key_is_refused)
{
    LongCase sending;
    const std::string jwe = sending.town.sealed(toText(randomBytes(sending.town.random, 300'000)),
                                                "application/pdf", "another-key-1");
    BOOST_TEST(GatewayTown::problemOf(sending.put(jwe).response) == "encryption-key-unknown");
    BOOST_TEST(sending.pieces().first == 0);
}

BOOST_AUTO_TEST_CASE(elsewhere_a_long_body_is_too_large)
{
    LongCase sending;
    const std::string json = "{\"a\":\"" + std::string(250'000, 'x') + "\"}";
    for (const char* path : {"/v2/submissions", "/v2/quota/want"})
        BOOST_TEST(sending
                       .ask(Who::Sender, path == std::string("/v2/submissions") ? "POST" : "PUT",
                            path, json)
                       .response.status == 413);
    BOOST_TEST(sending.ask(Who::Sender, "PUT", "/v2/submissions/" + sending.ids.submission, json)
                   .response.status == 413);
}

BOOST_AUTO_TEST_CASE(a_body_in_a_file_that_fits_is_taken_as_any_other)
{
    LongCase sending;
    const auto answer =
        sending.ask(Who::Sender, "POST", "/v2/submissions", sending.town.announcement());
    BOOST_TEST(answer.response.status == 201);
}

struct Head {
    const char* name;
    Who who;
    const char* method;
    const char* path;
    std::map<std::string, std::string> headers; ///< in place of the usual ones
    std::optional<std::size_t> bytes;
    const char* problem; ///< null: the body may come
};
std::ostream& operator<<(std::ostream& out, const Head& head)
{
    return out << head.name;
}
const char* const attachmentPath =
    "/v2/submissions/0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f55/attachments/x";
const Head heads[] = {
    {"an attachment", Who::Sender, "PUT", attachmentPath, {}, 4'000'000, nullptr},
    {"an attachment in chunks", Who::Sender, "PUT", attachmentPath, {}, {}, nullptr},
    {"without a token", Who::Nobody, "PUT", attachmentPath, {}, 4'000'000, "unauthorized"},
    {"with a token that was never given",
     Who::Nobody,
     "PUT",
     attachmentPath,
     {{"authorization", "Bearer x"}},
     4'000'000,
     "unauthorized"},
    {"of an office", Who::Subscriber, "PUT", attachmentPath, {}, 4'000'000, "scope-missing"},
    {"under another name",
     Who::Sender,
     "PUT",
     attachmentPath,
     {{"host", "elsewhere"}},
     4'000'000,
     "host-foreign"},
    {"of another type",
     Who::Sender,
     "PUT",
     attachmentPath,
     {{"content-type", "application/json"}},
     4'000'000,
     "unsupported-media-type"},
    {"longer than one may be", Who::Sender, "PUT", attachmentPath, {}, 6'000'000, "body-too-large"},
    {"another method", Who::Sender, "POST", attachmentPath, {}, 4'000'000, "method-not-allowed"},
    {"nothing there", Who::Sender, "PUT", "/v2/x", {}, 4'000'000, "address-not-found"},
    {"a citizen's",
     Who::Nobody,
     "POST",
     "/citizens/appointments/x/cancellation",
     {{"content-type", "application/json"}},
     65'537,
     "body-too-large"},
    {"a body where none is",
     Who::Sender,
     "GET",
     "/v2/submissions/x/events",
     {},
     {},
     "body-unexpected"},
};

BOOST_DATA_TEST_CASE(a_long_body_is_taken_in_from_who_may_send_it, data::make(heads), head)
{
    GatewayTown town;
    town.attachmentBytesMax = 5'000'000;
    town.restart();
    HttpRequest request{.method = head.method,
                        .path = head.path,
                        .query = {},
                        .headers = {{"host", "gateway.test:8443"},
                                    {"user-agent", "test"},
                                    {"content-type", "application/jose"}},
                        .body = {},
                        .peer = {}};
    if (head.who != Who::Nobody)
        request.headers["authorization"] = "Bearer " + town.tokenOf(head.who);
    for (const auto& [name, value] : head.headers)
        request.headers[name] = value;
    const auto refused = town.gateway->admit(request, head.bytes);
    BOOST_TEST(refused.has_value() == (head.problem != nullptr));
    if (refused && head.problem)
        BOOST_TEST(GatewayTown::problemOf(*refused) == head.problem);
}

// --- through the door

namespace {

constexpr std::size_t longBytes = 64 * 1024 * 1024;
constexpr int atOnce = 6;

struct Door {
    Door()
    {
        const auto tls =
            gateway::makeTlsIdentity({"127.0.0.1"}, loop.utcNow() - std::chrono::hours(1),
                                     loop.utcNow() + std::chrono::hours(1));
        writeDurably(folder.path() / "server.pem", view(tls.certificate));
        writeDurably(folder.path() / "server-key.pem", view(tls.privateKey));
        writeDurably(folder.path() / "ca.pem", view(tls.authority));
        settings.certificateFile = folder.path() / "server.pem";
        settings.privateKeyFile = folder.path() / "server-key.pem";
        settings.bodyFolder = folder.path();
        const Poco::Net::ServerSocket probe(Poco::Net::SocketAddress("127.0.0.1", 0));
        settings.port = probe.address().port();
    }
    /// One body up or down; returns the status and how much came down.
    std::pair<int, std::size_t> exchange(std::size_t up) const
    {
        Poco::Net::Context::Ptr context = new Poco::Net::Context(
            Poco::Net::Context::TLS_CLIENT_USE, "", "", (folder.path() / "ca.pem").string(),
            Poco::Net::Context::VERIFY_STRICT, 9, false);
        Poco::Net::HTTPSClientSession session("127.0.0.1", settings.port, context);
        session.setTimeout(Poco::Timespan(60, 0));
        Poco::Net::HTTPRequest request(up > 0 ? "PUT" : "GET", "/x", "HTTP/1.1");
        request.setContentLength64(static_cast<Poco::Int64>(up));
        auto& out = session.sendRequest(request);
        const std::string block(64 * 1024, 'x');
        for (std::size_t sent = 0; sent < up; sent += block.size())
            out.write(block.data(), static_cast<std::streamsize>(block.size()));
        Poco::Net::HTTPResponse response;
        auto& in = session.receiveResponse(response);
        std::string buffer(64 * 1024, '\0');
        std::size_t down = 0;
        while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0)
            down += static_cast<std::size_t>(in.gcount());
        return {response.getStatus(), down};
    }

    RealEventLoop loop;
    TemporaryFolder folder;
    gateway::FrontSettings settings;
};

enum class Way { Up, Down };

constexpr long growthMax = 24L * 1024; ///< KiB; six bodies in memory would be 384 MiB

/// Gives by how many KiB the peak memory of server and clients grew.
long sixAtOnce(Way way)
{
    const bool isUp = way == Way::Up;
    Door door;
    std::atomic<std::size_t> taken = 0;
    const gateway::HttpsFront front(
        door.settings, {{door.loop, [&](const HttpRequest& request, const gateway::BodyFile* body) {
                             taken += request.body.size() + (body ? body->size() : 0);
                             gateway::LongAnswer answer{.response = {}, .bytes = 0, .next = {}};
                             if (!isUp) {
                                 answer.bytes = longBytes;
                                 answer.next = [] { return std::string(gateway::pieceBytes, 'x'); };
                             }
                             return answer;
                         }}});
    std::thread serving([&] { door.loop.run(); });
    door.exchange(isUp ? 100'000 : 0); // what TLS needs once
    taken = 0;
    const long before = peakKilobytes(Before::Forgotten);
    std::vector<std::pair<int, std::size_t>> results(atOnce);
    std::vector<std::thread> clients;
    for (auto& result : results)
        clients.emplace_back(
            [&door, &result, isUp] { result = door.exchange(isUp ? longBytes : 0); });
    for (auto& client : clients)
        client.join();
    const long growth = peakKilobytes(Before::Kept) - before;
    door.loop.stop();
    serving.join();
    for (const auto& [status, down] : results) {
        BOOST_TEST(status == 200);
        BOOST_TEST(down == (isUp ? 0 : longBytes));
    }
    BOOST_TEST(taken == (isUp ? atOnce * longBytes : 0));
    BOOST_TEST(std::distance(std::filesystem::directory_iterator(door.folder.path()), {}) == 3);
    return growth;
}

} // namespace

BOOST_AUTO_TEST_CASE(six_bodies_of_64_mib_at_once_need_no_memory)
{
    BOOST_TEST((sixAtOnce(Way::Up) < growthMax || !memoryIsOurs));
}

BOOST_AUTO_TEST_CASE(six_answers_of_64_mib_at_once_need_no_memory)
{
    BOOST_TEST((sixAtOnce(Way::Down) < growthMax || !memoryIsOurs));
}

BOOST_AUTO_TEST_SUITE_END()
