"""One figure is one JSON line: what was measured, against what, their ratio and the floor it must keep."""

import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measured figure. ``ratio`` is value to baseline (for times, turned so that more is better)."""

    name: str
    value: float
    unit: str
    against: str | None = None
    ratio: float | None = None
    floor: float | None = None


_kept: list[Figure] = []


def show(
    name: str,
    value: float,
    unit: str,
    *,
    against: str | None = None,
    ratio: float | None = None,
    floor: float | None = None,
) -> None:
    """Print a figure, and keep it for the verdict at the end."""
    figure = Figure(
        name=name,
        value=round(value, 3 if value < 100 else 0),
        unit=unit,
        against=against,
        ratio=None if ratio is None else round(ratio, 3),
        floor=floor,
    )
    _kept.append(figure)
    print(json.dumps(asdict(figure)), flush=True)


def missed() -> list[Figure]:
    """The figures that stayed below their floor."""
    return [
        figure
        for figure in _kept
        if figure.floor is not None and figure.ratio is not None and figure.ratio < figure.floor
    ]


def median_ratio(values: Sequence[float], baselines: Sequence[float]) -> float:
    """The median of the ratios of pairs measured one after the other."""
    return statistics.median(
        value / baseline for value, baseline in zip(values, baselines, strict=True)
    )


def say(text: str) -> None:
    """Say what is going on, beside the figures."""
    print(f"# {text}", file=sys.stderr, flush=True)
