// SPDX-License-Identifier: EUPL-1.2
//
// The schema itself says no: strict tables, states, and what must never happen twice.
#include "tests/support/scratch_database.h"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;
using namespace amt;

namespace {

// Two cases, for the rows below.
const std::string cases =
    "INSERT INTO cases (id, visit_id, envelope_id, reference, cash_reference, service_key, "
    "state, held_reason, fee, settlement, capture_day, created_at) VALUES "
    "('00000000-0000-7000-8000-000000000001', 'v1', "
    "'00000000-0000-4000-8000-000000000001', 'BP-1', 'KZ-1',"
    " '99108001001000', 'Recorded', '', 3070, 'Open', '2026-11-21', 1);"
    "INSERT INTO cases (id, visit_id, envelope_id, reference, cash_reference, service_key, "
    "state, held_reason, fee, settlement, capture_day, created_at) VALUES "
    "('00000000-0000-7000-8000-000000000002', 'v2', "
    "'00000000-0000-4000-8000-000000000002', 'BP-2', 'KZ-2',"
    " '99108001001000', 'Recorded', '', 3070, 'Open', '2026-11-21', 1);";

std::string payment(int number, int ofCase, const std::string& state)
{
    const std::string end = std::to_string(number);
    return "INSERT INTO payment (id, case_id, state, amount, ordered_at, changed_at) VALUES "
           "('00000000-0000-4000-8000-00000000010" +
           end + "', '00000000-0000-7000-8000-00000000000" + std::to_string(ofCase) + "', '" +
           state + "', 3070, 1, 1);";
}

struct Refused {
    const char* name;
    std::string before, statement;
};
std::ostream& operator<<(std::ostream& out, const Refused& refused)
{
    return out << refused.name;
}

const Refused refusals[] = {
    {"an unknown state of a case", cases, "UPDATE cases SET state = 'Lost'"},
    {"a held case without a reason", cases, "UPDATE cases SET state = 'Held'"},
    {"a reason without a held case", cases, "UPDATE cases SET held_reason = 'PlainTextLost'"},
    {"a case for an envelope that has one", cases,
     "UPDATE cases SET envelope_id = '00000000-0000-4000-8000-000000000001'"},
    {"two cases of one reference", cases, "UPDATE cases SET reference = 'BP-1'"},
    {"text where cents belong", cases, "UPDATE cases SET fee = '30,70'"},
    {"a negative fee", cases, "UPDATE cases SET fee = -1"},
    {"an unknown state of a payment", cases, payment(1, 1, "Maybe")},
    {"a second payment while the first is unresolved", cases + payment(1, 1, "Unresolved"),
     payment(2, 1, "Ordered")},
    {"a second payment for a paid case", cases + payment(1, 1, "Approved"),
     payment(2, 1, "Ordered")},
    {"another case's payment while the terminal is not clear", cases + payment(1, 1, "Authorising"),
     payment(2, 2, "Ordered")},
    {"a payment without a case", "", payment(1, 1, "Ordered")},
    {"a changed journal record",
     "INSERT INTO journal VALUES (1, 'START', 'node', 1, 'rtc', '{}', zeroblob(32), zeroblob(32))",
     "UPDATE journal SET id = 'other'"},
    {"a deleted journal record",
     "INSERT INTO journal VALUES (1, 'START', 'node', 1, 'rtc', '{}', zeroblob(32), zeroblob(32))",
     "DELETE FROM journal"},
    {"a record reduced to its place, and its hash with it",
     "INSERT INTO journal VALUES (1, 'START', 'node', 1, 'rtc', '{}', zeroblob(32), zeroblob(32))",
     "UPDATE journal SET kind = 'PRUNED', id = '', details = '{}', hash = randomblob(32)"},
    {"a record reduced by half",
     "INSERT INTO journal VALUES (1, 'HELD', 'e', 1, 'rtc', '{\"reason\":\"x\"}', zeroblob(32), "
     "zeroblob(32))",
     "UPDATE journal SET kind = 'PRUNED', id = ''"},
    {"a short hash", "",
     "INSERT INTO journal VALUES (1, 'START', 'node', 1, 'rtc', '{}', zeroblob(31), zeroblob(32))"},
    {"an unknown time quality", "",
     "INSERT INTO journal VALUES (1, 'START', 'node', 1, 'sure', '{}', zeroblob(32), "
     "zeroblob(32))"},
    {"a second open call for help from one device",
     "INSERT INTO help_call VALUES ('00000000-0000-7000-8000-000000000001', 'kiosk', 1, NULL, "
     "NULL)",
     "INSERT INTO help_call VALUES ('00000000-0000-7000-8000-000000000002', 'kiosk', 2, NULL, "
     "NULL)"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(store_migrations)

BOOST_DATA_TEST_CASE(the_schema_refuses_what_may_not_be, data::make(refusals), refused)
{
    test::ScratchDatabase database;
    database->execute(refused.before);
    BOOST_CHECK_EXCEPTION(database->execute(refused.statement), Error, [](const Error& error) {
        return error.errorCode() == ErrorCode::StoreFailed;
    });
}

BOOST_AUTO_TEST_CASE(a_declined_payment_makes_room_for_the_next)
{
    test::ScratchDatabase database;
    database->execute(cases + payment(1, 1, "Declined"));
    BOOST_CHECK_NO_THROW(database->execute(payment(2, 1, "Ordered")));
}

BOOST_AUTO_TEST_CASE(every_table_is_strict)
{
    test::ScratchDatabase database;
    auto tables = database->prepare(
        "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        " AND name NOT LIKE 'sqlite_%'");
    int count = 0;
    while (tables.step()) {
        ++count;
        BOOST_TEST(tables.integer(1) == 1, tables.text(0));
    }
    BOOST_TEST(count >= 20);
}

BOOST_AUTO_TEST_SUITE_END()
