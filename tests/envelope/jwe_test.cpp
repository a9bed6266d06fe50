// SPDX-License-Identifier: EUPL-1.2
//
// JWE: what is sealed opens, padding has its steps, and forged envelopes are refused, each kind by
// its code.
#include "sync/envelope/aes_gcm.h"
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

const std::string ourKid = "office-2026-1";
const char* const goodHeader =
    R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json"})";

std::vector<std::string> split(const std::string& compact)
{
    std::vector<std::string> parts;
    std::size_t from = 0;
    for (auto dot = compact.find('.'); dot != std::string::npos; dot = compact.find('.', from)) {
        parts.push_back(compact.substr(from, dot - from));
        from = dot + 1;
    }
    parts.push_back(compact.substr(from));
    return parts;
}

std::string join(const std::vector<std::string>& parts)
{
    std::string compact;
    for (const auto& part : parts)
        compact += (compact.empty() ? "" : ".") + part;
    return compact;
}

std::string sealedText(const std::string& plain = "{\"zone\":\"4\"}")
{
    SystemRandom random;
    return seal(view(plain), test::publicRsaKey(0), ourKid, "application/json", random).compact;
}

/// A whole envelope whose content fits its header, whatever the header says: only the header can be
/// at fault.
std::string withHeader(const std::string& header, const RsaKey& recipient = test::publicRsaKey(0),
                       const std::string& hash = "SHA256", const std::string& maskHash = "SHA256")
{
    SystemRandom random;
    const std::string encoded = toBase64Url(view(header));
    const Bytes key = randomBytes(random, 32), iv = randomBytes(random, 12);
    const std::string plain = "{}";
    Bytes cipherText(plain.size()), tag(16);
    encryptGcm(key, iv, view(encoded), view(plain), cipherText, tag);
    return join({encoded, toBase64Url(test::wrapOaep(recipient, key, hash, maskHash)),
                 toBase64Url(iv), toBase64Url(cipherText), toBase64Url(tag)});
}

std::string withSegment(std::size_t number, const std::function<std::string(std::string)>& change)
{
    auto parts = split(sealedText());
    parts[number] = change(parts[number]);
    return join(parts);
}

std::function<std::string()> header(const std::string& text)
{
    return [text] { return withHeader(text); };
}

std::function<std::string()> segment(std::size_t number,
                                     std::function<std::string(std::string)> change)
{
    return [number, change] { return withSegment(number, change); };
}

std::string flipped(std::string text)
{
    text[text.size() / 2] = text[text.size() / 2] == 'A' ? 'B' : 'A';
    return text;
}
std::string emptied(const std::string&)
{
    return {};
}
std::string cutByteWise(const std::string& text)
{
    Bytes bytes = fromBase64Url(text);
    bytes.pop_back();
    return toBase64Url(bytes);
}
/// The same bytes with a bit set behind their end: another text that a careless decoder takes for
/// the same.
std::string nonCanonical(std::string text)
{
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    text.back() = alphabet[alphabet.find(text.back()) + 1];
    return text;
}

struct Forged {
    const char* kind;
    std::function<std::string()> forge;
    ErrorCode code = ErrorCode::EnvelopeMalformed;
};
std::ostream& operator<<(std::ostream& out, const Forged& forged)
{
    return out << forged.kind;
}

const Forged forgedEnvelopes[] = {
    {"alg none",
     header(R"({"alg":"none","enc":"A256GCM","kid":"office-2026-1","cty":"application/json"})")},
    {"alg dir",
     header(R"({"alg":"dir","enc":"A256GCM","kid":"office-2026-1","cty":"application/json"})")},
    {"alg RSA1_5",
     header(R"({"alg":"RSA1_5","enc":"A256GCM","kid":"office-2026-1","cty":"application/json"})")},
    {"alg RSA-OAEP",
     header(
         R"({"alg":"RSA-OAEP","enc":"A256GCM","kid":"office-2026-1","cty":"application/json"})")},
    {"alg RSA-OAEP-512",
     header(
         R"({"alg":"RSA-OAEP-512","enc":"A256GCM","kid":"office-2026-1","cty":"application/json"})")},
    {"alg in lower case",
     header(
         R"({"alg":"rsa-oaep-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json"})")},
    {"alg a number",
     header(R"({"alg":256,"enc":"A256GCM","kid":"office-2026-1","cty":"application/json"})")},
    {"alg null",
     header(R"({"alg":null,"enc":"A256GCM","kid":"office-2026-1","cty":"application/json"})")},
    {"alg missing", header(R"({"enc":"A256GCM","kid":"office-2026-1","cty":"application/json"})")},
    {"enc A128GCM",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A128GCM","kid":"office-2026-1","cty":"application/json"})")},
    {"enc A256CBC-HS512",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256CBC-HS512","kid":"office-2026-1","cty":"application/json"})")},
    {"enc missing",
     header(R"({"alg":"RSA-OAEP-256","kid":"office-2026-1","cty":"application/json"})")},
    {"cty missing", header(R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1"})")},
    {"cty empty",
     header(R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":""})")},
    {"cty with a line break",
     header(R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"a\nb"})")},
    {"cty of 101 letters",
     header(R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":")" +
            std::string(101, 'a') + R"("})")},
    {"kid missing", header(R"({"alg":"RSA-OAEP-256","enc":"A256GCM","cty":"application/json"})")},
    {"kid empty",
     header(R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"","cty":"application/json"})")},
    {"kid with NUL",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1\u0000","cty":"application/json"})")},
    {"other kid",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-2","cty":"application/json"})"),
     ErrorCode::EnvelopeNotOurs},
    {"zip",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json","zip":"DEF"})")},
    {"crit",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json","crit":["exp"],"exp":1})")},
    {"jwk",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json","jwk":{}})")},
    {"jku",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json","jku":"https://x"})")},
    {"x5u",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json","x5u":"https://x"})")},
    {"x5c",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json","x5c":["AA=="]})")},
    {"typ",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json","typ":"JWE"})")},
    {"p2c",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json","p2c":9999999})")},
    {"alg doubled",
     header(
         R"({"alg":"none","alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json"})")},
    {"kid doubled",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"other","kid":"office-2026-1","cty":"application/json"})")},
    {"header with a comma too much",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json",})")},
    {"header with bytes after its end",
     header(
         R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json"}{})")},
    {"header an array", header(R"(["RSA-OAEP-256","A256GCM"])")},
    {"header not UTF-8", header("{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\",\"kid\":\"office-"
                                "2026-1\",\"cty\":\"\xff\"}")},
    {"header with a byte order mark",
     header("\xef\xbb\xbf{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\",\"kid\":\"office-2026-1\","
            "\"cty\":\"text/plain\"}")},
    {"header of 3000 blanks", header(std::string(3000, ' ') + "{}")},
    {"header empty", segment(0, emptied)},
    {"header with blanks added: not what was authenticated",
     segment(0,
             [](const std::string& text) {
                 return toBase64Url(view(toText(fromBase64Url(text)) + " "));
             })},
    {"header with other cty: not what was authenticated",
     segment(
         0,
         [](const std::string&) {
             return toBase64Url(view(
                 R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/xml"})"));
         })},
    {"header padded", segment(0, [](const std::string& text) { return text + "="; })},
    {"encrypted key empty", segment(1, emptied)},
    {"encrypted key changed", segment(1, flipped)},
    {"encrypted key a byte short", segment(1, cutByteWise)},
    {"encrypted key not canonical", segment(1, nonCanonical)},
    {"encrypted key for another key", [] { return withHeader(goodHeader, test::publicRsaKey(1)); }},
    {"encrypted key with OAEP of SHA-1",
     [] { return withHeader(goodHeader, test::publicRsaKey(0), "SHA1", "SHA1"); }},
    {"encrypted key with MGF1 of SHA-1",
     [] { return withHeader(goodHeader, test::publicRsaKey(0), "SHA256", "SHA1"); }},
    {"encrypted key with OAEP of SHA-512",
     [] { return withHeader(goodHeader, test::publicRsaKey(0), "SHA512", "SHA512"); }},
    {"encrypted key of 16 bytes", segment(1,
                                          [](const std::string&) {
                                              return toBase64Url(
                                                  test::wrapOaep(test::publicRsaKey(0), Bytes(16)));
                                          })},
    {"encrypted key of 33 bytes", segment(1,
                                          [](const std::string&) {
                                              return toBase64Url(
                                                  test::wrapOaep(test::publicRsaKey(0), Bytes(33)));
                                          })},
    {"IV empty", segment(2, emptied)},
    {"IV changed", segment(2, flipped)},
    {"IV of 11 bytes", segment(2, cutByteWise)},
    {"IV of 16 bytes", segment(2, [](const std::string&) { return toBase64Url(Bytes(16)); })},
    {"cipher text empty", segment(3, emptied)},
    {"cipher text changed", segment(3, flipped)},
    {"cipher text a byte short", segment(3, cutByteWise)},
    {"cipher text with a letter of the other base64 alphabet",
     segment(3, [](const std::string& text) { return text + "+/"; })},
    {"cipher text with a line break",
     segment(3, [](const std::string& text) { return text + "\n"; })},
    {"tag empty", segment(4, emptied)},
    {"tag changed", segment(4, flipped)},
    {"tag of 12 bytes", segment(4, [](const std::string& text) { return text.substr(0, 16); })},
    {"tag of 15 bytes", segment(4, cutByteWise)},
    {"tag of 17 bytes", segment(4,
                                [](const std::string& text) {
                                    Bytes bytes = fromBase64Url(text);
                                    bytes.push_back(0);
                                    return toBase64Url(bytes);
                                })},
    {"tag not canonical", segment(4, nonCanonical)},
    {"tag with padding", segment(4, [](const std::string& text) { return text + "=="; })},
    {"a dot at the end", [] { return sealedText() + "."; }},
    {"a dot at the beginning", [] { return "." + sealedText(); }},
    {"a sixth segment", [] { return sealedText() + ".AAAA"; }},
    {"four segments", [] { return sealedText().substr(0, sealedText().rfind('.')); }},
    {"a JWS instead", [] { return sign("{}", test::rsaKey(0), ourKid, "JWT"); }},
    {"nothing", [] { return std::string(); }},
    {"four dots", [] { return std::string("...."); }},
    {"JSON serialisation",
     [] {
         return std::string(
             R"({"protected":"","encrypted_key":"","iv":"","ciphertext":"","tag":""})");
     }},
};

} // namespace

BOOST_AUTO_TEST_SUITE(envelope_jwe)

BOOST_AUTO_TEST_CASE(what_is_sealed_for_a_key_opens_with_it)
{
    SystemRandom random;
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 4096U, 300000U}) {
        const Bytes plain = randomBytes(random, size);
        const Sealed sealed = seal(plain, test::publicRsaKey(0), ourKid, "application/pdf", random);
        const Opened opened = open(sealed.compact, test::rsaKey(0), ourKid);
        BOOST_CHECK(opened.plain == plain);
        BOOST_TEST(opened.contentType == "application/pdf");
        BOOST_TEST(sealed.tag == split(sealed.compact).back());
        BOOST_TEST(tagOf(sealed.compact) == sealed.tag);
        BOOST_TEST(sealedFor(sealed.compact) == ourKid);
    }
}

BOOST_AUTO_TEST_CASE(the_header_names_algorithms_key_and_content_and_nothing_else)
{
    const auto parts = split(sealedText());
    BOOST_TEST(parts.size() == 5U);
    BOOST_TEST(
        toText(fromBase64Url(parts[0])) ==
        R"({"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"office-2026-1","cty":"application/json"})");
    BOOST_TEST(fromBase64Url(parts[1]).size() == 512U);
    BOOST_TEST(fromBase64Url(parts[2]).size() == 12U);
    BOOST_TEST(fromBase64Url(parts[4]).size() == 16U);
}

BOOST_AUTO_TEST_CASE(the_header_is_json_whatever_the_names)
{
    SystemRandom random;
    const std::string kid = R"(a "quoted" \ kid/1)", type = R"(text/plain; a="\b")";
    const std::string compact = seal({}, test::publicRsaKey(0), kid, type, random).compact;
    const auto header = json::parseObject(toText(fromBase64Url(split(compact)[0])));
    BOOST_TEST(json::text(*header, "kid") == kid);
    BOOST_TEST(json::text(*header, "cty") == type);
    BOOST_TEST(sealedFor(compact) == kid);
}

BOOST_AUTO_TEST_CASE(nothing_repeats_when_the_same_is_sealed_twice)
{
    const auto one = split(sealedText());
    const auto other = split(sealedText());
    for (std::size_t i = 1; i < 5; ++i)
        BOOST_TEST(one[i] != other[i]);
}

BOOST_AUTO_TEST_CASE(padding_has_steps_of_a_quarter)
{
    const std::size_t steps[] = {4096, 5120, 6400, 8000, 10000, 12500, 15625, 19531};
    BOOST_TEST(padded("").size() == steps[0]);
    for (std::size_t i = 0; i + 1 < std::size(steps); ++i) {
        BOOST_TEST(padded(std::string(steps[i], 'x')).size() == steps[i]);
        BOOST_TEST(padded(std::string(steps[i] + 1, 'x')).size() == steps[i + 1]);
    }
    const std::string text = padded("{\"a\":1}");
    BOOST_TEST(text.substr(0, 8) == "{\"a\":1} ");
    BOOST_TEST(json::integer(*json::parseObject(text), "a") == 1);
}

BOOST_DATA_TEST_CASE(a_forged_envelope_is_refused, data::make(forgedEnvelopes), forged)
{
    const std::string compact = forged.forge();
    BOOST_CHECK_EXCEPTION(open(compact, test::rsaKey(0), ourKid), Error,
                          [&](const Error& error) { return error.errorCode() == forged.code; });
}

BOOST_AUTO_TEST_CASE(the_forger_could_seal_well_if_he_wanted)
{
    BOOST_TEST(toText(open(withHeader(goodHeader), test::rsaKey(0), ourKid).plain) == "{}");
}

BOOST_AUTO_TEST_CASE(the_kid_is_read_under_the_same_rules)
{
    const auto isMalformed = [](const Error& error) {
        return error.errorCode() == ErrorCode::EnvelopeMalformed;
    };
    BOOST_CHECK_EXCEPTION(
        sealedFor(withHeader(R"({"alg":"none","enc":"A256GCM","kid":"k","cty":"c"})")), Error,
        isMalformed);
    BOOST_CHECK_EXCEPTION(tagOf(withHeader(R"({"alg":"dir","enc":"A256GCM","kid":"k","cty":"c"})")),
                          Error, isMalformed);
    BOOST_CHECK_EXCEPTION(sealedFor(""), Error, isMalformed);
}

BOOST_AUTO_TEST_CASE(the_public_half_opens_nothing)
{
    BOOST_CHECK_EXCEPTION(
        open(sealedText(), test::publicRsaKey(0), ourKid), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::KeyUnusable; });
}

BOOST_AUTO_TEST_SUITE_END()
