"""What the record is told of wallets: each of their moves, by a number of ours, never by name, id or IBAN."""

from collections.abc import Mapping
from typing import Any

from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import DONE, Deed
from tallystick.kernel.instants import Instant
from tallystick.kernel.tags import Tag
from tallystick.wallets.model.states import Event
from tallystick.wallets.model.wanted import NewAccount, NewWallet

TAGS: Mapping[Event, Tag] = {
    Event.OPEN: Tag.WALLETS_WALLET_OPEN,
    Event.ADD: Tag.WALLETS_ACCOUNT_ADD,
    Event.LIMIT: Tag.WALLETS_ACCOUNT_LIMIT,
    Event.FREEZE: Tag.WALLETS_WALLET_FREEZE,
    Event.UNFREEZE: Tag.WALLETS_WALLET_UNFREEZE,
    Event.CLOSE: Tag.WALLETS_WALLET_CLOSE,
    Event.REOPEN: Tag.WALLETS_WALLET_REOPEN,
    Event.DONE: Tag.WALLETS_WALLET_SETTLE,
    Event.REFUSE: Tag.WALLETS_WALLET_SETTLE,
}


def subject(wallet_number: int) -> str:
    """How the record names a wallet."""
    return f"wallets:wallet:{wallet_number}"


def move(
    *,
    caller: Caller,
    wallet_number: int,
    number: int,
    at: Instant,
    event: Event,
    before: str | None,
    after: str,
    content: Mapping[str, str | None],
    wallet: NewWallet | None = None,
    account: NewAccount | None = None,
) -> Deed:
    """What is recorded of one move. ``wallet`` is what opens, ``account`` what is added, if that is it: sealed."""
    return Deed(
        tag=TAGS[event],
        caller=caller,
        on=subject(wallet_number),
        at=at,
        outcome=content.get("problem") or DONE,
        content={
            **content,
            "number": number,
            "event": event.value,
            "state_before": before,
            "state_after": after,
        },
        texts=_texts(wallet) if wallet else account and {"iban": account.iban},
    )


def _texts(wallet: NewWallet) -> dict[str, Any]:
    return {
        "id": wallet.wallet_id,
        "name": wallet.name,
        "owner_kind": wallet.owner_kind.value,
        "owner_name": wallet.owner_name,
        "owner_reference": wallet.owner_reference,
        "ibans": [account.iban for account in wallet.accounts],
    }
