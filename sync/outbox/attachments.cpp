// SPDX-License-Identifier: EUPL-1.2
//
// One row an attachment; it counts once it has its tag.
#include "sync/outbox/attachments.h"

#include "appliance/core/log.h"

namespace amt::outbox {

namespace {

/// Programs before 0016 do not find the rows of an attachment.
constexpr int readerThatKnows = 16;

} // namespace

void Attachments::begin(const std::string& id, const std::string& envelopeId, const SealingKey& key,
                        UtcTime now)
{
    AMT_ASSERT(isUuid(id) && isUuid(envelopeId));
    _database.transact([&] {
        _database
            .prepare("INSERT INTO attachment (id, envelope_id, destination_id, kid, begun_at) "
                     "VALUES (?, ?, ?, ?, ?)")
            .bind(id, envelopeId, key.destinationId, key.jwk.kid, now)
            .run();
        _database
            .prepare("UPDATE meta SET value = CAST(? AS TEXT)"
                     " WHERE key = 'min_reader' AND CAST(value AS INTEGER) < ?")
            .bind(readerThatKnows, readerThatKnows)
            .run();
    });
}

void Attachments::keep(const std::string& id, const WholePart& whole,
                       const std::string& description, const std::string& deskKid,
                       const ActAtDesk& act, UtcTime now)
{
    _database.transact([&] {
        auto sealed = _database.prepare("SELECT 1 FROM attachment JOIN envelope ON envelope.id = "
                                        "attachment.envelope_id WHERE attachment.id = ?");
        if (sealed.bind(id).step())
            throw Error(ErrorCode::StepOutOfOrder, "its envelope was sealed as it came");
        _database
            .prepare("UPDATE attachment SET tag = ?, size = ?, digest = ?, desk_kid = ?, "
                     "description = ? WHERE id = ? AND tag IS NULL")
            .bind(whole.tag, whole.size, whole.digest, deskKid, description, id)
            .run();
        if (_database.changes() != 1)
            throw Error(ErrorCode::NotFound, "the attachment was removed as it came");
        _journal.append(RecordKind::Audit, act.caseId,
                        {{"clerk", act.clerk},
                         {"act", "add-attachment"},
                         {"attachment", id},
                         {"sha256", toHex(whole.digest)}},
                        now);
    });
}

void Attachments::remove(const std::string& id, const std::string& envelopeId, const ActAtDesk& act,
                         UtcTime now)
{
    _database.transact([&] {
        auto row = _database.prepare("SELECT 1 FROM attachment WHERE id = ? AND envelope_id = ? "
                                     "AND tag IS NOT NULL");
        if (!row.bind(id, envelopeId).step())
            throw Error(ErrorCode::NotFound, "no such attachment");
        auto sealed = _database.prepare("SELECT 1 FROM envelope WHERE id = ?");
        if (sealed.bind(envelopeId).step())
            throw Error(ErrorCode::StepOutOfOrder, "the attachment is part of what was sealed");
        drop(id);
        _journal.append(RecordKind::Audit, act.caseId,
                        {{"clerk", act.clerk}, {"act", "remove-attachment"}, {"attachment", id}},
                        now);
    });
}

void Attachments::drop(const std::string& id)
{
    _database.transact([&] {
        for (const char* statement : {"DELETE FROM attachment_chunk WHERE attachment_id = ?",
                                      "DELETE FROM attachment WHERE id = ?"})
            _database.prepare(statement).bind(id).run();
    });
}

int Attachments::dropRests(const std::set<std::string>& arriving)
{
    std::vector<std::string> rests;
    {
        auto rows = _database.prepare("SELECT id FROM attachment WHERE tag IS NULL");
        while (rows.step()) {
            if (!arriving.contains(rows.text(0)))
                rests.push_back(rows.text(0));
        }
    }
    for (const std::string& id : rests)
        drop(id);
    if (!rests.empty())
        log::info("attachment.rests-dropped", {{"count", std::to_string(rests.size())}});
    return static_cast<int>(rests.size());
}

std::vector<AttachmentRecord> Attachments::of(const std::string& envelopeId) const
{
    std::vector<AttachmentRecord> found;
    auto rows = _database.prepare(
        "SELECT id, destination_id, kid, size, desk_kid, description FROM attachment WHERE "
        "envelope_id = ? AND tag IS NOT NULL ORDER BY rowid");
    rows.bind(envelopeId);
    while (rows.step())
        found.push_back({.id = rows.text(0),
                         .destinationId = rows.text(1),
                         .kid = rows.text(2),
                         .size = rows.integer(3),
                         .deskKid = rows.text(4),
                         .description = rows.text(5)});
    return found;
}

} // namespace amt::outbox
