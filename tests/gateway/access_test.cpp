// SPDX-License-Identifier: EUPL-1.2
//
// Tokens: who gets one, for what, and for how long.
#include "tests/gateway/town.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;

namespace {

struct Grant {
    std::string name;
    std::map<std::string, std::string> fields;
    int status;
    std::string error; ///< empty: a token
};
std::ostream& operator<<(std::ostream& out, const Grant& grant)
{
    return out << grant.name;
}

const std::string send(portal::sendScope);
const std::string subscribe(portal::subscribeScope);

std::map<std::string, std::string> fields(const std::map<std::string, std::string>& changed)
{
    std::map<std::string, std::string> all = {{"grant_type", "client_credentials"},
                                              {"client_id", "town-a"},
                                              {"client_secret", "secret-of-town-a"}};
    for (const auto& [name, value] : changed) {
        if (value == "-")
            all.erase(name);
        else
            all[name] = value;
    }
    return all;
}

const Grant grants[] = {
    {"all scopes of the client", fields({}), 200, ""},
    {"the scope that is asked for", fields({{"scope", send}}), 200, ""},
    {"a foreign scope", fields({{"scope", subscribe}}), 400, "invalid_scope"},
    {"an unknown scope", fields({{"scope", "everything"}}), 400, "invalid_scope"},
    {"an empty scope", fields({{"scope", ""}}), 400, "invalid_scope"},
    {"another grant", fields({{"grant_type", "password"}}), 400, "unsupported_grant_type"},
    {"no grant", fields({{"grant_type", "-"}}), 400, "unsupported_grant_type"},
    {"a wrong secret", fields({{"client_secret", "secret-of-town-b"}}), 401, "invalid_client"},
    {"an empty secret", fields({{"client_secret", ""}}), 401, "invalid_client"},
    {"no secret", fields({{"client_secret", "-"}}), 401, "invalid_client"},
    {"an unknown client", fields({{"client_id", "town-z"}}), 401, "invalid_client"},
    {"no client", fields({{"client_id", "-"}}), 401, "invalid_client"},
    {"an unknown field", fields({{"username", "a"}}), 400, "invalid_request"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_access)

BOOST_DATA_TEST_CASE(a_token_is_for_known_clients_and_their_scopes, data::make(grants), grant)
{
    GatewayTown town;
    const auto response = town.ask(Who::Nobody, "POST", "/token",
                                   "application/x-www-form-urlencoded", writeForm(grant.fields));
    BOOST_TEST(response.status == grant.status);
    BOOST_TEST(response.header("Cache-Control") == "no-store");
    const auto body = json::parseObject(response.body);
    if (!grant.error.empty()) {
        BOOST_TEST(json::text(*body, "error") == grant.error);
        return;
    }
    BOOST_TEST(json::text(*body, "token_type") == "Bearer");
    BOOST_TEST(json::integer(*body, "expires_in") == 1800);
    BOOST_TEST(json::text(*body, "access_token").size() == 43U);
}

BOOST_AUTO_TEST_CASE(http_basic_is_no_way_in)
{
    GatewayTown town;
    const auto response =
        town.ask(Who::Nobody, "POST", "/token", "application/x-www-form-urlencoded",
                 writeForm(fields({})), {{"authorization", "Basic dG93bi1hOng="}});
    BOOST_TEST(response.status == 401);
    BOOST_TEST(json::text(*json::parseObject(response.body), "error") == "invalid_client");
}

BOOST_AUTO_TEST_CASE(a_token_ends_after_half_an_hour_and_survives_a_restart)
{
    GatewayTown town;
    const auto asked = [&] {
        return town.ask(Who::Sender, "GET", "/v2/destinations/" + destinationId).status;
    };
    BOOST_TEST(asked() == 200);
    town.passTime(std::chrono::seconds(1799));
    town.restart();
    BOOST_TEST(asked() == 200);
    town.passTime(std::chrono::seconds(1));
    BOOST_TEST(asked() == 401);
    town.forgetTokens();
    BOOST_TEST(asked() == 200);
}

BOOST_AUTO_TEST_CASE(neither_secrets_nor_tokens_are_stored)
{
    GatewayTown town;
    const std::string token = town.tokenOf(Who::Sender);
    for (const char* sql :
         {"SELECT hash || client_id FROM access_token", "SELECT secret_hash FROM client"}) {
        auto row = town.books->prepare(sql);
        int rows = 0;
        for (; row.step(); ++rows) {
            BOOST_TEST(row.text(0).find(token) == std::string::npos);
            BOOST_TEST(row.text(0).find("secret-of") == std::string::npos);
        }
        BOOST_TEST(rows > 0);
    }
}

BOOST_AUTO_TEST_CASE(a_guessed_token_opens_nothing)
{
    GatewayTown town;
    const std::string token = town.tokenOf(Who::Sender);
    for (const std::string& header :
         {std::string(), std::string("Bearer "), "Bearer " + token + "x", "bearer " + token,
          "Basic " + token, token, "Bearer " + token.substr(1)}) {
        HttpRequest request{.method = "GET",
                            .path = "/v2/destinations/" + destinationId,
                            .query = {},
                            .headers = {{"authorization", header}},
                            .body = {},
                            .peer = {}};
        BOOST_TEST(town.ask(request).status == 401);
    }
}

BOOST_AUTO_TEST_CASE(open_addresses_need_no_token)
{
    GatewayTown town;
    BOOST_TEST(town.ask(Who::Nobody, "GET", "/health").status == 200);
    const auto keys = town.ask(Who::Nobody, "GET", "/.well-known/jwks.json");
    BOOST_TEST(keys.status == 200);
    const auto set = envelope::parseJwkSet(keys.body, envelope::KeyUse::Verify);
    BOOST_REQUIRE_EQUAL(set.size(), 1);
    BOOST_TEST(set[0].kid == "service-signature-1");
    BOOST_TEST(keys.body.find("\"d\"") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
