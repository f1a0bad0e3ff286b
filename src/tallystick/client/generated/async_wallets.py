"""Questions about wallets and their statements, awaited. Written by ``make client`` from the routes."""

from collections.abc import AsyncIterator
from datetime import date

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import AsyncGroup
from tallystick.kernel.fields import PAGE_MAX
from tallystick.wallets.api import AccountWanted, Owner, Statement, Wallet, WalletPage, WalletStatus


class AsyncWallets(AsyncGroup):
    """What can be asked of wallets and their statements."""

    async def open(
        self,
        *,
        owner: Owner,
        name: str,
        accounts: tuple[AccountWanted, ...],
        id: str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Wallet:
        """Open a wallet.

        Raises IbanNotValid, WalletExistsDifferent, AccountNeedsAnIban, IbanIsTaken, WalletBusy,
        AssetExponentDiffers, AccountExistsDifferent.
        """
        return await self._ask(
            Call(
                "POST",
                "/v1/wallets",
                Wallet,
                body=said({"owner": owner, "name": name, "accounts": accounts, "id": id}),
                key=idempotency_key or ("" if id else self._new_key()),
                within_ms=within_ms,
            )
        )

    async def add_account(
        self,
        *,
        wallet: str,
        asset: str,
        exponent: int,
        iban: str | None = None,
        min_available: int | str | None = 0,
        max_available: int | str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Wallet:
        """Add an account to a wallet.

        Raises IbanNotValid, WalletAccountExistsDifferent, WalletHasTooManyAccounts, IbanIsTaken,
        WalletNotFound, WalletStatusNotReachable, WalletBusy, AssetExponentDiffers,
        AccountExistsDifferent.
        """
        return await self._ask(
            Call(
                "POST",
                f"/v1/wallets/{segment(wallet)}/accounts",
                Wallet,
                body=said(
                    {
                        "asset": asset,
                        "exponent": exponent,
                        "iban": iban,
                        "min_available": min_available,
                        "max_available": max_available,
                    },
                    min_available=0,
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def wallets(
        self,
        *,
        owner_reference: str | None = None,
        status: WalletStatus | None = None,
        begins: str | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> WalletPage:
        """List wallets."""
        return await self._ask(
            Call(
                "GET",
                "/v1/wallets",
                WalletPage,
                query=said(
                    {
                        "owner_reference": owner_reference,
                        "status": status,
                        "begins": begins,
                        "after": after,
                        "limit": limit,
                    },
                    limit=50,
                ),
                within_ms=within_ms,
            )
        )

    def each_wallet(
        self,
        *,
        most: int,
        owner_reference: str | None = None,
        status: WalletStatus | None = None,
        begins: str | None = None,
        within_ms: int | None = None,
    ) -> AsyncIterator[Wallet]:
        """List wallets: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET",
                "/v1/wallets",
                WalletPage,
                query=said(
                    {
                        "owner_reference": owner_reference,
                        "status": status,
                        "begins": begins,
                        "limit": PAGE_MAX,
                    }
                ),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    async def wallet(self, *, wallet: str, within_ms: int | None = None) -> Wallet:
        """Show a wallet with its balances.

        Raises WalletNotFound.
        """
        return await self._ask(
            Call("GET", f"/v1/wallets/{segment(wallet)}", Wallet, within_ms=within_ms)
        )

    async def freeze(
        self, *, wallet: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Wallet:
        """Freeze a wallet.

        Raises WalletNotFound, WalletStatusNotReachable, WalletBusy.
        """
        return await self._ask(
            Call(
                "POST",
                f"/v1/wallets/{segment(wallet)}/freeze",
                Wallet,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def unfreeze(
        self, *, wallet: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Wallet:
        """Unfreeze a wallet.

        Raises WalletNotFound, WalletStatusNotReachable, WalletBusy.
        """
        return await self._ask(
            Call(
                "POST",
                f"/v1/wallets/{segment(wallet)}/unfreeze",
                Wallet,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def close(
        self, *, wallet: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Wallet:
        """Close a wallet.

        Raises WalletNotFound, WalletStatusNotReachable, WalletBusy, WalletNotEmpty.
        """
        return await self._ask(
            Call(
                "POST",
                f"/v1/wallets/{segment(wallet)}/close",
                Wallet,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def reopen(
        self, *, wallet: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Wallet:
        """Reopen a wallet.

        Raises WalletNotFound, WalletStatusNotReachable, WalletBusy.
        """
        return await self._ask(
            Call(
                "POST",
                f"/v1/wallets/{segment(wallet)}/reopen",
                Wallet,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def set_limits(
        self,
        *,
        wallet: str,
        asset: str,
        min_available: int | str | None = 0,
        max_available: int | str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Wallet:
        """Replace the limits of an account.

        Raises WalletAccountNotFound, WalletNotFound, WalletStatusNotReachable, WalletBusy.
        """
        return await self._ask(
            Call(
                "PUT",
                f"/v1/wallets/{segment(wallet)}/accounts/{segment(asset)}/limits",
                Wallet,
                body=said(
                    {"min_available": min_available, "max_available": max_available},
                    min_available=0,
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def statement(
        self,
        *,
        wallet: str,
        asset: str,
        first_day: date,
        last_day: date,
        within_ms: int | None = None,
    ) -> Statement:
        """Write a statement of an account.

        Raises WalletNotFound, WalletAccountNotFound, StatementTooLong, StatementFormatNotSupported,
        StatementBusy.
        """
        return await self._ask(
            Call(
                "GET",
                f"/v1/wallets/{segment(wallet)}/accounts/{segment(asset)}/statement",
                Statement,
                query={"from": first_day, "to": last_day},
                within_ms=within_ms,
            )
        )

    async def statement_xml(
        self,
        *,
        wallet: str,
        asset: str,
        first_day: date,
        last_day: date,
        within_ms: int | None = None,
    ) -> bytes:
        """Write a statement of an account, as it is written in XML.

        Raises WalletNotFound, WalletAccountNotFound, StatementTooLong, StatementFormatNotSupported,
        StatementBusy.
        """
        return await self._ask(
            Call(
                "GET",
                f"/v1/wallets/{segment(wallet)}/accounts/{segment(asset)}/statement",
                bytes,
                media="application/xml",
                query={"from": first_day, "to": last_day},
                within_ms=within_ms,
            )
        )

    async def statement_of_iban(
        self, *, iban: str, first_day: date, last_day: date, within_ms: int | None = None
    ) -> Statement:
        """Write a statement of the account with an IBAN.

        Raises IbanNotValid, WalletAccountNotFound, StatementTooLong, StatementFormatNotSupported,
        StatementBusy.
        """
        return await self._ask(
            Call(
                "GET",
                f"/v1/accounts/{segment(iban)}/statement",
                Statement,
                query={"from": first_day, "to": last_day},
                within_ms=within_ms,
            )
        )

    async def statement_of_iban_xml(
        self, *, iban: str, first_day: date, last_day: date, within_ms: int | None = None
    ) -> bytes:
        """Write a statement of the account with an IBAN, as it is written in XML.

        Raises IbanNotValid, WalletAccountNotFound, StatementTooLong, StatementFormatNotSupported,
        StatementBusy.
        """
        return await self._ask(
            Call(
                "GET",
                f"/v1/accounts/{segment(iban)}/statement",
                bytes,
                media="application/xml",
                query={"from": first_day, "to": last_day},
                within_ms=within_ms,
            )
        )
