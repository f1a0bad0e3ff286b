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

-- How a request to agree ended, and the chance that went into what a passkey signed.
ALTER TABLE identity.approval ADD COLUMN ending text;
ALTER TABLE identity.approval
    ADD CONSTRAINT approval_ending_is_known CHECK (ending IN ('rejected', 'withdrawn', 'expired', 'used')),
    ADD CONSTRAINT approval_ends_whole CHECK ((ended_at IS NULL) = (ending IS NULL));
ALTER TABLE identity.approval_vote ADD COLUMN nonce bytea;
ALTER TABLE identity.approval_vote ADD CONSTRAINT vote_by_passkey_has_its_nonce CHECK (
    method <> 'passkey' OR (nonce IS NOT NULL AND length(nonce) = 32));

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
