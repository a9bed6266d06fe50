-- SPDX-License-Identifier: EUPL-1.2
--
-- Calendars of desks that other programs subscribe to (iCalendar). Whoever has the address may read; only its hash rests here.

CREATE TABLE calendar_feed (
    desk       TEXT PRIMARY KEY CHECK (length(desk) > 0), -- as in the queue's plan
    token_hash TEXT NOT NULL UNIQUE CHECK (length(token_hash) = 64), -- SHA-256 of the address's secret, hex
    made_at    INTEGER NOT NULL,
    made_by    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
