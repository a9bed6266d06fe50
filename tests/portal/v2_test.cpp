// SPDX-License-Identifier: EUPL-1.2
//
// The v2 adapter against a scripted line: tokens, requests, and what each answer means (sync.md 5).
#include "appliance/core/log.h"
#include "sync/portal/portal_link.h"
#include "tests/portal/scripted.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::portal;

namespace {

const std::string destinationId = "11111111-2222-4333-8444-555555555555";
const std::string submissionId = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const std::string caseId = "99999999-8888-4777-8666-555555555555";
const std::string attachmentId = "00000000-0000-4000-8000-000000000001";
const std::string envelopeId = "12345678-1234-4234-8234-123456789012";
const std::string announcedText =
    R"({"submissionId":")" + submissionId + R"(","caseId":")" + caseId + "\"}";

struct World {
    World() { log::setEnabled(false); }
    ~World() { log::setEnabled(true); }

    test::StandingLoop loop;
    test::ScriptedExchange line;
    std::unique_ptr<PortalLink> link = makeV2Link({"client-1", "s&cret ü"}, line, loop);
};

template <typename Good>
struct Heard {
    std::vector<Answer<Good>> answers;
    Reply<Good> reply()
    {
        return [this](Answer<Good> answer) { answers.push_back(std::move(answer)); };
    }
    template <typename Kind>
    const Kind& only() const
    {
        BOOST_REQUIRE(answers.size() == 1);
        BOOST_REQUIRE(std::holds_alternative<Kind>(answers[0]));
        return std::get<Kind>(answers[0]);
    }
};

Announcement announcement()
{
    return {envelopeId,     destinationId, "99108001001000", "Bewohnerparkausweis",
            "053340002002", {attachmentId}};
}

struct Meaning {
    int status;
    const char* body;
    const char* kind;
    const char* detail; ///< problem type, or seconds to wait
    std::vector<std::pair<std::string, std::string>> headers;
};
std::ostream& operator<<(std::ostream& out, const Meaning& meaning)
{
    return out << meaning.status << " " << meaning.kind << " " << meaning.detail;
}

const char* const problem =
    R"({"type":"https://schema.fitko.de/fit-connect/submission-api/problems/submission-not-found","title":"x","status":404})";

// sync.md 5, and no redirects (security.md T5)
const Meaning meanings[] = {
    {200, "", "done", "", {}},
    {201, "{}", "done", "", {}},
    {204, "", "done", "", {}},
    {301, "", "refused", "", {{"Location", "https://evil.example/"}}},
    {302, "", "refused", "", {{"Location", "/elsewhere"}}},
    {307, "", "refused", "", {{"Location", "/elsewhere"}}},
    {400, problem, "refused", "submission-not-found", {}},
    {404, problem, "refused", "submission-not-found", {}},
    {404, "<html>", "refused", "", {}},
    {404, R"({"type":"about:blank"})", "refused", "", {}},
    {404, R"({"type":"https://x/<script>"})", "refused", "", {}},
    {404, R"({"type":7})", "refused", "", {}},
    {409, R"({"type":"/submission-differs"})", "refused", "submission-differs", {}},
    {410, "", "refused", "", {}},
    {413, "", "refused", "", {}},
    {421, "", "refused", "", {}},
    {422, R"({"type":"invalid-jwe"})", "refused", "invalid-jwe", {}},
    {408, "", "unknown", "", {}},
    {425, "", "unknown", "", {}},
    {429, "", "unknown", "7", {{"Retry-After", "7"}}},
    {429, "", "unknown", "9", {{"retry-after", "9"}}},
    {429, "", "unknown", "3600", {{"Retry-After", "86400"}}},
    {429, "", "unknown", "90", {{"Retry-After", "Sat, 21 Nov 2026 12:01:30 GMT"}}},
    {429, "", "unknown", "0", {{"Retry-After", "Sat, 21 Nov 2026 11:01:30 GMT"}}},
    {429, "", "unknown", "", {{"Retry-After", "soon"}}},
    {429, "", "unknown", "", {{"Retry-After", "-5"}}},
    {429, "", "unknown", "5", {{"RateLimit-Reset", "5"}}},
    {500, problem, "unknown", "", {}},
    {502, "", "unknown", "", {}},
    {503, "", "unknown", "120", {{"Retry-After", "120"}}},
    {504, "", "unknown", "", {}},
    {599, "", "unknown", "", {}},
    {600, "", "unknown", "", {}},
    {100, "", "unknown", "", {}},
    {0, "", "unknown", "", {}},
};

} // namespace

BOOST_AUTO_TEST_SUITE(portal_v2)

BOOST_DATA_TEST_CASE(each_answer_means_one_thing, data::make(meanings), meaning)
{
    World world;
    Heard<Done> heard;
    world.link->submit(submissionId, "m", "d", heard.reply());
    world.line.giveToken();
    world.line.answer(meaning.status, meaning.body, meaning.headers);
    if (meaning.kind == std::string("done")) {
        heard.only<Done>();
    } else if (meaning.kind == std::string("refused")) {
        BOOST_TEST(heard.only<Refused>().status == meaning.status);
        BOOST_TEST(heard.only<Refused>().problemType == meaning.detail);
    } else {
        const auto& after = heard.only<Unknown>().retryAfter;
        BOOST_TEST((after ? std::to_string(after->count()) : "") == meaning.detail);
    }
    BOOST_TEST(world.line.waiting.empty());
}

BOOST_AUTO_TEST_CASE(no_answer_leaves_it_unknown)
{
    World world;
    Heard<Announced> heard;
    world.link->announce(announcement(), heard.reply());
    world.line.giveToken();
    world.line.answer(NoAnswer{true});
    heard.only<Unknown>();
}

BOOST_AUTO_TEST_CASE(the_token_is_fetched_with_the_secret_in_the_body)
{
    World world;
    Heard<Done> heard;
    world.link->submit(submissionId, "m", "d", heard.reply());
    const HttpRequest asked = world.line.giveToken();
    BOOST_TEST(asked.method == "POST");
    BOOST_TEST(asked.path == "/token");
    BOOST_TEST(asked.headers.at("content-type") == "application/x-www-form-urlencoded");
    BOOST_TEST(!asked.headers.contains("authorization"));
    BOOST_TEST(asked.headers.at("user-agent").starts_with("amtsstube/"));
    const auto form = parseForm(asked.body);
    BOOST_TEST(form.size() == 4U);
    BOOST_TEST(form.at("grant_type") == "client_credentials");
    BOOST_TEST(form.at("client_id") == "client-1");
    BOOST_TEST(form.at("client_secret") == "s&cret ü");
    BOOST_TEST(form.at("scope") ==
               "https://schema.fitko.de/fit-connect/oauth/scopes/send-submissions");
}

BOOST_AUTO_TEST_CASE(one_token_serves_all_who_wait_and_80_percent_of_its_life)
{
    World world;
    Heard<Done> first, second, third, fourth;
    world.link->submit(submissionId, "m", "d", first.reply());
    world.link->submit(submissionId, "m", "d", second.reply());
    BOOST_TEST(world.line.waiting.size() == 1U); // one asks for the token, both wait for it
    world.line.giveToken("token-1", 1000);
    BOOST_TEST(world.line.waiting.size() == 2U);
    BOOST_TEST(world.line.answer(200).headers.at("authorization") == "Bearer token-1");
    BOOST_TEST(world.line.answer(200).headers.at("authorization") == "Bearer token-1");
    first.only<Done>();
    second.only<Done>();

    world.loop.boot += std::chrono::seconds(799);
    world.link->submit(submissionId, "m", "d", third.reply());
    BOOST_TEST(world.line.answer(200).headers.at("authorization") == "Bearer token-1");
    world.loop.boot += std::chrono::seconds(1);
    world.link->submit(submissionId, "m", "d", fourth.reply());
    BOOST_TEST(world.line.giveToken("token-2").path == "/token");
    BOOST_TEST(world.line.answer(200).headers.at("authorization") == "Bearer token-2");
    fourth.only<Done>();
}

BOOST_AUTO_TEST_CASE(a_token_that_is_no_longer_good_is_renewed_once)
{
    for (const int status : {401, 403}) {
        World world;
        Heard<Done> heard;
        world.link->putAttachment(submissionId, attachmentId, "jwe", heard.reply());
        world.line.giveToken("token-1");
        world.line.answer(status);
        BOOST_TEST(world.line.giveToken("token-2").path == "/token");
        const HttpRequest again = world.line.answer(204);
        BOOST_TEST(again.headers.at("authorization") == "Bearer token-2");
        BOOST_TEST(again.body == "jwe"); // the same bytes: never sealed anew
        heard.only<Done>();
    }
}

BOOST_AUTO_TEST_CASE(after_one_renewal_it_is_our_credentials)
{
    World world;
    Heard<Done> heard;
    world.link->submit(submissionId, "m", "d", heard.reply());
    world.line.giveToken("token-1");
    world.line.answer(401);
    world.line.giveToken("token-2");
    world.line.answer(401);
    heard.only<Unauthorised>();
    BOOST_TEST(world.line.waiting.empty());
}

BOOST_AUTO_TEST_CASE(two_requests_refused_at_once_renew_the_token_once)
{
    World world;
    Heard<Done> first, second;
    world.link->submit(submissionId, "1", "d", first.reply());
    world.link->submit(submissionId, "2", "d", second.reply());
    world.line.giveToken("token-1");
    world.line.answer(401);
    world.line.answer(401);
    BOOST_TEST(world.line.waiting.size() == 1U);
    world.line.giveToken("token-2");
    world.line.answer(200);
    world.line.answer(200);
    first.only<Done>();
    second.only<Done>();

    // a late refusal of the old token does not throw the new one away
    Heard<Done> third, fourth;
    world.link->submit(submissionId, "3", "d", third.reply());
    world.link->submit(submissionId, "4", "d", fourth.reply());
    world.line.answer(401);
    BOOST_TEST(world.line.waiting.size() == 2U); // the fourth, and the question for a token
    world.line.giveToken("token-3", 1800, 1);
    world.line.answer(401); // the fourth, still under token-2
    BOOST_TEST(world.line.answer(200).headers.at("authorization") == "Bearer token-3");
    BOOST_TEST(world.line.answer(200).headers.at("authorization") == "Bearer token-3");
    fourth.only<Done>();
}

BOOST_AUTO_TEST_CASE(a_token_that_is_not_given_says_why)
{
    const struct {
        int status;
        const char* body;
        bool credentials;
    } rows[] = {
        {401, R"({"error":"invalid_client"})", true},
        {400, R"({"error":"invalid_scope"})", true},
        {403, "", true},
        {404, "", false},
        {302, "", false},
        {429, "", false},
        {500, "", false},
        {200, "", false},
        {200, "{}", false},
        {200, R"({"access_token":"","token_type":"Bearer","expires_in":1})", false},
        {200, R"({"access_token":"a\r\nX-Evil: 1","token_type":"Bearer","expires_in":1})", false},
        {200, R"({"access_token":"a","token_type":"mac","expires_in":1})", false},
        {200, R"({"access_token":"a","token_type":"Bearer","expires_in":0})", false},
        {200, R"({"access_token":"a","token_type":"Bearer","expires_in":"1800"})", false},
    };
    for (const auto& row : rows) {
        World world;
        Heard<Done> heard;
        world.link->submit(submissionId, "m", "d", heard.reply());
        world.line.answer(row.status, row.body);
        BOOST_TEST_CONTEXT(row.status << " " << row.body)
        {
            BOOST_TEST(std::holds_alternative<Unauthorised>(heard.answers.at(0)) ==
                       row.credentials);
            BOOST_TEST(std::holds_alternative<Unknown>(heard.answers.at(0)) == !row.credentials);
        }
        BOOST_TEST(world.line.waiting.empty());
    }
    World world;
    Heard<Done> heard;
    world.link->submit(submissionId, "m", "d", heard.reply());
    world.line.answer(NoAnswer{});
    heard.only<Unknown>();
}

BOOST_AUTO_TEST_CASE(an_announcement_names_what_is_wanted_and_its_envelope)
{
    World world;
    Heard<Announced> heard;
    world.link->announce(announcement(), heard.reply());
    world.line.giveToken();
    const HttpRequest asked = world.line.answer(201, announcedText);
    BOOST_TEST(asked.method == "POST");
    BOOST_TEST(asked.path == "/v2/submissions");
    BOOST_TEST(asked.headers.at("idempotency-key") == envelopeId);
    BOOST_TEST(asked.headers.at("content-type") == "application/json");
    BOOST_TEST(asked.body ==
               R"({"destinationId":")" + destinationId + R"(","announcedAttachments":[")" +
                   attachmentId +
                   R"("],"publicService":{"identifier":"urn:de:fim:leika:leistung:99108001001000",)"
                   R"("name":"Bewohnerparkausweis"},"region":"053340002002"})");
    BOOST_TEST(heard.only<Announced>().submissionId == submissionId);
    BOOST_TEST(heard.only<Announced>().caseId == caseId);
}

BOOST_AUTO_TEST_CASE(parts_are_sent_as_they_were_sealed)
{
    World world;
    Heard<Done> attachment, submission;
    world.link->putAttachment(submissionId, attachmentId, "a.b.c.d.e", attachment.reply());
    world.line.giveToken();
    HttpRequest asked = world.line.answer(204);
    BOOST_TEST(asked.method == "PUT");
    BOOST_TEST(asked.path == "/v2/submissions/" + submissionId + "/attachments/" + attachmentId);
    BOOST_TEST(asked.headers.at("content-type") == "application/jose");
    BOOST_TEST(asked.body == "a.b.c.d.e");

    world.link->submit(submissionId, "m.m.m.m.m", "d.d.d.d.d", submission.reply());
    asked = world.line.answer(200, "{}");
    BOOST_TEST(asked.method == "PUT");
    BOOST_TEST(asked.path == "/v2/submissions/" + submissionId);
    BOOST_TEST(asked.body == R"({"encryptedMetadata":"m.m.m.m.m","encryptedData":"d.d.d.d.d"})");
}

BOOST_AUTO_TEST_CASE(destination_keys_and_events_come_as_they_are)
{
    World world;
    Heard<DestinationInfo> destination;
    world.link->destination(destinationId, destination.reply());
    world.line.giveToken();
    const std::string document =
        R"({"destinationId":")" + destinationId + R"(", "encryptionKid":"office-2026-1","more":1})";
    BOOST_TEST(world.line.answer(200, document).path == "/v2/destinations/" + destinationId);
    BOOST_TEST(destination.only<DestinationInfo>().document == document);
    BOOST_TEST(destination.only<DestinationInfo>().encryptionKid == "office-2026-1");

    Heard<std::string> key;
    world.link->destinationKey(destinationId, "office-2026-1", key.reply());
    BOOST_TEST(world.line.answer(200, R"({ "kty":"RSA"})").path ==
               "/v2/destinations/" + destinationId + "/keys/office-2026-1");
    BOOST_TEST(key.only<std::string>() == R"({ "kty":"RSA"})");

    Heard<std::vector<std::string>> events;
    world.link->events(caseId, 3, events.reply());
    const HttpRequest asked = world.line.answer(200, R"({"eventLog":["a.b.c","d.e.f"]})");
    BOOST_TEST(asked.path == "/v2/cases/" + caseId + "/events");
    BOOST_TEST(asked.query == "limit=100&offset=3");
    BOOST_TEST(events.only<std::vector<std::string>>().size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_keys_of_the_service_need_no_token)
{
    World world;
    Heard<std::string> keys;
    world.link->serviceKeys(keys.reply());
    const HttpRequest asked = world.line.answer(200, R"({"keys":[]})");
    BOOST_TEST(asked.path == "/.well-known/jwks.json");
    BOOST_TEST(!asked.headers.contains("authorization"));
    BOOST_TEST(keys.only<std::string>() == R"({"keys":[]})");
}

BOOST_AUTO_TEST_CASE(a_good_status_with_a_bad_body_leaves_it_unknown)
{
    for (const std::string& body :
         {std::string(), std::string("{}"), std::string("[]"),
          R"({"submissionId":"1","caseId":"2"})" + std::string(), announcedText + "x",
          announcedText + std::string(1024 * 1024, ' ')}) {
        World world;
        Heard<Announced> heard;
        world.link->announce(announcement(), heard.reply());
        world.line.giveToken();
        world.line.answer(201, body);
        heard.only<Unknown>();
    }
    World world;
    Heard<std::string> keys;
    world.link->serviceKeys(keys.reply());
    world.line.answer(200, R"({"keys":[]})" + std::string(64 * 1024, ' '));
    keys.only<Unknown>();

    Heard<DestinationInfo> other;
    world.link->destination(destinationId, other.reply());
    world.line.giveToken();
    world.line.answer(200,
                      R"({"destinationId":")" + caseId + R"(","encryptionKid":"office-2026-1"})");
    other.only<Unknown>();
}

BOOST_AUTO_TEST_CASE(a_name_that_is_no_path_segment_is_never_asked_for)
{
    World world;
    for (const std::string kid : {"", ".", "..", "a/b", "a?b", "a b", "a%2fb", "\xc3\xbc"}) {
        Heard<std::string> key;
        world.link->destinationKey(destinationId, kid, key.reply());
        key.only<Refused>();
    }
    Heard<Done> done;
    world.link->submit("../token", "m", "d", done.reply());
    done.only<Refused>();
    BOOST_TEST(world.line.waiting.empty());
}

BOOST_AUTO_TEST_CASE(an_answer_after_the_link_has_gone_disturbs_nobody)
{
    World world;
    Heard<Done> heard;
    world.link->submit(submissionId, "m", "d", heard.reply());
    world.link.reset();
    world.line.giveToken();
    BOOST_TEST(world.line.waiting.empty());
    BOOST_TEST(heard.answers.empty());
}

BOOST_AUTO_TEST_CASE(the_real_service_has_other_addresses)
{
    test::StandingLoop loop;
    test::ScriptedExchange api, tokens;
    const auto link = makeV2Link({.clientId = "c",
                                  .clientSecret = "s",
                                  .tokenPath = "/oauth/token",
                                  .basePath = "/submission-api",
                                  .tokenExchange = &tokens},
                                 api, loop);
    Heard<Done> heard;
    link->submit(submissionId, "m", "d", heard.reply());
    BOOST_TEST(tokens.giveToken().path == "/oauth/token");
    BOOST_TEST(api.answer(200).path == "/submission-api/v2/submissions/" + submissionId);
    heard.only<Done>();
}

BOOST_AUTO_TEST_SUITE_END()
