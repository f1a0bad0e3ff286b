-- What the tables say was done, in the order of time, to be compared with the record; the role is the operators'.

-- name: tenants
SELECT tenant_id, name, created_at FROM identity.tenant
WHERE tenant_id = $1 AND created_at >= $2 AND created_at <= $3

-- name: keys
SELECT key_id, hash, label, created_at, roles, expires_at FROM identity.api_key
WHERE tenant_id = $1 AND created_at >= $2 AND created_at <= $3
ORDER BY created_at

-- name: revocations
SELECT key_id, revoked_at FROM identity.api_key
WHERE tenant_id = $1 AND revoked_at >= $2 AND revoked_at <= $3
ORDER BY revoked_at
