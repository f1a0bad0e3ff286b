"""What wallets answer."""

from datetime import date
from typing import Annotated

from tallystick.kernel.fields import (
    Asset,
    Exponent,
    Iban,
    Limit,
    Minor,
    NextCursor,
    Replayed,
    Time,
    told,
)
from tallystick.kernel.messages import Message
from tallystick.wallets.api.asking import Owner
from tallystick.wallets.api.words import (
    AccountLabel,
    AccountStatus,
    Direction,
    Text,
    WalletId,
    WalletStatus,
)


class WalletBalances(Message, frozen=True, kw_only=True):
    """Balances of now, from the books: what happened, that with all open holds, and what may be spent."""

    posted: Annotated[Minor, told("What happened.")]
    pending: Annotated[Minor, told("What happened and all open holds.")]
    available: Annotated[Minor, told("What may be spent.")]


class WalletAccount(Message, frozen=True, kw_only=True):
    """An account of a wallet, by its name within it (``EUR``, ``EUR:2``) and its address in the books.

    Lists carry no balances, nor does an account that the books have not opened yet.
    """

    account: AccountLabel
    asset: Asset
    exponent: Exponent
    ledger: Annotated[str, told("The ledger it stands in.")]
    address: Annotated[str, told("Its address there.")]
    iban: Iban | None = None
    min_available: Limit | None = None
    max_available: Limit | None = None
    balances: Annotated[WalletBalances | None, told("Of now; lists carry none.")] = None


class Wallet(Message, frozen=True, kw_only=True):
    """A wallet; ``replayed`` when what was asked had been done before."""

    id: WalletId
    owner: Owner
    name: Annotated[Text, told("What the wallet is called.")]
    status: WalletStatus
    opened_at: Time
    accounts: Annotated[tuple[WalletAccount, ...], told("By asset, in the order they were added.")]
    replayed: Replayed = False


class WalletPage(Message, frozen=True, kw_only=True):
    """A page of wallets; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[Wallet, ...], told("By id, without balances.")]
    after: NextCursor | None = None


class HeldAccount(Message, frozen=True, kw_only=True):
    """An account that has an IBAN, as payments need it. The books have the last word on what may move."""

    iban: str
    wallet: str
    account: str
    ledger: str
    address: str
    asset: str
    exponent: int
    status: AccountStatus
    holder_name: str


class HeldAccounts(Message, frozen=True, kw_only=True):
    """Those of the IBANs that are held here, each once, by IBAN; the others are absent."""

    items: tuple[HeldAccount, ...]


class StatementLine(Message, frozen=True, kw_only=True):
    """One posting, ``transaction`` its id: booked on the UTC day it was recorded, of value on that it took effect."""

    transaction: Annotated[str, told("The id of its transaction.")]
    amount: Annotated[Minor, told("How much; which way, ``direction`` says.")]
    direction: Direction
    booked_on: Annotated[date, told("The UTC day it was recorded.")]
    value_on: Annotated[date, told("The UTC day it took effect.")]
    end_to_end_id: Annotated[str | None, told("What the payer called it.")] = None
    instruction_id: Annotated[str | None, told("What the payer told its bank.")] = None
    counterparty_name: Annotated[str | None, told("Who is on the other side.")] = None
    counterparty_iban: Annotated[str | None, told("The account on the other side.")] = None
    remittance: Annotated[str | None, told("What it was for.")] = None


class Statement(Message, frozen=True, kw_only=True):
    """A statement of [``starts_at``, ``ends_at``) by the time of recording; opening and lines add up to closing.

    Once the last day is over it never changes, its ``id`` neither. ``available`` is what could be spent at the end of
    a period that is over, holds of then deducted.
    """

    id: Annotated[str, told("Its own, the same whenever it is asked for again.")]
    created_at: Time
    starts_at: Annotated[Time, told("Included.")]
    ends_at: Annotated[Time, told("Not included.")]
    wallet: WalletId
    account: AccountLabel
    address: Annotated[str, told("The account's address in the ledger.")]
    holder_name: Annotated[str, told("The name the account is held under.")]
    asset: Asset
    exponent: Exponent
    opening: Annotated[Minor, told("The posted balance before the first line.")]
    closing: Annotated[Minor, told("The posted balance after the last line.")]
    lines: Annotated[tuple[StatementLine, ...], told("In the order they were recorded.")]
    iban: Iban | None = None
    available: Annotated[
        Minor | None, told("What could be spent at the end of a period that is over.")
    ] = None


class StatementFile(Message, frozen=True, kw_only=True):
    """A statement in the format that was asked for."""

    id: str
    content: bytes
