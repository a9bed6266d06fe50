-- SPDX-License-Identifier: EUPL-1.2
--
-- The queue: plan, tickets, open desks, and the log from which all of it can be derived again. No name of a citizen stands
-- here; a ticket may name its appointment until the night.

CREATE TABLE queue_plan ( -- one row for each change; the newest counts
    version  INTEGER PRIMARY KEY CHECK (version > 0),
    plan     TEXT    NOT NULL, -- JSON, appliance/office/queue/queue_plan.h
    saved_at INTEGER NOT NULL,
    saved_by TEXT    NOT NULL,
    reason   TEXT    NOT NULL
) STRICT;

CREATE TABLE ticket (
    id             TEXT PRIMARY KEY CHECK (length(id) = 36), -- made by whoever asks: asking twice draws once
    day            TEXT    NOT NULL CHECK (length(day) = 10),
    letter         TEXT    NOT NULL CHECK (length(letter) = 1 AND letter GLOB '[A-HJ-NPR-Z]'),
    number         INTEGER NOT NULL CHECK (number BETWEEN 1 AND 999),
    service_group  TEXT    NOT NULL,
    channel        TEXT    NOT NULL CHECK (channel IN ('Kiosk', 'Reception')),
    services       TEXT    NOT NULL, -- '99008001012000*1 99115005104000*2'
    minutes        INTEGER NOT NULL CHECK (minutes > 0), -- planned
    appointment    TEXT, -- id; with its unique index: nobody checks in twice
    appointment_at INTEGER,
    punctuality    TEXT    NOT NULL CHECK (punctuality IN ('WalkIn', 'OnTime', 'Late')),
    priority       TEXT    NOT NULL CHECK (priority IN ('Urgent', 'Raised', 'Normal')),
    state          TEXT    NOT NULL CHECK (state IN ('Drawn', 'Waiting', 'Called', 'Serving', 'Parked', 'NoShow', 'ForPickUp', 'Finished',
                                                     'Withdrawn', 'Expired', 'Unserved', 'Unfinished', 'Uncollected')),
    desk           TEXT, -- where it is, or was last
    for_desk       TEXT, -- redirected to this desk
    calls          INTEGER NOT NULL CHECK (calls >= 0),
    drawn_at       INTEGER NOT NULL,
    called_at      INTEGER,
    served_at      INTEGER,
    changed_at     INTEGER NOT NULL,
    last_event     TEXT    NOT NULL,
    version        INTEGER NOT NULL CHECK (version > 0), -- rises with each event: compare and set
    UNIQUE (day, letter, number),
    CHECK ((punctuality = 'WalkIn') = (appointment_at IS NULL)),
    CHECK (appointment IS NULL OR appointment_at IS NOT NULL),
    CHECK (state NOT IN ('Called', 'Serving') OR (desk IS NOT NULL AND calls > 0))
) STRICT;
CREATE INDEX ticket_state ON ticket (state, day);
CREATE UNIQUE INDEX ticket_appointment ON ticket (appointment) WHERE appointment IS NOT NULL;
CREATE UNIQUE INDEX ticket_at_desk ON ticket (desk) WHERE state IN ('Called', 'Serving'); -- one at a time

CREATE TABLE ticket_note ( -- from desk to desk, sealed for the desk key; goes with its ticket
    number  INTEGER PRIMARY KEY,
    ticket  TEXT    NOT NULL REFERENCES ticket (id),
    kid     TEXT    NOT NULL CHECK (length(kid) > 0),
    sealed  TEXT    NOT NULL CHECK (length(sealed) > 0), -- JWE compact
    made_by TEXT    NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ticket_note_ticket ON ticket_note (ticket);

CREATE TABLE open_desk (
    desk         TEXT PRIMARY KEY CHECK (length(desk) BETWEEN 1 AND 16),
    day          TEXT    NOT NULL CHECK (length(day) = 10),
    clerk        TEXT    NOT NULL,
    skills       TEXT    NOT NULL, -- keys of service groups, by blanks
    mode         TEXT    NOT NULL CHECK (mode IN ('Everybody', 'AppointmentsOnly')),
    opened_at    INTEGER NOT NULL,
    emergency_at INTEGER -- calls the colleagues since then
) STRICT;

-- The log: append-only. AUTOINCREMENT, because displays know the newest number: it never comes again. What is old goes by the
-- two days of queue_kept: before names_from nobody's name stands in it, before all_from there is nothing.
CREATE TABLE queue_event (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    day           TEXT    NOT NULL CHECK (length(day) = 10), -- of the ticket or desk
    time          INTEGER NOT NULL,
    kind          TEXT    NOT NULL,
    ticket        TEXT    NOT NULL, -- 'B047'; empty: about a desk or the day
    service_group TEXT    NOT NULL,
    desk          TEXT    NOT NULL,
    by            TEXT    NOT NULL, -- who pressed; a device, a clerk
    details       TEXT    NOT NULL  -- empty, or JSON object of texts
) STRICT;
CREATE INDEX queue_event_day ON queue_event (day);
CREATE TABLE queue_kept (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    names_from TEXT NOT NULL,
    all_from   TEXT NOT NULL CHECK (all_from <= names_from)
) STRICT;
INSERT INTO queue_kept (id, names_from, all_from) VALUES (1, '', '');
CREATE TRIGGER queue_event_stays BEFORE UPDATE ON queue_event
    WHEN NOT (NEW.number = OLD.number AND NEW.day = OLD.day AND NEW.time = OLD.time AND NEW.kind = OLD.kind
              AND NEW.ticket = OLD.ticket AND NEW.service_group = OLD.service_group AND NEW.desk = OLD.desk
              AND NEW.details = OLD.details AND NEW.by = ''
              AND OLD.day < (SELECT names_from FROM queue_kept))
    BEGIN SELECT RAISE(ABORT, 'the log of the queue is append-only'); END;
CREATE TRIGGER queue_event_keeps BEFORE DELETE ON queue_event
    WHEN NOT OLD.day < (SELECT all_from FROM queue_kept)
    BEGIN SELECT RAISE(ABORT, 'the log of the queue is append-only'); END;
