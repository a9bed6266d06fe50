// SPDX-License-Identifier: EUPL-1.2
//
// The chain: whoever changes a byte is found.
#include "appliance/core/log.h"
#include "sync/envelope/envelope.h"
#include "sync/outbox/journal.h"
#include "tests/support/scratch_database.h"
#include "tests/support/seeded_random.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::outbox;

namespace {

const UtcTime now = fromIso("2026-11-21T09:41:00Z");

struct Book {
    test::ScratchDatabase database;
    std::optional<Journal> journal;

    explicit Book(int records = 0)
    {
        log::setEnabled(false);
        journal.emplace(*database);
        database->transact([&] {
            for (int i = 0; i < records; ++i) {
                journal->append(RecordKind::Sealed, "envelope-" + std::to_string(i % 7),
                                {{"kid", "k" + std::to_string(i)}, {"captureDay", "2026-11-21"}},
                                now + Milliseconds(i));
            }
        });
        // What an attacker with the file does first.
        database->execute("DROP TRIGGER journal_stays; DROP TRIGGER journal_keeps");
    }
    bool verifies(Extent extent = Extent::All) const
    {
        try {
            journal->verify(extent);
            return true;
        } catch (const Error& error) {
            BOOST_TEST((error.errorCode() == ErrorCode::JournalBroken));
            return false;
        }
    }
};

struct Change {
    const char* name;
    const char* statement;
};
std::ostream& operator<<(std::ostream& out, const Change& change)
{
    return out << change.name;
}
const Change changes[] = {
    {"kind", "UPDATE journal SET kind = 'STORED' WHERE number = 5"},
    {"id", "UPDATE journal SET id = 'envelope-9' WHERE number = 5"},
    {"time by a millisecond", "UPDATE journal SET time = time + 1 WHERE number = 5"},
    {"time quality", "UPDATE journal SET time_quality = 'portal' WHERE number = 5"},
    {"details", "UPDATE journal SET details = replace(details, 'k4', 'k5') WHERE number = 5"},
    {"details, same meaning in other bytes",
     "UPDATE journal SET details = replace(details, ':', ': ') WHERE number = 5"},
    {"hash", "UPDATE journal SET hash = zeroblob(32) WHERE number = 5"},
    {"hash of the last record", "UPDATE journal SET hash = zeroblob(32) WHERE number = 10"},
    {"previous hash", "UPDATE journal SET previous_hash = zeroblob(32) WHERE number = 5"},
    {"previous hash of the first record",
     "UPDATE journal SET previous_hash = hash WHERE number = 1"},
    {"a record gone", "DELETE FROM journal WHERE number = 5"},
    {"the first record gone", "DELETE FROM journal WHERE number = 1"},
    {"a gap", "UPDATE journal SET number = 11 WHERE number = 10"},
    {"two records swapped", "UPDATE journal SET number = 99 WHERE number = 5; UPDATE journal SET "
                            "number = 5 WHERE number = 6;"
                            " UPDATE journal SET number = 6 WHERE number = 99"},
    {"text moved from one field to the next",
     "UPDATE journal SET kind = 'SEALEDe', id = 'nvelope-4' WHERE number = 5"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(outbox_journal)

BOOST_AUTO_TEST_CASE(a_record_belongs_to_a_commit_and_goes_with_it)
{
    Book book(3);
    BOOST_CHECK_THROW(book.database->transact([&] {
        book.journal->append(RecordKind::Case, "c", {}, now);
        throw Error(ErrorCode::SystemFailed, "on purpose");
    }),
                      Error);
    BOOST_TEST(book.journal->head().number == 3);
    BOOST_TEST(book.verifies());
}

BOOST_DATA_TEST_CASE(a_changed_record_is_found, data::make(changes), change)
{
    Book book(10);
    BOOST_TEST(book.verifies());
    book.database->execute(change.statement);
    BOOST_TEST(!book.verifies());
}

BOOST_AUTO_TEST_CASE(every_single_changed_byte_is_found)
{
    Book book(4);
    for (const char* column : {"kind", "id", "details"}) {
        auto length = book.database->prepare(std::string("SELECT length(") + column +
                                             ") FROM journal WHERE number = 2");
        length.step();
        for (std::int64_t at = 1; at <= length.integer(0); ++at) {
            book.database->execute("SAVEPOINT before");
            book.database->execute(std::string("UPDATE journal SET ") + column + " = substr(" +
                                   column + ", 1, " + std::to_string(at - 1) +
                                   ") || char((unicode(substr(" + column + ", " +
                                   std::to_string(at) + ", 1)) + 1)) || substr(" + column + ", " +
                                   std::to_string(at + 1) + ") WHERE number = 2");
            BOOST_TEST(!book.verifies(), std::string(column) + " byte " + std::to_string(at));
            book.database->execute("ROLLBACK TO before; RELEASE before");
        }
    }
    BOOST_TEST(book.verifies());
}

BOOST_AUTO_TEST_CASE(the_tail_is_verified_alone_and_bound_to_the_record_before_it)
{
    Book book(1200);
    BOOST_TEST(book.verifies(Extent::Tail));
    book.database->execute("UPDATE journal SET id = 'x' WHERE number = 100");
    BOOST_TEST(book.verifies(Extent::Tail)); // not looked at here ...
    BOOST_TEST(!book.verifies(Extent::All)); // ... but here
    book.database->execute("UPDATE journal SET hash = zeroblob(32) WHERE number = 200");
    BOOST_TEST(!book.verifies(Extent::Tail));
}

BOOST_AUTO_TEST_CASE(the_first_hash_is_that_of_the_document)
{
    // FORMAT.md, by hand: zeros || texts with their lengths || numbers.
    Book book;
    book.database->transact([&] {
        book.journal->append(RecordKind::Start, "node", {{"b", "2"}, {"a", "1"}},
                             fromMilliseconds(258));
    });
    const auto text = [](std::string_view written) {
        Bytes bytes(7, 0);
        bytes.push_back(static_cast<std::uint8_t>(written.size()));
        append(bytes, view(written));
        return bytes;
    };
    const Bytes input = concat(Bytes(32, 0), text("amt journal 1"), Bytes{0, 0, 0, 0, 0, 0, 0, 1},
                               text("START"), text("node"), Bytes{0, 0, 0, 0, 0, 0, 1, 2},
                               text("rtc"), text(R"({"a":"1","b":"2"})"));
    BOOST_TEST(toHex(book.journal->head().hash) == toHex(envelope::sha256(input)));
}

BOOST_AUTO_TEST_CASE(records_about_one_thing_come_in_their_order)
{
    Book book(20);
    const auto records = book.journal->about("envelope-3");
    BOOST_TEST_REQUIRE(records.size() == 3u);
    BOOST_TEST(records[0].number == 4);
    BOOST_TEST(records[2].number == 18);
    BOOST_TEST(records[0].kind == "SEALED");
    BOOST_TEST(records[0].details.at("kid") == "k3");
}

BOOST_AUTO_TEST_CASE(the_newest_time_ever_seen_stays_when_the_clock_goes_back)
{
    Book book(5);
    BOOST_TEST((book.journal->newestTime(now - std::chrono::hours(1000)) == now + Milliseconds(4)));
    BOOST_TEST(
        (book.journal->newestTime(now + std::chrono::hours(1)) == now + std::chrono::hours(1)));
}

BOOST_AUTO_TEST_CASE(a_step_of_the_clock_is_written_down_and_a_slow_drift_is_not)
{
    Book book;
    const auto minutes = [](int count) { return Milliseconds(std::chrono::minutes(count)); };
    book.journal->watchClock(now, minutes(10));
    book.journal->watchClock(now + minutes(60), minutes(69));
    BOOST_TEST(book.journal->head().number == 0);
    book.journal->watchClock(now - minutes(600), minutes(70));
    BOOST_TEST_REQUIRE(book.journal->about("node").size() == 1u);
    BOOST_TEST(book.journal->about("node").front().kind == "CLOCK");
    BOOST_TEST(book.verifies());
}

BOOST_AUTO_TEST_CASE(old_records_are_reduced_to_their_place_and_the_chain_still_verifies)
{
    Book book(1200); // a millisecond each
    book.database->execute("CREATE TEMP TABLE before AS SELECT number, hash FROM journal");
    const UtcTime half = now + Milliseconds(600);
    BOOST_TEST(book.journal->prune(half, {"envelope-3"}, now + std::chrono::hours(1)) == 600 - 86);
    BOOST_TEST(book.verifies());
    BOOST_TEST(book.verifies(Extent::Tail));
    const auto checkpoint = book.journal->about("node").back();
    BOOST_TEST(checkpoint.kind == "CHECKPOINT");
    BOOST_TEST(checkpoint.details.at("through") == "600");
    BOOST_TEST(checkpoint.details.at("hash") == toHex(*book.journal->hashAt(600)));
    BOOST_TEST(book.journal->about("envelope-3").size() == 171u); // whole
    auto changed = book.database->prepare("SELECT count(*) FROM journal JOIN before USING (number) "
                                          "WHERE journal.hash <> before.hash");
    changed.step();
    BOOST_TEST(changed.integer(0) == 0);
    auto left = book.database->prepare(
        "SELECT count(*) FROM journal WHERE number <= 600 AND details LIKE '%kid%'");
    left.step();
    BOOST_TEST(left.integer(0) == 86);
    // again: nothing new is old, but what was kept may go now
    BOOST_TEST(book.journal->prune(half, {}, now + std::chrono::hours(2)) == 86);
    BOOST_TEST(book.journal->about("node").size() == 1u);
    BOOST_TEST(book.verifies());
    BOOST_TEST(book.journal->hasStarted());
}

const Change changesAfterPruning[] = {
    {"a young record reduced, too",
     "UPDATE journal SET kind = 'PRUNED', id = '', details = '{}' WHERE number = 8"},
    {"the hash of a reduced record", "UPDATE journal SET hash = zeroblob(32) WHERE number = 3"},
    {"a link of a reduced record",
     "UPDATE journal SET previous_hash = zeroblob(32) WHERE number = 3"},
    {"a reduced record gone", "DELETE FROM journal WHERE number = 3"},
    {"a checkpoint that allows more",
     "UPDATE journal SET details = replace(details, '\"5\"', '\"9\"') WHERE kind = 'CHECKPOINT'"},
    {"no checkpoint", "DELETE FROM journal WHERE kind = 'CHECKPOINT'"},
};

BOOST_DATA_TEST_CASE(a_changed_journal_is_found_after_pruning, data::make(changesAfterPruning),
                     change)
{
    Book book(10);
    book.journal->prune(now + Milliseconds(5), {}, now + std::chrono::hours(1));
    BOOST_TEST(book.verifies());
    book.database->execute(change.statement);
    BOOST_TEST(!book.verifies());
}

BOOST_AUTO_TEST_CASE(a_step_of_the_clock_does_not_prune_what_stands_behind_a_young_record)
{
    Book book(3);
    book.database->transact([&] {
        book.journal->append(RecordKind::Sealed, "old again", {}, now - std::chrono::hours(9999));
    });
    BOOST_TEST(book.journal->prune(now + Milliseconds(1), {}, now) == 1); // only the first
    BOOST_TEST(book.verifies());
}

BOOST_AUTO_TEST_CASE(time_is_as_good_as_its_witness)
{
    using std::chrono::hours;
    using std::chrono::minutes;
    Book book(1);
    auto& journal = *book.journal;
    const UtcTime day = now + hours(24);
    journal.started(day);
    journal.watchClock(day, minutes(1));
    BOOST_TEST((journal.timeQuality() == TimeQuality::Rtc));
    journal.portalTime(day + minutes(4), day, minutes(1));
    BOOST_TEST((journal.timeQuality() == TimeQuality::Portal));
    journal.watchClock(day + hours(23), minutes(1) + hours(23));
    BOOST_TEST((journal.timeQuality() == TimeQuality::Portal));
    journal.watchClock(day + hours(24), minutes(1) + hours(24));
    BOOST_TEST((journal.timeQuality() == TimeQuality::Rtc)); // the witness is too old
    journal.portalTime(day + hours(24) - minutes(6), day + hours(24), minutes(1) + hours(24));
    BOOST_TEST((journal.timeQuality() == TimeQuality::Doubtful));
    journal.portalTime(day + hours(24), day + hours(24), minutes(1) + hours(24));
    BOOST_TEST((journal.timeQuality() == TimeQuality::Portal));
    journal.watchClock(day + hours(48), minutes(2) + hours(24)); // a step, and the portal silent
    BOOST_TEST((journal.timeQuality() == TimeQuality::Rtc));
    journal.watchClock(now - hours(24 * 365), minutes(3) + hours(24)); // and far back
    BOOST_TEST((journal.timeQuality() == TimeQuality::Doubtful));
    book.database->transact([&] { journal.append(RecordKind::Case, "c", {}, now); });
    BOOST_TEST(journal.about("c").back().timeQuality == "doubtful");
}

BOOST_AUTO_TEST_CASE(a_clock_that_starts_before_what_was_seen_is_doubtful)
{
    Book book(1);
    book.journal->started(now - std::chrono::hours(1));
    BOOST_TEST((book.journal->timeQuality() == TimeQuality::Doubtful));
    Book fresh;
    fresh.journal->started(fromIso("1970-01-01T00:00:00Z"));
    BOOST_TEST((fresh.journal->timeQuality() == TimeQuality::Doubtful));
}

BOOST_AUTO_TEST_SUITE_END()
