// SPDX-License-Identifier: EUPL-1.2
//
// Whole reads from vsmartcard's identity card: another implementation of PACE, terminal and chip
// authentication, behind the real pcscd. It keeps no access condition, so the data are its own.
#include "appliance/core/log.h"
#include "drivers/eid/pcsc.h"
#include "tests/drivers/eid/reading.h"
#include "tests/drivers/eid/rig.h"
#include "tests/support/skip.h"

#include <boost/test/unit_test.hpp>

using namespace amt;

namespace {

class SameNumbers : public RandomSource {
public:
    void fill(std::span<std::uint8_t> bytes) override
    {
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>((_state = _state * 1664525U + 1013904223U) >> 24);
    }

private:
    std::uint32_t _state = 5;
};

std::string readName(const test::Rig& rig, const IdentityRequest& request, IdentityOutcome& outcome)
{
    SameNumbers random;
    eid::PcscReader reader({"Virtual PCD 00 00"});
    auto connected = reader.connect(Milliseconds(5000));
    if (auto* failed = std::get_if<IdentityOutcome>(&connected))
        outcome = *failed;
    else
        outcome = test::readIdentity(*std::get<std::unique_ptr<CardChannel>>(connected), random,
                                     request, rig.terminalKey());
    return test::nameOf(outcome);
}

} // namespace

BOOST_AUTO_TEST_SUITE(eid_vicc)

BOOST_AUTO_TEST_CASE(another_card_is_read_with_pin_and_can)
{
    log::setEnabled(false);
    std::string reason;
    const auto rig = test::Rig::start(reason, test::Rig::Card::Vicc);
    if (test::skipUnless(rig != nullptr, reason))
        return;
    auto wanted = rig->request();
    IdentityOutcome outcome;

    // Its document ended in 2020, and says so to whoever may see the date.
    wanted.pin = Secret(std::string_view("111111"));
    BOOST_TEST(readName(*rig, wanted, outcome) == "CardExpired");
    wanted.pin = Secret();
    wanted.can = Secret(std::string_view("222222"));
    BOOST_TEST(readName(*rig, wanted, outcome) == "CardExpired");
    wanted.can = Secret(std::string_view("222223"));
    BOOST_TEST(readName(*rig, wanted, outcome) == "WrongCan");
}

BOOST_AUTO_TEST_SUITE_END()
