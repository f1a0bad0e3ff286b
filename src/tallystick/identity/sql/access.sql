-- Standings and decisions.

-- name: person
SELECT status, risk FROM identity.person WHERE tenant_id = $1 AND person_id = $2

-- name: held
-- The roles in force of a holder.
SELECT role FROM identity.membership
WHERE tenant_id = $1 AND holder = $2 AND ended_at IS NULL AND from_at <= $3 AND (until_at IS NULL OR until_at > $3)
LIMIT 50

-- name: own_roles
-- What the tenant's own roles, of these, are made of.
SELECT role, bundles FROM identity.role WHERE tenant_id = $1 AND role = ANY ($2) AND ended_at IS NULL

-- name: delegations_in_force
SELECT delegation_id, holder, actions, accounts, credits, asset, cap_each, cap_slot, slot, opens, closes, days, time_zone,
    from_at, until_at, step_up_above, approvers, approve_above, given_by, given_at, ended_at
FROM identity.delegation
WHERE tenant_id = $1 AND holder = $2 AND ended_at IS NULL AND (until_at IS NULL OR until_at > $3)
ORDER BY delegation_id LIMIT 200

-- name: session
SELECT session_id, methods, device_known, network, country, expires_at, mfa_at, stepped_up_at
FROM identity.session WHERE tenant_id = $1 AND session_id = $2 AND person_id = $3 AND ended_at IS NULL

-- name: rule
SELECT number, networks, countries, known_devices, risk_max, step_up_minutes, set_by
FROM identity.access_rule WHERE tenant_id = $1 ORDER BY number DESC LIMIT 1

-- name: keep_policies
INSERT INTO identity.policy_set (version, policies, entities, first_used) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- name: policies
SELECT policies, entities FROM identity.policy_set WHERE version = $1

-- name: insert_decision
INSERT INTO identity.decision
    (tenant_id, decision_id, at, actor, session, action, allowed, version, asked, answered)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: decision
SELECT decision_id, at, actor, session, action, allowed, version, asked, answered
FROM identity.decision WHERE tenant_id = $1 AND decision_id = $2

-- name: used_approval
-- What was agreed to for an act that was let through before.
SELECT approval_id, ended_at, expires_at FROM identity.approval
WHERE tenant_id = $1 AND maker = $2 AND action = $3 AND digest = $4 AND ending = 'used'
ORDER BY ended_at DESC LIMIT 1
