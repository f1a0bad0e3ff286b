"""Keys and clients that somebody makes do no more than their makers, and are no second voice of theirs."""

from hashlib import sha256

import asyncpg
import msgspec
import pytest

from tallystick.identity.api import CreateKey, NarrowedMakesNone, RevokeKey, TooManyMakers
from tallystick.identity.api.access import BehindOf, NotAllowed, StepUpNeeded
from tallystick.identity.api.approvals import Approve, MakerNeverApproves, Reject
from tallystick.identity.api.clients import CreateClient
from tallystick.identity.api.rights import GiveRole
from tallystick.identity.service.clients import ClientsService
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.service.standings import KEPT
from tallystick.identity.store import approvals
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.entries import canonical
from tallystick.kernel.instants import DAY
from tallystick.kernel.problems import Malformed
from tallystick.ledger.api import ListAccounts
from tests.identity.bank import Bank, HandClock
from tests.identity.signing import Signer


@pytest.fixture
async def bank(database_for) -> Bank:
    made = Bank(await database_for("identity"), await database_for("ledger"), HandClock())
    await made.found()
    return made


def of_client() -> CreateClient:
    return CreateClient(name="billing", key_set={"keys": [Signer("ES256").jwk]})


async def test_a_narrowed_token_makes_no_key_and_no_client(bank):
    owner = await bank.person("Olga", "owner")
    await bank.step_up(owner)
    for whole in (owner, bank.machine):
        for scope in (("manage_keys", "manage_clients"), ("read_books",)):
            caller = msgspec.structs.replace(whole, scope=scope, session=whole.session)
            with pytest.raises(NotAllowed):
                await bank.doors.identity.create_key(caller=caller, message=CreateKey(label="x"))
            with pytest.raises(NotAllowed):
                await bank.doors.clients.create_client(caller=caller, message=of_client())
    assert len(await bank.rows("SELECT 1 FROM identity.api_key")) == 1
    assert not await bank.rows("SELECT 1 FROM identity.client")


async def test_the_services_refuse_a_narrowed_token_too(bank):
    caller = msgspec.structs.replace(bank.machine, scope=("manage_keys",))
    ground = {"database": bank.database, "mint": bank.mint, "clock": bank.clock}
    with pytest.raises(NarrowedMakesNone):
        await IdentityService(**ground).create_key(caller=caller, message=CreateKey(label="x"))
    clients = ClientsService(**ground, issuer="https://us.example", bundles=("pay",))
    with pytest.raises(NarrowedMakesNone):
        await clients.create_client(caller=caller, message=of_client())


async def test_people_make_keys_with_a_fresh_proof_and_machines_without(bank):
    owner = await bank.person("Olga", "owner")
    with pytest.raises(StepUpNeeded):
        await bank.doors.identity.create_key(caller=owner, message=CreateKey(label="x"))
    await bank.step_up(owner)
    made = await bank.doors.identity.create_key(caller=owner, message=CreateKey(label="x"))
    assert made.roles == ("owner",)
    await bank.doors.identity.create_key(caller=bank.machine, message=CreateKey(label="y"))


async def make(bank, caller, **asked):
    """Make a key; answers it with the caller that it is."""
    message = CreateKey(label="x", **asked)
    made = await bank.doors.identity.create_key(caller=caller, message=message)
    return made, Caller(tenant_id=bank.tenant_id, actor=made.key_id, session=made.key_id)


async def opened(bank, maker: Caller, about: str = "") -> str:
    """Ask others to agree, as the guard does; answers the approval's id."""
    asked = canonical({"action": "x", "maker": maker.actor} | ({"on": about} if about else {}))
    async with bank.database.transaction(tenant_id=bank.tenant_id) as connection:
        row = await approvals.open_or_find(
            connection, tenant_id=bank.tenant_id, maker=maker.actor, action="x",
            digest=sha256(asked).digest(), asked=asked.decode(), needed=1,
            now=bank.clock.at, mint_id=bank.mint.id, caller=maker,
        )  # fmt: skip
    return row.approval_id


async def test_nobody_agrees_to_what_their_own_key_or_client_asks_or_gets(bank):
    owner, other = [await bank.person(name, "owner") for name in ("Olga", "Otto")]
    for person in (owner, other):
        await bank.step_up(person)
    _, key = await make(bank, owner)
    _, child = await make(bank, key)
    client = await bank.doors.clients.create_client(caller=owner, message=of_client())
    program = Caller(tenant_id=bank.tenant_id, actor=client.client_id, session="x")
    for number, (maker, about) in enumerate(
        (
            (key, ""), (child, ""), (program, ""),
            (other, key.actor), (other, child.actor), (other, program.actor),
        )
    ):  # fmt: skip
        approval = await opened(bank, maker, about)
        for say, message in (
            (bank.doors.approvals.approve, Approve(approval=approval)),
            (bank.doors.approvals.reject, Reject(approval=approval)),
        ):
            with pytest.raises(MakerNeverApproves, match="You made"):
                await say(caller=owner, message=message)
        # The database says so too, whatever asks it.
        with pytest.raises(asyncpg.CheckViolationError, match="nobody_approves_their_own") as said:
            await bank.agree(approval, owner)
        assert said.value.as_dict()["constraint_name"] == "nobody_approves_their_own"
        third = other if maker != other else await bank.person(f"Third {number}", "approver")
        await bank.agree(approval, third)
    assert len(await bank.rows("SELECT 1 FROM identity.approval_vote")) == 6


async def test_keys_and_clients_say_who_is_behind_them(bank):
    owner = await bank.person("Olga", "owner")
    await bank.step_up(owner)
    _, key = await make(bank, owner)
    _, child = await make(bank, key)
    client = await bank.doors.clients.create_client(caller=owner, message=of_client())
    rows = await bank.rows("SELECT key_id, made_by, made_with, inherits FROM identity.api_key")
    found = {row["key_id"]: tuple(row)[1:] for row in rows}
    assert found[bank.machine.actor] == ("operator", None, False)
    assert found[key.actor] == (owner.actor, None, True)
    assert found[child.actor] == (owner.actor, key.actor, True)
    (row,) = await bank.rows("SELECT client_id, made_by FROM identity.client")
    assert tuple(row) == (client.client_id, owner.actor)
    for holder, people in (
        (key.actor, (owner.actor,)), (child.actor, (owner.actor,)), (client.client_id, (owner.actor,)),
        (owner.actor, ()), ("key_none", ()),
    ):  # fmt: skip
        told = await bank.doors.asking.behind(caller=key, message=BehindOf(holder))
        assert told.people == people


async def may_read(bank, caller: Caller) -> bool:
    """Whether a caller may read the books five seconds from now."""
    bank.clock.at += KEPT
    try:
        await bank.ledger.accounts(caller=caller, message=ListAccounts(ledger="main"))
    except NotAllowed:
        return False
    return True


async def test_keys_and_clients_end_with_whoever_made_them(bank):
    owner = await bank.person("Olga", "owner")
    await bank.step_up(owner)
    _, key = await make(bank, owner)
    _, child = await make(bank, key)
    client = await bank.doors.clients.create_client(caller=owner, message=of_client())
    message = GiveRole(holder=client.client_id, role="bookkeeper")
    await bank.rights.give_role(caller=bank.operator, message=message)
    program = Caller(tenant_id=bank.tenant_id, actor=client.client_id, session="x")
    all_of_them = (key, child, program, bank.machine)
    assert [await may_read(bank, one) for one in all_of_them] == [True] * 4
    await bank.execute(
        "UPDATE identity.person SET status = 'suspended' WHERE person_id = $1", owner.actor
    )
    assert [await may_read(bank, one) for one in all_of_them] == [False, False, False, True]
    await bank.execute(
        "UPDATE identity.person SET status = 'active' WHERE person_id = $1", owner.actor
    )
    await bank.doors.identity.revoke_key(caller=bank.machine, message=RevokeKey(key_id=key.actor))
    assert [await may_read(bank, one) for one in all_of_them] == [False, False, True, True]


async def test_a_key_holds_what_its_maker_still_holds(bank):
    owner = await bank.person("Olga", "owner", "treasurer")
    await bank.step_up(owner)
    _, key = await make(bank, owner)
    _, child = await make(bank, key)
    assert (await bank.post(child)).refusal is None
    await bank.execute(
        "UPDATE identity.membership SET ended_at = $1 WHERE holder = $2 AND role = 'treasurer'",
        bank.clock.at,
        owner.actor,
    )
    for one in (key, child):
        bank.clock.at += KEPT
        with pytest.raises(NotAllowed):
            await bank.post(one)
        assert await may_read(bank, one)


async def test_a_key_ends_no_later_than_what_it_was_made_with(bank):
    week, month = (bank.clock.at + days * DAY for days in (7, 30))
    first, key = await make(bank, bank.machine, expires_at=instants.render(month))
    child, _ = await make(bank, key)
    assert child.expires_at == first.expires_at
    with pytest.raises(Malformed, match="expires_at"):
        await make(bank, key, expires_at=instants.render(month + 1))
    owner = await bank.person("Olga", "owner")
    await bank.step_up(owner)
    message = GiveRole(holder=owner.actor, role="treasurer", until_at=instants.render(week))
    await bank.rights.give_role(caller=bank.operator, message=message)
    made, with_role = await make(bank, owner)
    assert (made.roles, made.expires_at) == (("owner", "treasurer"), instants.render(week))
    assert (await make(bank, with_role))[0].expires_at == made.expires_at
    with pytest.raises(Malformed, match="expires_at"):
        await make(bank, owner, expires_at=instants.render(week + 1))
    # Whatever is kept, a key is not in force when the one that made it has passed.
    await bank.execute(
        "INSERT INTO identity.api_key (tenant_id, key_id, hash, label, created_at, expires_at,"
        " made_by, made_with) VALUES ($1, 'key_z', $2, 'z', $3, NULL, 'operator', $4)",
        bank.tenant_id, bytes(32), bank.clock.at, key.actor,
    )  # fmt: skip
    late = Caller(tenant_id=bank.tenant_id, actor="key_z", session="key_z")
    assert await may_read(bank, late)
    bank.clock.at = month
    assert not await may_read(bank, late)


async def test_keys_make_each_other_twice_at_most(bank):
    _, first = await make(bank, bank.machine)
    _, second = await make(bank, first)
    with pytest.raises(TooManyMakers):
        await make(bank, second)


async def test_a_key_that_a_client_made_hangs_on_the_client_and_who_registered_it(bank):
    owner = await bank.person("Olga", "owner")
    await bank.step_up(owner)
    client = await bank.doors.clients.create_client(caller=owner, message=of_client())
    message = GiveRole(holder=client.client_id, role="machine")
    await bank.rights.give_role(caller=bank.operator, message=message)
    program = Caller(tenant_id=bank.tenant_id, actor=client.client_id, session="x")
    made, key = await make(bank, program)
    assert made.roles == ("machine",)
    (row,) = await bank.rows(
        "SELECT made_by, made_with, inherits FROM identity.api_key WHERE key_id = $1", key.actor
    )
    assert tuple(row) == (owner.actor, program.actor, True)
    assert await may_read(bank, key)
    await bank.execute("UPDATE identity.client SET ended_at = $1", bank.clock.at)
    assert not await may_read(bank, key)
