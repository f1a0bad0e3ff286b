-- Statements of what processes signed, which every context remembers in its own schema; {schema} is the context.

-- name: spend
INSERT INTO {schema}.knock (hash, until_at) VALUES ($1, $2)
ON CONFLICT DO NOTHING RETURNING true

-- name: forget
-- What has passed, the oldest first.
DELETE FROM {schema}.knock AS gone USING (
    SELECT knock.hash FROM {schema}.knock WHERE knock.until_at < $1 ORDER BY knock.until_at LIMIT $2
) AS past
WHERE gone.hash = past.hash
