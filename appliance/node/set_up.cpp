// SPDX-License-Identifier: EUPL-1.2
//
// Before the node runs: schema, desk key, enrolment (sync/gateway/ENROLMENT.md).
#include "appliance/core/log.h"
#include "appliance/node/node.h"
#include "appliance/office/people/people.h"
#include "appliance/store/migrations/migrations.h"
#include "sync/outbox/destinations.h"
#include "sync/outbox/journal.h"

namespace amt::node {

void migrate(store::Database& database)
{
    database.migrate(store::nodeMigrations());
}

std::string setUp(store::Database& database, RandomSource& random, UtcTime now)
{
    outbox::Journal journal(database);
    office::People people(database, journal, random);
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
