// SPDX-License-Identifier: EUPL-1.2
//
// The laws, each a sentence, asked when the world is at rest.
#include "appliance/core/error.h"
#include "appliance/core/json.h"
#include "sync/outbox/journal.h"
#include "sync/portal/metadata.h"
#include "tests/sim/world/town.h"

#include <regex>

namespace amt::sim {

void World::judge()
{
    if (!_town)
        return broken("in the end the node runs");
    if (!_gateway)
        return broken("in the end the gateway runs");
    store::Database& database = _town->database;
    try {
        outbox::Journal(database).verify(outbox::Extent::All);
    } catch (const Error& failure) {
        broken("the journal's chain verifies (" + failure.message() + ")");
    }
    judgeMoney(database);
    judgeCases(database);
    judgeReceipts(database);
    judgeDeskCards(database);
    judgeTraces();
}

void World::judgeMoney(store::Database& database)
{
    std::int64_t approvedCents = 0;
    int approvedCount = 0;
    store::Statement payments =
        database.prepare("SELECT case_id, state, amount FROM payment ORDER BY id");
    std::map<std::string, int> approvedOf;
    while (payments.step()) {
        const std::string state = payments.text(1);
        if (state == "Unresolved" || state == "Authorising" || state == "Ordered")
            broken("no payment stays unknown for ever: one is " + state);
        if (state == "Approved") {
            approvedCents += payments.integer(2);
            ++approvedCount;
            ++approvedOf[payments.text(0)];
        }
    }
    int taken = 0;
    for (const auto& charge : _terminal.ledger())
        taken += charge.reversed ? 0 : 1;
    _result.charges = taken;
    if (_terminal.taken().inCents() != approvedCents || taken != approvedCount)
        broken("every charge belongs to an approved payment: the terminal took " +
               _terminal.taken().decimal() + " in " + std::to_string(taken) + ", the till knows " +
               Money::cents(approvedCents).decimal() + " in " + std::to_string(approvedCount));
    for (const auto& [id, times] : approvedOf) {
        if (times > 1)
            broken("no citizen pays twice");
    }
}

void World::judgeCases(store::Database& database)
{
    store::Statement settled = database.prepare("SELECT settlement FROM cases WHERE reference = ?");
    const auto paid = [&](const std::string& reference) {
        return settled.bind(reference).step() && settled.text(0) == "Card";
    };
    _result.accepted += static_cast<int>(_inbox.size());
    std::map<std::string, int> arrived; // by content
    for (const auto& [id, received] : _inbox)
        ++arrived[toText(received.data)];
    for (const auto& citizen : _citizens) {
        int arrivals = 0; // only one citizen has this name
        for (const auto& [data, times] : arrived) {
            if (data.find(citizen.familyName) != std::string::npos)
                arrivals += times;
        }
        const std::string who = "citizen " + std::to_string(citizen.number);
        if (arrivals > 1)
            broken("a case arrives at most once: that of " + who + " arrived " +
                   std::to_string(arrivals) + " times");
        if (citizen.sawCaseKept)
            ++_result.submitted;
        if (citizen.sawCaseKept && arrivals == 0)
            broken("what a citizen was told is kept arrives: that of " + who + " did not");
        if (citizen.sawPaid && !citizen.reference.empty() && !paid(citizen.reference))
            broken("what a citizen was told is paid is paid: that of " + who + " is not");
    }
    std::map<std::string, int> submittedOf;
    for (const auto& row : _gateway->service.census()) {
        if (row.state == "submitted" || row.state == "accepted" || row.state == "rejected")
            ++submittedOf[row.envelopeId];
    }
    for (const auto& [id, times] : submittedOf) {
        if (times > 1)
            broken("no two announcements of one envelope are submitted");
    }
    if (const auto waiting = count("SELECT count(*) FROM envelope WHERE state NOT IN ('ACCEPTED', "
                                   "'PURGED', 'REJECTED')");
        waiting > 0)
        broken("connected for long enough, every case leaves the outbox: " +
               std::to_string(waiting) + " wait");
    if (const auto open = count("SELECT count(*) FROM cases WHERE state <> 'Sealed'"); open > 0)
        broken("every case is sealed in the end: " + std::to_string(open) + " are not");
}

void World::judgeReceipts(store::Database& database)
{
    std::map<std::string, int> whole, originals; // by Aktenzeichen
    static const std::regex pattern("BP-[0-9A-Z]+-[0-9A-Z-]+");
    for (const auto& paper : _printer.papers()) {
        const std::string text = paper.text();
        std::smatch found;
        if (!std::regex_search(text, found, pattern) ||
            text.find("Bitte aufbewahren.") == std::string::npos)
            continue; // a piece that an end of paper or of a broker left
        ++whole[found[0]];
        ++_result.receipts;
        if (text.find("Kopie") == std::string::npos)
            ++originals[found[0]];
    }
    for (const auto& [reference, times] : originals) {
        if (times > 1)
            broken("a receipt is printed once, and after that as a copy: " + std::to_string(times) +
                   " originals of " + reference);
    }
    store::Statement jobs = database.prepare(
        "SELECT cases.reference, sum(print_job.state = 'printed') FROM cases JOIN print_job ON "
        "print_job.case_id = cases.id GROUP BY cases.id ORDER BY cases.reference");
    while (jobs.step()) {
        if (jobs.integer(1) > whole[jobs.text(0)])
            broken("what counts as printed is on paper: " + jobs.text(0));
    }
    if (count("SELECT count(*) FROM print_job WHERE state = 'printing'") > 0)
        broken("no receipt prints for ever");
    if (_printer.misunderstood() > 0)
        broken("the printer understands all that it is sent");
}

void World::judgeDeskCards(store::Database& database)
{
    store::Statement audits = database.prepare(
        "SELECT journal.id, journal.details, coalesce(cases.reference, '') FROM journal LEFT JOIN "
        "cases ON cases.id = journal.id WHERE kind = 'AUDIT' ORDER BY journal.number");
    std::map<std::string, int> compared; // photos, by case, that no card has used up
    while (audits.step()) {
        const std::string id = audits.text(0);
        const auto details = json::parseObject(audits.text(1));
        const std::string act = json::text(*details, "act");
        if (act == "compare-photo")
            compared[id] = 1;
        const bool isEnd = details->has("outcome");
        if (act == "read-card" && !isEnd && compared[id] == 0)
            broken("no card is read at the desk before its photo was compared");
        if (act == "read-card" && isEnd && json::text(*details, "outcome") == "IdentityRead")
            compared[id] = 0;
        if (act == "compare-card" && !_rightCards.contains(audits.text(2)))
            broken("only the citizen's own card agrees with a case");
    }
    static const std::regex reference("BP-[0-9A-Z]+-[0-9A-Z-]+");
    for (const auto& [id, received] : _inbox) {
        for (const auto& set : portal::readMetadata(toText(received.metadata)).dataSets) {
            const std::string report = toText(view(set.content));
            if (report.find("18a PAuswG") == std::string::npos)
                continue;
            ++_result.onSite;
            std::smatch found;
            if (!std::regex_search(report, found, reference) || !_rightCards.contains(found[0]))
                broken("only a citizen's own card is reported as read on site");
        }
    }
}

void World::judgeTraces()
{
    for (const auto& marker : _strangers) {
        if (_nodeDisk.contains(view(marker)) || _gatewayDisk.contains(view(marker)))
            broken("nothing of a card that was looked at stands on a disk");
    }
    for (const auto& citizen : _citizens) {
        for (const std::string& marker : {citizen.givenNames, citizen.familyName}) {
            if (_nodeDisk.contains(view(marker)) || _gatewayDisk.contains(view(marker)))
                broken("no name of a citizen stands readable on a disk");
        }
    }
    if (count("SELECT count(*) FROM draft") > 0)
        broken("no draft outlives its visit");
}

} // namespace amt::sim
