// SPDX-License-Identifier: EUPL-1.2
//
// What amtctl asks over its socket.
#include "appliance/core/log.h"
#include "appliance/node/house.h"
#include "appliance/node/machine_routes.h"
#include "sync/outbox/incarnation.h"

namespace amt::node {

Reply showStatus(House& house, Exchange&)
{
    const UtcTime now = house.now();
    const auto overview = house.outbox.overview(now);
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
    status->set("overdue", overview.overdue);
    status->set("readOnly", house.readOnly());
    status->set("notAuthorised", house.notAuthorised);
    if (!house.headAlarm.empty())
        status->set("headAlarm", house.headAlarm);
    status->set("timeQuality", std::string(outbox::name(house.journal.timeQuality())));
    if (overview.oldestWaiting)
        status->set("oldestWaiting", toIso(*overview.oldestWaiting));
    if (house.rounds) {
        const auto standing = house.rounds->standing();
        auto quota = json::makeObject();
        quota->set("fenced", standing.fenced);
        quota->set("owned", standing.owned);
        quota->set("needsDate", house.rounds->needsClerk());
        if (standing.unreported)
            quota->set("unreported", *standing.unreported);
        if (standing.heard)
            quota->set("heard", toIso(*standing.heard));
        status->set("quota", quota);
    }
    status->set("storeFreeShare", house.doors.database.freeShare());
    const auto head = house.journal.head();
    status->set("journalNumber", head.number);
    status->set("journalHash", toHex(head.hash));
    status->set("incarnation", outbox::incarnationOf(house.doors.database));
    status->set("backupWanted", house.backups.wanted());
    if (const auto newest = house.backups.newest())
        status->set("backupNewest", toIso(*newest));
    if (!house.backups.failure().empty())
        status->set("backupFailure", house.backups.failure());
    return jsonAnswer(200, *status);
}

Reply makeBackup(House& house, Exchange& exchange)
{
    json::onlyKeys(*json::parseObject(exchange.request.body), {});
    house.backups.make([](const Backups::Outcome&) {});
    return awaitBackup(house, exchange);
}

Reply awaitBackup(House& house, Exchange& exchange)
{
    // The front does not wait for ever: whoever hears "running" asks again.
    constexpr Milliseconds patience{std::chrono::seconds(8)};
    const auto answered = std::make_shared<bool>(false); // shared by the copy's end and the timer
    const auto answer = [respond = exchange.respond, answered](const Backups::Outcome& outcome,
                                                               bool running) {
        if (std::exchange(*answered, true))
            return;
        auto body = json::makeObject();
        body->set("running", running);
        if (!outcome.file.empty())
            body->set("file", outcome.file);
        if (!outcome.failure.empty())
            body->set("failure", outcome.failure);
        respond(jsonAnswer(running ? 202 : outcome.file.empty() ? 503 : 200, *body));
    };
    house.backups.whenDone([answer](const Backups::Outcome& outcome) { answer(outcome, false); });
    house.doors.loop.after(patience, house.guarded([answer] { answer({}, true); }));
    return std::nullopt;
}

Reply takeEnrolment(House& house, Exchange& exchange)
{
    enrol(house.doors.database, exchange.request.body, house.now());
    return emptyAnswer(204);
}

Reply confirmDate(House& house, Exchange& exchange)
{
    const auto body = json::parseObject(exchange.request.body);
    json::onlyKeys(*body, {"date"});
    const LocalDate seen = localDateFromIso(json::text(*body, "date"));
    if (!house.rounds)
        throw Error(ErrorCode::NotFound, "the clock of this node counts as it is");
    if (seen != localDate(house.now()))
        throw Error(ErrorCode::StepOutOfOrder, "the clock shows another day: set it first");
    house.rounds->clerkConfirmed();
    log::warning("clock.confirmed", {{"date", toIso(seen)}});
    return emptyAnswer(204);
}

} // namespace amt::node
