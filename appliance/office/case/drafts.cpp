// SPDX-License-Identifier: EUPL-1.2
//
// One row a visit: what was there before is overwritten (secure_delete).
#include "appliance/office/case/drafts.h"

#include "sync/outbox/sealing.h"

namespace amt::office {

namespace {

std::string contextOf(const std::string& visitId)
{
    return "draft " + visitId;
}

} // namespace

void Drafts::save(const std::string& visitId, const Secret& visitKey, ByteView plain, UtcTime now)
{
    _database.transact([&] {
        _database
            .prepare("INSERT INTO draft (visit_id, sealed, changed_at) VALUES (?, ?, ?) ON "
                     "CONFLICT (visit_id)"
                     " DO UPDATE SET sealed = excluded.sealed, changed_at = excluded.changed_at")
            .bind(visitId, outbox::sealWith(visitKey, plain, contextOf(visitId), _random), now)
            .run();
    });
}

std::optional<Bytes> Drafts::load(const std::string& visitId, const Secret& visitKey) const
{
    auto row = _database.prepare("SELECT sealed FROM draft WHERE visit_id = ?");
    if (!row.bind(visitId).step())
        return std::nullopt;
    try {
        return outbox::openWith(visitKey, row.blob(0), contextOf(visitId));
    } catch (const Error& error) {
        // Another key is an ordinary outcome here: a cookie from an older visit.
        if (error.errorCode() != ErrorCode::EnvelopeMalformed &&
            error.errorCode() != ErrorCode::KeyUnusable)
            throw;
        return std::nullopt;
    }
}

void Drafts::remove(const std::string& visitId)
{
    _database.transact(
        [&] { _database.prepare("DELETE FROM draft WHERE visit_id = ?").bind(visitId).run(); });
}

std::vector<std::string> Drafts::purgeAllBut(const std::set<std::string>& visits)
{
    return _database.transact([&] {
        std::vector<std::string> gone;
        auto all = _database.prepare("SELECT visit_id FROM draft ORDER BY visit_id");
        while (all.step()) {
            if (!visits.contains(all.text(0)))
                gone.push_back(all.text(0));
        }
        for (const auto& visit : gone)
            remove(visit);
        return gone;
    });
}

bool Drafts::exists(const std::string& visitId) const
{
    auto row = _database.prepare("SELECT 1 FROM draft WHERE visit_id = ?");
    return row.bind(visitId).step();
}

} // namespace amt::office
