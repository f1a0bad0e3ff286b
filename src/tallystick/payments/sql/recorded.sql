-- What the tables say was done, in the order of time, to be compared with the record; the role is the operators', who see
-- no name, no IBAN and no id that people chose.

-- name: files
SELECT file_id, message, reason_code, total, received_at FROM payments.payment_file
WHERE tenant_id = $1 AND received_at >= $2 AND received_at <= $3
ORDER BY received_at

-- name: moves
SELECT payment_id, number, recorded_at, actor, event, state_before, state_after, reason_code
FROM payments.payment_event
WHERE tenant_id = $1 AND recorded_at >= $2 AND recorded_at <= $3
ORDER BY recorded_at
