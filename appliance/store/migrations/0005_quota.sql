-- SPDX-License-Identifier: EUPL-1.2
--
-- The node's end of the quota protocol (appointments-escrow.md): booking ids, what a portal leased to this node, and how far
-- the grant log was taken. All of it but the booking ids is deleted from each copy (R7).

-- (incarnation, journal number) of the BOOK record, "<incarnation>:<number>"; empty while nothing is booked.
ALTER TABLE appointment ADD COLUMN booking_id TEXT NOT NULL DEFAULT '';

CREATE TABLE lease ( -- cells name their lease by its serial
    serial     INTEGER PRIMARY KEY CHECK (serial > 0), -- rises over all leases of the portal
    number     INTEGER NOT NULL UNIQUE CHECK (number >= 0), -- in the grant log of this incarnation
    sell_until INTEGER NOT NULL,
    expired    INTEGER NOT NULL DEFAULT 0 CHECK (expired IN (0, 1)) -- its cells are not sold any more, only given back
) STRICT;
CREATE TABLE quota_state ( -- no row: this node has no lease store, and owns nothing
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    incarnation      TEXT    NOT NULL CHECK (length(incarnation) = 36),
    stream_from      INTEGER NOT NULL CHECK (stream_from >= 0), -- the journal's head when the lease store was made
    stream_from_hash BLOB    NOT NULL CHECK (length(stream_from_hash) = 32),
    grants           INTEGER NOT NULL DEFAULT 0 CHECK (grants >= 0), -- the next grant that is taken
    portal_epoch     INTEGER NOT NULL DEFAULT 0, -- grants of another life of the portal are not taken
    portal_life      TEXT    NOT NULL DEFAULT '',
    fenced           INTEGER NOT NULL DEFAULT 0 CHECK (fenced IN (0, 1)) -- the portal closed this incarnation: nothing is sold
) STRICT;
