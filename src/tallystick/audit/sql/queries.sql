-- name: take_lease
-- Whoever finds it not renewed for so long takes it, and fences out whoever had it. A time to come is no renewal either: it
-- was written by a clock that has been put right since.
UPDATE audit.lease SET epoch = epoch + 1, holder = $1, renewed_at = clock_timestamp()
WHERE renewed_at <= clock_timestamp() - make_interval(secs => $2)
   OR renewed_at > clock_timestamp() + make_interval(secs => $2)
RETURNING epoch, cluster

-- name: hold_lease
-- The fence: nothing of a turn is written unless this row is still ours, and while it is being written nobody takes it.
UPDATE audit.lease
SET renewed_at = clock_timestamp(), lag_us = coalesce($2, lag_us), skew_us = coalesce($3, skew_us)
WHERE epoch = $1
RETURNING epoch

-- name: give_up_lease
UPDATE audit.lease SET renewed_at = '1970-01-01T00:00:00Z' WHERE epoch = $1

-- name: bind_lease
UPDATE audit.lease SET cluster = $2 WHERE epoch = $1

-- name: cluster
SELECT system_identifier FROM pg_control_system()

-- name: next_xid
SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint

-- name: commit_lazily
-- What a turn prepares need not reach the disk before its end: the commit that shows anything to anybody takes all before it
-- along, and what a crash loses of the rest is followed again.
SET LOCAL synchronous_commit = off

-- name: clock
SELECT clock_timestamp()

-- name: state
SELECT lease.holder, lease.renewed_at, lease.lag_us, lease.skew_us, clock_timestamp() AS now FROM audit.lease

-- name: places
SELECT context, xid, number FROM audit.place

-- name: clusters
SELECT context, cluster FROM audit.place

-- name: move_place
INSERT INTO audit.place (context, xid, number, cluster) VALUES ($1, $2, $3, $4)
ON CONFLICT (context) DO UPDATE SET xid = excluded.xid, number = excluded.number, cluster = excluded.cluster

-- name: keep_key
INSERT INTO audit.signing_key (algorithm, public_key) VALUES ($1, $2) ON CONFLICT DO NOTHING

-- name: keys
SELECT algorithm, public_key FROM audit.signing_key ORDER BY used_since, algorithm

-- name: tree
SELECT size, signed_size, published_size FROM audit.tree WHERE tenant_id = $1

-- name: unpublished_since
-- When the first entry was written that no published checkpoint covers; no row when there is none.
SELECT last_at FROM audit.segment
WHERE tenant_id = $1 AND first_index + length > $2 AND first_index > $2 - 256
ORDER BY first_index
LIMIT 1

-- name: trees_to_sign
SELECT tenant_id, size, signed_size, published_size FROM audit.tree
WHERE published_size < size AND tenant_id > $1
ORDER BY tenant_id
LIMIT $2

-- name: resting_trees
-- Those that do not grow, with what they have shown.
SELECT tree.tenant_id, tree.size, tree.signed_size, tree.published_size, checkpoint.note
FROM audit.tree
JOIN audit.checkpoint ON checkpoint.tenant_id = tree.tenant_id AND checkpoint.size = tree.published_size
WHERE tree.published_size = tree.size AND tree.tenant_id > $1
ORDER BY tree.tenant_id
LIMIT $2

-- name: trees
SELECT tenant_id, published_size FROM audit.tree WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2

-- name: grow
INSERT INTO audit.tree (tenant_id, size)
SELECT given.tenant_id, given.size FROM unnest($1::bigint[], $2::bigint[]) AS given (tenant_id, size)
ON CONFLICT (tenant_id) DO UPDATE SET size = excluded.size

-- name: add_segments
INSERT INTO audit.segment (
    tenant_id, first_index, length, context, leaf_number, leaf_start, first_at, last_at, entries, hashes
)
SELECT given.tenant_id, given.first_index, given.length, given.context, given.leaf_number, given.leaf_start,
       given.first_at, given.last_at, given.entries, given.hashes
FROM unnest(
    $1::bigint[], $2::bigint[], $3::integer[], $4::text[], $5::bigint[], $6::integer[], $7::timestamptz[],
    $8::timestamptz[], $9::bytea[], $10::bytea[]
) AS given (
    tenant_id, first_index, length, context, leaf_number, leaf_start, first_at, last_at, entries, hashes
)

-- name: add_acts
INSERT INTO audit.act (tenant_id, actor, first_index)
SELECT given.tenant_id, given.actor, given.first_index
FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS given (tenant_id, actor, first_index)
ON CONFLICT DO NOTHING

-- name: segments_of_actor
-- The newest segments in which an actor acted, of those that begin before a place.
SELECT segment.first_index, segment.entries
FROM audit.act
JOIN audit.segment ON segment.tenant_id = act.tenant_id AND segment.first_index = act.first_index
WHERE act.tenant_id = $1 AND act.actor = $2 AND act.first_index < $3
ORDER BY act.first_index DESC
LIMIT $4

-- name: add_subtrees
INSERT INTO audit.subtree (tenant_id, level, place, hash)
SELECT given.tenant_id, given.level, given.place, given.hash
FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::bytea[]) AS given (tenant_id, level, place, hash)

-- name: add_checkpoint
INSERT INTO audit.checkpoint (tenant_id, size, root, signed_at, note) VALUES ($1, $2, $3, $4, $5)

-- name: drop_unpublished
-- A smaller one that never had its cosignatures is covered by what is signed now.
DELETE FROM audit.checkpoint WHERE tenant_id = $1 AND size < $2 AND published_at IS NULL

-- name: sign_tree
UPDATE audit.tree SET signed_size = $2 WHERE tenant_id = $1

-- name: publish_checkpoint
UPDATE audit.checkpoint SET note = $3, published_at = clock_timestamp()
WHERE tenant_id = $1 AND size = $2 AND published_at IS NULL
RETURNING size

-- name: cosign_checkpoint
UPDATE audit.checkpoint SET note = $3 WHERE tenant_id = $1 AND size = $2 AND published_at IS NOT NULL

-- name: publish_tree
UPDATE audit.tree SET published_size = $2 WHERE tenant_id = $1 AND published_size < $2

-- name: thin_checkpoints
-- Those that a later one of the same minute covers; the last ten minutes stay as they are.
DELETE FROM audit.checkpoint AS early
WHERE early.tenant_id = $1 AND early.signed_at >= clock_timestamp() - interval '1 hour'
  AND early.signed_at < clock_timestamp() - interval '10 minutes'
  AND EXISTS (
      SELECT FROM audit.checkpoint AS later
      WHERE later.tenant_id = early.tenant_id AND later.size > early.size AND later.published_at IS NOT NULL
        AND later.signed_at < date_trunc('minute', early.signed_at) + interval '1 minute'
  )

-- name: checkpoint
SELECT size, root, signed_at, published_at, note FROM audit.checkpoint WHERE tenant_id = $1 AND size = $2

-- name: checkpoint_at
-- The last published one that was signed by a time.
SELECT size, root, signed_at, published_at, note FROM audit.checkpoint
WHERE tenant_id = $1 AND signed_at <= $2 AND published_at IS NOT NULL
ORDER BY signed_at DESC
LIMIT 1

-- name: checkpoint_since
-- The first published one that was signed at a time or later.
SELECT size, root, signed_at, published_at, note FROM audit.checkpoint
WHERE tenant_id = $1 AND signed_at >= $2 AND published_at IS NOT NULL
ORDER BY signed_at
LIMIT 1

-- name: checkpoints
SELECT size, note FROM audit.checkpoint
WHERE tenant_id = $1 AND size > $2 AND size <= $3 AND published_at IS NOT NULL
ORDER BY size
LIMIT $4

-- name: hashes
SELECT first_index, hashes FROM audit.segment
WHERE tenant_id = $1 AND first_index >= $2 AND first_index < $3
ORDER BY first_index

-- name: bundle
SELECT first_index, length, entries FROM audit.segment
WHERE tenant_id = $1 AND first_index >= $2 AND first_index < $3
ORDER BY first_index

-- name: subtrees
SELECT place, hash FROM audit.subtree
WHERE tenant_id = $1 AND level = $2 AND place >= $3 AND place < $4
ORDER BY place

-- name: segments_by_time
SELECT first_index, first_at, entries FROM audit.segment
WHERE tenant_id = $1 AND context = $2 AND last_at >= $3
ORDER BY last_at, first_index
LIMIT $4
