// SPDX-License-Identifier: EUPL-1.2
//
// How the operation stands, for IT: each line with a level that says whether somebody is needed.
#include "appliance/node/desk.h"
#include "appliance/node/desk_export.h"
#include "appliance/node/house.h"

#include <algorithm>
#include <cmath>

namespace amt::node {
namespace {

using page::StatusPage;
using Level = StatusPage::Level;

constexpr auto day = std::chrono::hours(24);
constexpr double diskWarning = 0.80, diskFull = 0.95; ///< used share (sync.md 8)

std::string moment(UtcTime time)
{
    return germanDate(localDate(time)) + ", " + localTime(time) + " Uhr";
}

StatusPage::Line portal(const House& house)
{
    if (house.notAuthorised)
        return {"portal", Level::Bad, "desk.status.portal.refused", ""};
    return house.portalReachable()
               ? StatusPage::Line{"portal", Level::Good, "desk.status.portal.yes", ""}
               : StatusPage::Line{"portal", Level::Warning, "desk.status.portal.no", ""};
}

StatusPage::Line oldest(const outbox::Overview& overview, UtcTime now)
{
    if (!overview.oldestWaiting)
        return {"oldest", Level::Good, "desk.status.oldest.none", ""};
    const auto age = now - *overview.oldestWaiting;
    return {"oldest",
            overview.overdue > 0 ? Level::Bad
            : age > day          ? Level::Warning
                                 : Level::Good,
            "desk.status.oldest.since", moment(*overview.oldestWaiting)};
}

StatusPage::Line count(const char* key, int number, Level when)
{
    return {key, number > 0 ? when : Level::Good, "", std::to_string(number)};
}

StatusPage::Line disk(House& house)
{
    const double used = 1 - house.doors.database.freeShare();
    return {"disk",
            used >= diskFull      ? Level::Bad
            : used >= diskWarning ? Level::Warning
                                  : Level::Good,
            "desk.status.disk.used", std::to_string(std::lround(used * 100))};
}

StatusPage::Line backup(const House& house)
{
    const auto& backups = house.backups;
    const std::string newest = backups.newest() ? moment(*backups.newest()) : "–";
    if (!backups.wanted())
        return {"backup", Level::Warning, "desk.status.backup.none", ""};
    if (!backups.failure().empty())
        return {"backup", Level::Bad, "desk.status.backup.failed", newest};
    if (!backups.newest())
        return {"backup", Level::Warning, "desk.status.backup.never", ""};
    if (house.settings.backupOnSameMedium)
        return {"backup", Level::Warning, "desk.status.backup.same", newest};
    const bool old = house.now() - *backups.newest() > 2 * house.settings.backupEvery;
    return {"backup", old ? Level::Warning : Level::Good, "desk.status.backup.made", newest};
}

StatusPage::Line keys(const House& house)
{
    if (!house.destinations.enrolled())
        return {"keys", Level::Bad, "desk.status.keys.Missing", ""};
    const std::string own = house.destinations.ownDestination();
    const auto confirmed = house.destinations.confirmedAt(own);
    const std::string at = confirmed ? moment(*confirmed) : "–";
    switch (house.destinations.standing(own, house.now())) {
    case outbox::KeyStanding::Good:
        return {"keys", Level::Good, "desk.status.keys.Good", at};
    case outbox::KeyStanding::Aging:
        return {"keys", Level::Warning, "desk.status.keys.Aging", at};
    case outbox::KeyStanding::TooOld:
        return {"keys", Level::Bad, "desk.status.keys.TooOld", at};
    case outbox::KeyStanding::Missing:
        break;
    }
    return {"keys", Level::Bad, "desk.status.keys.Missing", ""};
}

StatusPage::Line cardCertificate(const House& house)
{
    const auto* signer = house.doors.signer;
    if (!signer)
        return {"cardCertificate", Level::Warning, "desk.status.cardCertificate.none", ""};
    if (!signer->isUsable())
        return {"cardCertificate", Level::Bad, "desk.status.cardCertificate.unusable", ""};
    const auto shown = signer->shown();
    if (!shown)
        return {"cardCertificate", Level::Good, "desk.status.cardCertificate.there", ""};
    const LocalDate today = localDate(house.now());
    const std::string until = germanDate(shown->validUntil);
    if (shown->validUntil < today)
        return {"cardCertificate", Level::Bad, "desk.status.cardCertificate.ended", until};
    return {"cardCertificate", shown->validUntil == today ? Level::Warning : Level::Good,
            "desk.status.cardCertificate.until", until};
}

StatusPage::Line blockList(const House& house)
{
    using Standing = BlockListFile::Standing;
    const std::string newest = house.blockList.newest() ? moment(*house.blockList.newest()) : "–";
    switch (house.blockList.standing()) {
    case Standing::Good:
        return {"blockList", Level::Good, "desk.status.blockList.good", newest};
    case Standing::Old:
        return {"blockList", Level::Warning, "desk.status.blockList.old", newest};
    case Standing::Unusable:
        return {"blockList", Level::Bad, "desk.status.blockList.unusable", ""};
    case Standing::NotWanted:
        break;
    }
    return {"blockList", Level::Warning, "desk.status.blockList.none", ""};
}

StatusPage::Line clock(const House& house, const outbox::Overview& overview)
{
    if (overview.early > 0)
        return {"clock", Level::Bad, "desk.status.clock.early", ""};
    const auto quality = house.journal.timeQuality();
    return {"clock",
            quality == outbox::TimeQuality::Portal ? Level::Good
            : quality == outbox::TimeQuality::Rtc  ? Level::Info
                                                   : Level::Bad,
            "desk.status.clock." + std::string(outbox::name(quality)), ""};
}

StatusPage::Line journal(const House& house)
{
    if (!house.headAlarm.empty())
        return {"journal", Level::Bad, "desk.status.journal." + house.headAlarm, ""};
    return {"journal", Level::Good, "desk.status.journal.good",
            std::to_string(house.journal.head().number)};
}

} // namespace

Reply showOperation(House& house, Exchange& exchange)
{
    const auto overview = house.outbox.overview(house.now());
    const auto needing = house.cases.needingPerson();
    const auto held = static_cast<int>(
        std::count_if(needing.begin(), needing.end(), [](const office::CaseRecord& record) {
            // what a person at the desk comes for anyway is nobody's fault
            return record.standing == office::Standing::Held && record.heldReason != "FeeAtDesk" &&
                   record.heldReason != office::papersMissing;
        }));
    page::StatusPage view;
    view.lines = {portal(house),
                  oldest(overview, house.now()),
                  count("waiting", overview.waiting, Level::Info),
                  count("held", held, Level::Warning),
                  count("rejected", overview.rejected, Level::Warning),
                  disk(house),
                  backup(house),
                  keys(house),
                  cardCertificate(house),
                  blockList(house),
                  clock(house, overview),
                  journal(house),
                  {"version", Level::Info, "", AMT_VERSION}};
    view.needsDate = house.needsDate();
    view.exported = exportOffer(house, *exchange.clerk, overview.waiting);
    return house.deskPage(exchange, view);
}

} // namespace amt::node
