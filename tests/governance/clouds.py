"""The door of governance on the real database, every message through its wire format, with a clock that tests turn."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from tallystick.governance.api import (
    Apply,
    ApplyEnd,
    ApprovePlan,
    BeginApply,
    BreakGlass,
    EstateOf,
    FinishApply,
    Glass,
    Governance,
    LentApply,
    ListEvidence,
    Plan,
    PlanOf,
    SubmitPlan,
    WriteState,
)
from tallystick.governance.model.catalogue import Catalogue, Entry
from tallystick.governance.model.policies import Policies
from tallystick.governance.model.predicates import Clause, control, every
from tallystick.governance.model.rules import Freeze, Gate, Rules, Window
from tallystick.governance.model.values import ENVIRONMENTS, UNKNOWN, Estate, Resource
from tallystick.governance.service import GovernanceService
from tallystick.governance.service.ground import Ground
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import DAY, SECOND, Instant, parse
from tallystick.runtime.clock import Mint, SystemClock
from tallystick.runtime.database import Database
from tallystick.runtime.doors import near
from tallystick.runtime.record import Pen

FIRST, SECOND_COMMIT = "a" * 40, "b" * 40
CONTROL = "aws-buckets-closed"
# A Tuesday, ten in the morning: production's window is open.
TUESDAY = parse("2026-12-01T10:00:00Z")
PROVIDERS = {"aws": "aws", "azure": "azurerm", "gcp": "google"}
HOUR = 3_600 * SECOND
MINUTE = 60 * SECOND


class Time:
    """A clock that stands still until somebody turns it."""

    def __init__(self, at: Instant = TUESDAY) -> None:
        self.at = at

    def now(self) -> Instant:
        return self.at


@control(CONTROL, "aws_s3_bucket")
def closed(bucket: Resource, _: Estate) -> Any:
    """A bucket is closed."""
    said = bucket.at("closed")
    return every(Clause(said if said is UNKNOWN else said is True, "the bucket is open"))


def policies(**words: Any) -> Policies:
    """One control, a window and a freeze for production, and gates that let no failure through but in development."""
    entry = Entry(
        id=CONTROL, title="buckets are closed", owner="platform", severity="high", evidence_days=1,
        deadline_hours=2, remediation="close it", maps={}, control=closed,
    )  # fmt: skip
    gate = Gate(
        id="nothing-fails", title="no control fails", environments=ENVIRONMENTS[1:],
        severities=("high",), outcomes=("fail",),
    )  # fmt: skip
    window = Window(environments=("production",), days=(0, 1, 2, 3), opens=7 * 60, closes=15 * 60)
    freeze = Freeze(
        id="year-end", environments=("production",), begins=TUESDAY + 20 * DAY,
        ends=TUESDAY + 30 * DAY, reason="accounts are closed",
    )  # fmt: skip
    rules = Rules(
        approvals={"development": 0, "staging": 1, "production": 1}, plan_hours_max=24,
        gates=(gate,), windows=(window,), freezes=(freeze,), own_reports=frozenset({"development"}),
        targets={name: frozenset({"aws", *([] if name == "production" else ["moto"])}) for name in ENVIRONMENTS},
    )  # fmt: skip
    secrets = words.pop("secrets", frozenset({"ledger"}))
    return Policies(
        catalogue=Catalogue(entries={CONTROL: entry}), inventory={}, rules=replace(rules, **words), secrets=secrets,
    )  # fmt: skip


class Written:
    """Policies that are there."""

    def __init__(self, **words: Any) -> None:
        self._policies = policies(**words)

    def change(self, **rules: Any) -> None:
        """Let other rules be read from now on."""
        self._policies = replace(self._policies, rules=replace(self._policies.rules, **rules))

    def read(self) -> Policies:
        return self._policies


class Repository:
    """A protected branch whose head tests move; None is one that does not answer."""

    def __init__(self) -> None:
        self.at: str | None = FIRST

    async def head(self) -> str | None:
        return self.at


def plan_json(
    environment: str, *, provider: str = "aws", action: str = "create", **buckets: bool | None
) -> bytes:
    """A plan that makes buckets: closed, open, or with None known after apply."""
    changes = [
        {
            "address": f"aws_s3_bucket.{name}", "mode": "managed", "type": "aws_s3_bucket", "name": name,
            "provider_name": f"registry.terraform.io/hashicorp/{provider}",
            "change": {
                "actions": [action], "before": None,
                "after": {"bucket": name} | ({} if is_closed is None else {"closed": is_closed}),
                "after_unknown": {"id": True} | ({"closed": True} if is_closed is None else {}),
            },
        }
        for name, is_closed in (buckets or {"good": True}).items()
    ]  # fmt: skip
    said = {
        "format_version": "1.2", "terraform_version": "1.15.5", "complete": True, "timestamp": "2026-12-01T09:00:00Z",
        "variables": {"environment": {"value": environment}},
        "resource_changes": changes,
        "configuration": {"provider_config": {}},
    }  # fmt: skip
    return json.dumps(said).encode()


def state_json(estate: str, serial: int, **words: Any) -> bytes:
    """A state as Terraform writes it."""
    said = {
        "version": 4, "terraform_version": "1.15.5", "serial": serial, "lineage": f"line-{estate}",
        "outputs": {"estate": {"value": estate, "type": "string"}}, "resources": [],
    }  # fmt: skip
    return json.dumps(said | words).encode()


class House:
    """Short words for what the tests ask of the door, by three people and a program."""

    def __init__(self, *, database: Database, caller: Caller, **words: Any) -> None:
        self.time, self.repository = Time(), Repository()
        pen = Pen(database=database, context="governance", clock=self.time)
        ground = {
            "database": database, "clock": self.time, "mint": Mint(SystemClock()), "pen": pen,
            "policies": Written(), "head": self.repository.head, "lends_to": lambda _: True,
        }  # fmt: skip
        self.service = GovernanceService(Ground(**ground | words))
        self.door: Governance = near(Governance, self.service, refusals=pen, wire=True)
        self.database = database
        self.author, self.approver, self.operator = (
            Caller(tenant_id=caller.tenant_id, actor=name)
            for name in ("key_runner", "per_anna", "per_boris")
        )

    async def submit(
        self,
        estate: str,
        *,
        commit: str = FIRST,
        base: str = FIRST,
        planfile: bytes = b"planfile",
        caller: Caller | None = None,
        action: str = "create",
        **buckets: bool | None,
    ) -> Plan:
        environment, _, cloud = estate.partition("-")
        message = SubmitPlan(
            estate=estate, commit=commit, base=base, planfile=planfile, tool="terraform 1.15.5",
            plan=plan_json(environment, provider=PROVIDERS[cloud], action=action, **buckets),
        )  # fmt: skip
        return await self.door.submit_plan(caller=caller or self.author, message=message)

    async def plan(self, plan: Plan) -> Plan:
        return await self.door.plan(caller=self.author, message=PlanOf(plan=plan.plan))

    async def approve(self, plan: Plan, *, caller: Caller | None = None, **words: Any) -> Plan:
        message = ApprovePlan(**{"plan": plan.plan, "hash": plan.hash} | words)
        return await self.door.approve(caller=caller or self.approver, message=message)

    async def begin(
        self, plan: Plan, *, glass: Glass | None = None, caller: Caller | None = None
    ) -> LentApply:
        message = BeginApply(plan=plan.plan, break_glass=glass.break_glass if glass else None)
        return await self.door.begin_apply(caller=caller or self.author, message=message)

    async def write(self, lent: LentApply, serial: int, **words: Any) -> Any:
        estate = lent.apply.estate
        told = {"content": state_json(estate, serial), "estate": estate, "token": lent.token}
        return await self.door.write_state(
            caller=self.runner(lent), message=WriteState(**told | words)
        )

    def runner(self, lent: LentApply) -> Caller:
        """Whoever began an apply: nobody else may use what it was lent."""
        return Caller(tenant_id=self.author.tenant_id, actor=lent.apply.by)

    async def finish(
        self, lent: LentApply, *, end: ApplyEnd = ApplyEnd.APPLIED, serial: int | None = None
    ) -> Apply:
        """End an apply as its runner does: with a state, unless one was written."""
        if end is ApplyEnd.APPLIED and serial is None:
            serial = await self.serial(lent.apply.estate) + 1
            await self.write(lent, serial)
        message = FinishApply(apply=lent.apply.apply, token=lent.token, end=end, serial=serial)
        return await self.door.finish_apply(caller=self.runner(lent), message=message)

    async def apply(self, estate: str, *, approver: Caller | None = None, **words: Any) -> Plan:
        """A plan, approved and applied, with a state after it."""
        plan = await self.submit(estate, **words)
        await self.approve(plan, caller=approver)
        await self.finish(await self.begin(plan))
        return plan

    async def serial(self, estate: str) -> int:
        standing = await self.door.estate(caller=self.author, message=EstateOf(estate=estate))
        return standing.serial or 0

    async def promoted(self, environment: str, **words: Any) -> Plan:
        """A plan of an environment whose commit was applied in all before it."""
        for before in ENVIRONMENTS[: ENVIRONMENTS.index(environment)]:  # type: ignore[arg-type]
            await self.apply(f"{before}-aws", **words)
        return await self.submit(f"{environment}-aws", **words)

    async def broken(self, estate: str, *, minutes: int = 30) -> Glass:
        message = BreakGlass(estate=estate, reason="the database is down", minutes=minutes)
        return await self.door.break_glass(caller=self.operator, message=message)

    async def tags(self) -> list[str]:
        """What the evidence says was done, in order."""
        page = await self.door.evidence(caller=self.author, message=ListEvidence(limit=200))
        assert page.after is None
        return [one.tag.removeprefix("governance.") for one in page.items]

    async def left(self, act: Callable[[], Awaitable[Any]], problem: type[Exception]) -> Exception:
        """What an act is refused with; nothing of it may be left in any table but its refusal in the record."""
        before = await self._rows()
        try:
            await act()
        except problem as refused:
            assert await self._rows() == before, "a refusal left something behind"
            return refused
        raise AssertionError(f"it was not refused with {problem.__name__}")

    async def _rows(self) -> dict[str, list[Any]]:
        async with self.database.transaction(
            tenant_id=self.author.tenant_id, read_only=True
        ) as connection:
            return {
                table: [
                    tuple(row)
                    for row in await connection.fetch(
                        f"SELECT * FROM governance.{table} ORDER BY 1, 2"
                    )
                ]
                for table in TABLES
            }


TABLES = (
    "estate", "plan", "verdict", "approval", "break_glass", "apply", "state", "obligation", "waiver",
    "live_report", "event",
)  # fmt: skip
