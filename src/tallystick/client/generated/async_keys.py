"""Questions about keys, awaited. Written by ``make client`` from the routes."""

from collections.abc import AsyncIterator

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import AsyncGroup
from tallystick.identity.api import ApiKey, Identified, KeyPage, NewKey
from tallystick.kernel.fields import PAGE_MAX


class AsyncKeys(AsyncGroup):
    """What can be asked of keys."""

    async def keys(
        self, *, after: int | str | None = None, limit: int = 50, within_ms: int | None = None
    ) -> KeyPage:
        """List keys."""
        return await self._ask(
            Call(
                "GET",
                "/v1/keys",
                KeyPage,
                query=said({"after": after, "limit": limit}, limit=50),
                within_ms=within_ms,
            )
        )

    def each_key(self, *, most: int, within_ms: int | None = None) -> AsyncIterator[ApiKey]:
        """List keys: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call("GET", "/v1/keys", KeyPage, query={"limit": PAGE_MAX}, within_ms=within_ms),
            lambda page: page.items,
            most,
        )

    async def create(
        self,
        *,
        label: str,
        roles: tuple[str, ...] | None = None,
        expires_at: str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> NewKey:
        """Make a key.

        Raises TenantNotFound, RoleNotKnown, NarrowedMakesNone, TooManyMakers.
        """
        return await self._ask(
            Call(
                "POST",
                "/v1/keys",
                NewKey,
                body=said({"label": label, "roles": roles, "expires_at": expires_at}),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def revoke(
        self, *, key_id: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> ApiKey:
        """Revoke a key.

        Raises KeyNotFound.
        """
        return await self._ask(
            Call(
                "DELETE",
                f"/v1/keys/{segment(key_id)}",
                ApiKey,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def who_am_i(self, *, within_ms: int | None = None) -> Identified:
        """Tell who is asking.

        Raises TenantNotFound.
        """
        return await self._ask(Call("GET", "/v1/whoami", Identified, within_ms=within_ms))
