// SPDX-License-Identifier: EUPL-1.2
//
// What the citizen brought, scanned at the desk: the list, one file in, one file out.
#include "appliance/core/log.h"
#include "appliance/node/attachment_desk.h"
#include "appliance/node/desk.h"
#include "appliance/node/desk_cases.h"
#include "appliance/node/house.h"

namespace amt::node {
namespace {

int statusOfRefusal(const std::string& why)
{
    if (why.empty())
        return 200;
    if (why == "storeFull")
        return statusOf(ErrorCode::StoreFull);
    return why == "tooLarge" ? 413 : 422;
}

outbox::RsaKey requiredKey(House& house, const Exchange& exchange)
{
    auto key = house.people.openDeskKey(exchange.clerk->token, house.now());
    if (!key)
        throw Error(ErrorCode::NotAllowed, "desk key is not open");
    return *std::move(key);
}

/// Of the address, and still to be completed.
office::CaseRecord openCase(const House& house, const Exchange& exchange)
{
    auto record = requiredCase(house, exchange);
    if (!actsOn(record).sealsAnew)
        throw Error(ErrorCode::StepOutOfOrder, "the case does not wait for a desk");
    return record;
}

} // namespace

HttpResponse attachmentsAnswer(House& house, const Exchange& exchange, const std::string& refusal)
{
    const auto record = requiredCase(house, exchange);
    page::AttachmentsPage view;
    view.id = record.id;
    view.reference = record.reference;
    view.serviceName = serviceName(house, record);
    view.papers = papers(house, record);
    view.refusal = refusal;
    view.left = attachmentBytesMax;
    const auto deskKey = house.people.openDeskKey(exchange.clerk->token, house.now());
    view.readable = deskKey.has_value();
    if (deskKey) {
        for (const auto& each : attachmentsOf(house, record.envelopeId, *deskKey)) {
            view.rows.push_back({each.record.id, each.name, each.mimeType, each.size});
            view.left -= each.size;
        }
    }
    const bool waits = actsOn(record).sealsAnew;
    view.canRemove = view.readable && waits;
    view.isFull = view.rows.size() >= attachmentsMax || view.left <= 0;
    view.canAdd = view.canRemove && !view.isFull;
    return house.deskPage(exchange, view, statusOfRefusal(refusal));
}

Reply showAttachments(House& house, Exchange& exchange)
{
    return attachmentsAnswer(house, exchange, "");
}

Reply addAttachment(House& house, Exchange& exchange)
{
    const auto record = openCase(house, exchange);
    const auto deskKey = requiredKey(house, exchange);
    house.attachments.take(exchange, record, attachmentsOf(house, record.envelopeId, deskKey));
    return std::nullopt;
}

Reply removeAttachment(House& house, Exchange& exchange)
{
    const auto record = openCase(house, exchange);
    requiredKey(house, exchange);
    const std::string& id = exchange.segments.at(1);
    if (!isUuid(id))
        throw Error(ErrorCode::NotFound, "attachment");
    house.attachments.records().remove(id, record.envelopeId,
                                       {record.id, exchange.clerk->clerk.name}, house.now());
    log::info("attachment.removed", {{"case", record.id}, {"attachment", id}});
    return redirect("/desk/cases/" + record.id + "/attachments");
}

} // namespace amt::node
