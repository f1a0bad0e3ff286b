-- Answers an account's six counters as effective at $5 by what was recorded at $4, in a bounded number of look-ups:
-- what was recorded until the earlier of both, less what of that was displaced, plus what was displaced and effective
-- by $5. $6 is $5 in microseconds from 1900. Answers one row per layer.
WITH RECURSIVE until AS (SELECT least($4::timestamptz, $5::timestamptz) AS recorded_at),
layer AS (SELECT number::smallint FROM generate_series(0, 2) AS number),
-- The nodes $5 lies in, from all of time inwards, for as long as they are full.
path AS (
    SELECT layer.number AS layer, time_level.level, time_level.width, time_level.inner_width, 0::bigint AS node,
           latest.entries
    FROM layer CROSS JOIN ledger.time_levels_v1() AS time_level CROSS JOIN LATERAL (
        SELECT displacement.entries FROM ledger.displacement
        WHERE displacement.tenant_id = $1 AND displacement.ledger_id = $2 AND displacement.account_id = $3
          AND displacement.layer = layer.number AND displacement.level = 0 AND displacement.exact = false
          AND displacement.node = 0 AND displacement.recorded_at <= $4::timestamptz
        ORDER BY displacement.recorded_at DESC
        LIMIT 1
    ) AS latest
    WHERE time_level.level = 0
    UNION ALL
    SELECT path.layer, time_level.level, time_level.width, time_level.inner_width, $6::bigint / time_level.width,
           latest.entries
    FROM path JOIN ledger.time_levels_v1() AS time_level ON time_level.level = path.level + 1 CROSS JOIN LATERAL (
        SELECT displacement.entries FROM ledger.displacement
        WHERE displacement.tenant_id = $1 AND displacement.ledger_id = $2 AND displacement.account_id = $3
          AND displacement.layer = path.layer AND displacement.level = time_level.level
          AND displacement.exact = false AND displacement.node = $6::bigint / time_level.width
          AND displacement.recorded_at <= $4::timestamptz
        ORDER BY displacement.recorded_at DESC
        LIMIT 1
    ) AS latest
    WHERE path.entries > ledger.node_room_v1()
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
          AND displacement.layer = layer.number AND displacement.level = 0 AND displacement.exact = false
          AND displacement.node = 0 AND displacement.recorded_at <= until.recorded_at
        ORDER BY displacement.recorded_at DESC
        LIMIT 1
    ) AS displacement
),
-- What the nodes of the path hold themselves, one by one.
held AS (
    SELECT path.layer, entry.debit AS debits, entry.credit AS credits
    FROM path CROSS JOIN LATERAL (
        SELECT displacement.effective_at, displacement.debit, displacement.credit
        FROM ledger.displacement
        WHERE displacement.tenant_id = $1 AND displacement.ledger_id = $2 AND displacement.account_id = $3
          AND displacement.layer = path.layer AND displacement.level = path.level
          AND displacement.exact = false AND displacement.node = path.node
          AND displacement.recorded_at <= $4::timestamptz
        ORDER BY displacement.recorded_at
        LIMIT ledger.node_room_v1()
    ) AS entry
    WHERE entry.effective_at <= $5::timestamptz
),
-- What they passed on: the nodes inside them that end before $5, and what took effect at their very start.
passed AS (
    SELECT path.layer, latest.debits, latest.credits
    FROM path CROSS JOIN LATERAL (
        SELECT path.level AS level, true AS exact, path.node AS node
        UNION ALL
        SELECT (path.level + 1)::smallint, false, inner_node
        FROM generate_series(
            path.node * (path.width / path.inner_width), $6::bigint / path.inner_width - 1
        ) AS inner_node
    ) AS node CROSS JOIN LATERAL (
        SELECT displacement.debits, displacement.credits FROM ledger.displacement
        WHERE displacement.tenant_id = $1 AND displacement.ledger_id = $2 AND displacement.account_id = $3
          AND displacement.layer = path.layer AND displacement.level = node.level
          AND displacement.exact = node.exact AND displacement.node = node.node
          AND displacement.recorded_at <= $4::timestamptz
        ORDER BY displacement.recorded_at DESC
        LIMIT 1
    ) AS latest
    WHERE path.entries > ledger.node_room_v1()
),
displaced_effective AS (
    SELECT part.layer, sum(part.debits) AS debits, sum(part.credits) AS credits
    FROM (
        SELECT held.layer, held.debits, held.credits FROM held
        UNION ALL
        SELECT passed.layer, passed.debits, passed.credits FROM passed
    ) AS part
    GROUP BY part.layer
)
SELECT layer.number AS layer,
       coalesce(recorded.debits, 0) - coalesce(displaced_recorded.debits, 0)
       + coalesce(displaced_effective.debits, 0) AS debits,
       coalesce(recorded.credits, 0) - coalesce(displaced_recorded.credits, 0)
       + coalesce(displaced_effective.credits, 0) AS credits
FROM layer
LEFT JOIN recorded ON recorded.layer = layer.number
LEFT JOIN displaced_recorded ON displaced_recorded.layer = layer.number
LEFT JOIN displaced_effective ON displaced_effective.layer = layer.number
ORDER BY layer.number
