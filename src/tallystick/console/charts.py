"""Charts: balances over time as steps, in whole numbers from end to end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 1_000
HEIGHT: Final = 240
# The lines stay off the edges, or half of their breadth would be cut.
_MARGIN: Final = 8


@dataclass(frozen=True)
class Chart:
    """A drawing of 1000 by 240 units: one path for each series, what lies under the first, and what it reaches from."""

    paths: tuple[str, ...]
    area: str
    zero: int | None
    highest: int
    lowest: int


def drawn(series: Sequence[Sequence[int]]) -> Chart:
    """Draw series of equally many values, at least one, at equal distances. A value holds since the one before it."""
    values = [value for one in series for value in one]
    highest, lowest = max(*values, 0), min(*values, 0)
    span = max(highest - lowest, 1)
    inner = HEIGHT - 2 * _MARGIN

    def height(value: int) -> int:
        return _MARGIN + (highest - value) * inner // span

    def path(one: Sequence[int]) -> str:
        steps = max(len(one) - 1, 1)
        told = [f"M0 {height(one[0])}"]
        for number, value in enumerate(one[1:], start=1):
            if value != one[number - 1]:
                told.append(f"V{height(value)}")
            told.append(f"H{number * WIDTH // steps}")
        return "".join(told) + (f"H{WIDTH}" if len(one) == 1 else "")

    paths = tuple(path(one) for one in series)
    area = f"{paths[0]}V{height(0)}H0Z"
    return Chart(paths=paths, area=area, zero=height(0), highest=highest, lowest=lowest)
