"""Time and chance, read at the edge and handed inwards."""

import secrets
import time
from typing import Protocol

from tallystick.kernel import ids
from tallystick.kernel.instants import Instant


class Clock(Protocol):
    """Something that tells the time."""

    def now(self) -> Instant:
        """The present, in microseconds since 1970."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> Instant:
        """The present, in microseconds since 1970."""
        return time.time_ns() // 1_000


class Mint:
    """Makes ids of ours: the clock's time and the system's chance."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def id(self, prefix: str) -> str:
        """Make an id such as ``pay_01jc…``."""
        entropy = secrets.token_bytes(ids.ENTROPY_BYTES)
        return ids.make(prefix, now_ms=self._clock.now() // 1_000, entropy=entropy)

    def tenant_id(self) -> int:
        """Make a tenant's number."""
        return ids.make_tenant_id(now_ms=self._clock.now() // 1_000, chance=secrets.randbits(22))

    def trial_id(self) -> int:
        """Make the number of a tenant that a trial is made in."""
        return ids.make_trial_id(now_ms=self._clock.now() // 1_000, chance=secrets.randbits(22))

    def secret(self, bytes_count: int) -> bytes:
        """Draw a secret from the system's chance."""
        return secrets.token_bytes(bytes_count)
