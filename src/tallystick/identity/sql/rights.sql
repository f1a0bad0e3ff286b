-- People, roles, delegations and rules.

-- name: insert_person
INSERT INTO identity.person (tenant_id, person_id, name, status, risk, created_at) VALUES ($1, $2, $3, 'active', 0, $4)
ON CONFLICT DO NOTHING RETURNING person_id

-- name: person
SELECT person_id, name, status, risk, created_at FROM identity.person WHERE tenant_id = $1 AND person_id = $2

-- name: people
SELECT person_id, name, status, risk, created_at FROM identity.person
WHERE tenant_id = $1 AND person_id > $2 ORDER BY person_id LIMIT $3

-- name: set_status
-- Who has left does not come back.
UPDATE identity.person SET status = $3
WHERE tenant_id = $1 AND person_id = $2 AND status <> $3 AND status <> 'left' RETURNING person_id

-- name: set_risk
UPDATE identity.person SET risk = $3 WHERE tenant_id = $1 AND person_id = $2 AND risk <> $3 RETURNING person_id

-- name: end_sessions
UPDATE identity.session SET ended_at = $3 WHERE tenant_id = $1 AND person_id = $2 AND ended_at IS NULL RETURNING session_id

-- name: insert_role
INSERT INTO identity.role (tenant_id, role, title, bundles, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING role

-- name: role
SELECT role, title, bundles, ended_at FROM identity.role WHERE tenant_id = $1 AND role = $2

-- name: roles
SELECT role, title, bundles FROM identity.role WHERE tenant_id = $1 AND ended_at IS NULL ORDER BY role LIMIT $2

-- name: count_roles
SELECT count(*) FROM identity.role WHERE tenant_id = $1

-- name: end_role
UPDATE identity.role SET ended_at = $3 WHERE tenant_id = $1 AND role = $2 AND ended_at IS NULL RETURNING role

-- name: holder_is_key
SELECT true FROM identity.api_key WHERE tenant_id = $1 AND key_id = $2 AND revoked_at IS NULL

-- name: insert_membership
INSERT INTO identity.membership (tenant_id, membership_id, holder, role, from_at, until_at, given_by, given_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, holder, role) WHERE ended_at IS NULL DO NOTHING RETURNING membership_id

-- name: end_lapsed
-- What lapsed makes room for being given again.
UPDATE identity.membership SET ended_at = $4
WHERE tenant_id = $1 AND holder = $2 AND role = $3 AND ended_at IS NULL AND until_at <= $4 RETURNING membership_id

-- name: held_now
SELECT membership_id, holder, role, from_at, until_at, given_by, ended_at FROM identity.membership
WHERE tenant_id = $1 AND holder = $2 AND role = $3 AND ended_at IS NULL

-- name: membership
SELECT membership_id, holder, role, from_at, until_at, given_by, ended_at FROM identity.membership
WHERE tenant_id = $1 AND membership_id = $2

-- name: memberships
SELECT membership_id, holder, role, from_at, until_at, given_by, ended_at FROM identity.membership
WHERE tenant_id = $1 AND membership_id > $2 AND ($3::text IS NULL OR holder = $3) ORDER BY membership_id LIMIT $4

-- name: end_membership
UPDATE identity.membership SET ended_at = $3
WHERE tenant_id = $1 AND membership_id = $2 AND ended_at IS NULL RETURNING membership_id

-- name: count_delegations
SELECT count(*) FROM identity.delegation WHERE tenant_id = $1 AND holder = $2 AND ended_at IS NULL

-- name: insert_delegation
INSERT INTO identity.delegation
    (tenant_id, delegation_id, holder, actions, accounts, credits, asset, cap_each, cap_slot, slot, opens, closes, days,
     time_zone, from_at, until_at, step_up_above, approvers, approve_above, given_by, given_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)

-- name: delegation
SELECT delegation_id, holder, actions, accounts, credits, asset, cap_each, cap_slot, slot, opens, closes, days, time_zone,
    from_at, until_at, step_up_above, approvers, approve_above, given_by, given_at, ended_at
FROM identity.delegation WHERE tenant_id = $1 AND delegation_id = $2

-- name: delegations
SELECT delegation_id, holder, actions, accounts, credits, asset, cap_each, cap_slot, slot, opens, closes, days, time_zone,
    from_at, until_at, step_up_above, approvers, approve_above, given_by, given_at, ended_at
FROM identity.delegation
WHERE tenant_id = $1 AND delegation_id > $2 AND ($3::text IS NULL OR holder = $3) ORDER BY delegation_id LIMIT $4

-- name: end_delegation
UPDATE identity.delegation SET ended_at = $3
WHERE tenant_id = $1 AND delegation_id = $2 AND ended_at IS NULL RETURNING delegation_id

-- name: insert_rule
INSERT INTO identity.access_rule
    (tenant_id, number, networks, countries, known_devices, risk_max, step_up_minutes, set_by, set_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
