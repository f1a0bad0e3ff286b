-- Lets displaced entries enter the nodes of their effective time, level by level: a node that is full passes them on to
-- the node inside it, or into its own exact row when their time is its very start. The first of the batch in a node brings
-- along what was there, so that one running sum adds up both. $6 and $7 are the effective time, as such
-- and in microseconds from 1900.
WITH RECURSIVE given AS (
    SELECT entry.account_id, entry.layer, entry.recorded_at, entry.effective_at, entry.effective_us,
           sum(CASE WHEN entry.is_debit THEN entry.amount ELSE 0 END) AS debit,
           sum(CASE WHEN entry.is_debit THEN 0 ELSE entry.amount END) AS credit
    FROM unnest(
        $3::bigint[], $4::smallint[], $5::timestamptz[], $6::timestamptz[], $7::bigint[], $8::boolean[], $9::numeric[]
    ) AS entry (account_id, layer, recorded_at, effective_at, effective_us, is_debit, amount)
    GROUP BY entry.account_id, entry.layer, entry.recorded_at, entry.effective_at, entry.effective_us
), entered AS (
    SELECT given.account_id, given.layer, given.recorded_at, given.effective_at, given.effective_us, given.debit,
           given.credit, (-1)::smallint AS level, NULL::bigint AS width, false AS exact, 0::bigint AS node,
           ledger.node_room_v1() + 1 AS entries, 0::numeric AS debits, 0::numeric AS credits
    FROM given
    UNION ALL
    SELECT next.account_id, next.layer, next.recorded_at, next.effective_at, next.effective_us, next.debit,
           next.credit, next.level, next.width, next.exact, next.node,
           (sum(1 + coalesce(latest.entries, 0)) OVER running)::bigint,
           sum(next.debit + coalesce(latest.debits, 0)) OVER running,
           sum(next.credit + coalesce(latest.credits, 0)) OVER running
    FROM (
        SELECT entered.account_id, entered.layer, entered.recorded_at, entered.effective_at, entered.effective_us,
               entered.debit, entered.credit, place.exact,
               CASE WHEN place.exact THEN entered.level ELSE inner_level.level END AS level,
               CASE WHEN place.exact THEN entered.width ELSE inner_level.width END AS width,
               place.node,
               row_number() OVER (
                   PARTITION BY entered.account_id, entered.layer, place.exact, place.node
                   ORDER BY entered.recorded_at
               ) AS nth
        FROM entered
        LEFT JOIN ledger.time_levels_v1() AS inner_level ON inner_level.level = entered.level + 1
        CROSS JOIN LATERAL (
            SELECT coalesce(entered.effective_us % entered.width = 0, false) AS exact,
                   CASE WHEN entered.effective_us % entered.width = 0 THEN entered.node
                        ELSE entered.effective_us / inner_level.width END AS node
        ) AS place
        WHERE entered.entries > ledger.node_room_v1() AND NOT entered.exact
    ) AS next
    LEFT JOIN LATERAL (
        SELECT displacement.entries, displacement.debits, displacement.credits
        FROM ledger.displacement
        WHERE next.nth = 1
          AND displacement.tenant_id = $1 AND displacement.ledger_id = $2
          AND displacement.account_id = next.account_id AND displacement.layer = next.layer
          AND displacement.level = next.level AND displacement.exact = next.exact
          AND displacement.node = next.node
        ORDER BY displacement.recorded_at DESC
        LIMIT 1
    ) AS latest ON true
    WINDOW running AS (PARTITION BY next.account_id, next.layer, next.exact, next.node ORDER BY next.recorded_at)
)
INSERT INTO ledger.displacement (
    tenant_id, ledger_id, account_id, layer, level, exact, node, recorded_at, entries, debits, credits,
    effective_at, debit, credit
)
SELECT $1, $2, entered.account_id, entered.layer, entered.level, entered.exact, entered.node, entered.recorded_at,
       entered.entries, entered.debits, entered.credits,
       CASE WHEN stays THEN entered.effective_at END, CASE WHEN stays THEN entered.debit END,
       CASE WHEN stays THEN entered.credit END
FROM entered
CROSS JOIN LATERAL (SELECT entered.entries <= ledger.node_room_v1() AND NOT entered.exact AS stays) AS here
WHERE entered.level >= 0
