-- What is read to compare the record with the tables of a context; {schema} is the context.

-- name: began
-- When a context got its part of the record; what it did before has no entry.
SELECT max(applied_at) FROM runtime.migration
WHERE context = $1 AND name IN ('0001_pre_begin.sql', '0002_pre_record.sql')

-- name: waits_since
-- When the first of the entries that have no place yet was written; NULL when none waits. A leaf that says it is of a
-- transaction still to come is none that waits, and nobody can hide behind it.
SELECT min(leaf.first_at) FROM {schema}.leaf
WHERE leaf.tenant_id = $1 AND (leaf.xid, leaf.number) > ($2::text::xid8, $3::bigint)
  AND leaf.xid < pg_snapshot_xmax(pg_current_snapshot())
