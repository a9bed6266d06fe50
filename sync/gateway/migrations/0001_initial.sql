-- The gateway's books. Instants are UTC milliseconds; a JWE is ASCII text. Rows of `event` are never changed or deleted.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
INSERT INTO meta (key, value) VALUES ('min_reader', '1');

CREATE TABLE client (
    id TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL, -- SHA-256, hex; the secret has 256 random bits
    scopes TEXT NOT NULL       -- divided by blanks
) STRICT;

CREATE TABLE access_token (
    hash TEXT PRIMARY KEY, -- SHA-256, hex
    client_id TEXT NOT NULL REFERENCES client (id),
    scopes TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE destination (
    id TEXT PRIMARY KEY,
    owner_id TEXT NOT NULL REFERENCES client (id),
    status TEXT NOT NULL CHECK (status IN ('created', 'active', 'inactive')),
    document TEXT NOT NULL -- JSON as answered, without status
) STRICT;

CREATE TABLE destination_key (
    destination_id TEXT NOT NULL REFERENCES destination (id),
    kid TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('encrypt', 'verify')),
    jwk TEXT NOT NULL,
    PRIMARY KEY (destination_id, kid)
) STRICT;

-- Vorgang: what belongs together at one destination
CREATE TABLE case_file (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id),
    destination_id TEXT NOT NULL REFERENCES destination (id)
) STRICT;

CREATE TABLE submission (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_file (id),
    client_id TEXT NOT NULL REFERENCES client (id),
    destination_id TEXT NOT NULL REFERENCES destination (id),
    envelope_id TEXT, -- the Idempotency-Key, if one came
    service TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('announced', 'submitted', 'accepted', 'rejected', 'deleted')),
    announced_at INTEGER NOT NULL,
    submitted_at INTEGER,
    notified INTEGER NOT NULL DEFAULT 0,
    metadata TEXT, -- JWE; gone when the submission is closed
    data TEXT,
    metadata_digest TEXT, -- SHA-256 of the JWE, hex; stays for ever
    data_digest TEXT,
    digest TEXT -- over all parts
) STRICT;
CREATE INDEX submission_by_destination ON submission (destination_id, state, submitted_at, id);
CREATE INDEX submission_by_state ON submission (state, announced_at);
CREATE INDEX submission_by_envelope ON submission (client_id, envelope_id);

CREATE TABLE attachment (
    submission_id TEXT NOT NULL REFERENCES submission (id),
    id TEXT NOT NULL,
    jwe TEXT,
    digest TEXT,
    tag TEXT,
    PRIMARY KEY (submission_id, id)
) STRICT;

CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES case_file (id),
    submission_id TEXT NOT NULL REFERENCES submission (id),
    jti TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    token TEXT NOT NULL, -- compact JWS
    logged_at INTEGER NOT NULL
) STRICT;
CREATE INDEX event_by_case ON event (case_id, number);
CREATE INDEX event_by_submission ON event (submission_id, number);

-- What every envelope id was answered with. The newest announcement of an id stands; the ones before died incomplete.
CREATE TABLE idempotency (
    client_id TEXT NOT NULL REFERENCES client (id),
    envelope_id TEXT NOT NULL,
    digest TEXT NOT NULL, -- over the announcement
    submission_id TEXT NOT NULL REFERENCES submission (id),
    PRIMARY KEY (client_id, envelope_id)
) STRICT;
