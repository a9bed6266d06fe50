-- The portal's end of the quota protocol (appointments-escrow.md): it owns the calendar of each tenant's scopes.

CREATE TABLE quota_meta (
    key TEXT PRIMARY KEY, -- 'epoch' and 'life' of this portal between two restores; 'lease', 'booking': last number given
    value TEXT NOT NULL
) STRICT;

CREATE TABLE quota_node (
    client_id TEXT PRIMARY KEY REFERENCES client (id),
    tenant_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'revoked')),
    shown_life TEXT NOT NULL, -- the life of the portal to which it has shown all that it holds (R10)
    challenge TEXT NOT NULL   -- what an unknown incarnation registers with
) STRICT;

-- R5: record `next` is the only one that is applied; `hash` is that of the record before it.
CREATE TABLE quota_stream (
    client_id TEXT NOT NULL REFERENCES quota_node (client_id),
    incarnation TEXT NOT NULL,
    public_key TEXT NOT NULL,
    from_number INTEGER NOT NULL,
    from_hash TEXT NOT NULL CHECK (length(from_hash) = 64),
    next INTEGER NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    grants INTEGER NOT NULL CHECK (grants >= 0), -- length of the grant log
    closed_at INTEGER,
    closed_why TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (client_id, incarnation)
) STRICT;

CREATE TABLE quota_grant (
    client_id TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    lease INTEGER NOT NULL,
    sell_until INTEGER NOT NULL,
    token TEXT NOT NULL, -- as signed
    PRIMARY KEY (client_id, incarnation, position),
    FOREIGN KEY (client_id, incarnation) REFERENCES quota_stream (client_id, incarnation)
) STRICT;

-- A cell without a row is free where the rules open it: a sale is an insert, and this key decides.
CREATE TABLE quota_cell (
    tenant_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    day TEXT NOT NULL CHECK (length(day) = 10),
    lane INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    idx INTEGER NOT NULL CHECK (idx BETWEEN 0 AND 299),
    state TEXT NOT NULL CHECK (state IN ('SOLD', 'LEASED', 'QUARANTINE', 'BLOCKED')),
    client_id TEXT,   -- to whom it is, or was, leased
    incarnation TEXT,
    lease INTEGER NOT NULL, -- serial; of a cell that the portal sold: the newest when it did
    booking TEXT,
    recalled INTEGER NOT NULL DEFAULT 0 CHECK (recalled IN (0, 1)),
    PRIMARY KEY (tenant_id, scope, day, lane, idx),
    CHECK ((state = 'SOLD') = (booking IS NOT NULL)),
    CHECK (state NOT IN ('LEASED', 'QUARANTINE') OR (client_id IS NOT NULL AND incarnation IS NOT NULL))
) STRICT;
CREATE INDEX quota_cell_booking ON quota_cell (booking) WHERE booking IS NOT NULL;
CREATE INDEX quota_cell_client ON quota_cell (client_id, incarnation, state);

CREATE TABLE quota_booking (
    id TEXT PRIMARY KEY, -- "<incarnation or life>:<number>"
    tenant_id TEXT NOT NULL,
    client_id TEXT, -- the node that booked; none: the portal
    state TEXT NOT NULL CHECK (state IN ('BOOKED', 'CANCELLED', 'CONFLICT', 'SUPERSEDED')),
    scope TEXT NOT NULL,
    day TEXT NOT NULL,
    lane INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    cells INTEGER NOT NULL CHECK (cells > 0),
    changed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE quota_tombstone ( -- cancelled here before its BOOK record came (R6)
    booking TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;

CREATE TABLE quota_scope ( -- opening rules as their home node told them
    tenant_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    home TEXT NOT NULL,
    version INTEGER NOT NULL,
    rules TEXT NOT NULL,
    PRIMARY KEY (tenant_id, scope)
) STRICT;

-- Records of closed streams (R8), kept and not applied.
CREATE TABLE quota_evidence (
    client_id TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    record INTEGER NOT NULL,
    hash TEXT NOT NULL,
    kind TEXT NOT NULL,
    details TEXT NOT NULL,
    taken_at INTEGER NOT NULL,
    PRIMARY KEY (client_id, incarnation, record, hash)
) STRICT;
-- What the portal did with cells beside records and sales: who, why.
CREATE TABLE quota_audit (
    number INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    act TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    reason TEXT NOT NULL,
    details TEXT NOT NULL
) STRICT;
