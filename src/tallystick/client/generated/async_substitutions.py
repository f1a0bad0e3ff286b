"""Questions about who serves the tenant, awaited. Written by ``make client`` from the routes."""

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import AsyncGroup
from tallystick.identity.api.substitutions import (
    Differences,
    StandingList,
    StandingOf,
    SubstituteList,
)


class AsyncSubstitutions(AsyncGroup):
    """What can be asked of who serves the tenant."""

    async def standing(self, *, within_ms: int | None = None) -> StandingList:
        """Show which implementation serves the tenant."""
        return await self._ask(Call("GET", "/v1/substitutions", StandingList, within_ms=within_ms))

    async def substitutes(self, *, within_ms: int | None = None) -> SubstituteList:
        """List the substitutes that are known."""
        return await self._ask(Call("GET", "/v1/substitutes", SubstituteList, within_ms=within_ms))

    async def switch_over(
        self,
        *,
        context: str,
        substitute: str,
        mode: str,
        share: int = 100,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> StandingOf:
        """Switch the tenant over to a substitute, or try one in shadow.

        Raises ContractPromisesTooLittle, SubstituteNotProven, TenantNotFound.
        """
        return await self._ask(
            Call(
                "PUT",
                "/v1/substitutions",
                StandingOf,
                body=said(
                    {"context": context, "substitute": substitute, "mode": mode, "share": share},
                    share=100,
                ),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def switch_back(
        self, *, context: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> StandingOf:
        """Switch the tenant back to our own implementation.

        Raises TenantNotFound.
        """
        return await self._ask(
            Call(
                "DELETE",
                f"/v1/substitutions/{segment(context)}",
                StandingOf,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def differences(self, *, context: str, within_ms: int | None = None) -> Differences:
        """Show how the answers of a substitute in shadow differed.

        Raises NothingTried.
        """
        return await self._ask(
            Call(
                "GET",
                f"/v1/substitutions/{segment(context)}/differences",
                Differences,
                within_ms=within_ms,
            )
        )
