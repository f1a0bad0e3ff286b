"""Substitutes of this process: who they are, whether they keep their contract, and the doors they stand behind."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import structlog

from tallystick.apps.doors import Knocking
from tallystick.apps.trying import Ground as WorldGround
from tallystick.apps.trying import end_world, fresh_world
from tallystick.apps.working import Job
from tallystick.contracts import FIRST_FAILED_MAX, Outcome, World, run
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
from tallystick.kernel.problems import Problem
from tallystick.kernel.refusals import TemporarilyUnavailable
from tallystick.runtime.clock import Clock, Mint
from tallystick.runtime.configuration import Settings
from tallystick.runtime.far.about import VERSION, about
from tallystick.runtime.record import Pen
from tallystick.runtime.substituting import (
    Ground,
    Mode,
    Ready,
    Standing,
    Table,
    Watch,
    substituted,
)

Door = TypeVar("Door")

SUBSTITUTES_MAX: Final = 20
FILE_BYTES_MAX: Final = 65_536
TRIAL_S: Final = 120
TRY_EVERY_S: Final = 5
TELL_EVERY_S: Final = 2
_SETTING: Final = "TALLYSTICK_SUBSTITUTES"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,49}")
_ACTOR: Final = "job:substitutes"
_PLATFORM: Final = Caller(tenant_id=0, actor=_ACTOR)
_log: Any = structlog.get_logger("tallystick.substitutes")


class Remote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A substitute in another process: its context, the name it has here, and where it is reached."""

    context: str
    name: str
    url: str


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    substitute: tuple[Remote, ...]


def remotes_of(settings: Settings) -> tuple[Remote, ...]:
    """The substitutes in other processes, as configured. Raises ValueError with what is wrong."""
    path = settings.substitutes
    if not path:
        return ()
    try:
        with Path(path).open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
        if len(content) > FILE_BYTES_MAX:
            raise ValueError(f"it has more than {FILE_BYTES_MAX} bytes")
        found = msgspec.toml.decode(content, type=_File).substitute
    except OSError as error:
        raise ValueError(f"{_SETTING}: cannot read {path} ({error.strerror})") from None
    except (ValueError, msgspec.DecodeError) as error:
        raise ValueError(f"{_SETTING}: {path} is no file of substitutes ({error})") from None
    for one in found:
        if one.context not in CONTRACTS or not _NAME.fullmatch(one.name):
            raise ValueError(
                f"{_SETTING}: {one.name!r} of {one.context!r}: a context is {', '.join(CONTRACTS)}, "
                "a name 1 to 50 of a-z 0-9 -"
            )
    if len(found) > SUBSTITUTES_MAX or len({(one.context, one.name) for one in found}) < len(found):
        raise ValueError(f"{_SETTING}: at most {SUBSTITUTES_MAX} substitutes, each name once")
    return found


def installed(context: str) -> dict[str, EntryPoint]:
    """The substitutes of a context that are installed here as Python distributions, by name. Raises ValueError."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=f"tallystick.{context}"):
        name = point.dist.name.lower().replace("_", "-") if point.dist else ""
        if not _NAME.fullmatch(name) or not VERSION.fullmatch(version_of(point)):
            raise ValueError(
                f"the entry point {point.name!r} of tallystick.{context} ({name!r}) is named by the line it is of, "
                "a capital letter, and its distribution by 1 to 50 of a-z 0-9 -"
            )
        if name in found:
            raise ValueError(f"{name} has two entry points of tallystick.{context}: one is enough")
        found[name] = point
    return found


def demand_substitutes(settings: Settings) -> None:
    """Raise ValueError for what is configured or installed of substitutes and cannot be used."""
    if remotes_of(settings) and not settings.door_key:
        raise ValueError(
            f"{_SETTING} is set: set TALLYSTICK_DOOR_KEY too, which they are asked with"
        )
    for context in CONTRACTS:
        installed(context)


def version_of(point: EntryPoint) -> str:
    """The version of an installed substitute: its line, which its entry point is named by, and its distribution's."""
    return f"{point.name}.{point.dist.version if point.dist else ''}"


class Candidate:
    """A substitute of this process, and what is known of it: None is not tried yet."""

    def __init__(self, context: str, name: str, *, url: str = "", version: str = "") -> None:
        self.context, self.name, self.url, self.version = context, name, url, version
        self.door: Any = None
        self.exact: Any = None
        self.is_proven: bool | None = None
        self.was_proven = False
        self.world: World | None = None

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
        """Raises ValueError for what is configured or installed and cannot be used."""
        self._serving, self._ground = serving, ground
        self._clock, self._mint = clock, mint
        self.table = Table(self._ask, clock=clock)
        self._watch = Watch(clock=clock)
        self._candidates: dict[tuple[str, str], Candidate] = {}
        self._exacting: list[ExactingClient] = []
        self._settings = settings
        self._remotes = remotes_of(settings)
        self._knocking = Knocking(settings=settings, clock=clock) if self._remotes else None

    def stand(
        self, context: str, door: type[Door], ours: Door, *, pen: Pen, doors: Mapping[str, Any]
    ) -> Door:
        """Our implementation with its substitutes beside it: each tenant is served by one of them."""
        if context not in CONTRACTS:
            return ours
        for remote in self._remotes:
            if remote.context == context:
                self._candidates[context, remote.name] = self._remote(remote, door)
        for name, point in installed(context).items():
            self._add_installed(context, name, point, ours, doors)
        return substituted(door, ours, table=self.table, pool=self, pen=pen, watch=self._watch)

    def at(self, context: str, url: str) -> Candidate:
        """A substitute elsewhere that nothing is configured of, to be tried. Raises ValueError."""
        self._knocking = self._knocking or Knocking(settings=self._settings, clock=self._clock)
        return self._remote(Remote(context=context, name="", url=url), CONTRACTS[context].door)

    def named(self, context: str, name: str) -> Candidate | None:
        """A substitute of this process, by its name."""
        return self._candidates.get((context, name))

    def _remote(self, remote: Remote, door: type) -> Candidate:
        if self._knocking is None:
            raise AssertionError("a substitute elsewhere is knocked at with a key")
        candidate = Candidate(remote.context, remote.name, url=remote.url)
        self._exacting.append(ExactingClient(door))
        candidate.door = self._knocking.at(door, remote.url)
        candidate.exact = self._knocking.at(door, remote.url, client=self._exacting[-1])
        return candidate

    def _add_installed(
        self, context: str, name: str, point: EntryPoint, ours: Any, doors: Mapping[str, Any]
    ) -> None:
        if (context, name) in self._candidates:
            raise ValueError(f"{name} of {context} is installed here and in {_SETTING}: name one")
        candidate = Candidate(context, name, version=version_of(point))
        ground = Ground(doors=doors, ours=ours, clock=self._clock, mint=self._mint)
        try:
            candidate.door = candidate.exact = point.load()(ground)
        except Exception as error:
            raise ValueError(
                f"{candidate.label} of {context} cannot be built: {error!r}"
            ) from error
        self._candidates[context, name] = candidate

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
        try:
            if not await self._is_to_be_tried(candidate):
                return False
            outcomes = await self.trial(candidate)
        except (Problem, ValueError, OSError) as error:
            _log.warning("substitute_not_reached", **_named(candidate), error=str(error)[:500])
            return False
        broken = [f"{one.says} {one.broken}" for one in outcomes if one.broken is not None]
        candidate.is_proven = not broken
        if broken:
            _log.error("substitute_refused", **_named(candidate), broken=broken[:FIRST_FAILED_MAX])
        else:
            _log.info("substitute_proven", **_named(candidate), promises=len(outcomes))
        await self._serving.tried(
            caller=_PLATFORM,
            message=ReportTrial(
                context=candidate.context,
                substitute=candidate.name,
                version=candidate.version,
                broken=tuple(broken[:FIRST_FAILED_MAX]),
            ),
        )
        return True

    async def trial(self, candidate: Candidate) -> list[Outcome]:
        """Try a substitute by its contract, in tenants made for it.

        Raises TemporarilyUnavailable when it does not answer, or does not reach what it needs itself.
        """
        contract = CONTRACTS[candidate.context]
        candidate.world = candidate.world or await fresh_world(
            self._ground, contract=contract, label=candidate.label
        )
        if not await reaches(contract, candidate.exact, candidate.world):
            raise TemporarilyUnavailable(
                "It does not answer, or does not reach the doors it needs: see its log."
            )
        outcomes = await run(contract, candidate.exact, candidate.world, within_s=TRIAL_S)
        world, candidate.world = candidate.world, None
        await end_world(self._ground, world)
        return outcomes

    async def _is_to_be_tried(self, candidate: Candidate) -> bool:
        version = candidate.version
        if candidate.url:
            version = (await about(candidate.url, context=candidate.context)).version
        if version == candidate.version and candidate.is_proven is not None:
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


def _named(candidate: Candidate) -> dict[str, str]:
    return {
        "context": candidate.context,
        "substitute": candidate.name,
        "version": candidate.version,
        "url": candidate.url,
    }
