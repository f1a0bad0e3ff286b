-- Caps: what may be moved under a delegation within a slot of time is counted where the money moves.

-- Whether acts under a cap counted the hold, so that what it gives back when it ends is looked up only then.
ALTER TABLE ledger.hold ADD COLUMN is_capped boolean NOT NULL DEFAULT false;

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
