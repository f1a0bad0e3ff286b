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
)
SELECT coalesce(account.address, 'account ' || coalesce(summed.account_id, stated.account_id)) AS "where",
       concat_ws(' ', coalesce(summed.debits_posted, 0), coalesce(summed.credits_posted, 0),
                 coalesce(summed.debits_pending, 0), coalesce(summed.credits_pending, 0),
                 coalesce(summed.debits_released, 0), coalesce(summed.credits_released, 0)) AS expected,
       concat_ws(' ', stated.debits_posted, stated.credits_posted, stated.debits_pending,
                 stated.credits_pending, stated.debits_released, stated.credits_released) AS found
FROM summed FULL JOIN stated ON stated.account_id = summed.account_id
LEFT JOIN ledger.account ON account.tenant_id = $1 AND account.ledger_id = $2
     AND account.account_id = coalesce(summed.account_id, stated.account_id)
WHERE (coalesce(summed.debits_posted, 0), coalesce(summed.credits_posted, 0), coalesce(summed.debits_pending, 0),
       coalesce(summed.credits_pending, 0), coalesce(summed.debits_released, 0),
       coalesce(summed.credits_released, 0))
      IS DISTINCT FROM
      (stated.debits_posted, stated.credits_posted, stated.debits_pending, stated.credits_pending,
       stated.debits_released, stated.credits_released)
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
WITH promised AS (
    SELECT transaction.recorded_at, transaction.effective_at, posting.account_id,
           CASE transaction.kind WHEN 'hold' THEN 1 WHEN 'void' THEN 2 WHEN 'expire' THEN 2 ELSE 0 END AS layer,
           (posting.place - 1)::smallint AS line,
           transaction.amounts[(posting.place + 1) / 2] AS amount
    FROM ledger.transaction
    CROSS JOIN LATERAL unnest(transaction.account_ids) WITH ORDINALITY AS posting (account_id, place)
    WHERE transaction.tenant_id = $1 AND transaction.ledger_id = $2 AND transaction.refusal IS NULL
), kept AS (
    SELECT entry.recorded_at, entry.effective_at, entry.account_id, entry.layer, entry.line, entry.amount,
           entry.is_debit
    FROM ledger.entry
    WHERE entry.tenant_id = $1 AND entry.ledger_id = $2
      AND NOT (entry.layer = 2 AND EXISTS (
          SELECT FROM ledger.transaction AS capture
          WHERE capture.tenant_id = $1 AND capture.ledger_id = $2 AND capture.recorded_at = entry.recorded_at
            AND capture.kind = 'capture'
      ))
)
SELECT 'transaction at ' || coalesce(promised.recorded_at, kept.recorded_at)
       || ', line ' || coalesce(promised.line, kept.line) AS "where",
       coalesce(promised.amount || ' on account ' || promised.account_id, 'no entry') AS expected,
       coalesce(kept.amount || ' on account ' || kept.account_id, 'no entry') AS found
FROM promised FULL JOIN kept
    ON kept.recorded_at = promised.recorded_at AND kept.layer = promised.layer AND kept.line = promised.line
    AND kept.account_id = promised.account_id
WHERE (promised.amount, promised.effective_at, promised.line % 2 = 0)
      IS DISTINCT FROM (kept.amount, kept.effective_at, kept.is_debit)
ORDER BY 1
LIMIT $3

-- name: debits equal credits in every asset
SELECT account.asset || ', layer ' || entry.layer AS "where",
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
SELECT 'hold ' || made.id AS "where",
       (held.total - released.total)::text AS expected,
       rest.total::text AS found
FROM ledger.hold
JOIN ledger.transaction AS made USING (tenant_id, ledger_id, recorded_at)
CROSS JOIN LATERAL (SELECT sum(amount) AS total FROM unnest(made.amounts) AS amount) AS held
CROSS JOIN LATERAL (SELECT sum(amount) AS total FROM unnest(hold.remaining) AS amount) AS rest
CROSS JOIN LATERAL (
    SELECT coalesce(sum(entry.amount), 0) AS total
    FROM ledger.transaction AS ending
    CROSS JOIN LATERAL (SELECT DISTINCT account_id FROM unnest(made.account_ids) AS account_id) AS side
    JOIN ledger.entry ON entry.tenant_id = $1 AND entry.ledger_id = $2 AND entry.account_id = side.account_id
         AND entry.layer = 2 AND entry.recorded_at = ending.recorded_at AND entry.is_debit
    WHERE ending.tenant_id = $1 AND ending.ledger_id = $2 AND ending.target_at = hold.recorded_at
      AND ending.refusal IS NULL
) AS released
WHERE hold.tenant_id = $1 AND hold.ledger_id = $2
  AND (rest.total <> held.total - released.total OR (hold.state = 'held') <> (rest.total > 0))
ORDER BY 1
LIMIT $3

-- name: open holds explain what is pending
WITH reserved AS (
    SELECT side.account_id, side.place % 2 = 1 AS is_debit, sum(hold.remaining[(side.place + 1) / 2]) AS amount
    FROM ledger.hold
    JOIN ledger.transaction AS made USING (tenant_id, ledger_id, recorded_at)
    CROSS JOIN LATERAL unnest(made.account_ids) WITH ORDINALITY AS side (account_id, place)
    WHERE hold.tenant_id = $1 AND hold.ledger_id = $2
    GROUP BY side.account_id, side.place % 2 = 1
), pending AS (
    SELECT account_id, true AS is_debit, debits_pending - debits_released AS amount
    FROM ledger.balance WHERE tenant_id = $1 AND ledger_id = $2
    UNION ALL
    SELECT account_id, false, credits_pending - credits_released
    FROM ledger.balance WHERE tenant_id = $1 AND ledger_id = $2
)
SELECT coalesce(account.address, 'account ' || coalesce(reserved.account_id, pending.account_id)) AS "where",
       coalesce(reserved.amount, 0)::text AS expected, coalesce(pending.amount, 0)::text AS found
FROM reserved FULL JOIN pending
     ON pending.account_id = reserved.account_id AND pending.is_debit = reserved.is_debit
LEFT JOIN ledger.account ON account.tenant_id = $1 AND account.ledger_id = $2
     AND account.account_id = coalesce(reserved.account_id, pending.account_id)
WHERE coalesce(reserved.amount, 0) <> coalesce(pending.amount, 0)
ORDER BY 1
LIMIT $3

-- name: no more was reversed than was posted
SELECT 'transaction ' || target.id AS "where", back.total::text AS expected, noted.total::text AS found
FROM ledger.transaction AS target
LEFT JOIN ledger.reversal USING (tenant_id, ledger_id, recorded_at)
CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS total FROM unnest(reversal.reversed) AS amount) AS noted
CROSS JOIN LATERAL (SELECT sum(amount) AS total FROM unnest(target.amounts) AS amount) AS posted
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount), 0) AS total
    FROM ledger.transaction AS undoing CROSS JOIN LATERAL unnest(undoing.amounts) AS amount
    WHERE undoing.tenant_id = $1 AND undoing.ledger_id = $2 AND undoing.target_at = target.recorded_at
      AND undoing.kind = 'reverse' AND undoing.refusal IS NULL
) AS back
WHERE target.tenant_id = $1 AND target.ledger_id = $2 AND target.refusal IS NULL
  AND (reversal.recorded_at IS NOT NULL OR back.total > 0)
  AND (back.total <> noted.total OR back.total > posted.total)
ORDER BY 1
LIMIT $3

-- name: the index of displaced entries sums them all
WITH indexed AS (
    SELECT entry.account_id, entry.layer,
           coalesce(sum(entry.amount) FILTER (WHERE entry.is_debit), 0) AS debits,
           coalesce(sum(entry.amount) FILTER (WHERE NOT entry.is_debit), 0) AS credits
    FROM ledger.entry
    WHERE entry.tenant_id = $1 AND entry.ledger_id = $2 AND entry.displaced = 2
    GROUP BY entry.account_id, entry.layer
), latest AS (
    SELECT DISTINCT ON (account_id, layer, level, exact, node)
           account_id, layer, level, exact, debits, credits
    FROM ledger.displacement
    WHERE tenant_id = $1 AND ledger_id = $2
    ORDER BY account_id, layer, level, exact, node, recorded_at DESC
), summed AS (
    -- The whole of time, and the top level of nodes, each hold everything once; so do all the exact nodes together.
    SELECT account_id, layer, CASE WHEN exact THEN 'exact' ELSE level::text END AS part,
           sum(debits) AS debits, sum(credits) AS credits
    FROM latest WHERE exact OR level IN (-1, 16)
    GROUP BY account_id, layer, CASE WHEN exact THEN 'exact' ELSE level::text END
)
SELECT 'account ' || account_id || ', layer ' || layer || ', part ' || coalesce(summed.part, 'any') AS "where",
       coalesce(indexed.debits, 0) || ' ' || coalesce(indexed.credits, 0) AS expected,
       coalesce(summed.debits, 0) || ' ' || coalesce(summed.credits, 0) AS found
FROM indexed FULL JOIN summed USING (account_id, layer)
WHERE (indexed.debits, indexed.credits) IS DISTINCT FROM (summed.debits, summed.credits)
ORDER BY 1
LIMIT $3
