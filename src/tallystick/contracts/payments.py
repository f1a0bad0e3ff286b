"""The contract of payments: its essential promises. Bounds of sizes, all reason codes and lists are not covered yet."""

from typing import Final
from xml.etree import ElementTree

from tallystick.contracts.promises import Contract, World, refused, same
from tallystick.kernel.money import to_int
from tallystick.payments.api import (
    FileOf,
    ListPayments,
    PaymentFileNotFound,
    PaymentNotFound,
    PaymentOf,
    Payments,
    PaymentState,
    ReportOf,
    SubmitFile,
)
from tallystick.runtime import iso20022
from tallystick.runtime.iso20022 import SchemaViolation, XmlIsMalformed
from tallystick.wallets.api import AccountWanted, OpenWallet, Owner, OwnerKind, WalletOf, Wallets

CONTRACT: Final = Contract(Payments)
REPORT: Final = "pain.002.001.10"


async def _two(world: World, name: str, *, money: int) -> tuple[str, str]:
    """Open a wallet with money and one without; answers their IBANs."""
    wallets: Wallets = world.doors["wallets"]
    ibans = world.iban(), world.iban()
    for wallet, iban in zip((f"{name}-a", f"{name}-b"), ibans, strict=True):
        account = AccountWanted(asset="EUR", exponent=2, iban=iban)
        owner = Owner(kind=OwnerKind.COMPANY, name=wallet)
        message = OpenWallet(id=wallet, owner=owner, name=wallet, accounts=(account,))
        await wallets.open(caller=world.caller, message=message)
    if money:
        await world.pay(f"wallets:{name}-a:eur", money)
    return ibans


async def _balance(world: World, wallet: str) -> int:
    wallets: Wallets = world.doors["wallets"]
    found = await wallets.wallet(caller=world.caller, message=WalletOf(wallet=wallet))
    balances = found.accounts[0].balances
    return to_int(balances.posted) if balances else 0


def _file(name: str, debtor: str, creditor: str, *amounts: str) -> bytes:
    transfers = "".join(
        f"<CdtTrfTxInf><PmtId><EndToEndId>{name}-{number}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="EUR">{amount}</InstdAmt></Amt><Cdtr><Nm>Payee</Nm></Cdtr>'
        f"<CdtrAcct><Id><IBAN>{creditor}</IBAN></Id></CdtrAcct></CdtTrfTxInf>"
        for number, amount in enumerate(amounts)
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn><GrpHdr>'
        f"<MsgId>{name}</MsgId><CreDtTm>2026-01-15T09:30:00Z</CreDtTm><NbOfTxs>{len(amounts)}</NbOfTxs>"
        "<InitgPty/></GrpHdr><PmtInf><PmtInfId>B</PmtInfId><PmtMtd>TRF</PmtMtd>"
        "<ReqdExctnDt><Dt>2026-01-15</Dt></ReqdExctnDt><Dbtr><Nm>Payer</Nm></Dbtr>"
        f"<DbtrAcct><Id><IBAN>{debtor}</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId/></DbtrAgt>"
        f"{transfers}</PmtInf></CstmrCdtTrfInitn></Document>"
    ).encode()


def _texts(report: bytes, name: str) -> list[str | None]:
    root = ElementTree.fromstring(report)  # noqa: S314 - it followed its schema before, which has no entities
    return [one.text for one in root.iterfind(f".//{{*}}{name}")]


@CONTRACT.reaching
async def answers(payments: Payments, world: World) -> None:
    """List payments."""
    await payments.payments(caller=world.caller, message=ListPayments())


@CONTRACT.promise
async def a_file_is_paid_once(payments: Payments, world: World) -> None:
    """A file is paid once: sent again it pays nothing and answers the same report."""
    debtor, creditor = await _two(world, "once", money=1_000)
    message = SubmitFile(content=_file("once", debtor, creditor, "2.50", "1.25"))
    first = await payments.submit_file(caller=world.caller, message=message)
    same((first.status, first.replayed, first.payments.settled), ("ACSC", False, 2), "first")
    again = await payments.submit_file(caller=world.caller, message=message)
    same((again.file_id, again.replayed), (first.file_id, True), "sent again")
    same(again.report, first.report, "the report of the repetition")
    same(await _balance(world, "once-a"), 625, "what the payer has then")
    same(await _balance(world, "once-b"), 375, "what the payee has then")


@CONTRACT.promise
async def what_is_not_there_is_not_paid(payments: Payments, world: World) -> None:
    """What the account does not have is rejected with AM04, line by line, and the rest is paid."""
    debtor, creditor = await _two(world, "poor", money=100)
    message = SubmitFile(content=_file("poor", debtor, creditor, "0.60", "0.60", "0.40"))
    answer = await payments.submit_file(caller=world.caller, message=message)
    counts = (answer.payments.settled, answer.payments.rejected)
    same((answer.status, counts), ("PART", (2, 1)), "the file")
    same(_texts(answer.report, "Cd"), ["AM04"], "the reasons in its report")
    same(
        (await _balance(world, "poor-a"), await _balance(world, "poor-b")),
        (0, 100),
        "what each has",
    )


@CONTRACT.promise
async def reports_follow_their_schema(payments: Payments, world: World) -> None:
    """A report is pain.002, valid against its schema, and final the same bytes every time."""
    debtor, creditor = await _two(world, "told", money=100)
    message = SubmitFile(content=_file("told", debtor, creditor, "0.10"))
    answer = await payments.submit_file(caller=world.caller, message=message)
    named = ReportOf(file_id=answer.file_id)
    report = await payments.report(caller=world.caller, message=named)
    same((report.final, report.content), (True, answer.report), "the report, asked for")
    iso20022.validate(report.content, message=REPORT)


@CONTRACT.promise
async def a_name_is_used_once(payments: Payments, world: World) -> None:
    """Another file under a name that its debtor has used is rejected with DU01, and pays nothing."""
    debtor, creditor = await _two(world, "name", money=100)
    first = SubmitFile(content=_file("name", debtor, creditor, "0.10"))
    await payments.submit_file(caller=world.caller, message=first)
    other = SubmitFile(content=_file("name", debtor, creditor, "0.20"))
    answer = await payments.submit_file(caller=world.caller, message=other)
    same((answer.status, answer.replayed), ("RJCT", False), "the other file")
    same(_texts(answer.report, "Cd")[:1], ["DU01"], "its reason")
    same(await _balance(world, "name-b"), 10, "what the payee has then")


@CONTRACT.promise
async def what_is_no_file_leaves_nothing(payments: Payments, world: World) -> None:
    """What cannot be read, or breaks its schema, is refused and leaves nothing behind."""
    debtor, creditor = await _two(world, "bad", money=100)
    whole = _file("bad", debtor, creditor, "0.10")
    with refused(XmlIsMalformed, "half a file"):
        await payments.submit_file(caller=world.caller, message=SubmitFile(content=whole[:-40]))
    broken = whole.replace(b"<PmtMtd>TRF</PmtMtd>", b"")
    with refused(SchemaViolation, "a file that breaks its schema"):
        await payments.submit_file(caller=world.caller, message=SubmitFile(content=broken))
    same(await _balance(world, "bad-b"), 0, "what the payee has then")
    listed = ListPayments(end_to_end_id="bad-0")
    found = await payments.payments(caller=world.caller, message=listed)
    same(found.items, (), "the payments of what was refused")


@CONTRACT.promise
async def payments_tell_their_way(payments: Payments, world: World) -> None:
    """A payment shows every move it made, and its file shows it."""
    debtor, creditor = await _two(world, "way", money=100)
    message = SubmitFile(content=_file("way", debtor, creditor, "0.10"))
    answer = await payments.submit_file(caller=world.caller, message=message)
    shown = await payments.file(caller=world.caller, message=FileOf(file_id=answer.file_id))
    same(len(shown.payments), 1, "how many payments the file has")
    named = PaymentOf(payment_id=shown.payments[0].payment_id)
    found = await payments.payment(caller=world.caller, message=named)
    same(found.payment, shown.payments[0], "the payment, alone and in its file")
    same(found.payment.state, PaymentState.SETTLED, "where it stands")
    last = found.transitions[-1]
    same(last.state_after, PaymentState.SETTLED, "where its last move led")
    same([one.number for one in found.transitions], list(range(1, last.number + 1)), "its moves")


@CONTRACT.promise
async def payments_keep_tenants_apart(payments: Payments, world: World) -> None:
    """Nothing of a tenant's payments is found by another."""
    debtor, creditor = await _two(world, "wall", money=100)
    message = SubmitFile(content=_file("wall", debtor, creditor, "0.10"))
    answer = await payments.submit_file(caller=world.caller, message=message)
    shown = await payments.file(caller=world.caller, message=FileOf(file_id=answer.file_id))
    with refused(PaymentFileNotFound, "another tenant's file"):
        await payments.file(caller=world.stranger, message=FileOf(file_id=answer.file_id))
    with refused(PaymentFileNotFound, "another tenant's report"):
        await payments.report(caller=world.stranger, message=ReportOf(file_id=answer.file_id))
    with refused(PaymentNotFound, "another tenant's payment"):
        named = PaymentOf(payment_id=shown.payments[0].payment_id)
        await payments.payment(caller=world.stranger, message=named)
    found = await payments.payments(caller=world.stranger, message=ListPayments())
    same(found.items, (), "what another tenant is listed")
