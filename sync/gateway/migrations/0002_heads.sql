-- The newest head of each node's journal that was told here, by the node's life. What is closed (another life began after
-- it) takes nothing any more.
CREATE TABLE journal_head (
    client_id TEXT NOT NULL REFERENCES client (id),
    incarnation TEXT NOT NULL,
    record INTEGER NOT NULL CHECK (record >= 0),
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    told_at INTEGER NOT NULL,
    closed_at INTEGER,
    PRIMARY KEY (client_id, incarnation)
) STRICT;
