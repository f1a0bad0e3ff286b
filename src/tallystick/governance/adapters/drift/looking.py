"""Look at one estate as it is live: what Terraform's refresh finds, what no state knows, and what the trail tells."""

import importlib
import importlib.util
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

from tallystick.governance.adapters.drift.schemas import names_of_type, sets_of
from tallystick.governance.adapters.provider.targets import Target, TargetRefused, live_kinds
from tallystick.governance.adapters.terraform.runner import Runner
from tallystick.governance.model.drift.echoes import without_echoes
from tallystick.governance.model.drift.reading import Refreshed, read_refresh
from tallystick.governance.model.drift.strangers import STRANGERS_MAX, Counted, strangers
from tallystick.governance.model.drift.values import Event
from tallystick.governance.model.values import UNKNOWN, Cloud, Environment, Estate, Resource
from tallystick.kernel.instants import Instant

LIVE: Final = "tallystick.governance.adapters.live"
COUNTED_MAX: Final = 20_000
"""Objects of one register that are read in one look."""

REFUSALS_MAX: Final = 3
"""Of one region, after which it is asked no further: accounts often shut regions off altogether."""

_KEY_BYTES: Final = 32


@runtime_checkable
class Placed(Protocol):
    """A target that has the same types in several regions; `elsewhere` are all but the one that it works in."""

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The other regions."""
        ...

    def list_in(self, kind: str, region: str) -> list[dict[str, Any]]:
        """Read every object of a type in another region."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was seen. `unseen` are sentences on what could not be looked at; a report shows them, never hides them."""

    refreshed: Refreshed
    strangers: tuple[Resource, ...]
    events: tuple[Event, ...]
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which estate, and how its cloud is reached: the setting of our live targets for that cloud.

    `otherwise` is where types are read that have no live kind: the local store, or the cloud by its real provider.
    """

    cloud: Cloud
    environment: Environment
    setting: Any = None
    otherwise: str = "store"

    @property
    def is_read_by_us(self) -> bool:
        """Tell whether our own kinds read what has one; else the cloud's real provider reads everything."""
        return self.otherwise == "store"

    @property
    def register(self) -> str:
        """The name of the target that counts everything: the cloud's own register, or who stands for it."""
        return importlib.import_module(f"{LIVE}.{self.cloud}.census").name(self.setting)

    def service_of(self, type_: str) -> str:
        """Give the service of a type, in a cloud where two services may give one name to two things."""
        census = importlib.import_module(f"{LIVE}.{self.cloud}.census")
        return census.service_of(type_) if self.cloud == "gcp" else ""

    def targets(self) -> Mapping[str, Target]:
        """Give the live target of each type that has one; none where no target is set."""
        if self.setting is None:
            return {}
        made = {type_: kind(self.setting) for type_, kind in live_kinds(self.cloud).items()}
        return {type_: target for type_, target in made.items() if target is not None}


def look(
    *,
    runner: Runner,
    planfile: Path,
    place: Place,
    since: Instant,
    until: Instant,
    variables: Mapping[str, str] | None = None,
    inventory: Mapping[str, Any] | None = None,
) -> Looked:
    """Refresh by `terraform plan -refresh-only`, list every live type, and read the trail between two instants.

    The runner is prepared and initialised already. Raises `RunRefused`, `PlanRefused`.
    """
    runner.plan(out=planfile, variables=variables, refresh_only=True, lock=False)
    targets = place.targets()
    refreshed = read_refresh(
        text=json.dumps(runner.show(planfile)),
        cloud=place.cloud,
        environment=place.environment,
        targets={type_: target.name for type_, target in targets.items()},
        otherwise=place.otherwise,
        inventory=inventory,
        key=secrets.token_bytes(_KEY_BYTES),
        sets=sets_of(place.cloud),
    )
    unseen: list[str] = []
    listed = _listed(targets, unseen)
    counted, tells = _counted(place, unseen)
    silent = unlooked(refreshed=refreshed, place=place, kinds=frozenset(targets), counted=tells)
    unseen[:0] = silent
    return Looked(
        refreshed=_heard(refreshed, listed) if place.is_read_by_us else refreshed,
        strangers=_unknown(place, refreshed.known, listed, counted, unseen),
        events=_events(place, since, until, unseen),
        unseen=tuple(unseen),
    )


def unknown(*, place: Place, known: Estate, unseen: list[str]) -> tuple[Resource, ...]:
    """Give all that is live and that no code knows, `STRANGERS_MAX` at most; into `unseen` goes what was not seen."""
    listed = _listed(place.targets(), unseen)
    counted, _tells = _counted(place, unseen)
    return _unknown(place, known, listed, counted, unseen)


def _unknown(
    place: Place,
    known: Estate,
    listed: Mapping[str, list[Mapping[str, Any]]],
    counted: list[Counted],
    unseen: list[str],
) -> tuple[Resource, ...]:
    found = strangers(
        known=known,
        listed=listed,
        targets={type_: target.name for type_, target in place.targets().items()},
        counted=counted,
        register=place.register if counted else "",
        service_of=place.service_of,
    )
    if len(found) > STRANGERS_MAX:
        unseen.append(f"{len(found) - STRANGERS_MAX} more that no code knows: too many to tell")
    return found[:STRANGERS_MAX]


def unlooked(
    *,
    refreshed: Refreshed,
    place: Place,
    kinds: frozenset[str],
    counted: frozenset[str] = frozenset(),
) -> Iterator[str]:
    """Say what nobody looked for: each silence of the report that is not for lack of drift.

    `kinds` are the types that are listed live, `counted` those that the cloud's own register tells of.
    """
    types = {each.type for each in refreshed.known.resources}
    if not kinds:
        yield f"whatever no code knows: nothing is listed on {place.cloud} without a live target"
    elif others := sorted(types - kinds - counted):
        yield f"others that no code knows, of types that nobody lists: {', '.join(others)}"
    if kinds and place.is_read_by_us and (stored := sorted(types - kinds)):
        yield f"whether these types are as planned, which only the store tells: {', '.join(stored)}"
    if refreshed.left:
        yield f"{refreshed.left} more that moved: too many to read in one run"


def _listed(targets: Mapping[str, Target], unseen: list[str]) -> dict[str, list[Mapping[str, Any]]]:
    listed: dict[str, list[Mapping[str, Any]]] = {}
    for type_, target in targets.items():
        with _telling(unseen, f"whether there is any {type_} that no code knows"):
            listed[type_] = [*target.list(type_)]
    placed = {type_: each for type_, each in targets.items() if isinstance(each, Placed)}
    with _telling(unseen, "whatever no code knows in other regions"):
        for region in next((each.elsewhere for each in placed.values()), ()):
            _list_in(region, placed, listed, unseen)
    return listed


def _list_in(
    region: str,
    targets: Mapping[str, Placed],
    listed: dict[str, list[Mapping[str, Any]]],
    unseen: list[str],
) -> None:
    """Add what another region has; a region that refuses a few types in a row is asked no further."""
    refused = 0
    for type_, target in targets.items():
        try:
            listed.setdefault(type_, []).extend(target.list_in(type_, region))
        except TargetRefused as refusal:
            refused += 1
            unseen.append(f"whether {region} has any {type_} that no code knows: {refusal}")
            if refused == REFUSALS_MAX:
                unseen.append(f"whatever else no code knows in {region}: it was asked no further")
                return


def _counted(place: Place, unseen: list[str]) -> tuple[list[Counted], frozenset[str]]:
    """Read the cloud's own register of everything: what it tells, and the types that it would tell of."""
    if place.setting is None:
        return [], frozenset()
    census = importlib.import_module(f"{LIVE}.{place.cloud}.census")
    counted: list[Counted] = []
    with _telling(unseen, "whatever no code knows, of types that have no list of their own"):
        for each in census.counted(place.setting, unseen):
            if len(counted) == COUNTED_MAX:
                raise TargetRefused(f"over {COUNTED_MAX} objects; look at fewer regions at once")
            counted.append(replace(each, values=_whole(place.cloud, each)))
        return counted, census.TYPES
    return counted, frozenset()


def _whole(cloud: Cloud, counted: Counted) -> Mapping[str, Any]:
    """Give every attribute of its type: `UNKNOWN` stands for what the register does not tell."""
    silent = dict.fromkeys(names_of_type(cloud, counted.type), UNKNOWN)
    return {**silent, **counted.values}


def _heard(refreshed: Refreshed, listed: Mapping[str, list[Mapping[str, Any]]]) -> Refreshed:
    return replace(refreshed, heard=without_echoes(live=refreshed.live, listed=listed))


def _events(place: Place, since: Instant, until: Instant, unseen: list[str]) -> tuple[Event, ...]:
    module = f"{LIVE}.{place.cloud}.trails"
    if place.setting is None or importlib.util.find_spec(module) is None:
        unseen.append("who did it and when: no trail is read here")
        return ()
    with _telling(unseen, "who did it and when"):
        return importlib.import_module(module).events(
            setting=place.setting, since=since, until=until
        )
    return ()


@contextmanager
def _telling(unseen: list[str], what: str) -> Iterator[None]:
    """Go on where a target refuses, and tell what was not seen for it."""
    try:
        yield
    except TargetRefused as refusal:
        unseen.append(f"{what}: {refusal}")
