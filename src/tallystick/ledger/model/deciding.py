"""Deciding: acts in order, each all or nothing, against accounts as they stand in the batch."""

from collections.abc import Mapping, Sequence, Set

from tallystick.kernel.instants import Instant
from tallystick.ledger.api import RefusalCode as Code
from tallystick.ledger.api import Status
from tallystick.ledger.model.accounts import PENDING, POSTED, RELEASED, AccountState
from tallystick.ledger.model.acts import Act
from tallystick.ledger.model.caps import Caps
from tallystick.ledger.model.moving import move, undo
from tallystick.ledger.model.outcomes import Outcome, Refusing, Step, Target

_PRECEDENCE = {code: rank for rank, code in enumerate(Code)}


class Decider:
    """Decides the acts of one batch in order; accounts and targets move as it goes.

    ``named`` are the ids that acts of the batch name as their target, ``now`` is the database's clock,
    against which holds expire. ``caps`` are those its acts may touch, None when there are none.
    """

    def __init__(
        self,
        *,
        accounts: Mapping[str, AccountState],
        targets: dict[str, Target],
        named: Set[str],
        now: Instant,
        caps: Caps | None = None,
    ) -> None:
        self._accounts = accounts
        self._targets = targets
        self._named = named
        self._now = now
        self._caps = caps

    def decide(self, act: Act, *, recorded_at: Instant) -> Outcome:
        """Decide one act that stands alone."""
        outcome = Outcome(act, recorded_at)
        try:
            steps = self._steps(act, outcome)
            move(steps, outcome)
            if self._caps is not None:
                self._count(self._caps, outcome, steps)
        except Refusing as refusing:
            outcome.refuse(refusing.code, refusing.fields)
            self.note(outcome)
            return outcome
        # From here on the act stands.
        outcome.steps = steps
        if outcome.target is not None:
            _settle(outcome.target, outcome)
        self.note(outcome)
        return outcome

    def _count(self, caps: Caps, outcome: Outcome, steps: Sequence[Step]) -> None:
        try:
            outcome.uses = caps.count(outcome, steps)
        except Refusing:
            undo(outcome, (account for account, _ in outcome.after))
            raise

    def decide_together(self, acts: Sequence[Act], *, first_recorded_at: Instant) -> list[Outcome]:
        """Decide acts that stand or fall together, each recorded a microsecond after the one before it."""
        before = self._copies(acts)
        outcomes = [
            self.decide(act, recorded_at=first_recorded_at + n) for n, act in enumerate(acts)
        ]
        failed = next((outcome for outcome in outcomes if outcome.refusal), None)
        if failed is not None:
            self._put_back(outcomes, before)
            for outcome in outcomes:
                if outcome is not failed:
                    outcome.refuse(Code.LINKED_ITEM_FAILED, {"failed": failed.act.id})
                self.note(outcome)
        return outcomes

    def note(self, outcome: Outcome) -> None:
        """Note what later acts of the batch name, so that they get the answer a batch of their own would give."""
        if outcome.act.id in self._named:
            self._targets[outcome.act.id] = _new_target(outcome)

    def _steps(self, act: Act, outcome: Outcome) -> list[Step]:
        if act.kind == "post":
            return self._moves(act, POSTED)
        if act.kind == "hold":
            if act.expires_at is not None and act.expires_at <= self._now:
                raise Refusing(Code.EXPIRES_AT_HAS_PASSED)
            return self._moves(act, PENDING)
        target = self._target(act)
        outcome.target = target
        if act.kind == "reverse":
            return _reversing(act, target, outcome)
        if act.kind == "capture":
            return _capturing(act, target, outcome)
        outcome.rest = [0] * len(target.rest)
        outcome.state = "voided" if act.kind == "void" else "expired"
        return _steps_of(target, RELEASED, target.rest)

    def _moves(self, act: Act, layer: int) -> list[Step]:
        accounts, worst = self._accounts, None
        steps: list[Step] = []
        for position, (debit_address, credit_address, amount, asset, _) in enumerate(act.moves):
            debit, credit = accounts.get(debit_address), accounts.get(credit_address)
            if debit is None or credit is None:
                code = Code.CREDIT_ACCOUNT_NOT_FOUND if debit else Code.DEBIT_ACCOUNT_NOT_FOUND
            else:
                steps.append((layer, debit, credit, amount))
                if debit.asset == credit.asset == asset and debit.status == credit.status == "open":
                    continue
                code = _asset_refusal(debit, credit, asset) or _status_refusal(debit, credit)
            if code is not None and (worst is None or _PRECEDENCE[code] < _PRECEDENCE[worst[0]]):
                worst = (code, position)
        if worst is not None:
            raise Refusing(worst[0], {"posting": str(worst[1])})
        return steps

    def _target(self, act: Act) -> Target:
        target = self._targets.get(act.target or "")
        if target is None:
            raise Refusing(Code.TARGET_NOT_FOUND)
        if target.refused:
            raise Refusing(Code.TARGET_WAS_REFUSED)
        if act.kind == "reverse":
            return _reversible(target)
        return _held(act, target, self._now)

    def _copies(self, acts: Sequence[Act]) -> dict[str, tuple[list[int], str | None, bool]]:
        named = {act.target for act in acts} | {act.id for act in acts}
        return {
            name: (list(target.rest), target.state, target.changed)
            for name, target in self._targets.items()
            if name in named
        }

    def _put_back(
        self,
        outcomes: Sequence[Outcome],
        before: Mapping[str, tuple[list[int], str | None, bool]],
    ) -> None:
        for outcome in outcomes:
            undo(outcome, (account for account, _ in outcome.after))
            if self._caps is not None:
                self._caps.undo(outcome.uses)
            if outcome.act.id not in before:
                popped = self._targets.pop(outcome.act.id, None)
                if popped is not None:
                    popped.changed = False  # it was never written, so nothing of it is to settle
        for name, (rest, state, changed) in before.items():
            target = self._targets[name]
            target.rest, target.state, target.changed = rest, state, changed


def _asset_refusal(debit: AccountState, credit: AccountState, asset: str) -> Code | None:
    if debit.asset != asset:
        return Code.DEBIT_ACCOUNT_HAS_DIFFERENT_ASSET
    return Code.CREDIT_ACCOUNT_HAS_DIFFERENT_ASSET if credit.asset != asset else None


def _status_refusal(debit: AccountState, credit: AccountState) -> Code | None:
    if debit.status == credit.status == "open":
        return None
    if debit.status == Status.CLOSED:
        return Code.DEBIT_ACCOUNT_IS_CLOSED
    if credit.status == Status.CLOSED:
        return Code.CREDIT_ACCOUNT_IS_CLOSED
    return (
        Code.DEBIT_ACCOUNT_IS_FROZEN
        if debit.status == Status.FROZEN
        else Code.CREDIT_ACCOUNT_IS_FROZEN
    )


def _reversible(target: Target) -> Target:
    if target.kind not in ("post", "capture"):
        raise Refusing(Code.TARGET_IS_NOT_REVERSIBLE)
    if not any(target.rest):
        raise Refusing(Code.ALREADY_REVERSED)
    return target


def _held(act: Act, target: Target, now: Instant) -> Target:
    if target.kind != "hold":
        raise Refusing(Code.TARGET_IS_NOT_A_HOLD)
    if target.state == "captured":
        raise Refusing(Code.HOLD_ALREADY_CAPTURED)
    if target.state == "voided":
        raise Refusing(Code.HOLD_ALREADY_VOIDED)
    due = target.expires_at is not None and target.expires_at <= now
    if target.state == "expired" or (due and act.kind != "expire"):
        raise Refusing(Code.HOLD_HAS_EXPIRED)
    return target


def _taken(act: Act, target: Target, excess: Code) -> Sequence[int]:
    if act.amounts is None:
        return list(target.rest)
    if len(act.amounts) != len(target.rest):
        raise Refusing(Code.AMOUNTS_DO_NOT_MATCH_POSTINGS)
    for position, (amount, rest) in enumerate(zip(act.amounts, target.rest, strict=True)):
        if amount > rest:
            raise Refusing(excess, {"posting": str(position), "rest": str(rest)})
    return act.amounts


def _steps_of(target: Target, layer: int, amounts: Sequence[int]) -> list[Step]:
    accounts = target.accounts
    return [
        (layer, accounts[2 * position], accounts[2 * position + 1], amount)
        for position, amount in enumerate(amounts)
        if amount
    ]


def _demand_open(steps: Sequence[Step], amounts: Sequence[int]) -> None:
    places = [position for position, amount in enumerate(amounts) if amount]
    found = [
        (_PRECEDENCE[code], position, code)
        for position, (_, debit, credit, _) in zip(places, steps, strict=True)
        if (code := _status_refusal(debit, credit)) is not None
    ]
    if found:
        _, position, code = min(found)
        raise Refusing(code, {"posting": str(position)})


def _capturing(act: Act, target: Target, outcome: Outcome) -> list[Step]:
    taken = _taken(act, target, Code.EXCEEDS_HELD_AMOUNT)
    rest = [held - amount for held, amount in zip(target.rest, taken, strict=True)]
    posted = _steps_of(target, POSTED, taken)
    _demand_open(posted, taken)
    ended = act.final or not any(rest)
    released = _steps_of(target, RELEASED, target.rest if ended else taken)
    outcome.rest = [0] * len(rest) if ended else rest
    outcome.state = "captured" if ended else "held"
    # What was posted comes first, so that a line's place among them is its posting's.
    return posted + released


def _reversing(act: Act, target: Target, outcome: Outcome) -> list[Step]:
    taken = _taken(act, target, Code.EXCEEDS_REVERSIBLE_AMOUNT)
    outcome.rest = [rest - amount for rest, amount in zip(target.rest, taken, strict=True)]
    forwards = _steps_of(target, POSTED, taken)
    steps = [(layer, credit, debit, amount) for layer, debit, credit, amount in forwards]
    _demand_open(steps, taken)
    return steps


def _settle(target: Target, outcome: Outcome) -> None:
    assert outcome.rest is not None
    target.rest, target.changed = outcome.rest, True
    if outcome.state is not None:
        target.state = outcome.state


def _new_target(outcome: Outcome) -> Target:
    act, booked = outcome.act, outcome.booked()
    amounts = [amount for _, _, _, amount in booked]
    return Target(
        id=act.id,
        kind=act.kind,
        recorded_at=outcome.recorded_at,
        refused=outcome.refusal is not None,
        accounts=[account for _, debit, credit, _ in booked for account in (debit, credit)],
        amounts=amounts,
        rest=list(amounts),
        state="held" if act.kind == "hold" else None,
        expires_at=act.expires_at,
        caps=[key for key, _ in outcome.uses],
    )
