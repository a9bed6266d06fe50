-- Replies of an office in a case, sealed for whoever sent it. The payload goes with the receiver's answer; ids, digests and
-- result stay, so that one reply is taken once.
CREATE TABLE reply (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_file (id),
    submission_id TEXT NOT NULL REFERENCES submission (id), -- the newest of the case when the reply was announced
    client_id TEXT NOT NULL REFERENCES client (id), -- who sent the case and gets the reply
    owner_id TEXT NOT NULL REFERENCES client (id),  -- of the destination, who replies
    idempotency_key TEXT, -- if one came
    announcement_digest TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('announced', 'submitted', 'accepted', 'rejected', 'deleted')),
    announced_at INTEGER NOT NULL,
    submitted_at INTEGER,
    metadata TEXT, -- JWE; gone when the reply is closed
    data TEXT,
    metadata_digest TEXT, -- SHA-256 of the JWE, hex; stays for ever
    data_digest TEXT,
    UNIQUE (owner_id, idempotency_key)
) STRICT;
CREATE INDEX reply_by_client ON reply (client_id, state, submitted_at, id);
CREATE INDEX reply_by_state ON reply (state, announced_at);

CREATE TABLE reply_attachment (
    reply_id TEXT NOT NULL REFERENCES reply (id),
    id TEXT NOT NULL,
    jwe TEXT,
    bytes INTEGER NOT NULL DEFAULT 0, -- of the JWE
    digest TEXT,
    tag TEXT,
    PRIMARY KEY (reply_id, id)
) STRICT;

-- Events of replies stand in the log of their case, beside those of its submissions.
ALTER TABLE event ADD COLUMN reply_id TEXT;
CREATE INDEX event_by_reply ON event (reply_id, number);
