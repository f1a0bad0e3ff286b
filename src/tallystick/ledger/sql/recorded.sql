-- What the books say was done, in the order of time, to be compared with the record; the role is the operators'.

-- name: ledgers
SELECT ledger_id, name, opened_at FROM ledger.ledger
WHERE tenant_id = $1 AND opened_at >= $2 AND opened_at <= $3
ORDER BY opened_at, ledger_id

-- name: account_events
-- What the account is goes along with the event that opened it.
SELECT event.ledger_id, event.account_id, event.recorded_at, event.event, event.actor, event.content,
       account.address, account.asset, account.normal_side, account.metadata, asset.exponent
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
) AS account ON true LEFT JOIN LATERAL (
    SELECT asset.exponent FROM ledger.asset
    WHERE asset.tenant_id = $1 AND asset.ledger_id = event.ledger_id AND asset.code = account.asset
    LIMIT 1
) AS asset ON true
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

-- name: accounts_unlike_events
-- The accounts whose limits are not those of the last event that set them, or whose state is not the one they moved to last.
SELECT account.ledger_id, account.account_id, account.opened_at,
       concat_ws(' ', coalesce(moved.content ->> 'after', 'open'), limited.content) AS expected,
       concat_ws(' ', account.status, jsonb_build_object(
           'min_available', account.min_available::text, 'max_available', account.max_available::text
       )) AS found
FROM ledger.account LEFT JOIN LATERAL (
    SELECT event.content FROM ledger.account_event AS event
    WHERE event.tenant_id = $1 AND event.ledger_id = account.ledger_id AND event.account_id = account.account_id
      AND event.event IN ('open', 'limits')
    ORDER BY event.recorded_at DESC
    LIMIT 1
) AS limited ON true LEFT JOIN LATERAL (
    SELECT event.content FROM ledger.account_event AS event
    WHERE event.tenant_id = $1 AND event.ledger_id = account.ledger_id AND event.account_id = account.account_id
      AND event.event = 'status'
    ORDER BY event.recorded_at DESC
    LIMIT 1
) AS moved ON true
WHERE account.tenant_id = $1 AND (
    limited.content IS NULL
    OR account.min_available::text IS DISTINCT FROM limited.content ->> 'min_available'
    OR account.max_available::text IS DISTINCT FROM limited.content ->> 'max_available'
    OR account.status IS DISTINCT FROM coalesce(moved.content ->> 'after', 'open')
)
ORDER BY account.ledger_id, account.account_id
