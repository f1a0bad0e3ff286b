-- The record: one growing tree of hashes per tenant, and one of the platform (tenant 0). Entries come from the leaves of every
-- context, in an order that one sequencer gives them and nobody can change.

CREATE SCHEMA audit AUTHORIZATION tallystick_owner;
GRANT USAGE ON SCHEMA audit TO tallystick_audit, tallystick_operator;

-- Refuses to change or remove a row: history is written once. Grants say so first, this says it to the owner.
CREATE FUNCTION audit.refuse_change_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: history is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'history_is_append_only';
END
$$;

-- Refuses a tree that shrinks.
CREATE FUNCTION audit.refuse_shrinking_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the tree of % would shrink', OLD.tenant_id
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'trees_never_shrink';
END
$$;

-- Refuses to remove a published checkpoint, unless a later published one of the same minute covers it. The largest stays.
CREATE FUNCTION audit.refuse_forgetting_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NULL OR EXISTS (
        SELECT FROM audit.checkpoint AS later
        WHERE later.tenant_id = OLD.tenant_id AND later.size > OLD.size AND later.published_at IS NOT NULL
          AND later.signed_at < date_trunc('minute', OLD.signed_at) + interval '1 minute'
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the checkpoint of % of size % was published', OLD.tenant_id, OLD.size
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'published_checkpoints_stay';
END
$$;

-- Refuses to change what a checkpoint says.
CREATE FUNCTION audit.refuse_other_checkpoint_v1() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the checkpoint of % of size % would be another', OLD.tenant_id, OLD.size
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'checkpoints_only_gain_signatures';
END
$$;

-- One row: who may write to the trees. ``epoch`` is the fence: whoever holds an older one writes nothing. With each turn its
-- holder says how far behind the record is, and how far its own clock is from the database's.
CREATE TABLE audit.lease (
    is_only    boolean NOT NULL DEFAULT true,
    epoch      bigint NOT NULL DEFAULT 0,
    holder     text NOT NULL DEFAULT 'nobody',
    renewed_at timestamptz NOT NULL DEFAULT '1970-01-01T00:00:00Z',
    cluster    bigint,
    lag_us     bigint NOT NULL DEFAULT 0,
    skew_us    bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (is_only),
    CONSTRAINT there_is_one_lease CHECK (is_only)
);
INSERT INTO audit.lease DEFAULT VALUES;

-- How far each context's leaves have been followed: the transaction's number and the leaf's, both of the last one taken; and
-- which PostgreSQL numbered it, for a context that has a database of its own.
CREATE TABLE audit.place (
    context text NOT NULL,
    xid     bigint NOT NULL,
    number  bigint NOT NULL,
    cluster bigint,
    PRIMARY KEY (context)
);

-- The keys that checkpoints are signed with, in public. Append-only.
CREATE TABLE audit.signing_key (
    algorithm  smallint NOT NULL,
    public_key bytea NOT NULL,
    used_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (algorithm, public_key)
);

-- A tree: how many entries it has, how many its last checkpoint covers, and the last one that counts as published.
CREATE TABLE audit.tree (
    tenant_id      bigint NOT NULL,
    size           bigint NOT NULL,
    signed_size    bigint NOT NULL DEFAULT 0,
    published_size bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id),
    CONSTRAINT tree_is_signed_before_it_is_published CHECK (
        published_size >= 0 AND published_size <= signed_size AND signed_size <= size
    )
);

-- Finds the trees that have more entries than they have shown.
CREATE INDEX tree_to_publish ON audit.tree (tenant_id) WHERE published_size < size;

-- Stops a tree from shrinking, whoever writes.
CREATE TRIGGER trees_never_shrink BEFORE UPDATE ON audit.tree FOR EACH ROW
WHEN (NEW.size < OLD.size OR NEW.signed_size < OLD.signed_size OR NEW.published_size < OLD.published_size)
EXECUTE FUNCTION audit.refuse_shrinking_v1();

-- Neighbouring entries of a tree that came from one leaf of one context, at most up to the end of their tile: the bytes, packed
-- as in a bundle, and their hashes. The key makes it impossible to give two entries one place. Append-only.
CREATE TABLE audit.segment (
    tenant_id   bigint NOT NULL,
    first_index bigint NOT NULL,
    length      integer NOT NULL,
    context     text NOT NULL,
    leaf_number bigint NOT NULL,
    leaf_start  integer NOT NULL,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    entries     bytea STORAGE EXTERNAL NOT NULL,
    hashes      bytea STORAGE EXTERNAL NOT NULL,
    PRIMARY KEY (tenant_id, first_index),
    CONSTRAINT segment_stays_in_its_tile CHECK (length BETWEEN 1 AND 256 AND first_index % 256 + length <= 256),
    CONSTRAINT segment_has_a_hash_for_each_entry CHECK (octet_length(hashes) = 32 * length)
);

-- Finds the entry of an act by its time: those of a context whose last time is not before it.
CREATE INDEX segment_by_time ON audit.segment (tenant_id, context, last_at, first_index);

-- A leaf's entry never gets a second place in the tree.
CREATE UNIQUE INDEX leaf_is_taken_once ON audit.segment (tenant_id, context, leaf_number, leaf_start);

-- The roots of full subtrees of 256, 65,536, … entries, from which every tile above the lowest is made. Append-only.
CREATE TABLE audit.subtree (
    tenant_id bigint NOT NULL,
    level     smallint NOT NULL,
    place     bigint NOT NULL,
    hash      bytea NOT NULL,
    PRIMARY KEY (tenant_id, level, place),
    CONSTRAINT subtree_hash_is_sha256 CHECK (octet_length(hash) = 32)
);

-- A signed checkpoint of a tree; with its cosignatures once the policy's number of them is there, and then it counts as
-- published. Of many in a minute the last one is kept.
CREATE TABLE audit.checkpoint (
    tenant_id    bigint NOT NULL,
    size         bigint NOT NULL,
    root         bytea NOT NULL,
    signed_at    timestamptz NOT NULL,
    published_at timestamptz,
    note         bytea STORAGE EXTERNAL NOT NULL,
    PRIMARY KEY (tenant_id, size)
);

-- Finds the checkpoint that was the last one at a time.
CREATE INDEX checkpoint_by_time ON audit.checkpoint (tenant_id, signed_at);

-- A tenant reads its own tree; the sequencer writes all of them, and operators read them.
ALTER TABLE audit.tree ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.tree FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON audit.tree TO tallystick_audit, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
CREATE POLICY sequencer_writes ON audit.tree TO tallystick_sequencer USING (true);
-- Operators' jobs walk all logs, those of tenants too that are in no other list.
CREATE POLICY operator_walks_trees ON audit.tree FOR SELECT TO tallystick_operator USING (true);
ALTER TABLE audit.segment ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.segment FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON audit.segment TO tallystick_audit, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
CREATE POLICY sequencer_writes ON audit.segment TO tallystick_sequencer USING (true);
ALTER TABLE audit.subtree ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.subtree FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON audit.subtree TO tallystick_audit, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
CREATE POLICY sequencer_writes ON audit.subtree TO tallystick_sequencer USING (true);
ALTER TABLE audit.checkpoint ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.checkpoint FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON audit.checkpoint TO tallystick_audit, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
CREATE POLICY sequencer_writes ON audit.checkpoint TO tallystick_sequencer USING (true);

-- History is append-only by trigger too, for whoever has more rights than the sequencer.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.segment
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change_v1();
ALTER TABLE audit.segment ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.subtree
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change_v1();
ALTER TABLE audit.subtree ENABLE ALWAYS TRIGGER history_is_append_only;
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.signing_key
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change_v1();
ALTER TABLE audit.signing_key ENABLE ALWAYS TRIGGER history_is_append_only;
ALTER TABLE audit.tree ENABLE ALWAYS TRIGGER trees_never_shrink;

-- A checkpoint gains cosignatures at the end of its note and is published once; nothing else of it changes.
CREATE TRIGGER published_checkpoints_stay BEFORE DELETE ON audit.checkpoint
    FOR EACH ROW EXECUTE FUNCTION audit.refuse_forgetting_v1();
ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER published_checkpoints_stay;
CREATE TRIGGER checkpoints_only_gain_signatures BEFORE UPDATE ON audit.checkpoint FOR EACH ROW
WHEN (
    NEW.tenant_id <> OLD.tenant_id OR NEW.size <> OLD.size OR NEW.root <> OLD.root OR NEW.signed_at <> OLD.signed_at
    OR (OLD.published_at IS NOT NULL AND NEW.published_at IS DISTINCT FROM OLD.published_at)
    OR substring(NEW.note FROM 1 FOR octet_length(OLD.note)) <> OLD.note
)
EXECUTE FUNCTION audit.refuse_other_checkpoint_v1();
ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER checkpoints_only_gain_signatures;
CREATE TRIGGER history_is_append_only BEFORE TRUNCATE ON audit.checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change_v1();
ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER history_is_append_only;

-- The sequencer adds entries and takes the lease; it changes only what moves on, and removes only checkpoints that later ones
-- of the same minute cover. The service reads.
GRANT SELECT ON audit.lease, audit.signing_key, audit.tree, audit.segment, audit.subtree, audit.checkpoint TO tallystick_audit, tallystick_operator;
GRANT SELECT ON audit.place TO tallystick_operator;
GRANT SELECT, INSERT ON audit.place, audit.signing_key, audit.tree, audit.segment, audit.subtree, audit.checkpoint TO tallystick_sequencer;
GRANT SELECT, UPDATE (epoch, holder, renewed_at, cluster, lag_us, skew_us) ON audit.lease TO tallystick_sequencer;
GRANT UPDATE (xid, number, cluster) ON audit.place TO tallystick_sequencer;
GRANT UPDATE (size, signed_size, published_size) ON audit.tree TO tallystick_sequencer;
GRANT UPDATE (published_at, note), DELETE ON audit.checkpoint TO tallystick_sequencer;

-- Numbers the leaves.
CREATE SEQUENCE audit.leaf_number;

-- The record's part of this context: entries of what it did, packed as in a bundle of the log, up to 256 a row, written in the
-- transaction that did it. ``xid`` is that transaction's number, by which the sequencer knows what can no longer be overtaken.
-- Append-only.
CREATE TABLE audit.leaf (
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
CREATE INDEX leaf_in_order ON audit.leaf (xid, number);

-- What the seals of a leaf's entries were made with: 16 bytes of salt each, and the network address each came from, a line
-- each. Without it a seal says nothing about what it hides, so removing it removes the person and keeps the proof.
CREATE TABLE audit.leaf_secret (
    tenant_id bigint NOT NULL,
    number    bigint NOT NULL,
    salts     bytea STORAGE EXTERNAL NOT NULL,
    origins   text NOT NULL,
    PRIMARY KEY (tenant_id, number)
);

-- A tenant's leaves are written and compared as that tenant; the sequencer alone reads those of all, and no secret.
ALTER TABLE audit.leaf ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.leaf FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON audit.leaf TO tallystick_audit, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);
CREATE POLICY sequencer_follows ON audit.leaf FOR SELECT TO tallystick_sequencer USING (true);
ALTER TABLE audit.leaf_secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.leaf_secret FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_only ON audit.leaf_secret TO tallystick_audit, tallystick_operator
    USING (tenant_id = current_setting('tallystick.tenant')::bigint);

-- What went into the record stays as it was written.
CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.leaf
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change_v1();
ALTER TABLE audit.leaf ENABLE ALWAYS TRIGGER history_is_append_only;

GRANT USAGE ON SCHEMA audit TO tallystick_sequencer;
GRANT SELECT ON audit.leaf TO tallystick_sequencer;
-- Which transaction a leaf is of is not for the writer to say: one that chose it would be passed over, or hold up all others.
GRANT INSERT (tenant_id, number, first_at, last_at, length, entries) ON audit.leaf TO tallystick_audit;
GRANT INSERT ON audit.leaf_secret TO tallystick_audit;
GRANT USAGE ON SEQUENCE audit.leaf_number TO tallystick_audit;
GRANT SELECT ON audit.leaf, audit.leaf_secret TO tallystick_operator;

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

-- Doors between processes.

-- What other processes signed to be let in at a door of this context, as hashes: each is good once, for all processes, and is
-- forgotten when its signature would be refused for its age. It is of no tenant.
CREATE TABLE audit.knock (
    hash     bytea NOT NULL,
    until_at timestamptz NOT NULL,
    PRIMARY KEY (hash),
    CONSTRAINT knock_hash_is_sha256 CHECK (length(hash) = 32)
);

-- What may be forgotten comes first.
CREATE INDEX knock_until ON audit.knock (until_at);
GRANT SELECT, INSERT, DELETE ON audit.knock TO tallystick_audit;
