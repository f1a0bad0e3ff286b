"""What somebody paid lately: a second payment like it, under another id, is asked about before it is made."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tallystick.console.amounts import asked
from tallystick.console.asking import part
from tallystick.console.paying import Order
from tallystick.console.site import Visit
from tallystick.identity.api.approvals import ListApprovals, Which
from tallystick.kernel import ids, instants
from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.instants import SECOND, Instant
from tallystick.kernel.money import to_digits
from tallystick.payments.api import ListPayments, PaymentOf

LATELY: Final[Instant] = 600 * SECOND
# Of payments alike within ten minutes so many are looked at, the newest first.
LOOKED_AT_MAX: Final = 5
_OPEN: Final = ("waiting", "agreed")


class Earlier(NamedTuple):
    """A payment like it: where it is shown, when it was asked for, and where it stands."""

    path: str
    at: str
    state: str


def since(visit: Visit) -> str:
    """From when on payments are looked at."""
    return instants.render(visit.site.ground.clock.now() - LATELY)


def kept_as(payment: str) -> Earlier:
    """A payment of which only the id is known: it was kept, and is not rejected."""
    at = instants.render(ids.made_at_ms(payment) * 1_000)
    return Earlier(f"/payments/{payment}", at, "accepted")


def how_far(found: Sequence[Earlier]) -> str:
    """How far the furthest of them is: ``paid``, ``waiting`` for others, or ``rejected``."""
    states = {one.state for one in found}
    if states - {"rejected", *_OPEN}:
        return "paid"
    return "waiting" if states & set(_OPEN) else "rejected"


async def earlier_of(visit: Visit, order: Order) -> list[Earlier]:
    """Payments of the reader's own within ten minutes from the same account, to the same payee, of the same amount."""
    payments = visit.site.doors.payments
    message = ListPayments(
        debtor=order.debtor.address,
        creditor_iban=order.iban,
        amount=to_digits(order.minor),
        since=since(visit),
        limit=LOOKED_AT_MAX,
    )
    page = (await part(payments.payments(caller=visit.caller, message=message))).answer
    found: list[Earlier] = []
    for one in page.items if page else ():
        if one.end_to_end_id == order.payment:
            continue
        detail = await payments.payment(
            caller=visit.caller, message=PaymentOf(payment_id=one.payment_id)
        )
        if detail.transitions[0].actor == visit.caller.actor:
            found.append(Earlier(f"/payments/{one.payment_id}", one.received_at, one.state))
    return found


async def waiting_of(visit: Visit, order: Order) -> list[Earlier]:
    """The same of payments that others have not agreed to yet."""
    since_ms = (visit.site.ground.clock.now() - LATELY) // 1_000
    # Ids sort by time, so a list that begins after this one has what was asked for since then.
    after = ids.make("apr", now_ms=since_ms, entropy=bytes(ids.ENTROPY_BYTES))
    message = ListApprovals(which=Which.MINE, after=after, limit=PAGE_MAX)
    approvals = visit.site.doors.approvals
    page = (await part(approvals.approvals(caller=visit.caller, message=message))).answer
    return [
        Earlier(f"/approvals/{one.approval}", one.created_at, one.status)
        for one in (page.items if page else ())
        if one.status in _OPEN
        and one.asked.get("payment") not in (None, order.payment)
        and str(one.asked.get("payee", "")).startswith(order.iban)
        and [(of.minor, of.asset) for of in asked(one.asked)] == [(order.minor, order.debtor.asset)]
    ]
