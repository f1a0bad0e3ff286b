-- What the tables say was done, in the order of time, to be compared with the record; the role is the operators'.

-- name: events
SELECT event.recorded_at, event.actor, event.tag, event.done_on, event.outcome, event.content, event.is_sealing
FROM governance.event
WHERE event.tenant_id = $1 AND event.recorded_at >= $2 AND event.recorded_at <= $3
ORDER BY event.recorded_at, event.number
