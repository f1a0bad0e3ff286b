"""The door of rights: which roles and delegations people and machines hold, and what a tenant asks of whoever acts."""

from typing import Annotated, Protocol

from msgspec import Meta

from tallystick.identity.api.access import Holder
from tallystick.kernel.actions import Action, Facts, asks
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import Asset, Cursor, Minor, NextCursor, PageLimit, Time, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Problem
from tallystick.kernel.tags import Tag, records, unrecorded

ROLE_TITLE_MAX = 200
MANY_MAX = 50

PersonId = Annotated[str, told("The person, ``per_…``.")]
RoleName = Annotated[
    str,
    Meta(
        description="A role: a word of ``a-z 0-9 _``.",
        extra_json_schema={"pattern": "^[a-z][a-z0-9_]{0,49}$"},
    ),
]
Patterns = Annotated[
    tuple[str, ...],
    Meta(
        description="Addresses, or patterns of them such as ``customers:...``.",
        extra_json_schema={"minItems": 1, "maxItems": MANY_MAX},
    ),
]
SlotName = Annotated[
    str,
    Meta(
        description="The stretch of time that a cap is for.",
        extra_json_schema={"enum": ["hour", "day", "week", "month", "opening"]},
    ),
]
Clock24 = Annotated[
    str,
    Meta(
        description="A time of day, ``HH:MM``, up to ``24:00``.",
        extra_json_schema={"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"},
    ),
]


class HeldRole(Message, frozen=True):
    """A role as somebody holds it."""

    membership: Annotated[str, told("This giving of it, ``mem_…``.")]
    holder: Holder
    role: RoleName
    from_at: Annotated[Time, told("From when.")]
    given_by: Annotated[str, told("Who gave it.")]
    until_at: Annotated[Time | None, told("Until when; without it, until it is taken.")] = None
    ended_at: Annotated[Time | None, told("When it was taken.")] = None


class MakeRole(Message, frozen=True):
    """Make a role of bundles; the name is the tenant's own and none that comes with the platform."""

    role: RoleName
    title: Annotated[
        str,
        Meta(
            description="What it is, in plain words.",
            extra_json_schema={"minLength": 1, "maxLength": ROLE_TITLE_MAX},
        ),
    ]
    bundles: Annotated[
        tuple[str, ...],
        Meta(
            description="The bundles of acts in it.",
            extra_json_schema={"minItems": 1, "maxItems": MANY_MAX},
        ),
    ]


class RoleOf(Message, frozen=True):
    """Name a role."""

    role: RoleName


class ListRoles(Message, frozen=True):
    """List all roles: those that come with the platform, then the tenant's own. There are few."""


class Role(Message, frozen=True):
    """A role: a name, a sentence, and what it holds in plain words."""

    role: RoleName
    title: Annotated[str, told("What it is, in plain words.")]
    bundles: Annotated[tuple[str, ...], told("The bundles of acts in it.")]
    acts: Annotated[tuple[str, ...], told("What they let somebody do, in plain words.")]
    built_in: Annotated[bool, told("Whether it comes with the platform.")] = False


class Roles(Message, frozen=True):
    """All roles of a tenant."""

    items: Annotated[tuple[Role, ...], told("Those of the platform first.")]


class GiveRole(Message, frozen=True):
    """Give a role to a person, key or client; another person must agree, and nobody gives it to themselves."""

    holder: Holder
    role: RoleName
    from_at: Annotated[Time | None, told("From when; without it, from now.")] = None
    until_at: Annotated[Time | None, told("Until when; without it, until it is taken.")] = None


class TakeRole(Message, frozen=True):
    """Take a role that was given; it bites within five seconds everywhere."""

    membership: Annotated[str, told("The giving of it, ``mem_…``.")]


class ListHeldRoles(Message, frozen=True):
    """List who holds which role, oldest first."""

    holder: Holder | None = None
    after: Cursor | None = None
    limit: PageLimit = 50


class HeldRolePage(Message, frozen=True):
    """A page of roles as they are held."""

    items: Annotated[tuple[HeldRole, ...], told("Oldest first.")]
    after: NextCursor | None = None


class GiveDelegation(Message, frozen=True):
    """Let a holder do something within bounds; another person must agree, and nobody delegates to themselves.

    ``actions`` are names of actions, or the words ``pay``, ``transfer`` and ``see``. Amounts are minor units of
    ``asset``, which they need.
    """

    holder: Holder
    actions: Annotated[
        tuple[str, ...],
        Meta(
            description="What it lets them do: actions, or the words ``pay``, ``transfer``, ``see``.",
            extra_json_schema={"minItems": 1, "maxItems": MANY_MAX},
        ),
    ]
    accounts: Annotated[Patterns, told("The accounts that may be debited, or seen.")]
    credits: Annotated[Patterns, told("The accounts that money may go to.")] = ("...",)
    asset: Asset | None = None
    cap_each: Annotated[Minor | None, told("The most of one act, in minor units.")] = None
    cap_slot: Annotated[Minor | None, told("The most of all acts in a slot.")] = None
    slot: SlotName | None = None
    opens: Annotated[Clock24 | None, told("From what time of day, in the time zone.")] = None
    closes: Annotated[Clock24 | None, told("Until what time of day.")] = None
    days: Annotated[
        tuple[int, ...],
        Meta(
            description="Days of the week, Monday 1; all when empty.",
            extra_json_schema={"maxItems": 7},
        ),
    ] = ()
    time_zone: Annotated[str, told("An IANA time zone.")] = "UTC"
    from_at: Annotated[Time | None, told("From when; without it, from now.")] = None
    until_at: Annotated[Time | None, told("Until when; without it, until it is taken.")] = None
    step_up_above: Annotated[
        Minor | None, told("Above this a fresh proof of a second factor is asked for.")
    ] = None
    approvers: Annotated[
        int,
        Meta(
            description="How many others must agree, 0 to 5.",
            extra_json_schema={"minimum": 0, "maximum": 5},
        ),
    ] = 0
    approve_above: Annotated[Minor | None, told("Only above this must others agree.")] = None


class Delegation(GiveDelegation, frozen=True, kw_only=True):
    """A delegation, and the sentence that says it."""

    delegation: Annotated[str, told("The delegation, ``dlg_…``.")]
    given_by: Annotated[str, told("Who gave it.")]
    sentence: Annotated[str, told("What it lets them do.")]
    ended_at: Annotated[Time | None, told("When it was taken.")] = None


class TakeDelegation(Message, frozen=True):
    """Take a delegation; it bites within five seconds everywhere."""

    delegation: Annotated[str, told("The delegation, ``dlg_…``.")]


class ListDelegations(Message, frozen=True):
    """List delegations, oldest first."""

    holder: Holder | None = None
    after: Cursor | None = None
    limit: PageLimit = 50


class DelegationPage(Message, frozen=True):
    """A page of delegations."""

    items: Annotated[tuple[Delegation, ...], told("Oldest first.")]
    after: NextCursor | None = None


class SetRule(Message, frozen=True):
    """Replace what the tenant asks of whoever acts; another person must agree."""

    networks: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks people and machines may act from (CIDR); any when empty.",
            extra_json_schema={"maxItems": 100},
        ),
    ] = ()
    countries: Annotated[
        tuple[str, ...],
        Meta(
            description="Countries people may act from (ISO 3166-1 alpha-2); any when empty.",
            extra_json_schema={"maxItems": 250},
        ),
    ] = ()
    known_devices: Annotated[bool, told("Whether people act from known devices only.")] = False
    risk_max: Annotated[int, told("The highest risk a person may have, 0 to 100.")] = 100
    step_up_minutes: Annotated[int, told("How long a proof stays fresh, 1 to 60 minutes.")] = 5


class RuleNow(Message, frozen=True):
    """Ask for the rule in force."""


class Rule(Message, frozen=True):
    """The rule in force, and who set it; all of it is told, what nobody set too."""

    networks: Annotated[tuple[str, ...], told("Where one may act from (CIDR); any when empty.")]
    countries: Annotated[
        tuple[str, ...], told("Countries people may act from (ISO 3166-1 alpha-2); any when empty.")
    ]
    known_devices: Annotated[bool, told("Whether people act from known devices only.")]
    risk_max: Annotated[int, told("The highest risk a person may have, 0 to 100.")]
    step_up_minutes: Annotated[int, told("How long a proof stays fresh, 1 to 60 minutes.")]
    set_by: Annotated[str, told("Who set it; empty for the platform's own.")]


class RoleNotFound(Problem):
    """There is no such role."""

    code = "role_not_found"
    kind = Kind.NOT_FOUND


class RoleExistsDifferent(Problem):
    """There is a role of this name with other bundles, or it comes with the platform."""

    code = "role_exists_different"
    kind = Kind.CONFLICT


class RoleIsHeldOtherwise(Problem):
    """They hold this role already, from or until another time: take it first, then give it anew."""

    code = "role_is_held_otherwise"
    kind = Kind.CONFLICT


class MembershipNotFound(Problem):
    """There is no such giving of a role."""

    code = "membership_not_found"
    kind = Kind.NOT_FOUND


class DelegationNotFound(Problem):
    """There is no such delegation."""

    code = "delegation_not_found"
    kind = Kind.NOT_FOUND


class NotForYourself(Problem):
    """Nobody gives themselves a role or a delegation."""

    code = "not_for_yourself"
    kind = Kind.FORBIDDEN


def _of_holder(message: GiveRole | GiveDelegation) -> Facts:
    return Facts(on=message.holder, person=message.holder)


def _of_rule(message: SetRule) -> Facts:
    """All of a rule, its defaults too, so that whoever agrees sees what will hold."""
    told = (
        f"networks: {', '.join(message.networks) or 'any'}",
        f"countries: {', '.join(message.countries) or 'any'}",
        f"known_devices: {'yes' if message.known_devices else 'no'}",
        f"risk_max: {message.risk_max}",
        f"step_up_minutes: {message.step_up_minutes}",
    )
    return Facts(on="rule", told="; ".join(told))


class Rights(Protocol):
    """Roles, delegations and rules. Each method works within ``caller.tenant_id`` and nothing else."""

    @asks(Action.IDENTITY_ROLE_MAKE)
    @records(Tag.IDENTITY_ROLE_MAKE)
    async def make_role(self, *, caller: Caller, message: MakeRole) -> Role:
        """Make a role; the same again is the same. Raises Malformed, RoleExistsDifferent."""
        ...

    @asks(Action.IDENTITY_ROLE_END)
    @records(Tag.IDENTITY_ROLE_END)
    async def end_role(self, *, caller: Caller, message: RoleOf) -> Role:
        """End a role of the tenant: it brings nothing to whoever holds it. Raises RoleNotFound."""
        ...

    @asks(Action.IDENTITY_ROLE_READ)
    @unrecorded("roles are names and words, not of people")
    async def roles(self, *, caller: Caller, message: ListRoles) -> Roles:
        """List all roles."""
        ...

    @asks(Action.IDENTITY_ROLE_GIVE, about=_of_holder)
    @records(Tag.IDENTITY_ROLE_GIVE, Tag.IDENTITY_ROLE_TAKE)
    async def give_role(self, *, caller: Caller, message: GiveRole) -> HeldRole:
        """Give a role; the same again is the same, and what lapsed is ended first.

        Raises Malformed, RoleNotFound, HolderNotFound, NotForYourself, RoleIsHeldOtherwise.
        """
        ...

    @asks(Action.IDENTITY_ROLE_TAKE)
    @records(Tag.IDENTITY_ROLE_TAKE)
    async def take_role(self, *, caller: Caller, message: TakeRole) -> HeldRole:
        """Take a role. Raises MembershipNotFound."""
        ...

    @asks(Action.IDENTITY_ROLE_READ)
    @unrecorded("who holds what is told by ids of ours")
    async def held_roles(self, *, caller: Caller, message: ListHeldRoles) -> HeldRolePage:
        """List who holds which role. Raises Malformed."""
        ...

    @asks(Action.IDENTITY_DELEGATION_GIVE, about=_of_holder)
    @records(Tag.IDENTITY_DELEGATION_GIVE)
    async def give_delegation(self, *, caller: Caller, message: GiveDelegation) -> Delegation:
        """Give a delegation. Raises Malformed, HolderNotFound, NotForYourself."""
        ...

    @asks(Action.IDENTITY_DELEGATION_TAKE)
    @records(Tag.IDENTITY_DELEGATION_TAKE)
    async def take_delegation(self, *, caller: Caller, message: TakeDelegation) -> Delegation:
        """Take a delegation. Raises DelegationNotFound."""
        ...

    @asks(Action.IDENTITY_DELEGATION_READ)
    @unrecorded("who may do what is told by ids of ours")
    async def delegations(self, *, caller: Caller, message: ListDelegations) -> DelegationPage:
        """List delegations. Raises Malformed."""
        ...

    @asks(Action.IDENTITY_RULE_SET, about=_of_rule)
    @records(Tag.IDENTITY_RULE_SET)
    async def set_rule(self, *, caller: Caller, message: SetRule) -> Rule:
        """Replace the tenant's rule; another person must agree. Raises Malformed."""
        ...

    @asks(Action.IDENTITY_RULE_READ)
    @unrecorded("a rule names networks and countries, not people")
    async def rule(self, *, caller: Caller, message: RuleNow) -> Rule:
        """Show the rule in force."""
        ...
