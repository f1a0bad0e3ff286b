-- name: insert_tenant
INSERT INTO identity.tenant (tenant_id, name, created_at) VALUES ($1, $2, $3)

-- name: tenant
SELECT name FROM identity.tenant WHERE tenant_id = $1

-- name: tenants
SELECT tenant_id, name, created_at FROM identity.tenant WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2

-- name: insert_key
INSERT INTO identity.api_key (tenant_id, key_id, hash, label, created_at) VALUES ($1, $2, $3, $4, $5)

-- name: revoke_key
UPDATE identity.api_key SET revoked_at = $3
WHERE tenant_id = $1 AND key_id = $2 AND revoked_at IS NULL
RETURNING revoked_at

-- name: key
SELECT key_id, label, created_at, revoked_at FROM identity.api_key WHERE tenant_id = $1 AND key_id = $2

-- name: keys
SELECT key_id, label, created_at, revoked_at FROM identity.api_key
WHERE tenant_id = $1 AND key_id > $2 ORDER BY key_id LIMIT $3

-- name: find_key
SELECT tenant_id, key_id FROM identity.find_key_v1($1)
