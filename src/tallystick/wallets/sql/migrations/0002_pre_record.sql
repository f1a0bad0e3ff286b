-- The record: what this context does is written down in the transaction that does it.
-- What the record calls a wallet: its id was chosen by people, and may tell who they are.
ALTER TABLE wallets.wallet ADD COLUMN wallet_number bigint GENERATED ALWAYS AS IDENTITY;

-- Numbers the leaves.
CREATE SEQUENCE wallets.leaf_number;

-- The record's part of this context: entries of what it did, packed as in a bundle of the log, up to 256 a row, written in the
-- transaction that did it. ``xid`` is that transaction's number, by which the sequencer knows what can no longer be overtaken.
-- Append-only.
CREATE TABLE wallets.leaf (
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
CREATE INDEX leaf_in_order ON wallets.leaf (xid, number);

-- What the seals of a leaf's entries were made with: 16 bytes of salt each, and the network address each came from, a line
-- each. Without it a seal says nothing about what it hides, so removing it removes the person and keeps the proof.
CREATE TABLE wallets.leaf_secret (
    tenant_id bigint NOT NULL,
    number    bigint NOT NULL,
    salts     bytea STORAGE EXTERNAL NOT NULL,
    origins   text NOT NULL,
    PRIMARY KEY (tenant_id, number)
);

-- A tenant's leaves are written and compared as that tenant; the sequencer alone reads those of all, and no secret.
ALTER TABLE wallets.leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE wallets.leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON wallets.leaf TO tallystick_wallets, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
CREATE POLICY sequencer_follows ON wallets.leaf FOR SELECT TO tallystick_sequencer USING (true);
ALTER TABLE wallets.leaf_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE wallets.leaf_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON wallets.leaf_secret TO tallystick_wallets, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);

-- What went into the record stays as it was written.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallets.leaf
    FOR EACH STATEMENT EXECUTE FUNCTION wallets.refuse_change_v1();
ALTER TABLE wallets.leaf ENABLE ALWAYS TRIGGER history_is_append_only;

GRANT USAGE ON SCHEMA wallets TO tallystick_sequencer;
GRANT SELECT ON wallets.leaf TO tallystick_sequencer;
-- Which transaction a leaf is of is not for the writer to say: one that chose it would be passed over, or hold up all others.
GRANT INSERT (tenant_id, number, first_at, last_at, length, entries) ON wallets.leaf TO tallystick_wallets;
GRANT INSERT ON wallets.leaf_secret TO tallystick_wallets;
GRANT USAGE ON SEQUENCE wallets.leaf_number TO tallystick_wallets;
GRANT SELECT ON wallets.leaf, wallets.leaf_secret TO tallystick_operator;

-- Whoever compares the record with the tables needs a wallet's number and its state, and sees no name.
GRANT SELECT (tenant_id, wallet_id, wallet_number, state) ON wallets.wallet TO tallystick_operator;
