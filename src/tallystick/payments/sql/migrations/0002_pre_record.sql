-- The record: what this context does is written down in the transaction that does it.
-- Numbers the leaves.
CREATE SEQUENCE payments.leaf_number;

-- The record's part of this context: entries of what it did, packed as in a bundle of the log, up to 256 a row, written in the
-- transaction that did it. ``xid`` is that transaction's number, by which the sequencer knows what can no longer be overtaken.
-- Append-only.
CREATE TABLE payments.leaf (
    tenant_id bigint NOT NULL,
    number    bigint NOT NULL,
    xid       xid8 NOT NULL DEFAULT pg_current_xact_id(),
    first_at  timestamptz NOT NULL,
    last_at   timestamptz NOT NULL,
    length    integer NOT NULL,
    entries   bytea STORAGE EXTERNAL NOT NULL,
    PRIMARY KEY (tenant_id, number),
    CONSTRAINT leaf_holds_1_to_256_entries CHECK (length BETWEEN 1 AND 256)
);

-- The order in which the sequencer follows: no commit gets in before what has passed.
CREATE INDEX leaf_in_order ON payments.leaf (xid, number);

-- What the seals of a leaf's entries were made with: 16 bytes of salt each, and the network address each came from, a line
-- each. Without it a seal says nothing about what it hides, so removing it removes the person and keeps the proof.
CREATE TABLE payments.leaf_secret (
    tenant_id bigint NOT NULL,
    number    bigint NOT NULL,
    salts     bytea STORAGE EXTERNAL NOT NULL,
    origins   text NOT NULL,
    PRIMARY KEY (tenant_id, number)
);

-- A tenant's leaves are written and compared as that tenant; the sequencer alone reads those of all, and no secret.
ALTER TABLE payments.leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE payments.leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON payments.leaf TO tallystick_payments, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
CREATE POLICY sequencer_follows ON payments.leaf FOR SELECT TO tallystick_sequencer USING (true);
ALTER TABLE payments.leaf_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE payments.leaf_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON payments.leaf_secret TO tallystick_payments, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);

-- What went into the record stays as it was written.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payments.leaf
    FOR EACH STATEMENT EXECUTE FUNCTION payments.refuse_change_v1();
ALTER TABLE payments.leaf ENABLE ALWAYS TRIGGER history_is_append_only;

GRANT USAGE ON SCHEMA payments TO tallystick_sequencer;
GRANT SELECT ON payments.leaf TO tallystick_sequencer;
-- Which transaction a leaf is of is not for the writer to say: one that chose it would be passed over, or hold up all others.
GRANT INSERT (tenant_id, number, first_at, last_at, length, entries) ON payments.leaf TO tallystick_payments;
GRANT INSERT ON payments.leaf_secret TO tallystick_payments;
GRANT USAGE ON SEQUENCE payments.leaf_number TO tallystick_payments;
GRANT SELECT ON payments.leaf, payments.leaf_secret TO tallystick_operator;

-- Whoever compares the record with the tables sees which files came, and nothing of what people wrote in them.
GRANT SELECT (tenant_id, file_id, message, reason_code, total, received_at) ON payments.payment_file TO tallystick_operator;
