"""The books in plain Python: every line kept in one list, every number summed again when asked.

Slow on purpose, and it shares nothing with the platform but the messages of the door, so that
an error in one is not repeated in the other.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tallystick.ledger.api import (
    AnyCommand,
    Capture,
    Hold,
    OpenAccount,
    Post,
    RefusalCode,
    Reverse,
    Status,
    Void,
)

POSTED, PENDING, RELEASED = "posted", "pending", "released"
RANK = {code: rank for rank, code in enumerate(RefusalCode)}
Code = RefusalCode
Moved = tuple[str, str, int]
"""Debit address, credit address, amount."""


class No(Exception):
    """The act is refused."""

    def __init__(self, code: RefusalCode) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class PlainAccount:
    """What was said when it was opened, and what was changed since."""

    asset: str
    is_credit: bool
    least: int | None
    most: int | None
    status: str = "open"


@dataclass(frozen=True)
class Line:
    """One side of one posting on one layer."""

    act: str
    address: str
    layer: str
    is_debit: bool
    amount: int


@dataclass
class Answer:
    """What became of an act."""

    code: RefusalCode | None = None
    moved: list[Moved] = field(default_factory=list)
    after: dict[str, tuple[int, ...]] = field(default_factory=dict)
    replayed: bool = False


@dataclass
class Remembered:
    """An act under its id."""

    content: dict[str, Any]
    answer: Answer


@dataclass
class PlainHold:
    """What a hold still reserves, per posting."""

    rest: list[int]
    state: str = "held"
    lapsed: bool = False


class PlainBooks:
    """Accounts, lines, acts and holds in dictionaries. ``lapsed`` holds are those whose time has passed."""

    def __init__(self) -> None:
        self.accounts: dict[str, PlainAccount] = {}
        self.lines: list[Line] = []
        self.acts: dict[str, Remembered] = {}
        self.holds: dict[str, PlainHold] = {}
        self.reversed: dict[str, list[int]] = {}
        self.times: dict[str, tuple[int, int]] = {}

    # What the door does besides acts.

    def open(self, message: OpenAccount) -> None:
        """Open an account, or find it open."""
        least, most = message.min_available, message.max_available
        self.accounts.setdefault(
            message.address,
            PlainAccount(
                asset=message.asset,
                is_credit=message.normal_side == "credit",
                least=None if least is None else int(least),
                most=None if most is None else int(most),
            ),
        )

    def move_to(self, address: str, status: Status) -> str | None:
        """Freeze, close or reopen; answers the code of the refusal."""
        account = self.accounts[address]
        if account.status == status:
            return None
        if account.status == "closed" and status != "open":
            return "account_status_not_reachable"
        if status == "closed":
            debits, credits, held_d, held_c, gone_d, gone_c = self.counters(address)
            if (debits, held_d, held_c) != (credits, gone_d, gone_c):
                return "account_not_empty"
        account.status = str(status)
        return None

    def expire(self) -> list[str]:
        """End the holds whose time has passed."""
        ended = [name for name, one in self.holds.items() if one.lapsed and one.state == "held"]
        for name in ended:
            self._release(f"expiry of {name}", name, self.holds[name].rest)
            self.holds[name] = PlainHold([0] * len(self.holds[name].rest), "expired", True)
        return ended

    # What the books say.

    def counters(
        self, address: str, keep: Callable[[Line], bool] = lambda _: True
    ) -> tuple[int, ...]:
        """Debits and credits of each layer, summed from the lines."""
        mine = [line for line in self.lines if line.address == address and keep(line)]
        return tuple(
            sum(line.amount for line in mine if line.layer == layer and line.is_debit == is_debit)
            for layer in (POSTED, PENDING, RELEASED)
            for is_debit in (True, False)
        )

    def as_of(self, address: str, *, effective: int, recorded: int) -> tuple[int, ...]:
        """The same, of the lines that both clocks let through."""

        def is_known(line: Line) -> bool:
            recorded_at, effective_at = self.times[line.act]
            return recorded_at <= recorded and effective_at <= effective

        return self.counters(address, is_known)

    def balances(self, address: str) -> tuple[int, int, int]:
        """Posted, pending and available from the normal side."""
        debits, credits, held_d, held_c, gone_d, gone_c = self.counters(address)
        sign = 1 if self.accounts[address].is_credit else -1
        open_debits, open_credits = held_d - gone_d, held_c - gone_c
        posted = sign * (credits - debits)
        pending = posted + sign * (open_credits - open_debits)
        return posted, pending, posted - (open_debits if sign > 0 else open_credits)

    def highest(self, address: str) -> int:
        """Posted, and all that open holds may bring."""
        posted, _, _ = self.balances(address)
        _, _, held_d, held_c, gone_d, gone_c = self.counters(address)
        return posted + (held_c - gone_c if self.accounts[address].is_credit else held_d - gone_d)

    # What acts do.

    def submit(
        self, items: Sequence[AnyCommand], *, is_past: Callable[[str], bool]
    ) -> list[Answer]:
        """Decide items in order; neighbours of one group stand or fall together."""
        answers: list[Answer] = []
        unit: list[AnyCommand] = []
        for item in items:
            if unit and (item.group is None or item.group != unit[0].group):
                answers += self._unit(unit, is_past)
                unit = []
            unit.append(item)
        return answers + self._unit(unit, is_past)

    def note_times(self, act: str, *, recorded: int, effective: int) -> None:
        """Learn when an act was recorded and took effect."""
        self.times[act] = (recorded, effective)

    def _unit(self, unit: Sequence[AnyCommand], is_past: Callable[[str], bool]) -> list[Answer]:
        answers = {item.id: known for item in unit if (known := self._known(item))}
        fresh = [item for item in unit if item.id not in answers]
        failed = any(known.code for known in answers.values())
        before = deepcopy((self.lines, self.acts, self.holds, self.reversed))
        if not failed:
            for item in fresh:
                answers[item.id] = self._try(item, is_past)
        refused = [item.id for item in fresh if failed or answers[item.id].code]
        if refused and (failed or len(fresh) > 1):
            self.lines, self.acts, self.holds, self.reversed = before
            for item in fresh:
                if failed or item.id != refused[0]:
                    answers[item.id] = Answer(Code.LINKED_ITEM_FAILED)
                self._remember(item, Answer(answers[item.id].code))
        return [answers[item.id] for item in unit]

    def _known(self, item: AnyCommand) -> Answer | None:
        known = self.acts.get(item.id or "")
        if known is None:
            return None
        content = content_of(item)
        for part, value in known.content.items():
            if content[part] != value:
                return Answer(Code(f"exists_with_different_{part}"))
        return Answer(known.answer.code, known.answer.moved, replayed=True)

    def _remember(self, item: AnyCommand, answer: Answer) -> None:
        self.acts[item.id or ""] = Remembered(content_of(item), answer)

    def _try(self, item: AnyCommand, is_past: Callable[[str], bool]) -> Answer:
        length = len(self.lines)
        try:
            if isinstance(item, Post | Hold):
                moved = self._book(item, is_past)
            elif isinstance(item, Capture):
                moved = self._capture(item)
            elif isinstance(item, Void):
                moved = self._void(item)
            else:
                moved = self._reverse(item)
        except No as no:
            del self.lines[length:]
            answer = Answer(no.code)
        else:
            touched = dict.fromkeys(line.address for line in self.lines[length:])
            answer = Answer(moved=moved, after={name: self.counters(name) for name in touched})
        self._remember(item, answer)
        return answer

    def _book(self, item: Post | Hold, is_past: Callable[[str], bool]) -> list[Moved]:
        if isinstance(item, Hold) and item.expires_at is not None and is_past(item.expires_at):
            raise No(Code.EXPIRES_AT_HAS_PASSED)
        self._demand([self._wrong_with(one.debit, one.credit, one.asset) for one in item.postings])
        layer = PENDING if isinstance(item, Hold) else POSTED
        with_limits = self._watched(
            {side for one in item.postings for side in (one.debit, one.credit)}
        )
        moved: list[Moved] = []
        for one in item.postings:
            amount = int(one.amount)
            if one.balancing:
                amount = min(amount, self._room(one.debit, True), self._room(one.credit, False))
                if amount <= 0:
                    raise No(Code.NOTHING_TO_MOVE)
            self._line(item.id, layer, one.debit, one.credit, amount)
            moved.append((one.debit, one.credit, amount))
        self._demand_limits(with_limits)
        if isinstance(item, Hold):
            self.holds[item.id or ""] = PlainHold([amount for _, _, amount in moved])
        return moved

    def _capture(self, item: Capture) -> list[Moved]:
        moved = self._target(item.target).moved
        held = self._open_hold(item.target)
        taken = self._share(item.amounts, held.rest, Code.EXCEEDS_HELD_AMOUNT)
        did = self._shares(moved, taken)
        self._demand([self._closed_to(debit, credit) for debit, credit, _ in did])
        for debit, credit, amount in did:
            self._line(item.id, POSTED, debit, credit, amount)
        rest = [had - took for had, took in zip(held.rest, taken, strict=True)]
        is_over = item.final or sum(rest) == 0
        self._release(item.id or "", item.target, held.rest if is_over else taken)
        held.rest = [0 for _ in rest] if is_over else rest
        held.state = "captured" if is_over else "held"
        return did

    def _void(self, item: Void) -> list[Moved]:
        moved = self._target(item.target).moved
        held = self._open_hold(item.target)
        did = self._shares(moved, held.rest)
        self._release(item.id or "", item.target, held.rest)
        held.rest, held.state = [0 for _ in held.rest], "voided"
        return did

    def _reverse(self, item: Reverse) -> list[Moved]:
        target = self._target(item.target)
        if self.acts[item.target].content["kind"] not in ("post", "capture"):
            raise No(Code.TARGET_IS_NOT_REVERSIBLE)
        gone = self.reversed.setdefault(item.target, [0] * len(target.moved))
        rest = [amount - back for (_, _, amount), back in zip(target.moved, gone, strict=True)]
        if sum(rest) == 0:
            raise No(Code.ALREADY_REVERSED)
        taken = self._share(item.amounts, rest, Code.EXCEEDS_REVERSIBLE_AMOUNT)
        did = [(credit, debit, n) for debit, credit, n in self._shares(target.moved, taken)]
        self._demand([self._closed_to(debit, credit) for debit, credit, _ in did])
        watched = self._watched({side for debit, credit, _ in did for side in (debit, credit)})
        for debit, credit, amount in did:
            self._line(item.id, POSTED, debit, credit, amount)
        self._demand_limits(watched)
        self.reversed[item.target] = [a + b for a, b in zip(gone, taken, strict=True)]
        return did

    # The rules they share.

    def _line(self, act: str | None, layer: str, debit: str, credit: str, amount: int) -> None:
        self.lines.append(Line(act or "", debit, layer, True, amount))
        self.lines.append(Line(act or "", credit, layer, False, amount))

    def _release(self, act: str, name: str, amounts: Sequence[int]) -> None:
        for debit, credit, amount in self._shares(self.acts[name].answer.moved, amounts):
            self._line(act, RELEASED, debit, credit, amount)

    def _target(self, name: str) -> Answer:
        known = self.acts.get(name)
        if known is None:
            raise No(Code.TARGET_NOT_FOUND)
        if known.answer.code is not None:
            raise No(Code.TARGET_WAS_REFUSED)
        return known.answer

    def _open_hold(self, name: str) -> PlainHold:
        held = self.holds.get(name)
        if held is None:
            raise No(Code.TARGET_IS_NOT_A_HOLD)
        if held.state == "captured":
            raise No(Code.HOLD_ALREADY_CAPTURED)
        if held.state == "voided":
            raise No(Code.HOLD_ALREADY_VOIDED)
        if held.state == "expired" or held.lapsed:
            raise No(Code.HOLD_HAS_EXPIRED)
        return held

    @staticmethod
    def _share(amounts: Sequence[Any] | None, rest: Sequence[int], excess: Code) -> list[int]:
        if amounts is None:
            return list(rest)
        if len(amounts) != len(rest):
            raise No(Code.AMOUNTS_DO_NOT_MATCH_POSTINGS)
        if any(int(amount) > had for amount, had in zip(amounts, rest, strict=True)):
            raise No(excess)
        return [int(amount) for amount in amounts]

    @staticmethod
    def _shares(moved: Sequence[Moved], amounts: Sequence[int]) -> list[Moved]:
        return [
            (debit, credit, amount)
            for (debit, credit, _), amount in zip(moved, amounts, strict=True)
            if amount > 0
        ]

    @staticmethod
    def _demand(found: Sequence[Code | None]) -> None:
        codes = [code for code in found if code is not None]
        if codes:
            raise No(min(codes, key=RANK.__getitem__))

    def _wrong_with(self, debit: str, credit: str, asset: str) -> Code | None:
        if debit not in self.accounts:
            return Code.DEBIT_ACCOUNT_NOT_FOUND
        if credit not in self.accounts:
            return Code.CREDIT_ACCOUNT_NOT_FOUND
        if self.accounts[debit].asset != asset:
            return Code.DEBIT_ACCOUNT_HAS_DIFFERENT_ASSET
        if self.accounts[credit].asset != asset:
            return Code.CREDIT_ACCOUNT_HAS_DIFFERENT_ASSET
        return self._closed_to(debit, credit)

    def _closed_to(self, debit: str, credit: str) -> Code | None:
        states = (self.accounts[debit].status, self.accounts[credit].status)
        for state, codes in (
            ("closed", (Code.DEBIT_ACCOUNT_IS_CLOSED, Code.CREDIT_ACCOUNT_IS_CLOSED)),
            ("frozen", (Code.DEBIT_ACCOUNT_IS_FROZEN, Code.CREDIT_ACCOUNT_IS_FROZEN)),
        ):
            if state in states:
                return codes[states.index(state)]
        return None

    def _room(self, address: str, is_debit: bool) -> int:
        account, endless = self.accounts[address], 10**40
        if is_debit == account.is_credit:
            return endless if account.least is None else self.balances(address)[2] - account.least
        return endless if account.most is None else account.most - self.highest(address)

    def _watched(self, addresses: set[str]) -> dict[str, tuple[int, int]]:
        return {name: (self.balances(name)[2], self.highest(name)) for name in addresses}

    def _demand_limits(self, before: dict[str, tuple[int, int]]) -> None:
        for name, (available, _) in before.items():
            least, now = self.accounts[name].least, self.balances(name)[2]
            if least is not None and now < least and now < available:
                raise No(Code.EXCEEDS_AVAILABLE_BALANCE)
        for name, (_, highest) in before.items():
            most, now = self.accounts[name].most, self.highest(name)
            if most is not None and now > most and now > highest:
                raise No(Code.EXCEEDS_MAXIMUM_BALANCE)


def content_of(item: AnyCommand) -> dict[str, Any]:
    """What makes two acts the same, part by part, in the order in which a difference is named."""
    amounts = getattr(item, "amounts", None)
    return {
        "kind": type(item).__name__.lower(),
        "target": getattr(item, "target", None),
        "postings": getattr(item, "postings", None),
        "amounts": None if amounts is None else [int(amount) for amount in amounts],
        "final": getattr(item, "final", False),
        "effective_at": item.effective_at,
        "expires_at": getattr(item, "expires_at", None),
        "reference": item.reference,
        "metadata": item.metadata,
    }
