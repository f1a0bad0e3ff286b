"""Questions about signing in, and sessions, awaited. Written by ``make client`` from the routes."""

from collections.abc import AsyncIterator
from typing import Any

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import AsyncGroup
from tallystick.identity.api.sessions import (
    PasskeyAsked,
    Session,
    SessionPage,
    SessionsEnded,
    SignedIn,
    SignInStarted,
    SignInWays,
)
from tallystick.kernel.fields import PAGE_MAX


class AsyncSessions(AsyncGroup):
    """What can be asked of signing in, and sessions."""

    async def start_sign_in(
        self,
        *,
        tenant: str,
        redirect: str,
        provider: str | None = None,
        within_ms: int | None = None,
    ) -> SignInStarted:
        """Begin to sign in.

        Raises ProviderNotFound, ProviderOutOfReach.
        """
        return await self._ask(
            Call(
                "POST",
                "/v1/sign-in",
                SignInStarted,
                body=said({"tenant": tenant, "redirect": redirect, "provider": provider}),
                public=True,
                is_repeatable=False,
                within_ms=within_ms,
            )
        )

    async def finish_sign_in(
        self,
        *,
        tenant: str,
        flow: str,
        code: str,
        state: str,
        issuer: str | None = None,
        device: str | None = None,
        within_ms: int | None = None,
    ) -> SignedIn:
        """Finish signing in.

        Raises SignInNotAccepted, PersonNotKnown, ProviderOutOfReach.
        """
        return await self._ask(
            Call(
                "POST",
                "/v1/sign-in/finish",
                SignedIn,
                body=said(
                    {
                        "tenant": tenant,
                        "flow": flow,
                        "code": code,
                        "state": state,
                        "issuer": issuer,
                        "device": device,
                    }
                ),
                public=True,
                is_repeatable=False,
                within_ms=within_ms,
            )
        )

    async def sign_in_ways(self, *, tenant: str, within_ms: int | None = None) -> SignInWays:
        """Say by which providers people of a tenant come in."""
        return await self._ask(
            Call(
                "GET",
                "/v1/sign-in",
                SignInWays,
                query={"tenant": tenant},
                public=True,
                within_ms=within_ms,
            )
        )

    async def start_passkey_sign_in(self, *, within_ms: int | None = None) -> PasskeyAsked:
        """Begin to sign in with a passkey."""
        return await self._ask(
            Call(
                "POST",
                "/v1/sign-in/passkey",
                PasskeyAsked,
                public=True,
                is_repeatable=False,
                within_ms=within_ms,
            )
        )

    async def finish_passkey_sign_in(
        self,
        *,
        flow: str,
        credential: dict[str, Any],
        tenant: str | None = None,
        device: str | None = None,
        within_ms: int | None = None,
    ) -> SignedIn:
        """Finish signing in with a passkey.

        Raises SignInNotAccepted, PersonNotKnown.
        """
        return await self._ask(
            Call(
                "POST",
                "/v1/sign-in/passkey/finish",
                SignedIn,
                body=said(
                    {"flow": flow, "credential": credential, "tenant": tenant, "device": device}
                ),
                public=True,
                is_repeatable=False,
                within_ms=within_ms,
            )
        )

    async def sessions(
        self, *, after: int | str | None = None, limit: int = 50, within_ms: int | None = None
    ) -> SessionPage:
        """List one's own sessions."""
        return await self._ask(
            Call(
                "GET",
                "/v1/sessions",
                SessionPage,
                query=said({"after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_session(self, *, most: int, within_ms: int | None = None) -> AsyncIterator[Session]:
        """List one's own sessions: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET", "/v1/sessions", SessionPage, query={"limit": PAGE_MAX}, within_ms=within_ms
            ),
            lambda page: page.items,
            most,
        )

    async def end(
        self, *, session_id: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> SessionsEnded:
        """End one of one's own sessions.

        Raises SessionNotFound.
        """
        return await self._ask(
            Call(
                "DELETE",
                f"/v1/sessions/{segment(session_id)}",
                SessionsEnded,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def end_all(
        self, *, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> SessionsEnded:
        """End all of one's own sessions."""
        return await self._ask(
            Call(
                "DELETE",
                "/v1/sessions",
                SessionsEnded,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )
