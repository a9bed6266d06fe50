// SPDX-License-Identifier: EUPL-1.2
//
// Replies: their states in the books, and the event that each change of state is written down with.
#include "sync/gateway/replies.h"

#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "sync/gateway/parts.h"
#include "sync/gateway/problem.h"
#include "sync/gateway/replies_statements.h"
#include "sync/portal/words.h"

#include <algorithm>

namespace amt::gateway {
namespace {

using envelope::EventKind;

constexpr std::size_t problemCharactersMax = 500;

HttpResponse unknownReply()
{
    return notFound("reply");
}

HttpResponse announced(const std::string& replyId, const std::string& caseId)
{
    return jsonResponse(201, portal::writeReplyIds({replyId, caseId}));
}

std::string announcementDigest(const portal::ReplyAnnounceBody& body)
{
    auto sorted = body.attachmentIds;
    std::sort(sorted.begin(), sorted.end());
    std::string all = body.caseId;
    for (const auto& id : sorted)
        all += "\n" + id;
    return digestOf(all);
}

envelope::AuthenticationTags tagsIn(const portal::ReplyTags& body)
{
    return {.metadata = body.metadata, .data = body.data, .attachments = body.attachments};
}

} // namespace

Replies::Replies(Books& books, Ledger& ledger, RandomSource& random, Log log, ReplyLimits limits)
    : _books(books), _ledger(ledger), _random(random), _log(std::move(log)), _limits(limits)
{}

std::optional<Replies::Reply> Replies::find(const std::string& id, const Sight& sight)
{
    auto row = _books.prepare(sql::replyById);
    row.bind(id, sight.client());
    if (!row.step())
        return std::nullopt;
    return Reply{.id = row.text(0),
                 .caseId = row.text(1),
                 .submissionId = row.text(2),
                 .clientId = row.text(3),
                 .ownerId = row.text(4),
                 .state = submissionStateFromName(row.text(5)),
                 .metadata = row.text(6),
                 .data = row.text(7),
                 .metadataDigest = row.text(8),
                 .dataDigest = row.text(9)};
}

/// By the caller, and not given up.
std::optional<Replies::Reply> Replies::given(const std::string& id, const std::string& clientId)
{
    auto found = find(id, Sight::ofClient(clientId));
    if (found && found->ownerId == clientId && found->state != SubmissionState::Deleted)
        return found;
    return std::nullopt;
}

/// For the caller, and whole.
std::optional<Replies::Reply> Replies::got(const std::string& id, const std::string& clientId)
{
    auto found = find(id, Sight::ofClient(clientId));
    if (found && found->clientId == clientId && found->state != SubmissionState::Announced &&
        found->state != SubmissionState::Deleted)
        return found;
    return std::nullopt;
}

std::vector<Replies::Part> Replies::parts(const std::string& id)
{
    std::vector<Part> all;
    auto row = _books.prepare(sql::replyAttachments);
    row.bind(id);
    while (row.step())
        all.push_back({row.text(0), row.text(1), row.text(2), row.integer(3)});
    return all;
}

envelope::AuthenticationTags Replies::tagsOf(const Reply& reply)
{
    envelope::AuthenticationTags tags{.metadata = envelope::tagOf(reply.metadata),
                                      .data = envelope::tagOf(reply.data),
                                      .attachments = {}};
    for (const auto& part : parts(reply.id))
        tags.attachments[part.id] = part.tag;
    return tags;
}

void Replies::note(const Reply& reply, EventKind kind,
                   std::optional<envelope::AuthenticationTags> tags,
                   std::vector<envelope::Problem> problems)
{
    const auto opened = _ledger.caseFile(reply.caseId, Sight::ofService());
    _log({.event = {.id = {},
                    .issuer = {},
                    .issuedAt = {},
                    .submissionId = {},
                    .caseId = reply.caseId,
                    .kind = kind,
                    .tags = std::move(tags),
                    .problems = std::move(problems),
                    .replyId = reply.id},
          .destinationId = opened->destinationId,
          .submissionId = reply.submissionId,
          .receiverId = reply.clientId});
}

void Replies::close(const Reply& reply, SubmissionState state)
{
    _books.prepare(sql::closeReply).bind(nameOf(state), reply.id).run();
    _books.prepare(sql::dropReplyAttachments).bind(reply.id).run();
}

// --- the office

HttpResponse Replies::announce(const std::string& clientId, const std::string& key,
                               const std::string& body, UtcTime now)
{
    const auto wanted = portal::readReplyAnnounce(body);
    if (!key.empty() && !isUuid(key))
        return problem(400, "idempotency-key-invalid", "the Idempotency-Key is a UUID");
    const auto opened = _ledger.caseFile(wanted.caseId, Sight::ofClient(clientId));
    const auto destination = opened ? _ledger.destination(opened->destinationId) : std::nullopt;
    if (!destination || destination->ownerId != clientId)
        return notFound("case");

    const std::string digest = announcementDigest(wanted);
    if (!key.empty()) {
        auto claim = _books.prepare(sql::replyClaim);
        claim.bind(clientId, key);
        if (claim.step()) {
            if (claim.text(1) != digest)
                return problem(409, "idempotency-key-reused",
                               "this Idempotency-Key stands for another announcement");
            if (submissionStateFromName(claim.text(2)) != SubmissionState::Deleted)
                return announced(claim.text(0), opened->id);
            _books.prepare(sql::dropReplyClaim).bind(claim.text(0)).run(); // it died incomplete
        }
    }
    if (wanted.attachmentIds.size() > _limits.attachments)
        return problem(422, "too-many-attachments",
                       "at most " + std::to_string(_limits.attachments));
    auto newest = _books.prepare(sql::newestSubmitted);
    newest.bind(opened->id);
    if (!newest.step())
        return problem(409, "submission-state-invalid", "nothing was submitted in this case yet");
    Reply made;
    made.id = randomUuid(_random);
    made.caseId = opened->id;
    made.submissionId = newest.text(0);
    made.clientId = opened->clientId;
    made.ownerId = clientId;
    _books.prepare(sql::addReply)
        .bind(made.id, made.caseId, made.submissionId, made.clientId, made.ownerId,
              key.empty() ? std::nullopt : std::optional(key), digest, now)
        .run();
    for (const auto& id : wanted.attachmentIds)
        _books.prepare(sql::addReplyAttachment).bind(made.id, id).run();
    note(made, EventKind::Create);
    return announced(made.id, made.caseId);
}

HttpResponse Replies::putAttachment(const std::string& clientId, const std::string& id,
                                    const std::string& attachmentId, const std::string& jwe)
{
    const auto reply = given(id, clientId);
    if (!reply)
        return unknownReply();
    const auto all = parts(reply->id);
    const auto part = std::find_if(all.begin(), all.end(),
                                   [&](const Part& each) { return each.id == attachmentId; });
    if (part == all.end())
        return notFound("attachment");
    const std::string digest = digestOf(jwe);
    if (!part->digest.empty()) {
        if (part->digest == digest)
            return emptyResponse(204);
        return problem(409, "attachment-differs", "other bytes are stored under this id");
    }
    if (reply->state != SubmissionState::Announced)
        return problem(409, "reply-state-invalid", "already submitted");
    std::size_t bytes = jwe.size();
    for (const auto& each : all)
        bytes += static_cast<std::size_t>(each.bytes);
    if (bytes > _limits.bytes)
        return problem(413, "reply-too-large", "over the limit for the attachments of a reply");
    envelope::sealedFor(jwe); // its form; for whom, the receiver alone knows
    _books.prepare(sql::storeReplyAttachment)
        .bind(jwe, static_cast<std::int64_t>(jwe.size()), digest, envelope::tagOf(jwe), reply->id,
              part->id)
        .run();
    return emptyResponse(204);
}

HttpResponse Replies::submit(const std::string& clientId, const std::string& id,
                             const std::string& body, UtcTime now)
{
    const auto [metadata, data] = portal::readSubmit(body, _limits.submissionBytes);
    auto reply = given(id, clientId);
    if (!reply)
        return unknownReply();
    const auto done = [&] {
        return jsonResponse(200, portal::writeReplyIds({reply->id, reply->caseId}));
    };
    if (reply->state != SubmissionState::Announced) {
        if (reply->metadataDigest == digestOf(metadata) && reply->dataDigest == digestOf(data))
            return done();
        log::error("gateway.other_reply", {{"reply", reply->id}});
        return problem(409, "reply-differs", "other bytes are stored under this id");
    }
    for (const auto* jwe : {&metadata, &data})
        envelope::sealedFor(*jwe);
    if (!haveTypes(metadata, data))
        return problem(422, "invalid-jwe", "Invalid JWE Header 'cty'");
    for (const auto& part : parts(reply->id)) {
        if (part.digest.empty())
            return problem(422, "attachment-missing", "an announced attachment did not arrive");
    }
    reply->metadata = metadata;
    reply->data = data;
    _books.prepare(sql::storeReply)
        .bind(now, metadata, data, digestOf(metadata), digestOf(data), reply->id)
        .run();
    note(*reply, EventKind::Submit, tagsOf(*reply));
    return done();
}

// --- the sender of the case

HttpResponse Replies::waiting(const std::string& clientId, Page page)
{
    portal::WaitingRepliesBody body;
    body.offset = page.offset;
    auto count = _books.prepare(sql::countRepliesFor);
    count.bind(clientId);
    body.totalCount = count.step() ? static_cast<int>(count.integer(0)) : 0;
    auto row = _books.prepare(sql::repliesFor);
    row.bind(clientId, page.limit, page.offset);
    while (row.step())
        body.replies.push_back({row.text(0), row.text(1)});
    return jsonResponse(200, portal::writeWaitingReplies(body));
}

HttpResponse Replies::fetch(const std::string& clientId, const std::string& id)
{
    const auto reply = got(id, clientId);
    if (!reply || reply->state != SubmissionState::Submitted)
        return unknownReply();
    portal::ReplyBody body{.replyId = reply->id,
                           .caseId = reply->caseId,
                           .attachmentIds = {},
                           .parts = {reply->metadata, reply->data}};
    for (const auto& part : parts(reply->id))
        body.attachmentIds.push_back(part.id);
    return jsonResponse(200, portal::writeReply(body));
}

HttpResponse Replies::fetchAttachment(const std::string& clientId, const std::string& id,
                                      const std::string& attachmentId)
{
    const auto reply = got(id, clientId);
    if (!reply || reply->state != SubmissionState::Submitted)
        return unknownReply();
    auto row = _books.prepare(sql::replyAttachment);
    row.bind(reply->id, attachmentId);
    if (!row.step())
        return notFound("attachment");
    auto response = jsonResponse(200, row.text(0));
    response.headers[0].second = std::string(portal::joseType);
    return response;
}

HttpResponse Replies::accept(const std::string& clientId, const std::string& id,
                             const std::string& body)
{
    const auto tags = tagsIn(portal::readReplyAccept(body));
    const auto reply = got(id, clientId);
    if (!reply)
        return unknownReply();
    if (reply->state == SubmissionState::Accepted) // said before; the answer was lost
        return emptyResponse(204);
    if (reply->state != SubmissionState::Submitted)
        return problem(409, "reply-state-invalid", "not waiting for an answer");
    if (tags != tagsOf(*reply))
        return problem(422, "incorrect-authentication-tag", "the tags are not those of this reply");
    note(*reply, EventKind::Accept, tags);
    close(*reply, SubmissionState::Accepted);
    return emptyResponse(204);
}

HttpResponse Replies::reject(const std::string& clientId, const std::string& id,
                             const std::string& body)
{
    std::vector<envelope::Problem> problems;
    for (const auto& each : portal::readReplyReject(body)) {
        if (std::max({each.type.size(), each.title.size(), each.detail.size(),
                      each.instance.size()}) > problemCharactersMax)
            return problem(422, "problem-too-long", "at most 500 bytes in each field");
        problems.push_back({each.type, each.title, each.detail, each.instance});
    }
    const auto reply = got(id, clientId);
    if (!reply)
        return unknownReply();
    if (reply->state == SubmissionState::Rejected)
        return emptyResponse(204);
    if (reply->state != SubmissionState::Submitted)
        return problem(409, "reply-state-invalid", "not waiting for an answer");
    note(*reply, EventKind::Reject, std::nullopt, std::move(problems));
    close(*reply, SubmissionState::Rejected);
    return emptyResponse(204);
}

// --- both

HttpResponse Replies::events(const std::string& clientId, const std::string& id, Page page)
{
    const auto reply = find(id, Sight::ofClient(clientId));
    if (!reply)
        return unknownReply();
    std::vector<std::string> tokens;
    auto row = _books.prepare(sql::eventsOfReply);
    row.bind(reply->id, page.limit, page.offset);
    while (row.step())
        tokens.push_back(row.text(0));
    return jsonResponse(200, portal::writeEventLog(tokens));
}

// --- the service

std::vector<std::string> Replies::column(std::string_view statement, UtcTime before)
{
    std::vector<std::string> found;
    auto row = _books.prepare(statement);
    row.bind(before);
    while (row.step())
        found.push_back(row.text(0));
    return found;
}

std::vector<std::string> Replies::incompleteSince(UtcTime before)
{
    return column(sql::incompleteReplies, before);
}

std::vector<std::string> Replies::unfetchedSince(UtcTime before)
{
    return column(sql::unfetchedReplies, before);
}

void Replies::dropIncomplete(const std::string& id)
{
    const auto reply = find(id, Sight::ofService());
    if (!reply || reply->state != SubmissionState::Announced)
        return;
    note(*reply, EventKind::Delete);
    close(*reply, SubmissionState::Deleted);
}

void Replies::rejectUnfetched(const std::string& id)
{
    const auto reply = find(id, Sight::ofService());
    if (!reply || reply->state != SubmissionState::Submitted)
        return;
    note(*reply, EventKind::Reject, std::nullopt,
         {{.type = std::string(portal::rejectReasonPrefix) + "reply-expired",
           .title = "Nicht abgeholt",
           .detail = "Die absendende Stelle des Antrags hat die Antwort nicht abgeholt.",
           .instance = "reply"}});
    close(*reply, SubmissionState::Rejected);
}

} // namespace amt::gateway
