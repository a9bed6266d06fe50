// SPDX-License-Identifier: EUPL-1.2
//
// Known answers for hashes, HKDF and AES-GCM, and sealing under a shared key.
#include "sync/envelope/aes_gcm.h"
#include "sync/envelope/envelope.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::envelope;

namespace {

bool isMalformed(const Error& error)
{
    return error.errorCode() == ErrorCode::EnvelopeMalformed;
}

/// Fills with the bytes it was given, then with zeros.
class GivenRandom : public RandomSource {
public:
    explicit GivenRandom(Bytes bytes) : _bytes(std::move(bytes)) {}
    void fill(std::span<std::uint8_t> bytes) override
    {
        for (auto& byte : bytes)
            byte = _at < _bytes.size() ? _bytes[_at++] : 0;
    }

private:
    Bytes _bytes;
    std::size_t _at = 0;
};

struct HkdfAnswer {
    const char* source;
    std::string input, salt, purpose, key;
};
std::ostream& operator<<(std::ostream& out, const HkdfAnswer& answer)
{
    return out << answer.source;
}
// The RFC asks for 42 or 82 bytes; HKDF's first 32 are the same (section 2.3).
const HkdfAnswer hkdfAnswers[] = {
    {"RFC 5869 A.1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
     "f0f1f2f3f4f5f6f7f8f9", "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"},
    {"RFC 5869 A.2",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2"
     "e2f303132333435363738393a3b3c"
     "3d3e3f404142434445464748494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8"
     "e8f909192939495969798999a9b9c"
     "9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcddd"
     "edfe0e1e2e3e4e5e6e7e8e9eaebec"
     "edeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"},
    {"RFC 5869 A.3", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"},
};

struct GcmAnswer {
    const char* source;
    std::string key, iv, aad, plain, cipherText, tag;
};
std::ostream& operator<<(std::ostream& out, const GcmAnswer& answer)
{
    return out << answer.source;
}
const GcmAnswer gcmAnswers[] = {
    {"GCM specification (McGrew, Viega), case 13",
     "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"GCM specification, case 14",
     "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
     "d0d1c8a799996bf0265b98b5d48ab919"},
    {"GCM specification, case 16",
     "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b"
     "525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828"
     "838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    {"RFC 7516 A.1, content encryption",
     "b1a1f480548fe1733fb403ff6b9ad4f68a076e5b702e22692f82cb2e7aea40fc", "e3c575fc02dbe944b4e14ddb",
     "65794a68624763694f694a53553045745430464655434973496d567559794936496b45794e545a48513030696651",
     "5468652074727565207369676e206f6620696e74656c6c6967656e6365206973206e6f74206b6e6f776c656467652"
     "062757420696d6167696e6174696f"
     "6e2e",
     "e5eca6f135bf73c4ae2b496d277ae9608cce783433ed300bbedbba506f68328e2fa73b3db57fc4152852f2207b8fa"
     "8e249d8b0908af76a3c10cda06d40"
     "3fc0",
     "5c5068318519a1d7ad65dbd3885bd291"},
};

std::string binary(const std::string& hex)
{
    return toText(fromHex(hex));
}

} // namespace

BOOST_AUTO_TEST_SUITE(envelope_symmetric)

BOOST_AUTO_TEST_CASE(hashes_give_the_known_answers)
{
    // FIPS 180-2 appendix B.1 and C.1; RFC 4231 test case 2
    BOOST_TEST(toHex(sha256(view("abc"))) ==
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    BOOST_TEST(toHex(sha512(view("abc"))) ==
               "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836b"
               "a3c23a3feebbd454d4423643ce80e"
               "2a9ac94fa54ca49f");
    BOOST_TEST(
        toHex(hmacSha256(Secret(std::string_view("Jefe")), view("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    BOOST_TEST(toHex(sha256({})) ==
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

BOOST_AUTO_TEST_CASE(a_hash_of_pieces_is_the_hash_of_the_whole)
{
    const Bytes bytes(1000, 0x61);
    for (const std::size_t piece : {1, 63, 64, 65, 1000}) {
        Sha256 hash;
        Sha512 longer;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            const auto next = ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at));
            hash.add(next);
            longer.add(next);
        }
        BOOST_TEST(toHex(hash.finish()) == toHex(sha256(bytes)));
        BOOST_TEST(toHex(longer.finish()) == toHex(sha512(bytes)));
    }
    BOOST_TEST(toHex(Sha256().finish()) == toHex(sha256({})));
    BOOST_TEST(toHex(Sha512().finish()) == toHex(sha512({})));
}

BOOST_DATA_TEST_CASE(a_derived_key_is_the_known_one, data::make(hkdfAnswers), answer)
{
    const Secret key =
        deriveKey(Secret(fromHex(answer.input)), binary(answer.salt), binary(answer.purpose));
    BOOST_TEST(toHex(key.reveal()) == answer.key);
}

BOOST_DATA_TEST_CASE(aes_gcm_gives_the_known_answer, data::make(gcmAnswers), answer)
{
    const Bytes key = fromHex(answer.key), iv = fromHex(answer.iv), aad = fromHex(answer.aad);
    const Bytes plain = fromHex(answer.plain);
    Bytes cipherText(plain.size()), tag(gcmTagBytes);
    encryptGcm(key, iv, aad, plain, cipherText, tag);
    BOOST_TEST(toHex(cipherText) == answer.cipherText);
    BOOST_TEST(toHex(tag) == answer.tag);
    BOOST_TEST(toHex(decryptGcm(key, iv, aad, cipherText, tag)) == answer.plain);
}

BOOST_AUTO_TEST_CASE(sealed_bytes_are_iv_cipher_text_and_tag)
{
    GivenRandom random(fromHex("cafebabefacedbaddecaf888"));
    const auto& answer = gcmAnswers[2];
    const Bytes sealed =
        sealWith(Secret(fromHex(answer.key)), fromHex(answer.plain), binary(answer.aad), random);
    BOOST_TEST(toHex(sealed) == answer.iv + answer.cipherText + answer.tag);
}

BOOST_AUTO_TEST_CASE(what_was_sealed_opens_only_whole_and_in_its_context)
{
    SystemRandom random;
    const Secret key(randomBytes(random, 32));
    const std::string plain = "Straße und Hausnummer";
    const Bytes sealed = sealWith(key, view(plain), "draft 1", random);
    BOOST_TEST(toText(openWith(key, sealed, "draft 1")) == plain);
    BOOST_TEST(sealed.size() == plain.size() + 28);
    BOOST_TEST(toHex(sealWith(key, view(plain), "draft 1", random)) != toHex(sealed));

    for (std::size_t i = 0; i < sealed.size(); ++i) {
        Bytes changed = sealed;
        changed[i] ^= 1;
        BOOST_CHECK_EXCEPTION(openWith(key, changed, "draft 1"), Error, isMalformed);
    }
    for (std::size_t size = 0; size < sealed.size(); ++size)
        BOOST_CHECK_EXCEPTION(openWith(key, ByteView(sealed).first(size), "draft 1"), Error,
                              isMalformed);
    BOOST_CHECK_EXCEPTION(openWith(key, sealed, "draft 2"), Error, isMalformed);
    BOOST_CHECK_EXCEPTION(openWith(Secret(randomBytes(random, 32)), sealed, "draft 1"), Error,
                          isMalformed);
}

BOOST_AUTO_TEST_CASE(nothing_can_be_sealed_too)
{
    SystemRandom random;
    const Secret key(randomBytes(random, 32));
    const Bytes sealed = sealWith(key, {}, "", random);
    BOOST_TEST(sealed.size() == 28U);
    BOOST_TEST(openWith(key, sealed, "").empty());
}

BOOST_AUTO_TEST_CASE(a_key_of_another_length_is_refused)
{
    SystemRandom random;
    const auto isUnusable = [](const Error& error) {
        return error.errorCode() == ErrorCode::KeyUnusable;
    };
    BOOST_CHECK_EXCEPTION(sealWith(Secret(Bytes(16)), {}, "", random), Error, isUnusable);
    BOOST_CHECK_EXCEPTION(openWith(Secret(Bytes(31)), Bytes(28), ""), Error, isUnusable);
    BOOST_CHECK_EXCEPTION(deriveKey(Secret(), "salt", "purpose"), Error, isUnusable);
    BOOST_CHECK_EXCEPTION(hmacSha256(Secret(), {}), Error, isUnusable);
}

BOOST_AUTO_TEST_SUITE_END()
