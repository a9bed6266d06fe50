-- SPDX-License-Identifier: EUPL-1.2
--
-- The calendar: opening rules with their history, appointments, and the lane ledger (appointments-escrow.md 6). No personal
-- data stands here in clear: who comes rests sealed for the desk key.

CREATE TABLE opening_rules ( -- one row for each change; the newest of a scope counts, an undo is a new row
    scope    TEXT    NOT NULL CHECK (length(scope) BETWEEN 1 AND 64),
    version  INTEGER NOT NULL CHECK (version > 0),
    rules    TEXT    NOT NULL, -- JSON, appliance/office/calendar/rules.h
    restores INTEGER CHECK (restores > 0 AND restores < version), -- an undo: the version whose rules came back
    saved_at INTEGER NOT NULL,
    saved_by TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    PRIMARY KEY (scope, version)
) STRICT;

CREATE TABLE appointment (
    id             TEXT PRIMARY KEY CHECK (length(id) = 36), -- random v4, made by whoever asks: asking twice books once
    code           TEXT    NOT NULL UNIQUE,                  -- what a citizen types at the kiosk
    scope          TEXT    NOT NULL,
    day            TEXT    NOT NULL CHECK (length(day) = 10),
    lane           INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    first_cell     INTEGER NOT NULL CHECK (first_cell BETWEEN 0 AND 299),
    cells          INTEGER NOT NULL CHECK (cells > 0 AND first_cell + cells <= 300),
    minutes        INTEGER NOT NULL CHECK (minutes > 0),
    starts_at      INTEGER NOT NULL,
    services       TEXT    NOT NULL, -- JSON: keys and quantities
    booker         TEXT    NOT NULL CHECK (booker IN ('Public', 'Staff')),
    state          TEXT    NOT NULL CHECK (state IN ('Reserved', 'Confirmed', 'Cancelled', 'Lapsed')),
    reserved_until INTEGER,
    version        INTEGER NOT NULL CHECK (version > 0), -- rises with each change: compare and set
    kid            TEXT    NOT NULL DEFAULT '',
    sealed         TEXT    NOT NULL DEFAULT '', -- name and contact, JWE compact for the desk key
    made_at        INTEGER NOT NULL,
    changed_at     INTEGER NOT NULL,
    CHECK ((state = 'Reserved') = (reserved_until IS NOT NULL)),
    CHECK ((kid = '') = (sealed = ''))
) STRICT;
CREATE INDEX appointment_day ON appointment (scope, day);
CREATE INDEX appointment_reserved ON appointment (reserved_until) WHERE reserved_until IS NOT NULL;

-- A cell without a row is free where the rules open it; a sale is an insert, and this key decides. OWN and lease are for cells
-- that a portal leased to this node; only those rows exist before they are booked.
CREATE TABLE cell (
    scope   TEXT    NOT NULL,
    day     TEXT    NOT NULL CHECK (length(day) = 10),
    lane    INTEGER NOT NULL CHECK (lane BETWEEN 0 AND 63),
    idx     INTEGER NOT NULL CHECK (idx BETWEEN 0 AND 299), -- five minutes each, since the day began
    lease   INTEGER CHECK (lease > 0),
    state   TEXT    NOT NULL CHECK (state IN ('OWN', 'BOOKED', 'BLOCKED')),
    booking TEXT    REFERENCES appointment (id),
    until   INTEGER, -- when it becomes free by itself: the end of a reservation or of a block
    PRIMARY KEY (scope, day, lane, idx),
    CHECK ((state = 'BOOKED') = (booking IS NOT NULL)),
    CHECK (state <> 'OWN' OR (lease IS NOT NULL AND until IS NULL)),
    CHECK (state <> 'BLOCKED' OR until IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX cell_until ON cell (until) WHERE until IS NOT NULL;
