"""The door of decisions: may this be done, and why. Everything that is asked is on record, with the answer."""

from typing import Annotated, Any, Protocol

from msgspec import Meta

from tallystick.kernel.actions import Action, Facts, asks, unguarded
from tallystick.kernel.callers import Caller, Cap
from tallystick.kernel.fields import Asset, Time, told
from tallystick.kernel.messages import Message
from tallystick.kernel.money import Digits
from tallystick.kernel.problems import Kind, Problem, Retry
from tallystick.kernel.tags import Tag, records, unrecorded

STEP_UP = "step_up"
APPROVAL = "approval"
MFA = "urn:tallystick:mfa"
"""The authentication context that a fresh proof of a second factor reaches."""

Holder = Annotated[str, told("A person ``per_…``, a key ``key_…`` or a client ``cli_…``.")]
DecisionId = Annotated[str, told("The decision, ``dec_…``.")]
ActionName = Annotated[
    str,
    Meta(
        description="An action, such as ``ledger.transaction.post``.",
        extra_json_schema={"enum": sorted(Action)},
    ),
]


class Ask(Message, frozen=True):
    """Ask whether the caller may do ``actions`` with these facts.

    ``also`` are others of the same method: when all are allowed whatever is asked, they are decided together.
    ``digest`` is the SHA-256, hexadecimal, of the whole message that is asked for: approvals are bound to it. Without
    one nothing is asked of others yet.
    """

    actions: tuple[str, ...]
    facts: Facts
    also: tuple[str, ...] = ()
    digest: str = ""


class Decision(Message, frozen=True):
    """What was decided.

    ``missing`` names what would let it through: ``step_up``, or ``approval`` (then ``approval`` is the number that it
    waits under). ``blanket`` names the actions that it holds for whatever a message says, ``until`` then (microseconds
    since 1970), when the standing must be read anew. ``caps`` and ``sees`` bound what is let through.
    """

    allowed: bool
    decision: str
    sentence: str
    missing: str = ""
    approval: str = ""
    fresh_s: int = 0
    blanket: tuple[str, ...] = ()
    lasts: int = 0
    caps: tuple[Cap, ...] = ()
    sees: tuple[str, ...] | None = None


class DecisionOf(Message, frozen=True):
    """Name a decision."""

    decision: str


class BehindOf(Message, frozen=True):
    """Name a person, key or client."""

    holder: Holder


class Behind(Message, frozen=True):
    """The people who made a key or client; none for a person, and for what nobody made here."""

    people: Annotated[tuple[str, ...], told("Their ids.")]


class Explain(Message, frozen=True):
    """Ask whether somebody could do something, and why; nothing is done, and a second factor is taken as proven."""

    holder: Holder
    action: ActionName
    account: Annotated[str | None, told("The account that is read or debited.")] = None
    credit: Annotated[str | None, told("The account that money goes to.")] = None
    amount: Annotated[Digits | None, told("How much moves, in minor units.")] = None
    asset: Asset | None = None
    on: Annotated[str | None, told("What it is done on.")] = None


class Explanation(Message, frozen=True):
    """A decision, explained."""

    decision: DecisionId
    at: Time
    actor: Annotated[str, told("Who it is about.")]
    action: ActionName
    allowed: Annotated[bool, told("Whether it was allowed.")]
    sentence: Annotated[str, told("Why, in a sentence.")]
    reasons: Annotated[tuple[str, ...], told("The policies that decided, by their ids.")]
    because: Annotated[tuple[str, ...], told("What each of these says for itself, in their order.")]
    missing: Annotated[str, told("What would have let it through: step_up, approval, or nothing.")]
    policies: Annotated[str, told("The SHA-256 of the policies it was decided by.")]
    again: Annotated[
        bool, told("Whether deciding it again, from what is on record, gives the same answer.")
    ]
    asked: Annotated[Any, told("Everything it was decided from.")]


class NotAllowed(Problem):
    """Whoever asks may not do this. The detail says why, and ``decision`` is where that is on record."""

    code = "not_allowed"
    kind = Kind.FORBIDDEN


class StepUpNeeded(Problem):
    """This asks for a fresh proof of a second factor (RFC 9470): prove one, then send the same request again."""

    code = "step_up_needed"
    kind = Kind.UNAUTHENTICATED
    retry = Retry.SAME

    @property
    def headers(self) -> dict[str, str]:
        """The challenge (RFC 9470, section 3): what proof is asked for, and how old it may be, in seconds."""
        age = self.fields.get("max_age", "300")
        return {
            "www-authenticate": 'Bearer error="insufficient_user_authentication", '
            f'acr_values="{MFA}", max_age="{age}"'
        }


class ApprovalNeeded(Problem):
    """Others must agree first. ``approval`` is what they agree to; then send the very same request again."""

    code = "approval_needed"
    kind = Kind.FORBIDDEN
    retry = Retry.SAME


class ApprovalNeedsAnId(Problem):
    """What others must agree to needs an id of yours, so that it is done once when it is sent again."""

    code = "approval_needs_an_id"
    kind = Kind.UNPROCESSABLE


class TooLongToAgreeTo(Problem):
    """Others must agree, and nobody agrees to what they cannot be shown whole: split it, and send each part alone."""

    code = "too_long_to_agree_to"
    kind = Kind.UNPROCESSABLE


class DecisionNotFound(Problem):
    """There is no such decision."""

    code = "decision_not_found"
    kind = Kind.NOT_FOUND


class HolderNotFound(Problem):
    """There is no such person, key or client."""

    code = "holder_not_found"
    kind = Kind.NOT_FOUND


class Access(Protocol):
    """Decisions. Each method works within ``caller.tenant_id`` and nothing else."""

    @unguarded("every door asks it about its own caller before it lets anybody in")
    @records(Tag.IDENTITY_DECISION_MAKE, notes_refusals=True)
    async def decide(self, *, caller: Caller, message: Ask) -> Decision:
        """Decide, and write it down. A denial is an answer, not a problem."""
        ...

    @unguarded("whoever lets somebody agree to an act must know who is behind it")
    @unrecorded("ids of people, and no names")
    async def behind(self, *, caller: Caller, message: BehindOf) -> Behind:
        """Tell who is behind a key or client, and so has no voice in what it asks for."""
        ...

    @asks(Action.IDENTITY_DECISION_ASK)
    @records(Tag.IDENTITY_DECISION_MAKE)
    async def explain(self, *, caller: Caller, message: Explain) -> Explanation:
        """Decide about somebody else, and say why. Raises Malformed, HolderNotFound."""
        ...

    @asks(Action.IDENTITY_DECISION_READ)
    @unrecorded("decisions hold ids of ours, and no names")
    async def decision(self, *, caller: Caller, message: DecisionOf) -> Explanation:
        """Show a decision, and decide it again. Raises DecisionNotFound."""
        ...
