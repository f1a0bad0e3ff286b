"""Substitutes of a process: found where they are installed or configured, tried by contract, refused when they fail."""

from pathlib import Path
from typing import Any

import pytest

from tallystick.apps.listed import demand_substitutes, installed, listed
from tallystick.apps.substitutes import Candidate, Substitutes, discreet
from tallystick.apps.trying import Ground as TrialGround
from tallystick.identity.api import CreateKey, CreateTenant
from tallystick.identity.api.substitutions import (
    ListSubstitutes,
    SubstituteNotProven,
    SwitchOver,
    UndoSubstitution,
)
from tallystick.identity.service.keys import IdentityService
from tallystick.identity.service.substitutions import SubstitutionsService
from tallystick.kernel import instants
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import is_of_trial, tenant_id_of
from tallystick.kernel.instants import SECOND
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

    def __init__(
        self, house: Any, identity: Any, pen: Pen, mint: Any, *, settings: Settings
    ) -> None:
        clock = self.clock = Hands()
        self.keys = IdentityService(database=identity, mint=mint, clock=clock)
        self.door = SubstitutionsService(database=identity, clock=clock, keys=self.keys)
        ground = TrialGround(serving=self.door, doors=lambda name: getattr(house, name))
        self.substitutes = Substitutes(
            settings=settings, serving=self.door, ground=ground, clock=clock, mint=mint
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


class Hands:
    """The machine's clock, set forward by hand."""

    def __init__(self) -> None:
        self.later_s = 0

    def now(self) -> int:
        return SystemClock().now() + self.later_s * SECOND


@pytest.fixture
def settings(tmp_path) -> Settings:
    """What a process is told that may load the one that is installed."""
    path = tmp_path / "listed.toml"
    path.write_text(f'[[substitute]]\ncontext = "wallets"\nname = "{NICKNAMES}"\n')
    return read_settings({"TALLYSTICK_SUBSTITUTES": str(path)})


@pytest.fixture
async def make_process(house, database_for, mint):
    async def make(settings: Settings) -> Process:
        pen = Pen(database=await database_for("wallets"), context="wallets", clock=SystemClock())
        identity = await database_for("identity", pool_size=4)
        return Process(house, identity, pen, mint, settings=settings)

    return make


@pytest.fixture
async def process(make_process, is_installed, settings) -> Process:
    return await make_process(settings)


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
    place, away = candidate.place, candidate.exact
    assert is_of_trial(place.world.caller.tenant_id)
    candidate.exact = there
    assert await process.substitutes.try_all() == 0
    candidate.exact = away
    process.clock.later_s += 5
    assert await process.substitutes.try_all() == 0
    assert (candidate.place, candidate.is_proven) == (place, None)
    candidate.exact = there
    process.clock.later_s += 9
    assert await process.substitutes.try_all() == 0
    process.clock.later_s += 1
    assert await process.substitutes.try_all() == 1
    assert (candidate.place, candidate.is_proven) == (None, True)


async def known(process: Process, name: str) -> Any:
    """A substitute as it is listed."""
    found = await process.door.known(caller=OPERATOR, message=ListSubstitutes())
    return next(one for one in found.items if one.substitute == name)


class Flaky:
    """A substitute whose every closing is lost on the way."""

    def __init__(self, there: Any) -> None:
        self._there = there

    async def close(self, *, caller: Caller, message: Any) -> Any:
        raise TemporarilyUnavailable("lost on the way")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._there, name)


async def test_a_trial_that_weather_ended_refuses_nobody_and_is_repeated(process) -> None:
    candidate = process.substitutes.named("wallets", NICKNAMES)
    assert await process.substitutes.try_all() == 1
    # Another process, which starts in bad weather.
    candidate.is_proven, there = None, candidate.exact
    candidate.exact = Flaky(there)
    assert await process.substitutes.try_all() == 0
    assert (candidate.is_proven, candidate.was_proven) == (None, True)
    assert process.substitutes.ready("wallets", NICKNAMES) is not None
    assert (await known(process, NICKNAMES)).proven
    candidate.exact = there
    process.clock.later_s += 5
    assert await process.substitutes.try_all() == 1
    assert candidate.is_proven


async def test_what_a_trial_found_and_could_not_be_told_is_told_next_time(process) -> None:
    candidate, tried = process.substitutes.named("wallets", NICKNAMES), process.door.tried

    async def away(**_: Any) -> Any:
        raise TemporarilyUnavailable("identity is away")

    process.door.tried, before = away, process.clock.now()
    assert await process.substitutes.try_all() == 1
    assert (candidate.is_proven, candidate.untold.broken) == (True, ())
    process.door.tried = tried
    assert await process.substitutes.try_all() == 0
    told = await known(process, NICKNAMES)
    assert (told.proven, candidate.untold) == (True, None)
    assert instants.parse(told.tried_at) > before


async def test_what_is_installed_and_not_listed_is_not_loaded(make_process, is_installed) -> None:
    process = await make_process(read_settings({}))
    assert process.substitutes.named("wallets", NICKNAMES) is None
    assert process.substitutes.jobs() == ()


async def test_one_that_cannot_be_built_is_refused_and_the_process_starts(
    make_process, monkeypatch, tmp_path
) -> None:
    info = tmp_path / "bad-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tallystick.wallets]\nB = no_such_module:build\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / "listed.toml"
    path.write_text(
        '[[substitute]]\ncontext = "wallets"\nname = "bad"\n'
        '[[substitute]]\ncontext = "wallets"\nname = "none-such"\n'
    )
    process = await make_process(read_settings({"TALLYSTICK_SUBSTITUTES": str(path)}))
    assert await process.substitutes.try_all() == 1
    assert process.substitutes.ready("wallets", "bad") is None
    told = await known(process, "bad")
    assert (told.version, told.proven) == ("B.1.0", False)
    assert "no_such_module" in told.broken[0]
    assert "none-such has 0 entry points" in process.substitutes.named("wallets", "none-such").fault


async def test_a_far_substitute_is_not_told_where_its_callers_are() -> None:
    told: list[Caller] = []

    class Theirs:
        def __getattr__(self, name: str) -> Any:
            async def ask(*, caller: Caller, message: Any) -> None:
                told.append(caller)

            return ask

    whole = Caller(
        tenant_id=7, actor="per_ana", request="req_1", origin="192.0.2.1", session="ses_1",
        decision="dec_1", sees=("customers:...",),
    )  # fmt: skip
    theirs: Any = Theirs()
    await discreet(Wallets, theirs).open(caller=whole, message=BARE)
    assert told == [Caller(tenant_id=7, actor="per_ana", request="req_1", sees=("customers:...",))]


def test_what_is_installed_is_named_by_its_distribution_and_line(is_installed) -> None:
    assert installed("wallets", NICKNAMES).name == "B"
    with pytest.raises(ValueError, match="0 entry points"):
        installed("ledger", NICKNAMES)


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
        listed(read_settings({"TALLYSTICK_SUBSTITUTES": str(path)}))
    with pytest.raises(ValueError, match="cannot read"):
        listed(read_settings({"TALLYSTICK_SUBSTITUTES": str(tmp_path / "none")}))
    assert listed(read_settings({})) == ()


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
        installed("wallets", "odd")
