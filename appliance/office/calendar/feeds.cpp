// SPDX-License-Identifier: EUPL-1.2
//
// Only hashes rest here; the key of the table finds one, and takes as long for every other.
#include "appliance/office/calendar/feeds.h"

#include "appliance/core/error.h"
#include "sync/outbox/sealing.h"

namespace amt::office {
namespace {

constexpr std::size_t secretBytes = 16;

std::string hashOf(const std::string& secret)
{
    return toHex(outbox::sha256(view(secret)));
}

} // namespace

Feeds::Feeds(store::Database& database, outbox::Journal& journal, RandomSource& random)
    : _database(database), _journal(journal), _random(random)
{}

std::vector<Feeds::Feed> Feeds::all() const
{
    auto rows = _database.prepare("SELECT desk, made_at, made_by FROM calendar_feed ORDER BY desk");
    std::vector<Feed> found;
    while (rows.step())
        found.push_back({rows.text(0), rows.time(1), rows.text(2)});
    return found;
}

void Feeds::audit(const std::string& desk, const char* act, const std::string& clerk, UtcTime now)
{
    _journal.append(outbox::RecordKind::Audit, desk, {{"clerk", clerk}, {"act", act}}, now);
}

std::string Feeds::make(const std::string& desk, const std::string& clerk, UtcTime now)
{
    Bytes random(secretBytes);
    _random.fill(random);
    const std::string secret = toBase64Url(random);
    _database.transact([&] {
        _database
            .prepare("INSERT INTO calendar_feed (desk, token_hash, made_at, made_by) VALUES (?, ?,"
                     " ?, ?) ON CONFLICT (desk) DO UPDATE SET token_hash = excluded.token_hash,"
                     " made_at = excluded.made_at, made_by = excluded.made_by")
            .bind(desk, hashOf(secret), now, clerk)
            .run();
        audit(desk, "make-calendar-feed", clerk, now);
    });
    return secret;
}

void Feeds::end(const std::string& desk, const std::string& clerk, UtcTime now)
{
    _database.transact([&] {
        _database.prepare("DELETE FROM calendar_feed WHERE desk = ?").bind(desk).run();
        if (_database.changes() == 0)
            throw Error(ErrorCode::NotFound, "no such calendar");
        audit(desk, "end-calendar-feed", clerk, now);
    });
}

std::optional<std::string> Feeds::deskOf(const std::string& secret) const
{
    auto row = _database.prepare("SELECT desk FROM calendar_feed WHERE token_hash = ?");
    return row.bind(hashOf(secret)).step() ? std::optional(row.text(0)) : std::nullopt;
}

} // namespace amt::office
