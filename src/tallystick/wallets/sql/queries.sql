-- name: insert_wallet
INSERT INTO wallets.wallet (tenant_id, wallet_id, owner_kind, owner_name, owner_reference, name, fingerprint)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (tenant_id, wallet_id) DO NOTHING
RETURNING wallet_number

-- name: begin_account
INSERT INTO wallets.wallet_account AS account (
    tenant_id, wallet_id, asset, ordinal, exponent, iban, min_available, max_available
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (tenant_id, wallet_id, asset, ordinal) DO UPDATE
SET exponent = excluded.exponent, iban = excluded.iban, min_available = excluded.min_available,
    max_available = excluded.max_available, state = 'opening'
WHERE account.state = 'refused'
RETURNING ordinal

-- name: first_event
INSERT INTO wallets.wallet_event (tenant_id, wallet_id, number, actor, event, state_after, content)
VALUES ($1, $2, 1, $3, 'open', 'opening', '{}')
RETURNING recorded_at

-- name: move
WITH moved AS (
    UPDATE wallets.wallet SET state = $5, version = version + 1, tried_at = clock_timestamp()
    WHERE tenant_id = $1 AND wallet_id = $2 AND version = $3 AND state = $4
    RETURNING tenant_id, wallet_id, version, wallet_number
)
INSERT INTO wallets.wallet_event (tenant_id, wallet_id, number, actor, event, state_before, state_after, content)
SELECT moved.tenant_id, moved.wallet_id, moved.version, $6, $7, $4, $5, $8::jsonb FROM moved
RETURNING number, recorded_at, (SELECT moved.wallet_number FROM moved) AS wallet_number

-- name: move_accounts
UPDATE wallets.wallet_account SET state = $4
WHERE tenant_id = $1 AND wallet_id = $2 AND state = ANY ($3::text[])

-- name: want_limits
UPDATE wallets.wallet_account SET min_available = $5, max_available = $6, state = 'limiting'
WHERE tenant_id = $1 AND wallet_id = $2 AND asset = $3 AND ordinal = $4 AND state = 'open'
RETURNING ordinal

-- name: wallet
SELECT wallet_id, owner_kind, owner_name, owner_reference, name, fingerprint, state, version, opened_at, wallet_number
FROM wallets.wallet WHERE tenant_id = $1 AND wallet_id = $2

-- name: wallets_named
SELECT wallet_id, owner_kind, owner_name, owner_reference, name, fingerprint, state, version, opened_at, wallet_number
FROM wallets.wallet
WHERE tenant_id = $1 AND wallet_id > $2 AND wallet_id >= $4 AND wallet_id < $5 AND wallet_id = ANY ($6::text[])
  AND ($7::text IS NULL OR owner_reference = $7) AND ($8::text[] IS NULL OR state = ANY ($8))
ORDER BY wallet_id
LIMIT $3

-- name: wallets
SELECT wallet_id, owner_kind, owner_name, owner_reference, name, fingerprint, state, version, opened_at, wallet_number
FROM wallets.wallet
WHERE tenant_id = $1 AND wallet_id > $2 AND wallet_id >= $4 AND wallet_id < $5
ORDER BY wallet_id
LIMIT $3

-- name: wallets_by_owner
SELECT wallet_id, owner_kind, owner_name, owner_reference, name, fingerprint, state, version, opened_at, wallet_number
FROM wallets.wallet
WHERE tenant_id = $1 AND wallet_id > $2 AND wallet_id >= $4 AND wallet_id < $5
  AND owner_reference = $6 AND ($7::text[] IS NULL OR state = ANY ($7))
ORDER BY wallet_id
LIMIT $3

-- name: wallets_by_state
SELECT wallet.wallet_id, wallet.owner_kind, wallet.owner_name, wallet.owner_reference, wallet.name,
       wallet.fingerprint, wallet.state, wallet.version, wallet.opened_at, wallet.wallet_number
FROM unnest($6::text[]) AS asked (state) CROSS JOIN LATERAL (
    SELECT wallet.wallet_id, wallet.owner_kind, wallet.owner_name, wallet.owner_reference, wallet.name,
           wallet.fingerprint, wallet.state, wallet.version, wallet.opened_at, wallet.wallet_number
    FROM wallets.wallet
    WHERE wallet.tenant_id = $1 AND wallet.wallet_id > $2
      AND wallet.wallet_id >= $4 AND wallet.wallet_id < $5 AND wallet.state = asked.state
    ORDER BY wallet.wallet_id
    LIMIT $3
) AS wallet
ORDER BY wallet.wallet_id
LIMIT $3

-- name: accounts
SELECT wallet_id, asset, ordinal, exponent, iban, min_available, max_available, state
FROM wallets.wallet_account
WHERE tenant_id = $1 AND wallet_id = ANY ($2::text[])
ORDER BY wallet_id, asset, ordinal

-- name: held
SELECT account.iban, account.wallet_id, account.asset, account.ordinal, account.exponent,
       account.state AS account_state, wallet.state AS wallet_state, wallet.owner_name, wallet.wallet_number
FROM wallets.wallet_account AS account JOIN wallets.wallet USING (tenant_id, wallet_id)
WHERE account.tenant_id = $1 AND account.iban = ANY ($2::text[]) AND account.state <> 'refused'
ORDER BY account.iban

-- name: unfinished_tenants
SELECT tenant_id FROM wallets.unfinished_v1(make_interval(secs => $1::integer), $2)

-- name: take_unfinished
UPDATE wallets.wallet SET tried_at = clock_timestamp()
WHERE tenant_id = $1 AND wallet_id IN (
    SELECT waiting.wallet_id FROM wallets.wallet AS waiting
    WHERE waiting.tenant_id = $1 AND waiting.state NOT IN ('open', 'frozen', 'closed', 'refused')
      AND waiting.tried_at <= clock_timestamp() - make_interval(secs => $2::integer)
    ORDER BY waiting.tried_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
RETURNING wallet_id
