-- What is read to compare the record with the tables of a context; {schema} is the context.

-- name: began
-- When a context got its part of the record; what it did before has no entry. NULL for a context that has no part here; one
-- that has leaves and does not say since when has had it always.
SELECT CASE WHEN to_regclass('{schema}.leaf') IS NOT NULL THEN coalesce(max(migration.applied_at), '-infinity') END
FROM runtime.migration
WHERE migration.context = $1 AND migration.name IN ('0001_pre_begin.sql', '0002_pre_record.sql')

-- name: segments
-- A page of a tree in the order of its entries, whatever its other columns say: no hash covers those.
SELECT first_index, length, context, leaf_number, leaf_start, first_at, last_at, entries, hashes FROM audit.segment
WHERE tenant_id = $1 AND first_index > $2
ORDER BY first_index
LIMIT $3

-- name: published
-- The largest checkpoint that was published.
SELECT size, root, note FROM audit.checkpoint
WHERE tenant_id = $1 AND published_at IS NOT NULL
ORDER BY size DESC
LIMIT 1

-- name: trees
SELECT tenant_id FROM audit.tree WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2

-- name: leaves
-- The leaves of a tenant. One that says it is of a transaction still to come is none that waits, and nobody can hide behind it.
SELECT leaf.number, leaf.xid::text::bigint AS xid, leaf.first_at, leaf.last_at,
       leaf.xid >= pg_snapshot_xmax(pg_current_snapshot()) AS is_to_come
FROM {schema}.leaf
WHERE leaf.tenant_id = $1
ORDER BY leaf.number

-- name: placed_leaves
-- Which of these leaves of a context segments came from.
SELECT given.number
FROM unnest($3::bigint[]) AS given (number)
WHERE EXISTS (
    SELECT FROM audit.segment
    WHERE segment.tenant_id = $1 AND segment.context = $2 AND segment.leaf_number = given.number
)
