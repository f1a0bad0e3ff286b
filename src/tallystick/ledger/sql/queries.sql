-- Where a statement looks up many keys, each key is a look-up of its own (LATERAL … LIMIT 1), and where a table has
-- several indexes the key is asked for as a range of one, in order: only its own index gives that order, so that a plan made
-- while a table was young, when every index looks alike, is still right when it is large (sorting is off in these sessions).

-- name: ledger_by_name
SELECT ledger_id, opened_at FROM ledger.ledger WHERE tenant_id = $1 AND name = $2

-- name: open_ledger
INSERT INTO ledger.ledger (tenant_id, name) VALUES ($1, $2)
ON CONFLICT ON CONSTRAINT ledger_name_is_used_once DO NOTHING
RETURNING ledger_id, opened_at

-- name: ledgers
SELECT ledger_id, name FROM ledger.ledger WHERE tenant_id = $1 ORDER BY ledger_id

-- name: clock
SELECT clock_timestamp()

-- name: declare_asset
INSERT INTO ledger.asset (tenant_id, ledger_id, code, exponent) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING

-- name: exponent
SELECT exponent FROM ledger.asset WHERE tenant_id = $1 AND ledger_id = $2 AND code = $3

-- name: open_account
WITH account AS (
    INSERT INTO ledger.account (
        tenant_id, ledger_id, address, asset, normal_side, min_available, max_available, metadata
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb)
    ON CONFLICT ON CONSTRAINT account_address_is_used_once DO NOTHING
    RETURNING account_id, opened_at
)
SELECT account_id, opened_at FROM account

-- name: open_balance
INSERT INTO ledger.balance (tenant_id, ledger_id, account_id, recorded_at) VALUES ($1, $2, $3, $4)

-- name: note_event
INSERT INTO ledger.account_event (tenant_id, ledger_id, account_id, event, actor, content)
VALUES ($1, $2, $3, $4, $5, $6::jsonb)

-- name: account
SELECT account.account_id, account.address, account.asset, asset.exponent, account.normal_side, account.status,
       account.min_available, account.max_available, account.metadata, account.opened_at,
       balance.version, balance.recorded_at, balance.debits_posted, balance.credits_posted,
       balance.debits_pending, balance.credits_pending, balance.debits_released, balance.credits_released
FROM (
    SELECT account.tenant_id, account.ledger_id, account.account_id, account.address, account.asset,
           account.normal_side, account.status, account.min_available, account.max_available, account.metadata,
           account.opened_at
    FROM ledger.account
    WHERE account.tenant_id = $1 AND account.ledger_id = $2 AND account.address >= $3 AND account.address <= $3
    ORDER BY account.address
    LIMIT 1
) AS account
JOIN ledger.balance USING (tenant_id, ledger_id, account_id)
JOIN ledger.asset ON asset.tenant_id = account.tenant_id AND asset.ledger_id = account.ledger_id
     AND asset.code = account.asset

-- name: lock_balance
SELECT version FROM ledger.balance WHERE tenant_id = $1 AND ledger_id = $2 AND account_id = $3 FOR UPDATE

-- name: touch_balance
UPDATE ledger.balance SET version = version + 1 WHERE tenant_id = $1 AND ledger_id = $2 AND account_id = $3

-- name: set_limits
UPDATE ledger.account SET min_available = $4, max_available = $5
WHERE tenant_id = $1 AND ledger_id = $2 AND account_id = $3

-- name: set_status
UPDATE ledger.account SET status = $4
WHERE tenant_id = $1 AND ledger_id = $2 AND account_id = $3 AND status = $5
RETURNING account_id

-- name: accounts
SELECT account.account_id, account.address, account.asset, asset.exponent, account.normal_side, account.status,
       account.min_available, account.max_available, account.metadata, account.opened_at,
       balance.version, balance.recorded_at, balance.debits_posted, balance.credits_posted,
       balance.debits_pending, balance.credits_pending, balance.debits_released, balance.credits_released
FROM ledger.account
JOIN ledger.balance USING (tenant_id, ledger_id, account_id)
JOIN ledger.asset ON asset.tenant_id = account.tenant_id AND asset.ledger_id = account.ledger_id
     AND asset.code = account.asset
WHERE account.tenant_id = $1 AND account.ledger_id = $2
  AND account.address > $3 AND account.address >= $4 AND ($5::text IS NULL OR account.address < $5)
  AND ($6::text IS NULL OR account.address ~ $6)
  AND ($7::text IS NULL OR account.asset = $7)
  AND ($8::jsonb IS NULL OR account.metadata @> $8::jsonb)
ORDER BY account.address
LIMIT $9

-- name: account_ids
SELECT account_id FROM ledger.account
WHERE tenant_id = $1 AND ledger_id = $2 AND address >= $3 AND ($4::text IS NULL OR address < $4)
  AND ($5::text IS NULL OR address ~ $5)
ORDER BY address
LIMIT $6

-- name: states_by_address
SELECT account.account_id, account.address, account.asset, account.normal_side, account.status,
       account.min_available, account.max_available,
       balance.version, balance.recorded_at, balance.debits_posted, balance.credits_posted,
       balance.debits_pending, balance.credits_pending, balance.debits_released, balance.credits_released
FROM unnest($3::text[]) AS given (address) CROSS JOIN LATERAL (
    SELECT account.tenant_id, account.ledger_id, account.account_id, account.address, account.asset,
           account.normal_side, account.status, account.min_available, account.max_available
    FROM ledger.account
    WHERE account.tenant_id = $1 AND account.ledger_id = $2
      AND account.address >= given.address AND account.address <= given.address
    ORDER BY account.address
    LIMIT 1
) AS account CROSS JOIN LATERAL (
    SELECT balance.version, balance.recorded_at, balance.debits_posted, balance.credits_posted,
           balance.debits_pending, balance.credits_pending, balance.debits_released, balance.credits_released
    FROM ledger.balance
    WHERE balance.tenant_id = $1 AND balance.ledger_id = $2 AND balance.account_id = account.account_id
    LIMIT 1
) AS balance

-- name: states_by_id
SELECT account.account_id, account.address, account.asset, account.normal_side, account.status,
       account.min_available, account.max_available,
       balance.version, balance.recorded_at, balance.debits_posted, balance.credits_posted,
       balance.debits_pending, balance.credits_pending, balance.debits_released, balance.credits_released
FROM unnest($3::bigint[]) AS given (account_id) CROSS JOIN LATERAL (
    SELECT account.tenant_id, account.ledger_id, account.account_id, account.address, account.asset,
           account.normal_side, account.status, account.min_available, account.max_available
    FROM ledger.account
    WHERE account.tenant_id = $1 AND account.ledger_id = $2
      AND account.account_id >= given.account_id AND account.account_id <= given.account_id
    ORDER BY account.account_id
    LIMIT 1
) AS account CROSS JOIN LATERAL (
    SELECT balance.version, balance.recorded_at, balance.debits_posted, balance.credits_posted,
           balance.debits_pending, balance.credits_pending, balance.debits_released, balance.credits_released
    FROM ledger.balance
    WHERE balance.tenant_id = $1 AND balance.ledger_id = $2 AND balance.account_id = account.account_id
    LIMIT 1
) AS balance

-- name: known
-- The lock is shared by all who write to the ledger and stops nobody but a reader of the last moments, who waits for those
-- whose clock was read before its own. It is taken first, then the clock.
WITH here AS MATERIALIZED (
    SELECT pg_advisory_xact_lock_shared($2::bigint | 4611686018427387904) AS writing
), clock AS MATERIALIZED (
    SELECT clock_timestamp() AS now FROM here
)
SELECT clock.now, known.id, known.fingerprint, known.refusal, known.refusal_fields
FROM clock
LEFT JOIN (
    SELECT found.id, found.fingerprint, found.refusal, found.refusal_fields
    FROM unnest($3::text[]) AS given (id) CROSS JOIN LATERAL (
        SELECT transaction.id, transaction.fingerprint, transaction.refusal, transaction.refusal_fields
        FROM ledger.transaction
        WHERE transaction.tenant_id = $1 AND transaction.ledger_id = $2
          AND transaction.id >= given.id AND transaction.id <= given.id
        ORDER BY transaction.id
        LIMIT 1
    ) AS found
) AS known ON true

-- name: await_writers
SELECT pg_advisory_xact_lock($1::bigint | 4611686018427387904)

-- name: lock_holds
SELECT hold.recorded_at
FROM ledger.hold
WHERE hold.tenant_id = $1 AND hold.ledger_id = $2 AND hold.recorded_at IN (
    SELECT target.recorded_at
    FROM unnest($3::text[]) AS given (id) CROSS JOIN LATERAL (
        SELECT act.recorded_at FROM ledger.transaction AS act
        WHERE act.tenant_id = $1 AND act.ledger_id = $2 AND act.id >= given.id AND act.id <= given.id
        ORDER BY act.id
        LIMIT 1
    ) AS target
)
ORDER BY hold.recorded_at
FOR UPDATE

-- name: targets
SELECT target.id, target.kind, target.recorded_at, target.refusal, target.account_ids, target.amounts,
       hold.state, hold.remaining, hold.expires_at, reversal.reversed
FROM unnest($3::text[]) AS given (id) CROSS JOIN LATERAL (
    SELECT act.id, act.kind, act.recorded_at, act.refusal, act.account_ids, act.amounts
    FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2 AND act.id >= given.id AND act.id <= given.id
    ORDER BY act.id
    LIMIT 1
) AS target
LEFT JOIN ledger.hold
    ON hold.tenant_id = $1 AND hold.ledger_id = $2 AND hold.recorded_at = target.recorded_at
LEFT JOIN ledger.reversal
    ON reversal.tenant_id = $1 AND reversal.ledger_id = $2 AND reversal.recorded_at = target.recorded_at

-- name: unchanged
SELECT count(1)
FROM unnest($3::bigint[], $4::bigint[]) AS given (account_id, version)
JOIN ledger.balance ON balance.tenant_id = $1 AND balance.ledger_id = $2
     AND balance.account_id = given.account_id AND balance.version = given.version

-- name: hold
INSERT INTO ledger.hold (tenant_id, ledger_id, recorded_at, expires_at, remaining)
SELECT $1, $2, given.recorded_at, given.expires_at, given.remaining::numeric[]
FROM unnest($3::timestamptz[], $4::timestamptz[], $5::text[]) AS given (recorded_at, expires_at, remaining)

-- name: settle_holds
UPDATE ledger.hold SET state = given.state, remaining = given.remaining::numeric[]
FROM unnest($3::timestamptz[], $4::text[], $5::text[]) AS given (recorded_at, state, remaining)
WHERE hold.tenant_id = $1 AND hold.ledger_id = $2 AND hold.recorded_at = given.recorded_at
  AND hold.state = 'held'
RETURNING 1

-- name: note_reversals
-- A first reversal; a second one at the same time is refused by the primary key, and decided again.
INSERT INTO ledger.reversal (tenant_id, ledger_id, recorded_at, reversed)
SELECT $1, $2, given.recorded_at, given.reversed::numeric[]
FROM unnest($3::timestamptz[], $4::text[], $5::text[]) AS given (recorded_at, before, reversed)

-- name: reverse_more
UPDATE ledger.reversal SET reversed = given.reversed::numeric[]
FROM unnest($3::timestamptz[], $4::text[], $5::text[]) AS given (recorded_at, before, reversed)
WHERE reversal.tenant_id = $1 AND reversal.ledger_id = $2 AND reversal.recorded_at = given.recorded_at
  AND reversal.reversed = given.before::numeric[]
RETURNING 1

-- name: transactions_by_id
SELECT transaction.id, transaction.kind, transaction.recorded_at, transaction.effective_at,
       transaction.account_ids, transaction.amounts, transaction.expires_at, transaction.reference,
       transaction.metadata, target.id AS target, hold.state, hold.remaining, reversal.reversed
FROM unnest($3::text[]) AS given (id) CROSS JOIN LATERAL (
    SELECT act.id, act.tenant_id, act.ledger_id, act.kind, act.recorded_at, act.effective_at, act.account_ids,
           act.amounts, act.expires_at, act.reference, act.metadata, act.target_at
    FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2 AND act.id >= given.id AND act.id <= given.id
      AND act.refusal IS NULL
    ORDER BY act.id
    LIMIT 1
) AS transaction
LEFT JOIN ledger.hold
    ON hold.tenant_id = $1 AND hold.ledger_id = $2 AND hold.recorded_at = transaction.recorded_at
LEFT JOIN ledger.reversal
    ON reversal.tenant_id = $1 AND reversal.ledger_id = $2 AND reversal.recorded_at = transaction.recorded_at
LEFT JOIN LATERAL (
    SELECT act.id FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2
      AND act.recorded_at >= transaction.target_at AND act.recorded_at <= transaction.target_at
    ORDER BY act.recorded_at
    LIMIT 1
) AS target ON true

-- name: transactions
SELECT transaction.id, transaction.kind, transaction.recorded_at, transaction.effective_at,
       transaction.account_ids, transaction.amounts, transaction.expires_at, transaction.reference,
       transaction.metadata, target.id AS target, hold.state, hold.remaining, reversal.reversed
FROM ledger.transaction
LEFT JOIN ledger.hold USING (tenant_id, ledger_id, recorded_at)
LEFT JOIN ledger.reversal USING (tenant_id, ledger_id, recorded_at)
LEFT JOIN ledger.transaction AS target
    ON target.tenant_id = transaction.tenant_id AND target.ledger_id = transaction.ledger_id
    AND target.recorded_at = transaction.target_at
WHERE transaction.tenant_id = $1 AND transaction.ledger_id = $2
  AND transaction.recorded_at >= $3 AND transaction.recorded_at < $4 AND transaction.refusal IS NULL
  AND ($5::jsonb IS NULL OR transaction.metadata @> $5::jsonb)
ORDER BY transaction.recorded_at DESC
LIMIT $6

-- name: transactions_by_reference
SELECT transaction.id, transaction.kind, transaction.recorded_at, transaction.effective_at,
       transaction.account_ids, transaction.amounts, transaction.expires_at, transaction.reference,
       transaction.metadata, target.id AS target, hold.state, hold.remaining, reversal.reversed
FROM ledger.transaction
LEFT JOIN ledger.hold USING (tenant_id, ledger_id, recorded_at)
LEFT JOIN ledger.reversal USING (tenant_id, ledger_id, recorded_at)
LEFT JOIN ledger.transaction AS target
    ON target.tenant_id = transaction.tenant_id AND target.ledger_id = transaction.ledger_id
    AND target.recorded_at = transaction.target_at
WHERE transaction.tenant_id = $1 AND transaction.ledger_id = $2
  AND transaction.recorded_at >= $3 AND transaction.recorded_at < $4 AND transaction.refusal IS NULL
  AND transaction.reference = $5
  AND ($6::jsonb IS NULL OR transaction.metadata @> $6::jsonb)
ORDER BY transaction.recorded_at DESC
LIMIT $7

-- name: transactions_of_accounts
SELECT transaction.id, transaction.kind, transaction.recorded_at, transaction.effective_at,
       transaction.account_ids, transaction.amounts, transaction.expires_at, transaction.reference,
       transaction.metadata, target.id AS target, hold.state, hold.remaining, reversal.reversed
FROM (
    SELECT DISTINCT touched.recorded_at
    FROM unnest($5::bigint[]) AS chosen (account_id)
    CROSS JOIN generate_series(0, 2) AS layer (number)
    CROSS JOIN LATERAL (
        SELECT DISTINCT entry.recorded_at
        FROM ledger.entry
        WHERE entry.tenant_id = $1 AND entry.ledger_id = $2 AND entry.account_id = chosen.account_id
          AND entry.layer = layer.number AND entry.recorded_at >= $3 AND entry.recorded_at < $4
          AND ($6::text IS NULL OR EXISTS (
              SELECT FROM ledger.transaction AS noted
              WHERE noted.tenant_id = $1 AND noted.ledger_id = $2
                AND noted.recorded_at = entry.recorded_at AND noted.reference = $6
          ))
          AND ($7::jsonb IS NULL OR EXISTS (
              SELECT FROM ledger.transaction AS noted
              WHERE noted.tenant_id = $1 AND noted.ledger_id = $2
                AND noted.recorded_at = entry.recorded_at AND noted.metadata @> $7::jsonb
          ))
        ORDER BY entry.recorded_at DESC
        LIMIT $8
    ) AS touched
    ORDER BY touched.recorded_at DESC
    LIMIT $8
) AS found
JOIN ledger.transaction ON transaction.tenant_id = $1 AND transaction.ledger_id = $2
     AND transaction.recorded_at = found.recorded_at
LEFT JOIN ledger.hold
    ON hold.tenant_id = $1 AND hold.ledger_id = $2 AND hold.recorded_at = found.recorded_at
LEFT JOIN ledger.reversal
    ON reversal.tenant_id = $1 AND reversal.ledger_id = $2 AND reversal.recorded_at = found.recorded_at
LEFT JOIN ledger.transaction AS target
    ON target.tenant_id = $1 AND target.ledger_id = $2 AND target.recorded_at = transaction.target_at
ORDER BY found.recorded_at DESC

-- name: addresses
SELECT account.account_id, account.address, account.asset
FROM unnest($3::bigint[]) AS given (account_id) CROSS JOIN LATERAL (
    SELECT account.account_id, account.address, account.asset
    FROM ledger.account
    WHERE account.tenant_id = $1 AND account.ledger_id = $2
      AND account.account_id >= given.account_id AND account.account_id <= given.account_id
    ORDER BY account.account_id
    LIMIT 1
) AS account

-- name: entries_newest_first
SELECT entry.recorded_at, entry.effective_at, entry.line, entry.is_debit, entry.amount, entry.debits, entry.credits,
       transaction.id, transaction.kind, transaction.reference, transaction.metadata, transaction.account_ids,
       transaction.amounts
FROM ledger.entry JOIN ledger.transaction USING (tenant_id, ledger_id, recorded_at)
WHERE entry.tenant_id = $1 AND entry.ledger_id = $2 AND entry.account_id = $3 AND entry.layer = 0
  AND entry.recorded_at >= $4 AND entry.recorded_at < $5
  AND (entry.recorded_at, entry.line) < ($6::timestamptz, $7::smallint)
ORDER BY entry.recorded_at DESC, entry.line DESC
LIMIT $8

-- name: entries_oldest_first
SELECT entry.recorded_at, entry.effective_at, entry.line, entry.is_debit, entry.amount, entry.debits, entry.credits,
       transaction.id, transaction.kind, transaction.reference, transaction.metadata, transaction.account_ids,
       transaction.amounts
FROM ledger.entry JOIN ledger.transaction USING (tenant_id, ledger_id, recorded_at)
WHERE entry.tenant_id = $1 AND entry.ledger_id = $2 AND entry.account_id = $3 AND entry.layer = 0
  AND entry.recorded_at >= $4 AND entry.recorded_at < $5
  AND (entry.recorded_at, entry.line) > ($6::timestamptz, $7::smallint)
ORDER BY entry.recorded_at, entry.line
LIMIT $8

-- name: expired_ledgers
SELECT tenant_id, ledger_id FROM ledger.expired_holds_v1($1)

-- name: expired_holds
SELECT transaction.id
FROM ledger.hold JOIN ledger.transaction USING (tenant_id, ledger_id, recorded_at)
WHERE hold.tenant_id = $1 AND hold.ledger_id = $2 AND hold.state = 'held' AND hold.expires_at <= clock_timestamp()
ORDER BY hold.expires_at
LIMIT $3
