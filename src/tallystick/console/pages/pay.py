"""Paying: filled in, looked at, then sent once, however often the button is pressed."""

from typing import Annotated, Final
from urllib.parse import urlencode

from tallystick.console import paying
from tallystick.console.earlier import (
    Earlier,
    earlier_of,
    how_far,
    kept_as,
    since,
    waiting_of,
)
from tallystick.console.paying import Filled, Order
from tallystick.console.site import Site, Visit
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.kernel.money import to_int
from tallystick.kernel.problems import Kind, Problem
from tallystick.payments.api import (
    FilePreview,
    ListPayments,
    PaidLately,
    Payment,
    PreviewFile,
    SubmitFile,
)
from tallystick.runtime.routes import Reply, Route
from tallystick.wallets.api import WalletBalances, WalletOf

PATH: Final = "/pay"
# What keeps somebody out until they prove a factor, or others agree: pressing asks for it.
_ON_THE_WAY: Final = ("step_up_needed", "approval_needed")


class Begun(Message, frozen=True):
    """What a payment begins with."""

    debtor: Annotated[str, told("The IBAN of the account that pays.")] = ""
    payee: Annotated[str, told("Who is paid.")] = ""
    iban: Annotated[str, told("To which account.")] = ""


class Typed(Message, frozen=True):
    """An IBAN as it is being typed."""

    iban: Annotated[str, told("As far as it is typed.")] = ""


def routes(site: Site) -> list[Route]:
    """The routes of paying."""

    async def choose(visit: Visit) -> Reply:
        return visit.page("pay.html")

    async def begin(visit: Visit) -> Reply:
        query: Begun = visit.asked.query
        kept = {name: value for name, value in vars_of(query).items() if value}
        there = f"{PATH}/{site.ground.mint.id(paying.PREFIX)}"
        return visit.to(f"{there}?{urlencode(kept)}" if kept else there)

    async def fill_in(visit: Visit) -> Reply:
        payment = paying.payment_of(visit)
        sent = await _sent(visit, payment)
        if sent is not None:
            return visit.to(f"/payments/{sent.payment_id}")
        query: Begun = visit.asked.query
        typed = dict.fromkeys(paying.FIELDS, "") | vars_of(query)
        return await _form(visit, payment, Filled(typed=typed, wrong={}))

    async def check(visit: Visit) -> Reply:
        payment = paying.payment_of(visit)
        order = await paying.read(visit, payment)
        if isinstance(order, Filled):
            return await _form(visit, payment, order, status=422)
        # Whoever goes back after paying and has the form sent again comes to what was paid.
        sent = await _sent(visit, payment)
        if sent is not None:
            return _was_sent(visit, order, sent)
        return await _looked_at(visit, order)

    async def change(visit: Visit) -> Reply:
        payment = paying.payment_of(visit)
        typed = {name: visit.form.text(name, most=500) for name in paying.FIELDS}
        return await _form(visit, payment, Filled(typed=typed, wrong={}))

    async def send(visit: Visit) -> Reply:
        payment = paying.payment_of(visit)
        order = await paying.read(visit, payment)
        if isinstance(order, Filled):
            return await _form(visit, payment, order, status=422)
        return await _send(visit, order)

    async def look_at_iban(visit: Visit) -> Reply:
        iban = paying.plain(visit.asked.query.iban[:100])
        wrong = paying.wrong_iban(visit, iban) if iban else ""
        right = paying.grouped(iban) if iban and not wrong else ""
        return visit.page("pay_iban.html", wrong=wrong, right=right)

    one = f"{PATH}/{{message}}"
    return [
        site.get(PATH, choose),
        site.get(f"{PATH}/new", begin, query=Begun),
        site.get(f"{PATH}/iban", look_at_iban, query=Typed),
        site.get(one, fill_in, query=Begun),
        site.post(one, check),
        site.post(f"{one}/change", change),
        site.post(f"{one}/send", send),
    ]


def vars_of(query: Begun) -> dict[str, str]:
    """What a payment begins with, by the names of the form's fields."""
    return {"debtor": query.debtor[:64], "payee": query.payee[:140], "iban": query.iban[:64]}


async def _form(visit: Visit, payment: str, filled: Filled, *, status: int = 200) -> Reply:
    choices, is_all = await paying.choices(visit)
    return visit.page(
        "pay_form.html",
        status=status,
        payment=payment,
        typed=filled.typed,
        wrong=filled.wrong,
        choices=choices,
        is_all=is_all,
    )


async def _looked_at(visit: Visit, order: Order) -> Reply:
    """The page that says exactly what will happen."""
    content = await paying.written(order)
    message = PreviewFile(content=content, limit=1)
    seen = await visit.site.doors.payments.preview_file(caller=visit.caller, message=message)
    available = await _available(visit, order)
    reason = seen.transfers[0].reason if seen.transfers else seen.reason
    return visit.page(
        "pay_check.html",
        order=order,
        fields=_fields(visit, order),
        seen=seen,
        reason=reason,
        may_send=_may_send(seen) and reason is None,
        available=available,
        is_short=available is not None and to_int(available.available) < order.minor,
        iban=paying.grouped(order.iban),
        debtor_iban=paying.grouped(order.debtor.iban),
    )


def _may_send(seen: FilePreview) -> bool:
    return seen.obstacle is None or seen.obstacle.code in _ON_THE_WAY


def _fields(visit: Visit, order: Order) -> dict[str, str]:
    """What the form says again when the button is pressed; the amount as this reader would type it."""
    return {
        "debtor": order.debtor.iban,
        "payee": order.payee,
        "iban": order.iban,
        "amount": visit.reader.figures(order.minor, order.debtor.exponent),
        "minor": str(order.minor),
        "reference": order.reference,
    }


async def _send(visit: Visit, order: Order) -> Reply:
    payments = visit.site.doors.payments
    sent = await _sent(visit, order.payment)
    if sent is not None:
        return _was_sent(visit, order, sent)
    is_again = visit.form.text("again") == "yes"
    found: list[Earlier] = [] if is_again else await _like(visit, order)
    if found:
        return _warned(visit, order, found)
    message = SubmitFile(
        content=await paying.written(order), unless_paid_since=None if is_again else since(visit)
    )
    try:
        answer = await payments.submit_file(caller=visit.caller, message=message)
    except PaidLately as problem:
        # Another tab was quicker.
        known = kept_as(problem.fields["payment"])
        return _warned(visit, order, await _like(visit, order) or [known])
    made = await _sent(visit, order.payment)
    return visit.to(f"/payments/{made.payment_id}" if made else f"/files/{answer.file_id}")


def _was_sent(visit: Visit, order: Order, sent: Payment) -> Reply:
    """On to what was paid; a form that says something else than that is told so."""
    if not _is_the_same(sent, order):
        return visit.page("pay_other.html", status=409, order=order, sent=sent)
    return visit.to(f"/payments/{sent.payment_id}")


async def _like(visit: Visit, order: Order) -> list[Earlier]:
    """What was paid lately that is like it, or waits for others."""
    return [*await earlier_of(visit, order), *await waiting_of(visit, order)]


def _warned(visit: Visit, order: Order, found: list[Earlier]) -> Reply:
    """The page that says that this may be a second time."""
    return visit.page(
        "pay_again.html",
        status=409,
        order=order,
        earlier=found,
        how=how_far(found),
        fields=_fields(visit, order),
        iban=paying.grouped(order.iban),
    )


async def _sent(visit: Visit, payment: str) -> Payment | None:
    """The payment that was made of this form, if it was and the reader sees it."""
    message = ListPayments(end_to_end_id=payment, limit=1)
    try:
        page = await visit.site.doors.payments.payments(caller=visit.caller, message=message)
    except Problem as problem:
        if problem.kind != Kind.FORBIDDEN:
            raise
        return None
    return page.items[0] if page.items else None


def _is_the_same(sent: Payment, order: Order) -> bool:
    return (
        sent.debtor_iban == order.debtor.iban
        and sent.creditor_iban == order.iban
        and sent.creditor_name == order.payee
        and sent.amount is not None
        and to_int(sent.amount) == order.minor
        and (sent.remittance or "") == order.reference
    )


async def _available(visit: Visit, order: Order) -> WalletBalances | None:
    """What may be spent from the account, where the reader sees it."""
    message = WalletOf(wallet=order.debtor.wallet)
    try:
        wallet = await visit.site.doors.wallets.wallet(caller=visit.caller, message=message)
    except Problem as problem:
        if problem.kind not in (Kind.FORBIDDEN, Kind.NOT_FOUND, Kind.UNAVAILABLE):
            raise
        return None
    return next((one.balances for one in wallet.accounts if one.iban == order.debtor.iban), None)
