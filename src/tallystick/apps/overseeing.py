"""What operators look at: how every part does, what the process counts, and the same for programs at ``/metrics``."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from tallystick.apps.doors import FarDoors
from tallystick.apps.parts import CONTEXTS
from tallystick.console.ground import PartState
from tallystick.kernel.actions import NO_FACTS, Action
from tallystick.kernel.callers import Caller
from tallystick.kernel.ids import tenant_name
from tallystick.runtime.database import Database
from tallystick.runtime.doors import Guard
from tallystick.runtime.edge import Authenticate
from tallystick.runtime.measures import Measures
from tallystick.runtime.proxies import is_of_this_machine
from tallystick.runtime.refusals import PathNotFound
from tallystick.runtime.routes import Asked, Reply, Route

METRICS: Final = "/metrics"
TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
PING_S: Final = 2

Problems = Callable[[], Mapping[str, Mapping[str, Any]]]


class Overseer:
    """How this process and those it asks do.

    ``tenant`` is the one whose people may see it, when they may; nobody's otherwise. ``problems`` explains every code.
    """

    def __init__(
        self,
        *,
        measures: Measures,
        databases: Mapping[str, Database],
        far: FarDoors,
        tenant: Callable[[], str],
        problems: Problems,
    ) -> None:
        self.measures = measures
        self._databases, self._far, self._tenant = databases, far, tenant
        self._problems = problems
        self._explained: Mapping[str, Mapping[str, Any]] | None = None

    def shows(self, tenant_id: int) -> bool:
        """Whether people of this tenant may see what is not theirs alone."""
        return tenant_id != 0 and tenant_name(tenant_id) == self._tenant()

    @property
    def problems(self) -> Mapping[str, Mapping[str, Any]]:
        """Every code with its title, what it means, its status and whether to ask again."""
        if self._explained is None:
            self._explained = self._problems()
        return self._explained

    async def health(self) -> list[PartState]:
        """How every context does: one here by its database, one elsewhere by what came of the last calls."""
        return list(await asyncio.gather(*map(self._state, CONTEXTS)))

    async def _state(self, context: str) -> PartState:
        database = self._databases.get(context)
        if database is None:
            where = self._far.where(context)
            return PartState(name=context, where=where, answers=not self._far.is_away(context))
        began_ns = time.monotonic_ns()
        try:
            async with asyncio.timeout(PING_S), database.without_tenant(read_only=True):
                pass
        except Exception:
            return PartState(name=context, where="", answers=False)
        took_us = (time.monotonic_ns() - began_ns) // 1_000
        return PartState(name=context, where="", answers=True, took_us=took_us)


def metrics_route(overseer: Overseer, *, authenticate: Authenticate, guard: Guard) -> Route:
    """The route of figures for Prometheus: for this machine, and for whoever may see how the platform runs."""

    async def metrics(asked: Asked) -> Reply:
        assert asked.shown is not None, "a public route is shown what the request shows"
        if not is_of_this_machine(asked.shown.scope, asked.shown.headers):
            caller = await authenticate(asked.shown, asked.caller)
            await _demand(caller)
        return Reply(value=overseer.measures.text().encode(), media=TEXT)

    async def _demand(caller: Caller) -> None:
        if not overseer.shows(caller.tenant_id):
            raise PathNotFound("There is nothing at this path.")
        action = Action.AUDIT_PLATFORM_READ
        await guard.admit(caller, wanted=(action,), actions=(action,), facts=NO_FACTS, message=None)

    return Route(
        method="GET", path=METRICS, summary="Tell Prometheus how the process does", handle=metrics,
        answer=bytes, answer_media=TEXT, public=True,
    )  # fmt: skip
