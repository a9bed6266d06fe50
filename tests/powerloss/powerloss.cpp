// SPDX-License-Identifier: EUPL-1.2
//
// A day of captures, receipts and purges; and the questions to each image.
#include "tests/powerloss/powerloss.h"

#include "appliance/store/migrations/migrations.h"
#include "tests/outbox/enrolled.h"
#include "tests/powerloss/images.h"

#include <algorithm>

namespace amt::powerloss {
namespace {

constexpr int envelopesADay = 14;
const UtcTime noon = test::enrolledAt + std::chrono::hours(2);

/// How far an envelope has come; each step is one answer to somebody.
enum class Rank { Absent, Captured, Announced, Stored, Accepted, Purged };

struct Step {
    std::size_t begin = 0, end = 0; ///< operations of the disk before and after
    std::size_t envelope = 0;
    Rank rank = Rank::Absent; ///< acknowledged when it returned
    outbox::JournalHead head;
};

struct Day {
    std::vector<Operation> operations;
    std::size_t begin = 0; ///< operations before the first step: set-up
    std::vector<Step> steps;
    std::vector<std::string> ids;
    std::vector<std::string>
        markers; ///< out of the middle of each envelope's data, as it is sealed
};

store::DatabaseSettings settingsOn(const Disk& disk, Settings settings)
{
    store::DatabaseSettings made;
    made.path = "node.db";
    made.vfs = disk.vfs();
    if (settings == Settings::Ours) {
        made.pagesMax = 512; // small, so that what is there and not the empty rest is cut
        made.grow = true;
    }
    return made;
}

void weaken(store::Database& database, Settings settings)
{
    switch (settings) {
    case Settings::Ours:
    case Settings::PowersafeOverwrite: // the disk says so
        return;
    case Settings::SynchronousNormal:
        database.execute("PRAGMA synchronous=NORMAL");
        return;
    case Settings::SynchronousOff:
        database.execute("PRAGMA synchronous=OFF");
        return;
    case Settings::RollbackJournal: // locked exclusively the file would stay and be blanked
        database.execute("PRAGMA journal_mode=DELETE; PRAGMA locking_mode=NORMAL;"
                         "SELECT count(*) FROM meta");
        return;
    }
}

/// Set-up is the same each day, and signs with slow keys: once.
const outbox::Enrolment& enrolment()
{
    static const outbox::Enrolment made = test::testEnrolment();
    return made;
}

class Town {
public:
    Town(Disk& disk, Settings settings)
        : database(settingsOn(disk, settings)), journal(database), destinations(database, journal),
          box(database, journal, destinations)
    {}

    store::Database database;
    outbox::Journal journal;
    outbox::Destinations destinations;
    outbox::Outbox box;
};

outbox::NewEnvelope sealedEnvelope(Town& town, const std::string& id, RandomSource& random)
{
    const auto key = town.destinations.sealingKey(test::destinationId, noon);
    const auto part = [&](std::size_t size) {
        return envelope::seal(randomBytes(random, size), key.jwk.key, key.jwk.kid,
                              "application/json", random);
    };
    outbox::NewEnvelope sealed{.id = id,
                               .destinationId = test::destinationId,
                               .serviceKey = test::serviceKey,
                               .serviceName = "Bewohnerparkausweis",
                               .regionKey = "059990999999",
                               .kid = key.jwk.kid,
                               .keyFingerprint = key.fingerprint,
                               .captureDay = localDate(noon),
                               .metadata = part(500 + randomBelow(random, 4000)),
                               .data = part(500 + randomBelow(random, 12000)),
                               .attachments = {}};
    if (randomBelow(random, 7) == 0) // two rows
        sealed.attachments[randomUuid(random)] = part(200 * 1024);
    return sealed;
}

std::string signedEvent(RandomSource& random, envelope::EventKind kind,
                        const outbox::ServiceIds& ids, const envelope::AuthenticationTags& tags)
{
    const bool accepted = kind == envelope::EventKind::Accept;
    const envelope::SecurityEvent event{.id = randomUuid(random),
                                        .issuer =
                                            accepted ? test::destinationId : test::serviceIssuer,
                                        .issuedAt = noon,
                                        .submissionId = ids.submissionId,
                                        .caseId = ids.caseId,
                                        .kind = kind,
                                        .tags = tags,
                                        .problems = {}};
    return accepted ? envelope::signEvent(event, test::rsaKey(2), test::signatureKid)
                    : envelope::signEvent(event, test::rsaKey(3), test::serviceKid);
}

envelope::AuthenticationTags tagsOf(const outbox::NewEnvelope& sealed)
{
    envelope::AuthenticationTags tags{sealed.metadata.tag, sealed.data.tag, {}};
    for (const auto& [id, part] : sealed.attachments)
        tags.attachments[id] = part.tag;
    return tags;
}

Day recordedDay(Settings settings, std::uint64_t seed)
{
    test::SameRandom random(seed);
    Disk disk("powerloss-day", random,
              settings == Settings::PowersafeOverwrite ? Claims::PowersafeOverwrite
                                                       : Claims::Nothing);
    disk.record();
    Town town(disk, settings);
    town.database.migrate(store::nodeMigrations());
    town.destinations.enrol(enrolment(), noon);
    town.database.checkpoint();
    weaken(town.database, settings);

    Day day;
    day.begin = disk.operations().size();
    struct Running {
        Rank rank = Rank::Absent;
        outbox::ServiceIds ids;
        envelope::AuthenticationTags tags;
    };
    std::vector<Running> envelopes(envelopesADay);
    for (std::size_t i = 0; i < envelopes.size(); ++i)
        day.ids.push_back(randomUuid(random));
    day.markers.resize(envelopes.size());
    // Each envelope goes its way, in between the others; the last ones do not come to its end.
    for (std::size_t turn = 0; turn < envelopes.size() * 4; ++turn) {
        const std::size_t reach = std::min(envelopes.size(), 1 + turn / 3);
        const std::size_t which = randomBelow(random, reach);
        Running& running = envelopes[which];
        const std::string& id = day.ids[which];
        Step step{
            .begin = disk.operations().size(), .end = 0, .envelope = which, .rank = {}, .head = {}};
        switch (running.rank) {
        case Rank::Absent: {
            const auto sealed = sealedEnvelope(town, id, random);
            running.tags = tagsOf(sealed);
            day.markers[which] = sealed.data.compact.substr(sealed.data.compact.size() / 2, 48);
            town.database.transact([&] { town.box.add(sealed, noon); });
            step.rank = Rank::Captured;
            break;
        }
        case Rank::Captured:
            running.ids = {randomUuid(random), randomUuid(random)};
            town.box.announced(id, running.ids, noon);
            step.rank = Rank::Announced;
            break;
        case Rank::Announced:
            town.box.receiveEvents(
                id, 0,
                {signedEvent(random, envelope::EventKind::Submit, running.ids, running.tags)},
                noon);
            step.rank = Rank::Stored;
            break;
        case Rank::Stored:
            town.box.receiveEvents(
                id, 1,
                {signedEvent(random, envelope::EventKind::Accept, running.ids, running.tags)},
                noon);
            step.rank = Rank::Accepted;
            break;
        case Rank::Accepted:
        case Rank::Purged:
            continue;
        }
        running.rank = step.rank;
        if (running.rank == Rank::Accepted) { // purged at once, as the node does
            step.end = disk.operations().size();
            step.head = town.journal.head();
            day.steps.push_back(step);
            step.begin = step.end;
            AMT_ASSERT(town.box.purge(noon) == 1);
            running.rank = step.rank = Rank::Purged;
        }
        step.end = disk.operations().size();
        step.head = town.journal.head();
        day.steps.push_back(step);
    }
    day.operations = disk.operations();
    return day;
}

/// What one image has to hold at least, and may hold at most.
struct Expected {
    std::vector<Rank> least, most;
    outbox::JournalHead head;
    std::vector<std::size_t> recent; ///< envelopes whose parts are read whole
};

Expected expectedAt(const Day& day, std::size_t at)
{
    Expected expected{std::vector<Rank>(day.ids.size(), Rank::Absent),
                      std::vector<Rank>(day.ids.size(), Rank::Absent),
                      {0, {}},
                      {}};
    for (const Step& step : day.steps) {
        if (step.begin > at)
            break;
        expected.most[step.envelope] = step.rank;
        if (step.end <= at) {
            expected.least[step.envelope] = step.rank;
            expected.head = step.head;
        }
        expected.recent.push_back(step.envelope);
        if (expected.recent.size() > 3)
            expected.recent.erase(expected.recent.begin());
    }
    return expected;
}

Rank rankIn(const outbox::EnvelopeRecord& record)
{
    switch (record.state) {
    case outbox::EnvelopeState::Sealed:
        return record.ids ? Rank::Announced : Rank::Captured;
    case outbox::EnvelopeState::Stored:
        return Rank::Stored;
    case outbox::EnvelopeState::Accepted:
        return Rank::Accepted;
    case outbox::EnvelopeState::Purged:
        return Rank::Purged;
    case outbox::EnvelopeState::Rejected:
    case outbox::EnvelopeState::Held:
        break;
    }
    throw Error(ErrorCode::StoreFailed, "a state that nobody gave");
}

enum class Verdict { Whole, Lost, Corrupt, Broken, Returned };

/// Whether bytes of a payload whose PURGED was acknowledged stand anywhere on the disk.
bool payloadStands(Disk& disk, const Day& day, const Expected& expected)
{
    return std::any_of(disk.files().begin(), disk.files().end(), [&](const auto& entry) {
        const std::string content = toText(entry.second->content());
        for (std::size_t i = 0; i < day.ids.size(); ++i)
            if (expected.least[i] == Rank::Purged &&
                content.find(day.markers[i]) != std::string::npos)
                return true;
        return false;
    });
}

/// `why` says it in words.
Verdict judge(Disk& disk, const Day& day, const Expected& expected, RandomSource& random,
              std::string& why)
{
    try {
        if (randomBelow(random, 256) == 0 && payloadStands(disk, day, expected)) {
            why = "bytes of a purged payload";
            return Verdict::Returned;
        }
        store::DatabaseSettings settings;
        settings.path = "node.db";
        settings.vfs = disk.vfs();
        store::Database database(settings);
        {
            auto check = database.prepare("PRAGMA integrity_check");
            if (!check.step() || check.text(0) != "ok") {
                why = "integrity_check: " + check.text(0);
                return Verdict::Corrupt;
            }
        }
        {
            auto check = database.prepare("PRAGMA foreign_key_check");
            if (check.step()) {
                why = "foreign_key_check";
                return Verdict::Corrupt;
            }
        }
        outbox::Journal journal(database);
        outbox::Destinations destinations(database, journal);
        outbox::Outbox box(database, journal, destinations);
        try {
            journal.verify(outbox::Extent::All);
        } catch (const Error& error) {
            why = error.message();
            return Verdict::Broken;
        }
        if (expected.head.number > 0) {
            auto record = database.prepare("SELECT hash FROM journal WHERE number = ?");
            if (!record.bind(expected.head.number).step() || record.blob(0) != expected.head.hash) {
                why = "journal record " + std::to_string(expected.head.number) +
                      " was acknowledged and is gone";
                return Verdict::Lost;
            }
        }
        auto standing = database.prepare(
            "SELECT (SELECT sum(size) FROM envelope_part WHERE envelope_id = ?1),"
            " (SELECT sum(length(bytes)) FROM envelope_chunk WHERE envelope_id = ?1)");
        for (std::size_t i = 0; i < day.ids.size(); ++i) {
            const auto record = box.find(day.ids[i]);
            const Rank rank = record ? rankIn(*record) : Rank::Absent;
            const std::string about = "envelope " + std::to_string(i) + " has rank " +
                                      std::to_string(static_cast<int>(rank));
            if (rank < expected.least[i]) {
                why = about + ", acknowledged was " +
                      std::to_string(static_cast<int>(expected.least[i]));
                return Verdict::Lost;
            }
            if (rank > expected.most[i]) {
                why = about + ", which nobody asked for";
                return Verdict::Corrupt;
            }
            standing.bind(day.ids[i]);
            standing.step();
            const std::int64_t wanted = standing.integer(0), there = standing.integer(1);
            if (rank == Rank::Purged && there != 0) {
                why = about + " and rows of its payload";
                return Verdict::Returned;
            }
            const bool purging = expected.most[i] == Rank::Purged && there == 0;
            if (rank != Rank::Purged && there != wanted && !purging) {
                why = about + " and half a payload";
                return Verdict::Corrupt;
            }
            if (there > 0 && std::find(expected.recent.begin(), expected.recent.end(), i) !=
                                 expected.recent.end())
                for (const char* part : {"metadata", "data"})
                    if (!box.part(day.ids[i], part)) { // throws when its digest is another
                        why = about + " and no " + part;
                        return Verdict::Corrupt;
                    }
        }
        if (randomBelow(random, 8) == 0) // life goes on
            database.transact(
                [&] { journal.append(outbox::RecordKind::Checkpoint, "node", {}, noon); });
        return Verdict::Whole;
    } catch (const Poco::Exception& failure) {
        why = failure.displayText();
        return Verdict::Corrupt;
    }
}

/// Blanking the log is many operations of which none is worth more than the others.
std::uint64_t weightOf(const Operation& operation)
{
    return operation.zeros > sectorBytes ? 1 : 16;
}

} // namespace

Findings tryImages(Settings settings, std::uint64_t seed, std::uint64_t images, Until until)
{
    const Day day = recordedDay(settings, seed);
    test::SameRandom random(seed + 1);
    Recording recording(day.operations);
    Disk disk("powerloss-image", random);
    Findings findings;
    std::uint64_t weights = 0;
    for (std::size_t at = day.begin; at < day.operations.size(); ++at)
        weights += weightOf(day.operations[at]);
    std::uint64_t passed = 0;
    for (std::size_t at = day.begin; at < day.operations.size(); ++at) {
        recording.advance(at);
        passed += weightOf(day.operations[at]);
        const std::uint64_t due = images * passed / weights;
        if (findings.images == due)
            continue;
        ++findings.crashPoints;
        const Expected expected = expectedAt(day, at);
        while (findings.images < due) {
            ++findings.images;
            recording.cut(disk, random);
            std::string why;
            const Verdict verdict = judge(disk, day, expected, random, why);
            switch (verdict) {
            case Verdict::Whole:
                continue;
            case Verdict::Lost:
                ++findings.lost;
                break;
            case Verdict::Corrupt:
                ++findings.corrupt;
                break;
            case Verdict::Broken:
                ++findings.broken;
                break;
            case Verdict::Returned:
                ++findings.returned;
                break;
            }
            if (findings.first.empty())
                findings.first = "operation " + std::to_string(at) + ", image " +
                                 std::to_string(findings.images) + ": " + why;
            if (until == Until::FirstFound)
                return findings;
        }
    }
    return findings;
}

} // namespace amt::powerloss
