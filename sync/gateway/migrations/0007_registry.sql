-- Who takes part: entered and revoked by whoever runs the gateway. Of a revoked client secret_hash is 'revoked', which no
-- secret has, and scopes are empty, so that an older program refuses it, too.
ALTER TABLE client ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE client ADD COLUMN role TEXT NOT NULL DEFAULT ''; -- node, sender, office; empty: entered by a set-up
ALTER TABLE client ADD COLUMN entered_at INTEGER;
ALTER TABLE destination ADD COLUMN revoked_at INTEGER;

-- What operators did; rows are never changed or deleted.
CREATE TABLE operator_act (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL, -- id of a client or a destination
    by_whom TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX operator_act_by_subject ON operator_act (subject, number);
