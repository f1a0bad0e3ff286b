"""How the edge does: requests and how long they took by group of routes, refusals by code, gauges. Counted in memory.

Times go into buckets of integers, eight for each doubling, so a quantile is told within an eighth of itself. What is
kept is bounded: so many groups, so many minutes, and codes that are a closed list.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

MINUTE_NS: Final = 60_000_000_000
MINUTES: Final = 5
"""So many minutes are looked at, the one that runs among them."""
GROUPS_MAX: Final = 128
CODES_MAX: Final = 1_000
# Up to 2^36 microseconds, which is nineteen hours.
_OCTAVES, _SUB_BITS = 36, 3
BUCKETS: Final = _OCTAVES << _SUB_BITS
_FAILED = 500

Now = Callable[[], int]
Gauge = Callable[[], int]


def bucket_of(microseconds: int) -> int:
    """The bucket of a time of 0 microseconds or more."""
    octave = microseconds.bit_length()
    if octave <= _SUB_BITS:
        return microseconds
    index = (octave - _SUB_BITS << _SUB_BITS) + (microseconds >> octave - 1 - _SUB_BITS) - 8
    return min(index, BUCKETS - 1)


def most_of(bucket: int) -> int:
    """The longest time of a bucket, in microseconds."""
    if bucket < 1 << _SUB_BITS:
        return bucket
    octave, part = divmod(bucket, 1 << _SUB_BITS)
    return ((1 << _SUB_BITS) + part + 1 << octave - 1) - 1


class Told(NamedTuple):
    """A group over the last minutes: requests, failures of ours, and what half and 99 of 100 took at most."""

    group: str
    requests: int
    failures: int
    p50_us: int
    p99_us: int


class Group:
    """The requests of one group of routes: in all, and in each of the last minutes."""

    __slots__ = ("_minute", "_minutes", "failures", "name", "requests")

    def __init__(self, name: str) -> None:
        self.name, self.requests, self.failures = name, 0, 0
        self._minute = 0
        self._minutes: list[list[int]] = [[0] * (BUCKETS + 1) for _ in range(MINUTES)]

    def note(self, status: int, took_ns: int, now_ns: int) -> None:
        """Count a request that took so long and ended now."""
        minute = now_ns // MINUTE_NS
        if minute != self._minute:
            self._turn(minute)
        found = self._minutes[minute % MINUTES]
        found[bucket_of(took_ns // 1_000)] += 1
        self.requests += 1
        if status >= _FAILED:
            self.failures += 1
            found[BUCKETS] += 1

    def _turn(self, minute: int) -> None:
        """Empty the minutes that have come since the last one."""
        for passed in range(max(self._minute + 1, minute - MINUTES + 1), minute + 1):
            self._minutes[passed % MINUTES] = [0] * (BUCKETS + 1)
        self._minute = minute

    def told(self, now_ns: int) -> Told:
        """What came of the last minutes."""
        minute = now_ns // MINUTE_NS
        if minute != self._minute:
            self._turn(minute)
        summed = [sum(column) for column in zip(*self._minutes, strict=True)]
        failures = summed.pop()
        count = sum(summed)
        return Told(self.name, count, failures, _at(summed, count, 50), _at(summed, count, 99))


def _at(buckets: list[int], count: int, percent: int) -> int:
    """The time that so many of a hundred took at most, 0 for none."""
    wanted, passed = -(-count * percent // 100), 0
    for bucket, found in enumerate(buckets):
        passed += found
        if found and passed >= wanted:
            return most_of(bucket)
    return 0


class Measures:
    """All that one process counts."""

    def __init__(self, now: Now = time.monotonic_ns) -> None:
        self._now = now
        self._began_ns = now()
        self._groups: dict[str, Group] = {}
        self._refusals: Counter[str] = Counter()
        self._gauges: dict[str, Gauge] = {}
        self.keys_in_flight = 0

    def group(self, path: str) -> Group:
        """The group that routes of this path are counted in; what is one too many is counted with others."""
        name = group_of(path)
        if name not in self._groups and len(self._groups) >= GROUPS_MAX:
            name = "others"
        return self._groups.setdefault(name, Group(name))

    def refused(self, code: str) -> None:
        """Count a refusal."""
        if code in self._refusals or len(self._refusals) < CODES_MAX:
            self._refusals[code] += 1

    def gauge(self, name: str, read: Gauge) -> None:
        """Let something be read whenever it is asked for."""
        self._gauges[name] = read

    @property
    def seconds(self) -> int:
        """How many seconds the last minutes are: fewer while the process is young."""
        return max(1, min((self._now() - self._began_ns) // 1_000_000_000, MINUTES * 60))

    def groups(self) -> list[Told]:
        """Every group that was asked for, the busiest first."""
        now_ns = self._now()
        told = [group.told(now_ns) for group in self._groups.values() if group.requests]
        return sorted(told, key=lambda one: (-one.requests, one.group))

    def refusals(self) -> list[tuple[str, int]]:
        """Refusals by code since the process began, the most frequent first."""
        return self._refusals.most_common()

    def gauges(self) -> dict[str, int]:
        """What gauges say now."""
        return {"keys_in_flight": self.keys_in_flight} | {
            name: read() for name, read in self._gauges.items()
        }

    def text(self) -> str:
        """All of it as Prometheus reads it (text format 0.0.4)."""
        lines = ["# TYPE tallystick_requests_total counter"]
        groups = sorted(self._groups.values(), key=lambda one: one.name)
        lines += [
            f'tallystick_requests_total{{group="{one.name}"}} {one.requests}' for one in groups
        ]
        lines.append("# TYPE tallystick_failures_total counter")
        lines += [
            f'tallystick_failures_total{{group="{one.name}"}} {one.failures}' for one in groups
        ]
        lines.append("# TYPE tallystick_request_microseconds gauge")
        for one in self.groups():
            for quantile, value in (("0.5", one.p50_us), ("0.99", one.p99_us)):
                label = f'group="{one.group}",quantile="{quantile}"'
                lines.append(f"tallystick_request_microseconds{{{label}}} {value}")
        lines.append("# TYPE tallystick_refusals_total counter")
        lines += [f'tallystick_refusals_total{{code="{code}"}} {n}' for code, n in self.refusals()]
        for name, value in self.gauges().items():
            lines += [f"# TYPE tallystick_{name} gauge", f"tallystick_{name} {value}"]
        return "\n".join(lines) + "\n"


def group_of(path: str) -> str:
    """The group of a route: what its path begins with, without fields; pages by their first word."""
    words = [word for word in path.split("/") if word and not word.startswith("{")]
    if words[:1] == ["v1"]:
        return "/".join(words[:2])
    return words[0] if words else "overview"
