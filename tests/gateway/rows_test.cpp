// SPDX-License-Identifier: EUPL-1.2
//
// Row level security: with the municipality taken out of a statement,
// PostgreSQL still shows and changes nothing of another's rows, in each table.
// There is a row for each table of the books.
#include "tests/gateway/town.h"
#include "tests/support/skip.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

namespace data = boost::unit_test::data;
using namespace amt;
using namespace amt::test;

namespace {

#define AMT_OF_CLIENT "client_id IN (SELECT id FROM client WHERE tenant_id = $1)"
#define AMT_OF_ENDS                                                                                \
    "(" AMT_OF_CLIENT " OR destination_id IN (SELECT id FROM destination WHERE tenant_id = $1))"
#define AMT_OF_REPLY                                                                               \
    "(" AMT_OF_CLIENT " OR owner_id IN (SELECT id FROM client WHERE tenant_id = $1))"
#define AMT_OF_SUBMISSION "submission_id IN (SELECT id FROM submission WHERE " AMT_OF_ENDS ")"

enum class Reading { Own, Public, Nobody };
enum class Writing { Own, NeverAgain, Nobody };

struct Table {
    const char* name;
    const char* own;  ///< which rows are those of the municipality $1
    const char* fill; ///< where no request does; rows of both municipalities
    Reading reading = Reading::Own;
    Writing writing = Writing::Own;
};
const Table tables[] = {
    {"client", "tenant_id = $1", ""},
    {"access_token", AMT_OF_CLIENT, ""},
    {"device_code", AMT_OF_CLIENT,
     "INSERT INTO device_code SELECT 'h' || id, id, 0, '' FROM client"},
    {"device_certificate", AMT_OF_CLIENT,
     "INSERT INTO device_certificate SELECT 'f' || id, id, '', 'asked', 0, '', "
     "'', 0 FROM client"},
    {"allowance", AMT_OF_CLIENT, ""},
    {"idempotency", AMT_OF_CLIENT, ""},
    {"journal_head", AMT_OF_CLIENT, ""},
    {"node_report", AMT_OF_CLIENT, ""},
    {"callback_address", AMT_OF_CLIENT, ""},
    {"callback", AMT_OF_CLIENT, ""},
    {"destination", "tenant_id = $1", "", Reading::Public},
    {"destination_key", "destination_id IN (SELECT id FROM destination WHERE tenant_id = $1)", "",
     Reading::Public},
    {"case_file", AMT_OF_ENDS, ""},
    {"submission", AMT_OF_ENDS, ""},
    {"attachment", AMT_OF_SUBMISSION, ""},
    {"attachment_piece", AMT_OF_SUBMISSION,
     "INSERT INTO attachment_piece SELECT submission_id, id, 0, 'x' FROM "
     "attachment"},
    {"event", AMT_OF_SUBMISSION, "", Reading::Own, Writing::NeverAgain},
    {"reply", AMT_OF_REPLY,
     "INSERT INTO reply (id, case_id, submission_id, client_id, owner_id, announcement_digest, "
     "state,"
     " announced_at) SELECT 'r' || s.id, case_id, s.id, client_id, owner_id, '', 'announced', 0"
     " FROM submission s JOIN destination d ON d.id = destination_id"},
    {"reply_attachment", "reply_id IN (SELECT id FROM reply WHERE " AMT_OF_REPLY ")",
     "INSERT INTO reply_attachment (reply_id, id) SELECT id, 'a' FROM reply"},
    {"quota_node", "tenant_id = $1",
     "INSERT INTO quota_node SELECT id, tenant_id, 'open', 'x', 'x' FROM "
     "client"},
    {"quota_stream", AMT_OF_CLIENT,
     "INSERT INTO quota_stream SELECT client_id, 'life', 'key', 0, repeat('0', "
     "64), 0,"
     " repeat('0', 64), 0, NULL, '' FROM quota_node"},
    {"quota_grant", AMT_OF_CLIENT,
     "INSERT INTO quota_grant SELECT client_id, incarnation, 0, 1, 0, 't' FROM "
     "quota_stream"},
    {"quota_cell", "tenant_id = $1",
     "INSERT INTO quota_cell SELECT DISTINCT tenant_id, 's', '2026-11-24', 0, "
     "0, 'BLOCKED',"
     " CAST(NULL AS TEXT), CAST(NULL AS TEXT), 0, CAST(NULL AS TEXT), 0 FROM "
     "client"},
    {"quota_booking", "tenant_id = $1",
     "INSERT INTO quota_booking SELECT DISTINCT 'b' || tenant_id, tenant_id, "
     "CAST(NULL AS TEXT),"
     " 'BOOKED', 's', '2026-11-24', 0, 0, 1, 0 FROM client"},
    {"quota_tombstone", "tenant_id = $1",
     "INSERT INTO quota_tombstone SELECT DISTINCT 'b' || tenant_id, tenant_id, "
     "0 FROM client"},
    {"quota_scope", "tenant_id = $1",
     "INSERT INTO quota_scope SELECT DISTINCT tenant_id, 's', 'home', 1, '{}' "
     "FROM client"},
    {"quota_evidence", AMT_OF_CLIENT,
     "INSERT INTO quota_evidence SELECT client_id, 'life', 1, 'h', 'k', '', 0 "
     "FROM quota_node"},
    {"quota_audit", "tenant_id = $1",
     "INSERT INTO quota_audit (tenant_id, at, act, by_whom, reason, details)"
     " SELECT DISTINCT tenant_id, 0, 'a', 'b', 'c', '' FROM client",
     Reading::Own, Writing::NeverAgain},
    {"citizen_booking", "tenant_id = $1",
     "INSERT INTO citizen_booking (id, tenant_id, scope, token_hash, booking, "
     "state, services,"
     " minutes, day, version, made_at, changed_at) SELECT DISTINCT 'c' || "
     "tenant_id, tenant_id,"
     " 's', repeat('0', 64), 'b' || tenant_id, 'CONFIRMED', '[]', 5, "
     "'2026-11-24', 1, 0, 0"
     " FROM client"},
    {"operator_account", "$1 = 'nobody'",
     "INSERT INTO operator_account (id, name, entered_at) VALUES ('o', "
     "'Meier', 0)",
     Reading::Nobody, Writing::Nobody},
    {"operator_session", "$1 = 'nobody'",
     "INSERT INTO operator_session VALUES ('t', 'o', '', 0, 0)", Reading::Nobody, Writing::Nobody},
    {"operator_delay", "$1 = 'nobody'", "INSERT INTO operator_delay VALUES ('n', 1, 0)",
     Reading::Nobody, Writing::Nobody},
    {"operator_act", "$1 = 'nobody'",
     "INSERT INTO operator_act (at, act, subject, by_whom, reason) VALUES (0, "
     "'a', 's', 'b', '')",
     Reading::Nobody, Writing::NeverAgain},
};
std::ostream& operator<<(std::ostream& out, const Table& table)
{
    return out << table.name;
}

/// What no municipality owns: the schema's version and serial numbers.
const std::set<std::string> sharedByAll = {"meta", "schema_version", "quota_meta"};

/// Two municipalities that have something in each table, and a sending from one
/// to the other.
struct TwoTowns {
    TwoTowns()
    {
        for (const char* office : {"office-a", "office-b"})
            town.gateway->enter(gateway::CallbackEntry{office, "https://office.example/", "CA",
                                                       Secret(std::string_view("s"))});
        const auto send = [&](Who sender, const std::string& to) {
            town.sender = sender;
            const std::string attachment = randomUuid(town.random);
            const auto ids = GatewayTown::idsOf(
                town.announce(randomUuid(town.random), town.announcement({attachment}, to)));
            const std::string path = "/v2/submissions/" + ids.submission;
            town.ask(sender, "PUT", path + "/attachments/" + attachment, "application/jose",
                     town.sealed("%PDF-1.7", "application/pdf"));
            town.ask(sender, "PUT", path, "application/json",
                     GatewayTown::submitBody(town.sealed(GatewayTown::metadataFor("{}")),
                                             town.sealed("{}")));
        };
        send(Who::Sender, destinationId);
        send(Who::OtherSender, destinationId); // across
        send(Who::OtherSender, otherDestinationId);
        for (const Who who : {Who::Sender, Who::OtherSender})
            town.ask(who, "PUT", "/v2/journal-head", "application/json",
                     portal::writeHead({.incarnation = randomUuid(town.random),
                                        .head = {7, std::string(64, 'a')},
                                        .known = {},
                                        .report = portal::NodeReport{"1", 0, 0, {}}}));
        for (const auto& table : tables) {
            if (*table.fill)
                town.books->ask(table.fill, {});
        }
    }

    std::set<std::string> places(const std::string& sql,
                                 const std::vector<gateway::Books::Value>& values = {})
    {
        std::set<std::string> found;
        for (const auto& row : town.books->ask(sql, values).rows)
            found.insert(row.at(0).value_or(""));
        return found;
    }
    /// Where its rows lie, as the whole region is seen.
    std::set<std::string> own(const Table& table)
    {
        return places("SELECT CAST(ctid AS TEXT) FROM " + std::string(table.name) + " WHERE " +
                          table.own,
                      {tenant});
    }
    std::set<std::string> all(const Table& table)
    {
        return places("SELECT CAST(ctid AS TEXT) FROM " + std::string(table.name));
    }
    /// A column that may be written as it was.
    std::string columnOf(const Table& table)
    {
        return *places("SELECT column_name FROM information_schema.columns WHERE "
                       "table_schema ="
                       " current_schema() AND table_name = $1 AND is_identity = 'NO'",
                       {std::string(table.name)})
                    .begin();
    }

    GatewayTown town;
};

auto postgres()
{
    return skipUnless(std::getenv("AMT_TEST_POSTGRES"), "runs beside a PostgreSQL only");
}

} // namespace

BOOST_AUTO_TEST_SUITE(gateway_rows)

BOOST_AUTO_TEST_CASE(every_table_has_a_row_here)
{
    if (postgres())
        return;
    TwoTowns towns;
    std::set<std::string> tried = sharedByAll;
    for (const auto& table : tables)
        tried.insert(table.name);
    const auto known = towns.places("SELECT table_name FROM information_schema.tables WHERE "
                                    "table_schema = current_schema()");
    BOOST_TEST(known == tried, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(whoever_serves_is_under_it)
{
    if (postgres())
        return;
    GatewayTown town;
    const auto role = town.books->ask("SELECT rolsuper OR rolbypassrls, current_user FROM pg_roles"
                                      " WHERE rolname = current_user",
                                      {});
    BOOST_TEST(role.rows.at(0).at(0).value_or("") == "f");
    BOOST_TEST(role.rows.at(0).at(1).value_or("") == "amt_serve");
    const auto open =
        town.books->ask("SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
                        " WHERE nspname = current_schema() AND relkind = 'r'"
                        " AND NOT (relrowsecurity AND relforcerowsecurity)",
                        {});
    BOOST_TEST(open.rows.size() == sharedByAll.size());
    BOOST_CHECK_THROW(town.books->ask("ALTER TABLE client DISABLE ROW LEVEL SECURITY", {}), Error);
    BOOST_CHECK_THROW(town.books->ask("DROP POLICY own ON client", {}), Error);
    BOOST_CHECK_THROW(town.books->ask("SET ROLE amt_owner", {}), Error);
}

BOOST_DATA_TEST_CASE(a_statement_without_the_municipality_shows_its_rows_alone, data::make(tables),
                     table)
{
    if (postgres())
        return;
    TwoTowns towns;
    const auto own = towns.own(table), all = towns.all(table);
    BOOST_TEST(own.size() < all.size()); // there is something to be seen of the other
    BOOST_TEST(own.empty() == (table.reading == Reading::Nobody));
    const auto one = towns.town.books->only(tenant);
    const auto& expected = table.reading == Reading::Public ? all : own;
    BOOST_TEST(towns.all(table) == expected, boost::test_tools::per_element());
    towns.town.books->transact(
        [&] { BOOST_TEST(towns.all(table) == expected, boost::test_tools::per_element()); });
}

BOOST_DATA_TEST_CASE(nor_does_it_change_or_drop_a_row_of_another, data::make(tables), table)
{
    if (postgres())
        return;
    TwoTowns towns;
    auto& books = *towns.town.books;
    const auto own = towns.own(table), all = towns.all(table);
    const std::string column = towns.columnOf(table), name = table.name;
    const auto one = books.only(tenant);
    const std::string update = "UPDATE " + name + " SET " + column + " = " + column;
    if (table.writing == Writing::NeverAgain) {
        BOOST_CHECK_THROW(books.ask(update, {}), Error);
        BOOST_CHECK_THROW(books.ask("DELETE FROM " + name, {}), Error);
        return;
    }
    for (const auto& place : all) {
        if (!own.contains(place))
            BOOST_TEST(
                books.ask("DELETE FROM " + name + " WHERE ctid = CAST('" + place + "' AS tid)", {})
                    .touched == 0);
    }
    BOOST_TEST(books.ask(update, {}).touched == static_cast<int>(own.size()));
}

BOOST_DATA_TEST_CASE(without_a_word_whose_rows_there_are_none, data::make(tables), table)
{
    if (postgres())
        return;
    TwoTowns towns;
    const auto nobody = towns.town.books->nothing();
    BOOST_TEST(towns.all(table).empty());
    towns.town.books->transact([&] { BOOST_TEST(towns.all(table).empty()); });
}

BOOST_AUTO_TEST_CASE(nothing_is_entered_under_another_municipality)
{
    if (postgres())
        return;
    TwoTowns towns;
    auto& books = *towns.town.books;
    const auto one = books.only(tenant);
    for (const char* sql : {"INSERT INTO client (id, secret_hash, scopes, tenant_id) VALUES ('x', "
                            "'', '', $1)",
                            "INSERT INTO quota_scope VALUES ($1, 'x', 'home', 1, '{}')",
                            "INSERT INTO access_token SELECT 'x', 'town-b', '', 0 WHERE $1 <> ''",
                            "UPDATE client SET tenant_id = $1 WHERE id = 'town-a'"})
        BOOST_CHECK_THROW(books.ask(sql, {otherTenant}), Error);
}

BOOST_AUTO_TEST_CASE(what_was_seen_before_is_seen_again)
{
    if (postgres())
        return;
    TwoTowns towns;
    auto& books = *towns.town.books;
    const auto count = [&] {
        return *books.ask("SELECT count(*) FROM client", {}).rows.at(0).at(0);
    };
    const std::string all = count();
    {
        const auto one = books.only(tenant);
        BOOST_TEST(count() == "3");
        books.transact([&] {
            BOOST_TEST(count() == "3");
            {
                const auto region = books.wholeRegion();
                BOOST_TEST(count() == all);
            }
            BOOST_TEST(count() == "3");
        });
        BOOST_TEST(count() == "3");
        try {
            books.transact([&] {
                const auto other = books.only(otherTenant);
                BOOST_TEST(count() == "3");
                throw Error(ErrorCode::InputMalformed, "");
            });
        } catch (const Error&) { // what is left behind is the question
        }
        BOOST_TEST(count() == "3");
    }
    BOOST_TEST(count() == all);
    const auto quoted = books.only("' OR true --");
    BOOST_TEST(count() == "0");
}

BOOST_AUTO_TEST_SUITE_END()
