-- SPDX-License-Identifier: EUPL-1.2
--
-- Replies of an authority in a case (sync/REPLIES.md): as sealed as they came, for the desk key. One reply is taken
-- once: its id, the service's submit event and the ciphertext are each known for as long as the row stays.

CREATE TABLE reply (
    id              TEXT PRIMARY KEY CHECK (length(id) = 36),
    service_case_id TEXT    NOT NULL,
    envelope_id     TEXT,    -- of the case; nothing when no case of ours has that id
    state           TEXT    NOT NULL CHECK (state IN ('ARRIVING', 'KEPT', 'ACCEPTED', 'REFUSED')),
    submit_jti      TEXT UNIQUE, -- of the service's event that names the tags
    problems        TEXT,    -- JSON, of a refusal
    unreadable      INTEGER NOT NULL DEFAULT 0 CHECK (unreadable IN (0, 1)), -- accepted by age, and then not to be opened
    received_at     INTEGER NOT NULL,
    judged_at       INTEGER, -- accepted or refused
    told_at         INTEGER, -- the service knows
    opened_at       INTEGER, -- first read by a clerk
    settled_at      INTEGER, -- a named person dealt with it
    CHECK ((state IN ('ACCEPTED', 'REFUSED')) = (judged_at IS NOT NULL))
) STRICT;
CREATE INDEX reply_envelope ON reply (envelope_id);
CREATE INDEX reply_state ON reply (state, received_at);
CREATE TABLE reply_part (
    reply_id  TEXT    NOT NULL REFERENCES reply (id),
    part      TEXT    NOT NULL, -- 'metadata', 'data' or the id of an attachment
    tag       TEXT    NOT NULL DEFAULT '', -- authentication tag of the JWE; empty until it is whole
    size      INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0), -- of what came
    digest    BLOB    CHECK (length(digest) = 32), -- SHA-256; nothing until it is whole
    too_large INTEGER NOT NULL DEFAULT 0 CHECK (too_large IN (0, 1)), -- its text is not kept
    PRIMARY KEY (reply_id, part)
) STRICT;
CREATE INDEX reply_part_tag ON reply_part (tag);
CREATE TABLE reply_chunk (
    reply_id TEXT    NOT NULL,
    part     TEXT    NOT NULL,
    number   INTEGER NOT NULL CHECK (number >= 0),
    bytes    BLOB    NOT NULL CHECK (length(bytes) BETWEEN 1 AND 262144),
    PRIMARY KEY (reply_id, part, number),
    FOREIGN KEY (reply_id, part) REFERENCES reply_part (reply_id, part)
) STRICT;
