-- Who made keys and clients, and what these may do because of it.

-- name: key
SELECT key_id, roles, revoked_at, expires_at, made_by, made_with, inherits FROM identity.api_key
WHERE tenant_id = $1 AND key_id = $2

-- name: client
SELECT ended_at, made_by FROM identity.client WHERE tenant_id = $1 AND client_id = $2

-- name: person
SELECT status FROM identity.person WHERE tenant_id = $1 AND person_id = $2

-- name: held
-- The roles in force that were given to a holder, and until when.
SELECT role, until_at FROM identity.membership
WHERE tenant_id = $1 AND holder = $2 AND ended_at IS NULL AND from_at <= $3 AND (until_at IS NULL OR until_at > $3)
ORDER BY role LIMIT 50

-- name: made_by
-- Who is behind these, of whatever kind they are.
SELECT made_by FROM identity.api_key WHERE tenant_id = $1 AND key_id = ANY ($2::text[]) AND made_by IS NOT NULL
UNION
SELECT made_by FROM identity.client WHERE tenant_id = $1 AND client_id = ANY ($2::text[]) AND made_by IS NOT NULL
