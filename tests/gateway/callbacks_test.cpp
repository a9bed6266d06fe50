// SPDX-License-Identifier: EUPL-1.2
//
// Callbacks: who is told what, that it is repeated until it is answered, and that a receiver of
// another make believes it.
#include "appliance/core/files.h"
#include "appliance/core/real_event_loop.h"
#include "sync/gateway/callbacks.h"
#include "sync/gateway/tls_identity.h"
#include "sync/portal/exchange.h"
#include "tests/gateway/town.h"
#include "tests/support/skip.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdio>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;

namespace {

const std::string secret = "a-secret-of-256-random-bits-as-text";
const std::string officeUrl = "https://office.example:9443/news";
const std::string townUrl = "https://town.example/callbacks/in";
const std::string typePrefix = "https://schema.fitko.de/fit-connect/submission-api/callbacks/";

/// Everybody who can be called, answering as the test wants; `asked` by origin.
struct Outside {
    gateway::CallbackDoor door()
    {
        return [this](const std::string& origin, const std::string& authority, EventLoop& loop) {
            lines.push_back(origin + " " + authority);
            class Line : public HttpExchange {
            public:
                Line(Outside& outside, std::string origin, EventLoop& loop)
                    : _outside(outside), _origin(std::move(origin)), _loop(loop)
                {}
                void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
                {
                    _outside.asked.emplace_back(_origin, std::move(request));
                    _outside.times.push_back(_loop.sinceBoot());
                    if (auto answer = _outside.answer())
                        _loop.post([answer = *answer, done = std::move(done)] { done(answer); });
                }

            private:
                Outside& _outside;
                std::string _origin;
                EventLoop& _loop;
            };
            return std::make_unique<Line>(*this, origin, loop);
        };
    }
    /// Nothing: never an answer, as when the gateway ends meanwhile.
    std::function<std::optional<HttpAnswer>()> answer = [] {
        return HttpResponse{.status = 204, .headers = {}, .body = {}, .eventTopic = {}};
    };

    std::vector<std::pair<std::string, HttpRequest>> asked;
    std::vector<Milliseconds> times; ///< when each was asked
    std::vector<std::string> lines;
};

HttpAnswer status(int number)
{
    return HttpResponse{.status = number, .headers = {}, .body = {}, .eventTopic = {}};
}

struct CalledTown {
    /// `every`: for weeks to pass soon.
    explicit CalledTown(std::chrono::seconds every = std::chrono::seconds(2))
    {
        town.callbackDoor = outside.door();
        town.callbackInterval = every;
        town.restart();
        town.gateway->enter(gateway::CallbackEntry{"office-a", officeUrl, "CA", Secret(secret)});
        town.gateway->enter(gateway::CallbackEntry{"town-a", townUrl, "CA", Secret(secret)});
    }

    /// "office new-submissions 1": who, what, how many
    std::vector<std::string> told() const
    {
        std::vector<std::string> all;
        for (const auto& [origin, request] : outside.asked) {
            const auto body = json::parseObject(request.body);
            const std::string kind = json::text(*body, "type").substr(typePrefix.size());
            const bool submissions = kind == "new-submissions";
            all.push_back(
                (origin == "https://office.example:9443" ? "office " : "town ") + kind + " " +
                std::to_string(json::array(*body, submissions ? "submissions" : "events")->size()));
        }
        return all;
    }
    int waiting()
    {
        auto row = town.books->prepare("SELECT count(*) FROM callback");
        return row.step() ? static_cast<int>(row.integer(0)) : -1;
    }

    Outside outside; ///< outlives the gateway
    GatewayTown town;
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_callbacks)

BOOST_AUTO_TEST_CASE(the_office_hears_of_a_case_and_the_town_of_the_answer)
{
    CalledTown called;
    GatewayTown& town = called.town;
    const auto sent = town.send();
    town.passTime(std::chrono::seconds(3));
    BOOST_TEST(called.told() == std::vector<std::string>{"office new-submissions 1"},
               boost::test_tools::per_element());
    const auto& [origin, request] = called.outside.asked.at(0);
    BOOST_TEST(origin == "https://office.example:9443");
    BOOST_TEST(request.method == "POST");
    BOOST_TEST(request.path == "/news");
    const auto body = json::parseObject(request.body);
    json::onlyKeys(*body, {"type", "submissions"});
    const auto entry = json::array(*body, "submissions")->getObject(0);
    BOOST_TEST(json::text(*entry, "destinationId") == destinationId);
    BOOST_TEST(json::text(*entry, "submissionId") == sent.ids.submission);
    BOOST_TEST(json::text(*entry, "caseId") == sent.ids.opened);
    json::onlyKeys(*entry, {"destinationId", "submissionId", "caseId"});
    BOOST_TEST(called.outside.lines.at(0) == "https://office.example:9443 CA");

    BOOST_TEST(town.post(town.acceptOf(sent)).status == 204);
    town.passTime(std::chrono::seconds(3));
    BOOST_TEST(called.told().back() == "town new-events 1");
    BOOST_TEST(called.outside.asked.back().second.path == "/callbacks/in");
    BOOST_TEST(called.told().size() == 2U);
    BOOST_TEST(called.waiting() == 0);
}

BOOST_AUTO_TEST_CASE(both_hear_of_what_the_service_decides)
{
    CalledTown called(std::chrono::minutes(5));
    called.town.send();
    called.town.announce("0b0a2f65-6a6b-4f5e-8f58-3b6c9d0e1f01", called.town.announcement());
    called.town.passTime(std::chrono::hours(24 * 2));
    const std::vector<std::string> deleted = {"office new-submissions 1", "office new-events 1",
                                              "town new-events 1"};
    auto told = called.told();
    std::sort(told.begin() + 1, told.end());
    BOOST_TEST(told == deleted, boost::test_tools::per_element());
    called.town.passTime(std::chrono::hours(24 * 2)); // three days: the town
    BOOST_TEST(called.told().size() == 4U);
    BOOST_TEST(called.told().back() == "town new-events 1");
    called.town.passTime(std::chrono::hours(24 * 11)); // a fortnight: both
    BOOST_TEST(called.told().size() == 6U);
}

BOOST_AUTO_TEST_CASE(without_an_address_nothing_is_noted)
{
    GatewayTown town;
    town.send();
    auto row = town.books->prepare("SELECT count(*) FROM callback");
    BOOST_REQUIRE(row.step());
    BOOST_TEST(row.integer(0) == 0);
}

BOOST_AUTO_TEST_CASE(many_news_are_one_call)
{
    CalledTown called;
    called.outside.answer = [] { return status(503); };
    for (int i = 0; i < 120; ++i)
        called.town.send();
    called.outside.asked.clear();
    called.outside.answer = [] { return status(200); };
    called.town.passTime(std::chrono::hours(2));
    BOOST_TEST(called.told() == (std::vector<std::string>{"office new-submissions 100",
                                                          "office new-submissions 20"}),
               boost::test_tools::per_element());
    BOOST_TEST(called.waiting() == 0);
}

const std::vector<std::pair<std::string, std::optional<HttpAnswer>>> noAnswers = {
    {"a server's failure", status(500)}, {"a redirect", status(302)},
    {"a refusal", status(401)},          {"not found", status(404)},
    {"a broken line", NoAnswer{}},       {"a line that was silent", NoAnswer{true}},
};

BOOST_DATA_TEST_CASE(what_is_not_answered_is_repeated_with_longer_pauses,
                     data::xrange(noAnswers.size()), index)
{
    const auto& [name, answer] = noAnswers[index];
    BOOST_TEST_INFO(name);
    CalledTown called;
    called.outside.answer = [given = answer] { return given; };
    called.town.send();
    called.town.passTime(std::chrono::hours(24));
    const auto times = called.outside.times;
    // 10 s, doubled up to an hour, each between a half and the whole; rounds every two seconds
    BOOST_REQUIRE(times.size() > 24);
    BOOST_TEST(times.size() < 24 * 2 + 12);
    for (std::size_t i = 1; i < times.size(); ++i) {
        const auto most = std::min<Milliseconds>(std::chrono::seconds(10) *
                                                     (1 << std::min<std::size_t>(i - 1, 10)),
                                                 std::chrono::hours(1));
        const auto pause = times[i] - times[i - 1];
        BOOST_TEST(pause.count() >= most.count() / 2);
        BOOST_TEST(pause.count() <= most.count() + 2000);
    }
    called.outside.answer = [] { return status(204); };
    called.town.passTime(std::chrono::hours(2));
    BOOST_TEST(called.waiting() == 0);
    const std::size_t calls = called.outside.asked.size();
    called.town.passTime(std::chrono::hours(2));
    BOOST_TEST(called.outside.asked.size() == calls);
    // each call is of its own time: an old one could not be sent again
    std::set<std::string> authentications;
    for (const auto& [origin, request] : called.outside.asked)
        authentications.insert(request.headers.at("callback-authentication"));
    BOOST_TEST(authentications.size() == calls);
}

BOOST_AUTO_TEST_CASE(a_gateway_that_ends_while_it_tells_leaves_it_to_the_next)
{
    CalledTown called;
    called.outside.answer = [] { return std::nullopt; };
    called.town.send();
    called.town.passTime(std::chrono::seconds(3));
    BOOST_TEST(called.outside.asked.size() == 1U);
    called.town.restart();
    called.outside.answer = [] { return status(204); };
    called.town.passTime(std::chrono::seconds(60)); // it might still be at it
    BOOST_TEST(called.outside.asked.size() == 1U);
    called.town.passTime(std::chrono::seconds(70));
    BOOST_TEST(called.outside.asked.size() == 2U);
    BOOST_TEST(called.waiting() == 0);
}

BOOST_AUTO_TEST_CASE(one_deaf_office_does_not_keep_others_from_hearing)
{
    CalledTown called;
    called.outside.answer = [&]() -> std::optional<HttpAnswer> {
        if (called.outside.asked.back().first == "https://office.example:9443")
            return std::nullopt;
        return status(204);
    };
    const auto first = called.town.send();
    called.town.passTime(std::chrono::seconds(3));
    BOOST_TEST(called.town.post(called.town.acceptOf(first)).status == 204);
    called.town.passTime(std::chrono::seconds(3));
    BOOST_TEST(called.told().back() == "town new-events 1");
    BOOST_TEST(called.waiting() == 1);
}

BOOST_AUTO_TEST_CASE(nobody_is_told_after_a_fortnight)
{
    CalledTown called(std::chrono::minutes(5));
    called.outside.answer = [] { return NoAnswer{}; };
    const auto sent = called.town.send();
    BOOST_TEST(called.town.post(called.town.acceptOf(sent)).status == 204);
    called.town.passTime(std::chrono::hours(24 * 15));
    BOOST_TEST(called.waiting() == 0);
}

BOOST_DATA_TEST_CASE(an_address_is_https_and_nothing_else,
                     data::make({"http://office.example/news", "ftp://office.example/",
                                 "office.example/news", "https://", "https:///news",
                                 "HTTPS://office.example/", "https://a:b@office.example/",
                                 "https://office.example/?a=b", "https://office.example/#a",
                                 "file:///etc/passwd", "https://office.example:x/", ""}),
                     url)
{
    GatewayTown town;
    BOOST_CHECK_EXCEPTION(
        town.gateway->enter(gateway::CallbackEntry{"office-a", url, "CA", Secret(secret)}), Error,
        [](const Error& failure) {
            return failure.errorCode() == ErrorCode::ConfigurationInvalid;
        });
}

BOOST_AUTO_TEST_CASE(what_another_made_or_what_is_old_is_not_genuine)
{
    const UtcTime now = fromIso("2026-11-21T09:00:00Z");
    const std::string stamp = std::to_string(toMilliseconds(now) / 1000);
    const std::string body = R"({"type":"x"})";
    const Secret ours{std::string_view(secret)};
    const std::string right = gateway::callbackAuthentication(ours, stamp, body);
    const auto genuine = [&](const std::string& timestamp, const std::string& code,
                             const std::string& content, std::chrono::seconds later = {}) {
        return gateway::isGenuineCallback(ours, timestamp, code, content, now + later);
    };
    BOOST_TEST(right.size() == 128U);
    BOOST_TEST(genuine(stamp, right, body));
    BOOST_TEST(genuine(stamp, right, body, std::chrono::seconds(300)));
    BOOST_TEST(genuine(stamp, right, body, std::chrono::seconds(-300)));
    BOOST_TEST(!genuine(stamp, right, body, std::chrono::seconds(301)));
    BOOST_TEST(!genuine(stamp, right, body, std::chrono::seconds(-301)));
    BOOST_TEST(!genuine(stamp, right, body + " "));
    BOOST_TEST(!genuine(stamp, right.substr(1), body));
    BOOST_TEST(!genuine(stamp, "", body));
    for (const std::string other : {"", "-1", "1x", " 1", "99999999999999999999"})
        BOOST_TEST(!genuine(other, right, body));
    BOOST_TEST(!genuine(std::to_string(std::stoll(stamp) + 1), right, body));
    const Secret another{std::string_view("another")};
    BOOST_TEST(!gateway::isGenuineCallback(another, stamp, right, body, now));
}

BOOST_AUTO_TEST_CASE(no_row_shows_a_secret)
{
    CalledTown called;
    GatewayTown& town = called.town;
    const auto stored = [&](const std::string& client) {
        auto row = town.books->prepare("SELECT secret FROM callback_address WHERE client_id = $1")
                       .bind(client);
        BOOST_REQUIRE(row.step());
        return row.text(0);
    };
    BOOST_TEST(stored("office-a").starts_with("sealed:"));
    BOOST_TEST(stored("office-a") != stored("town-a")); // of one secret
    for (const auto& entry : std::filesystem::directory_iterator(town.folder.path()))
        BOOST_TEST(toText(readSmallFile(entry.path())).find(secret) == std::string::npos);

    // what an older program entered is sealed at the next start, and of the same worth
    town.books->prepare("UPDATE callback_address SET secret = $1 WHERE client_id = 'office-a'")
        .bind(secret)
        .run();
    town.restart();
    BOOST_TEST(stored("office-a").starts_with("sealed:"));
    town.send();
    town.passTime(std::chrono::seconds(3));
    BOOST_REQUIRE_EQUAL(called.outside.asked.size(), 1);
    const HttpRequest& request = called.outside.asked[0].second;
    const std::string stamp = request.headers.at("callback-timestamp");
    BOOST_TEST(gateway::isGenuineCallback(Secret(std::string_view(secret)), stamp,
                                          request.headers.at("callback-authentication"),
                                          request.body, town.loop.utcNow()));
}

BOOST_AUTO_TEST_CASE(a_secret_that_was_put_under_another_client_is_not_used)
{
    CalledTown called;
    GatewayTown& town = called.town;
    town.books
        ->prepare("UPDATE callback_address SET secret = (SELECT secret FROM callback_address"
                  " WHERE client_id = 'town-a') WHERE client_id = 'office-a'")
        .run();
    town.send();
    town.passTime(std::chrono::seconds(3));
    BOOST_TEST(called.outside.asked.empty());
    BOOST_TEST(called.waiting() == 1); // and it waits
}

// printf '1763715600.{}' | openssl dgst -sha512 -hmac Jefe
BOOST_AUTO_TEST_CASE(openssl_makes_the_same_code)
{
    BOOST_TEST(
        gateway::callbackAuthentication(Secret(std::string_view("Jefe")), "1763715600", "{}") ==
        "c6938a9fb65889117f8589886f3cdaa5b8ba8f086d5123c07a876ed8b19339dc3c7d1e78c5ffe8741067af980a"
        "f386fea2bff2907b6be192661205af65b45b25");
}

BOOST_AUTO_TEST_CASE(a_receiver_in_another_language_believes_it)
{
    if (skipUnless(std::system("python3 -c 'import hmac, ssl' 2>/dev/null") == 0,
                   "python3 is not installed"))
        return;
    for (const bool ours : {true, false}) {
        CalledTown called;
        called.town.send();
        called.town.passTime(std::chrono::seconds(3));
        HttpRequest request = called.outside.asked.at(0).second;

        RealEventLoop loop;
        const auto tls =
            gateway::makeTlsIdentity({"127.0.0.1"}, loop.utcNow() - std::chrono::hours(1),
                                     loop.utcNow() + std::chrono::hours(1));
        const auto folder = called.town.folder.path();
        writeDurably(folder / "server.pem", view(tls.certificate));
        writeDurably(folder / "server-key.pem", view(tls.privateKey));
        const std::string command =
            "exec python3 '" AMT_SOURCE_DIR "/tests/gateway/callback_receiver.py' '" +
            (folder / "server.pem").string() + "' '" + (folder / "server-key.pem").string() +
            "' '" + (ours ? secret : "another") + "' " +
            std::to_string(toMilliseconds(called.town.loop.utcNow()) / 1000);
        FILE* receiver = ::popen(command.c_str(), "r");
        BOOST_REQUIRE(receiver);
        char line[512] = {};
        BOOST_REQUIRE(std::fgets(line, sizeof line, receiver));
        const std::string origin = "https://127.0.0.1:" + std::to_string(std::stoi(line));
        int answered = 0;
        {
            const auto exchange = portal::makeTlsExchange(origin, tls.authority, loop);
            exchange->send(std::move(request), [&](const HttpAnswer& answer) {
                if (const auto* response = std::get_if<HttpResponse>(&answer))
                    answered = response->status;
                loop.stop();
            });
            loop.run();
        }
        BOOST_TEST(answered == (ours ? 204 : 401));
        BOOST_REQUIRE(std::fgets(line, sizeof line, receiver));
        BOOST_TEST(std::string(line) == std::string(ours ? "genuine" : "forged") + " /news " +
                                            typePrefix + "new-submissions\n");
        ::pclose(receiver);
    }
}

BOOST_AUTO_TEST_SUITE_END()
