// SPDX-License-Identifier: EUPL-1.2
//
// Before the node runs: schema, desk key, enrolment (sync/gateway/ENROLMENT.md), restore.
#include "appliance/core/log.h"
#include "appliance/node/node.h"
#include "appliance/office/people/people.h"
#include "appliance/store/backup.h"
#include "appliance/store/migrations/migrations.h"
#include "sync/outbox/destinations.h"
#include "sync/outbox/incarnation.h"
#include "sync/outbox/journal.h"

namespace amt::node {

void migrate(store::Database& database, const std::string& copies)
{
    const auto migrations = store::nodeMigrations();
    database.migrate(migrations, [&](int standing) {
        if (copies.empty())
            return;
        const std::string name = "node-before-" + std::to_string(standing) + "-to-" +
                                 std::to_string(migrations.back().number) + ".db";
        store::copyWhole(database, std::filesystem::path(copies) / name,
                         store::forgottenInCopies(standing));
        log::info("update.copy", {{"file", name}});
    });
}

int restore(const std::string& copy, const std::string& databaseFile, RandomSource& random,
            UtcTime now)
{
    const auto staged = store::stage(copy, databaseFile, store::nodeMigrations().back().number);
    int sentAgain = 0;
    {
        store::DatabaseSettings settings;
        settings.path = staged;
        store::Database database(settings);
        migrate(database);
        outbox::Journal journal(database);
        journal.verify(outbox::Extent::All);
        database.execute(store::forgottenInCopies()); // also from a file that is no copy of ours
        sentAgain = outbox::takeIncarnation(database, journal, random, now).sentAgain;
    }
    store::replace(staged, databaseFile);
    return sentAgain;
}

std::string setUp(store::Database& database, RandomSource& random, UtcTime now)
{
    outbox::Journal journal(database);
    office::People people(database, journal, random);
    outbox::takeIncarnation(database, journal, random, now);
    if (people.isSetUp())
        return {};
    log::info("setup.desk-key", {{"state", "being made, takes some seconds"}});
    const Secret code = people.setUp(envelope::RsaKey::generate(), now);
    return std::string(code.revealText());
}

void enrol(store::Database& database, const std::string& enrolmentJson, UtcTime now)
{
    const auto enrolment = outbox::readEnrolment(enrolmentJson);
    outbox::Journal journal(database);
    outbox::Destinations(database, journal).enrol(enrolment, now);
}

} // namespace amt::node
