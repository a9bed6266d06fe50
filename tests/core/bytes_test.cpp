// SPDX-License-Identifier: EUPL-1.2
//
// Known answers for texts of bytes, ids, days and money.
#include "appliance/core/bytes.h"
#include "appliance/core/error.h"
#include "appliance/core/local_date.h"
#include "appliance/core/money.h"
#include "appliance/core/random.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;

namespace {

struct Pair {
    std::string plain;
    std::string encoded;
};

std::ostream& operator<<(std::ostream& out, const Pair& pair)
{
    return out << pair.encoded;
}

// RFC 4648 section 10, without padding
const std::vector<Pair> rfc4648 = {
    {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
const std::vector<std::string> brokenBase64 = {"Z", "Zg==", "Zh", "Z g", "Zm9+", "Zm9vY"};

} // namespace

BOOST_AUTO_TEST_SUITE(core_bytes)

BOOST_DATA_TEST_CASE(base64url_gives_the_known_text, boost::unit_test::data::make(rfc4648), pair)
{
    BOOST_TEST(toBase64Url(view(pair.plain)) == pair.encoded);
    BOOST_TEST(toText(fromBase64Url(pair.encoded)) == pair.plain);
}

BOOST_DATA_TEST_CASE(broken_base64url_is_refused, boost::unit_test::data::make(brokenBase64), text)
{
    BOOST_CHECK_EXCEPTION(fromBase64Url(text), Error, [](const Error& e) {
        return e.errorCode() == ErrorCode::InputMalformed;
    });
}

BOOST_AUTO_TEST_CASE(padded_base64_comes_back)
{
    BOOST_TEST(toBase64(view("fooba")) == "Zm9vYmE=");
    BOOST_TEST(toText(fromBase64("Zm9vYg==")) == "foob");
    BOOST_CHECK_THROW(fromBase64("Zm9vYg="), Error);
}

BOOST_AUTO_TEST_CASE(a_uuid_says_its_version_and_sorts_by_time)
{
    SystemRandom random;
    const std::string four = randomUuid(random);
    BOOST_TEST(isUuid(four));
    BOOST_TEST(four[14] == '4');
    const std::string early = timedUuid(random, fromMilliseconds(1'000'000));
    const std::string late = timedUuid(random, fromMilliseconds(1'000'001));
    BOOST_TEST(isUuid(early));
    BOOST_TEST(early[14] == '7');
    BOOST_TEST(early < late);
}

BOOST_AUTO_TEST_CASE(a_day_is_the_town_halls_day_and_not_greenwich_s)
{
    const UtcTime lateEvening = fromIso("2026-11-21T23:30:00Z");
    BOOST_TEST(toIso(localDate(lateEvening)) == "2026-11-22");
    BOOST_TEST(toLocalIso(lateEvening) == "2026-11-22T00:30:00+01:00");
    BOOST_TEST(toIso(plusDays(localDateFromIso("2026-02-28"), 1)) == "2026-03-01");
    BOOST_CHECK_THROW(localDateFromIso("2026-02-30"), Error);
    BOOST_CHECK_THROW(localDateFromIso("2026-2-3"), Error);
    BOOST_TEST(toIso(fromIso("2026-11-21T10:00:00.250+01:00")) == "2026-11-21T09:00:00.250Z");
}

BOOST_AUTO_TEST_CASE(money_is_written_as_people_read_it)
{
    BOOST_TEST(Money::cents(3070).german() == "30,70\u00a0€");
    BOOST_TEST(Money::cents(5).decimal() == "0.05");
    BOOST_TEST(Money::cents(-1205).german() == "-12,05\u00a0€");
}

BOOST_AUTO_TEST_SUITE_END()
