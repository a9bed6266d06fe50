// SPDX-License-Identifier: EUPL-1.2
//
// Copies: whole while the work goes on, clean of what they must not hold, named last, put back.
#include "appliance/core/log.h"
#include "appliance/store/backup.h"
#include "tests/support/scratch_database.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>

namespace data = boost::unit_test::data;
using namespace amt;

namespace {

const std::string table = "CREATE TABLE thing (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT";

struct Shop {
    test::ScratchFolder folder; ///< the other medium
    test::ScratchDatabase database;

    explicit Shop(int rows = 2000)
    {
        log::setEnabled(false);
        database->execute(table);
        database->transact([&] {
            for (int i = 0; i < rows; ++i)
                write(i);
        });
    }
    void write(int id)
    {
        database->prepare("INSERT INTO thing (id, text) VALUES (?, ?)")
            .bind(id, "row " + std::to_string(id) + std::string(500, '.'))
            .run();
    }
    std::filesystem::path raw() const { return folder.path() / "raw.partial"; }
    std::filesystem::path name() const { return folder.path() / "node-20261121T094100Z.db"; }
};

std::int64_t count(const std::filesystem::path& file, const std::string& sql)
{
    store::Database database(test::settingsFor(file));
    auto row = database.prepare(sql);
    return row.step() ? row.integer(0) : -1;
}

void spoil(const std::filesystem::path& file, std::streamoff at)
{
    std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
    bytes.seekp(at);
    bytes.write("spoiled spoiled spoiled spoiled!", 32);
}

std::string bytesOf(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(store_backup)

BOOST_AUTO_TEST_CASE(what_is_committed_while_a_copy_runs_is_in_it)
{
    Shop shop;
    store::Backup backup(*shop.database, shop.raw());
    int steps = 0;
    while (backup.step(20) == store::Backup::Progress::More) {
        if (++steps % 3 == 0)
            shop.write(10'000 + steps);
        if (steps == 9)
            shop.database->checkpoint(); // a purge in between
        if (steps == 12)
            shop.database->execute("UPDATE thing SET text = 'changed' WHERE id = 1");
    }
    BOOST_TEST(steps > 12);
    store::finishCopy(shop.raw(), shop.name(), "");
    BOOST_TEST(!std::filesystem::exists(shop.raw()));
    BOOST_TEST(count(shop.name(), "SELECT count(*) FROM thing") == 2000 + steps / 3);
    BOOST_TEST(count(shop.name(), "SELECT count(*) FROM thing WHERE text = 'changed'") == 1);
}

BOOST_AUTO_TEST_CASE(what_no_copy_may_hold_is_in_none_of_its_bytes)
{
    Shop shop(50);
    shop.database->execute("INSERT INTO meta VALUES ('incarnation', 'MARKER-INCARNATION');"
                           "INSERT INTO draft VALUES ('MARKER-DRAFT', x'00', 1)");
    {
        store::Backup backup(*shop.database, shop.raw());
        while (backup.step(100) == store::Backup::Progress::More) {
        }
    }
    BOOST_TEST(bytesOf(shop.raw()).find("MARKER-DRAFT") != std::string::npos);
    store::finishCopy(shop.raw(), shop.name(), store::forgottenInCopies());
    store::copyWhole(*shop.database, shop.folder.path() / "before.db", store::forgottenInCopies());
    for (const auto& file : {shop.name(), shop.folder.path() / "before.db"}) {
        const std::string bytes = bytesOf(file);
        BOOST_TEST(bytes.find("row 49") != std::string::npos);
        BOOST_TEST(bytes.find("MARKER") == std::string::npos, file);
    }
    // the database itself has lost nothing
    BOOST_TEST(shop.database->prepare("SELECT 1 FROM meta WHERE key = 'incarnation'").step());
}

BOOST_AUTO_TEST_CASE(a_copy_that_was_not_ended_leaves_nothing)
{
    Shop shop;
    {
        store::Backup backup(*shop.database, shop.raw());
        BOOST_TEST((backup.step(5) == store::Backup::Progress::More));
    }
    BOOST_TEST(std::filesystem::is_empty(shop.folder.path()));
}

BOOST_AUTO_TEST_CASE(a_spoiled_copy_gets_no_name)
{
    Shop shop;
    {
        store::Backup backup(*shop.database, shop.raw());
        while (backup.step(100) == store::Backup::Progress::More) {
        }
    }
    spoil(shop.raw(), 4096 * 150);
    BOOST_CHECK_EXCEPTION(
        store::finishCopy(shop.raw(), shop.name(), ""), Error,
        [](const Error& error) { return error.errorCode() == ErrorCode::SystemFailed; });
    BOOST_TEST(std::filesystem::is_empty(shop.folder.path()));
}

BOOST_AUTO_TEST_CASE(a_medium_that_is_away_is_told_and_ends_nothing)
{
    Shop shop(1);
    bool ended = false;
    store::DatabaseSettings settings = test::settingsFor(shop.folder.path() / "other.db");
    settings.onDiskError = [&] { ended = true; };
    store::Database database(settings);
    const auto away = [](const Error& error) {
        return error.errorCode() == ErrorCode::SystemFailed;
    };
    BOOST_CHECK_EXCEPTION(store::Backup(database, shop.folder.path() / "gone" / "copy"), Error,
                          away);
    BOOST_CHECK_EXCEPTION(store::keptCopies(shop.folder.path() / "gone"), Error, away);
    BOOST_TEST(!ended);
}

BOOST_AUTO_TEST_CASE(the_newest_are_kept_and_other_files_are_nobodys_business)
{
    test::ScratchFolder folder;
    const UtcTime first = fromIso("2026-11-21T09:41:00Z");
    for (int hour = 0; hour < 5; ++hour)
        std::ofstream(folder.path() / store::copyName(first + std::chrono::hours(hour))) << "x";
    for (const char* other : {"node-20261121T094100Z.db.partial", "node-before-1-to-2.db",
                              "holiday.jpg", "node-99999999T999999Z.db"})
        std::ofstream(folder.path() / other) << "x";
    BOOST_TEST(store::copyName(first) == "node-20261121T094100Z.db");
    store::dropOldCopies(folder.path(), 2);
    const auto kept = store::keptCopies(folder.path());
    BOOST_TEST_REQUIRE(kept.size() == 2u);
    BOOST_TEST((kept[0].madeAt == first + std::chrono::hours(4)));
    BOOST_TEST((kept[1].madeAt == first + std::chrono::hours(3)));
    BOOST_TEST(!std::filesystem::exists(folder.path() / "node-20261121T094100Z.db.partial"));
    BOOST_TEST(std::filesystem::exists(folder.path() / "node-before-1-to-2.db"));
    BOOST_TEST(std::filesystem::exists(folder.path() / "holiday.jpg"));
}

BOOST_AUTO_TEST_CASE(an_update_copies_what_stands_first_and_a_new_file_has_nothing_to_copy)
{
    test::ScratchFolder folder;
    const store::Migration one{1, "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)"};
    const store::Migration two{2, "INSERT INTO meta VALUES ('after', 'update')"};
    std::vector<int> asked;
    const auto copies = [&](int standing) { asked.push_back(standing); };
    store::Database database(test::settingsFor(folder.path() / "node.db"));
    database.migrate(std::array{one}, copies);
    BOOST_TEST(asked.empty());
    database.migrate(std::array{one}, copies);
    BOOST_TEST(asked.empty());
    BOOST_CHECK_THROW(
        database.migrate(std::array{one, two},
                         [](int) { throw Error(ErrorCode::SystemFailed, "no room"); }),
        Error);
    BOOST_TEST(!database.prepare("SELECT 1 FROM meta").step()); // no copy, no update
    database.migrate(std::array{one, two}, copies);
    database.migrate(std::array{one, two}, copies);
    BOOST_TEST(asked == std::vector{1}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_copy_is_put_back_and_what_stood_there_is_kept)
{
    Shop shop(20);
    store::copyWhole(*shop.database, shop.name(), store::forgottenInCopies());
    test::ScratchFolder state;
    const auto target = state.path() / "node.db";
    {
        store::Database standing(test::settingsFor(target));
        standing.execute(table);
        standing.execute("INSERT INTO thing VALUES (1, 'only here')");
    }
    store::replace(store::stage(shop.name(), target, 2), target);
    BOOST_TEST(count(target, "SELECT count(*) FROM thing") == 20);
    BOOST_TEST(count(target.string() + ".replaced", "SELECT count(*) FROM thing") == 1);
    BOOST_TEST(!std::filesystem::exists(target.string() + ".partial"));
    BOOST_TEST(std::filesystem::exists(shop.name()));
}

BOOST_AUTO_TEST_CASE(a_database_in_use_is_not_replaced)
{
    Shop shop(20);
    store::copyWhole(*shop.database, shop.name(), "");
    const std::filesystem::path target = shop.database.file();
    const auto staged = store::stage(shop.name(), target, 2);
    BOOST_CHECK_THROW(store::replace(staged, target), Error);
    shop.write(4711);
    BOOST_TEST(shop.database->prepare("SELECT 1 FROM thing WHERE id = 4711").step());
}

BOOST_AUTO_TEST_CASE(a_broken_database_is_replaced_all_the_same)
{
    Shop shop(20);
    store::copyWhole(*shop.database, shop.name(), "");
    test::ScratchFolder state;
    const auto target = state.path() / "node.db";
    std::ofstream(target) << "this was a database once, and is none any more: "
                          << std::string(5000, 'x');
    store::replace(store::stage(shop.name(), target, 2), target);
    BOOST_TEST(count(target, "SELECT count(*) FROM thing") == 20);
}

namespace {

struct NoCopy {
    const char* name;
    void (*make)(Shop&);
    ErrorCode refused;
};
std::ostream& operator<<(std::ostream& out, const NoCopy& each)
{
    return out << each.name;
}
const NoCopy noCopies[] = {
    {"nothing", [](Shop& shop) { std::filesystem::remove(shop.name()); }, ErrorCode::SystemFailed},
    {"an empty file", [](Shop& shop) { std::filesystem::resize_file(shop.name(), 0); },
     ErrorCode::StoreFailed},
    {"half of it",
     [](Shop& shop) {
         std::filesystem::resize_file(shop.name(), std::filesystem::file_size(shop.name()) / 2);
     },
     ErrorCode::StoreFailed},
    {"a spoiled page", [](Shop& shop) { spoil(shop.name(), 4096 * 100); }, ErrorCode::StoreFailed},
    {"a letter",
     [](Shop& shop) { std::ofstream(shop.name()) << "Dear town hall, " << std::string(9000, '.'); },
     ErrorCode::StoreFailed},
    {"a newer program's",
     [](Shop& shop) {
         store::Database newer(test::settingsFor(shop.name()));
         newer.execute("PRAGMA user_version=99; UPDATE meta SET value = '99'");
     },
     ErrorCode::StoreNewer},
    {"another database",
     [](Shop& shop) {
         std::filesystem::remove(shop.name());
         store::Database other(test::settingsFor(shop.name()));
         other.execute(table);
     },
     ErrorCode::StoreFailed},
};

} // namespace

BOOST_DATA_TEST_CASE(what_is_no_copy_is_refused_and_changes_nothing, data::make(noCopies), each)
{
    Shop shop(600);
    store::copyWhole(*shop.database, shop.name(), "");
    each.make(shop);
    test::ScratchFolder state;
    const auto target = state.path() / "node.db";
    BOOST_CHECK_EXCEPTION(store::stage(shop.name(), target, 2), Error,
                          [&](const Error& error) { return error.errorCode() == each.refused; });
    BOOST_TEST(std::filesystem::is_empty(state.path()));
}

BOOST_AUTO_TEST_SUITE_END()
