-- What the tables say was done, in the order of time, to be compared with the record; the role is the operators', who see
-- a wallet's number and no name.

-- name: moves
SELECT event.number, event.recorded_at, event.actor, event.event, event.state_before, event.state_after, event.content,
       wallet.wallet_number
FROM (
    SELECT noted.wallet_id, noted.number, noted.recorded_at, noted.actor, noted.event, noted.state_before,
           noted.state_after, noted.content
    FROM wallets.wallet_event AS noted
    WHERE noted.tenant_id = $1 AND noted.recorded_at >= $2 AND noted.recorded_at <= $3
    ORDER BY noted.recorded_at
) AS event LEFT JOIN LATERAL (
    SELECT wallet.wallet_number FROM wallets.wallet
    WHERE wallet.tenant_id = $1 AND wallet.wallet_id >= event.wallet_id AND wallet.wallet_id <= event.wallet_id
    ORDER BY wallet.wallet_id
    LIMIT 1
) AS wallet ON true
ORDER BY event.recorded_at

-- name: wallets_unlike_moves
-- The wallets whose state is not the one that their last move led to.
SELECT wallet.wallet_number, coalesce(moved.recorded_at, '-infinity') AS moved_at,
       coalesce(moved.state_after, '') AS expected, wallet.state AS found
FROM wallets.wallet LEFT JOIN LATERAL (
    SELECT event.state_after, event.recorded_at FROM wallets.wallet_event AS event
    WHERE event.tenant_id = $1 AND event.wallet_id = wallet.wallet_id
    ORDER BY event.number DESC
    LIMIT 1
) AS moved ON true
WHERE wallet.tenant_id = $1 AND wallet.state IS DISTINCT FROM moved.state_after
ORDER BY wallet.wallet_number
