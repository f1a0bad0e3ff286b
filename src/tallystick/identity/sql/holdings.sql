-- What many people hold, read at once.

-- name: roles_of
-- The roles in force of each, with the title of one that is the tenant's own.
SELECT asked.holder, held.role, own.title
FROM unnest($2::text[]) AS asked (holder)
CROSS JOIN LATERAL (
    SELECT role FROM identity.membership
    WHERE tenant_id = $1 AND holder = asked.holder AND ended_at IS NULL AND from_at <= $3
        AND (until_at IS NULL OR until_at > $3)
    ORDER BY role LIMIT 50
) AS held
LEFT JOIN identity.role AS own ON own.tenant_id = $1 AND own.role = held.role AND own.ended_at IS NULL

-- name: delegations_of
-- The first delegations in force of each, and how many there are.
SELECT held.delegation_id, held.holder, held.actions, held.accounts, held.credits, held.asset, held.cap_each,
    held.cap_slot, held.slot, held.opens, held.closes, held.days, held.time_zone, held.from_at, held.until_at,
    held.step_up_above, held.approvers, held.approve_above, held.in_all
FROM unnest($2::text[]) AS asked (holder)
CROSS JOIN LATERAL (
    SELECT delegation_id, holder, actions, accounts, credits, asset, cap_each, cap_slot, slot, opens, closes, days,
        time_zone, from_at, until_at, step_up_above, approvers, approve_above, count(*) OVER () AS in_all
    FROM identity.delegation
    WHERE tenant_id = $1 AND holder = asked.holder AND ended_at IS NULL AND from_at <= $3
        AND (until_at IS NULL OR until_at > $3)
    ORDER BY delegation_id LIMIT $4
) AS held

-- name: name_of
-- What a person, key or client is called.
SELECT name FROM identity.person WHERE tenant_id = $1 AND person_id = $2
UNION ALL
SELECT label FROM identity.api_key WHERE tenant_id = $1 AND key_id = $2
UNION ALL
SELECT name FROM identity.client WHERE tenant_id = $1 AND client_id = $2
