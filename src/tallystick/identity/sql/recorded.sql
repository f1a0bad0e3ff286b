-- What the tables say was done, in the order of time, to be compared with the record; the role is the operators'.

-- name: tenants
SELECT tenant_id, name, created_at FROM identity.tenant
WHERE tenant_id = $1 AND created_at >= $2 AND created_at <= $3

-- name: keys
SELECT key_id, hash, label, created_at, roles, expires_at, made_by, made_with, inherits FROM identity.api_key
WHERE tenant_id = $1 AND created_at >= $2 AND created_at <= $3
ORDER BY created_at

-- name: revocations
SELECT key_id, revoked_at FROM identity.api_key
WHERE tenant_id = $1 AND revoked_at >= $2 AND revoked_at <= $3
ORDER BY revoked_at

-- name: clients
SELECT tenant_id, client_id, name, key_set, certificate_thumbprint, certificate_subject, redirect_uris, scope, made_by,
    created_at
FROM identity.client
WHERE tenant_id = $1 AND created_at >= $2 AND created_at <= $3
ORDER BY created_at

-- name: ends_of_clients
SELECT client_id, ended_at FROM identity.client
WHERE tenant_id = $1 AND ended_at >= $2 AND ended_at <= $3
ORDER BY ended_at

-- name: consents_asked
SELECT consent_id, client_id, scope, asked_at AS at, 'ask' AS step FROM identity.consent
WHERE tenant_id = $1 AND asked_at >= $2 AND asked_at <= $3
ORDER BY asked_at

-- name: consents_decided
SELECT consent_id, client_id, scope, decided_at AS at, CASE WHEN code_hash IS NULL THEN 'refuse' ELSE 'give' END AS step
FROM identity.consent
WHERE tenant_id = $1 AND decided_at >= $2 AND decided_at <= $3
ORDER BY decided_at

-- name: consents_ended
SELECT consent_id, client_id, scope, ended_at AS at, 'end' AS step FROM identity.consent
WHERE tenant_id = $1 AND ended_at >= $2 AND ended_at <= $3
ORDER BY ended_at

-- name: people
SELECT person_id, name, created_at FROM identity.person
WHERE tenant_id = $1 AND created_at >= $2 AND created_at <= $3
ORDER BY created_at

-- name: roles
SELECT role, title, bundles, created_at FROM identity.role
WHERE tenant_id = $1 AND created_at >= $2 AND created_at <= $3
ORDER BY created_at

-- name: ends_of_roles
SELECT role, ended_at FROM identity.role
WHERE tenant_id = $1 AND ended_at >= $2 AND ended_at <= $3
ORDER BY ended_at

-- name: memberships
SELECT membership_id, holder, role, from_at, until_at, given_by, given_at FROM identity.membership
WHERE tenant_id = $1 AND given_at >= $2 AND given_at <= $3
ORDER BY given_at

-- name: ends_of_memberships
SELECT membership_id, ended_at FROM identity.membership
WHERE tenant_id = $1 AND ended_at >= $2 AND ended_at <= $3
ORDER BY ended_at

-- name: delegations
SELECT delegation_id, holder, actions, accounts, credits, asset, cap_each, cap_slot, slot, opens, closes, days, time_zone,
    from_at, until_at, step_up_above, approvers, approve_above, given_by, given_at, ended_at
FROM identity.delegation
WHERE tenant_id = $1 AND given_at >= $2 AND given_at <= $3
ORDER BY given_at

-- name: ends_of_delegations
SELECT delegation_id, ended_at FROM identity.delegation
WHERE tenant_id = $1 AND ended_at >= $2 AND ended_at <= $3
ORDER BY ended_at

-- name: rules
SELECT number, networks, countries, known_devices, risk_max, step_up_minutes, set_by, set_at FROM identity.access_rule
WHERE tenant_id = $1 AND set_at >= $2 AND set_at <= $3
ORDER BY set_at

-- name: decisions
SELECT decision_id, at, actor, session, action, allowed, version, asked, answered FROM identity.decision
WHERE tenant_id = $1 AND at >= $2 AND at <= $3
ORDER BY at

-- name: approvals
SELECT approval_id, maker, action, digest, asked, needed, created_at FROM identity.approval
WHERE tenant_id = $1 AND created_at >= $2 AND created_at <= $3
ORDER BY created_at

-- name: votes
SELECT v.approval_id, v.person_id, v.verdict, v.method, v.at, v.reason, a.digest
FROM identity.approval_vote AS v JOIN identity.approval AS a USING (tenant_id, approval_id)
WHERE v.tenant_id = $1 AND v.at >= $2 AND v.at <= $3
ORDER BY v.at
