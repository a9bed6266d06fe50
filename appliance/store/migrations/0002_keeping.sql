-- SPDX-License-Identifier: EUPL-1.2
--
-- Keeping and letting go (sync.md 7): when the event log was last looked at, what a person has dealt with, the code that a
-- citizen asks with, and a journal whose old records may be reduced to their place in the chain.

ALTER TABLE envelope ADD COLUMN looked_at INTEGER;  -- newest time that the service answered with the event log
ALTER TABLE envelope ADD COLUMN settled_at INTEGER; -- a named person dealt with what was held or rejected; it is never sent
ALTER TABLE cases ADD COLUMN settled_at INTEGER;    -- the same for a case, whose envelope may never have been sealed
ALTER TABLE cases ADD COLUMN question_code TEXT NOT NULL DEFAULT ''; -- 40 random bits on the receipt; shows the state only

CREATE INDEX journal_unpruned ON journal (number) WHERE kind <> 'PRUNED';
DROP TRIGGER journal_stays;
CREATE TRIGGER journal_stays BEFORE UPDATE ON journal
    WHEN NOT (NEW.number = OLD.number AND NEW.previous_hash = OLD.previous_hash AND NEW.hash = OLD.hash
              AND NEW.time = OLD.time AND NEW.time_quality = OLD.time_quality
              AND NEW.kind = 'PRUNED' AND NEW.id = '' AND NEW.details = '{}')
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
