-- What is read to compare the record with the tables of a context; {schema} is the context.

-- name: began
-- When a context got its part of the record; what it did before has no entry. Whoever moves that time on moves it no further
-- than to the tenant's first entry. NULL for a context that has no part here.
SELECT least(max(migration.applied_at), (
    SELECT segment.first_at FROM audit.segment
    WHERE segment.tenant_id = $1 AND segment.context = $2
    ORDER BY segment.last_at, segment.first_index
    LIMIT 1
))
FROM runtime.migration
WHERE migration.context = $2 AND migration.name IN ('0001_pre_begin.sql', '0002_pre_record.sql')

-- name: waits_since
-- When the first of the entries that have no place yet was written; NULL when none waits. A leaf that says it is of a
-- transaction still to come is none that waits, and nobody can hide behind it.
SELECT min(leaf.first_at) FROM {schema}.leaf
WHERE leaf.tenant_id = $1 AND (leaf.xid, leaf.number) > ($2::text::xid8, $3::bigint)
  AND leaf.xid < pg_snapshot_xmax(pg_current_snapshot())
