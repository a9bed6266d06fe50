// SPDX-License-Identifier: EUPL-1.2
//
// The SQL of replies, in words that SQLite and PostgreSQL share (statements.h).
#pragma once

#include <string_view>

namespace amt::gateway::sql {

/// What a client asks for by its id is found if it gets the reply or gives it; without a client
/// (the service itself asks) always.
inline constexpr std::string_view replyById =
    "SELECT id, case_id, submission_id, client_id, owner_id, state, metadata, data,"
    " metadata_digest, data_digest FROM reply WHERE id = $1"
    " AND (client_id = $2 OR owner_id = $2 OR $2 IS NULL)";
inline constexpr std::string_view replyClaim =
    "SELECT id, announcement_digest, state FROM reply WHERE owner_id = $1 AND idempotency_key = $2";
inline constexpr std::string_view dropReplyClaim =
    "UPDATE reply SET idempotency_key = NULL WHERE id = $1";
inline constexpr std::string_view newestSubmitted =
    "SELECT id FROM submission WHERE case_id = $1 AND state NOT IN ('announced', 'deleted')"
    " ORDER BY submitted_at DESC, id LIMIT 1";
inline constexpr std::string_view addReply =
    "INSERT INTO reply (id, case_id, submission_id, client_id, owner_id, idempotency_key,"
    " announcement_digest, state, announced_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'announced',"
    " $8)";
inline constexpr std::string_view addReplyAttachment =
    "INSERT INTO reply_attachment (reply_id, id) VALUES ($1, $2)";
inline constexpr std::string_view replyAttachments =
    "SELECT id, coalesce(digest, ''), coalesce(tag, ''), bytes FROM reply_attachment"
    " WHERE reply_id = $1 ORDER BY id";
inline constexpr std::string_view replyAttachment =
    "SELECT jwe FROM reply_attachment WHERE reply_id = $1 AND id = $2";
inline constexpr std::string_view storeReplyAttachment =
    "UPDATE reply_attachment SET jwe = $1, bytes = $2, digest = $3, tag = $4"
    " WHERE reply_id = $5 AND id = $6";
inline constexpr std::string_view storeReply =
    "UPDATE reply SET state = 'submitted', submitted_at = $1, metadata = $2, data = $3,"
    " metadata_digest = $4, data_digest = $5 WHERE id = $6";
inline constexpr std::string_view closeReply =
    "UPDATE reply SET state = $1, metadata = NULL, data = NULL WHERE id = $2";
inline constexpr std::string_view dropReplyAttachments =
    "UPDATE reply_attachment SET jwe = NULL WHERE reply_id = $1";
inline constexpr std::string_view repliesFor =
    "SELECT id, case_id FROM reply WHERE client_id = $1 AND state = 'submitted'"
    " ORDER BY submitted_at, id LIMIT $2 OFFSET $3";
inline constexpr std::string_view countRepliesFor =
    "SELECT count(*) FROM reply WHERE client_id = $1 AND state = 'submitted'";
inline constexpr std::string_view addReplyEvent =
    "INSERT INTO event (case_id, submission_id, reply_id, jti, kind, token, logged_at)"
    " SELECT case_id, submission_id, id, $1, $2, $3, $4 FROM reply WHERE id = $5";
inline constexpr std::string_view eventsOfReply =
    "SELECT token FROM event WHERE reply_id = $1 ORDER BY number LIMIT $2 OFFSET $3";
inline constexpr std::string_view incompleteReplies =
    "SELECT id FROM reply WHERE state = 'announced' AND announced_at <= $1"
    " ORDER BY announced_at LIMIT 100";
inline constexpr std::string_view unfetchedReplies =
    "SELECT id FROM reply WHERE state = 'submitted' AND submitted_at <= $1"
    " ORDER BY submitted_at LIMIT 100";

} // namespace amt::gateway::sql
