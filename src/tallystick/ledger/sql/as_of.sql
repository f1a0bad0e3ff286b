-- Answers an account's six counters as effective at $5 by what was recorded at $4, in a bounded number of look-ups:
-- what was recorded until the earlier of both, less what of that was displaced, plus what was displaced and effective
-- by $5. $6 is $5 in microseconds from 1900. Answers one row per layer.
WITH until AS (SELECT least($4::timestamptz, $5::timestamptz) AS recorded_at),
layer AS (SELECT number::smallint FROM generate_series(0, 2) AS number),
-- The nodes that make up all of time until $5: at each level those left of the path under the same parent, and the
-- exact start of the path's own node.
node AS MATERIALIZED (
    SELECT time_level.level, false AS exact, left_of_path AS node
    FROM ledger.time_levels_v1() AS time_level
    CROSS JOIN LATERAL generate_series(
        CASE WHEN time_level.next_width IS NULL THEN 0
             ELSE $6::bigint / time_level.next_width * (time_level.next_width / time_level.width) END,
        $6::bigint / time_level.width - 1
    ) AS left_of_path
    UNION ALL
    SELECT time_level.level, true, $6::bigint / time_level.width FROM ledger.time_levels_v1() AS time_level
),
recorded AS (
    SELECT layer.number AS layer, entry.debits, entry.credits
    FROM layer CROSS JOIN until CROSS JOIN LATERAL (
        SELECT entry.debits, entry.credits FROM ledger.entry
        WHERE entry.tenant_id = $1 AND entry.ledger_id = $2 AND entry.account_id = $3
          AND entry.layer = layer.number AND entry.recorded_at <= until.recorded_at
        ORDER BY entry.recorded_at DESC, entry.line DESC
        LIMIT 1
    ) AS entry
),
displaced_recorded AS (
    SELECT layer.number AS layer, displacement.debits, displacement.credits
    FROM layer CROSS JOIN until CROSS JOIN LATERAL (
        SELECT displacement.debits, displacement.credits FROM ledger.displacement
        WHERE displacement.tenant_id = $1 AND displacement.ledger_id = $2 AND displacement.account_id = $3
          AND displacement.layer = layer.number AND displacement.level = -1
          AND displacement.exact = false AND displacement.node = 0
          AND displacement.recorded_at <= until.recorded_at
        ORDER BY displacement.recorded_at DESC
        LIMIT 1
    ) AS displacement
),
displaced_effective AS (
    SELECT layer.number AS layer, sum(displacement.debits) AS debits, sum(displacement.credits) AS credits
    FROM layer CROSS JOIN node CROSS JOIN LATERAL (
        SELECT displacement.debits, displacement.credits FROM ledger.displacement
        WHERE displacement.tenant_id = $1 AND displacement.ledger_id = $2 AND displacement.account_id = $3
          AND displacement.layer = layer.number AND displacement.level = node.level
          AND displacement.exact = node.exact AND displacement.node = node.node
          AND displacement.recorded_at <= $4::timestamptz
        ORDER BY displacement.recorded_at DESC
        LIMIT 1
    ) AS displacement
    GROUP BY layer.number
),
scanned AS (
    SELECT entry.layer, entry.is_debit, entry.amount,
           (entry.effective_at <= $5::timestamptz)::integer
           - (entry.recorded_at <= until.recorded_at)::integer AS times
    FROM ledger.entry CROSS JOIN until
    WHERE entry.tenant_id = $1 AND entry.ledger_id = $2 AND entry.account_id = $3
      AND entry.displaced = 1 AND entry.recorded_at <= $4::timestamptz
)
SELECT layer.number AS layer,
       coalesce(recorded.debits, 0) - coalesce(displaced_recorded.debits, 0)
       + coalesce(displaced_effective.debits, 0) + coalesce(few.debits, 0) AS debits,
       coalesce(recorded.credits, 0) - coalesce(displaced_recorded.credits, 0)
       + coalesce(displaced_effective.credits, 0) + coalesce(few.credits, 0) AS credits
FROM layer
LEFT JOIN recorded ON recorded.layer = layer.number
LEFT JOIN displaced_recorded ON displaced_recorded.layer = layer.number
LEFT JOIN displaced_effective ON displaced_effective.layer = layer.number
LEFT JOIN (
    SELECT scanned.layer,
           sum(CASE WHEN scanned.is_debit THEN scanned.amount * scanned.times END) AS debits,
           sum(CASE WHEN scanned.is_debit THEN 0 ELSE scanned.amount * scanned.times END) AS credits
    FROM scanned GROUP BY scanned.layer
) AS few ON few.layer = layer.number
ORDER BY layer.number
