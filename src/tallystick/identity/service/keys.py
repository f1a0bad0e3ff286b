"""Identity made real: tenants and keys in the database, found keys remembered for three seconds."""

from collections.abc import Iterable

from tallystick.identity.adapters.cedar import catalogue
from tallystick.identity.api import (
    ApiKey,
    Authenticate,
    CreateKey,
    CreateTenant,
    Identified,
    KeyNotFound,
    KeyPage,
    ListKeys,
    ListTenants,
    NarrowedMakesNone,
    NewKey,
    RevokeKey,
    RoleNotKnown,
    Tenant,
    TenantNotFound,
    TenantPage,
    TooManyMakers,
    Unauthenticated,
    WhoAmI,
)
from tallystick.identity.api.proven import KEPT_HERE
from tallystick.identity.model import keys
from tallystick.identity.store import keys as store
from tallystick.identity.store import makers
from tallystick.identity.store.makers import Maker
from tallystick.kernel import ids, instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import Instant
from tallystick.kernel.problems import malformed
from tallystick.kernel.tags import Tag
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.database import Connection, Database
from tallystick.runtime.record import Pen

KEPT_KEYS_MAX = 10_000
# A key that goes on being used has signed in once in so long.
SIGNED_IN: Instant = 900 * instants.SECOND
_KEY_ID_MAX = 64
_NO_KEY = "Send a key that is in force as `Authorization: Bearer tally_…`."


class FoundKeys:
    """Keys proven lately, by hash: the text of a key is not kept in memory. Absence is never remembered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: dict[bytes, tuple[Caller, Instant, Instant | None]] = {}

    def get(self, hashed: bytes) -> Caller | None:
        """The caller, if the key was found less than three seconds ago."""
        found = self._found.get(hashed)
        if found is None:
            return None
        caller, asked_at, expires_at = found
        now = self._clock.now()
        # A clock that was set back must not prolong anything.
        if 0 <= now - asked_at < KEPT_HERE and (expires_at is None or now < expires_at):
            return caller
        return None

    def put(
        self, hashed: bytes, caller: Caller, *, asked_at: Instant, expires_at: Instant | None
    ) -> None:
        """Remember a key from the moment it was asked for; when there are too many, forget the oldest."""
        self._found.pop(hashed, None)
        if len(self._found) >= KEPT_KEYS_MAX:
            del self._found[next(iter(self._found))]
        self._found[hashed] = (caller, asked_at, expires_at)

    def forget(self, tenant_id: int, key_id: str) -> None:
        """Drop a key that was revoked here."""
        for hashed, (caller, _, _) in list(self._found.items()):
            if (caller.tenant_id, caller.actor) == (tenant_id, key_id):
                del self._found[hashed]


class IdentityService:
    """The door of identity, over the database of role ``tallystick_identity``."""

    def __init__(self, *, database: Database, mint: Mint, clock: Clock) -> None:
        self._database = database
        self._mint = mint
        self._clock = clock
        self._found = FoundKeys(clock)
        self._pen = Pen(database=database, context=store.CONTEXT, clock=clock)
        self._signed_in: dict[tuple[int, str], Instant] = {}

    async def create_tenant(self, *, caller: Caller, message: CreateTenant) -> Tenant:
        """Make a tenant. Raises Malformed."""
        return await self._make_tenant(self._mint.tenant_id(), caller, message.name)

    async def make_trial(self, *, caller: Caller, name: str, until: Instant) -> tuple[str, str]:
        """Make a tenant for a trial and a key of it that nobody can show; answers their ids. Raises Malformed."""
        tenant_id = self._mint.trial_id()
        made = await self._make_tenant(tenant_id, caller, name)
        key = await self.create_key(
            caller=Caller(tenant_id=tenant_id, actor=caller.actor, request=caller.request),
            message=CreateKey(label="trial", expires_at=instants.render(until)),
        )
        return made.tenant, key.key_id

    async def _make_tenant(self, tenant_id: int, caller: Caller, asked: str) -> Tenant:
        name, now = keys.checked_name(asked, field="name"), self._clock.now()
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            await store.insert_tenant(
                connection, tenant_id=tenant_id, name=name, now=now, caller=caller
            )
        return Tenant(tenant=ids.tenant_name(tenant_id), name=name, created_at=instants.render(now))

    async def create_key(self, *, caller: Caller, message: CreateKey) -> NewKey:
        """Make a key and show it once. Raises Malformed, TenantNotFound, RoleNotKnown, NarrowedMakesNone.

        Raises TooManyMakers.
        """
        demand_whole(caller)
        label = keys.checked_name(message.label, field="label")
        key_id, now = self._mint.id("key"), self._clock.now()
        asked = None if message.roles is None else keys.checked_roles(message.roles)
        text = keys.key_text(key_id=key_id, secret=self._mint.secret(keys.SECRET_BYTES))
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            maker = await makers.maker(
                connection, tenant_id=caller.tenant_id, actor=caller.actor, now=now
            )
            if maker.keys >= makers.LINE_MAX:
                raise TooManyMakers("This key was made by keys: make the new one with another.")
            roles = await self._roles_of_new(connection, caller, asked, maker)
            inherits = asked is None and maker.roles is not None
            expires_at = keys.checked_expiry(
                message.expires_at, now=now, until=_until(maker, roles if inherits else ())
            )
            await store.insert_key(
                connection,
                tenant_id=caller.tenant_id,
                key_id=key_id,
                hashed=keys.hash_of(text),
                label=label,
                roles=roles,
                expires_at=expires_at,
                maker=maker,
                inherits=inherits,
                now=now,
                caller=caller,
            )
        return NewKey(
            key_id=key_id,
            label=label,
            created_at=instants.render(now),
            roles=roles,
            expires_at=instants.render(expires_at),
            key=text,
        )

    async def _roles_of_new(
        self, connection: Connection, caller: Caller, asked: tuple[str, ...] | None, maker: Maker
    ) -> tuple[str, ...]:
        """The roles of a key that is made: those that are asked for, else the maker's, at most as many as a key has."""
        if asked is None:
            return tuple(sorted(maker.roles or ()))[: keys.ROLES_MAX] or (keys.MACHINE,)
        unknown = set(asked) - catalogue().roles.keys()
        unknown -= await store.own_roles(
            connection, tenant_id=caller.tenant_id, roles=sorted(unknown)
        )
        if unknown:
            raise RoleNotKnown("The tenant has no such role.", {"role": min(unknown)})
        return asked

    async def revoke_key(self, *, caller: Caller, message: RevokeKey) -> ApiKey:
        """Revoke a key. Raises KeyNotFound."""
        tenant_id, key_id = caller.tenant_id, message.key_id
        async with self._database.transaction(tenant_id=tenant_id) as connection:
            await store.revoke_key(
                connection,
                tenant_id=tenant_id,
                key_id=key_id,
                now=self._clock.now(),
                caller=caller,
            )
            key = await store.key(connection, tenant_id=tenant_id, key_id=key_id)
        if key is None:
            raise KeyNotFound("The tenant has no such key.", {"key_id": key_id[:_KEY_ID_MAX]})
        self._found.forget(tenant_id, key_id)
        return key

    async def keys(self, *, caller: Caller, message: ListKeys) -> KeyPage:
        """List keys. Raises Malformed."""
        limit = keys.checked_limit(message.limit)
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            found = await store.keys(
                connection, tenant_id=caller.tenant_id, after=message.after or "", limit=limit + 1
            )
        more = len(found) > limit
        return KeyPage(items=tuple(found[:limit]), after=found[limit - 1].key_id if more else None)

    async def who_am_i(self, *, caller: Caller, message: WhoAmI) -> Identified:
        """Tell the caller who it is. Raises TenantNotFound."""
        async with self._database.transaction(
            tenant_id=caller.tenant_id, read_only=True
        ) as connection:
            name = await store.tenant_name(connection, tenant_id=caller.tenant_id)
        if name is None:
            raise TenantNotFound("There is no such tenant.")
        return Identified(tenant=ids.tenant_name(caller.tenant_id), name=name, actor=caller.actor)

    async def authenticate(self, *, caller: Caller, message: Authenticate) -> Caller:
        """Prove who holds a key. Raises Unauthenticated."""
        hashed = keys.hash_of(message.key)
        proven = self._found.get(hashed)
        if proven is not None:
            return _asking_as(proven, caller)
        asked_at, found = self._clock.now(), None
        if keys.is_key(message.key):
            async with self._database.without_tenant(read_only=True) as connection:
                found = await store.find_key(connection, hashed=hashed, now=asked_at)
        if found is None:
            problem = Unauthenticated(_NO_KEY)
            await self._pen.refuse(
                caller=caller, tag=Tag.IDENTITY_CALLER_SIGN_IN, problem=problem, message=message
            )
            raise problem
        proven, expires_at = found
        self._found.put(hashed, proven, asked_at=asked_at, expires_at=expires_at)
        asking = _asking_as(proven, caller)
        await self._note_sign_in(asking, asked_at)
        return asking

    async def _note_sign_in(self, caller: Caller, now: Instant) -> None:
        """Write down that a key came in, unless it did so here within the quarter of an hour."""
        who = (caller.tenant_id, caller.actor)
        if 0 <= now - self._signed_in.get(who, now - SIGNED_IN) < SIGNED_IN:
            return
        await self._pen.note(caller=caller, tag=Tag.IDENTITY_CALLER_SIGN_IN, on=caller.actor)
        async with self._database.transaction(tenant_id=caller.tenant_id) as connection:
            await store.use_key(
                connection, tenant_id=caller.tenant_id, key_id=caller.actor, now=now
            )
        if len(self._signed_in) >= KEPT_KEYS_MAX:
            self._signed_in.clear()
        self._signed_in[who] = now


def _until(maker: Maker, inherited: Iterable[str]) -> Instant | None:
    """When the first of what a key is made with ends: the keys it comes from, and the roles it inherits."""
    ends = [maker.until, *((maker.roles or {}).get(role) for role in inherited)]
    return min((end for end in ends if end is not None), default=None)


def demand_whole(caller: Caller) -> None:
    """Refuse whoever shows a narrowed token: what it made would not be narrowed. Raises NarrowedMakesNone."""
    if caller.scope is not None:
        raise NarrowedMakesNone("Your token was narrowed to a scope: it makes no key, no client.")


def _asking_as(proven: Caller, asking: Caller) -> Caller:
    """The one who was proven, with where the asking came from."""
    return Caller(
        tenant_id=proven.tenant_id,
        actor=proven.actor,
        session=proven.actor,
        request=asking.request,
        origin=asking.origin,
    )


class TenantDirectoryService:
    """The walk of operators' jobs, over the database of role ``tallystick_operator``."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def tenants(self, *, caller: Caller, message: ListTenants) -> TenantPage:
        """List tenants. Raises Malformed."""
        limit = keys.checked_limit(message.limit)
        try:
            after = ids.tenant_id_of(message.after) if message.after is not None else 0
        except ValueError as error:
            raise malformed("after", str(error)) from None
        async with self._database.without_tenant(read_only=True) as connection:
            found = await store.tenants(connection, after=after, limit=limit + 1)
        more = len(found) > limit
        return TenantPage(
            items=tuple(found[:limit]), after=found[limit - 1].tenant if more else None
        )
