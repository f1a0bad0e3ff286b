"""What the messages of the books say that a permission depends on. Pure, and never refusing.

What cannot be read is left out, and then the facts are unbounded; the service says later what is wrong with it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tallystick.kernel.actions import Action, Facts, Sum, payers_of
from tallystick.kernel.ids import is_caller_id
from tallystick.kernel.patterns import is_address
from tallystick.ledger.api.asking import (
    AccountOf,
    BalanceAsOf,
    Capture,
    Hold,
    ListAccounts,
    ListEntries,
    ListTransactions,
    OpenAccount,
    Post,
    Posting,
    Reverse,
    SetLimits,
    SetStatus,
    Submit,
    TransactionOf,
    Void,
)
from tallystick.ledger.api.words import amount_of

_ACTION_OF: Final[Mapping[type, Action]] = {
    Post: Action.LEDGER_TRANSACTION_POST,
    Hold: Action.LEDGER_TRANSACTION_HOLD,
    Capture: Action.LEDGER_TRANSACTION_CAPTURE,
    Void: Action.LEDGER_TRANSACTION_VOID,
    Reverse: Action.LEDGER_TRANSACTION_REVERSE,
}
_ASSET = re.compile(r"[A-Z0-9._]{1,16}")


class _Sums:
    """The largest single amount and the total of each asset; a single amount is what one act moves of the asset."""

    def __init__(self) -> None:
        self._largest: dict[str, int] = {}
        self._total: dict[str, int] = {}

    def add(self, moved: Mapping[str, int]) -> None:
        """Count one act."""
        for asset, amount in moved.items():
            self._largest[asset] = max(amount, self._largest.get(asset, 0))
            self._total[asset] = amount + self._total.get(asset, 0)

    def told(self) -> tuple[Sum, ...]:
        """All of them, by asset."""
        return tuple(
            Sum(asset=asset, largest=self._largest[asset], total=self._total[asset])
            for asset in sorted(self._total)
        )


def facts_of_submit(message: Submit) -> Facts:
    """The acts of a batch, what they debit and credit, and how much they move.

    A balancing posting counts with the most that it may move. A capture, void or reversal names an act whose accounts
    and amounts stand in the books alone, so with one of them the facts are unbounded.
    """
    postings: list[Posting] = []
    sums = _Sums()
    is_whole = True
    for item in message.items:
        if isinstance(item, Post | Hold):
            postings += item.postings
            moved, is_read = _moved(item.postings)
            sums.add(moved)
            is_whole &= is_read
        else:
            is_whole = False
    debits, credits = (
        _split(posting.debit for posting in postings),
        _split(posting.credit for posting in postings),
    )
    only = message.items[0] if len(message.items) == 1 else None
    return Facts(
        actions=tuple(dict.fromkeys(_ACTION_OF[type(item)] for item in message.items)),
        accounts=debits.addresses,
        credits=credits.addresses,
        sums=sums.told(),
        on=only.id if only is not None and only.id is not None and is_caller_id(only.id) else "",
        payee=credits.addresses[0] if only is not None and len(credits.addresses) == 1 else "",
        payees=tuple(f"{posting.credit} {posting.amount} {posting.asset}" for posting in postings),
        payers=payers_of([posting.debit for posting in postings]),
        unbounded=not (is_whole and debits.is_whole and credits.is_whole),
    )


def facts_of_account(
    message: AccountOf | BalanceAsOf | OpenAccount | SetLimits | SetStatus | ListEntries,
) -> Facts:
    """The one account that a message names."""
    address = message.address
    if not is_address(address):
        return Facts(unbounded=True)
    return Facts(accounts=(address,), on=address)


def facts_of_list(message: ListAccounts | ListTransactions) -> Facts:
    """What a list is asked about, for people and the record.

    It names no account: a list is not refused for what it leaves out, it shows what the caller ``sees``.
    """
    asked = message.address if isinstance(message, ListAccounts) else message.account
    return Facts(on=asked if asked is not None and is_address(asked) else "")


def facts_of_transaction(message: TransactionOf) -> Facts:
    """The transaction that a message names. Its accounts stand in the books alone; it is shown to who ``sees`` one."""
    return Facts(on=message.id if is_caller_id(message.id) else "")


class _Side:
    """The addresses of one side, each once, and whether all could be read."""

    def __init__(self, addresses: tuple[str, ...], *, is_whole: bool) -> None:
        self.addresses = addresses
        self.is_whole = is_whole


def _split(given: Iterable[str]) -> _Side:
    known = dict.fromkeys(given)
    read = tuple(address for address in known if is_address(address))
    return _Side(read, is_whole=len(read) == len(known))


def _moved(postings: Sequence[Posting]) -> tuple[dict[str, int], bool]:
    """What an act moves of each asset, and whether all of it could be read."""
    moved: dict[str, int] = {}
    is_whole = True
    for posting in postings:
        amount = amount_of(posting.amount)
        if amount is None or not _ASSET.fullmatch(posting.asset):
            is_whole = False
        else:
            moved[posting.asset] = moved.get(posting.asset, 0) + amount
    return moved, is_whole
