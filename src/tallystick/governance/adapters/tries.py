"""When a cloud that does not answer well is asked again, and how long is waited before it."""

from typing import Final

WAIT_MAX: Final = 8
"""Seconds at most between two tries, whatever `Retry-After` says."""

AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_NOT_TAKEN: Final = frozenset({429, 503})


def passes(status: int, *, may_twice: bool) -> bool:
    """Tell whether asking again may help, and cannot do it twice where it may not be done twice."""
    return status in (AGAIN if may_twice else _NOT_TAKEN)


def patience(asked: str | None, tried: int) -> int:
    """Give the seconds to wait after so many tries; `asked` is what `Retry-After` says, which may be a date."""
    wanted = int(asked) if asked and asked.isascii() and asked.isdigit() else 2**tried
    return min(wanted, WAIT_MAX)
