-- Clients of machines and third parties, what people agreed to, and the tokens given for it.

-- name: insert_client
INSERT INTO identity.client (tenant_id, client_id, name, key_set, certificate_thumbprint, certificate_subject, redirect_uris,
    scope, created_at, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: end_client
UPDATE identity.client SET ended_at = $3 WHERE tenant_id = $1 AND client_id = $2 AND ended_at IS NULL RETURNING ended_at

-- name: client
SELECT client_id, name, key_set, certificate_thumbprint, certificate_subject, redirect_uris, scope, created_at, ended_at
FROM identity.client WHERE tenant_id = $1 AND client_id = $2

-- name: clients
SELECT client_id, name, key_set, certificate_thumbprint, certificate_subject, redirect_uris, scope, created_at, ended_at
FROM identity.client WHERE tenant_id = $1 AND client_id > $2 ORDER BY client_id LIMIT $3

-- name: find_client
SELECT tenant_id FROM identity.find_client_v1($1)

-- name: client_is_in_force
SELECT true FROM identity.client WHERE tenant_id = $1 AND client_id = $2 AND ended_at IS NULL

-- name: insert_consent
INSERT INTO identity.consent (tenant_id, consent_id, client_id, secret_hash, redirect_uri, scope, state, code_challenge,
    dpop_thumbprint, asked_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: consent
SELECT c.consent_id, c.client_id, c.secret_hash, c.redirect_uri, c.scope, c.state, c.code_challenge, c.dpop_thumbprint, c.asked_at,
    c.expires_at, c.person_id, c.session_id, c.code_hash, c.decided_at, c.redeemed_at, c.ended_at, k.name
FROM identity.consent AS c JOIN identity.client AS k USING (tenant_id, client_id)
WHERE c.tenant_id = $1 AND c.consent_id = $2

-- name: consents
SELECT c.consent_id, c.client_id, c.secret_hash, c.redirect_uri, c.scope, c.state, c.code_challenge, c.dpop_thumbprint, c.asked_at,
    c.expires_at, c.person_id, c.session_id, c.code_hash, c.decided_at, c.redeemed_at, c.ended_at, k.name
FROM identity.consent AS c JOIN identity.client AS k USING (tenant_id, client_id)
WHERE c.tenant_id = $1 AND c.person_id = $2 AND c.consent_id > $3 ORDER BY c.consent_id LIMIT $4

-- name: decide_consent
UPDATE identity.consent SET person_id = $3, session_id = $4, code_hash = $5, decided_at = $6
WHERE tenant_id = $1 AND consent_id = $2 AND decided_at IS NULL AND ended_at IS NULL AND expires_at > $6
RETURNING client_id

-- name: redeem_consent
UPDATE identity.consent SET redeemed_at = $5
WHERE tenant_id = $1 AND consent_id = $2 AND client_id = $3 AND code_hash = $4 AND decided_at > $6
    AND redeemed_at IS NULL AND ended_at IS NULL
RETURNING consent_id

-- name: end_consent
UPDATE identity.consent SET ended_at = $3 WHERE tenant_id = $1 AND consent_id = $2 AND ended_at IS NULL RETURNING client_id

-- name: open_consent_session
INSERT INTO identity.session (tenant_id, session_id, person_id, hash, issuer, methods, device, device_known, network, country,
    started_at, expires_at, mfa_at, seen_at)
SELECT tenant_id, $2, person_id, $4, $5, methods, 'client', device_known, network, country, $6, $7, mfa_at, $6
FROM identity.session WHERE tenant_id = $1 AND session_id = $3 AND ended_at IS NULL AND expires_at > $6
RETURNING person_id

-- name: end_consent_session
UPDATE identity.session SET ended_at = $3 WHERE tenant_id = $1 AND session_id = $2 AND ended_at IS NULL

-- name: session_is_in_force
SELECT true FROM identity.session WHERE tenant_id = $1 AND session_id = $2 AND ended_at IS NULL AND expires_at > $3

-- name: commit_lazily
-- Every process sees what is committed at once; a crash of the database within a second may forget it.
SET LOCAL synchronous_commit = off

-- name: may_forget
-- One at a time forgets what is past of a tenant, so that two never wait for each other; until the end of the transaction.
SELECT pg_try_advisory_xact_lock(hashtextextended('identity.once', $1))
