// SPDX-License-Identifier: EUPL-1.2
//
// JWS with PS512, and keys: what they accept and what they refuse.
#include "sync/envelope/envelope.h"
#include "tests/support/test_keys.h"

#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::envelope;

namespace {

bool isInvalid(const Error& error)
{
    return error.errorCode() == ErrorCode::SignatureInvalid;
}
bool isUnusable(const Error& error)
{
    return error.errorCode() == ErrorCode::KeyUnusable;
}

} // namespace

BOOST_AUTO_TEST_SUITE(envelope_jws)

BOOST_AUTO_TEST_CASE(what_was_signed_is_verified_with_the_public_half)
{
    const std::string payload = R"({"name":"Grüße"})";
    const std::string compact = sign(payload, test::rsaKey(1), "service-1", "JWT");
    BOOST_TEST(verify(compact, test::publicRsaKey(1)) == payload);
    BOOST_TEST(readJwsHeader(compact).kid == "service-1");
    BOOST_TEST(readJwsHeader(compact).type == "JWT");
    BOOST_CHECK_EXCEPTION(verify(compact, test::rsaKey(2)), Error, isInvalid);
}

BOOST_AUTO_TEST_CASE(a_signature_does_not_cover_another_payload)
{
    const std::string one = sign("one", test::rsaKey(1), "service-1", "JWT");
    const std::string two = sign("two", test::rsaKey(1), "service-1", "JWT");
    const auto payloadAt = one.find('.') + 1;
    const std::string mixed =
        one.substr(0, payloadAt) + two.substr(payloadAt, 4) + one.substr(payloadAt + 4);
    BOOST_CHECK_EXCEPTION(verify(mixed, test::rsaKey(1)), Error, isInvalid);
}

BOOST_AUTO_TEST_CASE(keys_survive_being_written_and_read)
{
    const RsaKey& key = test::rsaKey(0);
    BOOST_TEST(key.hasPrivate());
    const RsaKey again = RsaKey::fromPrivateDer(key.privateDer());
    BOOST_TEST(again.hasPrivate());
    BOOST_TEST(again.fingerprint() == key.fingerprint());

    const RsaKey half = RsaKey::fromPublicDer(key.publicDer());
    BOOST_TEST(!half.hasPrivate());
    BOOST_TEST(half.fingerprint() == key.fingerprint());
    BOOST_CHECK_EXCEPTION(half.privateDer(), Error, isUnusable);
    BOOST_CHECK_EXCEPTION(sign("x", half, "service-1", "JWT"), Error, isUnusable);

    const RsaKey numbers = RsaKey::fromModulus(key.modulus(), key.exponent());
    BOOST_TEST(numbers.fingerprint() == key.fingerprint());
    BOOST_TEST(key.modulus().size() == 512U);
    BOOST_TEST(toHex(key.exponent()) == "010001");
}

BOOST_AUTO_TEST_CASE(a_made_key_has_4096_bits)
{
    const RsaKey key = RsaKey::generate();
    BOOST_TEST(key.hasPrivate());
    BOOST_TEST(key.modulus().size() == 512U);
    BOOST_TEST((key.modulus()[0] & 0x80) != 0);
}

BOOST_AUTO_TEST_CASE(short_even_and_odd_keys_are_refused)
{
    const Bytes e = {1, 0, 1};
    Bytes n = test::rsaKey(0).modulus();
    Bytes even = n;
    even.back() &= 0xfe;
    BOOST_CHECK_EXCEPTION(RsaKey::fromModulus(even, e), Error, isUnusable);
    Bytes bits4095 = n;
    bits4095[0] = 0x7f;
    BOOST_CHECK_EXCEPTION(RsaKey::fromModulus(bits4095, e), Error, isUnusable);
    Bytes leadingZero = n;
    leadingZero.insert(leadingZero.begin(), 0);
    BOOST_CHECK_EXCEPTION(RsaKey::fromModulus(leadingZero, e), Error, isUnusable);
    BOOST_CHECK_EXCEPTION(RsaKey::fromModulus({}, e), Error, isUnusable);
    BOOST_CHECK_EXCEPTION(RsaKey::fromModulus(n, {}), Error, isUnusable);
    BOOST_CHECK_EXCEPTION(RsaKey::fromModulus(n, Bytes{3}), Error, isUnusable);
    BOOST_CHECK_EXCEPTION(RsaKey::fromModulus(Bytes(2049, 0xff), e), Error, isUnusable);

    Bytes der = test::rsaKey(0).publicDer();
    der.push_back(0);
    BOOST_CHECK_EXCEPTION(RsaKey::fromPublicDer(der), Error, isUnusable);
    BOOST_CHECK_EXCEPTION(RsaKey::fromPublicDer({}), Error, isUnusable);
    BOOST_CHECK_EXCEPTION(RsaKey::fromPrivateDer(Secret()), Error, isUnusable);
    BOOST_CHECK_EXCEPTION(RsaKey::fromPrivateDer(Secret(test::rsaKey(0).publicDer())), Error,
                          isUnusable);
}

BOOST_AUTO_TEST_SUITE_END()
