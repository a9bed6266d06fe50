// SPDX-License-Identifier: EUPL-1.2
//
// Names in memory: found again in capitals, never taken for another's, forgotten when told so.
#include "appliance/node/expected_names.h"
#include "tests/node/town.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace amt;
using namespace amt::node;
namespace data = boost::unit_test::data;

namespace {

struct Pair {
    const char* family;
    const char* given;
    const char* cardFamily;
    const char* cardGiven;
    bool same;
};
std::ostream& operator<<(std::ostream& out, const Pair& pair)
{
    return out << pair.given << ' ' << pair.family << " / " << pair.cardGiven << ' '
               << pair.cardFamily;
}
const Pair pairs[] = {
    {"Łukasiewicz", "Zoë", "ŁUKASIEWICZ", "ZOË", true},
    {"Weiß", "Anna", "WEISS", "ANNA", true},
    {"Weiß", "Anna", "WEIẞ", "ANNA", true},
    {"Mu\u0308ller", "Anna", "MÜLLER", "ANNA", true}, // u and a mark, one letter after NFC
    {" Müller ", "Anna  Lena", "MÜLLER", "ANNA LENA", true},
    {"Müller", "Anna", "MUELLER", "ANNA", false},
    {"Müller", "Anna", "MULLER", "ANNA", false},
    {"Müller", "Anna", "MÜLLER", "ANNA LENA", false},
    {"Lena Müller", "Anna", "MÜLLER", "ANNA LENA", false},
    {"Müller", "Anna", "ANNA", "MÜLLER", false},
    {"Müller", "", "", "MÜLLER", false},
};

} // namespace

BOOST_AUTO_TEST_SUITE(node_expected_names)

BOOST_DATA_TEST_CASE(names_are_the_same_where_a_clerk_takes_them_for_the_same, data::make(pairs),
                     pair)
{
    test::SeededRandom random;
    ExpectedNames names(random);
    names.note("1", pair.family, pair.given, "");
    BOOST_TEST(names.matches("1", pair.cardFamily, pair.cardGiven, "1964-08-12") == pair.same);
    BOOST_TEST(!names.matches("2", pair.family, pair.given, ""));
}

BOOST_AUTO_TEST_CASE(a_date_of_birth_that_was_given_has_to_be_the_cards)
{
    test::SeededRandom random;
    ExpectedNames names(random);
    names.note("1", "Müller", "Anna", "1964-08-12");
    BOOST_TEST(names.matches("1", "MÜLLER", "ANNA", "1964-08-12"));
    for (const char* other : {"1964-08-13", "1964-08", "1964", ""}) // parts that a card may lack
        BOOST_TEST(!names.matches("1", "MÜLLER", "ANNA", other), other);
    BOOST_TEST(!names.matches("1", "MÜLLER", "ANNE", "1964-08-12"));
}

BOOST_AUTO_TEST_CASE(what_nobody_can_read_is_known_and_matches_nobody)
{
    test::SeededRandom random;
    ExpectedNames names(random);
    names.noteUnreadable("1");
    BOOST_TEST(names.knows("1"));
    BOOST_TEST(names.isUnreadable("1"));
    BOOST_TEST(!names.matches("1", "", "", ""));
    BOOST_TEST(!names.isUnreadable("2"));
}

BOOST_AUTO_TEST_CASE(all_but_these_days_are_forgotten)
{
    test::SeededRandom random;
    ExpectedNames names(random);
    names.note("past", "Müller", "Anna", "");
    names.note("today", "Müller", "Anna", "");
    names.keepOnly({"today", "new"});
    BOOST_TEST(!names.knows("past"));
    BOOST_TEST(names.knows("today"));
    BOOST_TEST(names.count() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
