-- SPDX-License-Identifier: EUPL-1.2
--
-- Accounts of clerks: what each may do, the second factor, and where a session sits.

CREATE TABLE clerk_role ( -- an account without a row is closed
    clerk_id TEXT NOT NULL REFERENCES clerk (id),
    role     TEXT NOT NULL CHECK (role IN ('Clerk', 'Reception', 'Lead', 'Treasurer', 'It')),
    PRIMARY KEY (clerk_id, role)
) STRICT;
-- Until now everybody might do everything. Who was there first looks after the others from here on.
INSERT INTO clerk_role (clerk_id, role) SELECT id, 'Clerk' FROM clerk;
INSERT INTO clerk_role (clerk_id, role) SELECT id, 'Lead' FROM clerk ORDER BY created_at, id LIMIT 1;
INSERT INTO clerk_role (clerk_id, role) SELECT id, 'It' FROM clerk ORDER BY created_at, id LIMIT 1;

CREATE TABLE second_factor ( -- RFC 6238, sealed under the data key of the desk
    clerk_id  TEXT PRIMARY KEY REFERENCES clerk (id),
    sealed    BLOB    NOT NULL,
    last_step INTEGER NOT NULL, -- of 30 s since 1970: a code counts once
    set_up_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER second_factor_once BEFORE UPDATE ON second_factor WHEN NEW.last_step <= OLD.last_step
    BEGIN SELECT RAISE(ABORT, 'a code counts once'); END;

ALTER TABLE clerk_session ADD COLUMN place TEXT NOT NULL DEFAULT ''; -- the browser's address
ALTER TABLE clerk_session ADD COLUMN proven_at INTEGER; -- the second factor was shown; NULL: not in this session
