-- Where a statement looks up many keys, each key is a look-up of its own (LATERAL … LIMIT 1), and where a table has several
-- indexes the key is asked for as a range of one, in order: only its own index gives that order, so that a plan made while
-- the table was young, when every index looks alike, is still right when it is large (sorting is off in these sessions). Lists
-- find their page first, by the index of what is asked, and read it then.

-- name: ledger_by_name
SELECT ledger_id, opened_at FROM ledger.ledger WHERE tenant_id = $1 AND name = $2

-- name: open_ledger
INSERT INTO ledger.ledger (tenant_id, name) VALUES ($1, $2)
ON CONFLICT ON CONSTRAINT ledger_name_is_used_once DO NOTHING
RETURNING ledger_id, opened_at

-- name: ledgers
SELECT ledger_id, name FROM ledger.ledger WHERE tenant_id = $1 ORDER BY ledger_id

-- name: ledger_page
SELECT name, opened_at FROM ledger.ledger WHERE tenant_id = $1 AND name > $2 ORDER BY name LIMIT $3

-- name: clock
SELECT clock_timestamp()

-- name: recorded_at
SELECT recorded_at FROM ledger.transaction WHERE tenant_id = $1 AND ledger_id = $2 AND id >= $3 AND id <= $3
ORDER BY id
LIMIT 1

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
    RETURNING account_id, address, opened_at
), noted AS (
    INSERT INTO ledger.account_metadata (tenant_id, ledger_id, key, value, address)
    SELECT $1, $2, pair.key, pair.value, account.address
    FROM account CROSS JOIN LATERAL jsonb_each_text($8::jsonb) AS pair
)
SELECT account_id, opened_at FROM account

-- name: open_balance
INSERT INTO ledger.balance (tenant_id, ledger_id, account_id, recorded_at) VALUES ($1, $2, $3, $4)

-- name: note_event
INSERT INTO ledger.account_event (tenant_id, ledger_id, account_id, event, actor, content)
VALUES ($1, $2, $3, $4, $5, $6::jsonb)
RETURNING recorded_at

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
FROM unnest($3::text[]) AS given (address) CROSS JOIN LATERAL (
    SELECT account.account_id, account.address, account.asset, account.normal_side, account.status,
           account.min_available, account.max_available, account.metadata, account.opened_at
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
) AS balance CROSS JOIN LATERAL (
    SELECT asset.exponent FROM ledger.asset
    WHERE asset.tenant_id = $1 AND asset.ledger_id = $2 AND asset.code = account.asset
    LIMIT 1
) AS asset
ORDER BY account.address

-- name: find_accounts
-- What may be seen is ranges of addresses, each with an expression they match: each is walked by itself in the index.
SELECT DISTINCT found.address
FROM unnest($8::text[], $9::text[], $10::text[]) AS seen (first, beyond, expression) CROSS JOIN LATERAL (
    SELECT account.address FROM ledger.account
    WHERE account.tenant_id = $1 AND account.ledger_id = $2 AND account.address > $3
      AND account.address >= greatest($4, seen.first) AND account.address < least($5, seen.beyond)
      AND ($6::text IS NULL OR account.address ~ $6) AND ($7::text IS NULL OR account.asset = $7)
      AND (seen.expression IS NULL OR account.address ~ seen.expression)
    ORDER BY account.address
    LIMIT $11
) AS found
ORDER BY found.address
LIMIT $11

-- name: rarest_on_accounts
-- Of the pairs that accounts are to carry, the one that the fewest of the range carry, counted up to $7.
SELECT pair.key, pair.value
FROM jsonb_each_text($6::jsonb) AS pair CROSS JOIN LATERAL (
    SELECT count(1) AS carriers FROM (
        SELECT FROM ledger.account_metadata AS noted
        WHERE noted.tenant_id = $1 AND noted.ledger_id = $2 AND noted.key = pair.key AND noted.value = pair.value
          AND noted.address > $3 AND noted.address >= $4 AND noted.address < $5
        LIMIT $7
    ) AS few
) AS counted
ORDER BY counted.carriers
LIMIT 1

-- name: find_accounts_noted
-- One pair leads to the accounts by its index; what else is asked is looked up on each.
SELECT DISTINCT found.address
FROM unnest($8::text[], $9::text[], $10::text[]) AS seen (first, beyond, expression) CROSS JOIN LATERAL (
    SELECT noted.address
    FROM ledger.account_metadata AS noted CROSS JOIN LATERAL (
        SELECT account.asset, account.metadata
        FROM ledger.account
        WHERE account.tenant_id = $1 AND account.ledger_id = $2
          AND account.address >= noted.address AND account.address <= noted.address
        ORDER BY account.address
        LIMIT 1
    ) AS account
    WHERE noted.tenant_id = $1 AND noted.ledger_id = $2 AND noted.key = $12 AND noted.value = $13
      AND noted.address > $3
      AND noted.address >= greatest($4, seen.first) AND noted.address < least($5, seen.beyond)
      AND ($6::text IS NULL OR noted.address ~ $6) AND ($7::text IS NULL OR account.asset = $7)
      AND (seen.expression IS NULL OR noted.address ~ seen.expression)
      AND account.metadata @> $11::jsonb
    ORDER BY noted.address
    LIMIT $14
) AS found
ORDER BY found.address
LIMIT $14

-- name: account_ids
SELECT DISTINCT found.account_id
FROM unnest($6::text[], $7::text[], $8::text[]) AS seen (first, beyond, expression) CROSS JOIN LATERAL (
    SELECT account.account_id FROM ledger.account
    WHERE account.tenant_id = $1 AND account.ledger_id = $2
      AND account.address >= greatest($3, seen.first) AND account.address < least($4, seen.beyond)
      AND ($5::text IS NULL OR account.address ~ $5)
      AND (seen.expression IS NULL OR account.address ~ seen.expression)
    ORDER BY account.address
    LIMIT $9
) AS found
ORDER BY found.account_id
LIMIT $9

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
-- In order of their times, so that two writers lock them in one order and never each other out.
SELECT held.recorded_at
FROM (
    SELECT target.recorded_at
    FROM unnest($3::text[]) AS given (id) CROSS JOIN LATERAL (
        SELECT act.recorded_at FROM ledger.transaction AS act
        WHERE act.tenant_id = $1 AND act.ledger_id = $2 AND act.id >= given.id AND act.id <= given.id
        ORDER BY act.id
        LIMIT 1
    ) AS target
    ORDER BY target.recorded_at
) AS named CROSS JOIN LATERAL (
    SELECT hold.recorded_at FROM ledger.hold
    WHERE hold.tenant_id = $1 AND hold.ledger_id = $2 AND hold.recorded_at = named.recorded_at
    LIMIT 1
    FOR UPDATE
) AS held

-- name: targets
SELECT target.id, target.kind, target.recorded_at, target.refusal, target.account_ids, target.amounts,
       hold.state, hold.remaining, hold.expires_at, hold.is_capped, reversal.reversed
FROM unnest($3::text[]) AS given (id) CROSS JOIN LATERAL (
    SELECT act.id, act.kind, act.recorded_at, act.refusal, act.account_ids, act.amounts
    FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2 AND act.id >= given.id AND act.id <= given.id
    ORDER BY act.id
    LIMIT 1
) AS target
LEFT JOIN LATERAL (
    SELECT hold.state, hold.remaining, hold.expires_at, hold.is_capped FROM ledger.hold
    WHERE hold.tenant_id = $1 AND hold.ledger_id = $2 AND hold.recorded_at = target.recorded_at
    LIMIT 1
) AS hold ON true
LEFT JOIN LATERAL (
    SELECT reversal.reversed FROM ledger.reversal
    WHERE reversal.tenant_id = $1 AND reversal.ledger_id = $2 AND reversal.recorded_at = target.recorded_at
    LIMIT 1
) AS reversal ON true

-- name: caps_of_holds
SELECT given.recorded_at, counted.name, counted.asset, counted.slot
FROM unnest($3::timestamptz[]) AS given (recorded_at) CROSS JOIN LATERAL (
    SELECT cap_use.name, cap_use.asset, cap_use.slot FROM ledger.cap_use
    WHERE cap_use.tenant_id = $1 AND cap_use.ledger_id = $2
      AND cap_use.recorded_at >= given.recorded_at AND cap_use.recorded_at <= given.recorded_at
      AND NOT cap_use.gives_back
    ORDER BY cap_use.recorded_at
    LIMIT $4
) AS counted

-- name: lock_caps
-- In the order they are given in, which is that of their keys, so that two writers never lock each other out.
SELECT locked.name, locked.asset, locked.slot, locked.moved, locked.released
FROM unnest($2::text[], $3::text[], $4::text[]) AS given (name, asset, slot) CROSS JOIN LATERAL (
    SELECT cap.name, cap.asset, cap.slot, cap.moved, cap.released FROM ledger.cap
    WHERE cap.tenant_id = $1 AND cap.name = given.name AND cap.asset = given.asset AND cap.slot = given.slot
    LIMIT 1
    FOR UPDATE
) AS locked

-- name: open_caps
INSERT INTO ledger.cap (tenant_id, name, asset, slot)
SELECT $1, given.name, given.asset, given.slot
FROM unnest($2::text[], $3::text[], $4::text[]) AS given (name, asset, slot)
ON CONFLICT DO NOTHING

-- name: count_caps
UPDATE ledger.cap SET moved = given.moved, released = given.released
FROM unnest($2::text[], $3::text[], $4::text[], $5::numeric[], $6::numeric[])
     AS given (name, asset, slot, moved, released)
WHERE cap.tenant_id = $1 AND cap.name = given.name AND cap.asset = given.asset AND cap.slot = given.slot

-- name: note_cap_uses
INSERT INTO ledger.cap_use (tenant_id, ledger_id, recorded_at, name, asset, slot, amount, gives_back)
SELECT $1, $2, given.recorded_at, given.name, given.asset, given.slot, given.amount, given.gives_back
FROM unnest($3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::numeric[], $8::boolean[])
     AS given (recorded_at, name, asset, slot, amount, gives_back)

-- name: unchanged
SELECT count(1)
FROM unnest($3::bigint[], $4::bigint[]) AS given (account_id, version) CROSS JOIN LATERAL (
    SELECT balance.version FROM ledger.balance
    WHERE balance.tenant_id = $1 AND balance.ledger_id = $2 AND balance.account_id = given.account_id
    LIMIT 1
) AS balance
WHERE balance.version = given.version

-- name: note_metadata
INSERT INTO ledger.transaction_metadata (tenant_id, ledger_id, key, value, recorded_at)
SELECT $1, $2, pair.key, pair.value, given.recorded_at
FROM unnest($3::timestamptz[], $4::text[]) AS given (recorded_at, metadata)
CROSS JOIN LATERAL jsonb_each_text(given.metadata::jsonb) AS pair

-- name: hold
INSERT INTO ledger.hold (tenant_id, ledger_id, recorded_at, expires_at, remaining, is_capped)
SELECT $1, $2, given.recorded_at, given.expires_at, given.remaining::numeric[], given.is_capped
FROM unnest($3::timestamptz[], $4::timestamptz[], $5::text[], $6::boolean[])
     AS given (recorded_at, expires_at, remaining, is_capped)

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
    SELECT act.id, act.kind, act.recorded_at, act.effective_at, act.account_ids, act.amounts, act.expires_at,
           act.reference, act.metadata, act.target_at
    FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2 AND act.id >= given.id AND act.id <= given.id
      AND act.refusal IS NULL
    ORDER BY act.id
    LIMIT 1
) AS transaction LEFT JOIN LATERAL (
    SELECT hold.state, hold.remaining FROM ledger.hold
    WHERE hold.tenant_id = $1 AND hold.ledger_id = $2 AND hold.recorded_at = transaction.recorded_at
    LIMIT 1
) AS hold ON true LEFT JOIN LATERAL (
    SELECT reversal.reversed FROM ledger.reversal
    WHERE reversal.tenant_id = $1 AND reversal.ledger_id = $2 AND reversal.recorded_at = transaction.recorded_at
    LIMIT 1
) AS reversal ON true LEFT JOIN LATERAL (
    SELECT act.id FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2
      AND act.recorded_at >= transaction.target_at AND act.recorded_at <= transaction.target_at
    ORDER BY act.recorded_at
    LIMIT 1
) AS target ON true

-- name: seen_of_times
-- Of the transactions at these times, those with an account that may be seen, newest first.
SELECT act.recorded_at
FROM unnest($3::timestamptz[]) AS given (recorded_at) CROSS JOIN LATERAL (
    SELECT act.recorded_at, act.account_ids
    FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2
      AND act.recorded_at >= given.recorded_at AND act.recorded_at <= given.recorded_at
    ORDER BY act.recorded_at
    LIMIT 1
) AS act
WHERE EXISTS (
    SELECT FROM unnest(act.account_ids) AS side (account_id) CROSS JOIN LATERAL (
        SELECT account.address
        FROM ledger.account
        WHERE account.tenant_id = $1 AND account.ledger_id = $2
          AND account.account_id >= side.account_id AND account.account_id <= side.account_id
        ORDER BY account.account_id
        LIMIT 1
    ) AS account
    JOIN unnest($4::text[], $5::text[], $6::text[]) AS seen (first, beyond, expression)
        ON account.address >= seen.first AND account.address < seen.beyond
        AND (seen.expression IS NULL OR account.address ~ seen.expression)
)
ORDER BY act.recorded_at DESC

-- name: transactions_by_time
SELECT transaction.id, transaction.kind, transaction.recorded_at, transaction.effective_at,
       transaction.account_ids, transaction.amounts, transaction.expires_at, transaction.reference,
       transaction.metadata, target.id AS target, hold.state, hold.remaining, reversal.reversed
FROM unnest($3::timestamptz[]) AS given (recorded_at) CROSS JOIN LATERAL (
    SELECT act.id, act.kind, act.recorded_at, act.effective_at, act.account_ids, act.amounts, act.expires_at,
           act.reference, act.metadata, act.target_at
    FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2
      AND act.recorded_at >= given.recorded_at AND act.recorded_at <= given.recorded_at
    ORDER BY act.recorded_at
    LIMIT 1
) AS transaction LEFT JOIN LATERAL (
    SELECT hold.state, hold.remaining FROM ledger.hold
    WHERE hold.tenant_id = $1 AND hold.ledger_id = $2 AND hold.recorded_at = transaction.recorded_at
    LIMIT 1
) AS hold ON true LEFT JOIN LATERAL (
    SELECT reversal.reversed FROM ledger.reversal
    WHERE reversal.tenant_id = $1 AND reversal.ledger_id = $2 AND reversal.recorded_at = transaction.recorded_at
    LIMIT 1
) AS reversal ON true LEFT JOIN LATERAL (
    SELECT act.id FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2
      AND act.recorded_at >= transaction.target_at AND act.recorded_at <= transaction.target_at
    ORDER BY act.recorded_at
    LIMIT 1
) AS target ON true
ORDER BY transaction.recorded_at DESC

-- name: find_transactions
SELECT recorded_at FROM ledger.transaction
WHERE tenant_id = $1 AND ledger_id = $2 AND recorded_at >= $3 AND recorded_at < $4 AND refusal IS NULL
ORDER BY recorded_at DESC
LIMIT $5

-- name: find_transactions_by_reference
SELECT recorded_at FROM ledger.transaction
WHERE tenant_id = $1 AND ledger_id = $2 AND recorded_at >= $3 AND recorded_at < $4 AND refusal IS NULL
  AND reference = $5 AND ($6::jsonb IS NULL OR metadata @> $6::jsonb)
ORDER BY recorded_at DESC
LIMIT $7

-- name: find_transactions_of_accounts
SELECT DISTINCT touched.recorded_at
FROM unnest($5::bigint[]) AS chosen (account_id)
CROSS JOIN generate_series(0, 2) AS layer (number)
CROSS JOIN LATERAL (
    SELECT DISTINCT entry.recorded_at
    FROM ledger.entry
    WHERE entry.tenant_id = $1 AND entry.ledger_id = $2 AND entry.account_id = chosen.account_id
      AND entry.layer = layer.number AND entry.recorded_at >= $3 AND entry.recorded_at < $4
      AND ($6::text IS NULL AND $7::jsonb IS NULL OR (
          SELECT ($6::text IS NULL OR act.reference = $6) AND ($7::jsonb IS NULL OR act.metadata @> $7::jsonb)
          FROM ledger.transaction AS act
          WHERE act.tenant_id = $1 AND act.ledger_id = $2
            AND act.recorded_at >= entry.recorded_at AND act.recorded_at <= entry.recorded_at
          ORDER BY act.recorded_at
          LIMIT 1
      ))
    ORDER BY entry.recorded_at DESC
    LIMIT $8
) AS touched
ORDER BY touched.recorded_at DESC
LIMIT $8

-- name: rarest_on_transactions
-- Of the pairs that transactions are to carry, the one that the fewest of the period carry, counted up to $6.
SELECT pair.key, pair.value, counted.carriers
FROM jsonb_each_text($5::jsonb) AS pair CROSS JOIN LATERAL (
    SELECT count(1) AS carriers FROM (
        SELECT FROM ledger.transaction_metadata AS noted
        WHERE noted.tenant_id = $1 AND noted.ledger_id = $2 AND noted.key = pair.key AND noted.value = pair.value
          AND noted.recorded_at >= $3 AND noted.recorded_at < $4
        LIMIT $6
    ) AS few
) AS counted
ORDER BY counted.carriers
LIMIT 1

-- name: find_transactions_noted
-- One pair leads to the transactions by its index; what else is asked is looked up on each.
SELECT noted.recorded_at
FROM ledger.transaction_metadata AS noted CROSS JOIN LATERAL (
    SELECT act.reference, act.metadata
    FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2
      AND act.recorded_at >= noted.recorded_at AND act.recorded_at <= noted.recorded_at
    ORDER BY act.recorded_at
    LIMIT 1
) AS act
WHERE noted.tenant_id = $1 AND noted.ledger_id = $2 AND noted.key = $8 AND noted.value = $9
  AND noted.recorded_at >= $3 AND noted.recorded_at < $4
  AND act.metadata @> $5::jsonb AND ($6::text IS NULL OR act.reference = $6)
  AND ($7::bigint[] IS NULL OR EXISTS (
      SELECT FROM ledger.entry
      WHERE entry.tenant_id = $1 AND entry.ledger_id = $2 AND entry.account_id = ANY ($7)
        AND entry.layer IN (0, 1, 2)
        AND entry.recorded_at >= noted.recorded_at AND entry.recorded_at <= noted.recorded_at
  ))
ORDER BY noted.recorded_at DESC
LIMIT $10

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
FROM ledger.entry CROSS JOIN LATERAL (
    SELECT act.id, act.kind, act.reference, act.metadata, act.account_ids, act.amounts
    FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2
      AND act.recorded_at >= entry.recorded_at AND act.recorded_at <= entry.recorded_at
    ORDER BY act.recorded_at
    LIMIT 1
) AS transaction
WHERE entry.tenant_id = $1 AND entry.ledger_id = $2 AND entry.account_id = $3 AND entry.layer = 0
  AND entry.recorded_at >= $4 AND entry.recorded_at < $5
  AND (entry.recorded_at, entry.line) < ($6::timestamptz, $7::smallint)
ORDER BY entry.recorded_at DESC, entry.line DESC
LIMIT $8

-- name: entries_oldest_first
SELECT entry.recorded_at, entry.effective_at, entry.line, entry.is_debit, entry.amount, entry.debits, entry.credits,
       transaction.id, transaction.kind, transaction.reference, transaction.metadata, transaction.account_ids,
       transaction.amounts
FROM ledger.entry CROSS JOIN LATERAL (
    SELECT act.id, act.kind, act.reference, act.metadata, act.account_ids, act.amounts
    FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2
      AND act.recorded_at >= entry.recorded_at AND act.recorded_at <= entry.recorded_at
    ORDER BY act.recorded_at
    LIMIT 1
) AS transaction
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
