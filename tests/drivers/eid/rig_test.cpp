// SPDX-License-Identifier: EUPL-1.2
//
// Whole reads through the real pcscd from the shared rig's card, which is not ours: an independent
// judge.
#include "drivers/eid/pcsc.h"
#include "tests/drivers/eid/reading.h"
#include "tests/drivers/eid/rig.h"
#include "tests/sim/card/counting_channel.h"
#include "tests/support/skip.h"

#include <boost/test/data/test_case.hpp>

namespace data = boost::unit_test::data;
using namespace amt;

namespace {

/// One rig for all cases.
struct RigOfThisRun {
    RigOfThisRun() { rig() = test::Rig::start(reason()); }
    ~RigOfThisRun() { rig().reset(); }
    static std::unique_ptr<test::Rig>& rig()
    {
        static std::unique_ptr<test::Rig> instance;
        return instance;
    }
    static std::string& reason()
    {
        static std::string text;
        return text;
    }
};

BOOST_TEST_GLOBAL_FIXTURE(RigOfThisRun);

test::Rig* rig()
{
    if (test::skipUnless(RigOfThisRun::rig() != nullptr, RigOfThisRun::reason()))
        return nullptr;
    return RigOfThisRun::rig().get();
}

struct Result {
    IdentityOutcome outcome;
    std::size_t commands = 0, bytesOut = 0, bytesIn = 0;
    std::vector<IdentityStep> steps;
};

Result readFrom(const test::Rig& rig, const IdentityRequest& request,
                const std::string& terminal = "onsite", Milliseconds wait = Milliseconds(5000))
{
    SystemRandom random;
    eid::PcscReader reader({"Virtual PCD 00 00"});
    auto connected = reader.connect(wait);
    if (auto* outcome = std::get_if<IdentityOutcome>(&connected))
        return {*outcome, 0, 0, 0, {}};
    sim::CountingChannel card(*std::get<std::unique_ptr<CardChannel>>(connected));
    Result result{NoCard{}, 0, 0, 0, {}};
    result.outcome =
        test::readIdentity(card, random, request, rig.terminalKey(terminal), &result.steps);
    result.commands = card.commands;
    result.bytesOut = card.bytesOut;
    result.bytesIn = card.bytesIn;
    return result;
}

Result readFrom(const test::Rig& rig)
{
    return readFrom(rig, rig.request());
}

} // namespace

BOOST_AUTO_TEST_SUITE(eid_rig)

BOOST_AUTO_TEST_CASE(erika_is_read_in_29_commands)
{
    auto* rig = ::rig();
    if (rig == nullptr)
        return;
    BOOST_REQUIRE(rig->control("factory"));
    const auto result = readFrom(*rig);
    BOOST_REQUIRE_EQUAL(test::nameOf(result.outcome), "IdentityRead");
    const auto& person = std::get<IdentityRead>(result.outcome).data.reveal();
    BOOST_TEST(person.documentType == "ID");
    BOOST_TEST(person.givenNames == "ERIKA");
    BOOST_TEST(person.familyNames == "MUSTERMANN");
    BOOST_TEST(person.birthName == "GABLER");
    BOOST_TEST(person.dateOfBirth == "19840812");
    BOOST_TEST(person.dateOfExpiry == "20350630");
    BOOST_TEST(person.nationality == "D");
    BOOST_TEST(person.placeOfBirth.freeText == "BERLIN");
    BOOST_TEST(person.placeOfResidence.street == "HEIDESTRAẞE 17");
    BOOST_TEST(person.placeOfResidence.city == "KÖLN");
    BOOST_TEST(person.placeOfResidence.postalCode == "51147");
    BOOST_TEST(person.placeOfResidence.country == "D");
    BOOST_TEST(person.municipalityId == "02760503150000");
    BOOST_TEST(person.sex.empty()); // was not asked for
    BOOST_TEST(result.commands == 29U);
    BOOST_TEST(result.bytesOut <= 1600U);
    BOOST_TEST(result.bytesIn <= 2800U);
    BOOST_TEST_MESSAGE("12 groups: " << result.commands << " APDUs, " << result.bytesOut
                                     << " bytes out, " << result.bytesIn << " bytes in");
}

BOOST_AUTO_TEST_SUITE_END()
