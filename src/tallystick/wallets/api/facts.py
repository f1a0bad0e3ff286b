"""What the messages of wallets say that a permission depends on. Pure, and never refusing.

The accounts of a wallet stand in the books at ``wallets:<id>:<asset>``; a message that names a wallet is about all of
them, which is said by a pattern. What only the books and our tables know, such as whose an IBAN is, is left to what the
caller ``sees``.
"""

import re
from typing import Final

from tallystick.kernel.actions import Facts
from tallystick.kernel.patterns import ANY_FURTHER
from tallystick.wallets.api.asking import (
    AddAccount,
    IbanOf,
    IbansOf,
    ListWallets,
    OpenWallet,
    SetAccountLimits,
    StatementOf,
    WalletOf,
)
from tallystick.wallets.api.words import WALLET_ID_MAX

START: Final = "wallets"
_WALLET_ID = re.compile(rf"[A-Za-z0-9_.-]{{1,{WALLET_ID_MAX}}}")
_LABEL = re.compile(r"[A-Z0-9._]{1,16}(?::[1-9][0-9]?)?")


def pattern_of(wallet_id: str) -> str:
    """The pattern of all accounts of a wallet in the books."""
    return f"{START}:{wallet_id}:{ANY_FURTHER}"


def facts_of_open(message: OpenWallet) -> Facts:
    """The wallet that is to open; one that leaves its id to us lies nowhere yet."""
    if message.id is None:
        return Facts(unbounded=True)
    return _of(message.id)


def facts_of_wallet(message: WalletOf | AddAccount) -> Facts:
    """The wallet that a message names, with all its accounts."""
    return _of(message.wallet)


def facts_of_limits(message: SetAccountLimits) -> Facts:
    """The one account whose limits are to change."""
    return _of(message.wallet, message.account)


def facts_of_statement(message: StatementOf) -> Facts:
    """The one account a statement is of; one that is named by its IBAN is shown to who ``sees`` it."""
    if message.wallet is None:
        return Facts()
    return _of(message.wallet, message.account)


def facts_of_list(message: ListWallets | IbanOf | IbansOf) -> Facts:
    """Nothing: a list, and an account that is looked for by IBAN, show what the caller ``sees``."""
    return Facts()


def _of(wallet_id: str, label: str | None = None) -> Facts:
    if not _WALLET_ID.fullmatch(wallet_id):
        return Facts(unbounded=True)
    if label is None:
        return Facts(accounts=(pattern_of(wallet_id),), on=wallet_id)
    if not _LABEL.fullmatch(label):
        return Facts(on=wallet_id, unbounded=True)
    # The first account of an asset may be named by its number too, and stands without it.
    account = label.removesuffix(":1").lower()
    return Facts(accounts=(f"{START}:{wallet_id}:{account}",), on=f"{wallet_id}/{label}")
