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
-- only one moves it. ``tried_at`` is when its intent began or was last taken up by the job.
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
