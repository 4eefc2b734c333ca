CREATE TABLE IF NOT EXISTS charges (
    id          TEXT PRIMARY KEY,
    idem        TEXT NOT NULL UNIQUE,
    wanted      BLOB NOT NULL,             -- the ChargeBody as it came: the same key with another body is refused
    reference   TEXT NOT NULL,
    state       TEXT NOT NULL,
    created_ms  INTEGER NOT NULL,
    expires_ms  INTEGER NOT NULL,
    paid_minor  INTEGER NOT NULL DEFAULT 0,
    paid_currency TEXT NOT NULL DEFAULT '',
    refunded_minor INTEGER NOT NULL DEFAULT 0,
    reason      TEXT NOT NULL DEFAULT '',
    faults      TEXT NOT NULL DEFAULT '',  -- space-separated
    struck      TEXT NOT NULL DEFAULT ''   -- calls whose answer has gone wrong already, space-separated
) STRICT;
CREATE INDEX IF NOT EXISTS charges_by_reference ON charges (reference);
CREATE INDEX IF NOT EXISTS charges_open ON charges (expires_ms) WHERE state IN ('open', 'scanned');

CREATE TABLE IF NOT EXISTS refunds (
    id      TEXT PRIMARY KEY,
    charge  TEXT NOT NULL REFERENCES charges (id),
    idem    TEXT NOT NULL UNIQUE,
    minor   INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS events (
    id        TEXT PRIMARY KEY,
    charge    TEXT NOT NULL REFERENCES charges (id),
    body      BLOB NOT NULL,
    due_ms    INTEGER,                     -- NULL: delivered, lost on purpose, or given up
    attempts  INTEGER NOT NULL DEFAULT 0,
    again     INTEGER NOT NULL DEFAULT 0,  -- to be sent once more, byte for byte
    header    TEXT NOT NULL DEFAULT ''     -- the signature it was sent with
) STRICT;
CREATE INDEX IF NOT EXISTS events_due ON events (due_ms) WHERE due_ms IS NOT NULL;

CREATE TABLE IF NOT EXISTS transfers (     -- money on its way
    charge    TEXT NOT NULL REFERENCES charges (id),
    minor     INTEGER NOT NULL,
    currency  TEXT NOT NULL,
    due_ms    INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS rules (
    number    INTEGER PRIMARY KEY,
    faults    TEXT NOT NULL,
    left      INTEGER NOT NULL,
    method    TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS unmade (        -- charges whose making went wrong once already
    idem      TEXT PRIMARY KEY,
    faults    TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS cards (token TEXT PRIMARY KEY, kind TEXT NOT NULL) STRICT;
INSERT OR IGNORE INTO cards VALUES ('good', 'good'), ('declined', 'declined'), ('empty', 'empty');
