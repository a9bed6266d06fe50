// SPDX-License-Identifier: EUPL-1.2
//
// Base64url with vectors: bit for bit what the plain loop, the core's strict reader and OpenSSL
// say, at every length and with every fault.
#include "appliance/core/error.h"
#include "appliance/core/random.h"
#include "sync/envelope/base64_url.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <optional>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::envelope;

namespace amt::envelope {
std::ostream& operator<<(std::ostream& out, Vectors vectors)
{
    constexpr const char* names[] = {"plain", "SSSE3", "AVX2", "AVX-512"};
    return out << names[static_cast<int>(vectors)];
}
} // namespace amt::envelope

namespace {

const Vectors kinds[] = {Vectors::Plain, Vectors::Ssse3, Vectors::Avx2, Vectors::Avx512};

std::string encoded(ByteView bytes, Vectors vectors)
{
    std::string text(lettersFor(bytes.size()), '?');
    encodeBase64Url(bytes, text, vectors);
    return text;
}

std::optional<Bytes> decoded(std::string_view text, Vectors vectors)
{
    Bytes bytes(bytesFor(text.size()));
    return decodeBase64Url(text, bytes, vectors) ? std::optional(bytes) : std::nullopt;
}

std::optional<Bytes> strictlyRead(std::string_view text)
{
    try {
        return fromBase64Url(text);
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// OpenSSL knows the plain alphabet with padding only.
std::string byOpenssl(const Bytes& bytes)
{
    std::string text(bytes.size() / 3 * 4 + 5, '\0');
    const int size = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                       static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(envelope_base64_url)

BOOST_DATA_TEST_CASE(all_lengths_agree_with_openssl_and_the_plain_loop, data::make(kinds), vectors)
{
    if (!has(vectors))
        return;
    SystemRandom random;
    for (std::size_t size = 0; size <= 1000; ++size) {
        const Bytes bytes = randomBytes(random, size);
        const std::string text = encoded(bytes, vectors);
        BOOST_REQUIRE_EQUAL(text, byOpenssl(bytes));
        BOOST_REQUIRE_EQUAL(text, encoded(bytes, Vectors::Plain));
        BOOST_REQUIRE_EQUAL(text, toBase64Url(bytes));
        BOOST_REQUIRE(decoded(text, vectors) == bytes);
    }
    for (int i = 0; i < 100; ++i) {
        const Bytes bytes = randomBytes(random, randomBelow(random, 100000));
        const std::string text = encoded(bytes, vectors);
        BOOST_REQUIRE(text == byOpenssl(bytes));
        BOOST_REQUIRE(decoded(text, vectors) == bytes);
    }
}

BOOST_DATA_TEST_CASE(every_letter_in_every_place_is_judged_alike, data::make(kinds), vectors)
{
    if (!has(vectors))
        return;
    SystemRandom random;
    const std::string good = encoded(randomBytes(random, 150), Vectors::Plain); // 200 letters
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (int letter = 0; letter < 256; ++letter) {
            std::string text = good;
            text[at] = static_cast<char>(letter);
            const auto wanted = strictlyRead(text);
            BOOST_REQUIRE(decoded(text, vectors) == wanted);
        }
    }
}

BOOST_DATA_TEST_CASE(what_is_not_canonical_is_refused_at_every_length, data::make(kinds), vectors)
{
    if (!has(vectors))
        return;
    SystemRandom random;
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (std::size_t size = 1; size <= 300; ++size) {
        std::string text;
        for (std::size_t i = 0; i < size; ++i)
            text += alphabet[randomBelow(random, alphabet.size())];
        const auto wanted = strictlyRead(text);
        BOOST_REQUIRE(decoded(text, vectors) == wanted); // mostly bits after the end
        BOOST_REQUIRE(!decoded(text + "=", vectors));
        BOOST_REQUIRE(!decoded(text + "\n", vectors));
    }
    for (const char* text : {"A", "AB", "AAB", "AA==", "AA=", "A A A", "+/+/", "AAAAA", "..AA"})
        BOOST_TEST(!decoded(text, vectors).has_value());
}

BOOST_AUTO_TEST_CASE(the_fastest_is_there)
{
    BOOST_TEST(has(Vectors::Plain));
    BOOST_TEST(has(fastest()));
    BOOST_TEST_MESSAGE("fastest: " << fastest());
}

BOOST_AUTO_TEST_SUITE_END()
