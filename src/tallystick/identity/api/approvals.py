"""The door of approvals: what others ask to do, shown whole, agreed to by a signature over exactly that."""

from enum import StrEnum
from typing import Annotated, Any, Protocol

import msgspec

from tallystick.identity.api.factors import ChallengeId, Credential, Options
from tallystick.kernel.actions import Action, Facts, asks
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import Cursor, NextCursor, PageLimit, Time, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Problem
from tallystick.kernel.tags import Tag, records, unrecorded

ApprovalId = Annotated[str, told("The approval, ``apr_…``.")]


class Which(StrEnum):
    """Which approvals a list has."""

    WAITING = "waiting"
    MINE = "mine"
    ALL = "all"


class ListApprovals(Message, frozen=True):
    """List approvals, oldest first: those that wait for the caller, those the caller asked for, or all."""

    which: Annotated[Which, told("``waiting`` for you, ``mine`` (asked by you), or ``all``.")] = (
        Which.WAITING
    )
    action: Annotated[str | None, told("Only of this action.")] = None
    after: Cursor | None = None
    limit: PageLimit = 50


class ApprovalOf(Message, frozen=True):
    """Name an approval."""

    approval: ApprovalId


class ShowApproval(Message, frozen=True):
    """Show an approval; one that is the caller's own is shown to whoever may ask for anything."""

    approval: ApprovalId
    mine: Annotated[bool, told("Whether the caller asked for it; nothing else is shown then.")] = (
        False
    )


class Approve(Message, frozen=True):
    """Agree: with what a passkey answered to a ``challenge``, or, where that is enough, by a fresh second factor."""

    approval: ApprovalId
    challenge: ChallengeId | None = None
    credential: Credential | None = None


class Reject(Message, frozen=True):
    """Say no, perhaps with a reason: 1 to 500 printable characters."""

    approval: ApprovalId
    reason: Annotated[str | None, told("Why, for whoever asked.")] = None


class Said(Message, frozen=True):
    """What one person said."""

    person: Annotated[str, told("Who, ``per_…``.")]
    name: Annotated[str, told("Their name.")]
    verdict: Annotated[str, told("``approved`` or ``rejected``.")]
    at: Time
    method: Annotated[str, told("``passkey``, which signed it, or ``session``, which did not.")]
    reason: Annotated[str | None, told("Why they said no, where they told.")] = None


class Approval(Message, frozen=True):
    """A request to agree.

    ``asked`` is all that is known of the act: the action, amount in minor units and asset, payee, payment, the maker,
    and the SHA-256 of the whole message. It is what a passkey signs, and nothing else may then be done with it. A list
    leaves out ``payees``, ``payers`` and ``what`` where they are long: the approval itself has them.
    """

    approval: ApprovalId
    status: Annotated[
        str,
        told("``waiting``, ``agreed``, ``used``, ``rejected``, ``withdrawn`` or ``expired``."),
    ]
    sentence: Annotated[str, told("What is asked, in a sentence.")]
    asked: Annotated[dict[str, Any], told("Exactly what is asked.")]
    maker: Annotated[str, told("Who asks.")]
    action: Annotated[str, told("For what.")]
    needed: Annotated[int, told("How many others must agree.")]
    agreed: Annotated[int, told("How many have agreed whose word counts now.")]
    wants_passkey: Annotated[bool, told("Whether only a passkey can agree to it.")]
    created_at: Time
    expires_at: Time
    ended_at: Annotated[Time | None, told("When it ended.")] = None
    said: Annotated[tuple[Said, ...], told("What others said, in order.")] = ()
    names: Annotated[
        dict[str, str], told("Names of the maker and of whom it is about, by their ids.")
    ] = msgspec.field(default_factory=dict[str, str])


class ApprovalPage(Message, frozen=True):
    """A page of approvals; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[Approval, ...], told("Oldest first.")]
    after: NextCursor | None = None


class ApprovalChallenge(Message, frozen=True):
    """What a passkey is asked to sign: a digest of everything in ``asked``."""

    challenge: ChallengeId
    options: Options
    asked: Annotated[dict[str, Any], told("What is signed; show it to whoever signs.")]
    until: Annotated[Time, told("Until when it may be answered.")]


class Checked(Message, frozen=True):
    """What verifying one vote found."""

    person: Annotated[str, told("Who said it, ``per_…``.")]
    verdict: Annotated[str, told("``approved`` or ``rejected``.")]
    method: Annotated[str, told("``passkey`` or ``session``.")]
    is_signed: Annotated[bool, told("Whether a passkey signed exactly what is kept.")]
    page: Annotated[str | None, told("The page on which it was signed.")] = None
    flaw: Annotated[str | None, told("Why it does not verify.")] = None


class Verified(Message, frozen=True):
    """What verifying an approval from its rows alone found."""

    approval: ApprovalId
    is_good: Annotated[
        bool, told("Whether no signature has a flaw, and none is missing that was asked for.")
    ]
    votes: Annotated[tuple[Checked, ...], told("Each vote, in order.")]


class ApprovalNotFound(Problem):
    """There is no such approval."""

    code = "approval_not_found"
    kind = Kind.NOT_FOUND


class ApprovalHasEnded(Problem):
    """It was used, rejected or withdrawn, has expired, or enough have agreed: there is nothing more to say to it."""

    code = "approval_has_ended"
    kind = Kind.CONFLICT


class MakerNeverApproves(Problem):
    """Whoever asks for something does not agree to it: another person does."""

    code = "maker_never_approves"
    kind = Kind.FORBIDDEN


class NotAboutYourself(Problem):
    """It changes what the caller may do, or their factors: another person agrees to it."""

    code = "not_about_yourself"
    kind = Kind.FORBIDDEN


class OnlyTheMaker(Problem):
    """Whoever asked withdraws it; others reject it."""

    code = "only_the_maker_withdraws"
    kind = Kind.FORBIDDEN


class AlreadySaid(Problem):
    """This person said something else to it already."""

    code = "already_said"
    kind = Kind.CONFLICT


class PasskeyNeeded(Problem):
    """Only a passkey can agree to this, since it signs the amount and the payee: ask for a challenge."""

    code = "passkey_needed"
    kind = Kind.FORBIDDEN


def _of_approval(message: ApprovalOf | Approve | Reject) -> Facts:
    return Facts(on=message.approval)


def _of_list(message: ListApprovals) -> Facts:
    is_own = message.which == Which.MINE
    return Facts(actions=(Action.IDENTITY_APPROVAL_WITHDRAW if is_own else _READ,))


def _of_shown(message: ShowApproval) -> Facts:
    own = Action.IDENTITY_APPROVAL_WITHDRAW
    return Facts(actions=(own if message.mine else _READ,), on=message.approval)


_READ = Action.IDENTITY_APPROVAL_READ


class Approvals(Protocol):
    """What others ask to do. Each method works within ``caller.tenant_id`` and nothing else."""

    @asks(Action.IDENTITY_APPROVAL_READ, Action.IDENTITY_APPROVAL_WITHDRAW, about=_of_list)
    @records(Tag.IDENTITY_APPROVAL_READ)
    async def approvals(self, *, caller: Caller, message: ListApprovals) -> ApprovalPage:
        """List approvals. Raises Malformed."""
        ...

    @asks(Action.IDENTITY_APPROVAL_READ, Action.IDENTITY_APPROVAL_WITHDRAW, about=_of_shown)
    @records(Tag.IDENTITY_APPROVAL_READ)
    async def approval(self, *, caller: Caller, message: ShowApproval) -> Approval:
        """Show what exactly is asked, by whom, and who has agreed. Raises ApprovalNotFound."""
        ...

    @asks(Action.IDENTITY_APPROVAL_GIVE, about=_of_approval)
    @unrecorded("a challenge is nothing before it is answered")
    async def challenge(self, *, caller: Caller, message: ApprovalOf) -> ApprovalChallenge:
        """Ask for what a passkey signs to agree.

        Raises OnlyPeople, ApprovalNotFound, ApprovalHasEnded, MakerNeverApproves, NotAboutYourself, PasskeyNeeded.
        """
        ...

    @asks(Action.IDENTITY_APPROVAL_GIVE, about=_of_approval)
    @records(Tag.IDENTITY_APPROVAL_GIVE)
    async def approve(self, *, caller: Caller, message: Approve) -> Approval:
        """Agree; having agreed before changes nothing.

        Raises Malformed, OnlyPeople, ApprovalNotFound, ApprovalHasEnded, MakerNeverApproves, NotAboutYourself,
        AlreadySaid, PasskeyNeeded, StepUpNeeded, ChallengeNotAccepted, PasskeyNotAccepted.
        """
        ...

    @asks(Action.IDENTITY_APPROVAL_GIVE, about=_of_approval)
    @records(Tag.IDENTITY_APPROVAL_REJECT)
    async def reject(self, *, caller: Caller, message: Reject) -> Approval:
        """Say no, which ends it.

        Raises Malformed, OnlyPeople, ApprovalNotFound, ApprovalHasEnded, MakerNeverApproves, NotAboutYourself,
        AlreadySaid.
        """
        ...

    @asks(Action.IDENTITY_APPROVAL_WITHDRAW, about=_of_approval)
    @records(Tag.IDENTITY_APPROVAL_WITHDRAW)
    async def withdraw(self, *, caller: Caller, message: ApprovalOf) -> Approval:
        """Take back what the caller asked for. Raises ApprovalNotFound, ApprovalHasEnded, OnlyTheMaker."""
        ...

    @asks(Action.IDENTITY_APPROVAL_READ, about=_of_approval)
    @records(Tag.IDENTITY_APPROVAL_READ)
    async def verify_vote(self, *, caller: Caller, message: ApprovalOf) -> Verified:
        """Verify every signature again from the rows alone. Raises ApprovalNotFound."""
        ...
