// SPDX-License-Identifier: EUPL-1.2
//
// SQLite as this house uses it: one file, one process, one connection, durable commits (sync.md 3,
// architecture "Persistence").
#pragma once

#include "appliance/core/bytes.h"
#include "appliance/core/clock.h"
#include "appliance/core/error.h"
#include "appliance/core/money.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace amt::store {

enum class CommitMoment { Before, After };

struct DatabaseSettings {
    std::string path;
    std::string vfs; ///< empty: the system's; the simulated disk otherwise
    /// Quota in pages of 4096 bytes (max_page_count); 0 for none.
    std::int64_t pagesMax = 0;
    /// Keeps the data file at its quota and the WAL at twice the auto-checkpoint's size, so that a
    /// full disk can still delete (sync.md 8) and a commit need not lengthen a file. Needs
    /// pagesMax, below 2 GiB.
    bool grow = false;
    /// The simulated world's door for faults; may throw.
    std::function<void(CommitMoment)> atCommit;
    /// An error of the disk (read, write, sync) is never retried: the process has to end here
    /// (sync.md 3). Must not return; without it StoreFailed is thrown.
    std::function<void()> onDiskError;
};

struct Migration {
    int number; ///< 1, 2, ...: becomes user_version
    std::string_view sql;
};

class Database;

/// A prepared statement. Parameters are bound in order; a row is read by position.
/// while (statement.step()) statement.text(0) ...
class Statement {
public:
    Statement(Database& database, std::string_view sql);
    ~Statement();
    Statement(Statement&& other) noexcept;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement& operator=(Statement&&) = delete;

    template <typename... Values>
    Statement& bind(const Values&... values)
    {
        reset();
        int position = 0;
        (bindOne(++position, values), ...);
        return *this;
    }

    /// One parameter by its number, from 1: for lists that are known only at run time.
    template <typename Value>
    void bindAt(int position, const Value& value)
    {
        bindOne(position, value);
    }

    /// True while there is a row. Throws StoreFailed, StoreFull.
    bool step();
    /// For statements without rows; afterwards changes() of the database says how many rows were
    /// touched.
    void run();

    int columns() const;
    std::int64_t integer(int column) const;
    std::string text(int column) const;
    Bytes blob(int column) const;
    bool isNull(int column) const;
    UtcTime time(int column) const { return fromMilliseconds(integer(column)); }
    Money money(int column) const { return Money::cents(integer(column)); }
    std::optional<std::string> optionalText(int column) const;
    std::optional<std::int64_t> optionalInteger(int column) const;
    std::optional<UtcTime> optionalTime(int column) const;

private:
    void reset();
    void bindOne(int position, std::int64_t value);
    void bindOne(int position, int value) { bindOne(position, static_cast<std::int64_t>(value)); }
    void bindOne(int position, std::string_view value);
    void bindOne(int position, const std::string& value)
    {
        bindOne(position, std::string_view(value));
    }
    void bindOne(int position, const char* value) { bindOne(position, std::string_view(value)); }
    void bindOne(int position, const Bytes& value);
    void bindOne(int position, UtcTime value) { bindOne(position, toMilliseconds(value)); }
    void bindOne(int position, Money value) { bindOne(position, value.inCents()); }
    void bindOne(int position, std::nullptr_t);
    void bindOne(int position, bool) = delete; // say what it means: 0 or 1
    template <typename Value>
    void bindOne(int position, const std::optional<Value>& value)
    {
        if (value)
            bindOne(position, *value);
        else
            bindOne(position, nullptr);
    }

    Database& _database;
    sqlite3_stmt* _statement = nullptr;
};

class Database {
public:
    /// Opens or makes the file with the settings of the house. Throws StoreFailed (also: another
    /// process has it).
    explicit Database(DatabaseSettings settings);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs what is missing, each in one transaction. Throws StoreNewer when meta.min_reader says
    /// that this program is too old; a newer file whose min_reader still allows this program stays
    /// as it is. `beforeUpdate`, once, with the version that stands: before a file that is in use
    /// gets its first missing migration (a copy is made there); what it throws ends the update.
    void migrate(std::span<const Migration> migrations,
                 const std::function<void(int standing)>& beforeUpdate = nullptr);

    /// One commit. Nested calls join the outer one. What is thrown inside rolls back and goes on.
    template <typename Work>
    auto transact(Work&& work)
    {
        if (_depth > 0)
            return work();
        Transaction transaction(*this);
        if constexpr (std::is_void_v<decltype(work())>) {
            work();
            transaction.commit();
        } else {
            auto result = work();
            transaction.commit();
            return result;
        }
    }

    Statement prepare(std::string_view sql) { return Statement(*this, sql); }
    /// Several statements without parameters.
    void execute(const std::string& sql);
    int changes() const;
    bool inTransaction() const { return _depth > 0; }

    /// Everything committed is in the data file afterwards, and the WAL holds nothing any more
    /// (TRUNCATE): what was deleted is gone from both. Outside transactions only.
    void checkpoint();
    /// Free share of the quota, 0 to 1; 1 without a quota.
    double freeShare();
    /// Pages of the quota that nothing stands in; a large number without a quota.
    std::int64_t freePages();

private:
    friend class Statement;
    friend class Backup;

    class Transaction {
    public:
        explicit Transaction(Database& database);
        ~Transaction();
        void commit();

    private:
        Database& _database;
        bool _open = true;
    };

    [[noreturn]] void fail(int code, std::string_view what) const;
    void growDataFile();

    DatabaseSettings _settings;
    sqlite3* _handle = nullptr;
    int _depth = 0;
};

} // namespace amt::store
