// SPDX-License-Identifier: EUPL-1.2
//
// What amtctl asks over its socket.
#include "appliance/node/house.h"
#include "appliance/node/machine_routes.h"

namespace amt::node {

Reply showStatus(House& house, Exchange&)
{
    const UtcTime now = house.now();
    const auto overview = house.outbox.overview();
    auto status = json::makeObject();
    status->set("time", toIso(now));
    status->set("version", AMT_VERSION);
    status->set("accepting", house.accepting());
    status->set("enrolled", house.destinations.enrolled());
    status->set("portalReachable", house.portalReachable());
    status->set("visits", static_cast<int>(house.visits.count()));
    status->set("unresolvedPayments", static_cast<int>(house.till.unresolved().size()));
    status->set("waiting", overview.waiting);
    status->set("awaiting", overview.awaiting);
    status->set("held", overview.held);
    status->set("rejected", overview.rejected);
    if (overview.oldestWaiting)
        status->set("oldestWaiting", toIso(*overview.oldestWaiting));
    status->set("storeFreeShare", house.doors.database.freeShare());
    const auto head = house.journal.head();
    status->set("journalNumber", head.number);
    status->set("journalHash", toHex(head.hash));
    return jsonAnswer(200, *status);
}

Reply takeEnrolment(House& house, Exchange& exchange)
{
    enrol(house.doors.database, exchange.request.body, house.now());
    return emptyAnswer(204);
}

} // namespace amt::node
