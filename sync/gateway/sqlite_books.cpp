// SPDX-License-Identifier: EUPL-1.2
//
// The gateway's books in SQLite, through the house's own store; and what both kinds share.
#include "appliance/core/error.h"
#include "sync/gateway/books.h"
#include "sync/gateway/statements.h"

#include <charconv>

namespace amt::gateway {
namespace {

class SqliteBooks final : public Books {
public:
    explicit SqliteBooks(store::Database& database) : _database(database) {}
    explicit SqliteBooks(std::unique_ptr<store::Database> database)
        : _owned(std::move(database)), _database(*_owned)
    {}

    void migrate() override { _database.migrate(sql::migrations); }

    Answer ask(std::string_view statement, const std::vector<Value>& values) override
    {
        auto prepared = _database.prepare(statement);
        for (std::size_t i = 0; i < values.size(); ++i)
            std::visit([&](const auto& value) { prepared.bindAt(static_cast<int>(i) + 1, value); },
                       values[i]);
        Answer answer;
        while (prepared.step()) {
            auto& row = answer.rows.emplace_back();
            for (int column = 0; column < prepared.columns(); ++column)
                row.push_back(prepared.optionalText(column));
        }
        answer.touched = _database.changes();
        return answer;
    }

protected:
    void transactOnce(const std::function<void()>& work) override { _database.transact(work); }

private:
    std::unique_ptr<store::Database> _owned;
    store::Database& _database;
};

} // namespace

const std::optional<std::string>& Books::Question::cell(std::size_t column) const
{
    AMT_ASSERT(_answer && _next > 0);
    return _answer->rows[_next - 1].at(column);
}

std::int64_t Books::Question::integer(std::size_t column) const
{
    const std::string digits = text(column);
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (fault != std::errc() || end != digits.data() + digits.size())
        throw Error(ErrorCode::StoreFailed, "a number was expected");
    return number;
}

std::unique_ptr<Books> makeSqliteBooks(store::Database& database)
{
    return std::make_unique<SqliteBooks>(database);
}

std::unique_ptr<Books> makeSqliteBooks(store::DatabaseSettings settings)
{
    return std::make_unique<SqliteBooks>(std::make_unique<store::Database>(std::move(settings)));
}

} // namespace amt::gateway
