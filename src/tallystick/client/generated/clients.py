"""Questions about clients and consents. Written by ``make client`` from the routes."""

from collections.abc import Iterator
from typing import Any

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import Group
from tallystick.identity.api.clients import Client, ClientPage, Consent, ConsentPage, SendBack
from tallystick.kernel.fields import PAGE_MAX


class Clients(Group):
    """What can be asked of clients and consents."""

    def clients(
        self, *, after: int | str | None = None, limit: int = 50, within_ms: int | None = None
    ) -> ClientPage:
        """List clients."""
        return self._ask(
            Call(
                "GET",
                "/v1/clients",
                ClientPage,
                query=said({"after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_client(self, *, most: int, within_ms: int | None = None) -> Iterator[Client]:
        """List clients: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call("GET", "/v1/clients", ClientPage, query={"limit": PAGE_MAX}, within_ms=within_ms),
            lambda page: page.items,
            most,
        )

    def create(
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
        return self._ask(
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

    def client(self, *, client_id: str, within_ms: int | None = None) -> Client:
        """Show a client.

        Raises ClientNotFound.
        """
        return self._ask(
            Call("GET", f"/v1/clients/{segment(client_id)}", Client, within_ms=within_ms)
        )

    def end(
        self, *, client_id: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Client:
        """End a client.

        Raises ClientNotFound.
        """
        return self._ask(
            Call(
                "DELETE",
                f"/v1/clients/{segment(client_id)}",
                Client,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def consents(
        self, *, after: int | str | None = None, limit: int = 50, within_ms: int | None = None
    ) -> ConsentPage:
        """List what you let third parties do."""
        return self._ask(
            Call(
                "GET",
                "/v1/consents",
                ConsentPage,
                query=said({"after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_consent(self, *, most: int, within_ms: int | None = None) -> Iterator[Consent]:
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

    def consent(self, *, consent_id: str, within_ms: int | None = None) -> Consent:
        """Show what a third party asks for.

        Raises ConsentNotFound, ConsentIsForPeople.
        """
        return self._ask(
            Call("GET", f"/v1/consents/{segment(consent_id)}", Consent, within_ms=within_ms)
        )

    def decide_consent(
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
        return self._ask(
            Call(
                "POST",
                f"/v1/consents/{segment(consent_id)}",
                SendBack,
                body={"allow": allow},
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    def end_consent(
        self, *, consent_id: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Consent:
        """Take a consent back.

        Raises ConsentNotFound.
        """
        return self._ask(
            Call(
                "DELETE",
                f"/v1/consents/{segment(consent_id)}",
                Consent,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )
