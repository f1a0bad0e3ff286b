-- Substitutes, who they serve, and what came of trying them.

-- name: hold
SELECT pg_advisory_xact_lock(hashtextextended('identity.substitution', $1))

-- name: substitutes
SELECT context, substitute, version, tried_at, broken FROM identity.substitute
ORDER BY context, substitute, version LIMIT $1

-- name: substitute
-- The version that was tried last.
SELECT context, substitute, version, tried_at, broken FROM identity.substitute
WHERE context = $1 AND substitute = $2 ORDER BY tried_at DESC, version DESC LIMIT 1

-- name: try
INSERT INTO identity.substitute (context, substitute, version, tried_at, broken) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (context, substitute, version) DO UPDATE SET tried_at = excluded.tried_at, broken = excluded.broken

-- name: standings
-- The last switch of each context.
SELECT last.context, last.number, last.mode, last.substitute, last.version, last.share, last.set_by, last.set_at
FROM unnest($2::text[]) AS asked (context)
CROSS JOIN LATERAL (
    SELECT s.context, s.number, s.mode, s.substitute, s.version, s.share, s.set_by, s.set_at
    FROM identity.substitution AS s WHERE s.tenant_id = $1 AND s.context = asked.context
    ORDER BY s.number DESC LIMIT 1
) AS last

-- name: switch
INSERT INTO identity.substitution (tenant_id, context, number, mode, substitute, version, share, set_by, set_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: last_shadow
-- The last trial of a context, whatever came after it.
SELECT s.number, s.substitute, s.version FROM identity.substitution AS s
WHERE s.tenant_id = $1 AND s.context = $2 AND s.mode = 'shadow' ORDER BY s.number DESC LIMIT 1

-- name: shadow
SELECT compared, different, lost, skipped, differences FROM identity.shadow
WHERE tenant_id = $1 AND context = $2 AND number = $3

-- name: insert_shadow
INSERT INTO identity.shadow (tenant_id, context, number, compared, different, lost, skipped, differences)
SELECT s.tenant_id, s.context, s.number, 0, 0, 0, 0, '[]' FROM identity.substitution AS s
WHERE s.tenant_id = $1 AND s.context = $2 AND s.number = $3 AND s.mode = 'shadow'
ON CONFLICT DO NOTHING

-- name: hold_shadow
SELECT differences FROM identity.shadow WHERE tenant_id = $1 AND context = $2 AND number = $3 FOR UPDATE

-- name: add_shadow
UPDATE identity.shadow SET compared = compared + $4, different = different + $5, lost = lost + $6, skipped = skipped + $7,
    differences = $8
WHERE tenant_id = $1 AND context = $2 AND number = $3
