// SPDX-License-Identifier: EUPL-1.2
//
// JWK rules and chains: what a key must be before anything is sealed for it or believed from it.
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

bool isUnusable(const Error& error)
{
    return error.errorCode() == ErrorCode::KeyUnusable;
}

UtcTime at(const char* iso)
{
    return fromIso(iso);
}

const UtcTime from = at("2026-01-01T00:00:00Z");
const UtcTime now = at("2026-11-21T12:00:00Z");
const UtcTime until = at("2028-01-01T00:00:00Z");

const Certificate& root()
{
    static const Certificate certificate =
        makeRootCertificate(test::rsaKey(4), "Test Root", from, until);
    return certificate;
}

PublicJwk certified(KeyUse use = KeyUse::Encrypt)
{
    const auto leaf = makeLeafCertificate(test::publicRsaKey(0), use, "Office", test::rsaKey(4),
                                          root(), from, until);
    return {"office-2026-1", use, test::publicRsaKey(0), {leaf.der}};
}

struct BadJwk {
    const char* kind;
    std::function<void(json::Object&)> change;
};
std::ostream& operator<<(std::ostream& out, const BadJwk& bad)
{
    return out << bad.kind;
}

std::function<void(json::Object&)> setting(const std::string& key, const Poco::Dynamic::Var& value)
{
    return [=](json::Object& object) { object.set(key, value); };
}
std::function<void(json::Object&)> removing(const std::string& key)
{
    return [=](json::Object& object) { object.remove(key); };
}
json::ArrayPtr arrayOf(std::initializer_list<const char*> texts)
{
    auto array = json::makeArray();
    for (const char* text : texts)
        array->add(std::string(text));
    return array;
}
std::string modulusChanged(const std::function<void(Bytes&)>& change)
{
    Bytes n = test::rsaKey(0).modulus();
    change(n);
    return toBase64Url(n);
}

const BadJwk badJwks[] = {
    {"kty EC", setting("kty", "EC")},
    {"kty oct", setting("kty", "oct")},
    {"kty missing", removing("kty")},
    {"alg RSA-OAEP", setting("alg", "RSA-OAEP")},
    {"alg RSA-OAEP-512", setting("alg", "RSA-OAEP-512")},
    {"alg of the other use", setting("alg", "PS512")},
    {"alg missing", removing("alg")},
    {"key_ops of the other use", setting("key_ops", arrayOf({"verify"}))},
    {"key_ops of both", setting("key_ops", arrayOf({"wrapKey", "verify"}))},
    {"key_ops encrypt", setting("key_ops", arrayOf({"encrypt"}))},
    {"key_ops empty", setting("key_ops", arrayOf({}))},
    {"key_ops a text", setting("key_ops", "wrapKey")},
    {"key_ops missing", removing("key_ops")},
    {"use of the other kind", setting("use", "sig")},
    {"kid of 7 letters", setting("kid", "1234567")},
    {"kid of 65 letters", setting("kid", std::string(65, 'k'))},
    {"kid with a blank", setting("kid", "office 2026")},
    {"kid with an umlaut", setting("kid", "b\xc3\xbcrgeramt")},
    {"kid missing", removing("kid")},
    {"e of 3", setting("e", "Aw")},
    {"e of 65538", setting("e", "AQAC")},
    {"e with a leading zero", setting("e", "AAEAAQ")},
    {"e missing", removing("e")},
    {"n missing", removing("n")},
    {"n of 4095 bits", setting("n", modulusChanged([](Bytes& n) { n[0] = 0x7f; }))},
    {"n of 2048 bits",
     setting("n", modulusChanged([](Bytes& n) { n.erase(n.begin(), n.begin() + 256); }))},
    {"n even", setting("n", modulusChanged([](Bytes& n) { n.back() &= 0xfe; }))},
    {"n with leading zeros",
     setting("n", modulusChanged([](Bytes& n) { n.insert(n.begin(), 0); }))},
    {"n with padding", setting("n", modulusChanged([](Bytes&) {}) + "==")},
    {"n empty", setting("n", "")},
    {"private number d", setting("d", "AQAB")},
    {"x5c empty", setting("x5c", arrayOf({}))},
    {"x5c in the other alphabet", setting("x5c", arrayOf({"-_-_"}))},
    {"x5c of nine", setting("x5c", arrayOf({"AAAA", "AAAA", "AAAA", "AAAA", "AAAA", "AAAA", "AAAA",
                                            "AAAA", "AAAA"}))},
    {"x5c a text", setting("x5c", "AAAA")},
};

} // namespace

BOOST_AUTO_TEST_SUITE(envelope_keys)

BOOST_AUTO_TEST_CASE(a_jwk_survives_being_written_and_read)
{
    for (const KeyUse use : {KeyUse::Encrypt, KeyUse::Verify}) {
        const PublicJwk jwk = certified(use);
        const PublicJwk again = parseJwk(*json::parseObject(json::write(*writeJwk(jwk))), use);
        BOOST_TEST(again.kid == jwk.kid);
        BOOST_TEST(again.key.fingerprint() == jwk.key.fingerprint());
        BOOST_CHECK(again.chain == jwk.chain);
        BOOST_CHECK(again.use == use);
        BOOST_TEST(!again.key.hasPrivate());
    }
}

BOOST_AUTO_TEST_CASE(a_private_key_is_written_as_its_public_half)
{
    const auto object = writeJwk({"office-2026-1", KeyUse::Encrypt, test::rsaKey(0), {}});
    for (const char* name : {"d", "p", "q", "dp", "dq", "qi"})
        BOOST_TEST(!object->has(name));
    BOOST_TEST(json::text(*object, "e") == "AQAB");
    BOOST_TEST(json::text(*object, "n").size() == 683U);
}

BOOST_DATA_TEST_CASE(a_jwk_that_breaks_a_rule_is_refused, data::make(badJwks), bad)
{
    const auto object = writeJwk({"office-2026-1", KeyUse::Encrypt, test::rsaKey(0), {}});
    auto changed = json::parseObject(json::write(*object));
    bad.change(*changed);
    BOOST_CHECK_EXCEPTION(parseJwk(*changed, KeyUse::Encrypt), Error, isUnusable);
}

BOOST_AUTO_TEST_CASE(a_key_set_gives_the_keys_of_one_use)
{
    auto keys = json::makeArray();
    keys->add(writeJwk({"service-enc-1", KeyUse::Encrypt, test::rsaKey(0), {}}));
    keys->add(writeJwk({"service-sig-1", KeyUse::Verify, test::rsaKey(1), {}}));
    keys->add(writeJwk({"service-sig-2", KeyUse::Verify, test::rsaKey(2), {}}));
    keys->add(json::parseObject(R"({"kty":"EC","crv":"P-256","alg":"ES256"})"));
    auto set = json::makeObject();
    set->set("keys", keys);
    const auto found = parseJwkSet(json::write(*set), KeyUse::Verify);
    BOOST_TEST(found.size() == 2U);
    BOOST_TEST(found[0].kid == "service-sig-1");
    BOOST_TEST(found[1].kid == "service-sig-2");
    BOOST_TEST(parseJwkSet(json::write(*set), KeyUse::Encrypt).size() == 1U);
    BOOST_TEST(parseJwkSet(R"({"keys":[]})", KeyUse::Verify).empty());

    keys->add(writeJwk({"service-sig-2", KeyUse::Verify, test::rsaKey(3), {}}));
    BOOST_CHECK_EXCEPTION(parseJwkSet(json::write(*set), KeyUse::Verify), Error, isUnusable);
}

BOOST_AUTO_TEST_CASE(a_broken_key_set_is_refused_whole)
{
    const auto isMalformed = [](const Error& error) {
        return error.errorCode() == ErrorCode::JsonMalformed;
    };
    const auto isTooLarge = [](const Error& error) {
        return error.errorCode() == ErrorCode::InputTooLarge;
    };
    BOOST_CHECK_EXCEPTION(parseJwkSet("", KeyUse::Verify), Error, isMalformed);
    BOOST_CHECK_EXCEPTION(parseJwkSet("{}", KeyUse::Verify), Error, isMalformed);
    BOOST_CHECK_EXCEPTION(parseJwkSet(R"({"keys":["a"]})", KeyUse::Verify), Error, isMalformed);
    BOOST_CHECK_EXCEPTION(parseJwkSet(R"({"keys":[],"keys":[]})", KeyUse::Verify), Error,
                          isMalformed);
    BOOST_CHECK_EXCEPTION(parseJwkSet(R"({"keys":[{"alg":"PS512"}]})", KeyUse::Verify), Error,
                          isUnusable);
    BOOST_CHECK_EXCEPTION(
        parseJwkSet(R"({"keys":[]})" + std::string(64 * 1024, ' '), KeyUse::Verify), Error,
        isTooLarge);
}

BOOST_AUTO_TEST_CASE(a_chain_to_a_pinned_root_holds)
{
    checkChain(certified(KeyUse::Encrypt), {root().der}, now);
    checkChain(certified(KeyUse::Verify), {root().der}, now);

    // a second pinned root does no harm, nor a root that the chain brings along
    const auto next = makeRootCertificate(test::rsaKey(3), "Next Root", from, until);
    auto jwk = certified();
    jwk.chain.push_back(root().der);
    checkChain(jwk, {next.der, root().der}, now);
}

BOOST_AUTO_TEST_CASE(a_chain_that_proves_nothing_is_refused)
{
    const auto refused = [](const PublicJwk& jwk, const std::vector<Bytes>& roots, UtcTime time) {
        BOOST_CHECK_EXCEPTION(checkChain(jwk, roots, time), Error, isUnusable);
    };
    const auto other = makeRootCertificate(test::rsaKey(3), "Test Root", from, until);
    const PublicJwk good = certified();

    auto bare = good;
    bare.chain.clear();
    refused(bare, {root().der}, now);
    refused(good, {}, now);
    refused(good, {other.der}, now); // same name, other key
    refused(good, {root().der}, from - std::chrono::seconds(1));
    refused(good, {root().der}, until + std::chrono::seconds(1));

    auto brought = good; // a root that comes along is not a pinned one
    brought.chain.push_back(root().der);
    refused(brought, {other.der}, now);

    auto otherKey = good;
    otherKey.key = test::publicRsaKey(1);
    refused(otherKey, {root().der}, now);

    auto otherUse = good;
    otherUse.use = KeyUse::Verify;
    refused(otherUse, {root().der}, now);
    auto signature = certified(KeyUse::Verify);
    signature.use = KeyUse::Encrypt;
    refused(signature, {root().der}, now);

    auto authority = good; // the root's own certificate as a leaf
    authority.key = test::publicRsaKey(4);
    authority.chain = {root().der};
    refused(authority, {root().der}, now);

    // a leaf that plays authority
    const auto middle = makeLeafCertificate(test::rsaKey(2), KeyUse::Encrypt, "Middle",
                                            test::rsaKey(4), root(), from, until);
    const auto below = makeLeafCertificate(test::publicRsaKey(0), KeyUse::Encrypt, "Below",
                                           test::rsaKey(2), middle, from, until);
    refused({"office-2026-1", KeyUse::Encrypt, test::publicRsaKey(0), {below.der, middle.der}},
            {root().der}, now);

    // one bit of the leaf's signature
    auto changed = good;
    changed.chain[0].back() ^= 1;
    refused(changed, {root().der}, now);
    auto cut = good;
    cut.chain[0].pop_back();
    refused(cut, {root().der}, now);
    auto longer = good;
    longer.chain[0].push_back(0);
    refused(longer, {root().der}, now);

    // a leaf of its time under a root that has ended
    const auto ended =
        makeRootCertificate(test::rsaKey(4), "Test Root", from, now - std::chrono::hours(1));
    refused(good, {ended.der}, now);
}

BOOST_AUTO_TEST_CASE(only_sha_512_with_pss_certifies_a_key)
{
    for (const test::SignatureKind& kind :
         {test::SignatureKind{"SHA256", 32, "SHA256"}, test::SignatureKind{"SHA512", -1, ""},
          test::SignatureKind{"SHA384", 48, "SHA384"}}) {
        auto jwk = certified();
        jwk.chain[0] = test::signedAgain(jwk.chain[0], test::rsaKey(4), kind);
        BOOST_CHECK_EXCEPTION(checkChain(jwk, {root().der}, now), Error, isUnusable);
    }
    auto jwk = certified();
    jwk.chain[0] = test::signedAgain(jwk.chain[0], test::rsaKey(4), {});
    checkChain(jwk, {root().der}, now);
}

BOOST_AUTO_TEST_SUITE_END()
