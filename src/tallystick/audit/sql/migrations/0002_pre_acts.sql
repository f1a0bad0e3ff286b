-- Who acted where: one row per actor and segment, so that whoever asks finds what they did lately. Made by the sequencer from the
-- entries, which count; jobs are not in it. Append-only.
CREATE TABLE audit.act (
    tenant_id   bigint NOT NULL,
    actor       text NOT NULL,
    first_index bigint NOT NULL,
    PRIMARY KEY (tenant_id, actor, first_index),
    CONSTRAINT act_actor_is_short CHECK (length(actor) <= 200)
);

-- A tenant finds its own acts; the sequencer notes those of all.
ALTER TABLE audit.act ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.act FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON audit.act TO tallystick_audit, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
CREATE POLICY sequencer_writes ON audit.act TO tallystick_sequencer USING (true);

-- What was noted stays.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.act
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change_v1();
ALTER TABLE audit.act ENABLE ALWAYS TRIGGER history_is_append_only;
GRANT SELECT ON audit.act TO tallystick_audit, tallystick_operator;
GRANT SELECT, INSERT ON audit.act TO tallystick_sequencer;
