// SPDX-License-Identifier: EUPL-1.2
//
// Whether this file has lived before, and what a restored one does again.
#include "sync/outbox/incarnation.h"

#include "appliance/core/log.h"

namespace amt::outbox {

std::string incarnationOf(store::Database& database)
{
    auto row = database.prepare("SELECT value FROM meta WHERE key = 'incarnation'");
    return row.step() ? row.text(0) : std::string();
}

Incarnation takeIncarnation(store::Database& database, Journal& journal, RandomSource& random,
                            UtcTime now)
{
    return database.transact([&] {
        Incarnation life{.id = incarnationOf(database)};
        if (!life.id.empty())
            return life;
        life.id = randomUuid(random);
        database.prepare("INSERT INTO meta (key, value) VALUES ('incarnation', ?)")
            .bind(life.id)
            .run();
        life.beginning =
            journal.hasStarted() ? Incarnation::Beginning::Restored : Incarnation::Beginning::First;
        if (life.beginning == Incarnation::Beginning::First)
            return life;
        // What the copy knows of receipts may be older than the truth; the event log says it all
        // again, and the same events are taken as what they were.
        database.execute("UPDATE envelope SET state = 'SEALED', events_seen = 0, looked_at = NULL "
                         "WHERE state = 'STORED'");
        life.sentAgain = database.changes();
        journal.append(RecordKind::Restored, "node",
                       {{"incarnation", life.id}, {"sentAgain", std::to_string(life.sentAgain)}},
                       now);
        log::warning("node.restored", {{"sentAgain", std::to_string(life.sentAgain)}});
        return life;
    });
}

} // namespace amt::outbox
