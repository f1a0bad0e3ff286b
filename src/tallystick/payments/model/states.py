"""The states of a payment as a table. What is settled or rejected stays so."""

from enum import StrEnum

from tallystick.payments.api import PaymentState as State


class Event(StrEnum):
    """What moves a payment: screening accepts or rejects it, the rail settles or rejects it."""

    ACCEPT = "accept"
    SETTLE = "settle"
    REJECT = "reject"


NEXT: dict[tuple[State, Event], State] = {
    (State.RECEIVED, Event.ACCEPT): State.ACCEPTED,
    (State.RECEIVED, Event.REJECT): State.REJECTED,
    (State.ACCEPTED, Event.SETTLE): State.SETTLED,
    (State.ACCEPTED, Event.REJECT): State.REJECTED,
}
"""State and event to the next state; a pair that is not here does not happen."""
