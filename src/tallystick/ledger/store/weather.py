"""Which failures of the database pass by themselves when the batch is read and decided again."""

import asyncpg

from tallystick.ledger.store.states import Stale

_PASSING = (
    Stale,
    # Another process recorded the same id or the same microsecond first: the next look finds it.
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)


def is_passing(error: BaseException) -> bool:
    """Tell whether deciding the batch again can succeed."""
    return isinstance(error, _PASSING)
