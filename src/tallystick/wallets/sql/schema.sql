-- Wallets: who holds which account, under which name and IBAN, and where it stands. The money itself is in the books.
-- This is the register of names and IBANs; addresses and events carry neither.

CREATE SCHEMA wallets AUTHORIZATION tallystick_owner;
GRANT USAGE ON SCHEMA wallets TO tallystick_wallets, tallystick_operator;

-- Refuses to change or remove a row: history is written once. Grants say so first, this says it to the owner.
CREATE FUNCTION wallets.refuse_change_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: history is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_is_append_only';
END
$$;

-- A wallet: its owner, its name, its state. ``version`` counts its moves, so that of two who decided on the same state
-- only one moves it. ``tried_at`` is when its intent began or was last taken up by the job. ``wallet_number`` is what the record
-- calls it: its id was chosen by people, and may tell who they are.
CREATE TABLE wallets.wallet (
    tenant_id       bigint NOT NULL,
    wallet_id       text COLLATE "C" NOT NULL,
    owner_kind      text NOT NULL,
    owner_name      text NOT NULL,
    owner_reference text COLLATE "C",
    name            text NOT NULL,
    fingerprint     bytea NOT NULL,
    state           text NOT NULL DEFAULT 'opening',
    version         bigint NOT NULL DEFAULT 1,
    opened_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    tried_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    wallet_number   bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (tenant_id, wallet_id),
    CONSTRAINT wallet_id_is_plain CHECK (wallet_id ~ '^[A-Za-z0-9_.-]{1,64}$'),
    CONSTRAINT wallet_owner_kind_is_known CHECK (owner_kind IN ('person', 'company')),
    CONSTRAINT wallet_texts_are_short CHECK (
        length(owner_name) BETWEEN 1 AND 140 AND length(owner_reference) BETWEEN 1 AND 140
        AND length(name) BETWEEN 1 AND 140
    ),
    CONSTRAINT wallet_state_is_known CHECK (
        state IN ('opening', 'open', 'adding', 'limiting', 'freezing', 'frozen', 'limiting_frozen', 'unfreezing',
                  'closing', 'closing_frozen', 'closed', 'reopening', 'refused')
    )
);

-- Finds the wallets of one owner, in order of their ids.
CREATE INDEX wallet_by_owner ON wallets.wallet (tenant_id, owner_reference, wallet_id)
    WHERE owner_reference IS NOT NULL;

-- Finds wallets by state, in order of their ids.
CREATE INDEX wallet_by_state ON wallets.wallet (tenant_id, state, wallet_id);

-- Finds the wallets whose intent was not finished, of all tenants: the job that finishes them walks it.
CREATE INDEX wallet_unfinished ON wallets.wallet (tried_at, tenant_id)
    WHERE state NOT IN ('open', 'frozen', 'closed', 'refused');

-- An account of a wallet: one asset, perhaps an IBAN, the limits wanted of the books. ``ordinal`` counts the accounts of
-- its asset in the wallet; together they make its address in the books.
CREATE TABLE wallets.wallet_account (
    tenant_id     bigint NOT NULL,
    wallet_id     text COLLATE "C" NOT NULL,
    asset         text COLLATE "C" NOT NULL,
    ordinal       smallint NOT NULL,
    exponent      smallint NOT NULL,
    iban          text COLLATE "C",
    min_available numeric(38, 0),
    max_available numeric(38, 0),
    state         text NOT NULL DEFAULT 'opening',
    PRIMARY KEY (tenant_id, wallet_id, asset, ordinal),
    CONSTRAINT wallet_account_belongs_to_a_wallet FOREIGN KEY (tenant_id, wallet_id) REFERENCES wallets.wallet,
    CONSTRAINT wallet_account_asset_is_plain CHECK (asset ~ '^[A-Z0-9._]{1,16}$'),
    CONSTRAINT wallet_account_ordinal_is_small CHECK (ordinal BETWEEN 1 AND 20),
    CONSTRAINT wallet_account_exponent_is_small CHECK (exponent BETWEEN 0 AND 18),
    CONSTRAINT wallet_account_iban_is_plain CHECK (iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}$'),
    CONSTRAINT wallet_account_limits_are_ordered CHECK (min_available <= max_available),
    CONSTRAINT wallet_account_state_is_known CHECK (state IN ('opening', 'open', 'limiting', 'refused'))
);

-- Two accounts of a tenant never share an IBAN; one that the books refused holds none.
CREATE UNIQUE INDEX iban_is_taken ON wallets.wallet_account (tenant_id, iban) WHERE state <> 'refused';

-- A wallet never has two accounts of one asset that nothing tells apart.
CREATE UNIQUE INDEX second_account_of_an_asset_needs_an_iban ON wallets.wallet_account (tenant_id, wallet_id, asset)
    WHERE iban IS NULL AND state <> 'refused';

-- Every move of every wallet: who, when, from which state to which, and about what (never a name or an IBAN).
-- ``number`` is the version it made, so that a move is written once. Append-only.
CREATE TABLE wallets.wallet_event (
    tenant_id    bigint NOT NULL,
    wallet_id    text COLLATE "C" NOT NULL,
    number       bigint NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor        text NOT NULL,
    event        text NOT NULL,
    state_before text,
    state_after  text NOT NULL,
    content      jsonb NOT NULL,
    PRIMARY KEY (tenant_id, wallet_id, number),
    CONSTRAINT wallet_event_belongs_to_a_wallet FOREIGN KEY (tenant_id, wallet_id) REFERENCES wallets.wallet,
    CONSTRAINT wallet_event_is_known CHECK (
        event IN ('open', 'add', 'limit', 'freeze', 'unfreeze', 'close', 'reopen', 'done', 'refuse')
    )
);

-- Each table shows and takes only rows of the tenant that the transaction has set; an unset tenant is an error.
ALTER TABLE wallets.wallet ENABLE ROW LEVEL SECURITY;
ALTER TABLE wallets.wallet FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON wallets.wallet
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE wallets.wallet_account ENABLE ROW LEVEL SECURITY;
ALTER TABLE wallets.wallet_account FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON wallets.wallet_account
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE wallets.wallet_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE wallets.wallet_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON wallets.wallet_event
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);

-- History is append-only by trigger too, for whoever has more rights than the service.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON wallets.wallet_event
    FOR EACH STATEMENT EXECUTE FUNCTION wallets.refuse_change_v1();
ALTER TABLE wallets.wallet_event ENABLE ALWAYS TRIGGER history_is_append_only;

-- The service reads and adds; it changes only what has to change, and deletes nothing. Operators see what was done, not whose it is.
GRANT SELECT, INSERT ON wallets.wallet, wallets.wallet_account, wallets.wallet_event TO tallystick_wallets;
GRANT UPDATE (state, version, tried_at) ON wallets.wallet TO tallystick_wallets;
GRANT UPDATE (exponent, iban, min_available, max_available, state) ON wallets.wallet_account TO tallystick_wallets;
GRANT SELECT ON wallets.wallet_event TO tallystick_operator;

-- The tenants with wallets whose intent was not finished for so long, those that waited longest first, for the job that finishes
-- them: it walks across tenants, so it answers numbers only.
CREATE POLICY owner_walks ON wallets.wallet FOR SELECT TO tallystick_owner USING (true);
CREATE FUNCTION wallets.unfinished_v1(waiting interval, most integer) RETURNS TABLE (tenant_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT wallet.tenant_id FROM wallets.wallet
    WHERE wallet.state NOT IN ('open', 'frozen', 'closed', 'refused') AND wallet.tried_at <= clock_timestamp() - waiting
    GROUP BY wallet.tenant_id ORDER BY min(wallet.tried_at) LIMIT most
$$;
REVOKE ALL ON FUNCTION wallets.unfinished_v1 FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wallets.unfinished_v1 TO tallystick_wallets;

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

-- Doors between processes.

-- What other processes signed to be let in at a door of this context, as hashes: each is good once, for all processes, and is
-- forgotten when its signature would be refused for its age. It is of no tenant.
CREATE TABLE wallets.knock (
    hash     bytea NOT NULL,
    until_at timestamptz NOT NULL,
    PRIMARY KEY (hash),
    CONSTRAINT knock_hash_is_sha256 CHECK (length(hash) = 32)
);

-- What may be forgotten comes first.
CREATE INDEX knock_until ON wallets.knock (until_at);
GRANT SELECT, INSERT, DELETE ON wallets.knock TO tallystick_wallets;
