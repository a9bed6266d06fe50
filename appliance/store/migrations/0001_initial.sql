-- SPDX-License-Identifier: EUPL-1.2
--
-- node.db, first schema. Instants are UTC milliseconds, money is cents, ids are UUIDs: version 7 for those that stay in the
-- house, random version 4 for those that leave it (envelopes, payments).

CREATE TABLE meta (
    key   TEXT PRIMARY KEY CHECK (length(key) > 0),
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('min_reader', '1'); -- oldest program (number of its newest migration) that may open it

-- The journal (sync.md 3): one chain for audit, outbox and payments; sync/outbox/FORMAT.md.
CREATE TABLE journal (
    number        INTEGER PRIMARY KEY CHECK (number > 0),
    kind          TEXT    NOT NULL CHECK (length(kind) BETWEEN 1 AND 32),
    id            TEXT    NOT NULL, -- what the record is about
    time          INTEGER NOT NULL,
    time_quality  TEXT    NOT NULL CHECK (time_quality IN ('portal', 'rtc', 'doubtful')),
    details       TEXT    NOT NULL, -- JSON object of texts: ids, digests, names of clerks
    previous_hash BLOB    NOT NULL CHECK (length(previous_hash) = 32),
    hash          BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX journal_id ON journal (id);
CREATE INDEX journal_time ON journal (time);
CREATE TRIGGER journal_stays BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_keeps BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

-- Whom we believe (sync.md 6, 10).
CREATE TABLE pinned_root (
    fingerprint TEXT PRIMARY KEY CHECK (length(fingerprint) = 64), -- SHA-256 of the certificate
    certificate BLOB NOT NULL,
    pinned_at   INTEGER NOT NULL
) STRICT;
CREATE TABLE service_key (
    issuer    TEXT    NOT NULL,
    kid       TEXT    NOT NULL,
    jwk       TEXT    NOT NULL,
    pinned    INTEGER NOT NULL CHECK (pinned IN (0, 1)), -- 0: seen, waits for IT, not believed
    seen_at   INTEGER NOT NULL,
    PRIMARY KEY (issuer, kid)
) STRICT;
CREATE TABLE destination (
    id              TEXT PRIMARY KEY CHECK (length(id) = 36),
    document        TEXT NOT NULL,
    encryption_key  TEXT NOT NULL, -- JWK with its chain
    encryption_kid  TEXT NOT NULL,
    fingerprint     TEXT NOT NULL,
    confirmed_at    INTEGER NOT NULL -- last time that document and key were brought and found good
) STRICT;
CREATE TABLE destination_signature_key (
    destination_id TEXT NOT NULL REFERENCES destination (id),
    kid            TEXT NOT NULL,
    jwk            TEXT NOT NULL,
    PRIMARY KEY (destination_id, kid)
) STRICT;

-- People (sync.md 1). The data key seals the desk key's private half and is wrapped for each holder.
CREATE TABLE desk_key (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    kid            TEXT    NOT NULL,
    public_key     BLOB    NOT NULL, -- SubjectPublicKeyInfo
    sealed_private BLOB    NOT NULL, -- PKCS#8 under the data key
    made_at        INTEGER NOT NULL
) STRICT;
CREATE TABLE clerk (
    id         TEXT PRIMARY KEY CHECK (length(id) = 36),
    name       TEXT    NOT NULL UNIQUE COLLATE NOCASE,
    salt       BLOB    NOT NULL CHECK (length(salt) >= 16), -- Argon2id
    memory_kib INTEGER NOT NULL CHECK (memory_kib > 0),
    passes     INTEGER NOT NULL CHECK (passes > 0),
    lanes      INTEGER NOT NULL CHECK (lanes > 0),
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE data_key_wrap (
    holder  TEXT PRIMARY KEY CHECK (holder IN ('setup', 'recovery') OR holder LIKE 'clerk:%'),
    salt    TEXT NOT NULL, -- of deriveKey
    wrapped BLOB NOT NULL
) STRICT;
CREATE TABLE setup_code (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    made_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE TABLE recovery_half (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    half    BLOB    NOT NULL CHECK (length(half) = 32), -- the other half is on paper
    made_at INTEGER NOT NULL
) STRICT;
CREATE TABLE clerk_session (
    token_hash TEXT PRIMARY KEY CHECK (length(token_hash) = 64),
    clerk_id   TEXT    NOT NULL REFERENCES clerk (id),
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT;
CREATE TABLE sign_in_delay (
    name_hash TEXT PRIMARY KEY CHECK (length(name_hash) = 64),
    failures  INTEGER NOT NULL CHECK (failures > 0),
    last_at   INTEGER NOT NULL
) STRICT;

-- Cases and their drafts.
CREATE TABLE draft (
    visit_id   TEXT PRIMARY KEY CHECK (length(visit_id) > 0),
    sealed     BLOB    NOT NULL, -- under the visit's key
    changed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE cases (
    id             TEXT PRIMARY KEY CHECK (length(id) = 36),
    visit_id       TEXT    NOT NULL,
    envelope_id    TEXT    NOT NULL UNIQUE CHECK (length(envelope_id) = 36),
    reference      TEXT    NOT NULL UNIQUE,
    cash_reference TEXT    NOT NULL UNIQUE,
    service_key    TEXT    NOT NULL CHECK (length(service_key) = 14),
    state          TEXT    NOT NULL CHECK (state IN ('Recorded', 'Sealed', 'Held')),
    held_reason    TEXT    NOT NULL DEFAULT '' CHECK ((state = 'Held') = (held_reason <> '')),
    fee            INTEGER NOT NULL CHECK (fee >= 0),
    settlement     TEXT    NOT NULL CHECK (settlement IN ('Open', 'Card', 'AtDesk', 'NoFee')),
    capture_day    TEXT    NOT NULL CHECK (length(capture_day) = 10),
    created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX cases_created ON cases (created_at);
CREATE INDEX cases_visit ON cases (visit_id);
CREATE INDEX cases_state ON cases (state);
CREATE TABLE desk_copy (
    case_id TEXT PRIMARY KEY REFERENCES cases (id),
    kid     TEXT NOT NULL,
    sealed  TEXT NOT NULL -- JWE compact for the desk key
) STRICT;

-- The till. The two indexes say it once more, below all code: one case is never charged twice, and the terminal has one
-- payment at a time that is not known yet.
CREATE TABLE payment (
    id           TEXT PRIMARY KEY CHECK (length(id) = 36),
    case_id      TEXT    NOT NULL REFERENCES cases (id),
    terminal     TEXT    NOT NULL DEFAULT 'kiosk',
    state        TEXT    NOT NULL CHECK (state IN ('Ordered', 'Authorising', 'Approved', 'Declined', 'Unresolved', 'Reversed',
                                                   'NotStarted')),
    amount       INTEGER NOT NULL CHECK (amount > 0),
    last_receipt INTEGER,
    record       TEXT,    -- the terminal's newest word, as JSON
    decided_by   TEXT    NOT NULL DEFAULT '',
    ordered_at   INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX payment_case ON payment (case_id);
CREATE UNIQUE INDEX payment_once ON payment (case_id) WHERE state IN ('Ordered', 'Authorising', 'Unresolved', 'Approved');
CREATE UNIQUE INDEX payment_alone ON payment (terminal) WHERE state IN ('Ordered', 'Authorising', 'Unresolved');
CREATE TABLE payment_evidence (
    number     INTEGER PRIMARY KEY,
    payment_id TEXT    NOT NULL REFERENCES payment (id),
    kind       TEXT    NOT NULL,
    record     TEXT,
    receipt    INTEGER, -- of the record, when it names one
    time       INTEGER NOT NULL
) STRICT;
CREATE INDEX payment_evidence_payment ON payment_evidence (payment_id);
CREATE INDEX payment_evidence_receipt ON payment_evidence (number) WHERE receipt IS NOT NULL;

-- The outbox.
CREATE TABLE envelope (
    id              TEXT PRIMARY KEY CHECK (length(id) = 36),
    state           TEXT    NOT NULL CHECK (state IN ('SEALED', 'STORED', 'ACCEPTED', 'REJECTED', 'HELD', 'PURGED')),
    held_from       TEXT    CHECK (held_from IN ('SEALED', 'STORED')),
    held_reason     TEXT    NOT NULL DEFAULT '',
    destination_id  TEXT    NOT NULL,
    service_key     TEXT    NOT NULL,
    service_name    TEXT    NOT NULL,
    region_key      TEXT    NOT NULL,
    kid             TEXT    NOT NULL,
    fingerprint     TEXT    NOT NULL,
    capture_day     TEXT    NOT NULL,
    sealed_at       INTEGER NOT NULL,
    submission_id   TEXT UNIQUE,
    service_case_id TEXT,
    events_seen     INTEGER NOT NULL DEFAULT 0 CHECK (events_seen >= 0),
    stored_at       INTEGER,
    closed_at       INTEGER,
    CHECK ((state = 'HELD') = (held_from IS NOT NULL)),
    CHECK ((submission_id IS NULL) = (service_case_id IS NULL))
) STRICT;
CREATE INDEX envelope_state ON envelope (state, sealed_at);
CREATE TABLE envelope_part (
    envelope_id TEXT    NOT NULL REFERENCES envelope (id),
    part        TEXT    NOT NULL, -- 'metadata', 'data' or the id of an attachment
    tag         TEXT    NOT NULL, -- authentication tag of the JWE: what receipts name
    size        INTEGER NOT NULL CHECK (size > 0),
    digest      BLOB    NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (envelope_id, part)
) STRICT;
CREATE TABLE envelope_chunk (
    envelope_id TEXT    NOT NULL,
    part        TEXT    NOT NULL,
    number      INTEGER NOT NULL CHECK (number >= 0),
    bytes       BLOB    NOT NULL CHECK (length(bytes) BETWEEN 1 AND 262144),
    PRIMARY KEY (envelope_id, part, number),
    FOREIGN KEY (envelope_id, part) REFERENCES envelope_part (envelope_id, part)
) STRICT;
CREATE TABLE announcement (
    submission_id   TEXT PRIMARY KEY,
    envelope_id     TEXT    NOT NULL REFERENCES envelope (id),
    service_case_id TEXT    NOT NULL,
    announced_at    INTEGER NOT NULL,
    lost_at         INTEGER
) STRICT;
CREATE INDEX announcement_envelope ON announcement (envelope_id);
CREATE TABLE event (
    jti           TEXT PRIMARY KEY, -- never seen before
    envelope_id   TEXT    NOT NULL REFERENCES envelope (id),
    submission_id TEXT    NOT NULL,
    position      INTEGER NOT NULL CHECK (position >= 0), -- in the case's event log
    kind          TEXT    NOT NULL,
    token         TEXT    NOT NULL, -- the whole JWS: receipts are kept
    problems      TEXT,             -- JSON, of a rejection
    received_at   INTEGER NOT NULL,
    UNIQUE (envelope_id, submission_id, position)
) STRICT;

-- Small things of the hall.
CREATE TABLE help_call (
    id         TEXT PRIMARY KEY CHECK (length(id) = 36),
    device     TEXT    NOT NULL,
    called_at  INTEGER NOT NULL,
    taken_at   INTEGER,
    taken_by   TEXT
) STRICT;
CREATE UNIQUE INDEX help_call_open ON help_call (device) WHERE taken_at IS NULL;
CREATE TABLE print_job (
    id         TEXT PRIMARY KEY,
    number     INTEGER NOT NULL UNIQUE,
    case_id    TEXT    NOT NULL REFERENCES cases (id),
    state      TEXT    NOT NULL CHECK (state IN ('printing', 'printed', 'paperOut', 'coverOpen', 'noPrinter', 'interrupted',
                                                 'failed')),
    begun_at   INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT;
CREATE INDEX print_job_case ON print_job (case_id);
