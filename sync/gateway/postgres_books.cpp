// SPDX-License-Identifier: EUPL-1.2
//
// The gateway's books in PostgreSQL, through libpq: what its SQL says otherwise than SQLite's,
// serializable transactions that are tried again, and a server that goes away and comes back.
#include "appliance/core/error.h"
#include "appliance/core/log.h"
#include "sync/gateway/books.h"
#include "sync/gateway/statements.h"

#include <Poco/String.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <map>
#include <thread>

namespace amt::gateway {
namespace {

constexpr Milliseconds retryAfter{1000}; ///< between two attempts to connect
constexpr int attemptsMax = 16;          ///< of one transaction
constexpr const char* serializationFailure = "40001";
constexpr const char* deadlock = "40P01";
constexpr const char* readOnly = "25006"; ///< a primary that has become a standby

/// Before attempt 3, 4, ...: whoever is in the way may itself wait for a standby, so it is not over
/// at once. Together about 2 s.
Milliseconds pauseBefore(int attempt)
{
    return Milliseconds(std::min(1 << std::min(attempt - 3, 8), 200));
}

/// Said by the server to a transaction that another one got in the way of (PostgreSQL 13.2.3).
/// Never leaves this file: the transaction begins again.
struct TryAgain {};

struct Close {
    void operator()(PGconn* connection) const { ::PQfinish(connection); }
    void operator()(PGresult* result) const { ::PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, Close>;
using Result = std::unique_ptr<PGresult, Close>;

/// A migration in SQLite's words, in PostgreSQL's: the only place where their languages differ.
std::string inPostgres(std::string_view migration)
{
    std::string sql(migration);
    Poco::replaceInPlace(sql, ") STRICT;", ");");
    Poco::replaceInPlace(sql, "number INTEGER PRIMARY KEY",
                         "number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
    Poco::replaceInPlace(sql, " INTEGER", " BIGINT");
    Poco::replaceInPlace(sql, "--postgres: ", ""); // what SQLite has not
    return sql;
}

/// What was noted once is never changed: for these the serving role may not even try.
constexpr const char* noted = "event, operator_act, quota_audit, schema_version";

class PostgresBooks final : public Books {
public:
    PostgresBooks(std::string connection, const Clock& clock, std::string owner = {})
        : _address(std::move(connection)), _clock(clock), _owner(std::move(owner))
    {}

    void migrate() override
    {
        if (_owner.empty()) {
            migrateAs({});
        } else {
            const auto me = ask("SELECT current_user", {});
            PostgresBooks(_owner, _clock).migrateAs(*me.rows.at(0).at(0));
        }
        const auto bypasses = ask(
            "SELECT 1 FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)",
            {});
        if (!bypasses.rows.empty()) // rows of one municipality are kept apart by statements alone
            log::warning("books.role_sees_all_rows");
    }

    /// `serving`: a role to let in, or none.
    void migrateAs(const std::string& serving)
    {
        const int newest = sql::migrations.back().number;
        const Seeing all = wholeRegion(); // the owner is under its own policies
        transact([&] {
            // One gateway at a time, however many start together.
            run("SELECT pg_advisory_xact_lock(7304)");
            run("CREATE TABLE IF NOT EXISTS schema_version (number BIGINT NOT NULL)");
            const auto known = ask("SELECT coalesce(max(number), 0) FROM schema_version", {});
            const int version = std::stoi(*known.rows.at(0).at(0));
            if (version > newest) {
                const auto reader = ask("SELECT value FROM meta WHERE key = 'min_reader'", {});
                if (reader.rows.empty() || std::stoi(reader.rows[0].at(0).value_or("0")) > newest)
                    throw Error(ErrorCode::StoreNewer, "database " + std::to_string(version) +
                                                           ", program " + std::to_string(newest));
            }
            for (const auto& migration : sql::migrations) {
                if (migration.number <= version)
                    continue;
                run(inPostgres(migration.sql).c_str());
                ask("INSERT INTO schema_version (number) VALUES ($1)",
                    {std::int64_t{migration.number}});
            }
            if (!serving.empty() && (version < newest || !isIn(serving)))
                letIn(serving);
        });
    }

    Answer ask(std::string_view statement, const std::vector<Value>& values) override
    {
        std::vector<std::string> texts(values.size());
        std::vector<const char*> parameters(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (const auto* number = std::get_if<std::int64_t>(&values[i]))
                texts[i] = std::to_string(*number);
            else if (const auto* text = std::get_if<std::string>(&values[i]))
                texts[i] = *text;
            if (texts[i].find('\0') != std::string::npos) // libpq would end the text there
                throw Error(ErrorCode::InputMalformed, "a zero byte in a text");
            parameters[i] =
                std::holds_alternative<std::nullptr_t>(values[i]) ? nullptr : texts[i].c_str();
        }
        const std::string& name = prepared(statement);
        showRows();
        const Result result(::PQexecPrepared(_connection.get(), name.c_str(),
                                             static_cast<int>(values.size()), parameters.data(),
                                             nullptr, nullptr, 0));
        return read(result.get());
    }

protected:
    void transactOnce(const std::function<void()>& work) override
    {
        if (_inTransaction)
            return work();
        for (int attempt = 1; attempt <= attemptsMax; ++attempt) {
            if (attempt > 2)
                std::this_thread::sleep_for(pauseBefore(attempt));
            try {
                begin();
                work();
                run("COMMIT");
                _inTransaction = false;
                _shown = _shownOutside; // what was set for the transaction went with it
                return;
            } catch (const TryAgain&) {
                rollBack();
            } catch (...) {
                rollBack();
                throw;
            }
        }
        throw Error(ErrorCode::DatabaseUnavailable, "others were quicker each time");
    }

private:
    bool isIn(const std::string& role)
    {
        return *ask("SELECT has_table_privilege($1, 'schema_version', 'SELECT')", {role})
                    .rows.at(0)
                    .at(0) == "t";
    }

    void letIn(const std::string& name)
    {
        const auto names = ask("SELECT quote_ident(current_schema()), quote_ident($1)", {name});
        const std::string schema = *names.rows.at(0).at(0), role = *names.rows.at(0).at(1);
        const std::string all = " ON ALL TABLES IN SCHEMA " + schema;
        run(("GRANT USAGE ON SCHEMA " + schema + " TO " + role).c_str());
        run(("GRANT SELECT, INSERT, UPDATE, DELETE" + all + " TO " + role).c_str());
        run((std::string("REVOKE UPDATE, DELETE ON ") + noted + " FROM " + role).c_str());
    }

    /// With the rows that are seen in the same breath: it costs no way to the server and back.
    void begin()
    {
        connect();
        const std::string shown = quoted(sight());
        _shownOutside = _shown;
        run(("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT set_config('amt.sight', " + shown +
             ", true)")
                .c_str());
        _inTransaction = true;
        _shown = sight();
    }

    /// Outside of a transaction the connection keeps what was set, so it is set when it changes.
    void showRows()
    {
        if (_shown == sight())
            return;
        run(("SELECT set_config('amt.sight', " + quoted(sight()) + ", " +
             (_inTransaction ? "true" : "false") + ")")
                .c_str());
        _shown = sight();
    }

    std::string quoted(const std::string& text) const
    {
        const std::unique_ptr<char, decltype(&::PQfreemem)> literal(
            ::PQescapeLiteral(_connection.get(), text.data(), text.size()), &::PQfreemem);
        if (!literal)
            throw Error(ErrorCode::InputMalformed, "a municipality that is no text");
        return literal.get();
    }

    void connect()
    {
        if (_connection && ::PQstatus(_connection.get()) == CONNECTION_OK)
            return;
        if (_inTransaction) // the transaction went with its connection
            throw Error(ErrorCode::DatabaseUnavailable, "connection lost in a transaction");
        const Milliseconds now = _clock.sinceBoot();
        if (_triedAt && now - *_triedAt < retryAfter)
            throw Error(ErrorCode::DatabaseUnavailable, "not connected");
        _triedAt = now;
        _prepared.clear();
        _shown.reset();
        _shownOutside.reset();
        // The address comes last and may say otherwise.
        // A primary whose cable is out is noticed by keepalives alone while we wait for its commit.
        const std::array keys = {"connect_timeout",     "tcp_user_timeout", "keepalives_idle",
                                 "keepalives_interval", "keepalives_count", "target_session_attrs",
                                 "application_name",    "client_encoding",  "dbname"};
        const std::array values = {
            "3", "10000", "5", "2", "3", "read-write", "amt-gateway", "UTF8", _address.c_str()};
        std::vector<const char*> names(keys.begin(), keys.end());
        std::vector<const char*> settings(values.begin(), values.end());
        names.push_back(nullptr);
        settings.push_back(nullptr);
        _connection.reset(::PQconnectdbParams(names.data(), settings.data(), 1));
        if (::PQstatus(_connection.get()) != CONNECTION_OK) {
            _connection.reset();
            throw Error(ErrorCode::DatabaseUnavailable, "the server does not answer");
        }
        ::PQsetNoticeProcessor(
            _connection.get(), [](void*, const char*) {}, nullptr); // would go to stderr
        // What was answered is on the disk, and with a standby on both.
        const Result set(::PQexec(_connection.get(),
                                  "SET synchronous_commit = on; SET statement_timeout = '20s';"
                                  "SET lock_timeout = '10s';"
                                  "SET idle_in_transaction_session_timeout = '30s'"));
        check(set.get());
        log::info("books.connected",
                  {{"server", std::to_string(::PQserverVersion(_connection.get()))}});
    }

    /// Throws what the server's answer means; DatabaseUnavailable drops the connection.
    void check(const PGresult* result)
    {
        const ExecStatusType status = ::PQresultStatus(result);
        if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
            return;
        const char* state = result ? ::PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
        const std::string code = state ? state : "";
        if (code == serializationFailure || code == deadlock)
            throw TryAgain();
        if (code.starts_with("53")) // insufficient resources: disk, memory, connections
            throw Error(ErrorCode::StoreFull, "PostgreSQL says " + code);
        if (code.empty() || code.starts_with("08") || code.starts_with("57P") || code == readOnly ||
            ::PQstatus(_connection.get()) != CONNECTION_OK) {
            _connection.reset();
            throw Error(ErrorCode::DatabaseUnavailable, "connection lost " + code);
        }
        if (code.starts_with("57") || code.starts_with("55")) // cancelled by time, lock not free
            throw Error(ErrorCode::DatabaseUnavailable, "PostgreSQL says " + code);
        throw Error(ErrorCode::StoreFailed, "PostgreSQL says " + code);
    }

    void run(const char* sql)
    {
        connect();
        const Result result(::PQexec(_connection.get(), sql));
        check(result.get());
    }

    const std::string& prepared(std::string_view statement)
    {
        connect();
        const auto known = _prepared.find(statement);
        if (known != _prepared.end())
            return known->second;
        const std::string name = "s" + std::to_string(_prepared.size());
        const Result result(::PQprepare(_connection.get(), name.c_str(),
                                        std::string(statement).c_str(), 0, nullptr));
        check(result.get());
        return _prepared.emplace(statement, name).first->second;
    }

    Answer read(const PGresult* result)
    {
        check(result);
        Answer answer;
        const int columns = ::PQnfields(result);
        for (int row = 0; row < ::PQntuples(result); ++row) {
            auto& cells = answer.rows.emplace_back();
            for (int column = 0; column < columns; ++column) {
                if (::PQgetisnull(result, row, column))
                    cells.emplace_back();
                else
                    cells.emplace_back(
                        std::string(::PQgetvalue(result, row, column),
                                    static_cast<std::size_t>(::PQgetlength(result, row, column))));
            }
        }
        if (const std::string touched = ::PQcmdTuples(const_cast<PGresult*>(result));
            !touched.empty())
            answer.touched = std::stoi(touched);
        return answer;
    }

    void rollBack() noexcept
    {
        _inTransaction = false;
        _shown = _shownOutside;
        if (_connection && ::PQtransactionStatus(_connection.get()) != PQTRANS_IDLE)
            const Result ignored(::PQexec(_connection.get(), "ROLLBACK"));
    }

    const std::string _address;
    const Clock& _clock;
    const std::string _owner;
    Connection _connection;
    std::optional<std::string> _shown;        ///< what the server was told of sight()
    std::optional<std::string> _shownOutside; ///< and what it goes back to after a transaction
    std::map<std::string, std::string, std::less<>> _prepared; ///< statement to its name
    std::optional<Milliseconds> _triedAt;
    bool _inTransaction = false;
};

} // namespace

std::unique_ptr<Books> makePostgresBooks(std::string connection, const Clock& clock,
                                         std::string owner)
{
    return std::make_unique<PostgresBooks>(std::move(connection), clock, std::move(owner));
}

} // namespace amt::gateway
