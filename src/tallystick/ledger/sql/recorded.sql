-- What the books say was done, in the order of time, to be compared with the record; the role is the operators'.

-- name: ledgers
SELECT ledger_id, name, opened_at FROM ledger.ledger
WHERE tenant_id = $1 AND opened_at >= $2 AND opened_at <= $3
ORDER BY opened_at, ledger_id

-- name: account_events
-- What the account is goes along with the event that opened it.
SELECT event.ledger_id, event.account_id, event.recorded_at, event.event, event.actor, event.content,
       account.address, account.asset, account.normal_side, account.metadata
FROM (
    SELECT noted.ledger_id, noted.account_id, noted.recorded_at, noted.event, noted.actor, noted.content
    FROM ledger.account_event AS noted
    WHERE noted.tenant_id = $1 AND noted.recorded_at >= $2 AND noted.recorded_at <= $3
    ORDER BY noted.recorded_at
) AS event LEFT JOIN LATERAL (
    SELECT account.address, account.asset, account.normal_side, account.metadata
    FROM ledger.account
    WHERE event.event = 'open' AND account.tenant_id = $1 AND account.ledger_id = event.ledger_id
      AND account.account_id >= event.account_id AND account.account_id <= event.account_id
    ORDER BY account.account_id
    LIMIT 1
) AS account ON true
ORDER BY event.recorded_at

-- name: transactions
-- Sorted by their times alone, and then read one by one: whole rows would be a hundred times as much to sort.
SELECT act.ledger_id, act.recorded_at, act.effective_at, act.id, act.kind, act.fingerprint, act.account_ids,
       act.amounts, act.target_at, act.expires_at, act.reference, act.metadata, act.refusal, act.refusal_fields
FROM (
    SELECT listed.ledger_id, listed.recorded_at FROM ledger.transaction AS listed
    WHERE listed.tenant_id = $1 AND listed.recorded_at >= $2 AND listed.recorded_at <= $3
    ORDER BY listed.recorded_at
) AS placed CROSS JOIN LATERAL (
    SELECT act.ledger_id, act.recorded_at, act.effective_at, act.id, act.kind, act.fingerprint, act.account_ids,
           act.amounts, act.target_at, act.expires_at, act.reference, act.metadata, act.refusal, act.refusal_fields
    FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = placed.ledger_id
      AND act.recorded_at >= placed.recorded_at AND act.recorded_at <= placed.recorded_at
    ORDER BY act.recorded_at
    LIMIT 1
) AS act
ORDER BY placed.recorded_at
