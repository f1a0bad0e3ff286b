"""Decisions in the process, one after the other: judged alone, answered from what was decided, and written down."""

import statistics
import time
from collections.abc import Awaitable, Callable

from msgspec import structs

from tallystick.apps.identifying import NearIdentity
from tallystick.identity.adapters import cedar
from tallystick.identity.api import CreateKey, CreateTenant
from tallystick.identity.api.access import Ask
from tallystick.identity.api.rights import GiveDelegation
from tallystick.identity.model import judging
from tallystick.identity.model.judging import Asked
from tallystick.identity.model.standing import Standing
from tallystick.identity.service.rights import RightsService
from tallystick.kernel.actions import Action, Facts, Sum
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_id_of
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.configuration import Settings
from tallystick.runtime.database import Database
from tests.bench.figures import say, show

ROUNDS = 3_000
WRITTEN_ROUNDS = 300
DELEGATIONS = 20
WARM_P99_MS = 1.0
OPERATOR = Caller(tenant_id=0, actor="operator")
POST = str(Action.LEDGER_TRANSACTION_POST)


async def measure(url: str) -> None:
    """Measure decisions about a key that holds a role, and about one with twenty delegations."""
    say("decisions, in the process")
    database = Database(url=url, role="tallystick_identity", pool_size=2)
    await database.start()
    try:
        clock = SystemClock()
        doors = NearIdentity(database=database, settings=Settings(), mint=Mint(clock), clock=clock)
        machine, clerk = await _holders(doors, database)
        await _judging(doors, machine, clerk, clock.now())
        await _deciding(doors, machine, clerk)
    finally:
        await database.stop()


async def _holders(doors: NearIdentity, database: Database) -> tuple[Caller, Caller]:
    """A key that moves money by its role, and one that does by delegations."""
    tenant = await doors.identity.create_tenant(caller=OPERATOR, message=CreateTenant(name="bench"))
    operator = Caller(tenant_id=tenant_id_of(tenant.tenant), actor=OPERATOR.actor)
    clock = SystemClock()
    rights = RightsService(
        database=database, mint=Mint(clock), clock=clock, standings=doors.standings
    )
    made: list[Caller] = []
    for _ in range(2):
        key = await doors.identity.create_key(caller=operator, message=CreateKey(label="bench"))
        made.append(Caller(tenant_id=operator.tenant_id, actor=key.key_id, session=key.key_id))
    clerk = made[1].actor
    for number in range(DELEGATIONS):
        await rights.give_delegation(
            caller=operator,
            message=GiveDelegation(
                holder=clerk,
                actions=("transfer",),
                accounts=(f"customers:{number}:...",),
                asset="EUR",
                cap_each=1_000_000,
            ),
        )
    return made[0], made[1]


def _facts(amount: int) -> Facts:
    return Facts(
        accounts=(f"customers:{DELEGATIONS - 1}:main",),
        credits=("shop",),
        sums=(Sum(asset="EUR", largest=amount, total=amount),),
    )


async def _judging(doors: NearIdentity, machine: Caller, clerk: Caller, now: int) -> None:
    """What judging alone takes: by a role, and by the last of twenty delegations."""
    engine = cedar.engine()

    def decide_as(standing: Standing) -> judging.Decide:
        principal = {"type": standing.kind, "id": standing.holder}
        return lambda action, context: engine.decide(
            principal=principal, action=action, tenant="tnt_bench", context=context
        )

    by_role = await doors.standings.of(machine)
    by_delegation = await doors.standings.of(clerk)
    assert by_role is not None
    assert by_delegation is not None
    without_move_any = _with_bundles(by_delegation)

    async def role(_: int) -> None:
        asked = Asked(standing=by_role, facts=Facts())
        assert judging.firm(asked, (POST,), now=now, decide=decide_as(by_role)) is not None

    async def delegation(round_: int) -> None:
        asked = Asked(standing=without_move_any, facts=_facts(round_ + 1))
        ruling = judging.rule_on(
            asked, (POST,), now=now, decide=decide_as(without_move_any), second_person=()
        )
        assert ruling.allowed

    _tell("decision_by_role", await _times(role, ROUNDS))
    _tell("decision_by_delegation", await _times(delegation, ROUNDS))


def _with_bundles(standing: Standing) -> Standing:
    """The same holder, who holds nothing but the right to use delegations."""
    return structs.replace(standing, bundles=frozenset({"pay"}))


async def _deciding(doors: NearIdentity, machine: Caller, clerk: Caller) -> None:
    """What the door of decisions takes: what it wrote down before, and what it must write down."""

    async def known(_: int) -> None:
        made = await doors.asking.decide(
            caller=machine, message=Ask(actions=(POST,), facts=Facts())
        )
        assert made.allowed

    async def written(round_: int) -> None:
        # Another session is another decision.
        caller = Caller(
            tenant_id=machine.tenant_id, actor=machine.actor, session=f"{machine.session}-{round_}"
        )
        made = await doors.asking.decide(caller=caller, message=Ask(actions=(POST,), facts=Facts()))
        assert made.allowed

    _tell("decision_answered", await _times(known, ROUNDS), floored=False)
    _tell("decision_written", await _times(written, WRITTEN_ROUNDS), floored=False)


async def _times(work: Callable[[int], Awaitable[None]], rounds: int) -> list[float]:
    """How long each of so many rounds took, in milliseconds, after a hundred to warm up."""
    taken: list[float] = []
    for round_ in range(-100, rounds):
        begun = time.perf_counter()
        await work(round_ + 100)
        if round_ >= 0:
            taken.append((time.perf_counter() - begun) * 1_000)
    return sorted(taken)


def _tell(name: str, taken: list[float], *, floored: bool = True) -> None:
    p99 = taken[len(taken) * 99 // 100]
    show(f"{name}_p50", statistics.median(taken), "ms")
    show(
        f"{name}_p99", p99, "ms", against=f"{WARM_P99_MS} ms",
        ratio=WARM_P99_MS / p99 if floored else None, floor=1.0 if floored else None,
    )  # fmt: skip
