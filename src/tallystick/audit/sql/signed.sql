-- The memory of a sequencer: an SQLite file of its own, beside its keys, out of reach of whoever owns the database.

-- name: open
-- One row a log, so that two trees of one log cannot both be the last one signed.
CREATE TABLE IF NOT EXISTS signed (
    origin text PRIMARY KEY,
    size integer NOT NULL CHECK (size >= 0),
    root blob NOT NULL CHECK (length(root) = 32)
) STRICT, WITHOUT ROWID;

-- A log never shrinks, and a tree of one size never changes, whatever statement tries.
CREATE TRIGGER IF NOT EXISTS signed_never_goes_back BEFORE UPDATE ON signed
WHEN new.origin <> old.origin OR new.size < old.size OR (new.size = old.size AND new.root <> old.root)
BEGIN
    SELECT raise(ABORT, 'signed_never_goes_back');
END;

-- What was signed stays known.
CREATE TRIGGER IF NOT EXISTS signed_is_never_forgotten BEFORE DELETE ON signed
BEGIN
    SELECT raise(ABORT, 'signed_is_never_forgotten');
END;

-- name: seen
SELECT size, root FROM signed WHERE origin = :origin;

-- name: begin
INSERT INTO signed (origin, size, root) VALUES (:origin, :size, :root)
ON CONFLICT (origin) DO NOTHING
RETURNING size;

-- name: advance
UPDATE signed SET size = :size, root = :root
WHERE origin = :origin AND size = :seen_size AND root = :seen_root
RETURNING size;
