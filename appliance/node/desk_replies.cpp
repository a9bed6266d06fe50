// SPDX-License-Identifier: EUPL-1.2
//
// Replies at the desk: read with the clerk's open key, their attachments as files, and done with.
#include "appliance/core/log.h"
#include "appliance/node/desk.h"
#include "appliance/node/desk_cases.h"
#include "appliance/node/file_names.h"
#include "appliance/node/house.h"
#include "appliance/node/reply_reading.h"

#include <algorithm>

namespace amt::node {
namespace {

/// Of the case in the address, and to be seen.
outbox::ReplyRecord requiredReply(const House& house, const Exchange& exchange)
{
    const auto opened = requiredCase(house, exchange);
    const std::string& id = exchange.segments.at(1);
    auto found = isUuid(id) ? house.replies.find(id) : std::nullopt;
    if (!found || found->envelopeId != opened.envelopeId ||
        found->state == outbox::ReplyState::Arriving)
        throw Error(ErrorCode::NotFound, "reply");
    return *std::move(found);
}

outbox::RsaKey requiredKey(House& house, const Exchange& exchange)
{
    auto key = house.people.openDeskKey(exchange.clerk->token, house.now());
    if (!key)
        throw Error(ErrorCode::NotAllowed, "desk key is not open");
    return *std::move(key);
}

} // namespace

Reply showReply(House& house, Exchange& exchange)
{
    const auto record = requiredReply(house, exchange);
    const auto opened = requiredCase(house, exchange);
    page::ReplyPage view;
    view.caseId = opened.id;
    view.reference = opened.reference;
    view.serviceName = serviceName(house, opened);
    view.id = record.id;
    view.receivedAt = record.receivedAt;
    view.settled = record.settledAt.has_value();
    view.canSettle = !view.settled && record.state != outbox::ReplyState::Kept;
    const auto key = house.people.openDeskKey(exchange.clerk->token, house.now());
    view.readable = key.has_value();
    for (const auto& problem : record.problems)
        view.problems.push_back(problem.title + ": " + problem.detail);
    if (!key || !record.problems.empty())
        return house.deskPage(exchange, view);
    if (!house.replies.part(record.id, "data")) {
        view.gone = true;
        return house.deskPage(exchange, view);
    }
    const auto read = readReply(house.replies, record, house.people.deskSeal(), *key);
    house.replies.judge(record.id, read.problems, house.now());
    if (!read.problems.empty()) {
        for (const auto& problem : read.problems)
            view.problems.push_back(problem.title + ": " + problem.detail);
        view.canSettle = !view.settled;
        return house.deskPage(exchange, view);
    }
    house.replies.noteOpened(record.id, "text", exchange.clerk->clerk.name, house.now());
    view.canSettle = !view.settled;
    view.subject = read.message.subject;
    view.text = read.message.text;
    if (read.metadata.author)
        view.author = read.metadata.author->name;
    if (read.metadata.reference)
        view.theirReference = read.metadata.reference->senderReference;
    for (const auto& attachment : read.metadata.attachments)
        view.attachments.push_back({attachment.id,
                                    plainFileName(attachment.filename, attachment.mimeType),
                                    attachment.description});
    return house.deskPage(exchange, view);
}

Reply giveReplyAttachment(House& house, Exchange& exchange)
{
    const auto record = requiredReply(house, exchange);
    const std::string& id = exchange.segments.at(2);
    const auto key = requiredKey(house, exchange);
    if (std::find(record.attachments.begin(), record.attachments.end(), id) ==
            record.attachments.end() ||
        !house.replies.part(record.id, id))
        throw Error(ErrorCode::NotFound, "attachment of a reply");
    const auto desk = house.people.deskSeal();
    const auto read = readReply(house.replies, record, desk, key);
    const auto described =
        std::find_if(read.metadata.attachments.begin(), read.metadata.attachments.end(),
                     [&](const auto& each) { return each.id == id; });
    if (!read.problems.empty() || described == read.metadata.attachments.end())
        throw Error(ErrorCode::NotFound, "attachment of a reply that cannot be read");
    house.replies.noteOpened(record.id, id, exchange.clerk->clerk.name, house.now());
    auto plain = envelope::open(*house.replies.part(record.id, id), key, desk.kid);
    HttpResponse response;
    // Never as what it says it is: a browser shall not run it in the desk's name.
    const std::string name = plainFileName(described->filename, described->mimeType);
    std::string ascii = name;
    std::replace_if(
        ascii.begin(), ascii.end(),
        [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; }, '_');
    response.headers = {{"Content-Type", "application/octet-stream"},
                        {"Content-Disposition", "attachment; filename=\"" + ascii +
                                                    "\"; filename*=UTF-8''" + escapeUri(name)},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Content-Security-Policy", "sandbox; default-src 'none'"},
                        {"Cache-Control", "no-store"}};
    response.body = toText(plain.plain);
    wipe(plain.plain);
    return response;
}

Reply settleReply(House& house, Exchange& exchange)
{
    const auto record = requiredReply(house, exchange);
    house.replies.settle(record.id, exchange.clerk->clerk.name, house.now());
    log::info("reply.settled", {{"reply", record.id}, {"clerk", exchange.clerk->clerk.id}});
    return redirect("/desk/cases/" + exchange.segments.at(0));
}

} // namespace amt::node
