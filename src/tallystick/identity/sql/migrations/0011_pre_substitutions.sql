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
