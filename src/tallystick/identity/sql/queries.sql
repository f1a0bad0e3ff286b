-- name: insert_tenant
INSERT INTO identity.tenant (tenant_id, name, created_at) VALUES ($1, $2, $3)

-- name: tenant
SELECT name FROM identity.tenant WHERE tenant_id = $1

-- name: tenants
SELECT tenant_id, name, created_at FROM identity.tenant WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2

-- name: insert_key
INSERT INTO identity.api_key (tenant_id, key_id, hash, label, created_at, roles, expires_at, made_by, made_with, inherits)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: revoke_key
UPDATE identity.api_key SET revoked_at = $3
WHERE tenant_id = $1 AND key_id = $2 AND revoked_at IS NULL
RETURNING revoked_at

-- name: key
SELECT key_id, label, created_at, revoked_at, roles, expires_at, used_at FROM identity.api_key
WHERE tenant_id = $1 AND key_id = $2

-- name: keys
SELECT key_id, label, created_at, revoked_at, roles, expires_at, used_at FROM identity.api_key
WHERE tenant_id = $1 AND key_id > $2 ORDER BY key_id LIMIT $3

-- name: find_key
SELECT tenant_id, key_id, expires_at FROM identity.find_key_v2($1, $2)

-- name: use_key
UPDATE identity.api_key SET used_at = $3 WHERE tenant_id = $1 AND key_id = $2 AND revoked_at IS NULL

-- name: own_roles
SELECT role FROM identity.role WHERE tenant_id = $1 AND role = ANY ($2) AND ended_at IS NULL
