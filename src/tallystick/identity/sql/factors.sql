-- Second factors, wrong codes of late, challenges, and what a session has proven.

-- name: hold_person
SELECT name, status FROM identity.person WHERE tenant_id = $1 AND person_id = $2 FOR NO KEY UPDATE

-- name: session
SELECT session_id, started_at, expires_at, mfa_at, stepped_up_at FROM identity.session
WHERE tenant_id = $1 AND session_id = $2 AND person_id = $3 AND ended_at IS NULL AND expires_at > $4

-- name: prove
UPDATE identity.session
SET mfa_at = coalesce(mfa_at, $3), stepped_up_at = $3,
    methods = CASE WHEN $4 = ANY (methods) THEN methods ELSE array_append(methods, $4::text) END
WHERE tenant_id = $1 AND session_id = $2
RETURNING session_id, started_at, expires_at, mfa_at, stepped_up_at

-- name: end_sessions
UPDATE identity.session SET ended_at = $3
WHERE tenant_id = $1 AND person_id = $2 AND ended_at IS NULL
RETURNING session_id

-- name: factors
SELECT factor_id, person_id, kind, label, created_at, confirmed_at, ended_at, secret, key_name,
       credential_id, public_key, sign_count
FROM identity.factor
WHERE tenant_id = $1 AND person_id = $2 AND ended_at IS NULL
ORDER BY factor_id LIMIT 100

-- name: of_credential
SELECT factor_id, person_id, kind, label, created_at, confirmed_at, ended_at, secret, key_name,
       credential_id, public_key, sign_count
FROM identity.factor
WHERE tenant_id = $1 AND credential_id = $2

-- name: insert
INSERT INTO identity.factor
    (tenant_id, factor_id, person_id, kind, label, created_at, confirmed_at, secret, key_name,
     credential_id, public_key, sign_count)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (tenant_id, credential_id) WHERE credential_id IS NOT NULL DO NOTHING
RETURNING factor_id

-- name: confirm
UPDATE identity.factor SET confirmed_at = $3
WHERE tenant_id = $1 AND factor_id = $2 AND confirmed_at IS NULL AND ended_at IS NULL

-- name: reseal
UPDATE identity.factor SET secret = $3, key_name = $4 WHERE tenant_id = $1 AND factor_id = $2 AND ended_at IS NULL

-- name: count_signature
UPDATE identity.factor SET sign_count = $3 WHERE tenant_id = $1 AND factor_id = $2 AND ended_at IS NULL

-- name: end
UPDATE identity.factor SET ended_at = $3, secret = NULL, key_name = NULL
WHERE tenant_id = $1 AND factor_id = $2 AND ended_at IS NULL

-- name: insert_failure
INSERT INTO identity.factor_failure (tenant_id, person_id, failure_id, at) VALUES ($1, $2, $3, $4)

-- name: failures
SELECT count(*) AS failures, max(at) AS last_at FROM identity.factor_failure
WHERE tenant_id = $1 AND person_id = $2 AND at > $3

-- name: forget_failures
DELETE FROM identity.factor_failure WHERE tenant_id = $1 AND person_id = $2 AND at <= $3

-- name: insert_challenge
INSERT INTO identity.challenge
    (tenant_id, challenge_id, person_id, session_id, purpose, subject, hash, nonce, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: spend_challenge
UPDATE identity.challenge SET spent_at = $6
WHERE tenant_id = $1 AND challenge_id = $2 AND person_id = $3 AND session_id = $4 AND purpose = $5
    AND spent_at IS NULL AND expires_at > $6
RETURNING subject, hash, nonce

-- name: forget_challenges
DELETE FROM identity.challenge WHERE tenant_id = $1 AND person_id = $2 AND expires_at <= $3

-- name: count_challenges
SELECT count(*) FROM identity.challenge WHERE tenant_id = $1 AND person_id = $2
