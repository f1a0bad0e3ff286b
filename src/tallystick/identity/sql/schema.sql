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
    -- What it may do.
    roles      text[] NOT NULL DEFAULT '{machine}',
    -- When it ends by itself; keys from before this was there have no end.
    expires_at timestamptz,
    -- When it was last seen, to the quarter of an hour.
    used_at    timestamptz,
    -- Who is behind it, through every key in between; keys from before this was there do not say.
    made_by    text,
    -- The key or client that made it, if one did.
    made_with  text,
    -- Whether its roles are those of its maker, and no more than that one still holds.
    inherits   boolean NOT NULL DEFAULT false,
    CONSTRAINT api_key_exists PRIMARY KEY (tenant_id, key_id),
    CONSTRAINT tenant_not_found FOREIGN KEY (tenant_id) REFERENCES identity.tenant (tenant_id),
    CONSTRAINT api_key_hash_is_sha256 CHECK (length(hash) = 32),
    CONSTRAINT api_key_label_is_short CHECK (length(label) BETWEEN 1 AND 100),
    CONSTRAINT api_key_expires_after_it_was_made CHECK (expires_at > created_at),
    CONSTRAINT api_key_has_few_roles CHECK (cardinality(roles) BETWEEN 1 AND 20),
    CONSTRAINT api_key_maker_is_short CHECK (length(made_by) BETWEEN 1 AND 100),
    CONSTRAINT api_key_is_made_with_another CHECK (made_with <> key_id AND length(made_with) <= 100)
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

REVOKE ALL ON FUNCTION identity.keep_revocation() FROM PUBLIC;

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

-- People of a tenant. A human who belongs to two tenants is a person of each, and neither can tell.
CREATE TABLE identity.person (
    tenant_id  bigint NOT NULL,
    person_id  text NOT NULL,
    name       text NOT NULL,
    status     text NOT NULL,
    risk       smallint NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, person_id),
    CONSTRAINT tenant_not_found FOREIGN KEY (tenant_id) REFERENCES identity.tenant (tenant_id),
    CONSTRAINT person_name_is_short CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT person_status_is_known CHECK (status IN ('active', 'suspended', 'left')),
    CONSTRAINT person_risk_is_0_to_100 CHECK (risk BETWEEN 0 AND 100)
);

-- How a provider names a person: by its issuer and subject, once.
CREATE TABLE identity.login (
    tenant_id  bigint NOT NULL,
    issuer     text NOT NULL,
    subject    text NOT NULL,
    person_id  text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz,
    PRIMARY KEY (tenant_id, issuer, subject),
    CONSTRAINT person_not_found FOREIGN KEY (tenant_id, person_id) REFERENCES identity.person (tenant_id, person_id),
    CONSTRAINT login_issuer_is_short CHECK (length(issuer) BETWEEN 1 AND 500),
    CONSTRAINT login_subject_is_short CHECK (length(subject) BETWEEN 1 AND 255)
);

-- The logins of a person.
CREATE INDEX login_by_person ON identity.login (tenant_id, person_id);

-- Roles that a tenant made: a name and the bundles of acts in it. Those that come with the platform are data of the program.
CREATE TABLE identity.role (
    tenant_id  bigint NOT NULL,
    role       text NOT NULL,
    title      text NOT NULL,
    bundles    text[] NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz,
    PRIMARY KEY (tenant_id, role),
    CONSTRAINT tenant_not_found FOREIGN KEY (tenant_id) REFERENCES identity.tenant (tenant_id),
    CONSTRAINT role_is_a_word CHECK (role ~ '^[a-z][a-z0-9_]{0,49}$'),
    CONSTRAINT role_title_is_short CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT role_has_few_bundles CHECK (cardinality(bundles) BETWEEN 1 AND 50)
);

-- Who holds which role: people, keys and clients of machines. A role is given once and ended once.
CREATE TABLE identity.membership (
    tenant_id     bigint NOT NULL,
    membership_id text NOT NULL,
    holder        text NOT NULL,
    role          text NOT NULL,
    from_at       timestamptz NOT NULL,
    until_at      timestamptz,
    given_by      text NOT NULL,
    given_at      timestamptz NOT NULL,
    ended_at      timestamptz,
    PRIMARY KEY (tenant_id, membership_id),
    CONSTRAINT tenant_not_found FOREIGN KEY (tenant_id) REFERENCES identity.tenant (tenant_id),
    CONSTRAINT nobody_gives_themselves_a_role CHECK (given_by <> holder),
    CONSTRAINT membership_ends_after_it_began CHECK (until_at > from_at)
);

-- The roles of a holder that are in force; each is held once.
CREATE UNIQUE INDEX role_is_held_once ON identity.membership (tenant_id, holder, role) WHERE ended_at IS NULL;

-- What one holder may do beyond reading: on which accounts, which acts, how much at once and in a slot, when, and who must agree.
CREATE TABLE identity.delegation (
    tenant_id     bigint NOT NULL,
    delegation_id text NOT NULL,
    holder        text NOT NULL,
    actions       text[] NOT NULL,
    accounts      text[] NOT NULL,
    credits       text[] NOT NULL,
    asset         text,
    cap_each      numeric(38, 0),
    cap_slot      numeric(38, 0),
    slot          text,
    opens         smallint,
    closes        smallint,
    days          smallint[] NOT NULL,
    time_zone     text NOT NULL,
    from_at       timestamptz NOT NULL,
    until_at      timestamptz,
    step_up_above numeric(38, 0),
    approvers     smallint NOT NULL,
    approve_above numeric(38, 0),
    given_by      text NOT NULL,
    given_at      timestamptz NOT NULL,
    ended_at      timestamptz,
    PRIMARY KEY (tenant_id, delegation_id),
    CONSTRAINT tenant_not_found FOREIGN KEY (tenant_id) REFERENCES identity.tenant (tenant_id),
    CONSTRAINT nobody_gives_themselves_a_delegation CHECK (given_by <> holder),
    CONSTRAINT delegation_ends_after_it_began CHECK (until_at > from_at),
    CONSTRAINT delegation_has_few_actions CHECK (cardinality(actions) BETWEEN 1 AND 50),
    CONSTRAINT delegation_has_few_accounts CHECK (cardinality(accounts) BETWEEN 1 AND 50),
    CONSTRAINT delegation_has_few_credits CHECK (cardinality(credits) BETWEEN 1 AND 50),
    CONSTRAINT delegation_slot_is_known CHECK (slot IN ('hour', 'day', 'week', 'month', 'opening')),
    CONSTRAINT delegation_caps_a_slot_whole CHECK ((cap_slot IS NULL) = (slot IS NULL)),
    CONSTRAINT delegation_caps_one_asset CHECK (
        asset IS NOT NULL OR (cap_each IS NULL AND cap_slot IS NULL AND step_up_above IS NULL AND approve_above IS NULL)),
    CONSTRAINT delegation_caps_are_positive CHECK (cap_each > 0 AND cap_slot > 0),
    CONSTRAINT delegation_opens_before_it_closes CHECK (opens BETWEEN 0 AND 1439 AND closes BETWEEN 1 AND 1440 AND opens < closes),
    CONSTRAINT delegation_has_hours_whole CHECK ((opens IS NULL) = (closes IS NULL)),
    CONSTRAINT delegation_asks_few_approvers CHECK (approvers BETWEEN 0 AND 5)
);

-- The delegations of a holder.
CREATE INDEX delegation_by_holder ON identity.delegation (tenant_id, holder) WHERE ended_at IS NULL;

-- Sign-ins that last. What is sent with each request is kept as a hash; when a second factor and a step-up were proven is
-- what decisions look at.
CREATE TABLE identity.session (
    tenant_id     bigint NOT NULL,
    session_id    text NOT NULL,
    person_id     text NOT NULL,
    hash          bytea NOT NULL,
    issuer        text NOT NULL,
    methods       text[] NOT NULL,
    device        text NOT NULL,
    device_known  boolean NOT NULL,
    network       text NOT NULL,
    country       text NOT NULL,
    started_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    mfa_at        timestamptz,
    stepped_up_at timestamptz,
    ended_at      timestamptz,
    seen_at       timestamptz,
    PRIMARY KEY (tenant_id, session_id),
    CONSTRAINT person_not_found FOREIGN KEY (tenant_id, person_id) REFERENCES identity.person (tenant_id, person_id),
    CONSTRAINT session_hash_is_sha256 CHECK (length(hash) = 32),
    CONSTRAINT session_lasts_a_day_at_most CHECK (expires_at > started_at AND expires_at <= started_at + interval '24 hours')
);

-- A session is found by its hash in one step.
CREATE UNIQUE INDEX session_hash_is_unique ON identity.session (hash);
-- The sessions of a person.
CREATE INDEX session_by_person ON identity.session (tenant_id, person_id, started_at);

-- What may be shown once: numbers of tokens and proofs, codes, assertions. One replay cache for all processes.
CREATE TABLE identity.once (
    tenant_id bigint NOT NULL,
    kind      text NOT NULL,
    hash      bytea NOT NULL,
    until_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, hash),
    CONSTRAINT once_hash_is_sha256 CHECK (length(hash) = 32)
);

-- What may be forgotten comes first.
CREATE INDEX once_until ON identity.once (until_at);

-- What a tenant asks of every sign-in and act: from where, with which device, at which risk, how fresh. One row is in force.
CREATE TABLE identity.access_rule (
    tenant_id       bigint NOT NULL,
    number          integer NOT NULL,
    networks        text[] NOT NULL,
    countries       text[] NOT NULL,
    known_devices   boolean NOT NULL,
    risk_max        smallint NOT NULL,
    step_up_minutes smallint NOT NULL,
    set_by          text NOT NULL,
    set_at          timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, number),
    CONSTRAINT tenant_not_found FOREIGN KEY (tenant_id) REFERENCES identity.tenant (tenant_id),
    CONSTRAINT access_rule_names_few_networks CHECK (cardinality(networks) <= 100),
    CONSTRAINT access_rule_names_few_countries CHECK (cardinality(countries) <= 250),
    CONSTRAINT access_rule_risk_is_0_to_100 CHECK (risk_max BETWEEN 0 AND 100),
    CONSTRAINT access_rule_step_up_lasts_an_hour_at_most CHECK (step_up_minutes BETWEEN 1 AND 60)
);

-- The policies decisions were made by, whole, by the hash of their text: what was decided once can be decided again.
CREATE TABLE identity.policy_set (
    version    text NOT NULL,
    policies   text NOT NULL,
    entities   text NOT NULL,
    first_used timestamptz NOT NULL,
    PRIMARY KEY (version)
);

-- Every decision, with everything it was made of: canonical JSON of the principal, the action and the facts.
CREATE TABLE identity.decision (
    tenant_id   bigint NOT NULL,
    decision_id text NOT NULL,
    at          timestamptz NOT NULL,
    actor       text NOT NULL,
    session     text NOT NULL,
    action      text NOT NULL,
    allowed     boolean NOT NULL,
    version     text NOT NULL,
    asked       text NOT NULL,
    answered    text NOT NULL,
    PRIMARY KEY (tenant_id, decision_id),
    CONSTRAINT decision_is_by_known_policies FOREIGN KEY (version) REFERENCES identity.policy_set (version)
);

-- The decisions about an actor, in order.
CREATE INDEX decision_by_actor ON identity.decision (tenant_id, actor, decision_id);

-- What waits for others to agree: an act as it was asked, down to its digest. It is good for that act alone.
CREATE TABLE identity.approval (
    tenant_id   bigint NOT NULL,
    approval_id text NOT NULL,
    maker       text NOT NULL,
    action      text NOT NULL,
    digest      bytea NOT NULL,
    asked       text NOT NULL,
    needed      smallint NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    ending      text,
    PRIMARY KEY (tenant_id, approval_id),
    CONSTRAINT approval_is_its_makers UNIQUE (tenant_id, approval_id, maker),
    CONSTRAINT approval_digest_is_sha256 CHECK (length(digest) = 32),
    CONSTRAINT approval_needs_few CHECK (needed BETWEEN 1 AND 5),
    CONSTRAINT approval_lasts_a_week_at_most CHECK (expires_at > created_at AND expires_at <= created_at + interval '7 days'),
    CONSTRAINT approval_ending_is_known CHECK (ending IN ('rejected', 'withdrawn', 'expired', 'used')),
    CONSTRAINT approval_ends_whole CHECK ((ended_at IS NULL) = (ending IS NULL))
);

-- What was asked for an act before.
CREATE INDEX approval_by_act ON identity.approval (tenant_id, maker, action, digest);
-- One open request per act.
CREATE UNIQUE INDEX approval_is_asked_once ON identity.approval (tenant_id, maker, action, digest) WHERE ended_at IS NULL;

-- What each other person said to it, with the signature that bound it to amount, currency, payee and payment. Whoever asked
-- cannot agree, and nobody agrees twice.
CREATE TABLE identity.approval_vote (
    tenant_id          bigint NOT NULL,
    approval_id        text NOT NULL,
    maker              text NOT NULL,
    person_id          text NOT NULL,
    verdict            text NOT NULL,
    at                 timestamptz NOT NULL,
    method             text NOT NULL,
    credential_id      bytea,
    public_key         bytea,
    client_data        bytea,
    authenticator_data bytea,
    signature          bytea,
    nonce              bytea,
    -- Why somebody said no, where they told.
    reason             text,
    PRIMARY KEY (tenant_id, approval_id, person_id),
    CONSTRAINT approval_not_found FOREIGN KEY (tenant_id, approval_id, maker)
        REFERENCES identity.approval (tenant_id, approval_id, maker),
    CONSTRAINT person_not_found FOREIGN KEY (tenant_id, person_id) REFERENCES identity.person (tenant_id, person_id),
    CONSTRAINT nobody_approves_their_own CHECK (person_id <> maker),
    CONSTRAINT vote_verdict_is_known CHECK (verdict IN ('approved', 'rejected')),
    CONSTRAINT vote_method_is_known CHECK (method IN ('passkey', 'session')),
    CONSTRAINT vote_by_passkey_is_signed CHECK (
        method <> 'passkey' OR (credential_id IS NOT NULL AND public_key IS NOT NULL AND client_data IS NOT NULL
            AND authenticator_data IS NOT NULL AND signature IS NOT NULL)),
    CONSTRAINT vote_by_passkey_has_its_nonce CHECK (
        method <> 'passkey' OR (nonce IS NOT NULL AND length(nonce) = 32)),
    CONSTRAINT vote_reason_is_1_to_500_characters CHECK (length(reason) BETWEEN 1 AND 500)
);

-- Each tenant sees and makes its own rows only. Without a tenant the cast fails: an error, never an empty answer.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['person', 'login', 'role', 'membership', 'delegation', 'session', 'once', 'access_rule',
        'decision', 'approval', 'approval_vote']
    LOOP
        EXECUTE format('ALTER TABLE identity.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE identity.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant_only ON identity.%I TO tallystick_identity, tallystick_operator
            USING (tenant_id = current_setting(''tallystick.tenant'')::bigint)', name);
        EXECUTE format('GRANT SELECT, INSERT ON identity.%I TO tallystick_identity', name);
        EXECUTE format('GRANT SELECT ON identity.%I TO tallystick_operator', name);
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON identity.policy_set TO tallystick_identity;
GRANT SELECT ON identity.policy_set TO tallystick_operator;

-- What may change, column by column: the ends of things, and what is proven later.
GRANT UPDATE (name, status, risk) ON identity.person TO tallystick_identity;
GRANT UPDATE (ended_at) ON identity.login, identity.role, identity.membership, identity.delegation, identity.approval
    TO tallystick_identity;
GRANT UPDATE (mfa_at, stepped_up_at, ended_at, methods, device_known) ON identity.session TO tallystick_identity;
GRANT DELETE ON identity.once TO tallystick_identity;

-- Decisions, rules, and what people agreed to, stay as they were written.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.decision
    FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change_v1();
ALTER TABLE identity.decision ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.policy_set
    FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change_v1();
ALTER TABLE identity.policy_set ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.access_rule
    FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change_v1();
ALTER TABLE identity.access_rule ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.approval_vote
    FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change_v1();
ALTER TABLE identity.approval_vote ENABLE ALWAYS TRIGGER history_is_append_only;

-- A session is looked up before its tenant is known: by the hash of what was sent, as long as it lasts.
CREATE FUNCTION identity.find_session_v1(hash bytea)
    RETURNS TABLE (tenant_id bigint, session_id text, person_id text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT s.tenant_id, s.session_id, s.person_id
    FROM identity.session AS s
    WHERE s.hash = find_session_v1.hash AND s.ended_at IS NULL
$$;
CREATE POLICY owner_finds_sessions ON identity.session FOR SELECT TO tallystick_owner USING (true);
REVOKE ALL ON FUNCTION identity.find_session_v1(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.find_session_v1(bytea) TO tallystick_identity;

-- Second factors and approvals (part: factors).

-- Second factors of people. What a code is made from is sealed under a key outside the database, and goes when the factor
-- ends; the public key of a passkey stays, since what it signed is verified years later.
CREATE TABLE identity.factor (
    tenant_id     bigint NOT NULL,
    factor_id     text NOT NULL,
    person_id     text NOT NULL,
    kind          text NOT NULL,
    label         text NOT NULL,
    created_at    timestamptz NOT NULL,
    confirmed_at  timestamptz,
    ended_at      timestamptz,
    secret        bytea,
    key_name      text,
    credential_id bytea,
    public_key    bytea,
    sign_count    bigint,
    PRIMARY KEY (tenant_id, factor_id),
    CONSTRAINT person_not_found FOREIGN KEY (tenant_id, person_id) REFERENCES identity.person (tenant_id, person_id),
    CONSTRAINT factor_kind_is_known CHECK (kind IN ('totp', 'passkey')),
    CONSTRAINT factor_label_is_short CHECK (length(label) BETWEEN 1 AND 100),
    CONSTRAINT factor_totp_has_its_secret_while_it_lasts CHECK (
        kind <> 'totp' OR (ended_at IS NULL) = (secret IS NOT NULL AND key_name IS NOT NULL)),
    CONSTRAINT factor_passkey_is_whole CHECK (
        kind <> 'passkey' OR (credential_id IS NOT NULL AND public_key IS NOT NULL AND sign_count IS NOT NULL
            AND confirmed_at IS NOT NULL AND secret IS NULL)),
    CONSTRAINT factor_sign_count_is_32_bits CHECK (sign_count BETWEEN 0 AND 4294967295)
);

-- The factors of a person.
CREATE INDEX factor_by_person ON identity.factor (tenant_id, person_id, factor_id);
-- A passkey is one person's, once.
CREATE UNIQUE INDEX factor_credential_is_unique ON identity.factor (tenant_id, credential_id)
    WHERE credential_id IS NOT NULL;

-- Keeps what has ended ended, and what was confirmed confirmed.
CREATE FUNCTION identity.refuse_factor_return_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL OR (OLD.confirmed_at IS NOT NULL AND NEW.confirmed_at IS DISTINCT FROM OLD.confirmed_at)
        OR NEW.sign_count < OLD.sign_count THEN
        RAISE EXCEPTION 'a factor does not go back'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'factor_does_not_go_back';
    END IF;
    RETURN NEW;
END
$$;
-- An ended factor is written no more, and a counter of signatures never falls.
CREATE TRIGGER factor_does_not_go_back BEFORE UPDATE ON identity.factor
    FOR EACH ROW EXECUTE FUNCTION identity.refuse_factor_return_v1();
ALTER TABLE identity.factor ENABLE ALWAYS TRIGGER factor_does_not_go_back;

-- Wrong codes of late, by which a person is locked out for a while. The record keeps them for good.
CREATE TABLE identity.factor_failure (
    tenant_id  bigint NOT NULL,
    person_id  text NOT NULL,
    failure_id text NOT NULL,
    at         timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, person_id, failure_id),
    CONSTRAINT person_not_found FOREIGN KEY (tenant_id, person_id) REFERENCES identity.person (tenant_id, person_id)
);

-- What a passkey is asked to sign: kept as a hash, for one person in one session, for one purpose, spent once.
CREATE TABLE identity.challenge (
    tenant_id    bigint NOT NULL,
    challenge_id text NOT NULL,
    person_id    text NOT NULL,
    session_id   text NOT NULL,
    purpose      text NOT NULL,
    subject      text NOT NULL,
    hash         bytea NOT NULL,
    nonce        bytea,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    spent_at     timestamptz,
    PRIMARY KEY (tenant_id, challenge_id),
    CONSTRAINT person_not_found FOREIGN KEY (tenant_id, person_id) REFERENCES identity.person (tenant_id, person_id),
    CONSTRAINT challenge_purpose_is_known CHECK (purpose IN ('enrol', 'prove', 'approve')),
    CONSTRAINT challenge_hash_is_sha256 CHECK (length(hash) = 32),
    CONSTRAINT challenge_to_approve_has_a_nonce CHECK ((purpose = 'approve') = (nonce IS NOT NULL AND length(nonce) = 32)),
    CONSTRAINT challenge_lasts_ten_minutes_at_most CHECK (
        expires_at > created_at AND expires_at <= created_at + interval '10 minutes')
);

-- The challenges of a person, the oldest first.
CREATE INDEX challenge_by_person ON identity.challenge (tenant_id, person_id, created_at);

-- What is open, the oldest first.
CREATE INDEX approval_open ON identity.approval (tenant_id, approval_id) WHERE ended_at IS NULL;
-- What somebody asked for, the oldest first.
CREATE INDEX approval_by_maker ON identity.approval (tenant_id, maker, approval_id);

-- Keeps what has ended ended, and what was asked as it was asked.
CREATE FUNCTION identity.refuse_approval_return_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'an approval that has ended stays so'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'approval_does_not_go_back';
    END IF;
    RETURN NEW;
END
$$;
-- An ended approval is written no more.
CREATE TRIGGER approval_does_not_go_back BEFORE UPDATE ON identity.approval
    FOR EACH ROW EXECUTE FUNCTION identity.refuse_approval_return_v1();
ALTER TABLE identity.approval ENABLE ALWAYS TRIGGER approval_does_not_go_back;

-- Each tenant sees and makes its own rows only. Without a tenant the cast fails: an error, never an empty answer.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['factor', 'factor_failure', 'challenge']
    LOOP
        EXECUTE format('ALTER TABLE identity.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE identity.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant_only ON identity.%I TO tallystick_identity
            USING (tenant_id = current_setting(''tallystick.tenant'')::bigint)', name);
        EXECUTE format('GRANT SELECT, INSERT ON identity.%I TO tallystick_identity', name);
    END LOOP;
END
$$;
GRANT UPDATE (confirmed_at, ended_at, secret, key_name, sign_count) ON identity.factor TO tallystick_identity;
GRANT UPDATE (spent_at) ON identity.challenge TO tallystick_identity;
GRANT UPDATE (ending) ON identity.approval TO tallystick_identity;
GRANT DELETE ON identity.factor_failure, identity.challenge TO tallystick_identity;

-- Providers, sign-ins and the rest of sessions (part: people).

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

-- Budgets of requests and kept answers (part: edge).

-- Budgets of requests, for all processes together: until when each is spent, in nanoseconds since 1970, and what the last
-- draw gave. A crash of the server forgets them, and they begin anew.
CREATE UNLOGGED TABLE identity.budget (
    tenant_id bigint NOT NULL,
    subject   text NOT NULL,
    spent_ns  bigint NOT NULL,
    cells     bigint NOT NULL,
    asked_ns  bigint NOT NULL,
    PRIMARY KEY (tenant_id, subject),
    CONSTRAINT budget_subject_is_short CHECK (length(subject) BETWEEN 1 AND 200),
    CONSTRAINT budget_gives_no_less_than_nothing CHECK (cells >= 0)
);

-- Answers to writes by the key that their sender gave them, for a day. Without a status the write is under way; without content
-- its answer is not kept. One taken for good is never done again.
CREATE TABLE identity.answer (
    tenant_id   bigint NOT NULL,
    actor       text NOT NULL,
    key         text NOT NULL,
    fingerprint bytea NOT NULL,
    for_good    boolean NOT NULL,
    begun_at    timestamptz NOT NULL,
    until_at    timestamptz NOT NULL,
    status      smallint,
    media       text,
    location    text,
    content     bytea STORAGE EXTERNAL,
    PRIMARY KEY (tenant_id, actor, key),
    CONSTRAINT answer_key_is_short CHECK (length(key) BETWEEN 1 AND 64),
    CONSTRAINT answer_fingerprint_is_sha256 CHECK (length(fingerprint) = 32),
    CONSTRAINT answer_is_short CHECK (length(content) <= 262144),
    CONSTRAINT answer_has_a_status CHECK (status IS NOT NULL OR (media IS NULL AND location IS NULL AND content IS NULL))
);

-- What may be forgotten comes first.
CREATE INDEX answer_until ON identity.answer (tenant_id, until_at);

-- Each tenant draws on its own budgets and repeats its own answers; addresses that nobody is proven for are of no tenant, 0.
ALTER TABLE identity.budget ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.budget FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON identity.budget TO tallystick_identity
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE identity.answer ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.answer FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON identity.answer TO tallystick_identity
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
GRANT SELECT, INSERT, DELETE, UPDATE (spent_ns, cells, asked_ns) ON identity.budget TO tallystick_identity;
GRANT SELECT, INSERT, DELETE, UPDATE (fingerprint, for_good, begun_at, until_at, status, media, location, content)
    ON identity.answer TO tallystick_identity;

-- Machines.

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
    -- Who registered it.
    made_by                text,
    PRIMARY KEY (tenant_id, client_id),
    CONSTRAINT tenant_not_found FOREIGN KEY (tenant_id) REFERENCES identity.tenant (tenant_id),
    CONSTRAINT client_name_is_short CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT client_key_set_is_short CHECK (length(key_set) <= 16384),
    CONSTRAINT client_thumbprint_is_sha256 CHECK (length(certificate_thumbprint) = 32),
    CONSTRAINT client_subject_is_short CHECK (length(certificate_subject) BETWEEN 1 AND 1000),
    CONSTRAINT client_is_proven_in_one_way CHECK (num_nonnulls(key_set, certificate_thumbprint, certificate_subject) = 1),
    CONSTRAINT client_has_few_redirect_uris CHECK (cardinality(redirect_uris) <= 10),
    CONSTRAINT client_has_a_short_scope CHECK (cardinality(scope) <= 50),
    CONSTRAINT client_maker_is_short CHECK (length(made_by) BETWEEN 1 AND 100)
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

-- When a key was last seen, to the quarter of an hour.
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

-- What was taken stays taken: a role, a delegation, a role of the tenant's own, and a login. Giving it again is another row.
CREATE TRIGGER membership_stays_ended BEFORE UPDATE ON identity.membership
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION identity.keep_end_v1();
ALTER TABLE identity.membership ENABLE ALWAYS TRIGGER membership_stays_ended;
CREATE TRIGGER delegation_stays_ended BEFORE UPDATE ON identity.delegation
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION identity.keep_end_v1();
ALTER TABLE identity.delegation ENABLE ALWAYS TRIGGER delegation_stays_ended;
CREATE TRIGGER role_stays_ended BEFORE UPDATE ON identity.role
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION identity.keep_end_v1();
ALTER TABLE identity.role ENABLE ALWAYS TRIGGER role_stays_ended;
CREATE TRIGGER login_stays_ended BEFORE UPDATE ON identity.login
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION identity.keep_end_v1();
ALTER TABLE identity.login ENABLE ALWAYS TRIGGER login_stays_ended;

-- Makers.

-- Operators' jobs compare who made a key with the record.
GRANT SELECT (made_by, made_with, inherits) ON identity.api_key TO tallystick_operator;

-- Refuses the word of whoever made the key or client that asks, or that it is about: a second identity is no second person.
CREATE FUNCTION identity.refuse_own_vote_v1() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    about text;
BEGIN
    SELECT a.asked::jsonb ->> 'on' INTO about
    FROM identity.approval AS a WHERE a.tenant_id = NEW.tenant_id AND a.approval_id = NEW.approval_id;
    IF EXISTS (
        SELECT FROM identity.api_key AS k
        WHERE k.tenant_id = NEW.tenant_id AND k.key_id IN (NEW.maker, about) AND k.made_by = NEW.person_id
    ) OR EXISTS (
        SELECT FROM identity.client AS c
        WHERE c.tenant_id = NEW.tenant_id AND c.client_id IN (NEW.maker, about) AND c.made_by = NEW.person_id
    ) THEN
        RAISE EXCEPTION 'nobody_approves_their_own: this person made what asks, or what it is about'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'nobody_approves_their_own', SCHEMA = 'identity',
                TABLE = 'approval_vote';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION identity.refuse_own_vote_v1() FROM PUBLIC;
CREATE TRIGGER nobody_approves_their_own BEFORE INSERT ON identity.approval_vote
    FOR EACH ROW EXECUTE FUNCTION identity.refuse_own_vote_v1();
ALTER TABLE identity.approval_vote ENABLE ALWAYS TRIGGER nobody_approves_their_own;

-- Doors between processes.

-- What other processes signed to be let in at a door of this context, as hashes: each is good once, for all processes, and is
-- forgotten when its signature would be refused for its age. It is of no tenant.
CREATE TABLE identity.knock (
    hash     bytea NOT NULL,
    until_at timestamptz NOT NULL,
    PRIMARY KEY (hash),
    CONSTRAINT knock_hash_is_sha256 CHECK (length(hash) = 32)
);

-- What may be forgotten comes first.
CREATE INDEX knock_until ON identity.knock (until_at);
GRANT SELECT, INSERT, DELETE ON identity.knock TO tallystick_identity;

-- Who stands in for our own implementations, and for which tenants.

-- The substitutes that were tried by the contract of their context, each version once, and how that went last. They are of no
-- tenant: they are the same for all.
CREATE TABLE identity.substitute (
    context    text NOT NULL,
    substitute text NOT NULL,
    version    text NOT NULL,
    tried_at   timestamptz NOT NULL,
    broken     text[] NOT NULL,
    PRIMARY KEY (context, substitute, version),
    CONSTRAINT substitute_is_a_word CHECK (substitute ~ '^[a-z][a-z0-9-]{0,49}$'),
    CONSTRAINT substitute_version_is_one CHECK (version ~ '^[A-Z](\.[0-9A-Za-z+-]{1,20}){1,4}$'),
    CONSTRAINT substitute_tells_of_few CHECK (cardinality(broken) <= 10)
);
GRANT SELECT, INSERT, UPDATE (tried_at, broken) ON identity.substitute TO tallystick_identity;
GRANT SELECT ON identity.substitute TO tallystick_operator;

-- Who serves a tenant in a context: every switch, numbered from 1; the last one is in force.
CREATE TABLE identity.substitution (
    tenant_id  bigint NOT NULL,
    context    text NOT NULL,
    number     integer NOT NULL,
    mode       text NOT NULL,
    substitute text,
    version    text,
    share      smallint,
    set_by     text NOT NULL,
    set_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, context, number),
    CONSTRAINT tenant_not_found FOREIGN KEY (tenant_id) REFERENCES identity.tenant (tenant_id),
    CONSTRAINT substitution_is_of_a_known_one FOREIGN KEY (context, substitute, version)
        REFERENCES identity.substitute (context, substitute, version),
    CONSTRAINT substitution_is_numbered CHECK (number > 0),
    CONSTRAINT substitution_mode_is_known CHECK (mode IN ('default', 'shadow', 'live')),
    CONSTRAINT substitution_names_whom CHECK ((mode = 'default') = (substitute IS NULL) AND (mode = 'default') = (version IS NULL)),
    CONSTRAINT substitution_share_is_a_percentage CHECK ((mode = 'shadow') = (share IS NOT NULL) AND share BETWEEN 1 AND 100)
);

-- What came of copies in one trial: counts, and the newest differences as JSON, without what the answers said.
CREATE TABLE identity.shadow (
    tenant_id   bigint NOT NULL,
    context     text NOT NULL,
    number      integer NOT NULL,
    compared    bigint NOT NULL,
    different   bigint NOT NULL,
    lost        bigint NOT NULL,
    skipped     bigint NOT NULL,
    differences text NOT NULL,
    PRIMARY KEY (tenant_id, context, number),
    CONSTRAINT shadow_is_of_a_switch FOREIGN KEY (tenant_id, context, number)
        REFERENCES identity.substitution (tenant_id, context, number),
    CONSTRAINT shadow_counts_up CHECK (compared >= different AND different >= 0 AND lost >= 0 AND skipped >= 0),
    CONSTRAINT shadow_keeps_few CHECK (length(differences) <= 400000)
);

-- Each tenant sees and makes its own rows only.
ALTER TABLE identity.substitution ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.substitution FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON identity.substitution TO tallystick_identity, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE identity.shadow ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.shadow FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON identity.shadow TO tallystick_identity, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
GRANT SELECT, INSERT ON identity.substitution TO tallystick_identity;
GRANT SELECT, INSERT, UPDATE (compared, different, lost, skipped, differences) ON identity.shadow TO tallystick_identity;
GRANT SELECT ON identity.substitution, identity.shadow TO tallystick_operator;

-- A switch stays as it was written.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.substitution
    FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change_v1();
ALTER TABLE identity.substitution ENABLE ALWAYS TRIGGER history_is_append_only;
