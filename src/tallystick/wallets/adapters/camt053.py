"""Write a statement as a bank-to-customer statement, camt.053.001.08."""

import re
from typing import Any

from tallystick.kernel import instants, money
from tallystick.runtime import iso20022
from tallystick.wallets.api import StatementFormatNotSupported
from tallystick.wallets.model import statement as model
from tallystick.wallets.model.statement import Direction, Line, Statement, Total

MESSAGE = "camt.053.001.08"
# Of the schema: Max140Text, Max34Text, and the digits of an amount.
NAME_MAX = 140
ACCOUNT_ID_MAX = 34
REMITTANCE_MAX = 140
DIGITS_MAX = 18
FRACTION_DIGITS_MAX = 5

_CURRENCY = re.compile(r"[A-Z]{3}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}")


def write(statement: Statement) -> bytes:
    """Write a statement, valid against its schema, in time that grows with its lines and no faster.

    Texts longer than the schema's maximum are cut, characters that XML forbids become ``?``. Raises
    StatementDoesNotAddUp, and StatementFormatNotSupported for a currency without an ISO 4217 code,
    with more than five digits after the point, or for amounts over 18 digits.
    """
    model.adds_up(statement)
    _check_format(statement)
    root = iso20022.document(MESSAGE)
    body = iso20022.branch(root, "BkToCstmrStmt")
    header = iso20022.branch(body, "GrpHdr")
    iso20022.identifier(header, "MsgId", statement.message_id)
    iso20022.leaf(header, "CreDtTm", instants.render(statement.created_at))
    _statement(iso20022.branch(body, "Stmt"), statement)
    xml = iso20022.serialised(root)
    # The tree is as large as what the check builds: let it go first.
    del root, body, header
    iso20022.validate(xml, message=MESSAGE)
    return xml


def _check_format(statement: Statement) -> None:
    if not _CURRENCY.fullmatch(statement.currency) or statement.exponent > FRACTION_DIGITS_MAX:
        raise StatementFormatNotSupported(
            f"{MESSAGE} has no place for {statement.currency} with {statement.exponent} digits "
            "after the point; ask for the statement in another format."
        )
    largest = max(
        abs(statement.opening_minor),
        abs(statement.closing_minor),
        abs(statement.available_minor or 0),
        # No line is larger than the sum of all.
        sum(line.amount_minor for line in statement.lines),
    )
    if largest >= 10**DIGITS_MAX:
        raise StatementFormatNotSupported(
            f"{MESSAGE} has no place for amounts of more than {DIGITS_MAX} digits; ask for a "
            "shorter period or another format."
        )


def _statement(node: Any, statement: Statement) -> None:
    iso20022.identifier(node, "Id", statement.id)
    if statement.sequence_number is not None:
        iso20022.leaf(node, "ElctrncSeqNb", str(statement.sequence_number))
    iso20022.leaf(node, "CreDtTm", instants.render(statement.created_at))
    period = iso20022.branch(node, "FrToDt")
    iso20022.leaf(period, "FrDtTm", instants.render(statement.starts_at))
    # Ours ends before `ends_at`, ISO's includes its end.
    last = max(statement.starts_at, statement.ends_at - 1)
    iso20022.leaf(period, "ToDtTm", instants.render(last))
    _account(iso20022.branch(node, "Acct"), statement)
    _balance(node, statement, "OPBD", statement.opening_minor)
    _balance(node, statement, "CLBD", statement.closing_minor)
    if statement.available_minor is not None:
        _balance(node, statement, "CLAV", statement.available_minor)
    _summary(iso20022.branch(node, "TxsSummry"), statement)
    for line in statement.lines:
        _entry(iso20022.branch(node, "Ntry"), line, statement=statement)


def _account(node: Any, statement: Statement) -> None:
    _account_id(node, iban=statement.account_iban, other=statement.account_id)
    iso20022.leaf(node, "Ccy", statement.currency)
    if statement.owner_name and statement.owner_name.strip():
        owner = iso20022.branch(node, "Ownr")
        iso20022.words(owner, "Nm", statement.owner_name, length_max=NAME_MAX)


def _account_id(node: Any, *, iban: str | None, other: str) -> None:
    identification = iso20022.branch(node, "Id")
    if iban and _IBAN.fullmatch(iban):
        iso20022.leaf(identification, "IBAN", iban)
        return
    place = iso20022.branch(identification, "Othr")
    iso20022.identifier(place, "Id", other, length_max=ACCOUNT_ID_MAX)


def _balance(node: Any, statement: Statement, code: str, minor: int) -> None:
    balance = iso20022.branch(node, "Bal")
    kind = iso20022.branch(iso20022.branch(balance, "Tp"), "CdOrPrtry")
    iso20022.leaf(kind, "Cd", code)
    _amount(balance, abs(minor), statement=statement)
    iso20022.leaf(balance, "CdtDbtInd", _direction(minor))
    day = statement.opened_on if code == "OPBD" else statement.closed_on
    iso20022.leaf(iso20022.branch(balance, "Dt"), "Dt", day.isoformat())


def _summary(node: Any, statement: Statement) -> None:
    credits = model.total(statement, Direction.CREDIT)
    debits = model.total(statement, Direction.DEBIT)
    net = credits.sum_minor - debits.sum_minor
    entries = iso20022.branch(node, "TtlNtries")
    both = Total(count=credits.count + debits.count, sum_minor=credits.sum_minor + debits.sum_minor)
    _total(entries, both, exponent=statement.exponent)
    net_entry = iso20022.branch(entries, "TtlNetNtry")
    iso20022.leaf(net_entry, "Amt", money.decimal_of(abs(net), exponent=statement.exponent))
    iso20022.leaf(net_entry, "CdtDbtInd", _direction(net))
    _total(iso20022.branch(node, "TtlCdtNtries"), credits, exponent=statement.exponent)
    _total(iso20022.branch(node, "TtlDbtNtries"), debits, exponent=statement.exponent)


def _total(node: Any, total: Total, *, exponent: int) -> None:
    iso20022.leaf(node, "NbOfNtries", str(total.count))
    iso20022.leaf(node, "Sum", money.decimal_of(total.sum_minor, exponent=exponent))


def _entry(node: Any, line: Line, *, statement: Statement) -> None:
    _amount(node, line.amount_minor, statement=statement)
    iso20022.leaf(node, "CdtDbtInd", line.direction)
    iso20022.leaf(iso20022.branch(node, "Sts"), "Cd", "BOOK")
    iso20022.leaf(iso20022.branch(node, "BookgDt"), "Dt", line.booked_on.isoformat())
    iso20022.leaf(iso20022.branch(node, "ValDt"), "Dt", line.value_on.isoformat())
    iso20022.words(node, "AcctSvcrRef", line.reference, length_max=iso20022.ID_MAX)
    _transaction_code(iso20022.branch(node, "BkTxCd"), line)
    details = iso20022.branch(iso20022.branch(node, "NtryDtls"), "TxDtls")
    _references(iso20022.branch(details, "Refs"), line)
    _amount(details, line.amount_minor, statement=statement)
    iso20022.leaf(details, "CdtDbtInd", line.direction)
    _counterparty(details, line)
    if line.remittance and line.remittance.strip():
        remittance = iso20022.branch(details, "RmtInf")
        iso20022.words(remittance, "Ustrd", line.remittance, length_max=REMITTANCE_MAX)


def _transaction_code(node: Any, line: Line) -> None:
    domain = iso20022.branch(node, "Domn")
    iso20022.leaf(domain, "Cd", line.transaction_code.domain)
    family = iso20022.branch(domain, "Fmly")
    iso20022.leaf(family, "Cd", line.transaction_code.family)
    iso20022.leaf(family, "SubFmlyCd", line.transaction_code.sub_family)


def _references(node: Any, line: Line) -> None:
    iso20022.words(node, "AcctSvcrRef", line.reference, length_max=iso20022.ID_MAX)
    iso20022.words(node, "InstrId", line.instruction_id, length_max=iso20022.ID_MAX)
    iso20022.words(node, "EndToEndId", line.end_to_end_id, length_max=iso20022.ID_MAX)


def _counterparty(node: Any, line: Line) -> None:
    name, iban = (line.counterparty_name or "").strip(), line.counterparty_iban
    if not name and not iban:
        return
    # On a debit the other side is the creditor, on a credit the debtor.
    role = "Cdtr" if line.direction is Direction.DEBIT else "Dbtr"
    parties = iso20022.branch(node, "RltdPties")
    if name:
        party = iso20022.branch(iso20022.branch(parties, role), "Pty")
        iso20022.words(party, "Nm", name, length_max=NAME_MAX)
    if iban:
        _account_id(iso20022.branch(parties, f"{role}Acct"), iban=iban, other=iban)


def _amount(node: Any, minor: int, *, statement: Statement) -> None:
    amount = iso20022.leaf(node, "Amt", money.decimal_of(minor, exponent=statement.exponent))
    amount.set("Ccy", statement.currency)


def _direction(minor: int) -> str:
    return Direction.DEBIT if minor < 0 else Direction.CREDIT
