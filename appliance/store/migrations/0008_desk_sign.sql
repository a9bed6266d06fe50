-- SPDX-License-Identifier: EUPL-1.2
--
-- What a clerk hangs at the door of an open desk.

ALTER TABLE open_desk ADD COLUMN sign TEXT NOT NULL DEFAULT 'None' CHECK (sign IN ('None', 'BackSoon', 'Break', 'Knock'));
