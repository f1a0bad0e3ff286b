"""What happens without being asked: intents that a crash left between two arrows are finished."""

from tallystick.kernel.callers import Caller
from tallystick.runtime.jobs import finish_each
from tallystick.wallets.service import WalletsService

# Whoever asked has long been answered by then: a statement of the database may take 20 seconds.
WAITING_S = 60
FINISHED_AT_ONCE_MAX = 1_000


async def finish_unfinished(
    service: WalletsService, *, most: int = FINISHED_AT_ONCE_MAX, waiting_s: int = WAITING_S
) -> int:
    """Finish at most ``most`` intents that have waited for ``waiting_s``; answers how many were finished.

    One that cannot be finished now is logged and taken up again after as long a time; it holds up no other.
    """

    async def finish(caller: Caller, wallet_id: str) -> int:
        await service.finish(caller=caller, wallet_id=wallet_id)
        return 1

    waiting = await service.unfinished(waiting_s=waiting_s, most=most)
    return await finish_each(waiting, finish, kind="wallet")
