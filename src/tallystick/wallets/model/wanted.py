"""Messages read into values that are well-formed, or refused with the name of the field."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

import msgspec

from tallystick.kernel import instants
from tallystick.kernel.fields import EXPONENT_MAX, PAGE_MAX
from tallystick.kernel.instants import Instant
from tallystick.kernel.limits import Limits, limits_of
from tallystick.kernel.money import exponent_of, fits_iso
from tallystick.kernel.problems import malformed
from tallystick.wallets.api import (
    ACCOUNTS_MAX,
    TEXT_MAX,
    AccountNeedsAnIban,
    AccountWanted,
    OpenWallet,
    OwnerKind,
)

OUR_PREFIX = "wal_"
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_ASSET = re.compile(r"[A-Z0-9._]{1,16}")
_LABEL = re.compile(r"([A-Z0-9._]{1,16})(?::([1-9][0-9]?))?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# A day at either end is left free for what lies before the first instant and after the last.
_FIRST_DAY = instants.day_of(instants.EARLIEST + instants.DAY)
_LAST_DAY = instants.day_of(instants.LATEST - 2 * instants.DAY)

ReadIban = Callable[[str], str]
"""Answers an IBAN without spaces, in capitals. Raises IbanNotValid."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to open, well-formed. ``ordinal`` counts the accounts of its asset in the wallet from 1."""

    asset: str
    ordinal: int
    exponent: int
    iban: str | None
    limits: Limits


@dataclass(frozen=True, slots=True)
class NewWallet:
    """A wallet to open, well-formed; ``fingerprint`` tells a repetition from another wallet."""

    wallet_id: str
    owner_kind: OwnerKind
    owner_name: str
    owner_reference: str | None
    name: str
    accounts: tuple[NewAccount, ...]
    fingerprint: bytes


def new_wallet(message: OpenWallet, *, own_id: str, read_iban: ReadIban) -> NewWallet:
    """Read a message. Raises Malformed, IbanNotValid, AccountNeedsAnIban."""
    if not 1 <= len(message.accounts) <= ACCOUNTS_MAX:
        raise malformed("accounts", f"a wallet is opened with 1 to {ACCOUNTS_MAX} accounts")
    counts: dict[str, int] = {}
    accounts: list[NewAccount] = []
    for position, wanted in enumerate(message.accounts):
        counts[wanted.asset] = counts.get(wanted.asset, 0) + 1
        accounts.append(
            new_account(
                wanted,
                ordinal=counts[wanted.asset],
                where=f"accounts[{position}]",
                read_iban=read_iban,
            )
        )
    without_iban = [account.asset for account in accounts if account.iban is None]
    for asset in without_iban:
        if without_iban.count(asset) > 1:
            raise AccountNeedsAnIban(f"two accounts of {asset} have no IBAN", {"asset": asset})
    owner = message.owner
    content = (
        owner.kind.value,
        text(owner.name, "owner.name"),
        None if owner.reference is None else text(owner.reference, "owner.reference"),
        text(message.name, "name"),
    )
    return NewWallet(
        wallet_id=own_id if message.id is None else _given_id(message.id),
        owner_kind=owner.kind,
        owner_name=content[1],
        owner_reference=content[2],
        name=content[3],
        accounts=tuple(accounts),
        fingerprint=_fingerprint((content, [_content(account) for account in accounts])),
    )


def new_account(
    wanted: AccountWanted, *, ordinal: int, where: str, read_iban: ReadIban
) -> NewAccount:
    """Read an account. Raises Malformed, IbanNotValid."""
    if not _ASSET.fullmatch(wanted.asset):
        raise malformed(f"{where}.asset", "an asset is 1 to 16 of A-Z 0-9 . _")
    if not 0 <= wanted.exponent <= EXPONENT_MAX:
        raise malformed(f"{where}.exponent", f"an exponent is 0 to {EXPONENT_MAX}")
    if not fits_iso(wanted.asset, wanted.exponent):
        digits = exponent_of(wanted.asset)
        raise malformed(
            f"{where}.exponent", f"{wanted.asset} has {digits} minor digits by ISO 4217"
        )
    return NewAccount(
        asset=wanted.asset,
        ordinal=ordinal,
        exponent=wanted.exponent,
        iban=None if wanted.iban is None else read_iban(wanted.iban),
        limits=limits_of(wanted.min_available, wanted.max_available, within=f"{where}."),
    )


def is_wallet_id(given: str) -> bool:
    """Tell whether this can be the id of a wallet."""
    return _ID.fullmatch(given) is not None


def _given_id(given: str) -> str:
    if not is_wallet_id(given) or given.startswith(OUR_PREFIX):
        raise malformed("id", f"an id is 1 to 64 of A-Z a-z 0-9 - _ . and not {OUR_PREFIX}…")
    return given


def text(given: str, field: str) -> str:
    """Check a text: 1 to 140 characters, not blank, no control characters. Raises Malformed."""
    if not 1 <= len(given) <= TEXT_MAX or not given.strip() or _CONTROL.search(given):
        raise malformed(
            field, f"a text is 1 to {TEXT_MAX} characters, no control characters, not blank"
        )
    return given


def page_limit(limit: int) -> int:
    """Check a page's size. Raises Malformed."""
    if not 1 <= limit <= PAGE_MAX:
        raise malformed("limit", f"a page has 1 to {PAGE_MAX} items")
    return limit


def period(first: date, last: date, *, now: Instant) -> tuple[Instant, Instant]:
    """Turn two UTC days, both included, into [start, end). Raises Malformed when they cross or lie ahead."""
    for field, day in (("first_day", first), ("last_day", last)):
        if not _FIRST_DAY <= day <= _LAST_DAY:
            raise malformed(field, f"a day of a statement is {_FIRST_DAY} to {_LAST_DAY}")
    if last < first:
        raise malformed("last_day", "the last day must not lie before the first")
    if instants.day_start(first) > now:
        raise malformed("first_day", "the first day must have begun, by UTC")
    return instants.day_start(first), instants.day_start(last) + instants.DAY


def label(asset: str, ordinal: int) -> str:
    """The name of an account within its wallet: ``EUR``, the second ``EUR:2``."""
    return asset if ordinal == 1 else f"{asset}:{ordinal}"


def parts_of_label(given: str) -> tuple[str, int] | None:
    """Read the name of an account back; None when it is none. ``EUR:1`` is ``EUR``."""
    match = _LABEL.fullmatch(given)
    return (match[1], int(match[2] or 1)) if match else None


def address(wallet_id: str, asset: str, ordinal: int) -> str:
    """An account's place in the books: ``wallets:w1:eur``, the second ``wallets:w1:eur:2``."""
    return f"wallets:{wallet_id}:{label(asset, ordinal).lower()}"


def _content(account: NewAccount) -> tuple[str, int, str | None]:
    # Limits may have been set since, so they are no part of what a repetition must repeat.
    return account.asset, account.exponent, account.iban


def _fingerprint(content: object) -> bytes:
    return blake2b(msgspec.json.encode(content), digest_size=16).digest()
