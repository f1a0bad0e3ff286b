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
