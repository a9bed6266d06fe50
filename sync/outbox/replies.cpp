// SPDX-License-Identifier: EUPL-1.2
//
// Replies in the database: whole before they count, judged from outside here, and from inside by
// whoever has the desk key.
#include "sync/outbox/replies.h"

#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "sync/outbox/part_writer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace amt::outbox {
namespace {

using envelope::Problem;

constexpr std::string_view reasonPrefix = "https://schema.fitko.de/fit-connect/events/problems/";
constexpr std::size_t idsAskedMax = 500;

constexpr std::array<std::pair<ReplyState, std::string_view>, 4> stateNames = {{
    {ReplyState::Arriving, "ARRIVING"},
    {ReplyState::Kept, "KEPT"},
    {ReplyState::Accepted, "ACCEPTED"},
    {ReplyState::Refused, "REFUSED"},
}};

ReplyState stateFromName(const std::string& text)
{
    for (const auto& [state, known] : stateNames) {
        if (known == text)
            return state;
    }
    throw Error(ErrorCode::StoreFailed, "unknown state of a reply");
}

constexpr std::string_view columns =
    "SELECT id, service_case_id, envelope_id, state, unreadable, problems, received_at, told_at,"
    " opened_at, settled_at FROM reply ";

std::string instanceOf(const std::string& part)
{
    return part == "metadata" || part == "data" ? part : "attachment:" + part;
}

/// A log whose time is still to come, or whose key IT has still to believe: not yet anybody's
/// fault.
struct NotYet {};

} // namespace

std::string_view name(ReplyState state)
{
    for (const auto& [known, text] : stateNames) {
        if (known == state)
            return text;
    }
    AMT_ASSERT(false && "a state of a reply without a name");
}

Problem replyProblem(const std::string& type, const std::string& instance,
                     const std::string& detail)
{
    return {.type = std::string(reasonPrefix) + type,
            .title = type,
            .detail = detail,
            .instance = instance};
}

std::string writeProblems(const std::vector<Problem>& problems)
{
    json::ArrayPtr array = json::makeArray();
    for (const auto& problem : problems) {
        json::ObjectPtr object = json::makeObject();
        object->set("type", problem.type);
        object->set("title", problem.title);
        object->set("detail", problem.detail);
        object->set("instance", problem.instance);
        array->add(object);
    }
    json::ObjectPtr whole = json::makeObject();
    whole->set("problems", array);
    return json::write(*whole);
}

std::vector<Problem> readProblems(const std::string& text)
{
    std::vector<Problem> problems;
    const json::ArrayPtr array = json::array(*json::parseObject(text), "problems");
    for (std::size_t i = 0; i < array->size(); ++i) {
        const json::ObjectPtr object = array->getObject(static_cast<unsigned>(i));
        problems.push_back({json::text(*object, "type"), json::text(*object, "title"),
                            json::text(*object, "detail"), json::text(*object, "instance")});
    }
    return problems;
}

Replies::Replies(store::Database& database, Journal& journal, Destinations& destinations,
                 ReplyLimits limits, ReplyClocks clocks)
    : _database(database), _journal(journal), _destinations(destinations), _limits(limits),
      _clocks(clocks)
{}

// --- what amt-sync brings

std::vector<std::string> Replies::wanted(const std::vector<std::string>& ids) const
{
    std::vector<std::string> unknown;
    for (const auto& id : ids) {
        if (unknown.size() == idsAskedMax)
            break;
        auto row = _database.prepare("SELECT state FROM reply WHERE id = ?");
        if (!row.bind(id).step() || stateFromName(row.text(0)) == ReplyState::Arriving)
            unknown.push_back(id);
    }
    return unknown;
}

void Replies::takePiece(const std::string& id, const std::string& part, std::int64_t offset,
                        std::string_view piece, UtcTime now)
{
    AMT_ASSERT(isUuid(id) && (part == "metadata" || part == "data" || isUuid(part)));
    _database.transact([&] {
        _database
            .prepare("INSERT INTO reply (id, service_case_id, state, received_at)"
                     " VALUES (?, '', 'ARRIVING', ?) ON CONFLICT (id) DO NOTHING")
            .bind(id, now)
            .run();
        if (find(id)->state != ReplyState::Arriving)
            return;
        if (offset == 0) { // anew: what an attempt before left is of no use
            for (const char* statement : {"DELETE FROM reply_chunk WHERE reply_id = ? AND part = ?",
                                          "DELETE FROM reply_part WHERE reply_id = ? AND part = ?",
                                          "INSERT INTO reply_part (reply_id, part) VALUES (?, ?)"})
                _database.prepare(statement).bind(id, part).run();
        }
        auto known = _database.prepare(
            "SELECT size, too_large, (SELECT count(*) FROM reply_part WHERE reply_id = ?1),"
            " (SELECT sum(size) FROM reply_part WHERE reply_id = ?1),"
            " (SELECT count(*) FROM reply_chunk WHERE reply_id = ?1 AND part = ?2)"
            " FROM reply_part WHERE reply_id = ?1 AND part = ?2");
        if (!known.bind(id, part).step() || (known.integer(1) == 0 && known.integer(0) != offset))
            throw Error(ErrorCode::StepOutOfOrder, "a piece that does not follow those before");
        if (known.integer(1) != 0)
            return;
        const auto size = static_cast<std::size_t>(known.integer(0)) + piece.size();
        const auto whole = static_cast<std::size_t>(known.integer(3)) + piece.size();
        if (static_cast<std::size_t>(known.integer(2)) > _limits.attachments + 2 ||
            size > _limits.partBytes || whole > _limits.bytes) {
            _database.prepare("DELETE FROM reply_chunk WHERE reply_id = ? AND part = ?")
                .bind(id, part)
                .run();
            _database
                .prepare("UPDATE reply_part SET too_large = 1, size = 0 WHERE reply_id = ? AND "
                         "part = ?")
                .bind(id, part)
                .run();
            return;
        }
        auto chunk = _database.prepare(
            "INSERT INTO reply_chunk (reply_id, part, number, bytes) VALUES (?, ?, ?, ?)");
        auto number = known.integer(4);
        for (std::size_t at = 0; at < piece.size(); at += chunkBytes)
            chunk.bind(id, part, number++, toBytes(piece.substr(at, chunkBytes))).run();
        _database.prepare("UPDATE reply_part SET size = ? WHERE reply_id = ? AND part = ?")
            .bind(static_cast<std::int64_t>(size), id, part)
            .run();
    });
}

std::map<std::string, Replies::Part> Replies::parts(const std::string& id) const
{
    std::map<std::string, Part> found;
    auto rows = _database.prepare("SELECT part, tag, too_large FROM reply_part WHERE reply_id = ?");
    rows.bind(id);
    while (rows.step())
        found[rows.text(0)] = {rows.text(1), rows.integer(2) != 0};
    return found;
}

/// Each part gets its digest, and the tag that the service's event must name.
void Replies::seal(const std::string& id)
{
    for (const auto& [part, what] : parts(id)) {
        const std::string jwe = text(id, part);
        _database
            .prepare("UPDATE reply_part SET tag = ?, digest = ? WHERE reply_id = ? AND part = ?")
            .bind(jwe.substr(jwe.rfind('.') + 1), envelope::sha256(view(jwe)), id, part)
            .run();
    }
}

/// All that is wrong with it from outside. Throws NotYet.
std::vector<Problem> Replies::faults(const std::string& id, const std::string& serviceCaseId,
                                     const std::vector<std::string>& attachments,
                                     const std::vector<std::string>& events,
                                     const std::string& deskKid, std::string& submitJti,
                                     UtcTime now) const
{
    auto ours = _database.prepare("SELECT 1 FROM envelope WHERE service_case_id = ?");
    if (!ours.bind(serviceCaseId).step())
        return {replyProblem("unknown-case", "reply",
                             "Der Vorgang ist hier nicht oder nicht mehr bekannt.")};

    const auto service = _destinations.serviceKeys();
    std::optional<envelope::SecurityEvent> submitted;
    for (const std::string& token : events) {
        try {
            const std::string kid = envelope::readJwsHeader(token).kid;
            const bool known = std::any_of(service.keys.begin(), service.keys.end(),
                                           [&](const auto& key) { return key.kid == kid; });
            if (!known && !service.keys.empty()) {
                log::error("reply.unknown-key", {{"reply", id}}); // waits for IT
                throw NotYet();
            }
            auto event = envelope::verifyEvent(token, service, {.issuer = {}, .keys = {}},
                                               _journal.newestTime(now));
            if (event.replyId != id || event.caseId != serviceCaseId)
                return {
                    replyProblem("invalid-event-log", "reply", "an event about something else")};
            if (event.kind == envelope::EventKind::Create)
                continue;
            if (event.kind != envelope::EventKind::Submit || submitted)
                return {replyProblem("invalid-event-log", "reply", "not submitted exactly once")};
            submitted = std::move(event);
        } catch (const Error& failure) { // foreign bytes: a reason to refuse, not a failure of ours
            if (failure.errorCode() == ErrorCode::EventEarly) {
                log::error("event.early", {{"reply", id}});
                throw NotYet();
            }
            if (failure.errorCode() != ErrorCode::SignatureInvalid &&
                failure.errorCode() != ErrorCode::EventRefused)
                throw;
            return {replyProblem("invalid-event-log", "reply", "an event is not valid")};
        }
    }
    if (!submitted || !submitted->tags) // a copy of the log that is behind: it will come
        throw NotYet();
    auto seen = _database.prepare("SELECT 1 FROM reply WHERE submit_jti = ? AND id <> ?");
    if (seen.bind(submitted->id, id).step())
        return {replyProblem("invalid-event-log", "reply", "an event of another reply")};
    submitJti = submitted->id;

    std::vector<Problem> found;
    const auto came = parts(id);
    if (attachments.size() > _limits.attachments)
        return {replyProblem("attachments-mismatch", "reply",
                             "Mehr als " + std::to_string(_limits.attachments) + " Anlagen.")};
    std::map<std::string, std::string> expected = submitted->tags->attachments;
    for (const auto& attachment : attachments) {
        if (!expected.contains(attachment))
            found.push_back(replyProblem("incorrect-authentication-tag", instanceOf(attachment),
                                         "not what was submitted"));
    }
    expected["metadata"] = submitted->tags->metadata;
    expected["data"] = submitted->tags->data;
    for (const auto& [part, tag] : expected) {
        const std::string instance = instanceOf(part);
        const auto arrived = came.find(part);
        if (arrived == came.end()) {
            found.push_back(replyProblem(isUuid(part) ? "missing-attachment" : "missing-data",
                                         instance, "nothing was sent"));
            continue;
        }
        if (arrived->second.isTooLarge) {
            found.push_back(replyProblem("size-limit-exceeded", instance,
                                         "Die Antwort ist größer, als sie hier sein darf."));
            continue;
        }
        if (arrived->second.tag != tag) {
            found.push_back(
                replyProblem("incorrect-authentication-tag", instance, "not what was submitted"));
            continue;
        }
        auto before = _database.prepare("SELECT 1 FROM reply_part WHERE tag = ? AND reply_id <> ?");
        if (before.bind(tag, id).step()) {
            found.push_back(
                replyProblem("invalid-event-log", instance, "these bytes came with another reply"));
            continue;
        }
        try {
            if (envelope::sealedFor(text(id, part)) != deskKid)
                found.push_back(
                    replyProblem("encryption-issue", instance, "sealed for an unknown key"));
        } catch (const Error& failure) { // foreign bytes
            if (failure.errorCode() != ErrorCode::EnvelopeMalformed)
                throw;
            found.push_back(replyProblem("encryption-issue", instance, "not a JWE as agreed"));
        }
    }
    for (const auto& [part, what] : came) {
        if (!expected.contains(part))
            found.push_back(
                replyProblem("attachments-mismatch", instanceOf(part), "sent, and not submitted"));
    }
    return found;
}

ReplyState Replies::finish(const std::string& id, const std::string& serviceCaseId,
                           const std::vector<std::string>& attachments,
                           const std::vector<std::string>& events, const std::string& deskKid,
                           UtcTime now)
{
    return _database.transact([&]() -> ReplyState {
        const auto known = find(id);
        if (!known)
            throw Error(ErrorCode::NotFound, "no part of this reply came");
        if (known->state != ReplyState::Arriving)
            return known->state;
        seal(id);
        std::vector<Problem> problems;
        std::string submitJti;
        try {
            problems = faults(id, serviceCaseId, attachments, events, deskKid, submitJti, now);
        } catch (const NotYet&) {
            return ReplyState::Arriving;
        }
        _database
            .prepare("UPDATE reply SET service_case_id = ?, envelope_id = (SELECT id FROM envelope "
                     "WHERE service_case_id = ? ORDER BY sealed_at DESC LIMIT 1), submit_jti = ?, "
                     "received_at = ? WHERE id = ?")
            .bind(serviceCaseId, serviceCaseId,
                  submitJti.empty() ? std::nullopt : std::optional(submitJti), now, id)
            .run();
        if (!problems.empty()) {
            refuse(id, problems, now);
            return ReplyState::Refused;
        }
        _database.prepare("UPDATE reply SET state = 'KEPT' WHERE id = ?").bind(id).run();
        Details details{
            {"case", serviceCaseId}, {"envelope", find(id)->envelopeId}, {"jti", submitJti}};
        auto digests = _database.prepare("SELECT part, digest FROM reply_part WHERE reply_id = ?");
        digests.bind(id);
        while (digests.step())
            details["sha256." + digests.text(0)] = toHex(digests.blob(1));
        _journal.append(RecordKind::Reply, id, details, now);
        log::info("reply.kept", {{"reply", id}});
        return ReplyState::Kept;
    });
}

void Replies::refuse(const std::string& id, const std::vector<Problem>& problems, UtcTime now)
{
    AMT_ASSERT(!problems.empty());
    dropParts(id);
    _database
        .prepare("UPDATE reply SET state = 'REFUSED', problems = ?, judged_at = ? WHERE id = ?")
        .bind(writeProblems(problems), now, id)
        .run();
    const auto record = find(id);
    _journal.append(RecordKind::ReplyRefused, id,
                    {{"case", record->serviceCaseId},
                     {"envelope", record->envelopeId},
                     {"reason", problems.front().title},
                     {"instance", problems.front().instance}},
                    now);
    log::error("reply.refused", {{"reply", id},
                                 {"reason", problems.front().title},
                                 {"instance", problems.front().instance}});
}

/// The text goes; which parts there were, and their digests, stay for as long as the row.
void Replies::dropParts(const std::string& id)
{
    _database.prepare("DELETE FROM reply_chunk WHERE reply_id = ?").bind(id).run();
}

std::vector<Replies::Answer> Replies::answers(int limit) const
{
    std::vector<Answer> due;
    auto rows = _database.prepare(
        "SELECT id, problems FROM reply WHERE state IN ('ACCEPTED', 'REFUSED') AND told_at IS NULL"
        " ORDER BY judged_at, id LIMIT ?");
    rows.bind(limit);
    while (rows.step()) {
        Answer answer{.id = rows.text(0), .tags = std::nullopt, .problems = {}};
        if (const auto problems = rows.optionalText(1)) {
            answer.problems = readProblems(*problems);
        } else {
            envelope::AuthenticationTags tags;
            for (const auto& [part, what] : parts(answer.id)) {
                if (part == "metadata")
                    tags.metadata = what.tag;
                else if (part == "data")
                    tags.data = what.tag;
                else
                    tags.attachments[part] = what.tag;
            }
            answer.tags = std::move(tags);
        }
        due.push_back(std::move(answer));
    }
    return due;
}

void Replies::told(const std::string& id, int status, UtcTime now)
{
    _database.transact([&] {
        const auto known = find(id);
        if (!known || (known->state != ReplyState::Accepted && known->state != ReplyState::Refused))
            throw Error(ErrorCode::NotFound, "no such answer");
        if (known->toldAt)
            return;
        if (status >= 400)
            log::warning("reply.answer-refused",
                         {{"reply", id}, {"status", std::to_string(status)}});
        _database.prepare("UPDATE reply SET told_at = ? WHERE id = ?").bind(now, id).run();
    });
}

// --- what the desk does

std::vector<std::string> Replies::unjudged(int limit) const
{
    std::vector<std::string> ids;
    auto rows = _database.prepare(
        "SELECT id FROM reply WHERE state = 'KEPT' ORDER BY received_at, id LIMIT ?");
    rows.bind(limit);
    while (rows.step())
        ids.push_back(rows.text(0));
    return ids;
}

void Replies::judge(const std::string& id, const std::vector<Problem>& problems, UtcTime now)
{
    _database.transact([&] {
        const auto known = find(id);
        if (!known)
            throw Error(ErrorCode::NotFound, "no such reply");
        if (known->state == ReplyState::Accepted && !problems.empty() && !known->isUnreadable) {
            _database.prepare("UPDATE reply SET unreadable = 1 WHERE id = ?").bind(id).run();
            log::error("reply.unreadable", {{"reply", id}, {"reason", problems.front().title}});
        }
        if (known->state != ReplyState::Kept)
            return;
        if (!problems.empty())
            return refuse(id, problems, now);
        _database.prepare("UPDATE reply SET state = 'ACCEPTED', judged_at = ? WHERE id = ?")
            .bind(now, id)
            .run();
        _journal.append(RecordKind::ReplyAccepted, id,
                        {{"case", known->serviceCaseId}, {"envelope", known->envelopeId}}, now);
    });
}

ReplyRecord Replies::read(store::Statement& row) const
{
    ReplyRecord record{.id = row.text(0),
                       .serviceCaseId = row.text(1),
                       .envelopeId = row.optionalText(2).value_or(""),
                       .state = stateFromName(row.text(3)),
                       .isUnreadable = row.integer(4) != 0,
                       .problems = {},
                       .receivedAt = row.time(6),
                       .toldAt = row.optionalTime(7),
                       .openedAt = row.optionalTime(8),
                       .settledAt = row.optionalTime(9),
                       .attachments = {}};
    if (const auto problems = row.optionalText(5))
        record.problems = readProblems(*problems);
    for (const auto& [part, what] : parts(record.id)) {
        if (isUuid(part))
            record.attachments.push_back(part);
    }
    return record;
}

std::optional<ReplyRecord> Replies::find(const std::string& id) const
{
    auto row = _database.prepare(std::string(columns) + "WHERE id = ?");
    return row.bind(id).step() ? std::optional(read(row)) : std::nullopt;
}

std::vector<ReplyRecord> Replies::ofEnvelope(const std::string& envelopeId) const
{
    std::vector<ReplyRecord> found;
    auto rows =
        _database.prepare(std::string(columns) + "WHERE envelope_id = ? AND state <> 'ARRIVING'"
                                                 " ORDER BY received_at, id");
    rows.bind(envelopeId);
    while (rows.step())
        found.push_back(read(rows));
    return found;
}

std::map<std::string, int> Replies::open() const
{
    std::map<std::string, int> counted;
    auto rows = _database.prepare("SELECT coalesce(envelope_id, ''), count(*) FROM reply WHERE "
                                  "state <> 'ARRIVING' AND settled_at IS NULL GROUP BY 1");
    while (rows.step())
        counted[rows.text(0)] = static_cast<int>(rows.integer(1));
    return counted;
}

std::string Replies::text(const std::string& id, const std::string& part) const
{
    std::string jwe;
    auto chunks = _database.prepare(
        "SELECT bytes FROM reply_chunk WHERE reply_id = ? AND part = ? ORDER BY number");
    chunks.bind(id, part);
    while (chunks.step())
        jwe += toText(chunks.blob(0));
    return jwe;
}

std::optional<std::string> Replies::part(const std::string& id, const std::string& part) const
{
    std::string jwe = text(id, part);
    if (jwe.empty())
        return std::nullopt;
    auto row = _database.prepare("SELECT digest FROM reply_part WHERE reply_id = ? AND part = ?");
    if (!row.bind(id, part).step() || row.blob(0) != envelope::sha256(view(jwe)))
        throw Error(ErrorCode::StoreFailed, "a part of a reply does not have its digest");
    return jwe;
}

void Replies::noteOpened(const std::string& id, const std::string& part, const std::string& clerk,
                         UtcTime now)
{
    _database.transact([&] {
        _database.prepare("UPDATE reply SET opened_at = ? WHERE id = ? AND opened_at IS NULL")
            .bind(now, id)
            .run();
        _journal.append(RecordKind::Audit, id,
                        {{"clerk", clerk}, {"act", "reply-opened"}, {"part", part}}, now);
    });
}

void Replies::settle(const std::string& id, const std::string& clerk, UtcTime now)
{
    _database.transact([&] {
        const auto known = find(id);
        if (!known || known->state == ReplyState::Arriving)
            throw Error(ErrorCode::NotFound, "no such reply");
        if (known->state == ReplyState::Kept || known->settledAt)
            throw Error(ErrorCode::StepOutOfOrder, "not judged yet, or settled");
        _database.prepare("UPDATE reply SET settled_at = ? WHERE id = ?").bind(now, id).run();
        _journal.append(RecordKind::Audit, id, {{"clerk", clerk}, {"act", "reply-settled"}}, now);
    });
}

// --- clocks

void Replies::keepAndLetGo(
    const std::function<std::chrono::hours(const std::string& envelopeId)>& keepFor, UtcTime now)
{
    AMT_ASSERT(!_database.inTransaction());
    const auto ids = [&](std::string_view statement, UtcTime before) {
        std::vector<std::string> found;
        auto rows = _database.prepare(statement);
        rows.bind(before);
        while (rows.step())
            found.push_back(rows.text(0));
        return found;
    };
    for (const auto& id : ids("SELECT id FROM reply WHERE state = 'KEPT' AND received_at <= ?",
                              now - _clocks.unopened)) {
        log::error("reply.unopened", {{"reply", id}}); // the desk key was not open all that time
        judge(id, {}, now);
    }
    const auto remove = [&](const std::string& id) {
        _database.transact([&] {
            dropParts(id);
            for (const char* statement :
                 {"DELETE FROM reply_part WHERE reply_id = ?", "DELETE FROM reply WHERE id = ?"})
                _database.prepare(statement).bind(id).run();
        });
    };
    for (const auto& id : ids("SELECT id FROM reply WHERE state = 'ARRIVING' AND received_at <= ?",
                              now - _clocks.arriving))
        remove(id);
    // Payload, by the service of its case.
    bool purged = false;
    for (const auto& id : ids("SELECT id FROM reply WHERE settled_at <= ? AND EXISTS (SELECT 1 FROM"
                              " reply_chunk WHERE reply_id = reply.id)",
                              now)) {
        const auto record = find(id);
        if (*record->settledAt + keepFor(record->envelopeId) > now)
            continue;
        _database.transact([&, replyId = id] {
            dropParts(replyId);
            _journal.append(RecordKind::Purged, replyId, {{"what", "reply"}}, now);
        });
        purged = true;
    }
    if (purged)
        _database.checkpoint();
    for (const auto& id :
         ids("SELECT id FROM reply WHERE settled_at <= ? AND told_at IS NOT NULL AND NOT EXISTS"
             " (SELECT 1 FROM reply_chunk WHERE reply_id = reply.id)",
             now - _clocks.afterwards))
        remove(id);
}

} // namespace amt::outbox
