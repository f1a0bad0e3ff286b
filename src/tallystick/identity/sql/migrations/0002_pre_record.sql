-- The record: what this context does is written down in the transaction that does it.
-- Refuses to change or remove a row: history is written once. Grants say so first, this says it to the owner.
CREATE FUNCTION identity.refuse_change_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: history is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_is_append_only';
END
$$;

-- Numbers the leaves.
CREATE SEQUENCE identity.leaf_number;

-- The record's part of this context: entries of what it did, packed as in a bundle of the log, up to 256 a row, written in the
-- transaction that did it. ``xid`` is that transaction's number, by which the sequencer knows what can no longer be overtaken.
-- Append-only.
CREATE TABLE identity.leaf (
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
CREATE INDEX leaf_in_order ON identity.leaf (xid, number);

-- What the seals of a leaf's entries were made with: 16 bytes of salt each, and the network address each came from, a line
-- each. Without it a seal says nothing about what it hides, so removing it removes the person and keeps the proof.
CREATE TABLE identity.leaf_secret (
    tenant_id bigint NOT NULL,
    number    bigint NOT NULL,
    salts     bytea STORAGE EXTERNAL NOT NULL,
    origins   text NOT NULL,
    PRIMARY KEY (tenant_id, number)
);

-- A tenant's leaves are written and compared as that tenant; the sequencer alone reads those of all, and no secret.
ALTER TABLE identity.leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON identity.leaf TO tallystick_identity, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
CREATE POLICY sequencer_follows ON identity.leaf FOR SELECT TO tallystick_sequencer USING (true);
ALTER TABLE identity.leaf_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.leaf_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON identity.leaf_secret TO tallystick_identity, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);

-- What went into the record stays as it was written.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.leaf
    FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change_v1();
ALTER TABLE identity.leaf ENABLE ALWAYS TRIGGER history_is_append_only;

GRANT USAGE ON SCHEMA identity TO tallystick_sequencer;
GRANT SELECT ON identity.leaf TO tallystick_sequencer;
-- Which transaction a leaf is of is not for the writer to say: one that chose it would be passed over, or hold up all others.
GRANT INSERT (tenant_id, number, first_at, last_at, length, entries) ON identity.leaf TO tallystick_identity;
GRANT INSERT ON identity.leaf_secret TO tallystick_identity;
GRANT USAGE ON SEQUENCE identity.leaf_number TO tallystick_identity;
GRANT SELECT ON identity.leaf, identity.leaf_secret TO tallystick_operator;

-- Whoever compares the record with the tables reads the keys of the tenant that is compared.
CREATE POLICY operator_compares_keys ON identity.api_key FOR SELECT TO tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
GRANT SELECT (tenant_id, key_id, hash, label, created_at, revoked_at) ON identity.api_key TO tallystick_operator;
