// SPDX-License-Identifier: EUPL-1.2
//
// The gateway's database behind one door: SQLite for a town, PostgreSQL for a region. Statements
// come from statements.h in words that both share; what differs stands in the two implementations.
#pragma once

#include "appliance/core/clock.h"
#include "appliance/store/store.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace amt::gateway {

class Books {
public:
    using Value = std::variant<std::nullptr_t, std::int64_t, std::string>;
    struct Answer {
        std::vector<std::vector<std::optional<std::string>>> rows;
        int touched = 0; ///< rows changed by a statement without rows
    };
    class Question;
    class Seeing;

    virtual ~Books() = default;

    // Whose rows there are, for as long as what is returned lives. PostgreSQL shows and takes no
    // others, whatever a statement says (row level security, migrations/0014_rows.sql); in SQLite
    // the statements alone decide. Without any of them there are no rows of a municipality at all.
    /// Of one municipality: what stands under it, and what it sent to others or they to it.
    [[nodiscard]] Seeing only(const std::string& tenantId);
    /// Of all: for finding out who asks, for jobs, and for whoever runs the gateway.
    [[nodiscard]] Seeing wholeRegion();
    [[nodiscard]] Seeing nothing();
    /// "tenant:" and its id, "region" or nothing; who stands before other books passes it on.
    virtual void see(const std::string& sight) { _sight = sight; }
    const std::string& sight() const { return _sight; }

    /// Brings the schema up to date. Throws StoreNewer.
    virtual void migrate() = 0;
    /// The whole answer of one statement. Throws StoreFailed, StoreFull; DatabaseUnavailable when
    /// the server is not to be reached: nothing is known then about the running transaction.
    virtual Answer ask(std::string_view statement, const std::vector<Value>& values) = 0;
    Question prepare(std::string_view statement);

    /// One commit, as if nobody else wrote at the same time; nested calls join the outer one.
    /// `work` runs again from its beginning when another gateway was quicker, so it changes nothing
    /// but what it assigns.
    template <typename Work>
    auto transact(Work&& work)
    {
        if constexpr (std::is_void_v<decltype(work())>) {
            transactOnce([&] { work(); });
        } else {
            std::optional<decltype(work())> result;
            transactOnce([&] { result.emplace(work()); });
            return *std::move(result);
        }
    }

protected:
    virtual void transactOnce(const std::function<void()>& work) = 0;

private:
    std::string _sight;
};

/// What was seen before is seen again when it goes.
class Books::Seeing {
public:
    Seeing(Books& books, const std::string& sight) : _books(books), _before(books.sight())
    {
        _books.see(sight);
    }
    ~Seeing() { _books.see(_before); }
    Seeing(const Seeing&) = delete;
    Seeing& operator=(const Seeing&) = delete;

private:
    Books& _books;
    const std::string _before;
};

inline Books::Seeing Books::only(const std::string& tenantId)
{
    return {*this, "tenant:" + tenantId};
}

inline Books::Seeing Books::wholeRegion()
{
    return {*this, "region"};
}

inline Books::Seeing Books::nothing()
{
    return {*this, std::string()};
}

/// A statement with its values; its rows are read in order: while (q.step()) q.text(0) ...
class Books::Question {
public:
    Question(Books& books, std::string_view statement) : _books(books), _statement(statement) {}

    template <typename... Values>
    Question& bind(const Values&... values)
    {
        _values = {value(values)...};
        _answer.reset();
        return *this;
    }

    bool step()
    {
        if (!_answer) {
            _answer = _books.ask(_statement, _values);
            _next = 0;
        }
        if (_next == _answer->rows.size())
            return false;
        ++_next;
        return true;
    }
    /// For statements without rows: how many it changed.
    int run() { return _books.ask(_statement, _values).touched; }

    bool isNull(std::size_t column) const { return !cell(column); }
    std::string text(std::size_t column) const { return cell(column).value_or(""); }
    std::optional<std::string> optionalText(std::size_t column) const { return cell(column); }
    /// Throws StoreFailed for what is no number.
    std::int64_t integer(std::size_t column) const;
    UtcTime time(std::size_t column) const { return fromMilliseconds(integer(column)); }

private:
    static Value value(std::int64_t number) { return number; }
    static Value value(int number) { return std::int64_t{number}; }
    static Value value(UtcTime time) { return toMilliseconds(time); }
    static Value value(std::string_view text) { return std::string(text); }
    static Value value(const std::string& text) { return text; }
    template <typename T>
    static Value value(const std::optional<T>& maybe)
    {
        return maybe ? value(*maybe) : Value(nullptr);
    }

    const std::optional<std::string>& cell(std::size_t column) const;

    Books& _books;
    std::string_view _statement;
    std::vector<Value> _values;
    std::optional<Answer> _answer;
    std::size_t _next = 0;
};

inline Books::Question Books::prepare(std::string_view statement)
{
    return {*this, statement};
}

/// `database` must outlive it.
std::unique_ptr<Books> makeSqliteBooks(store::Database& database);
/// Opens the file, too.
std::unique_ptr<Books> makeSqliteBooks(store::DatabaseSettings settings);

/// `connection` in libpq's words: "postgresql://host1,host2/amtsstube"; a password comes from
/// libpq's own password file. Connects at the first question, and again after a loss, to whichever
/// of the hosts takes writes. `clock` must outlive it. `owner`: connection of the role whose tables
/// they are, which migrate() uses; it lets the role of `connection` read and write, but change
/// nothing that was noted. Empty: there is one role for both.
std::unique_ptr<Books> makePostgresBooks(std::string connection, const Clock& clock,
                                         std::string owner = {});

} // namespace amt::gateway
