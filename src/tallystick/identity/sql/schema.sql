-- Who is asking: tenants and the hashes of their keys. A key itself is kept nowhere.
CREATE SCHEMA identity AUTHORIZATION tallystick_owner;
GRANT USAGE ON SCHEMA identity TO tallystick_identity, tallystick_operator;

-- One row per tenant; every row of every context hangs on one of these numbers.
CREATE TABLE identity.tenant (
    tenant_id  bigint NOT NULL,
    name       text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT tenant_exists PRIMARY KEY (tenant_id),
    CONSTRAINT tenant_number_is_positive CHECK (tenant_id > 0),
    CONSTRAINT tenant_name_is_short CHECK (length(name) BETWEEN 1 AND 100)
);

-- One row per key ever made. It holds the SHA-256 of the key, so that reading the table opens nothing.
CREATE TABLE identity.api_key (
    tenant_id  bigint NOT NULL,
    key_id     text NOT NULL,
    hash       bytea NOT NULL,
    label      text NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT api_key_exists PRIMARY KEY (tenant_id, key_id),
    CONSTRAINT tenant_not_found FOREIGN KEY (tenant_id) REFERENCES identity.tenant (tenant_id),
    CONSTRAINT api_key_hash_is_sha256 CHECK (length(hash) = 32),
    CONSTRAINT api_key_label_is_short CHECK (length(label) BETWEEN 1 AND 100)
);

-- Two keys never share a hash, and a key is found by it in one step.
CREATE UNIQUE INDEX api_key_hash_is_unique ON identity.api_key (hash);

ALTER TABLE identity.tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.tenant FORCE ROW LEVEL SECURITY;
ALTER TABLE identity.api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.api_key FORCE ROW LEVEL SECURITY;

-- A tenant sees itself only. Without a tenant the cast fails: an error, never an empty answer.
CREATE POLICY tenant_is_own ON identity.tenant TO tallystick_identity
    USING (tenant_id = current_setting('tallystick.tenant')::bigint)
    WITH CHECK (tenant_id = current_setting('tallystick.tenant')::bigint);

-- A tenant sees and makes its own keys only. Without a tenant the cast fails.
CREATE POLICY api_key_is_of_own_tenant ON identity.api_key TO tallystick_identity
    USING (tenant_id = current_setting('tallystick.tenant')::bigint)
    WITH CHECK (tenant_id = current_setting('tallystick.tenant')::bigint);

-- Operators' jobs walk all tenants: they read their names and numbers, and change nothing.
CREATE POLICY operator_walks_tenants ON identity.tenant FOR SELECT TO tallystick_operator USING (true);

-- The look-up of a key runs as the owner, before a tenant is known; the owner may read keys, nothing else.
CREATE POLICY owner_finds_keys ON identity.api_key FOR SELECT TO tallystick_owner USING (true);

-- What the service may do: add, read, and set the end of a key. It cannot delete, rename or revive through
-- any other column.
GRANT SELECT, INSERT ON identity.tenant, identity.api_key TO tallystick_identity;
GRANT UPDATE (revoked_at) ON identity.api_key TO tallystick_identity;
GRANT SELECT ON identity.tenant TO tallystick_operator;

-- A revoked key stays revoked: its end is written once.
CREATE FUNCTION identity.keep_revocation() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RAISE EXCEPTION 'a revoked key stays revoked'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'api_key_stays_revoked', SCHEMA = 'identity', TABLE = 'api_key';
END
$$;

-- Makes it impossible to move or lift the end of a key.
CREATE TRIGGER api_key_stays_revoked BEFORE UPDATE ON identity.api_key
    FOR EACH ROW WHEN (OLD.revoked_at IS NOT NULL) EXECUTE FUNCTION identity.keep_revocation();

-- The one question that may be asked without a tenant: whose key has this hash? It tells one row, of keys
-- that are not revoked. Comparing in constant time is not needed, since it is the hash that is looked up:
-- who does not know the key cannot steer its hash towards another's.
CREATE FUNCTION identity.find_key_v1(hash bytea)
    RETURNS TABLE (tenant_id bigint, key_id text, label text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT k.tenant_id, k.key_id, k.label
    FROM identity.api_key AS k
    WHERE k.hash = find_key_v1.hash AND k.revoked_at IS NULL
$$;
REVOKE ALL ON FUNCTION identity.find_key_v1(bytea), identity.keep_revocation() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.find_key_v1(bytea) TO tallystick_identity;

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
