-- Providers, sign-ins under way, and sessions.

-- name: providers
SELECT provider, number, kind, issuer, client, audience, sign_in_url, answer_url, certificates, algorithms, redirects,
    trusts_mfa, mfa_contexts, set_by, set_at
FROM identity.provider WHERE tenant_id = $1 AND ended_at IS NULL ORDER BY provider LIMIT $2

-- name: provider
SELECT provider, number, kind, issuer, client, audience, sign_in_url, answer_url, certificates, algorithms, redirects,
    trusts_mfa, mfa_contexts, set_by, set_at
FROM identity.provider WHERE tenant_id = $1 AND provider = $2 AND ended_at IS NULL

-- name: hold_tenant
SELECT pg_advisory_xact_lock(hashtextextended('identity.provider', $1))

-- name: last_provider
SELECT coalesce(max(number), 0) FROM identity.provider WHERE tenant_id = $1 AND provider = $2

-- name: insert_provider
INSERT INTO identity.provider (tenant_id, provider, number, kind, issuer, client, audience, sign_in_url, answer_url,
    certificates, algorithms, redirects, trusts_mfa, mfa_contexts, set_by, set_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)

-- name: end_provider
UPDATE identity.provider SET ended_at = $3 WHERE tenant_id = $1 AND provider = $2 AND ended_at IS NULL RETURNING number

-- name: find_provider
SELECT tenant_id, provider FROM identity.find_provider_v1($1, $2)

-- name: insert_sign_in
INSERT INTO identity.sign_in (tenant_id, hash, state_hash, provider, number, redirect, created_at, expires_at, methods)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '{}')

-- name: forget_sign_ins
DELETE FROM identity.sign_in AS gone USING (
    SELECT hash FROM identity.sign_in WHERE tenant_id = $1 AND expires_at < $2 ORDER BY expires_at LIMIT $3
) AS past
WHERE gone.tenant_id = $1 AND gone.hash = past.hash

-- name: spend_sign_in
DELETE FROM identity.sign_in WHERE tenant_id = $1 AND hash = $2
RETURNING provider, number, redirect, expires_at, code_hash, subject, methods, mfa_at

-- name: sign_in_by_state
SELECT hash, provider, number, redirect, expires_at, code_hash FROM identity.sign_in
WHERE tenant_id = $1 AND state_hash = $2

-- name: answer_sign_in
UPDATE identity.sign_in SET code_hash = $3, subject = $4, methods = $5, mfa_at = $6
WHERE tenant_id = $1 AND hash = $2 AND code_hash IS NULL RETURNING true

-- name: person_of_login
SELECT p.person_id, p.status FROM identity.login AS l
JOIN identity.person AS p ON p.tenant_id = l.tenant_id AND p.person_id = l.person_id
WHERE l.tenant_id = $1 AND l.issuer = $2 AND l.subject = $3 AND l.ended_at IS NULL

-- name: bind_login
INSERT INTO identity.login (tenant_id, issuer, subject, person_id, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING true

-- name: insert_session
INSERT INTO identity.session (tenant_id, session_id, person_id, hash, issuer, methods, device, device_known, network,
    country, started_at, expires_at, mfa_at, seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $11)
ON CONFLICT (hash) DO NOTHING RETURNING true

-- name: device_proven
-- To have signed in on it proves nothing: whoever could do nothing there would be let in the second time.
SELECT true FROM identity.session WHERE tenant_id = $1 AND person_id = $2 AND device = $3
    AND (mfa_at IS NOT NULL OR stepped_up_at IS NOT NULL) LIMIT 1

-- name: find_session
SELECT tenant_id, session_id, person_id FROM identity.find_session_v1($1)

-- name: open_session
SELECT s.session_id, s.person_id, s.started_at, s.expires_at, s.ended_at, s.seen_at, p.status
FROM identity.session AS s
JOIN identity.person AS p ON p.tenant_id = s.tenant_id AND p.person_id = s.person_id
WHERE s.tenant_id = $1 AND s.hash = $2

-- name: see_session
UPDATE identity.session SET seen_at = $3 WHERE tenant_id = $1 AND session_id = $2 AND ended_at IS NULL

-- name: sessions
SELECT session_id, started_at, expires_at, issuer, methods, network, country, device_known, seen_at, mfa_at, ended_at
FROM identity.session
WHERE tenant_id = $1 AND person_id = $2 AND ($3 = '' OR session_id < $3)
ORDER BY session_id DESC LIMIT $4

-- name: session_is_theirs
SELECT true FROM identity.session WHERE tenant_id = $1 AND person_id = $2 AND session_id = $3

-- name: end_session
UPDATE identity.session SET ended_at = $4
WHERE tenant_id = $1 AND person_id = $2 AND session_id = $3 AND ended_at IS NULL RETURNING session_id

-- name: end_sessions
UPDATE identity.session SET ended_at = $3
WHERE tenant_id = $1 AND person_id = $2 AND ended_at IS NULL AND expires_at > $3 RETURNING session_id
