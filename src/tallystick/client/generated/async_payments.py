"""Questions about payment files and payments, awaited. Written by ``make client`` from the routes."""

from collections.abc import AsyncIterator

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import AsyncGroup
from tallystick.kernel.fields import PAGE_MAX
from tallystick.payments.api import (
    File,
    FileAnswer,
    FileDetail,
    FilePage,
    FilePreview,
    Payment,
    PaymentDetail,
    PaymentPage,
    PaymentState,
)


class AsyncPayments(AsyncGroup):
    """What can be asked of payment files and payments."""

    async def submit_file(
        self, *, content: bytes, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> FileAnswer:
        """Pay a file (pain.001) and answer its report (pain.002).

        Raises XmlIsTooLarge, XmlIsMalformed, XmlHasForbiddenConstruct, MessageNotSupported,
        SchemaViolation.
        """
        return await self._ask(
            Call(
                "POST",
                "/v1/payment-files",
                FileAnswer,
                body=content,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def submit_file_xml(
        self, *, content: bytes, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> bytes:
        """Pay a file (pain.001) and answer its report (pain.002), as it is written in XML.

        Raises XmlIsTooLarge, XmlIsMalformed, XmlHasForbiddenConstruct, MessageNotSupported,
        SchemaViolation.
        """
        return await self._ask(
            Call(
                "POST",
                "/v1/payment-files",
                bytes,
                media="application/xml",
                body=content,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def preview_file(
        self,
        *,
        content: bytes,
        after: int | str | None = 0,
        limit: int = 200,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> FilePreview:
        """Tell what a file (pain.001) would do, without doing it.

        Raises XmlIsTooLarge, XmlIsMalformed, XmlHasForbiddenConstruct, MessageNotSupported,
        SchemaViolation.
        """
        return await self._ask(
            Call(
                "POST",
                "/v1/payment-files/preview",
                FilePreview,
                query=said({"after": after, "limit": limit}, after=0, limit=200),
                body=content,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def files(
        self, *, after: int | str | None = None, limit: int = 50, within_ms: int | None = None
    ) -> FilePage:
        """List payment files, newest first."""
        return await self._ask(
            Call(
                "GET",
                "/v1/payment-files",
                FilePage,
                query=said({"after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_file(self, *, most: int, within_ms: int | None = None) -> AsyncIterator[File]:
        """List payment files, newest first: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET", "/v1/payment-files", FilePage, query={"limit": PAGE_MAX}, within_ms=within_ms
            ),
            lambda page: page.items,
            most,
        )

    async def file(
        self,
        *,
        file: str,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> FileDetail:
        """Show a payment file with its payments.

        Raises PaymentFileNotFound.
        """
        return await self._ask(
            Call(
                "GET",
                f"/v1/payment-files/{segment(file)}",
                FileDetail,
                query=said({"after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_payment_of_file(
        self, *, file: str, most: int, within_ms: int | None = None
    ) -> AsyncIterator[Payment]:
        """Show a payment file with its payments: every one, page by page.

        Raises ListTooLong for more than ``most``, PaymentFileNotFound.
        """
        return self._walk(
            Call(
                "GET",
                f"/v1/payment-files/{segment(file)}",
                FileDetail,
                query={"limit": PAGE_MAX},
                within_ms=within_ms,
            ),
            lambda page: page.payments,
            most,
        )

    async def report(self, *, file: str, within_ms: int | None = None) -> bytes:
        """Write the report (pain.002) of a payment file.

        Raises PaymentFileNotFound.
        """
        return await self._ask(
            Call(
                "GET",
                f"/v1/payment-files/{segment(file)}/report",
                bytes,
                media="application/xml",
                within_ms=within_ms,
            )
        )

    async def payments(
        self,
        *,
        state: PaymentState | None = None,
        file_id: str | None = None,
        end_to_end_id: str | None = None,
        debtor: str | None = None,
        creditor_iban: str | None = None,
        amount: int | str | None = None,
        since: str | None = None,
        until: str | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> PaymentPage:
        """List payments, newest first."""
        return await self._ask(
            Call(
                "GET",
                "/v1/payments",
                PaymentPage,
                query=said(
                    {
                        "state": state,
                        "file_id": file_id,
                        "end_to_end_id": end_to_end_id,
                        "debtor": debtor,
                        "creditor_iban": creditor_iban,
                        "amount": amount,
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

    def each_payment(
        self,
        *,
        most: int,
        state: PaymentState | None = None,
        file_id: str | None = None,
        end_to_end_id: str | None = None,
        debtor: str | None = None,
        creditor_iban: str | None = None,
        amount: int | str | None = None,
        since: str | None = None,
        until: str | None = None,
        within_ms: int | None = None,
    ) -> AsyncIterator[Payment]:
        """List payments, newest first: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET",
                "/v1/payments",
                PaymentPage,
                query=said(
                    {
                        "state": state,
                        "file_id": file_id,
                        "end_to_end_id": end_to_end_id,
                        "debtor": debtor,
                        "creditor_iban": creditor_iban,
                        "amount": amount,
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

    async def payment(self, *, payment: str, within_ms: int | None = None) -> PaymentDetail:
        """Show a payment with its moves.

        Raises PaymentNotFound.
        """
        return await self._ask(
            Call("GET", f"/v1/payments/{segment(payment)}", PaymentDetail, within_ms=within_ms)
        )

    async def receipt(self, *, payment: str, within_ms: int | None = None) -> bytes:
        """Give the receipt of a payment's last move (.tlog-proof).

        Raises PaymentNotFound, EntryNotFound, NotYetPublished, RecordIsDamaged.
        """
        return await self._ask(
            Call(
                "GET",
                f"/v1/payments/{segment(payment)}/receipt",
                bytes,
                media="text/plain",
                within_ms=within_ms,
            )
        )
