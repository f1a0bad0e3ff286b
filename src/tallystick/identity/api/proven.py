"""How long a credential that was found to be good is taken for good: five seconds at most, wherever it is proven."""

from typing import Final

from tallystick.kernel.instants import SECOND, Instant

KEPT_HERE: Final[Instant] = 3 * SECOND
"""In each process of identity: one that another of them revoked may still be proven here."""
KEPT_ELSEWHERE: Final[Instant] = 2 * SECOND
"""On top, in a process whose identity is far: it may have been told at the very end of those."""
