-- SPDX-License-Identifier: EUPL-1.2
--
-- Sign-in by the town's identity provider: whose account a (issuer, sub) is. The desk key still opens with the password only.

CREATE TABLE clerk_identity ( -- OpenID Connect Core 1.0, 2: only the two together name somebody
    clerk_id TEXT PRIMARY KEY REFERENCES clerk (id),
    issuer   TEXT NOT NULL CHECK (length(issuer) > 0),
    subject  TEXT NOT NULL CHECK (length(subject) > 0),
    bound_at INTEGER NOT NULL,
    UNIQUE (issuer, subject)
) STRICT;

CREATE TABLE binding_code ( -- handed over by whoever looks after the account; used once
    clerk_id  TEXT PRIMARY KEY REFERENCES clerk (id),
    code_hash TEXT NOT NULL UNIQUE CHECK (length(code_hash) = 64), -- SHA-256, hex
    made_at   INTEGER NOT NULL
) STRICT;

ALTER TABLE clerk_session ADD COLUMN by_provider INTEGER NOT NULL DEFAULT 0 CHECK (by_provider IN (0, 1));
ALTER TABLE clerk_session ADD COLUMN provider_factor INTEGER NOT NULL DEFAULT 0 CHECK (provider_factor IN (0, 1)); -- and it vouches for a second one
