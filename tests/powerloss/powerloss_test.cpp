// SPDX-License-Identifier: EUPL-1.2
//
// Power loss under the real store: nothing that was acknowledged is lost, and each weaker setting
// is found out (sync.md 15).
#include "appliance/core/log.h"
#include "tests/powerloss/powerloss.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt::powerloss;

namespace {

struct Tooth {
    const char* name;
    Settings settings;
};
std::ostream& operator<<(std::ostream& out, const Tooth& tooth)
{
    return out << tooth.name;
}
const Tooth teeth[] = {{"synchronous=NORMAL", Settings::SynchronousNormal},
                       {"synchronous=OFF", Settings::SynchronousOff},
                       {"journal_mode=DELETE", Settings::RollbackJournal},
                       {"psow=1", Settings::PowersafeOverwrite}};

constexpr std::uint64_t days = 8, imagesADay = 2500;

} // namespace

BOOST_AUTO_TEST_SUITE(powerloss)

BOOST_DATA_TEST_CASE(nothing_acknowledged_is_lost_at_any_cut,
                     data::xrange<std::uint64_t>(1, days + 1), seed)
{
    amt::log::setEnabled(false);
    const Findings found = tryImages(Settings::Ours, seed, imagesADay, Until::AllTried);
    BOOST_TEST(found.images == imagesADay);
    BOOST_TEST(found.bad() == 0U, "seed " << seed << ": " << found.first);
    BOOST_TEST_MESSAGE(found.images << " images at " << found.crashPoints << " crash points");
}

BOOST_DATA_TEST_CASE(a_weaker_setting_is_found_out, data::make(teeth), tooth)
{
    amt::log::setEnabled(false);
    const Findings found = tryImages(tooth.settings, 1, 5000, Until::FirstFound);
    BOOST_TEST(found.bad() > 0U);
    BOOST_TEST_MESSAGE(tooth.name << ": " << found.first);
}

BOOST_AUTO_TEST_SUITE_END()
