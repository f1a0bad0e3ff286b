"""Rows and statements written as the door's answers."""

from collections.abc import Mapping

from tallystick.kernel.instants import render
from tallystick.kernel.money import to_digits
from tallystick.ledger import api as books
from tallystick.wallets.api import (
    LEDGER,
    Direction,
    HeldAccount,
    Owner,
    OwnerKind,
    Statement,
    StatementLine,
    Wallet,
    WalletAccount,
    WalletBalances,
)
from tallystick.wallets.model import statement as model
from tallystick.wallets.model import wanted
from tallystick.wallets.model.states import part_of, status_of
from tallystick.wallets.service.statements import Subject
from tallystick.wallets.store import AccountRow, HeldRow, WalletRow

Shown = Mapping[str, books.Account | None]
"""Accounts as the books show them, by address."""


def wallet(row: WalletRow, shown: Shown, *, replayed: bool = False) -> Wallet:
    """A wallet; accounts that are not shown carry no balances."""
    return Wallet(
        id=row.wallet_id,
        owner=Owner(
            kind=OwnerKind(row.owner_kind), name=row.owner_name, reference=row.owner_reference
        ),
        name=row.name,
        status=status_of(row.state),
        opened_at=render(row.opened_at),
        accounts=tuple(_account(account, shown.get(account.address)) for account in row.accounts),
        replayed=replayed,
    )


def _account(row: AccountRow, shown: books.Account | None) -> WalletAccount:
    least, most = row.limits.least, row.limits.most
    return WalletAccount(
        account=row.label,
        asset=row.asset,
        exponent=row.exponent,
        ledger=LEDGER,
        address=row.address,
        iban=row.iban,
        min_available=None if least is None else to_digits(least),
        max_available=None if most is None else to_digits(most),
        balances=None if shown is None else _balances(shown.balances),
    )


def _balances(balances: books.Balances) -> WalletBalances:
    return WalletBalances(
        posted=balances.posted, pending=balances.pending, available=balances.available
    )


def held(row: HeldRow) -> HeldAccount:
    """An account that has an IBAN."""
    return HeldAccount(
        iban=row.iban,
        wallet=row.wallet_id,
        account=wanted.label(row.asset, row.ordinal),
        ledger=LEDGER,
        address=row.address,
        asset=row.asset,
        exponent=row.exponent,
        status=part_of(row.wallet_state, account_is_open=row.is_open),
        holder_name=row.owner_name,
    )


def statement(written: model.Statement, subject: Subject) -> Statement:
    """A statement."""
    available = written.available_minor
    return Statement(
        id=written.id,
        created_at=render(written.created_at),
        starts_at=render(written.starts_at),
        ends_at=render(written.ends_at),
        wallet=subject.wallet_id,
        account=wanted.label(subject.asset, subject.ordinal),
        address=subject.address,
        holder_name=subject.holder_name,
        asset=subject.asset,
        exponent=subject.exponent,
        opening=to_digits(written.opening_minor),
        closing=to_digits(written.closing_minor),
        lines=tuple(map(_line, written.lines)),
        iban=subject.iban,
        available=None if available is None else to_digits(available),
    )


def _line(line: model.Line) -> StatementLine:
    is_credit = line.direction is model.Direction.CREDIT
    return StatementLine(
        transaction=line.reference,
        amount=to_digits(line.amount_minor),
        direction=Direction.CREDIT if is_credit else Direction.DEBIT,
        booked_on=line.booked_on,
        value_on=line.value_on,
        end_to_end_id=line.end_to_end_id,
        instruction_id=line.instruction_id,
        counterparty_name=line.counterparty_name,
        counterparty_iban=line.counterparty_iban,
        remittance=line.remittance,
    )
