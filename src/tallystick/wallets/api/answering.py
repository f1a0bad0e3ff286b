"""What wallets answer."""

from datetime import date

from tallystick.kernel.messages import Message
from tallystick.kernel.money import Digits
from tallystick.wallets.api.asking import Owner
from tallystick.wallets.api.words import AccountStatus, Direction, WalletStatus


class WalletBalances(Message, frozen=True, kw_only=True):
    """Balances of now, from the books: what happened, that with all open holds, and what may be spent."""

    posted: Digits
    pending: Digits
    available: Digits


class WalletAccount(Message, frozen=True, kw_only=True):
    """An account of a wallet, by its name within it (``EUR``, ``EUR:2``) and its address in the books.

    Lists carry no balances, nor does an account that the books have not opened yet.
    """

    account: str
    asset: str
    exponent: int
    ledger: str
    address: str
    iban: str | None = None
    min_available: Digits | None = None
    max_available: Digits | None = None
    balances: WalletBalances | None = None


class Wallet(Message, frozen=True, kw_only=True):
    """A wallet; ``replayed`` when what was asked had been done before."""

    id: str
    owner: Owner
    name: str
    status: WalletStatus
    opened_at: str
    accounts: tuple[WalletAccount, ...]
    replayed: bool = False


class WalletPage(Message, frozen=True, kw_only=True):
    """A page of wallets; ``after`` is the cursor of the next, absent at the end."""

    items: tuple[Wallet, ...]
    after: str | None = None


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

    transaction: str
    amount: Digits
    direction: Direction
    booked_on: date
    value_on: date
    end_to_end_id: str | None = None
    instruction_id: str | None = None
    counterparty_name: str | None = None
    counterparty_iban: str | None = None
    remittance: str | None = None


class Statement(Message, frozen=True, kw_only=True):
    """A statement of [``starts_at``, ``ends_at``) by the time of recording; opening and lines add up to closing.

    Once the last day is over it never changes, its ``id`` neither. ``available`` is what could be spent at the end of
    a period that is over, holds of then deducted.
    """

    id: str
    created_at: str
    starts_at: str
    ends_at: str
    wallet: str
    account: str
    address: str
    holder_name: str
    asset: str
    exponent: int
    opening: Digits
    closing: Digits
    lines: tuple[StatementLine, ...]
    iban: str | None = None
    available: Digits | None = None


class StatementFile(Message, frozen=True, kw_only=True):
    """A statement as camt.053.001.08."""

    id: str
    content: bytes
