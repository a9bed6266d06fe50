// SPDX-License-Identifier: EUPL-1.2
//
// Security Event Tokens: who may say what, and forged tokens of each kind are refused by their
// code.
#include "sync/envelope/envelope.h"
#include "tests/envelope/forge.h"
#include "tests/support/test_keys.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::envelope;

namespace {

const std::string serviceUrl = "https://gateway.example";
const std::string destinationId = "11111111-2222-4333-8444-555555555555";
const std::string serviceKid = "service-sig-1";
const std::string destinationKid = "office-sig-1";
const std::string submissionId = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const std::string caseId = "99999999-8888-4777-8666-555555555555";
const std::string attachmentId = "00000000-0000-4000-8000-000000000001";
const UtcTime now = fromIso("2026-11-21T12:00:00Z"); // iat 1795262400

const IssuerKeys& service()
{
    static const IssuerKeys keys{serviceUrl,
                                 {{serviceKid, KeyUse::Verify, test::publicRsaKey(1), {}}}};
    return keys;
}
const IssuerKeys& destination()
{
    static const IssuerKeys keys{destinationId,
                                 {{destinationKid, KeyUse::Verify, test::publicRsaKey(2), {}}}};
    return keys;
}

AuthenticationTags someTags()
{
    return {"AAAAAAAAAAAAAAAAAAAAAA",
            "BBBBBBBBBBBBBBBBBBBBBA",
            {{attachmentId, "CCCCCCCCCCCCCCCCCCCCCA"}}};
}

SecurityEvent event(EventKind kind, const std::string& issuer)
{
    SecurityEvent made{
        "77777777-7777-4777-8777-777777777777", issuer, now, submissionId, caseId, kind, {}, {}};
    if (kind == EventKind::Submit || kind == EventKind::Accept)
        made.tags = someTags();
    if (kind == EventKind::Reject)
        made.problems = {{"https://schema.fitko.de/fit-connect/events/problems/hash-mismatch",
                          "Hash", "Grund: ü", "data"}};
    return made;
}

const std::string goodHeader = R"({"typ":"secevent+jwt","alg":"PS512","kid":"service-sig-1"})";

/// Claims of a submit event with some members replaced (an empty text leaves one out) and others
/// put behind.
std::string claims(const std::map<std::string, std::string>& changes = {},
                   const std::string& more = "")
{
    std::vector<std::pair<std::string, std::string>> members = {
        {"$schema",
         R"("https://schema.fitko.de/fit-connect/set-payload/1.2.2/set-payload.schema.json")"},
        {"jti", R"("77777777-7777-4777-8777-777777777777")"},
        {"iss", "\"" + serviceUrl + "\""},
        {"iat", "1795262400"},
        {"sub", "\"submission:" + submissionId + "\""},
        {"txn", "\"case:" + caseId + "\""},
        {"events",
         R"({"https://schema.fitko.de/fit-connect/events/submit-submission":{"authenticationTags":{)"
         R"("metadata":"AAAAAAAAAAAAAAAAAAAAAA","data":"BBBBBBBBBBBBBBBBBBBBBA","attachments":{}}}})"},
    };
    std::string text = "{";
    for (const auto& [name, value] : members) {
        const auto changed = changes.find(name);
        const std::string& used = changed == changes.end() ? value : changed->second;
        if (!used.empty())
            text += (text.size() > 1 ? "," : "") + ("\"" + name + "\":" + used);
    }
    return text + more + "}";
}

std::string submitWith(const std::string& content)
{
    return claims(
        {{"events",
          R"({"https://schema.fitko.de/fit-connect/events/submit-submission":)" + content + "}"}});
}

/// As the service would sign it, were it not what it is.
std::function<std::string()> signedClaims(const std::string& payload)
{
    return [payload] { return test::signAs(goodHeader, payload, test::rsaKey(1)); };
}
std::function<std::string()> withHeader(const std::string& header)
{
    return [header] { return test::signAs(header, claims(), test::rsaKey(1)); };
}
std::function<std::string()> withSignature(test::SignatureKind kind)
{
    return [kind] { return test::signAs(goodHeader, claims(), test::rsaKey(1), kind); };
}
std::function<std::string()> changedText(std::function<std::string(std::string)> change)
{
    return [change] { return change(test::signAs(goodHeader, claims(), test::rsaKey(1))); };
}

std::string hmacForgery()
{
    const std::string input =
        toBase64Url(view(R"({"typ":"secevent+jwt","alg":"HS256","kid":"service-sig-1"})")) + "." +
        toBase64Url(view(claims()));
    return input + "." + toBase64Url(hmacSha256(Secret(test::rsaKey(1).publicDer()), view(input)));
}

struct Forged {
    const char* kind;
    std::function<std::string()> forge;
    ErrorCode code;
};
std::ostream& operator<<(std::ostream& out, const Forged& forged)
{
    return out << forged.kind;
}

constexpr auto invalid = ErrorCode::SignatureInvalid;
constexpr auto refused = ErrorCode::EventRefused;

const Forged forgedTokens[] = {
    // the header, before any key
    {"alg none without signature",
     [] {
         return toBase64Url(view(R"({"typ":"secevent+jwt","alg":"none","kid":"service-sig-1"})")) +
                "." + toBase64Url(view(claims())) + ".";
     },
     invalid},
    {"alg none with a signature",
     withHeader(R"({"typ":"secevent+jwt","alg":"none","kid":"service-sig-1"})"), invalid},
    {"alg None", withHeader(R"({"typ":"secevent+jwt","alg":"None","kid":"service-sig-1"})"),
     invalid},
    {"alg HS256 with the public key", hmacForgery, invalid},
    {"alg RS256",
     [] {
         return test::signAs(R"({"typ":"secevent+jwt","alg":"RS256","kid":"service-sig-1"})",
                             claims(), test::rsaKey(1), {"SHA256", -1, ""});
     },
     invalid},
    {"alg RS512",
     [] {
         return test::signAs(R"({"typ":"secevent+jwt","alg":"RS512","kid":"service-sig-1"})",
                             claims(), test::rsaKey(1), {"SHA512", -1, ""});
     },
     invalid},
    {"alg PS256",
     [] {
         return test::signAs(R"({"typ":"secevent+jwt","alg":"PS256","kid":"service-sig-1"})",
                             claims(), test::rsaKey(1), {"SHA256", 32, "SHA256"});
     },
     invalid},
    {"alg PS384",
     [] {
         return test::signAs(R"({"typ":"secevent+jwt","alg":"PS384","kid":"service-sig-1"})",
                             claims(), test::rsaKey(1), {"SHA384", 48, "SHA384"});
     },
     invalid},
    {"alg ps512", withHeader(R"({"typ":"secevent+jwt","alg":"ps512","kid":"service-sig-1"})"),
     invalid},
    {"alg missing", withHeader(R"({"typ":"secevent+jwt","kid":"service-sig-1"})"), invalid},
    {"alg an array", withHeader(R"({"typ":"secevent+jwt","alg":["PS512"],"kid":"service-sig-1"})"),
     invalid},
    {"alg doubled",
     withHeader(R"({"typ":"secevent+jwt","alg":"none","alg":"PS512","kid":"service-sig-1"})"),
     invalid},
    {"typ JWT", withHeader(R"({"typ":"JWT","alg":"PS512","kid":"service-sig-1"})"), invalid},
    {"typ with application/",
     withHeader(R"({"typ":"application/secevent+jwt","alg":"PS512","kid":"service-sig-1"})"),
     invalid},
    {"typ missing", withHeader(R"({"alg":"PS512","kid":"service-sig-1"})"), invalid},
    {"typ doubled",
     withHeader(R"({"typ":"JWT","typ":"secevent+jwt","alg":"PS512","kid":"service-sig-1"})"),
     invalid},
    {"kid missing", withHeader(R"({"typ":"secevent+jwt","alg":"PS512"})"), invalid},
    {"kid unknown", withHeader(R"({"typ":"secevent+jwt","alg":"PS512","kid":"service-sig-2"})"),
     invalid},
    {"kid of the other issuer",
     withHeader(R"({"typ":"secevent+jwt","alg":"PS512","kid":"office-sig-1"})"), invalid},
    {"kid a path", withHeader(R"({"typ":"secevent+jwt","alg":"PS512","kid":"../../dev/null"})"),
     invalid},
    {"crit",
     withHeader(
         R"({"typ":"secevent+jwt","alg":"PS512","kid":"service-sig-1","crit":["b64"],"b64":false})"),
     invalid},
    {"b64 false",
     withHeader(R"({"typ":"secevent+jwt","alg":"PS512","kid":"service-sig-1","b64":false})"),
     invalid},
    {"embedded jwk",
     withHeader(
         R"({"typ":"secevent+jwt","alg":"PS512","kid":"service-sig-1","jwk":{"kty":"RSA"}})"),
     invalid},
    {"jku",
     withHeader(
         R"({"typ":"secevent+jwt","alg":"PS512","kid":"service-sig-1","jku":"https://evil.example"})"),
     invalid},
    {"x5u",
     withHeader(
         R"({"typ":"secevent+jwt","alg":"PS512","kid":"service-sig-1","x5u":"https://evil.example"})"),
     invalid},
    {"x5c",
     withHeader(R"({"typ":"secevent+jwt","alg":"PS512","kid":"service-sig-1","x5c":["AAAA"]})"),
     invalid},
    {"cty", withHeader(R"({"typ":"secevent+jwt","alg":"PS512","kid":"service-sig-1","cty":"JWT"})"),
     invalid},
    {"header not an object", withHeader(R"("PS512")"), invalid},
    {"header with bytes after its end", withHeader(goodHeader + "{}"), invalid},
    {"header of 3000 blanks", withHeader(std::string(3000, ' ') + goodHeader), invalid},
    // the signature
    {"signed by another key", [] { return test::signAs(goodHeader, claims(), test::rsaKey(0)); },
     invalid},
    {"signed by the destination in the service's name",
     [] { return test::signAs(goodHeader, claims(), test::rsaKey(2)); }, invalid},
    {"PSS salt of 32 bytes", withSignature({"SHA512", 32, "SHA512"}), invalid},
    {"PSS salt of 0 bytes", withSignature({"SHA512", 0, "SHA512"}), invalid},
    {"PSS salt of 63 bytes", withSignature({"SHA512", 63, "SHA512"}), invalid},
    {"PSS salt of 65 bytes", withSignature({"SHA512", 65, "SHA512"}), invalid},
    {"PSS salt as long as can be", withSignature({"SHA512", 382, "SHA512"}), invalid},
    {"PSS with MGF1 of SHA-256", withSignature({"SHA512", 64, "SHA256"}), invalid},
    {"PSS of SHA-256", withSignature({"SHA256", 64, "SHA256"}), invalid},
    {"PKCS#1 v1.5 under the name PS512", withSignature({"SHA512", -1, ""}), invalid},
    {"signature empty",
     changedText([](std::string text) { return text.substr(0, text.rfind('.') + 1); }), invalid},
    {"signature cut", changedText([](std::string text) { return text.substr(0, text.size() - 4); }),
     invalid},
    {"signature with a byte more", changedText([](std::string text) {
         Bytes bytes = fromBase64Url(text.substr(text.rfind('.') + 1));
         bytes.push_back(0);
         return text.substr(0, text.rfind('.') + 1) + toBase64Url(bytes);
     }),
     invalid},
    {"signature with a zero byte before it", changedText([](std::string text) {
         Bytes bytes = fromBase64Url(text.substr(text.rfind('.') + 1));
         bytes.insert(bytes.begin(), 0);
         return text.substr(0, text.rfind('.') + 1) + toBase64Url(bytes);
     }),
     invalid},
    {"signature not canonical", changedText([](std::string text) {
         constexpr std::string_view alphabet =
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
         text.back() = alphabet[alphabet.find(text.back()) + 1];
         return text;
     }),
     invalid},
    {"signature of zeros", changedText([](std::string text) {
         return text.substr(0, text.rfind('.') + 1) + toBase64Url(Bytes(512));
     }),
     invalid},
    {"signature over the modulus", changedText([](std::string text) {
         return text.substr(0, text.rfind('.') + 1) + toBase64Url(Bytes(512, 0xff));
     }),
     invalid},
    {"payload changed", changedText([](std::string text) {
         const auto first = text.find('.'), last = text.rfind('.');
         return text.substr(0, first + 1) + toBase64Url(view(claims({{"iat", "1795262401"}}))) +
                text.substr(last);
     }),
     invalid},
    {"padding in the payload",
     changedText([](std::string text) { return text.insert(text.rfind('.'), "="); }), invalid},
    {"a line break in the payload",
     changedText([](std::string text) { return text.insert(text.rfind('.'), "\n"); }), invalid},
    {"a dot at the end", changedText([](std::string text) { return text + "."; }), invalid},
    {"a dot at the beginning", changedText([](std::string text) { return "." + text; }), invalid},
    {"a blank at the end", changedText([](std::string text) { return text + " "; }), invalid},
    {"two segments", changedText([](std::string text) { return text.substr(0, text.rfind('.')); }),
     invalid},
    {"a JWE instead",
     [] {
         SystemRandom random;
         return seal(view("{}"), test::publicRsaKey(1), "service-sig-1", "application/json", random)
             .compact;
     },
     invalid},
    {"JSON serialisation",
     [] { return std::string(R"({"payload":"","protected":"","signature":""})"); }, invalid},
    {"nothing", [] { return std::string(); }, invalid},
    {"two dots", [] { return std::string(".."); }, invalid},
    // whose word it is
    {"iss of nobody", signedClaims(claims({{"iss", "\"https://other.example\""}})), invalid},
    {"iss of the destination under the service's key",
     signedClaims(claims({{"iss", "\"" + destinationId + "\""}})), invalid},
    {"iss with a slash more", signedClaims(claims({{"iss", "\"" + serviceUrl + "/\""}})), invalid},
    {"iss empty", signedClaims(claims({{"iss", "\"\""}})), invalid},
    {"iss missing", signedClaims(claims({{"iss", ""}})), invalid},
    {"iss doubled", signedClaims(claims({}, ",\"iss\":\"" + serviceUrl + "\"")), invalid},
    {"payload no JSON", signedClaims("submit"), invalid},
    {"payload an array", signedClaims("[]"), invalid},
    {"payload empty", signedClaims(""), invalid},
    {"accept by the service",
     [] { return signEvent(event(EventKind::Accept, serviceUrl), test::rsaKey(1), serviceKid); },
     refused},
    {"submit by the destination",
     [] {
         return signEvent(event(EventKind::Submit, destinationId), test::rsaKey(2), destinationKid);
     },
     refused},
    {"create by the destination",
     [] {
         return signEvent(event(EventKind::Create, destinationId), test::rsaKey(2), destinationKid);
     },
     refused},
    {"notify by the destination",
     [] {
         return signEvent(event(EventKind::Notify, destinationId), test::rsaKey(2), destinationKid);
     },
     refused},
    {"delete by the destination",
     [] {
         return signEvent(event(EventKind::Delete, destinationId), test::rsaKey(2), destinationKid);
     },
     refused},
    // the claims
    {"$schema 2.0.0",
     signedClaims(claims(
         {{"$schema",
           R"("https://schema.fitko.de/fit-connect/set-payload/2.0.0/set-payload.schema.json")"}})),
     refused},
    {"$schema missing", signedClaims(claims({{"$schema", ""}})), refused},
    {"jti missing", signedClaims(claims({{"jti", ""}})), refused},
    {"jti not a UUID", signedClaims(claims({{"jti", "\"1\""}})), refused},
    {"iat missing", signedClaims(claims({{"iat", ""}})), refused},
    {"iat a text", signedClaims(claims({{"iat", "\"1795262400\""}})), refused},
    {"iat with a fraction", signedClaims(claims({{"iat", "1795262400.5"}})), refused},
    {"iat negative", signedClaims(claims({{"iat", "-1"}})), refused},
    {"iat in milliseconds", signedClaims(claims({{"iat", "1795262400000"}})), refused},
    {"iat at the end of numbers", signedClaims(claims({{"iat", "9223372036854775807"}})), refused},
    {"iat 301 seconds in the future", signedClaims(claims({{"iat", "1795262701"}})),
     ErrorCode::EventEarly},
    {"iat a day in the future", signedClaims(claims({{"iat", "1795348800"}})),
     ErrorCode::EventEarly},
    {"iat a day and a second in the future", signedClaims(claims({{"iat", "1795348801"}})),
     refused},
    {"iat early, but of a stranger's event",
     signedClaims(claims({{"iat", "1795262701"}, {"sub", "\"case:" + submissionId + "\""}})),
     refused},
    {"sub missing", signedClaims(claims({{"sub", ""}})), refused},
    {"sub without its prefix", signedClaims(claims({{"sub", "\"" + submissionId + "\""}})),
     refused},
    {"sub of a reply", signedClaims(claims({{"sub", "\"reply:" + submissionId + "\""}})), refused},
    {"a reply's event about a submission",
     signedClaims(
         claims({{"events", R"({"https://schema.fitko.de/fit-connect/events/create-reply":{}})"}})),
     refused},
    {"a reply that nobody names",
     signedClaims(
         claims({{"sub", "\"reply:\""},
                 {"events", R"({"https://schema.fitko.de/fit-connect/events/create-reply":{}})"}})),
     refused},
    {"a reply of which somebody is notified",
     signedClaims(
         claims({{"sub", "\"reply:" + submissionId + "\""},
                 {"events", R"({"https://schema.fitko.de/fit-connect/events/notify-reply":{}})"}})),
     refused},
    {"sub of a case", signedClaims(claims({{"sub", "\"case:" + submissionId + "\""}})), refused},
    {"sub cut",
     signedClaims(claims({{"sub", "\"submission:aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeee\""}})),
     refused},
    {"sub with a blank", signedClaims(claims({{"sub", "\"submission:" + submissionId + " \""}})),
     refused},
    {"sub an array", signedClaims(claims({{"sub", "[\"submission:" + submissionId + "\"]"}})),
     refused},
    {"txn missing", signedClaims(claims({{"txn", ""}})), refused},
    {"txn of a submission", signedClaims(claims({{"txn", "\"submission:" + caseId + "\""}})),
     refused},
    {"txn not a UUID", signedClaims(claims({{"txn", "\"case:1\""}})), refused},
    {"events missing", signedClaims(claims({{"events", ""}})), refused},
    {"events empty", signedClaims(claims({{"events", "{}"}})), refused},
    {"events an array", signedClaims(claims({{"events", "[]"}})), refused},
    {"two events",
     signedClaims(claims(
         {{"events", R"({"https://schema.fitko.de/fit-connect/events/create-submission":{},)"
                     R"("https://schema.fitko.de/fit-connect/events/notify-submission":{}})"}})),
     refused},
    {"one event twice",
     signedClaims(claims(
         {{"events", R"({"https://schema.fitko.de/fit-connect/events/create-submission":{},)"
                     R"("https://schema.fitko.de/fit-connect/events/create-submission":{}})"}})),
     invalid},
    {"unknown event",
     signedClaims(claims(
         {{"events", R"({"https://schema.fitko.de/fit-connect/events/forward-submission":{}})"}})),
     refused},
    {"event of a reply",
     signedClaims(
         claims({{"events", R"({"https://schema.fitko.de/fit-connect/events/submit-reply":{}})"}})),
     refused},
    {"event by its short name", signedClaims(claims({{"events", R"({"submit-submission":{}})"}})),
     refused},
    {"event not an object",
     signedClaims(claims(
         {{"events", R"({"https://schema.fitko.de/fit-connect/events/create-submission":true})"}})),
     refused},
    {"submit without tags", signedClaims(submitWith("{}")), refused},
    {"submit with tags null", signedClaims(submitWith(R"({"authenticationTags":null})")), refused},
    {"submit without the tag of the data",
     signedClaims(submitWith(
         R"({"authenticationTags":{"metadata":"AAAAAAAAAAAAAAAAAAAAAA","attachments":{}}})")),
     refused},
    {"submit without the tag of the metadata",
     signedClaims(submitWith(
         R"({"authenticationTags":{"data":"AAAAAAAAAAAAAAAAAAAAAA","attachments":{}}})")),
     refused},
    {"tag of 12 bytes",
     signedClaims(submitWith(
         R"({"authenticationTags":{"metadata":"AAAAAAAAAAAAAAAA","data":"AAAAAAAAAAAAAAAAAAAAAA"}})")),
     refused},
    {"tag with padding",
     signedClaims(submitWith(
         R"({"authenticationTags":{"metadata":"AAAAAAAAAAAAAAAAAAAAAA==","data":"AAAAAAAAAAAAAAAAAAAAAA"}})")),
     refused},
    {"tag not canonical",
     signedClaims(submitWith(
         R"({"authenticationTags":{"metadata":"AAAAAAAAAAAAAAAAAAAAAB","data":"AAAAAAAAAAAAAAAAAAAAAA"}})")),
     refused},
    {"tag of an attachment that has no id",
     signedClaims(submitWith(
         R"({"authenticationTags":{"metadata":"AAAAAAAAAAAAAAAAAAAAAA","data":"AAAAAAAAAAAAAAAAAAAAAA",)"
         R"("attachments":{"1":"AAAAAAAAAAAAAAAAAAAAAA"}}})")),
     refused},
    {"tag of a part that is none",
     signedClaims(submitWith(
         R"({"authenticationTags":{"metadata":"AAAAAAAAAAAAAAAAAAAAAA","data":"AAAAAAAAAAAAAAAAAAAAAA",)"
         R"("more":"AAAAAAAAAAAAAAAAAAAAAA"}})")),
     refused},
    {"reject without problems",
     signedClaims(claims(
         {{"events", R"({"https://schema.fitko.de/fit-connect/events/reject-submission":{}})"}})),
     refused},
    {"reject with no problem in problems",
     signedClaims(claims(
         {{"events",
           R"({"https://schema.fitko.de/fit-connect/events/reject-submission":{"problems":[]}})"}})),
     refused},
    {"reject with a problem without type",
     signedClaims(
         claims({{"events",
                  R"({"https://schema.fitko.de/fit-connect/events/reject-submission":{"problems":)"
                  R"([{"instance":"data"}]}})"}})),
     refused},
    {"reject with a problem that is a text",
     signedClaims(claims(
         {{"events",
           R"({"https://schema.fitko.de/fit-connect/events/reject-submission":{"problems":["no"]}})"}})),
     refused},
};

struct Spoken {
    const char* who;
    EventKind kind;
    bool byService;
};
std::ostream& operator<<(std::ostream& out, const Spoken& spoken)
{
    return out << spoken.who;
}
const Spoken spokenEvents[] = {
    {"create by the service", EventKind::Create, true},
    {"submit by the service", EventKind::Submit, true},
    {"notify by the service", EventKind::Notify, true},
    {"delete by the service", EventKind::Delete, true},
    {"reject by the service", EventKind::Reject, true},
    {"reject by the destination", EventKind::Reject, false},
    {"accept by the destination", EventKind::Accept, false},
};

} // namespace

BOOST_TEST_DONT_PRINT_LOG_VALUE(EventKind)

BOOST_AUTO_TEST_SUITE(envelope_events)

BOOST_DATA_TEST_CASE(each_may_say_what_is_theirs, data::make(spokenEvents), spoken)
{
    const auto said = event(spoken.kind, spoken.byService ? serviceUrl : destinationId);
    const std::string compact = signEvent(said, test::rsaKey(spoken.byService ? 1 : 2),
                                          spoken.byService ? serviceKid : destinationKid);
    const SecurityEvent heard = verifyEvent(compact, service(), destination(), now);
    BOOST_TEST(heard.id == said.id);
    BOOST_TEST(heard.issuer == said.issuer);
    BOOST_TEST(toIso(heard.issuedAt) == toIso(said.issuedAt));
    BOOST_TEST(heard.submissionId == submissionId);
    BOOST_TEST(heard.caseId == caseId);
    BOOST_CHECK(heard.kind == said.kind);
    BOOST_CHECK(heard.tags == said.tags);
    BOOST_TEST(heard.problems.size() == said.problems.size());
    if (!heard.problems.empty()) {
        BOOST_TEST(heard.problems[0].type == said.problems[0].type);
        BOOST_TEST(heard.problems[0].title == said.problems[0].title);
        BOOST_TEST(heard.problems[0].detail == said.problems[0].detail);
        BOOST_TEST(heard.problems[0].instance == said.problems[0].instance);
    }
}

BOOST_DATA_TEST_CASE(of_a_reply_the_service_alone_speaks,
                     data::make({EventKind::Create, EventKind::Submit, EventKind::Accept,
                                 EventKind::Reject, EventKind::Delete}),
                     kind)
{
    auto said = event(kind, serviceUrl);
    said.replyId = std::exchange(said.submissionId, "");
    const SecurityEvent heard =
        verifyEvent(signEvent(said, test::rsaKey(1), serviceKid), service(), destination(), now);
    BOOST_TEST(heard.isAboutReply());
    BOOST_TEST(heard.replyId == submissionId);
    BOOST_TEST(heard.submissionId.empty());
    BOOST_CHECK(heard.kind == kind);
    BOOST_CHECK(heard.tags == said.tags);
    BOOST_TEST(heard.problems.size() == said.problems.size());

    said.issuer = destinationId;
    BOOST_CHECK_EXCEPTION(verifyEvent(signEvent(said, test::rsaKey(2), destinationKid), service(),
                                      destination(), now),
                          Error, [](const Error& error) { return error.errorCode() == refused; });
}

BOOST_DATA_TEST_CASE(a_forged_token_is_refused, data::make(forgedTokens), forged)
{
    const std::string compact = forged.forge();
    BOOST_CHECK_EXCEPTION(verifyEvent(compact, service(), destination(), now), Error,
                          [&](const Error& error) { return error.errorCode() == forged.code; });
}

BOOST_AUTO_TEST_CASE(the_forger_could_sign_well_if_he_wanted)
{
    BOOST_CHECK(verifyEvent(signedClaims(claims())(), service(), destination(), now).kind ==
                EventKind::Submit);
    // what a newer service adds beside is nobody's harm (RFC 7519 section 4)
    verifyEvent(signedClaims(claims({}, ",\"toe\":1795262400"))(), service(), destination(), now);
    verifyEvent(signedClaims(claims({{"iat", "1795262700"}}))(), service(), destination(),
                now); // 300 s: clocks differ
    verifyEvent(signedClaims(claims({{"iat", "1"}}))(), service(), destination(),
                now); // old receipts count
}

BOOST_AUTO_TEST_CASE(the_order_of_suspicion_is_header_issuer_key_signature_claims)
{
    // A token that nobody signed is never "refused by its claims", so nobody can put words into the
    // portal's mouth.
    const std::string unsignedLie =
        test::signAs(goodHeader, claims({{"sub", "\"x\""}}), test::rsaKey(0));
    BOOST_CHECK_EXCEPTION(
        verifyEvent(unsignedLie, service(), destination(), now), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::SignatureInvalid; });
}

BOOST_AUTO_TEST_CASE(an_encryption_key_verifies_nothing)
{
    const IssuerKeys wrongUse{serviceUrl,
                              {{serviceKid, KeyUse::Encrypt, test::publicRsaKey(1), {}}}};
    BOOST_CHECK_EXCEPTION(
        verifyEvent(signedClaims(claims())(), wrongUse, destination(), now), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::SignatureInvalid; });
}

BOOST_AUTO_TEST_CASE(an_issuer_without_name_is_nobody)
{
    const IssuerKeys nobody{"", {{serviceKid, KeyUse::Verify, test::publicRsaKey(1), {}}}};
    BOOST_CHECK_EXCEPTION(
        verifyEvent(signedClaims(claims({{"iss", "\"\""}}))(), nobody, nobody, now), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::SignatureInvalid; });
}

BOOST_AUTO_TEST_SUITE_END()
