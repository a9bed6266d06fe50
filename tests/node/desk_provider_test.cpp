// SPDX-License-Identifier: EUPL-1.2
//
// Signing in by the town's identity provider: bound once by code and password, let in by its word,
// never to a case; and whatever goes wrong has its page.
#include "appliance/node/identity_provider.h"
#include "appliance/office/people/second_factor.h"
#include "tests/envelope/forge.h"
#include "tests/node/heard_log.h"
#include "tests/node/town.h"
#include "tests/node/ways.h"
#include "tests/support/test_keys.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;
using node::Surface;
using office::Role;

namespace {

constexpr auto word = "noch ein Kennwort";
constexpr auto issuer = "https://idp.stadt.example";

std::string providerFile(const std::string& more = "")
{
    return R"({"format":1,"id":"stadt","name":"Stadtkonto","issuer":"https://idp.stadt.example",)"
           R"("authorizationEndpoint":"https://idp.stadt.example/auth","clientId":"amtsstube",)"
           R"("redirectUri":"https://desk.example/desk/provider/back",)" +
           more + R"("keys":{"keys":[{"kty":"RSA","kid":"one","alg":"RS256","e":"AQAB","n":")" +
           toBase64Url(rsaKey(1).modulus()) + R"("}]}})";
}

/// What a provider says of somebody; each may be changed by a test.
struct Claims {
    std::string nonce = {}, subject = "lena-1", audience = "amtsstube", more = {};
    int key = 1;
    std::string kid = "one";
};

struct Provided {
    Town town;
    Browser lead{town, Surface::Desk};
    Browser lena{town, Surface::Desk};

    explicit Provided(const std::string& more = "")
    {
        town.identityProvider = providerFile(more);
        town.restart();
        signInFirst(town, lead);
        lead.post("/desk/paper", {{"kept", "yes"}});
        lead.get("/desk/clerks");
        lead.post("/desk/clerks",
                  {{"name", "Lena Lang"}, {"password", word}, {"again", word}, {"Clerk", "yes"}});
    }

    std::string lenasAddress()
    {
        return "/desk/clerks/" + town.text("SELECT id FROM clerk WHERE name = 'Lena Lang'");
    }
    std::string bindingCode()
    {
        lead.get(lenasAddress());
        lead.post(lenasAddress() + "/binding");
        return paperHalf(lead); // looks the same
    }

    /// Leaves for the provider; what the address there says.
    std::map<std::string, std::string> leave(Browser& browser)
    {
        const auto answer = browser.send("GET", "/desk/provider");
        BOOST_TEST_REQUIRE(answer.status == 303);
        const std::string address = answer.header("Location");
        const std::string start = std::string(issuer) + "/auth?";
        BOOST_TEST_REQUIRE(address.starts_with(start));
        return parseForm(address.substr(start.size()));
    }
    const HttpResponse& comeBack(Browser& browser, const std::string& state,
                                 const std::string& more = "&code=c0de")
    {
        return browser.get("/desk/provider/back?state=" + state + more);
    }
    HttpResponse asSync(const std::string& path, const std::string& body)
    {
        HttpRequest request;
        request.method = "POST";
        request.path = path;
        request.headers["content-type"] = "application/json";
        request.body = body;
        return town.handle(Surface::Sync, request);
    }
    json::ObjectPtr errand()
    {
        const auto answer = asSync("/sync/sign-ins/next", "{}");
        BOOST_TEST_REQUIRE(answer.status == 200);
        return json::parseObject(answer.body);
    }
    std::string tokenOf(const Claims& claims) const
    {
        const auto now =
            std::chrono::floor<std::chrono::seconds>(town.loop.utcNow()).time_since_epoch().count();
        return signAs(R"({"alg":"RS256","typ":"JWT","kid":")" + claims.kid + R"("})",
                      R"({"iss":")" + std::string(issuer) + R"(","aud":")" + claims.audience +
                          R"(","sub":")" + claims.subject + R"(","nonce":")" + claims.nonce +
                          R"(","iat":)" + std::to_string(now) + R"(,"exp":)" +
                          std::to_string(now + 300) + claims.more + "}",
                      rsaKey(claims.key), {"SHA256", -1, ""});
    }
    HttpResponse heard(const json::Object& errand, const std::string& body)
    {
        return asSync("/sync/sign-ins/" + json::text(errand, "id") + "/heard", body);
    }
    /// The whole way; where it ends.
    const HttpResponse& arrive(Browser& browser, Claims claims = {})
    {
        const auto sent = leave(browser);
        if (claims.nonce.empty())
            claims.nonce = sent.at("nonce");
        comeBack(browser, sent.at("state"));
        BOOST_TEST(browser.page.header("Refresh") == "1; url=/desk/provider/arrival");
        BOOST_TEST(heard(*errand(), R"({"outcome":"given","idToken":")" + tokenOf(claims) + R"("})")
                       .status == 204);
        return browser.get("/desk/provider/arrival");
    }
    void bindLena()
    {
        const std::string code = bindingCode();
        arrive(lena);
        lena.post("/desk/provider/bind", {{"code", code}, {"password", word}});
        BOOST_TEST_REQUIRE(lena.location == "/desk");
    }
    std::string newestAct() { return text("act"); }
    std::string text(const std::string& detail)
    {
        return town.text("SELECT coalesce(json_extract(details, '$." + detail +
                         "'), '') FROM journal ORDER BY number DESC LIMIT 1");
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_desk_provider)

BOOST_AUTO_TEST_CASE(the_way_there_has_state_nonce_and_a_challenge_and_no_secret)
{
    Provided town;
    const auto sent = town.leave(town.lena);
    BOOST_TEST(sent.at("response_type") == "code");
    BOOST_TEST(sent.at("scope") == "openid");
    BOOST_TEST(sent.at("client_id") == "amtsstube");
    BOOST_TEST(sent.at("redirect_uri") == "https://desk.example/desk/provider/back");
    BOOST_TEST(sent.at("code_challenge_method") == "S256");
    BOOST_TEST(sent.at("state").size() == 43U);
    BOOST_TEST(sent.at("nonce").size() == 43U);
    BOOST_TEST(sent.at("state") != sent.at("nonce"));
    town.comeBack(town.lena, sent.at("state"));
    const auto errand = town.errand();
    BOOST_TEST(json::text(*errand, "provider") == "stadt");
    BOOST_TEST(json::text(*errand, "code") == "c0de");
    BOOST_TEST(node::challengeOf(json::text(*errand, "verifier")) == sent.at("code_challenge"));
    BOOST_TEST(town.asSync("/sync/sign-ins/next", "{}").status == 204); // given out once
}

BOOST_AUTO_TEST_CASE(the_challenge_is_the_one_of_the_standard)
{
    // RFC 7636, appendix B
    BOOST_TEST(node::challengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") ==
               "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

BOOST_AUTO_TEST_CASE(who_is_not_bound_binds_by_code_and_password_and_is_let_in_from_then_on)
{
    Provided town;
    const std::string code = town.bindingCode();
    BOOST_TEST(code.size() == 29U);
    BOOST_TEST(!town.lead.get(town.lenasAddress()).body.empty());
    BOOST_TEST(!town.lead.shows(code)); // once
    town.arrive(town.lena);
    BOOST_TEST(town.lena.shows("Zugang verknüpfen"));
    town.lena.post("/desk/provider/bind", {{"code", code}, {"password", "ein falsches Wort"}});
    BOOST_TEST(town.lena.page.status == 403);
    town.lena.post("/desk/provider/bind",
                   {{"code", "2222-2222-2222-2222-2222-2222"}, {"password", word}});
    BOOST_TEST(town.lena.page.status == 403);
    town.lena.post("/desk/provider/bind", {{"code", code}, {"password", word}});
    BOOST_TEST(town.lena.location == "/desk");
    BOOST_TEST(!town.lena.shows("Schlüssel öffnen")); // her password has opened it
    BOOST_TEST(!town.lena.cookies.contains("amt_arrival"));
    town.lead.get(town.lenasAddress());
    BOOST_TEST(town.lead.shows("Verknüpft seit"));

    Browser again(town.town, Surface::Desk);
    town.arrive(again);
    BOOST_TEST(again.location == "/desk");
    BOOST_TEST(town.newestAct() == "sign-in-by-provider");
    // The provider reads no case: the key opens with her own password only.
    BOOST_TEST(again.shows("Schlüssel öffnen"));
    again.get("/desk/open");
    again.post("/desk/open", {{"password", "ein falsches Wort"}});
    BOOST_TEST(again.page.status == 403);
    again.post("/desk/open", {{"password", word}});
    BOOST_TEST(again.location == "/desk");
    BOOST_TEST(!again.shows("Schlüssel öffnen"));
    BOOST_TEST(town.newestAct() == "open-desk-key");
}

BOOST_AUTO_TEST_CASE(a_code_binds_once_within_a_day_and_one_identity_has_one_account)
{
    Provided town;
    const std::string first = town.bindingCode();
    const std::string second = town.bindingCode();
    town.arrive(town.lena);
    town.lena.post("/desk/provider/bind", {{"code", first}, {"password", word}});
    BOOST_TEST(town.lena.page.status == 403); // the second has replaced it
    town.lena.post("/desk/provider/bind", {{"code", second}, {"password", word}});
    BOOST_TEST(town.lena.location == "/desk");
    BOOST_TEST(town.town.count("SELECT count(*) FROM binding_code") == 0);

    Browser other(town.town, Surface::Desk);
    town.arrive(other, {.subject = "lena-2"});
    other.post("/desk/provider/bind", {{"code", second}, {"password", word}});
    BOOST_TEST(other.page.status == 403);
    // Bound already: no code is made.
    town.lead.get(town.lenasAddress());
    BOOST_TEST(
        town.lead.send("POST", town.lenasAddress() + "/binding", {{"key", town.lead.formKey()}})
            .status == 409);
    town.lead.post(town.lenasAddress() + "/binding/end");
    BOOST_TEST(town.lead.shows("Die Verknüpfung ist gelöst."));
    BOOST_TEST(town.lena.send("GET", "/desk").status == 403); // what came this way has ended
    const std::string late = town.bindingCode();
    town.town.loop.advance(std::chrono::hours(25));
    town.arrive(other, {.subject = "lena-2"});
    other.post("/desk/provider/bind", {{"code", late}, {"password", word}});
    BOOST_TEST(other.page.status == 403);
}

struct Lie {
    const char* kind;
    Claims claims;
    const char* reason;
};
std::ostream& operator<<(std::ostream& out, const Lie& lie)
{
    return out << lie.kind;
}
const Lie lies[] = {
    {"another nonce", {.nonce = "replayed"}, "NonceWrong"},
    {"for another client", {.audience = "other"}, "AudienceWrong"},
    {"a key that is not pinned", {.key = 3, .kid = "two"}, "KeyUnknown"},
    {"the kid of a pinned key, and another key", {.key = 3, .kid = "one"}, "SignatureWrong"},
    {"no subject", {.subject = ""}, "SubjectUnusable"},
};

BOOST_DATA_TEST_CASE(a_token_that_is_not_believed_lets_nobody_in, data::make(lies), lie)
{
    Provided town;
    town.bindLena();
    Browser other(town.town, Surface::Desk);
    HeardLog log;
    town.arrive(other, lie.claims);
    BOOST_TEST(other.page.status == 403);
    BOOST_TEST(other.shows("Anmeldung nicht angenommen"));
    BOOST_TEST(!other.cookies.contains("amt_desk"));
    BOOST_TEST(town.newestAct() == "refuse-provider");
    BOOST_TEST(town.text("reason") == lie.reason);
    BOOST_TEST(log.text().find(lie.reason) != std::string::npos);
    BOOST_TEST(log.text().find("eyJ") == std::string::npos); // no token
    BOOST_TEST(log.text().find("c0de") == std::string::npos);
    BOOST_TEST(other.get("/desk/provider/arrival").status == 403); // it is over
}

BOOST_AUTO_TEST_CASE(a_state_counts_once_in_the_browser_where_it_began)
{
    Provided town;
    const auto sent = town.leave(town.lena);
    Browser thief(town.town, Surface::Desk);
    BOOST_TEST(town.comeBack(thief, sent.at("state")).status == 403); // no cookie
    town.leave(thief);
    BOOST_TEST(town.comeBack(thief, sent.at("state")).status == 403); // another one's state
    BOOST_TEST(thief.shows("Diese Anmeldung gilt nicht mehr"));
    BOOST_TEST(town.comeBack(town.lena, sent.at("state")).status == 200);
    BOOST_TEST(town.comeBack(town.lena, sent.at("state")).status == 403); // used
    BOOST_TEST(town.asSync("/sync/sign-ins/next", "{}").status == 204);
}

BOOST_AUTO_TEST_CASE(a_wrong_state_ends_the_sign_in)
{
    Provided town;
    const auto sent = town.leave(town.lena);
    BOOST_TEST(town.comeBack(town.lena, "guessed").status == 403);
    BOOST_TEST(town.comeBack(town.lena, sent.at("state")).status == 403);
}

BOOST_AUTO_TEST_CASE(after_five_minutes_a_sign_in_is_over)
{
    Provided town;
    const auto sent = town.leave(town.lena);
    town.town.loop.advance(std::chrono::minutes(5));
    BOOST_TEST(town.comeBack(town.lena, sent.at("state")).status == 403);
}

BOOST_AUTO_TEST_CASE(an_answer_says_whose_it_is_where_the_provider_says_so)
{
    Provided town(R"("saysIssuer":true,)");
    auto sent = town.leave(town.lena);
    BOOST_TEST(town.comeBack(town.lena, sent.at("state")).status == 403); // no iss
    sent = town.leave(town.lena);
    BOOST_TEST(
        town.comeBack(town.lena, sent.at("state"), "&code=c0de&iss=https%3A%2F%2Fevil.example")
            .status == 403);
    sent = town.leave(town.lena);
    BOOST_TEST(town.comeBack(town.lena, sent.at("state"),
                             "&code=c0de&session_state=x&iss=" + escapeUri(issuer))
                   .status == 200);
}

BOOST_AUTO_TEST_CASE(who_gives_up_at_the_provider_is_told_so)
{
    Provided town;
    const auto sent = town.leave(town.lena);
    town.comeBack(town.lena, sent.at("state"), "&error=access_denied&error_description=no");
    town.lena.get("/desk/provider/arrival");
    BOOST_TEST(town.lena.page.status == 403);
    BOOST_TEST(town.lena.shows("Nicht angemeldet"));
}

const char* const silences[] = {"nobody asks", "no answer comes", "the provider is silent"};

BOOST_DATA_TEST_CASE(a_provider_that_does_not_answer_leaves_the_password, data::make(silences),
                     silence)
{
    Provided town;
    const auto sent = town.leave(town.lena);
    town.comeBack(town.lena, sent.at("state"));
    const std::string kind = silence;
    const auto errand = kind == "nobody asks" ? nullptr : town.errand();
    if (kind == "the provider is silent")
        town.heard(*errand, R"({"outcome":"silent"})");
    else
        town.town.loop.advance(std::chrono::seconds(21));
    town.lena.get("/desk/provider/arrival");
    BOOST_TEST(town.lena.page.status == 503);
    BOOST_TEST(town.lena.shows("Stadtkonto antwortet nicht"));
    if (errand) // too late
        BOOST_TEST(town.heard(*errand, R"({"outcome":"refused"})").status == 404);
    town.lena.get("/desk/sign-in");
    BOOST_TEST(town.lena.shows("Anmelden mit Stadtkonto"));
    town.lena.post("/desk/sign-in", {{"name", "Lena Lang"}, {"password", word}});
    BOOST_TEST(town.lena.location == "/desk");
}

BOOST_AUTO_TEST_CASE(a_code_that_the_provider_refuses_lets_nobody_in)
{
    Provided town;
    const auto sent = town.leave(town.lena);
    town.comeBack(town.lena, sent.at("state"));
    town.heard(*town.errand(), R"({"outcome":"refused"})");
    town.lena.get("/desk/provider/arrival");
    BOOST_TEST(town.lena.page.status == 403);
    BOOST_TEST(town.text("reason") == "CodeNotTaken");
}

BOOST_AUTO_TEST_CASE(times_that_do_not_fit_are_a_matter_of_clocks)
{
    Provided town;
    const auto sent = town.leave(town.lena);
    town.comeBack(town.lena, sent.at("state"));
    const auto errand = town.errand();
    Claims claims;
    claims.nonce = sent.at("nonce");
    claims.more = R"(,"nbf":4000000000)";
    town.heard(*errand, R"({"outcome":"given","idToken":")" + town.tokenOf(claims) + R"("})");
    town.lena.get("/desk/provider/arrival");
    BOOST_TEST(town.lena.page.status == 503);
    BOOST_TEST(town.lena.shows("Die Uhr ist unsicher"));
}

BOOST_AUTO_TEST_CASE(nobody_comes_by_a_provider_while_our_clock_is_doubtful)
{
    Provided town;
    BOOST_TEST(town.asSync("/sync/status",
                           R"({"reachable":true,"portalTime":")" +
                               toIso(town.town.loop.utcNow() - std::chrono::minutes(10)) + R"("})")
                   .status == 204);
    town.lena.get("/desk/provider");
    BOOST_TEST(town.lena.page.status == 503);
    BOOST_TEST(town.lena.shows("Die Uhr ist unsicher"));
}

BOOST_AUTO_TEST_CASE(a_closed_account_is_not_opened_by_a_provider)
{
    Provided town;
    town.bindLena();
    town.lead.get(town.lenasAddress());
    town.lead.post(town.lenasAddress() + "/roles");
    Browser other(town.town, Surface::Desk);
    town.arrive(other);
    BOOST_TEST(other.page.status == 403);
    BOOST_TEST(other.shows("Ihr Zugang ist geschlossen"));
}

struct Vouching {
    const char* kind;
    const char* configured;
    const char* said;
    const char* ends; ///< where whoever must have a second factor stands then
};
std::ostream& operator<<(std::ostream& out, const Vouching& vouching)
{
    return out << vouching.kind;
}
const Vouching vouchings[] = {
    {"IT trusts no second factor of the provider", "", R"(,"amr":["pwd","otp"])", "/desk/open"},
    {"IT trusts otp, and it was used", R"("trustedSecondFactor":{"amr":["otp"]},)",
     R"(,"amr":["pwd","otp"])", "/desk"},
    {"IT trusts otp, and it was not used", R"("trustedSecondFactor":{"amr":["otp"]},)",
     R"(,"amr":["pwd"])", "/desk/open"},
    {"IT trusts a level, and it was reached", R"("trustedSecondFactor":{"acr":["high"]},)",
     R"(,"acr":"high")", "/desk"},
    {"IT trusts a level, and nothing is said", R"("trustedSecondFactor":{"acr":["high"]},)", "",
     "/desk/open"},
};

BOOST_DATA_TEST_CASE(a_second_factor_is_the_providers_only_where_IT_trusts_it,
                     data::make(vouchings), vouching)
{
    Provided town(vouching.configured);
    town.bindLena();
    town.town.secondFactorFor = {Role::Clerk};
    town.town.restart();
    Browser other(town.town, Surface::Desk);
    Claims claims;
    claims.more = vouching.said;
    town.arrive(other, claims);
    BOOST_TEST(other.location == vouching.ends);
    if (std::string(vouching.ends) == "/desk/open") {
        // Ours is sealed under the key that her password opens: that first, then the factor.
        BOOST_TEST(other.send("GET", "/desk").header("Location") == "/desk/open");
        other.get("/desk/open");
        other.post("/desk/open", {{"password", word}});
        BOOST_TEST(other.location == "/desk/factor");
    }
}

BOOST_AUTO_TEST_CASE(what_IT_requires_must_be_said)
{
    Provided town(R"("required":{"acr":["high"]},)");
    const auto sent = town.leave(town.lena);
    BOOST_TEST(sent.at("acr_values") == "high");
    Browser other(town.town, Surface::Desk);
    Claims claims;
    claims.more = R"(,"acr":"low")";
    town.arrive(other, claims);
    BOOST_TEST(other.page.status == 403);
    BOOST_TEST(town.text("reason") == "AcrMissing");
}

BOOST_AUTO_TEST_CASE(without_a_provider_there_is_no_such_way)
{
    Town town;
    Browser desk(town, Surface::Desk);
    BOOST_TEST(desk.send("GET", "/desk/provider").status == 404);
    desk.get("/desk/sign-in");
    BOOST_TEST(!desk.shows("/desk/provider"));
}

BOOST_AUTO_TEST_CASE(two_hundred_sign_ins_wait_and_the_oldest_goes_first)
{
    Provided town;
    const auto first = town.leave(town.lena);
    std::map<std::string, std::string> newest;
    Browser another(town.town, Surface::Desk);
    for (int i = 0; i < 200; ++i) {
        another.cookies.clear();
        town.town.loop.advance(Milliseconds(1));
        newest = town.leave(another);
    }
    BOOST_TEST(town.comeBack(another, newest.at("state")).status == 200);
    BOOST_TEST(town.comeBack(town.lena, first.at("state")).status == 403);
}

const char* const brokenFiles[] = {
    "{}",
    R"({"format":2})",
    R"({"format":1,"id":"","name":"x"})",
    "no json",
};
BOOST_DATA_TEST_CASE(a_file_of_it_is_taken_whole_or_not_at_all, data::make(brokenFiles), file)
{
    BOOST_CHECK_THROW(node::readIdentityProvider(file), Error);
}

const std::pair<const char*, const char*> faults[] = {
    {R"("https://idp.stadt.example/auth")", R"("http://idp.stadt.example/auth")"},
    {R"("https://idp.stadt.example/auth")", R"("https://idp.stadt.example/auth#x")"},
    {R"("https://idp.stadt.example/auth")", R"("https://idp.stadt.example/a b")"},
    {"/desk/provider/back", "/desk/elsewhere"},
    {R"("alg":"RS256")", R"("alg":"none")"},
    {R"("format":1)", R"("format":1,"surprise":1)"},
    {R"("clientId":"amtsstube",)", ""},
};

BOOST_AUTO_TEST_CASE(each_fault_in_the_file_of_it_is_refused)
{
    BOOST_TEST(node::readIdentityProvider(providerFile()).name == "Stadtkonto");
    for (const auto& [from, to] : faults) {
        std::string file = providerFile();
        file.replace(file.find(from), std::string_view(from).size(), to);
        BOOST_CHECK_EXCEPTION(node::readIdentityProvider(file), Error, [&](const Error& error) {
            return error.errorCode() == ErrorCode::ConfigurationInvalid ||
                   error.errorCode() == ErrorCode::KeyUnusable;
        });
    }
}

BOOST_AUTO_TEST_SUITE_END()
