// SPDX-License-Identifier: EUPL-1.2
//
// Two implementations agree: what ours seals and signs, the npm package jose opens and verifies,
// and the other way round.
#include "sync/envelope/envelope.h"
#include "tests/support/jose.h"
#include "tests/support/test_keys.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::envelope;
using test::askJose;
using test::skipWithoutJose;

namespace {

const std::string kid = "office-2026-1";
const UtcTime now = fromIso("2026-11-21T12:00:00Z");

json::ObjectPtr request(const std::string& act)
{
    auto object = json::makeObject();
    object->set("act", act);
    return object;
}

std::string privateDer(int number)
{
    return toBase64(test::rsaKey(number).privateDer().reveal());
}

PublicJwk jwkOf(int number, KeyUse use)
{
    return {kid, use, test::publicRsaKey(number), {}};
}

json::ObjectPtr headerObject(const std::string& text)
{
    return json::parseObject(text);
}

const std::string texts[] = {"", "x", "{\"straße\":\"Grüße aus Łódź\"}", std::string(4096, ' '),
                             std::string(300000, 'a')};

} // namespace

BOOST_AUTO_TEST_SUITE(envelope_jose)

BOOST_AUTO_TEST_CASE(jose_opens_what_ours_seals)
{
    if (skipWithoutJose())
        return;
    SystemRandom random;
    for (const auto& text : texts) {
        auto open = request("open");
        open->set("der", privateDer(0));
        open->set("compact",
                  seal(view(text), test::publicRsaKey(0), kid, "application/json", random).compact);
        const auto opened = askJose(open);
        BOOST_REQUIRE_MESSAGE(opened->has("plain"), json::write(*opened));
        BOOST_CHECK(toText(fromBase64(json::text(*opened, "plain"))) == text);
        BOOST_TEST(json::text(*json::object(*opened, "header"), "kid") == kid);
        BOOST_TEST(json::text(*json::object(*opened, "header"), "cty") == "application/json");
    }
}

BOOST_AUTO_TEST_CASE(jose_opens_what_the_stream_seals)
{
    if (skipWithoutJose())
        return;
    SystemRandom random;
    const Bytes plain = randomBytes(random, 200003);
    Sealer sealer(test::publicRsaKey(0), kid, "application/pdf", random);
    std::string compact;
    for (std::size_t at = 0; at < plain.size(); at += 65536)
        sealer.add(ByteView(plain).subspan(at, std::min<std::size_t>(65536, plain.size() - at)),
                   compact);
    sealer.finish(compact);
    auto open = request("open");
    open->set("der", privateDer(0));
    open->set("compact", compact);
    const auto opened = askJose(open);
    BOOST_REQUIRE_MESSAGE(opened->has("plain"), json::write(*opened));
    BOOST_CHECK(fromBase64(json::text(*opened, "plain")) == plain);
}

BOOST_AUTO_TEST_CASE(ours_opens_what_jose_seals)
{
    if (skipWithoutJose())
        return;
    for (const auto& text : texts) {
        auto seal = request("seal");
        seal->set("jwk", writeJwk(jwkOf(0, KeyUse::Encrypt)));
        seal->set("plain", toBase64(view(text)));
        seal->set(
            "header",
            headerObject(
                R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"text/plain"})"));
        const auto sealed = askJose(seal);
        BOOST_REQUIRE_MESSAGE(sealed->has("compact"), json::write(*sealed));
        const Opened opened = open(json::text(*sealed, "compact"), test::rsaKey(0), kid);
        BOOST_CHECK(toText(opened.plain) == text);
        BOOST_TEST(opened.contentType == "text/plain");
        Opener opener(test::rsaKey(0), kid);
        Bytes streamed;
        opener.add(json::text(*sealed, "compact"), streamed);
        BOOST_TEST(opener.finish() == "text/plain");
        BOOST_CHECK(toText(streamed) == text);
    }
}

BOOST_AUTO_TEST_CASE(what_jose_seals_otherwise_is_refused)
{
    if (skipWithoutJose())
        return;
    for (
        const char* header :
        {R"({"alg":"RSA-OAEP","enc":"A256GCM","kid":"office-2026-1","cty":"text/plain"})",
         R"({"alg":"RSA-OAEP-512","enc":"A256GCM","kid":"office-2026-1","cty":"text/plain"})",
         R"({"alg":"RSA-OAEP-256","enc":"A256CBC-HS512","kid":"office-2026-1","cty":"text/plain"})",
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1"})"}) {
        auto seal = request("seal");
        auto jwk = writeJwk(jwkOf(0, KeyUse::Encrypt));
        jwk->set("alg", json::text(*headerObject(header), "alg"));
        seal->set("jwk", jwk);
        seal->set("plain", toBase64(view("x")));
        seal->set("header", headerObject(header));
        const auto sealed = askJose(seal);
        BOOST_REQUIRE_MESSAGE(sealed->has("compact"), json::write(*sealed));
        BOOST_CHECK_EXCEPTION(
            open(json::text(*sealed, "compact"), test::rsaKey(0), kid), Error,
            [](const Error& error) { return error.errorCode() == ErrorCode::EnvelopeMalformed; });
    }
}

BOOST_AUTO_TEST_CASE(jose_verifies_what_ours_signs_and_nothing_else)
{
    if (skipWithoutJose())
        return;
    const std::string payload = R"({"straße":"Grüße"})";
    auto verify = request("verify");
    verify->set("jwk", writeJwk(jwkOf(1, KeyUse::Verify)));
    verify->set("compact", sign(payload, test::rsaKey(1), kid, "JWT"));
    const auto verified = askJose(verify);
    BOOST_REQUIRE_MESSAGE(verified->has("payload"), json::write(*verified));
    BOOST_TEST(json::text(*verified, "payload") == payload);
    BOOST_TEST(json::text(*json::object(*verified, "header"), "typ") == "JWT");

    verify->set("compact", sign(payload, test::rsaKey(2), kid, "JWT"));
    BOOST_TEST(json::text(*askJose(verify), "refused") == "ERR_JWS_SIGNATURE_VERIFICATION_FAILED");
}

BOOST_AUTO_TEST_CASE(ours_verifies_what_jose_signs)
{
    if (skipWithoutJose())
        return;
    auto sign = request("sign");
    sign->set("der", privateDer(1));
    sign->set("payload", "Grüße");
    sign->set("header", headerObject(R"({"typ":"JWT","alg":"PS512","kid":"office-2026-1"})"));
    BOOST_TEST(verify(json::text(*askJose(sign), "compact"), test::publicRsaKey(1)) == "Grüße");

    sign->set("header", headerObject(R"({"typ":"JWT","alg":"PS256","kid":"office-2026-1"})"));
    BOOST_CHECK_EXCEPTION(
        verify(json::text(*askJose(sign), "compact"), test::publicRsaKey(1)), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::SignatureInvalid; });
}

BOOST_AUTO_TEST_CASE(events_pass_both_ways)
{
    if (skipWithoutJose())
        return;
    const std::string destinationId = "11111111-2222-4333-8444-555555555555";
    const SecurityEvent accepted{
        "77777777-7777-4777-8777-777777777777",
        destinationId,
        now,
        "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        "99999999-8888-4777-8666-555555555555",
        EventKind::Accept,
        AuthenticationTags{"AAAAAAAAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBBBBBBBA", {}},
        {}};
    auto verify = request("verifyEvent");
    verify->set("jwk", writeJwk(jwkOf(2, KeyUse::Verify)));
    verify->set("compact", signEvent(accepted, test::rsaKey(2), kid));
    verify->set("issuer", destinationId);
    verify->set("now", "2026-11-21T12:00:01Z");
    const auto verified = askJose(verify);
    BOOST_REQUIRE_MESSAGE(verified->has("claims"), json::write(*verified));

    auto sign = request("sign");
    sign->set("der", privateDer(2));
    sign->set("payload", json::write(*json::object(*verified, "claims")));
    sign->set("header",
              headerObject(R"({"alg":"PS512","typ":"secevent+jwt","kid":"office-2026-1"})"));
    const IssuerKeys service{"https://gateway.example", {}};
    const IssuerKeys destination{destinationId, {jwkOf(2, KeyUse::Verify)}};
    const auto heard =
        verifyEvent(json::text(*askJose(sign), "compact"), service, destination, now);
    BOOST_CHECK(heard.kind == EventKind::Accept);
    BOOST_CHECK(heard.tags == accepted.tags);
    BOOST_TEST(heard.caseId == accepted.caseId);
}

BOOST_AUTO_TEST_CASE(keys_pass_both_ways)
{
    if (skipWithoutJose())
        return;
    auto give = request("exportKey");
    give->set("der", toBase64(test::rsaKey(3).publicDer()));
    give->set("alg", "RSA-OAEP-256");
    auto jwk = json::object(*askJose(give), "jwk");
    auto operations = json::makeArray();
    operations->add("wrapKey");
    jwk->set("alg", "RSA-OAEP-256");
    jwk->set("kid", kid);
    jwk->set("key_ops", operations);
    BOOST_TEST(parseJwk(*jwk, KeyUse::Encrypt).key.fingerprint() == test::rsaKey(3).fingerprint());

    auto make = request("makeKey");
    make->set("alg", "PS512");
    const auto made = askJose(make);
    BOOST_REQUIRE_MESSAGE(made->has("jwk"), json::write(*made));
    const PublicJwk theirs = parseJwk(*json::object(*made, "jwk"), KeyUse::Verify);
    BOOST_TEST(verify(json::text(*made, "compact"), theirs.key) == "made by jose");
}

BOOST_AUTO_TEST_SUITE_END()
