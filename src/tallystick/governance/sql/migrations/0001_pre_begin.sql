-- Governance: what is planned, approved and applied to the clouds, their states, and what was seen live.
-- Plans, planfiles and states are confidential; lease tokens are kept as hashes, and credentials not at all.

CREATE SCHEMA governance AUTHORIZATION tallystick_owner;
GRANT USAGE ON SCHEMA governance TO tallystick_governance, tallystick_operator;

-- Refuses to change or remove a row: history is written once. Grants say so first, this says it to the owner.
CREATE FUNCTION governance.refuse_change_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: history is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_is_append_only';
END
$$;

-- An estate: an environment on a cloud. Whatever changes one holds its row first, so that of two who decide on the same
-- state only one acts. ``lineage`` is Terraform's name for the line of its states.
CREATE TABLE governance.estate (
    tenant_id bigint NOT NULL,
    estate    text COLLATE "C" NOT NULL,
    lineage   text COLLATE "C",
    PRIMARY KEY (tenant_id, estate),
    CONSTRAINT estate_is_known CHECK (estate ~ '^(development|staging|production)-(aws|azure|gcp)$'),
    CONSTRAINT estate_lineage_is_plain CHECK (lineage ~ '^[A-Za-z0-9-]{1,64}$')
);

-- A line of states belongs to one estate, so that the state of one never becomes another's.
CREATE UNIQUE INDEX state_is_of_another_estate ON governance.estate (tenant_id, lineage) WHERE lineage IS NOT NULL;

-- A plan, as it was handed in and judged. ``hash`` is what approvals are bound to, ``addresses`` what the estate will have.
CREATE TABLE governance.plan (
    tenant_id       bigint NOT NULL,
    plan_id         text COLLATE "C" NOT NULL,
    estate          text COLLATE "C" NOT NULL,
    commit_id       text COLLATE "C" NOT NULL,
    base            text COLLATE "C" NOT NULL,
    hash            bytea NOT NULL,
    document        bytea NOT NULL,
    planfile        bytea NOT NULL,
    planfile_digest bytea NOT NULL,
    tool            text NOT NULL,
    providers       jsonb NOT NULL,
    counts          jsonb NOT NULL,
    is_changing     boolean NOT NULL,
    addresses       text[] NOT NULL,
    author          text COLLATE "C" NOT NULL,
    submitted_at    timestamptz NOT NULL,
    status          text NOT NULL DEFAULT 'submitted',
    PRIMARY KEY (tenant_id, plan_id),
    CONSTRAINT plan_belongs_to_an_estate FOREIGN KEY (tenant_id, estate) REFERENCES governance.estate,
    CONSTRAINT plan_commits_are_hexadecimal CHECK (
        commit_id ~ '^([0-9a-f]{40}|[0-9a-f]{64})$' AND base ~ '^([0-9a-f]{40}|[0-9a-f]{64})$'
    ),
    CONSTRAINT plan_hashes_are_sha256 CHECK (length(hash) = 32 AND length(planfile_digest) = 32),
    CONSTRAINT plan_is_not_too_large CHECK (length(document) <= 4194304 AND length(planfile) <= 1500000),
    CONSTRAINT plan_status_is_known CHECK (
        status IN ('submitted', 'applying', 'applied', 'failed', 'superseded', 'withdrawn')
    )
);

-- What an approval points at: exactly this plan, by its hash, of this author.
CREATE UNIQUE INDEX plan_as_approved ON governance.plan (tenant_id, plan_id, author, hash);

-- An estate has at most one plan that may be applied: a newer one voids what was approved before.
CREATE UNIQUE INDEX plan_is_superseded ON governance.plan (tenant_id, estate) WHERE status = 'submitted';

-- Finds the plans of an estate in order, and the commit that was last applied to it.
CREATE INDEX plan_by_estate ON governance.plan (tenant_id, estate, plan_id);

-- What a control says of a resource of a plan: failures first. What is not applicable is only counted. One that is waived says until
-- when, and counts as a failure after that. Append-only.
CREATE TABLE governance.verdict (
    tenant_id bigint NOT NULL,
    plan_id   text COLLATE "C" NOT NULL,
    number    integer NOT NULL,
    control   text COLLATE "C" NOT NULL,
    subject   text COLLATE "C" NOT NULL,
    outcome   text NOT NULL,
    severity  text NOT NULL,
    reasons   jsonb NOT NULL,
    waiver    text COLLATE "C",
    until_at  timestamptz,
    PRIMARY KEY (tenant_id, plan_id, number),
    CONSTRAINT verdict_belongs_to_a_plan FOREIGN KEY (tenant_id, plan_id) REFERENCES governance.plan,
    CONSTRAINT verdict_outcome_is_known CHECK (outcome IN ('pass', 'fail', 'unknown', 'waived')),
    CONSTRAINT verdict_severity_is_known CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT verdict_is_waived_until CHECK ((outcome = 'waived') = (until_at IS NOT NULL))
);

-- Somebody's word that a plan may be applied. It is bound to the plan's hash and author by its reference, and never the
-- author's own.
CREATE TABLE governance.approval (
    tenant_id    bigint NOT NULL,
    plan_id      text COLLATE "C" NOT NULL,
    approver     text COLLATE "C" NOT NULL,
    author       text COLLATE "C" NOT NULL,
    hash         bytea NOT NULL,
    approved_at  timestamptz NOT NULL,
    withdrawn_at timestamptz,
    PRIMARY KEY (tenant_id, plan_id, approver),
    CONSTRAINT approval_is_of_this_very_plan FOREIGN KEY (tenant_id, plan_id, author, hash)
        REFERENCES governance.plan (tenant_id, plan_id, author, hash),
    CONSTRAINT author_may_not_approve CHECK (approver <> author)
);

-- A break-glass: who opened an estate, why and until when, and what somebody else said of it afterwards.
CREATE TABLE governance.break_glass (
    tenant_id      bigint NOT NULL,
    break_glass_id text COLLATE "C" NOT NULL,
    estate         text COLLATE "C" NOT NULL,
    reason         text NOT NULL,
    broken_by      text COLLATE "C" NOT NULL,
    broken_at      timestamptz NOT NULL,
    until_at       timestamptz NOT NULL,
    review_by      timestamptz NOT NULL,
    missed_at      timestamptz,
    reviewed_by    text COLLATE "C",
    reviewed_at    timestamptz,
    opinion        text,
    review_reason  text,
    PRIMARY KEY (tenant_id, break_glass_id),
    CONSTRAINT break_glass_belongs_to_an_estate FOREIGN KEY (tenant_id, estate) REFERENCES governance.estate,
    CONSTRAINT break_glass_ends_within_four_hours CHECK (until_at <= broken_at + interval '4 hours'),
    CONSTRAINT break_glass_reasons_are_short CHECK (
        length(reason) BETWEEN 1 AND 500 AND length(review_reason) BETWEEN 1 AND 500
    ),
    CONSTRAINT break_glass_opinion_is_known CHECK (opinion IN ('justified', 'not_justified')),
    CONSTRAINT break_glass_review_is_whole CHECK (
        (reviewed_by IS NULL) = (reviewed_at IS NULL) AND (reviewed_by IS NULL) = (opinion IS NULL)
    ),
    CONSTRAINT breaker_may_not_review CHECK (reviewed_by <> broken_by)
);

-- One of an estate waits for its review: it is shown, late it stops every apply of its estate, and no second one is broken.
CREATE UNIQUE INDEX break_glass_needs_review ON governance.break_glass (tenant_id, estate) WHERE reviewed_at IS NULL;

-- Finds the reviews that were missed and not yet noted, of all tenants: the job walks it.
CREATE INDEX break_glass_missed ON governance.break_glass (review_by, tenant_id) WHERE reviewed_at IS NULL AND missed_at IS NULL;

-- An apply: what it was lent, by the hash of its token, until when, and how it ended. ``lock_id`` is Terraform's lock of the state,
-- ``credential_lease`` by what its credentials are taken back: of these nothing is kept.
CREATE TABLE governance.apply (
    tenant_id        bigint NOT NULL,
    apply_id         text COLLATE "C" NOT NULL,
    plan_id          text COLLATE "C" NOT NULL,
    estate           text COLLATE "C" NOT NULL,
    token_hash       bytea NOT NULL,
    begun_by         text COLLATE "C" NOT NULL,
    begun_at         timestamptz NOT NULL,
    until_at         timestamptz NOT NULL,
    break_glass_id   text COLLATE "C",
    passed_over      text[] NOT NULL,
    status           text NOT NULL DEFAULT 'running',
    lock_id          text COLLATE "C",
    ended_at         timestamptz,
    serial           bigint,
    problem          text,
    credential_lease text COLLATE "C",
    credential_until timestamptz,
    PRIMARY KEY (tenant_id, apply_id),
    CONSTRAINT apply_belongs_to_a_plan FOREIGN KEY (tenant_id, plan_id) REFERENCES governance.plan,
    CONSTRAINT apply_broke_this_glass FOREIGN KEY (tenant_id, break_glass_id) REFERENCES governance.break_glass,
    CONSTRAINT apply_credentials_end CHECK (
        (credential_lease IS NULL) = (credential_until IS NULL) AND length(credential_lease) <= 500
    ),
    CONSTRAINT apply_token_is_a_hash CHECK (length(token_hash) = 32),
    CONSTRAINT apply_passes_over_by_break_glass_alone CHECK (break_glass_id IS NOT NULL OR passed_over = '{}'),
    CONSTRAINT apply_lasts_four_hours CHECK (until_at <= begun_at + interval '4 hours'),
    CONSTRAINT apply_status_is_known CHECK (status IN ('running', 'applied', 'failed', 'lost')),
    CONSTRAINT apply_that_ended_holds_nothing CHECK ((status = 'running') = (ended_at IS NULL) AND (status = 'running' OR lock_id IS NULL))
);

-- An estate has at most one running apply, whoever begins how many at once.
CREATE UNIQUE INDEX apply_is_running ON governance.apply (tenant_id, estate) WHERE status = 'running';

-- Finds the last apply of a plan.
CREATE INDEX apply_by_plan ON governance.apply (tenant_id, plan_id, apply_id);

-- Finds the last apply of an estate.
CREATE INDEX apply_by_estate ON governance.apply (tenant_id, estate, apply_id);

-- Finds the leases that have ended without a word, of all tenants: the job walks it.
CREATE INDEX apply_expired ON governance.apply (until_at, tenant_id) WHERE status = 'running';

-- Every version of every state: as Terraform wrote it under an apply, as a lost apply left it and somebody handed it in, or an
-- earlier one restored. Append-only.
CREATE TABLE governance.state (
    tenant_id  bigint NOT NULL,
    estate     text COLLATE "C" NOT NULL,
    serial     bigint NOT NULL,
    lineage    text COLLATE "C" NOT NULL,
    content    bytea NOT NULL,
    digest     bytea NOT NULL,
    apply_id   text COLLATE "C",
    origin     text NOT NULL,
    written_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, estate, serial),
    CONSTRAINT state_origin_is_known CHECK (
        origin IN ('applied', 'restored', 'handed_in') AND (origin = 'applied') = (apply_id IS NOT NULL)
    ),
    CONSTRAINT state_is_written_by_an_apply FOREIGN KEY (tenant_id, apply_id) REFERENCES governance.apply,
    CONSTRAINT state_is_not_too_large CHECK (length(content) <= 5242880),
    CONSTRAINT state_digest_is_sha256 CHECK (length(digest) = 32),
    CONSTRAINT state_serial_is_not_negative CHECK (serial >= 0)
);

-- What a plan could not know and must be seen live in time, bound to the plan's hash.
CREATE TABLE governance.obligation (
    tenant_id     bigint NOT NULL,
    obligation_id text COLLATE "C" NOT NULL,
    plan_id       text COLLATE "C" NOT NULL,
    hash          bytea NOT NULL,
    estate        text COLLATE "C" NOT NULL,
    control       text COLLATE "C" NOT NULL,
    subject       text COLLATE "C" NOT NULL,
    due_at        timestamptz NOT NULL,
    missed_at     timestamptz,
    ended_at      timestamptz,
    ending        text,
    report_id     text COLLATE "C",
    PRIMARY KEY (tenant_id, obligation_id),
    CONSTRAINT obligation_belongs_to_a_plan FOREIGN KEY (tenant_id, plan_id) REFERENCES governance.plan,
    CONSTRAINT obligation_ending_is_known CHECK (ending IN ('met', 'broken', 'dropped')),
    CONSTRAINT obligation_end_is_whole CHECK ((ended_at IS NULL) = (ending IS NULL))
);

-- Finds what is open of an estate, for live reports and for the next apply.
CREATE INDEX obligation_open ON governance.obligation (tenant_id, estate, control, subject) WHERE ended_at IS NULL;

-- Finds the obligations of a plan that is dropped.
CREATE INDEX obligation_of_plan ON governance.obligation (tenant_id, plan_id) WHERE ended_at IS NULL;

-- Finds what is overdue and not yet noted, of all tenants: the job walks it.
CREATE INDEX obligation_missed ON governance.obligation (due_at, tenant_id) WHERE ended_at IS NULL AND missed_at IS NULL;

-- A waiver: failures of one control on one subject count as waived until it ends; a second person agreed to it.
CREATE TABLE governance.waiver (
    tenant_id bigint NOT NULL,
    waiver_id text COLLATE "C" NOT NULL,
    estate    text COLLATE "C" NOT NULL,
    control   text COLLATE "C" NOT NULL,
    subject   text COLLATE "C" NOT NULL,
    reason    text NOT NULL,
    decision  text COLLATE "C" NOT NULL,
    given_by  text COLLATE "C" NOT NULL,
    given_at  timestamptz NOT NULL,
    until_at  timestamptz NOT NULL,
    ended_at  timestamptz,
    PRIMARY KEY (tenant_id, waiver_id),
    CONSTRAINT waiver_ends_within_90_days CHECK (until_at > given_at AND until_at <= given_at + interval '90 days'),
    CONSTRAINT waiver_reason_is_short CHECK (length(reason) BETWEEN 1 AND 500)
);

-- Finds the waivers of an estate, in order.
CREATE INDEX waiver_by_estate ON governance.waiver (tenant_id, estate, waiver_id);

-- What was found live, as it was handed in. Append-only.
CREATE TABLE governance.live_report (
    tenant_id   bigint NOT NULL,
    report_id   text COLLATE "C" NOT NULL,
    estate      text COLLATE "C" NOT NULL,
    observed_at timestamptz NOT NULL,
    reported_at timestamptz NOT NULL,
    reported_by text COLLATE "C" NOT NULL,
    digest      bytea NOT NULL,
    content     bytea NOT NULL,
    PRIMARY KEY (tenant_id, report_id),
    CONSTRAINT live_report_belongs_to_an_estate FOREIGN KEY (tenant_id, estate) REFERENCES governance.estate,
    CONSTRAINT live_report_is_of_the_past CHECK (observed_at <= reported_at)
);

-- Everything that was done, as the record was told: the evidence. ``number`` is the order. Append-only.
CREATE TABLE governance.event (
    tenant_id   bigint NOT NULL,
    number      bigint GENERATED ALWAYS AS IDENTITY,
    recorded_at timestamptz NOT NULL,
    actor       text COLLATE "C" NOT NULL,
    tag         text COLLATE "C" NOT NULL,
    done_on     text COLLATE "C" NOT NULL,
    estate      text COLLATE "C" NOT NULL,
    outcome     text COLLATE "C" NOT NULL,
    content     jsonb NOT NULL,
    is_sealing  boolean NOT NULL,
    PRIMARY KEY (tenant_id, number)
);

-- Finds what was done to an estate, in order.
CREATE INDEX event_by_estate ON governance.event (tenant_id, estate, number);

-- The order of time, in which it is compared with the record.
CREATE INDEX event_in_time ON governance.event (tenant_id, recorded_at, number);

-- Each table shows and takes only rows of the tenant that the transaction has set; an unset tenant is an error.
ALTER TABLE governance.estate ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.estate FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.estate
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE governance.plan ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.plan FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.plan
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE governance.verdict ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.verdict FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.verdict
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE governance.approval ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.approval FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.approval
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE governance.break_glass ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.break_glass FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.break_glass
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE governance.apply ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.apply FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.apply
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE governance.state ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.state FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.state
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE governance.obligation ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.obligation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.obligation
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE governance.waiver ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.waiver FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.waiver
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE governance.live_report ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.live_report FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.live_report
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
ALTER TABLE governance.event ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.event
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);

-- History is append-only by trigger too, for whoever has more rights than the service.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON governance.verdict
    FOR EACH STATEMENT EXECUTE FUNCTION governance.refuse_change_v1();
ALTER TABLE governance.verdict ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON governance.state
    FOR EACH STATEMENT EXECUTE FUNCTION governance.refuse_change_v1();
ALTER TABLE governance.state ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON governance.live_report
    FOR EACH STATEMENT EXECUTE FUNCTION governance.refuse_change_v1();
ALTER TABLE governance.live_report ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON governance.event
    FOR EACH STATEMENT EXECUTE FUNCTION governance.refuse_change_v1();
ALTER TABLE governance.event ENABLE ALWAYS TRIGGER history_is_append_only;

-- The service reads and adds; it changes only what has to change, and deletes nothing. Operators see what was done.
GRANT SELECT, INSERT ON governance.estate, governance.plan, governance.verdict, governance.approval,
    governance.break_glass, governance.apply, governance.state, governance.obligation, governance.waiver,
    governance.live_report TO tallystick_governance;
GRANT SELECT, INSERT (tenant_id, recorded_at, actor, tag, done_on, estate, outcome, content, is_sealing)
    ON governance.event TO tallystick_governance;
GRANT UPDATE (lineage) ON governance.estate TO tallystick_governance;
GRANT UPDATE (status) ON governance.plan TO tallystick_governance;
GRANT UPDATE (approved_at, withdrawn_at) ON governance.approval TO tallystick_governance;
GRANT UPDATE (missed_at, reviewed_by, reviewed_at, opinion, review_reason) ON governance.break_glass TO tallystick_governance;
GRANT UPDATE (until_at, status, lock_id, ended_at, serial, problem, credential_lease, credential_until) ON governance.apply TO tallystick_governance;
GRANT UPDATE (missed_at, ended_at, ending, report_id) ON governance.obligation TO tallystick_governance;
GRANT UPDATE (ended_at) ON governance.waiver TO tallystick_governance;
GRANT SELECT ON governance.event TO tallystick_operator;

-- The tenants with leases that ended without a word, reviews and obligations that were missed, for the job that notes them: it
-- walks across tenants, so it answers numbers only.
CREATE POLICY owner_walks ON governance.apply FOR SELECT TO tallystick_owner USING (true);
CREATE POLICY owner_walks ON governance.break_glass FOR SELECT TO tallystick_owner USING (true);
CREATE POLICY owner_walks ON governance.obligation FOR SELECT TO tallystick_owner USING (true);
CREATE FUNCTION governance.late_v1(at timestamptz, most integer) RETURNS TABLE (tenant_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT late.tenant_id FROM (
        SELECT apply.tenant_id FROM governance.apply WHERE apply.status = 'running' AND apply.until_at < at
        UNION
        SELECT glass.tenant_id FROM governance.break_glass AS glass
        WHERE glass.reviewed_at IS NULL AND glass.missed_at IS NULL AND glass.review_by < at
        UNION
        SELECT obligation.tenant_id FROM governance.obligation
        WHERE obligation.ended_at IS NULL AND obligation.missed_at IS NULL AND obligation.due_at < at
    ) AS late LIMIT most
$$;
REVOKE ALL ON FUNCTION governance.late_v1 FROM PUBLIC;
GRANT EXECUTE ON FUNCTION governance.late_v1 TO tallystick_governance;

-- Numbers the leaves.
CREATE SEQUENCE governance.leaf_number;

-- The record's part of this context: entries of what it did, packed as in a bundle of the log, up to 256 a row, written in the
-- transaction that did it. ``xid`` is that transaction's number, by which the sequencer knows what can no longer be overtaken.
-- Append-only.
CREATE TABLE governance.leaf (
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
CREATE INDEX leaf_in_order ON governance.leaf (xid, number);

-- What the seals of a leaf's entries were made with: 16 bytes of salt each, and the network address each came from, a line
-- each. Without it a seal says nothing about what it hides, so removing it removes the person and keeps the proof.
CREATE TABLE governance.leaf_secret (
    tenant_id bigint NOT NULL,
    number    bigint NOT NULL,
    salts     bytea STORAGE EXTERNAL NOT NULL,
    origins   text NOT NULL,
    PRIMARY KEY (tenant_id, number)
);

-- A tenant's leaves are written and compared as that tenant; the sequencer alone reads those of all, and no secret.
ALTER TABLE governance.leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.leaf TO tallystick_governance, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
CREATE POLICY sequencer_follows ON governance.leaf FOR SELECT TO tallystick_sequencer USING (true);
ALTER TABLE governance.leaf_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE governance.leaf_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON governance.leaf_secret TO tallystick_governance, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);

-- What went into the record stays as it was written.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON governance.leaf
    FOR EACH STATEMENT EXECUTE FUNCTION governance.refuse_change_v1();
ALTER TABLE governance.leaf ENABLE ALWAYS TRIGGER history_is_append_only;

GRANT USAGE ON SCHEMA governance TO tallystick_sequencer;
GRANT SELECT ON governance.leaf TO tallystick_sequencer;
-- Which transaction a leaf is of is not for the writer to say: one that chose it would be passed over, or hold up all others.
GRANT INSERT (tenant_id, number, first_at, last_at, length, entries) ON governance.leaf TO tallystick_governance;
GRANT INSERT ON governance.leaf_secret TO tallystick_governance;
GRANT USAGE ON SEQUENCE governance.leaf_number TO tallystick_governance;
GRANT SELECT ON governance.leaf, governance.leaf_secret TO tallystick_operator;

-- Doors between processes.

-- What other processes signed to be let in at a door of this context, as hashes: each is good once, for all processes, and is
-- forgotten when its signature would be refused for its age. It is of no tenant.
CREATE TABLE governance.knock (
    hash     bytea NOT NULL,
    until_at timestamptz NOT NULL,
    PRIMARY KEY (hash),
    CONSTRAINT knock_hash_is_sha256 CHECK (length(hash) = 32)
);

-- What may be forgotten comes first.
CREATE INDEX knock_until ON governance.knock (until_at);
GRANT SELECT, INSERT, DELETE ON governance.knock TO tallystick_governance;
