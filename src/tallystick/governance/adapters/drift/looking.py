"""Look at one estate as it is live: what Terraform's refresh finds, what no state knows, and what the trail tells."""

import importlib
import importlib.util
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tallystick.governance.adapters.drift.orders import sets_of
from tallystick.governance.adapters.provider.targets import Target, TargetRefused, live_kinds
from tallystick.governance.adapters.terraform.runner import Runner
from tallystick.governance.model.drift.echoes import without_echoes
from tallystick.governance.model.drift.reading import Refreshed, read_refresh
from tallystick.governance.model.drift.strangers import STRANGERS_MAX, strangers
from tallystick.governance.model.drift.values import Event
from tallystick.governance.model.values import Cloud, Environment, Resource
from tallystick.kernel.instants import Instant

LIVE: Final = "tallystick.governance.adapters.live"
_KEY_BYTES: Final = 32


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
    names = {type_: target.name for type_, target in targets.items()}
    refreshed = read_refresh(
        text=json.dumps(runner.show(planfile)),
        cloud=place.cloud,
        environment=place.environment,
        targets=names,
        otherwise=place.otherwise,
        inventory=inventory,
        key=secrets.token_bytes(_KEY_BYTES),
        sets=sets_of(place.cloud),
    )
    unseen = [*unlooked(refreshed=refreshed, place=place, kinds=frozenset(targets))]
    listed = _listed(targets, unseen)
    found = strangers(known=refreshed.known, listed=listed, targets=names)
    if len(found) > STRANGERS_MAX:
        unseen.append(f"{len(found) - STRANGERS_MAX} more that no code knows: too many to tell")
    return Looked(
        refreshed=_heard(refreshed, listed) if place.is_read_by_us else refreshed,
        strangers=found[:STRANGERS_MAX],
        events=_events(place, since, until, unseen),
        unseen=tuple(unseen),
    )


def unlooked(*, refreshed: Refreshed, place: Place, kinds: frozenset[str]) -> Iterator[str]:
    """Say what nobody looked for: each silence of the report that is not for lack of drift.

    `kinds` are the types that are listed live.
    """
    if not kinds:
        yield f"whatever no code knows: nothing is listed on {place.cloud} without a live target"
    elif others := sorted({each.type for each in refreshed.known.resources} - kinds):
        yield f"others that no code knows, of types that nobody lists: {', '.join(others)}"
        if place.is_read_by_us:
            yield f"whether these types are as planned, which only the store tells: {', '.join(others)}"
    if refreshed.left:
        yield f"{refreshed.left} more that moved: too many to read in one run"


def _listed(targets: Mapping[str, Target], unseen: list[str]) -> dict[str, list[Mapping[str, Any]]]:
    listed: dict[str, list[Mapping[str, Any]]] = {}
    for type_, target in targets.items():
        with _telling(unseen, f"whether there is any {type_} that no code knows"):
            listed[type_] = [*target.list(type_)]
    return listed


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
