"""What the payments of a file say that their permission depends on: accounts, amounts, and who is paid."""

from tallystick.kernel.actions import Facts, Sum, payers_of
from tallystick.payments.model.intake import Held
from tallystick.payments.model.screening import Screening


def facts_of_payments(screened: Screening, held: Held) -> Facts | None:
    """The facts of all payments that would be made; None when none would be.

    ``on`` is the message's id, which a debtor account uses once, so that what is agreed to is paid once.
    """
    debits: dict[str, None] = {}
    credits: dict[str, None] = {}
    largest: dict[str, int] = {}
    total: dict[str, int] = {}
    payees: list[str] = []
    payers: list[str] = []
    accounts: dict[str, None] = {}
    for block, one in screened.accepted():
        for iban, into in (
            (block.debtor_iban, debits),
            (one.transfer.creditor_iban, credits),
        ):
            account = held.get((iban or "").upper())
            if account is not None:
                into[account.address] = None
        currency = one.transfer.currency
        largest[currency] = max(one.amount_minor, largest.get(currency, 0))
        total[currency] = one.amount_minor + total.get(currency, 0)
        named = (
            f"{one.transfer.creditor_iban or 'no IBAN'} {one.transfer.creditor_name or ''}".strip()
        )
        payees.append(f"{named} {one.amount_minor} {currency}")
        payers.append(f"{block.debtor_iban or 'no IBAN'} {block.debtor_name or ''}".strip())
        accounts[named] = None
    if not total:
        return None
    return Facts(
        accounts=tuple(debits),
        credits=tuple(credits),
        sums=tuple(
            Sum(asset=currency, largest=largest[currency], total=total[currency])
            for currency in sorted(total)
        ),
        on=screened.initiation.message_id,
        payee=next(iter(accounts)) if len(accounts) == 1 else f"{len(accounts)} payees",
        payees=tuple(payees),
        payers=payers_of(payers),
    )
