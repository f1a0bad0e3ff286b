"""Approvals over HTTP: listed, shown, agreed to, refused, taken back, and verified again."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from tallystick.identity.api.access import StepUpNeeded
from tallystick.identity.api.approvals import (
    AlreadySaid,
    Approval,
    ApprovalChallenge,
    ApprovalHasEnded,
    ApprovalNotFound,
    ApprovalOf,
    ApprovalPage,
    Approvals,
    Approve,
    ListApprovals,
    MakerNeverApproves,
    NotAboutYourself,
    OnlyTheMaker,
    PasskeyNeeded,
    Reject,
    ShowApproval,
    Verified,
)
from tallystick.identity.api.factors import (
    ChallengeId,
    ChallengeNotAccepted,
    Credential,
    OnlyPeople,
    PasskeyNotAccepted,
    SignInAgain,
)
from tallystick.kernel.fields import told
from tallystick.kernel.messages import Message
from tallystick.runtime.edge import Asked, Route

_SAYING = (
    *(OnlyPeople, SignInAgain, ApprovalNotFound, ApprovalHasEnded),
    *(MakerNeverApproves, NotAboutYourself, AlreadySaid),
)


class Agreement(Message, frozen=True):
    """Agree with what a passkey answered to a ``challenge``; with neither, by the session's fresh second factor."""

    challenge: ChallengeId | None = None
    credential: Credential | None = None


class Rejection(Message, frozen=True):
    """Why somebody says no."""

    reason: Annotated[str | None, told("Why, for whoever asked: 1 to 500 characters.")] = None


class Showing(Message, frozen=True):
    """Which approval may be shown."""

    mine: Annotated[
        bool, told("Whether you asked for it, which needs no right to see those of others.")
    ] = False


def routes(approvals: Approvals) -> list[Route]:
    """The routes of approvals."""
    return [*_reading(approvals), *_saying(approvals)]


def _of(method: Callable[..., Awaitable[Any]]) -> Callable[[Asked], Awaitable[Any]]:
    """What asks a method about the approval that the path names."""

    async def ask(asked: Asked) -> Any:
        message = ApprovalOf(approval=asked.path["approval"])
        return await method(caller=asked.caller, message=message)

    return ask


def _reading(approvals: Approvals) -> list[Route]:
    async def list_approvals(asked: Asked) -> ApprovalPage:
        return await approvals.approvals(caller=asked.caller, message=asked.query)

    async def show(asked: Asked) -> Approval:
        message = ShowApproval(approval=asked.path["approval"], mine=asked.query.mine)
        return await approvals.approval(caller=asked.caller, message=message)

    return [
        Route(
            method="GET",
            path="/v1/approvals",
            summary="List what waits for you, or what you asked for",
            handle=list_approvals,
            query=ListApprovals,
            answer=ApprovalPage,
        ),
        Route(
            method="GET",
            path="/v1/approvals/{approval}",
            summary="Show what exactly is asked, by whom, and who has agreed",
            handle=show,
            query=Showing,
            answer=Approval,
            problems=(ApprovalNotFound,),
        ),
        Route(
            method="GET",
            path="/v1/approvals/{approval}/verification",
            summary="Verify every signature again from what is kept",
            handle=_of(approvals.verify_vote),
            answer=Verified,
            problems=(ApprovalNotFound,),
        ),
    ]


def _saying(approvals: Approvals) -> list[Route]:
    async def approve(asked: Asked) -> Approval:
        message = Approve(
            approval=asked.path["approval"],
            challenge=asked.body.challenge,
            credential=asked.body.credential,
        )
        return await approvals.approve(caller=asked.caller, message=message)

    async def reject(asked: Asked) -> Approval:
        message = Reject(approval=asked.path["approval"], reason=asked.query.reason)
        return await approvals.reject(caller=asked.caller, message=message)

    return [
        Route(
            method="POST",
            path="/v1/approvals/{approval}/challenge",
            summary="Ask for what a passkey signs to agree",
            handle=_of(approvals.challenge),
            answer=ApprovalChallenge,
            problems=(*_SAYING, PasskeyNeeded, ChallengeNotAccepted),
        ),
        Route(
            method="POST",
            path="/v1/approvals/{approval}/approve",
            summary="Agree to exactly this",
            handle=approve,
            body=Agreement,
            answer=Approval,
            problems=(
                *(*_SAYING, StepUpNeeded, PasskeyNeeded),
                *(ChallengeNotAccepted, PasskeyNotAccepted),
            ),
        ),
        Route(
            method="POST",
            path="/v1/approvals/{approval}/reject",
            summary="Say no, which ends it",
            handle=reject,
            query=Rejection,
            answer=Approval,
            problems=_SAYING,
        ),
        Route(
            method="POST",
            path="/v1/approvals/{approval}/withdraw",
            summary="Take back what you asked for",
            handle=_of(approvals.withdraw),
            answer=Approval,
            problems=(ApprovalNotFound, ApprovalHasEnded, OnlyTheMaker),
        ),
    ]
