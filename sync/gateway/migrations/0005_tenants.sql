-- Municipality (Amtlicher Regionalschlüssel, 12 digits) that a client and a destination belong to; empty where there is one.
-- A destination has its owner's.
ALTER TABLE client ADD COLUMN tenant_id TEXT NOT NULL DEFAULT '';
ALTER TABLE destination ADD COLUMN tenant_id TEXT NOT NULL DEFAULT '';
