-- Adds displaced entries to the running sums of every node their effective time lies in. A time at the start of a node
-- stands in that node's exact row and in no node below, so whole days cost few rows. Times count from 1900.
WITH given AS (
    SELECT entry.account_id, entry.layer, entry.recorded_at, entry.effective_us,
           sum(CASE WHEN entry.is_debit THEN entry.amount ELSE 0 END) AS debits,
           sum(CASE WHEN entry.is_debit THEN 0 ELSE entry.amount END) AS credits
    FROM unnest($3::bigint[], $4::smallint[], $5::timestamptz[], $6::bigint[], $7::boolean[], $8::numeric[])
         AS entry (account_id, layer, recorded_at, effective_us, is_debit, amount)
    GROUP BY entry.account_id, entry.layer, entry.recorded_at, entry.effective_us
), placed AS (
    SELECT given.account_id, given.layer, (-1)::smallint AS level, false AS exact, 0::bigint AS node,
           given.recorded_at, given.debits, given.credits
    FROM given
    UNION ALL
    SELECT given.account_id, given.layer, time_level.level, false, given.effective_us / time_level.width,
           given.recorded_at, given.debits, given.credits
    FROM given CROSS JOIN ledger.time_levels_v1() AS time_level
    WHERE time_level.next_width IS NULL OR given.effective_us % time_level.next_width <> 0
    UNION ALL
    SELECT given.account_id, given.layer, time_level.level, true, given.effective_us / time_level.width,
           given.recorded_at, given.debits, given.credits
    FROM given CROSS JOIN ledger.time_levels_v1() AS time_level
    WHERE given.effective_us % time_level.width = 0
      AND (time_level.next_width IS NULL OR given.effective_us % time_level.next_width <> 0)
), node AS MATERIALIZED (
    SELECT key.account_id, key.layer, key.level, key.exact, key.node,
           coalesce(latest.debits, 0) AS debits, coalesce(latest.credits, 0) AS credits
    FROM (SELECT DISTINCT placed.account_id, placed.layer, placed.level, placed.exact, placed.node
          FROM placed) AS key
    LEFT JOIN LATERAL (
        SELECT displacement.debits, displacement.credits
        FROM ledger.displacement
        WHERE displacement.tenant_id = $1 AND displacement.ledger_id = $2
          AND displacement.account_id = key.account_id AND displacement.layer = key.layer
          AND displacement.level = key.level AND displacement.exact = key.exact
          AND displacement.node = key.node
        ORDER BY displacement.recorded_at DESC
        LIMIT 1
    ) AS latest ON true
)
INSERT INTO ledger.displacement (
    tenant_id, ledger_id, account_id, layer, level, exact, node, recorded_at, debits, credits
)
SELECT $1, $2, placed.account_id, placed.layer, placed.level, placed.exact, placed.node, placed.recorded_at,
       node.debits + sum(placed.debits) OVER running, node.credits + sum(placed.credits) OVER running
FROM placed JOIN node USING (account_id, layer, level, exact, node)
WINDOW running AS (
    PARTITION BY placed.account_id, placed.layer, placed.level, placed.exact, placed.node
    ORDER BY placed.recorded_at
)
