// SPDX-License-Identifier: EUPL-1.2
//
// Two cases, one with an attachment that takes two rows.
#include "tests/faults/life.h"

#include "appliance/store/migrations/migrations.h"
#include "sync/outbox/part_writer.h"
#include "tests/outbox/enrolled.h"

#include <cstdlib>

namespace amt::faults {
namespace {

constexpr int cases = 2;
constexpr int diskError = 74; // EX_IOERR, as amt-node ends
const UtcTime noon = test::enrolledAt + std::chrono::hours(2);

std::string idOf(const std::string& what, int number)
{
    const auto digits = toHex(envelope::sha256(view(what + std::to_string(number))));
    return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-4" + digits.substr(13, 3) + "-8" +
           digits.substr(17, 3) + "-" + digits.substr(20, 12);
}

store::DatabaseSettings settingsIn(const std::filesystem::path& folder)
{
    store::DatabaseSettings made;
    made.path = (folder / "node.db").string();
    made.pagesMax = 512;
    made.grow = true;
    made.onDiskError = [] { std::_Exit(diskError); };
    return made;
}

class Rooms {
public:
    explicit Rooms(const std::filesystem::path& folder)
        : database(settingsIn(folder)), journal(database), destinations(database, journal),
          box(database, journal, destinations)
    {}

    Rank rankOf(int number) const
    {
        const auto record = box.find(idOf("envelope", number));
        if (!record)
            return Rank::Absent;
        switch (record->state) {
        case outbox::EnvelopeState::Sealed:
            return record->ids ? Rank::Announced : Rank::Captured;
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

    store::Database database;
    outbox::Journal journal;
    outbox::Destinations destinations;
    outbox::Outbox box;
};

void capture(Rooms& rooms, int number, RandomSource& random)
{
    const auto key = rooms.destinations.sealingKey(test::destinationId, noon);
    const auto part = [&](std::size_t size) {
        return envelope::seal(Bytes(size, 'x'), key.jwk.key, key.jwk.kid, "application/json",
                              random);
    };
    outbox::NewEnvelope sealed{.id = idOf("envelope", number),
                               .destinationId = test::destinationId,
                               .serviceKey = test::serviceKey,
                               .serviceName = "Bewohnerparkausweis",
                               .regionKey = "059990999999",
                               .kid = key.jwk.kid,
                               .keyFingerprint = key.fingerprint,
                               .captureDay = localDate(noon),
                               .metadata = part(4096),
                               .data = part(12'000),
                               .attachments = {}};
    if (number == 0)
        sealed.attachments[idOf("attachment", number)] = part(200 * 1024);
    rooms.database.transact([&] { rooms.box.add(sealed, noon); });
}

std::string signedEvent(Rooms& rooms, int number, envelope::EventKind kind)
{
    envelope::AuthenticationTags tags;
    const auto tagOf = [&](const std::string& part) {
        return envelope::tagOf(rooms.box.part(idOf("envelope", number), part).value());
    };
    tags.metadata = tagOf("metadata");
    tags.data = tagOf("data");
    if (number == 0)
        tags.attachments[idOf("attachment", number)] = tagOf(idOf("attachment", number));
    const bool accepted = kind == envelope::EventKind::Accept;
    const envelope::SecurityEvent event{.id = idOf(accepted ? "accept" : "submit", number),
                                        .issuer =
                                            accepted ? test::destinationId : test::serviceIssuer,
                                        .issuedAt = noon,
                                        .submissionId = idOf("submission", number),
                                        .caseId = idOf("case", number),
                                        .kind = kind,
                                        .tags = tags,
                                        .problems = {}};
    return accepted ? envelope::signEvent(event, test::rsaKey(2), test::signatureKid)
                    : envelope::signEvent(event, test::rsaKey(3), test::serviceKid);
}

void step(Rooms& rooms, int number, Rank from, RandomSource& random)
{
    const std::string id = idOf("envelope", number);
    switch (from) {
    case Rank::Absent:
        return capture(rooms, number, random);
    case Rank::Captured:
        rooms.box.announced(id, {idOf("submission", number), idOf("case", number)}, noon);
        return;
    case Rank::Announced:
        rooms.box.receiveEvents(id, 0, {signedEvent(rooms, number, envelope::EventKind::Submit)},
                                noon);
        return;
    case Rank::Stored:
        rooms.box.receiveEvents(id, 1, {signedEvent(rooms, number, envelope::EventKind::Accept)},
                                noon);
        return;
    case Rank::Accepted:
        rooms.box.purge(noon);
        return;
    case Rank::Purged:
        return;
    }
}

} // namespace

void setUp(const std::filesystem::path& folder)
{
    Rooms rooms(folder);
    rooms.database.migrate(store::nodeMigrations());
    rooms.destinations.enrol(test::testEnrolment(), noon);
    rooms.database.checkpoint();
}

void warmUp()
{
    SystemRandom random;
    const auto sealed =
        envelope::seal(view("warm"), test::publicRsaKey(1), "warm-up-key", "text/plain", random);
    envelope::open(sealed.compact, test::rsaKey(1), "warm-up-key");
    for (const int key : {2, 3})
        envelope::verify(envelope::sign("warm", test::rsaKey(key), "warm-up-key", "text"),
                         test::publicRsaKey(key));
}

void live(const std::filesystem::path& folder,
          const std::function<void(int, Rank, std::int64_t, const std::string&)>& acknowledge)
{
    SystemRandom random;
    Rooms rooms(folder);
    rooms.journal.verify(outbox::Extent::All);
    for (int turn = 0; turn < 5; ++turn) {
        for (int number = 0; number < cases; ++number) {
            const Rank from = rooms.rankOf(number);
            step(rooms, number, from, random);
            const auto head = rooms.journal.head();
            acknowledge(number, rooms.rankOf(number), head.number, toHex(head.hash));
        }
    }
}

std::string judge(const std::filesystem::path& folder, const Acknowledged& acknowledged)
{
    try {
        Rooms rooms(folder);
        {
            auto check = rooms.database.prepare("PRAGMA integrity_check");
            if (!check.step() || check.text(0) != "ok")
                return "integrity_check: " + check.text(0);
        }
        rooms.journal.verify(outbox::Extent::All);
        if (acknowledged.record > 0) {
            auto record = rooms.database.prepare("SELECT hash FROM journal WHERE number = ?");
            if (!record.bind(acknowledged.record).step() ||
                toHex(record.blob(0)) != acknowledged.hash)
                return "an acknowledged record is gone";
        }
        for (int number = 0; number < cases; ++number) {
            const Rank rank = rooms.rankOf(number);
            const auto known = acknowledged.cases.find(number);
            const int least =
                known == acknowledged.cases.end() ? 0 : static_cast<int>(known->second);
            if (static_cast<int>(rank) < least)
                return "an acknowledged step is gone: case " + std::to_string(number);
            if (static_cast<int>(rank) > least + 1)
                return "a step that nobody asked for: case " + std::to_string(number);
            if (rank != Rank::Absent && rank != Rank::Purged && rank != Rank::Accepted)
                for (const char* part : {"metadata", "data"})
                    if (!rooms.box.part(idOf("envelope", number), part))
                        return "half a payload: case " + std::to_string(number);
        }
        return {};
    } catch (const Poco::Exception& failure) {
        return failure.displayText();
    }
}

bool isOver(const std::filesystem::path& folder)
{
    const Rooms rooms(folder);
    for (int number = 0; number < cases; ++number)
        if (rooms.rankOf(number) != Rank::Purged)
            return false;
    return true;
}

} // namespace amt::faults
