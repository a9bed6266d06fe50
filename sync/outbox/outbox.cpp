// SPDX-License-Identifier: EUPL-1.2
//
// Envelopes: in with the commit that seals, out by receipts that name the very ciphertext.
#include "sync/outbox/outbox.h"

#include "appliance/core/json.h"
#include "appliance/core/log.h"
#include "sync/outbox/part_writer.h"
#include "sync/outbox/replies.h"

#include <algorithm>
#include <utility>

namespace amt::outbox {

namespace {

constexpr std::size_t problemTypeCharactersMax = 100;
constexpr Milliseconds lookNoted = std::chrono::hours(1); ///< no commit for each look

constexpr std::pair<EnvelopeState, std::string_view> stateNames[] = {
    {EnvelopeState::Sealed, "SEALED"},     {EnvelopeState::Stored, "STORED"},
    {EnvelopeState::Accepted, "ACCEPTED"}, {EnvelopeState::Rejected, "REJECTED"},
    {EnvelopeState::Held, "HELD"},         {EnvelopeState::Purged, "PURGED"},
};

std::string_view name(envelope::EventKind kind)
{
    switch (kind) {
    case envelope::EventKind::Create:
        return "create";
    case envelope::EventKind::Submit:
        return "submit";
    case envelope::EventKind::Notify:
        return "notify";
    case envelope::EventKind::Accept:
        return "accept";
    case envelope::EventKind::Reject:
        return "reject";
    case envelope::EventKind::Delete:
        return "delete";
    }
    AMT_ASSERT(false && "an event kind without a name");
}

/// What an event means for an envelope in this state; nothing where it only belongs into the log.
std::optional<EnvelopeEvent> effectOf(envelope::EventKind kind, EnvelopeState state)
{
    switch (kind) {
    case envelope::EventKind::Create:
    case envelope::EventKind::Notify:
        return std::nullopt;
    case envelope::EventKind::Submit:
        return EnvelopeEvent::ReceiptVerified;
    case envelope::EventKind::Accept:
        return EnvelopeEvent::DestinationAccepted;
    case envelope::EventKind::Reject:
        return EnvelopeEvent::DestinationRejected;
    case envelope::EventKind::Delete:
        // After acceptance it is the service's tidying, before submission the end of an
        // announcement. In between it would take away what nobody accepted.
        if (state == EnvelopeState::Stored)
            return EnvelopeEvent::PersonNeeded;
        return std::nullopt;
    }
    AMT_ASSERT(false && "an event kind without a meaning");
}

RecordKind recordKind(EnvelopeState state)
{
    switch (state) {
    case EnvelopeState::Sealed:
        return RecordKind::Sealed;
    case EnvelopeState::Stored:
        return RecordKind::Stored;
    case EnvelopeState::Accepted:
        return RecordKind::Accepted;
    case EnvelopeState::Rejected:
        return RecordKind::Rejected;
    case EnvelopeState::Held:
        return RecordKind::Held;
    case EnvelopeState::Purged:
        return RecordKind::Purged;
    }
    AMT_ASSERT(false && "an envelope state without a record");
}

} // namespace

std::string_view name(EnvelopeState state)
{
    for (const auto& [known, text] : stateNames) {
        if (known == state)
            return text;
    }
    AMT_ASSERT(false && "an envelope state without a name");
}

EnvelopeState envelopeStateFromName(const std::string& text)
{
    for (const auto& [state, known] : stateNames) {
        if (known == text)
            return state;
    }
    throw Error(ErrorCode::StoreFailed, "unknown envelope state");
}

Outbox::Outbox(store::Database& database, Journal& journal, Destinations& destinations,
               Retention retention)
    : _database(database), _journal(journal), _destinations(destinations), _retention(retention)
{}

void Outbox::add(const NewEnvelope& sealed, UtcTime now)
{
    AMT_ASSERT(_database.inTransaction());
    AMT_ASSERT(isUuid(sealed.id));
    _database
        .prepare("INSERT INTO envelope (id, state, destination_id, service_key, service_name, "
                 "region_key, kid, fingerprint,"
                 " capture_day, sealed_at) VALUES (?, 'SEALED', ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(sealed.id, sealed.destinationId, sealed.serviceKey, sealed.serviceName,
              sealed.regionKey, sealed.kid, sealed.keyFingerprint, toIso(sealed.captureDay), now)
        .run();
    Details details{{"destination", sealed.destinationId},
                    {"service", sealed.serviceKey},
                    {"kid", sealed.kid},
                    {"fingerprint", sealed.keyFingerprint},
                    {"captureDay", toIso(sealed.captureDay)}};
    const auto keep = [&](const std::string& part, const envelope::Sealed& jwe) {
        const Bytes digest = envelope::sha256(view(jwe.compact));
        _database
            .prepare("INSERT INTO envelope_part (envelope_id, part, tag, size, digest) VALUES (?, "
                     "?, ?, ?, ?)")
            .bind(sealed.id, part, jwe.tag, static_cast<std::int64_t>(jwe.compact.size()), digest)
            .run();
        auto chunk = _database.prepare(
            "INSERT INTO envelope_chunk (envelope_id, part, number, bytes) VALUES (?, ?, ?, ?)");
        int number = 0;
        for (std::size_t at = 0; at < jwe.compact.size(); at += chunkBytes) {
            chunk
                .bind(sealed.id, part, number++,
                      toBytes(std::string_view(jwe.compact).substr(at, chunkBytes)))
                .run();
        }
        details["sha256." + part] = toHex(digest);
    };
    takeKept(sealed, details);
    keep("metadata", sealed.metadata);
    keep("data", sealed.data);
    for (const auto& [attachmentId, jwe] : sealed.attachments) {
        AMT_ASSERT(isUuid(attachmentId));
        keep(attachmentId, jwe);
    }
    _journal.append(RecordKind::Sealed, sealed.id, details, now);
}

/// Their rows stay where they are; the envelope's parts name them.
void Outbox::takeKept(const NewEnvelope& sealed, Details& details)
{
    std::set<std::string> wanted(sealed.kept.begin(), sealed.kept.end());
    auto rows = _database.prepare("SELECT id, tag, size, digest FROM attachment WHERE envelope_id "
                                  "= ? AND tag IS NOT NULL");
    rows.bind(sealed.id);
    while (rows.step()) {
        const std::string part = rows.text(0);
        if (wanted.erase(part) == 0)
            throw Error(ErrorCode::StepOutOfOrder, "an attachment that the metadata do not name");
        _database
            .prepare("INSERT INTO envelope_part (envelope_id, part, tag, size, digest) VALUES (?, "
                     "?, ?, ?, ?)")
            .bind(sealed.id, part, rows.text(1), rows.integer(2), rows.blob(3))
            .run();
        details["sha256." + part] = toHex(rows.blob(3));
    }
    if (!wanted.empty())
        throw Error(ErrorCode::StepOutOfOrder, "an attachment that is not there");
}

void Outbox::dropAttachments(const std::string& id)
{
    AMT_ASSERT(_database.inTransaction());
    for (const char* statement :
         {"DELETE FROM attachment_chunk WHERE attachment_id IN (SELECT id FROM attachment WHERE "
          "envelope_id = ?)",
          "DELETE FROM attachment WHERE envelope_id = ?"})
        _database.prepare(statement).bind(id).run();
}

std::vector<WorkItem> Outbox::items(EnvelopeState state, int limit) const
{
    std::vector<WorkItem> found;
    auto rows = _database.prepare(
        "SELECT id, destination_id, service_key, service_name, region_key, submission_id,"
        " service_case_id, events_seen FROM envelope WHERE state = ? ORDER BY sealed_at, id LIMIT "
        "?");
    rows.bind(name(state), limit);
    while (rows.step()) {
        WorkItem item{.id = rows.text(0),
                      .destinationId = rows.text(1),
                      .serviceKey = rows.text(2),
                      .serviceName = rows.text(3),
                      .regionKey = rows.text(4),
                      .attachments = {},
                      .submissionId = rows.optionalText(5),
                      .caseId = rows.optionalText(6),
                      .eventsSeen = static_cast<int>(rows.integer(7))};
        auto parts = _database.prepare("SELECT part FROM envelope_part WHERE envelope_id = ?"
                                       " AND part NOT IN ('metadata', 'data') ORDER BY part");
        parts.bind(item.id);
        while (parts.step())
            item.attachments.push_back(parts.text(0));
        found.push_back(std::move(item));
    }
    return found;
}

std::vector<WorkItem> Outbox::waiting(int limit) const
{
    return items(EnvelopeState::Sealed, limit);
}

std::vector<WorkItem> Outbox::awaiting() const
{
    return items(EnvelopeState::Stored, -1);
}

std::optional<std::string> Outbox::part(const std::string& id, const std::string& part) const
{
    auto row = _database.prepare(
        "SELECT digest, size FROM envelope_part WHERE envelope_id = ? AND part = ?");
    if (!row.bind(id, part).step())
        return std::nullopt;
    std::string jwe;
    jwe.reserve(static_cast<std::size_t>(row.integer(1)));
    const auto append = [&](store::Statement& chunks) {
        while (chunks.step())
            jwe += toText(chunks.blob(0));
    };
    auto chunks = _database.prepare(
        "SELECT bytes FROM envelope_chunk WHERE envelope_id = ? AND part = ? ORDER BY number");
    append(chunks.bind(id, part));
    if (jwe.empty()) {
        auto kept = _database.prepare(
            "SELECT bytes FROM attachment_chunk WHERE attachment_id = ? ORDER BY number");
        append(kept.bind(part));
    }
    if (jwe.empty())
        return std::nullopt;
    if (row.blob(0) != envelope::sha256(view(jwe)))
        throw Error(ErrorCode::StoreFailed, "a part of an envelope does not have its digest");
    return jwe;
}

std::optional<EnvelopeRecord> Outbox::find(const std::string& id) const
{
    auto row = _database.prepare("SELECT state, held_reason, sealed_at, submission_id, "
                                 "service_case_id, events_seen, stored_at,"
                                 " closed_at, settled_at FROM envelope WHERE id = ?");
    if (!row.bind(id).step())
        return std::nullopt;
    EnvelopeRecord found{.id = id,
                         .state = envelopeStateFromName(row.text(0)),
                         .heldReason = row.text(1),
                         .sealedAt = row.time(2),
                         .ids = std::nullopt,
                         .eventsSeen = static_cast<int>(row.integer(5)),
                         .storedAt = row.optionalTime(6),
                         .closedAt = row.optionalTime(7),
                         .settledAt = row.optionalTime(8),
                         .problems = {}};
    if (!row.isNull(3))
        found.ids = ServiceIds{row.text(3), row.text(4)};
    auto problems = _database.prepare(
        "SELECT problems FROM event WHERE envelope_id = ? AND problems IS NOT NULL");
    if (problems.bind(id).step())
        found.problems = readProblems(problems.text(0));
    return found;
}

envelope::AuthenticationTags Outbox::tags(const std::string& id) const
{
    envelope::AuthenticationTags ours;
    auto parts = _database.prepare("SELECT part, tag FROM envelope_part WHERE envelope_id = ?");
    parts.bind(id);
    while (parts.step()) {
        const std::string part = parts.text(0);
        if (part == "metadata")
            ours.metadata = parts.text(1);
        else if (part == "data")
            ours.data = parts.text(1);
        else
            ours.attachments[part] = parts.text(1);
    }
    return ours;
}

std::optional<ServiceIds> Outbox::announced(const std::string& id, const ServiceIds& ids,
                                            UtcTime now)
{
    if (!isUuid(ids.submissionId) || !isUuid(ids.caseId))
        throw Error(ErrorCode::PortalAnswerMalformed, "ids of an announcement are not UUIDs");
    return _database.transact([&]() -> std::optional<ServiceIds> {
        const auto found = find(id);
        if (!found)
            throw Error(ErrorCode::NotFound, "no such envelope");
        if (found->ids)
            return found->ids == ids ? std::nullopt : found->ids;
        if (found->state != EnvelopeState::Sealed)
            throw Error(ErrorCode::StepOutOfOrder, "announced, but the envelope is not waiting");
        auto used = _database.prepare(
            "SELECT envelope_id, service_case_id FROM announcement WHERE submission_id = ?");
        const bool before = used.bind(ids.submissionId).step();
        if (before && (used.text(0) != id || used.text(1) != ids.caseId))
            throw Error(ErrorCode::PortalAnswerMalformed, "the service gave a submission id twice");
        // Given up on a 404 that was none: the gateway knows the envelope and gives the same ids.
        if (before)
            _database.prepare("UPDATE announcement SET lost_at = NULL WHERE submission_id = ?")
                .bind(ids.submissionId)
                .run();
        else
            _database
                .prepare("INSERT INTO announcement (submission_id, envelope_id, service_case_id, "
                         "announced_at) VALUES (?, ?, ?, ?)")
                .bind(ids.submissionId, id, ids.caseId, now)
                .run();
        _database
            .prepare("UPDATE envelope SET submission_id = ?, service_case_id = ?, events_seen = 0 "
                     "WHERE id = ?")
            .bind(ids.submissionId, ids.caseId, id)
            .run();
        _journal.append(RecordKind::Sent, id,
                        {{"submission", ids.submissionId}, {"case", ids.caseId}}, now);
        return std::nullopt;
    });
}

void Outbox::lost(const std::string& id, const std::string& submissionId, UtcTime now)
{
    _database.transact([&] {
        const auto found = find(id);
        if (!found)
            throw Error(ErrorCode::NotFound, "no such envelope");
        if (found->state != EnvelopeState::Sealed || !found->ids ||
            found->ids->submissionId != submissionId)
            throw Error(ErrorCode::StepOutOfOrder, "this announcement does not stand");
        _database.prepare("UPDATE announcement SET lost_at = ? WHERE submission_id = ?")
            .bind(now, submissionId)
            .run();
        _database
            .prepare("UPDATE envelope SET submission_id = NULL, service_case_id = NULL, "
                     "events_seen = 0 WHERE id = ?")
            .bind(id)
            .run();
        _journal.append(RecordKind::Lost, id, {{"submission", submissionId}}, now);
    });
}

void Outbox::change(const std::string& id, EnvelopeState from, EnvelopeEvent event, UtcTime now)
{
    const auto to = envelopeTable.next(from, event);
    AMT_ASSERT(to.has_value()); // whoever calls has asked the table before
    const bool closes = *to == EnvelopeState::Accepted || *to == EnvelopeState::Rejected ||
                        *to == EnvelopeState::Purged;
    const std::optional<std::string> heldFrom =
        *to == EnvelopeState::Held ? std::optional(std::string(name(from))) : std::nullopt;
    _database
        .prepare("UPDATE envelope SET state = ?, held_from = ?, held_reason = '', stored_at = "
                 "coalesce(stored_at, ?),"
                 " closed_at = coalesce(closed_at, ?) WHERE id = ? AND state = ?")
        .bind(name(*to), heldFrom, *to == EnvelopeState::Stored ? std::optional(now) : std::nullopt,
              closes ? std::optional(now) : std::nullopt, id, name(from))
        .run();
    AMT_ASSERT(_database.changes() == 1);
}

void Outbox::hold(const std::string& id, EnvelopeState from, const std::string& reason,
                  const Details& details, UtcTime now)
{
    change(id, from, EnvelopeEvent::PersonNeeded, now);
    _database.prepare("UPDATE envelope SET held_reason = ? WHERE id = ?").bind(reason, id).run();
    Details told = details;
    told["reason"] = reason;
    _journal.append(RecordKind::Held, id, told, now);
    log::error("envelope.held", {{"envelope", id}, {"reason", reason}});
}

Outbox::Progress Outbox::receiveEvents(const std::string& id, int offset,
                                       const std::vector<std::string>& events, UtcTime now)
{
    return _database.transact([&]() -> Progress {
        const auto found = find(id);
        if (!found)
            throw Error(ErrorCode::NotFound, "no such envelope");
        if (!found->ids || offset < 0 || offset > found->eventsSeen)
            throw Error(ErrorCode::StepOutOfOrder, "events that do not follow those before");
        Progress progress{found->state, found->eventsSeen};
        int position = offset;
        bool early = false;
        for (const std::string& token : events) {
            if (progress.state == EnvelopeState::Held)
                break; // what follows waits until a person has looked
            std::optional<Error> refusal;
            try {
                if (position < progress.eventsSeen)
                    sameAsBefore(id, found->ids->submissionId, position, token);
                else
                    takeEvent(id, *found->ids, position, token, progress.state, now);
            } catch (const Error& error) {
                // No person can judge it: time will, or whoever sets the clock.
                early = error.errorCode() == ErrorCode::EventEarly;
                if (early)
                    break;
                // A forged or foreign event is an ordinary outcome here: it is kept out, and a
                // person is told.
                if (error.errorCode() != ErrorCode::SignatureInvalid &&
                    error.errorCode() != ErrorCode::EventRefused)
                    throw;
                refusal = error;
            }
            if (refusal) {
                refuseEvent(id, token, *refusal, progress.state, now);
                break;
            }
            ++position;
            progress.eventsSeen = std::max(progress.eventsSeen, position);
        }
        noteEarly(id, early);
        const UtcTime lookedAt = early ? UtcTime() : now; // unread events are no look at the log
        _database
            .prepare("UPDATE envelope SET events_seen = ?, looked_at = max(coalesce(looked_at, 0), "
                     "?) WHERE id = ? AND (events_seen <> ? OR coalesce(looked_at, 0) < ?)")
            .bind(progress.eventsSeen, lookedAt, id, progress.eventsSeen, lookedAt - lookNoted)
            .run();
        return progress;
    });
}

void Outbox::noteEarly(const std::string& id, bool early)
{
    if (!early)
        _early.erase(id);
    else if (_early.insert(id).second)
        log::error("event.early", {{"envelope", id}});
}

void Outbox::sameAsBefore(const std::string& id, const std::string& submissionId, int position,
                          const std::string& token) const
{
    auto before = _database.prepare(
        "SELECT token FROM event WHERE envelope_id = ? AND submission_id = ? AND position = ?");
    if (!before.bind(id, submissionId, position).step() || before.text(0) != token)
        throw Error(ErrorCode::EventRefused, "the event log was rewritten");
}

void Outbox::takeEvent(const std::string& id, const ServiceIds& ids, int position,
                       const std::string& token, EnvelopeState& state, UtcTime now)
{
    auto row = _database.prepare("SELECT destination_id FROM envelope WHERE id = ?");
    row.bind(id).step();
    const envelope::SecurityEvent event =
        envelope::verifyEvent(token, _destinations.serviceKeys(),
                              _destinations.destinationKeys(row.text(0)), _journal.newestTime(now));
    if (event.caseId != ids.caseId ||
        (!event.isAboutReply() && event.submissionId != ids.submissionId))
        throw Error(ErrorCode::EventRefused, "an event about another submission");
    // Known only where it stood before: after a restore the log is read from its beginning.
    auto seen = _database.prepare("SELECT submission_id, position, token FROM event WHERE jti = ?");
    const bool known = seen.bind(event.id).step();
    if (known &&
        (seen.text(0) != ids.submissionId || seen.integer(1) != position || seen.text(2) != token))
        throw Error(ErrorCode::EventRefused, "an event that was received before");
    if (event.isAboutReply()) { // belongs into the log of the case, and is judged with the reply
        if (!known)
            noteEvent(id, ids, position, event, "reply", token, std::nullopt, now);
        return;
    }
    const bool namesParts =
        event.kind == envelope::EventKind::Submit || event.kind == envelope::EventKind::Accept;
    if (namesParts && (!event.tags || *event.tags != tags(id)))
        throw Error(ErrorCode::EventRefused, "the authentication tags are not those of our parts");
    const auto effect = effectOf(event.kind, state);
    if (effect && !envelopeTable.next(state, *effect))
        throw Error(ErrorCode::EventRefused,
                    "the event does not follow from the state of the envelope");

    const std::optional<std::string> problems = event.kind == envelope::EventKind::Reject
                                                    ? std::optional(writeProblems(event.problems))
                                                    : std::nullopt;
    if (!known)
        noteEvent(id, ids, position, event, name(event.kind), token, problems, now);
    if (!effect)
        return;
    if (*effect == EnvelopeEvent::PersonNeeded) {
        hold(id, state, "SubmissionDeleted", {{"jti", event.id}}, now);
        state = EnvelopeState::Held;
        return;
    }
    change(id, state, *effect, now);
    state = *envelopeTable.next(state, *effect);
    _journal.append(recordKind(state), id,
                    {{"jti", event.id},
                     {"issuer", event.issuer},
                     {"submission", event.submissionId},
                     {"sha256.token", toHex(envelope::sha256(view(token)))}},
                    now);
    log::info("envelope.state", {{"envelope", id}, {"state", std::string(name(state))}});
}

void Outbox::noteEvent(const std::string& id, const ServiceIds& ids, int position,
                       const envelope::SecurityEvent& event, std::string_view kind,
                       const std::string& token, const std::optional<std::string>& problems,
                       UtcTime now)
{
    _database
        .prepare("INSERT INTO event (jti, envelope_id, submission_id, position, kind, token, "
                 "problems, received_at)"
                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(event.id, id, ids.submissionId, position, kind, token, problems, now)
        .run();
}

void Outbox::refuseEvent(const std::string& id, const std::string& token, const Error& refusal,
                         EnvelopeState& state, UtcTime now)
{
    log::error("event.refused", {{"envelope", id}, {"why", refusal.message()}});
    if (!envelopeTable.next(state, EnvelopeEvent::PersonNeeded))
        return; // closed already: nothing to hold, the alarm is all
    hold(id, state, std::string(amt::name(refusal.errorCode())),
         {{"sha256.token", toHex(envelope::sha256(view(token)))}, {"why", refusal.message()}}, now);
    state = EnvelopeState::Held;
}

EnvelopeState Outbox::refused(const std::string& id, const std::string& step, int status,
                              const std::string& problemType, UtcTime now)
{
    return _database.transact([&] {
        const auto found = find(id);
        if (!found)
            throw Error(ErrorCode::NotFound, "no such envelope");
        if (found->state != EnvelopeState::Sealed)
            return found->state; // verified receipts weigh more than what the carrier heard
        const std::string type = problemType.substr(0, problemTypeCharactersMax);
        const char* reason = status == 404 || status == 410 ? "DestinationGone"
                             : status == 409                ? "OtherDigest"
                                                            : "PortalRefused";
        hold(id, found->state, reason,
             {{"step", step.substr(0, problemTypeCharactersMax)},
              {"status", std::to_string(status)},
              {"problem", type}},
             now);
        return EnvelopeState::Held;
    });
}

void Outbox::release(const std::string& id, const std::string& clerk, const std::string& reason,
                     UtcTime now)
{
    AMT_ASSERT(_database.inTransaction());
    auto row = _database.prepare("SELECT held_from FROM envelope WHERE id = ? AND state = 'HELD' "
                                 "AND settled_at IS NULL");
    if (!row.bind(id).step())
        throw Error(ErrorCode::StepOutOfOrder, "only a held envelope is released");
    const bool stored = envelopeStateFromName(row.text(0)) == EnvelopeState::Stored;
    change(id, EnvelopeState::Held,
           stored ? EnvelopeEvent::ReleasedStored : EnvelopeEvent::ReleasedUnsent, now);
    _journal.append(RecordKind::Released, id, {{"clerk", clerk}, {"reason", reason}}, now);
}

void Outbox::settle(const std::string& id, const std::string& clerk, const std::string& reason,
                    const std::string& how, UtcTime now)
{
    AMT_ASSERT(_database.inTransaction());
    _database
        .prepare("UPDATE envelope SET settled_at = ?, closed_at = coalesce(closed_at, ?) WHERE id "
                 "= ? AND state IN ('HELD', 'REJECTED') AND settled_at IS NULL")
        .bind(now, now, id)
        .run();
    if (_database.changes() != 1)
        throw Error(ErrorCode::StepOutOfOrder, "only what is held or was rejected is settled");
    _journal.append(RecordKind::Settled, id, {{"clerk", clerk}, {"reason", reason}, {"how", how}},
                    now);
}

int Outbox::purge(UtcTime now)
{
    AMT_ASSERT(!_database.inTransaction());
    struct Due {
        std::string id;
        EnvelopeState state;
    };
    std::vector<Due> due;
    {
        // A look at the log after the time was over: what was said in an outage is read first.
        auto rows = _database.prepare(
            "SELECT id, state FROM envelope WHERE state = 'ACCEPTED' OR (state = 'REJECTED' AND "
            "settled_at IS NOT NULL) OR (state = 'STORED' AND stored_at + ? <= looked_at) OR "
            "(state "
            "= 'HELD' AND settled_at IS NOT NULL AND EXISTS (SELECT 1 FROM envelope_chunk WHERE "
            "envelope_id = envelope.id)) ORDER BY closed_at, id");
        rows.bind(Milliseconds(_retention.withoutAnswer).count());
        while (rows.step())
            due.push_back({rows.text(0), envelopeStateFromName(rows.text(1))});
    }
    for (const auto& [id, state] : due) {
        // One case at a time with a checkpoint after each, so that a full disk can still delete
        // (sync.md 8).
        _database.transact([&, envelopeId = id] {
            dropAttachments(envelopeId);
            _database.prepare("DELETE FROM envelope_chunk WHERE envelope_id = ?")
                .bind(envelopeId)
                .run();
        });
        _database.checkpoint();
        _database.transact([&, envelopeId = id, from = state] {
            if (from == EnvelopeState::Held) { // closed by a person, who is named in SETTLED
                _journal.append(RecordKind::Purged, envelopeId, {{"what", "payload"}}, now);
                return;
            }
            // S4: purged only with a verified receipt
            auto receipt = _database.prepare("SELECT jti FROM event WHERE envelope_id = ? AND kind "
                                             "= ? ORDER BY position DESC");
            const char* kind = from == EnvelopeState::Accepted   ? "accept"
                               : from == EnvelopeState::Rejected ? "reject"
                                                                 : "submit";
            AMT_ASSERT(receipt.bind(envelopeId, kind).step());
            change(envelopeId, from,
                   from == EnvelopeState::Stored ? EnvelopeEvent::AnswerNotToCome
                                                 : EnvelopeEvent::PayloadDeleted,
                   now);
            _journal.append(RecordKind::Purged, envelopeId, {{"jti", receipt.text(0)}}, now);
        });
    }
    return static_cast<int>(due.size());
}

int Outbox::forget(UtcTime now)
{
    AMT_ASSERT(!_database.inTransaction());
    std::vector<std::string> over;
    {
        auto rows = _database.prepare(
            "SELECT id FROM envelope WHERE (state = 'PURGED' OR settled_at IS NOT NULL) AND "
            "closed_at + ? <= ? AND NOT EXISTS (SELECT 1 FROM envelope_chunk WHERE envelope_id = "
            "envelope.id)");
        rows.bind(Milliseconds(_retention.afterwards).count(), now);
        while (rows.step())
            over.push_back(rows.text(0));
    }
    for (const std::string& id : over) {
        _database.transact([&] {
            for (const char* statement : {"DELETE FROM event WHERE envelope_id = ?",
                                          "DELETE FROM announcement WHERE envelope_id = ?",
                                          "DELETE FROM envelope_part WHERE envelope_id = ?",
                                          "DELETE FROM envelope WHERE id = ?"})
                _database.prepare(statement).bind(id).run();
        });
    }
    return static_cast<int>(over.size());
}

void Outbox::contact(bool reachable, UtcTime now)
{
    if (reachable != _reachable)
        log::info("portal.contact", {{"reachable", reachable ? "yes" : "no"}});
    _reachable = reachable;
    _lastContact = now;
}

bool Outbox::portalReachable(UtcTime now) const
{
    constexpr auto silenceMax = std::chrono::minutes(2);
    return _reachable && _lastContact && std::chrono::abs(now - *_lastContact) <= silenceMax;
}

Overview Outbox::overview(UtcTime now) const
{
    Overview counted;
    auto rows = _database.prepare("SELECT state, count(*) FROM envelope WHERE state IN ('SEALED', "
                                  "'STORED', 'HELD', 'REJECTED') AND settled_at IS NULL"
                                  " GROUP BY state");
    while (rows.step()) {
        const int count = static_cast<int>(rows.integer(1));
        switch (envelopeStateFromName(rows.text(0))) {
        case EnvelopeState::Sealed:
            counted.waiting = count;
            break;
        case EnvelopeState::Stored:
            counted.awaiting = count;
            break;
        case EnvelopeState::Held:
            counted.held = count;
            break;
        case EnvelopeState::Rejected:
            counted.rejected = count;
            break;
        case EnvelopeState::Accepted:
        case EnvelopeState::Purged:
            break;
        }
    }
    auto oldest = _database.prepare("SELECT min(sealed_at) FROM envelope WHERE state = 'SEALED'");
    oldest.step();
    counted.oldestWaiting = oldest.optionalTime(0);
    auto overdue = _database.prepare(
        "SELECT count(*) FROM envelope WHERE state = 'SEALED' AND sealed_at + ? <= ?");
    overdue.bind(Milliseconds(_retention.unsentAlarm).count(), now).step();
    counted.overdue = static_cast<int>(overdue.integer(0));
    counted.early = static_cast<int>(_early.size());
    return counted;
}

} // namespace amt::outbox
