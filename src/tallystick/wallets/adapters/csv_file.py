"""Write a statement as CSV (RFC 4180), for programs and for tables.

Amounts are decimals with their sign and a point, days ISO 8601. Text that a table would take for a formula begins with
an apostrophe, which tables leave out.
"""

import csv
import io
from typing import Final

from tallystick.kernel import money
from tallystick.wallets.model import statement as model
from tallystick.wallets.model.statement import Line, Statement

COLUMNS: Final = (
    "booked_on", "value_on", "amount", "currency", "balance", "counterparty_name", "counterparty_iban",
    "remittance", "end_to_end_id", "instruction_id", "transaction",
)  # fmt: skip
# What a table takes for a formula at the beginning of a cell, also after white space that it leaves out.
_FORMULA: Final = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
                   "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip


def write(statement: Statement) -> bytes:
    """Write the lines of a statement below a line of names, in UTF-8. Raises StatementDoesNotAddUp."""
    model.adds_up(statement)
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    balance = statement.opening_minor
    for line in statement.lines:
        balance += line.change
        writer.writerow(_row(statement, line, balance))
    return written.getvalue().encode()


def _row(statement: Statement, line: Line, balance: int) -> tuple[str, ...]:
    texts = (
        statement.currency,
        money.decimal_of(balance, exponent=statement.exponent),
        *map(
            _text,
            (
                line.counterparty_name,
                line.counterparty_iban,
                line.remittance,
                line.end_to_end_id,
                line.instruction_id,
                line.reference,
            ),
        ),
    )
    amount = money.decimal_of(line.change, exponent=statement.exponent)
    return line.booked_on.isoformat(), line.value_on.isoformat(), amount, *texts


def _text(text: str | None) -> str:
    if text is None:
        return ""
    is_formula = text.lstrip().startswith(_FORMULA) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if is_formula else text
