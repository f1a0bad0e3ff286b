-- Statements of the record's tables that every context has in its own schema; {schema} is the context.

-- name: write
-- The leaves of one transaction and what they were sealed with, numbered in their order.
WITH given AS MATERIALIZED (
    SELECT nextval('{schema}.leaf_number') AS number, leaf.first_at, leaf.last_at, leaf.length, leaf.entries,
           leaf.salts, leaf.origins
    FROM unnest($2::timestamptz[], $3::timestamptz[], $4::integer[], $5::bytea[], $6::bytea[], $7::text[])
         AS leaf (first_at, last_at, length, entries, salts, origins)
), secrets AS (
    INSERT INTO {schema}.leaf_secret (tenant_id, number, salts, origins)
    SELECT $1, given.number, given.salts, given.origins FROM given
)
INSERT INTO {schema}.leaf (tenant_id, number, first_at, last_at, length, entries)
SELECT $1, given.number, given.first_at, given.last_at, given.length, given.entries FROM given

-- name: follow
-- What was committed after a place, in an order that no later commit can get into: whoever has a lower number than every
-- transaction still under way is over.
SELECT leaf.tenant_id, leaf.number, leaf.xid::text::bigint AS xid, leaf.first_at, leaf.last_at, leaf.length, leaf.entries
FROM {schema}.leaf
WHERE (leaf.xid, leaf.number) > ($1::text::xid8, $2::bigint) AND leaf.xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY leaf.xid, leaf.number
LIMIT $3

-- name: oldest
-- When the oldest leaf after a place was written, committed or not yet to be followed; NULL when none waits.
SELECT leaf.last_at FROM {schema}.leaf
WHERE (leaf.xid, leaf.number) > ($1::text::xid8, $2::bigint)
ORDER BY leaf.xid, leaf.number
LIMIT 1

-- name: secrets
-- What the leaves of a tenant were sealed with, by their numbers.
SELECT secret.number, secret.salts, secret.origins
FROM unnest($2::bigint[]) AS given (number) CROSS JOIN LATERAL (
    SELECT secret.number, secret.salts, secret.origins FROM {schema}.leaf_secret AS secret
    WHERE secret.tenant_id = $1 AND secret.number >= given.number AND secret.number <= given.number
    ORDER BY secret.number
    LIMIT 1
) AS secret

-- name: leaves
-- The leaves of a tenant by their numbers, as the context keeps them.
SELECT leaf.number, leaf.entries
FROM unnest($2::bigint[]) AS given (number) CROSS JOIN LATERAL (
    SELECT leaf.number, leaf.entries FROM {schema}.leaf
    WHERE leaf.tenant_id = $1 AND leaf.number >= given.number AND leaf.number <= given.number
    ORDER BY leaf.number
    LIMIT 1
) AS leaf
