"""What must hold of the tables whatever was done, asked in SQL: each proof answers what breaks it."""

from typing import Any

from tests.ledger.desk import COUNTERS, Desk

_LAYERS = ("posted", "pending", "released")
_SUMS = ", ".join(
    f"coalesce(sum(amount) FILTER (WHERE layer = {layer} AND {side}), 0) AS {name}"
    for layer in range(3)
    for side, name in (
        ("is_debit", f"debits_{_LAYERS[layer]}"),
        ("NOT is_debit", f"credits_{_LAYERS[layer]}"),
    )
)
_DIFFER = " OR ".join(f"balance.{name} <> coalesce(summed.{name}, 0)" for name in COUNTERS)

PROOFS = {
    "debits equal credits, per asset and layer": """
        SELECT account.asset, entry.layer,
               sum(CASE WHEN entry.is_debit THEN entry.amount ELSE -entry.amount END) AS difference
        FROM ledger.entry JOIN ledger.account USING (tenant_id, ledger_id, account_id)
        GROUP BY account.asset, entry.layer
        HAVING sum(CASE WHEN entry.is_debit THEN entry.amount ELSE -entry.amount END) <> 0
    """,
    "a balance is the sum of its entries": f"""
        SELECT balance.account_id FROM ledger.balance
        LEFT JOIN (SELECT account_id, {_SUMS} FROM ledger.entry GROUP BY account_id) AS summed
            USING (account_id)
        WHERE {_DIFFER}
    """,
    "an entry carries the running counters of its account and layer": """
        SELECT account_id, recorded_at, layer, line FROM (
            SELECT account_id, recorded_at, layer, line, debits, credits,
                   sum(CASE WHEN is_debit THEN amount ELSE 0 END) OVER running AS debits_summed,
                   sum(CASE WHEN is_debit THEN 0 ELSE amount END) OVER running AS credits_summed
            FROM ledger.entry
            WINDOW running AS (
                PARTITION BY account_id, layer ORDER BY recorded_at, line ROWS UNBOUNDED PRECEDING
            )
        ) AS entry
        WHERE debits <> debits_summed OR credits <> credits_summed
    """,
    "a hold reserves what it held, less what was captured; nothing once it is over": """
        SELECT held.id, hold.state, hold.remaining
        FROM ledger.hold JOIN ledger.transaction AS held USING (tenant_id, ledger_id, recorded_at)
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(amount), 0) AS still FROM unnest(hold.remaining) AS amount
        ) AS reserved
        CROSS JOIN LATERAL (
            SELECT (SELECT coalesce(sum(amount), 0) FROM unnest(held.amounts) AS amount)
                   - coalesce(sum(entry.amount) FILTER (WHERE entry.is_debit), 0) AS expected
            FROM ledger.transaction AS settling
            JOIN ledger.entry ON entry.recorded_at = settling.recorded_at
                 AND entry.ledger_id = settling.ledger_id AND entry.layer = 2
            WHERE settling.target_at = hold.recorded_at AND settling.ledger_id = hold.ledger_id
        ) AS settled
        WHERE reserved.still <> settled.expected OR (hold.state = 'held') <> (reserved.still > 0)
    """,
    "what open holds reserve is what the counters say": """
        SELECT balance.account_id FROM ledger.balance
        LEFT JOIN (
            SELECT held.account_ids[2 * place - 1] AS debit_id, held.account_ids[2 * place] AS credit_id,
                   hold.remaining[place] AS amount
            FROM ledger.hold JOIN ledger.transaction AS held USING (tenant_id, ledger_id, recorded_at)
            CROSS JOIN LATERAL generate_subscripts(hold.remaining, 1) AS place
        ) AS open_hold ON balance.account_id IN (open_hold.debit_id, open_hold.credit_id)
        GROUP BY balance.account_id, balance.debits_pending, balance.debits_released,
                 balance.credits_pending, balance.credits_released
        HAVING balance.debits_pending - balance.debits_released
               <> coalesce(sum(open_hold.amount) FILTER (WHERE open_hold.debit_id = balance.account_id), 0)
            OR balance.credits_pending - balance.credits_released
               <> coalesce(sum(open_hold.amount) FILTER (WHERE open_hold.credit_id = balance.account_id), 0)
    """,
    "what is noted as reversed is what reversals moved, and never more than was posted": """
        SELECT target.id, reversal.reversed
        FROM ledger.reversal
        JOIN ledger.transaction AS target USING (tenant_id, ledger_id, recorded_at)
        WHERE EXISTS (
            SELECT FROM unnest(reversal.reversed, target.amounts) AS one (gone, amount)
            WHERE one.gone > one.amount OR one.gone < 0
        ) OR (SELECT sum(gone) FROM unnest(reversal.reversed) AS gone) <> (
            SELECT sum(amount)
            FROM ledger.transaction AS back CROSS JOIN LATERAL unnest(back.amounts) AS amount
            WHERE back.kind = 'reverse' AND back.refusal IS NULL AND back.target_at = target.recorded_at
              AND back.ledger_id = target.ledger_id
        )
    """,
    "a refused act has no entries, and every other has": """
        SELECT transaction.id, transaction.refusal FROM ledger.transaction
        WHERE (transaction.refusal IS NULL) <> EXISTS (
            SELECT FROM ledger.entry
            WHERE entry.recorded_at = transaction.recorded_at AND entry.ledger_id = transaction.ledger_id
        )
    """,
    "a balance knows when its last entry was recorded": """
        SELECT entry.account_id FROM ledger.entry JOIN ledger.balance USING (tenant_id, ledger_id, account_id)
        GROUP BY entry.account_id, balance.recorded_at
        HAVING max(entry.recorded_at) > balance.recorded_at
    """,
    "displaced entries stand in the node of all time": """
        SELECT account_id, layer FROM (
            SELECT account_id, layer, sum(amount) AS amount FROM ledger.entry
            WHERE effective_at <> recorded_at GROUP BY account_id, layer
        ) AS entry
        FULL JOIN (
            SELECT account_id, layer, max(debits) + max(credits) AS amount FROM ledger.displacement
            WHERE level = 0 AND NOT exact GROUP BY account_id, layer
        ) AS node USING (account_id, layer)
        WHERE entry.amount IS DISTINCT FROM node.amount
    """,
}


async def damage(desk: Desk) -> list[tuple[str, dict[str, Any]]]:
    """Every row of the tenant that breaks a law, with the law."""
    return [(law, dict(row)) for law, proof in PROOFS.items() for row in await desk.rows(proof)]
