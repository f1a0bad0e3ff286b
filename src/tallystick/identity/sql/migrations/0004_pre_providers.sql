-- Who a tenant lets say who its people are: OpenID providers by their issuer, SAML identity providers by their entity id.
-- To change one is to end its row and add the next; one row of each name is in force.
CREATE TABLE identity.provider (
    tenant_id    bigint NOT NULL,
    provider     text NOT NULL,
    number       integer NOT NULL,
    kind         text NOT NULL,
    issuer       text NOT NULL,
    client       text NOT NULL,
    audience     text,
    sign_in_url  text,
    answer_url   text,
    certificates text[] NOT NULL,
    algorithms   text[] NOT NULL,
    redirects    text[] NOT NULL,
    trusts_mfa   boolean NOT NULL,
    mfa_contexts text[] NOT NULL,
    set_by       text NOT NULL,
    set_at       timestamptz NOT NULL,
    ended_at     timestamptz,
    PRIMARY KEY (tenant_id, provider, number),
    CONSTRAINT tenant_not_found FOREIGN KEY (tenant_id) REFERENCES identity.tenant (tenant_id),
    CONSTRAINT provider_is_a_word CHECK (provider ~ '^[a-z][a-z0-9_]{0,49}$'),
    CONSTRAINT provider_kind_is_known CHECK (kind IN ('oidc', 'saml')),
    CONSTRAINT provider_issuer_is_short CHECK (length(issuer) BETWEEN 1 AND 500),
    CONSTRAINT provider_client_is_short CHECK (length(client) BETWEEN 1 AND 500),
    CONSTRAINT provider_audience_is_short CHECK (length(audience) BETWEEN 1 AND 500),
    CONSTRAINT provider_has_few_certificates CHECK (cardinality(certificates) <= 5),
    CONSTRAINT provider_has_few_redirects CHECK (cardinality(redirects) <= 10),
    CONSTRAINT provider_has_few_contexts CHECK (cardinality(mfa_contexts) <= 20),
    CONSTRAINT provider_of_openid_signs_tokens CHECK (kind <> 'oidc'
        OR (cardinality(algorithms) > 0 AND cardinality(certificates) = 0 AND sign_in_url IS NULL AND answer_url IS NULL)),
    CONSTRAINT provider_of_saml_signs_assertions CHECK (kind <> 'saml'
        OR (cardinality(certificates) > 0 AND cardinality(algorithms) = 0 AND audience IS NULL
            AND sign_in_url IS NOT NULL AND answer_url IS NOT NULL))
);

-- One provider of a name is in force.
CREATE UNIQUE INDEX provider_is_set_once ON identity.provider (tenant_id, provider) WHERE ended_at IS NULL;
-- An issuer names people once in a tenant: no second provider speaks for the logins of the first.
CREATE UNIQUE INDEX provider_issuer_is_set_once ON identity.provider (tenant_id, issuer) WHERE ended_at IS NULL;
-- Whose access token it is, is told by its issuer and audience, so no two tenants share both.
CREATE UNIQUE INDEX provider_audience_is_taken ON identity.provider (issuer, audience)
    WHERE ended_at IS NULL AND audience IS NOT NULL;

-- Sign-ins under way: short, used up once. What the client keeps is kept as a hash, and what goes through the browser
-- is derived from that, so that the row opens nothing. What SAML answered waits here for the client to fetch it.
CREATE TABLE identity.sign_in (
    tenant_id   bigint NOT NULL,
    hash        bytea NOT NULL,
    state_hash  bytea NOT NULL,
    provider    text NOT NULL,
    number      integer NOT NULL,
    redirect    text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    code_hash   bytea,
    subject     text,
    methods     text[] NOT NULL,
    mfa_at      timestamptz,
    PRIMARY KEY (tenant_id, hash),
    CONSTRAINT provider_not_found FOREIGN KEY (tenant_id, provider, number)
        REFERENCES identity.provider (tenant_id, provider, number),
    CONSTRAINT sign_in_hash_is_sha256 CHECK (length(hash) = 32 AND length(state_hash) = 32 AND length(code_hash) = 32),
    CONSTRAINT sign_in_is_short CHECK (expires_at > created_at AND expires_at <= created_at + interval '15 minutes'),
    CONSTRAINT sign_in_answer_is_whole CHECK ((code_hash IS NULL) = (subject IS NULL))
);

-- What came back through the browser is found by its state.
CREATE UNIQUE INDEX sign_in_by_state ON identity.sign_in (tenant_id, state_hash);
-- What may be forgotten comes first.
CREATE INDEX sign_in_until ON identity.sign_in (tenant_id, expires_at);

-- When a session was last used, to the minute: one that rests too long has ended.
ALTER TABLE identity.session ADD COLUMN seen_at timestamptz;
GRANT UPDATE (seen_at) ON identity.session TO tallystick_identity;

-- Each tenant sees and makes its own rows only. Without a tenant the cast fails: an error, never an empty answer.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['provider', 'sign_in']
    LOOP
        EXECUTE format('ALTER TABLE identity.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE identity.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant_only ON identity.%I TO tallystick_identity, tallystick_operator
            USING (tenant_id = current_setting(''tallystick.tenant'')::bigint)', name);
        EXECUTE format('GRANT SELECT, INSERT ON identity.%I TO tallystick_identity', name);
    END LOOP;
END
$$;
GRANT SELECT ON identity.provider TO tallystick_operator;
GRANT UPDATE (ended_at) ON identity.provider TO tallystick_identity;
GRANT UPDATE (code_hash, subject, methods, mfa_at) ON identity.sign_in TO tallystick_identity;
GRANT DELETE ON identity.sign_in TO tallystick_identity;

-- Whose access token it is, is asked before a tenant is known: who is called so by this issuer.
CREATE FUNCTION identity.find_provider_v1(issuer text, audiences text[])
    RETURNS TABLE (tenant_id bigint, provider text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT p.tenant_id, p.provider
    FROM identity.provider AS p
    WHERE p.issuer = find_provider_v1.issuer AND p.audience = ANY (find_provider_v1.audiences) AND p.ended_at IS NULL
    LIMIT 2
$$;
CREATE POLICY owner_finds_providers ON identity.provider FOR SELECT TO tallystick_owner USING (true);
REVOKE ALL ON FUNCTION identity.find_provider_v1(text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.find_provider_v1(text, text[]) TO tallystick_identity;

-- Keeps what has ended ended.
CREATE FUNCTION identity.refuse_return_v1() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
BEGIN
    RAISE EXCEPTION 'a session or provider that has ended stays so'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'what_has_ended_stays_so';
END
$$;
-- A session that was ended opens nothing again.
CREATE TRIGGER what_has_ended_stays_so BEFORE UPDATE ON identity.session
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION identity.refuse_return_v1();
ALTER TABLE identity.session ENABLE ALWAYS TRIGGER what_has_ended_stays_so;
-- A provider that was ended speaks for nobody again.
CREATE TRIGGER what_has_ended_stays_so BEFORE UPDATE ON identity.provider
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION identity.refuse_return_v1();
ALTER TABLE identity.provider ENABLE ALWAYS TRIGGER what_has_ended_stays_so;
REVOKE ALL ON FUNCTION identity.refuse_return_v1() FROM PUBLIC;
