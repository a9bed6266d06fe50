// SPDX-License-Identifier: EUPL-1.2
//
// Every SQL statement of the gateway, in words that SQLite and PostgreSQL share. Parameters are $1,
// $2 in the order of their first use, which both number alike.
#pragma once

#include "appliance/store/store.h"

#include <span>
#include <string_view>

namespace amt::gateway::sql {

extern const std::span<const store::Migration> migrations; ///< migrations/*.sql, in SQLite's words

// clients and tokens
inline constexpr std::string_view addClient =
    "INSERT INTO client (id, secret_hash, scopes, tenant_id) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (id) DO NOTHING";
inline constexpr std::string_view clientById =
    "SELECT secret_hash, scopes FROM client WHERE id = $1";
inline constexpr std::string_view addToken =
    "INSERT INTO access_token (hash, client_id, scopes, expires_at) VALUES ($1, $2, $3, $4)";
inline constexpr std::string_view tokenByHash =
    "SELECT client_id, access_token.scopes, expires_at, tenant_id, role, (SELECT count(*) FROM"
    " device_certificate d WHERE d.client_id = client.id AND d.digest <> '')"
    " FROM access_token JOIN client ON client.id = client_id WHERE hash = $1";
inline constexpr std::string_view dropExpiredTokens =
    "DELETE FROM access_token WHERE expires_at <= $1";

// transport keys of nodes
inline constexpr std::string_view addDeviceCode =
    "INSERT INTO device_code (hash, client_id, expires_at, fingerprint) VALUES ($1, $2, $3, '')";
inline constexpr std::string_view dropDeviceCodes =
    "DELETE FROM device_code WHERE expires_at <= $1";
inline constexpr std::string_view dropDeviceCodesOf =
    "DELETE FROM device_code WHERE client_id = $1";
inline constexpr std::string_view deviceCode =
    "SELECT client_id, expires_at, fingerprint FROM device_code WHERE hash = $1";
inline constexpr std::string_view useDeviceCode =
    "UPDATE device_code SET fingerprint = $1 WHERE hash = $2";
inline constexpr std::string_view addDevice =
    "INSERT INTO device_certificate (fingerprint, client_id, request, state, asked_at,"
    " certificate, digest, expires_at) VALUES ($1, $2, $3, 'asked', $4, '', '', 0)";
inline constexpr std::string_view deviceByFingerprint =
    "SELECT client_id, state, certificate, request, expires_at FROM device_certificate"
    " WHERE fingerprint = $1";
inline constexpr std::string_view deviceByDigest =
    "SELECT client_id, state, expires_at FROM device_certificate WHERE digest = $1";
inline constexpr std::string_view issueDevice =
    "UPDATE device_certificate SET state = 'issued', certificate = $1, digest = $2,"
    " expires_at = $3 WHERE fingerprint = $4";
inline constexpr std::string_view revokeDevice =
    "UPDATE device_certificate SET state = 'revoked' WHERE fingerprint = $1";
inline constexpr std::string_view revokeDevicesOf =
    "UPDATE device_certificate SET state = 'revoked' WHERE client_id = $1 AND fingerprint <> $2";
inline constexpr std::string_view endDevicesOf =
    "UPDATE device_certificate SET expires_at = $1 WHERE client_id = $2 AND fingerprint <> $3"
    " AND state = 'issued' AND expires_at > $1";
inline constexpr std::string_view everyDevice =
    "SELECT client_id, fingerprint, state, asked_at, expires_at FROM device_certificate"
    " ORDER BY client_id, asked_at, fingerprint";

// allowances: $3 now, $4 the latest that a right clock can have left, $5 the cost, $6 the latest
// that leaves room for it
inline constexpr std::string_view drawAllowance =
    "INSERT INTO allowance (client_id, spent_until) VALUES ($1, $2)"
    " ON CONFLICT (client_id) DO UPDATE SET spent_until = CASE WHEN allowance.spent_until > $3"
    " AND allowance.spent_until <= $4 THEN allowance.spent_until ELSE $3 END + $5"
    " WHERE allowance.spent_until <= $6 OR allowance.spent_until > $4";
inline constexpr std::string_view allowanceOf =
    "SELECT spent_until FROM allowance WHERE client_id = $1";

// destinations
inline constexpr std::string_view addDestination =
    "INSERT INTO destination (id, owner_id, status, document, tenant_id) SELECT $1, id, 'active', "
    "$2,"
    " tenant_id FROM client WHERE id = $3"
    " ON CONFLICT (id) DO NOTHING";
inline constexpr std::string_view addDestinationKey =
    "INSERT INTO destination_key (destination_id, kid, purpose, jwk) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (destination_id, kid) DO NOTHING";
inline constexpr std::string_view replaceDestinationDocument =
    "UPDATE destination SET document = $1 WHERE id = $2";
inline constexpr std::string_view setDestinationStatus =
    "UPDATE destination SET status = $1 WHERE id = $2";
inline constexpr std::string_view destinationById =
    "SELECT owner_id, status, document, CASE WHEN revoked_at IS NULL AND secret_hash <> 'revoked'"
    " THEN 0 ELSE 1 END FROM destination JOIN client ON client.id = owner_id"
    " WHERE destination.id = $1";
inline constexpr std::string_view destinationKey =
    "SELECT purpose, jwk FROM destination_key WHERE destination_id = $1 AND kid = $2";
inline constexpr std::string_view destinationKeysFor =
    "SELECT jwk FROM destination_key WHERE destination_id = $1 AND purpose = $2 ORDER BY kid";

// the registry
inline constexpr std::string_view nameClient =
    "UPDATE client SET name = $1, role = $2, entered_at = $3 WHERE id = $4";
inline constexpr std::string_view revokeClient =
    "UPDATE client SET secret_hash = 'revoked', scopes = '' WHERE id = $1"
    " AND secret_hash <> 'revoked'";
inline constexpr std::string_view dropTokensOfClient =
    "DELETE FROM access_token WHERE client_id = $1";
inline constexpr std::string_view revokeDestination =
    "UPDATE destination SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
inline constexpr std::string_view knownClient =
    "SELECT tenant_id, scopes, secret_hash FROM client WHERE id = $1";
inline constexpr std::string_view takesLeases = "SELECT 1 FROM quota_node WHERE client_id = $1";
inline constexpr std::string_view everyClient =
    "SELECT id, tenant_id, role, name, scopes, entered_at, CASE WHEN secret_hash = 'revoked' THEN 1"
    " ELSE 0 END, (SELECT max(told_at) FROM journal_head WHERE client_id = client.id) FROM client"
    " ORDER BY tenant_id, name, id";
inline constexpr std::string_view everyDestination =
    "SELECT destination.id, owner_id, destination.tenant_id, document, CASE WHEN revoked_at IS NULL"
    " AND secret_hash <> 'revoked' THEN status ELSE 'revoked' END FROM destination"
    " JOIN client ON client.id = owner_id ORDER BY destination.tenant_id, destination.id";
inline constexpr std::string_view everyKeyOf =
    "SELECT purpose, jwk FROM destination_key WHERE destination_id = $1 ORDER BY kid";
inline constexpr std::string_view noteAct =
    "INSERT INTO operator_act (at, act, subject, by_whom, reason) VALUES ($1, $2, $3, $4, $5)";

// announcing; what a client asks for by its id is found if it sent it or owns the destination, and
// without a client (the service itself asks) always
inline constexpr std::string_view addCase =
    "INSERT INTO case_file (id, client_id, destination_id) VALUES ($1, $2, $3)";
inline constexpr std::string_view caseById =
    "SELECT client_id, destination_id FROM case_file JOIN destination ON destination.id ="
    " destination_id WHERE case_file.id = $1"
    " AND (client_id = $2 OR owner_id = $2 OR $2 IS NULL)";
inline constexpr std::string_view addSubmission =
    "INSERT INTO submission (id, case_id, client_id, destination_id, envelope_id, service, state,"
    " announced_at) VALUES ($1, $2, $3, $4, $5, $6, 'announced', $7)";
inline constexpr std::string_view addAttachment =
    "INSERT INTO attachment (submission_id, id) VALUES ($1, $2)";
inline constexpr std::string_view claimEnvelope =
    "INSERT INTO idempotency (client_id, envelope_id, digest, submission_id) VALUES ($1, $2, $3, "
    "$4)"
    " ON CONFLICT (client_id, envelope_id) DO NOTHING";
inline constexpr std::string_view envelopeClaim =
    "SELECT digest, submission_id FROM idempotency WHERE client_id = $1 AND envelope_id = $2";
inline constexpr std::string_view moveEnvelopeClaim =
    "UPDATE idempotency SET submission_id = $1 WHERE client_id = $2 AND envelope_id = $3";

// parts
inline constexpr std::string_view submissionById =
    "SELECT submission.id, case_id, client_id, destination_id, service, state, metadata, data,"
    " metadata_digest, data_digest FROM submission JOIN destination ON destination.id ="
    " destination_id WHERE submission.id = $1"
    " AND (client_id = $2 OR owner_id = $2 OR $2 IS NULL)";
inline constexpr std::string_view attachmentsOf =
    "SELECT id, digest, tag FROM attachment WHERE submission_id = $1 ORDER BY id";
inline constexpr std::string_view attachmentById =
    "SELECT digest, jwe FROM attachment WHERE submission_id = $1 AND id = $2";
inline constexpr std::string_view storeAttachment =
    "UPDATE attachment SET jwe = $1, digest = $2, tag = $3 WHERE submission_id = $4 AND id = $5";
inline constexpr std::string_view storePieces =
    "UPDATE attachment SET bytes = $1, digest = $2, tag = $3 WHERE submission_id = $4 AND id = $5";
inline constexpr std::string_view addPiece =
    "INSERT INTO attachment_piece (submission_id, attachment_id, number, jwe)"
    " VALUES ($1, $2, $3, $4)";
inline constexpr std::string_view bytesInPieces =
    "SELECT bytes FROM attachment WHERE submission_id = $1 AND id = $2 AND bytes IS NOT NULL";
inline constexpr std::string_view pieceByNumber =
    "SELECT jwe FROM attachment_piece WHERE submission_id = $1 AND attachment_id = $2"
    " AND number = $3";
inline constexpr std::string_view storeSubmission =
    "UPDATE submission SET state = 'submitted', submitted_at = $1, metadata = $2, data = $3,"
    " metadata_digest = $4, data_digest = $5, digest = $6 WHERE id = $7";

// closing: the payload goes, ids, digests and result stay
inline constexpr std::string_view closeSubmission =
    "UPDATE submission SET state = $1, metadata = NULL, data = NULL WHERE id = $2";
inline constexpr std::string_view dropAttachmentBodies =
    "UPDATE attachment SET jwe = NULL, bytes = NULL WHERE submission_id = $1";
inline constexpr std::string_view dropPieces =
    "DELETE FROM attachment_piece WHERE submission_id = $1";

// reading
inline constexpr std::string_view submittedAt =
    "SELECT id, case_id FROM submission WHERE destination_id = $1 AND state = 'submitted'"
    " ORDER BY submitted_at, id LIMIT $2 OFFSET $3";
inline constexpr std::string_view countSubmittedAt =
    "SELECT count(*) FROM submission WHERE destination_id = $1 AND state = 'submitted'";
inline constexpr std::string_view addEvent =
    "INSERT INTO event (case_id, submission_id, jti, kind, token, logged_at)"
    " VALUES ($1, $2, $3, $4, $5, $6)";
inline constexpr std::string_view eventById = "SELECT case_id FROM event WHERE jti = $1";
inline constexpr std::string_view eventsOfCase =
    "SELECT token FROM event WHERE case_id = $1 ORDER BY number LIMIT $2 OFFSET $3";
inline constexpr std::string_view eventsOfSubmission =
    "SELECT token FROM event WHERE submission_id = $1 AND reply_id IS NULL"
    " ORDER BY number LIMIT $2 OFFSET $3";

// heads of the nodes' journals
inline constexpr std::string_view openHead =
    "SELECT incarnation, record, hash FROM journal_head WHERE client_id = $1 AND closed_at IS NULL";
inline constexpr std::string_view headOf =
    "SELECT record FROM journal_head WHERE client_id = $1 AND incarnation = $2";
inline constexpr std::string_view closeHeads =
    "UPDATE journal_head SET closed_at = $1 WHERE client_id = $2 AND closed_at IS NULL";
inline constexpr std::string_view addHead =
    "INSERT INTO journal_head (client_id, incarnation, record, hash, told_at)"
    " VALUES ($1, $2, $3, $4, $5)";
inline constexpr std::string_view moveHead =
    "UPDATE journal_head SET record = $1, hash = $2, told_at = $3"
    " WHERE client_id = $4 AND incarnation = $5";

inline constexpr std::string_view keepReport =
    "INSERT INTO node_report (client_id, told_at, version, waiting, held, oldest_at)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (client_id) DO UPDATE SET told_at = $2,"
    " version = $3, waiting = $4, held = $5, oldest_at = $6";

// callbacks
inline constexpr std::string_view setCallbackAddress =
    "INSERT INTO callback_address (client_id, url, authority, secret) VALUES ($1, $2, $3, $4)"
    " ON CONFLICT (client_id) DO UPDATE SET url = $2, authority = $3, secret = $4, failures = 0,"
    " not_before = 0";
inline constexpr std::string_view addCallbackForClient =
    "INSERT INTO callback (client_id, kind, destination_id, submission_id, case_id, made_at)"
    " SELECT client_id, $1, $2, $3, $4, $5 FROM callback_address WHERE client_id = $6";
inline constexpr std::string_view addCallbackForOwner =
    "INSERT INTO callback (client_id, kind, destination_id, submission_id, case_id, made_at)"
    " SELECT client_id, $1, $2, $3, $4, $5 FROM callback_address"
    " WHERE client_id = (SELECT owner_id FROM destination WHERE id = $2)";
inline constexpr std::string_view callbacksDue =
    "SELECT callback.client_id, kind FROM callback JOIN callback_address"
    " ON callback_address.client_id = callback.client_id WHERE not_before <= $1"
    " GROUP BY callback.client_id, kind ORDER BY min(number) LIMIT $2";
inline constexpr std::string_view claimCallbackAddress =
    "UPDATE callback_address SET not_before = $1 WHERE client_id = $2 AND not_before <= $3";
inline constexpr std::string_view takeCallbacks =
    "UPDATE callback SET batch = $1 WHERE number IN (SELECT number FROM callback"
    " WHERE client_id = $2 AND kind = $3 ORDER BY number LIMIT $4)";
inline constexpr std::string_view callbacksTaken =
    "SELECT destination_id, submission_id, case_id FROM callback WHERE client_id = $1"
    " AND batch = $2 ORDER BY number";
inline constexpr std::string_view callbackAddress =
    "SELECT url, authority, secret, failures FROM callback_address WHERE client_id = $1";
inline constexpr std::string_view everyCallbackSecret =
    "SELECT client_id, secret FROM callback_address";
inline constexpr std::string_view replaceCallbackSecret =
    "UPDATE callback_address SET secret = $1 WHERE client_id = $2";
inline constexpr std::string_view dropCallbackAddress =
    "DELETE FROM callback_address WHERE client_id = $1";
inline constexpr std::string_view dropCallbacksOf = "DELETE FROM callback WHERE client_id = $1";
inline constexpr std::string_view dropCallbacks =
    "DELETE FROM callback WHERE client_id = $1 AND batch = $2";
inline constexpr std::string_view settleCallbackAddress =
    "UPDATE callback_address SET failures = $1, not_before = $2 WHERE client_id = $3";
inline constexpr std::string_view dropOldCallbacks = "DELETE FROM callback WHERE made_at <= $1";

// jobs
inline constexpr std::string_view incompleteBefore =
    "SELECT id FROM submission WHERE state = 'announced' AND announced_at <= $1"
    " ORDER BY announced_at LIMIT 100";
inline constexpr std::string_view unfetchedToNotify =
    "SELECT id FROM submission WHERE state = 'submitted' AND notified = 0 AND submitted_at <= $1"
    " ORDER BY submitted_at LIMIT 100";
inline constexpr std::string_view noteNotified =
    "UPDATE submission SET notified = 1 WHERE id = $1 AND state = 'submitted' AND notified = 0";
inline constexpr std::string_view unfetchedBefore =
    "SELECT id FROM submission WHERE state = 'submitted' AND submitted_at <= $1"
    " ORDER BY submitted_at LIMIT 100";

// for the operator
inline constexpr std::string_view openAnnounced =
    "SELECT count(*), min(announced_at) FROM submission WHERE state = 'announced'";
inline constexpr std::string_view openSubmitted =
    "SELECT count(*), min(submitted_at) FROM submission WHERE state = 'submitted'";
inline constexpr std::string_view openCallbacks = "SELECT count(*), min(made_at) FROM callback";
inline constexpr std::string_view countHeld =
    "SELECT count(*) FROM submission WHERE state = 'submitted' AND notified = 1";
inline constexpr std::string_view countDeafAddresses =
    "SELECT count(*) FROM callback_address WHERE failures > 0";
inline constexpr std::string_view countNodes =
    "SELECT count(*) FROM journal_head WHERE closed_at IS NULL";
inline constexpr std::string_view countSilentNodes =
    "SELECT count(*) FROM journal_head WHERE closed_at IS NULL AND told_at <= $1";

// for invariants
inline constexpr std::string_view census =
    "SELECT client_id, envelope_id, id, case_id, state, digest FROM submission"
    " ORDER BY announced_at, id";

} // namespace amt::gateway::sql
