"""What happens without being asked: files that a crash left between two arrows are finished."""

from typing import Any

import structlog

from tallystick.payments.service import PaymentService

# A file that is being booked moves on every few hundred milliseconds; taking one too early would only be wasted work.
WAITING_S = 10
FILES_AT_ONCE_MAX = 100

_log: Any = structlog.get_logger("tallystick.payments.jobs")


async def finish_unfinished(
    service: PaymentService, *, most: int = FILES_AT_ONCE_MAX, waiting_s: int = WAITING_S
) -> int:
    """Finish at most ``most`` files that have not moved on for ``waiting_s``; answers how many payments were decided.

    A file that cannot be finished now is logged and taken up again after as long a time; it holds up no other.
    """
    decided = 0
    for caller, file_id in await service.unfinished(waiting_s=waiting_s, most=most):
        try:
            decided += await service.finish(caller=caller, file_id=file_id)
        except Exception as error:
            _log.warning(
                "file_not_finished",
                tenant_id=caller.tenant_id,
                file=file_id,
                reason=repr(error)[:500],
            )
    return decided
