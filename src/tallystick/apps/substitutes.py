"""Substitutes of this process: who they are, whether they keep their contract, and the doors they stand behind."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
import structlog

from tallystick.apps.doors import Knocking
from tallystick.apps.listed import Listed, installed, listed, version_of
from tallystick.apps.trying import Ground as WorldGround
from tallystick.apps.trying import Place, fresh_place
from tallystick.apps.working import Job
from tallystick.contracts import FIRST_FAILED_MAX, Outcome, run
from tallystick.contracts.catalogue import CONTRACTS
from tallystick.contracts.exacting import ExactingClient
from tallystick.contracts.running import reaches
from tallystick.identity.api.substitutions import (
    ListStandings,
    ListSubstitutes,
    ReportCopies,
    ReportTrial,
    Serving,
    Unlike,
)
from tallystick.kernel.actions import Action
from tallystick.kernel.callers import Caller
from tallystick.kernel.instants import SECOND, Instant
from tallystick.kernel.problems import Problem
from tallystick.kernel.refusals import TemporarilyUnavailable
from tallystick.ledger.api import AccountExistsDifferent, AssetExponentDiffers
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.configuration import Settings
from tallystick.runtime.far.about import about
from tallystick.runtime.far.wire import methods_of
from tallystick.runtime.record import Pen
from tallystick.runtime.shadowing import Watch
from tallystick.runtime.substituting import (
    Ground,
    Mode,
    Ready,
    Standing,
    Table,
    substituted,
)

Door = TypeVar("Door")

TRIAL_S: Final = 120
TRY_EVERY_S: Final = 5
TELL_EVERY_S: Final = 2
AGAIN_S_MAX: Final = 60
"""One that could not be reached is tried again after 5 seconds, then after twice as many each time, up to these."""
LOST_AGAIN_S_MAX: Final = 3_600
"""One whose trial weather ended too, but each of these takes two tenants."""
# What a context may say of the books beside its own refusals.
_OF_OTHERS: Final[Mapping[str, tuple[type[Problem], ...]]] = {
    "wallets": (AssetExponentDiffers, AccountExistsDifferent)
}
_ACTOR: Final = "job:substitutes"
_PLATFORM: Final = Caller(tenant_id=0, actor=_ACTOR)
_log: Any = structlog.get_logger("tallystick.substitutes")


class TrialLost(Exception):
    """Weather ended a trial: what was tried is neither proven nor refused by it."""


class Candidate:
    """A substitute of this process, and what is known of it: None is not tried yet."""

    def __init__(self, context: str, name: str, *, url: str = "", version: str = "") -> None:
        self.context, self.name, self.url, self.version = context, name, url, version
        self.door: Any = None
        self.exact: Any = None
        # Why it cannot be asked at all.
        self.fault = ""
        self.is_proven: bool | None = None
        self.was_proven = False
        self.place: Place | None = None
        # What its last trial found, until it is told.
        self.untold: ReportTrial | None = None
        self.again_at: Instant = 0
        self.again_s = TRY_EVERY_S

    def put_off(self, now: Instant, *, up_to: int) -> None:
        """Let it wait, twice as long as the last time, at most so many seconds."""
        self.again_at = now + self.again_s * SECOND
        self.again_s = min(2 * self.again_s, up_to)

    @property
    def label(self) -> str:
        """What it is called to people."""
        return f"{self.name} {self.version}".strip()


class Substitutes:
    """The substitutes of this process. One that does not keep its contract serves nobody."""

    def __init__(
        self,
        *,
        settings: Settings,
        serving: Serving,
        ground: WorldGround,
        clock: Clock,
        mint: Mint,
    ) -> None:
        """Raises ValueError for what is configured and cannot be used."""
        self._serving, self._ground = serving, ground
        self._clock, self._mint = clock, mint
        self.table = Table(self._ask, clock=clock)
        self._watch = Watch(clock=clock)
        self._candidates: dict[tuple[str, str], Candidate] = {}
        self._exacting: list[ExactingClient] = []
        self._settings = settings
        self._listed = listed(settings)
        self._grounds: dict[str, Ground] = {}
        is_far = any(one.url for one in self._listed)
        self._knocking = Knocking(settings=settings, clock=clock) if is_far else None

    def stand(
        self, context: str, door: type[Door], ours: Door, *, pen: Pen, doors: Mapping[str, Any]
    ) -> Door:
        """Our implementation with its substitutes beside it: each tenant is served by one of them."""
        if context not in CONTRACTS:
            return ours
        self._grounds[context] = Ground(doors=doors, ours=ours, clock=self._clock, mint=self._mint)
        for one in self._listed:
            if one.context == context:
                made = self._remote(one, door) if one.url else self.installed(context, one.name)
                self._candidates[context, one.name] = made
        return substituted(
            door,
            ours,
            table=self.table,
            pool=self,
            pen=pen,
            watch=self._watch,
            also=_OF_OTHERS.get(context, ()),
        )

    def at(self, context: str, url: str) -> Candidate:
        """A substitute elsewhere that nothing is configured of, to be tried. Raises ValueError."""
        self._knocking = self._knocking or Knocking(settings=self._settings, clock=self._clock)
        return self._remote(Listed(context=context, name="", url=url), CONTRACTS[context].door)

    def installed(self, context: str, name: str) -> Candidate:
        """A substitute that is installed here, loaded now; ``fault`` says why it cannot be asked."""
        candidate = Candidate(context, name)
        try:
            point = installed(context, name)
            candidate.version = version_of(point)
            candidate.door = candidate.exact = point.load()(self._grounds[context])
        except Exception as error:
            # Whatever somebody else's program raises; the others are served.
            candidate.fault = f"It cannot be built: {error!r}"
            _log.error("substitute_refused", **_named(candidate), broken=[candidate.fault[:500]])
        return candidate

    def named(self, context: str, name: str) -> Candidate | None:
        """A substitute of this process, by its name."""
        return self._candidates.get((context, name))

    def _remote(self, remote: Listed, door: type) -> Candidate:
        if self._knocking is None:
            raise AssertionError("a substitute elsewhere is knocked at with a key")
        candidate = Candidate(remote.context, remote.name, url=remote.url)
        self._exacting.append(ExactingClient(door))
        candidate.door = discreet(door, self._knocking.at(door, remote.url))
        exact = self._knocking.at(door, remote.url, client=self._exacting[-1])
        candidate.exact = discreet(door, exact)
        return candidate

    def ready(self, context: str, name: str) -> Ready | None:
        """A substitute that kept its contract, here or (until it was tried here) when it was tried last."""
        found = self._candidates.get((context, name))
        if found is None:
            return None
        may = found.is_proven or (found.is_proven is None and found.was_proven)
        return Ready(found.version, found.door) if may else None

    def jobs(self) -> Sequence[Job]:
        """What is done without being asked; nothing where there are no substitutes."""
        if not self._candidates:
            return ()
        return (
            Job("try_substitutes", TRY_EVERY_S, Action.IDENTITY_SUBSTITUTE_TRY, self.try_all),
            Job("tell_copies", TELL_EVERY_S, Action.IDENTITY_SUBSTITUTION_WATCH, self.tell),
        )

    async def stop(self) -> None:
        """Tell what came of the last copies, and close the connections."""
        await self._watch.settle()
        if self._candidates:
            try:
                await self.tell()
            except Problem as problem:
                _log.warning("copies_not_told", problem=str(problem))
        for client in self._exacting:
            await client.stop()
        if self._knocking is not None:
            await self._knocking.stop()

    async def _ask(self, tenant_id: int) -> Mapping[str, Standing]:
        if tenant_id == 0:
            return {}
        caller = Caller(tenant_id=tenant_id, actor=_ACTOR)
        found = await self._serving.serving(caller=caller, message=ListStandings())
        return {
            one.context: Standing(
                mode=Mode(one.mode),
                name=one.substitute or "",
                version=one.tried or one.version,
                share=one.share or 0,
                number=one.number,
            )
            for one in found.items
            if one.mode != Mode.DEFAULT
        }

    async def try_all(self) -> int:
        """Try every substitute that was not tried yet, or is of another version now; answers how many were."""
        tried = await asyncio.gather(*map(self._try, self._candidates.values()))
        return sum(tried)

    async def _try(self, candidate: Candidate) -> bool:
        now = self._clock.now()
        # A clock that was set back must not put it off for good.
        if 0 < candidate.again_at - now <= LOST_AGAIN_S_MAX * SECOND:
            return False
        try:
            await self._tell_trial(candidate)
            if not await self._is_to_be_tried(candidate):
                return False
            report = await self._found(candidate)
        except (Problem, ValueError, OSError) as error:
            _log.warning("substitute_not_reached", **_named(candidate), error=str(error)[:500])
            candidate.put_off(now, up_to=AGAIN_S_MAX)
            return False
        except TrialLost as error:
            _log.warning("trial_lost", **_named(candidate), error=str(error)[:500])
            candidate.put_off(now, up_to=LOST_AGAIN_S_MAX)
            return False
        candidate.again_s = TRY_EVERY_S
        candidate.is_proven, candidate.untold = not report.broken, report
        if report.broken:
            _log.error("substitute_refused", **_named(candidate), broken=report.broken)
        else:
            _log.info("substitute_proven", **_named(candidate))
        try:
            await self._tell_trial(candidate)
        except Problem as problem:
            _log.warning("trial_not_told", **_named(candidate), problem=str(problem))
        return True

    async def _found(self, candidate: Candidate) -> ReportTrial:
        """Try a substitute. Raises TrialLost, and what reaching it raises."""
        broken = (candidate.fault,) if candidate.fault else ()
        if not candidate.fault:
            outcomes = await self.trial(candidate)
            lost = next((one for one in outcomes if one.is_lost), None)
            if lost is not None:
                raise TrialLost(f"{lost.says} {lost.broken}")
            broken = tuple(f"{one.says} {one.broken}" for one in outcomes if one.broken is not None)
        return ReportTrial(
            context=candidate.context,
            substitute=candidate.name,
            version=candidate.version,
            broken=broken[:FIRST_FAILED_MAX],
        )

    async def _tell_trial(self, candidate: Candidate) -> None:
        """Tell identity what the last trial found, unless it was told."""
        if candidate.untold is not None:
            await self._serving.tried(caller=_PLATFORM, message=candidate.untold)
            candidate.untold = None

    async def trial(self, candidate: Candidate) -> list[Outcome]:
        """Try a substitute by its contract, in tenants made for it.

        Raises TemporarilyUnavailable when it does not answer, or does not reach what it needs itself.
        """
        contract = CONTRACTS[candidate.context]
        place = candidate.place
        if place is None or self._clock.now() >= place.until:
            place = candidate.place = await fresh_place(
                self._ground, caller=_PLATFORM, contract=contract, label=candidate.label
            )
        if not await reaches(contract, candidate.exact, place.world):
            raise TemporarilyUnavailable(
                "It does not answer, or does not reach the doors it needs: see its log."
            )
        candidate.place = None
        return await run(contract, candidate.exact, place.world, within_s=TRIAL_S)

    async def _is_to_be_tried(self, candidate: Candidate) -> bool:
        version = candidate.version
        if candidate.url:
            version = (await about(candidate.url, context=candidate.context)).version
        # Of what is listed and not installed there is no version to be told, and the log has it.
        if not version or (version == candidate.version and candidate.is_proven is not None):
            return False
        known = await self._serving.known(caller=_PLATFORM, message=ListSubstitutes())
        candidate.version, candidate.is_proven = version, None
        candidate.was_proven = any(
            one.proven
            and (one.context, one.substitute, one.version)
            == (candidate.context, candidate.name, version)
            for one in known.items
        )
        return True

    async def tell(self) -> int:
        """Tell identity what came of copies since the last time; answers how many were compared."""
        taken = self._watch.take()
        for (tenant_id, context, number), seen in taken.items():
            differences = tuple(Unlike(**msgspec.structs.asdict(one)) for one in seen.differences)
            await self._serving.watched(
                caller=Caller(tenant_id=tenant_id, actor=_ACTOR),
                message=ReportCopies(
                    context=context,
                    number=number,
                    compared=seen.compared,
                    different=seen.different,
                    lost=seen.lost,
                    skipped=seen.skipped,
                    differences=differences,
                ),
            )
        return sum(seen.compared for seen in taken.values())


def discreet(door: type[Door], target: Door) -> Door:
    """A door that is not told where its callers ask from, in which session, and by which decision."""
    gate: Any = type(f"Discreet{door.__name__}", (), {})()
    for method in methods_of(door):
        name = method.function.__name__
        setattr(gate, name, _discreet(getattr(target, name)))
    return gate


def _discreet(ask: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    def knock(*, caller: Caller, message: Any) -> Awaitable[Any]:
        less = msgspec.structs.replace(caller, origin="", session="", decision="")
        return ask(caller=less, message=message)

    return knock


def _named(candidate: Candidate) -> dict[str, str]:
    return {
        "context": candidate.context,
        "substitute": candidate.name,
        "version": candidate.version,
        "url": candidate.url,
    }
