-- The replay cache.

-- name: spend
INSERT INTO identity.once (tenant_id, kind, hash, until_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING true

-- name: forget
DELETE FROM identity.once AS gone USING (
    SELECT kind, hash FROM identity.once WHERE tenant_id = $1 AND until_at < $2 LIMIT $3
) AS past
WHERE gone.tenant_id = $1 AND gone.kind = past.kind AND gone.hash = past.hash
