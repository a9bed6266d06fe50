-- A long attachment in pieces of 256 KiB, for nobody has to hold it whole; a short one stands in attachment.jwe.
ALTER TABLE attachment ADD COLUMN bytes INTEGER; -- of the pieces together
CREATE TABLE attachment_piece (
    submission_id TEXT NOT NULL,
    attachment_id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number >= 0),
    jwe TEXT NOT NULL,
    PRIMARY KEY (submission_id, attachment_id, number),
    FOREIGN KEY (submission_id, attachment_id) REFERENCES attachment (submission_id, id)
) STRICT;
