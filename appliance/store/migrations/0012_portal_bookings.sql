-- SPDX-License-Identifier: EUPL-1.2
--
-- Appointments that the portal has given, beside the node's own, and what people here want of the portal.

ALTER TABLE appointment ADD COLUMN at_portal INTEGER NOT NULL DEFAULT 0 CHECK (at_portal IN (0, 1)); -- its cells are there, not here
ALTER TABLE appointment ADD COLUMN displaced INTEGER NOT NULL DEFAULT 0 CHECK (displaced IN (0, 1)); -- somebody else has its place now
CREATE INDEX appointment_at_portal ON appointment (scope, day) WHERE at_portal = 1;

CREATE TABLE portal_wish ( -- said in the order of seq, each until it is answered
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    appointment TEXT    NOT NULL CHECK (length(appointment) = 36),
    body        TEXT    NOT NULL, -- booking_words.h; empty once it is answered: it may hold a sealed contact
    state       TEXT    NOT NULL CHECK (state IN ('Open', 'Done', 'Refused', 'Withdrawn')),
    refusal     TEXT    NOT NULL DEFAULT '', -- problem type
    made_at     INTEGER NOT NULL,
    CHECK ((state = 'Open') = (body <> ''))
) STRICT;
CREATE INDEX portal_wish_open ON portal_wish (seq) WHERE state = 'Open';
