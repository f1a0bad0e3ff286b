"""Opening accounts, their limits and their state."""

import re
from dataclasses import dataclass
from typing import Any

from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import EXPONENT_MAX
from tallystick.kernel.limits import Limits, limits_of
from tallystick.kernel.money import exponent_of, fits_iso
from tallystick.kernel.problems import malformed
from tallystick.ledger.api import (
    Account,
    AccountExistsDifferent,
    AccountNotEmpty,
    AssetExponentDiffers,
    Metadata,
    OpenAccount,
    Status,
    StatusNotReachable,
)
from tallystick.ledger.model import acts
from tallystick.ledger.model.accounts import is_empty
from tallystick.ledger.service import answers
from tallystick.ledger.store import reading
from tallystick.ledger.store.states import Key, counters_of
from tallystick.runtime.database import Connection

_LEDGER_NAME = re.compile(r"[a-z0-9_-]{1,64}")
# Closed accounts are only reopened; everything else may follow anything.
_NEXT = {
    Status.OPEN: {Status.FROZEN, Status.CLOSED},
    Status.FROZEN: {Status.OPEN, Status.CLOSED},
    Status.CLOSED: {Status.OPEN},
}


@dataclass(frozen=True, slots=True)
class WantedAccount:
    """An account to open, read and found well-formed."""

    ledger: str
    address: str
    asset: str
    exponent: int
    normal_side: str
    limits: Limits
    metadata: Metadata | None


def check_ledger_name(name: str) -> None:
    """Raise Malformed unless it is 1 to 64 of ``a-z 0-9 - _``."""
    if not is_ledger_name(name):
        raise malformed("name", "a ledger's name is 1 to 64 of a-z 0-9 - _")


def is_ledger_name(name: str) -> bool:
    """Tell whether a text can be a ledger's name at all."""
    return _LEDGER_NAME.fullmatch(name) is not None


def ledger_cursor(text: str | None) -> str:
    """Read the cursor of a page of ledgers: a name. Raises Malformed."""
    if text is not None and not is_ledger_name(text):
        raise malformed("after", "a cursor is taken from the page before as it is")
    return text or ""


def wanted_account(message: OpenAccount) -> WantedAccount:
    """Read the message. Raises Malformed."""
    if not 0 <= message.exponent <= EXPONENT_MAX:
        raise malformed("exponent", f"an exponent is 0 to {EXPONENT_MAX}")
    return WantedAccount(
        ledger=message.ledger,
        address=acts.address(message.address, "address"),
        asset=acts.asset(message.asset, "asset"),
        exponent=message.exponent,
        normal_side=message.normal_side.value,
        limits=limits_of(message.min_available, message.max_available),
        metadata=acts.metadata(message.metadata, "metadata"),
    )


async def open_account(
    connection: Connection, key: Key, wanted: WantedAccount, *, caller: Caller
) -> Account:
    """Open an account or find the same one. Raises AssetExponentDiffers, AccountExistsDifferent, Malformed."""
    exponent, is_new = await reading.declare_asset(connection, key, wanted.asset, wanted.exponent)
    if exponent != wanted.exponent:
        raise AssetExponentDiffers(
            f"{wanted.asset} has exponent {exponent} in this ledger", {"exponent": str(exponent)}
        )
    if is_new and not fits_iso(wanted.asset, exponent):
        raise malformed(
            "exponent", f"{wanted.asset} has {exponent_of(wanted.asset)} minor digits by ISO 4217"
        )
    content = {
        "address": wanted.address,
        "asset": wanted.asset,
        "exponent": wanted.exponent,
        "normal_side": wanted.normal_side,
        "min_available": wanted.limits.least,
        "max_available": wanted.limits.most,
    }
    event = {
        "min_available": _text(wanted.limits.least),
        "max_available": _text(wanted.limits.most),
    }
    is_new = await reading.open_account(
        connection, key, caller=caller, content=content, metadata=wanted.metadata, event=event
    )
    row = await reading.account(connection, key, wanted.address)
    answer = answers.account_of_row(row, ledger=wanted.ledger, replayed=not is_new)
    if not is_new:
        _demand_same(row, wanted, answer)
    return answer


def _demand_same(row: Any, wanted: WantedAccount, found: Account) -> None:
    # Limits may have been set since, so they are not compared: the address, asset and side are the account.
    pairs = {
        "asset": (row["asset"], wanted.asset),
        "normal_side": (row["normal_side"], wanted.normal_side),
        "metadata": (found.metadata, wanted.metadata),
    }
    for field, (known, given) in pairs.items():
        if known != given:
            raise AccountExistsDifferent(
                f"{wanted.address} is open with a different {field}", {"field": field}
            )


async def set_limits(
    connection: Connection, key: Key, row: Any, limits: Limits, *, caller: Caller
) -> None:
    """Replace both limits and note it."""
    await reading.set_limits(connection, key, row["account_id"], limits)
    texts = {"min_available": _text(limits[0]), "max_available": _text(limits[1])}
    await reading.note_event(
        connection, key, row["account_id"], event="limits", caller=caller, content=texts
    )


def _text(limit: int | None) -> str | None:
    return None if limit is None else str(limit)


async def set_status(
    connection: Connection, key: Key, row: Any, status: Status, *, caller: Caller
) -> None:
    """Move a locked account to a state and note it. Raises StatusNotReachable, AccountNotEmpty."""
    before = Status(row["status"])
    if status is before:
        return
    if status not in _NEXT[before]:
        raise StatusNotReachable(f"the account is {before}; reopen it first", {"status": before})
    if status is Status.CLOSED and not is_empty(counters_of(row)):
        raise AccountNotEmpty("move its balance elsewhere and end its holds, then close it")
    await reading.set_status(
        connection, key, row["account_id"], before=before.value, after=status.value
    )
    change: dict[str, str | None] = {"before": before.value, "after": status.value}
    await reading.note_event(
        connection, key, row["account_id"], event="status", caller=caller, content=change
    )
