"""Questions about approvals, awaited. Written by ``make client`` from the routes."""

from collections.abc import AsyncIterator
from typing import Any

from tallystick.client.calls import Call, said, segment
from tallystick.client.groups import AsyncGroup
from tallystick.identity.api.approvals import (
    Approval,
    ApprovalChallenge,
    ApprovalPage,
    Verified,
    Which,
)
from tallystick.kernel.fields import PAGE_MAX


class AsyncApprovals(AsyncGroup):
    """What can be asked of approvals."""

    async def approvals(
        self,
        *,
        which: Which = Which.WAITING,
        action: str | None = None,
        after: int | str | None = None,
        limit: int = 50,
        within_ms: int | None = None,
    ) -> ApprovalPage:
        """List what waits for you, or what you asked for."""
        return await self._ask(
            Call(
                "GET",
                "/v1/approvals",
                ApprovalPage,
                query=said(
                    {"which": which, "action": action, "after": after, "limit": limit},
                    which=Which.WAITING,
                    limit=50,
                ),
                within_ms=within_ms,
            )
        )

    def each_approval(
        self,
        *,
        most: int,
        which: Which = Which.WAITING,
        action: str | None = None,
        within_ms: int | None = None,
    ) -> AsyncIterator[Approval]:
        """List what waits for you, or what you asked for: every one, page by page.

        Raises ListTooLong for more than ``most``.
        """
        return self._walk(
            Call(
                "GET",
                "/v1/approvals",
                ApprovalPage,
                query=said(
                    {"which": which, "action": action, "limit": PAGE_MAX}, which=Which.WAITING
                ),
                within_ms=within_ms,
            ),
            lambda page: page.items,
            most,
        )

    async def approval(
        self, *, approval: str, mine: bool = False, within_ms: int | None = None
    ) -> Approval:
        """Show what exactly is asked, by whom, and who has agreed.

        Raises ApprovalNotFound.
        """
        return await self._ask(
            Call(
                "GET",
                f"/v1/approvals/{segment(approval)}",
                Approval,
                query=said({"mine": mine}, mine=False),
                within_ms=within_ms,
            )
        )

    async def verify(self, *, approval: str, within_ms: int | None = None) -> Verified:
        """Verify every signature again from what is kept.

        Raises ApprovalNotFound.
        """
        return await self._ask(
            Call(
                "GET",
                f"/v1/approvals/{segment(approval)}/verification",
                Verified,
                within_ms=within_ms,
            )
        )

    async def challenge(
        self, *, approval: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> ApprovalChallenge:
        """Ask for what a passkey signs to agree.

        Raises OnlyPeople, SignInAgain, ApprovalNotFound, ApprovalHasEnded, MakerNeverApproves,
        NotAboutYourself, AlreadySaid, PasskeyNeeded, ChallengeNotAccepted.
        """
        return await self._ask(
            Call(
                "POST",
                f"/v1/approvals/{segment(approval)}/challenge",
                ApprovalChallenge,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def approve(
        self,
        *,
        approval: str,
        challenge: str | None = None,
        credential: dict[str, Any] | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Approval:
        """Agree to exactly this.

        Raises OnlyPeople, SignInAgain, ApprovalNotFound, ApprovalHasEnded, MakerNeverApproves,
        NotAboutYourself, AlreadySaid, StepUpNeeded, PasskeyNeeded, ChallengeNotAccepted,
        PasskeyNotAccepted.
        """
        return await self._ask(
            Call(
                "POST",
                f"/v1/approvals/{segment(approval)}/approve",
                Approval,
                body=said({"challenge": challenge, "credential": credential}),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def reject(
        self,
        *,
        approval: str,
        reason: str | None = None,
        idempotency_key: str | None = None,
        within_ms: int | None = None,
    ) -> Approval:
        """Say no, which ends it.

        Raises OnlyPeople, SignInAgain, ApprovalNotFound, ApprovalHasEnded, MakerNeverApproves,
        NotAboutYourself, AlreadySaid.
        """
        return await self._ask(
            Call(
                "POST",
                f"/v1/approvals/{segment(approval)}/reject",
                Approval,
                query=said({"reason": reason}),
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )

    async def withdraw(
        self, *, approval: str, idempotency_key: str | None = None, within_ms: int | None = None
    ) -> Approval:
        """Take back what you asked for.

        Raises ApprovalNotFound, ApprovalHasEnded, OnlyTheMaker.
        """
        return await self._ask(
            Call(
                "POST",
                f"/v1/approvals/{segment(approval)}/withdraw",
                Approval,
                key=idempotency_key or self._new_key(),
                within_ms=within_ms,
            )
        )
