"""Our own contexts keep their contracts at far doors too, guarded, for keys of two new tenants."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tallystick.contracts import World, run
from tallystick.contracts.catalogue import CONTRACTS
from tallystick.identity.api.substitutions import OURS
from tallystick.identity.service.keys import IdentityService
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.kernel.instants import SECOND
from tallystick.kernel.refusals import TemporarilyUnavailable
from tallystick.ledger.api import Ledger
from tallystick.payments.api import Payments
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.far.about import about
from tallystick.wallets.api import Wallets
from tests.contracts.test_contracts import broken
from tests.doors.house import EVERY_DOOR, OPERATOR, FarProcess
from tests.ports import free_port

PROTOCOLS = {"ledger": Ledger, "wallets": Wallets, "payments": Payments}


@pytest.fixture(scope="module")
def process(migrated_url: str) -> Iterator[FarProcess]:
    home = Path(tempfile.mkdtemp(prefix="tallystick-contracts-"))
    os.chmod(home, 0o711)
    words = ["edge", "operator", "payments"]
    made = FarProcess(migrated_url, home / "far", edge=dict.fromkeys(EVERY_DOOR, words))
    yield made
    made.running.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.parametrize("context", CONTRACTS)
async def test_our_contexts_keep_their_contracts_from_afar(
    process, database_for, mint, context
) -> None:
    knocking = process.knocking("edge")
    doors = {name: knocking.at(door, process.url) for name, door in PROTOCOLS.items()}
    clock = SystemClock()
    identity = IdentityService(database=await database_for("identity"), mint=mint, clock=clock)
    callers = []
    for name in ("first of ours", "second of ours"):
        tenant, key = await identity.make_trial(
            caller=OPERATOR, name=name, until=clock.now() + 3_600 * SECOND
        )
        callers.append(Caller(tenant_id=tenant_id_of(tenant), actor=key, session=key))
    world = World(caller=callers[0], stranger=callers[1], doors=doors)
    outcomes = await run(CONTRACTS[context], doors[context], world)
    assert broken(outcomes) == {}
    await knocking.stop()


async def test_a_process_says_what_it_is(process) -> None:
    found = await about(process.url, context="wallets")
    assert (found.context, found.name, found.version) == ("wallets", "tallystick", OURS)
    with pytest.raises(ValueError, match="does not say what it is: 404"):
        await about(process.url, context="nobody")
    with pytest.raises(TemporarilyUnavailable):
        await about(f"http://127.0.0.1:{free_port()}", context="wallets")
    with pytest.raises(ValueError, match="over https"):
        await about("http://wallets.example", context="wallets")
