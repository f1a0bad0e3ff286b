"""Questions about the books. Written by ``make client`` from the routes."""

from collections.abc import Iterator

from tallystick.client.calls import Call, named, said, segment
from tallystick.client.groups import Group
from tallystick.kernel.fields import PAGE_MAX
from tallystick.ledger.api import (
    Account,
    AccountPage,
    BalanceAnswer,
    Capture,
    Entry,
    EntryPage,
    Hold,
    LedgerOpened,
    LedgerPage,
    Post,
    Refused,
    Reverse,
    Side,
    Status,
    Transaction,
    TransactionPage,
    Verdict,
    Verdicts,
    Verification,
    Void,
)


class Ledger(Group):
    """What can be asked of the books."""

    def open_ledger(
        self, *, name: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> LedgerOpened:
        """Open a ledger."""
        return self._ask(
            Call(
                "POST",
                "/v1/ledgers",
                LedgerOpened,
                body={"name": name},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def ledgers(
        self, *, after: int | str | None = None, limit: int = 50, within_ms: int | None = None
    ) -> LedgerPage:
        """List ledgers."""
        return self._ask(
            Call(
                "GET",
                "/v1/ledgers",
                LedgerPage,
                query=said({"after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_ledger(self, *, most: int, within_ms: int | None = None) -> Iterator[LedgerOpened]:
        """List ledgers: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call("GET", "/v1/ledgers", LedgerPage, query={"limit": PAGE_MAX}, within_ms=within_ms),
            lambda page: page.items,
            most,
        )

    def open_account(
        self,
        *,
        ledger: str,
        address: str,
        asset: str,
        exponent: int,
        normal_side: Side,
        min_available: int | str | None = None,
        max_available: int | str | None = None,
        metadata: dict[str, str] | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Account:
        """Open an account.

        Raises LedgerNotFound, AssetExponentDiffers, AccountExistsDifferent, AddressReserved.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/ledgers/{segment(ledger)}/accounts",
                Account,
                body=said(
                    {
                        "address": address,
                        "asset": asset,
                        "exponent": exponent,
                        "normal_side": normal_side,
                        "min_available": min_available,
                        "max_available": max_available,
                        "metadata": metadata,
                    }
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def accounts(
        self,
        *,
        ledger: str,
        address: str | None = None,
        asset: str | None = None,
        metadata: dict[str, str] | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> AccountPage:
        """List accounts.

        Raises LedgerNotFound.
        """
        return self._ask(
            Call(
                "GET",
                f"/v1/ledgers/{segment(ledger)}/accounts",
                AccountPage,
                query=said(
                    {
                        "address": address,
                        "asset": asset,
                        "metadata": metadata,
                        "after": after,
                        "limit": limit,
                    },
                    limit=50,
                ),
                within_ms=within_ms,
            )
        )

    def each_account(
        self,
        *,
        ledger: str,
        most: int,
        address: str | None = None,
        asset: str | None = None,
        metadata: dict[str, str] | None = None,
        within_ms: int | None = None,
    ) -> Iterator[Account]:
        """List accounts: every one, page by page.

        Raises ListTooLong for more than ``most``, LedgerNotFound.
        """
        return self._walk(
            Call(
                "GET",
                f"/v1/ledgers/{segment(ledger)}/accounts",
                AccountPage,
                query=said(
                    {"address": address, "asset": asset, "metadata": metadata, "limit": PAGE_MAX}
                ),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    def account(self, *, ledger: str, address: str, within_ms: int | None = None) -> Account:
        """Show an account.

        Raises LedgerNotFound, AccountNotFound.
        """
        return self._ask(
            Call(
                "GET",
                f"/v1/ledgers/{segment(ledger)}/accounts/{segment(address)}",
                Account,
                within_ms=within_ms,
            )
        )

    def set_limits(
        self,
        *,
        ledger: str,
        address: str,
        min_available: int | str | None = None,
        max_available: int | str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Account:
        """Set both limits.

        Raises LedgerNotFound, AccountNotFound, AddressReserved.
        """
        return self._ask(
            Call(
                "PUT",
                f"/v1/ledgers/{segment(ledger)}/accounts/{segment(address)}/limits",
                Account,
                body=said({"min_available": min_available, "max_available": max_available}),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def set_status(
        self,
        *,
        ledger: str,
        address: str,
        status: Status,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Account:
        """Freeze, unfreeze, close or reopen.

        Raises LedgerNotFound, AccountNotFound, StatusNotReachable, AccountNotEmpty, AddressReserved.
        """
        return self._ask(
            Call(
                "PUT",
                f"/v1/ledgers/{segment(ledger)}/accounts/{segment(address)}/status",
                Account,
                body={"status": status},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def balance(
        self,
        *,
        ledger: str,
        address: str,
        effective_at: str | None = None,
        recorded_at: str | None = None,
        within_ms: int | None = None,
    ) -> BalanceAnswer:
        """Show a balance as of both clocks.

        Raises LedgerNotFound, AccountNotFound, RecordedInFuture.
        """
        return self._ask(
            Call(
                "GET",
                f"/v1/ledgers/{segment(ledger)}/accounts/{segment(address)}/balance",
                BalanceAnswer,
                query=said({"effective_at": effective_at, "recorded_at": recorded_at}),
                within_ms=within_ms,
            )
        )

    def entries(
        self,
        *,
        ledger: str,
        address: str,
        since: str | None = None,
        until: str | None = None,
        oldest_first: bool = False,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> EntryPage:
        """List posted entries.

        Raises LedgerNotFound, AccountNotFound.
        """
        return self._ask(
            Call(
                "GET",
                f"/v1/ledgers/{segment(ledger)}/accounts/{segment(address)}/entries",
                EntryPage,
                query=said(
                    {
                        "since": since,
                        "until": until,
                        "oldest_first": oldest_first,
                        "after": after,
                        "limit": limit,
                    },
                    oldest_first=False,
                    limit=50,
                ),
                within_ms=within_ms,
            )
        )

    def each_entry(
        self,
        *,
        ledger: str,
        address: str,
        most: int,
        since: str | None = None,
        until: str | None = None,
        oldest_first: bool = False,
        within_ms: int | None = None,
    ) -> Iterator[Entry]:
        """List posted entries: every one, page by page.

        Raises ListTooLong for more than ``most``, LedgerNotFound, AccountNotFound.
        """
        return self._walk(
            Call(
                "GET",
                f"/v1/ledgers/{segment(ledger)}/accounts/{segment(address)}/entries",
                EntryPage,
                query=said(
                    {
                        "since": since,
                        "until": until,
                        "oldest_first": oldest_first,
                        "limit": PAGE_MAX,
                    },
                    oldest_first=False,
                ),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    def submit(
        self,
        *,
        ledger: str,
        act: Capture | Hold | Post | Reverse | Void,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Verdict:
        """Post, hold, capture, void or reverse.

        Raises LedgerNotFound, Refused, LedgerBusy.
        """
        return self._ask(
            Call(
                "POST",
                f"/v1/ledgers/{segment(ledger)}/transactions",
                Verdict,
                body=act,
                key=idempotency_key or ("" if act.id else self._new_key()),
                refused=Refused,
                within_ms=within_ms,
            )
        )

    def submit_batch(
        self,
        *,
        ledger: str,
        items: tuple[Capture | Hold | Post | Reverse | Void, ...],
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Verdicts:
        """Submit up to 8,190 acts.

        Raises LedgerNotFound, LedgerBusy.
        """
        key = idempotency_key or self._new_key()
        return self._ask(
            Call(
                "POST",
                f"/v1/ledgers/{segment(ledger)}/batches",
                Verdicts,
                body={"items": named(items, key)},
                key=key,
                sends_key=False,
                within_ms=within_ms,
            )
        )

    def transactions(
        self,
        *,
        ledger: str,
        account: str | None = None,
        reference: str | None = None,
        metadata: dict[str, str] | None = None,
        since: str | None = None,
        until: str | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> TransactionPage:
        """List transactions.

        Raises LedgerNotFound, AccountNotFound.
        """
        return self._ask(
            Call(
                "GET",
                f"/v1/ledgers/{segment(ledger)}/transactions",
                TransactionPage,
                query=said(
                    {
                        "account": account,
                        "reference": reference,
                        "metadata": metadata,
                        "since": since,
                        "until": until,
                        "after": after,
                        "limit": limit,
                    },
                    limit=50,
                ),
                within_ms=within_ms,
            )
        )

    def each_transaction(
        self,
        *,
        ledger: str,
        most: int,
        account: str | None = None,
        reference: str | None = None,
        metadata: dict[str, str] | None = None,
        since: str | None = None,
        until: str | None = None,
        within_ms: int | None = None,
    ) -> Iterator[Transaction]:
        """List transactions: every one, page by page.

        Raises ListTooLong for more than ``most``, LedgerNotFound, AccountNotFound.
        """
        return self._walk(
            Call(
                "GET",
                f"/v1/ledgers/{segment(ledger)}/transactions",
                TransactionPage,
                query=said(
                    {
                        "account": account,
                        "reference": reference,
                        "metadata": metadata,
                        "since": since,
                        "until": until,
                        "limit": PAGE_MAX,
                    }
                ),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    def transaction(self, *, ledger: str, id: str, within_ms: int | None = None) -> Transaction:
        """Show a transaction.

        Raises LedgerNotFound, TransactionNotFound.
        """
        return self._ask(
            Call(
                "GET",
                f"/v1/ledgers/{segment(ledger)}/transactions/{segment(id)}",
                Transaction,
                within_ms=within_ms,
            )
        )

    def verify(self, *, within_ms: int | None = None) -> Verification:
        """Prove the books again."""
        return self._ask(Call("GET", "/v1/verification", Verification, within_ms=within_ms))

    def receipt(self, *, ledger: str, id: str, within_ms: int | None = None) -> bytes:
        """Give the receipt of a transaction (.tlog-proof).

        Raises LedgerNotFound, TransactionNotFound, EntryNotFound, NotYetPublished, RecordIsDamaged.
        """
        return self._ask(
            Call(
                "GET",
                f"/v1/ledgers/{segment(ledger)}/transactions/{segment(id)}/receipt",
                bytes,
                media="text/plain",
                within_ms=within_ms,
            )
        )
