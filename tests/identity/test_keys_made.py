"""Keys and clients that somebody makes do no more than their makers, and are no second voice of theirs."""

import msgspec
import pytest

from tallystick.identity.api import CreateKey, NarrowedMakesNone
from tallystick.identity.api.access import NotAllowed, StepUpNeeded
from tallystick.identity.api.clients import CreateClient
from tallystick.identity.service.clients import ClientsService
from tallystick.identity.service.keys import IdentityService
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
