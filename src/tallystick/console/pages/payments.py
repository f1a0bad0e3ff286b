"""Payments: those that were made, and of each every state it was in and why."""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode

from msgspec import structs

from tallystick.console import amounts, periods
from tallystick.console.amounts import Sum
from tallystick.console.paying import grouped
from tallystick.console.site import Site, Visit
from tallystick.console.texts import catalogue
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Malformed, malformed
from tallystick.payments.api import (
    ListPayments,
    Payment,
    PaymentOf,
    PaymentPage,
    PaymentState,
)
from tallystick.runtime.routes import Reply, Route
from tallystick.wallets.api import LEDGER

PATH: Final = "/payments"
PAGE: Final = 50
LOOKED_MAX: Final = 20
"""So often a page looks again by itself: after 1, 2, 4 … seconds, at most 30. Each look is on record."""
_SHOWN = told("As a person filled it in.")
_REASON: Final = "payments.reason_"


class Asked(Message, frozen=True):
    """Which payments are looked for."""

    state: Annotated[str, _SHOWN] = ""
    since: Annotated[str, _SHOWN] = ""
    until: Annotated[str, _SHOWN] = ""
    end_to_end_id: Annotated[str, _SHOWN] = ""
    after: Annotated[str, told("The cursor.")] = ""


class Looked(Message, frozen=True):
    """How often a page looked again."""

    looked: Annotated[int, told("How often so far.")] = 0


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A payment with its amount as it is written."""

    payment: Payment
    sum: Sum


def routes(site: Site) -> list[Route]:
    """The routes of payments that were made."""
    payments = site.doors.payments

    async def all_of_them(visit: Visit) -> Reply:
        query: Asked = visit.asked.query
        wrong: dict[str, str] = {}
        page = PaymentPage(items=())
        try:
            page = await payments.payments(caller=visit.caller, message=_wanted(visit, query))
        except Malformed as problem:
            wrong = problem.fields
        kept = {name: text for name, text in structs.asdict(query).items() if text}
        older = urlencode(kept | {"after": page.after}) if page.after else ""
        newest = urlencode({name: text for name, text in kept.items() if name != "after"})
        return visit.page(
            "payments.html",
            status=422 if wrong else 200,
            asked=query,
            wrong=wrong,
            states=("", *PaymentState),
            items=shown(page.items),
            reasons=reasons(visit),
            older=f"?{older}" if older else "",
            newest=f"?{newest}" if query.after else "",
        )

    async def one(visit: Visit) -> Reply:
        message = PaymentOf(payment_id=visit.asked.path["payment"])
        detail = await payments.payment(caller=visit.caller, message=message)
        payment, looked = detail.payment, visit.asked.query.looked
        is_open = payment.state in (PaymentState.RECEIVED, PaymentState.ACCEPTED)
        again = {
            "debtor": payment.debtor_iban or "",
            "payee": payment.creditor_name or "",
            "iban": payment.creditor_iban or "",
        }
        return visit.page(
            "payment.html",
            detail=detail,
            sum=shown((payment,))[0].sum,
            reasons=reasons(visit),
            grouped=grouped,
            ledger=LEDGER,
            again=urlencode(again),
            poll=looked + 1 if is_open and 0 <= looked < LOOKED_MAX else 0,
        )

    return [
        site.get(PATH, all_of_them, query=Asked),
        site.get(f"{PATH}/{{payment}}", one, query=Looked),
    ]


def shown(items: tuple[Payment, ...]) -> tuple[Shown, ...]:
    """Payments with their amounts as they are written."""
    return tuple(
        Shown(payment=one, sum=amounts.instructed(one.instructed_amount, one.currency, one.amount))
        for one in items
    )


def reasons(visit: Visit) -> frozenset[str]:
    """The codes that there are words for."""
    keys = catalogue(visit.reader.language)
    return frozenset(key.removeprefix(_REASON) for key in keys if key.startswith(_REASON))


def _wanted(visit: Visit, query: Asked) -> ListPayments:
    if query.state and query.state not in set(PaymentState):
        raise malformed("state", "there is no such state")
    zone = visit.reader.zone
    first, last = periods.day_of(query.since, "since"), periods.day_of(query.until, "until")
    return ListPayments(
        state=PaymentState(query.state) if query.state else None,
        end_to_end_id=query.end_to_end_id.strip() or None,
        since=None if first is None else periods.rendered(periods.begins(first, zone)),
        until=None if last is None else periods.rendered(periods.ends(last, zone) + 1),
        after=query.after or None,
        limit=PAGE,
    )
