-- Clients: programs that prove themselves by keys or certificates of their own, for themselves or for people who agreed.
-- ``key_set`` is a JWK Set of public keys. ``scope`` is what a client may ask for at most, in bundles; all its roles give when
-- it is empty. A third party has addresses that people are sent back to, and acts for people only.
CREATE TABLE identity.client (
    tenant_id              bigint NOT NULL,
    client_id              text NOT NULL,
    name                   text NOT NULL,
    key_set                text,
    certificate_thumbprint bytea,
    certificate_subject    text,
    redirect_uris          text[] NOT NULL,
    scope                  text[] NOT NULL,
    created_at             timestamptz NOT NULL,
    ended_at               timestamptz,
    PRIMARY KEY (tenant_id, client_id),
    CONSTRAINT tenant_not_found FOREIGN KEY (tenant_id) REFERENCES identity.tenant (tenant_id),
    CONSTRAINT client_name_is_short CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT client_key_set_is_short CHECK (length(key_set) <= 16384),
    CONSTRAINT client_thumbprint_is_sha256 CHECK (length(certificate_thumbprint) = 32),
    CONSTRAINT client_subject_is_short CHECK (length(certificate_subject) BETWEEN 1 AND 1000),
    CONSTRAINT client_is_proven_in_one_way CHECK (num_nonnulls(key_set, certificate_thumbprint, certificate_subject) = 1),
    CONSTRAINT client_has_few_redirect_uris CHECK (cardinality(redirect_uris) <= 10),
    CONSTRAINT client_has_a_short_scope CHECK (cardinality(scope) <= 50)
);

-- A client is looked up by its id before its tenant is known.
CREATE UNIQUE INDEX client_id_is_unique ON identity.client (client_id);

-- What third parties asked people for, what those said, and the code that was given for it. ``secret_hash`` is of the address
-- the request was pushed to (RFC 9126), ``code_hash`` of the code; both are good once. A consent that was redeemed is the session
-- of the same name.
CREATE TABLE identity.consent (
    tenant_id       bigint NOT NULL,
    consent_id      text NOT NULL,
    client_id       text NOT NULL,
    secret_hash     bytea NOT NULL,
    redirect_uri    text NOT NULL,
    scope           text[] NOT NULL,
    state           text,
    code_challenge  text NOT NULL,
    dpop_thumbprint text,
    asked_at        timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    person_id       text,
    session_id      text,
    code_hash       bytea,
    decided_at      timestamptz,
    redeemed_at     timestamptz,
    ended_at        timestamptz,
    PRIMARY KEY (tenant_id, consent_id),
    CONSTRAINT client_not_found FOREIGN KEY (tenant_id, client_id) REFERENCES identity.client (tenant_id, client_id),
    CONSTRAINT person_not_found FOREIGN KEY (tenant_id, person_id) REFERENCES identity.person (tenant_id, person_id),
    CONSTRAINT session_not_found FOREIGN KEY (tenant_id, session_id) REFERENCES identity.session (tenant_id, session_id),
    CONSTRAINT consent_secret_is_sha256 CHECK (length(secret_hash) = 32),
    CONSTRAINT consent_code_is_sha256 CHECK (length(code_hash) = 32),
    CONSTRAINT consent_is_asked_for_ten_minutes_at_most CHECK (
        expires_at > asked_at AND expires_at < asked_at + interval '10 minutes'),
    CONSTRAINT consent_is_decided_whole CHECK (
        (decided_at IS NULL) = (person_id IS NULL) AND (person_id IS NULL) = (session_id IS NULL)),
    CONSTRAINT consent_is_given_before_it_is_redeemed CHECK (code_hash IS NOT NULL OR redeemed_at IS NULL)
);

-- The consents of a person.
CREATE INDEX consent_by_person ON identity.consent (tenant_id, person_id, consent_id) WHERE person_id IS NOT NULL;

-- When a key ends by itself, and when it was last seen, to the quarter of an hour. Keys from before these were there have no end.
ALTER TABLE identity.api_key ADD COLUMN expires_at timestamptz;
ALTER TABLE identity.api_key ADD COLUMN used_at timestamptz;
ALTER TABLE identity.api_key ADD CONSTRAINT api_key_expires_after_it_was_made CHECK (expires_at > created_at);
ALTER TABLE identity.api_key ADD CONSTRAINT api_key_has_few_roles CHECK (cardinality(roles) BETWEEN 1 AND 20);
GRANT UPDATE (used_at) ON identity.api_key TO tallystick_identity;
GRANT SELECT (roles, expires_at, used_at) ON identity.api_key TO tallystick_operator;

-- Each tenant sees and makes its own rows only. Without a tenant the cast fails: an error, never an empty answer.
ALTER TABLE identity.client ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.client FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON identity.client TO tallystick_identity, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE identity.consent ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.consent FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON identity.consent TO tallystick_identity, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
GRANT SELECT, INSERT ON identity.client, identity.consent TO tallystick_identity;
GRANT SELECT ON identity.client, identity.consent TO tallystick_operator;

-- What may change, column by column: the end of a client, and what becomes of a consent.
GRANT UPDATE (ended_at) ON identity.client TO tallystick_identity;
GRANT UPDATE (person_id, session_id, code_hash, decided_at, redeemed_at, ended_at) ON identity.consent TO tallystick_identity;

-- Refuses to lift an end, and to decide or redeem a second time.
CREATE FUNCTION identity.keep_end_v1() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RAISE EXCEPTION 'what has ended on %.% stays so', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = 'what_ended_stays_so';
END
$$;
REVOKE ALL ON FUNCTION identity.keep_end_v1() FROM PUBLIC;
-- A client that has ended stays ended.
CREATE TRIGGER client_stays_ended BEFORE UPDATE ON identity.client
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION identity.keep_end_v1();
ALTER TABLE identity.client ENABLE ALWAYS TRIGGER client_stays_ended;
-- A consent that has ended stays ended.
CREATE TRIGGER consent_stays_ended BEFORE UPDATE ON identity.consent
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION identity.keep_end_v1();
ALTER TABLE identity.consent ENABLE ALWAYS TRIGGER consent_stays_ended;
-- A consent is decided once, by one person.
CREATE TRIGGER consent_is_decided_once BEFORE UPDATE OF person_id, session_id, code_hash, decided_at ON identity.consent
    FOR EACH ROW WHEN (OLD.decided_at IS NOT NULL) EXECUTE FUNCTION identity.keep_end_v1();
ALTER TABLE identity.consent ENABLE ALWAYS TRIGGER consent_is_decided_once;
-- A code is redeemed once.
CREATE TRIGGER consent_is_redeemed_once BEFORE UPDATE OF redeemed_at ON identity.consent
    FOR EACH ROW WHEN (OLD.redeemed_at IS NOT NULL) EXECUTE FUNCTION identity.keep_end_v1();
ALTER TABLE identity.consent ENABLE ALWAYS TRIGGER consent_is_redeemed_once;

-- A client is looked up before its tenant is known: by its id, as long as it has not ended.
CREATE FUNCTION identity.find_client_v1(client_id text)
    RETURNS TABLE (tenant_id bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT c.tenant_id
    FROM identity.client AS c
    WHERE c.client_id = find_client_v1.client_id AND c.ended_at IS NULL
$$;
CREATE POLICY owner_finds_clients ON identity.client FOR SELECT TO tallystick_owner USING (true);
REVOKE ALL ON FUNCTION identity.find_client_v1(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.find_client_v1(text) TO tallystick_identity;

-- Nothing asks for keys without asking for their end as well.
DROP FUNCTION identity.find_key_v1(bytea);

-- Whose key has this hash, of those that were not revoked and whose time is not over at the moment that is asked about.
CREATE FUNCTION identity.find_key_v2(hash bytea, at timestamptz)
    RETURNS TABLE (tenant_id bigint, key_id text, expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT k.tenant_id, k.key_id, k.expires_at
    FROM identity.api_key AS k
    WHERE k.hash = find_key_v2.hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > find_key_v2.at)
$$;
REVOKE ALL ON FUNCTION identity.find_key_v2(bytea, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.find_key_v2(bytea, timestamptz) TO tallystick_identity;
