// SPDX-License-Identifier: EUPL-1.2
//
// The judge asks PostgreSQL itself, in SQL of its own.
#include "tests/fleet/census.h"

#include "appliance/core/real_event_loop.h"
#include "sync/gateway/books.h"
#include "tests/fleet/region.h"

namespace amt::fleet {

std::vector<std::string> contradictions(const std::string& database, const Register& told,
                                        const std::vector<std::unique_ptr<Office>>& offices)
{
    std::vector<std::string> found;
    const RealEventLoop clock;
    const auto books = gateway::makePostgresBooks(database, clock);
    const auto all = books->wholeRegion();

    std::map<std::string, std::string> states; ///< of what was submitted, by submission
    std::set<std::string> there;
    auto rows = books->prepare(
        "SELECT envelope_id, client_id, count(*) FILTER (WHERE digest IS NOT NULL),"
        " max(id) FILTER (WHERE digest IS NOT NULL), max(state) FILTER (WHERE digest IS NOT NULL)"
        " FROM submission GROUP BY envelope_id, client_id");
    rows.bind();
    while (rows.step()) {
        const std::string envelope = rows.text(0);
        const auto known = told.all().find(envelope);
        if (known == told.all().end() || rows.text(1) != nodeClient(known->second.node)) {
            found.push_back("nobody sealed " + envelope);
            continue;
        }
        if (rows.integer(2) > 1)
            found.push_back("doubled: " + envelope);
        if (rows.integer(2) == 0)
            continue;
        there.insert(envelope);
        states[rows.text(3)] = rows.text(4);
        if (known->second.stored >= Milliseconds(0) && known->second.submissionId != rows.text(3))
            found.push_back("stored under another id: " + envelope);
        if (known->second.accepted >= Milliseconds(0) && rows.text(4) != "accepted")
            found.push_back("not accepted any more: " + envelope);
    }
    for (const auto& [envelope, what] : told.all()) {
        if (what.stored >= Milliseconds(0) && !there.contains(envelope))
            found.push_back("acknowledged and lost: " + envelope);
    }
    for (const auto& office : offices) {
        for (const auto& submission : office->accepted()) {
            const auto known = states.find(submission);
            if (known == states.end() || known->second != "accepted")
                found.push_back("an acceptance was lost: " + submission);
        }
    }
    auto twice = books->prepare("SELECT submission_id, kind FROM event"
                                " GROUP BY submission_id, kind HAVING count(*) > 1");
    twice.bind();
    while (twice.step())
        found.push_back("logged twice: " + twice.text(1) + " of " + twice.text(0));
    auto copies = books->prepare("SELECT data_digest FROM submission WHERE data_digest IS NOT NULL"
                                 " GROUP BY data_digest HAVING count(*) > 1");
    copies.bind();
    while (copies.step())
        found.push_back("one content under two submissions: " + copies.text(0));
    return found;
}

} // namespace amt::fleet
