-- SPDX-License-Identifier: EUPL-1.2
--
-- Payments with the citizen's own phone, at a payment service (XBezahldienste): what is asked, what the service said, who saw it.
-- State and amount are those of the payment; its terminal is 'online ID', so that it never stands in a card terminal's way.

CREATE TABLE online_payment (
    payment_id     TEXT PRIMARY KEY REFERENCES payment (id),
    service        TEXT    NOT NULL, -- as amt-sync's payment-service.json calls it
    originator_id  TEXT    NOT NULL,
    end_point_id   TEXT    NOT NULL,
    request        TEXT    NOT NULL, -- as it is sent, each time the same
    deadline       INTEGER NOT NULL, -- of the page at the kiosk
    watch_until    INTEGER NOT NULL, -- a late word of the service counts until then
    transaction_id TEXT UNIQUE,
    redirect_url   TEXT    NOT NULL DEFAULT '',
    said           TEXT    NOT NULL DEFAULT '', -- the service's newest word, as JSON
    reference      TEXT    NOT NULL DEFAULT '',
    method         TEXT    NOT NULL DEFAULT '',
    method_detail  TEXT    NOT NULL DEFAULT '',
    failure        TEXT    NOT NULL DEFAULT '', -- why it could not begin, or what a refused answer lacked
    shown_at       INTEGER, -- committed before somebody can pay
    ended          INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1)), -- nothing is asked any more
    late_at        INTEGER, -- paid all the same, after the case went another way: to be paid back
    late_by        TEXT    NOT NULL DEFAULT '' -- clerk who has dealt with that
) STRICT;
CREATE INDEX online_payment_open ON online_payment (payment_id) WHERE ended = 0;
CREATE INDEX online_payment_late ON online_payment (payment_id) WHERE late_at IS NOT NULL;
