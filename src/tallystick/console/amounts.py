"""Amounts of payments and of what others agree to, with the digits they are written with."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from tallystick.kernel.fields import EXPONENT_MAX
from tallystick.kernel.money import Digits, exponent_of, minor_of, to_int

_WHAT_MAX: Final = 200_000


class Sum(NamedTuple):
    """An amount in minor units, and how many digits of it stand after the point; None where nobody says so."""

    minor: int
    exponent: int | None
    asset: str


def instructed(decimal: str, currency: str, minor: Digits | None) -> Sum:
    """An amount that was instructed as a decimal: with its account's digits, or as it was written where it has none."""
    if minor is not None:
        number = to_int(minor)
        for exponent in range(EXPONENT_MAX + 1):
            if _is(decimal, number, exponent):
                return Sum(number, exponent, currency)
    whole, _, places = decimal.partition(".")
    return Sum(int(f"{whole}{places}" or "0"), len(places), currency)


def _is(decimal: str, minor: int, exponent: int) -> bool:
    try:
        return minor_of(decimal, exponent=exponent) == minor
    except ValueError:
        return False


def asked(told: Mapping[str, Any]) -> tuple[Sum, ...]:
    """What is asked to be moved, from all that is told to those who are to agree."""
    if told.get("asset"):
        sums = [(str(told.get("amount", "")), str(told["asset"]))]
    else:
        given: Sequence[Any] = told.get("sums", ())
        sums = [(amount, asset) for amount, _, asset in (str(one).partition(" ") for one in given)]
    written = _written(told)
    return tuple(
        Sum(int(amount), _exponent(int(amount), asset, written), asset)
        for amount, asset in sums
        if amount.isdigit()
    )


class Line(NamedTuple):
    """Who would pay whom how much: accounts and names as they were written."""

    payer: str
    payee: str
    sum: Sum


class Largest(NamedTuple):
    """Of one asset: how many lines there are, and the largest of them."""

    lines: int
    line: Line


def lines(told: Mapping[str, Any]) -> tuple[Line, ...]:
    """What would be paid, the largest first of each asset."""
    found: list[Line] = []
    exponents = {one.asset: one.exponent for one in asked(told)}
    payers: Sequence[Any] = told.get("payers") or ("",)
    for place, one in enumerate(told.get("payees", ())):
        name, amount, asset = (["", "", *str(one).rsplit(" ", 2)])[-3:]
        payer = str(payers[place] if place < len(payers) else payers[0])
        whole = Sum(int(amount) if amount.isdigit() else 0, exponents.get(asset), asset)
        found.append(Line(payer, name, whole))
    return tuple(sorted(found, key=lambda line: (line.sum.asset, -line.sum.minor)))


def largest(lines: Sequence[Line]) -> tuple[Largest, ...]:
    """Of each asset the largest line; ``lines`` are the largest first."""
    found: dict[str, Largest] = {}
    for one in lines:
        before = found.get(one.sum.asset, Largest(0, one))
        found[one.sum.asset] = Largest(before.lines + 1, before.line)
    return tuple(found.values())


class _Transfer(msgspec.Struct):
    amount: str
    currency: str
    remittance_unstructured: tuple[str, ...] = ()
    creditor_iban: str | None = None
    creditor_name: str | None = None
    end_to_end_id: str = ""


class _Block(msgspec.Struct):
    transactions: tuple[_Transfer, ...]
    debtor_iban: str | None = None
    debtor_name: str | None = None


class Initiation(msgspec.Struct):
    """What is told of a file of payments, as far as it is shown."""

    message_id: str
    blocks: tuple[_Block, ...]


def initiation(told: Mapping[str, Any]) -> Initiation | None:
    """The file of payments that is asked for, where all of it is told."""
    text = told.get("what")
    if not isinstance(text, str) or len(text) > _WHAT_MAX:
        return None
    try:
        return msgspec.json.decode(text, type=Initiation)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def _written(told: Mapping[str, Any]) -> dict[str, list[str]]:
    """The decimals of a file of payments by currency."""
    found, decimals = initiation(told), dict[str, list[str]]()
    for block in found.blocks if found else ():
        for one in block.transactions:
            decimals.setdefault(one.currency, []).append(one.amount)
    return decimals


def _exponent(minor: int, asset: str, written: Mapping[str, Sequence[str]]) -> int | None:
    for exponent in range(EXPONENT_MAX + 1) if asset in written else ():
        try:
            if sum(minor_of(one, exponent=exponent) for one in written[asset]) == minor:
                return exponent
        except ValueError:
            continue
    try:
        return exponent_of(asset)
    except ValueError:
        return None


def of_minor(minor: Digits, exponent: int, asset: str) -> Sum:
    """An amount whose digits are known."""
    return Sum(to_int(minor), exponent, asset)
