"""Moving counters: every step of an act or none, within the limits of every account."""

from collections.abc import Iterable

from tallystick.ledger.api import RefusalCode as Code
from tallystick.ledger.model.accounts import RELEASED, AccountState
from tallystick.ledger.model.outcomes import Line, Outcome, Refusing, Step


def move(steps: list[Step], outcome: Outcome) -> None:
    """Move the counters and write the lines, or raise Refusing with every counter as it was."""
    moves = outcome.act.moves
    if len(steps) == 1 and not (moves and moves[0][4]):
        _move_one(steps[0], outcome)
    else:
        _move_many(steps, outcome)


def _move_one(step: Step, outcome: Outcome) -> None:
    layer, debit, credit, amount = step
    if layer != RELEASED and (debit.limited or credit.limited):
        # A maximum of the debit side and a minimum of the credit side: the minimum is the earlier code.
        if not (debit.credit_normal or credit.credit_normal):
            _demand_room(credit, amount, is_debit=False)
        _demand_room(debit, amount, is_debit=True)
        _demand_room(credit, amount, is_debit=False)
    outcome.lines = (_enter(step, 0, outcome),)
    outcome.after = ((debit, debit.counters.copy()), (credit, credit.counters.copy()))


def _move_many(steps: list[Step], outcome: Outcome) -> None:
    moves = outcome.act.moves
    touched = {side.account_id: side for step in steps for side in step[1:3]}
    limited = [
        (account, account.available(), account.highest())
        for account in touched.values()
        if account.limited
    ]
    lines: list[Line] = []
    outcome.lines = lines
    try:
        for position, step in enumerate(steps):
            if moves and moves[position][4]:
                step = steps[position] = _balanced(step)  # noqa: PLW2901
            lines.append(_enter(step, position, outcome))
        # Only what an act makes worse can break a limit: money may always come back towards it.
        for account, available, _ in limited:
            _demand_minimum(account, available)
        for account, _, highest in limited:
            _demand_maximum(account, highest)
    except Refusing:
        undo(outcome, touched.values())
        raise
    outcome.after = [(account, account.counters.copy()) for account in touched.values()]


def undo(outcome: Outcome, accounts: Iterable[AccountState]) -> None:
    """Take an act's lines back off the accounts it touched."""
    by_id = {account.account_id: account for account in accounts}
    for debit_id, credit_id, layer, _, amount, *_ in outcome.lines:
        debit, credit = by_id[debit_id], by_id[credit_id]
        debit.counters[2 * layer] -= amount
        credit.counters[2 * layer + 1] -= amount
    outcome.lines = ()


def _enter(step: Step, position: int, outcome: Outcome) -> Line:
    layer, debit, credit, amount = step
    index = 2 * layer
    debit_after, credit_after = debit.counters, credit.counters
    debit_after[index] += amount
    credit_after[index + 1] += amount
    debit.recorded_at = credit.recorded_at = outcome.recorded_at
    return (
        debit.account_id,
        credit.account_id,
        layer,
        2 * position,
        amount,
        debit_after[index],
        debit_after[index + 1],
        credit_after[index],
        credit_after[index + 1],
    )


def _balanced(step: Step) -> Step:
    layer, debit, credit, most = step
    rooms = (debit.room(is_debit=True), credit.room(is_debit=False))
    amount = min([most, *(room for room in rooms if room is not None)])
    if amount <= 0:
        raise Refusing(Code.NOTHING_TO_MOVE)
    return (layer, debit, credit, amount)


def _demand_room(account: AccountState, amount: int, *, is_debit: bool) -> None:
    room = account.room(is_debit=is_debit)
    if room is not None and amount > room:
        if is_debit == account.credit_normal:
            raise _too_little(account, amount - room)
        raise _too_much(account, amount - room)


def _demand_minimum(account: AccountState, before: int) -> None:
    available, least = account.available(), account.min_available
    if least is not None and available < least and available < before:
        raise _too_little(account, least - available)


def _demand_maximum(account: AccountState, before: int) -> None:
    highest, most = account.highest(), account.max_available
    if most is not None and highest > most and highest > before:
        raise _too_much(account, highest - most)


def _too_little(account: AccountState, short: int) -> Refusing:
    fields = {"address": account.address, "short": str(short)}
    return Refusing(Code.EXCEEDS_AVAILABLE_BALANCE, fields)


def _too_much(account: AccountState, over: int) -> Refusing:
    return Refusing(Code.EXCEEDS_MAXIMUM_BALANCE, {"address": account.address, "over": str(over)})
