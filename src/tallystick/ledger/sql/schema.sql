-- The books. Read from top to bottom: what may be booked on, what was booked, what it sums to.

CREATE SCHEMA ledger AUTHORIZATION tallystick_owner;
GRANT USAGE ON SCHEMA ledger TO tallystick_ledger, tallystick_operator;

-- Refuses to change or remove a row: history is written once. Grants say so first, this says it to the owner.
CREATE FUNCTION ledger.refuse_change_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: history is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_is_append_only';
END
$$;

-- Refuses a counter that goes backwards: balances are what never-decreasing counters sum to.
CREATE FUNCTION ledger.refuse_decrease_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a counter of account % would decrease', OLD.account_id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'counters_never_decrease';
END
$$;

-- The nodes that index effective time, counted from 1900 in microseconds: how wide each level's are, and those inside them.
-- People give times in whole days, minutes and seconds, so these need fewer nodes than powers of two would. Level 0 is all
-- of time, level 15 a microsecond; none has many inside it, since a question reads those to the left of its path.
CREATE FUNCTION ledger.time_levels_v1() RETURNS TABLE (level smallint, width bigint, inner_width bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    VALUES (0::smallint, 4611686018427387904::bigint, 353894400000000::bigint),
           (1, 353894400000000, 22118400000000),
           (2, 22118400000000, 1382400000000),
           (3, 1382400000000, 86400000000),
           (4, 86400000000, 7200000000),
           (5, 7200000000, 600000000),
           (6, 600000000, 60000000),
           (7, 60000000, 10000000),
           (8, 10000000, 1000000),
           (9, 1000000, 100000),
           (10, 100000, 10000),
           (11, 10000, 1000),
           (12, 1000, 100),
           (13, 100, 10),
           (14, 10, 1),
           (15, 1, NULL)
$$;

-- So many entries a node holds itself; later ones it passes on to the nodes inside it.
CREATE FUNCTION ledger.node_room_v1() RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT 128::bigint $$;

-- A ledger: one book of accounts of one tenant. Names are unique per tenant.
CREATE TABLE ledger.ledger (
    tenant_id bigint NOT NULL,
    ledger_id bigint GENERATED ALWAYS AS IDENTITY,
    name      text COLLATE "C" NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, ledger_id),
    CONSTRAINT ledger_name_is_used_once UNIQUE (tenant_id, name),
    CONSTRAINT ledger_name_is_plain CHECK (name ~ '^[a-z0-9_-]{1,64}$')
);

-- An asset has one exponent in a ledger: two accounts of the same asset can never differ in it.
CREATE TABLE ledger.asset (
    tenant_id bigint NOT NULL,
    ledger_id bigint NOT NULL,
    code      text COLLATE "C" NOT NULL,
    exponent  smallint NOT NULL,
    PRIMARY KEY (tenant_id, ledger_id, code),
    CONSTRAINT asset_belongs_to_a_ledger FOREIGN KEY (tenant_id, ledger_id) REFERENCES ledger.ledger,
    CONSTRAINT asset_code_is_plain CHECK (code ~ '^[A-Z0-9._]{1,16}$'),
    CONSTRAINT asset_exponent_is_small CHECK (exponent BETWEEN 0 AND 18)
);

-- An account: an address, one asset, a normal side, limits and a state.
CREATE TABLE ledger.account (
    tenant_id     bigint NOT NULL,
    ledger_id     bigint NOT NULL,
    account_id    bigint GENERATED ALWAYS AS IDENTITY,
    address       text COLLATE "C" NOT NULL,
    asset         text COLLATE "C" NOT NULL,
    normal_side   text NOT NULL,
    status        text NOT NULL DEFAULT 'open',
    min_available numeric(38, 0),
    max_available numeric(38, 0),
    metadata      jsonb,
    opened_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, ledger_id, account_id),
    CONSTRAINT account_address_is_used_once UNIQUE (tenant_id, ledger_id, address),
    CONSTRAINT account_has_an_asset FOREIGN KEY (tenant_id, ledger_id, asset) REFERENCES ledger.asset,
    CONSTRAINT account_normal_side_is_known CHECK (normal_side IN ('debit', 'credit')),
    CONSTRAINT account_status_is_known CHECK (status IN ('open', 'frozen', 'closed')),
    CONSTRAINT account_limits_are_ordered CHECK (min_available <= max_available)
);

-- What was noted on accounts, a row for each key: finds those that carry a value, by address. Append-only.
CREATE TABLE ledger.account_metadata (
    tenant_id bigint NOT NULL,
    ledger_id bigint NOT NULL,
    key       text COLLATE "C" NOT NULL,
    value     text COLLATE "C" NOT NULL,
    address   text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, ledger_id, key, value, address),
    CONSTRAINT metadata_belongs_to_an_account FOREIGN KEY (tenant_id, ledger_id, address)
        REFERENCES ledger.account (tenant_id, ledger_id, address)
);

-- What happened to an account besides postings: opened, limits set, frozen, closed, reopened; by whom. Append-only.
CREATE TABLE ledger.account_event (
    tenant_id   bigint NOT NULL,
    ledger_id   bigint NOT NULL,
    account_id  bigint NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    event       text NOT NULL,
    actor       text NOT NULL,
    content     jsonb NOT NULL,
    PRIMARY KEY (tenant_id, ledger_id, account_id, recorded_at),
    CONSTRAINT event_belongs_to_an_account FOREIGN KEY (tenant_id, ledger_id, account_id) REFERENCES ledger.account,
    CONSTRAINT event_is_known CHECK (event IN ('open', 'limits', 'status'))
);

-- The counters of an account, each never decreasing; balances are what they sum to. ``version`` counts the
-- transactions of the database that touched the account: whoever decided on another version is refused.
-- Room is left in each page, so that an update stays in it and touches no index.
CREATE TABLE ledger.balance (
    tenant_id        bigint NOT NULL,
    ledger_id        bigint NOT NULL,
    account_id       bigint NOT NULL,
    version          bigint NOT NULL DEFAULT 0,
    recorded_at      timestamptz NOT NULL,
    debits_posted    numeric(58, 0) NOT NULL DEFAULT 0,
    credits_posted   numeric(58, 0) NOT NULL DEFAULT 0,
    debits_pending   numeric(58, 0) NOT NULL DEFAULT 0,
    credits_pending  numeric(58, 0) NOT NULL DEFAULT 0,
    debits_released  numeric(58, 0) NOT NULL DEFAULT 0,
    credits_released numeric(58, 0) NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, ledger_id, account_id),
    CONSTRAINT balance_belongs_to_an_account FOREIGN KEY (tenant_id, ledger_id, account_id) REFERENCES ledger.account,
    CONSTRAINT no_more_released_than_held CHECK (
        debits_released <= debits_pending AND credits_released <= credits_pending
    ),
    CONSTRAINT counters_are_not_negative CHECK (
        debits_posted >= 0 AND credits_posted >= 0 AND debits_released >= 0 AND credits_released >= 0
    )
) WITH (fillfactor = 50);

-- Stops a counter from going backwards, whoever writes.
CREATE TRIGGER counters_never_decrease BEFORE UPDATE ON ledger.balance FOR EACH ROW
WHEN (NEW.debits_posted < OLD.debits_posted OR NEW.credits_posted < OLD.credits_posted
      OR NEW.debits_pending < OLD.debits_pending OR NEW.credits_pending < OLD.credits_pending
      OR NEW.debits_released < OLD.debits_released OR NEW.credits_released < OLD.credits_released)
EXECUTE FUNCTION ledger.refuse_decrease_v1();

-- Every well-formed act, once: done, or refused (then it has no entries). ``recorded_at`` is unique in a ledger and
-- strictly increasing in each account, so it is the order as well as the time. ``account_ids`` holds debit and credit of each
-- posting in turn, ``amounts`` what moved. The fingerprint tells a repetition from another act under the same id.
-- Append-only.
CREATE TABLE ledger.transaction (
    tenant_id      bigint NOT NULL,
    ledger_id      bigint NOT NULL,
    recorded_at    timestamptz NOT NULL,
    effective_at   timestamptz NOT NULL,
    id             text COLLATE "C" NOT NULL,
    kind           text NOT NULL,
    fingerprint    bytea NOT NULL,
    account_ids    bigint[] NOT NULL,
    amounts        numeric(38, 0)[] NOT NULL,
    target_at      timestamptz,
    expires_at     timestamptz,
    reference      text,
    metadata       jsonb,
    refusal        text,
    refusal_fields jsonb,
    PRIMARY KEY (tenant_id, ledger_id, recorded_at),
    CONSTRAINT transaction_id_is_used_once UNIQUE (tenant_id, ledger_id, id),
    CONSTRAINT transaction_kind_is_known CHECK (
        kind IN ('post', 'hold', 'capture', 'void', 'reverse', 'expire')
    )
);

-- Finds transactions by the reference their makers gave them, newest last.
CREATE INDEX transaction_by_reference ON ledger.transaction (tenant_id, ledger_id, reference, recorded_at)
    WHERE reference IS NOT NULL;

-- Finds what captured, voided or reversed a transaction.
CREATE INDEX transaction_by_target ON ledger.transaction (tenant_id, ledger_id, target_at, recorded_at)
    WHERE target_at IS NOT NULL;

-- What was noted on transactions that were not refused, a row for each key: finds those that carry a value, newest last.
-- Like entries it has no foreign key: its rows are written with their transactions, from the same text. Append-only.
CREATE TABLE ledger.transaction_metadata (
    tenant_id   bigint NOT NULL,
    ledger_id   bigint NOT NULL,
    key         text COLLATE "C" NOT NULL,
    value       text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, ledger_id, key, value, recorded_at)
);

-- One side of one posting on one layer (0 posted, 1 pending, 2 released), with the account's running counters of that
-- layer after it: a past balance is one look-up. One that did not take effect when it was recorded also stands in
-- ``displacement``. It has no foreign key: the guarded update of the balance, in the same transaction, fails for an account
-- that is not there. Append-only.
CREATE TABLE ledger.entry (
    tenant_id    bigint NOT NULL,
    ledger_id    bigint NOT NULL,
    account_id   bigint NOT NULL,
    recorded_at  timestamptz NOT NULL,
    effective_at timestamptz NOT NULL,
    layer        smallint NOT NULL,
    line         smallint NOT NULL,
    is_debit     boolean NOT NULL,
    amount       numeric(38, 0) NOT NULL,
    debits       numeric(58, 0) NOT NULL,
    credits      numeric(58, 0) NOT NULL,
    PRIMARY KEY (tenant_id, ledger_id, account_id, layer, recorded_at, line),
    CONSTRAINT entry_amount_is_positive CHECK (amount > 0)
);

-- The displaced entries of an account, whose effective time is not that of recording, by the nodes of effective time they
-- entered: how many had entered the node after it, and their sums. It entered the node of all of time first; one that found
-- a node full went on into the next smaller one, or, when its time is the very start of the full node, into that node's
-- ``exact`` row. Where it stayed, the row has its time and amounts too. Append-only.
CREATE TABLE ledger.displacement (
    tenant_id    bigint NOT NULL,
    ledger_id    bigint NOT NULL,
    account_id   bigint NOT NULL,
    layer        smallint NOT NULL,
    level        smallint NOT NULL,
    exact        boolean NOT NULL,
    node         bigint NOT NULL,
    recorded_at  timestamptz NOT NULL,
    entries      bigint NOT NULL,
    debits       numeric(58, 0) NOT NULL,
    credits      numeric(58, 0) NOT NULL,
    effective_at timestamptz,
    debit        numeric(58, 0),
    credit       numeric(58, 0),
    PRIMARY KEY (tenant_id, ledger_id, account_id, layer, level, exact, node, recorded_at)
);

-- What a hold still reserves, per posting, and its state: held → captured | voided | expired. ``is_capped`` when acts under a
-- cap counted it, so that what it gives back when it ends is looked up only then.
CREATE TABLE ledger.hold (
    tenant_id   bigint NOT NULL,
    ledger_id   bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    state       text NOT NULL DEFAULT 'held',
    expires_at  timestamptz,
    remaining   numeric(38, 0)[] NOT NULL,
    is_capped   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, ledger_id, recorded_at),
    CONSTRAINT hold_is_a_transaction FOREIGN KEY (tenant_id, ledger_id, recorded_at) REFERENCES ledger.transaction,
    CONSTRAINT hold_state_is_known CHECK (state IN ('held', 'captured', 'voided', 'expired')),
    CONSTRAINT only_an_open_hold_reserves CHECK (state = 'held' OR 0 = ALL (remaining))
);

-- Finds the holds whose time has come, of all tenants: the job that lets them expire walks it.
CREATE INDEX hold_by_expiry ON ledger.hold (expires_at, tenant_id, ledger_id)
    WHERE state = 'held' AND expires_at IS NOT NULL;

-- How much of a transaction was reversed already, per posting.
CREATE TABLE ledger.reversal (
    tenant_id   bigint NOT NULL,
    ledger_id   bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    reversed    numeric(38, 0)[] NOT NULL,
    PRIMARY KEY (tenant_id, ledger_id, recorded_at),
    CONSTRAINT reversal_is_of_a_transaction FOREIGN KEY (tenant_id, ledger_id, recorded_at) REFERENCES ledger.transaction
);

-- Each table shows and takes only rows of the tenant that the transaction has set; an unset tenant is an error.
ALTER TABLE ledger.ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.ledger FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.ledger
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE ledger.asset ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.asset FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.asset
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE ledger.account ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.account FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.account
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE ledger.account_metadata ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.account_metadata FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.account_metadata
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE ledger.account_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.account_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.account_event
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE ledger.balance ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.balance FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.balance
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE ledger.transaction ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.transaction FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.transaction
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE ledger.transaction_metadata ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.transaction_metadata FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.transaction_metadata
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE ledger.entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.entry FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.entry
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE ledger.displacement ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.displacement FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.displacement
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE ledger.hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.hold FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.hold
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE ledger.reversal ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.reversal FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.reversal
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);

-- History is append-only by trigger too, for whoever has more rights than the service.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.account_metadata
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change_v1();
ALTER TABLE ledger.account_metadata ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.account_event
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change_v1();
ALTER TABLE ledger.account_event ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.transaction
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change_v1();
ALTER TABLE ledger.transaction ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.transaction_metadata
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change_v1();
ALTER TABLE ledger.transaction_metadata ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change_v1();
ALTER TABLE ledger.entry ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.displacement
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change_v1();
ALTER TABLE ledger.displacement ENABLE ALWAYS TRIGGER history_is_append_only;
ALTER TABLE ledger.balance ENABLE ALWAYS TRIGGER counters_never_decrease;

-- The service reads and adds; it changes only what has to change, and deletes nothing.
GRANT SELECT, INSERT ON ledger.ledger, ledger.asset, ledger.account, ledger.account_metadata, ledger.account_event, ledger.balance, ledger.transaction, ledger.transaction_metadata, ledger.entry, ledger.displacement, ledger.hold, ledger.reversal TO tallystick_ledger;
GRANT UPDATE (status, min_available, max_available) ON ledger.account TO tallystick_ledger;
GRANT UPDATE (version, recorded_at, debits_posted, credits_posted, debits_pending, credits_pending, debits_released, credits_released) ON ledger.balance TO tallystick_ledger;
GRANT UPDATE (state, remaining) ON ledger.hold TO tallystick_ledger;
GRANT UPDATE (reversed) ON ledger.reversal TO tallystick_ledger;
GRANT SELECT ON ledger.ledger, ledger.asset, ledger.account, ledger.account_metadata, ledger.account_event, ledger.balance, ledger.transaction, ledger.transaction_metadata, ledger.entry, ledger.displacement, ledger.hold, ledger.reversal TO tallystick_operator;

-- The tenants and ledgers that have holds whose time has come, for the job that lets them expire: it walks across tenants, so
-- it answers numbers only.
CREATE POLICY owner_walks ON ledger.hold FOR SELECT TO tallystick_owner USING (true);
CREATE FUNCTION ledger.expired_holds_v1(most integer)
RETURNS TABLE (tenant_id bigint, ledger_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT hold.tenant_id, hold.ledger_id FROM ledger.hold
    WHERE hold.state = 'held' AND hold.expires_at <= clock_timestamp() LIMIT most
$$;
REVOKE ALL ON FUNCTION ledger.expired_holds_v1 FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.expired_holds_v1 TO tallystick_ledger;

-- Numbers the leaves.
CREATE SEQUENCE ledger.leaf_number;

-- The record's part of this context: entries of what it did, packed as in a bundle of the log, up to 256 a row, written in the
-- transaction that did it. ``xid`` is that transaction's number, by which the sequencer knows what can no longer be overtaken.
-- Append-only.
CREATE TABLE ledger.leaf (
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
CREATE INDEX leaf_in_order ON ledger.leaf (xid, number);

-- What the seals of a leaf's entries were made with: 16 bytes of salt each, and the network address each came from, a line
-- each. Without it a seal says nothing about what it hides, so removing it removes the person and keeps the proof.
CREATE TABLE ledger.leaf_secret (
    tenant_id bigint NOT NULL,
    number    bigint NOT NULL,
    salts     bytea STORAGE EXTERNAL NOT NULL,
    origins   text NOT NULL,
    PRIMARY KEY (tenant_id, number)
);

-- A tenant's leaves are written and compared as that tenant; the sequencer alone reads those of all, and no secret.
ALTER TABLE ledger.leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.leaf TO tallystick_ledger, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
CREATE POLICY sequencer_follows ON ledger.leaf FOR SELECT TO tallystick_sequencer USING (true);
ALTER TABLE ledger.leaf_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.leaf_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.leaf_secret TO tallystick_ledger, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);

-- What went into the record stays as it was written.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.leaf
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change_v1();
ALTER TABLE ledger.leaf ENABLE ALWAYS TRIGGER history_is_append_only;

GRANT USAGE ON SCHEMA ledger TO tallystick_sequencer;
GRANT SELECT ON ledger.leaf TO tallystick_sequencer;
-- Which transaction a leaf is of is not for the writer to say: one that chose it would be passed over, or hold up all others.
GRANT INSERT (tenant_id, number, first_at, last_at, length, entries) ON ledger.leaf TO tallystick_ledger;
GRANT INSERT ON ledger.leaf_secret TO tallystick_ledger;
GRANT USAGE ON SEQUENCE ledger.leaf_number TO tallystick_ledger;
GRANT SELECT ON ledger.leaf, ledger.leaf_secret TO tallystick_operator;

-- Caps: what may be moved under a delegation within a slot of time is counted where the money moves.

-- Refuses a counter of a cap that goes backwards: what comes back is counted beside what was moved.
CREATE FUNCTION ledger.refuse_cap_decrease_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a counter of cap % would decrease', OLD.name
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'caps_never_decrease';
END
$$;

-- What was moved under a cap, and what came back because a hold ended without moving it; both never decrease. A cap is the most
-- that may be moved of an asset under one delegation (``name``) within one slot of time; how much that is, whoever asks says,
-- so that a changed delegation counts on. It is of the tenant, not of a ledger, and is locked while an act under it is decided.
CREATE TABLE ledger.cap (
    tenant_id bigint NOT NULL,
    name      text COLLATE "C" NOT NULL,
    asset     text COLLATE "C" NOT NULL,
    slot      text COLLATE "C" NOT NULL,
    moved     numeric(58, 0) NOT NULL DEFAULT 0,
    released  numeric(58, 0) NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, name, asset, slot),
    CONSTRAINT no_more_comes_back_than_was_moved CHECK (released BETWEEN 0 AND moved)
) WITH (fillfactor = 50);

-- What an act counted under a cap, or gave back to it (``gives_back``): the counters are what these sum to. Like entries it
-- has no foreign key: its rows are written with their transactions. Append-only.
CREATE TABLE ledger.cap_use (
    tenant_id   bigint NOT NULL,
    ledger_id   bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    name        text COLLATE "C" NOT NULL,
    asset       text COLLATE "C" NOT NULL,
    slot        text COLLATE "C" NOT NULL,
    amount      numeric(58, 0) NOT NULL,
    gives_back  boolean NOT NULL,
    PRIMARY KEY (tenant_id, ledger_id, recorded_at, name, asset, slot),
    CONSTRAINT cap_use_is_positive CHECK (amount > 0)
);

-- Stops a counter of a cap from going backwards, whoever writes.
CREATE TRIGGER caps_never_decrease BEFORE UPDATE ON ledger.cap FOR EACH ROW
WHEN (NEW.moved < OLD.moved OR NEW.released < OLD.released)
EXECUTE FUNCTION ledger.refuse_cap_decrease_v1();

-- Each table shows and takes only rows of the tenant that the transaction has set; an unset tenant is an error.
ALTER TABLE ledger.cap ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.cap FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.cap
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE ledger.cap_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.cap_use FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON ledger.cap_use
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);

-- History is append-only by trigger too, for whoever has more rights than the service.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.cap_use
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change_v1();
ALTER TABLE ledger.cap_use ENABLE ALWAYS TRIGGER history_is_append_only;
ALTER TABLE ledger.cap ENABLE ALWAYS TRIGGER caps_never_decrease;

-- The service reads and adds; of a cap it changes the counters.
GRANT SELECT, INSERT ON ledger.cap, ledger.cap_use TO tallystick_ledger;
GRANT UPDATE (moved, released) ON ledger.cap TO tallystick_ledger;
GRANT SELECT ON ledger.cap, ledger.cap_use TO tallystick_operator;

-- Doors between processes.

-- What other processes signed to be let in at a door of this context, as hashes: each is good once, for all processes, and is
-- forgotten when its signature would be refused for its age. It is of no tenant.
CREATE TABLE ledger.knock (
    hash     bytea NOT NULL,
    until_at timestamptz NOT NULL,
    PRIMARY KEY (hash),
    CONSTRAINT knock_hash_is_sha256 CHECK (length(hash) = 32)
);

-- What may be forgotten comes first.
CREATE INDEX knock_until ON ledger.knock (until_at);
GRANT SELECT, INSERT, DELETE ON ledger.knock TO tallystick_ledger;
