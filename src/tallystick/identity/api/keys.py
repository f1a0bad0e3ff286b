"""The door of identity: tenants, their keys, and the proof of who is asking."""

from typing import Annotated, Protocol

from msgspec import Meta

from tallystick.kernel.actions import Action, Facts, asks, unguarded
from tallystick.kernel.callers import Caller
from tallystick.kernel.fields import Cursor, NextCursor, PageLimit, Time, told
from tallystick.kernel.messages import Message
from tallystick.kernel.problems import Kind, Problem
from tallystick.kernel.tags import Tag, records, unrecorded

NAME_MAX = 100

Name = Annotated[
    str,
    Meta(
        description=f"What it is for, 1 to {NAME_MAX} printable characters.",
        extra_json_schema={"minLength": 1, "maxLength": NAME_MAX},
    ),
]
KeyId = Annotated[str, Meta(description="The id of the key, ``key_…``.")]


class CreateTenant(Message, frozen=True):
    """Make a tenant. ``name`` is 1 to 100 printable characters and need not be unique."""

    name: str


class CreateKey(Message, frozen=True):
    """Make a key of the caller's tenant. ``label`` says what it is for, 1 to 100 printable characters.

    Without ``roles`` it gets those of whoever makes it, never more; an operator's gets that of machines. To name roles
    is to give them, with all that asks for. It ends in a year when nothing is said.
    """

    label: Name
    roles: Annotated[tuple[str, ...] | None, told("The roles it holds, 1 to 20.")] = None
    expires_at: Annotated[Time | None, told("When it ends by itself, within a year.")] = None


class RevokeKey(Message, frozen=True):
    """Revoke a key: it stops working here at once, and in other processes within five seconds."""

    key_id: str


class ListKeys(Message, frozen=True):
    """List the tenant's keys, oldest first; ``after`` is the cursor of the page before, ``limit`` 1 to 200."""

    after: Cursor | None = None
    limit: PageLimit = 50


class ListTenants(Message, frozen=True):
    """List all tenants, oldest first; ``after`` is the cursor of the page before, ``limit`` 1 to 200."""

    after: str | None = None
    limit: int = 50


class Authenticate(Message, frozen=True):
    """Prove a caller by the text of a key."""

    key: str


class WhoAmI(Message, frozen=True):
    """Ask who the caller is."""


class Tenant(Message, frozen=True):
    """A tenant."""

    tenant: str
    name: str
    created_at: str


class ApiKey(Message, frozen=True):
    """A key without its secret."""

    key_id: KeyId
    label: Name
    created_at: Time
    roles: Annotated[tuple[str, ...], told("The roles it holds.")]
    expires_at: Annotated[Time | None, told("When it ends by itself.")] = None
    used_at: Annotated[Time | None, told("When it was last used, to the quarter of an hour.")] = (
        None
    )
    revoked_at: Annotated[Time | None, told("When it ended.")] = None


class NewKey(Message, frozen=True):
    """A key with its secret, shown this once: only its hash is kept."""

    key_id: KeyId
    label: Name
    created_at: Time
    roles: Annotated[tuple[str, ...], told("The roles it holds.")]
    expires_at: Annotated[Time, told("When it ends by itself.")]
    key: Annotated[str, told("The key itself, shown this once.")]


class Identified(Message, frozen=True):
    """The caller, as we know it: its tenant, and the key it used."""

    tenant: Annotated[str, told("The tenant, ``tnt_…``.")]
    name: Annotated[str, told("The tenant's name.")]
    actor: Annotated[str, told("The key that was used.")]


class KeyPage(Message, frozen=True):
    """A page of keys; ``after`` is the cursor of the next, absent at the end."""

    items: Annotated[tuple[ApiKey, ...], told("Oldest first.")]
    after: NextCursor | None = None


class TenantPage(Message, frozen=True):
    """A page of tenants; ``after`` is the cursor of the next, absent at the end."""

    items: tuple[Tenant, ...]
    after: str | None = None


class Unauthenticated(Problem):
    """The key is missing, malformed, unknown or revoked; which of them is not told."""

    code = "api_key_not_accepted"
    kind = Kind.UNAUTHENTICATED


class TenantNotFound(Problem):
    """There is no such tenant."""

    code = "tenant_not_found"
    kind = Kind.NOT_FOUND


class KeyNotFound(Problem):
    """The tenant has no such key."""

    code = "api_key_not_found"
    kind = Kind.NOT_FOUND


class RoleNotKnown(Problem):
    """The tenant has no such role."""

    code = "role_of_key_not_found"
    kind = Kind.NOT_FOUND


class NarrowedMakesNone(Problem):
    """The caller's token was narrowed to a scope: it makes no key and no client, which would not be."""

    code = "narrowed_token_makes_none"
    kind = Kind.FORBIDDEN


class TooManyMakers(Problem):
    """The caller is a key that a key made, which a key made: it makes no further one."""

    code = "key_made_by_too_many"
    kind = Kind.FORBIDDEN


def _of_new_key(message: CreateKey) -> Facts:
    if message.roles is None:
        return Facts(actions=(Action.IDENTITY_KEY_CREATE,))
    return Facts(actions=(Action.IDENTITY_KEY_CREATE, Action.IDENTITY_ROLE_GIVE))


class Identity(Protocol):
    """Tenants and keys. Each method works within ``caller.tenant_id``; two of them come before there is one."""

    @asks(Action.IDENTITY_TENANT_CREATE)
    @records(Tag.IDENTITY_TENANT_CREATE)
    async def create_tenant(self, *, caller: Caller, message: CreateTenant) -> Tenant:
        """Make a tenant; the caller is an operator and its own tenant does not matter. Raises Malformed."""
        ...

    @asks(Action.IDENTITY_KEY_CREATE, Action.IDENTITY_ROLE_GIVE, about=_of_new_key)
    @records(Tag.IDENTITY_KEY_CREATE)
    async def create_key(self, *, caller: Caller, message: CreateKey) -> NewKey:
        """Make a key and show it once. Raises Malformed, TenantNotFound, RoleNotKnown, NarrowedMakesNone.

        Raises TooManyMakers.
        """
        ...

    @asks(Action.IDENTITY_KEY_REVOKE)
    @records(Tag.IDENTITY_KEY_REVOKE)
    async def revoke_key(self, *, caller: Caller, message: RevokeKey) -> ApiKey:
        """Revoke a key; doing it again changes nothing. Raises KeyNotFound."""
        ...

    @asks(Action.IDENTITY_KEY_READ)
    @unrecorded("keys without their secrets, to their own tenant")
    async def keys(self, *, caller: Caller, message: ListKeys) -> KeyPage:
        """List keys. Raises Malformed."""
        ...

    @asks(Action.IDENTITY_CALLER_READ)
    @unrecorded("a caller is told about itself")
    async def who_am_i(self, *, caller: Caller, message: WhoAmI) -> Identified:
        """Tell the caller who it is. Raises TenantNotFound."""
        ...

    @unguarded("it is how anybody becomes known")
    @records(Tag.IDENTITY_CALLER_SIGN_IN, notes_refusals=True)
    async def authenticate(self, *, caller: Caller, message: Authenticate) -> Caller:
        """Prove who holds a key; the caller is the edge. Raises Unauthenticated."""
        ...


class TenantDirectory(Protocol):
    """Every tenant, for operators' jobs such as ``verify``. Never served over HTTP."""

    @asks(Action.IDENTITY_TENANT_READ)
    @unrecorded("names of tenants, to operators' jobs; no person is in it")
    async def tenants(self, *, caller: Caller, message: ListTenants) -> TenantPage:
        """List tenants. Raises Malformed."""
        ...
