"""The platform's own rules of applying: gates, windows, freezes and declared waivers, read strictly from TOML."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from tallystick.governance.model.judging import OUTCOMES, Waiver
from tallystick.governance.model.values import ENVIRONMENTS, Environment
from tallystick.kernel.instants import SECOND, Instant

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SEVERITIES: Final = ("low", "medium", "high", "critical")
_MINUTE: Final = 60 * SECOND
_CLOCK: Final = re.compile(r"([0-9]{2}):([0-5][0-9])")
_PRODUCTION: Final = ENVIRONMENTS[-1]
_DAY_MINUTES: Final = 24 * 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# 1970 began on a Thursday.
_FIRST_DAY: Final = 3


class RulesRefused(ValueError):
    """The rules cannot be read as they stand; the text says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What no verdict of a plan may be in these environments."""

    id: str
    title: str
    environments: tuple[Environment, ...]
    severities: tuple[str, ...]
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When changes of these environments are applied: days of the week from Monday as 0, minutes of the UTC day."""

    environments: tuple[Environment, ...]
    days: tuple[int, ...]
    opens: int
    closes: int

    def holds(self, at: Instant) -> bool:
        """Whether it is open."""
        day, minute = divmod(at // _MINUTE, _DAY_MINUTES)
        return (day + _FIRST_DAY) % len(_DAYS) in self.days and self.opens <= minute < self.closes

    def closing(self, at: Instant) -> Instant:
        """When it closes on the day of an instant."""
        return (at // _MINUTE // _DAY_MINUTES * _DAY_MINUTES + self.closes) * _MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A time in which nothing of these environments is changed."""

    id: str
    environments: tuple[Environment, ...]
    begins: Instant
    ends: Instant
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All of them."""

    approvals: Mapping[str, int]
    plan_hours_max: int
    gates: tuple[Gate, ...]
    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    targets: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    own_reports: frozenset[str] = frozenset()

    def is_live(self, environment: str, target: str) -> bool:
        """Whether what was read at this target is live in this environment."""
        return target in self.targets.get(environment, ())

    def gates_of(self, environment: str) -> tuple[Gate, ...]:
        """The gates that a plan of this environment must pass."""
        return tuple(gate for gate in self.gates if environment in gate.environments)

    def freeze_of(self, environment: str, at: Instant) -> Freeze | None:
        """The freeze that holds now, if one does."""
        held = (
            one
            for one in self.freezes
            if environment in one.environments and one.begins <= at < one.ends
        )
        return next(held, None)

    def is_open(self, environment: str, at: Instant) -> bool:
        """Whether some window of the environment is open, or it has none."""
        mine = [window for window in self.windows if environment in window.environments]
        return not mine or any(window.holds(at) for window in mine)

    def open_until(self, environment: str, at: Instant) -> Instant | None:
        """Until when changes are applied without a break: ``at`` when they are not, None when nothing ends it."""
        if self.freeze_of(environment, at) is not None:
            return at
        ends = [
            one.begins
            for one in self.freezes
            if environment in one.environments and one.begins > at
        ]
        mine = [window for window in self.windows if environment in window.environments]
        end = at
        # Windows that touch are one; in a week all of them have come round.
        for _ in range(len(mine) * len(_DAYS) + 1):
            closing = [window.closing(end) for window in mine if window.holds(end)]
            if not closing:
                break
            end = max(closing)
        else:
            mine = []
        return min([*ends, *([end] if mine else [])], default=None)


def read_rules(*, gates: str, windows: str, waivers: str) -> Rules:
    """Read the texts of the three files. Raises RulesRefused."""
    gated = _toml("gates.toml", gates, {"approvals", "plan", "gate", "targets", "reports"})
    timed = _toml("windows.toml", windows, {"window", "freeze"})
    waived = _toml("waivers.toml", waivers, {"waiver"})
    try:
        rules = Rules(
            approvals=_approvals(gated["approvals"]),
            plan_hours_max=_whole(gated["plan"]["hours_max"], least=1),
            gates=tuple(_gate(one) for one in gated.get("gate", [])),
            windows=tuple(_window(one) for one in timed.get("window", [])),
            freezes=tuple(_freeze(one) for one in timed.get("freeze", [])),
            waivers=tuple(_waiver(one) for one in waived.get("waiver", [])),
            targets=_targets(gated["targets"]),
            own_reports=frozenset(_own(gated["reports"])),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise RulesRefused(f"the rules say too little or too much: {error}") from None
    _demand_guarded(rules)
    return rules


def _demand_guarded(rules: Rules) -> None:
    if not rules.approvals[_PRODUCTION]:
        raise RulesRefused(f"gates.toml: {_PRODUCTION} needs the approval of one other or more")
    if not rules.gates_of(_PRODUCTION):
        raise RulesRefused(
            f"gates.toml: {_PRODUCTION} has no gate: say what none of its plans may be"
        )


def _toml(name: str, text: str, known: set[str]) -> dict[str, Any]:
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulesRefused(f"{name} is no TOML: {error}") from None
    if strange := set(read) - known:
        raise RulesRefused(f"{name}: nobody reads {', '.join(sorted(strange))}")
    return read


def _approvals(said: Mapping[str, Any]) -> dict[str, int]:
    if set(said) != set(ENVIRONMENTS):
        raise RulesRefused(f"gates.toml: approvals are said of {', '.join(ENVIRONMENTS)}")
    return {name: _whole(count, least=0) for name, count in said.items()}


def _targets(said: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    if set(said) != set(ENVIRONMENTS):
        raise RulesRefused(f"gates.toml: targets are said of {', '.join(ENVIRONMENTS)}")
    for name, targets in said.items():
        if not isinstance(targets, list) or not all(
            isinstance(one, str) and one for one in cast("list[Any]", targets)
        ):
            raise RulesRefused(f"gates.toml: the targets of {name} are a list of names")
    return {name: frozenset(targets) for name, targets in said.items()}


def _own(said: Mapping[str, Any]) -> Sequence[str]:
    own: Any = _only(said, "own")["own"]
    if not isinstance(own, list) or set(cast("list[Any]", own)) - set(ENVIRONMENTS[:-1]):
        raise RulesRefused(
            f"gates.toml: own reports may count in {', '.join(ENVIRONMENTS[:-1])}, not {own}"
        )
    return cast("list[str]", own)


def _gate(said: Mapping[str, Any]) -> Gate:
    _only(said, "id", "title", "environments", "severities", "outcomes")
    return Gate(
        id=str(said["id"]),
        title=str(said["title"]),
        environments=_environments(said),
        severities=_some(said, "severities", _SEVERITIES),
        outcomes=_some(said, "outcomes", OUTCOMES),
    )


def _window(said: Mapping[str, Any]) -> Window:
    _only(said, "environments", "days", "opens", "closes")
    days = _some(said, "days", _DAYS)
    opens, closes = _minute(said["opens"]), _minute(said["closes"])
    if opens >= closes:
        raise RulesRefused(
            f"a window opens before it closes, on one day, not {said['opens']} to {said['closes']}: "
            "one over midnight is two, until 24:00 and from 00:00 of the next day"
        )
    return Window(
        environments=_environments(said),
        days=tuple(_DAYS.index(day) for day in days),
        opens=opens,
        closes=closes,
    )


def _freeze(said: Mapping[str, Any]) -> Freeze:
    _only(said, "id", "environments", "from", "until", "reason")
    begins, ends = _instant(said["from"]), _instant(said["until"])
    if begins >= ends:
        raise RulesRefused(f"the freeze {said['id']} ends before it begins: turn its times around")
    return Freeze(
        id=str(said["id"]),
        environments=_environments(said),
        begins=begins,
        ends=ends,
        reason=str(said["reason"]),
    )


def _waiver(said: Mapping[str, Any]) -> Waiver:
    words = _only(said, "control", "subject", "environment", "owner", "second", "reason", "ends")
    if said["environment"] not in ENVIRONMENTS:
        raise RulesRefused(f"waivers.toml: there is no environment {said['environment']!r}")
    words["ends"] = _instant(said["ends"])
    return Waiver(**words)


def _only(said: Mapping[str, Any], *names: str) -> dict[str, Any]:
    if set(said) != set(names):
        raise RulesRefused(f"{said} says other things than {', '.join(names)}")
    return dict(said)


def _environments(said: Mapping[str, Any]) -> tuple[Environment, ...]:
    return cast("tuple[Environment, ...]", _some(said, "environments", ENVIRONMENTS))


def _some(said: Mapping[str, Any], name: str, known: Sequence[str]) -> tuple[str, ...]:
    found = tuple(said[name])
    if not found or set(found) - set(known):
        raise RulesRefused(f"{name} are some of {', '.join(known)}, not {found}")
    return found


def _whole(said: Any, *, least: int) -> int:
    if type(said) is not int or said < least:
        raise RulesRefused(f"{said!r} is no whole number from {least}")
    return said


def _minute(said: str) -> int:
    match = _CLOCK.fullmatch(said)
    if not match or (minute := int(match[1]) * 60 + int(match[2])) > _DAY_MINUTES:
        raise RulesRefused(f"{said!r} is no time of day such as 07:00")
    return minute


def _instant(said: Any) -> Instant:
    if not isinstance(said, datetime) or said.tzinfo is None:
        raise RulesRefused(f"{said!r} is no time with its offset, such as 2027-01-04T00:00:00Z")
    return (said - _EPOCH) // timedelta(microseconds=1)
