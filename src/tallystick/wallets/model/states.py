"""The states of a wallet as a table. What ends in -ing is an intent: the books are told, then it is done or refused."""

from enum import StrEnum

from tallystick.wallets.api import AccountStatus, WalletStatus


class State(StrEnum):
    """Where a wallet stands, more finely than its status: an intent remembers where a refusal leads back to."""

    OPENING = "opening"
    OPEN = "open"
    ADDING = "adding"
    LIMITING = "limiting"
    FREEZING = "freezing"
    FROZEN = "frozen"
    LIMITING_FROZEN = "limiting_frozen"
    UNFREEZING = "unfreezing"
    CLOSING = "closing"
    CLOSING_FROZEN = "closing_frozen"
    CLOSED = "closed"
    REOPENING = "reopening"
    REFUSED = "refused"


class Event(StrEnum):
    """What moves a wallet: what its caller asks, and the two outcomes of an intent."""

    OPEN = "open"
    ADD = "add"
    LIMIT = "limit"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    CLOSE = "close"
    REOPEN = "reopen"
    DONE = "done"
    REFUSE = "refuse"


NEXT: dict[tuple[State, Event], State] = {
    (State.REFUSED, Event.OPEN): State.OPENING,
    (State.OPENING, Event.DONE): State.OPEN,
    (State.OPENING, Event.REFUSE): State.REFUSED,
    (State.OPEN, Event.ADD): State.ADDING,
    (State.ADDING, Event.DONE): State.OPEN,
    (State.ADDING, Event.REFUSE): State.OPEN,
    (State.OPEN, Event.LIMIT): State.LIMITING,
    (State.LIMITING, Event.DONE): State.OPEN,
    (State.FROZEN, Event.LIMIT): State.LIMITING_FROZEN,
    (State.LIMITING_FROZEN, Event.DONE): State.FROZEN,
    (State.OPEN, Event.FREEZE): State.FREEZING,
    (State.FREEZING, Event.DONE): State.FROZEN,
    (State.FROZEN, Event.UNFREEZE): State.UNFREEZING,
    (State.UNFREEZING, Event.DONE): State.OPEN,
    (State.OPEN, Event.CLOSE): State.CLOSING,
    (State.CLOSING, Event.DONE): State.CLOSED,
    (State.CLOSING, Event.REFUSE): State.OPEN,
    (State.FROZEN, Event.CLOSE): State.CLOSING_FROZEN,
    (State.CLOSING_FROZEN, Event.DONE): State.CLOSED,
    (State.CLOSING_FROZEN, Event.REFUSE): State.FROZEN,
    (State.CLOSED, Event.REOPEN): State.REOPENING,
    (State.REOPENING, Event.DONE): State.OPEN,
}
"""State and event to the next state; a pair that is not here does not happen."""

SETTLED = frozenset({State.OPEN, State.FROZEN, State.CLOSED, State.REFUSED})
"""The states that wait for a caller; every other waits for the books."""

REACHED = {
    Event.FREEZE: State.FROZEN,
    Event.UNFREEZE: State.OPEN,
    Event.CLOSE: State.CLOSED,
    Event.REOPEN: State.OPEN,
}
"""Where an event wants to lead: asked for in that state, it changes nothing."""

_STATUS = {
    State.ADDING: WalletStatus.OPEN,
    State.LIMITING: WalletStatus.OPEN,
    State.LIMITING_FROZEN: WalletStatus.FROZEN,
    State.CLOSING_FROZEN: WalletStatus.CLOSING,
}


def status_of(state: State) -> WalletStatus:
    """The status a caller sees."""
    return _STATUS.get(state) or WalletStatus(state.value)


def states_of(status: WalletStatus) -> list[State]:
    """The states a caller sees as one status."""
    return [state for state in State if status_of(state) is status]


def part_of(state: State, *, account_is_open: bool) -> AccountStatus:
    """Whether an account takes part in payments: on its way anywhere it does not."""
    status = status_of(state)
    if status is WalletStatus.OPEN and account_is_open:
        return AccountStatus.OPEN
    is_closed = status in (WalletStatus.CLOSED, WalletStatus.REOPENING, WalletStatus.REFUSED)
    return AccountStatus.CLOSED if is_closed else AccountStatus.FROZEN
