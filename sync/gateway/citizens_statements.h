// SPDX-License-Identifier: EUPL-1.2
//
// SQL statements of the citizens' API, in words that SQLite and PostgreSQL share (statements.h).
#pragma once

#include <string_view>

namespace amt::gateway::sql {

/// The newest life of the scope's home node says the desk key.
inline constexpr std::string_view deskKeyOfScope =
    "SELECT public_key FROM quota_stream WHERE client_id ="
    " (SELECT home FROM quota_scope WHERE tenant_id = $1 AND scope = $2)"
    " ORDER BY closed_at IS NOT NULL, from_number DESC LIMIT 1";
inline constexpr std::string_view citizenBooking =
    "SELECT c.tenant_id, c.scope, c.token_hash, c.booking, c.state, c.services, c.minutes,"
    " c.due_at, c.kid, c.sealed, c.version, q.state, q.day, q.lane, q.idx, q.cells,"
    " c.code FROM citizen_booking c LEFT JOIN quota_booking q ON q.id = c.booking WHERE c.id = $1";
inline constexpr std::string_view citizenCode = "SELECT 1 FROM citizen_booking WHERE code = $1";
/// All that a node hears of them, without who comes; the place is the calendar's.
inline constexpr std::string_view citizenBookingsOfDays =
    "SELECT c.id, c.code, c.minutes, c.services, c.version, CASE WHEN c.sealed = '' THEN 0 ELSE 1"
    " END, q.state, q.day, q.lane, q.idx, q.cells FROM citizen_booking c JOIN quota_booking q ON"
    " q.id = c.booking WHERE c.tenant_id = $1 AND c.scope = $2 AND q.day >= $3 AND q.day < $4 AND"
    " c.day >= $3 AND c.day < $4 AND c.state = 'CONFIRMED' ORDER BY q.day, c.id";
inline constexpr std::string_view tenantOfCitizenBooking =
    "SELECT tenant_id FROM citizen_booking WHERE id = $1";
inline constexpr std::string_view addCitizenBooking =
    "INSERT INTO citizen_booking (id, tenant_id, scope, token_hash, booking, state, services,"
    " minutes, day, due_at, version, made_at, changed_at, code) VALUES ($1, $2, $3, $4, $5,"
    " 'RESERVED', $6, $7, $8, $9, 1, $10, $10, $11)";
inline constexpr std::string_view changeCitizenBooking =
    "UPDATE citizen_booking SET state = $1, day = $2, due_at = $3, kid = $4, sealed = $5,"
    " version = version + 1, changed_at = $6 WHERE id = $7 AND version = $8";
inline constexpr std::string_view countCitizenReservations =
    "SELECT count(*) FROM citizen_booking WHERE tenant_id = $1 AND scope = $2 AND state ="
    " 'RESERVED'";
inline constexpr std::string_view dueCitizenBookings =
    "SELECT id FROM citizen_booking WHERE due_at <= $1 ORDER BY due_at LIMIT 100";
inline constexpr std::string_view dropCitizenContacts =
    "UPDATE citizen_booking SET kid = '', sealed = '' WHERE day < $1 AND sealed <> ''";
inline constexpr std::string_view dropCitizenBookings =
    "DELETE FROM citizen_booking WHERE day < $1 AND due_at IS NULL";

} // namespace amt::gateway::sql
