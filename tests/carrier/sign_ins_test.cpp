// SPDX-License-Identifier: EUPL-1.2
//
// Codes of clerks to the identity provider: one address, asked once, and only the ID token comes
// back.
#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "sync/carrier/sign_ins.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <deque>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::carrier;

namespace {

std::string file(const std::string& endpoint = "https://idp.example:8443/oidc/token",
                 const std::string& secret = "")
{
    return R"({"format":1,"id":"stadt","caCertificate":"PEM","clientId":"amts:stube",)"
           R"("redirectUri":"https://desk.example/desk/provider/back","tokenEndpoint":")" +
           endpoint + R"(","clientSecret":")" + secret + R"("})";
}

/// Answers at once what the test has laid ready, and keeps what was asked.
struct Line : HttpExchange {
    std::deque<HttpAnswer> answers;
    std::vector<HttpRequest> asked;

    void send(HttpRequest request, std::function<void(HttpAnswer)> done) override
    {
        asked.push_back(std::move(request));
        BOOST_REQUIRE(!answers.empty());
        const auto answer = answers.front();
        answers.pop_front();
        done(answer);
    }
    void say(int status, const std::string& body = {})
    {
        answers.emplace_back(HttpResponse{status, {}, body, {}});
    }
};

struct Way {
    Line node, provider;
    std::unique_ptr<SignIns> signIns;

    explicit Way(const std::string& text = file())
        : signIns(std::make_unique<SignIns>(readProviderEndpoint(text), node, provider))
    {}
    void carryOne(const std::string& providerId = "stadt")
    {
        node.say(200, R"({"id":"0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10","provider":")" + providerId +
                          R"(","code":"c&de","verifier":"v3r"})");
        node.say(204); // heard
        node.say(204); // no more
        signIns->carry();
    }
    std::string heard() { return node.asked.at(1).body; }
};

struct Said {
    const char* kind;
    HttpAnswer answer;
    const char* heard;
};
std::ostream& operator<<(std::ostream& out, const Said& said)
{
    return out << said.kind;
}
HttpResponse response(int status, const std::string& body)
{
    return {status, {}, body, {}};
}
const Said answers[] = {
    {"a token",
     response(200, R"({"access_token":"a","token_type":"Bearer","id_token":"e.y.J","x":1})"),
     R"({"outcome":"given","idToken":"e.y.J"})"},
    {"nobody", NoAnswer{}, R"({"outcome":"silent"})"},
    {"an error of theirs", response(503, "later"), R"({"outcome":"silent"})"},
    {"the code is not taken", response(400, R"({"error":"invalid_grant"})"),
     R"({"outcome":"refused"})"},
    {"a redirect", response(302, ""), R"({"outcome":"refused"})"},
    {"no ID token", response(200, R"({"access_token":"a","token_type":"Bearer"})"),
     R"({"outcome":"refused"})"},
    {"no JSON", response(200, "<html>"), R"({"outcome":"refused"})"},
    {"a token twice", response(200, R"({"id_token":"a.b.c","id_token":"d.e.f"})"),
     R"({"outcome":"refused"})"},
    {"a token of another type", response(200, R"({"id_token":1})"), R"({"outcome":"refused"})"},
    {"an empty token", response(200, R"({"id_token":""})"), R"({"outcome":"refused"})"},
    {"a token with a line break", response(200, R"({"id_token":"a.b\n.c"})"),
     R"({"outcome":"refused"})"},
    {"a token over 16 KiB",
     response(200, R"({"id_token":")" + std::string(16 * 1024 + 1, 'a') + R"("})"),
     R"({"outcome":"refused"})"},
    {"an answer over 64 KiB",
     response(200, R"({"id_token":"a.b.c","x":")" + std::string(64 * 1024, 'a') + R"("})"),
     R"({"outcome":"refused"})"},
};

const char* const brokenEndpoints[] = {"http://idp.example/token",
                                       "https://idp.example",
                                       "https:///token",
                                       "https://idp.example/t?x",
                                       "https://idp.example/token#x",
                                       "https://user@idp.example/token",
                                       "https://idp.example/to ken",
                                       ""};

} // namespace

BOOST_AUTO_TEST_SUITE(carrier_sign_ins)

BOOST_DATA_TEST_CASE(the_node_hears_what_the_provider_said, data::make(answers), said)
{
    Way way;
    way.provider.answers.push_back(said.answer);
    way.carryOne();
    BOOST_TEST(way.heard() == said.heard);
    BOOST_TEST(way.node.asked.at(1).path ==
               "/sync/sign-ins/0f7f9a40-5b0e-4a86-9d0f-3f3f7f1c2a10/heard");
    BOOST_TEST(way.provider.asked.size() == 1U); // a code is never sent twice
}

BOOST_AUTO_TEST_CASE(a_public_client_says_its_name_in_the_form)
{
    Way way;
    way.provider.say(200, R"({"id_token":"a.b.c"})");
    way.carryOne();
    const auto& asked = way.provider.asked.at(0);
    BOOST_TEST(asked.path == "/oidc/token");
    BOOST_TEST(!asked.headers.contains("authorization"));
    const auto form = parseForm(asked.body);
    BOOST_TEST(form.at("grant_type") == "authorization_code");
    BOOST_TEST(form.at("code") == "c&de");
    BOOST_TEST(form.at("code_verifier") == "v3r");
    BOOST_TEST(form.at("client_id") == "amts:stube");
    BOOST_TEST(form.at("redirect_uri") == "https://desk.example/desk/provider/back");
}

BOOST_AUTO_TEST_CASE(a_client_with_a_secret_shows_it_in_the_header_only)
{
    Way way(file("https://idp.example/token", "s:1"));
    way.provider.say(200, R"({"id_token":"a.b.c"})");
    way.carryOne();
    const auto& asked = way.provider.asked.at(0);
    // amts%3Astube:s%3A1 (RFC 6749 2.3.1)
    BOOST_TEST(asked.headers.at("authorization") == "Basic YW10cyUzQXN0dWJlOnMlM0Ex");
    BOOST_TEST(!parseForm(asked.body).contains("client_id"));
}

BOOST_AUTO_TEST_CASE(another_provider_than_the_configured_one_is_asked_nothing)
{
    Way way;
    way.carryOne("https://evil.example");
    BOOST_TEST(way.provider.asked.empty());
    BOOST_TEST(way.heard() == R"({"outcome":"silent"})");
}

BOOST_DATA_TEST_CASE(an_endpoint_is_a_plain_https_address, data::make(brokenEndpoints), endpoint)
{
    BOOST_CHECK_EXCEPTION(readProviderEndpoint(file(endpoint)), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::ConfigurationInvalid;
    });
}

BOOST_AUTO_TEST_SUITE_END()
