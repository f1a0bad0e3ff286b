-- The memory of a witness: an SQLite file of its own, in the folder of the witness, far from the platform's database.

-- name: open
-- One row a log, so that two trees of one log cannot both be the last one signed.
CREATE TABLE IF NOT EXISTS witnessed (
    origin text PRIMARY KEY,
    size integer NOT NULL CHECK (size >= 0),
    root blob NOT NULL CHECK (length(root) = 32),
    checkpoint blob NOT NULL,
    cosigned_at_s integer NOT NULL
) STRICT, WITHOUT ROWID;

-- A log never shrinks, and a tree of one size never changes, whatever statement tries.
CREATE TRIGGER IF NOT EXISTS witnessed_never_goes_back BEFORE UPDATE ON witnessed
WHEN new.origin <> old.origin OR new.size < old.size OR (new.size = old.size AND new.root <> old.root)
    OR new.cosigned_at_s < old.cosigned_at_s
BEGIN
    SELECT raise(ABORT, 'witnessed_never_goes_back');
END;

-- What was signed stays known.
CREATE TRIGGER IF NOT EXISTS witnessed_is_never_forgotten BEFORE DELETE ON witnessed
BEGIN
    SELECT raise(ABORT, 'witnessed_is_never_forgotten');
END;

-- name: seen
SELECT size, root FROM witnessed WHERE origin = :origin;

-- name: begin
INSERT INTO witnessed (origin, size, root, checkpoint, cosigned_at_s)
VALUES (:origin, :size, :root, :checkpoint, :now_s)
ON CONFLICT (origin) DO NOTHING
RETURNING cosigned_at_s;

-- name: advance
UPDATE witnessed
SET size = :size, root = :root, checkpoint = :checkpoint, cosigned_at_s = max(cosigned_at_s, :now_s)
WHERE origin = :origin AND size = :seen_size AND root = :seen_root
RETURNING cosigned_at_s;
