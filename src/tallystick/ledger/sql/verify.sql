-- The laws of the books, each as a question that finds what breaks it: where, what was expected, what was found.
-- Read-only. $1 is the tenant, $2 the ledger, $3 how many breaches to name at most.

-- name: counts
SELECT (SELECT count(1) FROM ledger.account WHERE tenant_id = $1 AND ledger_id = $2) AS accounts,
       (SELECT count(1) FROM ledger.transaction WHERE tenant_id = $1 AND ledger_id = $2 AND refusal IS NULL)
           AS transactions,
       (SELECT count(1) FROM ledger.entry WHERE tenant_id = $1 AND ledger_id = $2) AS entries,
       (SELECT count(1) FROM ledger.hold WHERE tenant_id = $1 AND ledger_id = $2) AS holds

-- name: every balance is the sum of its entries
WITH summed AS (
    SELECT entry.account_id,
           coalesce(sum(entry.amount) FILTER (WHERE entry.layer = 0 AND entry.is_debit), 0) AS debits_posted,
           coalesce(sum(entry.amount) FILTER (WHERE entry.layer = 0 AND NOT entry.is_debit), 0) AS credits_posted,
           coalesce(sum(entry.amount) FILTER (WHERE entry.layer = 1 AND entry.is_debit), 0) AS debits_pending,
           coalesce(sum(entry.amount) FILTER (WHERE entry.layer = 1 AND NOT entry.is_debit), 0) AS credits_pending,
           coalesce(sum(entry.amount) FILTER (WHERE entry.layer = 2 AND entry.is_debit), 0) AS debits_released,
           coalesce(sum(entry.amount) FILTER (WHERE entry.layer = 2 AND NOT entry.is_debit), 0) AS credits_released
    FROM ledger.entry
    WHERE entry.tenant_id = $1 AND entry.ledger_id = $2
    GROUP BY entry.account_id
), stated AS (
    SELECT account_id, debits_posted, credits_posted, debits_pending, credits_pending, debits_released,
           credits_released
    FROM ledger.balance
    WHERE tenant_id = $1 AND ledger_id = $2
), opened AS (
    SELECT account_id, address FROM ledger.account WHERE tenant_id = $1 AND ledger_id = $2
)
SELECT coalesce(opened.address, 'account ' || account_id) AS "where",
       concat_ws(' ', coalesce(summed.debits_posted, 0), coalesce(summed.credits_posted, 0),
                 coalesce(summed.debits_pending, 0), coalesce(summed.credits_pending, 0),
                 coalesce(summed.debits_released, 0), coalesce(summed.credits_released, 0)) AS expected,
       concat_ws(' ', stated.debits_posted, stated.credits_posted, stated.debits_pending,
                 stated.credits_pending, stated.debits_released, stated.credits_released) AS found
FROM opened FULL JOIN stated USING (account_id) FULL JOIN summed USING (account_id)
WHERE (coalesce(summed.debits_posted, 0), coalesce(summed.credits_posted, 0), coalesce(summed.debits_pending, 0),
       coalesce(summed.credits_pending, 0), coalesce(summed.debits_released, 0),
       coalesce(summed.credits_released, 0))
      IS DISTINCT FROM
      (stated.debits_posted, stated.credits_posted, stated.debits_pending, stated.credits_pending,
       stated.debits_released, stated.credits_released)
ORDER BY 1
LIMIT $3

-- name: every balance knows its last entry
SELECT coalesce(account.address, 'account ' || balance.account_id) AS "where",
       'at or after ' || seen.last_at AS expected, 'at ' || balance.recorded_at AS found
FROM ledger.balance
JOIN (
    SELECT entry.account_id, max(entry.recorded_at) AS last_at
    FROM ledger.entry
    WHERE entry.tenant_id = $1 AND entry.ledger_id = $2
    GROUP BY entry.account_id
) AS seen ON seen.account_id = balance.account_id
LEFT JOIN ledger.account ON account.tenant_id = $1 AND account.ledger_id = $2
     AND account.account_id = balance.account_id
WHERE balance.tenant_id = $1 AND balance.ledger_id = $2 AND seen.last_at > balance.recorded_at
ORDER BY 1
LIMIT $3

-- name: every entry carries the counters after it
SELECT coalesce(account.address, 'account ' || counted.account_id) || ' at ' || counted.recorded_at AS "where",
       counted.debits_expected || ' ' || counted.credits_expected AS expected,
       counted.debits || ' ' || counted.credits AS found
FROM (
    SELECT entry.account_id, entry.recorded_at, entry.debits, entry.credits,
           sum(CASE WHEN entry.is_debit THEN entry.amount ELSE 0 END) OVER running AS debits_expected,
           sum(CASE WHEN entry.is_debit THEN 0 ELSE entry.amount END) OVER running AS credits_expected
    FROM ledger.entry
    WHERE entry.tenant_id = $1 AND entry.ledger_id = $2
    WINDOW running AS (PARTITION BY entry.account_id, entry.layer ORDER BY entry.recorded_at, entry.line
                       ROWS UNBOUNDED PRECEDING)
) AS counted
LEFT JOIN ledger.account ON account.tenant_id = $1 AND account.ledger_id = $2
     AND account.account_id = counted.account_id
WHERE counted.debits <> counted.debits_expected OR counted.credits <> counted.credits_expected
ORDER BY 1
LIMIT $3

-- name: every transaction has its entries and every entry its transaction
WITH act AS (
    SELECT transaction.recorded_at, transaction.effective_at, transaction.id, transaction.kind,
           transaction.account_ids, transaction.amounts
    FROM ledger.transaction
    WHERE transaction.tenant_id = $1 AND transaction.ledger_id = $2 AND transaction.refusal IS NULL
), promised AS (
    SELECT act.recorded_at, act.effective_at, posting.account_id,
           CASE act.kind WHEN 'hold' THEN 1 WHEN 'void' THEN 2 WHEN 'expire' THEN 2 ELSE 0 END AS layer,
           (posting.place - 1)::smallint AS line,
           act.amounts[(posting.place + 1) / 2] AS amount
    FROM act
    CROSS JOIN LATERAL unnest(act.account_ids) WITH ORDINALITY AS posting (account_id, place)
), kept AS (
    SELECT entry.recorded_at, entry.effective_at, entry.account_id, entry.layer, entry.line, entry.amount,
           entry.is_debit
    FROM ledger.entry
    WHERE entry.tenant_id = $1 AND entry.ledger_id = $2
), released AS (
    -- What a capture releases stands in its entries alone: the law of holds says how much it must be.
    SELECT kept.recorded_at, kept.effective_at, kept.account_id, kept.layer, kept.line, kept.amount, kept.is_debit
    FROM kept JOIN act ON act.recorded_at = kept.recorded_at AND act.kind = 'capture'
    WHERE kept.layer = 2
), broken AS (
    SELECT coalesce(promised.recorded_at, kept.recorded_at) AS recorded_at,
           coalesce(promised.line, kept.line) AS line,
           coalesce(CASE WHEN promised.line % 2 = 0 THEN 'debit ' ELSE 'credit ' END || promised.amount || ' on account '
                    || promised.account_id || ' effective ' || promised.effective_at, 'no entry') AS expected,
           coalesce(CASE WHEN kept.is_debit THEN 'debit ' ELSE 'credit ' END || kept.amount || ' on account '
                    || kept.account_id || ' effective ' || kept.effective_at, 'no entry') AS found
    FROM promised
    FULL JOIN (
        SELECT kept.recorded_at, kept.effective_at, kept.account_id, kept.layer, kept.line, kept.amount, kept.is_debit
        FROM kept LEFT JOIN released USING (recorded_at, account_id, layer, line)
        WHERE released.recorded_at IS NULL
    ) AS kept
        ON kept.recorded_at = promised.recorded_at AND kept.layer = promised.layer AND kept.line = promised.line
        AND kept.account_id = promised.account_id
    WHERE (promised.amount, promised.effective_at, promised.line % 2 = 0)
          IS DISTINCT FROM (kept.amount, kept.effective_at, kept.is_debit)
    UNION ALL
    SELECT released.recorded_at, released.line,
           CASE WHEN released.line % 2 = 0 THEN 'debit ' ELSE 'credit ' END
           || coalesce(other.amount || ' like its other side', 'with another side') || ' effective ' || act.effective_at,
           CASE WHEN released.is_debit THEN 'debit ' ELSE 'credit ' END || released.amount || ' on account '
           || released.account_id || ' effective ' || released.effective_at
    FROM released
    JOIN act ON act.recorded_at = released.recorded_at
    LEFT JOIN released AS other ON other.recorded_at = released.recorded_at AND other.line = released.line # 1
    WHERE (released.amount, released.effective_at, released.is_debit)
          IS DISTINCT FROM (other.amount, act.effective_at, released.line % 2 = 0)
    UNION ALL
    SELECT act.recorded_at, 0, 'two accounts to each amount',
           cardinality(act.account_ids) || ' accounts, ' || cardinality(act.amounts) || ' amounts'
    FROM act
    WHERE cardinality(act.amounts) = 0 OR cardinality(act.account_ids) <> 2 * cardinality(act.amounts)
)
SELECT 'transaction ' || coalesce(known.id, 'at ' || broken.recorded_at) || ', line ' || broken.line AS "where",
       broken.expected, broken.found
FROM broken
LEFT JOIN ledger.transaction AS known
    ON known.tenant_id = $1 AND known.ledger_id = $2 AND known.recorded_at = broken.recorded_at
ORDER BY 1
LIMIT $3

-- name: debits equal credits in every asset
SELECT coalesce(account.asset, 'no asset') || ', layer ' || entry.layer AS "where",
       sum(entry.amount) FILTER (WHERE entry.is_debit)::text AS expected,
       sum(entry.amount) FILTER (WHERE NOT entry.is_debit)::text AS found
FROM ledger.entry LEFT JOIN ledger.account USING (tenant_id, ledger_id, account_id)
WHERE entry.tenant_id = $1 AND entry.ledger_id = $2
GROUP BY account.asset, entry.layer
HAVING sum(entry.amount) FILTER (WHERE entry.is_debit)
       IS DISTINCT FROM sum(entry.amount) FILTER (WHERE NOT entry.is_debit)
ORDER BY 1
LIMIT $3

-- name: every hold reserves what was held less what was released
WITH made AS (
    SELECT transaction.recorded_at, transaction.id, transaction.account_ids, transaction.amounts,
           transaction.expires_at
    FROM ledger.transaction
    WHERE transaction.tenant_id = $1 AND transaction.ledger_id = $2 AND transaction.kind = 'hold'
      AND transaction.refusal IS NULL
), kept AS (
    SELECT hold.recorded_at, hold.state, hold.expires_at, hold.remaining
    FROM ledger.hold WHERE hold.tenant_id = $1 AND hold.ledger_id = $2
), held AS (
    -- By the pair of accounts, since what ends a hold passes over the postings of which nothing is left.
    SELECT made.recorded_at, made.account_ids[2 * place - 1] AS debit_id, made.account_ids[2 * place] AS credit_id,
           sum(made.amounts[place]) AS amount, sum(kept.remaining[place]) AS rest,
           bool_and(kept.remaining[place] BETWEEN 0 AND made.amounts[place]) AS is_within
    FROM made LEFT JOIN kept USING (recorded_at)
    CROSS JOIN LATERAL generate_subscripts(made.amounts, 1) AS place
    GROUP BY 1, 2, 3
), ending AS (
    SELECT transaction.target_at AS recorded_at, transaction.recorded_at AS ended_at,
           CASE transaction.kind WHEN 'capture' THEN 'captured' WHEN 'void' THEN 'voided' ELSE 'expired' END AS state
    FROM ledger.transaction
    WHERE transaction.tenant_id = $1 AND transaction.ledger_id = $2 AND transaction.refusal IS NULL
      AND transaction.kind IN ('capture', 'void', 'expire')
), released AS (
    SELECT ending.recorded_at, debit.account_id AS debit_id, credit.account_id AS credit_id,
           sum(debit.amount) AS amount
    FROM ending
    JOIN ledger.entry AS debit ON debit.tenant_id = $1 AND debit.ledger_id = $2 AND debit.layer = 2
         AND debit.recorded_at = ending.ended_at AND debit.is_debit
    JOIN ledger.entry AS credit ON credit.tenant_id = $1 AND credit.ledger_id = $2 AND credit.layer = 2
         AND credit.recorded_at = debit.recorded_at AND credit.line = debit.line + 1
         AND credit.amount = debit.amount AND NOT credit.is_debit
    GROUP BY 1, 2, 3
), last AS (
    SELECT DISTINCT ON (ending.recorded_at) ending.recorded_at, ending.state
    FROM ending ORDER BY ending.recorded_at, ending.ended_at DESC
), summed AS (
    SELECT coalesce(held.recorded_at, released.recorded_at) AS recorded_at,
           sum(coalesce(held.amount, 0) - coalesce(released.amount, 0)) AS total,
           bool_and(coalesce(held.is_within, false)
                    AND held.rest = held.amount - coalesce(released.amount, 0)) AS is_explained
    FROM held FULL JOIN released USING (recorded_at, debit_id, credit_id)
    GROUP BY 1
), expected AS (
    SELECT summed.recorded_at, summed.total, summed.is_explained,
           CASE WHEN summed.total > 0 THEN 'held' ELSE last.state END AS state
    FROM summed LEFT JOIN last USING (recorded_at)
)
SELECT 'hold ' || coalesce(made.id, 'at ' || recorded_at) AS "where",
       concat_ws(' ', expected.state, expected.total) AS expected,
       concat_ws(' ', kept.state, kept.remaining) AS found
FROM made FULL JOIN kept USING (recorded_at) FULL JOIN expected USING (recorded_at)
WHERE made.recorded_at IS NULL OR kept.recorded_at IS NULL OR NOT expected.is_explained
   OR cardinality(kept.remaining) <> cardinality(made.amounts)
   OR (kept.state, kept.expires_at) IS DISTINCT FROM (expected.state, made.expires_at)
ORDER BY 1
LIMIT $3

-- name: open holds explain what is pending
WITH made AS MATERIALIZED (
    SELECT transaction.recorded_at, transaction.account_ids
    FROM ledger.transaction
    WHERE transaction.tenant_id = $1 AND transaction.ledger_id = $2 AND transaction.kind = 'hold'
), side AS (
    SELECT posting.account_id, posting.place % 2 = 1 AS is_debit,
           hold.remaining[(posting.place + 1) / 2] AS reserved, 0 AS pending
    FROM ledger.hold
    JOIN made ON made.recorded_at = hold.recorded_at
    CROSS JOIN LATERAL unnest(made.account_ids) WITH ORDINALITY AS posting (account_id, place)
    WHERE hold.tenant_id = $1 AND hold.ledger_id = $2
    UNION ALL
    SELECT account_id, true, 0, debits_pending - debits_released
    FROM ledger.balance WHERE tenant_id = $1 AND ledger_id = $2
    UNION ALL
    SELECT account_id, false, 0, credits_pending - credits_released
    FROM ledger.balance WHERE tenant_id = $1 AND ledger_id = $2
), summed AS (
    SELECT side.account_id, sum(side.reserved) AS reserved, sum(side.pending) AS pending
    FROM side
    GROUP BY side.account_id, side.is_debit
    HAVING sum(side.reserved) <> sum(side.pending)
)
SELECT coalesce(account.address, 'account ' || summed.account_id) AS "where",
       summed.reserved::text AS expected, summed.pending::text AS found
FROM summed
LEFT JOIN ledger.account ON account.tenant_id = $1 AND account.ledger_id = $2
     AND account.account_id = summed.account_id
ORDER BY 1
LIMIT $3

-- name: no more was reversed than was posted
WITH noted AS (
    SELECT reversal.recorded_at, target.account_ids[2 * place - 1] AS debit_id,
           target.account_ids[2 * place] AS credit_id, sum(reversal.reversed[place]) AS amount,
           bool_and(reversal.reversed[place] BETWEEN 0 AND coalesce(target.amounts[place], 0)) AS is_within
    FROM ledger.reversal
    LEFT JOIN ledger.transaction AS target USING (tenant_id, ledger_id, recorded_at)
    CROSS JOIN LATERAL generate_subscripts(reversal.reversed, 1) AS place
    WHERE reversal.tenant_id = $1 AND reversal.ledger_id = $2
    GROUP BY 1, 2, 3
), undone AS (
    -- A reversal's postings stand backwards, and pass over those of which nothing is reversed.
    SELECT undoing.target_at AS recorded_at, undoing.account_ids[2 * place] AS debit_id,
           undoing.account_ids[2 * place - 1] AS credit_id, sum(undoing.amounts[place]) AS amount
    FROM ledger.transaction AS undoing
    CROSS JOIN LATERAL generate_subscripts(undoing.amounts, 1) AS place
    WHERE undoing.tenant_id = $1 AND undoing.ledger_id = $2 AND undoing.kind = 'reverse'
      AND undoing.refusal IS NULL
    GROUP BY 1, 2, 3
)
SELECT 'transaction ' || coalesce(target.id, 'at ' || coalesce(noted.recorded_at, undone.recorded_at)) AS "where",
       coalesce(undone.amount, 0)::text AS expected, coalesce(noted.amount::text, 'no note') AS found
FROM noted FULL JOIN undone USING (recorded_at, debit_id, credit_id)
LEFT JOIN ledger.transaction AS target
    ON target.tenant_id = $1 AND target.ledger_id = $2
    AND target.recorded_at = coalesce(noted.recorded_at, undone.recorded_at)
WHERE noted.is_within IS NOT TRUE AND (noted.recorded_at IS NOT NULL OR undone.amount > 0)
   OR coalesce(undone.amount, 0) <> coalesce(noted.amount, 0)
   OR target.refusal IS NOT NULL OR target.kind NOT IN ('post', 'capture')
ORDER BY 1
LIMIT $3

-- name: the index of displaced entries sums them all
WITH RECURSIVE given AS (
    SELECT entry.account_id, entry.layer, entry.recorded_at, entry.effective_at,
           (extract(epoch FROM entry.effective_at - timestamptz '1900-01-01 00:00:00+00') * 1000000)::bigint
               AS effective_us,
           sum(CASE WHEN entry.is_debit THEN entry.amount ELSE 0 END) AS debit,
           sum(CASE WHEN entry.is_debit THEN 0 ELSE entry.amount END) AS credit
    FROM ledger.entry
    WHERE entry.tenant_id = $1 AND entry.ledger_id = $2 AND entry.effective_at <> entry.recorded_at
    GROUP BY 1, 2, 3, 4, 5
), entered AS (
    SELECT given.account_id, given.layer, given.recorded_at, given.effective_at, given.effective_us, given.debit,
           given.credit, (-1)::smallint AS level, false AS exact, 0::bigint AS node,
           ledger.node_room_v1() + 1 AS entries, 0::numeric AS debits, 0::numeric AS credits
    FROM given
    UNION ALL
    SELECT passed.account_id, passed.layer, passed.recorded_at, passed.effective_at, passed.effective_us,
           passed.debit, passed.credit, passed.level, passed.exact, passed.node,
           count(1) OVER running, sum(passed.debit) OVER running, sum(passed.credit) OVER running
    FROM (
        SELECT entered.account_id, entered.layer, entered.recorded_at, entered.effective_at, entered.effective_us,
               entered.debit, entered.credit, time_level.level, time_level.level = entered.level AS exact,
               entered.effective_us / time_level.width AS node
        FROM entered
        LEFT JOIN ledger.time_levels_v1() AS full_level ON full_level.level = entered.level
        JOIN ledger.time_levels_v1() AS time_level
            ON time_level.level = entered.level
               + CASE WHEN entered.effective_us % full_level.width = 0 THEN 0 ELSE 1 END
        WHERE entered.entries > ledger.node_room_v1() AND NOT entered.exact
    ) AS passed
    WINDOW running AS (
        PARTITION BY passed.account_id, passed.layer, passed.level, passed.exact, passed.node
        ORDER BY passed.recorded_at
    )
), expected AS (
    SELECT account_id, layer, level, exact, node, recorded_at, entries, debits, credits,
           CASE WHEN entries <= ledger.node_room_v1() AND NOT exact THEN concat_ws(' ', effective_at, debit, credit)
           END AS held
    FROM entered
    WHERE level >= 0
), indexed AS (
    SELECT account_id, layer, level, exact, node, recorded_at, entries, debits, credits,
           CASE WHEN num_nonnulls(effective_at, debit, credit) > 0 THEN concat_ws(' ', effective_at, debit, credit)
           END AS held
    FROM ledger.displacement
    WHERE tenant_id = $1 AND ledger_id = $2
), broken AS (
    SELECT account_id, layer,
           CASE WHEN exact THEN ', start of node ' ELSE ', node ' END || node || ' of level ' || level || ' at '
           || recorded_at AS place,
           concat_ws(' ', expected.entries, expected.debits, expected.credits, expected.held) AS expected,
           concat_ws(' ', indexed.entries, indexed.debits, indexed.credits, indexed.held) AS found
    FROM expected FULL JOIN indexed USING (account_id, layer, level, exact, node, recorded_at)
    WHERE (expected.entries, expected.debits, expected.credits, expected.held)
          IS DISTINCT FROM (indexed.entries, indexed.debits, indexed.credits, indexed.held)
)
SELECT coalesce(account.address, 'account ' || broken.account_id) || ', layer ' || broken.layer || broken.place
           AS "where",
       broken.expected, broken.found
FROM broken
LEFT JOIN ledger.account ON account.tenant_id = $1 AND account.ledger_id = $2
     AND account.account_id = broken.account_id
ORDER BY 1
LIMIT $3

-- name: the index of metadata says what was noted
WITH carrier AS (
    SELECT 'transaction ' || act.id AS place, act.metadata
    FROM ledger.transaction AS act
    WHERE act.tenant_id = $1 AND act.ledger_id = $2 AND act.refusal IS NULL AND act.metadata IS NOT NULL
    UNION ALL
    SELECT account.address, account.metadata
    FROM ledger.account
    WHERE account.tenant_id = $1 AND account.ledger_id = $2 AND account.metadata IS NOT NULL
), noted AS (
    -- What is no mapping stands under no key, where the index has nothing.
    SELECT carrier.place, pair.key, pair.value
    FROM carrier
    CROSS JOIN LATERAL jsonb_each(CASE jsonb_typeof(carrier.metadata) WHEN 'object' THEN carrier.metadata
                                  ELSE jsonb_build_object('', carrier.metadata) END) AS pair
), indexed AS (
    SELECT 'transaction ' || coalesce(act.id, 'at ' || recorded_at) AS place, one.key, to_jsonb(one.value) AS value
    FROM ledger.transaction_metadata AS one
    LEFT JOIN ledger.transaction AS act USING (tenant_id, ledger_id, recorded_at)
    WHERE one.tenant_id = $1 AND one.ledger_id = $2
    UNION ALL
    SELECT one.address, one.key, to_jsonb(one.value)
    FROM ledger.account_metadata AS one
    WHERE one.tenant_id = $1 AND one.ledger_id = $2
)
SELECT place || ', ' || key AS "where", noted.value::text AS expected, indexed.value::text AS found
FROM noted FULL JOIN indexed USING (place, key)
WHERE noted.value IS DISTINCT FROM indexed.value
ORDER BY 1
LIMIT $3

-- name: every cap has moved what acts counted under it
-- Caps are of the tenant: they are proven once, with its first ledger.
WITH counted AS (
    SELECT name, asset, slot, coalesce(sum(amount) FILTER (WHERE NOT gives_back), 0) AS moved,
           coalesce(sum(amount) FILTER (WHERE gives_back), 0) AS released
    FROM ledger.cap_use
    WHERE tenant_id = $1
    GROUP BY name, asset, slot
), stated AS (
    SELECT name, asset, slot, moved, released FROM ledger.cap WHERE tenant_id = $1
)
SELECT 'cap ' || concat_ws(' ', name, asset, slot) AS "where",
       concat_ws(' ', coalesce(counted.moved, 0), coalesce(counted.released, 0)) AS expected,
       concat_ws(' ', stated.moved, stated.released) AS found
FROM counted FULL JOIN stated USING (name, asset, slot)
WHERE (coalesce(counted.moved, 0), coalesce(counted.released, 0)) IS DISTINCT FROM (stated.moved, stated.released)
  AND $2 = (SELECT min(ledger_id) FROM ledger.ledger WHERE tenant_id = $1)
ORDER BY 1
LIMIT $3

-- name: every act under a cap counts what it moved
WITH used AS MATERIALIZED (
    -- Each act is looked up by its time, so that a plan made while the books were young is right when they are large.
    SELECT used.recorded_at, used.name, used.asset, used.slot, used.amount, used.gives_back, act.kind, act.refusal,
           act.account_ids, act.amounts
    FROM ledger.cap_use AS used LEFT JOIN LATERAL (
        SELECT one.kind, one.refusal, one.account_ids, one.amounts
        FROM ledger.transaction AS one
        WHERE one.tenant_id = $1 AND one.ledger_id = $2
          AND one.recorded_at >= used.recorded_at AND one.recorded_at <= used.recorded_at
        ORDER BY one.recorded_at
        LIMIT 1
    ) AS act ON true
    WHERE used.tenant_id = $1 AND used.ledger_id = $2
), held AS MATERIALIZED (
    SELECT recorded_at, name, asset, slot FROM used WHERE kind = 'hold' AND NOT gives_back
), expected AS (
    -- What was posted, held or reversed counts with its postings.
    SELECT used.recorded_at, used.name, used.asset, used.slot, false AS gives_back, (
        SELECT sum(used.amounts[place])
        FROM generate_subscripts(used.amounts, 1) AS place CROSS JOIN LATERAL (
            SELECT account.asset FROM ledger.account
            WHERE account.tenant_id = $1 AND account.ledger_id = $2
              AND account.account_id = used.account_ids[2 * place - 1]
            LIMIT 1
        ) AS debit
        WHERE debit.asset = used.asset
    ) AS amount
    FROM used
    WHERE NOT used.gives_back AND used.refusal IS NULL AND used.kind IN ('post', 'hold', 'reverse')
    UNION ALL
    -- What ends a hold gives back what it releases and does not post.
    SELECT ending.recorded_at, held.name, held.asset, held.slot, true, back.amount
    FROM held CROSS JOIN LATERAL (
        SELECT act.recorded_at FROM ledger.transaction AS act
        WHERE act.tenant_id = $1 AND act.ledger_id = $2
          AND act.target_at >= held.recorded_at AND act.target_at <= held.recorded_at
          AND act.refusal IS NULL AND act.kind IN ('capture', 'void', 'expire')
        ORDER BY act.target_at, act.recorded_at
        LIMIT 1000000
    ) AS ending CROSS JOIN LATERAL (
        SELECT sum(CASE entry.layer WHEN 2 THEN entry.amount ELSE -entry.amount END) AS amount
        FROM ledger.transaction AS hold
        CROSS JOIN LATERAL (
            SELECT DISTINCT account.account_id
            FROM unnest(hold.account_ids) AS side (account_id)
            JOIN ledger.account ON account.tenant_id = $1 AND account.ledger_id = $2
                 AND account.account_id = side.account_id AND account.asset = held.asset
        ) AS side
        JOIN ledger.entry ON entry.tenant_id = $1 AND entry.ledger_id = $2 AND entry.account_id = side.account_id
             AND entry.recorded_at = ending.recorded_at AND entry.layer IN (0, 2) AND entry.is_debit
        WHERE hold.tenant_id = $1 AND hold.ledger_id = $2 AND hold.recorded_at = held.recorded_at
    ) AS back
    WHERE back.amount > 0
), broken AS (
    SELECT recorded_at, name, asset, slot,
           CASE WHEN expected.gives_back THEN 'gives back ' ELSE 'counts ' END || expected.amount AS expected,
           CASE WHEN used.gives_back THEN 'gives back ' ELSE 'counts ' END || used.amount AS found
    FROM expected FULL JOIN (
        SELECT recorded_at, name, asset, slot, amount, gives_back FROM used
    ) AS used USING (recorded_at, name, asset, slot)
    WHERE (expected.amount, expected.gives_back) IS DISTINCT FROM (used.amount, used.gives_back)
    UNION ALL
    SELECT hold.recorded_at, held.name, held.asset, held.slot,
           CASE WHEN held.recorded_at IS NULL THEN 'a hold without a cap' ELSE 'a hold under a cap' END,
           CASE WHEN hold.is_capped THEN 'a hold under a cap' ELSE 'a hold without a cap' END
    FROM ledger.hold LEFT JOIN held ON held.recorded_at = hold.recorded_at
    WHERE hold.tenant_id = $1 AND hold.ledger_id = $2 AND hold.is_capped <> (held.recorded_at IS NOT NULL)
)
SELECT 'transaction ' || coalesce(act.id, 'at ' || broken.recorded_at)
       || coalesce(', cap ' || nullif(concat_ws(' ', broken.name, broken.asset, broken.slot), ''), '') AS "where",
       broken.expected, broken.found
FROM broken LEFT JOIN ledger.transaction AS act
    ON act.tenant_id = $1 AND act.ledger_id = $2 AND act.recorded_at = broken.recorded_at
ORDER BY 1
LIMIT $3
