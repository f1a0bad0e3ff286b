"""What can be asked of wallets."""

from datetime import date
from typing import Annotated

from msgspec import Meta

from tallystick.kernel.fields import Asset, Cursor, Exponent, Iban, Limit, PageLimit, told
from tallystick.kernel.messages import Message
from tallystick.kernel.money import Digits
from tallystick.wallets.api.words import (
    ACCOUNTS_MAX,
    FileFormat,
    OwnerKind,
    Text,
    WalletId,
    WalletStatus,
)


class Owner(Message, frozen=True, kw_only=True):
    """Whose wallet it is. ``reference`` is the tenant's own number of that customer; texts are 1 to 140 characters."""

    kind: OwnerKind
    name: Annotated[Text, told("Their name.")]
    reference: Annotated[
        Text | None, told("Your own number of that customer; lists find it by an index.")
    ] = None


class AccountWanted(Message, frozen=True, kw_only=True):
    """An account of a wallet: one asset, perhaps an IBAN, limits of the available balance (None: without).

    ``asset`` is 1 to 16 of ``A-Z 0-9 . _``, ``exponent`` 0 to 18. An IBAN may be written in groups.
    """

    asset: Asset
    exponent: Exponent
    iban: Iban | None = None
    min_available: Limit | None = 0
    max_available: Limit | None = None


class OpenWallet(Message, frozen=True, kw_only=True):
    """Open a wallet with 1 to 20 accounts. The same ``id`` with the same content is the same wallet.

    ``id`` is 1 to 64 of ``A-Z a-z 0-9 - _ .`` and does not start with ``wal_``; without one we make one. At most one
    account of each asset has no IBAN.
    """

    owner: Owner
    name: Annotated[Text, told("What the wallet is called.")]
    accounts: Annotated[
        tuple[AccountWanted, ...],
        Meta(
            description="At most one of each asset has no IBAN.",
            extra_json_schema={"minItems": 1, "maxItems": ACCOUNTS_MAX},
        ),
    ]
    id: Annotated[
        WalletId | None,
        Meta(description="Yours; without one we make one. Not starting with ``wal_``."),
    ] = None


class AddAccount(Message, frozen=True, kw_only=True):
    """Add an account to an open wallet. The same asset and IBAN (or none) again is the same account."""

    wallet: str
    account: AccountWanted


class WalletOf(Message, frozen=True, kw_only=True):
    """Name one wallet."""

    wallet: str


class SetAccountLimits(Message, frozen=True, kw_only=True):
    """Replace both limits of an account of an open or frozen wallet; ``None`` lifts one.

    ``account`` is its asset, such as ``EUR``; the second account of an asset is ``EUR:2``.
    """

    wallet: str
    account: str
    min_available: Digits | None = 0
    max_available: Digits | None = None


class ListWallets(Message, frozen=True, kw_only=True):
    """List wallets by id; ``after`` is the cursor of the page before, ``limit`` 1 to 200."""

    owner_reference: Annotated[
        Text | None, told("Only those of the owner with this reference of yours.")
    ] = None
    status: WalletStatus | None = None
    begins: Annotated[str | None, told("Only those whose id begins so.")] = None
    after: Cursor | None = None
    limit: PageLimit = 50


class IbanOf(Message, frozen=True, kw_only=True):
    """Name one account by its IBAN."""

    iban: str


class IbansOf(Message, frozen=True, kw_only=True):
    """Name up to 10,000 accounts by IBAN."""

    ibans: tuple[str, ...]


class StatementOf(Message, frozen=True, kw_only=True):
    """Ask for a statement from ``first_day`` to ``last_day``, both included, days of UTC.

    The account is named by ``iban``, or by ``wallet`` and ``account`` (``EUR``, ``EUR:2``). ``format`` is a file's.
    """

    first_day: date
    last_day: date
    iban: str | None = None
    wallet: str | None = None
    account: str | None = None
    format: FileFormat = FileFormat.CAMT053
