"""The books counted again in plain Python, from the rows of one snapshot: nothing here is shared with the platform."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]

TABLES = {
    "account": "SELECT * FROM ledger.account WHERE tenant_id = $1",
    "balance": "SELECT * FROM ledger.balance WHERE tenant_id = $1",
    "transaction": "SELECT * FROM ledger.transaction WHERE tenant_id = $1 ORDER BY recorded_at",
    "entry": "SELECT * FROM ledger.entry WHERE tenant_id = $1 ORDER BY recorded_at, line, is_debit DESC",
    "hold": "SELECT * FROM ledger.hold WHERE tenant_id = $1",
    "reversal": "SELECT * FROM ledger.reversal WHERE tenant_id = $1",
}
COUNTERS = (
    "debits_posted", "credits_posted", "debits_pending", "credits_pending", "debits_released", "credits_released",
)  # fmt: skip
POSTED, PENDING, RELEASED = 0, 1, 2
_LAYER = {
    "post": POSTED,
    "reverse": POSTED,
    "capture": POSTED,
    "hold": PENDING,
    "void": RELEASED,
    "expire": RELEASED,
}
_ENDED = {"capture": "captured", "void": "voided", "expire": "expired"}

Pair = tuple[int, int]
"""Debited account, credited account."""


@dataclass(frozen=True)
class Snapshot:
    """Every row of one tenant's books at one moment."""

    account: Sequence[Row]
    balance: Sequence[Row]
    transaction: Sequence[Row]
    entry: Sequence[Row]
    hold: Sequence[Row]
    reversal: Sequence[Row]


async def snapshot(connection: Any, tenant_id: int) -> Snapshot:
    """Read every row, in a transaction that sees one moment."""
    return Snapshot(
        **{table: await connection.fetch(sql, tenant_id) for table, sql in TABLES.items()}
    )


def breaches(books: Snapshot) -> list[str]:
    """Everything in the books that does not follow from the acts and entries before it."""
    replay = _Replay(books)
    replay.run()
    return replay.found


@dataclass
class _Hold:
    rest: Counter[Pair]
    state: str = "held"


@dataclass
class _Replay:
    books: Snapshot
    found: list[str] = field(default_factory=list)
    counters: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * 6))
    holds: dict[int, _Hold] = field(default_factory=dict)
    posted: dict[int, Counter[Pair]] = field(default_factory=dict)
    reversed: dict[int, Counter[Pair]] = field(default_factory=dict)

    def run(self) -> None:
        self.accounts = {row["account_id"]: row for row in self.books.account}
        lines: dict[int, list[Row]] = defaultdict(list)
        for row in self.books.entry:
            lines[row["recorded_at"]].append(row)
        for act in self.books.transaction:
            self._act(act, lines.pop(act["recorded_at"], []))
        for recorded_at in lines:
            self.found.append(f"entries at {recorded_at} belong to no transaction")
        self._compare_balances()
        self._compare_holds()
        self._compare_reversals()

    def _says(self, act: Row, words: str) -> None:
        self.found.append(f"{act['kind']} {act['id']}: {words}")

    def _act(self, act: Row, lines: Sequence[Row]) -> None:
        if act["refusal"] is not None:
            if lines:
                self._says(act, f"was refused and has {len(lines)} entries")
            return
        moved = self._moves(act, lines)
        promised = list(zip(_pairs(act["account_ids"]), act["amounts"], strict=True))
        if moved[_LAYER[act["kind"]]] != promised or not promised:
            self._says(act, f"promised {promised}, entered {moved}")
        others = {POSTED, PENDING, RELEASED} - {_LAYER[act["kind"]]}
        if act["kind"] != "capture" and any(moved[layer] for layer in others):
            self._says(act, f"moved on a layer that is not its own: {moved}")
        self._settle(act, moved)
        self._check_limits(act, lines)

    def _moves(self, act: Row, lines: Sequence[Row]) -> dict[int, list[tuple[Pair, int]]]:
        """Pair the entries of an act to moves, and carry the running counters on."""
        moved: dict[int, list[tuple[Pair, int]]] = {POSTED: [], PENDING: [], RELEASED: []}
        if [row["line"] for row in lines] != list(range(len(lines))) or len(lines) % 2:
            self._says(act, f"has the lines {[row['line'] for row in lines]}")
            return moved
        for debit, credit in zip(lines[::2], lines[1::2], strict=True):
            same = ("layer", "amount", "effective_at")
            if (
                any(debit[name] != credit[name] for name in same)
                or credit["is_debit"]
                or not debit["is_debit"]
            ):
                self._says(act, f"line {debit['line']} is no pair of a debit and a credit")
            if debit["effective_at"] != act["effective_at"]:
                self._says(act, f"line {debit['line']} took effect at another time")
            if (
                self.accounts[debit["account_id"]]["asset"]
                != self.accounts[credit["account_id"]]["asset"]
            ):
                self._says(act, f"line {debit['line']} changes the asset")
            moved[debit["layer"]].append(
                ((debit["account_id"], credit["account_id"]), debit["amount"])
            )
            for row in (debit, credit):
                self._carry(act, row)
        return moved

    def _carry(self, act: Row, row: Row) -> None:
        counters = self.counters[row["account_id"]]
        place = 2 * row["layer"]
        counters[place + (not row["is_debit"])] += row["amount"]
        if (row["debits"], row["credits"]) != (counters[place], counters[place + 1]):
            self._says(act, f"line {row['line']} carries other counters than are summed")

    def _settle(self, act: Row, moved: Mapping[int, list[tuple[Pair, int]]]) -> None:
        at, kind = act["recorded_at"], act["kind"]
        if kind in ("post", "capture"):
            self.posted[at] = _total(moved[POSTED])
        if kind == "hold":
            self.holds[at] = _Hold(_total(moved[PENDING]))
        elif kind == "reverse":
            self._reverse(act, _total(moved[POSTED]))
        elif kind in _ENDED:
            self._end(act, _total(moved[POSTED]), _total(moved[RELEASED]))

    def _end(self, act: Row, taken: Counter[Pair], released: Counter[Pair]) -> None:
        hold = self.holds.get(act["target_at"])
        if hold is None or hold.state != "held":
            self._says(act, "ends a hold that is not open")
            return
        if not released <= hold.rest or not taken <= released:
            self._says(act, f"takes {taken} and releases {released} of {hold.rest}")
        if act["kind"] == "capture" and released not in (taken, hold.rest):
            self._says(act, "releases neither what it posts nor all the rest")
        hold.rest = hold.rest - released
        if not hold.rest.total():
            hold.state = _ENDED[act["kind"]]

    def _reverse(self, act: Row, back: Counter[Pair]) -> None:
        target = act["target_at"]
        gone = self.reversed.setdefault(target, Counter())
        gone.update({(credit, debit): amount for (debit, credit), amount in back.items()})
        if not gone <= self.posted.get(target, Counter()):
            self._says(act, f"with it {gone} is reversed of {self.posted.get(target)}")

    def _check_limits(self, act: Row, lines: Sequence[Row]) -> None:
        for account_id in {row["account_id"] for row in lines}:
            account, counters = self.accounts[account_id], self.counters[account_id]
            debits, credits, debits_held, credits_held, debits_released, credits_released = counters
            out, into = debits_held - debits_released, credits_held - credits_released
            net = credits - debits
            if account["normal_side"] == "debit":
                net, out, into = -net, into, out
            least, most = account["min_available"], account["max_available"]
            if least is not None and net - out < least:
                self._says(
                    act,
                    f"{account['address']} has {net - out} available, at least {least} is its limit",
                )
            if most is not None and net + into > most:
                self._says(
                    act,
                    f"{account['address']} may come to {net + into}, at most {most} is its limit",
                )

    def _compare_balances(self) -> None:
        stated = {row["account_id"]: [row[name] for name in COUNTERS] for row in self.books.balance}
        if stated.keys() != self.accounts.keys():
            self.found.append("not every account has its balance")
        for account_id in stated.keys() | self.counters.keys():
            summed = self.counters[account_id]
            if stated.get(account_id) != summed:
                address = self.accounts[account_id]["address"]
                self.found.append(
                    f"the balance of {address} is {stated.get(account_id)}, its entries sum to {summed}"
                )

    def _compare_holds(self) -> None:
        ids = {row["recorded_at"]: row for row in self.books.transaction}
        stated = {row["recorded_at"]: row for row in self.books.hold}
        for at in stated.keys() | self.holds.keys():
            hold, row = self.holds.get(at), stated.get(at)
            if hold is None or row is None:
                self.found.append(f"hold at {at}: made {hold}, kept {row}")
                continue
            rest = _total(zip(_pairs(ids[at]["account_ids"]), row["remaining"], strict=True))
            if (+rest, row["state"]) != (+hold.rest, hold.state):
                self.found.append(
                    f"hold {ids[at]['id']} is kept as {row['state']} {rest}, and should be {hold}"
                )

    def _compare_reversals(self) -> None:
        ids = {row["recorded_at"]: row for row in self.books.transaction}
        stated = {row["recorded_at"]: row for row in self.books.reversal}
        for at in stated.keys() | self.reversed.keys():
            noted = Counter[Pair]()
            if at in stated:
                noted = _total(
                    zip(_pairs(ids[at]["account_ids"]), stated[at]["reversed"], strict=True)
                )
            if +noted != +self.reversed.get(at, Counter()):
                self.found.append(
                    f"of {ids[at]['id']} {noted} is noted as reversed, {self.reversed.get(at)} was"
                )


def _pairs(account_ids: Sequence[int]) -> list[Pair]:
    return list(zip(account_ids[::2], account_ids[1::2], strict=True))


def _total(moves: Iterable[tuple[Pair, int]]) -> Counter[Pair]:
    total = Counter[Pair]()
    for pair, amount in moves:
        total[pair] += amount
    return total
