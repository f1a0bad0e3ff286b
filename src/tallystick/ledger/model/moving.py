"""Moving counters: every step of an act or none, within the limits of every account."""

from collections.abc import Iterable

from tallystick.ledger.api import RefusalCode as Code
from tallystick.ledger.model.accounts import DISPLACED_SCANNED_MAX, RELEASED, AccountState
from tallystick.ledger.model.outcomes import Outcome, Refusing, Step


def move(steps: list[Step], outcome: Outcome) -> None:
    """Move the counters and write the lines, or raise Refusing with every counter as it was."""
    moves = outcome.act.moves
    if len(steps) == 1 and not (moves and moves[0][4]):
        _move_one(steps[0], outcome)
    else:
        _move_many(steps, outcome)


def _move_one(step: Step, outcome: Outcome) -> None:
    layer, debit, credit, amount = step
    if layer != RELEASED:
        _demand_room(debit, amount, is_debit=True)
        _demand_room(credit, amount, is_debit=False)
    _enter(step, 0, outcome)
    outcome.after = ((debit, list(debit.counters)), (credit, list(credit.counters)))


def _move_many(steps: list[Step], outcome: Outcome) -> None:
    moves = outcome.act.moves
    touched = {side.account_id: side for step in steps for side in step[1:3]}
    limited = [
        (account, account.available(), account.highest())
        for account in touched.values()
        if account.limited
    ]
    try:
        for position, step in enumerate(steps):
            if moves and moves[position][4]:
                step = steps[position] = _balanced(step)  # noqa: PLW2901
            _enter(step, position, outcome)
        for account, available, highest in limited:
            _demand_limits(account, available, highest)
    except Refusing:
        undo(outcome, touched.values())
        raise
    outcome.after = [(account, list(account.counters)) for account in touched.values()]


def undo(outcome: Outcome, accounts: Iterable[AccountState]) -> None:
    """Take an act's lines back off the accounts it touched."""
    by_id = {account.account_id: account for account in accounts}
    for account_id, _, _, layer, _, displaced, is_debit, amount, _, _ in outcome.lines:
        account = by_id[account_id]
        account.counters[2 * layer + (not is_debit)] -= amount
        account.displaced -= displaced > 0
    outcome.lines = []


def _enter(step: Step, position: int, outcome: Outcome) -> None:
    layer, debit, credit, amount = step
    recorded_at, effective_at, index = outcome.recorded_at, outcome.effective_at, 2 * layer
    mark = 0
    for account, is_debit in ((debit, True), (credit, False)):
        counters = account.counters
        counters[index + (not is_debit)] += amount
        if effective_at != recorded_at:
            account.displaced += 1
            mark = 1 if account.displaced <= DISPLACED_SCANNED_MAX else 2
        account.recorded_at = recorded_at
        outcome.lines.append(
            (
                account.account_id,
                recorded_at,
                effective_at,
                layer,
                2 * position + (not is_debit),
                mark,
                is_debit,
                amount,
                counters[index],
                counters[index + 1],
            )
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


def _demand_limits(account: AccountState, available_before: int, highest_before: int) -> None:
    # Only what an act makes worse can break a limit: money may always come back towards it.
    available, highest = account.available(), account.highest()
    least, most = account.min_available, account.max_available
    if least is not None and available < least and available < available_before:
        raise _too_little(account, least - available)
    if most is not None and highest > most and highest > highest_before:
        raise _too_much(account, highest - most)


def _too_little(account: AccountState, short: int) -> Refusing:
    fields = {"address": account.address, "short": str(short)}
    return Refusing(Code.EXCEEDS_AVAILABLE_BALANCE, fields)


def _too_much(account: AccountState, over: int) -> Refusing:
    return Refusing(Code.EXCEEDS_MAXIMUM_BALANCE, {"address": account.address, "over": str(over)})
