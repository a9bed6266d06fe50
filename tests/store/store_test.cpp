// SPDX-License-Identifier: EUPL-1.2
//
// The one file: settings, commits, migrations of an older and a newer program.
#include "tests/support/scratch_database.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

namespace data = boost::unit_test::data;
using namespace amt;

namespace {

bool refusesWith(ErrorCode code, const Error& error)
{
    return error.errorCode() == code;
}

struct Setting {
    const char* pragma;
    const char* value;
};
std::ostream& operator<<(std::ostream& out, const Setting& setting)
{
    return out << setting.pragma;
}

const Setting settings[] = {
    {"journal_mode", "wal"}, {"synchronous", "2"},    {"locking_mode", "exclusive"},
    {"foreign_keys", "1"},   {"trusted_schema", "0"}, {"secure_delete", "1"},
};

const store::Migration first{1,
                             "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
                             "INSERT INTO meta VALUES ('min_reader', '1');"};
const store::Migration broken{
    2, "CREATE TABLE second (a INTEGER) STRICT; CREATE TABLE second (a INTEGER) STRICT;"};
const store::Migration second{2, "CREATE TABLE second (a INTEGER) STRICT;"};
const store::Migration closing{2, "UPDATE meta SET value = '2' WHERE key = 'min_reader';"};

} // namespace

BOOST_AUTO_TEST_SUITE(store_database)

BOOST_DATA_TEST_CASE(the_file_is_opened_with_the_settings_of_the_house, data::make(settings),
                     setting)
{
    test::ScratchDatabase database;
    auto row = database->prepare(std::string("PRAGMA ") + setting.pragma);
    BOOST_TEST_REQUIRE(row.step());
    BOOST_TEST(row.text(0) == setting.value);
}

BOOST_AUTO_TEST_CASE(a_second_process_is_kept_out)
{
    test::ScratchDatabase database;
    BOOST_CHECK_EXCEPTION(
        store::Database(test::settingsFor(database.file())), Error,
        [](const Error& error) { return refusesWith(ErrorCode::StoreFailed, error); });
}

BOOST_AUTO_TEST_CASE(what_is_thrown_inside_a_commit_leaves_nothing)
{
    test::ScratchDatabase database;
    BOOST_CHECK_THROW(database->transact([&] {
        database->execute("INSERT INTO meta VALUES ('half', 'done')");
        throw Error(ErrorCode::SystemFailed, "on purpose");
    }),
                      Error);
    BOOST_TEST(!database->inTransaction());
    BOOST_TEST(!database->prepare("SELECT 1 FROM meta WHERE key = 'half'").step());
}

BOOST_AUTO_TEST_CASE(a_nested_commit_joins_the_outer_one)
{
    test::ScratchDatabase database;
    int commits = 0;
    database.atCommit = [&](store::CommitMoment moment) {
        commits += moment == store::CommitMoment::After ? 1 : 0;
    };
    database.reopen();
    commits = 0;
    database->transact([&] {
        database->transact([&] { database->execute("INSERT INTO meta VALUES ('inner', '1')"); });
        database->execute("INSERT INTO meta VALUES ('outer', '1')");
    });
    BOOST_TEST(commits == 1);
}

BOOST_AUTO_TEST_CASE(a_fault_before_the_commit_loses_it_and_one_after_it_does_not)
{
    for (const auto moment : {store::CommitMoment::Before, store::CommitMoment::After}) {
        test::ScratchDatabase database;
        bool armed = false;
        database.atCommit = [&](store::CommitMoment now) {
            if (armed && now == moment)
                throw std::runtime_error("power cut");
        };
        database.reopen();
        armed = true;
        BOOST_CHECK_THROW(
            database->transact([&] { database->execute("INSERT INTO meta VALUES ('told', '1')"); }),
            std::runtime_error);
        armed = false;
        database.reopen();
        BOOST_TEST(database->prepare("SELECT 1 FROM meta WHERE key = 'told'").step() ==
                   (moment == store::CommitMoment::After));
    }
}

BOOST_AUTO_TEST_CASE(values_come_back_as_they_went_in)
{
    test::ScratchDatabase database;
    database->execute("CREATE TABLE t (i INTEGER, x TEXT, b BLOB, n INTEGER) STRICT");
    const Bytes bytes{0, 1, 255};
    const UtcTime time = fromIso("2026-11-21T09:41:00.123Z");
    database->prepare("INSERT INTO t VALUES (?, ?, ?, ?)")
        .bind(time, "Žaneta", bytes, nullptr)
        .run();
    database->prepare("INSERT INTO t VALUES (?, ?, ?, ?)")
        .bind(Money::cents(3070), "", Bytes(), std::optional<std::int64_t>(7))
        .run();
    auto row = database->prepare("SELECT i, x, b, n FROM t ORDER BY rowid");
    BOOST_TEST_REQUIRE(row.step());
    BOOST_TEST((row.time(0) == time));
    BOOST_TEST(row.text(1) == "Žaneta");
    BOOST_TEST((row.blob(2) == bytes));
    BOOST_TEST(row.isNull(3));
    BOOST_TEST_REQUIRE(row.step());
    BOOST_TEST(row.money(0).inCents() == 3070);
    BOOST_TEST(!row.isNull(1));
    BOOST_TEST(!row.isNull(2));
    BOOST_TEST(row.optionalInteger(3).value() == 7);
}

BOOST_AUTO_TEST_CASE(a_migration_that_fails_changes_nothing)
{
    const test::ScratchFolder folder;
    store::Database database(test::settingsFor(folder.path() / "a.db"));
    const store::Migration bad[] = {first, broken};
    BOOST_CHECK_THROW(database.migrate(bad), Error);
    const store::Migration good[] = {first, second};
    BOOST_CHECK_NO_THROW(database.migrate(good));
    BOOST_CHECK_NO_THROW(database.migrate(good)); // again: nothing to do
}

BOOST_AUTO_TEST_CASE(an_older_program_opens_a_newer_file_only_where_min_reader_lets_it)
{
    for (const bool allowed : {true, false}) {
        const test::ScratchFolder folder;
        store::Database database(test::settingsFor(folder.path() / "a.db"));
        const store::Migration newer[] = {first, allowed ? second : closing};
        database.migrate(newer);
        const store::Migration older[] = {first};
        if (allowed)
            BOOST_CHECK_NO_THROW(database.migrate(older));
        else
            BOOST_CHECK_EXCEPTION(database.migrate(older), Error, [](const Error& error) {
                return refusesWith(ErrorCode::StoreNewer, error);
            });
    }
}

BOOST_AUTO_TEST_CASE(a_full_quota_is_said_by_its_own_code_and_deleting_still_works)
{
    const test::ScratchFolder folder;
    store::DatabaseSettings tight = test::settingsFor(folder.path() / "a.db");
    tight.pagesMax = 64;
    tight.grow = true;
    store::Database database(tight);
    database.execute("CREATE TABLE t (b BLOB) STRICT");
    BOOST_TEST(std::filesystem::file_size(tight.path) == 64u * 4096);
    BOOST_TEST(std::filesystem::file_size(tight.path + "-wal") >= 2u * 1000 * 4096);
    const Bytes page(4096, 7);
    BOOST_CHECK_EXCEPTION(
        for (int i = 0; i < 100; ++i) database.transact(
            [&] { database.prepare("INSERT INTO t VALUES (?)").bind(page).run(); }),
        Error, [](const Error& error) { return refusesWith(ErrorCode::StoreFull, error); });
    BOOST_TEST(database.freeShare() < 0.1);
    BOOST_CHECK_NO_THROW(database.transact([&] { database.execute("DELETE FROM t"); }));
    BOOST_TEST(database.freeShare() > 0.8);
    database.checkpoint();
    BOOST_TEST(std::filesystem::file_size(tight.path) == 64u * 4096);
    BOOST_TEST(std::filesystem::file_size(tight.path + "-wal") >= 2u * 1000 * 4096);
}

BOOST_AUTO_TEST_CASE(what_was_deleted_is_gone_from_both_files_after_a_checkpoint)
{
    const std::string marker = "Heidestrasse-17-Heidestrasse-17";
    for (const bool grow : {false, true}) {
        const test::ScratchFolder folder;
        store::DatabaseSettings settings = test::settingsFor(folder.path() / "a.db");
        settings.pagesMax = 64;
        settings.grow = grow;
        store::Database database(settings);
        const auto stands = [&] {
            int count = 0;
            for (const char* ending : {"", "-wal"}) {
                std::ifstream file(settings.path + ending, std::ios::binary);
                const std::string content{std::istreambuf_iterator<char>(file), {}};
                count += content.find(marker) != std::string::npos;
            }
            return count;
        };
        database.execute("CREATE TABLE t (b TEXT) STRICT; INSERT INTO t VALUES ('" + marker + "')");
        BOOST_TEST(stands() > 0);
        database.transact([&] { database.execute("DELETE FROM t"); });
        database.checkpoint();
        BOOST_TEST(stands() == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
