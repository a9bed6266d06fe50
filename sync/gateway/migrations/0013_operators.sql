-- How each node is by its own word, told with the head of its journal. Figures, nothing of anybody.
CREATE TABLE node_report (
    client_id TEXT PRIMARY KEY REFERENCES client (id),
    told_at INTEGER NOT NULL,
    version TEXT NOT NULL,
    waiting INTEGER NOT NULL CHECK (waiting >= 0), -- cases that have not left it
    held INTEGER NOT NULL CHECK (held >= 0),       -- cases that wait for a clerk's decision
    oldest_at INTEGER                              -- since when the oldest waits
) STRICT;

-- Who may see the operators' pages. A one-time code (its SHA-256 is here) lets its bearer set password and second factor; the
-- secret of the second factor is sealed under the password's key, and there is no other hash of the password: right is what opens.
CREATE TABLE operator_account (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    entered_at INTEGER NOT NULL,
    code_hash TEXT NOT NULL DEFAULT '',
    code_until INTEGER NOT NULL DEFAULT 0,
    salt TEXT NOT NULL DEFAULT '', -- hexadecimal
    memory_kib INTEGER NOT NULL DEFAULT 0,
    passes INTEGER NOT NULL DEFAULT 0,
    lanes INTEGER NOT NULL DEFAULT 0,
    sealed TEXT NOT NULL DEFAULT '', -- base64url; empty: does not sign in
    last_step INTEGER NOT NULL DEFAULT 0, -- of the second factor: a code counts once
    ended_at INTEGER
) STRICT;

CREATE TABLE operator_session (
    token_hash TEXT PRIMARY KEY,
    operator_id TEXT NOT NULL REFERENCES operator_account (id),
    place TEXT NOT NULL, -- the browser's address
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;

CREATE TABLE operator_delay ( -- wrong tries
    name_hash TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT;
