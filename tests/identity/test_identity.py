"""Tenants and keys against the real database."""

import asyncio

import asyncpg
import pytest

from tallystick.identity.api import (
    Authenticate,
    CreateKey,
    CreateTenant,
    Identity,
    KeyNotFound,
    ListKeys,
    ListTenants,
    RevokeKey,
    TenantNotFound,
    Unauthenticated,
    WhoAmI,
)
from tallystick.identity.api.proven import KEPT_HERE
from tallystick.identity.service.keys import (
    KEPT_KEYS_MAX,
    FoundKeys,
    IdentityService,
    TenantDirectoryService,
)
from tallystick.kernel import ids
from tallystick.kernel.callers import Caller
from tallystick.kernel.problems import Malformed
from tallystick.runtime.clock import Mint
from tallystick.runtime.doors import near

OPERATOR = Caller(tenant_id=0, actor="operator")
EDGE = Caller(tenant_id=0, actor="edge")


class HandClock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.at = 1_800_000_000_000_000

    def now(self) -> int:
        return self.at


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def identity(database_for, clock) -> Identity:
    return near(Identity, await _service(database_for, clock), wire=True)


async def _service(database_for, clock) -> IdentityService:
    return IdentityService(database=await database_for("identity"), mint=Mint(clock), clock=clock)


async def _tenant(identity, name="Bakery") -> Caller:
    tenant = await identity.create_tenant(caller=OPERATOR, message=CreateTenant(name=name))
    return Caller(tenant_id=ids.tenant_id_of(tenant.tenant), actor="test")


async def _prove(identity, key: str) -> Caller:
    return await identity.authenticate(caller=EDGE, message=Authenticate(key=key))


async def test_a_new_key_proves_its_tenant(identity):
    caller = await _tenant(identity)
    made = await identity.create_key(caller=caller, message=CreateKey(label="books"))
    proven = await _prove(identity, made.key)
    assert proven == Caller(tenant_id=caller.tenant_id, actor=made.key_id, session=made.key_id)


async def test_an_unknown_malformed_or_missing_key_gets_one_answer(identity):
    caller = await _tenant(identity)
    made = await identity.create_key(caller=caller, message=CreateKey(label="books"))
    mistyped = made.key[:-1] + ("0" if made.key[-1] != "0" else "1")
    answers = set()
    for key in ("", "x" * 5_000, mistyped, made.key_id, "tally_\N{SNOWMAN}"):
        with pytest.raises(Unauthenticated) as refused:
            await _prove(identity, key)
        answers.add(str(refused.value))
    assert len(answers) == 1


async def test_a_revoked_key_stops_at_once_here(identity):
    caller = await _tenant(identity)
    made = await identity.create_key(caller=caller, message=CreateKey(label="books"))
    await _prove(identity, made.key)
    await identity.revoke_key(caller=caller, message=RevokeKey(key_id=made.key_id))
    with pytest.raises(Unauthenticated):
        await _prove(identity, made.key)


async def test_a_revoked_key_stops_elsewhere_within_five_seconds(identity, database_for, clock):
    elsewhere = await _service(database_for, clock)
    caller = await _tenant(identity)
    made = await identity.create_key(caller=caller, message=CreateKey(label="books"))
    await _prove(elsewhere, made.key)
    await identity.revoke_key(caller=caller, message=RevokeKey(key_id=made.key_id))
    clock.at += KEPT_HERE - 1
    assert await _prove(elsewhere, made.key)
    clock.at += 1
    with pytest.raises(Unauthenticated):
        await _prove(elsewhere, made.key)


async def test_revoking_twice_keeps_the_first_time(identity, clock):
    caller = await _tenant(identity)
    made = await identity.create_key(caller=caller, message=CreateKey(label="books"))
    first = await identity.revoke_key(caller=caller, message=RevokeKey(key_id=made.key_id))
    clock.at += 1_000_000
    again = await identity.revoke_key(caller=caller, message=RevokeKey(key_id=made.key_id))
    assert first.revoked_at is not None
    assert again == first


async def test_a_tenant_cannot_see_or_revoke_the_key_of_another(identity):
    ours, theirs = await _tenant(identity), await _tenant(identity)
    made = await identity.create_key(caller=theirs, message=CreateKey(label="books"))
    with pytest.raises(KeyNotFound):
        await identity.revoke_key(caller=ours, message=RevokeKey(key_id=made.key_id))
    assert (await identity.keys(caller=ours, message=ListKeys())).items == ()
    assert await _prove(identity, made.key)


async def test_keys_are_listed_in_pages_without_their_secret(identity, clock):
    caller = await _tenant(identity)
    for label in ("a", "b", "c"):
        clock.at += 1_000
        await identity.create_key(caller=caller, message=CreateKey(label=label))
    first = await identity.keys(caller=caller, message=ListKeys(limit=2))
    rest = await identity.keys(caller=caller, message=ListKeys(limit=2, after=first.after))
    assert [key.label for key in first.items + rest.items] == ["a", "b", "c"]
    assert rest.after is None


async def test_a_key_needs_a_tenant(identity, caller):
    with pytest.raises(TenantNotFound):
        await identity.create_key(caller=caller, message=CreateKey(label="books"))


async def test_who_am_i_names_the_tenant(identity):
    caller = await _tenant(identity, "Kaufhaus Süd")
    answer = await identity.who_am_i(caller=caller, message=WhoAmI())
    assert answer.name == "Kaufhaus Süd"
    assert answer.tenant == ids.tenant_name(caller.tenant_id)
    with pytest.raises(TenantNotFound):
        await identity.who_am_i(caller=Caller(tenant_id=7, actor="test"), message=WhoAmI())


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "a\x00b", "line\nbreak"])
async def test_a_name_is_short_and_printable(identity, name):
    with pytest.raises(Malformed):
        await identity.create_tenant(caller=OPERATOR, message=CreateTenant(name=name))


@pytest.mark.parametrize("limit", [0, -1, 201])
async def test_a_page_has_a_written_maximum(identity, caller, limit):
    with pytest.raises(Malformed):
        await identity.keys(caller=caller, message=ListKeys(limit=limit))


async def test_operators_walk_every_tenant(identity, database_for, clock):
    directory = TenantDirectoryService(database=await database_for("operator"))
    made = []
    for _ in range(3):
        clock.at += 1_000
        made.append(ids.tenant_name((await _tenant(identity)).tenant_id))
    seen, after = [], None
    for _ in range(1_000):
        page = await directory.tenants(caller=OPERATOR, message=ListTenants(limit=2, after=after))
        seen.extend(tenant.tenant for tenant in page.items)
        after = page.after
        if after is None:
            break
    assert set(made) <= set(seen)
    assert seen == sorted(set(seen))
    with pytest.raises(Malformed):
        await directory.tenants(caller=OPERATOR, message=ListTenants(after="nonsense"))


async def test_without_a_tenant_reading_is_an_error(database_for):
    database = await database_for("identity")
    for table in ("tenant", "api_key"):
        for _ in range(2):  # a setting that was never made, and one that a transaction left behind
            with pytest.raises(asyncpg.PostgresError):
                async with database.without_tenant() as connection:
                    await connection.fetch(f"SELECT tenant_id FROM identity.{table}")
            async with database.transaction(tenant_id=5) as connection:
                assert await connection.fetch(f"SELECT tenant_id FROM identity.{table}") == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM identity.api_key",
        "UPDATE identity.api_key SET hash = hash",
        "UPDATE identity.tenant SET name = name",
        "TRUNCATE identity.api_key",
        "ALTER TABLE identity.api_key NO FORCE ROW LEVEL SECURITY",
    ],
)
async def test_the_service_has_no_grant_to_change_history(database_for, statement):
    database = await database_for("identity")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(tenant_id=5) as connection:
            await connection.execute(statement)


async def test_a_revoked_key_cannot_be_revived(identity, database_for):
    caller = await _tenant(identity)
    made = await identity.create_key(caller=caller, message=CreateKey(label="books"))
    await identity.revoke_key(caller=caller, message=RevokeKey(key_id=made.key_id))
    database = await database_for("identity")
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        async with database.transaction(tenant_id=caller.tenant_id) as connection:
            await connection.execute("UPDATE identity.api_key SET revoked_at = NULL")
    assert refused.value.as_dict()["constraint_name"] == "api_key_stays_revoked"


async def test_a_row_of_another_tenant_cannot_be_written(identity, database_for):
    theirs = await _tenant(identity)
    database = await database_for("identity")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(tenant_id=5) as connection:
            await connection.execute(
                "INSERT INTO identity.api_key (tenant_id, key_id, hash, label, created_at)"
                " VALUES ($1, 'key_x', sha256('x'), 'x', now())",
                theirs.tenant_id,
            )


@pytest.mark.parametrize(
    ("role", "refusal"),
    [
        # Operators compare keys with the record, one tenant at a time: a hash that was swapped is named.
        ("operator", asyncpg.UndefinedObjectError),
        ("ledger", asyncpg.InsufficientPrivilegeError),
    ],
)
async def test_other_roles_reach_no_key(database_for, role, refusal):
    database = await database_for(role)
    for statement, refused in (
        ("SELECT hash FROM identity.api_key", refusal),
        (
            "SELECT tenant_id FROM identity.find_key_v2('\\x00', now())",
            asyncpg.InsufficientPrivilegeError,
        ),
    ):
        with pytest.raises(refused):
            async with database.without_tenant() as connection:
                await connection.fetch(statement)


async def test_the_same_key_is_looked_up_once(identity, database_for, clock):
    service = await _service(database_for, clock)
    caller = await _tenant(identity)
    made = await identity.create_key(caller=caller, message=CreateKey(label="books"))
    await _prove(service, made.key)
    await service._database.stop()
    assert await asyncio.gather(*(_prove(service, made.key) for _ in range(3)))


def test_found_keys_are_bounded_and_a_clock_set_back_prolongs_nothing(clock):
    found = FoundKeys(clock)
    for number in range(KEPT_KEYS_MAX + 1):
        found.put(number.to_bytes(4, "big"), EDGE, asked_at=clock.now(), expires_at=None)
    assert found.get((0).to_bytes(4, "big")) is None
    assert found.get((1).to_bytes(4, "big")) == EDGE
    clock.at -= 1
    assert found.get((1).to_bytes(4, "big")) is None
