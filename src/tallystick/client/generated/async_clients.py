"""Questions about clients and consents, awaited. Written by ``make client`` from the routes."""

from collections.abc import AsyncIterator
from typing import Any

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import AsyncGroup
from tallystick.identity.api.clients import Client, ClientPage, Consent, ConsentPage, SendBack
from tallystick.kernel.fields import PAGE_MAX


class AsyncClients(AsyncGroup):
    """What can be asked of clients and consents."""

    async def clients(
        self, *, after: int | str | None = None, limit: int = 50, within_ms: int | None = None
    ) -> ClientPage:
        """List clients."""
        return await self._ask(
            Call(
                "GET",
                "/v1/clients",
                ClientPage,
                query=said({"after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_client(self, *, most: int, within_ms: int | None = None) -> AsyncIterator[Client]:
        """List clients: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call("GET", "/v1/clients", ClientPage, query={"limit": PAGE_MAX}, within_ms=within_ms),
            lambda page: page.items,
            most,
        )

    async def create(
        self,
        *,
        name: str,
        key_set: dict[str, Any] | None = None,
        certificate_thumbprint: str | None = None,
        certificate_subject: str | None = None,
        redirect_uris: tuple[str, ...] = (),
        scope: tuple[str, ...] = (),
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Client:
        """Register a client.

        Raises TenantNotFound, NarrowedMakesNone.
        """
        return await self._ask(
            Call(
                "POST",
                "/v1/clients",
                Client,
                body=said(
                    {
                        "name": name,
                        "key_set": key_set,
                        "certificate_thumbprint": certificate_thumbprint,
                        "certificate_subject": certificate_subject,
                        "redirect_uris": redirect_uris,
                        "scope": scope,
                    },
                    redirect_uris=(),
                    scope=(),
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def client(self, *, client_id: str, within_ms: int | None = None) -> Client:
        """Show a client.

        Raises ClientNotFound.
        """
        return await self._ask(
            Call("GET", f"/v1/clients/{segment(client_id)}", Client, within_ms=within_ms)
        )

    async def end(
        self, *, client_id: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Client:
        """End a client.

        Raises ClientNotFound.
        """
        return await self._ask(
            Call(
                "DELETE",
                f"/v1/clients/{segment(client_id)}",
                Client,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def consents(
        self, *, after: int | str | None = None, limit: int = 50, within_ms: int | None = None
    ) -> ConsentPage:
        """List what you let third parties do."""
        return await self._ask(
            Call(
                "GET",
                "/v1/consents",
                ConsentPage,
                query=said({"after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_consent(self, *, most: int, within_ms: int | None = None) -> AsyncIterator[Consent]:
        """List what you let third parties do: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET", "/v1/consents", ConsentPage, query={"limit": PAGE_MAX}, within_ms=within_ms
            ),
            lambda page: page.items,
            most,
        )

    async def consent(self, *, consent_id: str, within_ms: int | None = None) -> Consent:
        """Show what a third party asks for.

        Raises ConsentNotFound, ConsentIsForPeople.
        """
        return await self._ask(
            Call("GET", f"/v1/consents/{segment(consent_id)}", Consent, within_ms=within_ms)
        )

    async def decide_consent(
        self,
        *,
        consent_id: str,
        allow: bool,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> SendBack:
        """Answer a third party.

        Raises ConsentNotFound, ConsentOver, ConsentIsForPeople.
        """
        return await self._ask(
            Call(
                "POST",
                f"/v1/consents/{segment(consent_id)}",
                SendBack,
                body={"allow": allow},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def end_consent(
        self, *, consent_id: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Consent:
        """Take a consent back.

        Raises ConsentNotFound.
        """
        return await self._ask(
            Call(
                "DELETE",
                f"/v1/consents/{segment(consent_id)}",
                Consent,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )
