// SPDX-License-Identifier: EUPL-1.2
//
// SQLite: settings at open, transactions, statements. An error of the disk is never retried: the
// process ends, and the database is whole because every step was a transaction (sync.md 3).
#include "appliance/store/store.h"

#include "appliance/core/log.h"

#include <sqlite3.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <vector>

namespace amt::store {
namespace {

constexpr std::int64_t pageBytes = 4096;
constexpr std::int64_t logBytes = 8 * 1024 * 1024; ///< twice the 1000 pages of the auto-checkpoint
constexpr std::size_t logHeaderBytes = 32;
constexpr std::int64_t quotaPagesMax = std::numeric_limits<int>::max() / pageBytes;

/// Into the data file, and syncs that.
void copyLog(Database& database, const char* mode)
{
    Statement copy = database.prepare(std::string("PRAGMA wal_checkpoint(") + mode + ")");
    if (copy.step() && copy.integer(0) != 0)
        throw Error(ErrorCode::StoreFailed, "somebody reads while the log is to be cut");
}

} // namespace

void Database::fail(int code, std::string_view what) const
{
    const std::string detail =
        std::string(what) + ": " + ::sqlite3_errstr(code) + " (" + std::to_string(code) + ")";
    if ((code & 0xff) == SQLITE_FULL)
        throw Error(ErrorCode::StoreFull, detail);
    if (_settings.onDiskError &&
        ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CORRUPT)) {
        log::error("store.disk-error", {{"detail", detail}});
        _settings.onDiskError();
    }
    throw Error(ErrorCode::StoreFailed, detail);
}

Database::Database(DatabaseSettings settings) : _settings(std::move(settings))
{
    const int code =
        ::sqlite3_open_v2(_settings.path.c_str(), &_handle,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                          _settings.vfs.empty() ? nullptr : _settings.vfs.c_str());
    if (code != SQLITE_OK) {
        ::sqlite3_close(_handle);
        fail(code, "open");
    }
    ::sqlite3_extended_result_codes(_handle, 1);
    try {
        int powersafeOverwrite = 0; // a torn write may destroy its whole sector
        ::sqlite3_file_control(_handle, "main", SQLITE_FCNTL_POWERSAFE_OVERWRITE,
                               &powersafeOverwrite);
        execute("PRAGMA page_size=4096; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
                "PRAGMA secure_delete=ON; PRAGMA wal_autocheckpoint=1000;");
        if (_settings.pagesMax > 0)
            execute("PRAGMA max_page_count=" + std::to_string(_settings.pagesMax));
        {
            Statement mode = prepare("PRAGMA journal_mode");
            if (!mode.step() || mode.text(0) != "wal")
                throw Error(ErrorCode::StoreFailed, "write-ahead log not possible here");
        }
        if (_settings.grow)
            growDataFile();
        // What the log gave back may never have been synced: its writer was killed before, or the
        // power went beside it. Nobody acts on it before it is on the disk.
        checkpoint();
    } catch (...) {
        ::sqlite3_close(_handle);
        throw;
    }
}

Database::~Database()
{
    ::sqlite3_close(_handle);
}

void Database::growDataFile()
{
    AMT_ASSERT(_settings.pagesMax > 0 && _settings.pagesMax <= quotaPagesMax);
    int chunk = static_cast<int>(_settings.pagesMax * pageBytes);
    sqlite3_int64 size = chunk;
    for (const auto& [operation, argument] :
         {std::pair<int, void*>{SQLITE_FCNTL_CHUNK_SIZE, &chunk}, {SQLITE_FCNTL_SIZE_HINT, &size}})
        if (const int code = ::sqlite3_file_control(_handle, "main", operation, argument);
            code != SQLITE_OK)
            fail(code, "grow the data file to its quota");
}

void Database::checkpoint()
{
    AMT_ASSERT(!inTransaction());
    copyLog(*this, "FULL");
    sqlite3_file* file = nullptr;
    int code = ::sqlite3_file_control(_handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
    const bool hasLog = code == SQLITE_OK && file && file->pMethods;
    if (!hasLog && !_settings.grow)
        return; // a test that weakens the settings
    if (!hasLog)
        fail(code, "no write-ahead log");
    // Its header goes first, and for good: if the power goes while the log is cut, some of its old
    // frames could stand there still, and SQLite would put back what they say over newer pages.
    constexpr std::array<char, logHeaderBytes> blank{};
    sqlite3_int64 size = 0;
    code = file->pMethods->xFileSize(file, &size);
    if (code == SQLITE_OK && size > 0)
        code = file->pMethods->xWrite(file, blank.data(), static_cast<int>(blank.size()), 0);
    if (code == SQLITE_OK && size > 0)
        code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    if (code != SQLITE_OK)
        fail(code, "end the log");
    copyLog(*this, "TRUNCATE");
    code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    if (!_settings.grow) {
        if (code != SQLITE_OK)
            fail(code, "cut the log");
        return;
    }
    // A log of zeros has no valid header: SQLite takes it as empty.
    const std::vector<char> zeros(64 * 1024); // SQLite's files take at most 128 KiB at once
    for (sqlite3_int64 at = 0; at < logBytes && code == SQLITE_OK; at += std::ssize(zeros))
        code = file->pMethods->xWrite(file, zeros.data(), static_cast<int>(zeros.size()), at);
    if (code == SQLITE_OK)
        code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
    if (code == SQLITE_FULL) // somebody else took the room; what is to be written asks again
        log::warning("store.log-not-grown");
    else if (code != SQLITE_OK)
        fail(code, "grow the log");
}

void Database::execute(const std::string& sql)
{
    const int code = ::sqlite3_exec(_handle, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK)
        fail(code, ::sqlite3_errmsg(_handle));
}

int Database::changes() const
{
    return ::sqlite3_changes(_handle);
}

void Database::migrate(std::span<const Migration> migrations,
                       const std::function<void(int standing)>& beforeUpdate)
{
    int version = 0;
    {
        Statement read = prepare("PRAGMA user_version");
        if (read.step())
            version = static_cast<int>(read.integer(0));
    }
    const int newest = migrations.empty() ? 0 : migrations.back().number;
    if (version > newest) {
        Statement reader = prepare("SELECT value FROM meta WHERE key = 'min_reader'");
        if (!reader.step() || std::atoi(reader.text(0).c_str()) > newest)
            throw Error(ErrorCode::StoreNewer, "database " + std::to_string(version) +
                                                   ", program " + std::to_string(newest));
        return;
    }
    if (beforeUpdate && version > 0 && version < newest)
        beforeUpdate(version);
    for (const auto& migration : migrations) {
        if (migration.number <= version)
            continue;
        transact([&] {
            execute(std::string(migration.sql));
            execute("PRAGMA user_version=" + std::to_string(migration.number));
        });
    }
}

std::int64_t Database::freePages()
{
    if (_settings.pagesMax <= 0)
        return std::numeric_limits<std::int64_t>::max();
    Statement pages = prepare("PRAGMA page_count");
    Statement unused = prepare("PRAGMA freelist_count");
    pages.step();
    unused.step();
    const std::int64_t used = pages.integer(0) - unused.integer(0);
    return std::max<std::int64_t>(0, _settings.pagesMax - used);
}

double Database::freeShare()
{
    if (_settings.pagesMax <= 0)
        return 1;
    return static_cast<double>(freePages()) / static_cast<double>(_settings.pagesMax);
}

Database::Transaction::Transaction(Database& database) : _database(database)
{
    _database.execute("BEGIN IMMEDIATE");
    ++_database._depth;
}

Database::Transaction::~Transaction()
{
    if (!_open)
        return;
    --_database._depth;
    ::sqlite3_exec(_database._handle, "ROLLBACK", nullptr, nullptr, nullptr);
}

void Database::Transaction::commit()
{
    if (_database._settings.atCommit)
        _database._settings.atCommit(CommitMoment::Before);
    _database.execute("COMMIT");
    _open = false;
    --_database._depth;
    if (_database._settings.atCommit)
        _database._settings.atCommit(CommitMoment::After);
}

Statement::Statement(Database& database, std::string_view sql) : _database(database)
{
    const int code = ::sqlite3_prepare_v2(database._handle, sql.data(),
                                          static_cast<int>(sql.size()), &_statement, nullptr);
    if (code != SQLITE_OK)
        database.fail(code, ::sqlite3_errmsg(database._handle));
}

Statement::~Statement()
{
    ::sqlite3_finalize(_statement);
}

Statement::Statement(Statement&& other) noexcept
    : _database(other._database), _statement(std::exchange(other._statement, nullptr))
{}

bool Statement::step()
{
    const int code = ::sqlite3_step(_statement);
    if (code == SQLITE_ROW)
        return true;
    if (code == SQLITE_DONE)
        return false;
    ::sqlite3_reset(_statement);
    _database.fail(code, ::sqlite3_errmsg(_database._handle));
}

void Statement::run()
{
    while (step()) {
    }
    ::sqlite3_reset(_statement);
}

void Statement::reset()
{
    ::sqlite3_reset(_statement);
    ::sqlite3_clear_bindings(_statement);
}

void Statement::bindOne(int position, std::int64_t value)
{
    ::sqlite3_bind_int64(_statement, position, value);
}

void Statement::bindOne(int position, std::string_view value)
{
    ::sqlite3_bind_text(_statement, position, value.data(), static_cast<int>(value.size()),
                        SQLITE_TRANSIENT);
}

void Statement::bindOne(int position, const Bytes& value)
{
    // a null pointer would bind NULL instead of an empty blob
    ::sqlite3_bind_blob(_statement, position,
                        value.empty() ? reinterpret_cast<const void*>("") : value.data(),
                        static_cast<int>(value.size()), SQLITE_TRANSIENT);
}

void Statement::bindOne(int position, std::nullptr_t)
{
    ::sqlite3_bind_null(_statement, position);
}

int Statement::columns() const
{
    return ::sqlite3_column_count(_statement);
}

std::int64_t Statement::integer(int column) const
{
    return ::sqlite3_column_int64(_statement, column);
}

std::string Statement::text(int column) const
{
    const auto* text = reinterpret_cast<const char*>(::sqlite3_column_text(_statement, column));
    return {text ? text : "", static_cast<std::size_t>(::sqlite3_column_bytes(_statement, column))};
}

Bytes Statement::blob(int column) const
{
    const auto* data = static_cast<const std::uint8_t*>(::sqlite3_column_blob(_statement, column));
    const int size = ::sqlite3_column_bytes(_statement, column);
    return data ? Bytes(data, data + size) : Bytes();
}

bool Statement::isNull(int column) const
{
    return ::sqlite3_column_type(_statement, column) == SQLITE_NULL;
}

std::optional<std::string> Statement::optionalText(int column) const
{
    return isNull(column) ? std::nullopt : std::optional(text(column));
}

std::optional<std::int64_t> Statement::optionalInteger(int column) const
{
    return isNull(column) ? std::nullopt : std::optional(integer(column));
}

std::optional<UtcTime> Statement::optionalTime(int column) const
{
    return isNull(column) ? std::nullopt : std::optional(time(column));
}

} // namespace amt::store
