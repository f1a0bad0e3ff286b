-- Budgets of requests, and answers to writes by their key.

-- name: draw
-- Draw cells: as many as wanted ($3), or as there are. $4 is what one costs, $5 how far ahead of the clock may be spent; both in
-- nanoseconds. Whoever asks at the same time comes after, and sees what is left.
INSERT INTO identity.budget AS budget (tenant_id, subject, spent_ns, cells, asked_ns)
SELECT $1, $2, clock.ns + least($3::bigint, $5::bigint / $4::bigint) * $4, least($3, $5 / $4), clock.ns
FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint AS ns) AS clock
ON CONFLICT (tenant_id, subject) DO UPDATE SET
    spent_ns = greatest(budget.spent_ns, excluded.asked_ns) + $4
        * greatest(0, least($3, (excluded.asked_ns + $5 - greatest(budget.spent_ns, excluded.asked_ns)) / $4)),
    cells = greatest(0, least($3, (excluded.asked_ns + $5 - greatest(budget.spent_ns, excluded.asked_ns)) / $4)),
    asked_ns = excluded.asked_ns
RETURNING budget.cells, budget.spent_ns, budget.asked_ns

-- name: forget_budgets
-- Those of a tenant that nobody drew on for a minute.
DELETE FROM identity.budget AS budget
WHERE budget.tenant_id = $1
  AND greatest(budget.spent_ns, budget.asked_ns)
      < (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint - 60000000000

-- name: begin
-- Take a key that is free, has expired, or was left by a request like this one that was lost.
INSERT INTO identity.answer AS answer (tenant_id, actor, key, fingerprint, for_good, begun_at, until_at)
VALUES ($1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp() + make_interval(hours => $6))
ON CONFLICT (tenant_id, actor, key) DO UPDATE SET
    fingerprint = excluded.fingerprint, for_good = excluded.for_good, begun_at = excluded.begun_at,
    until_at = excluded.until_at, status = NULL, media = NULL, location = NULL, content = NULL
WHERE answer.until_at < excluded.begun_at
   OR (answer.status IS NULL AND NOT answer.for_good AND answer.fingerprint = excluded.fingerprint
       AND answer.begun_at < excluded.begun_at - make_interval(secs => $7))
RETURNING true

-- name: known
SELECT answer.fingerprint, answer.status, answer.media, answer.location, answer.content,
       (answer.status IS NOT NULL
        OR answer.begun_at < clock_timestamp() - make_interval(secs => $4)) AS is_over
FROM identity.answer AS answer
WHERE answer.tenant_id = $1 AND answer.actor = $2 AND answer.key = $3

-- name: keep
UPDATE identity.answer SET status = $4, media = $5, location = $6, content = $7
WHERE tenant_id = $1 AND actor = $2 AND key = $3 AND status IS NULL

-- name: let_go
DELETE FROM identity.answer WHERE tenant_id = $1 AND actor = $2 AND key = $3 AND status IS NULL

-- name: forget_answers
DELETE FROM identity.answer AS gone USING (
    SELECT past.actor, past.key FROM identity.answer AS past
    WHERE past.tenant_id = $1 AND past.until_at < clock_timestamp()
    ORDER BY past.until_at
    LIMIT $2
) AS past
WHERE gone.tenant_id = $1 AND gone.actor = past.actor AND gone.key = past.key
