"""Every home has what the primary home has. A copy that somebody changed is reported before anything is done to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from tallystick.governance.model.homes import (
    Copy,
    Home,
    HomeDenied,
    HomeDown,
    HomeRefused,
    NotThere,
    Place,
    VersionGone,
)
from tallystick.governance.model.secrets import HomeName, SecretSpec
from tallystick.governance.service.secrets.following import strays_of
from tallystick.governance.service.secrets.knowing import Held, SecretStep, Turn

Did = Literal["in_sync", "written", "overwritten", "drifted", "not_reached", "left_over"]
Drift = Literal["", "changed", "deleted", "not_ours"]


class Drifted(HomeRefused):
    """Somebody changed a copy, and the list says that this stops: nobody wrote over it."""

    drift: Drift = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a sync found and did at one home; `why` is for a person, `drift` what somebody else did to the copy."""

    home: HomeName
    did: Did
    drift: Drift = ""
    why: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the home has what the primary has now."""
        return self.did not in ("drifted", "not_reached", "left_over")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The newest version of the primary home, that home, and the key that digests are made with."""

    copy: Copy
    home: Home
    key: bytes = field(repr=False)

    def digest(self, copy: Copy, place: Place) -> str:
        """The digest of a copy."""
        return copy.value.digest(key=self.key, secret=str(place))


async def sync(
    *,
    turn: Turn,
    spec: SecretSpec,
    source: Source,
    homes: Mapping[HomeName, Home],
    overwrites: bool,
) -> list[Synced]:
    """Bring every home of the secret to the primary's newest version, one after the other.

    A home that is down or denies us is left as it is and told; the others are done. `overwrites` is a person's word
    that drift may be written over.
    """
    found = list[Synced]()
    for name in spec.homes[turn.place.environment]:
        try:
            found.append(
                await bring(
                    turn=turn, spec=spec, source=source, home=homes[name], overwrites=overwrites
                )
            )
        except (HomeDown, HomeDenied) as error:
            found.append(Synced(home=name, did="not_reached", why=str(error)))
        except Drifted as error:
            found.append(Synced(home=name, did="drifted", drift=error.drift, why=str(error)))
    for name in strays_of(turn, spec):
        if left := await _left_over(turn=turn, source=source, home=homes.get(name), name=name):
            found.append(left)
    return found


async def _left_over(
    *, turn: Turn, source: Source, home: Home | None, name: HomeName
) -> Synced | None:
    """What is left at a home that the list has no more; None when nothing is, and then it is known no longer."""
    why = (
        "it was given the secret and is not in the list any more: delete it there, then sync again"
    )
    if home is None:
        return Synced(home=name, did="left_over", why=f"{why} (it is not in the file of homes)")
    try:
        kept = await home.versions(place=turn.place)
    except HomeRefused as error:
        return Synced(home=name, did="left_over", why=f"{why} ({error})")
    if any(one.is_readable for one in kept):
        return Synced(home=name, did="left_over", why=why)
    others = {each: held for each, held in turn.known.homes.items() if each != name}
    await turn.keep(_step(turn, home, "home_left", source, None), homes=others)
    return None


async def demand_ours(*, turn: Turn, source: Source, overwrites: bool) -> None:
    """Raise Drifted when the primary's newest version is none that we made or took up, before it goes anywhere.

    The first that is ever seen is taken up; so is another by a person's word.
    """
    held = turn.known.homes.get(source.home.name)
    digest = source.digest(source.copy, turn.place)
    now = Held(source.copy.version, source.copy.version, digest)
    if held == now:
        return
    steps = list[SecretStep]()
    if held and held.digest != digest:
        steps.append(_step(turn, source.home, "drift_not_ours", source, digest, is_good=False))
        if not overwrites:
            await turn.keep(*steps)
            raise _drifted("not_ours", turn.place, source.home)
    await _keep(turn, source.home, now, *steps)


async def bring(
    *, turn: Turn, spec: SecretSpec, source: Source, home: Home, overwrites: bool
) -> Synced:
    """Bring one home to the primary's newest version. Raises Drifted, and what the home raises."""
    place, held = turn.place, turn.known.homes.get(home.name)
    copy = await _copy_at(home, place)
    wanted = source.digest(source.copy, place)
    has = source.digest(copy, place) if copy else ""
    if copy and has == wanted:
        now = Held(copy.version, source.copy.version, wanted)
        if held != now:
            await _keep(turn, home, now)
        return Synced(home=home.name, did="in_sync")
    drift = _drift(held, copy, has)
    if copy and drift and await _is_ours(source, copy, place, has):
        # We wrote it, and were stopped before that was known.
        drift = ""
    if drift:
        await turn.keep(_step(turn, home, f"drift_{drift}", source, has or None, is_good=False))
    if drift in ("changed", "not_ours") and spec.on_drift == "stop" and not overwrites:
        raise _drifted(drift, place, home)
    mark = replace(source.copy.mark, version=source.copy.version)
    await turn.renew()
    version = await home.write(place=place, value=source.copy.value, mark=mark)
    now = Held(version, source.copy.version, wanted)
    await _keep(turn, home, now, _step(turn, home, "written", source, wanted))
    return Synced(home=home.name, did="overwritten" if drift else "written", drift=drift)


async def _copy_at(home: Home, place: Place) -> Copy | None:
    try:
        return await home.read(place=place)
    except (NotThere, VersionGone):
        return None


def _drift(held: Held | None, copy: Copy | None, has: str) -> Drift:
    if copy is None:
        return "deleted" if held else ""
    if held is None:
        return "not_ours"
    return "changed" if has != held.digest else ""


async def _is_ours(source: Source, copy: Copy, place: Place, has: str) -> bool:
    """Whether the primary home has, as the version that a copy is marked with, what the copy has."""
    if not copy.mark.version:
        return False
    try:
        was = await source.home.read(place=place, version=copy.mark.version)
    except VersionGone:
        return False
    return source.digest(was, place) == has


def _drifted(drift: Drift, place: Place, home: Home) -> Drifted:
    error = Drifted(
        f"{place} in {home.name} is not what we wrote there: somebody changed it. Find out who and why; then "
        f"`tallystick cloud secrets sync {place.name} --environment {place.environment} --overwrite`, "
        "and what was under way goes on"
    )
    error.drift = drift
    return error


async def _keep(turn: Turn, home: Home, held: Held, *steps: SecretStep) -> None:
    await turn.keep(*steps, homes={**turn.known.homes, home.name: held})


def _step(
    turn: Turn, home: Home, step: str, source: Source, digest: str | None, *, is_good: bool = True
) -> SecretStep:
    return SecretStep(
        secret=str(turn.place),
        home=home.name,
        step=step,
        version=int(source.copy.version),
        digest=digest,
        at=turn.at,
        is_good=is_good,
    )
