"""What happens without being asked: intents that a crash left between two arrows are finished."""

from typing import Any

import structlog

from tallystick.wallets.service import WalletsService

# Whoever asked has long been answered by then: a statement of the database may take 20 seconds.
WAITING_S = 60
FINISHED_AT_ONCE_MAX = 1_000

_log: Any = structlog.get_logger("tallystick.wallets.jobs")


async def finish_unfinished(
    service: WalletsService, *, most: int = FINISHED_AT_ONCE_MAX, waiting_s: int = WAITING_S
) -> int:
    """Finish at most ``most`` intents that have waited for ``waiting_s``; answers how many were finished.

    One that cannot be finished now is logged and taken up again after as long a time; it holds up no other.
    """
    finished = 0
    for caller, wallet_id in await service.unfinished(waiting_s=waiting_s, most=most):
        try:
            await service.finish(caller=caller, wallet_id=wallet_id)
            finished += 1
        except Exception as error:
            _log.warning(
                "wallet_not_finished",
                tenant_id=caller.tenant_id,
                wallet=wallet_id,
                reason=repr(error)[:500],
            )
    return finished
