"""Substitutes of a process: found where they are installed or configured, tried by contract, refused when they fail."""

from pathlib import Path
from typing import Any

import pytest

from tallystick.apps.substitutes import (
    Candidate,
    Substitutes,
    demand_substitutes,
    installed,
    remotes_of,
)
from tallystick.apps.trying import Ground as TrialGround
from tallystick.identity.api import CreateKey, CreateTenant
from tallystick.identity.api.substitutions import (
    SubstituteNotProven,
    SwitchOver,
    UndoSubstitution,
)
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.service.substitutions import SubstitutionsService
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.kernel.refusals import TemporarilyUnavailable
from tallystick.runtime.clock import SystemClock
from tallystick.runtime.configuration import Settings, read_settings
from tallystick.runtime.record import Pen
from tallystick.wallets.api import Wallets
from tests.contracts.faulty import TakesAnyIban
from tests.wallets.conftest import eur, order

DISTRIBUTION = Path(__file__).parent / "nicknames"
NICKNAMES = "tallystick-nicknames"
# Without an id of its own, and without an IBAN, of which there is one.
BARE = order(eur(None), id=None)
OPERATOR = Caller(tenant_id=0, actor="operator")


@pytest.fixture
def is_installed(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(DISTRIBUTION))


class Process:
    """A process with wallets and its substitutes, beside identity."""

    def __init__(self, house: Any, identity: Any, pen: Pen, mint: Any) -> None:
        clock = SystemClock()
        self.door = SubstitutionsService(database=identity, clock=clock)
        self.keys = IdentityService(database=identity, mint=mint, clock=clock)
        ground = TrialGround(
            identity=self.keys, doors=lambda name: getattr(house, name), clock=clock
        )
        self.substitutes = Substitutes(
            settings=Settings(), serving=self.door, ground=ground, clock=clock, mint=mint
        )
        self.door.listeners.append(self.substitutes.table.forget)
        self.wallets = self.substitutes.stand(
            "wallets", Wallets, house.wallets, pen=pen, doors={"ledger": house.ledger}
        )

    async def tenant(self) -> Caller:
        """A new tenant, and a key of it."""
        made = await self.keys.create_tenant(caller=OPERATOR, message=CreateTenant(name="One"))
        tenant_id = tenant_id_of(made.tenant)
        caller = Caller(tenant_id=tenant_id, actor="operator")
        key = await self.keys.create_key(caller=caller, message=CreateKey(label="one"))
        return Caller(tenant_id=tenant_id, actor=key.key_id)


@pytest.fixture
async def process(house, database_for, mint, is_installed) -> Process:
    pen = Pen(database=await database_for("wallets"), context="wallets", clock=SystemClock())
    return Process(house, await database_for("identity", pool_size=4), pen, mint)


async def test_one_that_is_installed_is_tried_and_serves_at_once_and_is_undone_at_once(
    process,
) -> None:
    tenant, other = await process.tenant(), await process.tenant()
    over = SwitchOver(context="wallets", substitute=NICKNAMES, mode="live")
    assert process.substitutes.ready("wallets", NICKNAMES) is None
    assert await process.substitutes.try_all() == 1
    assert await process.substitutes.try_all() == 0
    assert process.substitutes.ready("wallets", NICKNAMES).version == "B.1.0.0"

    async def number(caller: Caller) -> str:
        return (await process.wallets.open(caller=caller, message=BARE)).id

    assert (await number(tenant)).startswith("wal_")
    await process.door.substitute(caller=tenant, message=over)
    assert (await number(tenant)).startswith("B-NUMBER_")
    assert (await number(other)).startswith("wal_")
    await process.door.undo(caller=tenant, message=UndoSubstitution(context="wallets"))
    assert (await number(tenant)).startswith("wal_")


async def test_one_that_breaks_its_contract_serves_nobody_and_is_told_why(process, house) -> None:
    tenant = await process.tenant()
    faulty = Candidate("wallets", "faulty", version="C.1.0.0")
    faulty.door = faulty.exact = TakesAnyIban(house.wallets, house.ledger)
    process.substitutes._candidates["wallets", "faulty"] = faulty
    await process.substitutes.try_all()
    assert process.substitutes.ready("wallets", "faulty") is None
    over = SwitchOver(context="wallets", substitute="faulty", mode="live")
    with pytest.raises(SubstituteNotProven) as refused:
        await process.door.substitute(caller=tenant, message=over)
    assert "What is no IBAN" in refused.value.fields["broken"]


async def test_one_that_was_proven_before_serves_until_it_is_tried_again(process) -> None:
    await process.substitutes.try_all()
    candidate = process.substitutes.named("wallets", NICKNAMES)
    candidate.is_proven, candidate.was_proven = None, False
    assert process.substitutes.ready("wallets", NICKNAMES) is None
    candidate.was_proven = True
    assert process.substitutes.ready("wallets", NICKNAMES) is not None


async def test_one_that_does_not_answer_is_tried_again_in_the_same_tenants(process) -> None:
    candidate = process.substitutes.named("wallets", NICKNAMES)

    class Away:
        async def open(self, *, caller: Caller, message: Any) -> Any:
            raise TemporarilyUnavailable("not yet")

        def __getattr__(self, name: str) -> Any:
            return self.open

    there, candidate.exact = candidate.exact, Away()
    assert await process.substitutes.try_all() == 0
    world = candidate.world
    assert await process.substitutes.try_all() == 0
    assert (candidate.world, candidate.is_proven) == (world, None)
    candidate.exact = there
    assert await process.substitutes.try_all() == 1
    assert (candidate.world, candidate.is_proven) == (None, True)


def test_what_is_installed_is_named_by_its_distribution_and_line(is_installed) -> None:
    [(name, point)] = installed("wallets").items()
    assert (name, point.name) == (NICKNAMES, "B")
    assert installed("ledger") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no file of substitutes"),
        ("x = 1", "no file of substitutes"),
        ('[[substitute]]\ncontext = "audit"\nname = "a"\nurl = "https://a"', "a context is"),
        ('[[substitute]]\ncontext = "wallets"\nname = "A b"\nurl = "https://a"', "a name"),
        (
            '[[substitute]]\ncontext = "wallets"\nname = "a"\nurl = "https://a"\n' * 2,
            "each name once",
        ),
    ],
)
def test_a_file_of_substitutes_that_is_none_is_refused(tmp_path, text, words) -> None:
    path = tmp_path / "substitutes.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        remotes_of(read_settings({"TALLYSTICK_SUBSTITUTES": str(path)}))
    with pytest.raises(ValueError, match="cannot read"):
        remotes_of(read_settings({"TALLYSTICK_SUBSTITUTES": str(tmp_path / "none")}))
    assert remotes_of(read_settings({})) == ()


def test_substitutes_elsewhere_are_asked_with_a_key(tmp_path) -> None:
    path = tmp_path / "substitutes.toml"
    path.write_text('[[substitute]]\ncontext = "wallets"\nname = "a"\nurl = "https://a"\n')
    with pytest.raises(ValueError, match="set TALLYSTICK_DOOR_KEY too"):
        demand_substitutes(read_settings({"TALLYSTICK_SUBSTITUTES": str(path)}))
    demand_substitutes(read_settings({}))


def test_what_is_installed_is_named_by_its_line(monkeypatch, tmp_path) -> None:
    info = tmp_path / "odd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tallystick.wallets]\nodd = odd:build\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ValueError, match="named by the line it is of"):
        demand_substitutes(read_settings({}))
