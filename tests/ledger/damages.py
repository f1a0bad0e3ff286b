"""What somebody may do to the books as their owner, and what verify must say of it: laws, and places."""

from dataclasses import dataclass

SUMS = "every balance is the sum of its entries"
LAST = "every balance knows its last entry"
RUNNING = "every entry carries the counters after it"
PAIRED = "every transaction has its entries and every entry its transaction"
EQUAL = "debits equal credits in every asset"
RESERVED = "every hold reserves what was held less what was released"
PENDING = "open holds explain what is pending"
REVERSED = "no more was reversed than was posted"
INDEXED = "the index of displaced entries sums them all"
NOTED = "the index of metadata says what was noted"
CAPPED = "every cap has moved what acts counted under it"
COUNTED = "every act under a cap counts what it moved"
LAWS = (
    SUMS, LAST, RUNNING, PAIRED, EQUAL, RESERVED, PENDING, REVERSED, INDEXED, NOTED, CAPPED, COUNTED,
)  # fmt: skip

# Every clause names the tenant, so that nobody else's rows are touched.
MINE = "tenant_id = current_setting('tallystick.tenant')::bigint"


def at(transaction_id: str) -> str:
    """The clause that finds the rows of a transaction, in whichever table."""
    return f"{MINE} AND recorded_at = {when(transaction_id)}"


def when(transaction_id: str) -> str:
    """The time a transaction was recorded at."""
    return f"(SELECT recorded_at FROM ledger.transaction WHERE {MINE} AND id = '{transaction_id}')"


def of(address: str) -> str:
    """The clause that finds the rows of an account."""
    return f"{MINE} AND account_id = {number(address)}"


def number(address: str) -> str:
    """The number of an account."""
    return f"(SELECT account_id FROM ledger.account WHERE {MINE} AND address = '{address}')"


@dataclass(frozen=True)
class Case:
    """What somebody does to the tables, and what verify must say: each law that it breaks, and where."""

    name: str
    sql: tuple[str, ...]
    named: tuple[tuple[str, str], ...]


def _counters() -> list[Case]:
    return [
        Case(
            f"a balance whose {counter} is one more",
            (f"UPDATE ledger.balance SET {counter} = {counter} + 1 WHERE {of('rich')}",),
            ((SUMS, "main: rich"),),
        )
        for counter in ("debits_posted", "credits_posted")
    ] + [
        Case(
            f"a balance whose {counter} is one more",
            (f"UPDATE ledger.balance SET {counter} = {counter} + 1 WHERE {of('rich')}",),
            ((SUMS, "main: rich"), (PENDING, "main: rich")),
        )
        for counter in ("debits_pending", "credits_pending")
    ] + [
        Case(
            "a balance whose counters of a side are both one more",
            ("UPDATE ledger.balance SET debits_pending = debits_pending + 1, debits_released = debits_released + 1"
             f" WHERE {of('rich')}",),
            ((SUMS, "main: rich"),),
        ),
        Case(
            "a counter that went backwards",
            (f"UPDATE ledger.balance SET credits_posted = credits_posted - 1 WHERE {of('rich')}",),
            ((SUMS, "main: rich"),),
        ),
        Case(
            "money moved from one balance to another, the sum as it was",
            (f"UPDATE ledger.balance SET credits_posted = credits_posted - 5 WHERE {of('rich')}",
             f"UPDATE ledger.balance SET credits_posted = credits_posted + 5 WHERE {of('poor')}"),
            ((SUMS, "main: rich"), (SUMS, "main: poor")),
        ),
        Case(
            "a balance deleted",
            (f"DELETE FROM ledger.balance WHERE {of('poor')}",),
            ((SUMS, "main: poor"), (PENDING, "main: poor")),
        ),
        Case(
            "the balance of an account that was never used deleted",
            (f"DELETE FROM ledger.balance WHERE {of('idle')}",),
            ((SUMS, "main: idle"),),
        ),
        Case(
            "a balance that does not know its last entry",
            (f"UPDATE ledger.balance SET recorded_at = recorded_at - interval '1 day' WHERE {of('rich')}",),
            ((LAST, "main: rich"),),
        ),
    ]  # fmt: skip


_ONE_ENTRY = f"{at('salary')} AND is_debit = false"
_INSERTED = (
    "INSERT INTO ledger.entry SELECT tenant_id, ledger_id, account_id, recorded_at + interval '{later}', effective_at,"
    " layer, {line}, is_debit, amount, debits, credits FROM ledger.entry WHERE " + _ONE_ENTRY
)

ENTRIES = [
    Case(
        "an entry's amount",
        (f"UPDATE ledger.entry SET amount = amount + 1 WHERE {_ONE_ENTRY}",),
        ((SUMS, "main: rich"), (RUNNING, "main: rich at "),
         (PAIRED, "main: transaction salary, line 1"), (EQUAL, "main: EUR, layer 0")),
    ),
    Case(
        "both amounts of a posting",
        (f"UPDATE ledger.entry SET amount = amount + 1 WHERE {at('salary')}",),
        ((SUMS, "main: rich"), (SUMS, "main: world"), (RUNNING, "main: rich at "),
         (PAIRED, "main: transaction salary, line 0")),
    ),
    Case(
        "both amounts of a posting, every running counter and both balances after it",
        (f"UPDATE ledger.entry SET amount = amount + 1 WHERE {at('last')}",
         f"UPDATE ledger.entry SET debits = debits + 1 WHERE {at('last')} AND is_debit",
         f"UPDATE ledger.entry SET credits = credits + 1 WHERE {at('last')} AND NOT is_debit",
         f"UPDATE ledger.balance SET debits_posted = debits_posted + 1 WHERE {of('world')}",
         f"UPDATE ledger.balance SET credits_posted = credits_posted + 1 WHERE {of('poor')}"),
        ((PAIRED, "main: transaction last, line 0"), (PAIRED, "main: transaction last, line 1")),
    ),
    Case(
        "a running counter",
        (f"UPDATE ledger.entry SET debits = debits + 1 WHERE {_ONE_ENTRY}",),
        ((RUNNING, "main: rich at "),),
    ),
    Case(
        "an entry deleted",
        (f"DELETE FROM ledger.entry WHERE {_ONE_ENTRY}",),
        ((SUMS, "main: rich"), (RUNNING, "main: rich at "),
         (PAIRED, "main: transaction salary, line 1"), (EQUAL, "main: EUR, layer 0")),
    ),
    Case(
        "an entry inserted into a transaction",
        (_INSERTED.format(later="0", line=7),),
        ((SUMS, "main: rich"), (RUNNING, "main: rich at "),
         (PAIRED, "main: transaction salary, line 7"), (EQUAL, "main: EUR, layer 0")),
    ),
    Case(
        "an entry inserted that has no transaction",
        (_INSERTED.format(later="1 day", line=1),),
        ((SUMS, "main: rich"), (RUNNING, "main: rich at "),
         (PAIRED, "main: transaction at "), (EQUAL, "main: EUR, layer 0")),
    ),
    Case(
        "an entry's effective time",
        (f"UPDATE ledger.entry SET effective_at = effective_at - interval '1 day' WHERE {_ONE_ENTRY}",),
        ((PAIRED, "main: transaction salary, line 1"),),
    ),
    Case(
        "an entry on the other side",
        (f"UPDATE ledger.entry SET is_debit = true WHERE {_ONE_ENTRY}",),
        ((SUMS, "main: rich"), (RUNNING, "main: rich at "),
         (PAIRED, "main: transaction salary, line 1"), (EQUAL, "main: EUR, layer 0")),
    ),
    Case(
        "an entry on another account",
        (f"UPDATE ledger.entry SET account_id = {number('poor')}"
         f" WHERE {_ONE_ENTRY}",),
        ((SUMS, "main: rich"), (SUMS, "main: poor"), (PAIRED, "main: transaction salary, line 1")),
    ),
    Case(
        "a release of a capture deleted",
        (f"DELETE FROM ledger.entry WHERE {at('part')} AND layer = 2",),
        ((SUMS, "main: rich"), (RESERVED, "main: hold rent")),
    ),
    Case(
        "a release of a capture that is on other accounts",
        (f"UPDATE ledger.entry SET account_id = {number('second')}"
         f" WHERE {at('part')} AND layer = 2 AND is_debit",),
        ((SUMS, "main: second"), (RESERVED, "main: hold rent")),
    ),
    Case(
        "only one side of a capture's release changed, and its balance and counter with it",
        ("UPDATE ledger.entry SET amount = amount - 1, credits = credits - 1"
         f" WHERE {at('part')} AND layer = 2 AND NOT is_debit",
         f"UPDATE ledger.balance SET credits_released = credits_released - 1 WHERE {of('poor')}"),
        ((EQUAL, "main: EUR, layer 2"), (PENDING, "main: poor"), (PAIRED, "main: transaction part")),
    ),
    Case(
        "a release of a capture that took effect at another time",
        (f"UPDATE ledger.entry SET effective_at = effective_at - interval '1 day' WHERE {at('part')} AND layer = 2",),
        ((PAIRED, "main: transaction part, line 2"), (PAIRED, "main: transaction part, line 3")),
    ),
]  # fmt: skip

TRANSACTIONS = [
    Case(
        "a transaction's amounts",
        (f"UPDATE ledger.transaction SET amounts[1] = amounts[1] + 1 WHERE {at('salary')}",),
        ((PAIRED, "main: transaction salary, line 0"), (PAIRED, "main: transaction salary, line 1")),
    ),
    Case(
        "a transaction's accounts",
        (f"UPDATE ledger.transaction SET account_ids = ARRAY[account_ids[2], account_ids[1]] WHERE {at('salary')}",),
        ((PAIRED, "main: transaction salary, line 0"), (PAIRED, "main: transaction salary, line 1")),
    ),
    Case(
        "a transaction's effective time",
        (f"UPDATE ledger.transaction SET effective_at = effective_at - interval '1 day' WHERE {at('salary')}",),
        ((PAIRED, "main: transaction salary, line 0"),),
    ),
    Case(
        "a transaction's kind",
        (f"UPDATE ledger.transaction SET kind = 'void' WHERE {at('salary')}",),
        ((PAIRED, "main: transaction salary, line 0"),),
    ),
    Case(
        "a transaction deleted",
        (f"DELETE FROM ledger.transaction WHERE {at('salary')}",),
        ((PAIRED, "main: transaction at "),),
    ),
    Case(
        "a hold's transaction deleted",
        (f"DELETE FROM ledger.transaction WHERE {at('rent')}",),
        ((PAIRED, "main: transaction at "), (RESERVED, "main: hold at "), (PENDING, "main: rich")),
    ),
    Case(
        "a capture deleted",
        (f"DELETE FROM ledger.transaction WHERE {at('part')}",),
        ((PAIRED, "main: transaction at "), (RESERVED, "main: hold rent")),
    ),
    Case(
        "a capture that is of another hold",
        (f"UPDATE ledger.transaction SET target_at = {when('hold2')}"
         f" WHERE {at('part')}",),
        ((RESERVED, "main: hold rent"), (RESERVED, "main: hold hold2")),
    ),
    Case(
        "a reversal deleted",
        (f"DELETE FROM ledger.transaction WHERE {at('back')}",),
        ((PAIRED, "main: transaction at "), (REVERSED, "main: transaction goods")),
    ),
    Case(
        "a transaction said to be refused",
        (f"UPDATE ledger.transaction SET refusal = 'nothing_to_move' WHERE {at('salary')}",),
        ((PAIRED, "main: transaction salary, line 0"),),
    ),
    Case(
        "a refused act said to be done",
        (f"UPDATE ledger.transaction SET refusal = NULL WHERE {at('refused')}",),
        ((PAIRED, "main: transaction refused"),),
    ),
    Case(
        "a transaction invented",
        ("INSERT INTO ledger.transaction SELECT tenant_id, ledger_id, recorded_at + interval '1 day', effective_at,"
         f" 'invented', kind, fingerprint, account_ids, amounts FROM ledger.transaction WHERE {at('salary')}",),
        ((PAIRED, "main: transaction invented, line 0"),),
    ),
]  # fmt: skip

HOLDS = [
    Case(
        "what remains of a hold",
        (f"UPDATE ledger.hold SET remaining[1] = remaining[1] - 1 WHERE {at('rent')}",),
        ((RESERVED, "main: hold rent"), (PENDING, "main: rich"), (PENDING, "main: poor")),
    ),
    Case(
        "what remains of a hold, moved from one posting to another",
        (f"UPDATE ledger.hold SET remaining = ARRAY[remaining[1] - 1, remaining[2] + 1] WHERE {at('pair')}",),
        ((RESERVED, "main: hold pair"), (PENDING, "main: poor"), (PENDING, "main: second")),
    ),
    Case(
        "a hold that reserves less than nothing on one posting",
        (f"UPDATE ledger.hold SET remaining = ARRAY[remaining[1] + remaining[2] + 1, -1] WHERE {at('pair')}",),
        ((RESERVED, "main: hold pair"),),
    ),
    Case(
        "an open hold said to be captured",
        (f"UPDATE ledger.hold SET state = 'captured', remaining = '{{0}}' WHERE {at('rent')}",),
        ((RESERVED, "main: hold rent"), (PENDING, "main: rich")),
    ),
    Case(
        "a hold that ended said to be open",
        (f"UPDATE ledger.hold SET state = 'held' WHERE {at('hold2')}",),
        ((RESERVED, "main: hold hold2"),),
    ),
    Case(
        "a hold that was voided said to be captured",
        (f"UPDATE ledger.hold SET state = 'captured' WHERE {at('hold2')}",),
        ((RESERVED, "main: hold hold2"),),
    ),
    Case(
        "a hold that was captured said to have expired",
        (f"UPDATE ledger.hold SET state = 'expired' WHERE {at('hold3')}",),
        ((RESERVED, "main: hold hold3"),),
    ),
    Case(
        "a hold that is to expire at another time",
        (f"UPDATE ledger.hold SET expires_at = clock_timestamp() WHERE {at('rent')}",),
        ((RESERVED, "main: hold rent"),),
    ),
    Case(
        "a hold deleted",
        (f"DELETE FROM ledger.hold WHERE {at('rent')}",),
        ((RESERVED, "main: hold rent"), (PENDING, "main: rich")),
    ),
    Case(
        "a hold that ended deleted",
        (f"DELETE FROM ledger.hold WHERE {at('hold2')}",),
        ((RESERVED, "main: hold hold2"),),
    ),
]  # fmt: skip

REVERSALS = [
    Case(
        "what was reversed",
        (f"UPDATE ledger.reversal SET reversed[1] = reversed[1] + 1 WHERE {at('goods')}",),
        ((REVERSED, "main: transaction goods"),),
    ),
    Case(
        "what was reversed, moved from one posting to another",
        (f"UPDATE ledger.reversal SET reversed = ARRAY[reversed[1] - 1, reversed[2] + 1] WHERE {at('goods')}",),
        ((REVERSED, "main: transaction goods"),),
    ),
    Case(
        "a reversal's note deleted",
        (f"DELETE FROM ledger.reversal WHERE {at('goods')}",),
        ((REVERSED, "main: transaction goods"),),
    ),
    Case(
        "a reversal noted that never was",
        ("INSERT INTO ledger.reversal SELECT tenant_id, ledger_id, recorded_at, amounts FROM ledger.transaction"
         f" WHERE {at('salary')}",),
        ((REVERSED, "main: transaction salary"),),
    ),
    Case(
        "a reversal of another transaction",
        (f"UPDATE ledger.transaction SET target_at = {when('salary')}"
         f" WHERE {at('back')}",),
        ((REVERSED, "main: transaction goods"), (REVERSED, "main: transaction salary")),
    ),
]  # fmt: skip


def _displacements() -> list[Case]:
    sides = (("debits", "world-of-old"), ("credits", "old"))
    whole = "level = 0 AND NOT exact"
    parts = {
        "the whole of time": whole,
        "a node of the top": "level = 1 AND NOT exact",
        "a node in between": "level = 2 AND NOT exact",
        "an exact node": "exact",
    }
    last = (
        "recorded_at = (SELECT max(recorded_at) FROM ledger.displacement WHERE {mine} AND {part})"
    )
    return [
        Case(
            f"the sum of {name}, {side}",
            (f"UPDATE ledger.displacement SET {side} = {side} + 1 WHERE {of(address)} AND {part}"
             f" AND {last.format(mine=of(address), part=part)}",),
            ((INDEXED, f"main: {address}, layer 0"),),
        )
        for name, part in parts.items()
        for side, address in sides
    ] + [
        Case(
            "a sum in the middle of the history of all time",
            (f"UPDATE ledger.displacement SET credits = credits + 1 WHERE {of('old')} AND {whole} AND recorded_at ="
             f" (SELECT min(recorded_at) FROM ledger.displacement WHERE {of('old')} AND {whole})",),
            ((INDEXED, "main: old, layer 0"),),
        ),
        Case(
            "a row of the index deleted",
            (f"DELETE FROM ledger.displacement WHERE {of('old')} AND {whole} AND recorded_at ="
             f" (SELECT min(recorded_at) FROM ledger.displacement WHERE {of('old')} AND {whole})",),
            ((INDEXED, "main: old, layer 0"),),
        ),
        Case(
            "the whole index of an account deleted",
            (f"DELETE FROM ledger.displacement WHERE {of('old')}",),
            ((INDEXED, "main: old, layer 0"),),
        ),
        Case(
            "the time of an entry in a node",
            ("UPDATE ledger.displacement SET effective_at = effective_at - interval '1 day'"
             f" WHERE {of('old')} AND {whole} AND entries = 7",),
            ((INDEXED, "main: old, layer 0"),),
        ),
        Case(
            "the amount of an entry in a node",
            (f"UPDATE ledger.displacement SET credit = credit + 1 WHERE {of('old')} AND {whole} AND entries = 7",),
            ((INDEXED, "main: old, layer 0"),),
        ),
        Case(
            "a node that miscounts its entries",
            (f"UPDATE ledger.displacement SET entries = entries - 1 WHERE {of('old')} AND {whole} AND entries = 7",),
            ((INDEXED, "main: old, layer 0"),),
        ),
        Case(
            "a node moved in time",
            (f"UPDATE ledger.displacement SET node = node + 1 WHERE {of('old')} AND level = 2 AND NOT exact",),
            ((INDEXED, "main: old, layer 0"),),
        ),
        Case(
            "a row of the index invented",
            ("INSERT INTO ledger.displacement"
             " SELECT tenant_id, ledger_id, account_id, 1, 0, false, 0, opened_at, 1, 1, 0, opened_at, 1, 0"
             f" FROM ledger.account WHERE {MINE} AND address = 'poor'",),
            ((INDEXED, "main: poor, layer 1"),),
        ),
    ]  # fmt: skip


NOTES = [
    Case(
        "a note of a transaction missing from the index",
        (f"DELETE FROM ledger.transaction_metadata WHERE {at('salary')} AND key = 'month'",),
        ((NOTED, "main: transaction salary, month"),),
    ),
    Case(
        "a note of a transaction with another value in the index",
        (f"UPDATE ledger.transaction_metadata SET value = '8' WHERE {at('salary')} AND key = 'month'",),
        ((NOTED, "main: transaction salary, month"),),
    ),
    Case(
        "a note of a transaction under another key in the index",
        (f"UPDATE ledger.transaction_metadata SET key = 'year' WHERE {at('salary')} AND key = 'month'",),
        ((NOTED, "main: transaction salary, month"), (NOTED, "main: transaction salary, year")),
    ),
    Case(
        "a second value of a transaction's note in the index",
        ("INSERT INTO ledger.transaction_metadata SELECT tenant_id, ledger_id, key, '8', recorded_at"
         f" FROM ledger.transaction_metadata WHERE {at('salary')} AND key = 'month'",),
        ((NOTED, "main: transaction salary, month"),),
    ),
    Case(
        "a note of another transaction in the index",
        (f"UPDATE ledger.transaction_metadata SET recorded_at = {when('goods')}"
         f" WHERE {at('salary')} AND key = 'month'",),
        ((NOTED, "main: transaction goods, month"), (NOTED, "main: transaction salary, month")),
    ),
    Case(
        "a note in the index of no transaction",
        ("INSERT INTO ledger.transaction_metadata SELECT tenant_id, ledger_id, key, value,"
         f" recorded_at + interval '1 day' FROM ledger.transaction_metadata WHERE {at('salary')} AND key = 'month'",),
        ((NOTED, "main: transaction at "),),
    ),
    Case(
        "a note in the index of a refused act",
        ("INSERT INTO ledger.transaction_metadata SELECT tenant_id, ledger_id, 'why', 'refused', recorded_at"
         f" FROM ledger.transaction WHERE {at('refused')}",),
        ((NOTED, "main: transaction refused, why"),),
    ),
    Case(
        "what is noted on a transaction, altered",
        ("UPDATE ledger.transaction SET metadata = jsonb_set(metadata, '{month}', '\"8\"')"
         f" WHERE {at('salary')}",),
        ((NOTED, "main: transaction salary, month"),),
    ),
    Case(
        "what is noted on a transaction, a number now",
        ("UPDATE ledger.transaction SET metadata = jsonb_set(metadata, '{month}', '7')"
         f" WHERE {at('salary')}",),
        ((NOTED, "main: transaction salary, month"),),
    ),
    Case(
        "what is noted on a transaction, gone",
        (f"UPDATE ledger.transaction SET metadata = NULL WHERE {at('salary')}",),
        ((NOTED, "main: transaction salary, month"), (NOTED, "main: transaction salary, by")),
    ),
    Case(
        "what is noted on a transaction, no mapping any more",
        (f"UPDATE ledger.transaction SET metadata = '[7]' WHERE {at('salary')}",),
        ((NOTED, "main: transaction salary, "), (NOTED, "main: transaction salary, month")),
    ),
    Case(
        "something noted on a transaction that had nothing",
        (f"UPDATE ledger.transaction SET metadata = '{{\"month\": \"7\"}}' WHERE {at('goods')}",),
        ((NOTED, "main: transaction goods, month"),),
    ),
    Case(
        "a note of an account missing from the index",
        (f"DELETE FROM ledger.account_metadata WHERE {MINE} AND address = 'idle'",),
        ((NOTED, "main: idle, branch"),),
    ),
    Case(
        "a note of an account with another value in the index",
        (f"UPDATE ledger.account_metadata SET value = '8' WHERE {MINE} AND address = 'idle'",),
        ((NOTED, "main: idle, branch"),),
    ),
    Case(
        "a note of another account in the index",
        ("INSERT INTO ledger.account_metadata SELECT tenant_id, ledger_id, key, value, 'rich'"
         f" FROM ledger.account_metadata WHERE {MINE} AND address = 'idle'",),
        ((NOTED, "main: rich, branch"),),
    ),
    Case(
        "what is noted on an account, altered",
        (f"UPDATE ledger.account SET metadata = '{{\"branch\": \"8\"}}' WHERE {of('idle')}",),
        ((NOTED, "main: idle, branch"),),
    ),
]  # fmt: skip

_CAP = "cap dlg EUR 2026"
CAPS = [
    Case(
        "a cap that has moved less than its acts",
        (f"UPDATE ledger.cap SET moved = moved - 1 WHERE {MINE}",),
        ((CAPPED, f"main: {_CAP}"),),
    ),
    Case(
        "a cap to which more came back",
        (f"UPDATE ledger.cap SET released = released + 1 WHERE {MINE}",),
        ((CAPPED, f"main: {_CAP}"),),
    ),
    Case("a cap deleted", (f"DELETE FROM ledger.cap WHERE {MINE}",), ((CAPPED, f"main: {_CAP}"),)),
    Case(
        "a cap invented",
        (f"INSERT INTO ledger.cap SELECT tenant_id, 'other', asset, slot, 5 FROM ledger.cap WHERE {MINE}",),
        ((CAPPED, "main: cap other EUR 2026"),),
    ),
    Case(
        "an act that counts less than it moved, and its cap with it",
        (f"UPDATE ledger.cap_use SET amount = 1 WHERE {at('capped')}",
         f"UPDATE ledger.cap SET moved = moved - 2 WHERE {MINE}"),
        ((COUNTED, f"main: transaction capped, {_CAP}"),),
    ),
    Case(
        "a hold that counts under no cap any more",
        (f"DELETE FROM ledger.cap_use WHERE {at('capped-open')}",),
        ((CAPPED, f"main: {_CAP}"), (COUNTED, "main: transaction capped-open")),
    ),
    Case(
        "a hold that forgot that it was counted",
        (f"UPDATE ledger.hold SET is_capped = false WHERE {at('capped-open')}",),
        ((COUNTED, f"main: transaction capped-open, {_CAP}"),),
    ),
    Case(
        "a void that gave nothing back",
        (f"DELETE FROM ledger.cap_use WHERE {at('capped-void')}",),
        ((CAPPED, f"main: {_CAP}"), (COUNTED, f"main: transaction capped-void, {_CAP}")),
    ),
    Case(
        "a void that counts instead of giving back",
        (f"UPDATE ledger.cap_use SET gives_back = false WHERE {at('capped-void')}",),
        ((CAPPED, f"main: {_CAP}"), (COUNTED, f"main: transaction capped-void, {_CAP}")),
    ),
    Case(
        "a capture that gives back what it posted",
        ("INSERT INTO ledger.cap_use SELECT tenant_id, ledger_id, recorded_at, 'dlg', 'EUR', '2026', 2, true"
         f" FROM ledger.transaction WHERE {at('capped-part')}",),
        ((CAPPED, f"main: {_CAP}"), (COUNTED, f"main: transaction capped-part, {_CAP}")),
    ),
    Case(
        "a refused act that counts",
        ("INSERT INTO ledger.cap_use SELECT tenant_id, ledger_id, recorded_at, 'dlg', 'EUR', '2026', 1, false"
         f" FROM ledger.transaction WHERE {at('refused')}",),
        ((CAPPED, f"main: {_CAP}"), (COUNTED, f"main: transaction refused, {_CAP}")),
    ),
]  # fmt: skip

CASES = [
    *_counters(),
    *ENTRIES,
    *TRANSACTIONS,
    *HOLDS,
    *REVERSALS,
    *_displacements(),
    *NOTES,
    *CAPS,
]
