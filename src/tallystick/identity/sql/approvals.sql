-- What waits for others to agree, and what they said.

-- name: open
SELECT approval_id, maker, action, digest, asked, needed, created_at, expires_at, ended_at, ending
FROM identity.approval
WHERE tenant_id = $1 AND maker = $2 AND action = $3 AND digest = $4 AND ended_at IS NULL
FOR UPDATE

-- name: insert
INSERT INTO identity.approval
    (tenant_id, approval_id, maker, action, digest, asked, needed, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (tenant_id, maker, action, digest) WHERE ended_at IS NULL DO NOTHING
RETURNING approval_id, maker, action, digest, asked, needed, created_at, expires_at, ended_at, ending

-- name: end
UPDATE identity.approval SET ended_at = $3, ending = $4
WHERE tenant_id = $1 AND approval_id = $2 AND ended_at IS NULL
RETURNING ended_at

-- name: past
SELECT approval_id, maker, action, digest, asked, needed, created_at, expires_at, ended_at, ending
FROM identity.approval
WHERE tenant_id = $1 AND ended_at IS NULL AND expires_at <= $2
ORDER BY approval_id LIMIT $3
FOR UPDATE SKIP LOCKED

-- name: approval
SELECT approval_id, maker, action, digest, asked, needed, created_at, expires_at, ended_at, ending
FROM identity.approval
WHERE tenant_id = $1 AND approval_id = $2

-- name: approval_held
SELECT approval_id, maker, action, digest, asked, needed, created_at, expires_at, ended_at, ending
FROM identity.approval
WHERE tenant_id = $1 AND approval_id = $2
FOR UPDATE

-- name: votes
SELECT vote.approval_id, vote.person_id, person.name, person.status, vote.verdict, vote.at, vote.method,
       vote.credential_id, vote.public_key, vote.client_data, vote.authenticator_data, vote.signature, vote.nonce,
       vote.reason
FROM identity.approval_vote AS vote
JOIN identity.person AS person USING (tenant_id, person_id)
WHERE vote.tenant_id = $1 AND vote.approval_id = ANY ($2::text[])
ORDER BY vote.approval_id, vote.at, vote.person_id

-- name: names
SELECT person_id AS holder, name FROM identity.person WHERE tenant_id = $1 AND person_id = ANY ($2::text[])
UNION ALL
SELECT key_id, label FROM identity.api_key WHERE tenant_id = $1 AND key_id = ANY ($2::text[])
UNION ALL
SELECT client_id, name FROM identity.client WHERE tenant_id = $1 AND client_id = ANY ($2::text[])

-- name: insert_vote
INSERT INTO identity.approval_vote
    (tenant_id, approval_id, maker, person_id, verdict, at, method,
     credential_id, public_key, client_data, authenticator_data, signature, nonce, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)

-- name: waiting
SELECT approval_id, maker, action, digest, asked, needed, created_at, expires_at, ended_at, ending
FROM identity.approval AS asked_for
WHERE tenant_id = $1 AND approval_id > $2 AND maker <> $3 AND ended_at IS NULL AND expires_at > $4
    AND ($5::text IS NULL OR action = $5)
    AND NOT EXISTS (
        SELECT 1 FROM identity.approval_vote AS said
        WHERE said.tenant_id = $1 AND said.approval_id = asked_for.approval_id AND said.person_id = $3)
ORDER BY approval_id LIMIT $6

-- name: mine
SELECT approval_id, maker, action, digest, asked, needed, created_at, expires_at, ended_at, ending
FROM identity.approval
WHERE tenant_id = $1 AND approval_id > $2 AND maker = $3 AND ($4::text IS NULL OR action = $4)
ORDER BY approval_id LIMIT $5

-- name: all
SELECT approval_id, maker, action, digest, asked, needed, created_at, expires_at, ended_at, ending
FROM identity.approval
WHERE tenant_id = $1 AND approval_id > $2 AND ($3::text IS NULL OR action = $3)
ORDER BY approval_id LIMIT $4

-- name: step_up_minutes
SELECT step_up_minutes FROM identity.access_rule WHERE tenant_id = $1 ORDER BY number DESC LIMIT 1
