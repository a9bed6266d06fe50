// SPDX-License-Identifier: EUPL-1.2
//
// ID tokens: what a provider with a pinned key says is believed; every forgery is refused by its
// reason.
#include "sync/envelope/id_token.h"
#include "tests/envelope/forge.h"
#include "tests/support/test_keys.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <functional>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::envelope;
using enum TokenFault;

namespace amt::envelope {
std::ostream& operator<<(std::ostream& out, TokenFault fault)
{
    return out << name(fault);
}
} // namespace amt::envelope

namespace {

const UtcTime now = fromIso("2026-11-21T12:00:00Z"); // 1795262400
const test::SignatureKind rs256{"SHA256", -1, ""};
const test::SignatureKind ps256{"SHA256", 32, "SHA256"};

const TokenExpectation expected{"https://idp.example", "amtsstube", "n-0S6_WzA2Mj", {}, {}};

std::string rsaJwk(int number, const std::string& kid, const std::string& more = R"("alg":"RS256")")
{
    return R"({"kty":"RSA","use":"sig","kid":")" + kid + R"(",)" + more + R"(,"e":"AQAB","n":")" +
           toBase64Url(test::rsaKey(number).modulus()) + R"("})";
}

/// A key of P-256, made once.
EVP_PKEY* curveKey()
{
    static EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    return key;
}

std::string curveJwk(const std::string& kid, const std::string& more = R"("alg":"ES256")")
{
    Bytes point(65);
    std::size_t size = 0;
    EVP_PKEY_get_octet_string_param(curveKey(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(),
                                    &size);
    BOOST_REQUIRE(size == 65U);
    const ByteView all(point);
    return R"({"kty":"EC","crv":"P-256","kid":")" + kid + R"(",)" + more + R"(,"x":")" +
           toBase64Url(all.subspan(1, 32)) + R"(","y":")" + toBase64Url(all.subspan(33)) + R"("})";
}

std::string setOf(std::initializer_list<std::string> keys)
{
    std::string text;
    for (const auto& key : keys)
        text += (text.empty() ? "" : ",") + key;
    return R"({"keys":[)" + text + "]}";
}

const ProviderKeys& pinned()
{
    static const ProviderKeys keys = ProviderKeys::parse(
        setOf({rsaJwk(1, "rs"), rsaJwk(2, "ps", R"("alg":"PS256")"), curveJwk("es")}));
    return keys;
}

/// `text` with `from`, which must stand in it once, replaced.
std::string with(std::string text, const std::string& from, const std::string& to)
{
    const auto at = text.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

const std::string header = R"({"alg":"RS256","kid":"rs","typ":"JWT"})";
const std::string claims =
    R"({"iss":"https://idp.example","aud":"amtsstube","azp":"amtsstube","sub":"248289761001",)"
    R"("nonce":"n-0S6_WzA2Mj","iat":1795262395,"exp":1795262695,"acr":"substantial",)"
    R"("amr":["pwd","otp"],"email":"lena@stadt.example"})";

std::string token(const std::string& head, const std::string& body)
{
    return test::signAs(head, body, test::rsaKey(1), rs256);
}
std::string saying(const std::string& from, const std::string& to)
{
    return token(header, with(claims, from, to));
}
std::string headed(const std::string& head)
{
    return token(head, claims);
}

/// ES256 as RFC 7518 3.4 has it: R and S side by side; `asDer`: as X.509 has it.
std::string curveToken(const std::string& head, bool asDer = false)
{
    const std::string input = toBase64Url(view(head)) + '.' + toBase64Url(view(claims));
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    Bytes der(80);
    std::size_t size = der.size();
    BOOST_REQUIRE(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, curveKey()) == 1 &&
                  EVP_DigestSign(context, der.data(), &size, view(input).data(), input.size()) ==
                      1);
    EVP_MD_CTX_free(context);
    der.resize(size);
    if (asDer)
        return input + '.' + toBase64Url(der);
    const unsigned char* at = der.data();
    ECDSA_SIG* numbers = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
    Bytes both(64);
    BN_bn2binpad(ECDSA_SIG_get0_r(numbers), both.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(numbers), both.data() + 32, 32);
    ECDSA_SIG_free(numbers);
    return input + '.' + toBase64Url(both);
}

std::string segmentOf(const std::string& compact, int number)
{
    std::size_t begin = 0;
    for (int i = 0; i < number; ++i)
        begin = compact.find('.', begin) + 1;
    return compact.substr(begin, compact.find('.', begin) - begin);
}

/// Signature of HS256 under the modulus of the pinned key, which everybody knows.
std::string hmacToken()
{
    const std::string head = R"({"alg":"HS256","kid":"rs","typ":"JWT"})";
    const std::string input = toBase64Url(view(head)) + '.' + toBase64Url(view(claims));
    return input + '.' + toBase64Url(hmacSha256(Secret(test::rsaKey(1).publicDer()), view(input)));
}

struct Forged {
    const char* kind;
    std::function<std::string()> forge;
    TokenFault fault;
};
std::ostream& operator<<(std::ostream& out, const Forged& forged)
{
    return out << forged.kind;
}

const Forged forgedTokens[] = {
    // shape
    {"empty", [] { return std::string(); }, Malformed},
    {"two segments", [] { return segmentOf(headed(header), 0) + ".e30"; }, Malformed},
    {"four segments", [] { return headed(header) + ".e30"; }, Malformed},
    {"five segments, a JWE", [] { return headed(header) + ".e30.e30"; }, Malformed},
    {"over 16 KiB", [] { return headed(header) + std::string(16 * 1024, 'A'); }, Malformed},
    {"header is no JSON", [] { return headed("alg: RS256"); }, Malformed},
    {"header is a list", [] { return headed("[]"); }, Malformed},
    {"a claim twice", [] { return saying(R"("sub":)", R"("sub":"someone","sub":)"); }, Malformed},
    {"alg twice", [] { return headed(with(header, "{", R"({"alg":"none",)")); }, Malformed},
    {"payload is no JSON", [] { return token(header, "sub=1"); }, Malformed},
    {"padded base64", [] { return headed(header) + "="; }, Malformed},
    // header
    {"jwk in the header", [] { return headed(with(header, "{", R"({"jwk":{"kty":"RSA"},)")); },
     HeaderNotAllowed},
    {"jku", [] { return headed(with(header, "{", R"({"jku":"https://evil.example",)")); },
     HeaderNotAllowed},
    {"x5u", [] { return headed(with(header, "{", R"({"x5u":"https://evil.example",)")); },
     HeaderNotAllowed},
    {"x5c", [] { return headed(with(header, "{", R"({"x5c":["AAAA"],)")); }, HeaderNotAllowed},
    {"crit", [] { return headed(with(header, "{", R"({"crit":["exp"],)")); }, HeaderNotAllowed},
    {"b64", [] { return headed(with(header, "{", R"({"b64":false,)")); }, HeaderNotAllowed},
    {"zip", [] { return headed(with(header, "{", R"({"zip":"DEF",)")); }, HeaderNotAllowed},
    {"an access token", [] { return headed(with(header, "JWT", "at+jwt")); }, HeaderNotAllowed},
    {"a logout token", [] { return headed(with(header, "JWT", "logout+jwt")); }, HeaderNotAllowed},
    {"a security event", [] { return headed(with(header, "JWT", "secevent+jwt")); },
     HeaderNotAllowed},
    {"typ is a number", [] { return headed(with(header, R"("JWT")", "1")); }, HeaderNotAllowed},
    {"no kid", [] { return headed(R"({"alg":"RS256","typ":"JWT"})"); }, KeyUnknown},
    {"kid that is not pinned", [] { return headed(with(header, R"("rs")", R"("new")")); },
     KeyUnknown},
    {"kid is a list", [] { return headed(with(header, R"("rs")", R"(["rs"])")); }, KeyUnknown},
    {"alg none, no signature",
     [] {
         const auto made = headed(with(header, "RS256", "none"));
         return made.substr(0, made.rfind('.') + 1);
     },
     AlgorithmNotAllowed},
    {"alg None", [] { return headed(with(header, "RS256", "None")); }, AlgorithmNotAllowed},
    {"alg missing", [] { return headed(R"({"kid":"rs","typ":"JWT"})"); }, AlgorithmNotAllowed},
    {"HS256 under the public key", hmacToken, AlgorithmNotAllowed},
    {"RS512", [] { return headed(with(header, "RS256", "RS512")); }, AlgorithmNotAllowed},
    {"PS256 by the key of RS256",
     [] { return test::signAs(with(header, "RS256", "PS256"), claims, test::rsaKey(1), ps256); },
     AlgorithmNotAllowed},
    {"RS256 by the key of PS256",
     [] {
         return test::signAs(with(header, R"("rs")", R"("ps")"), claims, test::rsaKey(2), rs256);
     },
     AlgorithmNotAllowed},
    {"ES256 with the kid of RSA",
     [] { return curveToken(R"({"alg":"ES256","kid":"rs","typ":"JWT"})"); }, AlgorithmNotAllowed},
    // signature
    {"no signature",
     [] {
         const auto made = headed(header);
         return made.substr(0, made.rfind('.') + 1);
     },
     SignatureWrong},
    {"somebody else's key", [] { return test::signAs(header, claims, test::rsaKey(3), rs256); },
     SignatureWrong},
    {"another claim under the same signature",
     [] {
         const auto made = headed(header);
         const auto other = toBase64Url(view(with(claims, "248289761001", "248289761002")));
         return segmentOf(made, 0) + '.' + other + '.' + segmentOf(made, 2);
     },
     SignatureWrong},
    {"another header under the same signature",
     [] {
         const auto made = headed(header);
         const auto other = toBase64Url(view(R"({"alg":"RS256","kid":"rs"})"));
         return other + made.substr(made.find('.'));
     },
     SignatureWrong},
    {"a byte short",
     [] {
         const auto made = headed(header);
         auto signature = fromBase64Url(segmentOf(made, 2));
         signature.pop_back();
         return made.substr(0, made.rfind('.') + 1) + toBase64Url(signature);
     },
     SignatureWrong},
    {"SHA-1",
     [] {
         return test::signAs(header, claims, test::rsaKey(1), {"SHA1", -1, ""});
     },
     SignatureWrong},
    {"PSS with no salt",
     [] {
         return test::signAs(R"({"alg":"PS256","kid":"ps"})", claims, test::rsaKey(2),
                             {"SHA256", 0, "SHA256"});
     },
     SignatureWrong},
    {"PSS with the mask of SHA-1",
     [] {
         return test::signAs(R"({"alg":"PS256","kid":"ps"})", claims, test::rsaKey(2),
                             {"SHA256", 32, "SHA1"});
     },
     SignatureWrong},
    {"ES256 as DER", [] { return curveToken(R"({"alg":"ES256","kid":"es"})", true); },
     SignatureWrong},
    {"ES256, R and S are zero",
     [] {
         const auto made = curveToken(R"({"alg":"ES256","kid":"es"})");
         return made.substr(0, made.rfind('.') + 1) + toBase64Url(Bytes(64));
     },
     SignatureWrong},
    // claims
    {"no iss", [] { return saying(R"("iss":"https://idp.example",)", ""); }, ClaimsMalformed},
    {"another issuer", [] { return saying("idp.example", "evil.example"); }, IssuerWrong},
    {"the issuer with a slash more", [] { return saying("idp.example", "idp.example/"); },
     IssuerWrong},
    {"the issuer in capitals", [] { return saying("idp.example", "IDP.example"); }, IssuerWrong},
    {"for another client", [] { return saying(R"("aud":"amtsstube")", R"("aud":"other")"); },
     AudienceWrong},
    {"aud is missing", [] { return saying(R"("aud":"amtsstube",)", ""); }, ClaimsMalformed},
    {"aud is an empty list", [] { return saying(R"("aud":"amtsstube")", R"("aud":[])"); },
     AudienceWrong},
    {"aud has a number", [] { return saying(R"("aud":"amtsstube")", R"("aud":["amtsstube",1])"); },
     ClaimsMalformed},
    {"given to another party", [] { return saying(R"("azp":"amtsstube")", R"("azp":"other")"); },
     AudienceWrong},
    {"two audiences and no azp",
     [] {
         return saying(R"("aud":"amtsstube","azp":"amtsstube")", R"("aud":["amtsstube","other"])");
     },
     AudienceWrong},
    {"expired", [] { return saying("1795262695", "1795262340"); }, Expired},
    {"expired in 1970", [] { return saying("1795262695", "1"); }, Expired},
    {"no exp", [] { return saying(R"("exp":1795262695,)", ""); }, ClaimsMalformed},
    {"exp as text", [] { return saying("1795262695", R"("1795262695")"); }, ClaimsMalformed},
    {"exp with a fraction", [] { return saying("1795262695", "1795262695.5"); }, ClaimsMalformed},
    {"exp beyond all years", [] { return saying("1795262695", "99999999999999"); },
     ClaimsMalformed},
    {"exp below zero", [] { return saying("1795262695", "-1795262695"); }, ClaimsMalformed},
    {"no iat", [] { return saying(R"("iat":1795262395,)", ""); }, ClaimsMalformed},
    {"iat two minutes ahead", [] { return saying("1795262395", "1795262520"); }, TooEarly},
    {"nbf two minutes ahead", [] { return saying(R"("acr")", R"("nbf":1795262520,"acr")"); },
     TooEarly},
    {"made eleven minutes ago", [] { return saying("1795262395", "1795261740"); }, TooOld},
    {"no nonce", [] { return saying(R"("nonce":"n-0S6_WzA2Mj",)", ""); }, ClaimsMalformed},
    {"another nonce", [] { return saying("n-0S6_WzA2Mj", "n-0S6_WzA2Mk"); }, NonceWrong},
    {"the nonce and more", [] { return saying("n-0S6_WzA2Mj", "n-0S6_WzA2Mjj"); }, NonceWrong},
    {"an empty nonce", [] { return saying("n-0S6_WzA2Mj", ""); }, NonceWrong},
    {"no sub", [] { return saying(R"("sub":"248289761001",)", ""); }, ClaimsMalformed},
    {"sub is empty", [] { return saying("248289761001", ""); }, SubjectUnusable},
    {"sub is a number", [] { return saying(R"("248289761001")", "248289761001"); },
     ClaimsMalformed},
    {"sub of 256", [] { return saying("248289761001", std::string(256, '1')); }, SubjectUnusable},
    {"sub with another alphabet", [] { return saying("248289761001", "Müller"); }, SubjectUnusable},
    {"sub with a NUL", [] { return saying("248289761001", R"(2482\u000089761001)"); },
     SubjectUnusable},
    {"amr is a text", [] { return saying(R"(["pwd","otp"])", R"("otp")"); }, ClaimsMalformed},
};

std::variant<IdToken, TokenFault> verified(const std::string& compact,
                                           const TokenExpectation& wanted = expected)
{
    return verifyIdToken(compact, pinned(), wanted, now);
}

struct KeySet {
    const char* kind;
    std::function<std::string()> text;
};
std::ostream& operator<<(std::ostream& out, const KeySet& set)
{
    return out << set.kind;
}

const KeySet refusedSets[] = {
    {"no JSON", [] { return std::string("keys"); }},
    {"no list", [] { return std::string("{}"); }},
    {"empty", [] { return setOf({}); }},
    {"only a key for encryption",
     [] { return setOf({with(rsaJwk(1, "rs"), R"("sig")", R"("enc")")}); }},
    {"two with one kid",
     [] {
         return setOf({rsaJwk(1, "rs"), rsaJwk(2, "rs")});
     }},
    {"no kid", [] { return setOf({with(rsaJwk(1, "rs"), R"("kid":"rs",)", "")}); }},
    {"symmetric", [] { return setOf({R"({"kty":"oct","kid":"a","k":"AAAA"})"}); }},
    {"private", [] { return setOf({with(rsaJwk(1, "rs"), "{", R"({"d":"AQAB",)")}); }},
    {"RS512", [] { return setOf({rsaJwk(1, "rs", R"("alg":"RS512")")}); }},
    {"alg none", [] { return setOf({rsaJwk(1, "rs", R"("alg":"none")")}); }},
    {"even modulus",
     [] {
         auto modulus = test::rsaKey(1).modulus();
         modulus.back() &= 0xfe;
         return setOf(
             {R"({"kty":"RSA","kid":"a","e":"AQAB","n":")" + toBase64Url(modulus) + R"("})"});
     }},
    {"1024 bits",
     [] {
         auto modulus = test::rsaKey(1).modulus();
         modulus.erase(modulus.begin(), modulus.end() - 128);
         modulus[0] |= 0x80;
         return setOf(
             {R"({"kty":"RSA","kid":"a","e":"AQAB","n":")" + toBase64Url(modulus) + R"("})"});
     }},
    {"e is 3", [] { return setOf({with(rsaJwk(1, "rs"), "AQAB", "Aw")}); }},
    {"P-384", [] { return setOf({with(curveJwk("es"), "P-256", "P-384")}); }},
    {"not on the curve",
     [] {
         return setOf({R"({"kty":"EC","crv":"P-256","kid":"a","x":")" + toBase64Url(Bytes(32, 1)) +
                       R"(","y":")" + toBase64Url(Bytes(32, 2)) + R"("})"});
     }},
    {"short coordinates",
     [] { return setOf({R"({"kty":"EC","crv":"P-256","kid":"a","x":"AAAA","y":"AAAA"})"}); }},
    {"Ed25519", [] { return setOf({R"({"kty":"OKP","crv":"Ed25519","kid":"a","x":"AAAA"})"}); }},
};

struct Demand {
    const char* kind;
    std::vector<std::string> acr, amr;
    std::optional<TokenFault> fault;
};
std::ostream& operator<<(std::ostream& out, const Demand& demand)
{
    return out << demand.kind;
}

const Demand demands[] = {
    {"nothing", {}, {}, std::nullopt},
    {"its acr", {"substantial"}, {}, std::nullopt},
    {"one of two", {"high", "substantial"}, {}, std::nullopt},
    {"another acr", {"high"}, {}, AcrMissing},
    {"both methods", {}, {"otp", "pwd"}, std::nullopt},
    {"a method that was not used", {}, {"otp", "hwk"}, AmrMissing},
};

} // namespace

BOOST_AUTO_TEST_SUITE(envelope_id_token)

BOOST_DATA_TEST_CASE(a_forged_token_is_refused, data::make(forgedTokens), forged)
{
    const auto result = verified(forged.forge());
    BOOST_REQUIRE(std::holds_alternative<TokenFault>(result));
    BOOST_TEST(std::get<TokenFault>(result) == forged.fault);
}

BOOST_AUTO_TEST_CASE(a_token_of_each_algorithm_says_who_it_is)
{
    const std::string tokens[] = {
        headed(header),
        headed(R"({"alg":"RS256","kid":"rs","x5t":"AAAA"})"),
        test::signAs(R"({"alg":"PS256","kid":"ps"})", claims, test::rsaKey(2), ps256),
        curveToken(R"({"alg":"ES256","kid":"es","typ":"JWT"})"),
        saying(R"("aud":"amtsstube")", R"("aud":["other","amtsstube"])"),
        saying(R"("azp":"amtsstube",)", "")};
    for (const auto& compact : tokens) {
        const auto result = verified(compact);
        BOOST_REQUIRE(std::holds_alternative<IdToken>(result));
        BOOST_TEST(std::get<IdToken>(result).subject == "248289761001");
        BOOST_TEST(std::get<IdToken>(result).acr == "substantial");
        BOOST_TEST(std::get<IdToken>(result).amr.size() == 2U);
    }
}

BOOST_AUTO_TEST_CASE(clocks_may_be_a_minute_apart)
{
    BOOST_TEST(std::holds_alternative<IdToken>(verified(saying("1795262695", "1795262341"))));
    BOOST_TEST(std::holds_alternative<IdToken>(verified(saying("1795262395", "1795262460"))));
    BOOST_TEST(std::holds_alternative<IdToken>(verified(saying("1795262395", "1795261800"))));
}

BOOST_DATA_TEST_CASE(what_is_demanded_must_be_said, data::make(demands), demand)
{
    auto wanted = expected;
    wanted.acr = demand.acr;
    wanted.amr = demand.amr;
    const auto result = verified(headed(header), wanted);
    BOOST_TEST(std::holds_alternative<TokenFault>(result) == demand.fault.has_value());
    if (const auto* fault = std::get_if<TokenFault>(&result); fault && demand.fault)
        BOOST_TEST(*fault == *demand.fault);
}

BOOST_AUTO_TEST_CASE(nobody_is_believed_without_a_nonce_of_ours)
{
    auto wanted = expected;
    wanted.nonce.clear();
    const auto result = verified(saying("n-0S6_WzA2Mj", ""), wanted);
    BOOST_TEST(std::holds_alternative<TokenFault>(result));
}

BOOST_DATA_TEST_CASE(a_key_set_that_nobody_should_pin_is_refused, data::make(refusedSets), set)
{
    BOOST_CHECK_EXCEPTION(ProviderKeys::parse(set.text()), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::KeyUnusable;
    });
}

BOOST_AUTO_TEST_CASE(a_second_key_is_pinned_beside_the_first)
{
    const auto keys = ProviderKeys::parse(
        setOf({rsaJwk(1, "rs"), rsaJwk(3, "next"), with(rsaJwk(4, "e"), R"("sig")", R"("enc")")}));
    BOOST_TEST(keys.count() == 2U);
    const auto rotated =
        test::signAs(with(header, R"("rs")", R"("next")"), claims, test::rsaKey(3), rs256);
    BOOST_TEST(std::holds_alternative<IdToken>(verifyIdToken(rotated, keys, expected, now)));
    BOOST_TEST(std::get<TokenFault>(verified(rotated)) == KeyUnknown);
}

BOOST_AUTO_TEST_SUITE_END()
