-- SPDX-License-Identifier: EUPL-1.2
--
-- Acts on accounts that look after others wait for a second person (Vier-Augen-Prinzip).

CREATE TABLE account_request (
    id           TEXT PRIMARY KEY,
    clerk_id     TEXT NOT NULL REFERENCES clerk (id),
    act          TEXT NOT NULL CHECK (act IN ('SetRoles', 'ResetPassword', 'ResetFactor')),
    roles        TEXT NOT NULL, -- as wished
    roles_before TEXT NOT NULL, -- when it was asked for: confirmed only while they stand
    reason       TEXT NOT NULL,
    asked_by     TEXT NOT NULL REFERENCES clerk (id),
    asked_at     INTEGER NOT NULL,
    UNIQUE (clerk_id, act)
) STRICT;

CREATE TABLE account_request_password ( -- opens nothing before it is confirmed
    request_id TEXT PRIMARY KEY REFERENCES account_request (id) ON DELETE CASCADE,
    salt       BLOB    NOT NULL,
    memory_kib INTEGER NOT NULL,
    passes     INTEGER NOT NULL,
    lanes      INTEGER NOT NULL,
    wrap_salt  TEXT    NOT NULL,
    wrapped    BLOB    NOT NULL
) STRICT;
