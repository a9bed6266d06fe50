// SPDX-License-Identifier: EUPL-1.2
//
// Sealing and opening as a stream: the same as at once, whatever the pieces; forged streams are
// refused; 60 MB need no more memory than 6.
#include "sync/envelope/envelope.h"
#include "tests/support/peak_memory.h"
#include "tests/support/test_keys.h"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace amt;
using namespace amt::envelope;

namespace {

const std::string ourKid = "office-2026-1";

/// The same bytes again and again, so that two seals are alike up to RSA's own chance.
class GivenRandom : public RandomSource {
public:
    void fill(std::span<std::uint8_t> bytes) override
    {
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(++_last * 37);
    }

private:
    std::uint8_t _last = 0;
};

struct Streamed {
    std::string compact, tag;
};

Streamed sealedInPieces(ByteView plain, std::size_t piece)
{
    GivenRandom random;
    Sealer sealer(test::publicRsaKey(0), ourKid, "application/pdf", random);
    Streamed streamed;
    for (std::size_t at = 0; at < plain.size(); at += piece)
        sealer.add(plain.subspan(at, std::min(piece, plain.size() - at)), streamed.compact);
    streamed.tag = sealer.finish(streamed.compact);
    return streamed;
}

/// Without the second segment: OAEP has its own chance.
std::string withoutKey(const std::string& compact)
{
    const auto first = compact.find('.');
    return compact.substr(0, first) + compact.substr(compact.find('.', first + 1));
}

Opened openedInPieces(std::string_view compact, std::size_t piece)
{
    Opener opener(test::rsaKey(0), ourKid);
    Opened opened;
    for (std::size_t at = 0; at < compact.size(); at += piece)
        opener.add(compact.substr(at, piece), opened.plain);
    opened.contentType = opener.finish();
    return opened;
}

ErrorCode refusal(std::string_view compact, std::size_t piece)
{
    try {
        openedInPieces(compact, piece);
    } catch (const Error& error) {
        return error.errorCode();
    }
    BOOST_ERROR("opened");
    return ErrorCode::SystemFailed;
}

} // namespace

BOOST_AUTO_TEST_SUITE(envelope_stream)

BOOST_AUTO_TEST_CASE(pieces_of_any_length_give_what_one_gives)
{
    SystemRandom random;
    for (const std::size_t size : {0, 1, 2, 3, 12287, 12288, 12289, 100000}) {
        const Bytes plain = randomBytes(random, size);
        GivenRandom given;
        const Sealed whole = seal(plain, test::publicRsaKey(0), ourKid, "application/pdf", given);
        for (const std::size_t piece : {1, 7, 96, 4096, 262144}) {
            if (size / piece > 20000)
                continue;
            const Streamed streamed = sealedInPieces(plain, piece);
            BOOST_TEST((withoutKey(streamed.compact) == withoutKey(whole.compact)));
            BOOST_TEST(streamed.tag == whole.tag);
            BOOST_TEST(tagOf(streamed.compact) == whole.tag);
        }
        BOOST_CHECK(open(sealedInPieces(plain, 5).compact, test::rsaKey(0), ourKid).plain == plain);
    }
}

BOOST_AUTO_TEST_CASE(an_opener_takes_pieces_of_any_length)
{
    SystemRandom random;
    const Bytes plain = randomBytes(random, 50001);
    const std::string compact =
        seal(plain, test::publicRsaKey(0), ourKid, "application/pdf", random).compact;
    for (const std::size_t piece : {1, 2, 3, 5, 64, 1000, 16384, 262144}) {
        const Opened opened = openedInPieces(compact, piece);
        BOOST_CHECK(opened.plain == plain);
        BOOST_TEST(opened.contentType == "application/pdf");
    }
}

BOOST_AUTO_TEST_CASE(what_the_whole_way_refuses_the_stream_refuses)
{
    SystemRandom random;
    const Bytes plain = randomBytes(random, 3000);
    const std::string good =
        seal(plain, test::publicRsaKey(0), ourKid, "application/pdf", random).compact;
    std::vector<std::string> forged = {"",
                                       ".",
                                       "....",
                                       "a.b.c.d.e",
                                       good + "A",
                                       good + ".",
                                       good + "=",
                                       " " + good,
                                       good.substr(0, good.size() - 1),
                                       good.substr(0, good.rfind('.'))};
    for (std::size_t at = 0; at < good.size(); at += 13) {
        std::string changed = good;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        forged.push_back(changed);
        changed[at] = '.';
        forged.push_back(changed);
    }
    for (const auto& compact : forged) {
        if (compact == good)
            continue;
        ErrorCode whole = ErrorCode::SystemFailed;
        try {
            open(compact, test::rsaKey(0), ourKid);
            BOOST_ERROR("opened");
        } catch (const Error& error) {
            whole = error.errorCode();
        }
        BOOST_TEST((refusal(compact, 1000) == whole));
    }
    Opener other(test::rsaKey(0), "office-2026-2");
    Bytes unverified;
    BOOST_CHECK_EXCEPTION(other.add(good, unverified), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::EnvelopeNotOurs;
    });
    Opener publicHalf(test::publicRsaKey(0), ourKid);
    BOOST_CHECK_EXCEPTION(publicHalf.add(good, unverified), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::KeyUnusable;
    });
    BOOST_TEST(unverified.empty());
}

BOOST_AUTO_TEST_CASE(a_sealer_refuses_more_than_one_part_may_hold)
{
    SystemRandom random;
    Sealer sealer(test::publicRsaKey(0), ourKid, "application/pdf", random);
    std::string compact;
    const Bytes step(1024 * 1024);
    for (std::size_t at = 0; at < contentBytesMax; at += step.size(), compact.clear())
        sealer.add(step, compact);
    BOOST_CHECK_EXCEPTION(
        sealer.add(ByteView(step).first(1), compact), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::InputTooLarge; });
}

BOOST_AUTO_TEST_CASE(sixty_megabytes_need_no_more_memory_than_six)
{
    SystemRandom random;
    const Bytes step(256 * 1024, 'x');
    const auto through = [&](std::size_t size) {
        Sealer sealer(test::publicRsaKey(0), ourKid, "application/pdf", random);
        Opener opener(test::rsaKey(0), ourKid);
        std::string compact;
        Bytes unverified;
        std::size_t opened = 0;
        for (std::size_t at = 0; at < size; at += step.size()) {
            compact.clear();
            unverified.clear();
            sealer.add(ByteView(step).first(std::min(step.size(), size - at)), compact);
            opener.add(compact, unverified);
            opened += unverified.size();
        }
        compact.clear();
        unverified.clear();
        sealer.finish(compact);
        opener.add(compact, unverified);
        opener.finish();
        return opened + unverified.size();
    };
    BOOST_TEST(through(1'000'000) == 1'000'000U);
    const long before = test::peakKilobytes(test::Before::Forgotten);
    BOOST_TEST(through(60'000'000) == 60'000'000U);
    const long growth = test::peakKilobytes(test::Before::Kept) - before;
    BOOST_TEST_MESSAGE("peak memory grew by " << growth << " KiB");
    BOOST_TEST((growth < 2048 || !test::memoryIsOurs));
}

BOOST_AUTO_TEST_SUITE_END()
