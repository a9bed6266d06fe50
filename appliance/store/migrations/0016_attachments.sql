-- SPDX-License-Identifier: EUPL-1.2
--
-- Attachments (Anlagen) that a clerk adds to a case before it goes out: sealed for the destination as they come, in
-- rows of their own, because the envelope comes later. Its parts then name them, and nothing is copied.

CREATE TABLE attachment (
    id             TEXT PRIMARY KEY CHECK (length(id) = 36),
    envelope_id    TEXT    NOT NULL CHECK (length(envelope_id) = 36), -- of the case
    destination_id TEXT    NOT NULL, -- for whom it is sealed
    kid            TEXT    NOT NULL,
    begun_at       INTEGER NOT NULL,
    tag            TEXT, -- authentication tag of the JWE; nothing until it is whole
    size           INTEGER CHECK (size > 0), -- of the JWE
    digest         BLOB    CHECK (length(digest) = 32),
    desk_kid       TEXT,
    description    TEXT, -- name, kind, size, SHA-512: JWE compact for the desk key
    CHECK ((tag IS NULL) = (size IS NULL) AND (tag IS NULL) = (digest IS NULL) AND
           (tag IS NULL) = (desk_kid IS NULL) AND (tag IS NULL) = (description IS NULL))
) STRICT;
CREATE INDEX attachment_envelope ON attachment (envelope_id);
CREATE TABLE attachment_chunk (
    attachment_id TEXT    NOT NULL REFERENCES attachment (id),
    number        INTEGER NOT NULL CHECK (number >= 0),
    bytes         BLOB    NOT NULL CHECK (length(bytes) BETWEEN 1 AND 262144),
    PRIMARY KEY (attachment_id, number)
) STRICT;
