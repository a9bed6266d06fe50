// SPDX-License-Identifier: EUPL-1.2
//
// SQL statements of the operators' pages, in words that SQLite and PostgreSQL share (statements.h).
#pragma once

#include <string_view>

namespace amt::gateway::sql {

// how nodes stand
inline constexpr std::string_view everyNode =
    "SELECT client.id, client.tenant_id, client.name, CASE WHEN secret_hash = 'revoked' THEN 1"
    " ELSE 0 END, (SELECT max(journal_head.told_at) FROM journal_head WHERE client_id = client.id),"
    " node_report.told_at, version, waiting, held, oldest_at, (SELECT max(expires_at) FROM "
    "device_certificate d"
    " WHERE d.client_id = client.id AND d.state = 'issued'),"
    " (SELECT incarnation FROM journal_head h WHERE h.client_id = client.id AND closed_at IS NULL)"
    " FROM client LEFT JOIN node_report ON node_report.client_id = client.id"
    " WHERE role = 'node' OR (role = '' AND (scopes LIKE '%send-submissions%'"
    " OR secret_hash = 'revoked')) ORDER BY client.tenant_id, client.name, client.id";
inline constexpr std::string_view unfetchedBySender =
    "SELECT client_id, count(*), min(submitted_at), sum(notified) FROM submission"
    " WHERE state = 'submitted' GROUP BY client_id";
inline constexpr std::string_view encryptionKeys =
    "SELECT destination.tenant_id, destination.id, document, jwk FROM destination"
    " JOIN destination_key ON destination_id = destination.id AND purpose = 'encrypt'"
    " WHERE revoked_at IS NULL ORDER BY destination.id, kid";
inline constexpr std::string_view askedDevices =
    "SELECT client_id, client.tenant_id, client.name, fingerprint, asked_at"
    " FROM device_certificate JOIN client ON client.id = client_id"
    " WHERE device_certificate.state = 'asked' AND secret_hash <> 'revoked'"
    " ORDER BY asked_at, fingerprint";
inline constexpr std::string_view devicesOfClient =
    "SELECT fingerprint, state, asked_at, expires_at FROM device_certificate WHERE client_id = $1"
    " ORDER BY asked_at DESC, fingerprint";
inline constexpr std::string_view livesOfNode =
    "SELECT incarnation, record, told_at, closed_at FROM journal_head WHERE client_id = $1"
    " ORDER BY told_at DESC LIMIT 10";
inline constexpr std::string_view actsAbout =
    "SELECT at, act, by_whom, reason FROM operator_act WHERE subject = $1"
    " ORDER BY number DESC LIMIT 20";
inline constexpr std::string_view submissionsOfNode =
    "SELECT announced_at, state, submitted_at FROM submission WHERE client_id = $1"
    " ORDER BY announced_at DESC LIMIT 10";

// operators' accounts
inline constexpr std::string_view addOperator =
    "INSERT INTO operator_account (id, name, entered_at) VALUES ($1, $2, $3)"
    " ON CONFLICT (name) DO NOTHING";
inline constexpr std::string_view operatorByName =
    "SELECT id, code_hash, code_until, salt, memory_kib, passes, lanes, sealed, last_step"
    " FROM operator_account WHERE name = $1 AND ended_at IS NULL";
inline constexpr std::string_view everyOperator =
    "SELECT id, name, entered_at, CASE WHEN sealed <> '' THEN 1 ELSE 0 END, code_until, ended_at"
    " FROM operator_account ORDER BY name";
inline constexpr std::string_view giveOperatorCode =
    "UPDATE operator_account SET code_hash = $1, code_until = $2, sealed = '' WHERE id = $3";
inline constexpr std::string_view keepOperatorProof =
    "UPDATE operator_account SET code_hash = '', code_until = 0, salt = $1, memory_kib = $2,"
    " passes = $3, lanes = $4, sealed = $5, last_step = $6 WHERE id = $7";
inline constexpr std::string_view moveOperatorStep =
    "UPDATE operator_account SET last_step = $1 WHERE id = $2 AND last_step < $1";
inline constexpr std::string_view endOperator =
    "UPDATE operator_account SET ended_at = $1, sealed = '', code_hash = '', name = $2"
    " WHERE id = $3";
inline constexpr std::string_view addOperatorSession =
    "INSERT INTO operator_session (token_hash, operator_id, place, created_at, seen_at)"
    " VALUES ($1, $2, $3, $4, $4)";
inline constexpr std::string_view operatorSession =
    "SELECT operator_account.id, name, created_at, seen_at FROM operator_session"
    " JOIN operator_account ON operator_account.id = operator_id WHERE token_hash = $1"
    " AND sealed <> ''";
inline constexpr std::string_view seenOperatorSession =
    "UPDATE operator_session SET seen_at = $1 WHERE token_hash = $2";
inline constexpr std::string_view operatorSessions =
    "SELECT token_hash, name, place, created_at, seen_at FROM operator_session"
    " JOIN operator_account ON operator_account.id = operator_id ORDER BY created_at DESC,"
    " token_hash";
inline constexpr std::string_view dropOperatorSession =
    "DELETE FROM operator_session WHERE token_hash = $1";
inline constexpr std::string_view dropSessionsOfOperator =
    "DELETE FROM operator_session WHERE operator_id = $1";
inline constexpr std::string_view dropOldOperatorSessions =
    "DELETE FROM operator_session WHERE created_at <= $1 OR seen_at <= $2";
inline constexpr std::string_view operatorDelay =
    "SELECT failures, last_at FROM operator_delay WHERE name_hash = $1";
inline constexpr std::string_view countOperatorFailure =
    "INSERT INTO operator_delay (name_hash, failures, last_at) VALUES ($1, 1, $2)"
    " ON CONFLICT (name_hash) DO UPDATE SET failures = operator_delay.failures + 1, last_at = $2";
inline constexpr std::string_view dropOperatorDelay =
    "DELETE FROM operator_delay WHERE name_hash = $1";
inline constexpr std::string_view dropOldOperatorDelays =
    "DELETE FROM operator_delay WHERE last_at <= $1";

} // namespace amt::gateway::sql
