-- A code for each appointment that the portal gives: what the citizen shows at the kiosk.
ALTER TABLE citizen_booking ADD COLUMN code TEXT NOT NULL DEFAULT ''; -- empty: made before there were codes
CREATE UNIQUE INDEX citizen_booking_code ON citizen_booking (code) WHERE code <> '';
CREATE INDEX citizen_booking_scope ON citizen_booking (tenant_id, scope, day) WHERE state = 'CONFIRMED'; -- a node asks each minute
