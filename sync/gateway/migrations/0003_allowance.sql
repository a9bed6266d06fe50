-- How much of its calls a client has used up: all that is left comes back by this instant (GCRA: one number is a bucket).
CREATE TABLE allowance (
    client_id TEXT PRIMARY KEY REFERENCES client (id),
    spent_until INTEGER NOT NULL
) STRICT;
