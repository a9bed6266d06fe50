// SPDX-License-Identifier: EUPL-1.2
//
// What waits for a line that does not come, as a file for a data carrier (sync/envelope/FORMAT.md).
#include "appliance/node/desk_export.h"

#include "appliance/core/log.h"
#include "appliance/node/desk.h"
#include "appliance/node/desk_cases.h"
#include "appliance/node/house.h"
#include "sync/envelope/export_file.h"

#include <charconv>

namespace amt::node {
namespace {

constexpr auto allowedFor = std::chrono::minutes(10);
constexpr int filesMax = 1000;

bool isAllowed(const House& house, const DeskSession& session)
{
    return session.exportAllowedAt &&
           house.doors.loop.sinceBoot() - *session.exportAllowedAt <= allowedFor;
}

envelope::ExportedEnvelope exported(const House& house, const outbox::WorkItem& item)
{
    const auto part = [&](const std::string& name) {
        auto jwe = house.outbox.part(item.id, name);
        if (!jwe)
            throw Error(ErrorCode::StoreFailed, "an envelope that waits has lost a part");
        return *std::move(jwe);
    };
    envelope::ExportedEnvelope made{.id = item.id,
                                    .destinationId = item.destinationId,
                                    .serviceKey = item.serviceKey,
                                    .serviceName = item.serviceName,
                                    .regionKey = item.regionKey,
                                    .attachments = item.attachments,
                                    .metadata = part("metadata"),
                                    .data = part("data"),
                                    .attachmentJwes = {}};
    for (const auto& id : item.attachments)
        made.attachmentJwes.push_back(part(id));
    return made;
}

} // namespace

page::StatusPage::Export exportOffer(const House& house, const DeskSession& session, int waiting)
{
    return {.waiting = waiting,
            .files = isAllowed(house, session)
                         ? (waiting + envelopesOfExport - 1) / envelopesOfExport
                         : 0};
}

Reply allowExport(House& house, Exchange& exchange)
{
    const std::string reason = reasonOf(exchange);
    DeskSession& session = *exchange.clerk;
    house.doors.database.transact([&] {
        house.journal.append(outbox::RecordKind::Audit, session.clerk.id,
                             {{"clerk", session.clerk.name}, {"act", "export"}, {"reason", reason}},
                             house.now());
    });
    session.exportAllowedAt = house.doors.loop.sinceBoot();
    log::info("desk.export", {{"clerk", session.clerk.id}});
    return redirect("/desk/status");
}

Reply giveExport(House& house, Exchange& exchange)
{
    const std::string& segment = exchange.segments.at(0);
    int number = 0;
    const auto parsed = std::from_chars(segment.data(), segment.data() + segment.size(), number);
    if (parsed.ec != std::errc() || parsed.ptr != segment.data() + segment.size() || number < 1 ||
        number > filesMax)
        throw Error(ErrorCode::NotFound, "number of an export file");
    if (!isAllowed(house, *exchange.clerk))
        throw Error(ErrorCode::NotAllowed, "an export without a reason");
    const auto waiting = house.outbox.waiting(number * envelopesOfExport);
    const auto first = static_cast<std::size_t>(number - 1) * envelopesOfExport;
    if (waiting.size() <= first)
        throw Error(ErrorCode::NotFound, "nothing waits here any more");
    envelope::ExportWriter writer(house.town.name, house.now());
    for (std::size_t i = first; i < waiting.size(); ++i)
        writer.add(exported(house, waiting[i]));
    HttpResponse answer;
    answer.headers = {{"Content-Type", "application/jsonl"},
                      {"Content-Disposition", "attachment; filename=\"umschlaege-" +
                                                  toIso(localDate(house.now())) + "-" + segment +
                                                  ".amt-export\""}};
    answer.body = writer.finish();
    return answer;
}

} // namespace amt::node
