"""One rotation of one secret, as a state machine without I/O.

wanted → made → spread → acknowledged → revoked → proven → done. Until `revoked` the old one and the new one are both
valid, and it can be turned back: then the old value becomes the newest version, and the one that was new takes the old
one's way to its proven end. Every event may be told twice; one that does not belong to the state is refused. So
whoever crashed between two arrows asks `next_of` again.
"""

from typing import Final, Literal

import msgspec

Step = Literal["wanted", "made", "spread", "acknowledged", "revoked", "proven", "done", "aborted"]
STEPS: Final[tuple[Step, ...]] = (
    "wanted", "made", "spread", "acknowledged", "revoked", "proven", "done", "aborted",
)  # fmt: skip
# So often in a row the old one may be tried and found alive before a person must look.
ALIVE_MAX: Final = 5
_US: Final = 1_000_000


class OutOfOrder(ValueError):
    """An event does not belong to the state of the rotation; nothing changed."""


class Rotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far one rotation is.

    Versions are those of the primary home. `old` is "" for the first one of a secret; `restores` is the version whose
    value comes back, when it was turned back. `alive` counts how often in a row the revoked one still worked. `ends` is
    true once somebody set about to revoke the old one, so that it may be dead.
    """

    rotation: str
    old: str
    new: str = ""
    restores: str = ""
    step: Step = "wanted"
    begun_at: int
    made_at: int = 0
    spread_at: int = 0
    homes: tuple[str, ...]
    spread: tuple[str, ...] = ()
    consumers: tuple[str, ...]
    acknowledged: tuple[str, ...] = ()
    grace_s: int
    alive: int = 0
    ends: bool = False
    unproven: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do."""
        return self.step in ("done", "aborted")

    @property
    def missing(self) -> tuple[str, ...]:
        """The consumers that have not acknowledged the new one."""
        return tuple(one for one in self.consumers if one not in self.acknowledged)


class Make(msgspec.Struct, frozen=True, tag=True):
    """Have a new version in the primary home, in force."""


class Spread(msgspec.Struct, frozen=True, tag=True):
    """Bring the new version to a home."""

    home: str


class Await(msgspec.Struct, frozen=True, tag=True):
    """Wait for consumers; with `rings` they are late, and a person is told. The old one stays valid."""

    consumers: tuple[str, ...]
    rings: bool


class Revoke(msgspec.Struct, frozen=True, tag=True):
    """End the old one."""


class Prove(msgspec.Struct, frozen=True, tag=True):
    """Try the old one, for real."""


class Retire(msgspec.Struct, frozen=True, tag=True):
    """Make the versions before the new one unreadable in every home."""


class Ring(msgspec.Struct, frozen=True, tag=True):
    """Stop and tell a person: what was revoked goes on working."""


class Nothing(msgspec.Struct, frozen=True, tag=True):
    """It is over."""


Action = Make | Spread | Await | Revoke | Prove | Retire | Ring | Nothing


def begin(
    *,
    rotation: str,
    old: str,
    homes: tuple[str, ...],
    consumers: tuple[str, ...],
    grace_s: int,
    at: int,
) -> Rotation:
    """Want a new version after `old`."""
    return Rotation(
        rotation=rotation, old=old, homes=homes, consumers=consumers, grace_s=grace_s, begun_at=at
    )


def next_of(state: Rotation, *, at: int) -> Action:
    """What is to be done now."""
    match state.step:
        case "wanted":
            return Make()
        case "made":
            return Spread(next(one for one in state.homes if one not in state.spread))
        case "spread":
            return Await(state.missing, at > state.spread_at + state.grace_s * _US)
        case "acknowledged":
            return Ring() if state.alive >= ALIVE_MAX else Revoke()
        case "revoked":
            return Prove()
        case "proven":
            return Retire()
        case _:
            return Nothing()


def made(state: Rotation, *, version: str, at: int) -> Rotation:
    """The new version is in the primary home. Raises OutOfOrder."""
    if state.step != "wanted":
        return _again(state, state.new == version, f"version {version} is not what it made")
    if not version or version == state.old:
        raise OutOfOrder(f"the new version is another than {state.old!r}")
    return _spread_when_all(_with(state, new=version, step="made", made_at=at), at=at)


def spread_to(state: Rotation, *, home: str, at: int) -> Rotation:
    """A home has the new version. Raises OutOfOrder."""
    if home not in state.homes:
        raise OutOfOrder(f"{home} is no home of it")
    if state.step != "made":
        return _again(state, home in state.spread, "nothing was made that could be spread")
    spread = state.spread if home in state.spread else (*state.spread, home)
    return _spread_when_all(_with(state, spread=spread), at=at)


def acknowledged_by(state: Rotation, *, consumer: str, rotation: str) -> Rotation:
    """A consumer says that it uses what a rotation made; another than this says nothing. Raises OutOfOrder."""
    if consumer not in state.consumers:
        raise OutOfOrder(f"{consumer} is no consumer of it")
    if (
        not state.new
        or rotation != state.rotation
        or consumer in state.acknowledged
        or state.is_over
    ):
        return state
    changed = _with(state, acknowledged=(*state.acknowledged, consumer))
    return _acknowledged_when_all(changed)


def awaiting(state: Rotation, *, consumers: tuple[str, ...]) -> Rotation:
    """The list has other consumers now: those it lacks are waited for no more, and new ones are. Raises OutOfOrder."""
    if set(consumers) == set(state.consumers):
        return state
    if state.step not in ("wanted", "made", "spread"):
        raise OutOfOrder("every consumer has acknowledged the new one")
    kept = tuple(one for one in state.acknowledged if one in consumers)
    return _acknowledged_when_all(_with(state, consumers=consumers, acknowledged=kept))


def ending(state: Rotation) -> Rotation:
    """The old one is about to be revoked: from here on nobody returns to it. Raises OutOfOrder."""
    if state.step != "acknowledged":
        raise OutOfOrder(f"not every consumer has acknowledged the new one (it is {state.step})")
    return _with(state, ends=True)


def revoked(state: Rotation) -> Rotation:
    """The old one was ended at its issuer. Raises OutOfOrder."""
    if state.step == "acknowledged" and state.ends:
        return _with(state, step="revoked")
    return _again(state, state.step == "revoked", "nobody set about to revoke the old one")


def tried(state: Rotation, *, is_alive: bool) -> Rotation:
    """The old one was tried: dead proves it; alive is an alarm, and it is revoked again. Raises OutOfOrder."""
    if state.step != "revoked":
        is_known = state.step == "proven" and not is_alive
        return _again(state, is_known, "it was not revoked, so trying it proves nothing")
    if is_alive:
        return _with(state, step="acknowledged", alive=state.alive + 1)
    return _with(state, step="proven", alive=0)


def looked_after(state: Rotation) -> Rotation:
    """A person looked why the revoked one went on working; it is revoked and tried anew. Raises OutOfOrder."""
    return _again(_with(state, alive=0), state.step == "acknowledged", "nothing rang")


def left_unproven(state: Rotation, *, reason: str) -> Rotation:
    """Nobody has the old value any more, so nobody can try it; a person answers for that. Raises OutOfOrder."""
    if not (state.step == "revoked" or (state.step == "acknowledged" and state.ends)) or not reason:
        raise OutOfOrder("only what was revoked is left unproven, and for a reason")
    return _with(state, step="proven", unproven=reason)


def retired(state: Rotation) -> Rotation:
    """The versions before the new one are unreadable everywhere. Raises OutOfOrder."""
    if state.step == "proven":
        return _with(state, step="aborted" if state.restores else "done")
    return _again(state, state.is_over, "the old one was not proven dead")


def turned_back(state: Rotation, *, rotation: str, at: int) -> Rotation:
    """Return to the old one: its value becomes the newest version, and what was new is ended in its place.

    Every consumer may have taken the new one, told or untold, so each acknowledges the return before that. Raises
    OutOfOrder once the old one was revoked, when it was turned back before, or when there is no old one.
    """
    if state.restores or not state.old or state.ends:
        raise OutOfOrder("there is no old one to return to that is valid: let it go on")
    if state.step == "wanted":
        return _with(state, step="aborted")
    if state.step not in ("made", "spread", "acknowledged"):
        raise OutOfOrder("the old one was revoked: let it go on, and rotate again")
    return Rotation(
        rotation=rotation,
        old=state.new,
        restores=state.old,
        homes=state.homes,
        consumers=state.consumers,
        grace_s=state.grace_s,
        begun_at=at,
    )


def _spread_when_all(state: Rotation, *, at: int) -> Rotation:
    if set(state.spread) != set(state.homes):
        return state
    return _acknowledged_when_all(_with(state, step="spread", spread_at=at))


def _acknowledged_when_all(state: Rotation) -> Rotation:
    if state.step != "spread" or state.missing:
        return state
    # The first one of a secret has nothing before it that could be ended.
    return _with(state, step="acknowledged" if state.old else "done")


def _again(state: Rotation, is_known: bool, complaint: str) -> Rotation:
    if not is_known:
        raise OutOfOrder(f"{complaint} (the rotation is {state.step})")
    return state


def _with(state: Rotation, **changes: object) -> Rotation:
    return msgspec.structs.replace(state, **changes)
