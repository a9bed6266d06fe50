-- Transport keys of nodes: a code lets one key ask, an operator who compared its fingerprint lets it in. Of the code only
-- its SHA-256 is here.
CREATE TABLE device_code (
    hash TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES client (id),
    expires_at INTEGER NOT NULL,
    fingerprint TEXT NOT NULL -- of the key that used it; empty: none did
) STRICT;

CREATE TABLE device_certificate (
    fingerprint TEXT PRIMARY KEY, -- SHA-256 of the public key (SubjectPublicKeyInfo, DER), hexadecimal
    client_id TEXT NOT NULL REFERENCES client (id),
    request TEXT NOT NULL, -- PKCS#10, PEM
    state TEXT NOT NULL CHECK (state IN ('asked', 'issued', 'revoked')),
    asked_at INTEGER NOT NULL,
    certificate TEXT NOT NULL, -- PEM; empty until it is issued
    digest TEXT NOT NULL, -- SHA-256 of its DER
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX device_certificate_by_client ON device_certificate (client_id);
CREATE INDEX device_certificate_by_digest ON device_certificate (digest);
