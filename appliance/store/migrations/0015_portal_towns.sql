-- SPDX-License-Identifier: EUPL-1.2
--
-- Towns with several nodes at a portal, and towns that move in with appointments.

CREATE TABLE rules_elsewhere ( -- opening rules that are edited at another node of the town (appointments-escrow.md 1)
    scope TEXT PRIMARY KEY
) STRICT;

ALTER TABLE portal_wish ADD COLUMN waits INTEGER NOT NULL DEFAULT 0 CHECK (waits IN (0, 1)); -- nobody stands there: said after all others
CREATE INDEX portal_wish_of ON portal_wish (appointment);
