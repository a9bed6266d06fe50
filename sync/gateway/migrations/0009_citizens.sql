-- Appointments that citizens make at the portal (CITIZENS.md). Where one stands says its row in quota_booking; who comes rests sealed for the
-- town's desk, and nothing here can open it.

CREATE TABLE citizen_booking (
    id TEXT PRIMARY KEY, -- random UUID of whoever asks: asking twice books once
    tenant_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    token_hash TEXT NOT NULL CHECK (length(token_hash) = 64), -- SHA-256 of the capability that the asker made
    booking TEXT NOT NULL UNIQUE, -- quota_booking.id
    state TEXT NOT NULL CHECK (state IN ('RESERVED', 'CONFIRMED', 'CANCELLED', 'LAPSED')),
    services TEXT NOT NULL, -- JSON, keys and quantities
    minutes INTEGER NOT NULL CHECK (minutes > 0),
    day TEXT NOT NULL CHECK (length(day) = 10), -- as in quota_booking, for what is over
    due_at INTEGER, -- RESERVED: when it lapses; CANCELLED: when its cells, kept from being handed on, are free
    kid TEXT NOT NULL DEFAULT '',
    sealed TEXT NOT NULL DEFAULT '', -- name and contact, compact JWE for the desk key
    version INTEGER NOT NULL CHECK (version > 0),
    made_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    CHECK ((kid = '') = (sealed = '')),
    CHECK (state <> 'RESERVED' OR due_at IS NOT NULL)
) STRICT;
CREATE INDEX citizen_booking_due ON citizen_booking (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX citizen_booking_open ON citizen_booking (tenant_id, scope) WHERE state = 'RESERVED';
CREATE INDEX citizen_booking_day ON citizen_booking (day);
CREATE INDEX quota_booking_conflict ON quota_booking (state) WHERE state = 'CONFLICT';
