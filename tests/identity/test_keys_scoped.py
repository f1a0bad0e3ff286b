"""Keys that end by themselves, hold what they were given, and say when they were last used."""

import pytest

from tallystick.identity.api import (
    Authenticate,
    CreateKey,
    CreateTenant,
    Identity,
    ListKeys,
    RoleNotKnown,
    Unauthenticated,
)
from tallystick.identity.model import keys
from tallystick.identity.service.keys import SIGNED_IN, IdentityService
from tallystick.kernel import ids, instants
from tallystick.kernel.actions import Action, actions_of, telling_of
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import DAY, SECOND
from tallystick.kernel.problems import Malformed
from tallystick.runtime.clock import Mint
from tallystick.runtime.doors import near
from tests.identity.machines_house import HandClock

OPERATOR = Caller(tenant_id=0, actor="operator")
EDGE = Caller(tenant_id=0, actor="edge")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def identity(database_for, clock) -> Identity:
    service = IdentityService(
        database=await database_for("identity"), mint=Mint(clock), clock=clock
    )
    return near(Identity, service, wire=True)


@pytest.fixture
async def operator(identity) -> Caller:
    made = await identity.create_tenant(caller=OPERATOR, message=CreateTenant(name="Bakery"))
    return Caller(tenant_id=ids.tenant_id_of(made.tenant), actor="operator")


async def make(identity, caller, **asked):
    return await identity.create_key(caller=caller, message=CreateKey(label="books", **asked))


async def prove(identity, key: str) -> Caller:
    return await identity.authenticate(caller=EDGE, message=Authenticate(key=key))


async def test_a_key_ends_in_a_year_and_holds_the_role_of_machines(identity, operator, clock):
    made = await make(identity, operator)
    assert made.roles == (keys.MACHINE,)
    assert instants.parse(made.expires_at) == clock.now() + keys.LIFE_MAX


async def test_a_key_ends_when_it_says_also_where_it_is_remembered(identity, operator, clock):
    until = clock.now() + 3 * SECOND
    made = await make(identity, operator, expires_at=instants.render(until))
    await prove(identity, made.key)
    clock.pass_s(2.9)
    await prove(identity, made.key)
    clock.pass_s(0.1)
    with pytest.raises(Unauthenticated):
        await prove(identity, made.key)
    listed = await identity.keys(caller=operator, message=ListKeys())
    assert listed.items[0].expires_at == made.expires_at
    assert listed.items[0].revoked_at is None


async def test_a_key_ends_within_a_year_and_after_now(identity, operator, clock):
    for until in (clock.now(), clock.now() - DAY, clock.now() + keys.LIFE_MAX + 1):
        with pytest.raises(Malformed, match="expires_at"):
            await make(identity, operator, expires_at=instants.render(until))
    with pytest.raises(Malformed, match="expires_at"):
        await make(identity, operator, expires_at="tomorrow")


async def test_use_is_noted_once_in_a_quarter_of_an_hour(identity, operator, clock):
    made = await make(identity, operator)

    async def used() -> str | None:
        return (await identity.keys(caller=operator, message=ListKeys())).items[0].used_at

    assert await used() is None
    first = clock.now()
    await prove(identity, made.key)
    clock.pass_s(60)
    await prove(identity, made.key)
    assert await used() == instants.render(first)
    clock.at = first + SIGNED_IN
    await prove(identity, made.key)
    assert await used() == instants.render(first + SIGNED_IN)


async def test_a_key_is_given_roles_that_the_tenant_has(identity, operator):
    made = await make(identity, operator, roles=("bookkeeper", "auditor"))
    assert made.roles == ("bookkeeper", "auditor")
    with pytest.raises(RoleNotKnown):
        await make(identity, operator, roles=("emperor",))
    for bad in ((), ("bookkeeper", "bookkeeper"), ("Not a word",), tuple("abcdefghijklmnopqrstu")):
        with pytest.raises(Malformed, match="roles"):
            await make(identity, operator, roles=bad)


async def test_a_key_that_makes_a_key_gives_what_it_has(identity, operator):
    made = await make(identity, operator, roles=("bookkeeper",))
    asking = Caller(tenant_id=operator.tenant_id, actor=made.key_id, session=made.key_id)
    again = await make(identity, asking)
    assert again.roles == ("bookkeeper",)


def test_to_name_roles_is_to_give_them():
    telling = telling_of(Identity.create_key)
    assert telling is not None
    assert telling(CreateKey(label="x")).actions == (Action.IDENTITY_KEY_CREATE,)
    named = telling(CreateKey(label="x", roles=("bookkeeper",)))
    assert named.actions == actions_of(Identity.create_key)
    assert Action.IDENTITY_ROLE_GIVE in named.actions
