"""The door of substitutions: which implementation of a context serves a tenant, and how a trial of one goes."""

from typing import Annotated, Protocol

from msgspec import Meta

from tallystick.kernel.actions import Action, Facts, asks, unguarded
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import Replayed, Time, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Problem
from tallystick.kernel.tags import Tag, records, unrecorded

CONTEXTS = ("ledger", "payments", "wallets")
"""The contexts whose contract ships with the package."""
SUBSTITUTED = ("wallets",)
"""Those of them that somebody else can stand in for: their contract promises enough."""
SUBSTITUTES_MAX = 50
DIFFERENCES_MAX = 100
BROKEN_MAX = 10
OURS = "A.1.0.0"
"""The version of our own implementations, as the record calls it."""

Context = Annotated[str, told("The context: ledger, payments or wallets.")]
SubstituteName = Annotated[
    str,
    Meta(
        description="The name of a substitute: 1 to 50 of ``a-z 0-9 -``.",
        extra_json_schema={"pattern": "^[a-z][a-z0-9-]{0,49}$"},
    ),
]
Version = Annotated[
    str,
    Meta(
        description="Its version, such as ``B.1.0.0``.",
        extra_json_schema={"pattern": "^[A-Z](\\.[0-9A-Za-z+-]{1,20}){1,4}$"},
    ),
]
Share = Annotated[
    int,
    Meta(
        description="How many per cent of the calls that read are copied.",
        extra_json_schema={"minimum": 1, "maximum": 100},
    ),
]


class SwitchOver(Message, frozen=True):
    """Let a substitute that kept its contract serve the tenant (``live``), or be tried on copies (``shadow``)."""

    context: Context
    substitute: SubstituteName
    mode: Annotated[str, told("``live``, or ``shadow``.")]
    share: Share = 100


class UndoSubstitution(Message, frozen=True):
    """Let our own implementation serve the tenant again, at once."""

    context: Context


class ListStandings(Message, frozen=True):
    """Show who serves the tenant, by context."""


class StandingOf(Message, frozen=True):
    """Who serves the tenant in one context. ``number`` counts the switches; without a switch it is 0."""

    context: Context
    mode: Annotated[str, told("``default``, ``shadow`` or ``live``.")]
    version: Annotated[str, told("The version that serves it.")]
    number: Annotated[int, told("Counts the switches from 1; 0 where nothing was switched.")] = 0
    substitute: Annotated[str | None, told("The substitute that serves it or is tried.")] = None
    tried: Annotated[str | None, told("The version that is tried in shadow.")] = None
    share: Annotated[int | None, told("How many per cent of what reads is copied.")] = None
    set_by: Annotated[str | None, told("Who switched it.")] = None
    set_at: Time | None = None
    replayed: Replayed = False


class StandingList(Message, frozen=True):
    """Who serves the tenant, one of each context."""

    items: Annotated[tuple[StandingOf, ...], told("By context.")]


class MakeTrial(Message, frozen=True):
    """Make two tenants to try a substitute in, each with a key that ends in an hour and that nobody can show."""

    context: Context
    label: Annotated[str, told("What is tried there, such as ``node-wallets B.1.0.0``.")]


class TriedAs(Message, frozen=True):
    """A tenant that a trial is made in, and who asks there."""

    tenant: Annotated[str, told("The tenant. That it is of a trial, its number shows.")]
    key_id: Annotated[str, told("The key that what is tried is asked as.")]


class Trial(Message, frozen=True):
    """Where a substitute is tried."""

    callers: Annotated[tuple[TriedAs, ...], told("Two, of different tenants.")]
    ends_at: Time


class ListSubstitutes(Message, frozen=True):
    """List the substitutes that are known, and whether they kept their contract when they were tried last."""


class Substitute(Message, frozen=True):
    """A substitute, of one version, as it was tried last."""

    context: Context
    substitute: SubstituteName
    version: Version
    tried_at: Time
    proven: Annotated[bool, told("Whether it kept every promise of the contract.")]
    broken: Annotated[tuple[str, ...], told("The first promises that it broke, and how.")] = ()


class SubstituteList(Message, frozen=True):
    """The substitutes that are known; there are 50 at most."""

    items: Annotated[tuple[Substitute, ...], told("By context, name and version.")]


class ReportTrial(Message, frozen=True):
    """Tell how a substitute kept its contract: ``broken`` has what it did not keep, nothing when it kept it all."""

    context: Context
    substitute: SubstituteName
    version: Version
    broken: tuple[str, ...] = ()


class Unlike(Message, frozen=True):
    """One call that was answered differently: the outcomes, and the places of the answer that are unlike."""

    at: Time
    method: Annotated[str, told("The method of the door.")]
    request: Annotated[str, told("The id of the request.")]
    ours: Annotated[str, told("``answered``, or the code of the refusal.")]
    theirs: Annotated[str, told("``answered``, or the code of the refusal.")]
    fields: Annotated[tuple[str, ...], told("Where the answers are unlike, at most 20.")] = ()


class ReportCopies(Message, frozen=True):
    """Tell what came of copies since the last report; counts are added up, the newest differences are kept."""

    context: Context
    number: int
    compared: int = 0
    different: int = 0
    lost: int = 0
    skipped: int = 0
    differences: tuple[Unlike, ...] = ()


class ShowDifferences(Message, frozen=True):
    """Show what came of the copies of the last trial in shadow."""

    context: Context


class Differences(Message, frozen=True):
    """What came of the copies of a trial, all processes together, as of five seconds ago."""

    context: Context
    number: Annotated[int, told("Of the switch that it is about.")]
    substitute: SubstituteName
    version: Version
    compared: Annotated[int, told("How many answers were compared.")]
    different: Annotated[int, told("How many of them were unlike.")]
    lost: Annotated[int, told("How many copies were not answered.")]
    skipped: Annotated[int, told("How many were not sent, since too many were under way.")]
    items: Annotated[tuple[Unlike, ...], told("The newest differences, at most 100, newest first.")]


class SubstituteNotProven(Problem):
    """No substitute of this name has kept its contract here; ``fields.broken`` has what it broke first."""

    code = "substitute_not_proven"
    kind = Kind.CONFLICT


class ContractPromisesTooLittle(Problem):
    """Nobody can stand in for this context yet: its contract does not promise enough. For wallets somebody can."""

    code = "contract_promises_too_little"
    kind = Kind.CONFLICT


class NothingTried(Problem):
    """Nothing was tried in shadow for this tenant in this context."""

    code = "nothing_tried_in_shadow"
    kind = Kind.NOT_FOUND


class TooManySubstitutes(Problem):
    """At most 50 substitutes are known at a time."""

    code = "too_many_substitutes"
    kind = Kind.CONFLICT


def _of_context(message: SwitchOver | UndoSubstitution) -> Facts:
    return Facts(on=message.context)


class Substitutions(Protocol):
    """Who serves a tenant. Each method works within ``caller.tenant_id``."""

    @records(Tag.IDENTITY_SUBSTITUTION_SET)
    @asks(Action.IDENTITY_SUBSTITUTION_SET, about=_of_context)
    async def substitute(self, *, caller: Caller, message: SwitchOver) -> StandingOf:
        """Switch a tenant over, at once here and within five seconds elsewhere; being so already changes nothing.

        Raises Malformed, ContractPromisesTooLittle, SubstituteNotProven, TenantNotFound.
        """
        ...

    @records(Tag.IDENTITY_SUBSTITUTION_SET)
    @asks(Action.IDENTITY_SUBSTITUTION_SET, about=_of_context)
    async def undo(self, *, caller: Caller, message: UndoSubstitution) -> StandingOf:
        """Switch a tenant back to our own; where nothing was switched it changes nothing. Raises Malformed."""
        ...

    @unrecorded("names and versions of programs, to their own tenant")
    @asks(Action.IDENTITY_SUBSTITUTION_READ)
    async def standing(self, *, caller: Caller, message: ListStandings) -> StandingList:
        """Show who serves the tenant, by context."""
        ...

    @unrecorded("counts, and places of answers without what they say")
    @asks(Action.IDENTITY_SUBSTITUTION_READ)
    async def differences(self, *, caller: Caller, message: ShowDifferences) -> Differences:
        """Show what came of the copies of the last trial in shadow. Raises Malformed, NothingTried."""
        ...

    @unrecorded("names and versions of programs, the same for all")
    @asks(Action.IDENTITY_SUBSTITUTION_READ)
    async def substitutes(self, *, caller: Caller, message: ListSubstitutes) -> SubstituteList:
        """List the substitutes that are known."""
        ...


class Serving(Protocol):
    """Who serves whom, as processes of ours ask and tell it, before anybody is served and without being asked.

    Which process may knock here, its peers say.
    """

    @unguarded("it is asked before anybody is served")
    @unrecorded("names and versions of programs, for the process that serves")
    async def serving(self, *, caller: Caller, message: ListStandings) -> StandingList:
        """Tell who serves the tenant, by context."""
        ...

    @unguarded("it is asked before anybody is served")
    @unrecorded("names and versions of programs, the same for all")
    async def known(self, *, caller: Caller, message: ListSubstitutes) -> SubstituteList:
        """List the substitutes that were tried, by this process or another."""
        ...

    @unguarded("a process that tries a substitute has nobody to try it as")
    @records(Tag.IDENTITY_TENANT_CREATE, Tag.IDENTITY_KEY_CREATE)
    async def trial(self, *, caller: Caller, message: MakeTrial) -> Trial:
        """Make the two tenants of a trial, which stay, and a key of each. Raises Malformed."""
        ...

    @unguarded("a process tells what it found, unasked")
    @records(Tag.IDENTITY_SUBSTITUTE_TRY)
    async def tried(self, *, caller: Caller, message: ReportTrial) -> SubstituteList:
        """Remember how a substitute kept its contract. Raises Malformed, TooManySubstitutes."""
        ...

    @unguarded("a process tells what it found, unasked")
    @unrecorded("counts of comparisons, which nobody asked for")
    async def watched(self, *, caller: Caller, message: ReportCopies) -> StandingList:
        """Add up what came of copies. Raises Malformed."""
        ...
