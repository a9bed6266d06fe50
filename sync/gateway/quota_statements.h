// SPDX-License-Identifier: EUPL-1.2
//
// SQL statements of the quota protocol, in words that SQLite and PostgreSQL share (statements.h).
#pragma once

#include <string_view>

namespace amt::gateway::sql {

inline constexpr std::string_view quotaMeta = "SELECT value FROM quota_meta WHERE key = $1";
inline constexpr std::string_view setQuotaMeta =
    "INSERT INTO quota_meta (key, value) VALUES ($1, $2)"
    " ON CONFLICT (key) DO UPDATE SET value = $2";

// nodes and their streams
inline constexpr std::string_view quotaNode =
    "SELECT tenant_id, state, shown_life, challenge FROM quota_node WHERE client_id = $1";
inline constexpr std::string_view addQuotaNode =
    "INSERT INTO quota_node (client_id, tenant_id, state, shown_life, challenge)"
    " VALUES ($1, $2, 'open', $3, '')";
inline constexpr std::string_view setQuotaChallenge =
    "UPDATE quota_node SET challenge = $1 WHERE client_id = $2";
inline constexpr std::string_view setQuotaShown =
    "UPDATE quota_node SET shown_life = $1 WHERE client_id = $2";
inline constexpr std::string_view revokeQuotaNode =
    "UPDATE quota_node SET state = 'revoked' WHERE client_id = $1";
inline constexpr std::string_view blockClient =
    "UPDATE client SET secret_hash = 'revoked', scopes = '' WHERE id = $1";
inline constexpr std::string_view dropTokensOf = "DELETE FROM access_token WHERE client_id = $1";
inline constexpr std::string_view quotaNodesUnshown =
    "SELECT 1 FROM quota_node WHERE tenant_id = $1 AND state = 'open' AND shown_life <> $2 LIMIT 1";
inline constexpr std::string_view quotaStream =
    "SELECT from_number, from_hash, next, hash, grants, closed_at FROM quota_stream"
    " WHERE client_id = $1 AND incarnation = $2";
inline constexpr std::string_view openQuotaStreams =
    "SELECT incarnation FROM quota_stream WHERE client_id = $1 AND closed_at IS NULL";
inline constexpr std::string_view addQuotaStream =
    "INSERT INTO quota_stream (client_id, incarnation, public_key, from_number, from_hash, next,"
    " hash, grants) VALUES ($1, $2, $3, $4, $5, $6, $5, 0)";
inline constexpr std::string_view moveQuotaStream =
    "UPDATE quota_stream SET next = $1, hash = $2 WHERE client_id = $3 AND incarnation = $4"
    " AND next = $5 AND closed_at IS NULL";
inline constexpr std::string_view closeQuotaStream =
    "UPDATE quota_stream SET closed_at = $1, closed_why = $2 WHERE client_id = $3"
    " AND incarnation = $4 AND closed_at IS NULL";

// the grant log
inline constexpr std::string_view addQuotaGrant =
    "INSERT INTO quota_grant (client_id, incarnation, position, lease, sell_until, token)"
    " VALUES ($1, $2, $3, $4, $5, $6)";
inline constexpr std::string_view setQuotaGrants =
    "UPDATE quota_stream SET grants = $1 WHERE client_id = $2 AND incarnation = $3";
inline constexpr std::string_view quotaGrantsFrom =
    "SELECT token FROM quota_grant WHERE client_id = $1 AND incarnation = $2 AND position >= $3"
    " ORDER BY position LIMIT $4";
inline constexpr std::string_view dropQuotaGrantsFrom =
    "DELETE FROM quota_grant WHERE client_id = $1 AND incarnation = $2 AND position >= $3";

// cells
inline constexpr std::string_view quotaCells =
    "SELECT idx, state, client_id, incarnation, lease, booking FROM quota_cell"
    " WHERE tenant_id = $1 AND scope = $2 AND day = $3 AND lane = $4 AND idx >= $5 AND idx < $6"
    " ORDER BY idx";
inline constexpr std::string_view putQuotaCell =
    "INSERT INTO quota_cell (tenant_id, scope, day, lane, idx, state, client_id, incarnation, "
    "lease,"
    " booking) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " ON CONFLICT (tenant_id, scope, day, lane, idx) DO UPDATE SET state = $6, client_id = $7,"
    " incarnation = $8, lease = $9, booking = $10, recalled = 0";
inline constexpr std::string_view freeQuotaCell =
    "DELETE FROM quota_cell WHERE tenant_id = $1 AND scope = $2 AND day = $3 AND lane = $4"
    " AND idx = $5";
inline constexpr std::string_view freeQuotaBooking =
    "DELETE FROM quota_cell WHERE tenant_id = $1 AND booking = $2";
inline constexpr std::string_view quotaCellsOfClient =
    "SELECT scope, day, lane, idx, lease FROM quota_cell WHERE client_id = $1 AND incarnation = $2"
    " AND state = 'LEASED' ORDER BY scope, day, lane, idx";
inline constexpr std::string_view quotaRecalled =
    "SELECT scope, day, lane, idx FROM quota_cell WHERE client_id = $1 AND incarnation = $2"
    " AND state = 'LEASED' AND recalled = 1 ORDER BY scope, day, lane, idx LIMIT 1000";
inline constexpr std::string_view recallQuotaRun =
    "UPDATE quota_cell SET recalled = 1 WHERE client_id = $1 AND scope = $2 AND day = $3"
    " AND lane = $4 AND idx >= $5 AND idx < $6 AND state = 'LEASED'";
inline constexpr std::string_view quarantineQuotaCells =
    "UPDATE quota_cell SET state = 'QUARANTINE', recalled = 0 WHERE client_id = $1"
    " AND incarnation = $2 AND state = 'LEASED'";
inline constexpr std::string_view freeQuotaCellsOfClient =
    "DELETE FROM quota_cell WHERE client_id = $1 AND incarnation = $2 AND state = 'LEASED'";
inline constexpr std::string_view releaseQuotaRun =
    "DELETE FROM quota_cell WHERE tenant_id = $1 AND scope = $2 AND day = $3 AND lane = $4"
    " AND idx >= $5 AND idx < $6 AND state = 'QUARANTINE'";
inline constexpr std::string_view quotaTaken =
    "SELECT day, lane, idx FROM quota_cell WHERE tenant_id = $1 AND scope = $2 AND day >= $3"
    " AND day < $4 ORDER BY day, lane, idx";
inline constexpr std::string_view quotaLeasedOfDay =
    "SELECT lane, idx FROM quota_cell WHERE client_id = $1 AND incarnation = $2 AND scope = $3"
    " AND day = $4 AND state = 'LEASED' ORDER BY lane, idx";
inline constexpr std::string_view forgetQuotaCells =
    "DELETE FROM quota_cell WHERE day < $1 AND state IN ('SOLD', 'QUARANTINE')";
inline constexpr std::string_view reclaimQuotaCells =
    "DELETE FROM quota_cell WHERE state = 'LEASED' AND lease IN"
    " (SELECT lease FROM quota_grant WHERE sell_until <= $1)";

// bookings
inline constexpr std::string_view quotaBooking =
    "SELECT tenant_id, state, scope, day, lane, idx, cells, client_id FROM quota_booking"
    " WHERE id = $1";
inline constexpr std::string_view putQuotaBooking =
    "INSERT INTO quota_booking (id, tenant_id, client_id, state, scope, day, lane, idx, cells,"
    " changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " ON CONFLICT (id) DO UPDATE SET state = $4, day = $6, lane = $7, idx = $8, cells = $9,"
    " changed_at = $10";
inline constexpr std::string_view setQuotaBooking =
    "UPDATE quota_booking SET state = $1, changed_at = $2 WHERE id = $3";
inline constexpr std::string_view addQuotaTombstone =
    "INSERT INTO quota_tombstone (booking, tenant_id, made_at) VALUES ($1, $2, $3)"
    " ON CONFLICT (booking) DO NOTHING";
inline constexpr std::string_view dropQuotaTombstone =
    "DELETE FROM quota_tombstone WHERE booking = $1 AND tenant_id = $2";
inline constexpr std::string_view quotaConflicts =
    "SELECT count(*) FROM quota_booking WHERE state = 'CONFLICT'";

// rules, evidence, audit
inline constexpr std::string_view quotaScope =
    "SELECT home, version, rules FROM quota_scope WHERE tenant_id = $1 AND scope = $2";
inline constexpr std::string_view putQuotaScope =
    "INSERT INTO quota_scope (tenant_id, scope, home, version, rules) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (tenant_id, scope) DO UPDATE SET version = $4, rules = $5";
inline constexpr std::string_view addQuotaEvidence =
    "INSERT INTO quota_evidence (client_id, incarnation, record, hash, kind, details, taken_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (client_id, incarnation, record, hash)"
    " DO NOTHING";
inline constexpr std::string_view addQuotaAudit =
    "INSERT INTO quota_audit (tenant_id, at, act, by_whom, reason, details)"
    " VALUES ($1, $2, $3, $4, $5, $6)";

// what does not fit together
inline constexpr std::string_view quotaUnsound =
    "SELECT 'booking ' || id FROM quota_booking WHERE state = 'BOOKED' AND day >= $1 AND cells <>"
    " (SELECT count(*) FROM quota_cell WHERE booking = id AND quota_cell.tenant_id ="
    " quota_booking.tenant_id AND quota_cell.scope = quota_booking.scope AND quota_cell.day ="
    " quota_booking.day AND quota_cell.lane = quota_booking.lane AND quota_cell.idx >="
    " quota_booking.idx AND quota_cell.idx < quota_booking.idx + cells)"
    " UNION SELECT 'cell of ' || booking FROM quota_cell WHERE booking IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM quota_booking WHERE id = booking AND quota_booking.state IN ('BOOKED',"
    " 'CONFLICT'))"
    " UNION SELECT 'leased to ' || client_id FROM quota_cell WHERE quota_cell.state = 'LEASED' AND"
    " NOT EXISTS (SELECT 1 FROM quota_stream WHERE quota_stream.client_id = quota_cell.client_id"
    " AND quota_stream.incarnation = quota_cell.incarnation AND closed_at IS NULL)";
inline constexpr std::string_view forgetQuotaBookings = "DELETE FROM quota_booking WHERE day < $1";

// what IT sees
inline constexpr std::string_view quotaNodeRows =
    "SELECT n.client_id, n.tenant_id, n.state, s.incarnation, s.closed_why, s.next, s.grants,"
    " (SELECT count(*) FROM quota_cell c WHERE c.client_id = s.client_id AND c.incarnation ="
    " s.incarnation AND c.state = 'LEASED'), (SELECT count(*) FROM quota_cell c WHERE c.client_id ="
    " s.client_id AND c.incarnation = s.incarnation AND c.state = 'QUARANTINE') FROM quota_node n"
    " LEFT JOIN quota_stream s ON s.client_id = n.client_id ORDER BY n.client_id, s.from_number,"
    " s.incarnation";
inline constexpr std::string_view quotaQuarantined =
    "SELECT tenant_id, client_id, scope, day, lane, idx FROM quota_cell WHERE state = 'QUARANTINE'"
    " ORDER BY tenant_id, client_id, scope, day, lane, idx";

} // namespace amt::gateway::sql
