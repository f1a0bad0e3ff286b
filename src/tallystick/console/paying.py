"""A payment as a person fills it in: read from a form, checked as far as it can be seen, and written as a pain.001.

All of it follows from the id of the payment and what was filled in, so the same form sent again is the same file.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from schwifty import IBAN

from tallystick.console.locales import DIGITS_MAX
from tallystick.console.site import Visit
from tallystick.kernel import ids, instants
from tallystick.kernel.fields import PAGE_MAX
from tallystick.kernel.money import decimal_of
from tallystick.kernel.problems import Problem
from tallystick.runtime import iso20022
from tallystick.runtime.refusals import PathNotFound
from tallystick.wallets.api import (
    AccountStatus,
    HeldAccount,
    IbanNotValid,
    IbanOf,
    ListWallets,
    WalletAccountNotFound,
    WalletStatus,
)

PREFIX: Final = "msg"
MESSAGE: Final = "pain.001.001.09"
TEXT_MAX: Final = 140
"""Max140Text: names and what a payment is for."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An account that money can be paid from: as it is called, and as the form names it."""

    iban: str
    words: str
    asset: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """A payment that is filled in: ``minor`` is the amount in minor units of the payer's account."""

    payment: str
    debtor: HeldAccount
    payee: str
    iban: str
    minor: int
    reference: str


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a form has as it was typed, by the names of its fields, and why what is wrong is wrong."""

    typed: dict[str, str]
    wrong: dict[str, str]


FIELDS: Final = ("debtor", "payee", "iban", "amount", "reference")


def payment_of(visit: Visit) -> str:
    """The payment that the address names. Raises PathNotFound for what is no id of one."""
    name = visit.asked.path["message"]
    try:
        ids.made_at_ms(name)
    except ValueError:
        name = ""
    if not name.startswith(f"{PREFIX}_"):
        raise PathNotFound("There is nothing at this path.")
    return name


async def choices(visit: Visit) -> tuple[tuple[Choice, ...], bool]:
    """The accounts with an IBAN in open wallets that the reader sees, of 200 at most; whether that is all."""
    message = ListWallets(status=WalletStatus.OPEN, limit=PAGE_MAX)
    try:
        page = await visit.site.doors.wallets.wallets(caller=visit.caller, message=message)
    except Problem as problem:
        if problem.kind != "forbidden":
            raise
        return (), False
    found = tuple(
        Choice(
            iban=account.iban,
            words=f"{wallet.name} · {account.account} · {grouped(account.iban)}",
            asset=account.asset,
        )
        for wallet in page.items
        for account in wallet.accounts
        if account.iban is not None
    )
    return found, page.after is None


async def read(visit: Visit, payment: str) -> Order | Filled:
    """Read what was filled in, or say what is wrong with it. Raises Malformed, and what wallets refuse."""
    form, text = visit.form, visit.reader.text
    typed = {name: form.text(name, most=500) for name in FIELDS}
    wrong: dict[str, str] = {}
    debtor = await _debtor(visit, typed["debtor"])
    if debtor is None:
        wrong["debtor"] = text("pay.wrong_debtor")
    elif debtor.status is not AccountStatus.OPEN:
        wrong["debtor"] = text("pay.wrong_status")
    for name, needed in (("payee", True), ("reference", False)):
        if reason := _wrong_text(visit, typed[name], needed=needed):
            wrong[name] = reason
    iban = plain(typed["iban"])
    if reason := wrong_iban(visit, iban):
        wrong["iban"] = reason
    elif debtor is not None and iban == debtor.iban:
        wrong["iban"] = text("pay.wrong_same")
    minor = 0
    if debtor is not None:
        try:
            minor = _minor(visit, typed["amount"], debtor.exponent)
        except ValueError:
            wrong["amount"] = text("pay.wrong_amount", places=debtor.exponent, asset=debtor.asset)
    if debtor is None or wrong:
        return Filled(typed=typed, wrong=wrong)
    return Order(
        payment=payment,
        debtor=debtor,
        payee=typed["payee"],
        iban=iban,
        minor=minor,
        reference=typed["reference"],
    )


def wrong_iban(visit: Visit, iban: str) -> str:
    """Why an IBAN without spaces, in capitals, is none; '' for one that is right."""
    if not iban:
        return visit.reader.text("pay.wrong_missing")
    if not iban.isascii() or not iban.isalnum() or len(iban) > 34:
        return visit.reader.text("pay.wrong_iban")
    is_valid = bool(IBAN(iban, allow_invalid=True).is_valid)
    return "" if is_valid else visit.reader.text("pay.wrong_iban")


def plain(typed: str) -> str:
    """An IBAN as it was typed, without spaces and in capitals."""
    return "".join(typed.split()).upper()


def grouped(iban: str) -> str:
    """An IBAN in groups of four."""
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


async def written(order: Order) -> bytes:
    """The payment as a pain.001 of one transfer; the same for the same payment, whenever it is written."""
    return await asyncio.to_thread(_written, order)


def _written(order: Order) -> bytes:
    at = ids.made_at_ms(order.payment) * 1_000
    amount = decimal_of(order.minor, exponent=order.debtor.exponent)
    root = iso20022.document(MESSAGE)
    body = iso20022.branch(root, "CstmrCdtTrfInitn")
    header = iso20022.branch(body, "GrpHdr")
    iso20022.leaf(header, "MsgId", order.payment)
    iso20022.leaf(header, "CreDtTm", instants.render(at))
    iso20022.leaf(header, "NbOfTxs", "1")
    iso20022.branch(header, "InitgPty")
    block = iso20022.branch(body, "PmtInf")
    iso20022.leaf(block, "PmtInfId", order.payment)
    iso20022.leaf(block, "PmtMtd", "TRF")
    iso20022.leaf(iso20022.branch(block, "ReqdExctnDt"), "Dt", instants.day_of(at).isoformat())
    _party(block, "Dbtr", order.debtor.holder_name)
    _account(block, "DbtrAcct", order.debtor.iban)
    iso20022.branch(iso20022.branch(block, "DbtrAgt"), "FinInstnId")
    transfer = iso20022.branch(block, "CdtTrfTxInf")
    iso20022.leaf(iso20022.branch(transfer, "PmtId"), "EndToEndId", order.payment)
    instructed = iso20022.leaf(iso20022.branch(transfer, "Amt"), "InstdAmt", amount)
    instructed.set("Ccy", order.debtor.asset)
    _party(transfer, "Cdtr", order.payee)
    _account(transfer, "CdtrAcct", order.iban)
    if order.reference:
        remittance = iso20022.branch(transfer, "RmtInf")
        iso20022.words(remittance, "Ustrd", order.reference, length_max=TEXT_MAX)
    return iso20022.serialised(root)


def _party(parent: object, name: str, words: str) -> None:
    iso20022.words(iso20022.branch(parent, name), "Nm", words, length_max=TEXT_MAX)


def _account(parent: object, name: str, iban: str) -> None:
    iso20022.leaf(iso20022.branch(iso20022.branch(parent, name), "Id"), "IBAN", iban)


def _minor(visit: Visit, typed: str, exponent: int) -> int:
    """The amount: as it was read before, where a page of ours says so, else as it was typed. Raises ValueError."""
    known = visit.form.text("minor", most=DIGITS_MAX)
    if not known:
        return visit.reader.minor(typed, exponent)
    if not (known.isascii() and known.isdigit() and int(known)):
        raise ValueError("it is no amount")
    return int(known)


async def _debtor(visit: Visit, iban: str) -> HeldAccount | None:
    message = IbanOf(iban=plain(iban)[:64])
    try:
        return await visit.site.doors.wallets.account_by_iban(caller=visit.caller, message=message)
    except (IbanNotValid, WalletAccountNotFound):
        return None


def _wrong_text(visit: Visit, typed: str, *, needed: bool) -> str:
    if not typed:
        return visit.reader.text("pay.wrong_missing") if needed else ""
    if len(typed) > TEXT_MAX:
        return visit.reader.text("pay.wrong_long", most=TEXT_MAX)
    return "" if typed.isprintable() else visit.reader.text("pay.wrong_signs")
