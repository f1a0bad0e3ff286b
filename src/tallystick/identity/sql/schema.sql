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
