// SPDX-License-Identifier: EUPL-1.2
//
// amt-sync between the node and a payment service: what is repeated, what is told, and what never
// leaves.
#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "sync/carrier/payments.h"
#include "tests/sim/payment/payment_service.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::carrier;
using Fault = sim::PaymentService::Fault;

namespace {

constexpr auto paymentId = "0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10";
constexpr auto order =
    R"({"requestId":"0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10","requestTimestamp":"2026-11-21T10:41:00Z",)"
    R"("currency":"EUR","purpose":"KZ-1","description":"x","redirectUrl":"https://stadt.example/",)"
    R"("grosAmount":30.70,"items":[{"id":"1","reference":"KZ-1","description":"x","taxRate":0,)"
    R"("quantity":1,"bookingData":{"haushaltsstelle":"1"},"totalNetAmount":30.70,)"
    R"("totalTaxAmount":0,"singleNetAmount":30.70,"singleTaxAmount":0}]})";

std::string file(const std::string& address = "https://epay.example/xbezahldienste/v1",
                 const std::string& tokens = "https://epay.example/oauth/token",
                 const std::string& secret = "streng geheim")
{
    return R"({"format":1,"id":"epay","address":")" + address +
           R"(","caCertificate":"PEM","tokenEndpoint":")" + tokens +
           R"(","clientId":"amtsstube","clientSecret":")" + secret + R"("})";
}

struct Random : RandomSource {
    void fill(std::span<std::uint8_t> bytes) override
    {
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(engine());
    }
    std::mt19937 engine{1};
};

struct Clock : EventLoop {
    UtcTime utcNow() const override { return fromIso("2026-11-21T09:41:00Z") + boot; }
    Milliseconds sinceBoot() const override { return boot; }
    void post(Task task) override { task(); }
    TimerId after(Milliseconds, Task) override { return 1; }
    void cancel(TimerId) override {}
    Milliseconds boot{1000};
};

/// Answers at once.
struct Line : HttpExchange {
    explicit Line(std::function<HttpAnswer(const HttpRequest&)> serve) : answer(std::move(serve)) {}
    void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
    {
        done(answer(request));
    }
    std::function<HttpAnswer(const HttpRequest&)> answer;
};

struct Way {
    explicit Way(const std::string& text = file())
    {
        service.answersAgain = true;
        payments = std::make_unique<Payments>(PaymentTimes{}, readPaymentEndpoint(text), node, line,
                                              line, clock, random);
    }

    HttpAnswer heard(const HttpRequest& request)
    {
        const std::string prefix = std::string("/sync/payments/") + paymentId;
        if (!nodeAnswers)
            return NoAnswer{};
        if (request.path == prefix + "/begin") {
            ++begun;
            auto body = json::makeObject();
            body->set("request", order);
            return HttpResponse{200, {}, json::write(*body), {}};
        }
        BOOST_TEST(request.path == prefix + "/heard");
        told.push_back(request.body);
        return HttpResponse{200, {}, R"({"state":"Authorising"})", {}};
    }

    /// `rounds` lists of the node, a minute apart.
    void carry(int rounds = 1, const std::string& transactionId = "")
    {
        for (int i = 0; i < rounds; ++i) {
            payments->consider(
                {{paymentId, "epay", "stadt-musterstadt", "059990999999", transactionId, true}});
            clock.boot += std::chrono::minutes(1);
        }
    }

    sim::PaymentService service;
    Clock clock;
    Random random;
    bool nodeAnswers = true;
    int begun = 0;
    std::vector<std::string> told;
    Line node{[this](const HttpRequest& request) { return heard(request); }};
    Line line{[this](const HttpRequest& request) -> HttpAnswer {
        if (auto answer = service.handle(request))
            return *answer;
        return NoAnswer{};
    }};
    std::unique_ptr<Payments> payments;
};

struct Lost {
    const char* what;
    std::vector<Fault> faults;
};
std::ostream& operator<<(std::ostream& out, const Lost& lost)
{
    return out << lost.what;
}
const Lost losses[] = {{"nothing", {}},
                       {"the request", {Fault::RequestLost}},
                       {"the answer", {Fault::AnswerLost}},
                       {"the answer twice", {Fault::AnswerLost, Fault::AnswerLost}},
                       {"an error of theirs", {Fault::ServerError}},
                       {"not available", {Fault::Unavailable, Fault::Unavailable}},
                       {"led elsewhere", {Fault::Redirected}},
                       {"all of it",
                        {Fault::RequestLost, Fault::AnswerLost, Fault::ServerError,
                         Fault::Unavailable, Fault::Redirected, Fault::AnswerLost}}};

const char* const refusals[] = {"NO_VALID_ORIGINATOR_OR_ENDPOINT",
                                "CALCULATION_ERROR",
                                "BOOKING_DATA_MISSING",
                                "VALIDATION_ERROR",
                                "UNSPECIFIED",
                                "FORBIDDEN"};

const char* const brokenAddresses[] = {"http://epay.example/x",
                                       "https://epay.example/x?y",
                                       "https://epay.example/#",
                                       "https://user@epay.example/x",
                                       "https:///x",
                                       "epay.example",
                                       ""};

} // namespace

BOOST_AUTO_TEST_SUITE(carrier_payments)

BOOST_DATA_TEST_CASE(whatever_is_lost_one_transaction_is_begun, data::make(losses), lost)
{
    Way way;
    way.service.faults.assign(lost.faults.begin(), lost.faults.end());
    way.carry(static_cast<int>(lost.faults.size()) + 1);
    BOOST_TEST(way.service.transactions.size() == 1U);
    BOOST_REQUIRE(way.told.size() == 1U);
    BOOST_TEST(way.told[0].find("T-100001") != std::string::npos);
    for (const auto& asked : way.service.asked)
        BOOST_TEST(asked.body == order); // each time the same
}

BOOST_AUTO_TEST_CASE(a_known_request_is_told_as_such_and_begun_no_second_time)
{
    Way way;
    way.service.answersAgain = false;
    way.service.faults = {Fault::AnswerLost};
    way.carry(2);
    BOOST_TEST(way.service.transactions.size() == 1U);
    BOOST_REQUIRE(way.told.size() == 1U);
    BOOST_TEST(way.told[0] == R"({"status":409,"functionalCode":"PAYMENT_EXISTS"})");
}

BOOST_DATA_TEST_CASE(a_refusal_is_told_by_its_code, data::make(refusals), code)
{
    Way way;
    way.service.refusesWith = code;
    way.carry();
    BOOST_REQUIRE(way.told.size() == 1U);
    BOOST_TEST(way.told[0].find(code) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(how_a_transaction_stands_is_not_said_by_refusing_to_say_it)
{
    Way way;
    way.carry(3, "T-999999"); // 404
    BOOST_TEST(way.told.empty());
    BOOST_TEST(way.service.asked.size() == 3U);
}

BOOST_AUTO_TEST_CASE(an_unreadable_answer_is_no_answer)
{
    Way way;
    way.service.forged = [](const std::string&) { return std::string("<html>"); };
    way.carry();
    BOOST_TEST(way.told.empty());
    way.service.forged = nullptr;
    way.carry();
    BOOST_TEST(way.told.size() == 1U);
    BOOST_TEST(way.service.transactions.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_transaction_is_looked_at_until_the_node_wants_no_more)
{
    Way way;
    way.carry();
    way.carry(3, "T-100001");
    BOOST_TEST(way.service.payAt("https://bezahlen.example/p/T-100001"));
    way.carry(1, "T-100001");
    BOOST_REQUIRE(way.told.size() == 5U);
    BOOST_TEST(way.told[3].find("INITIAL") != std::string::npos);
    BOOST_TEST(way.told[4].find("PAYED") != std::string::npos);
    BOOST_TEST(way.service.asked.back().method == "GET");
    BOOST_TEST(way.service.asked.back().path ==
               "/xbezahldienste/v1/paymenttransaction/stadt-musterstadt/059990999999/T-100001");
}

BOOST_AUTO_TEST_CASE(what_the_service_said_is_told_until_the_node_has_heard_it)
{
    Way way;
    way.carry(1);
    BOOST_TEST(way.told.size() == 1U);
    way.service.payAt("https://bezahlen.example/p/T-100001");
    way.nodeAnswers = false;
    way.carry(1, "T-100001");
    const auto asked = way.service.asked.size();
    way.nodeAnswers = true;
    way.carry(1, "T-100001");
    BOOST_REQUIRE(way.told.size() == 2U);
    BOOST_TEST(way.told[1].find("PAYED") != std::string::npos);
    BOOST_TEST(way.service.asked.size() == asked); // not asked again for that
}

BOOST_AUTO_TEST_CASE(looks_are_paced_while_somebody_waits_and_rare_when_nobody_does)
{
    const auto looks = [](bool waits) {
        Way way;
        way.carry();
        const auto before = way.service.asked.size();
        for (int second = 0; second < 600; ++second) {
            way.payments->consider(
                {{paymentId, "epay", "stadt-musterstadt", "059990999999", "T-100001", waits}});
            way.clock.boot += std::chrono::seconds(1);
        }
        return way.service.asked.size() - before;
    };
    BOOST_TEST(looks(true) > 150U);
    BOOST_TEST(looks(true) < 601U);
    BOOST_TEST(looks(false) > 2U);
    BOOST_TEST(looks(false) < 40U);
}

BOOST_AUTO_TEST_CASE(the_service_says_when_to_come_again)
{
    Way way;
    way.service.faults = {Fault::Unavailable};
    way.carry();
    way.clock.boot -= std::chrono::minutes(1);
    for (int second = 0; second < 3; ++second) {
        way.payments->consider(
            {{paymentId, "epay", "stadt-musterstadt", "059990999999", "", true}});
        way.clock.boot += std::chrono::seconds(1);
    }
    BOOST_TEST(way.service.asked.size() == 1U); // Retry-After: 3
    way.clock.boot += std::chrono::seconds(2);
    way.carry();
    BOOST_TEST(way.service.asked.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_token_is_fetched_once_and_renewed_when_it_is_over_or_refused)
{
    Way way;
    way.carry();
    way.carry(5, "T-100001");
    BOOST_TEST(way.service.tokensGiven == 1);
    way.clock.boot += std::chrono::minutes(5); // 80 % of ten minutes are over
    way.carry(1, "T-100001");
    BOOST_TEST(way.service.tokensGiven == 2);
    ++way.service.tokensGiven; // it forgets ours
    way.carry(1, "T-100001");
    BOOST_TEST(way.service.tokensGiven == 4);
    BOOST_TEST(way.told.size() == 8U);
}

BOOST_AUTO_TEST_CASE(who_is_not_let_in_asks_no_service_and_comes_again)
{
    Way way;
    way.service.refusesClients = true;
    way.carry(3);
    BOOST_TEST(way.service.asked.empty());
    BOOST_TEST(way.told.empty());
    way.service.refusesClients = false;
    way.service.refusesTokens = true;
    way.carry();
    BOOST_TEST(way.service.tokensGiven == 2); // once more, and then no more
    BOOST_TEST(way.told.empty());
    way.service.refusesTokens = false;
    way.carry();
    BOOST_TEST(way.told.size() == 1U);
    BOOST_TEST(way.service.transactions.size() == 1U);
}

BOOST_AUTO_TEST_CASE(another_service_than_the_configured_one_is_asked_nothing)
{
    Way way;
    way.payments->consider({{paymentId, "evil", "stadt-musterstadt", "059990999999", "", true}});
    BOOST_TEST(way.begun == 0);
    BOOST_TEST(way.service.asked.empty());
    BOOST_TEST(way.service.tokensGiven == 0);
}

BOOST_AUTO_TEST_CASE(an_order_that_the_node_takes_back_is_not_sent)
{
    Way way;
    way.nodeAnswers = false;
    way.carry(2);
    BOOST_TEST(way.service.asked.empty());
}

BOOST_DATA_TEST_CASE(an_address_is_plain_https, data::make(brokenAddresses), address)
{
    const auto isInvalid = [](const Error& error) {
        return error.errorCode() == ErrorCode::ConfigurationInvalid;
    };
    BOOST_CHECK_EXCEPTION(readPaymentEndpoint(file(address)), Error, isInvalid);
    BOOST_CHECK_EXCEPTION(readPaymentEndpoint(file("https://epay.example", address)), Error,
                          isInvalid);
}

std::string fileWithCertificate(const std::string& certificate, const std::string& more = "")
{
    return R"({"format":1,"id":"epay","address":"https://epay.example/xbezahldienste/v1",)"
           R"("caCertificate":"PEM","clientCertificate":")" +
           certificate + "\"" + more + "}";
}

BOOST_AUTO_TEST_CASE(where_a_certificate_is_all_no_token_is_asked_for)
{
    Way way(fileWithCertificate("/etc/amtsstube/epay.pem"));
    way.service.asksForToken = false;
    way.carry();
    BOOST_TEST(way.told.size() == 1U);
    BOOST_TEST(way.service.tokensGiven == 0);
    way.service.refusesTokens = true; // the certificate is not known there (any more)
    way.carry(2, "T-100001");
    BOOST_TEST(way.told.size() == 1U);
    way.service.refusesTokens = false;
    way.carry(1, "T-100001");
    BOOST_TEST(way.told.size() == 2U);
    BOOST_TEST(way.service.tokensGiven == 0);
}

BOOST_AUTO_TEST_CASE(a_certificate_may_stand_beside_a_client_of_oauth)
{
    const auto endpoint = readPaymentEndpoint(fileWithCertificate(
        "/etc/amtsstube/epay.pem",
        R"(,"tokenEndpoint":"https://epay.example/t","clientId":"a","clientSecret":"b")"));
    BOOST_TEST(endpoint.asksForToken());
    BOOST_TEST(endpoint.clientCertificate == "/etc/amtsstube/epay.pem");
}

BOOST_AUTO_TEST_CASE(half_a_proof_is_none)
{
    BOOST_CHECK_THROW(readPaymentEndpoint(fileWithCertificate("epay.pem")), Error);
    BOOST_CHECK_THROW(readPaymentEndpoint(fileWithCertificate("")), Error);
    BOOST_CHECK_THROW(readPaymentEndpoint(fileWithCertificate("/a.pem", R"(,"clientId":"a")")),
                      Error);
}

BOOST_AUTO_TEST_CASE(without_a_secret_there_is_no_service)
{
    BOOST_CHECK_THROW(
        readPaymentEndpoint(file("https://epay.example", "https://epay.example/t", "")), Error);
}

BOOST_AUTO_TEST_SUITE_END()
