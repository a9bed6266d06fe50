-- SPDX-License-Identifier: EUPL-1.2
--
-- What the portal has taken of the journal, by the day on which it said so: records that it did not take, or took less than 30
-- days ago, are not pruned (appointments-escrow R10). It is of one life: the
-- next one begins without a row.

CREATE TABLE quota_taken (
    day  TEXT PRIMARY KEY CHECK (length(day) = 10),
    next INTEGER NOT NULL CHECK (next >= 0) -- the record that it wanted next
) STRICT, WITHOUT ROWID;
