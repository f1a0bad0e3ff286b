"""Write a statement as a PDF: set by Typst with the fonts it carries, the same bytes for the same statement.

What others wrote goes to Typst as data and is never read as its code. The file is PDF/A-2a and PDF/UA-1: it can be kept
for good, and read aloud. Letters that its fonts do not have become ``?``.
"""

import functools
import re
import unicodedata
from datetime import date
from importlib.resources import files
from typing import Final

import msgspec
import typst

from tallystick.kernel import instants, money
from tallystick.wallets.api import StatementFormatNotSupported, StatementTooLong
from tallystick.wallets.model import statement as model
from tallystick.wallets.model.statement import Direction, Line, Statement, total

LINES_MAX: Final = 2_000
"""A line takes a millisecond or two to set: a statement with more of them is written in another format."""
DIGITS_MAX: Final = 30
STANDARDS: Final = ("a-2a", "ua-1")
# So many characters without a space fit into a line of a cell; a longer word may be broken anywhere after that.
_WORD: Final = 12
_BREAK: Final = "\N{ZERO WIDTH SPACE}"
_TEMPLATE: Final = files("tallystick.wallets.adapters").joinpath("statement.typ").read_bytes()
# What the fonts of Typst have of Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic and Georgian letters, and of signs.
_SHOWN: Final = re.compile(
    "[^ -~\u00a0-\u00ac\u00ae-\u0377\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u0482\u048a-\u04ff"
    "\u0531-\u0556\u0559-\u058a\u05d0-\u05ea\u0621-\u063a\u0641-\u064a\u0660-\u066d\u10d0-\u10ff"
    "\u1e00-\u1f15\u2010-\u2027\u2030-\u2040\u20a0-\u20c0]"
)
_LONG: Final = re.compile(rf"\S{{{_WORD}}}(?=\S)")


def write(statement: Statement) -> bytes:
    """Write a statement. It takes a millisecond or two a line, and others run meanwhile where this is in a thread.

    Raises StatementDoesNotAddUp, StatementTooLong over 2,000 lines, StatementFormatNotSupported for amounts that are
    too long for a column.
    """
    model.adds_up(statement)
    if len(statement.lines) > LINES_MAX:
        raise StatementTooLong(
            f"a PDF has at most {LINES_MAX} lines; ask for a shorter period or another format",
            {"lines_max": str(LINES_MAX)},
        )
    _check_digits(statement)
    compiler = typst.Compiler(
        _TEMPLATE,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"statement": msgspec.json.encode(_told(statement)).decode()},
    )
    # The day after the last one, so that a statement of a period that is over is the same whenever it is written.
    at = statement.ends_at // instants.SECOND
    pdf = compiler.compile(format="pdf", pdf_standards=list(STANDARDS), timestamp=at)
    assert isinstance(pdf, bytes), "it is one document"
    return pdf


@functools.cache
def _fonts() -> typst.Fonts:
    """The fonts in Typst's own package, and none of this machine: they are the same everywhere."""
    return typst.Fonts(include_system_fonts=False)


def _check_digits(statement: Statement) -> None:
    largest = max(
        abs(statement.opening_minor),
        abs(statement.closing_minor),
        sum(line.amount_minor for line in statement.lines),
    )
    if largest >= 10**DIGITS_MAX:
        raise StatementFormatNotSupported(
            f"a PDF has no room for amounts of more than {DIGITS_MAX} digits; ask for another format."
        )


def _told(statement: Statement) -> dict[str, object]:
    """All that the template shows, as texts."""
    is_over = statement.available_minor is not None

    def amount(minor: int) -> str:
        return _figures(minor, statement.exponent)

    received, sent = total(statement, Direction.CREDIT), total(statement, Direction.DEBIT)
    sums = [
        (f"Balance before {_day(statement.opened_on)}", amount(statement.opening_minor)),
        (f"Out ({sent.count})", amount(-sent.sum_minor)),
        (f"In ({received.count})", amount(received.sum_minor)),
        (
            f"Balance {'after' if is_over else 'on'} {_day(statement.closed_on)}",
            amount(statement.closing_minor),
        ),
    ]
    closing = len(sums) - 1
    if statement.available_minor is not None:
        sums.append(("Available then", amount(statement.available_minor)))
    account = [("Holder", _shown(statement.owner_name or "")), ("Currency", statement.currency)]
    iban = statement.account_iban
    account.insert(
        1, ("IBAN", _grouped(iban)) if iban else ("Account", _shown(statement.account_id))
    )
    number = statement.sequence_number
    return {
        "title": "Account statement",
        "author": "Tallystick",
        "number": "" if number is None else f"No. {number}",
        "period": _period(statement),
        "account": account,
        "sums": sums,
        "closing": closing,
        "heading": "Entries",
        "nothing": "Nothing was recorded in this period.",
        "columns": ["Booked", "Value", "With whom, what for", "Out", "In", "Balance"],
        "lines": _lines(statement),
        "closing-words": f"All amounts in {statement.currency}. Days are those of UTC. An entry is booked on the "
        "day it was recorded, and of value on the day it counts from.",
        "footer": f"{statement.id} · {_shown(statement.account_iban or statement.account_id)}",
    }


def _period(statement: Statement) -> str:
    first, last = statement.opened_on, statement.closed_on
    days = _day(first) if first == last else f"{_day(first)} to {_day(last)}"
    return days if statement.available_minor is not None else f"{days}, not over yet"


def _lines(statement: Statement) -> list[tuple[object, ...]]:
    balance = statement.opening_minor
    told: list[tuple[object, ...]] = []
    for line in statement.lines:
        balance += line.change
        amount = _figures(line.amount_minor, statement.exponent)
        is_in = line.direction is Direction.CREDIT
        told.append(
            (
                line.booked_on.strftime("%d.%m.%Y"),
                line.value_on.strftime("%d.%m.%Y"),
                *_words(line),
                "" if is_in else amount,
                amount if is_in else "",
                _figures(balance, statement.exponent),
            )
        )
    return told


def _words(line: Line) -> tuple[str, str, str]:
    """Who is on the other side, what it was for, and how both sides call it."""
    name, iban = line.counterparty_name, line.counterparty_iban
    who = name or _grouped(iban or "") or line.reference
    told = (
        _grouped(iban) if iban and name else "",
        f"Reference {line.end_to_end_id}" if line.end_to_end_id else "",
        line.reference if who != line.reference else "",
    )
    notes = " · ".join(words for words in told if words)
    return _shown(who), _shown(line.remittance or ""), _shown(notes)


def _shown(text: str) -> str:
    """A text with the letters that there are, and places to break what is too long for a line."""
    plain = _SHOWN.sub("?", unicodedata.normalize("NFC", text))
    return _LONG.sub(lambda found: found[0] + _BREAK, plain)


def _figures(minor: int, exponent: int) -> str:
    sign = "\N{MINUS SIGN}" if minor < 0 else ""
    whole, point, places = money.decimal_of(abs(minor), exponent=exponent).partition(".")
    return f"{sign}{int(whole):,}{point}{places}"


def _grouped(iban: str) -> str:
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
