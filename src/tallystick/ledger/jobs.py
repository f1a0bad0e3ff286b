"""What the books do without being asked: holds whose time has passed expire."""

from tallystick.ledger.service import LedgerService

EXPIRED_AT_ONCE_MAX = 1_000


async def expire_holds(service: LedgerService, *, most: int = EXPIRED_AT_ONCE_MAX) -> int:
    """Let holds expire by the database's clock, at most ``most`` in each ledger; answers how many."""
    return await service.expire(most=most)
