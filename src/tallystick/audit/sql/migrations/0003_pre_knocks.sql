-- Doors between processes.

-- What other processes signed to be let in at a door of this context, as hashes: each is good once, for all processes, and is
-- forgotten when its signature would be refused for its age. It is of no tenant.
CREATE TABLE audit.knock (
    hash     bytea NOT NULL,
    until_at timestamptz NOT NULL,
    PRIMARY KEY (hash),
    CONSTRAINT knock_hash_is_sha256 CHECK (length(hash) = 32)
);

-- What may be forgotten comes first.
CREATE INDEX knock_until ON audit.knock (until_at);
GRANT SELECT, INSERT, DELETE ON audit.knock TO tallystick_audit;

-- Which PostgreSQL numbered the transactions of a context that has a database of its own; for all others the lease says it.
ALTER TABLE audit.place ADD COLUMN cluster bigint;
GRANT UPDATE (cluster) ON audit.place TO tallystick_sequencer;
