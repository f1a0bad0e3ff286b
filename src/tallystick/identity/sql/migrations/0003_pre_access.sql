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
    PRIMARY KEY (tenant_id, approval_id),
    CONSTRAINT approval_is_its_makers UNIQUE (tenant_id, approval_id, maker),
    CONSTRAINT approval_digest_is_sha256 CHECK (length(digest) = 32),
    CONSTRAINT approval_needs_few CHECK (needed BETWEEN 1 AND 5),
    CONSTRAINT approval_lasts_a_week_at_most CHECK (expires_at > created_at AND expires_at <= created_at + interval '7 days')
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
    PRIMARY KEY (tenant_id, approval_id, person_id),
    CONSTRAINT approval_not_found FOREIGN KEY (tenant_id, approval_id, maker)
        REFERENCES identity.approval (tenant_id, approval_id, maker),
    CONSTRAINT person_not_found FOREIGN KEY (tenant_id, person_id) REFERENCES identity.person (tenant_id, person_id),
    CONSTRAINT nobody_approves_their_own CHECK (person_id <> maker),
    CONSTRAINT vote_verdict_is_known CHECK (verdict IN ('approved', 'rejected')),
    CONSTRAINT vote_method_is_known CHECK (method IN ('passkey', 'session')),
    CONSTRAINT vote_by_passkey_is_signed CHECK (
        method <> 'passkey' OR (credential_id IS NOT NULL AND public_key IS NOT NULL AND client_data IS NOT NULL
            AND authenticator_data IS NOT NULL AND signature IS NOT NULL))
);

-- What a key may do: roles. Keys from before roles were there have the one of machines.
ALTER TABLE identity.api_key ADD COLUMN roles text[] NOT NULL DEFAULT '{machine}';

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
