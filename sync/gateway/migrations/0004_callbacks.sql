-- Whom to tell that something is new. Both ends need the secret: here it stands sealed under a key of the gateways
-- (callbacks.h).
CREATE TABLE callback_address (
    client_id TEXT PRIMARY KEY REFERENCES client (id),
    url TEXT NOT NULL CHECK (url LIKE 'https://%'),
    authority TEXT NOT NULL, -- PEM
    secret TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0, -- in a row
    not_before INTEGER NOT NULL DEFAULT 0 -- also while a gateway is at it
) STRICT;

-- What a client has still to be told; a row goes when it was answered.
CREATE TABLE callback (
    number INTEGER PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id),
    kind TEXT NOT NULL CHECK (kind IN ('new-submissions', 'new-events')),
    destination_id TEXT NOT NULL,
    submission_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    batch TEXT -- of the newest attempt
) STRICT;
CREATE INDEX callback_by_client ON callback (client_id, kind, number);
